// WCAG 2.2 AA in each state of both tags: axe, contrast, target sizes and the keyboard.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import {
	AXE,
	addAxe,
	assertAccessible,
	assertStops,
	tabThrough,
	takePicture,
} from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { HELLO, isFocused, useSite } from "./site.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const MARKDOWN = String.raw`# Delivery\n\nWe *deliver* to **all** of [Europe](https://shop.example/) \`fast\`.\n\n- one\n- two\n  1. three\n\n> quoted\n\n- [x] done\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n---\n\n~~~js\nlet answer = 42;\n~~~`;
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const begin = async (visitor, text, beginning) => {
	await visitor.say(text);
	await visitor.logUntil("it has begun", (log) => log.includes(beginning));
};
const chatting = async (visitor) => {
	await visitor.open();
	await begin(visitor, `[[text="${MARKDOWN}"]] Hi https://shop.example/`, "answer = 42");
	await visitor.stop.waitFor({ state: "hidden" });
};

const waits = async (visitor) => {
	await visitor.open();
	await visitor.say("[[hold-after=0]] held");
	await visitor.chat.locator(".dots").waitFor();
};

/** Name, what the visitor does, attributes of the tag. */
const STATES = [
	["closed", (visitor) => visitor.page.getByRole("button", { name: "Open chat" }).waitFor()],
	[
		"teaser",
		(visitor) => visitor.page.getByRole("button", { name: "Questions?" }).waitFor(),
		{ "data-teaser-text": "Questions?", "data-teaser-delay-seconds": 0 },
	],
	["empty", (visitor) => visitor.open(), { "data-starters": "Where is my parcel?" }],
	["chatting", chatting],
	["a question that waits", (visitor) => waits(visitor)],
	["streaming", (visitor) => visitor.begin("[[tokens=9 hold-after=3]] held")],
	[
		"stopped",
		async (visitor) => {
			await visitor.begin("[[tokens=9 hold-after=3]] held");
			await visitor.stop.press("Enter");
			await visitor.stopped.waitFor();
		},
	],
	[
		"failed",
		async (visitor) => {
			await visitor.open();
			await visitor.say("[[fail=400]] Hi");
			await visitor.again.waitFor();
		},
	],
	[
		"offline",
		async (visitor) => {
			await visitor.open();
			await begin(visitor, ...HELLO);
			await visitor.stop.waitFor({ state: "hidden" });
			await visitor.context.setOffline(true);
			await visitor.box.fill("Are you there?");
			await visitor.box.press("Enter");
			await visitor.logUntil("it is asked", (log) => log.includes("Are you there?"));
		},
	],
	[
		"a message that is too long",
		async (visitor) => {
			await visitor.open();
			await visitor.box.fill("word ".repeat(1000));
		},
	],
];

/** The same in other looks. */
const LOOKS = [
	["dark", { "data-theme": "dark" }, {}, {}],
	["dark by the system", { "data-theme": "auto" }, {}, { colorScheme: "dark" }],
	["from right to left", { "data-locale": "ar" }, { dir: "rtl", lang: "ar" }, {}],
	["phone", {}, {}, PHONE],
	["quirks mode", {}, { quirks: 1 }, {}],
	["text of 200 %", {}, { css: "html { font-size: 200% }" }, {}],
	["zoom of 200 %", {}, {}, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
	["reduced motion", {}, {}, { reducedMotion: "reduce" }],
	["forced colours", {}, {}, { forcedColors: "active" }],
];

describe("the widget is accessible", { skip: missing }, () => {
	const site = useSite();
	const tags = {
		"data-widget": { "data-accent-color": "#4f46e5" },
		"data-api-key": { "data-api-key": WIDGET_KEY },
	};
	let form;
	before(async () => {
		const all = { collect_name: true, collect_email: true, collect_phone: true };
		tags["data-widget"]["data-widget"] = (await site.createWidget({})).widget_id;
		tags["data-api-key"]["data-api-url"] = `${site.banter.url}/chat`;
		const { widget_id } = await site.createWidget({
			contact_info_mode: "required",
			primary_color: "#4f46e5",
			...all,
		});
		form = { "data-widget": widget_id };
	});
	const visit = (tag, page, screen) => site.visitTags([tag], addAxe, page, screen);
	const isCompact = (visitor) =>
		visitor.page.evaluate(() => innerWidth <= 480 || innerHeight <= 460);

	async function check(visitor, name) {
		await assertAccessible(visitor.page, name);
		const isOpen = await visitor.chat.isVisible();
		assertStops(await tabThrough(visitor.page, isOpen && (await isCompact(visitor))));
	}

	async function fillBadly(visitor) {
		await visitor.open();
		await visitor.chat.getByLabel("Name").fill("Jane");
		await visitor.chat.getByLabel("E-mail").fill("jane at example");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await visitor.chat.locator("[aria-invalid=true]").first().waitFor();
	}

	for (const kind of Object.keys(tags))
		for (const [name, reach, attributes] of STATES)
			it(`${kind}: ${name}`, async () => {
				const visitor = await visit({ ...tags[kind], ...attributes });
				await reach(visitor);
				await check(visitor, `${kind} ${name}`);
			});

	it("the contact form with errors", async () => {
		const visitor = await visit(form);
		await fillBadly(visitor);
		await check(visitor, "contact form");
	});

	it("Escape closes the chat, and the button has the focus", async () => {
		const visitor = await visit(tags["data-widget"]);
		await visitor.open();
		// The app may still be loading.
		await until("it is open", () => isFocused(visitor.box));
		await visitor.page.keyboard.press("Escape");
		await visitor.chat.waitFor({ state: "hidden" });
		const button = visitor.page.getByRole("button", { name: "Open chat" });
		await until("it has the focus", () => isFocused(button));
	});

	const launcher = (visitor) => visitor.page.locator("banter-chat .launcher");
	const box = (visitor) => visitor.chat.locator("textarea");

	/** As chatting, in any language. */
	async function chat(visitor) {
		await launcher(visitor).click();
		await box(visitor).fill(`[[text="${MARKDOWN}"]] Hi`);
		await box(visitor).press("Enter");
		await visitor.logUntil("the reply is there", (log) => log.includes("answer = 42"));
		await visitor.chat.locator(".stop").waitFor({ state: "hidden" });
	}

	for (const [name, attributes, page, screen] of LOOKS)
		it(`in another look: ${name}`, async () => {
			const visitor = await visit({ ...tags["data-widget"], ...attributes }, page, screen);
			await chat(visitor);
			await check(visitor, `look ${name}`);
			await assertFits(visitor);
		});

	/** No text is cut off, nothing is outside of the window. */
	async function assertFits(visitor) {
		const cut = await visitor.chat.evaluate((panel) => {
			const found = [];
			for (const node of [panel, ...panel.querySelectorAll("*")]) {
				const style = getComputedStyle(node);
				const { left, right, top } = node.getBoundingClientRect();
				if (node.closest(".spoken, svg, pre, .table") || !node.checkVisibility()) continue;
				const isClipped = style.overflowX !== "visible" && !/auto|scroll/.test(style.overflowX);
				if (
					isClipped &&
					node.scrollWidth > node.clientWidth + 1 &&
					style.textOverflow !== "ellipsis"
				)
					found.push(`cut: ${node.className} ${node.scrollWidth} > ${node.clientWidth}`);
				if (left < -1 || right > innerWidth + 1 || (node === panel && top < -1))
					found.push(`outside: ${node.localName}.${node.className} ${left} to ${right}, ${top}`);
			}
			return found;
		});
		assert.deepEqual(cut, []);
	}

	it("with the text spacing of WCAG 1.4.12", async () => {
		const visitor = await visit(tags["data-widget"]);
		await chat(visitor);
		await visitor.page.locator("banter-chat").evaluate((host) => {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(
				"* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",
			);
			host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, sheet];
		});
		await check(visitor, "text spacing");
		await assertFits(visitor);
	});

	it("nothing moves with reduced motion", async () => {
		const visitor = await visit(tags["data-widget"], {}, { reducedMotion: "reduce" });
		await launcher(visitor).click();
		await box(visitor).fill("[[hold-after=0]] held");
		await box(visitor).press("Enter");
		await visitor.chat.locator(".dots").waitFor();
		const moving = await visitor.page
			.locator("banter-chat")
			.evaluate((host) => host.shadowRoot.getAnimations().length);
		assert.equal(moving, 0);
	});

	it("forced colours leave borders around bubbles, and mark buttons", async () => {
		const visitor = await visit(tags["data-widget"], {}, { forcedColors: "active" });
		await chat(visitor);
		for (const part of [".bubble", ".panel", ".launcher", ".send"]) {
			const style = await visitor.page
				.locator(`banter-chat ${part}`)
				.first()
				.evaluate((node) => getComputedStyle(node).borderTopStyle);
			assert.equal(style, "solid", part);
		}
		await takePicture(visitor.page, "forced colours");
	});
});

const AT = new Date().setHours(12, 0, 0, 0);
const DONE = reply("a", "We do.", { at: AT });
const ASKED = [WELCOME, question("q", "Do you deliver?", { at: AT }), DONE];
const MODEL = { phase: "model", person: null, isTyping: false };
const ANN = { ...MODEL, phase: "person", person: { name: "Ann Smith" } };
const LONG = Array.from({ length: 20 }, (_, i) => reply(`a${i}`, `Text ${i}`, { at: AT }));

/** Name, the parts of the conversation's state. */
const CONVERSATIONS = [
	["history that is scrolled", { older: "loading", messages: [WELCOME, ...LONG] }],
	["a rating", { messages: [...ASKED.slice(0, 2), { ...DONE, rating: "down" }] }],
	[
		"a person",
		{ people: ANN, messages: [...ASKED, reply("b", "Hi", { author: ANN.person, at: AT })] },
	],
	["a person who types", { people: { ...ANN, isTyping: true }, messages: ASKED }],
	["the wait for a person", { people: { ...MODEL, phase: "waiting" }, messages: ASKED }],
	["a lost connection", { line: "lost", messages: ASKED }],
	[
		"no network",
		{ line: "offline", messages: [...ASKED, question("r", "Now?", { isQueued: true })] },
	],
];

describe("a conversation is accessible", { skip: missing }, () => {
	const open = useStage();

	for (const [looks, options] of [
		["", {}],
		[" on a phone", PHONE],
		[" from right to left", { code: "ar", dir: "rtl" }],
		[" in forced colours", { forcedColors: "active" }],
	])
		for (const [name, state] of CONVERSATIONS)
			it(`${name}${looks}`, async () => {
				const { page, log, set } = await open({ rating: true, primary_color: "#4f46e5" }, options);
				await page.evaluate(AXE);
				// The stage has no styles for it.
				await page.locator("banter-chat .launcher").evaluate((node) => node.remove());
				await set({ open: true, ...state });
				if (state.older) await log.evaluate((node) => node.scrollTo(0, 200));
				await assertAccessible(page, `conversation ${name}${looks}`);
				assertStops(await tabThrough(page, options === PHONE));
			});
});
