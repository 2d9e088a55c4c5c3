// The examples of the CommonMark specification, version 0.31.2. Those that differ are listed with the
// reason, so that a change is seen.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { tests as examples } from "commonmark-spec";
import { htmlOf, render } from "./markdown-html";

/** Their constructs are not supported: HTML is text, and a link's address is beside its label. */
const OTHER_SECTIONS = ["HTML blocks", "Raw HTML", "Link reference definitions"];
const DEFINITION = /^ *\[(?:[^\]\\]|\\.)+\]:/m;

/** The numbers of the examples that differ, by reason. */
const DIFFERENT: Readonly<Record<string, readonly number[]>> = {
	"HTML is text": [21, 31, 308, 309, 344, 475, 476, 477, 491, 494, 524, 642, 643],
	"an image in a link is its text": [517],
	"an address without angle brackets is a link, as in GFM": [602, 608, 611, 612],
	"only http, https, mailto and tel": [596, 598, 599, 601],
	"only common entities have names": [25, 32, 34, 503],
	"a link without text shows where it leads": [484, 487, 581],
	"the browser encodes the address differently": [20, 502, 526, 603],
};

const BASE = "https://base.example/";

/**
 * Hides what is meant to differ everywhere: a hard line break is a newline, as a soft one; an image is a
 * link with its text; links have no title; addresses are absolute.
 */
function normal(html: string): string {
	return html
		.replace(/<br \/>\n/g, "\n")
		.replace(/<img src="([^"]*)" alt="([^"]*)"[^>]*>/g, '<a href="$1">$2</a>')
		.replace(/ title="[^"]*"/g, "")
		.replace(/href="([^"]*)"/g, (_, href: string) => {
			const url = new URL(href.replace(/&amp;/g, "&"), BASE);
			return `href="${url.href}"`;
		})
		.replace(/<li>\s+/g, "<li>")
		.replace(/\s+<\/li>/g, "</li>")
		.replace(/\n+/g, "\n")
		.trim();
}

const withTabs = (text: string) => text.replace(/→/g, "\t");

const supported = examples.filter(
	({ section, markdown }) => !OTHER_SECTIONS.includes(section) && !DEFINITION.test(markdown),
);
const differing = supported.filter(({ markdown, html }) => {
	return normal(htmlOf(render([withTabs(markdown)]))) !== normal(withTabs(html));
});

test("the examples that differ are those with a reason, and README.md has their number", async () => {
	const listed = Object.values(DIFFERENT).flat();
	assert.deepEqual(
		differing.map(({ number }) => number),
		listed.sort((a, b) => a - b),
	);
	const sentence = `${supported.length - listed.length} of ${supported.length} examples`;
	assert.ok((await readFile("README.md", "utf8")).includes(sentence), sentence);
});
