import assert from "node:assert/strict";
import { test } from "node:test";
import type { Snippet } from "../../workerd/api/openapi/openapi";
import { insertSnippet, matching, snippetQuery } from "../src/thread/snippet-query";

const letters = (text: string, caret = text.length) => snippetQuery(text, caret)?.letters ?? null;

for (const [text, expected] of [
	["/", ""],
	["/ho", "ho"],
	["Hello /ho", "ho"],
	["Hello\n/ho", "ho"],
	["Hello/ho", null],
	["https://x", null],
	["/ho urs", null],
	["/a/b", null],
	["", null],
	[`/${"x".repeat(41)}`, null],
] as const)
	test(`${JSON.stringify(text)} searches for ${JSON.stringify(expected)}`, () => {
		assert.equal(letters(text), expected);
	});

test("only what stands before the caret counts", () => {
	assert.equal(letters("a /hours b", 5), "ho");
	assert.equal(letters("a /hours b", 1), null);
});

const snippet = (name: string, text = ""): Snippet => ({
	id: name,
	name,
	text,
	created_at: 1,
	updated_at: 1,
	structure: null,
});

test("names that begin with the letters come first, then words, then texts", () => {
	const all = [
		snippet("zz", "our hours"),
		snippet("Opening hours"),
		snippet("hours"),
		snippet("xhoursx"),
		snippet("other"),
	];
	assert.deepEqual(
		matching(all, "Hours").map(({ name }) => name),
		["hours", "Opening hours", "xhoursx", "zz"],
	);
	assert.equal(matching(all, "").length, all.length);
});

test("the text takes the place of slash and letters, and the caret stands behind it", () => {
	const text = "Well, /ho and more";
	const query = snippetQuery(text, 9);
	assert.ok(query);
	assert.deepEqual(insertSnippet(text, 9, query, "9 to 5"), {
		text: "Well, 9 to 5 and more",
		caret: 12,
	});
});
