// HTTP/1.1 over real connections to real handlers: pipelining, bodies of unknown length, and requests behind a
// refused one (request smuggling). tests/unit/workerd/http and corpus.test.mjs prove the rest.

import assert from "node:assert/strict";
import { it } from "node:test";
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

const banter = useBanter();

it("pipelined requests are answered in order, also slow ones of a client that has half-closed", async () => {
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

it("a body of unknown length is accepted from curl's standard input, after 100 Continue", async () => {
	const input = JSON.stringify({ sessionId: "curl", message: "[[tokens=2]]" });
	const args = `-sSv --max-time ${DEADLINE_MS / 1000} -X POST -T -`.split(" ");
	args.push("-H", `x-api-key: ${WIDGET_KEY}`, `${banter.url}/v1/chat`);
	const { status, stdout, stderr } = await startProgram("/usr/bin/curl", args, {}, { input }).ended;
	assert.equal(status, 0, stderr);
	assert.equal(JSON.parse(stdout).message, "t0 t1");
	for (const line of [/^> Transfer-Encoding: chunked/m, /^< HTTP\/1.1 100 Continue/m])
		assert.match(stderr, line);
});

it("data after a refused request is never read, and reaches neither the model nor the store", async () => {
	const hidden = post("/v1/chat", "smuggler", "[[tokens=1]] smuggled");
	const length = hidden.length;
	const chat = (fields, rest = "") =>
		`POST /v1/chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n${fields}\r\n\r\n${rest}`;
	const chunked = "Transfer-Encoding: chunked";

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
	const { conversations } = await banter.conversations();
	assert.ok(conversations.every(({ sessionId }) => sessionId !== "smuggler"));
});
