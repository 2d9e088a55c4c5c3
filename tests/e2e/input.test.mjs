// Which requests are refused, with which status and message, and the order of the checks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, rawExchange } from "./client.mjs";
import { ADMIN_KEY, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const PATHS = ["/v1/chat", "/v1/chat/stream", "/chat"];
const KEY = { "x-api-key": WIDGET_KEY };
const body = (sessionId, message) => JSON.stringify({ sessionId, message });

const REFUSED = {
	"no body": "",
	"no JSON": "hello",
	"half JSON": '{"sessionId":"s","message":"m"',
	"JSON and more": `${body("s", "m")}x`,
	"two values": `${body("s", "m")}${body("s", "m")}`,
	"a list": '["s","m"]',
	null: "null",
	"a string": '"s"',
	"a duplicate key": '{"sessionId":"a","message":"m","sessionId":"b"}',
	"an unquoted key": '{sessionId:"s",message:"m"}',
	"a trailing comma": '{"sessionId":"s","message":"m",}',
	"a comment": '{"sessionId":"s",/* */"message":"m"}',
	"invalid UTF-8": Buffer.concat([
		Buffer.from('{"sessionId":"s","message":"'),
		Buffer.from([0xc3, 0x28]),
		Buffer.from('"}'),
	]),
	"an overlong UTF-8 form": Buffer.concat([
		Buffer.from('{"sessionId":"s","message":"'),
		Buffer.from([0xc0, 0xaf]),
		Buffer.from('"}'),
	]),
	"a lone surrogate": '{"sessionId":"s","message":"\\ud800"}',
	"a raw control character": '{"sessionId":"s","message":"a\nb"}',
	"nesting without end": "[".repeat(5000),
	"no sessionId": '{"message":"m"}',
	"no message": '{"sessionId":"s"}',
	"sessionId null": body(null, "m"),
	"sessionId a number": body(7, "m"),
	"sessionId a list": body(["s"], "m"),
	"sessionId empty": body("", "m"),
	"sessionId of 129 characters": body("s".repeat(129), "m"),
	"sessionId with a space": body("a b", "m"),
	"sessionId with a slash": body("a/b", "m"),
	"sessionId with a line end": body("a\n", "m"),
	"sessionId with a null character": body("a\u0000", "m"),
	"sessionId with a letter beyond ASCII": body("café", "m"),
	"message null": body("s", null),
	"message a number": body("s", 5),
	"message an object": body("s", { text: "m" }),
	"message empty": body("s", ""),
	"message of 4001 characters": body("s", "m".repeat(4001)),
	"message of 2001 emoji": body("s", "😀".repeat(2001)),
	"message of 4001 units in fewer characters": body("s", `${"😀".repeat(2000)}x`),
	"message of 4001 three-byte characters": body("s", "漢".repeat(4001)),
};

const ACCEPTED = {
	"sessionId of 1 character": body("s", "[[tokens=1]]"),
	"sessionId of 128 characters of the whole alphabet": body(
		"AZaz09._:-".padEnd(128, "x"),
		"[[tokens=1]]",
	),
	"message of 1 character": body("one", "?"),
	"message of 4000 characters": body("long", "[[tokens=1]]".padEnd(4000, "m")),
	"message of 2000 emoji": body("emoji", "😀".repeat(2000)),
	"message of 4000 three-byte characters": body("cjk", "漢".repeat(4000)),
	"message of 4000 six-byte escapes": `{"sessionId":"escapes","message":"${"\\u6f22".repeat(4000)}"}`,
	"keys nobody knows": JSON.stringify({
		sessionId: "more",
		message: "[[tokens=1]]",
		metadata: { a: [1, 2, { b: null }] },
	}),
	"white space around": ` \r\n\t${body("white", "[[tokens=1]]")} \n`,
	"escaped key names": '{"\\u0073essionId":"escaped","message":"[[tokens=1]]"}',
};

describe("the chat's input", () => {
	const banter = useBanter();

	for (const [what, bytes] of Object.entries(REFUSED))
		it(`400: ${what}`, async () => {
			for (const path of PATHS) {
				const answer = await banter.request("POST", path, { headers: KEY, body: bytes });
				assertError(answer, 400, "Invalid request payload");
			}
		});

	for (const [what, bytes] of Object.entries(ACCEPTED))
		it(`200: ${what}`, async () => {
			const answer = await banter.request("POST", "/v1/chat", { headers: KEY, body: bytes });
			assert.equal(answer.status, 200, answer.text);
			const messages = await banter.messages(answer.json.conversationId);
			assert.equal(messages[0][1], JSON.parse(bytes).message);
		});

	it("refused messages are not stored and do not reach the model", async () => {
		const { calls } = await banter.model("stats");
		const { total } = await banter.conversations();
		for (const bytes of Object.values(REFUSED))
			await banter.request("POST", "/v1/chat", { headers: KEY, body: bytes });
		assert.equal((await banter.model("stats")).calls, calls);
		assert.equal((await banter.conversations()).total, total);
	});

	it("in development a 400 contains details", async () => {
		const answer = await banter.request("POST", "/v1/chat", {
			headers: KEY,
			body: body("a b", "m"),
		});
		assert.ok(answer.json.details, answer.text);
	});

	it("JSON is accepted with any Content-Type", async () => {
		for (const type of [
			"application/json; charset=utf-8",
			"text/plain",
			"application/x-www-form-urlencoded",
		]) {
			const headers = { ...KEY, "content-type": type };
			const answer = await banter.request("POST", "/v1/chat", {
				headers,
				body: body("type", "[[tokens=1]]"),
			});
			assert.equal(answer.status, 200, type);
		}
	});

	it("413: a body over the limit, before it is read and if it is sent anyway", async () => {
		const head = `POST /v1/chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\nContent-Length: `;
		assertError(await rawExchange(banter.port, `${head}100000000\r\n\r\n`), 413);
		assertError(
			await rawExchange(banter.port, `${head}2000000\r\n\r\n${"x".repeat(2_000_000)}`),
			413,
		);
		assertError(await rawExchange(banter.port, `${head}999999999999999\r\n\r\n`), 413);
	});

	it("431: headers over the limits of size and number", async () => {
		const head = "GET /health HTTP/1.1\r\nHost: x\r\n";
		assertError(
			await rawExchange(banter.port, `${head}X-Huge: ${"x".repeat(70_000)}\r\n\r\n`),
			431,
		);
		assertError(await rawExchange(banter.port, `${head}${"X-Many: x\r\n".repeat(500)}\r\n`), 431);
		assertError(
			await rawExchange(banter.port, `${head}${"X-Endless: xxxxxxxx\r\n".repeat(5000)}`),
			431,
		);
	});

	it("the key is checked before the body", async () => {
		for (const path of PATHS) {
			const answer = await banter.request("POST", path, {
				headers: { "x-api-key": "wrong" },
				body: "no JSON",
			});
			assertError(answer, 401, "Unauthorized");
		}
	});

	it("the origin is checked first", async () => {
		const env = { CORS_ORIGIN: "https://site.example", RATE_LIMIT_MAX_REQUESTS: "1" };
		await withBanter({ env, workers: 1 }, async (strict) => {
			const foreign = { "x-api-key": "wrong", origin: "https://evil.example" };
			for (let i = 0; i < 3; i++)
				assertError(
					await strict.request("POST", "/v1/chat", { headers: foreign, body: "no JSON" }),
					403,
					"Origin not allowed",
				);
		});
	});
});

describe("the admin API", () => {
	const banter = useBanter();
	const key = { "x-admin-api-key": ADMIN_KEY };

	it("401 without the key, with a wrong one, or with the widget's key", async () => {
		for (const path of ["/v1/admin/conversations", "/v1/admin/conversations/none"])
			for (const headers of [
				{},
				{ "x-admin-api-key": "wrong" },
				{ "x-admin-api-key": WIDGET_KEY },
				{ "x-api-key": ADMIN_KEY },
			])
				assertError(await banter.get(path, headers), 401);
	});

	for (const limit of ["0", "201", "abc", "-1", "1.5", "", "%31%30%30%30", "99999999999999999999"])
		it(`400: limit=${limit}`, async () => {
			assertError(
				await banter.get(`/v1/admin/conversations?limit=${limit}`, key),
				400,
				"Invalid query parameters",
			);
		});

	it("200: limit=1, limit=200, and no limit, which means 100", async () => {
		for (let i = 0; i < 3; i++) await banter.chat(`limit-${i}`, "[[tokens=1]]");
		assert.equal(
			(await banter.adminGet("/v1/admin/conversations?limit=1")).conversations.length,
			1,
		);
		assert.equal(
			(await banter.adminGet("/v1/admin/conversations?limit=200")).conversations.length,
			3,
		);
		const all = await banter.adminGet("/v1/admin/conversations");
		assert.equal(all.conversations.length, 3);
		assert.equal(all.total, 3);
	});

	for (const id of [
		"x",
		"0",
		"0192f000-0000-7000-8000",
		"0192f000-0000-7000-8000-00000000000g",
		"..",
		"a".repeat(4000),
	])
		it(`400: conversation ${id.slice(0, 40)}`, async () => {
			assertError(
				await banter.get(`/v1/admin/conversations/${id}`, key),
				400,
				"Invalid conversationId",
			);
		});

	it("404: an unknown conversation", async () => {
		const path = "/v1/admin/conversations/0192f000-0000-7000-8000-000000000000";
		assertError(await banter.get(path, key), 404, "Conversation not found");
	});

	it("503 without ADMIN_API_KEY", async () => {
		await withBanter({ env: { ADMIN_API_KEY: undefined }, workers: 1 }, async (open) => {
			for (const headers of [{}, key])
				assertError(
					await open.get("/v1/admin/conversations", headers),
					503,
					"ADMIN_API_KEY is not configured on this deployment",
				);
		});
	});
});
