// The parts of the widget that are loaded when they are needed: which, when, and what happens while the network
// refuses them.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite, WELCOME } from "./site.mjs";

describe("the parts of the widget", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	before(async () => {
		// Without what new widgets have on.
		widget = await site.createWidget({ settings: { disclosure: { show: false } } });
	});

	/** The names of the app's files that a page requests, without their hashes. */
	function filesOf({ page }) {
		const asked = [];
		page.on("request", (request) => {
			const name = /\/chat-((app|part-\w+)-\w+\.js.*)/.exec(request.url())?.[1];
			if (name) asked.push(name.replace(/-\w+\.js/, ""));
		});
		return asked;
	}

	/** The network refuses a part; returns the function that ends this. */
	async function refuse({ page }, part) {
		const pattern = `**/chat-part-${part}-*`;
		let refused = 0;
		await page.route(pattern, (route) => {
			refused++;
			return route.abort();
		});
		return {
			heard: () => until(`${part} is refused`, () => refused > 0),
			end: () => page.unroute(pattern),
		};
	}

	it("are not loaded with the page, and the list of messages once the chat opens", async () => {
		const visitor = await site.visitTags([{ "data-widget": widget.widget_id }]);
		const page = visitor.page.url();
		await visitor.page.goto("about:blank"); // what that page still asked for is not counted
		const asked = filesOf(visitor);
		await visitor.page.goto(page);
		await until("the app is loaded", () => asked.length > 0);
		assert.deepEqual(asked, ["app"]);
		await visitor.open();
		await until("it is loaded", () => asked.length > 1);
		await visitor.ask(...HELLO);
		assert.deepEqual(asked, ["app", "part-log"]);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(...HELLO));
		assert.deepEqual(asked, ["app", "part-log", "app", "part-log"]);
		assert.deepEqual(visitor.complaints, []);
	});

	it("show a greeting with marks as Markdown", async () => {
		const marked = await site.createWidget({ greeting: "**Hello**, ask away" });
		const visitor = await site.visitWidget(marked.widget_id);
		await visitor.open();
		await visitor.chat.locator("strong", { hasText: "Hello" }).waitFor();
		assert.equal(await visitor.chat.getByText("**").count(), 0);
	});

	it("are loaded again until the network has them: message and reply are text meanwhile", async () => {
		const visitor = await site.visitTags([{ "data-widget": widget.widget_id }]);
		const list = await refuse(visitor, "log");
		await visitor.open();
		await visitor.say(HELLO[0]);
		await list.heard();
		await visitor.chat.getByText(HELLO[0]).waitFor();
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		await visitor.chat.locator(".older.loading").waitFor();
		await list.end();
		await visitor.saidUntil(exchange(...HELLO));
		await visitor.chat.getByText(WELCOME).waitFor();
		await visitor.chat.locator(".older").waitFor({ state: "detached" });
		await until("the reply is announced", async () =>
			(await visitor.live.textContent()).includes("Hello"),
		);
	});

	it("leave what the visitor has written while the contact form cannot be loaded", async () => {
		const asking = await site.createWidget({ contact_info_mode: "required", collect_name: true });
		const visitor = await site.visitTags([{ "data-widget": asking.widget_id }]);
		const form = await refuse(visitor, "contact");
		await visitor.open();
		await form.heard();
		await visitor.box.fill("I need help");
		await form.end();
		await visitor.chat.getByLabel("Name (required)").fill("Jane");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await visitor.box.waitFor();
		assert.equal(await visitor.box.inputValue(), "I need help");
		await visitor.ask(...HELLO);
	});

	it("connect without a WebSocket once the network has the part for that", async () => {
		const visitor = await site.visitTags([{ "data-widget": widget.widget_id }], (context) =>
			context.addInitScript("window.WebSocket = class { constructor() { throw new Error(); } };"),
		);
		const feed = await refuse(visitor, "network");
		await visitor.open();
		await feed.heard();
		await visitor.box.fill(HELLO[0]);
		await visitor.box.press("Enter");
		await feed.end();
		await visitor.saidUntil(exchange(...HELLO));
	});
});
