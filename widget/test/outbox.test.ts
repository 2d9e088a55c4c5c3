import assert from "node:assert/strict";
import { test } from "node:test";
import { openOutbox } from "../src/app/chat/outbox";
import { fakeStorage } from "./fake-storage";

const SENDING = { clientMessageId: "c", text: "Hi", messageId: "m", failure: null };
const HERE = "https://a.example/chat";

test("a message is kept over reloads until its reply arrives", () => {
	const storage = fakeStorage();
	assert.equal(openOutbox(storage, HERE).get(), null);
	openOutbox(storage, HERE).put(SENDING);
	assert.deepEqual(openOutbox(storage, HERE).get(), SENDING);
	const changed = { ...SENDING, messageId: null, failure: "broken" as const };
	openOutbox(storage, HERE).put(changed);
	assert.deepEqual(openOutbox(storage, HERE).get(), changed);
	openOutbox(storage, HERE).clear();
	assert.equal(openOutbox(storage, HERE).get(), null);
	assert.equal(storage.size, 0);
});

test("a message for one server is not sent to another", () => {
	const storage = fakeStorage();
	openOutbox(storage, HERE).put(SENDING);
	assert.equal(openOutbox(storage, "https://b.example/chat").get(), null);
});

const WRONG = ["", "{", "7", "null", "[]", '{"clientMessageId":7,"text":"Hi"}', '{"text":"Hi"}'];
for (const wrong of WRONG) {
	test(`an invalid entry is ignored: ${wrong}`, () => {
		assert.equal(openOutbox(fakeStorage({ "banter.sending": wrong }), HERE).get(), null);
	});
}

test("an unknown failure is ignored", () => {
	const kept = JSON.stringify({ ...SENDING, failure: "from the future", to: HERE });
	assert.equal(openOutbox(fakeStorage({ "banter.sending": kept }), HERE).get()?.failure, null);
});
