// Reuse of connections to the model, and idle connections that have died. Numeric addresses use our
// own client, names use libcurl: both must behave alike.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { withBanter } from "./harness.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";

async function metric(banter, name) {
	const { text } = await banter.get("/metrics");
	return Number(
		text
			.split("\n")
			.find((line) => line.startsWith(`banter_${name} `))
			.split(" ")[1],
	);
}

describe("connections over HTTP/1.1", () => {
	it("sequential requests share one connection; concurrent ones use one each, kept for later", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const opened = async () => (await banter.model("stats")).accepted;
			const asked = 1; // each look at the stand-in's accounts takes one itself
			const before = await opened();
			for (let i = 0; i < 10; i++)
				assert.equal((await banter.chat("row", "[[tokens=2]]")).json?.message, "t0 t1");
			assert.equal((await opened()) - before - asked, 1);
			for (let round = 0; round < 3; round++) {
				const answers = await Promise.all(
					Array.from({ length: 20 }, (_, i) => banter.chat(`side-${i}`, "[[tokens=5 delay=20]]")),
				);
				for (const one of answers) assert.equal(one.status, 200);
			}
			const most = (await opened()) - before - 2 * asked;
			assert.ok(most <= 20, `${most} connections for three times 20 questions`);
		}));
});

for (const host of ["127.0.0.1", "localhost"]) {
	/** A worker whose model sends raw bytes. */
	async function withScript(script, body, env = {}) {
		const model = new ScriptedModel(script);
		await model.start();
		try {
			await withBanter(
				{ workers: 1, env: { OPENAI_BASE_URL: model.url.replace("127.0.0.1", host), ...env } },
				(banter) => body(banter, model),
			);
		} finally {
			model.stop();
		}
	}

	describe(`an idle connection to ${host} that died`, () => {
		for (const end of ["close", "reset"])
			it(`at the next request (${end}): repeated once by us, not by libcurl, and at once`, () =>
				withScript(
					({ onConnection }) => (onConnection === 1 ? [answer("well"), "keep"] : ["", end]),
					async (banter, model) => {
						for (let i = 0; i < 3; i++)
							assert.equal((await banter.chat("kept", "hello")).json?.message, "well");
						assert.equal(model.requests, 5);
						assert.equal(await metric(banter, "model_requests_total"), 5);
						assert.equal(await metric(banter, 'model_errors_total{kind="stale"}'), 2);
						const told = banter.log.lines.filter((line) => line.ev === "model_refused");
						assert.deepEqual(
							told.map(({ attempt, next }) => [attempt, next]),
							[
								["1", "retry"],
								["1", "retry"],
							],
						);
					},
				));

		it("a response that has started is never requested again", () =>
			withScript(
				({ onConnection }) =>
					onConnection === 1
						? [answer("well"), "keep"]
						: [answer("half", " of it", " and more").slice(0, -60), "close"],
				async (banter, model) => {
					assert.equal((await banter.chat("begun", "hello")).json?.message, "well");
					const stream = await banter.stream("begun", "hello");
					const events = await stream.rest();
					assert.match(textOf(events), /^half/);
					assert.equal(events.at(-1).type, "error");
					assert.equal(model.requests, 2);
				},
			));

		it("not even after a partial status line: the model may have been working", () =>
			withScript(
				({ onConnection, total }) =>
					onConnection === 1 && total < 3 ? [answer("well"), "keep"] : ["HTTP/1.1 200 O", "close"],
				async (banter, model) => {
					assert.equal((await banter.chat("line", "hello")).json?.message, "well");
					assertError(await banter.chat("line", "hello"), 502, undefined, "model_failed");
					// Our three attempts are counted; none by libcurl.
					assert.equal(model.requests, 4);
					assert.equal(await metric(banter, "model_requests_total"), 4);
				},
			));

		it("closed while idle: detected before the next request is sent", () => {
			let close;
			return withScript(
				() => [answer("well"), "keep"],
				async (banter, model) => {
					assert.equal((await banter.chat("idle", "hello")).json?.message, "well");
					close = [...model.sockets].map(
						(socket) =>
							new Promise((done) => {
								socket.once("close", done);
								socket.destroy();
							}),
					);
					await Promise.all(close);
					assert.equal((await banter.chat("idle", "hello")).json?.message, "well");
					assert.equal(model.requests, 2);
					assert.equal(await metric(banter, "model_requests_total"), 2);
				},
			);
		});
	});

	describe(`a model at ${host} that aborts before its first token`, () => {
		const BEGUN = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
		const EMPTY = `${BEGUN}: still thinking\n\ndata: {"choices":[{"delta":{"role":"assistant"}}]}\n\n`;

		it("is called again; the visitor sees one seamless reply", () =>
			withScript(
				({ total }) => (total < 3 ? [EMPTY, "close"] : [answer("all", " of it"), "keep"]),
				async (banter, model) => {
					const events = await (await banter.stream("seam", "hello")).rest();
					assert.deepEqual(
						events.map((event) => event.type),
						["start", "token", "token", "done"],
					);
					assert.equal(events.at(-1).message, "all of it");
					assert.equal(model.requests, 3);
					assert.deepEqual((await banter.messages(events[0].conversationId))[1], [
						"assistant",
						"all of it",
						"complete",
					]);
				},
			));
	});

	describe(`invalid HTTP responses from ${host}`, () => {
		for (const [what, bytes] of Object.entries({
			"another protocol": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
			nothing: "",
			"a status that is none": "HTTP/1.1 99999 Odd\r\n\r\n",
			"headers without end": `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(200_000)}`,
		}))
			it(`${what}: 502, and the service continues`, () =>
				withScript(
					({ total }) => (total <= 3 ? [bytes, "close"] : [answer("well"), "keep"]),
					async (banter) => {
						assertError(await banter.chat("odd", "hello"), 502, undefined, "model_failed");
						assert.equal((await banter.chat("odd", "hello")).json?.message, "well");
					},
				));

		it("a redirect is not followed, because it would disclose the key", () =>
			withScript(
				() => [
					"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n",
					"keep",
				],
				async (banter, model) => {
					assertError(await banter.chat("away", "hello"), 502, undefined, "model_failed");
					assert.equal(model.requests, 1);
				},
			));
	});
}
