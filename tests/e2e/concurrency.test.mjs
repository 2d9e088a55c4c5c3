// Many concurrent streams: nothing is lost, mixed up or out of order.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { times, useBanter } from "./harness.mjs";
import { workersOf } from "./replies.mjs";

const STREAMS = 200;
const TOKENS = 60;
const EXPECTED = Array.from({ length: TOKENS }, (_, i) => `t${i} `).join("");

describe("concurrency", () => {
	const banter = useBanter({ workers: 2 });

	it(`${STREAMS} streams at once through 2 workers: every token once, in order, all stored`, async () => {
		const message = (i) => `[[tokens=${TOKENS} delay=${5 + (i % 7)} hold-after=5]] visitor ${i}`;
		const streams = await times(STREAMS, (i) => banter.stream(`many-${i}`, message(i)));
		assert.equal((await banter.model("stats")).calls, STREAMS);
		const served = new Set(await workersOf(banter, streams));
		assert.deepEqual([...served].sort(), banter.workerPids().sort(), "both workers serve");
		await banter.release("visitor");
		const ids = [];
		for (const stream of streams) {
			const events = await stream.rest();
			assert.equal(events[0].type, "start");
			assert.equal(textOf(events), EXPECTED);
			const { type, message: text, messageId } = events.at(-1);
			assert.deepEqual([type, text], ["done", EXPECTED.trim()]);
			assert.equal(messageId, events[0].messageId);
			ids.push(events[0].conversationId);
		}
		assert.equal(new Set(ids).size, STREAMS);
		const { conversations, total } = await banter.conversations();
		assert.deepEqual([total, conversations.length], [STREAMS, STREAMS]);
		for (const [i, id] of ids.entries()) {
			assert.equal((await banter.thread(id)).conversation.sessionId, `many-${i}`);
			assert.deepEqual(await banter.messages(id), [
				["user", message(i), "complete"],
				["assistant", EXPECTED.trim(), "complete"],
			]);
		}
	});

	it("one visitor who asks twenty times at once gets twenty replies in one conversation", async () => {
		const answers = await times(20, (i) =>
			banter.chat("impatient", `[[text="reply ${i}"]] question ${i}`),
		);
		for (const [i, { json }] of answers.entries()) assert.equal(json?.message, `reply ${i}`);
		const ids = new Set(answers.map(({ json }) => json.conversationId));
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
});
