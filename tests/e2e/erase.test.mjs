// Erasing a conversation or a visitor: permissions, nothing remains, and running replies.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import {
	ADMIN_KEY,
	PASSWORD,
	TIME_FACTOR,
	until,
	useBanter,
	WIDGET_KEY,
	withBanter,
} from "./harness.mjs";
import { resume, SSE, textUntil } from "./replies.mjs";
import { expectTool, makeExport, parseLines, startTool } from "./tool.mjs";

const LIST = "/v1/admin/conversations";
const VISITORS = "/v1/admin/visitors";
const NOBODY = "0192f000-0000-7000-8000-000000000000";
const KEY = { "x-admin-api-key": ADMIN_KEY };

const del = (banter, path, headers = KEY) => banter.request("DELETE", path, { headers });

async function assertGone(banter, conversationId, sessionId) {
	assertError(await banter.get(`${LIST}/${conversationId}`, KEY), 404, "Conversation not found");
	const { conversations } = await banter.conversations();
	assert.ok(!conversations.some((one) => one.sessionId === sessionId));
}

describe("deleting a conversation", () => {
	const banter = useBanter();

	it("204 without a body; it no longer exists, others stay", async () => {
		const { conversationId } = (await banter.chat("goes", "[[tokens=1]]")).json;
		const stays = (await banter.chat("stays", "[[tokens=1]]")).json;
		const { total } = await banter.conversations();
		const answer = await del(banter, `${LIST}/${conversationId}`);
		assert.equal(answer.status, 204);
		assert.equal(answer.bytes.length, 0);
		await assertGone(banter, conversationId, "goes");
		assert.equal((await banter.conversations()).total, total - 1);
		assert.equal((await banter.messages(stays.conversationId)).length, 2);
	});

	it("404 the second time and for an unknown id", async () => {
		const { conversationId } = (await banter.chat("twice", "[[tokens=1]]")).json;
		assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
		for (const id of [conversationId, NOBODY])
			assertError(await del(banter, `${LIST}/${id}`), 404, "Conversation not found");
	});

	it("400 for an invalid id", async () => {
		for (const id of ["x", "0", `${NOBODY}0`, "..", "a".repeat(4000)])
			assertError(await del(banter, `${LIST}/${id}`), 400, "Invalid conversationId");
	});

	it("a returning visitor starts a new conversation without the old history", async () => {
		const first = (await banter.chat("again", "[[tokens=1]] my name is Ann")).json;
		assert.equal((await del(banter, `${LIST}/${first.conversationId}`)).status, 204);
		const second = (await banter.chat("again", "[[tokens=1]] who am I?")).json;
		assert.notEqual(second.conversationId, first.conversationId);
		assert.deepEqual((await banter.modelSaw()).slice(1), [["user", "[[tokens=1]] who am I?"]]);
		assert.equal((await banter.messages(second.conversationId)).length, 2);
		await assertGone(banter, first.conversationId, "nobody");
	});

	it("it stays deleted when the store is killed", async () => {
		const { conversationId } = (await banter.chat("killed", "[[tokens=1]]")).json;
		assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
		await banter.storaged.kill("SIGKILL");
		await banter.ready();
		await assertGone(banter, conversationId, "killed");
	});

	it("a very long one: invisible at once, and nothing remains whenever the store is killed", async () => {
		const stored = async () => {
			const { stdout } = await expectTool(banter, 0, "status", "--json");
			return JSON.parse(stdout).tables.find(({ name }) => name === "messages").entries;
		};
		const before = await stored();
		const long = makeExport(1, "a reply", 20_000);
		const { status, stderr } = await startTool(banter, ["import", "-"], { input: long }).ended;
		assert.equal(status, 0, stderr);
		const { id, session } = parseLines(long).find(({ kind }) => kind === "conversation");
		assert.equal((await del(banter, `${LIST}/${id}`)).status, 204);
		for (let kills = 0; kills < 3; kills++) {
			await banter.storaged.kill("SIGKILL");
			await banter.ready();
			await assertGone(banter, id, session);
			await expectTool(banter, 0, "verify");
			assert.ok(!(await expectTool(banter, 0, "export")).stdout.includes(id));
		}
		await until("nothing is left", async () => (await stored()) === before);
		await expectTool(banter, 0, "verify");
	});

	it("many at once, each exactly once", async () => {
		const N = 20;
		const ids = await Promise.all(
			Array.from(
				{ length: N },
				async (_, i) => (await banter.chat(`many-${i}`, "[[tokens=2]]")).json.conversationId,
			),
		);
		const { total } = await banter.conversations();
		const answers = await Promise.all([...ids, ...ids].map((id) => del(banter, `${LIST}/${id}`)));
		assert.equal(answers.filter((one) => one.status === 204).length, N);
		assert.equal(answers.filter((one) => one.status === 404).length, N);
		assert.equal((await banter.conversations()).total, total - N);
	});
});

describe("deleting a visitor", () => {
	const banter = useBanter();

	it("200 with the counts; everything is deleted, others stay", async () => {
		let conversationId;
		for (let i = 0; i < 3; i++)
			({ conversationId } = (await banter.chat("a.b_c:d-1", "[[tokens=1]]")).json);
		await banter.chat("a.b_c:d-12", "[[tokens=1]]");
		const answer = await del(banter, `${VISITORS}/a.b_c:d-1`);
		assert.equal(answer.status, 200);
		assert.deepEqual(answer.json, { conversations: 1, messages: 6 });
		assert.equal(answer.headers["cache-control"], "no-store");
		await assertGone(banter, conversationId, "a.b_c:d-1");
		assert.equal((await banter.threadOf("a.b_c:d-12")).messages.length, 2);
		assertError(await del(banter, `${VISITORS}/a.b_c:d-1`), 404, "Visitor not found");
	});

	it("the longest valid session id", async () => {
		const session = "s".repeat(128);
		await banter.chat(session, "[[tokens=1]]");
		assert.equal((await del(banter, `${VISITORS}/${session}`)).status, 200);
	});

	it("400 for an invalid session id", async () => {
		for (const session of ["s".repeat(129), "a,b", "a~b", "a+b", "a=b", "a@b", "a;b"])
			assertError(await del(banter, `${VISITORS}/${session}`), 400, "Invalid sessionId");
	});
});

describe("permission to delete", () => {
	const banter = useBanter();
	const paths = [`${LIST}/${NOBODY}`, `${VISITORS}/visitor`];

	it("requires the admin key", async () => {
		const { conversationId } = (await banter.chat("visitor", "[[tokens=1]]")).json;
		for (const path of [`${LIST}/${conversationId}`, `${VISITORS}/visitor`])
			for (const headers of [
				{},
				{ "x-admin-api-key": "wrong" },
				{ "x-admin-api-key": WIDGET_KEY },
				{ "x-api-key": ADMIN_KEY },
			])
				assertError(await del(banter, path, headers), 401, "Unauthorized");
		assert.equal((await banter.messages(conversationId)).length, 2);
	});

	it("the dashboard's session counts from its own origin only", async () => {
		const { conversationId } = (await banter.chat("session", "[[tokens=1]]")).json;
		const path = `${LIST}/${conversationId}`;
		const login = await banter.request("POST", "/api/login", { body: { password: PASSWORD } });
		const cookie = login.headers["set-cookie"][0].split(";")[0];
		for (const origin of [{}, { origin: "https://evil.example" }, { origin: "null" }])
			assertError(await del(banter, path, { cookie, ...origin }), 403, "Origin not allowed");
		assert.equal((await banter.messages(conversationId)).length, 2);
		assert.equal((await del(banter, path, { cookie, origin: banter.url })).status, 204);
	});

	it("503 without ADMIN_API_KEY", async () => {
		await withBanter({ env: { ADMIN_API_KEY: undefined }, workers: 1 }, async (open) => {
			for (const path of paths) assertError(await del(open, path), 503);
		});
	});

	it("a browser may ask: the preflight allows DELETE", async () => {
		for (const path of paths) {
			const answer = await banter.request("OPTIONS", path, {
				headers: {
					origin: "https://site.example",
					"access-control-request-method": "DELETE",
					"access-control-request-headers": "x-admin-api-key",
				},
			});
			assert.equal(answer.status, 204);
			assert.match(answer.headers["access-control-allow-methods"], /\bDELETE\b/);
			assert.match(answer.headers["access-control-allow-headers"], /\bx-admin-api-key\b/);
			assert.equal(answer.headers["access-control-allow-origin"], "https://site.example");
		}
	});

	it("405 for other methods, with Allow", async () => {
		for (const method of ["POST", "PUT", "PATCH"])
			for (const path of paths) {
				const answer = await banter.request(method, path, { headers: KEY });
				assertError(answer, 405);
				assert.match(answer.headers.allow, /\bDELETE\b/);
			}
	});

	it("503 while the store is down; repeating is harmless and deletes it in the end", async () => {
		await withBanter({ workers: 1 }, async (alone) => {
			const { conversationId } = (await alone.chat("away", "[[tokens=1]]")).json;
			const path = `${LIST}/${conversationId}`;
			await alone.stopStore();
			assertError(await del(alone, path), 503);
			alone.startStore();
			await alone.ready();
			// The first request may have been executed when the store came back.
			assert.ok([204, 404].includes((await del(alone, path)).status));
			await assertGone(alone, conversationId, "away");
		});
	});
});

describe("a reply whose conversation is deleted", () => {
	const banter = useBanter({ workers: 2 });

	it("while streaming: a prompt error event, the model request is cancelled, nothing is stored", async () => {
		const before = await banter.model("stats");
		const stream = await banter.stream("writing", `[[tokens=10000 delay=${20 * TIME_FACTOR}]]`);
		const { conversationId, messageId } = await stream.next();
		await stream.tokens(3);
		assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
		const last = (await stream.rest()).at(-1);
		assert.deepEqual(last, {
			type: "error",
			error: "This conversation was deleted",
			code: "conversation_deleted",
		});
		await until(
			"the model's request is cancelled",
			async () =>
				(await banter.model("stats")).client_disconnects === before.client_disconnects + 1,
		);
		await assertGone(banter, conversationId, "writing");
		const said = (ev) => (line) => line.turn === messageId && line.ev === ev;
		const ended = await banter.log.waitFor("the turn ended", said("turn_failed"));
		assert.equal(ended.why, "erased");
		assert.ok(!banter.log.lines.some(said("turn_not_saved")));
	});

	for (const [kind, headers] of [
		["NDJSON", {}],
		["SSE", SSE],
	])
		it(`while the model is silent: at once, for listeners of any worker (${kind})`, async () => {
			const session = `silent-${kind}`;
			const message = `[[tokens=3 hold-after=2]] silent ${kind}`;
			const stream = await banter.stream(session, message, { headers });
			const { conversationId, messageId } = await stream.next();
			const others = await Promise.all(
				Array.from({ length: 6 }, () => resume(banter, messageId, session, { headers })),
			);
			const all = [stream, ...others];
			assert.equal(new Set(await banter.workersOf(all.map(({ socket }) => socket))).size, 2);
			for (const one of all) await textUntil(one, "t0 t1".length);
			assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
			for (const one of all) assert.equal((await one.rest()).at(-1).code, "conversation_deleted");
		});

	it("also by deleting its visitor, whose next message starts a new conversation", async () => {
		const stream = await banter.stream("erased", `[[tokens=10000 delay=${20 * TIME_FACTOR}]]`);
		const { conversationId } = await stream.next();
		await stream.tokens(3);
		const answer = await del(banter, `${VISITORS}/erased`);
		assert.deepEqual(answer.json, { conversations: 1, messages: 1 });
		const next = (await banter.chat("erased", "[[tokens=1]]")).json;
		assert.notEqual(next.conversationId, conversationId);
		assert.equal((await stream.rest()).at(-1).code, "conversation_deleted");
		assert.equal((await banter.messages(next.conversationId)).length, 2);
	});

	it("before the stream has started: 410", async () => {
		const message = "[[tokens=3 hold-after=0]] not yet";
		const reply = banter.chat("early", message);
		await until("the model was asked", async () => (await banter.modelCalls("not yet")) === 1);
		assert.equal((await del(banter, `${VISITORS}/early`)).status, 200);
		assertError(await reply, 410, "This conversation was deleted", "conversation_deleted");
		assert.equal(await banter.modelCalls("not yet"), 1, "the model is not asked again");
	});

	it("without listeners: it ends as well", async () => {
		const stream = await banter.stream("left", `[[tokens=10000 delay=${20 * TIME_FACTOR}]]`);
		const { conversationId, messageId } = await stream.next();
		await stream.tokens(3);
		stream.leave();
		assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
		await banter.log.waitFor(
			"the turn ended",
			(line) => line.ev === "turn_failed" && line.why === "erased" && line.turn === messageId,
		);
		await assertGone(banter, conversationId, "left");
	});

	it("whose worker is killed: nothing reappears", async () => {
		const stream = await banter.stream("orphan", `[[tokens=10000 delay=${20 * TIME_FACTOR}]]`);
		const { conversationId } = await stream.next();
		await stream.tokens(3);
		const [worker] = await banter.workersOf([stream.socket]);
		assert.equal((await del(banter, `${LIST}/${conversationId}`)).status, 204);
		await banter.killWorkers([worker]);
		await stream.rest().catch(() => {});
		await banter.ready();
		await assertGone(banter, conversationId, "orphan");
		assert.ok(!banter.log.lines.some((line) => line.ev === "turn_unreadable"));
	});
});
