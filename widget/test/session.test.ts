import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTIVITY_KEY, openSession, randomId } from "../src/chat/session";
import { fakeStorage } from "./fake-storage";
import "./webcrypto";

const SERVER_TAKES = /^[A-Za-z0-9._:-]{1,128}$/;

test("an id is a version 4 UUID, and no two are the same", () => {
	const ids = Array.from({ length: 1000 }, () => randomId());
	for (const id of ids) {
		assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	}
	assert.equal(new Set(ids).size, ids.length);
});

test("the id stays the same from page to page", () => {
	const storage = fakeStorage();
	const id = openSession(storage).id();
	assert.match(id, SERVER_TAKES);
	assert.equal(openSession(storage).id(), id);
});

test("nothing is stored before the first message", () => {
	const storage = fakeStorage();
	openSession(storage).wasOpen();
	assert.equal(storage.size, 0);
});

for (const wrong of ["", "with space", "a".repeat(129), "<script>"]) {
	test(`a stored id that the server refuses is replaced: "${wrong.slice(0, 20)}"`, () => {
		const session = openSession(fakeStorage({ "banter.session": wrong }));
		assert.match(session.id(), SERVER_TAKES);
	});
}

for (const [what, was, remember] of [
	["the open state", "wasOpen", "rememberOpen"],
	["an unread reply", "wasUnread", "rememberUnread"],
] as const) {
	test(`${what} is remembered`, () => {
		const storage = fakeStorage();
		assert.equal(openSession(storage)[was](), false);
		for (const value of [true, false]) {
			openSession(storage)[remember](value);
			assert.equal(openSession(storage)[was](), value);
		}
	});
}

test("a visitor exists from the first message on", () => {
	const storage = fakeStorage();
	assert.equal(openSession(storage).exists(), false);
	openSession(storage).id();
	assert.equal(openSession(storage).exists(), true);
	assert.equal(openSession(fakeStorage({ "banter.session": "no good" })).exists(), false);
});

test("each announcement changes a key that other tabs watch", () => {
	const storage = fakeStorage();
	const session = openSession(storage);
	session.announce();
	const first = storage.getItem(ACTIVITY_KEY);
	session.announce();
	assert.ok(first);
	assert.notEqual(storage.getItem(ACTIVITY_KEY), first);
});
