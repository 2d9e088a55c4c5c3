// The bounds of replies: how many run, and how long they run without a listener. Their memory and their length:
// tests/unit/workerd/turn/limits.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection } from "./client.mjs";
import { until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { beginHanging, modelIsIdle, modelWasAsked, stop, storedMessages } from "./replies.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const ONE = "[[tokens=1]]";
const SILENT = "[[tokens=3 hang-after=3]]";
const ADDRESS = "192.0.2.1";
const OTHER_ADDRESS = "192.0.2.2";

const from = (address) => ({ headers: { "x-forwarded-for": address } });

describe("the third reply is refused with a limit of two", () => {
	for (const [setting, sessions, status, code, unlimited] of [
		["MAX_REPLIES", ["a", "b", "c"], 503, "overloaded"],
		["MAX_REPLIES_PER_ADDRESS", ["a", "b", "c"], 429, "too_many_replies", ["c", OTHER_ADDRESS]],
		["MAX_REPLIES_PER_CONVERSATION", ["a", "a", "a"], 429, "too_many_replies", ["b", ADDRESS]],
	])
		it(`${setting}, until another one ends`, () => {
			const env = { [setting]: "2", TRUSTED_PROXIES: "127.0.0.1" };
			return withBanter({ env, workers: 1 }, async (banter) => {
				const [first, second, third] = sessions;
				const running = await beginHanging(banter, first, 3, from(ADDRESS));
				await beginHanging(banter, second, 3, from(ADDRESS));
				const refused = await banter.stream(third, ONE, from(ADDRESS));
				assertError(refused, status, undefined, code);
				assert.match(refused.headers["retry-after"], /^[1-9]\d*$/);
				if (unlimited) {
					const [session, address] = unlimited;
					assert.equal((await banter.chat(session, ONE, from(address))).status, 200);
				}
				assert.equal((await stop(banter, running.messageId, first)).status, 200);
				assert.equal((await banter.chat(third, ONE, from(ADDRESS))).status, 200);
			});
		});
});

/** Sends a message on a new connection, and waits until the model was asked. */
async function send(banter, path, accept, sessionId, message) {
	const raw = await RawConnection.connect(banter.port);
	const body = JSON.stringify({ sessionId, message });
	await raw.write(
		`POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\nAccept: ${accept}\r\n` +
			`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
	);
	await modelWasAsked(banter, message);
	return raw;
}

describe("ABANDONED_REPLY_MS", () => {
	const banter = useBanter({ env: { ABANDONED_REPLY_MS: "200" } });
	const JSON_REPLY = ["/v1/chat", "application/json"];
	const NDJSON = ["/v1/chat/stream", "application/x-ndjson"];
	const SSE = ["/v1/chat/stream", "text/event-stream"];

	const isAbandoned = (session) =>
		until("the reply is stored", async () => {
			const [, reply] = await storedMessages(banter, session);
			return reply?.[2] === "interrupted";
		});

	// The worker sends nothing that would show that the client has left.
	for (const [session, who, [path, accept], leave] of [
		["1", "a client of JSON closes", JSON_REPLY, "close"],
		["2", "a client of NDJSON closes", NDJSON, "close"],
		["3", "a client of events closes", SSE, "close"],
		["4", "a client of events shuts down its side", SSE, "end"],
	])
		it(`stops a reply when ${who} while the model is silent`, async () => {
			const raw = await send(banter, path, accept, session, `${SILENT} ${who}`);
			raw[leave]();
			await isAbandoned(session);
			raw.close();
		});

	for (const [what, leave] of [
		["closes", (socket) => socket.destroy()],
		["shuts down its side", (socket) => socket.end()],
	])
		it(`stops a reply when the visitor's WebSocket ${what} while the model is silent`, async () => {
			const visitor = await Visitor.open(banter, await makeWidget(banter));
			visitor.say(`${SILENT} socket ${what}`);
			await modelWasAsked(banter, `socket ${what}`);
			leave(visitor.socket);
			await modelIsIdle(banter);
		});

	for (const [what, [path, accept]] of [
		["JSON", JSON_REPLY],
		["NDJSON", NDJSON],
	])
		it(`leaves the reply to a client of ${what} that has only shut down its side`, async () => {
			const raw = await send(banter, path, accept, what, `[[tokens=3 hold-after=2]] half ${what}`);
			raw.end();
			// A reply that is abandoned later is stopped earlier.
			const left = await send(banter, path, accept, `${what}-left`, `${SILENT} left ${what}`);
			left.close();
			await isAbandoned(`${what}-left`);
			await banter.release(`half ${what}`);
			const [reply] = await raw.responses();
			assert.equal(reply.status, 200);
			const [, [, text, status]] = await storedMessages(banter, what);
			assert.equal(status, "complete");
			assert.ok(reply.body.toString().includes(JSON.stringify(text)));
		});
});
