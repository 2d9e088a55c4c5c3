import assert from "node:assert/strict";
import { test } from "node:test";
import { createMarkdown } from "../src/markdown/index";
import { splitLinks } from "../src/markdown/links";
import { render, WORDS } from "./markdown-html";

/** The text with each link in brackets. */
function marked(text: string): string {
	return splitLinks(text)
		.map((piece) => (typeof piece === "string" ? piece : `[${piece.text}]`))
		.join("");
}

const CASES: readonly [text: string, expected: string][] = [
	["no link here", "no link here"],
	["", ""],
	["https://a.example", "[https://a.example]"],
	["See http://a.example/x?y=1&z=2#w now", "See [http://a.example/x?y=1&z=2#w] now"],
	["HTTPS://A.EXAMPLE/ok", "[HTTPS://A.EXAMPLE/ok]"],
	["Go to https://a.example/b.", "Go to [https://a.example/b]."],
	["https://a.example/b?!", "[https://a.example/b]?!"],
	["(https://a.example/b)", "([https://a.example/b])"],
	["https://a.example/Fern_(plant)", "[https://a.example/Fern_(plant)]"],
	["(https://a.example/Fern_(plant)).", "([https://a.example/Fern_(plant)])."],
	["[text](https://a.example/b)", "[text]([https://a.example/b])"],
	["**https://a.example/b**", "**[https://a.example/b]**"],
	["<https://a.example/b>", "<[https://a.example/b]>"],
	["https://a.example\nhttps://b.example", "[https://a.example]\n[https://b.example]"],
	["https://münchen.example/straße", "[https://münchen.example/straße]"],
	["“https://a.example/b”", "“[https://a.example/b]”"],
	["请看https://a.example/b。谢谢", "请看[https://a.example/b]。谢谢"],
	["（https://a.example/b）", "（[https://a.example/b]）"],
	["https://a.example/\u202egpj.exe", "[https://a.example/]\u202egpj.exe"],
	["https://a.example\u200b.evil.example", "[https://a.example]\u200b.evil.example"],
	["javascript:alert(1)", "javascript:alert(1)"],
	["data:text/html,x ftp://a.example", "data:text/html,x ftp://a.example"],
	["xhttps://a.example", "xhttps://a.example"],
	["https://", "https://"],
	["http://[bad", "http://[bad"],
];

for (const [text, expected] of CASES) {
	test(`${JSON.stringify(text)} → ${JSON.stringify(expected)}`, () => {
		assert.equal(marked(text), expected);
	});
}

test("every link is http or https", () => {
	for (const [text] of CASES) {
		for (const piece of splitLinks(text)) {
			if (typeof piece !== "string") assert.match(piece.href, /^https?:\/\//);
		}
	}
});

test("the pieces join to the text, and a hostile text takes linear time", () => {
	for (const tail of [")".repeat(400_000), "(".repeat(400_000), ".".repeat(400_000)]) {
		const text = `https://a.example/${tail}`;
		const pieces = splitLinks(text).map((piece) =>
			typeof piece === "string" ? piece : piece.text,
		);
		assert.equal(pieces.join(""), text);
	}
});

const LEADS: readonly [markdown: string, shown: string][] = [
	["[click here](https://evil.test/?q=secret)", "click here (evil.test)"],
	["[docs](https://shop.example.evil.test/)", "docs (shop.example.evil.test)"],
	["[docs](https://sub.shop.example/)", "docs (sub.shop.example)"],
	["[docs](https://shop.example:8443/a)", "docs"],
	["![picture](https://evil.test/a.png)", "picture (evil.test)"],
	["[evil.test](https://evil.test/a)", "evil.test"],
	["**[a *b*](https://evil.test/)**", "a b (evil.test)"],
	["[delivery](https://shop.example/delivery)", "delivery"],
	["[write](mailto:us@shop.example)", "write"],
	["| a |\n|:-:|\n| [b](https://evil.test/) |", "ab (evil.test)"],
];

for (const [markdown, shown] of LEADS)
	test(`a label does not hide the host of ${markdown}`, () => {
		const isKnown = (host: string) => host === "shop.example";
		assert.equal(render([markdown], { words: WORDS, isKnown }).textContent, shown);
	});

test("a host that becomes known is not shown any more", () => {
	let known = "";
	const isKnown = (host: string) => host === known;
	const { node, render: show, renew } = createMarkdown({ words: WORDS, isKnown });
	const text = "See [delivery](https://shop.example/delivery).";
	show(text, false);
	assert.equal(node.textContent, "See delivery (shop.example).");
	known = "shop.example";
	renew();
	show(text, true);
	assert.equal(node.textContent, "See delivery.");
});
