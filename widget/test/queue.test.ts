import assert from "node:assert/strict";
import { test } from "node:test";
import { openQueue } from "../src/app/chat/queue";
import { fakeStorage } from "./fake-storage";

const ONE = { clientMessageId: "c", text: "Hi", failure: null };
const TWO = { ...ONE, clientMessageId: "d" };
const HERE = "https://a.example/chat";

test("messages are kept in order over reloads until their replies arrive", () => {
	const storage = fakeStorage();
	const open = () => openQueue(storage, HERE);
	for (const one of [ONE, TWO]) open().put(one);
	assert.deepEqual(open().get(), [ONE, TWO]);
	const failed = { ...ONE, failure: "broken" as const };
	open().put(failed);
	assert.deepEqual(open().get(), [failed, TWO]);
	open().remove("c");
	assert.deepEqual(open().get(), [TWO]);
	open().remove("d");
	assert.equal(storage.size, 0);
});

test("a message for one server is not sent to another", () => {
	const storage = fakeStorage();
	openQueue(storage, HERE).put(ONE);
	assert.deepEqual(openQueue(storage, "https://b.example/chat").get(), []);
});

const list = (...list: object[]) => JSON.stringify({ to: HERE, list });
for (const wrong of [
	"",
	"{",
	"7",
	"null",
	"[]",
	list({ text: "Hi" }),
	list([7], { clientMessageId: 7 }),
]) {
	test(`an invalid entry is ignored: ${wrong}`, () => {
		assert.deepEqual(openQueue(fakeStorage({ "banter.sending": wrong }), HERE).get(), []);
	});
}

test("an unknown failure is ignored", () => {
	const kept = fakeStorage({ "banter.sending": list({ ...ONE, failure: "from the future" }) });
	assert.deepEqual(openQueue(kept, HERE).get(), [ONE]);
});
