// The same as conversation.test.mjs, with the server: history, ratings, persons.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite, WELCOME } from "./site.mjs";

const EXCHANGES = 130;

describe("a conversation with a server", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	before(async () => {
		const settings = { rating: true, operators: { offer: true } };
		widget = await site.createWidget({ settings });
	});

	it("has its whole history, down to the greeting", async () => {
		for (let i = 0; i < EXCHANGES; i++)
			await site.banter.chat("a-long-story", `[[text="Yes ${i}"]] ${i}`);
		const visitor = await site.visit();
		await visitor.page.evaluate(() => localStorage.setItem("banter.session", "a-long-story"));
		await visitor.page.reload();
		await visitor.open();
		const log = visitor.chat.getByRole("log");
		await log.getByText(`Yes ${EXCHANGES - 1}`, { exact: true }).waitFor();
		assert.equal(await log.getByText(WELCOME).count(), 0);
		await until("the beginning is shown", async () => {
			await log.evaluate((node) => node.scrollTo(0, 0));
			return (await log.getByText(WELCOME).count()) === 1;
		});
		const all = Array.from({ length: EXCHANGES }, (_, i) =>
			exchange(`[[text="Yes ${i}"]] ${i}`, `Yes ${i}`),
		);
		await visitor.saidUntil(all.flat());
		assert.deepEqual(visitor.complaints, []);
	});

	it("keeps a rating, and its comment", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		await visitor.ask(...HELLO);
		const down = visitor.chat.getByRole("button", { name: "Not helpful" });
		await down.click();
		await visitor.chat.getByRole("textbox", { name: "What was wrong?" }).fill("Too short");
		await visitor.page.keyboard.press("Enter");
		const { conversations } = await site.admin("GET", `conversations?widgetId=${widget.id}`);
		await until("the comment is stored", async () => {
			const { messages } = await site.admin("GET", `conversations/${conversations[0]._id}`);
			return JSON.stringify(messages).includes("Too short");
		});
		await visitor.page.reload();
		await until("it is shown", async () => (await down.getAttribute("aria-pressed")) === "true");
	});

	it("shows a person who takes over, writes and leaves", async () => {
		const other = await site.createWidget({});
		const visitor = await site.visitWidget(other.widget_id);
		await visitor.open();
		await visitor.ask(...HELLO);
		const { conversations } = await site.admin("GET", `conversations?widgetId=${other.id}`);
		const act = (what, body) =>
			site.admin("POST", `conversations/${conversations[0]._id}/${what}`, body);
		await visitor.page.evaluate(() => {
			window.heard = [];
			window.banter.on("handover", ({ detail }) => window.heard.push([detail.state, detail.name]));
		});
		await act("takeover", { name: "Jane" });
		await visitor.chat.getByText("Jane has joined").waitFor();
		await act("messages", { content: "I am here." });
		await visitor.saidUntil([...exchange(...HELLO), "assistant: I am here."]);
		assert.equal(await visitor.chat.locator(".name").last().textContent(), "Jane");
		await act("handback");
		await visitor.chat.getByText("Jane has left").waitFor();
		assert.deepEqual(await visitor.page.evaluate(() => window.heard), [
			["person", "Jane"],
			["model", "Jane"],
		]);
		assert.deepEqual(visitor.complaints, []);
	});
});
