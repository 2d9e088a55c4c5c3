// Erasing a conversation or a visitor during a reply, and by the dashboard. conversations.test.mjs and
// accounts.test.mjs have the statuses, tests/unit/storaged/visitors/erase.scenario that nothing remains.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, PASSWORD, TIME_FACTOR, useBanter } from "./harness.mjs";
import {
	begin,
	listen,
	modelIsLeft,
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

	it("while streaming: a prompt error event, the model request is cancelled, nothing is stored", async () => {
		const { stream, conversationId, messageId } = await beginLong("writing");
		await modelIsLeft(banter, () => eraseConversation(banter, conversationId));
		assert.deepEqual((await stream.rest()).at(-1), ERASED);
		await assertGone(banter, conversationId, "writing");
		const isOf =
			(event) =>
			({ ev, turn }) =>
				ev === event && turn === messageId;
		const { why } = await banter.log.waitFor("the turn ended", isOf("turn_failed"));
		assert.equal(why, "erased");
		assert.ok(!banter.log.lines.some(isOf("turn_not_saved")));
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
