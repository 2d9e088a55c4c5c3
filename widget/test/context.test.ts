import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createChatContext } from "../src/app/chat/context";
import { setOpen } from "../src/app/chat/state";
import { fakeStorage } from "./fake-storage";

let local: ReturnType<typeof fakeStorage>;
beforeEach(() => {
	local = fakeStorage();
	Object.assign(globalThis, { localStorage: local, sessionStorage: fakeStorage() });
});
afterEach(() => {
	for (const name of ["localStorage", "sessionStorage"]) Reflect.deleteProperty(globalThis, name);
});

/** A page of the site, and how often it has requested the history. */
function page() {
	const { store, outbox, begin } = createChatContext({
		welcome: "Welcome",
		server: "https://chat.example/chat",
		space: "",
		signal: new AbortController().signal,
	});
	let synced = 0;
	begin(() => synced++);
	return {
		store,
		outbox,
		synced: () => synced,
		open: (open: boolean) => store.update((state) => setOpen(state, open)),
		hear: () => store.update((state) => ({ ...state, unread: state.open ? 0 : state.unread + 1 })),
	};
}

test("the history is requested when the chat is opened, or was open", () => {
	const first = page();
	assert.equal(first.synced(), 0);
	first.open(true);
	assert.equal(first.synced(), 1);
	first.hear();
	first.open(false);
	assert.equal(first.synced(), 1);
	first.open(true);
	assert.equal(page().synced(), 1);
});

test("the history is requested when a reply is expected", () => {
	const { outbox } = page();
	const sending = { clientMessageId: "c", text: "Hi", messageId: null };
	outbox.put({ ...sending, failure: "denied" });
	assert.equal(page().synced(), 0);
	outbox.put({ ...sending, failure: null });
	assert.equal(page().synced(), 1);
});

test("a reply that came while the chat was closed is still unread on the next page", () => {
	page().hear();
	const next = page();
	assert.equal(next.store.get().unread, 1);
	next.open(true);
	next.open(false);
	assert.equal(page().store.get().unread, 0);
});

test("a reply in a tab with a closed chat leaves the chat open elsewhere", () => {
	const closed = page();
	const open = page();
	open.open(true);
	closed.hear();
	const next = page();
	assert.equal(next.store.get().open, true);
	assert.equal(next.store.get().unread, 0);
	next.open(false);
	assert.equal(page().store.get().unread, 0);
});
