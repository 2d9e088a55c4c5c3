import assert from "node:assert/strict";
import { test } from "node:test";
import { type BrowserStorage, openBrowserStorage } from "../src/app/chat/browser-storage";
import { fakeStorage, forbidden } from "./fake-storage";

test("a value is kept, also for the next page, until it is removed", () => {
	const storage = fakeStorage();
	openBrowserStorage(() => storage).setItem("a", "1");
	assert.equal(openBrowserStorage(() => storage).getItem("a"), "1");
	openBrowserStorage(() => storage).removeItem("a");
	assert.equal(openBrowserStorage(() => storage).getItem("a"), null);
});

test("another page's change is seen", () => {
	const storage = fakeStorage();
	const mine = openBrowserStorage(() => storage);
	mine.setItem("a", "1");
	storage.setItem("a", "2");
	assert.equal(mine.getItem("a"), "2");
});

const none = () => null;
const BLOCKED: readonly [name: string, open: () => BrowserStorage][] = [
	["forbidden", forbidden],
	["unreadable", () => ({ getItem: forbidden, setItem: forbidden, removeItem: forbidden })],
	["full", () => ({ getItem: none, setItem: forbidden, removeItem: () => undefined })],
];

for (const [name, open] of BLOCKED) {
	test(`with storage ${name}, memory lasts as long as the page`, () => {
		const memory = openBrowserStorage(open);
		assert.equal(memory.getItem("a"), null);
		memory.setItem("a", "1");
		assert.equal(memory.getItem("a"), "1");
		memory.removeItem("a");
		assert.equal(memory.getItem("a"), null);
	});
}

test("a full storage: the spare one keeps the value until there is room", () => {
	const [real, spare] = [fakeStorage(), fakeStorage()];
	let isFull = true;
	const open = () =>
		openBrowserStorage(
			() => ({
				...real,
				setItem(key, value) {
					if (isFull) throw new Error("QuotaExceededError");
					real.setItem(key, value);
				},
			}),
			undefined,
			() => spare,
		);
	real.setItem("a", "0");
	open().setItem("a", "1");
	assert.equal(open().getItem("a"), "1");
	assert.equal(real.getItem("a"), null);
	isFull = false;
	open().setItem("a", "2");
	assert.equal(open().getItem("a"), "2");
	assert.equal(spare.getItem("a"), null);
	isFull = true;
	open().setItem("a", "3");
	open().removeItem("a");
	assert.equal(open().getItem("a"), null);
});

test("a full storage: the refused value replaces the old one for this page", () => {
	const real = fakeStorage();
	let isFull = false;
	const full = openBrowserStorage(() => ({
		...real,
		setItem(key, value) {
			if (isFull) throw new Error("QuotaExceededError");
			real.setItem(key, value);
		},
	}));
	full.setItem("a", "1");
	isFull = true;
	full.setItem("a", "2");
	assert.equal(full.getItem("a"), "2");
	assert.equal(openBrowserStorage(() => real).getItem("a"), null);
	real.setItem("a", "of another page");
	assert.equal(full.getItem("a"), "of another page");
	full.removeItem("a");
	assert.equal(full.getItem("a"), null);
	isFull = false;
	full.setItem("a", "3");
	real.setItem("a", "4");
	assert.equal(full.getItem("a"), "4");
});

test("a stuck storage is used again as soon as it works", () => {
	const real = fakeStorage({ a: "1" });
	let isStuck = true;
	const check = () => {
		if (isStuck) throw new Error("SecurityError");
	};
	const stuck = openBrowserStorage(() => ({
		...real,
		setItem(key, value) {
			check();
			real.setItem(key, value);
		},
		removeItem(key) {
			check();
			real.removeItem(key);
		},
	}));
	stuck.setItem("a", "2");
	assert.equal(stuck.getItem("a"), "2");
	stuck.removeItem("a");
	assert.equal(stuck.getItem("a"), null);
	isStuck = false;
	stuck.removeItem("a");
	real.setItem("a", "3");
	assert.equal(stuck.getItem("a"), "3");
});
