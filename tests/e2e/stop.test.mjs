// A reply is stopped from any connection: its text is kept, the model request is cancelled, and
// listeners receive the end.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, until, useBanter, withBanter } from "./harness.mjs";
import {
	history,
	KEY,
	NOBODY,
	resume,
	stop,
	storedMessages,
	textAfter,
	textUntil,
} from "./replies.mjs";
import { ScriptedModel } from "./scripted-model.mjs";

const active = async (banter) => (await banter.model("stats")).active;

/** A reply that hangs after n tokens. */
async function hanging(banter, session, n = 3) {
	const stream = await banter.stream(session, `[[tokens=${n} hang-after=${n}]] ${session}`);
	const start = await stream.next();
	const tokens = await stream.tokens(n);
	return { stream, ...start, text: tokens.join("") };
}

describe("stopping a running reply", () => {
	const banter = useBanter();

	it("keeps the text, sends done to the listener, cancels the model request", async () => {
		const { stream, messageId, conversationId, text } = await hanging(banter, "one");
		assert.equal(await active(banter), 1);
		const answer = await stop(banter, messageId, "one");
		assert.equal(answer.status, 200);
		assert.deepEqual(answer.json, { status: "stopped" });
		assert.match(answer.headers["cache-control"], /no-store/);
		assert.deepEqual(await stream.rest(), [
			{ type: "done", message: text.trim(), conversationId, messageId, status: "stopped" },
		]);
		await until("the model is asked no more", async () => (await active(banter)) === 0);
		assert.deepEqual((await storedMessages(banter, "one")).at(-1), [
			"assistant",
			text.trim(),
			"stopped",
		]);
		assert.deepEqual((await banter.messages(conversationId)).at(-1), [
			"assistant",
			text.trim(),
			"stopped",
		]);
		assert.equal((await history(banter, "one")).json.active, null);
	});

	it("works from any worker; all listeners of all workers receive it", async () => {
		for (let round = 0; round < 4; round++) {
			const session = `round-${round}`;
			const { stream, messageId, text } = await hanging(banter, session);
			const others = await Promise.all(
				Array.from({ length: 6 }, () => resume(banter, messageId, session)),
			);
			const all = [stream, ...others].map((one) => one.socket);
			assert.equal(new Set(await banter.workersOf(all)).size, 2, "both workers serve it");
			for (const other of others) await other.tokens(1);
			assert.equal((await stop(banter, messageId, session)).json.status, "stopped");
			for (const one of [stream, ...others]) {
				const last = (await one.rest()).at(-1);
				assert.equal(last.type, "done");
				assert.equal(last.status, "stopped");
				assert.equal(last.message, text.trim());
			}
		}
		await until("the model is asked no more", async () => (await active(banter)) === 0);
	});

	it("by many at once returns the same to all", async () => {
		const { messageId } = await hanging(banter, "many");
		const answers = await Promise.all(
			Array.from({ length: 10 }, () => stop(banter, messageId, "many")),
		);
		for (const { json } of [...answers, await stop(banter, messageId, "many")])
			assert.deepEqual(json, { status: "stopped" });
	});

	it("works without listeners", async () => {
		const { stream, messageId } = await hanging(banter, "left");
		stream.leave();
		assert.equal((await stop(banter, messageId, "left")).json.status, "stopped");
		assert.deepEqual((await storedMessages(banter, "left")).at(-1), [
			"assistant",
			"t0 t1 t2",
			"stopped",
		]);
	});

	it("returns the partial text and status to a request without streaming", async () => {
		const message = "[[tokens=3 hang-after=3]] whole";
		const whole = banter.chat("whole", message);
		const messageId = await until("it is written", async () => {
			const { json } = await history(banter, "whole");
			return json.active;
		});
		const listener = await resume(banter, messageId, "whole");
		assert.equal(await textUntil(listener, 9), "t0 t1 t2 ");
		await stop(banter, messageId, "whole");
		const answer = await whole;
		assert.equal(answer.status, 200);
		assert.equal(answer.json.message, "t0 t1 t2");
		assert.equal(answer.json.status, "stopped");
		assert.equal(answer.json.messageId, messageId);
	});

	it("before the model has started gives an empty reply, with and without streaming", async () => {
		for (const path of ["/v1/chat/stream", "/v1/chat"]) {
			const session = `early${path.replaceAll("/", ".")}`;
			const message = `[[fail=hang]] ${path}`;
			const answer =
				path === "/v1/chat" ? banter.chat(session, message) : banter.stream(session, message);
			const messageId = await until("it is written", async () => {
				const { json } = await history(banter, session);
				return json.active;
			});
			assert.equal((await stop(banter, messageId, session)).json.status, "stopped");
			const got = await answer;
			assert.equal(got.status, 200);
			if (path === "/v1/chat") {
				assert.equal(got.json.message, "");
				assert.equal(got.json.status, "stopped");
			} else {
				const { conversationId } = (await history(banter, session)).json;
				assert.deepEqual(await got.rest(), [
					{ type: "start", conversationId, messageId },
					{ type: "done", message: "", conversationId, messageId, status: "stopped" },
				]);
			}
			assert.deepEqual((await storedMessages(banter, session)).at(-1), [
				"assistant",
				"",
				"stopped",
			]);
			await until("the model is asked no more", async () => (await active(banter)) === 0);
		}
	});

	it("lets the conversation continue", async () => {
		const { messageId } = await hanging(banter, "on");
		await stop(banter, messageId, "on");
		assert.equal((await banter.chat("on", "[[tokens=1]] and now")).status, 200);
		assert.deepEqual((await banter.modelSaw()).slice(1), [
			["user", "[[tokens=3 hang-after=3]] on"],
			["assistant", "t0 t1 t2"],
			["user", "[[tokens=1]] and now"],
		]);
	});
});

describe("a reply that has ended", () => {
	const banter = useBanter();

	it("keeps its final status", async () => {
		const { json } = await banter.chat("ended", "[[tokens=2]]");
		for (let i = 0; i < 4; i++)
			assert.deepEqual((await stop(banter, json.messageId, "ended")).json, {
				status: "complete",
			});
		assert.deepEqual((await storedMessages(banter, "ended")).at(-1), [
			"assistant",
			"t0 t1",
			"complete",
		]);
	});

	it("also if it was interrupted", async () => {
		const events = await (await banter.stream("broke", "[[tokens=3 error-after=2]]")).rest();
		assert.equal(events.at(-1).type, "error");
		const [{ messageId }] = events;
		assert.deepEqual((await stop(banter, messageId, "broke")).json, { status: "interrupted" });
	});
});

describe("a restarted reply", () => {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
	const half = 'data: {"choices":[{"delta":{"content":"half an answer"}}]}\n\n';

	it("that is stopped before its first token keeps the text that the visitor has read", async () => {
		const model = new ScriptedModel(({ total }) =>
			total === 1 ? [head + half, "close"] : [head, "keep"],
		);
		await model.start();
		try {
			await withBanter({ workers: 2, env: { OPENAI_BASE_URL: model.url } }, async (banter) => {
				const options = { headers: { "idempotency-key": "one" } };
				const broken = await (await banter.stream("s", "hello", options)).rest();
				assert.equal(broken.at(-1).code, "model_failed", JSON.stringify(broken.at(-1)));
				const stream = await banter.stream("s", "hello", options);
				const { messageId } = await stream.next();
				const listener = await resume(banter, messageId, "s", { after: 4 });
				assert.deepEqual((await stop(banter, messageId, "s")).json, { status: "stopped" });
				for (const one of [stream, listener]) {
					const events = await one.rest();
					const { type, status, message } = events.at(-1);
					assert.deepEqual([type, status, message], ["done", "stopped", "half an answer"]);
				}
				assert.deepEqual(await storedMessages(banter, "s"), [
					["user", "hello", "complete"],
					["assistant", "half an answer", "stopped"],
				]);
			});
		} finally {
			model.stop();
		}
	});
});

describe("invalid stops", () => {
	const banter = useBanter();

	it("404: a reply of another session, an unknown reply, an unknown session", async () => {
		const { messageId } = await hanging(banter, "mine");
		assertError(await stop(banter, messageId, "yours"), 404, "Message not found", "not_found");
		assertError(await stop(banter, NOBODY, "mine"), 404, "Message not found");
		const { json } = await history(banter, "mine");
		assertError(await stop(banter, json.messages[0].id, "mine"), 404, "Message not found");
		assert.equal((await history(banter, "mine")).json.active, messageId, "it goes on");
		await stop(banter, messageId, "mine");
	});

	it("404: a reply that is deleted concurrently", async () => {
		await withBanter({ workers: 1 }, async (own) => {
			for (let round = 0; round < 5; round++) {
				const session = `deleted-${round}`;
				const { messageId, conversationId } = await hanging(own, session);
				process.kill(own.storaged.pid, "SIGSTOP");
				const stopped = stop(own, messageId, session);
				const deleted = own.request("DELETE", `/v1/admin/conversations/${conversationId}`, {
					headers: { "x-admin-api-key": ADMIN_KEY },
				});
				await own.get("/health");
				process.kill(own.storaged.pid, "SIGCONT");
				assertError(await stopped, 404, "Message not found");
				assert.equal((await deleted).status, 204);
			}
			await until("the model is asked no more", async () => (await active(own)) === 0);
		});
	});

	it("400: an invalid id or body", async () => {
		const post = (id, body) =>
			banter.request("POST", `/v1/chat/${id}/stop`, { headers: KEY, body });
		assertError(await post("no-id", { sessionId: "s" }), 400, "Invalid messageId");
		for (const body of [undefined, "", "x", "[]", "{}", { sessionId: "" }, { sessionId: "a b" }])
			assertError(await post(NOBODY, body), 400, "Invalid request payload");
		assertError(await post(NOBODY, `{"sessionId":"s","sessionId":"s"}`), 400);
	});

	it("401 without the key, 405 by GET, 413 for a long body", async () => {
		const path = `/v1/chat/${NOBODY}/stop`;
		assertError(await banter.request("POST", path, { body: { sessionId: "s" } }), 401);
		const wrong = await banter.get(path, KEY);
		assertError(wrong, 405);
		assert.equal(wrong.headers.allow, "POST, OPTIONS");
		assertError(await banter.request("POST", path, { headers: KEY, body: "x".repeat(4097) }), 413);
	});

	it("503 while the store is away", async () => {
		await withBanter({ workers: 1 }, async (own) => {
			await own.stopStore();
			const answer = await stop(own, NOBODY, "s");
			assertError(answer, 503);
			assert.match(answer.headers["retry-after"], /^\d+$/);
			own.startStore();
			await own.ready();
		});
	});
});

describe("stopping and resuming", () => {
	const banter = useBanter();

	it("a later resume returns the text and the status stopped", async () => {
		const { messageId, text } = await hanging(banter, "later");
		await stop(banter, messageId, "later");
		const events = await (await resume(banter, messageId, "later", { after: 3 })).rest();
		assert.equal(textAfter(events, text), text.trim());
		assert.equal(events.at(-1).status, "stopped");
	});
});
