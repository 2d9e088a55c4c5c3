// The widget on difficult pages: hostile styles, scripts and screens.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { launchWithoutStorage, missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import { fillStorage } from "./windows.mjs";

const HOSTILE = `
	* { all: unset !important; color: red !important; font-size: 40px !important; }
	div, section, button, form { display: none !important; }
	banter-chat { display: none !important; position: static !important; opacity: 0 !important;
		pointer-events: none !important; transform: scale(2) !important; }
	:root { --ink: red; --accent: red; --gap: 400px; }`;

describe("the widget on difficult pages", { skip: missing }, () => {
	const site = useSite();
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});

	/** Evaluates a function on an element inside the widget. */
	const inside = (visitor, selector, look) =>
		visitor.page.locator("banter-chat").locator(selector).first().evaluate(look);

	it("is not affected by page styles that hide, move or colour everything", async () => {
		const visitor = await site.visitWidget(widget.widget_id, undefined, { css: HOSTILE });
		await visitor.open();
		await visitor.ask(...HELLO);
		const look = await inside(visitor, ".user .bubble", (node) => {
			const { color, fontSize } = getComputedStyle(node);
			return { color, fontSize };
		});
		assert.deepEqual(look, { color: "rgb(255, 255, 255)", fontSize: "15px" });
	});

	it("keeps its own text direction on a right-to-left page", async () => {
		const context = await site.newContext();
		const visitor = await site.visitWidget(widget.widget_id, context, { dir: "rtl" });
		await visitor.open();
		await visitor.chat.getByText("Support").waitFor();
		const edges = await inside(visitor, ".heading", (heading) =>
			["h2", "p"].map((name) => {
				const range = document.createRange();
				range.selectNodeContents(heading.querySelector(name));
				return range.getBoundingClientRect().right;
			}),
		);
		assert.equal(edges[0], edges[1]);
		const direction = await inside(visitor, ".heading p", (p) => getComputedStyle(p).unicodeBidi);
		assert.equal(direction, "plaintext");
	});

	it("shows the wait, the caret and the buttons in forced colours", async () => {
		const context = await site.newContext({ forcedColors: "active" });
		const visitor = await site.visitWidget(widget.widget_id, context);
		await visitor.open();
		await visitor.say("[[tokens=3 first-delay=600000]] wait");
		await visitor.chat.locator(".dots").waitFor();
		const colors = await inside(visitor, ".dots i", (dot) =>
			[dot, dot.closest(".panel")].map((node) => getComputedStyle(node).backgroundColor),
		);
		assert.notEqual(colors[0], colors[1]);
		const border = await inside(visitor, ".stop", (node) => getComputedStyle(node).borderStyle);
		assert.equal(border, "solid");
	});

	it("shows one chat for several tags of a widget, also for a late module", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		const src = `${site.banter.url}/api/widget/embed.js`;
		await visitor.addTag({ src, "data-widget": widget.widget_id });
		await visitor.addTag({
			src: `${src}?again`,
			type: "module",
			"data-widget": widget.widget_id,
		});
		assert.equal(await visitor.page.locator("banter-chat").count(), 1);
		await visitor.ask(...HELLO);
		assert.deepEqual(visitor.complaints, []);
	});

	it("moves along when a script replaces the body", async () => {
		const visitor = await site.visitWidget(widget.widget_id, undefined, { place: "head" });
		await visitor.open();
		const long = `[[text="${"line\\n".repeat(80)}"]] long`;
		await visitor.say(long);
		await visitor.logUntil("the reply is there", (text) => text.split("line").length > 100);
		await visitor.box.fill("half a thought");
		const isAtEnd = () =>
			inside(visitor, ".log", ({ scrollTop, scrollHeight, clientHeight }) => {
				return scrollTop > 0 && scrollHeight - scrollTop - clientHeight < 2;
			});
		await until("it is at the end", isAtEnd);
		await visitor.page.evaluate(() => {
			const body = document.createElement("body");
			body.append("Another page");
			document.body.replaceWith(body);
		});
		await visitor.box.waitFor();
		assert.equal(await visitor.box.inputValue(), "half a thought");
		await until("it is at the end again", isAtEnd);
		assert.deepEqual(visitor.complaints, []);
	});

	it("keeps the conversation over a reload where the page has filled localStorage", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.page.evaluate(fillStorage);
		await visitor.open();
		await visitor.ask(...HELLO);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(...HELLO));
		await visitor.ask(...HELLO, exchange(...HELLO));
		assert.equal(await visitor.page.evaluate(() => localStorage.length > 3), true);
		assert.deepEqual(visitor.complaints, []);
	});

	it("works for a visitor whose browser stores nothing, in two windows", async (test) => {
		const { context, close } = await launchWithoutStorage();
		test.after(close);
		for (let n = 0; n < 2; n++) {
			const visitor = await site.visitWidget(widget.widget_id, context);
			const isDenied = () =>
				navigator.locks.request("probe", () => false).catch(({ name }) => name !== "");
			assert.equal(await visitor.page.evaluate(isDenied), true);
			await visitor.open();
			await visitor.ask(...HELLO);
			assert.deepEqual(visitor.complaints, []);
		}
	});

	it("is not open for the page while the page has no body", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.page.getByRole("button", { name: "Open chat" }).waitFor();
		const open = () => visitor.page.evaluate(() => window.banter.open());
		await visitor.page.evaluate(() => document.body.remove());
		assert.equal(await open(), false);
		await visitor.page.evaluate(() =>
			document.documentElement.append(document.createElement("body")),
		);
		await visitor.chat.waitFor();
		assert.equal(await open(), true);
	});

	it("does not send when Return ends a composition", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		await visitor.box.focus();
		const tools = await visitor.context.newCDPSession(visitor.page);
		const typed = { text: "にほん", selectionStart: 3, selectionEnd: 3 };
		await tools.send("Input.imeSetComposition", typed);
		const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 };
		await tools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key });
		await tools.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
		assert.equal(await visitor.box.inputValue(), "にほん");
		await visitor.saidUntil([]);
		await tools.send("Input.insertText", { text: "にほん" });
		await visitor.box.press("Enter");
		await visitor.logUntil("it is sent", (text) => text.includes("You: にほん"));
	});

	it("shows a thousand messages, scrolled to the newest", async () => {
		const visitor = await site.visit();
		await visitor.page.evaluate(() => localStorage.setItem("banter.session", "a-long-story"));
		const messages = Array.from({ length: 1000 }, (_, i) => ({
			id: `m${i}`,
			role: i % 2 ? "assistant" : "user",
			content: `This is number ${i}.`,
			status: "complete",
		}));
		await visitor.page.routeWebSocket("**/v1/chat/ws*", (socket) => {
			socket.send(JSON.stringify({ type: "session", session_token: "a-long-story" }));
			socket.send(JSON.stringify({ type: "history", messages, active: null, more: false }));
		});
		await visitor.page.reload();
		await visitor.open();
		const newest = visitor.chat.getByText("This is number 999.");
		await newest.waitFor();
		await until("all are drawn", async () => (await visitor.said()).length === 1001);
		await until("the newest is in view", () =>
			newest.evaluate((node) => {
				const log = node.closest(".log").getBoundingClientRect();
				const { top, bottom } = node.getBoundingClientRect();
				return top >= log.top && bottom <= log.bottom;
			}),
		);
	});

	it("moves nothing on the page: loading, teaser, open, a streaming reply, closed", async () => {
		/** `own`: what moved of the page's own nodes; `sum`: of everything. */
		const observe = () => {
			window.moved = { own: [], sum: 0 };
			const note = (list) => {
				for (const { value, hadRecentInput, sources } of list.getEntries()) {
					if (hadRecentInput) continue;
					const own = sources
						.map(({ node }) => node)
						.filter((node) => node?.getRootNode() === document && !node.matches?.("banter-chat"));
					window.moved.own.push(...own.map(({ nodeName }) => nodeName));
					window.moved.sum += value;
				}
			};
			new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
		};
		const moved = () => visitor.page.evaluate(() => window.moved);
		const teasing = { "data-teaser-text": "Need help?", "data-teaser-delay-seconds": "0" };
		const visitor = await site.visitTags(
			[{ "data-widget": widget.widget_id, ...teasing }],
			(context) => context.addInitScript(observe),
		);
		const { page } = visitor;
		await page.getByText("Need help?").waitFor();
		// The page's calls are no input, so nothing is excused.
		await page.evaluate(() => window.banter.send("[[tokens=200]] shift"));
		await visitor.logUntil("the reply is there", (text) => text.includes("t199"));
		await page.evaluate(() => window.banter.close());
		await visitor.chat.waitFor({ state: "hidden" });
		const { own, sum } = await moved();
		assert.deepEqual(own, []);
		// Lighthouse's three digits. In the chat, bubbles may move by a fraction of a pixel.
		assert.equal(sum.toFixed(3), "0.000");
		await page.evaluate(() => document.body.prepend("A line", document.createElement("hr")));
		await until("a shift is noticed", async () => (await moved()).own.length > 0);
	});
});
