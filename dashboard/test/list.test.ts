import assert from "node:assert/strict";
import { test } from "node:test";
import { extend, refresh } from "../src/list";
import type { ConversationPage } from "../src/model";

/** Conversations by their times of activity, which are also their ids unless these are given. */
function page(times: readonly number[], nextCursor: string | null, ids: readonly number[] = times) {
	const conversations = times.map((updatedAt, i) => ({
		id: `${ids[i]}`,
		sessionId: "s",
		createdAt: 0,
		updatedAt,
		lastMessage: "",
	}));
	return { conversations, total: 6, nextCursor };
}
const idsOf = ({ conversations }: ConversationPage) => conversations.map(({ id }) => id).join("");

const long = extend(page([6, 5], "after 5"), page([4, 3], "after 3"));

test("older pages follow the first one, without the conversations that moved up meanwhile", () => {
	assert.equal(idsOf(long), "6543");
	assert.equal(long.nextCursor, "after 3");
	assert.equal(idsOf(extend(long, page([3, 2], null))), "65432");
});

test("a refresh keeps the older ones, and moves those that have changed", () => {
	const moved = refresh(long, page([7, 6], "after 6", [3, 6]));
	assert.equal(idsOf(moved), "3654");
	assert.equal(moved.nextCursor, "after 3");
});

test("a refresh removes a conversation that was deleted from the first page", () => {
	assert.equal(idsOf(refresh(long, page([6, 4], "after 4"))), "643");
});

test("a refresh begins again when it cannot know what lies behind the first page", () => {
	for (const fresh of [
		page([9, 8], "after 8"),
		page([6, 5], null),
		{ ...page([6, 5], "after 5"), total: 3 },
	])
		assert.equal(refresh(long, fresh), fresh);
	assert.equal(refresh(null, long), long);
});
