import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHistory } from "../src/app/chat/history";

test("a history is read with the reply that is being written", () => {
	const body = JSON.stringify({
		conversationId: "c",
		messages: [
			{ id: "1", role: "user", content: "Hi", createdAt: 1, status: "complete" },
			{ id: "2", role: "assistant", content: "He", createdAt: 2, status: "interrupted" },
		],
		active: "3",
		nextCursor: null,
	});
	assert.deepEqual(parseHistory(body), {
		messages: [
			{ id: "1", role: "user", content: "Hi", status: "complete" },
			{ id: "2", role: "assistant", content: "He", status: "interrupted" },
		],
		active: "3",
	});
});

test("messages that make no sense are left out", () => {
	const messages = [
		null,
		7,
		{},
		{ id: 1, role: "user", content: "Hi" },
		{ id: "1", role: "user" },
		{ id: "1", role: "system", content: "Hi" },
		{ id: "1", role: "user", content: "Hi", status: "from the future" },
	];
	assert.deepEqual(parseHistory(JSON.stringify({ messages, active: 7 })), {
		messages: [{ id: "1", role: "user", content: "Hi", status: "complete" }],
		active: null,
	});
});

for (const body of ["", "<html>", "null", "[]", '{"messages":7}', '{"error":"Not found"}']) {
	test(`this is no history: ${body}`, () => assert.equal(parseHistory(body), null));
}
