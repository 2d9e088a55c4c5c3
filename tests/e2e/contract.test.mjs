// The service keeps to the OpenAPI document: every operation is driven to every documented status, and each
// response is checked against the document. Other files do this for parts of the admin API (contract.mjs), except
// for the statuses that all operations share.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ADMIN, logIn } from "./accounts.mjs";
import { rawExchange, request } from "./client.mjs";
import { Contract, conforms } from "./contract.mjs";
import { document, operations, resolve } from "./document.mjs";
import { feedPath } from "./feeds.mjs";
import { openSession, sessionPath } from "./followers.mjs";
import { ADMIN_KEY, PASSWORD, ROOT, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { NOBODY } from "./organizations.mjs";
import {
	availabilityPath,
	configPath,
	makeWidget,
	settingsPath,
	socketPath,
	Visitor,
} from "./visitors.mjs";

const contract = new Contract();

const KEY = { "x-api-key": WIDGET_KEY };
const SITE = "https://site.example";
const FOREIGN = { origin: "https://evil.example" };
const STREAMS = ["/v1/chat/stream", "/chat"];
const CHATS = ["/v1/chat", ...STREAMS];
const HISTORY = "/v1/chat/history";
const TYPING = "/v1/chat/typing";
const CHAT_SETTINGS = "/v1/chat/settings";
const CHAT_AVAILABILITY = "/v1/chat/availability";
const SSE = { ...KEY, accept: "text/event-stream" };
const ASSETS = [
	"/widget/chat-widget.js",
	"/widget/banter.d.ts",
	"/widget/lang/en-0123456789.js",
	"/api/widget/embed.js",
];
const PAGES = [
	"/",
	`/conversations/${NOBODY}`,
	"/search",
	"/widgets",
	`/widgets/${NOBODY}`,
	"/agents",
	`/agents/${NOBODY}`,
	"/contacts",
	`/contacts/${NOBODY}`,
	"/knowledge",
	"/knowledge/sources",
	`/knowledge/sources/${NOBODY}`,
	"/numbers",
	"/settings",
	"/settings/users",
	`/settings/webhooks/${NOBODY}`,
];
/** The pages that need no session. */
const OPEN_PAGES = ["/login", "/join/a-token", "/reset", "/reset/a-token"];
const DEMOS = ["/widget-test.html", "/headless-test.html", "/chat/wid_of-a-widget"];
const HANDSHAKE = {
	connection: "Upgrade",
	upgrade: "websocket",
	"sec-websocket-version": "13",
	"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};
const SESSION = { sessionId: "s" };
const NO_WIDGET = { widget_id: "wid_0000000000000000000000" };
/** On a busy machine, responses may take longer than this: for tests in which the model never responds. */
const SHORT_TIMEOUTS = { OPENAI_FIRST_BYTE_TIMEOUT_MS: "500", OPENAI_BREAKER_FAILURES: "0" };

const drive = contract.drive.bind(contract);

/** Sends a request for each row: [status, method, path, options, the error's code]. */
async function driveAll(banter, rows) {
	for (const [status, method, path, options, code] of rows) {
		const { json } = await drive(banter, status, method, path, options);
		if (code) assert.equal(json.code, code);
	}
}

/** Malformed requests: the end of the first line, and the header. */
const MALFORMED = [
	[400, "HTTP/1.1\r\nno colon\r\n"],
	[413, "HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n"],
	[431, `HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n`],
	[501, "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n"],
	[505, "HTTP/2.0\r\nHost: x\r\n"],
];

const chat = (banter, status, path, message, headers = KEY, sessionId = "contract") =>
	drive(banter, status, "POST", path, { headers, body: { sessionId, message } });

/** For each operation, a path that can be called, and the document's example of a body. */
function examples() {
	return operations().map(({ method, path, operationId }) => {
		const { requestBody } = document().paths[path][method.toLowerCase()];
		return {
			method,
			operationId,
			body: resolve(requestBody)?.content["application/json"]?.example,
			isForSites: path.startsWith("/api/widget/{widgetId}/"), // that the widget allows
			isForAll:
				/^\/widget\/(lang\/)?\{file\}$|^\/v1\/(files|mails)\/|\/(chat-widget|embed)\.js$/.test(
					path,
				),
			path: path
				.replace("{file}", "none.js")
				.replace("{sessionId}", "nobody-of-this-name")
				.replace(/\/search$/, "/search?q=word")
				.replace("{n}", "1")
				.replace("{page}", "users")
				.replace("{id}", NOBODY)
				.replace("{token}", "a-token")
				.replace(/\{\w+Id\}/g, NOBODY),
		};
	});
}

const adminExamples = () => examples().filter(({ path }) => path.startsWith("/v1/admin/"));

describe("every operation", () => {
	const banter = useBanter({ env: { CORS_ORIGIN: SITE } });
	const originOf = ({ headers }) => headers["access-control-allow-origin"];

	it("serves the document itself", async () => {
		const { json } = await drive(banter, 200, "GET", "/v1/openapi.json");
		assert.deepEqual({ ...json, servers: [] }, { ...document(), servers: [] });
	});

	for (const { method, path, isForSites, isForAll } of examples()) {
		const refusal = isForAll ? "is served, too" : "gets 403, whatever key it has";
		it(`${method} ${path}: an allowed site is served, a foreign one ${refusal}`, async () => {
			const headers = { origin: SITE };
			const answer = await request(banter.url, method, path, { headers });
			headers["access-control-request-method"] = method;
			const preflight = await request(banter.url, "OPTIONS", path, { headers });
			assert.equal(preflight.status, 204);
			for (const one of [answer, preflight]) assert.equal(originOf(one), SITE);
			if (isForSites) return;
			const foreign = { headers: { ...FOREIGN, ...KEY, ...ADMIN } };
			const status = isForAll ? answer.status : 403;
			const allowed = isForAll ? FOREIGN.origin : undefined;
			assert.equal(originOf(await drive(banter, status, method, path, foreign)), allowed);
		});

		it(`${method} ${path}: malformed requests are refused; HEAD is like GET without a body`, async () => {
			for (const [status, head] of MALFORMED) {
				const text = `${method} ${path} ${head}\r\n`;
				const answer = await rawExchange(banter.port, text, { noBody: method === "HEAD" });
				assert.equal(answer.status, status, `${answer.body}`);
				contract.check(method, path, { ...answer, bytes: answer.body }, { unread: true });
			}
			if (method !== "GET") return;
			const { status } = await request(banter.url, method, path);
			await drive(banter, status, "HEAD", path);
		});
	}
});

const banter = useBanter();

describe("chat", () => {
	for (const path of CHATS)
		it(`${path}: replies and refusals are as documented`, async () => {
			const named = { ...KEY, "idempotency-key": path.replaceAll("/", ".") };
			for (const [status, message, headers] of [
				[200, "[[tokens=3]]"],
				[200, "[[unicode]]"],
				[200, "[[tokens=2]]", { "x-widget-api-key": WIDGET_KEY }],
				[200, "[[tokens=1]] one", named],
				[200, "[[tokens=1]] one", named],
				[409, "[[tokens=1]] other", named],
				[401, "x", {}],
				[401, "x", { "x-api-key": "wrong" }],
				[502, "[[fail=401]]"],
				[503, "[[fail=429 retry-after=30]]"],
			])
				await chat(banter, status, path, message, headers);
			for (const body of ["", "no JSON", "[]", "{}", '{"sessionId":"a b","message":"x"}'])
				await drive(banter, 400, "POST", path, { headers: KEY, body });
			const headers = { ...KEY, "content-length": "65537" };
			await drive(banter, 413, "POST", path, { headers });
		});

	for (const path of STREAMS)
		it(`${path}: errors within the stream and server-sent events are as documented`, async () => {
			const { text } = await chat(banter, 200, path, "[[tokens=3 error-after=2]]");
			assert.equal(JSON.parse(text.trim().split("\n").at(-1)).type, "error");
			await chat(banter, 200, path, "[[unicode]]", SSE);
			await chat(banter, 200, path, "[[tokens=3 error-after=2]]", SSE);
		});

	it("422 when an identity is not proved", async () => {
		const body = { sessionId: "contract", message: "x", identity: { userId: "1", hash: "0" } };
		for (const path of CHATS) await drive(banter, 422, "POST", path, { headers: KEY, body });
	});

	it("404 when there is no such message to answer", async () => {
		const body = {
			sessionId: "contract",
			answer: { message: NOBODY.replace(/0$/, "1"), button: "a" },
		};
		for (const path of CHATS) await drive(banter, 404, "POST", path, { headers: KEY, body });
	});

	it("504 when the model does not answer", () =>
		withBanter({ env: SHORT_TIMEOUTS, workers: 1 }, async (own) => {
			for (const path of CHATS) await chat(own, 504, path, "[[fail=hang]]");
		}));

	it("429 over the rate limit", async () => {
		const env = { RATE_LIMIT_MAX_REQUESTS: "1", RATE_LIMIT_WINDOW_MS: "86400000" };
		await withBanter({ env, workers: 1 }, async (strict) => {
			await chat(strict, 200, "/v1/chat", "[[tokens=1]]");
			for (const path of CHATS) await chat(strict, 429, path, "x");
			// Readers, and visitors of a widget, have ten times the rate.
			for (let i = 0; i < 10; i++) {
				await drive(strict, 401, "GET", HISTORY);
				await drive(strict, 426, "GET", socketPath(NO_WIDGET));
			}
			for (const { method, path } of readers()) await drive(strict, 429, method, path);
			assert.equal(await strict.metric('rate_limited_total{rule="chat_read"}'), readers().length);
			for (const path of [configPath, settingsPath, availabilityPath, socketPath])
				await drive(strict, 429, "GET", path(NO_WIDGET));
			await drive(strict, 429, "GET", socketPath(SESSION));
		});
	});

	for (const path of CHATS)
		it(`${path}: 410 when the conversation is deleted before the reply begins`, async () => {
			const message = `[[fail=hang]] of ${path}.`;
			const reply = chat(banter, 410, path, message, KEY, "deleted");
			await until("the model was asked", async () => (await banter.modelCalls(message)) === 1);
			await drive(banter, 200, "DELETE", "/v1/admin/visitors/deleted", { headers: ADMIN });
			await reply;
		});
});

/** The operations about an existing reply or session. */
function readers() {
	const wanted = [
		...["chatResume", "chatStop", "chatRate", "chatHistory", "chatEvents", "chatTyping"],
		...["chatSettings", "chatAvailability"],
	];
	return examples().filter(({ operationId }) => wanted.includes(operationId));
}

describe("an existing reply", () => {
	const resumePath = (id, session) => `/v1/chat/stream/${id}?sessionId=${session}`;
	const stopPath = (id) => `/v1/chat/${id}/stop`;
	const ratingPath = (id) => `/v1/chat/${id}/rating`;
	const stop = (status, id, body) =>
		drive(banter, status, "POST", stopPath(id), { headers: KEY, body });

	/** Begins a reply that continues until it is stopped. */
	async function running(sessionId) {
		const stream = await banter.stream(sessionId, "[[tokens=2 hang-after=2]]");
		const { messageId } = await stream.next();
		await stream.tokens(2);
		return messageId;
	}

	it("is resumed in both forms: complete, interrupted, stopped", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[unicode]]", KEY, "resume");
		const broken = await chat(banter, 200, "/chat", "[[tokens=3 error-after=2]]", KEY, "resume");
		const { messageId } = JSON.parse(broken.text.split("\n")[0]);
		const id = await running("resume");
		const listeners = [KEY, SSE].map((headers) =>
			drive(banter, 200, "GET", resumePath(id, "resume"), { headers }),
		);
		await stop(200, id, { sessionId: "resume" });
		await Promise.all(listeners);
		for (const message of [json.messageId, messageId, id])
			for (const headers of [KEY, SSE]) {
				const path = resumePath(message, "resume");
				await drive(banter, 200, "GET", `${path}&after=3`, { headers });
				await drive(banter, 200, "HEAD", path, { headers });
			}
	});

	it("is stopped, also while the client waits for all of it", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[tokens=1]]", KEY, "stop");
		const done = await stop(200, json.messageId, { sessionId: "stop" });
		assert.deepEqual(done.json, { status: "complete" });
		await stop(200, await running("stop"), { sessionId: "stop" });
		const message = "[[tokens=1 hang-after=1 no-usage]]";
		const whole = chat(banter, 200, "/v1/chat", message, KEY, "stop");
		const path = `${HISTORY}?sessionId=stop`;
		const active = await until("it is written", async () => {
			return (await drive(banter, 200, "GET", path, { headers: KEY })).json.active;
		});
		await stop(200, active, { sessionId: "stop" });
		const { status, usage } = (await whole).json;
		assert.deepEqual([status, usage], ["stopped", null]);
	});

	it("is rated when it is complete", async () => {
		const rate = (status, id) =>
			drive(banter, status, "POST", ratingPath(id), {
				headers: KEY,
				body: { sessionId: "rate", rating: "up" },
			});
		const { json } = await chat(banter, 200, "/v1/chat", "[[tokens=1]]", KEY, "rate");
		await rate(204, json.messageId);
		const id = await running("rate");
		await rate(409, id);
		await stop(200, id, { sessionId: "rate" });
	});

	it("is in the history", async () => {
		const ask = (query, status = 200) =>
			drive(banter, status, "GET", `${HISTORY}?${query}`, { headers: KEY });
		await ask("sessionId=nobody");
		for (let i = 0; i < 3; i++) await chat(banter, 200, "/v1/chat", "[[unicode]]", KEY, "history");
		await ask("sessionId=history");
		const { json } = await ask("sessionId=history&limit=2");
		await ask(`sessionId=history&limit=2&cursor=${json.nextCursor}`);
		for (const wrong of ["", "sessionId=a%20b", "sessionId=a&limit=0", "sessionId=a&cursor=x"])
			await ask(wrong, 400);
	});

	it("is followed with its session, whose visitor types", async () => {
		const path = sessionPath("followed");
		for (const headers of [KEY, SSE]) {
			const stream = await openSession(banter, "followed", { headers });
			contract.checkStream(path, stream, [stream.state]);
			stream.leave();
		}
		const body = { sessionId: "followed" };
		await drive(banter, 204, "POST", TYPING, { headers: KEY, body });
	});

	it("is not found or not changed with invalid requests: 400, 401, 404, 413", async () => {
		const body = { sessionId: "s" };
		await driveAll(banter, [
			[400, "GET", sessionPath("a b"), { headers: KEY }],
			[400, "GET", sessionPath("s"), { headers: { ...KEY, "last-event-id": "x" } }],
			[400, "POST", TYPING, { headers: KEY, body: {} }],
			[413, "POST", TYPING, { headers: { ...KEY, "content-length": "4097" } }],
			[400, "GET", resumePath("no-id", "s"), { headers: KEY }],
			[400, "GET", `${resumePath(NOBODY, "s")}&after=x`, { headers: KEY }],
			[400, "GET", `/v1/chat/stream/${NOBODY}`, { headers: KEY }],
			[404, "GET", resumePath(NOBODY, "s"), { headers: KEY }],
			[400, "POST", stopPath("no-id"), { headers: KEY, body }],
			[400, "POST", stopPath(NOBODY), { headers: KEY, body: {} }],
			[404, "POST", stopPath(NOBODY), { headers: KEY, body }],
			[413, "POST", stopPath(NOBODY), { headers: { ...KEY, "content-length": "4097" } }],
			[400, "POST", ratingPath(NOBODY), { headers: KEY, body }],
			[404, "POST", ratingPath(NOBODY), { headers: KEY, body: { ...body, rating: "up" } }],
			[413, "POST", ratingPath(NOBODY), { headers: { ...KEY, "content-length": "8193" } }],
			...readers().map(({ method, path }) => [401, method, path]),
		]);
	});
});

describe("the admin API", () => {
	it("401 with a wrong key or session", async () => {
		for (const { method, path } of adminExamples())
			for (const headers of [{}, { "x-admin-api-key": "wrong" }, { cookie: "banter_session=no" }])
				await drive(banter, 401, method, path, {
					headers: { ...headers, host: "x", origin: "http://x" },
				});
	});

	it("503 if no ADMIN_API_KEY is set", () =>
		withBanter({ env: { ADMIN_API_KEY: undefined }, workers: 1 }, async (own) => {
			for (const { method, path } of adminExamples()) {
				const { json } = await drive(own, 503, method, path);
				assert.equal(json.error, "ADMIN_API_KEY is not configured on this deployment");
			}
			await drive(own, 503, "GET", "/metrics", { headers: { via: "1.1 proxy" } });
			await drive(own, 200, "GET", "/metrics");
			await drive(own, 200, "GET", "/metrics");
		}));
});

describe("a widget", () => {
	it("the configuration and refusals before the upgrade are as documented", async () => {
		const plain = await makeWidget(banter);
		const shop = await makeWidget(banter, { allowed_origins: ["https://shop.example"] });
		const older = { ...HANDSHAKE, "sec-websocket-version": "8" };
		const { "sec-websocket-key": _, ...keyless } = HANDSHAKE;
		await driveAll(banter, [
			[200, "GET", configPath(plain)],
			[200, "GET", configPath(shop)],
			[404, "GET", configPath(NO_WIDGET)],
			[403, "GET", configPath(shop), { headers: FOREIGN }],
			[200, "GET", settingsPath(plain)],
			[304, "GET", settingsPath(plain), { headers: { "if-none-match": "*" } }],
			[404, "GET", settingsPath(NO_WIDGET)],
			[403, "GET", settingsPath(shop), { headers: FOREIGN }],
			[200, "GET", availabilityPath(plain)],
			[404, "GET", availabilityPath(NO_WIDGET)],
			[403, "GET", availabilityPath(shop), { headers: FOREIGN }],
			[200, "GET", CHAT_AVAILABILITY, { headers: KEY }],
			[401, "GET", CHAT_AVAILABILITY],
			[200, "GET", CHAT_SETTINGS, { headers: KEY }],
			[304, "GET", CHAT_SETTINGS, { headers: { ...KEY, "if-none-match": "*" } }],
			[401, "GET", CHAT_SETTINGS],
			[403, "GET", feedPath(shop, "events"), { headers: FOREIGN }],
			[403, "GET", feedPath(shop, "frames"), { headers: FOREIGN }],
			[403, "POST", feedPath(shop, "frames"), { headers: FOREIGN, body: { type: "ping" } }],
			[400, "GET", socketPath(plain), { headers: keyless }, "bad_handshake"],
			[400, "GET", socketPath(SESSION), { headers: keyless }, "bad_handshake"],
			[400, "GET", socketPath({ sessionId: "?" }), { headers: HANDSHAKE }, "invalid_request"],
			[401, "GET", socketPath(SESSION, { key: "x" }), { headers: HANDSHAKE }, "unauthorized"],
			[426, "GET", socketPath(SESSION), {}, "upgrade_required"],
			[403, "GET", socketPath(shop), { headers: { ...HANDSHAKE, ...FOREIGN } }],
			[404, "GET", socketPath(NO_WIDGET), { headers: HANDSHAKE }, "not_found"],
			[426, "GET", socketPath(plain), {}, "upgrade_required"],
			[426, "GET", socketPath(plain), { headers: older }, "upgrade_required"],
		]);
	});

	it("the WebSocket is as documented (every test with a visitor checks its frames)", async () => {
		const widget = await makeWidget(banter);
		const { ws } = new Visitor(banter, widget);
		const { statusCode: status, headers } = await new Promise((done) => ws.on("upgrade", done));
		for (const place of [widget, SESSION])
			contract.check("GET", socketPath(place), { status, headers, bytes: Buffer.alloc(0) });
		for (const frame of [
			{ type: "message", content: "hello", id: "x" },
			{ type: "contact_info", email: "ann@example.com", name: null },
			{ type: "stop" },
		])
			assert.ok(conforms("VisitorSays", frame), frame.type);
	});
});

describe("service and pages", () => {
	it("health, readiness and metrics", async () => {
		const bearer = { host: "x", authorization: `Bearer ${ADMIN_KEY}` };
		await driveAll(banter, [
			[200, "GET", "/health"],
			[200, "GET", "/health/ready"],
			[200, "GET", "/metrics"],
			[200, "GET", "/metrics", { headers: bearer }],
			[401, "GET", "/metrics", { headers: { via: "1.1 proxy" } }],
		]);
	});

	it("scripts and other files, and 304 if they are unchanged", async () => {
		const files = [...ASSETS, "/assets/favicon.svg"];
		const { text } = await drive(banter, 200, "GET", "/login");
		files.push(...[...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path));
		const demo = await drive(banter, 200, "GET", "/widget-test.html");
		files.push(/"(\/demo\/[^"]+)"/.exec(demo.text)[1]);
		for (const path of files)
			for (const encoding of ["identity", "br", "gzip"]) {
				const headers = { "accept-encoding": encoding };
				const { etag } = (await drive(banter, 200, "GET", path, { headers })).headers;
				await drive(banter, 304, "GET", path, { headers: { ...headers, "if-none-match": etag } });
			}
	});

	it("pages, and redirections to /login and back", async () => {
		const headers = await logIn(banter, { password: PASSWORD });
		await driveAll(banter, [
			...PAGES.map((path) => [200, "GET", path, { headers }]),
			...PAGES.map((path) => [303, "GET", path]),
			...OPEN_PAGES.map((path) => [200, "GET", path]),
			[303, "GET", "/login", { headers }],
			...DEMOS.map((path) => [200, "GET", path]),
		]);
	});

	it("404 for files that do not exist or were never built", async () => {
		const unknown = ["/assets/none.js", "/demo/none.js"].map((path) => [404, "GET", path]);
		await driveAll(banter, unknown);
		await withBanter({ env: { ASSET_DIR: join(ROOT, "tests") }, workers: 1 }, async (bare) => {
			const headers = await logIn(bare, { password: PASSWORD });
			for (const path of [...ASSETS, ...PAGES, ...DEMOS])
				await drive(bare, 404, "GET", path, { headers });
			for (const path of OPEN_PAGES) await drive(bare, 404, "GET", path);
		});
	});
});

it("while the store is down, every operation that needs it returns 503", () =>
	withBanter({ workers: 2 }, async (banter) => {
		const session = await logIn(banter, { password: PASSWORD });
		await banter.stopStore();
		const rows = [
			["GET", "/health/ready"],
			["GET", `/v1/chat/stream/${NOBODY}?sessionId=s`, KEY],
			["GET", `${HISTORY}?sessionId=s`, KEY],
			["GET", configPath(NO_WIDGET)],
			["POST", "/v1/mails/stop?token=a-token"],
			["GET", settingsPath(NO_WIDGET)],
			["GET", availabilityPath(NO_WIDGET)],
			["GET", CHAT_SETTINGS, KEY],
			["GET", CHAT_AVAILABILITY, KEY],
			["GET", feedPath(NO_WIDGET, "events")],
			["GET", feedPath(NO_WIDGET, "frames")],
			["POST", feedPath(NO_WIDGET, "frames"), {}, { type: "ping" }],
			["GET", "/v1/chat/frames?sessionId=s", KEY],
			["GET", feedPath(SESSION, "events")],
			["GET", feedPath(SESSION, "frames")],
			["POST", feedPath(SESSION, "frames"), {}, { type: "typing" }],
			["GET", socketPath(SESSION), HANDSHAKE],
			["GET", socketPath(NO_WIDGET), HANDSHAKE],
			["POST", `/v1/chat/${NOBODY}/stop`, KEY, { sessionId: "s" }],
			["POST", `/v1/chat/${NOBODY}/rating`, KEY, { sessionId: "s", rating: "up" }],
			["GET", "/v1/chat/steps?sessionId=s", KEY],
			[
				"POST",
				`/v1/chat/steps/${NOBODY}/decision`,
				KEY,
				{ sessionId: "s", decision: "yes", hash: "0".repeat(64) },
			],
			["GET", sessionPath("s"), KEY],
			["POST", TYPING, KEY, { sessionId: "s" }],
			...["messages", "files", "receipts"].map((what) => [
				"POST",
				`/v1/channels/${NOBODY}/${what}`,
				{},
				{},
			]),
			["GET", "/v1/invitations/x"],
			["POST", "/v1/invitations/x", {}, { email: "x@example.com", password: PASSWORD }],
			["POST", "/v1/password-resets", {}, { email: "x@example.com" }],
			["GET", "/v1/password-resets/x"],
			["POST", "/v1/password-resets/x", {}, { password: PASSWORD }],
			["GET", "/api/login"],
			["POST", "/api/logout", session],
			["POST", "/api/login", {}, { password: PASSWORD }],
			...CHATS.map((path) => ["POST", path, KEY, { sessionId: "contract", message: "x" }]),
			...[...PAGES, "/login"].map((path) => ["GET", path, session]),
		];
		for (const { method, path, body, operationId } of adminExamples()) {
			rows.push([method, path, session, body]);
			// That a key has no password, profile and state is known without the store, and the server's state and models, and what another server says.
			const known = [
				"changeMyPassword",
				"changeProfile",
				"setAvailability",
				"server",
				"listModels",
				"listMcpTools",
			];
			if (!known.includes(operationId)) rows.push([method, path, ADMIN, body]);
		}
		await Promise.all(
			rows.map(([method, path, headers, body]) =>
				drive(banter, 503, method, path, { headers, body }),
			),
		);
		banter.startStore();
		await banter.ready();
	}));

it("shows every documented status", () => contract.assertComplete("contract"));
