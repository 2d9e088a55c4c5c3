// Tables, strikethrough and bare addresses: a text of the shape of each example of GFM's specification, by its
// number there. Those that differ have the reason.

import assert from "node:assert/strict";
import { test } from "node:test";
import { elementsIn, type FakeElement } from "./fake-dom";
import { htmlOf, render } from "./markdown-html";

const flat = (markdown: string) => htmlOf(render([markdown])).replace(/\n/g, "");
const cells = (markdown: string) =>
	elementsIn(render([markdown]))
		.filter(({ localName }) => localName === "tr")
		.map((row) => row.childNodes.map((cell) => (cell as FakeElement).textContent).join("|"));

const TABLES: readonly [example: string, markdown: string, rows: readonly string[]][] = [
	["198", "| fern | moss |\n| --- | --- |\n| wet | dry |", ["fern|moss", "wet|dry"]],
	["199", "| fern | moss |\n:-: | ---:\nwet | dry", ["fern|moss", "wet|dry"]],
	["200", "| f\\|n |\n| --- |\n| a `\\|` b |\n| c **\\|** d |", ["f|n", "a | b", "c | d"]],
	["201", "| fern | moss |\n| --- | --- |\n| wet | dry |\n> quote", ["fern|moss", "wet|dry"]],
	[
		"202",
		"| fern | moss |\n| --- | --- |\n| wet | dry |\nsun\n\nshade",
		["fern|moss", "wet|dry", "sun|"],
	],
	["203", "| fern | moss |\n| --- |\n| wet |", []],
	[
		"204",
		"| fern | moss |\n| --- | --- |\n| wet |\n| wet | dry | lost |",
		["fern|moss", "wet|", "wet|dry"],
	],
	["205", "| fern | moss |\n| --- | --- |", ["fern|moss"]],
	[
		"204, a row of a pipe",
		"| a | b | c |\n| - | - | - |\n|\n||\n| | |",
		["a|b|c", "||", "||", "||"],
	],
	["204, no pipe at the edge", "a | b | c\n--|---|--\n1\n1 | 2", ["a|b|c", "1||", "1|2|"]],
];

for (const [example, markdown, rows] of TABLES) {
	test(`table, example ${example}`, () => assert.deepEqual(cells(markdown), rows));
}

test("table, example 199: empty cells have the alignment of their column", () => {
	assert.match(
		flat("a | b | c\n:-: | -: | :-\n1"),
		/<td align="right"><\/td><td align="left"><\/td>/,
	);
});

test("a table of short rows has a bounded number of empty cells", () => {
	const text = `|${"a|".repeat(50)}\n|${"-|".repeat(50)}\n${"|\n".repeat(20_000)}`;
	const count = elementsIn(render([text])).filter(({ localName }) => localName === "td").length;
	assert.ok(count < text.length, `${count} cells`);
});

const link = (href: string, label: string) => `<a href="${href}">${label}</a>`;
const www = (rest: string, path = rest.includes("/") ? rest : `${rest}/`) =>
	link(`http://www.${path}`, `www.${rest}`);

const LINES: readonly [example: string, markdown: string, html: string][] = [
	["491", "~~Old~~ price", "<del>Old</del> price"],
	["492", "An ~~old\n\nprice~~.", "<p>An ~~old</p><p>price~~.</p>"],
	["493", "An ~~~old~~~ price.", "An ~~~old~~~ price."],
	["622", "www.shop.example", www("shop.example")],
	["623", "See www.shop.example/a for more.", `See ${www("shop.example/a")} for more.`],
	["624", "See www.shop.example.", `See ${www("shop.example")}.`],
	["624, path", "See www.shop.example/a.b.", `See ${www("shop.example/a.b")}.`],
	["625", "www.shop.example/a?q=b+(c)", www("shop.example/a?q=b+(c)")],
	["625, closed", "www.shop.example/a?q=b+(c)))", `${www("shop.example/a?q=b+(c)")}))`],
	["625, around", "(www.shop.example/a?q=b+(c))", `(${www("shop.example/a?q=b+(c)")})`],
	["625, open", "(www.shop.example/a?q=b+(c)", `(${www("shop.example/a?q=b+(c)")}`],
	["626", "www.shop.example/a?q=(b))+ok", www("shop.example/a?q=(b))+ok")],
	[
		"627",
		"www.shop.example/a?q=b&hl=en",
		link("http://www.shop.example/a?q=b&amp;hl=en", "www.shop.example/a?q=b&amp;hl=en"),
	],
	["627, entity", "www.shop.example/a?q=b&hl;", `${www("shop.example/a?q=b")}&amp;hl;`],
	[
		"627, two",
		"https://a.example/b&lt;.",
		`${link("https://a.example/b", "https://a.example/b")}&lt;.`,
	],
	["628", "www.shop.example/he<lp", `${www("shop.example/he")}&lt;lp`],
	["629", "http://shop.example", link("http://shop.example/", "http://shop.example")],
	[
		"629, around",
		"(See https://shop.example/a?q=b+(c))",
		`(See ${link("https://shop.example/a?q=b+(c)", "https://shop.example/a?q=b+(c)")})`,
	],
	["630", "me@shop.example", link("mailto:me@shop.example", "me@shop.example")],
	[
		"631",
		"a@sh+op.example is not, but a+b@shop.example is.",
		`a@sh+op.example is not, but ${link("mailto:a+b@shop.example", "a+b@shop.example")} is.`,
	],
	["632", "a.b-c_d@a.bc", link("mailto:a.b-c_d@a.bc", "a.b-c_d@a.bc")],
	["632, dot", "a.b-c_d@a.bc.", `${link("mailto:a.b-c_d@a.bc", "a.b-c_d@a.bc")}.`],
	["632, hyphen", "a.b-c_d@a.bc-", "a.b-c_d@a.bc-"],
	["632, low line", "a.b-c_d@a.bc_", "a.b-c_d@a.bc_"],
	[
		"633",
		"mailto:me@shop.example.",
		`${link("mailto:me@shop.example", "mailto:me@shop.example")}.`,
	],
];

/** What the specification has as other HTML. */
const DIFFERENT: readonly [reason: string, markdown: string, html: string][] = [
	["491: models write ~5 for about five, and 5~6", "5~6 or 7~8, ~there~", "5~6 or 7~8, ~there~"],
	["632: no top-level domain has one letter", "a@b.c", "a@b.c"],
	[
		"633: links lead only to http, https, mailto and tel",
		"xmpp:me@shop.example",
		`xmpp:${link("mailto:me@shop.example", "me@shop.example")}`,
	],
];

for (const [example, markdown, html] of [...LINES, ...DIFFERENT]) {
	test(`line, example ${example}`, () => {
		assert.equal(flat(markdown), html.startsWith("<p>") ? html : `<p>${html}</p>`);
	});
}

test("the first letter that is shown is the direction, also if it comes late", () => {
	const dirs = (pieces: readonly string[]) =>
		elementsIn(render(pieces))
			.filter(({ localName }) => /^(p|h1|li|blockquote)$/.test(localName))
			.map(({ localName, dir }) => `${localName} ${dir}`);
	assert.deepEqual(dirs(["12 ", "**", "שלום** abc"]), ["p rtl"]);
	assert.deepEqual(dirs(["[1](https://a.example) שלום"]), ["p rtl"]);
	assert.deepEqual(dirs(["- 1\n", "- 2 مرحبا\n- c"]), [
		"li ",
		"p ",
		"li rtl",
		"p ",
		"li ltr",
		"p ",
	]);
	assert.deepEqual(dirs(["> 1\n>\n> א\n\n# 1. a"]), ["blockquote rtl", "p ", "p ", "h1 ltr"]);
	assert.deepEqual(dirs(["*_~`".repeat(2_000), "a"]), ["p "]);
});
