// The history that a page loads after a reload.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { useBanter } from "./harness.mjs";
import {
	assertStored,
	begin,
	history,
	KEY,
	stop,
	storedMessages,
	wholeHistory,
	withId,
} from "./replies.mjs";

const banter = useBanter();

describe("the history", () => {
	it("is empty for a session without messages", async () => {
		const { status, headers, json } = await history(banter, "nobody");
		assert.equal(status, 200);
		assert.match(headers["cache-control"], /no-store/);
		const empty = { conversationId: null, messages: [], active: null, nextCursor: null };
		assert.deepEqual(json, empty);
	});

	it("contains messages and replies, oldest first", async () => {
		const before = Date.now();
		const first = (await banter.chat("talk", "[[tokens=2]] one")).json;
		const second = (await banter.chat("talk", '[[text="🌱\\n\\"x\\""]] two')).json;
		const { json } = await history(banter, "talk");
		assert.equal(json.conversationId, first.conversationId);
		assert.deepEqual([json.active, json.nextCursor], [null, null]);
		const escaped = ['[[text="🌱\\n\\"x\\""]] two', '🌱\n"x"'];
		await assertStored(banter, "talk", ["[[tokens=2]] one", "t0 t1"], escaped);
		assert.equal(json.messages[1].id, first.messageId);
		assert.equal(json.messages[3].id, second.messageId);
		for (const { createdAt } of json.messages)
			assert.ok(createdAt >= before - 1000 && createdAt <= Date.now() + 1000);
		const { messages } = await banter.thread(first.conversationId);
		const shown = json.messages.map(({ id, createdAt }) => [id, createdAt]);
		assert.deepEqual(
			shown,
			messages.map(({ _id, createdAt }) => [_id, createdAt]),
		);
	});

	it("does not contain a restarted reply before it ends", async () => {
		const message = "[[fail=400 fail-times=1 tokens=2 hang-after=2]] restarted";
		assertError(await banter.chat("restarted", message, withId("r")), 502);
		const [, reply] = await storedMessages(banter, "restarted");
		assert.deepEqual(reply, ["assistant", "", "interrupted"]);
		const { messageId } = await begin(banter, "restarted", message, 2, withId("r"));
		const { json } = await history(banter, "restarted");
		assert.equal(json.active, messageId);
		assert.equal(json.messages.length, 1);
		await stop(banter, messageId, "restarted");
		assert.equal((await history(banter, "restarted")).json.messages.length, 2);
	});

	for (const query of [
		...["", "sessionId", "sessionId=", "sessionId=a+b", "sessionId=a%20b", "sessionId=a%2Fb"],
		...["sessionId=a%00", "sessionId=a%", "sessionId=a%ff", `sessionId=${"a".repeat(129)}`],
		...["sessionId=a&sessionId=a", "sessionid=a", "limit=5", "sessionId=a&limit=0"],
		...["sessionId=a&limit=201", "sessionId=a&limit=", "sessionId=a&limit=-1"],
		...["sessionId=a&limit=1&limit=1", "sessionId=a&cursor=", "sessionId=a&cursor=x"],
	])
		it(`400: ?${query.slice(0, 40)}`, async () => {
			const answer = await banter.get(`/v1/chat/history?${query}`, KEY);
			assertError(answer, 400, "Invalid query parameters", "invalid_request");
			assert.equal(typeof answer.json.details, "string");
		});
});

describe("a long history", () => {
	const N = 60; // messages and replies, each

	it("is paged from the newest, each page oldest first", async () => {
		for (let i = 0; i < N; i++) await banter.chat("long", `[[text="a${i}"]] q${i}`);
		const expected = Array.from({ length: N }, (_, i) => [
			`[[text="a${i}"]] q${i}`,
			`a${i}`,
		]).flat();
		const first = (await history(banter, "long")).json.messages;
		assert.deepEqual(
			first.map(({ content }) => content),
			expected.slice(-100),
		);
		for (const parameters of [{}, { limit: 1 }, { limit: 7 }, { limit: 200 }]) {
			const all = await wholeHistory(banter, "long", parameters);
			assert.deepEqual(
				all.map(({ content }) => content),
				expected,
			);
		}
	});

	it("fits a text in which every character is escaped", async () => {
		for (let i = 0; i < 10; i++) await banter.chat("escaped", `[[echo]] ${"\u0001".repeat(1000)}`);
		const { json } = await history(banter, "escaped");
		assert.equal(json.messages.length, 20);
		assert.equal(json.messages.at(-1).content.length, 1000);
	});
});
