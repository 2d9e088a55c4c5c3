// HTTP/1.1 on the wire: persistent connections, unusual segmentation, and ambiguous requests that
// are refused (request smuggling).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection, rawExchange } from "./client.mjs";
import { useBanter, WIDGET_KEY } from "./harness.mjs";

const GET = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const OK = { status: "ok" };

function post(path, sessionId, message, extra = "") {
	const body = JSON.stringify({ sessionId, message });
	const length = Buffer.byteLength(body);
	return `POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n${extra}Content-Length: ${length}\r\n\r\n${body}`;
}

function textOfNdjson(answer) {
	const events = answer.body
		.toString()
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	return events
		.filter((event) => event.type === "token")
		.map((event) => event.token)
		.join("");
}

describe("connections", () => {
	const banter = useBanter();

	it("a connection is reused for requests of every kind", async () => {
		const raw = await RawConnection.connect(banter.port);
		for (let i = 0; i < 3; i++) {
			await raw.write(GET);
			assert.deepEqual((await raw.response()).json, OK);
			await raw.write(post("/v1/chat", "kept", `[[tokens=2]] ${i}`));
			assert.equal((await raw.response()).json.message, "t0 t1");
			await raw.write(post("/v1/chat/stream", "kept", `[[tokens=3]] ${i}`));
			assert.equal(textOfNdjson(await raw.response()), "t0 t1 t2 ");
			await raw.write("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
			assertError(await raw.response(), 404);
			await raw.write(post("/v1/chat", "k e p t", "x"));
			assertError(await raw.response(), 400);
			await raw.write("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.equal((await raw.response({ noBody: true })).status, 200);
			await raw.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.equal((await raw.response()).status, 303);
		}
		raw.close();
	});

	it("pipelined requests are answered in order, also slow ones", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write(
			[
				post("/v1/chat", "pipe", "[[tokens=3 delay=30]]"),
				GET,
				post("/chat", "pipe", "[[tokens=4 delay=10]]"),
				"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
				post("/v1/chat", "pipe", "[[tokens=1]]"),
				"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			].join(""),
		);
		assert.equal((await raw.response()).json.message, "t0 t1 t2");
		assert.deepEqual((await raw.response()).json, OK);
		assert.equal(textOfNdjson(await raw.response()), "t0 t1 t2 t3 ");
		assert.equal((await raw.response({ noBody: true })).status, 200);
		assertError(await raw.response(), 404);
		assert.equal((await raw.response()).json.message, "t0");
		assert.deepEqual((await raw.response()).json, OK);
		assert.equal((await raw.closed()).length, 0);
	});

	it("two hundred requests in one write get two hundred responses", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write(GET.repeat(200));
		for (let i = 0; i < 200; i++) assert.deepEqual((await raw.response()).json, OK);
		raw.close();
	});

	it("a request may come byte by byte", async () => {
		const raw = await RawConnection.connect(banter.port);
		for (const byte of Buffer.from(post("/v1/chat", "bytes", "[[tokens=2]] é😀")))
			await raw.write(Buffer.from([byte]));
		assert.equal((await raw.response()).json.message, "t0 t1");
		raw.close();
	});

	it("Expect: 100-continue is answered before the body is sent, once", async () => {
		const raw = await RawConnection.connect(banter.port);
		const [head, body] = post(
			"/v1/chat",
			"expect",
			"[[tokens=2]]",
			"Expect: 100-continue\r\n",
		).split("\r\n\r\n");
		await raw.write(`${head}\r\n\r\n`);
		assert.equal((await raw.response()).status, 100);
		await raw.write(body);
		assert.equal((await raw.response()).json.message, "t0 t1");
		await raw.write(GET);
		assert.deepEqual((await raw.response()).json, OK);
		raw.close();
	});

	it("Connection: close is respected", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		const answer = await raw.response();
		assert.equal(answer.headers.connection?.toLowerCase(), "close");
		assert.equal((await raw.closed()).length, 0);
	});

	it("HTTP/1.0: no Host is needed, a stream is not chunked, the connection closes", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write("GET /health HTTP/1.0\r\n\r\n");
		assert.deepEqual((await raw.response()).json, OK);
		assert.equal((await raw.closed()).length, 0);

		const stream = await RawConnection.connect(banter.port);
		await stream.write(post("/chat", "old", "[[tokens=3]]").replace("HTTP/1.1", "HTTP/1.0"));
		const answer = await stream.response();
		assert.equal(answer.headers["transfer-encoding"], undefined);
		assert.equal(textOfNdjson(answer), "t0 t1 t2 ");
	});

	it("HTTP/1.0 with keep-alive is kept, except after a stream, which ends with the connection", async () => {
		const keep = "Connection: keep-alive\r\n";
		const raw = await RawConnection.connect(banter.port);
		for (let i = 0; i < 3; i++) {
			await raw.write(`GET /health HTTP/1.0\r\n${keep}\r\n`);
			const answer = await raw.response();
			assert.deepEqual(answer.json, OK);
			assert.equal(answer.headers.connection?.toLowerCase(), "keep-alive");
		}
		await raw.write(post("/v1/chat", "old", "[[tokens=1]]", keep).replace("HTTP/1.1", "HTTP/1.0"));
		assert.equal((await raw.response()).json.message, "t0");
		await raw.write(post("/chat", "old", "[[tokens=2]]", keep).replace("HTTP/1.1", "HTTP/1.0"));
		const stream = await raw.response();
		assert.equal(stream.headers.connection?.toLowerCase(), "close");
		assert.equal(textOfNdjson(stream), "t0 t1 ");
	});

	it("OPTIONS * and OPTIONS of a path return the allowed methods", async () => {
		const raw = await RawConnection.connect(banter.port);
		for (const target of ["*", "/chat", "http://x/health"]) {
			await raw.write(`OPTIONS ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
			const answer = await raw.response();
			assert.equal(answer.status, 204);
			assert.match(answer.headers.allow, /\bOPTIONS\b/);
			assert.equal(answer.headers["content-length"], undefined);
		}
		raw.close();
	});

	it("the absolute form is accepted with this host's name only", async () => {
		const get = (target) =>
			rawExchange(banter.port, `GET ${target} HTTP/1.1\r\nHost: x:80\r\n\r\n`);
		assert.deepEqual((await get("http://x:80/health")).json, OK);
		assert.deepEqual((await get("HTTPS://X:80/health?a=b")).json, OK);
		assertError(await get("http://x/health"), 400);
		assertError(await get("http://y:80/health"), 400);
	});

	it("417 for any expectation other than 100-continue", async () => {
		const bytes = post("/v1/chat", "expect", "[[tokens=1]]", "Expect: 200-ok\r\n");
		assertError(await rawExchange(banter.port, bytes), 417, undefined, "expectation_failed");
		const old = post("/v1/chat", "expect", "[[tokens=1]]", "Expect: 200-ok\r\n");
		assert.equal(
			(await rawExchange(banter.port, old.replace("HTTP/1.1", "HTTP/1.0"))).json.message,
			"t0",
			"HTTP/1.0 knows no expectations",
		);
	});

	it("100 Continue is not sent if the body would be refused or has already arrived", async () => {
		const expect = "Expect: 100-continue\r\n";
		const raw = await RawConnection.connect(banter.port);
		await raw.write(post("/v1/chat", "expect", "[[tokens=1]]", expect));
		assert.equal((await raw.response()).json.message, "t0");
		await raw.write(
			`POST /v1/chat HTTP/1.1\r\nHost: x\r\n${expect}Content-Length: 9999999\r\n\r\n`,
		);
		assertError(await raw.response(), 413);
		raw.close();
	});

	it("every response has a Date, and a Content-Length if its length is known", async () => {
		const raw = await RawConnection.connect(banter.port);
		const cases = [
			[200, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"],
			[200, "GET /widget/chat-widget.js HTTP/1.1\r\nHost: x\r\n\r\n"],
			[204, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"],
			[303, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
			[304, "GET /widget/chat-widget.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n"],
			[400, post("/v1/chat", "k e p t", "x")],
			[401, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"],
			[404, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"],
			[405, "PUT /chat HTTP/1.1\r\nHost: x\r\n\r\n"],
			[200, post("/v1/chat", "dated", "[[tokens=1]]")],
			[200, post("/chat", "dated", "[[tokens=1]]")],
			[505, "GET / HTTP/1.9\r\nHost: x\r\n\r\n"],
		];
		for (const [status, bytes] of cases) {
			await raw.write(bytes);
			const { headers, ...answer } = await raw.response();
			const what = `${status}: ${bytes.slice(0, 40)}`;
			assert.equal(answer.status, status, what);
			const age = Date.now() - Date.parse(headers.date);
			assert.ok(/ GMT$/.test(headers.date) && age > -2000 && age < 120_000, what);
			const known = status !== 204 && status !== 304 && !headers["transfer-encoding"];
			assert.equal(/^\d+$/.test(headers["content-length"] ?? ""), known, what);
		}
		assert.equal((await raw.closed()).length, 0);
	});

	it("a client that has half-closed still gets its responses", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write(post("/chat", "half", "[[tokens=3 delay=30]]") + GET);
		raw.end();
		assert.equal(textOfNdjson(await raw.response()), "t0 t1 t2 ");
		assert.deepEqual((await raw.response()).json, OK);
		assert.equal((await raw.closed()).length, 0);
	});

	it("an empty line before a request is ignored", async () => {
		assert.deepEqual((await rawExchange(banter.port, `\r\n${GET}`)).json, OK);
	});

	it("header names are case-insensitive; white space around values is ignored", async () => {
		const body = JSON.stringify({ sessionId: "case", message: "[[tokens=1]]" });
		const answer = await rawExchange(
			banter.port,
			`POST /v1/chat HTTP/1.1\r\nhOST: x\r\nX-API-KEY:\t ${WIDGET_KEY} \t\r\ncOnTeNt-LeNgTh:${body.length}\r\n\r\n${body}`,
		);
		assert.equal(answer.status, 200);
	});

	it("a query string does not change the route", async () => {
		assert.deepEqual(
			(await rawExchange(banter.port, "GET /health?a=b&c HTTP/1.1\r\nHost: x\r\n\r\n")).json,
			OK,
		);
	});
});

describe("data after a refused request", () => {
	const banter = useBanter();
	const hidden = post("/v1/chat", "smuggler", "[[tokens=1]] smuggled");
	const carrier = `POST /v1/chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n`;
	const length = Buffer.byteLength(hidden);

	// Each is refused by its head; another parser could read the rest as a request.
	const carriers = {
		"CL.TE": [
			501,
			`${carrier}Content-Length: ${length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
		],
		"TE.CL": [
			501,
			`${carrier}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${length.toString(16)}\r\n`,
		],
		"TE.TE": [501, `${carrier}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`],
		"TE behind a space": [
			400,
			`${carrier}Content-Length: ${length}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
		],
		"two lengths": [400, `${carrier}Content-Length: 0\r\nContent-Length: ${length}\r\n\r\n`],
		"a folded length": [400, `${carrier}X: y\r\n Content-Length: ${length}\r\n\r\n`],
		"a bare LF": [400, `GET /health HTTP/1.1\nHost: x\nContent-Length: ${length}\n\n`],
		"a NUL": [400, `${carrier}Content-Length: 0\0${length}\r\n\r\n`],
		"an unknown expectation": [417, `${carrier}Expect: 200-ok\r\nContent-Length: 0\r\n\r\n`],
		"an unknown method": [501, "FETCH /health HTTP/1.1\r\nHost: x\r\n\r\n"],
		"another host": [400, "GET http://y/health HTTP/1.1\r\nHost: x\r\n\r\n"],
	};
	for (const [what, [status, bytes]] of Object.entries(carriers))
		it(`${what} is ${status}, and the rest is not read`, async () => {
			const raw = await RawConnection.connect(banter.port);
			await raw.write(`${bytes}${hidden}`);
			const answer = await raw.response();
			assertError(answer, status);
			assert.equal(answer.headers.connection?.toLowerCase(), "close");
			assert.equal((await raw.closed()).length, 0);
			raw.close();
		});

	it("never reaches the model or the store", async () => {
		assert.equal(await banter.modelCalls("smuggled"), 0);
		assert.equal((await banter.conversations()).total, 0);
	});

	it("an incomplete body is not accepted and holds no resources", async () => {
		const raw = await RawConnection.connect(banter.port);
		const body = JSON.stringify({ sessionId: "half", message: "smuggled" });
		await raw.write(`${carrier}Content-Length: ${body.length + 1}\r\n\r\n${body}`);
		raw.end();
		assert.equal((await raw.closed()).toString(), "");
		raw.close();
		assert.equal((await banter.get("/health")).status, 200);
		assert.equal(await banter.modelCalls("smuggled"), 0);
	});
});
