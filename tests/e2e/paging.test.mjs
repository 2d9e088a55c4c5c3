// Long lists and long threads, page by page.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, useBanter } from "./harness.mjs";

const LIST = "/v1/admin/conversations";
const KEY = { "x-admin-api-key": ADMIN_KEY };

/** All pages of a path, one after the other. */
async function pages(banter, path, limit) {
	const all = [];
	for (let cursor = ""; cursor !== null; cursor = all.at(-1).nextCursor) {
		const page = await banter.adminGet(
			`${path}?limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`,
		);
		assert.ok(page.nextCursor === null || /^[\w-]+$/.test(page.nextCursor), page.nextCursor);
		all.push(page);
	}
	return all;
}

describe("the list of conversations", () => {
	const banter = useBanter();
	const N = 7;

	before(async () => {
		for (let i = 0; i < N; i++) await banter.chat(`visitor-${i}`, "[[tokens=1]]");
	});

	for (const limit of [1, 2, 3, N - 1, N, N + 1, 200])
		it(`in pages of ${limit}: each appears once, newest activity first`, async () => {
			const all = await pages(banter, LIST, limit);
			assert.equal(all.length, Math.ceil(N / limit));
			for (const page of all) assert.equal(page.total, N);
			assert.deepEqual(
				all.flatMap((page) => page.conversations.map((one) => one.sessionId)),
				Array.from({ length: N }, (_, i) => `visitor-${N - 1 - i}`),
			);
		});

	it("says without a cursor whether there is more", async () => {
		assert.equal((await banter.adminGet(LIST)).nextCursor, null);
		assert.equal(typeof (await banter.adminGet(`${LIST}?limit=2`)).nextCursor, "string");
	});

	it("continues where the previous page ended, despite new activity", async () => {
		const first = await banter.adminGet(`${LIST}?limit=3`);
		await banter.chat("visitor-0", "[[tokens=1]]");
		const second = await banter.adminGet(`${LIST}?cursor=${first.nextCursor}`);
		assert.deepEqual(
			second.conversations.map((one) => one.sessionId),
			["visitor-3", "visitor-2", "visitor-1"],
		);
		assert.equal(second.nextCursor, null);
	});

	it("continues when the conversation of its cursor is deleted", async () => {
		await banter.chat("visitor-gone", "[[tokens=1]]");
		const first = await banter.adminGet(`${LIST}?limit=1`);
		assert.equal(first.conversations[0].sessionId, "visitor-gone");
		const gone = await banter.request("DELETE", `${LIST}/${first.conversations[0]._id}`, {
			headers: KEY,
		});
		assert.equal(gone.status, 204);
		const second = await banter.adminGet(`${LIST}?cursor=${first.nextCursor}`);
		assert.equal(second.conversations.length, N);
	});

	for (const [what, cursor] of Object.entries({
		"no characters": "",
		"one too few": "A".repeat(31),
		"one too many": "A".repeat(33),
		padding: `${"A".repeat(31)}=`,
		"plain base64": `${"A".repeat(31)}+`,
		"an escape": `${"A".repeat(29)}%41`,
		"a thread's cursor": "AAAAAAAAAAE",
		"another alphabet": "é".repeat(8),
		"thousands of characters": "A".repeat(4000),
	}))
		it(`400: a cursor of ${what}`, async () => {
			const answer = await banter.get(`${LIST}?cursor=${encodeURI(cursor)}`, KEY);
			assertError(answer, 400, "Invalid query parameters");
		});

	it("accepts a valid cursor that was never issued", async () => {
		const before = await banter.adminGet(`${LIST}?cursor=${"A".repeat(32)}`);
		assert.equal(before.conversations.length, N);
		const behind = await banter.adminGet(`${LIST}?cursor=${"_".repeat(32)}`);
		assert.deepEqual(behind.conversations, []);
		assert.equal(behind.nextCursor, null);
	});
});

describe("a thread", () => {
	const banter = useBanter({ workers: 1 });
	const N = 9;
	const said = Array.from({ length: N }, (_, i) => [`[[text="a${i}"]] q${i}`, `a${i}`]).flat();
	let path;

	before(async () => {
		for (let i = 0; i < N; i++) {
			const { json } = await banter.chat("long", said[2 * i]);
			path = `${LIST}/${json.conversationId}`;
		}
	});

	for (const limit of [1, 4, 2 * N, 1000])
		it(`in pages of ${limit}: every message appears once, oldest first`, async () => {
			const all = await pages(banter, path, limit);
			assert.equal(all.length, Math.ceil((2 * N) / limit));
			assert.deepEqual(
				all.flatMap((page) => page.messages.map((one) => one.content)),
				said,
			);
			for (const page of all) assert.equal(page.conversation.sessionId, "long");
		});

	it("without parameters is returned completely", async () => {
		const thread = await banter.adminGet(path);
		assert.deepEqual(Object.keys(thread), ["conversation", "messages"]);
		assert.equal(thread.messages.length, 2 * N);
	});

	it("has shorter pages for long messages and says that there is more", async () => {
		for (let i = 0; i < 3; i++) await banter.chat("huge", `[[huge=400000]] ${i}`);
		const { conversation } = await banter.threadOf("huge");
		const all = await pages(banter, `${LIST}/${conversation._id}`, 1000);
		assert.ok(all.length > 1);
		assert.equal(all.flatMap((page) => page.messages).length, 6);
	});

	for (const query of [
		"limit=0",
		"limit=1001",
		"limit=",
		"limit=x",
		"limit=10000",
		"cursor=",
		"cursor=A",
		`cursor=${"A".repeat(32)}`,
		"cursor=AAAAAAAAAAF",
		"limit=5&cursor=AAAAAAAAAA%3D",
	])
		it(`400: ${query}`, async () => {
			assertError(await banter.get(`${path}?${query}`, KEY), 400, "Invalid query parameters");
		});

	it("with a cursor behind the end returns an empty last page", async () => {
		const page = await banter.adminGet(`${path}?cursor=__________8`);
		assert.deepEqual(page.messages, []);
		assert.equal(page.nextCursor, null);
	});
});
