// The documents: every README.md and man page, and the code blocks in them. tests/lint/documents.mjs
// checks them, tests/e2e/documents.test.mjs runs their examples.
//
// Each block of shell commands has a marker directly above it, an HTML comment (in man pages a mdoc
// comment, `.\" run`):
//
//	<!-- run -->                  tests/e2e/documents.test.mjs runs it as it stands
//	<!-- run: MESSAGE=messageId --> the same; later blocks of the page find this member of its output in
//	                              $MESSAGE
//	<!-- tested by: FILE -->      this test runs the same commands
//	<!-- by hand: REASON -->      no test runs it
//
// A block directly below such a block shows its output.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const LIST = ["ls-files", "--cached", "--others", "--exclude-standard"];

/** All files of the repository that exist. */
export const files = execFileSync("git", LIST, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");

/** The paths of the pages. */
export const readmes = files.filter((path) => /(^|\/)README\.md$/.test(path));
export const manPages = files.filter((path) => /^systemd\/man\//.test(path));

export const read = (path) => readFileSync(join(ROOT, path), "utf8");

const MARKER = /^(run|tested by|by hand)(?:: (.+))?$/;

/** { kind, detail } of a comment's text; undefined if it is not a marker. */
function parseMarker(text) {
	const found = MARKER.exec(text.trim());
	return found ? { kind: found[1], detail: found[2] ?? "" } : undefined;
}

/**
 * The fenced code blocks of a Markdown page.
 * @returns {{line: number, language: string, text: string, marker?: {kind: string, detail: string},
 *     output?: string}[]} line: where it begins, from 1; output: the block directly below
 */
export function codeBlocks(markdown) {
	const lines = markdown.split("\n");
	const blocks = [];
	for (let i = 0; i < lines.length; i++) {
		if (!lines[i].startsWith("```")) continue;
		const end = lines.indexOf("```", i + 1);
		if (end < 0) throw new Error(`line ${i + 1}: the code block does not end`);
		const comment = /^<!-- (.*) -->$/.exec(lines[i - 1] ?? "");
		const block = {
			line: i + 1,
			language: lines[i].slice(3),
			text: lines.slice(i + 1, end).join("\n"),
			marker: comment ? parseMarker(comment[1]) : undefined,
		};
		const above = blocks.at(-1);
		if (above && i > 0 && lines[i - 1] === "```" && above.marker?.kind === "run")
			above.output = block.text;
		blocks.push(block);
		i = end;
	}
	return blocks;
}

/**
 * The commands in the section EXAMPLES of a man page: each .Dl line and each literal block.
 * @returns {{line: number, text: string, marker?: {kind: string, detail: string}}[]}
 */
export function manExamples(mdoc) {
	const lines = mdoc.split("\n");
	const examples = [];
	let inExamples = false;
	lines.forEach((line, i) => {
		if (line.startsWith(".Sh ")) inExamples = line === ".Sh EXAMPLES";
		if (!inExamples || !/^\.(Dl |Bd -literal)/.test(line)) return;
		const comment = /^\.\\" (.*)$/.exec(lines[i - 1]);
		const end = line.startsWith(".Dl") ? i + 1 : lines.indexOf(".Ed", i);
		examples.push({
			line: i + 1,
			text: line.startsWith(".Dl") ? line.slice(4) : lines.slice(i + 1, end).join("\n"),
			marker: comment ? parseMarker(comment[1]) : undefined,
		});
	});
	return examples;
}
