import assert from "node:assert/strict";
import { test } from "node:test";
import { type Api, createApi } from "../src/api";
import { ApiError, describe, type Failure } from "../src/errors";

interface Call {
	readonly path: string;
	readonly init: RequestInit;
}

/** A client whose server always sends this response. */
function clientOf(answer: () => Response | Promise<Response>) {
	const calls: Call[] = [];
	let signedOut = 0;
	const api = createApi(
		() => signedOut++,
		async (path, init) => {
			calls.push({ path, init });
			return answer();
		},
	);
	return { api, calls, signedOut: () => signedOut };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
	new Response(JSON.stringify(body), { status, headers });
const never = () => new AbortController().signal;

async function failureOf(call: Promise<unknown>): Promise<ApiError> {
	const error: unknown = await call.then(
		() => assert.fail("the call succeeded"),
		(reason: unknown) => reason,
	);
	assert.ok(error instanceof ApiError, String(error));
	return error;
}

const conversation = {
	_id: "c1",
	_creationTime: 1000,
	sessionId: "s1",
	createdAt: 1000,
	updatedAt: 2000,
	lastMessage: "hello",
};

test("conversations are read as the API sends them, unknown fields aside", async () => {
	const { api, calls } = clientOf(() =>
		json(200, { conversations: [conversation], total: 8, nextCursor: "x" }),
	);
	assert.deepEqual(await api.conversations(null, never()), {
		conversations: [
			{ id: "c1", sessionId: "s1", createdAt: 1000, updatedAt: 2000, lastMessage: "hello" },
		],
		total: 8,
		nextCursor: "x",
	});
	await api.conversations("a b", never());
	assert.deepEqual(
		calls.map(({ path }) => path),
		["/v1/admin/conversations?limit=100", "/v1/admin/conversations?limit=100&cursor=a+b"],
	);
});

test("a thread's messages keep their order, role and status", async () => {
	const message = { _id: "m1", role: "user", content: "hi", createdAt: 1 };
	const reply = { _id: "m2", role: "assistant", content: "yo", createdAt: 2, status: "stopped" };
	const { lastMessage: _, ...bare } = conversation;
	const { api, calls } = clientOf(() =>
		json(200, { conversation: bare, messages: [message, reply] }),
	);
	const thread = await api.conversation("a/b", never());
	assert.equal(calls[0]?.path, "/v1/admin/conversations/a%2Fb");
	assert.equal(thread.conversation.lastMessage, "");
	assert.deepEqual(thread.messages, [
		{ id: "m1", fromVisitor: true, content: "hi", createdAt: 1, status: "" },
		{ id: "m2", fromVisitor: false, content: "yo", createdAt: 2, status: "stopped" },
	]);
});

test("an answer that breaks the contract is an error, not half a page", async () => {
	const broken = [
		null,
		[],
		{ conversations: [conversation] },
		{ conversations: [{ ...conversation, updatedAt: "2000" }], total: 1 },
		{ conversations: {}, total: 1 },
	];
	for (const body of broken) {
		const error = await failureOf(clientOf(() => json(200, body)).api.conversations(null, never()));
		assert.equal(error.failure, "garbled", JSON.stringify(body));
	}
	const html = clientOf(() => new Response("<h1>hi</h1>"));
	assert.equal((await failureOf(html.api.conversations(null, never()))).failure, "garbled");
});

test("each refusal keeps its status, its words and its Retry-After", async () => {
	const cases: Array<[Response, Failure, number, string, number | null]> = [
		[
			json(404, { error: "Conversation not found" }),
			"refused",
			404,
			"Conversation not found",
			null,
		],
		[json(429, { error: "Slow" }, { "Retry-After": "7" }), "refused", 429, "Slow", 7000],
		[new Response("<h1>Bad Gateway</h1>", { status: 502 }), "refused", 502, "HTTP 502", null],
		[new Response("null", { status: 500 }), "refused", 500, "HTTP 500", null],
	];
	for (const [response, failure, status, message, wait] of cases) {
		const error = await failureOf(clientOf(() => response).api.conversation("x", never()));
		assert.deepEqual(
			[error.failure, error.status, error.message, error.retryAfterMs],
			[failure, status, message, wait],
		);
		assert.notEqual(describe(error), "");
	}
});

test("an ended session is reported to the app, a wrong password is not", async () => {
	const calls: Array<[keyof Api, (api: Api) => Promise<unknown>, number]> = [
		["conversations", (api) => api.conversations(null, never()), 1],
		["conversation", (api) => api.conversation("x", never()), 1],
		["logOut", (api) => api.logOut(), 1],
		["logIn", (api) => api.logIn("wrong"), 0],
	];
	for (const [name, call, reports] of calls) {
		const client = clientOf(() => json(401, { error: "Unauthorized" }));
		const error = await failureOf(call(client.api));
		assert.equal(error.failure, "signed_out", name);
		assert.equal(client.signedOut(), reports, name);
	}
});

test("no answer at all is a network failure", async () => {
	const { api } = clientOf(() => Promise.reject(new TypeError("fetch failed")));
	assert.equal((await failureOf(api.conversations(null, never()))).failure, "network");
});

test("a call that its caller aborts is no failure of the server", async () => {
	const abort = new AbortController();
	const api = createApi(
		() => {},
		(_, init) =>
			new Promise((_resolve, reject) => {
				init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
			}),
	);
	const call = api.conversations(null, abort.signal);
	abort.abort();
	await assert.rejects(call, (error) => !(error instanceof ApiError));
});

test("logging in and out posts JSON, and an empty answer is fine", async () => {
	const { api, calls } = clientOf(() => new Response(null, { status: 204 }));
	await api.logIn("pässwörd");
	await api.logIn("pässwörd", "jane@example.com");
	await api.logOut();
	assert.deepEqual(
		calls.map(({ path, init }) => [path, init.method, init.body]),
		[
			["/api/login", "POST", '{"password":"pässwörd"}'],
			["/api/login", "POST", '{"email":"jane@example.com","password":"pässwörd"}'],
			["/api/logout", "POST", "{}"],
		],
	);
});
