import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_PAGES, type Page, type Pages, withFirst, withNext } from "../src/hooks/pages";

/** Numbers, greatest first, as a list that is newest first. */
const order = { idOf: String, isAfter: (item: number, other: number) => item < other };
const page = (items: number[], next: string | null): Page<number> => ({ items, next });
const shown = ({ items, next }: Pages<number>) => ({ items, next });

describe("a list that grows page by page", () => {
	const first = withFirst<number>(NO_PAGES, page([9, 8, 7], "7"), order);
	const two = withNext(first, page([6, 5, 4], "4"), order);

	it("continues at the end of what is known", () => {
		assert.deepEqual(shown(two), { items: [9, 8, 7, 6, 5, 4], next: "4" });
		const all = withNext(two, page([3], null), order);
		assert.deepEqual(shown(all), { items: [9, 8, 7, 6, 5, 4, 3], next: null });
	});

	it("keeps what new items push out of the first page", () => {
		const changed = withFirst(two, page([11, 10, 9], "9"), order);
		assert.deepEqual(shown(changed), { items: [11, 10, 9, 8, 7, 6, 5, 4], next: "4" });
	});

	it("starts again when so much has come that there may be a gap", () => {
		const changed = withFirst(two, page([20, 19, 18], "18"), order);
		assert.deepEqual(shown(changed), { items: [20, 19, 18], next: "18" });
	});

	it("drops what was deleted from the first page", () => {
		const changed = withFirst(two, page([9, 7, 6], "6"), order);
		assert.deepEqual(shown(changed), { items: [9, 7, 6, 5, 4], next: "4" });
	});

	it("follows the first page's cursor when nothing else is known", () => {
		assert.deepEqual(shown(withFirst(first, page([9, 8, 6], "6"), order)), {
			items: [9, 8, 6],
			next: "6",
		});
	});

	it("is the first page alone when the list has become that short", () => {
		assert.deepEqual(shown(withFirst(two, page([9], null), order)), { items: [9], next: null });
		assert.deepEqual(shown(withFirst(two, page([], null), order)), { items: [], next: null });
	});

	it("shows no item twice", () => {
		assert.deepEqual(shown(withNext(first, page([7, 6], "6"), order)).items, [9, 8, 7, 6]);
	});
});
