// Erasing a conversation or a visitor: permissions, nothing remains, and running replies.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, PASSWORD, TIME_FACTOR, until, useBanter } from "./harness.mjs";
import {
	begin,
	listen,
	NOBODY,
	resume,
	SSE,
	storedMessages,
	textUntil,
	workersOf,
} from "./replies.mjs";

const LIST = "/v1/admin/conversations";
const VISITORS = "/v1/admin/visitors";
const KEY = { "x-admin-api-key": ADMIN_KEY };

const del = (banter, path, headers = KEY) => banter.request("DELETE", path, { headers });

async function eraseConversation(banter, id) {
	const answer = await del(banter, `${LIST}/${id}`);
	assert.equal(answer.status, 204, answer.text);
	assert.equal(answer.bytes.length, 0);
}

async function assertGone(banter, conversationId, sessionId) {
	assertError(await banter.get(`${LIST}/${conversationId}`, KEY), 404, "Conversation not found");
	const { conversations } = await banter.conversations();
	assert.ok(!conversations.some((one) => one.sessionId === sessionId));
}

describe("deleting a conversation", () => {
	const banter = useBanter();
	const chat = async (session) => (await banter.chat(session, "[[tokens=1]]")).json;

	it("204: it no longer exists, others stay; 404 the second time and for an unknown id", async () => {
		const { conversationId } = await chat("goes");
		await chat("stays");
		const { total } = await banter.conversations();
		await eraseConversation(banter, conversationId);
		await assertGone(banter, conversationId, "goes");
		assert.equal((await banter.conversations()).total, total - 1);
		assert.equal((await storedMessages(banter, "stays")).length, 2);
		for (const id of [conversationId, NOBODY])
			assertError(await del(banter, `${LIST}/${id}`), 404, "Conversation not found");
	});
});

describe("deleting a visitor", () => {
	const banter = useBanter();

	it("200 with the counts; everything is deleted, others stay", async () => {
		let answer;
		for (let i = 0; i < 3; i++) answer = await banter.chat("a.b_c:d-1", "[[tokens=1]]");
		await banter.chat("a.b_c:d-12", "[[tokens=1]]");
		const deleted = await del(banter, `${VISITORS}/a.b_c:d-1`);
		assert.equal(deleted.status, 200);
		assert.deepEqual(deleted.json, { conversations: 1, messages: 6 });
		assert.equal(deleted.headers["cache-control"], "no-store");
		await assertGone(banter, answer.json.conversationId, "a.b_c:d-1");
		assert.equal((await storedMessages(banter, "a.b_c:d-12")).length, 2);
		assertError(await del(banter, `${VISITORS}/a.b_c:d-1`), 404, "Visitor not found");
	});
});

describe("permission to delete", () => {
	const banter = useBanter();

	it("the dashboard's session counts from its own origin only", async () => {
		const { conversationId } = (await banter.chat("session", "[[tokens=1]]")).json;
		const path = `${LIST}/${conversationId}`;
		const login = await banter.request("POST", "/api/login", { body: { password: PASSWORD } });
		const cookie = login.headers["set-cookie"][0].split(";")[0];
		for (const origin of [{}, { origin: "https://evil.example" }, { origin: "null" }])
			assertError(await del(banter, path, { cookie, ...origin }), 403, "Origin not allowed");
		assert.equal((await storedMessages(banter, "session")).length, 2);
		assert.equal((await del(banter, path, { cookie, origin: banter.url })).status, 204);
	});
});

describe("a reply whose conversation is deleted", () => {
	const banter = useBanter({ workers: 2 });
	const ERASED = {
		type: "error",
		error: "This conversation was deleted",
		code: "conversation_deleted",
	};

	/** Begins a reply that would continue for long. */
	const beginLong = (session) =>
		begin(banter, session, `[[tokens=10000 delay=${20 * TIME_FACTOR}]]`, 3);

	function endOf(messageId) {
		const isEnd = ({ ev, turn }) => ev === "turn_failed" && turn === messageId;
		return banter.log.waitFor("the turn ended", isEnd);
	}

	it("while streaming: a prompt error event, the model request is cancelled, nothing is stored", async () => {
		const { client_disconnects } = await banter.model("stats");
		const { stream, conversationId, messageId } = await beginLong("writing");
		await eraseConversation(banter, conversationId);
		assert.deepEqual((await stream.rest()).at(-1), ERASED);
		await until("the model's request is cancelled", async () => {
			const now = await banter.model("stats");
			return now.client_disconnects === client_disconnects + 1;
		});
		await assertGone(banter, conversationId, "writing");
		assert.equal((await endOf(messageId)).why, "erased");
		const unsaved = ({ ev, turn }) => ev === "turn_not_saved" && turn === messageId;
		assert.ok(!banter.log.lines.some(unsaved));
	});

	for (const [format, headers] of [
		["NDJSON", {}],
		["SSE", SSE],
	])
		it(`while the model is silent: at once, for listeners of any worker (${format})`, async () => {
			const message = `[[tokens=3 hold-after=2]] silent ${format}`;
			const reply = await begin(banter, `silent-${format}`, message, 2, { headers });
			const listeners = await listen(banter, reply, 6, { headers });
			for (const one of listeners) await textUntil(one, "t0 t1".length);
			await eraseConversation(banter, reply.conversationId);
			for (const one of [reply.stream, ...listeners])
				assert.equal((await one.rest()).at(-1).code, "conversation_deleted");
			assertError(await resume(banter, reply.messageId, reply.session), 404, "Message not found");
		});

	it("also by deleting its visitor, whose next message starts a new conversation", async () => {
		const { stream, conversationId } = await beginLong("erased");
		const answer = await del(banter, `${VISITORS}/erased`);
		assert.deepEqual(answer.json, { conversations: 1, messages: 1 });
		const next = (await banter.chat("erased", "[[tokens=1]]")).json;
		assert.notEqual(next.conversationId, conversationId);
		assert.equal((await stream.rest()).at(-1).code, "conversation_deleted");
		assert.deepEqual((await banter.modelSaw()).slice(1), [["user", "[[tokens=1]]"]]);
		assert.equal((await banter.messages(next.conversationId)).length, 2);
	});

	it("whose worker is killed: nothing reappears", async () => {
		const { stream, conversationId } = await beginLong("orphan");
		const workers = await workersOf(banter, [stream]);
		await eraseConversation(banter, conversationId);
		await banter.killWorkers(workers);
		await stream.rest().catch(() => {});
		await banter.ready();
		await assertGone(banter, conversationId, "orphan");
		assert.ok(!banter.log.lines.some((line) => line.ev === "turn_unreadable"));
	});
});
