// WCAG 2.2 AA in each state of both tags: axe, contrast, target sizes and the keyboard.

import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { MARKDOWN, useAccessibleSite } from "./accessible-site.mjs";
import { missing } from "./browser.mjs";
import { HELLO, isFocused } from "./site.mjs";

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

describe("the widget is accessible in each state", { skip: missing }, () => {
	const site = useAccessibleSite();
	const { tags, visitTag, check } = site;
	let form;
	before(async () => {
		const all = { collect_name: true, collect_email: true, collect_phone: true };
		const { widget_id } = await site.createWidget({
			contact_info_mode: "required",
			primary_color: "#4f46e5",
			...all,
		});
		form = { "data-widget": widget_id };
	});

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
				const visitor = await visitTag({ ...tags[kind], ...attributes });
				await reach(visitor);
				await check(visitor, `${kind} ${name}`);
			});

	it("the contact form with errors", async () => {
		const visitor = await visitTag(form);
		await fillBadly(visitor);
		await check(visitor, "contact form");
	});

	it("Escape closes the chat, and the button has the focus", async () => {
		const visitor = await visitTag(tags["data-widget"]);
		await visitor.open();
		// The app may still be loading.
		await until("it is open", () => isFocused(visitor.box));
		await visitor.page.keyboard.press("Escape");
		await visitor.chat.waitFor({ state: "hidden" });
		const button = visitor.page.getByRole("button", { name: "Open chat" });
		await until("it has the focus", () => isFocused(button));
	});
});
