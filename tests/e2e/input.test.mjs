// Which messages are refused, with which status and message, and the order of the checks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, useBanter, withBanter } from "./harness.mjs";
import { KEY, NOBODY } from "./replies.mjs";

const PATHS = ["/v1/chat", "/v1/chat/stream", "/chat"];
const body = (sessionId, message) => JSON.stringify({ sessionId, message });
const bytes = (...message) =>
	Buffer.concat([
		Buffer.from('{"sessionId":"s","message":"'),
		Buffer.from(message),
		Buffer.from('"}'),
	]);

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
	"invalid UTF-8": bytes(0xc3, 0x28),
	"an overlong UTF-8 form": bytes(0xc0, 0xaf),
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

const ONE = "[[tokens=1]]";
const ACCEPTED = {
	"sessionId of 1 character": body("s", ONE),
	"sessionId of 128 characters of the whole alphabet": body("AZaz09._:-".padEnd(128, "x"), ONE),
	"message of 1 character": body("one", "?"),
	"message of 4000 characters": body("long", ONE.padEnd(4000, "m")),
	"message of 2000 emoji": body("emoji", "😀".repeat(2000)),
	"message of 4000 three-byte characters": body("cjk", "漢".repeat(4000)),
	"message of 4000 six-byte escapes": `{"sessionId":"escapes","message":"${"\\u6f22".repeat(4000)}"}`,
	"unknown keys": `{"sessionId":"more","message":"${ONE}","metadata":{"a":[1,2,{"b":null}]}}`,
	"white space around": ` \r\n\t${body("white", ONE)} \n`,
	"escaped key names": `{"\\u0073essionId":"escaped","message":"${ONE}"}`,
};

const banter = useBanter();

describe("the chat's input", () => {
	const post = (payload, headers = KEY, path = "/v1/chat") =>
		banter.request("POST", path, { headers, body: payload });

	for (const [what, payload] of Object.entries(REFUSED))
		it(`400: ${what}`, async () => {
			for (const path of PATHS) {
				const answer = await post(payload, KEY, path);
				assertError(answer, 400, "Invalid request payload");
				assert.ok(answer.json.details, "details, in development");
			}
		});

	it("refused messages are not stored and do not reach the model", async () => {
		assert.equal((await banter.model("stats")).calls, 0);
		assert.equal((await banter.conversations()).total, 0);
	});

	for (const [what, payload] of Object.entries(ACCEPTED))
		it(`200: ${what}`, async () => {
			const answer = await post(payload);
			assert.equal(answer.status, 200, answer.text);
			const messages = await banter.messages(answer.json.conversationId);
			assert.equal(messages[0][1], JSON.parse(payload).message);
		});

	it("JSON is accepted with any Content-Type", async () => {
		for (const type of [
			"application/json; charset=utf-8",
			"text/plain",
			"application/x-www-form-urlencoded",
		])
			assert.equal((await post(body("type", ONE), { ...KEY, "content-type": type })).status, 200);
	});

	it("the origin is checked before the key, the key before the body", async () => {
		for (const path of PATHS)
			assertError(await post("no JSON", { "x-api-key": "wrong" }, path), 401, "Unauthorized");
		const env = { CORS_ORIGIN: "https://site.example", RATE_LIMIT_MAX_REQUESTS: "1" };
		await withBanter({ env, workers: 1 }, async (strict) => {
			const headers = { "x-api-key": "wrong", origin: "https://evil.example" };
			for (let i = 0; i < 3; i++) {
				const answer = await strict.request("POST", "/v1/chat", { headers, body: "no JSON" });
				assertError(answer, 403, "Origin not allowed");
			}
		});
	});
});

it("the admin API refuses an invalid id: 400", async () => {
	const LIST = "/v1/admin/conversations";
	const headers = { "x-admin-api-key": ADMIN_KEY };
	const unknown = [404, "Conversation not found"];
	const invalid = [400, "Invalid conversationId"];
	for (const [error, ...ids] of [
		[unknown, "nope", "0", "a_B-9", NOBODY.slice(0, -13), `${NOBODY.slice(0, -1)}g`],
		[unknown, `${NOBODY}0`, NOBODY.replaceAll(/\w/g, "0"), "a".repeat(128)],
		[invalid, "..", "a.b", "a%20b", "%C3%A4", "a".repeat(129), "a".repeat(4000)],
	])
		for (const id of ids)
			for (const method of ["GET", "DELETE"])
				assertError(await banter.request(method, `${LIST}/${id}`, { headers }), ...error);
	for (const session of ["s".repeat(129), "a,b", "a~b", "a+b", "a=b", "a@b", "a;b"]) {
		const path = `/v1/admin/visitors/${session}`;
		assertError(await banter.request("DELETE", path, { headers }), 400, "Invalid sessionId");
	}
});
