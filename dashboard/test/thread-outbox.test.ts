import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../workerd/api/openapi/openapi";
import { ApiError } from "../src/api/errors";
import type { Item } from "../src/thread/item";
import { createOutbox, type Outgoing, withoutArrived } from "../src/thread/outbox";

type Answer = "stored" | ApiError;
const LOST = new ApiError("network", 0, "lost");
const TAKEN = new ApiError("refused", 409, "taken", { code: "taken" });

/** A browser whose waits end at once, and a server that gives these answers. */
function setUp(answers: Answer[], store = new Map<string, string>(), user = "jane") {
	const posted: string[] = [];
	const sent: string[] = [];
	const waits: number[] = [];
	let ids = 0;
	let onChange = () => {};
	const outbox = createOutbox(user, "c", {
		store: {
			getItem: (key) => store.get(key) ?? null,
			setItem: (key, value) => void store.set(key, value),
			removeItem: (key) => void store.delete(key),
		},
		around: {
			isVisible: () => true,
			onChange(changed) {
				onChange = changed;
				return () => {};
			},
			after(ms, run) {
				waits.push(ms);
				setImmediate(run);
				return () => {};
			},
		},
		async post({ content, id }) {
			posted.push(`${id} ${content}`);
			const answer = answers.shift() ?? "stored";
			if (answer !== "stored") throw answer;
			return { _id: `stored-${id}`, content } as Message;
		},
		changed: () => {},
		onSent: (message) => sent.push(message.content),
		newId: () => `m${++ids}`,
		now: () => 1,
	});
	outbox.open();
	return { outbox, posted, sent, store, waits, online: () => onChange() };
}

async function settle() {
	for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

test("messages are sent in their order, one at a time", async () => {
	const { outbox, posted, sent, store } = setUp([]);
	outbox.send("one", null);
	outbox.send("two", null);
	await settle();
	assert.deepEqual(posted, ["m1 one", "m2 two"]);
	assert.deepEqual(sent, ["one", "two"]);
	assert.deepEqual([outbox.get(), store.size], [[], 0]);
});

test("a lost answer is asked for again with the same id", async () => {
	const { outbox, posted, sent } = setUp([LOST, new ApiError("refused", 503, "busy"), "stored"]);
	outbox.send("one", null);
	outbox.send("two", null);
	await settle();
	assert.deepEqual(posted, ["m1 one", "m1 one", "m1 one", "m2 two"]);
	assert.deepEqual(sent, ["one", "two"]);
});

test("after several losses the user decides; the network's return sends it, too", async () => {
	const { outbox, posted, sent, online } = setUp([LOST, LOST, LOST, LOST]);
	outbox.send("one", null);
	await settle();
	assert.equal(posted.length, 4);
	assert.equal(outbox.get()[0]?.error, LOST);
	outbox.send("two", null);
	await settle();
	assert.equal(posted.length, 4, "a later message does not overtake it");
	online();
	await settle();
	assert.deepEqual(sent, ["one", "two"]);
});

test("a refusal is not sent again by itself", async () => {
	const { outbox, posted, sent } = setUp([TAKEN]);
	outbox.send("one", null);
	await settle();
	assert.equal(posted.length, 1);
	assert.equal(outbox.get()[0]?.error, TAKEN);
	outbox.retry();
	await settle();
	assert.deepEqual(sent, ["one"]);
});

test("a new page sends what the last one could not; what was taken back is gone", async () => {
	const first = setUp([TAKEN]);
	first.outbox.send("one", null);
	first.outbox.send("two", null);
	await settle();
	first.outbox.drop("m2");
	const second = setUp([], first.store);
	await settle();
	assert.deepEqual(second.posted, ["m1 one"]);
	assert.deepEqual(second.outbox.get(), []);
});

test("a message that an event has brought is not shown twice, and equal ones are not confused", () => {
	const item = (id: string, text: string): Item => ({
		id,
		text,
		role: "operator",
		at: 1,
		status: "complete",
		author: null,
		model: null,
		rating: null,
		receipt: undefined,
		sources: undefined,
		files: undefined,
	});
	const out = (id: string, content: string, after: string | null): Outgoing => ({
		id,
		content,
		at: 1,
		after,
		error: null,
	});
	const left = (outgoing: Outgoing[], items: Item[]) =>
		withoutArrived(outgoing, items, () => true).map(({ id }) => id);
	const old = item("i1", "ok");
	assert.deepEqual(left([out("a", "ok", "i1")], [old]), ["a"]);
	assert.deepEqual(left([out("a", "ok", "i1")], [old, item("i2", "ok")]), []);
	assert.deepEqual(left([out("a", "ok", "i1"), out("b", "ok", "i1")], [old, item("i2", "ok")]), [
		"b",
	]);
	const file = (id: string) => ({ id, name: "a.png", type: "", bytes: 1, url: null });
	const sent = { ...out("a", "", "i1"), files: [file("f1")] };
	assert.deepEqual(left([sent], [old, item("i2", "")]), ["a"]);
	assert.deepEqual(left([sent], [old, { ...item("i2", ""), files: [file("f1")] }]), []);
});

test("what one user has not sent, the next user of the device neither sees nor sends", async () => {
	const refused = Array<Answer>(1).fill(TAKEN);
	const { outbox, store } = setUp(refused);
	outbox.send("from Jane", null);
	await settle();
	const next = setUp([], store, "john");
	await settle();
	assert.deepEqual(next.outbox.get(), []);
	assert.deepEqual(next.posted, []);
	const again = setUp([], store);
	await settle();
	assert.deepEqual(
		again.posted.map((one) => one.replace(/^\S+ /, "")),
		["from Jane"],
	);
});
