// HTTP/1.1 over real connections to real handlers: persistent connections, pipelining, and requests behind
// a refused one (request smuggling). tests/unit/workerd/http and corpus.test.mjs prove the rest.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection, textOf } from "./client.mjs";
import { DEADLINE_MS, useBanter, WIDGET_KEY } from "./harness.mjs";
import { startProgram } from "./tool.mjs";

const GET = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const HEAD = "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n";
const UNKNOWN = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
const OK = { status: "ok" };

function post(path, sessionId, message) {
	const body = JSON.stringify({ sessionId, message });
	return `POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function textOfNdjson(answer) {
	const lines = answer.body.toString().trim().split("\n");
	return textOf(lines.map((line) => JSON.parse(line)));
}

describe("a connection", () => {
	const banter = useBanter();

	it("is reused for requests of every kind", async () => {
		const raw = await RawConnection.connect(banter.port);
		const ask = async (bytes, options) => {
			await raw.write(bytes);
			return raw.response(options);
		};
		for (let i = 0; i < 3; i++) {
			assert.deepEqual((await ask(GET)).json, OK);
			const whole = await ask(post("/v1/chat", "kept", `[[tokens=2]] ${i}`));
			assert.equal(whole.json.message, "t0 t1");
			const stream = await ask(post("/v1/chat/stream", "kept", `[[tokens=3]] ${i}`));
			assert.equal(textOfNdjson(stream), "t0 t1 t2 ");
			assertError(await ask(UNKNOWN), 404);
			assertError(await ask(post("/v1/chat", "k e p t", "x")), 400);
			assert.equal((await ask(HEAD, { noBody: true })).status, 200);
			assert.equal((await ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status, 303);
		}
		raw.close();
	});

	it("answers pipelined requests in order, also slow ones of a client that has half-closed", async () => {
		const raw = await RawConnection.connect(banter.port);
		const requests = [
			post("/v1/chat", "pipe", "[[tokens=3 delay=30]]"),
			GET,
			post("/chat", "pipe", "[[tokens=4 delay=10]]"),
			HEAD,
			UNKNOWN,
			post("/v1/chat", "pipe", "[[tokens=1]]"),
			GET,
		];
		await raw.write(requests.join(""));
		raw.end();
		// Without 100 Continue, which tests whether the client has left.
		const answers = await raw.responses(requests.map((bytes) => bytes.split(" ")[0]));
		assert.equal(answers.length, requests.length);
		const [first, ok, third, head, unknown, last, okAgain] = answers;
		assert.equal(first.json.message, "t0 t1 t2");
		assert.deepEqual(ok.json, OK);
		assert.equal(textOfNdjson(third), "t0 t1 t2 t3 ");
		assert.equal(head.status, 200);
		assertError(unknown, 404);
		assert.equal(last.json.message, "t0");
		assert.deepEqual(okAgain.json, OK);
	});
});

describe("a body of unknown length", () => {
	const banter = useBanter();
	const headers = { "x-api-key": WIDGET_KEY, "content-type": "application/json" };
	const bodyOf = (sessionId) => JSON.stringify({ sessionId, message: "[[tokens=2]]" });

	it("is accepted from curl's standard input, after 100 Continue", async () => {
		const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
		const args = [
			"-sSv",
			"--max-time",
			`${DEADLINE_MS / 1000}`,
			"-X",
			"POST",
			"-T",
			"-",
			...fields,
		];
		const { status, stdout, stderr } = await startProgram(
			"/usr/bin/curl",
			[...args, `${banter.url}/v1/chat`],
			{},
			{ input: bodyOf("curl") },
		).ended;
		assert.equal(status, 0, stderr);
		assert.equal(JSON.parse(stdout).message, "t0 t1");
		for (const line of [/^> Transfer-Encoding: chunked/m, /^< HTTP\/1.1 100 Continue/m])
			assert.match(stderr, line);
	});
});

describe("data after a refused request", () => {
	const banter = useBanter();
	const hidden = post("/v1/chat", "smuggler", "[[tokens=1]] smuggled");
	const length = hidden.length;
	const chat = (fields, rest = "") =>
		`POST /v1/chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n${fields}\r\n\r\n${rest}`;
	const chunked = "Transfer-Encoding: chunked";

	it("is never read, and reaches neither the model nor the store", async () => {
		// Another parser could read the rest of each as a request.
		for (const [status, bytes] of [
			[400, chat(`Content-Length: ${length + 5}\r\n${chunked}`, "0\r\n\r\n")],
			[400, chat(`${chunked}\r\nContent-Length: 4`, `${length.toString(16)}\r\n`)],
			[400, chat(`${chunked}\r\nTransfer-Encoding: x`, "0\r\n\r\n")],
			[501, chat(`Transfer-Encoding: x\r\n${chunked}`, "0\r\n\r\n")],
			[400, chat(chunked, `0\r\nContent-Length: ${length}\r\n\r\n`)],
			[400, chat(chunked, "5;\nx\r\n0\r\n\r\n")],
			[400, chat(`Content-Length: ${length}\r\nTransfer-Encoding : chunked`, "0\r\n\r\n")],
			[400, chat(`Content-Length: 0\r\nContent-Length: ${length}`)],
			[400, chat(`X: y\r\n Content-Length: ${length}`)],
			[400, `GET /health HTTP/1.1\nHost: x\nContent-Length: ${length}\n\n`],
			[400, chat(`Content-Length: 0\0${length}`)],
			[417, chat("Expect: 200-ok\r\nContent-Length: 0")],
			[501, "FETCH /health HTTP/1.1\r\nHost: x\r\n\r\n"],
			[400, "GET http:///health HTTP/1.1\r\nHost: x\r\n\r\n"],
		]) {
			const raw = await RawConnection.connect(banter.port);
			await raw.write(`${bytes}${hidden}`);
			const answer = await raw.response();
			assertError(answer, status);
			assert.equal(answer.headers.connection?.toLowerCase(), "close", bytes);
			assert.equal((await raw.closed()).length, 0, bytes);
			raw.close();
		}
		assert.equal(await banter.modelCalls("smuggled"), 0);
		assert.equal((await banter.conversations()).total, 0);
	});
});
