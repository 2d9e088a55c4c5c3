// The log: one line per request with an id shared by client, response and the reply's lines; no
// message texts and no secrets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawConnection, rawExchange } from "./client.mjs";
import { ADMIN_KEY, PASSWORD, useBanter, WIDGET_KEY } from "./harness.mjs";

const NEW_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a request's log line", () => {
	const banter = useBanter();

	const lineOf = (name, ev = "request") =>
		banter.log.waitFor(`${ev} of ${name}`, (line) => line.ev === ev && line.request === name);
	/** The id in the response to these bytes. */
	const idOf = async (bytes) =>
		(await rawExchange(banter.port, Buffer.from(bytes))).headers["x-request-id"];

	it("has connection, client, method, route, status, time and bytes", async () => {
		const answer = await banter.get("/health?secret=1", { "x-request-id": "a.b_c:d-E9" });
		assert.equal(answer.headers["x-request-id"], "a.b_c:d-E9");
		const line = await lineOf("a.b_c:d-E9");
		assert.match(line.text, /^<6>ev=request /);
		const { client, method, route, status, bytes, end } = line;
		const length = String(answer.bytes.length);
		assert.deepEqual([client, method, route, status], ["127.0.0.1", "GET", "health", "200"]);
		assert.deepEqual([bytes, end], [length, undefined]);
		for (const number of [line.conn, line.ms]) assert.match(number, /^\d+$/);
	});

	it("contains a new id if the request has none or an invalid one", async () => {
		const long = "x".repeat(128);
		const invalid = ["", "a b", `${long}x`, 'a"b', "ev=forged", "ünïcode", "a,b", "<script>"];
		const headers = ["", ...invalid.map((name) => `X-Request-Id: ${name}\r\n`)];
		const seen = new Set();
		for (const header of headers) {
			const id = await idOf(`GET /health HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
			assert.match(id, NEW_ID, header);
			assert.equal((await lineOf(id)).status, "200");
			seen.add(id);
		}
		assert.equal(seen.size, headers.length, "each is new");
		const answer = await banter.get("/health", { "x-request-id": long });
		assert.equal(answer.headers["x-request-id"], long);
	});

	it("has the id of the response: errors, streams, redirects, invalid requests", async () => {
		const stream = await banter.stream("s", "[[tokens=1]]");
		await stream.rest();
		for (const answer of [
			await banter.get("/nowhere"),
			await banter.get("/"),
			await banter.request("PUT", "/chat"),
			stream,
		])
			assert.match((await lineOf(answer.headers["x-request-id"])).request, NEW_ID);
		for (const [status, bytes] of [
			["400", "GET /health HTTP/1.1\r\n\r\n"],
			["400", "GARBAGE\r\n\r\n"],
			["505", "GET /health HTTP/3.0\r\nHost: x\r\n\r\n"],
		]) {
			const line = await lineOf(await idOf(bytes));
			assert.match(line.request, NEW_ID);
			assert.deepEqual([line.route, line.status], ["unreadable", status]);
		}
	});

	it("has the same id as the log lines of the reply", async () => {
		await banter.chat("turn", "[[tokens=2]]", { headers: { "x-request-id": "turn-1" } });
		const line = await lineOf("turn-1");
		assert.equal(line.route, "chat");
		assert.match((await lineOf("turn-1", "turn_done")).turn, NEW_ID);
		await banter.chat("turn", "[[fail=401]]", { headers: { "x-request-id": "turn-2" } });
		for (const ev of ["model_refused", "turn_failed"]) await lineOf("turn-2", ev);
	});

	it("is written also for a client that disconnects", async () => {
		const options = { headers: { "x-request-id": "left" } };
		const stream = await banter.stream("left", "[[tokens=100000 delay=20]]", options);
		await stream.tokens(1);
		stream.leave();
		const line = await lineOf("left");
		assert.equal(line.end, "client_left");
		assert.equal(line.status, "200");
		assert.ok(Number(line.bytes) > 0);
	});

	it("is written once per request, however the request arrives", async () => {
		const names = Array.from({ length: 20 }, (_, i) => `many-${i}`);
		const raw = await RawConnection.connect(banter.port);
		const requestOf = (name) => `GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${name}\r\n\r\n`;
		await raw.write(names.map(requestOf).join(""));
		// Of a client that left before its responses, not every request must be logged.
		for (const name of names) assert.equal((await raw.response()).headers["x-request-id"], name);
		raw.close();
		for (const name of names) await lineOf(name);
		const lines = banter.log.lines.filter((line) => /^many-/.test(line.request ?? ""));
		assert.equal(lines.length, names.length);
	});

	it("contains no message, body, key, query, cookie or path", async () => {
		const secrets = ["my-secret-message", "my-secret-session", "my-secret-query", "my-secret-path"];
		await banter.chat("my-secret-session", "[[echo]] my-secret-message");
		await (await banter.stream("my-secret-session", "[[echo]] my-secret-message")).rest();
		await banter.request("POST", "/chat", { body: "my-secret-message" });
		await banter.get("/health?q=my-secret-query", { cookie: "banter_session=my-secret-query" });
		await banter.get("/my-secret-path");
		await banter.request("MY-SECRET-PATH", "/health").catch(() => null);
		await banter.get("/v1/admin/conversations?q=my-secret-query", { "x-admin-api-key": ADMIN_KEY });
		await banter.request("POST", "/api/login", { body: { password: PASSWORD } });
		await banter.get("/health", { "x-request-id": "the-end" });
		await lineOf("the-end");
		const text = banter.log.lines.map((line) => line.text).join("\n");
		for (const secret of [...secrets, WIDGET_KEY, ADMIN_KEY, PASSWORD, "key-of-the-stub-model"])
			assert.ok(!text.toLowerCase().includes(secret.toLowerCase()), secret);
	});
});
