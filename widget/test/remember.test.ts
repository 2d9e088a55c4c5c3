import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { remember } from "../src/app/chat/remember";
import { openSession } from "../src/app/chat/session";
import { initialState, setOpen } from "../src/app/chat/state";
import { createStore } from "../src/app/chat/store";
import { fakeStorage } from "./fake-storage";

let local: ReturnType<typeof fakeStorage>;
beforeEach(() => {
	local = fakeStorage();
});

/** A page of the site, and how often the chat was opened there. */
function page() {
	const session = openSession(local);
	const store = createStore(initialState("Welcome", session.wasOpen(), session.unread()));
	let opened = 0;
	remember(store, session, () => opened++);
	return {
		store,
		opened: () => opened,
		open: (open: boolean) => store.update((state) => setOpen(state, open)),
		hear: () => store.update((state) => ({ ...state, unread: state.open ? 0 : state.unread + 1 })),
	};
}

test("the next page knows that the chat was open", () => {
	const first = page();
	first.open(true);
	assert.equal(first.opened(), 1);
	first.hear();
	assert.equal(page().store.get().open, true);
	first.open(false);
	assert.equal(first.opened(), 1);
	assert.equal(page().store.get().open, false);
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
