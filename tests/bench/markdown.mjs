// make bench-markdown: the browser's main thread while a reply of 100 KB streams for 11 s into a bubble of the
// widget's width: as one text node, as the widget had it before it rendered Markdown, and as Markdown; then as
// Markdown that comes at once, as from the history. Then 64 KiB of nothing but marks in 200 pieces.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { launch } from "../browser/browser.mjs";
import { mainTasks } from "./tasks.mjs";

const WIDGET = fileURLToPath(new URL("../../widget/", import.meta.url));
const { build } = createRequire(WIDGET)("esbuild");

const BYTES = 100_000;
const STREAM_MS = 11_000;
const GOAL_MS = 50;
const MARKS_BYTES = 65_536;
const MARKS_PIECES = 200;

const SENTENCE =
	"Ferns like a *bright* place with **some** shade, `soft water`, and [our guide](https://shop.example/a). ";
const MIXED = `## Ferns\n\n${SENTENCE.repeat(3)}\n\n- one **a**\n  - nested ${SENTENCE}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`js\nconst a = 1;\nconst b = 2;\n\`\`\`\n\n`;
const ONLY = process.argv[2];
const REPLIES = {
	mixed: MIXED,
	"one paragraph": SENTENCE,
	"one list": "- item with **some** text in it\n",
	"one block of code": "    const a = function () { return 1; };\n",
};

/** Each of these is repeated, or mixed by a fixed sequence. */
const MARKS = ["*_~`[!<&\\", "*a* ", "*a_ ", "[", "**a *b_", "`a``b```c", "![a]("];

function mixed(chars) {
	let seed = 7;
	return Array.from({ length: MARKS_BYTES }, () => {
		seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
		return chars[Math.floor((seed / 2 ** 31) * chars.length)];
	}).join("");
}

/** Bundles the module and its styles for a page. */
async function bundle(entry, loader) {
	const stdin = { contents: entry, resolveDir: WIDGET, loader };
	const { outputFiles } = await build({ stdin, bundle: true, format: "iife", write: false });
	return outputFiles[0].text;
}

/** Runs in the page. */
async function stream({ text, isMarkdown, ms, piece }) {
	const bubble = document.querySelector(".bubble");
	const list = document.querySelector(".log");
	const plain = document.createTextNode("");
	const markdown = isMarkdown && window.createMarkdown({ words: (key) => key });
	bubble.append(markdown ? markdown.node : plain);
	await new Promise(requestAnimationFrame);
	const begin = performance.mark("begin").startTime;
	for (let shown = 0; shown < text.length; ) {
		await new Promise(requestAnimationFrame);
		const due = piece ? shown + piece : ((performance.now() - begin) / ms) * text.length;
		const end = Math.min(text.length, Math.ceil(due));
		if (markdown) markdown.render(text.slice(0, end), end === text.length);
		else plain.appendData(text.slice(shown, end));
		// As the list does that follows the text: this computes the layout.
		list.scrollTop = list.scrollHeight;
		shown = end;
	}
}

/** Runs in the page: shows a text that ends with "The end". */
async function showAtOnce({ text }) {
	const list = document.querySelector(".log");
	const { node, render } = window.createMarkdown({ words: (key) => key });
	const follow = () => {
		list.scrollTop = list.scrollHeight;
	};
	document.querySelector(".bubble").append(node);
	await new Promise(requestAnimationFrame);
	performance.mark("begin");
	await new Promise((resolve) => setTimeout(resolve));
	list.addEventListener("grow", follow);
	render(text, true);
	follow();
	while (!node.lastElementChild.textContent.endsWith("The end"))
		await new Promise(requestAnimationFrame);
}

/** The processor time of the page's tasks in ms: other work on the machine does not count. */
async function measure(browser, page, show, given) {
	await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
	await page.evaluate(show, given);
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	const { ts: begin } = traceEvents.find(({ name }) => name === "begin");
	const times = mainTasks(traceEvents)
		.filter(({ ts }) => ts > begin)
		.map(({ ms }) => ms);
	return { longest: Math.max(0, ...times), all: times.reduce((sum, one) => sum + one, 0) };
}

const script = await bundle(
	'import { createMarkdown } from "./src/markdown/index"; window.createMarkdown = createMarkdown;',
	"ts",
);
const styles = await bundle(
	'@import "./src/app/styles/index.css"; @import "./src/app/styles/conversation.css";',
	"css",
);
const browser = await launch({ isFast: true });
const repeated = (unit, bytes) => unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes);

function* cases() {
	for (const [name, unit] of Object.entries(REPLIES)) {
		const text = repeated(unit, BYTES);
		const ways = [
			["one text node", stream, { text, isMarkdown: false, ms: STREAM_MS }],
			["Markdown", stream, { text, isMarkdown: true, ms: STREAM_MS }],
			["Markdown at once", showAtOnce, { text: `${text}\n\nThe end`, isMarkdown: true }],
		];
		yield [name, ways];
	}
	const piece = Math.ceil(MARKS_BYTES / MARKS_PIECES);
	const streamed = (how, text) => [how, stream, { text, isMarkdown: true, piece }];
	const floods = MARKS.map((unit) => streamed(JSON.stringify(unit), repeated(unit, MARKS_BYTES)));
	yield ["marks", [...floods, streamed("mixed", mixed(MARKS[0]))]];
}

try {
	for (const [name, ways] of cases()) {
		if (ONLY && ONLY !== name) continue;
		for (const [how, show, given] of ways) {
			const page = await browser.newPage({ viewport: { width: 420, height: 700 } });
			await page.setContent(
				`<!doctype html><style>${styles}</style><div class="frame"><div class="log" style="height:600px"><div class="row assistant"><div class="body"><div class="bubble ${given.isMarkdown ? "" : "plain"}"></div></div></div></div></div>`,
			);
			await page.addScriptTag({ content: script });
			const { longest, all } = await measure(browser, page, show, given);
			const judged = given.isMarkdown && longest > GOAL_MS ? ` (goal: ${GOAL_MS} ms, missed)` : "";
			console.log(
				`${name}, ${how}: ${Math.round(all)} ms in all, longest ${longest.toFixed(0)} ms${judged}`,
			);
			await page.close();
		}
	}
} finally {
	await browser.close();
}
