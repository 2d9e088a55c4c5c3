// A widget that its owner disables, or whose id is reset, while visitors have it open; and one whose day is used up.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { avoidMidnight } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import { Way } from "./way.mjs";

const GONE = "This chat isn’t available here at the moment.";
const AGAIN = ['[[text="Back"]] Again?', "Back"];

describe("a chat that is not available any more", { skip: missing }, () => {
	const site = useSite();
	let way;
	after(() => way?.close());

	/** Opens a chat with one exchange, on a page whose clock the test moves, and notes its requests. */
	async function begin(page) {
		const widget = await site.createWidget({});
		const context = await site.newContext();
		await context.clock.install();
		const visitor = await site.visitWidget(widget.widget_id, context, page);
		await visitor.open();
		await visitor.ask(...HELLO);
		visitor.requests = [];
		/** How often it has heard whether the widget is there. */
		visitor.checks = 0;
		visitor.page.on("websocket", (socket) => visitor.requests.push(socket.url()));
		visitor.page.on("request", (request) => visitor.requests.push(request.url()));
		visitor.page.on("response", (response) => {
			if (response.url().endsWith("/settings")) visitor.checks++;
		});
		return { widget, visitor };
	}

	/** It says so once, offers no attempt, and makes none in ten minutes. */
	async function isGone(visitor) {
		const { chat, page, again, requests } = visitor;
		await chat.getByText(GONE).waitFor();
		requests.length = 0;
		visitor.checks = 0;
		await page.clock.runFor(600_000);
		assert.equal(await chat.getByText(GONE).count(), 1);
		assert.deepEqual([await again.filter({ visible: true }).count(), requests], [0, []]);
	}

	for (const [way_, page] of [
		["a WebSocket", async () => ({})],
		[
			"requests",
			async () => {
				way = await Way.open(site.banter.port);
				way.mode = "refuse";
				return { server: way.url };
			},
		],
	])
		it(`says so once, and shows the conversation again when it is back: over ${way_}`, async () => {
			const { widget, visitor } = await begin(await page());
			const enable = (enabled) => site.admin("PUT", `widgets/${widget.id}`, { enabled });
			await enable(false);
			await isGone(visitor);
			// What is written meanwhile is not lost.
			await visitor.box.fill(AGAIN[0]);
			await visitor.box.press("Enter");
			await visitor.chat.getByText("Waiting to be sent").waitFor();
			// A timeout is not the answer: the clock must not run before.
			await until("it has looked for the widget once more", () => visitor.checks > 0);
			await isGone(visitor);
			await enable(true);
			await visitor.chat.locator(".close").click();
			await visitor.open();
			await visitor.saidUntil([...exchange(...HELLO), ...exchange(...AGAIN)]);
			await visitor.chat.getByText(GONE).waitFor({ state: "hidden" });
			await visitor.page.reload();
			await visitor.saidUntil([...exchange(...HELLO), ...exchange(...AGAIN)]);
		});

	it("says so once after its id was reset", async () => {
		const { widget, visitor } = await begin();
		await site.admin("POST", `widgets/${widget.id}/reset-id`);
		await isGone(visitor);
		await visitor.saidUntil(exchange(...HELLO));
	});

	it("offers no attempt when the messages of the day are used up", async () => {
		await avoidMidnight();
		const widget = await site.createWidget({ daily_message_cap: 1 });
		const visitor = await (await site.visitWidget(widget.widget_id)).open();
		await visitor.ask(...HELLO);
		await visitor.say("One more");
		await visitor.chat.getByText("The limit for today is reached").waitFor();
		assert.equal(await visitor.again.filter({ visible: true }).count(), 0);
	});

	it("offers no attempt when the visitor has used its share of the budget", async () => {
		await avoidMidnight();
		const widget = await site.createWidget();
		await site.admin("PUT", "budgets", { widgets: { [widget.id]: { dailyTokens: 10_000 } } });
		const visitor = await (await site.visitWidget(widget.widget_id)).open();
		await visitor.ask(...HELLO);
		await visitor.say("One more");
		await visitor.chat.getByText("The limit for today is reached").waitFor();
		assert.equal(await visitor.again.filter({ visible: true }).count(), 0);
		await site.admin("PUT", "budgets", {});
	});
});
