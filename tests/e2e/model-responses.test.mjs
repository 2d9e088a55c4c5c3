// Unusual responses over HTTP/1.1 and HTTP/2, and streams that an HTTP/2 server ends early.
// tests/unit/workerd/model/test_upstream_response.c has all forms of HTTP/1.1 responses.

import assert from "node:assert/strict";
import { constants } from "node:http2";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { assertError, textOf } from "./client.mjs";
import { times } from "./harness.mjs";
import { storedMessages } from "./replies.mjs";
import { begin, reply, tokenEvent, withWebModel } from "./web-model.mjs";

/** 100 headers of 1,000 bytes. */
const HEADERS = Object.fromEntries(
	Array.from({ length: 100 }, (_, i) => [`x-${i}`, "y".repeat(1000)]),
);
const GZIP = { "content-type": "text/event-stream", "content-encoding": "gzip" };

for (const protocol of ["http/1.1", "h2"])
	describe(`a response over ${protocol}`, () => {
		it("may follow interim responses (100, 103)", () =>
			withWebModel(
				protocol,
				(res) => {
					res.writeContinue();
					res.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
					reply(res, "after", " them");
				},
				async (banter, model) => {
					for (let i = 0; i < 2; i++)
						assert.equal((await banter.chat("s", "hello")).json?.message, "after them");
					assert.deepEqual([model.requests, model.connections], [2, 1]);
				},
			));

		it("may come before the request has been read", () =>
			withWebModel(
				protocol,
				(res) => res.writeHead(413).end(),
				async (banter, model) => {
					assertError(await banter.chat("s", "hello"), 502);
					// The second one leaves more room: a small maximum of the reply.
					assert.equal(model.requests, 2);
					const isCause = ({ ev, status }) => ev === "model_refused" && status === "413";
					assert.ok(banter.log.lines.some(isCause));
				},
				// 120 kB in JSON
				{ early: true, env: { SYSTEM_PROMPT: '"'.repeat(60_000) } },
			));

		for (const [what, attempts, detail, script] of [
			...[301, 302, 303, 307, 308].map((status) => [
				`that redirects (${status}) is not followed, because this would disclose the key`,
				1,
				/./,
				(res) => res.writeHead(status, { location: "/elsewhere" }).end(),
			]),
			[
				"with headers over 64 KiB is invalid",
				3,
				/header/i,
				(res) => res.writeHead(200, HEADERS).end(tokenEvent("never")),
			],
			[
				"that is compressed, which was not requested, is invalid",
				undefined,
				/Content-Encoding/,
				(res) => res.writeHead(200, GZIP).end(gzipSync(tokenEvent("never"))),
			],
		])
			it(what, () =>
				withWebModel(
					protocol,
					(res, { text }) => (text.includes("well") ? reply(res, "well") : script(res)),
					async (banter, model) => {
						assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
						if (attempts) assert.equal(model.requests, attempts);
						const isCause = (line) => line.ev.startsWith("model_") && detail.test(line.detail);
						assert.ok(banter.log.lines.some(isCause), "the log names the fault");
						assert.equal((await banter.chat("other", "well")).json?.message, "well");
					},
					{ server: { maxSendHeaderBlockLength: 200_000 } },
				),
			);
	});

describe("an HTTP/2 stream", () => {
	const {
		NGHTTP2_CANCEL,
		NGHTTP2_ENHANCE_YOUR_CALM,
		NGHTTP2_INTERNAL_ERROR,
		NGHTTP2_NO_ERROR,
		NGHTTP2_REFUSED_STREAM,
	} = constants;

	it("that is refused (REFUSED_STREAM) is requested again; the visitor sees one reply", () =>
		withWebModel(
			"h2",
			(res, { total }) =>
				total < 3 ? res.stream.close(NGHTTP2_REFUSED_STREAM) : reply(res, "all", " of it"),
			async (banter, model) => {
				const events = await (await banter.stream("s", "hello")).rest();
				const types = events.map(({ type }) => type);
				assert.deepEqual(types, ["start", "token", "token", "done"]);
				assert.equal(events.at(-1).message, "all of it");
				assert.deepEqual([model.requests, model.connections], [3, 1]);
			},
		));

	it("waits if the server permits none, on no more connections than requests", () =>
		withWebModel(
			"h2",
			(res) => reply(res, "never"),
			async (banter, model) => {
				const answers = await times(5, (i) => banter.chat(`s-${i}`, "hello"));
				// 502: three times a request was on its way when the settings came.
				for (const answer of answers) assertError(answer, answer.status === 502 ? 502 : 504);
				assert.equal(model.requests, 0);
				assert.ok(model.connections <= answers.length, `${model.connections} connections`);
			},
			{
				env: { OPENAI_CONNECT_TIMEOUT_MS: "1000", OPENAI_FIRST_BYTE_TIMEOUT_MS: "1000" },
				server: { settings: { maxConcurrentStreams: 0 } },
			},
		));

	for (const [what, script, onSession, made] of [
		["that is always refused", (res) => res.stream.close(NGHTTP2_REFUSED_STREAM), () => {}, [3, 1]],
		["whose connection always ends with GOAWAY", () => {}, (session) => session.goaway(), [0, 3]],
	])
		it(`${what}: 502 after three attempts`, () =>
			withWebModel("h2", script, async (banter, model) => {
				model.server.on("session", onSession);
				assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
				assert.deepEqual([model.requests, model.connections], made);
			}));

	it("that is always refused: 502 after three requests", () =>
		withWebModel(
			"h2",
			(res) => res.stream.close(NGHTTP2_REFUSED_STREAM),
			async (banter, model) => {
				assertError(await banter.chat("s", "hello"), 502, undefined, "model_failed");
				assert.equal(model.requests, 3);
			},
		));

	for (const [name, code] of Object.entries({
		NGHTTP2_CANCEL,
		NGHTTP2_ENHANCE_YOUR_CALM,
		NGHTTP2_INTERNAL_ERROR,
		NGHTTP2_NO_ERROR,
		NGHTTP2_REFUSED_STREAM,
	}))
		it(`that is reset after its first token (${name}) ends with an error and is not requested again`, () => {
			const running = [];
			const whole = (res) => res.end("data: [DONE]\n\n");
			return withWebModel(
				"h2",
				(res, { text }) => {
					begin(res, "half");
					running.push([text.includes("cut"), res]);
				},
				async (banter, model) => {
					const [cut, ...others] = await times(3, (i) =>
						banter.stream(`s-${i}`, i === 0 ? "cut" : "whole"),
					);
					for (const stream of [cut, ...others]) assert.equal((await stream.tokens(1))[0], "half");
					for (const [isCut, res] of running) if (isCut) res.stream.close(code);
					const [{ type }, ...more] = await cut.rest();
					assert.deepEqual([type, more], ["error", []]);
					assert.deepEqual((await storedMessages(banter, "s-0"))[1].slice(1), [
						"half",
						"interrupted",
					]);
					for (const [isCut, res] of running) if (!isCut) whole(res);
					for (const stream of others) assert.equal((await stream.rest()).at(-1).message, "half");
					assert.deepEqual([model.requests, model.connections], [3, 1]);
				},
			);
		});

	it("above the last one of a GOAWAY is requested again elsewhere; those below finish", () => {
		const running = [];
		const LAST = 3;
		return withWebModel(
			"h2",
			(res, { total }) => {
				if (total <= LAST) begin(res, "old ");
				else if (total > 2 * LAST) reply(res, "new");
				running.push(res);
				if (total === 2 * LAST)
					res.stream.session.goaway(NGHTTP2_NO_ERROR, running[LAST - 1].stream.id);
			},
			async (banter, model) => {
				const below = [];
				for (let i = 0; i < LAST; i++) {
					below.push(await banter.stream(`below-${i}`, "hello"));
					await below[i].tokens(1);
				}
				const above = await times(LAST, (i) => banter.chat(`above-${i}`, "hello"));
				for (const { json, text } of above) assert.equal(json?.message, "new", text);
				for (const res of running.slice(0, LAST)) res.end(`${tokenEvent("end")}data: [DONE]\n\n`);
				for (const stream of below) {
					const events = await stream.rest();
					assert.deepEqual([textOf(events), events.at(-1).message], ["end", "old end"]);
				}
				assert.deepEqual([model.requests, model.connections], [3 * LAST, 2]);
			},
		);
	});
});
