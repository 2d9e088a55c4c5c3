import assert from "node:assert/strict";
import { test } from "node:test";
import { openShelf, type Shelf } from "../src/shelf";
import { forbidden, shelf } from "./shelves";

test("what is put there is there, also for the next page, until it is removed", () => {
	const storage = shelf();
	openShelf(() => storage).setItem("a", "1");
	assert.equal(openShelf(() => storage).getItem("a"), "1");
	openShelf(() => storage).removeItem("a");
	assert.equal(openShelf(() => storage).getItem("a"), null);
});

test("what another page changed is seen", () => {
	const storage = shelf();
	const mine = openShelf(() => storage);
	mine.setItem("a", "1");
	storage.setItem("a", "2");
	assert.equal(mine.getItem("a"), "2");
});

const none = () => null;
const BLOCKED: readonly [name: string, open: () => Shelf][] = [
	["forbidden", forbidden],
	["unreadable", () => ({ getItem: forbidden, setItem: forbidden, removeItem: forbidden })],
	["full", () => ({ getItem: none, setItem: forbidden, removeItem: () => undefined })],
];

for (const [name, open] of BLOCKED) {
	test(`with storage ${name}, memory lasts as long as the page`, () => {
		const memory = openShelf(open);
		assert.equal(memory.getItem("a"), null);
		memory.setItem("a", "1");
		assert.equal(memory.getItem("a"), "1");
		memory.removeItem("a");
		assert.equal(memory.getItem("a"), null);
	});
}
