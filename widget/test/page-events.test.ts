import assert from "node:assert/strict";
import { test } from "node:test";
import { createPeople } from "../src/app/chat/people";
import { initialState, setOpen } from "../src/app/chat/state";
import { createStore } from "../src/app/chat/store";
import type { Opened, OpenParts } from "../src/app/conversation";
import { emitEvents } from "../src/app/page-events";

test("the page hears once that the visitor waits for a person, who comes, and who leaves", (t) => {
	const heard: unknown[] = [];
	const life = new AbortController();
	t.after(() => life.abort());
	const store = createStore(initialState("Welcome", false));
	const shell = { emit: (...event: unknown[]) => heard.push(event), host: { hidden: false } };
	emitEvents({ shell } as unknown as OpenParts, { store } as Opened);
	const people = createPeople(store, life.signal);
	const ann = { name: "Ann", picture: "" };
	people.take("waiting", { name: "", picture: "" });
	people.take("joined", ann);
	people.take("person", ann);
	people.take("typing", ann);
	store.update((state) => setOpen(state, true));
	people.take("left", ann);
	assert.deepEqual(heard, [
		["handover", { state: "waiting", name: null }],
		["handover", { state: "person", name: "Ann" }],
		["opened"],
		["handover", { state: "model", name: "Ann" }],
	]);
});
