// Erasing a conversation during a reply. conversations.test.mjs and accounts.test.mjs have the statuses,
// tests/unit/storaged/visitors/erase.scenario that nothing remains, of visitors too.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, TIME_FACTOR, useBanter } from "./harness.mjs";
import { begin, listen, modelIsLeft, resume, SSE, textUntil } from "./replies.mjs";

const LIST = "/v1/admin/conversations";
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
});
