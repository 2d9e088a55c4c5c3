// A running reply is stopped from any connection: the model's request is cancelled, the text is kept, and all
// listeners receive the end. Stops while workers or the store fail: tests/unit/workerd/turn/{stop,remote_reply}.scenario.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { times, useBanter } from "./harness.mjs";
import {
	assertStored,
	beginHanging,
	connectToEachWorker,
	history,
	KEY,
	listen,
	modelIsIdle,
	modelIsLeft,
	modelWasAsked,
	NOBODY,
	postOn,
	resume,
	runningReply,
	SSE,
	stop,
	textAfter,
	textUntil,
} from "./replies.mjs";

const STOPPED = { status: "stopped" };

const stopOn = (connection, messageId, sessionId) =>
	postOn(connection, `/v1/chat/${messageId}/stop`, { sessionId });

/** Asserts that the stream ends with this whole text as stopped. */
async function assertStopped(stream, text) {
	const { type, status, message } = (await stream.rest()).at(-1);
	assert.deepEqual([type, status, message], ["done", "stopped", text]);
}

/** How a reply is requested: path, headers, and the last event or object of the response's body. */
const TRANSPORTS = [
	["JSON", "/v1/chat", {}, (body) => JSON.parse(body)],
	["NDJSON", "/v1/chat/stream", {}, (body) => JSON.parse(body.trim().split("\n").at(-1))],
	["events", "/v1/chat/stream", SSE, (body) => JSON.parse(body.trim().split("\ndata: ").at(-1))],
];

const banter = useBanter();

describe("a running reply is stopped", () => {
	let senders, stoppers; // a connection to each worker

	before(async () => {
		senders = await connectToEachWorker(banter);
		stoppers = await connectToEachWorker(banter);
	});
	after(() => {
		for (const connection of [...senders.values(), ...stoppers.values()]) connection.close();
	});

	for (const [transport, path, headers, endOf] of TRANSPORTS)
		for (const [when, directives, text] of [
			["before the model has started", "fail=hang", ""],
			["after some text", "tokens=3 hang-after=3", "t0 t1 t2"],
		])
			for (const where of ["its own worker", "another worker"])
				it(`${transport}: ${when}, by ${where}`, async () => {
					const session = `${transport} ${when} ${where}`.replaceAll(" ", "-");
					const message = `[[${directives}]] ${session}`;
					const [own, other] = stoppers.keys();
					const stopper = stoppers.get(where === "its own worker" ? own : other);
					const response = postOn(senders.get(own), path, { sessionId: session, message }, headers);
					const messageId = await runningReply(banter, session);
					const listeners = await listen(banter, { messageId, session }, 6);
					for (const one of listeners) await textUntil(one, text.length);
					await modelWasAsked(banter, session);

					const stopped = await modelIsLeft(banter, () => stopOn(stopper, messageId, session));
					assert.deepEqual(stopped.json, STOPPED);
					const { status, body } = await response;
					const end = endOf(body.toString());
					assert.deepEqual([status, end.status, end.message], [200, "stopped", text]);
					assert.equal(end.messageId, messageId);
					for (const one of listeners) await assertStopped(one, text);
					await modelIsIdle(banter);
					await assertStored(banter, session, [message, text, "stopped"]);
					assert.equal((await history(banter, session)).json.active, null);
					assert.deepEqual((await stopOn(stopper, messageId, session)).json, STOPPED, "again");
					const later = await (await resume(banter, messageId, session, { after: 3 })).rest();
					assert.equal(textAfter(later, text), text);
					assert.equal(later.at(-1).status, "stopped");
				});

	it("by many requests at once, without listeners, and the conversation continues", async () => {
		const { stream, messageId, message } = await beginHanging(banter, "left");
		stream.leave();
		for (const answer of await times(10, () => stop(banter, messageId, "left"))) {
			assert.deepEqual([answer.status, answer.json], [200, STOPPED]);
			assert.match(answer.headers["cache-control"], /no-store/);
		}
		assert.equal((await banter.chat("left", "[[tokens=1]] and now")).status, 200);
		assert.deepEqual((await banter.modelSaw()).slice(1), [
			["user", message],
			["assistant", "t0 t1 t2"],
			["user", "[[tokens=1]] and now"],
		]);
	});
});

describe("invalid stops", () => {
	it("404: a reply of another session, an unknown reply, a visitor's message; as for a resume", async () => {
		const { messageId } = await beginHanging(banter, "mine");
		const { json } = await history(banter, "mine");
		for (const [id, session] of [
			...[1, 2, 3, 4].map(() => [messageId, "yours"]), // at every worker
			[messageId, "MINE"],
			[NOBODY, "mine"],
			[json.messages[0].id, "mine"],
		])
			for (const ask of [stop, resume])
				assertError(await ask(banter, id, session), 404, "Message not found", "not_found");
		assert.equal((await history(banter, "mine")).json.active, messageId, "it continues");
		await stop(banter, messageId, "mine");
	});

	it("400: an invalid id or body", async () => {
		const post = (id, body) =>
			banter.request("POST", `/v1/chat/${id}/stop`, { headers: KEY, body });
		assertError(await post("no-id", { sessionId: "s" }), 400, "Invalid messageId");
		const doubled = '{"sessionId":"s","sessionId":"s"}';
		for (const body of ["", "x", "[]", "{}", '{"sessionId":"a b"}', doubled])
			assertError(await post(NOBODY, body), 400, "Invalid request payload");
	});
});
