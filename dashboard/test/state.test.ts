import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/errors";
import type { ConversationPage, Thread } from "../src/model";
import { initialState, reduce } from "../src/state";

const page: ConversationPage = { conversations: [], total: 7, nextCursor: null };
const offline = new ApiError("network", 0, "down");

function thread(id: string): Thread {
	const conversation = { id, sessionId: "s", createdAt: 1, updatedAt: 1, lastMessage: "" };
	return { conversation, messages: [] };
}

test("a failed refresh keeps what was loaded, and a good one clears the error", () => {
	const loaded = reduce(initialState, { type: "list_loaded", page });
	const failed = reduce(loaded, { type: "list_failed", error: offline });
	assert.deepEqual(failed.list, { data: page, error: offline });
	assert.equal(reduce(failed, { type: "list_loaded", page }).list.error, null);
});

test("opening another conversation forgets the one before", () => {
	let state = reduce(initialState, { type: "thread_opened", id: "a" });
	state = reduce(state, { type: "thread_loaded", id: "a", thread: thread("a") });
	assert.equal(reduce(state, { type: "thread_opened", id: "a" }), state);
	state = reduce(state, { type: "thread_opened", id: "b" });
	assert.deepEqual(state.thread, { data: null, error: null });
});

test("a late answer about another conversation changes nothing", () => {
	const state = reduce(initialState, { type: "thread_opened", id: "b" });
	assert.equal(reduce(state, { type: "thread_loaded", id: "a", thread: thread("a") }), state);
	assert.equal(reduce(state, { type: "thread_failed", id: "a", error: offline }), state);
});

test("signing out leaves nothing for the next one to see", () => {
	let state = reduce(initialState, { type: "list_loaded", page });
	state = reduce(state, { type: "thread_opened", id: "a" });
	assert.deepEqual(reduce(state, { type: "signed_out" }), initialState);
});
