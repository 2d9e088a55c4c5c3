// What the assistant is to do: the card that a visitor decides about, and what operators see of it in the thread.
// tests/e2e/tool-actions.test.mjs has what the server accepts.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { AGENT } from "../e2e/organizations.mjs";
import { ScriptedModel } from "../e2e/scripted-model.mjs";
import { DIALECTS, REFUND, refunds } from "../e2e/tool-model.mjs";
import { Shop } from "../shop/shop.mjs";
import { assertAccessible, assertFits } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible as assertPageAccessible } from "./dashboard.mjs";
import { OperatorPage } from "./operator-page.mjs";
import { useSite } from "./site.mjs";

/** Refunds what the question says. */
const model = new ScriptedModel(({ body }) => {
	const request = JSON.parse(body);
	const question = request.messages.filter(({ role }) => role === "user").at(-1).content;
	const amount = Number(/\d+/.exec(question)?.[0] ?? 12);
	return [refunds(amount)(DIALECTS.chat, request), "keep"];
});
await model.start();

const textOf = (amount) => `Refund ${amount} for the order 1042`;

describe("what needs a decision", { skip: missing }, () => {
	const shop = new Shop();
	const site = useSite({ areKept: true }, [], {
		OPENAI_BASE_URL: model.url,
		OPENAI_API: "chat",
		TOOLS_ALLOW: "127.0.0.0/8",
	});
	let jane;
	before(async () => {
		await shop.start();
		jane = await addUser(site.banter, "jane@example.com", "--name", "Jane");
		const tool = await site.admin("POST", "tools", {
			...REFUND,
			url: `${shop.url}/refunds`,
			approveAbove: { amount: 50 },
		});
		await site.admin("PUT", `agents/${AGENT}`, { tools: [tool.id] });
	});
	after(() => {
		shop.stop();
		model.stop();
	});

	/** A visitor who wants so much back; resolves to the card, too. */
	async function ask(amount, { screen = {}, page = {}, prepare } = {}) {
		shop.ledger = [];
		shop.refunds = "answer";
		const widget = await site.createWidget({
			agent_id: AGENT,
			settings: { disclosure: { show: false } },
		});
		const tags = [{ "data-widget": widget.widget_id }];
		const visitor = await site.visitTags(tags, prepare, page, screen);
		await visitor.open();
		await visitor.say(`${amount} back!`);
		const card = visitor.chat.locator(".step").last();
		await card.getByText(textOf(amount)).waitFor();
		const found = async () =>
			(await site.admin("GET", `conversations?widgetId=${widget.id}`)).conversations[0];
		const { _id: id } = await until("the conversation", found);
		return { visitor, card, id };
	}

	const agree = (card) => card.getByRole("button", { name: "Confirm" });

	const saidLast = (visitor, text) =>
		until(`the reply says ${text}`, async () => (await visitor.said()).at(-1)?.includes(text));

	it("is done once the visitor agrees by keyboard, and all tabs and a reload show it", async () => {
		const { visitor, card } = await ask(12);
		const tab = await visitor.context.newPage();
		await tab.goto(visitor.page.url());
		const other = tab.locator("banter-chat .step").last();
		await agree(other).waitFor();
		assert.deepEqual((await visitor.said()).slice(1), ["visitor: 12 back!", "assistant: "]);
		assert.equal(shop.ledger.length, 0);
		await agree(card).focus();
		await visitor.page.keyboard.press("Enter");
		for (const one of [card, other]) await one.getByText("Done", { exact: true }).waitFor();
		await saidLast(visitor, '{"/refunded":12}');
		assert.equal(await card.getByRole("button").count(), 0);
		await visitor.page.reload();
		await card.getByText("Done", { exact: true }).waitFor();
		assert.equal(shop.ledger.length, 1);
		assert.deepEqual(visitor.complaints, []);
	});

	it("is not done if the visitor refuses", async () => {
		const { visitor, card } = await ask(13);
		await card.getByRole("button", { name: "No", exact: true }).click();
		await card.getByText("Not done.").waitFor();
		await saidLast(visitor, "the visitor does not want this");
		assert.equal(shop.ledger.length, 0);
	});

	it("is decided without a WebSocket", async () => {
		const prepare = (context) =>
			context.routeWebSocket(/./, (socket) => void socket.close({ code: 1011 }));
		const { visitor, card } = await ask(18, { prepare });
		await agree(card).click();
		await card.getByText("Done", { exact: true }).waitFor();
		await saidLast(visitor, '{"/refunded":18}');
		assert.equal(shop.ledger.length, 1);
	});

	it("is decided when the network is back", async () => {
		const { visitor, card } = await ask(14);
		await visitor.context.setOffline(true);
		await agree(card).click();
		await card.getByText("In progress…").waitFor();
		assert.equal(shop.ledger.length, 0);
		await visitor.context.setOffline(false);
		await card.getByText("Done", { exact: true }).waitFor();
		assert.equal(shop.ledger.length, 1);
	});

	it("can be decided again after a decision that was refused", async () => {
		let refused = 0;
		const prepare = (context) =>
			context.routeWebSocket(/./, (socket) => {
				const server = socket.connectToServer();
				socket.onMessage((text) => {
					const frame = JSON.parse(text);
					const isFirst = frame.type === "decide" && refused++ === 0;
					server.send(isFirst ? JSON.stringify({ ...frame, id: randomUUID() }) : text);
				});
			});
		const { visitor, card } = await ask(17, { prepare });
		await agree(card).click();
		await until("the first one is refused", () => refused === 1);
		await agree(card).click();
		await card.getByText("Done", { exact: true }).waitFor();
		await saidLast(visitor, '{"/refunded":17}');
		assert.equal(refused, 2);
		assert.equal(shop.ledger.length, 1);
	});

	it("is words in an app whose part cannot be loaded yet", async () => {
		const widget = await site.createWidget({ agent_id: AGENT });
		const visitor = await site.visitTags([{ "data-widget": widget.widget_id }]);
		await visitor.page.route("**/chat-part-offer-*", (route) => route.abort());
		await visitor.open();
		await visitor.say("15 back!");
		await visitor.logUntil("the words", (text) => text.includes(textOf(15)));
		await visitor.page.unroute("**/chat-part-offer-*");
		await agree(visitor.chat.locator(".step")).waitFor();
	});

	it("is approved by the team in the thread", async () => {
		const { visitor, card, id } = await ask(99);
		await card.getByText("Our team decides.").waitFor();
		assert.equal(await card.getByRole("button").count(), 0);
		const operator = await OperatorPage.open(site, id, jane);
		const decision = operator.log.getByRole("region", { name: textOf(99) });
		await decision.getByText("It waits for the team.").waitFor();
		await assertPageAccessible(operator.page);
		await decision.getByRole("button", { name: "Approve" }).click();
		await decision.getByText("Done", { exact: true }).waitFor();
		await card.getByText("Done", { exact: true }).waitFor();
		await saidLast(visitor, '{"/refunded":99}');
		assert.equal(shop.ledger.length, 1);
		assert.deepEqual(operator.complaints, []);
	});

	it("is not known if the answer is lost: the visitor reads that, and the team decides", async () => {
		const { visitor, card, id } = await ask(16);
		shop.refunds = "drop";
		await agree(card).click();
		await card.getByText("It is not known yet whether this was done.").waitFor();
		await saidLast(visitor, "it is not known whether this was done");
		const operator = await OperatorPage.open(site, id, jane, { colorScheme: "dark" });
		const decision = operator.log.getByRole("region", { name: textOf(16) });
		await decision.getByRole("button", { name: "It was done", exact: true }).waitFor();
		await assertPageAccessible(operator.page);
		await decision.getByRole("button", { name: "It was done", exact: true }).click();
		await card.getByText("Done", { exact: true }).waitFor();
		assert.equal(shop.ledger.length, 1);
	});

	for (const [what, options] of Object.entries({
		"in the light": {},
		"in the dark": { screen: { colorScheme: "dark" } },
		"on 320 px": { screen: { viewport: { width: 320, height: 640 } } },
		"from right to left": { page: { dir: "rtl" } },
	}))
		it(`is accessible ${what}`, async () => {
			const { visitor, card } = await ask(17, options);
			await agree(card).waitFor();
			await assertAccessible(visitor.page, `step ${what}`);
			await assertFits(visitor.chat);
			await agree(card).click();
			await card.getByText("Done", { exact: true }).waitFor();
			await assertAccessible(visitor.page, `step done ${what}`);
		});
});
