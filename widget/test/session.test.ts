import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession, randomId } from "../src/app/chat/session";
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

test("the open state and the number of unread replies are remembered, for each widget", () => {
	const storage = fakeStorage();
	assert.equal(openSession(storage).wasOpen(), false);
	assert.equal(openSession(storage).unread(), 0);
	for (const [open, unread] of [
		[true, 2],
		[false, 0],
	] as const) {
		openSession(storage).rememberOpen(open);
		openSession(storage).rememberUnread(unread);
		assert.equal(openSession(storage).wasOpen(), open);
		assert.equal(openSession(storage).unread(), unread);
		assert.equal(openSession(storage, ".wid_2").wasOpen(), false);
	}
});

test("the id of open-chat-widget is taken over, and forgotten by a new conversation", () => {
	const storage = fakeStorage({ "os-chatbot-session-id": "1712-abc" });
	const session = openSession(storage);
	assert.equal(session.exists(), true);
	assert.equal(session.id(), "1712-abc");
	assert.equal(storage.getItem("banter.session"), "1712-abc");
	session.forget();
	assert.equal(session.exists(), false);
	assert.notEqual(session.id(), "1712-abc");
});

test("a visitor exists from the first message on", () => {
	const storage = fakeStorage();
	assert.equal(openSession(storage).exists(), false);
	openSession(storage).id();
	assert.equal(openSession(storage).exists(), true);
	assert.equal(openSession(fakeStorage({ "banter.session": "no good" })).exists(), false);
});
