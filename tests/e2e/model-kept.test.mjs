// Reuse of HTTP/1.1 connections to the model, idle connections that have died, and invalid responses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { times, withBanter } from "./harness.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
/** A response without text. */
const EMPTY = `${HEAD}: still thinking\n\ndata: {"choices":[{"delta":{"role":"assistant"}}]}\n\n`;
const WELL = answer("well");

/** Asserts that the model sends this reply. */
async function assertReply(banter, message = "well") {
	assert.equal((await banter.chat("s", "hello")).json?.message, message);
}

/** A worker whose model sends raw bytes. */
const withScript = (script, body) =>
	new ScriptedModel(script).run((model) => {
		const env = { OPENAI_BASE_URL: model.url };
		return withBanter({ workers: 1, env }, (banter) => body(banter, model));
	});

describe("HTTP/1.1 connections to the model", () => {
	it("are shared by sequential requests; concurrent ones have one each, kept for later", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const opened = async () => (await banter.model("stats")).accepted;
			const own = 1; // each request for the statistics opens one itself
			const before = await opened();
			for (let i = 0; i < 10; i++)
				assert.equal((await banter.chat("row", "[[tokens=2]]")).json?.message, "t0 t1");
			assert.equal((await opened()) - before - own, 1);
			for (let round = 0; round < 3; round++)
				for (const { status } of await times(20, (i) =>
					banter.chat(`side-${i}`, "[[tokens=5 delay=20]]"),
				))
					assert.equal(status, 200);
			const most = (await opened()) - before - 2 * own;
			assert.ok(most <= 20, `${most} connections for three times 20 messages`);
		});
	});

	for (const end of ["close", "reset"])
		it(`that died before the next request (${end}): repeated once, at once`, () =>
			withScript(
				({ onConnection }) => (onConnection === 1 ? [WELL, "keep"] : ["", end]),
				async (banter, model) => {
					for (let i = 0; i < 3; i++) await assertReply(banter);
					assert.equal(model.requests, 5);
					assert.equal(await banter.metric("model_requests_total"), 5);
					assert.equal(await banter.metric('model_errors_total{kind="stale"}'), 2);
					const refused = banter.log.lines.filter((line) => line.ev === "model_refused");
					const steps = refused.map(({ attempt, next }) => `${attempt} ${next}`);
					assert.deepEqual(steps, ["1 retry", "1 retry"]);
				},
			));
});

describe("a response over HTTP/1.1", () => {
	it("that breaks off after text is never requested again", () =>
		withScript(
			({ onConnection }) =>
				onConnection === 1
					? [WELL, "keep"]
					: [answer("half", " of it", " and more").slice(0, -60), "close"],
			async (banter, model) => {
				await assertReply(banter);
				const events = await (await banter.stream("s", "hello")).rest();
				assert.match(textOf(events), /^half/);
				assert.equal(events.at(-1).type, "error");
				assert.equal(model.requests, 2);
			},
		));

	it("that breaks off before its first token is requested again; the visitor sees one reply", () =>
		withScript(
			({ total }) => (total < 3 ? [EMPTY, "close"] : [answer("all", " of it"), "keep"]),
			async (banter, model) => {
				const events = await (await banter.stream("s", "hello")).rest();
				const types = events.map(({ type }) => type);
				assert.deepEqual(types, ["start", "token", "token", "done"]);
				assert.equal(events.at(-1).message, "all of it");
				assert.equal(model.requests, 3);
				const [, reply] = await banter.messages(events[0].conversationId);
				assert.deepEqual(reply, ["assistant", "all of it", "complete"]);
			},
		));

	it("that breaks off in its status line: the model may have been working, so our attempts count", () =>
		withScript(
			({ onConnection, total }) =>
				onConnection === 1 && total < 3 ? [WELL, "keep"] : ["HTTP/1.1 200 O", "close"],
			async (banter, model) => {
				await assertReply(banter);
				assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
				// Our three attempts are counted.
				assert.equal(model.requests, 4);
				assert.equal(await banter.metric("model_requests_total"), 4);
			},
		));

	for (const [what, bytes] of [
		["of another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
		["that is empty", ""],
		["with an invalid status", "HTTP/1.1 99999 Odd\r\n\r\n"],
		["with endless headers", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(200_000)}`],
	])
		it(`${what}: 502, and the service continues`, () =>
			withScript(
				({ total }) => (total <= 3 ? [bytes, "close"] : [WELL, "keep"]),
				async (banter) => {
					assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
					await assertReply(banter);
				},
			));
});
