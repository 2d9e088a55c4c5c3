import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withSigns } from "../../widget/src/markdown/marks";
import type { FoundSources } from "../../workerd/api/openapi/openapi";
import { citationsOf as citationsOfTurn } from "../src/agents/turns";
import { withSource } from "../src/agents/values";
import { citationsOf, type Item, mainPassages } from "../src/thread/item";
import { isWeb } from "../src/ui/citations";

type Passage = FoundSources["passages"][number];
const passage = (title: string, n: number | null, score = 1): Passage => ({
	...{ n, kind: "page", source: null, title, url: null, score },
});
const titles = (passages: readonly Passage[]) => passages.map(({ title }) => title);
const item = (sources?: FoundSources) => ({ sources }) as Item;

describe("what a reply is based on", () => {
	it("signs stand at their places, the last ones at the end, and not in a text that has such signs", () => {
		const marked = withSigns("ab", [
			{ n: 2, at: 9 },
			{ n: 2, at: 1 },
			{ n: 1, at: 1 },
		]);
		assert.equal(marked, "a\u3014\ue001\u3015\u3014\ue002\u3015b\u3014\ue002\u3015");
		assert.equal(withSigns(marked, [{ n: 1, at: 0 }]), marked);
		assert.equal(withSigns("ab", []), "ab");
	});

	it("a reply without marks has no numbers", () => {
		assert.equal(citationsOf(item()), null);
		assert.equal(
			citationsOf(item({ outcome: "answer", passages: [passage("A", null)], marks: [] })),
			null,
		);
		const { marks, sources } = citationsOf(
			item({
				outcome: "answer",
				passages: [passage("A", null), passage("B", 1)],
				marks: [{ n: 1, position: 4 }],
			}),
		) ?? { marks: [], sources: [] };
		assert.deepEqual(marks, [{ n: 1, at: 4 }]);
		assert.deepEqual(sources, [{ n: 1, title: "B", url: null }]);
	});

	it("a turn of a test has the places of all its sources", () => {
		assert.equal(citationsOfTurn({ question: "", answer: "", state: "done", sources: [] }), null);
		const sources = [{ n: 1, title: "A", url: null, positions: [3, 7] }];
		assert.deepEqual(citationsOfTurn({ question: "", answer: "", state: "done", sources })?.marks, [
			{ n: 1, at: 3 },
			{ n: 1, at: 7 },
		]);
	});

	it("of many passages, those that are cited come first, then the best ones", () => {
		const others = Array.from({ length: 9 }, (_, i) => passage(`other ${i}`, null, 9 - i));
		const all = [...others, passage("second", 2, 0), passage("first", 1, 0)];
		assert.deepEqual(titles(mainPassages(all)), [
			...["first", "second"],
			...["other 0", "other 1", "other 2", "other 3"],
		]);
		// The whole content has no scores.
		assert.deepEqual(mainPassages([passage("A", null, 0)]), []);
	});

	it("only http and https are links", () => {
		for (const url of ["http://a.example", "HTTPS://a.example/x"]) assert.ok(isWeb(url));
		for (const url of [null, "", "prices.pdf", "javascript:alert(1)", "https:a", " https://a"])
			assert.ok(!isWeb(url), String(url));
	});

	it("a source is chosen once", () => {
		assert.deepEqual(withSource(["a"], "b", true), ["a", "b"]);
		assert.deepEqual(withSource(["a", "b"], "b", true), ["a", "b"]);
		assert.deepEqual(withSource(["a", "b"], "a", false), ["b"]);
	});
});
