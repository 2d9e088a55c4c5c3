// Replies of a model that someone else controls: no code, no request, no text that looks like a link to
// another place, and no more than a bounded amount of work.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { elementsIn, type FakeElement } from "./fake-dom";
import { render, WORDS } from "./markdown-html";

const SAFE = { words: WORDS };

const links = (node: FakeElement) => elementsIn(node).filter(({ localName }) => localName === "a");

/** The text with each link in brackets, and where it leads. */
function seen(text: string): string {
	const node = render([text], SAFE);
	const shown = links(node).map((link) => {
		assert.equal(link.getAttribute("rel"), "noreferrer nofollow ugc");
		assert.equal(link.getAttribute("target"), "_blank");
		return `${link.textContent} → ${link.getAttribute("href")}`;
	});
	return [node.textContent, ...shown].join(" | ");
}

test("a link leads only to http, https, mailto or tel", () => {
	for (const address of [
		"javascript:alert(1)",
		"JaVaScRiPt:alert(1)",
		"java\tscript:alert(1)",
		"\u0001javascript:alert(1)",
		"java&#10;script:alert(1)",
		"&#106;avascript:alert(1)",
		"javascript&colon;alert(1)",
		"vbscript:x",
		"data:text/html,<script>alert(1)</script>",
		"file:///etc/passwd",
		"blob:https://shop.example/1",
		"//evil.example",
		"/logout",
		"https://bank.com@evil.example/",
		"https://bank.com:pass@evil.example/",
		"http://",
	]) {
		for (const text of [
			`[x](${address})`,
			`[x](<${address}>)`,
			`![x](${address})`,
			`<${address}>`,
		]) {
			const found = links(render([text], SAFE)).map((link) => link.getAttribute("href"));
			// The address itself may be one, as text.
			assert.deepEqual(
				found.filter((href) => href !== "https://shop.example/1"),
				[],
				text,
			);
		}
	}
});

test("a link whose text could be taken for another address has its host beside it", () => {
	const EVIL = "https://evil.example/";
	const rows: [text: string, expected: string][] = [
		["[our guide](https://evil.example/)", `our guide | our guide → ${EVIL}`],
		["[evil.example](https://evil.example/)", `evil.example | evil.example → ${EVIL}`],
		[
			"[www.evil.example/a](https://evil.example/)",
			`www.evil.example/a | www.evil.example/a → ${EVIL}`,
		],
		[
			"[https://bank.com](https://evil.example/)",
			`https://bank.com (evil.example) | https://bank.com → ${EVIL}`,
		],
		["[**bank**.com](https://evil.example/)", `bank.com (evil.example) | bank.com → ${EVIL}`],
		["[bank․com](https://evil.example/)", `bank․com (evil.example) | bank․com → ${EVIL}`],
		["[bank。com](https://evil.example/)", `bank。com (evil.example) | bank。com → ${EVIL}`],
		["[bank&#46;com](https://evil.example/)", `bank.com (evil.example) | bank.com → ${EVIL}`],
		["[b\u200bank.com](https://evil.example/)", `bank.com (evil.example) | bank.com → ${EVIL}`],
		["[\u202emoc.knab](https://evil.example/)", `moc.knab (evil.example) | moc.knab → ${EVIL}`],
		[
			"[\u2066bank.com\u2069](https://evil.example/)",
			`bank.com (evil.example) | bank.com → ${EVIL}`,
		],
		["https://bank.[com](https://evil.example/)", "https://bank.[com](https://evil.example/)"],
		["[bank](https://evil.example/).com", `bank (evil.example).com | bank → ${EVIL}`],
		["bank.**[com](https://evil.example/)**", `bank.com (evil.example) | com → ${EVIL}`],
		["[](https://evil.example/)", `evil.example | evil.example → ${EVIL}`],
		["[\u200b](https://evil.example/)", `evil.example | evil.example → ${EVIL}`],
		[
			"[<https://bank.com>](https://evil.example/)",
			`https://bank.com (evil.example) | https://bank.com → ${EVIL}`,
		],
		["![bank.com](https://evil.example/)", `bank.com (evil.example) | bank.com → ${EVIL}`],
		[
			"[a@bank.com](mailto:a@evil.example)",
			"a@bank.com (a@evil.example) | a@bank.com → mailto:a@evil.example",
		],
		["[0800 123](tel:+491905)", "0800 123 (+491905) | 0800 123 → tel:+491905"],
		["[+49 30 123](tel:+4930123)", "+49 30 123 | +49 30 123 → tel:+4930123"],
		[
			"https://b\u0430nk.com/a",
			"https://xn--bnk-6cd.com/a | https://xn--bnk-6cd.com/a → https://xn--bnk-6cd.com/a",
		],
		[
			"[b\u0430nk.com](https://b\u0430nk.com)",
			"b\u0430nk.com (xn--bnk-6cd.com) | b\u0430nk.com → https://xn--bnk-6cd.com/",
		],
		["<https://bank.com@evil.example>", "<https://bank.com@evil.example>"],
		["https://bank.com@evil.example", "https://bank.com@evil.example"],
	];
	for (const [text, expected] of rows) assert.equal(seen(text), expected, JSON.stringify(text));
});

test("HTML is text, and an image is a link", () => {
	const ALLOWED =
		"a blockquote button code del div em h1 h2 h3 h4 h5 h6 hr input li ol p pre span strong table tbody td th thead tr ul";
	for (const text of [
		"<script>alert(1)</script>",
		"<img src=x onerror=alert(1)>",
		"a <b onclick=x>b</b> <!-- c --> <style>*{}</style>",
		"<iframe src=https://evil.example>",
		"&lt;script&gt;alert(1)&lt;/script&gt;",
		"![x](https://evil.example/x.png)",
		"[![x](https://evil.example/x.png)](https://evil.example)",
	]) {
		const node = render([text], SAFE);
		for (const { localName } of elementsIn(node)) {
			assert.ok(ALLOWED.split(" ").includes(localName), `${localName} of ${text}`);
		}
	}
	assert.equal(seen("<b>x</b>"), "<b>x</b>");
	assert.equal(seen("a<br>b<br/>c"), "a\nb\nc");
});

const SIZE = 100_000;
const fill = (unit: string) => unit.repeat(Math.ceil(20_000 / unit.length));

const FLOODS: readonly string[] = [
	..."*_~`[]()<>!&\\|#-+=:.@ \t\n0a\u0301\u202e".split("").map((char) => char.repeat(SIZE)),
	..."*a _a ~~a `a [a ![ ]( <a &# \\( |a |\n> >\n >\n- -\n * +\n 1. 1)\n #\n ~~~\n ```\n === ---\n"
		.split(" ")
		.map(fill),
	...[
		"*a_ ",
		"**a *b_",
		"[a](",
		"[a](b",
		"[a](<b",
		'[a](b "',
		"[[a](https://b.c)",
		"![",
		"![a](",
		"<https://a",
		"a@",
		"a.",
		"a@b.",
		"www.",
		"https://",
		"tel:",
		"- a\n",
		"-\t",
		"  - a\n",
		"> a\n",
		"> > > > ",
		"- - - ",
		"| a |\n|-|\n",
		"||||",
		"`a``b```c",
		"&amp;",
		"&#1;",
		"\\\n",
		"  \n",
		"(((((",
		"a**b",
		"**a* ",
		"_a __b ",
		"*a**b",
	].map(fill),
	`|${"a|".repeat(10_000)}\n|${"-|".repeat(10_000)}\n|${"b|".repeat(10_000)}`,
	`|${"a|".repeat(50)}\n|${"-|".repeat(50)}\n${"|\n".repeat(40_000)}`,
	`${"[".repeat(10_000)}a${"](https://b.c)".repeat(5_000)}`,
	`${"> ".repeat(10_000)}a`,
	`${"- ".repeat(10_000)}a`,
	`${Array.from({ length: 400 }, (_, i) => "`".repeat(i)).join(" ")}`,
	`${Array.from({ length: 400 }, (_, i) => `${" ".repeat(i)}- a`).join("\n")}`,
	`*${"a*".repeat(40_000)}`,
	`${"*".repeat(50_000)}a${"*".repeat(50_000)}`,
	`[a](${"(".repeat(50_000)}`,
	`[a](${" ".repeat(50_000)}`,
	`# ${"# ".repeat(50_000)}`,
	`\`\`\`${"a".repeat(SIZE)}`,
];

/** The methods through which the parser reads a text; `isWhole`: all of it. */
const READERS: readonly [prototype: object, isWhole: boolean, names: readonly string[]][] = [
	[String.prototype, false, "charAt charCodeAt indexOf lastIndexOf slice startsWith".split(" ")],
	[String.prototype, true, "match matchAll replace split".split(" ")],
	[RegExp.prototype, false, ["exec", "test"]],
];

/** The number of characters read: a measure of work that does not depend on the machine. */
function countWork(task: () => void): number {
	let work = 0;
	const originals = READERS.flatMap(([prototype, isWhole, names]) =>
		names.map((name) => ({ prototype, name, isWhole, method: Reflect.get(prototype, name) })),
	);
	for (const { prototype, name, isWhole, method } of originals) {
		const counting = function (this: unknown, ...given: unknown[]) {
			work += isWhole ? (this as string).length : 1;
			return Reflect.apply(method, this, given);
		};
		Object.defineProperty(prototype, name, { value: counting, configurable: true, writable: true });
	}
	try {
		task();
	} finally {
		for (const { prototype, name, method } of originals) {
			Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
		}
	}
	return work;
}

function depthOf(node: FakeElement): number {
	const inner = node.childNodes.filter((child) => "attributes" in child) as FakeElement[];
	return 1 + Math.max(0, ...inner.map(depthOf));
}

for (const text of FLOODS) {
	test(`bounded work for ${JSON.stringify(text.slice(0, 30))}`, () => {
		const pieces = text.match(/[\s\S]{1,2000}/g) ?? [];
		let node = render([]);
		const work = countWork(() => {
			node = render(pieces, SAFE);
		});
		assert.ok(work < 100 * text.length, `${work} characters`);
		assert.ok(depthOf(node) < 60);
		assert.ok(elementsIn(node).length < SIZE);
	});
}

test("the rest of a block of nothing but marks is plain text, and no character is lost", () => {
	const text = "*a* ".repeat(16_384);
	const pieces = text.match(/[\s\S]{1,328}/g) ?? [];
	const node = render(["One *mark* before.\n\n", ...pieces, "\n\nOne *mark* after."], SAFE);
	const marks = elementsIn(node).filter(({ localName }) => localName === "em");
	assert.equal(marks.length, 2);
	assert.equal(node.textContent, `One mark before.${text.trimEnd()}One mark after.`);
	const dense = "`a`, ".repeat(600);
	assert.equal(
		elementsIn(render([dense])).filter(({ localName }) => localName === "code").length,
		600,
	);
});

/** Blocks whose only part grows: what was read is not read again for each piece. */
const LONG_BLOCKS: readonly [name: string, begin: string, unit: string][] = [
	["paragraph", "", "Some **bold** words. "],
	["paragraph without spaces", "", "a"],
	["list", "", "- one *item*\n"],
	["item", "- ", "Some `code` here. "],
	["quote", "", "> Some words.\n"],
	["lines of code", "```js\n", "const a = 1;\n"],
	["line of code", "```js\n", "const a = 1;"],
	["table", "| a | b |\n|-|-|\n", "| one | *two* |\n"],
	["row", "| a | b |\n|-|-|\n", "| one "],
	["cell", "| a | b |\n|-|-|\n| ", "Some words "],
];

for (const [name, begin, unit] of LONG_BLOCKS) {
	test(`work that grows as the length of a ${name}`, () => {
		const workOf = (units: number) => {
			const pieces = begin + unit.repeat(units);
			return countWork(() => render(pieces.match(/[\s\S]{1,50}/g) ?? [], SAFE));
		};
		const units = Math.ceil(20_000 / unit.length);
		const [half, whole] = [workOf(units), workOf(2 * units)] as const;
		assert.ok(whole < 2.5 * half, `${half} characters, then ${whole}`);
	});
}

test("no source makes nodes of HTML", async () => {
	const files = await readdir("src", { recursive: true, withFileTypes: true });
	const forbidden =
		/innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|DOMParser|createContextualFragment/;
	for (const file of files.filter((one) => /\.tsx?$/.test(one.name))) {
		assert.doesNotMatch(
			await readFile(join(file.parentPath, file.name), "utf8"),
			forbidden,
			file.name,
		);
	}
});
