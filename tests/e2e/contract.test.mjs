// The OpenAPI document is kept to: every path is driven to every status that the document has for
// it, each real answer is checked against it, and in the end nothing may be left that never came.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rawExchange, request } from "./client.mjs";
import { Contract, SHORT_TIMEOUTS } from "./contract.mjs";
import { describeAccounts } from "./contract-accounts.mjs";
import { describeResources } from "./contract-resources.mjs";
import { describeWidget, WIDGET_REQUESTS } from "./contract-widget.mjs";
import { document, operations, resolve, routes } from "./document.mjs";
import { ADMIN_KEY, PASSWORD, ROOT, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const contract = new Contract();

const KEY = { "x-api-key": WIDGET_KEY };
const ADMIN = { "x-admin-api-key": ADMIN_KEY };
const FOREIGN = { origin: "https://evil.example" };
const STREAMS = ["/v1/chat/stream", "/chat"];
const CHATS = ["/v1/chat", ...STREAMS];
const HISTORY = "/v1/chat/history";
const SSE = { ...KEY, accept: "text/event-stream" };
const LIST = "/v1/admin/conversations";
const NOBODY = "0192f000-0000-7000-8000-000000000000";
const ASSETS = ["/widget/chat-widget.js", "/api/widget/embed.js"];
const PAGES = ["/", `/conversations/${NOBODY}`];
const DEMOS = ["/widget-test.html", "/headless-test.html"];

/** Sends a request to this banter, checks the answer's status, or that it is one of these, and all of it
 * by the document. */
async function drive(banter, status, method, path, options) {
	const answer = await request(banter.url, method, path, options);
	const what = `${answer.status} to ${method} ${path}, not ${status}: ${answer.text}`;
	assert.ok([status].flat().includes(answer.status), what);
	return contract.check(method, path, answer);
}

/** What makes a request unreadable: the end of its first line, and its fields. */
const UNREADABLE = [
	[400, "HTTP/1.1\r\nno colon\r\n"],
	[413, "HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"],
	[431, `HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n`],
	[501, "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"],
	[505, "HTTP/2.0\r\nHost: x\r\n"],
];

async function driveUnread(banter, status, method, path, head) {
	const answer = await rawExchange(banter.port, `${method} ${path} ${head}\r\n`);
	assert.equal(answer.status, status, `${method} ${path}: ${answer.body}`);
	contract.check(method, path, { ...answer, bytes: answer.body }, { unread: true });
}

const chat = (banter, status, path, message, headers = KEY, sessionId = "contract") =>
	drive(banter, status, "POST", path, { headers, body: { sessionId, message } });

async function signIn(banter) {
	const answer = await drive(banter, 200, "POST", "/api/login", { body: { password: PASSWORD } });
	return { cookie: answer.headers["set-cookie"][0].split(";")[0] };
}

/** The body that the document shows for an operation; undefined where it takes none. */
function exampleBody(method, path) {
	const { requestBody } = document().paths[path][method.toLowerCase()];
	return resolve(requestBody)?.content["application/json"].example;
}

/** One path for each operation that can be called, and a body for it. */
function examples() {
	const files = {
		"/assets/{file}": "/assets/none.js",
		"/demo/{file}": "/demo/none.js",
	};
	return operations().map(({ method, path, operationId }) => ({
		method,
		operationId,
		body: exampleBody(method, path),
		isForSites: path.startsWith("/api/widget/{widgetId}/"), // those that the widget names
		path:
			files[path] ??
			path.replace("{sessionId}", "nobody-of-this-name").replace(/\{\w+Id\}/, NOBODY),
	}));
}

describe("the document", () => {
	it("has the routes of routes.def, and no others", () => {
		assert.deepEqual(
			operations()
				.map(({ method, shape }) => `${method} ${shape}`)
				.sort(),
			routes()
				.map(({ method, path }) => `${method} ${path}`)
				.sort(),
		);
		const rows = readFileSync(join(ROOT, "workerd/api/routes.def"), "utf8").match(/^ROUTE\(/gm);
		assert.equal(routes().length, rows.length, "every row was read");
	});
});

describe("every operation", () => {
	const banter = useBanter({ env: { CORS_ORIGIN: "https://site.example" } });

	it("serves the document itself", async () => {
		const { json } = await drive(banter, 200, "GET", "/v1/openapi.json");
		assert.deepEqual({ ...json, servers: [] }, { ...document(), servers: [] });
	});

	for (const { method, path, isForSites } of examples()) {
		if (!isForSites)
			it(`${method} ${path}: 403 to a foreign site, whatever key it has`, async () => {
				await drive(banter, 403, method, path, { headers: { ...FOREIGN, ...KEY, ...ADMIN } });
			});

		it(`${method} ${path}: a request that cannot be read`, async () => {
			for (const [status, head] of UNREADABLE)
				await driveUnread(banter, status, method, path, head);
		});
	}

	for (const { method, path } of examples().filter((one) => one.method === "GET"))
		it(`HEAD ${path} has what GET has, but the body`, async () => {
			const get = await request(banter.url, method, path);
			await drive(banter, get.status, "HEAD", path);
		});
});

describe("chat", () => {
	const banter = useBanter();

	for (const path of CHATS) {
		it(`${path}: a reply`, async () => {
			await chat(banter, 200, path, "[[tokens=3]]");
			await chat(banter, 200, path, "[[unicode]]");
			await chat(banter, 200, path, "[[tokens=2]]", { "x-widget-api-key": WIDGET_KEY });
		});

		it(`${path}: 400 for a body that is none`, async () => {
			for (const body of ["", "no JSON", "[]", "{}", '{"sessionId":"a b","message":"x"}'])
				await drive(banter, 400, "POST", path, { headers: KEY, body });
		});

		it(`${path}: 401 without the key`, async () => {
			await chat(banter, 401, path, "x", {});
			await chat(banter, 401, path, "x", { "x-api-key": "wrong" });
		});

		it(`${path}: 409 for another message of the same id`, async () => {
			const headers = { ...KEY, "idempotency-key": path.replaceAll("/", ".") };
			await chat(banter, 200, path, "[[tokens=1]] one", headers);
			await chat(banter, 200, path, "[[tokens=1]] one", headers);
			await chat(banter, 409, path, "[[tokens=1]] other", headers);
		});

		it(`${path}: 413 for a body over its limit`, async () => {
			const headers = { ...KEY, "content-length": "65537" };
			await drive(banter, 413, "POST", path, { headers });
		});

		it(`${path}: 502 and 503 when the model fails`, async () => {
			await chat(banter, 502, path, "[[fail=401]]");
			await chat(banter, 503, path, "[[fail=429 retry-after=30]]");
		});
	}

	for (const path of STREAMS)
		it(`${path}: an error within the stream`, async () => {
			const { text } = await chat(banter, 200, path, "[[tokens=3 error-after=2]]");
			assert.equal(JSON.parse(text.trim().split("\n").at(-1)).type, "error");
		});

	for (const path of STREAMS)
		it(`${path}: server-sent events`, async () => {
			await chat(banter, 200, path, "[[unicode]]", SSE);
			await chat(banter, 200, path, "[[tokens=3 error-after=2]]", SSE);
		});

	it("504 when the model says nothing", async () => {
		await withBanter({ env: SHORT_TIMEOUTS, workers: 1 }, async (own) => {
			for (const path of CHATS) await chat(own, 504, path, "[[fail=hang]]");
		});
	});

	it("429 over the rate limit", async () => {
		const env = { RATE_LIMIT_MAX_REQUESTS: "1", RATE_LIMIT_WINDOW_MS: "86400000" };
		await withBanter({ env, workers: 1 }, async (strict) => {
			await chat(strict, 200, "/v1/chat", "[[tokens=1]]");
			for (const path of CHATS) await chat(strict, 429, path, "x");
			for (let i = 0; i < 10; i++) await drive(strict, 401, "GET", HISTORY);
			for (const { method, path } of readers()) await drive(strict, 429, method, path);
		});
	});

	for (const path of CHATS)
		it(`${path}: 410 when the conversation is deleted before the reply begins`, async () => {
			await withBanter({ workers: 1 }, async (own) => {
				const message = "[[fail=hang]]";
				const reply = chat(own, 410, path, message, KEY, "deleted");
				await until("the model was asked", async () => (await own.modelCalls(message)) === 1);
				await drive(own, 200, "DELETE", "/v1/admin/visitors/deleted", { headers: ADMIN });
				await reply;
			});
		});
});

/** The operations about a reply or a session that is there already. */
function readers() {
	const wanted = ["chatResume", "chatStop", "chatHistory"];
	return examples().filter(({ operationId }) => wanted.includes(operationId));
}

describe("a reply, after it was asked for", () => {
	const banter = useBanter();
	const resumePath = (id, session) => `/v1/chat/stream/${id}?sessionId=${session}`;
	const stopPath = (id) => `/v1/chat/${id}/stop`;
	const stop = (status, id, body) =>
		drive(banter, status, "POST", stopPath(id), { headers: KEY, body });

	/** A reply that goes on until it is stopped; all its listeners in the end. */
	async function running(sessionId) {
		const message = "[[tokens=2 hang-after=2]]";
		const stream = await banter.stream(sessionId, message);
		const { messageId } = await stream.next();
		await stream.tokens(2);
		return messageId;
	}

	it("is resumed: complete, interrupted, stopped; in both forms", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[unicode]]", KEY, "resume");
		const broken = await chat(banter, 200, "/chat", "[[tokens=3 error-after=2]]", KEY, "resume");
		const { messageId } = JSON.parse(broken.text.split("\n")[0]);
		const id = await running("resume");
		const first = drive(banter, 200, "GET", resumePath(id, "resume"), { headers: KEY });
		const listeners = [
			first,
			drive(banter, 200, "GET", resumePath(id, "resume"), { headers: SSE }),
		];
		await stop(200, id, { sessionId: "resume" });
		await Promise.all(listeners);
		for (const message of [json.messageId, messageId, id])
			for (const headers of [KEY, SSE]) {
				const path = resumePath(message, "resume");
				await drive(banter, 200, "GET", `${path}&after=3`, { headers });
				await drive(banter, 200, "HEAD", path, { headers });
			}
	});

	it("is stopped, and so is its whole; how it ended is told", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[tokens=1]]", KEY, "stop");
		const done = await stop(200, json.messageId, { sessionId: "stop" });
		assert.deepEqual(done.json, { status: "complete" });
		const id = await running("stop");
		await stop(200, id, { sessionId: "stop" });
		const message = "[[tokens=1 hang-after=1 no-usage]]";
		const whole = chat(banter, 200, "/v1/chat", message, KEY, "stop");
		const active = await until("it is written", async () => {
			const { json } = await drive(banter, 200, "GET", `${HISTORY}?sessionId=stop`, {
				headers: KEY,
			});
			return json.active;
		});
		await stop(200, active, { sessionId: "stop" });
		assert.equal((await whole).json.status, "stopped");
		assert.equal((await whole).json.usage, null);
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

	it("400, 401, 404 and 413", async () => {
		await drive(banter, 400, "GET", resumePath("no-id", "s"), { headers: KEY });
		await drive(banter, 400, "GET", `${resumePath(NOBODY, "s")}&after=x`, { headers: KEY });
		await drive(banter, 404, "GET", resumePath(NOBODY, "s"), { headers: KEY });
		await stop(400, "no-id", { sessionId: "s" });
		await stop(400, NOBODY, {});
		await stop(404, NOBODY, { sessionId: "s" });
		await drive(banter, 413, "POST", stopPath(NOBODY), {
			headers: { ...KEY, "content-length": "4097" },
		});
		for (const { method, path } of readers()) await drive(banter, 401, method, path);
	});
});

describe("the admin API", () => {
	const banter = useBanter();

	it("lists conversations, in pages too", async () => {
		for (let i = 0; i < 3; i++)
			await chat(banter, 200, "/v1/chat", "[[unicode]]", KEY, `list-${i}`);
		await drive(banter, 200, "GET", LIST, { headers: ADMIN });
		const { json } = await drive(banter, 200, "GET", `${LIST}?limit=2`, { headers: ADMIN });
		assert.equal(typeof json.nextCursor, "string");
		const next = `${LIST}?limit=2&cursor=${json.nextCursor}`;
		await drive(banter, 200, "GET", next, { headers: ADMIN });
		for (const wrong of ["limit=0", "limit=201", "limit=x", "cursor=x", "status=x"])
			await drive(banter, 400, "GET", `${LIST}?${wrong}`, { headers: ADMIN });
	});

	it("reads a thread, whole and in pages", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[tokens=2]]", KEY, "thread");
		await chat(banter, 502, "/v1/chat", "[[fail=401]]", KEY, "thread");
		const path = `${LIST}/${json.conversationId}`;
		const whole = await drive(banter, 200, "GET", path, { headers: ADMIN });
		assert.equal(whole.json.messages.length, 4);
		await drive(banter, 200, "GET", `${path}?limit=2`, { headers: ADMIN });
		await drive(banter, 400, "GET", `${path}?limit=0`, { headers: ADMIN });
		await drive(banter, 400, "GET", `${LIST}/no-id`, { headers: ADMIN });
		await drive(banter, 404, "GET", `${LIST}/${NOBODY}`, { headers: ADMIN });
	});

	it("deletes a conversation", async () => {
		const { json } = await chat(banter, 200, "/v1/chat", "[[tokens=1]]", KEY, "gone");
		const path = `${LIST}/${json.conversationId}`;
		await drive(banter, 204, "DELETE", path, { headers: ADMIN });
		await drive(banter, 404, "DELETE", path, { headers: ADMIN });
		await drive(banter, 400, "DELETE", `${LIST}/no-id`, { headers: ADMIN });
	});

	it("deletes a visitor", async () => {
		await chat(banter, 200, "/v1/chat", "[[tokens=1]]", KEY, "visitor");
		const path = "/v1/admin/visitors/visitor";
		await drive(banter, 200, "DELETE", path, { headers: ADMIN });
		await drive(banter, 404, "DELETE", path, { headers: ADMIN });
		await drive(banter, 400, "DELETE", "/v1/admin/visitors/a*b", { headers: ADMIN });
	});

	it("401 with a wrong key or session", async () => {
		for (const { method, path } of examples().filter((one) => one.path.startsWith("/v1/admin/")))
			for (const headers of [{}, { "x-admin-api-key": "wrong" }, { cookie: "banter_session=no" }])
				await drive(banter, 401, method, path, {
					headers: { ...headers, host: "x", origin: "http://x" },
				});
	});
});

describeResources(drive);
describeAccounts(drive);

describeWidget(contract, drive);

describe("signing in and out", () => {
	const banter = useBanter({ workers: 1 });

	it("signs in and out", async () => {
		const session = await signIn(banter);
		await drive(banter, 200, "GET", LIST, { headers: session });
		await drive(banter, 200, "POST", "/api/logout", { headers: session });
		await drive(banter, 200, "POST", "/api/logout");
		for (const path of ["/api/login", "/api/logout"])
			await drive(banter, 413, "POST", path, { headers: { "content-length": "4097" } });
	});

	it("400 and 401 for what is no password or the wrong one, and 429 in the end", async () => {
		const attempt = (status, body) => drive(banter, status, "POST", "/api/login", { body });
		await attempt(400, "{}");
		await attempt(401, { password: "wrong" });
		await until(
			"429",
			async () => (await attempt([401, 429], { password: "wrong" })).status === 429,
		);
	});

	it("503 where no password is set", async () => {
		await withBanter({ env: { DASHBOARD_PASSWORD: undefined }, workers: 1 }, async (own) => {
			await drive(own, 503, "POST", "/api/login", { body: { password: PASSWORD } });
		});
	});
});

describe("service and pages", () => {
	const banter = useBanter({ workers: 1 });

	it("health, readiness and metrics", async () => {
		for (const path of ["/health", "/health/ready", "/metrics"])
			await drive(banter, 200, "GET", path);
		await drive(banter, 200, "GET", "/metrics", {
			headers: { host: "x", authorization: `Bearer ${ADMIN_KEY}` },
		});
		await drive(banter, 401, "GET", "/metrics", { headers: { via: "1.1 proxy" } });
	});

	it("the widget's script and other files, and 304 for who has them", async () => {
		const files = [...ASSETS, "/assets/favicon.svg"];
		const { text } = await drive(banter, 200, "GET", "/login");
		files.push(...[...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path));
		const demo = await drive(banter, 200, "GET", "/widget-test.html");
		files.push(/"(\/demo\/[^"]+)"/.exec(demo.text)[1]);
		for (const path of files)
			for (const encoding of ["identity", "br", "gzip"]) {
				const headers = { "accept-encoding": encoding };
				const { headers: got } = await drive(banter, 200, "GET", path, { headers });
				await drive(banter, 304, "GET", path, {
					headers: { ...headers, "if-none-match": got.etag },
				});
			}
	});

	it("the dashboard's pages, and the way to /login and back", async () => {
		const session = await signIn(banter);
		for (const path of PAGES) {
			await drive(banter, 200, "GET", path, { headers: session });
			await drive(banter, 303, "GET", path);
		}
		await drive(banter, 200, "GET", "/login");
		await drive(banter, 303, "GET", "/login", { headers: session });
		for (const path of DEMOS) await drive(banter, 200, "GET", path);
	});

	it("404 for files that are not there or were never built", async () => {
		await drive(banter, 404, "GET", "/assets/none.js");
		await drive(banter, 404, "GET", "/demo/none.js");
		await withBanter({ env: { ASSET_DIR: join(ROOT, "tests") }, workers: 1 }, async (bare) => {
			const session = await signIn(bare);
			for (const path of [...ASSETS, ...PAGES, ...DEMOS])
				await drive(bare, 404, "GET", path, { headers: session });
			await drive(bare, 404, "GET", "/login");
		});
	});

	it("503 without an admin key to compare with", async () => {
		await withBanter({ env: { ADMIN_API_KEY: undefined }, workers: 1 }, async (own) => {
			for (const { method, path } of examples().filter((one) => one.path.startsWith("/v1/admin/")))
				await drive(own, 503, method, path);
			await drive(own, 503, "GET", "/metrics", { headers: { via: "1.1 proxy" } });
		});
	});
});

describe("while the store is down", () => {
	it("503 from all that needs it", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const session = { ...(await signIn(banter)), host: "x", origin: "http://x" };
			await banter.stopStore();
			const away = (method, path, options) => drive(banter, 503, method, path, options);
			await Promise.all([
				away("GET", "/health/ready"),
				...CHATS.map((path) => chat(banter, 503, path, "x")),
				away("GET", `/v1/chat/stream/${NOBODY}?sessionId=s`, { headers: KEY }),
				away("GET", `${HISTORY}?sessionId=s`, { headers: KEY }),
				...WIDGET_REQUESTS.map(([path, headers]) => away("GET", path, { headers })),
				away("POST", `/v1/chat/${NOBODY}/stop`, { headers: KEY, body: { sessionId: "s" } }),
				...[...PAGES, "/login"].map((path) => away("GET", path, { headers: session })),
				away("POST", "/api/logout", { headers: session }),
				away("POST", "/api/login", { body: { password: PASSWORD } }),
				...examples()
					.filter((one) => one.path.startsWith("/v1/admin/"))
					.flatMap(({ method, path, body, operationId }) =>
						// A key has no password: that needs no store to know.
						(operationId === "changeMyPassword" ? [session] : [ADMIN, session]).map((headers) =>
							away(method, path, { headers, body }),
						),
					),
			]);
			banter.startStore();
			await banter.ready();
		});
	});
});

describe("in the end", () => {
	it("every documented status of every operation has been seen", () => {
		assert.deepEqual(contract.missing(), []);
	});
});
