// "Talk to a person" makes the conversation wait for one, with an agent that knows nothing of people.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import { Way } from "./way.mjs";

const ASK = "Talk to a person";
const ANSWER = "I have asked a person to help you. Please wait here for the answer.";

describe("a visitor who asks for a person", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { banter } = site;
	let way;
	after(() => way?.close());

	async function open(page) {
		const { widget_id } = await site.createWidget({ settings: { operators: { offer: true } } });
		const visitor = await (await site.visitWidget(widget_id, undefined, page)).open();
		return { visitor, ask: visitor.chat.getByRole("button", { name: ASK }) };
	}

	/** The conversation waits, and its visitor reads so, also after a reload. */
	async function isAwaited({ visitor, ask }, said) {
		const waits = visitor.chat.getByText("A person will be with you soon.");
		await visitor.saidUntil(said);
		await waits.waitFor();
		assert.equal(await ask.isVisible(), false);
		const [{ _id }] = (await banter.conversations()).conversations;
		await until(
			"it waits",
			async () => (await banter.thread(_id)).conversation.state === "waiting",
		);
		await visitor.page.reload();
		await visitor.saidUntil(said);
		await waits.waitFor();
		assert.equal(await banter.modelCalls(ASK), 0);
	}

	it("is heard before the first message", async () => {
		const one = await open();
		await one.ask.click();
		await isAwaited(one, exchange(ASK, ANSWER));
	});

	it("is heard without a WebSocket", async () => {
		way = await Way.open(banter.port);
		way.mode = "refuse";
		const one = await open({ server: way.url });
		await one.visitor.ask(...HELLO);
		await one.ask.click();
		await isAwaited(one, [...exchange(...HELLO), ...exchange(ASK, ANSWER)]);
	});

	it("does not wait for a reply that is being written", async () => {
		const one = await open();
		const question = "[[tokens=9 hold-after=3]] endless";
		await one.visitor.say(question);
		await one.visitor.logUntil("it has begun", (text) => text.includes("t2"));
		await one.ask.click();
		await isAwaited(one, [...exchange(question, "t0 t1 t2"), ...exchange(ASK, ANSWER)]);
		await banter.release("endless");
	});

	it("does not wait for a model that is busy", async () => {
		const one = await open();
		const question = "[[fail=503 retry-after=60]] busy";
		await one.visitor.say(question);
		await one.visitor.chat.getByText("Trying again in a moment").waitFor();
		await one.ask.click();
		const waits = one.visitor.chat.getByText("A person will be with you soon.");
		await waits.waitFor();
		await one.visitor.logUntil("it is answered", (text) => text.includes(ANSWER));
	});
});
