// HTML documents of installed Debian packages for `make bench-extract`: {name, title, content, text} of each, without what
// its generator puts around it.

import { readFileSync } from "node:fs";
import { filesBelow } from "./documents.mjs";

const DOC = "/usr/share/doc";
/** The packages with documents, and how many documents of one are taken at most. */
export const PACKAGES = ["python3-doc", "debian-faq", "libunistring-dev"];
const OF_A_PACKAGE = 50;
const WORDS_MIN = 250;
const WORDS_MAX = 8000;
const LINKED_MAX = 0.3; // of the letters: else it is a table of contents

/** What generators put around a document, and where the document is in what they make. */
const GENERATORS = [
	// Sphinx
	{
		of: /<div class="body" role="main">/,
		inside: /<div class="body" role="main">/,
		without: [
			/<(?:nav|div) class="(?:contents topic|topic|contents|toctree-wrapper compound)"[^>]*>/,
		],
	},
	// DocBook
	{
		of: /<div class="(?:navheader|titlepage)">/,
		without: [/<div class="(?:navheader|navfooter|toc)">/, /<table class="nav"[^>]*>/],
	},
	// texi2html
	{
		of: /Generator" content="texi2html/,
		cut: [
			/<table cellpadding="1" cellspacing="1" border="0">[\s\S]*?<\/table>/g,
			/<p>\s*<font size="-1">\s*This document was generated[\s\S]*$/g,
		],
	},
	// makeinfo
	{
		of: /content="makeinfo"/,
		without: [
			/<(?:div|p) class="(?:header|nav-panel|contents|footer)"[^>]*>/,
			/<ul class="(?:mini-toc|menu|section-toc)[^>]*>/,
		],
	},
];

const ENTITIES = {
	amp: "&",
	lt: "<",
	gt: ">",
	quot: '"',
	nbsp: " ",
	copy: "©",
	para: "¶",
	mdash: "—",
	lsquo: "‘",
	rsquo: "’",
	ldquo: "“",
	rdquo: "”",
	hellip: "…",
	ndash: "–",
	rarr: "→",
};

const decode = (text) =>
	text
		.replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
		.replace(/&#(\d+);/g, (_, digits) => String.fromCodePoint(Number(digits)))
		.replace(/&(\w+);/g, (all, name) => ENTITIES[name] ?? all);

/** The text of HTML; elements of blocks end words. */
export const textOf = (html) =>
	decode(
		html
			.replace(/<!--[\s\S]*?-->/g, "")
			.replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, " ")
			.replace(
				/<\/?(?:a|abbr|acronym|b|code|cite|dfn|em|font|i|kbd|q|samp|small|span|strong|sub|sup|tt|u|var|wbr)\b[^>]*>/gi,
				"",
			)
			.replace(/<[^>]*>/g, " "),
	);

export const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** The end of the element that begins at `from`. */
function endOf(html, from) {
	const name = /^<(\w+)/.exec(html.slice(from))[1];
	const tags = new RegExp(`<(/?)${name}\\b[^>]*>`, "gi");
	tags.lastIndex = from;
	let depth = 0;
	for (let tag = tags.exec(html); tag !== null; tag = tags.exec(html)) {
		depth += tag[1] === "" ? 1 : -1;
		if (depth === 0) return tags.lastIndex;
	}
	return html.length;
}

function without(html, pattern) {
	for (let found = pattern.exec(html); found !== null; found = pattern.exec(html))
		html = html.slice(0, found.index) + html.slice(endOf(html, found.index));
	return html;
}

function contentOf(html) {
	const generator = GENERATORS.find(({ of }) => of.test(html));
	let body = /<body\b[^>]*>([\s\S]*)<\/body>/i.exec(html)?.[1] ?? "";
	if (generator?.inside !== undefined) {
		const from = body.search(generator.inside);
		body = body.slice(from, endOf(body, from));
	}
	for (const pattern of generator?.without ?? []) body = without(body, pattern);
	for (const pattern of generator?.cut ?? []) body = body.replace(pattern, "");
	return body
		.replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, "")
		.replace(/<a class="headerlink"[^>]*>[^<]*<\/a>/g, "");
}

const linked = (html) =>
	wordsOf(textOf((html.match(/<a\b[^>]*\bhref=[\s\S]*?<\/a>/gi) ?? []).join(" "))).length;

function read(path, name) {
	const bytes = readFileSync(path);
	const html = new TextDecoder("utf-8").decode(bytes);
	if (html.includes("\ufffd")) return undefined; // in another encoding
	const content = contentOf(html);
	const text = textOf(content);
	const words = wordsOf(text).length;
	if (words < WORDS_MIN || words > WORDS_MAX || linked(content) > LINKED_MAX * words)
		return undefined;
	const title = textOf(/<title>([\s\S]*?)<\/title>/i.exec(html)?.[1] ?? name).trim();
	return { name, title, content, text };
}

/** The same ones in each run, spread over the documents of each package. */
export function htmlDocuments() {
	const documents = [];
	const seen = new Set();
	for (const dir of [
		"python3.11",
		"python3.13",
		"debian/FAQ",
		"libunistring-dev",
		"valgrind",
		"libffi8",
		"libexpat1-dev",
	]) {
		const found = [];
		for (const path of filesBelow(`${DOC}/${dir}`, (file) => file.endsWith(".html"))) {
			const document = read(path, path.slice(DOC.length + 1));
			if (document === undefined || seen.has(document.text)) continue;
			seen.add(document.text);
			found.push(document);
		}
		const step = Math.max(1, found.length / OF_A_PACKAGE);
		for (let i = 0; i < found.length; i += step) documents.push(found[Math.floor(i)]);
	}
	return documents;
}
