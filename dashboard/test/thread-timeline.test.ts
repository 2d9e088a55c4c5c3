import assert from "node:assert/strict";
import { test } from "node:test";
import type { Note } from "../../workerd/api/openapi/openapi";
import type { Item } from "../src/thread/item";
import type { Span } from "../src/thread/span";
import { daysOf, entriesOf } from "../src/thread/timeline";

const at = (time: string) => new Date(`2025-06-${time}`).getTime();
const item = (id: string, time: string, role: Item["role"] = "user", name?: string): Item => ({
	id,
	role,
	text: id,
	at: at(time),
	status: "complete",
	author: name === undefined ? null : { id: name, name },
	model: undefined,
	rating: undefined,
	receipt: undefined,
	sources: undefined,
	files: undefined,
});
const note = (id: string, time: string): Note => ({
	id,
	conversationId: "c",
	author: null,
	authorName: "Jane",
	mentions: [],
	text: id,
	createdAt: at(time),
});
const span = (items: Item[], more: Partial<Span> = {}): Span => ({
	items,
	previous: null,
	next: null,
	tail: [],
	...more,
});
const groups = (items: Item[], notes: Note[] = []) =>
	daysOf(entriesOf(span(items), notes)).map((day) =>
		day.groups.map((group) =>
			group.entries
				.map((entry) => (entry.kind === "note" ? entry.note.id : entry.item.id))
				.join(" "),
		),
	);

test("messages are cut into days where the calendar turns", () => {
	const items = [
		item("a", "16T10:00:00"),
		item("b", "16T23:59:59"),
		item("c", "17T00:00:00"),
		item("d", "17T00:00:01"),
	];
	assert.deepEqual(groups(items), [["a", "b"], ["c d"]]);
	assert.deepEqual(groups([]), []);
});

test("a group has what one person wrote without a pause", () => {
	const items = [
		item("a", "16T10:00:00"),
		item("b", "16T10:04:00"),
		item("c", "16T10:10:00"),
		item("d", "16T10:10:01", "assistant"),
		item("e", "16T10:10:02", "operator", "Jane"),
		item("f", "16T10:10:03", "operator", "Joe"),
		item("g", "16T10:10:04", "operator", "Joe"),
	];
	assert.deepEqual(groups(items), [["a b", "c", "d", "e", "f g"]]);
});

test("notes stand where they were written, apart from messages of the same name", () => {
	const items = [item("a", "16T10:00:00"), item("b", "16T12:00:00", "operator", "Jane")];
	const notes = [note("n2", "16T12:00:30"), note("n1", "16T11:00:00")];
	assert.deepEqual(groups(items, notes), [["a", "n1", "b", "n2"]]);
});

test("notes outside of the part that is shown wait for it", () => {
	const items = [item("a", "16T10:00:00"), item("b", "16T12:00:00")];
	const notes = [note("old", "15T10:00:00"), note("in", "16T11:00:00"), note("new", "17T10:00:00")];
	const shown = entriesOf(span(items, { previous: "p", next: "n" }), notes);
	assert.deepEqual(
		shown.map((entry) => (entry.kind === "note" ? entry.note.id : entry.item.id)),
		["a", "in", "b"],
	);
});
