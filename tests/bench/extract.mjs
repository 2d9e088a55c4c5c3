// make bench-extract: how much of a document crawl-extract finds in a page that is read alone, and how much else it takes for
// the document. HTML documents of Debian packages are put into the layouts of boilerplate.mjs; the words of what is read
// are compared with those of the document's own text.
//
//	node tests/bench/extract.mjs [--show DOCUMENT LAYOUT]
//
// --show prints the words that are missing and those that are too many.

import { spawnSync } from "node:child_process";
import { print, verdict } from "./bench.mjs";
import { LAYOUTS } from "./boilerplate.mjs";
import { htmlDocuments, PACKAGES, wordsOf } from "./html-documents.mjs";

const GOALS = { f1: 0.955, recall: 0.985 };
const WORST = 5;
const WIDTHS = [-44, -10, 7, 10, 7];

/** The text of the blocks of an encoded document (document.h). */
function blocksOf(bytes) {
	let at = 0;
	const counted = () => {
		const n = bytes.readUInt32LE(at);
		at += 4 + n;
		return bytes.subarray(at - n, at);
	};
	at += 1; // reason
	for (let i = 0; i < 4; i++) counted(); // detail, title, language, canonical
	at += 2; // noindex, nofollow
	counted(); // links
	const blocks = counted();
	const texts = [];
	for (let i = 0; i < blocks.length; ) {
		const block = blocks.subarray(i + 4, i + 4 + blocks.readUInt32LE(i));
		const anchor = block.readUInt32LE(2);
		texts.push(block.subarray(6 + anchor + 4).toString());
		i += 4 + block.length;
	}
	return texts.join("\n");
}

function extract(html) {
	const { status, stdout } = spawnSync(
		"build/crawl-extract",
		["text/html", "utf-8", "https://site.example/page"],
		{
			input: html,
			maxBuffer: 1 << 26,
		},
	);
	if (status !== 0) throw new Error(`crawl-extract ended with ${status}`);
	return blocksOf(stdout);
}

function countsOf(words) {
	const counts = new Map();
	for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
	return counts;
}

/** The words of `a` that `b` does not have, each as often as it is missing. */
function missing(a, b) {
	const left = countsOf(b);
	return a.filter((word) => {
		const n = left.get(word) ?? 0;
		if (n > 0) left.set(word, n - 1);
		return n === 0;
	});
}

function score(wanted, found) {
	const common = wanted.length - missing(wanted, found).length;
	const precision = found.length === 0 ? 0 : common / found.length;
	const recall = common / wanted.length;
	return {
		precision,
		recall,
		f1: common === 0 ? 0 : (2 * precision * recall) / (precision + recall),
	};
}

const mean = (scores, key) => scores.reduce((sum, one) => sum + one[key], 0) / scores.length;
const row = (name, layout, { f1, precision, recall }) =>
	print(WIDTHS, name, layout, f1.toFixed(3), precision.toFixed(3), recall.toFixed(3));

const documents = htmlDocuments();

const [option, document, layout] = process.argv.slice(2);
if (option === "--show") {
	const n = documents.findIndex(({ name }) => name === document);
	const wanted = wordsOf(documents[n].text);
	const found = wordsOf(extract(LAYOUTS[layout]({ ...documents[n], n })));
	console.log("missing:", missing(wanted, found).join(" "));
	console.log("too many:", missing(found, wanted).join(" "));
	process.exit(0);
}

if (!documents.some(({ name }) => name.startsWith("python")))
	console.log(
		`Few documents are installed; "make deps FOR=documents" installs ${PACKAGES.join(", ")}.`,
	);
const scores = [];
for (const [n, one] of documents.entries())
	for (const [name, put] of Object.entries(LAYOUTS))
		scores.push({
			document: one.name,
			layout: name,
			...score(wordsOf(one.text), wordsOf(extract(put({ ...one, n })))),
		});

print(WIDTHS, `${documents.length} documents`, "layout", "F1", "precision", "recall");
for (const name of Object.keys(LAYOUTS)) {
	const of = scores.filter((one) => one.layout === name);
	row("mean", name, {
		f1: mean(of, "f1"),
		precision: mean(of, "precision"),
		recall: mean(of, "recall"),
	});
}
const all = {
	f1: mean(scores, "f1"),
	precision: mean(scores, "precision"),
	recall: mean(scores, "recall"),
};
row("mean", "all", all);
console.log("The worst pages:");
for (const one of scores.sort((a, b) => a.f1 - b.f1).slice(0, WORST))
	row(one.document, one.layout, one);
console.log(
	`mean F1 ${verdict(all.f1 >= GOALS.f1, GOALS.f1)}; recall ${verdict(all.recall >= GOALS.recall, GOALS.recall)}`,
);
