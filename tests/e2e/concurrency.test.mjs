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
});
