// Resuming a reply from any position, by any client of its session, in both stream formats.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError, RawConnection, rawExchange, textOf } from "./client.mjs";
import { ADMIN_KEY, TIME_FACTOR, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import {
	history,
	KEY,
	NOBODY,
	resume,
	resumePath,
	SSE,
	stop,
	storedMessages,
	textAfter,
	textUntil,
} from "./replies.mjs";

/** Characters of one to four bytes; those of four are two UTF-16 units. */
const TEXT = "aß€🌱 e\u0301 👩‍👩‍👧 zwölf";

const ADMIN = { "x-admin-api-key": ADMIN_KEY };

/** A complete reply with this text. */
async function spoken(banter, session, text = TEXT) {
	const { json } = await banter.chat(session, `[[echo]] ${text}`);
	assert.equal(json.message, text);
	return json;
}

/** Rounds a position inside a character or behind the end. */
function roundedDown(text, position) {
	const at = Math.min(position, text.length);
	const low = text.charCodeAt(at) >= 0xdc00 && text.charCodeAt(at) <= 0xdfff;
	return low ? at - 1 : at;
}

/** A persistent connection to another worker than this one. */
async function elsewhere(banter, worker) {
	for (;;) {
		const raw = await RawConnection.connect(banter.port);
		await ask(raw, "GET", "/health");
		await raw.response();
		if ((await banter.workersOf([raw.socket]))[0] !== worker) return raw;
		raw.close();
	}
}

function ask(raw, method, path, headers = {}) {
	const lines = Object.entries({ host: "x", ...headers }).map(
		([name, value]) => `${name}: ${value}\r\n`,
	);
	return raw.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

describe("a reply that has ended", () => {
	const banter = useBanter();

	it("is repeated: start, its text, done", async () => {
		const { conversationId, messageId } = await spoken(banter, "again");
		const stream = await resume(banter, messageId, "again");
		assert.equal(stream.status, 200);
		assert.equal(stream.headers["content-type"], "application/x-ndjson; charset=utf-8");
		assert.equal(stream.headers["cache-control"], "no-store, no-transform");
		assert.equal(stream.headers["x-accel-buffering"], "no");
		assert.deepEqual(await stream.rest(), [
			{ type: "start", conversationId, messageId, position: 0 },
			{ type: "token", token: TEXT },
			{ type: "done", message: TEXT, conversationId, messageId },
		]);
	});

	for (const [form, headers] of [
		["NDJSON", {}],
		["server-sent events", SSE],
	])
		it(`is resumed from every position, also inside a character and behind the end, as ${form}`, async () => {
			const session = `positions-${form.length}`;
			const { messageId } = await spoken(banter, session);
			for (let after = 0; after <= TEXT.length + 3; after++) {
				const stream = await resume(banter, messageId, session, { after, headers });
				const events = await stream.rest();
				const position = roundedDown(TEXT, after);
				assert.equal(events[0].position, position);
				assert.equal(textOf(events), TEXT.slice(position));
				assert.equal(textAfter(events, TEXT.slice(0, after)), TEXT);
				assert.equal(events.at(-1).type, "done");
				assert.equal(events.at(-1).message, TEXT);
			}
			assert.equal(await banter.modelCalls(TEXT), form === "NDJSON" ? 2 : 3);
		});

	it("from far behind the end is only done", async () => {
		const { messageId } = await spoken(banter, "far");
		for (const after of ["999999999", "000000100"]) {
			const events = await (await resume(banter, messageId, "far", { after })).rest();
			assert.deepEqual(
				events.map(({ type }) => type),
				["start", "done"],
			);
			assert.equal(events[0].position, TEXT.length);
		}
	});

	it("if interrupted: start, its text, error", async () => {
		const first = await (await banter.stream("broke", "[[tokens=4 error-after=3]]")).rest();
		const [{ messageId }] = first;
		const events = await (await resume(banter, messageId, "broke", { after: 3 })).rest();
		assert.equal(events[0].position, 3);
		assert.equal(textAfter(events, "t0 "), "t0 t1 t2");
		assert.equal(events.at(-1).type, "error");
		assert.equal(events.at(-1).code, "interrupted");
		assert.equal(typeof events.at(-1).error, "string");
	});

	it("if interrupted before its start: start, error", async () => {
		await banter.chat("empty", "[[fail=400]]");
		const { messages } = (await history(banter, "empty")).json;
		const events = await (await resume(banter, messages[1].id, "empty")).rest();
		assert.deepEqual(
			events.map(({ type }) => type),
			["start", "error"],
		);
	});

	it("HEAD has what GET has, but the body", async () => {
		const { messageId } = await spoken(banter, "head");
		const path = resumePath(messageId, "head");
		const head = await banter.request("HEAD", path, { headers: KEY });
		assert.equal(head.status, 200);
		assert.equal(head.headers["content-type"], "application/x-ndjson; charset=utf-8");
		assert.equal(head.text, "");
	});
});

describe("server-sent events", () => {
	const banter = useBanter({ env: { EVENT_STREAM_SILENCE_MS: "200" } });

	it("are the same objects, each with the length of the text so far as its id", async () => {
		for (const path of ["/v1/chat/stream", "/chat"]) {
			const session = `sse${path.replaceAll("/", ".")}`;
			const stream = await banter.stream(session, "[[unicode tokens=20]]", { path, headers: SSE });
			assert.equal(stream.headers["content-type"], "text/event-stream; charset=utf-8");
			assert.equal(stream.headers["cache-control"], "no-store, no-transform");
			assert.equal(stream.headers["x-accel-buffering"], "no");
			const events = await stream.rest();
			assert.deepEqual(Object.keys(events[0]), ["type", "conversationId", "messageId"]);
			assert.equal(events.at(-1).type, "done");
			let text = "";
			for (const [i, event] of events.entries()) {
				if (event.type === "token") text += event.token;
				assert.equal(stream.ids[i], String(text.length));
			}
			assert.match(text, /[\u{10000}-\u{10ffff}]/u);
			assert.match(stream.sse.retry, /^\d+$/);
		}
	});

	it("include errors", async () => {
		const stream = await banter.stream("sse-error", "[[tokens=3 error-after=2]]", { headers: SSE });
		const events = await stream.rest();
		assert.equal(events.at(-1).type, "error");
		assert.equal(stream.ids.at(-1), "6");
	});

	it("are not used for a refusal before the reply has started, which is JSON", async () => {
		const answer = await banter.chat("sse-refused", "[[fail=400]]", {
			path: "/v1/chat/stream",
			headers: SSE,
		});
		assertError(answer, 502);
	});

	it("continue at Last-Event-ID, whatever the URL says", async () => {
		const { messageId } = await spoken(banter, "last-id");
		for (const [last, after] of [
			["3", undefined],
			["3", "0"],
			["0", "5"],
			["4", "x"],
			[String(TEXT.length), "0"],
		]) {
			const headers = { ...SSE, "last-event-id": last };
			const stream = await resume(banter, messageId, "last-id", { after, headers });
			const events = await stream.rest();
			const position = roundedDown(TEXT, Number(last));
			assert.equal(events[0].position, position);
			assert.equal(stream.ids[0], String(position));
			assert.equal(textOf(events), TEXT.slice(position));
			assert.equal(stream.ids.at(-1), String(TEXT.length));
		}
	});

	it("contain comments while the model is silent, then events", async () => {
		const message = "[[tokens=2 hold-after=1]] comments";
		const stream = await banter.stream("thinks", message, { headers: SSE });
		await stream.tokens(1);
		await until("two comments", () => stream.sse.comments >= 2);
		await banter.release("comments");
		const events = await stream.rest();
		assert.equal(events.at(-1).message, "t0 t1");
	});

	it("contain comments also when a silent reply is resumed", async () => {
		const first = await banter.stream("silent", "[[tokens=1 hang-after=1]]");
		const { messageId } = await first.next();
		const stream = await resume(banter, messageId, "silent", { headers: SSE });
		await until("a comment", () => stream.sse.comments >= 1);
		stream.leave();
		await stop(banter, messageId, "silent");
	});

	it("have comments, NDJSON has none", async () => {
		const message = "[[tokens=2 delay=1000]]";
		const events = await (await banter.stream("lines", message)).rest();
		assert.deepEqual(
			events.map(({ type }) => type),
			["start", "token", "token", "done"],
		);
	});

	for (const [accept, type] of [
		["*/*", "application/x-ndjson"],
		["application/json", "application/x-ndjson"],
		["text/event-stream;q=0", "application/x-ndjson"],
		["application/x-ndjson, text/event-stream", "application/x-ndjson"],
		["text/event-stream, */*;q=0.1", "text/event-stream"],
		["application/x-ndjson;q=0.5, Text/Event-Stream", "text/event-stream"],
	])
		it(`Accept: ${accept} gets ${type}`, async () => {
			const stream = await banter.stream("accept", "[[tokens=1]]", { headers: { accept } });
			assert.equal(stream.headers["content-type"], `${type}; charset=utf-8`);
			assert.equal((await stream.rest()).at(-1).message, "t0");
			const [{ id }] = (await history(banter, "accept")).json.messages.slice(-1);
			const again = await resume(banter, id, "accept", { headers: { accept } });
			assert.equal(again.headers["content-type"], `${type}; charset=utf-8`);
			again.leave();
		});
});

describe("a running reply", () => {
	const banter = useBanter();

	it("sends the existing text at once and then each token, from every worker", async () => {
		const message = "[[unicode tokens=40 delay=20 hold-after=39]] live";
		const stream = await banter.stream("live", message);
		const { messageId } = await stream.next();
		const [first] = await stream.tokens(1);
		const streams = await Promise.all(
			Array.from({ length: 12 }, (_, i) =>
				resume(banter, messageId, "live", { after: i, headers: i % 2 === 0 ? SSE : {} }),
			),
		);
		const workers = await banter.workersOf(streams.map((one) => one.socket));
		assert.equal(new Set(workers).size, 2, "both workers serve it");
		await banter.release("live");
		const text = first + textOf(await stream.rest());
		for (const [i, one] of streams.entries()) {
			const events = await one.rest();
			assert.equal(textAfter(events, text.slice(0, i)).trim(), text.trim());
			assert.equal(events.at(-1).message, text.trim());
		}
		assert.equal(await banter.modelCalls(message), 1);
		assert.equal((await storedMessages(banter, "live")).length, 2);
	});

	it("takes a position ahead of the text as its end, and omits nothing", async () => {
		const stream = await banter.stream("ahead", "[[tokens=20 delay=30]]");
		const { messageId } = await stream.next();
		const got = (await stream.tokens(2)).join("");
		const events = await (await resume(banter, messageId, "ahead", { after: 100_000 })).rest();
		assert.ok(events[0].position >= got.length);
		const text = got + textOf(await stream.rest());
		assert.equal(textAfter(events, text).trim(), text.trim());
	});

	it("sends a start before the model has started, then the text", async () => {
		const message = `[[tokens=3 first-delay=${1500 * TIME_FACTOR}]] patience`;
		const whole = banter.chat("patience", message);
		const messageId = await until("it is written", async () => {
			const { json } = await history(banter, "patience");
			return json.active;
		});
		const streams = await Promise.all(
			Array.from({ length: 6 }, () => resume(banter, messageId, "patience")),
		);
		for (const stream of streams) {
			const events = await stream.rest();
			assert.equal(events[0].position, 0);
			assert.equal(textAfter(events).trim(), "t0 t1 t2");
			assert.equal(events.at(-1).message, "t0 t1 t2");
		}
		assert.equal((await whole).json.messageId, messageId);
		assert.equal(await banter.modelCalls(message), 1);
	});

	it("continues when one or all listeners leave", async () => {
		const stream = await banter.stream("leave", "[[tokens=20 delay=20]]");
		const { messageId } = await stream.next();
		const others = await Promise.all(
			Array.from({ length: 6 }, () => resume(banter, messageId, "leave")),
		);
		for (const one of [stream, ...others]) {
			await textUntil(one, 3);
			one.leave();
		}
		await until("it is whole", async () => (await history(banter, "leave")).json.active === null);
		assert.equal((await storedMessages(banter, "leave")).at(-1)[2], "complete");
	});

	it("answers HEAD at once and continues", async () => {
		const stream = await banter.stream("head-live", "[[tokens=2 hang-after=2]]");
		const { messageId } = await stream.next();
		const path = resumePath(messageId, "head-live");
		for (let i = 0; i < 4; i++) {
			const head = await banter.request("HEAD", path, { headers: { ...KEY, ...SSE } });
			assert.equal(head.status, 200);
			assert.equal(head.headers["content-type"], "text/event-stream; charset=utf-8");
		}
		// Its connection is reusable.
		const raw = await RawConnection.connect(banter.port);
		await raw.write(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n\r\n`);
		assert.equal((await raw.response({ noBody: true })).status, 200);
		await raw.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
		assert.equal((await raw.response()).json.status, "ok");
		raw.close();
		assert.equal((await history(banter, "head-live")).json.active, messageId);
		assert.equal((await stop(banter, messageId, "head-live")).json.status, "stopped");
		assert.equal((await stream.rest()).at(-1).status, "stopped");
	});

	it("is sent to an HTTP/1.0 client until the connection closes", async () => {
		const { messageId } = await spoken(banter, "old");
		const answer = await rawExchange(
			banter.port,
			`GET ${resumePath(messageId, "old")} HTTP/1.0\r\nx-api-key: ${WIDGET_KEY}\r\n\r\n`,
		);
		assert.equal(answer.headers["transfer-encoding"], undefined);
		const events = answer.body.toString().trim().split("\n").map(JSON.parse);
		assert.equal(textAfter(events), TEXT);
	});
});

describe("a very long reply", () => {
	const banter = useBanter();
	const TOKENS = 500_000;

	it("is sent completely after its end, and to a slow reader", async () => {
		const message = `[[tokens=5 huge=${TOKENS / 5}]] long`;
		const { messageId } = (await banter.chat("long", message)).json;
		const stream = await resume(banter, messageId, "long");
		assert.equal(textOf(await stream.rest()).length, TOKENS);
		const slow = await resume(banter, messageId, "long", { after: 1000 });
		slow.response.pause();
		await banter.get("/health");
		slow.response.resume();
		assert.equal(textOf(await slow.rest()).length, TOKENS - 1000);
	});

	it("while running: the replay is buffered before new tokens", async () => {
		const message = `[[tokens=${TOKENS / 1000} huge=1000 delay=2]] growing`;
		const first = await banter.stream("growing", message);
		const { messageId } = await first.next();
		await textUntil(first, TOKENS / 2);
		const late = await resume(banter, messageId, "growing");
		late.response.pause();
		const rest = textOf(await first.rest());
		assert.ok(rest.length > 0);
		late.response.resume();
		const events = await late.rest();
		assert.equal(events.at(-1).type, "done");
		assert.equal(textOf(events).length, TOKENS);
		assert.equal(await banter.modelCalls(message), 1);
	});
});

describe("requests that may not resume", () => {
	const banter = useBanter();

	it("404: another session, an unknown id, the id of a visitor's message", async () => {
		const { messageId } = await spoken(banter, "mine");
		const [{ id }] = (await history(banter, "mine")).json.messages;
		for (const [message, session] of [
			[messageId, "yours"],
			[messageId, "MINE"],
			[NOBODY, "mine"],
			[id, "mine"],
			[NOBODY, "nobody-at-all"],
		])
			assertError(await resume(banter, message, session), 404, "Message not found", "not_found");
		const head = await banter.request("HEAD", resumePath(NOBODY, "mine"), { headers: KEY });
		assert.equal(head.status, 404);
	});

	it("404 also for a running reply", async () => {
		const stream = await banter.stream("private", "[[tokens=1 hang-after=1]]");
		const { messageId } = await stream.next();
		for (let i = 0; i < 6; i++) assertError(await resume(banter, messageId, "spy"), 404);
		await stop(banter, messageId, "private");
	});

	it("404 after its conversation was deleted; listeners of other workers get an error", async () => {
		const stream = await banter.stream("erased", "[[tokens=1 hang-after=1]]");
		const { messageId } = await stream.next();
		const listeners = await Promise.all(
			Array.from({ length: 8 }, () => resume(banter, messageId, "erased")),
		);
		for (const one of listeners) await textUntil(one, 3);
		const sockets = [stream, ...listeners].map((one) => one.socket);
		const [writer, ...workers] = await banter.workersOf(sockets);
		const elsewhere = listeners.filter((_, i) => workers[i] !== writer);
		assert.ok(elsewhere.length > 0, "somebody listens elsewhere");
		const { status } = await banter.request("DELETE", "/v1/admin/visitors/erased", {
			headers: { "x-admin-api-key": ADMIN_KEY },
		});
		assert.equal(status, 200);
		for (const one of elsewhere) {
			const last = (await one.rest()).at(-1);
			assert.equal(last.type, "error");
			assert.equal(last.code, "conversation_deleted");
		}
		assertError(await resume(banter, messageId, "erased"), 404);
	});

	it("404 also if it was deleted before the listener received anything", async () => {
		await withBanter({ workers: 2 }, async (own) => {
			const stream = await own.stream("unheard", "[[tokens=1 hang-after=1]]");
			const { messageId } = await stream.next();
			await stream.tokens(1);
			const [writer] = await own.workersOf([stream.socket]);
			const [listener, other] = [await elsewhere(own, writer), await elsewhere(own, writer)];
			// It publishes no text.
			process.kill(writer, "SIGSTOP");
			try {
				await ask(listener, "GET", resumePath(messageId, "unheard", { after: 1 }), KEY);
				await until("the reply is followed", async () => {
					await ask(other, "GET", "/metrics", ADMIN);
					const { body } = await other.response();
					return /^banter_turns_followed.* 1$/m.test(body.toString());
				});
				await ask(other, "DELETE", "/v1/admin/visitors/unheard", ADMIN);
				assert.equal((await other.response()).status, 200);
				assertError(await listener.response(), 404, "Message not found", "not_found");
			} finally {
				process.kill(writer, "SIGCONT");
			}
			for (const raw of [listener, other]) raw.close();
		});
	});

	for (const query of [
		"",
		"sessionId=",
		"sessionId=a%20b",
		"sessionId=a&sessionId=b",
		"sessionId=a&after=",
		"sessionId=a&after=-1",
		"sessionId=a&after=1.5",
		"sessionId=a&after=x",
		"sessionId=a&after=1000000000",
		"sessionId=a&after=1&after=1",
	])
		it(`400: ?${query}`, async () => {
			const answer = await banter.get(`/v1/chat/stream/${NOBODY}?${query}`, KEY);
			assertError(answer, 400, "Invalid query parameters", "invalid_request");
			assert.equal(typeof answer.json.details, "string");
		});

	for (const last of ["x", "-1", "1.0", "1000000000", ""])
		it(`400: Last-Event-ID: ${last || "(empty)"}`, async () => {
			const path = `/v1/chat/stream/${NOBODY}?sessionId=a`;
			assertError(await banter.get(path, { ...KEY, "last-event-id": last }), 400);
		});

	it("400 for an invalid id, 404 for an unknown path", async () => {
		const get = (id) => banter.get(`/v1/chat/stream/${id}?sessionId=a`, KEY);
		assertError(await get("no-id"), 400, "Invalid messageId");
		assertError(await get(`${NOBODY}0`), 400, "Invalid messageId");
		assertError(await get(NOBODY.replaceAll("-", "%2D")), 404, "Message not found");
		assertError(await get("a%2Fb"), 404, "Not found");
		assertError(await get("a%00"), 404, "Not found");
		assertError(await get(""), 404, "Not found");
	});

	it("401 without the key, 405 by POST", async () => {
		const path = resumePath(NOBODY, "a");
		assertError(await banter.get(path), 401);
		const post = await banter.request("POST", path, { headers: KEY, body: {} });
		assertError(post, 405);
		assert.equal(post.headers.allow, "GET, HEAD, OPTIONS");
	});

	it("a session's id may be percent-encoded", async () => {
		const { messageId } = await spoken(banter, "a:b");
		for (const id of ["a:b", "a%3Ab", "%61%3a%62"]) {
			const stream = await banter.get(`/v1/chat/stream/${messageId}?sessionId=${id}`, KEY);
			assert.equal(stream.status, 200);
		}
	});
});

describe("failures during a resume", () => {
	it("of the reply's worker: its listeners in other workers get an interruption", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const stream = await banter.stream("torn", "[[tokens=3 hang-after=3]]");
			const { messageId } = await stream.next();
			await stream.tokens(3);
			const [writer] = await banter.workersOf([stream.socket]);
			const listeners = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, messageId, "torn")),
			);
			const workers = await banter.workersOf(listeners.map((one) => one.socket));
			for (const one of listeners) await textUntil(one, 9);
			await banter.killWorkers([writer]);
			let heardIt = 0;
			for (const [i, one] of listeners.entries()) {
				if (workers[i] === writer) continue;
				const last = (await one.rest()).at(-1);
				assert.equal(last.type, "error");
				assert.equal(last.code, "interrupted");
				heardIt++;
			}
			assert.ok(heardIt > 0, "somebody listened elsewhere");
			await banter.ready();
			const again = await (await resume(banter, messageId, "torn")).rest();
			assert.equal(again.at(-1).code, "interrupted");
			assert.ok("t0 t1 t2".startsWith(textAfter(again).trim()));
		});
	});

	it("of the store: listeners continue after its return, new ones get 503", async () => {
		await withBanter({ workers: 2 }, async (banter) => {
			const message = "[[tokens=100 delay=20 hold-after=99]] through";
			const stream = await banter.stream("through", message);
			const { messageId } = await stream.next();
			const listeners = await Promise.all(
				Array.from({ length: 6 }, () => resume(banter, messageId, "through")),
			);
			for (const one of listeners) await textUntil(one, 3);
			await banter.stopStore();
			banter.startStore();
			await banter.ready();
			await banter.release("through");
			for (const one of [stream, ...listeners]) {
				const events = await one.rest();
				assert.equal(events.at(-1).type, "done");
				assert.equal(events.at(-1).message.split(" ").length, 100);
			}
			assert.equal(await banter.modelCalls(message), 1);
			await banter.stopStore();
			assertError(await resume(banter, messageId, "through"), 503, undefined, "store_unavailable");
			banter.startStore();
			await banter.ready();
		});
	});
});
