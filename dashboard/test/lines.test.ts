import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allItems, allPages, type PageQuery } from "../src/api/all-pages";
import { readLines } from "../src/api/lines";

/** A response whose body arrives in these pieces. */
function responseOf(pieces: readonly Uint8Array[], onCancel = () => {}): Response {
	const left = [...pieces];
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			const piece = left.shift();
			if (piece) controller.enqueue(piece);
			else controller.close();
		},
		cancel: onCancel,
	});
	return new Response(body);
}

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
}

describe("readLines", () => {
	const text = '{"a":"ü"}\n\n{"b":2}\n{"c":3}';
	const expected = [{ a: "ü" }, { b: 2 }, { c: 3 }];
	const bytes = new TextEncoder().encode(text);

	it("reads the objects wherever the response is split, also without a last newline", async () => {
		for (let size = 1; size <= bytes.length; size++) {
			const pieces = [];
			for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
			assert.deepEqual(await all(readLines(responseOf(pieces))), expected, `${size} bytes a piece`);
		}
	});

	it("gives the response up when the caller stops reading", async () => {
		let isCancelled = false;
		const response = responseOf([bytes, bytes], () => {
			isCancelled = true;
		});
		for await (const _ of readLines(response)) break;
		assert.equal(isCancelled, true);
	});
});

describe("allPages", () => {
	it("follows the cursors to the end", async () => {
		const pages = [
			{ items: [1], nextCursor: "1" },
			{ items: [2], nextCursor: "2" },
			{ items: [3], nextCursor: null },
		];
		const asked: Array<PageQuery> = [];
		const read = async (query: PageQuery) => {
			asked.push(query);
			const page = pages[Number(query.cursor ?? 0)];
			if (!page) throw new Error("no such page");
			return page;
		};
		assert.deepEqual(await allPages(read), pages);
		assert.deepEqual(asked, [
			{ limit: 200 },
			{ limit: 200, cursor: "1" },
			{ limit: 200, cursor: "2" },
		]);
		assert.deepEqual((await allItems(read, ({ items }) => items)).data, [1, 2, 3]);
	});
});
