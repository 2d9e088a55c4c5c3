import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrafts, DRAFTS_MAX } from "../src/thread/drafts";

function fakeStore() {
	const values = new Map<string, string>();
	return {
		get length() {
			return values.size;
		},
		key: (i: number) => [...values.keys()][i] ?? null,
		getItem: (key: string) => values.get(key) ?? null,
		setItem: (key: string, value: string) => void values.set(key, value),
		removeItem: (key: string) => void values.delete(key),
	};
}

test("each conversation and kind has a draft of its own, also for the next page", () => {
	const store = fakeStore();
	const drafts = createDrafts(store, "jane");
	drafts.write("a", "reply", "Hello");
	drafts.write("a", "note", "Careful");
	drafts.write("b", "reply", "Bye");
	for (const reader of [drafts, createDrafts(store, "jane")]) {
		assert.equal(reader.read("a", "reply"), "Hello");
		assert.equal(reader.read("a", "note"), "Careful");
		assert.equal(reader.read("b", "reply"), "Bye");
		assert.equal(reader.read("c", "reply"), "");
	}
});

test("another user of the device does not see them, and the first one finds them again", () => {
	const store = fakeStore();
	createDrafts(store, "jane").write("a", "reply", "Hello");
	const other = createDrafts(store, "john", () => 2 ** 45);
	assert.equal(other.read("a", "reply"), "");
	for (let i = 0; i <= DRAFTS_MAX; i++) other.write(`c${i}`, "reply", "x");
	assert.equal(createDrafts(store, "jane").read("a", "reply"), "Hello");
});

test("an empty text removes the draft", () => {
	const store = fakeStore();
	const drafts = createDrafts(store, "jane");
	drafts.write("a", "reply", "Hello");
	drafts.write("a", "reply", "");
	assert.equal(store.length, 0);
	assert.equal(drafts.read("a", "reply"), "");
});

test("the oldest drafts are dropped when there are too many", () => {
	const store = fakeStore();
	let now = 0;
	const drafts = createDrafts(store, "jane", () => ++now);
	for (let i = 0; i <= DRAFTS_MAX; i++) drafts.write(`c${i}`, "reply", "x");
	const later = createDrafts(store, "jane");
	assert.equal(later.read("c0", "reply"), "");
	assert.equal(later.read("c1", "reply"), "x");
});

test("a storage that is full or damaged loses nothing of this page", () => {
	const store = fakeStore();
	store.setItem("banter:draft:jane:reply:a", "not JSON");
	const full = {
		...store,
		setItem() {
			throw new Error("full");
		},
	};
	const drafts = createDrafts(full, "jane");
	assert.equal(drafts.read("a", "reply"), "");
	drafts.write("a", "reply", "Hello");
	assert.equal(drafts.read("a", "reply"), "Hello");
});
