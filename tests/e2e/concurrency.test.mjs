// Many concurrent streams: nothing is lost, mixed up or out of order.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { until, useBanter } from "./harness.mjs";

const STREAMS = 200;
const TOKENS = 60;
const EXPECTED = Array.from({ length: TOKENS }, (_, i) => `t${i} `).join("");

describe("concurrency", () => {
	const banter = useBanter({ workers: 2 });

	it(`${STREAMS} streams at once through 2 workers: every token once, in order, all stored`, async () => {
		const message = (i) => `[[tokens=${TOKENS} delay=${5 + (i % 7)} hold-after=5]] visitor ${i}`;
		const streams = await Promise.all(
			Array.from({ length: STREAMS }, (_, i) => banter.stream(`many-${i}`, message(i))),
		);
		assert.equal((await banter.model("stats")).calls, STREAMS);
		const served = new Set(await banter.workersOf(streams.map((stream) => stream.socket)));
		assert.deepEqual([...served].sort(), banter.workerPids().sort(), "both workers serve");
		await banter.release("visitor");
		const all = await Promise.all(streams.map((stream) => stream.rest()));
		for (const events of all) {
			assert.equal(events[0].type, "start");
			assert.equal(textOf(events), EXPECTED);
			assert.equal(events.at(-1).type, "done");
			assert.equal(events.at(-1).message, EXPECTED.trim());
			assert.equal(events.at(-1).messageId, events[0].messageId);
		}
		const ids = all.map((events) => events[0].conversationId);
		assert.equal(new Set(ids).size, STREAMS);
		const { conversations, total } = await banter.conversations();
		assert.equal(total, STREAMS);
		assert.equal(conversations.length, STREAMS);
		for (const [i, id] of ids.entries()) {
			const { conversation, messages } = await banter.thread(id);
			assert.equal(conversation.sessionId, `many-${i}`);
			assert.deepEqual(
				messages.map(({ content, status }) => [content, status]),
				[
					[message(i), "complete"],
					[EXPECTED.trim(), "complete"],
				],
			);
		}
	});

	it("one visitor who asks twenty times at once gets twenty replies in one conversation", async () => {
		const answers = await Promise.all(
			Array.from({ length: 20 }, (_, i) =>
				banter.chat("impatient", `[[text="reply ${i}"]] question ${i}`),
			),
		);
		assert.deepEqual(
			answers.map((answer) => answer.json?.message),
			answers.map((_, i) => `reply ${i}`),
		);
		const ids = new Set(answers.map((answer) => answer.json.conversationId));
		assert.equal(ids.size, 1);
		const messages = await banter.messages([...ids][0]);
		assert.equal(messages.length, 40);
		// Each reply stands behind the question that it answers.
		for (let i = 0; i < 40; i += 2) {
			assert.equal(messages[i][0], "user");
			const [, number] = /question (\d+)/.exec(messages[i][1]);
			assert.deepEqual(messages[i + 1], ["assistant", `reply ${number}`, "complete"]);
		}
	});

	it("a visitor who reads nothing holds up nobody, and his reply is stored whole", async () => {
		const slow = await banter.stream("slow", "[[huge=1000 tokens=400]]");
		const { conversationId } = await slow.next();
		slow.response.pause();
		const others = await Promise.all(
			Array.from({ length: 10 }, (_, i) => banter.chat(`quick-${i}`, "[[tokens=5]]")),
		);
		for (const other of others) assert.equal(other.json.message, "t0 t1 t2 t3 t4");
		const reply = await until(
			"the reply is stored",
			async () => (await banter.messages(conversationId))[1],
		);
		assert.equal(reply[1].length, 400_000);
		assert.equal(reply[2], "complete");
		slow.leave();
	});
});
