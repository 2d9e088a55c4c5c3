import assert from "node:assert/strict";
import { test } from "node:test";
import { openOutbox } from "../src/chat/outbox";
import { fakeStorage } from "./fake-storage";

const SENDING = { clientMessageId: "c", text: "Hi", messageId: "m", failure: null };
const HERE = "https://a.example/chat";

test("what waits for its reply is there after a reload, until the reply is", () => {
	const storage = fakeStorage();
	assert.equal(openOutbox(storage, HERE).get(), null);
	openOutbox(storage, HERE).put(SENDING);
	assert.deepEqual(openOutbox(storage, HERE).get(), SENDING);
	openOutbox(storage, HERE).put({ ...SENDING, messageId: null, failure: "broken" });
	assert.deepEqual(openOutbox(storage, HERE).get(), {
		...SENDING,
		messageId: null,
		failure: "broken",
	});
	openOutbox(storage, HERE).clear();
	assert.equal(openOutbox(storage, HERE).get(), null);
	assert.equal(storage.size, 0);
});

test("a message for one server is not sent to another", () => {
	const storage = fakeStorage();
	openOutbox(storage, HERE).put(SENDING);
	assert.equal(openOutbox(storage, "https://b.example/chat").get(), null);
});

for (const wrong of [
	"",
	"{",
	"7",
	"null",
	"[]",
	'{"clientMessageId":7,"text":"Hi"}',
	'{"text":"Hi"}',
]) {
	test(`what makes no sense is nothing: ${wrong}`, () => {
		assert.equal(openOutbox(fakeStorage({ "banter.sending": wrong }), HERE).get(), null);
	});
}

test("a failure that this version does not know is none", () => {
	const kept = JSON.stringify({ ...SENDING, failure: "from the future", to: HERE });
	assert.equal(openOutbox(fakeStorage({ "banter.sending": kept }), HERE).get()?.failure, null);
});
