// Sending a message again with the same id stores it once: its reply is repeated or joined. Replies that are restarted:
// tests/unit/storaged/conversations/client_ids.scenario, fenced.test.mjs and storm.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { times, useBanter } from "./harness.mjs";
import { assertStored, beginHanging, KEY, stop, textUntil, withId, workersOf } from "./replies.mjs";

const PATHS = ["/v1/chat", "/v1/chat/stream", "/chat"];

describe("the same message again", () => {
	const banter = useBanter();

	it("is answered from the store, also as a stream: stored once, without a model request", async () => {
		const message = "[[tokens=3]] once";
		const first = (await banter.chat("again", message, withId("id-1"))).json;
		assert.ok(first.usage.promptTokens > 0);
		assert.equal(first.usage.completionTokens, 3);
		for (let i = 0; i < 4; i++) {
			const again = await banter.chat("again", message, withId("id-1"));
			assert.equal(again.status, 200);
			assert.deepEqual(again.json, first);
		}
		for (const path of PATHS.slice(1)) {
			const stream = await banter.stream("again", message, { path, ...withId("id-1") });
			const events = await stream.rest();
			const { message: text, messageId, conversationId } = first;
			const ids = { messageId, conversationId };
			assert.deepEqual(events[0], { type: "start", ...ids });
			assert.deepEqual(events.at(-1), { type: "done", message: text, ...ids });
			assert.equal(textOf(events), first.message);
		}
		assert.equal(await banter.modelCalls(message), 1);
		await assertStored(banter, "again", [message, "t0 t1 t2"]);
	});

	it("may have its id in the body, the header, or the same one in both", async () => {
		const message = "[[tokens=2]] body and header";
		const header = { "idempotency-key": "w.h:e-r_e" };
		const clientMessageId = "w.h:e-r_e";
		const answers = [];
		for (const [headers, body] of [
			[{}, { clientMessageId }],
			[header, {}],
			[header, { clientMessageId }],
		])
			answers.push(
				await banter.request("POST", "/v1/chat", {
					headers: { ...KEY, ...headers },
					body: { sessionId: "where", message, ...body },
				}),
			);
		for (const { status, json } of answers)
			assert.deepEqual([status, json], [200, answers[0].json]);
		assert.equal(await banter.modelCalls(message), 1);
	});

	for (const [what, clientMessageId, header] of [
		["empty", ""],
		["too long", "a".repeat(129)],
		["of another alphabet", "a b"],
		["not ASCII", "ä"],
		["with a NUL", "a\0"],
		["a number", 7],
		["null", null],
		["an object", {}],
		["not that of the header", "a", "b"],
		["in the header, empty", undefined, ""],
		["in the header, too long", undefined, "a".repeat(129)],
		["in the header, in quotes", undefined, '"a"'],
		["good, beside a bad header", "a", "a/b"],
	])
		it(`400: an id that is ${what}`, async () => {
			const headers = header === undefined ? KEY : { ...KEY, "idempotency-key": header };
			const body = { sessionId: "wrong", message: "x", clientMessageId };
			for (const path of PATHS) {
				const answer = await banter.request("POST", path, { headers, body });
				assertError(answer, 400, "Invalid request payload");
				assert.match(answer.json.details, /clientMessageId|Idempotency-Key/);
			}
		});

	it("during its reply joins it: all clients of all workers receive the reply of one model request", async () => {
		const first = await beginHanging(banter, "joined", 3, withId("j"));
		const { message, messageId } = first;
		const streams = await times(8, () => banter.stream("joined", message, withId("j")));
		const workers = await workersOf(banter, streams);
		assert.equal(new Set(workers).size, 2, "both workers serve it");
		for (const stream of streams) {
			const start = await stream.next();
			assert.equal(start.messageId, messageId);
			assert.equal(start.position, undefined);
			assert.equal(await textUntil(stream, 9), "t0 t1 t2 ");
		}
		const whole = banter.chat("joined", message, withId("j"));
		await stop(banter, messageId, "joined");
		const [end] = await first.stream.rest();
		for (const stream of streams) assert.deepEqual(await stream.rest(), [end]);
		const { json } = await whole;
		assert.deepEqual([json.message, json.messageId], ["t0 t1 t2", messageId]);
		assert.equal(await banter.modelCalls(message), 1);
	});
});
