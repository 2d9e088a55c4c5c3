// The log: one line per request with an id shared by client, response and the reply's lines; no
// message texts and no secrets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawConnection, rawExchange, request } from "./client.mjs";
import {
	ADMIN_KEY,
	freePort,
	PASSWORD,
	until,
	useBanter,
	WIDGET_KEY,
	withBanter,
} from "./harness.mjs";

const NEW_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a request's log line", () => {
	const banter = useBanter();

	const lineOf = (name) =>
		banter.log.waitFor(
			`the line of ${name}`,
			(line) => line.ev === "request" && line.request === name,
		);

	it("has connection, client, method, route, status, time and bytes", async () => {
		const answer = await banter.get("/health?secret=1", { "x-request-id": "a.b_c:d-E9" });
		assert.equal(answer.headers["x-request-id"], "a.b_c:d-E9");
		const line = await lineOf("a.b_c:d-E9");
		assert.match(line.text, /^<6>ev=request /);
		assert.match(line.conn, /^\d+$/);
		assert.equal(line.client, "127.0.0.1");
		assert.equal(line.method, "GET");
		assert.equal(line.route, "health");
		assert.equal(line.status, "200");
		assert.match(line.ms, /^\d+$/);
		assert.equal(line.bytes, String(answer.bytes.length));
		assert.equal(line.end, undefined);
	});

	it("contains the request id also for a stream that outlives the request", async () => {
		const stream = await banter.stream("named-stream", "Hello [[tokens=3]]", {
			headers: { "x-request-id": "named-stream-1" },
		});
		await stream.rest();
		const line = await lineOf("named-stream-1");
		assert.equal(line.route, "chat_stream");
		assert.equal(line.status, "200");
	});

	it("contains a new id if the request has none or an invalid one", async () => {
		const given = [
			undefined,
			"",
			"a b",
			"x".repeat(129),
			'a"b',
			"ev=forged",
			"ünïcode",
			"a,b",
			"<script>",
		];
		const seen = new Set();
		for (const name of given) {
			const header = name === undefined ? "" : `X-Request-Id: ${name}\r\n`;
			const answer = await rawExchange(
				banter.port,
				Buffer.from(`GET /health HTTP/1.1\r\nHost: x\r\n${header}\r\n`, "utf8"),
			);
			assert.equal(answer.status, 200);
			assert.match(answer.headers["x-request-id"], NEW_ID, JSON.stringify(name));
			seen.add(answer.headers["x-request-id"]);
			await lineOf(answer.headers["x-request-id"]);
		}
		assert.equal(seen.size, given.length, "each is new");
		assert.equal(
			(await banter.get("/health", { "x-request-id": "x".repeat(128) })).headers["x-request-id"],
			"x".repeat(128),
		);
	});

	it("has the id of the response: errors, streams, redirects, invalid requests", async () => {
		const raw = async (bytes) => (await rawExchange(banter.port, bytes)).headers["x-request-id"];
		assert.match((await banter.get("/nowhere")).headers["x-request-id"], NEW_ID);
		assert.match((await banter.get("/")).headers["x-request-id"], NEW_ID);
		assert.match((await banter.request("PUT", "/chat")).headers["x-request-id"], NEW_ID);
		const stream = await banter.stream("s", "[[tokens=1]]");
		assert.match(stream.headers["x-request-id"], NEW_ID);
		await stream.rest();
		assert.match(await raw("GET /health HTTP/1.1\r\n\r\n"), NEW_ID);
		assert.match(await raw("GARBAGE\r\n\r\n"), NEW_ID);
		const line = await lineOf(await raw("GET /health HTTP/3.0\r\nHost: x\r\n\r\n"));
		assert.equal(line.route, "unreadable");
		assert.equal(line.status, "505");
	});

	it("has the id that the reply's own lines have", async () => {
		await banter.chat("turn", "[[tokens=2]]", { headers: { "x-request-id": "turn-1" } });
		const line = await lineOf("turn-1");
		assert.equal(line.route, "chat");
		const done = await banter.log.waitFor(
			"turn_done",
			(one) => one.ev === "turn_done" && one.request === "turn-1",
		);
		assert.match(done.turn, NEW_ID);
		await banter.chat("turn", "[[fail=401]]", { headers: { "x-request-id": "turn-2" } });
		for (const ev of ["model_refused", "turn_failed"])
			await banter.log.waitFor(ev, (one) => one.ev === ev && one.request === "turn-2");
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
		await raw.write(
			names
				.map((name) => `GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${name}\r\n\r\n`)
				.join(""),
		);
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

describe("LOG_LEVEL=notice", () => {
	it("requests are not logged", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const port = await freePort();
			const env = { ...banter.masterd.env, LISTEN: `127.0.0.1:${port}`, LOG_LEVEL: "notice" };
			const quiet = banter.daemon("masterd", [], env);
			quiet.start();
			const get = (headers) =>
				request(`http://127.0.0.1:${port}`, "GET", "/health", { headers }).catch(() => null);
			await until("it answers", () => get({ "x-request-id": "quiet" }));
			// Then its last output has been read.
			assert.deepEqual(await quiet.stop(), { code: 0, signal: null });
			assert.ok(!banter.log.lines.some((line) => line.request === "quiet"));
		});
	});
});
