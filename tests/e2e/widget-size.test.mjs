// The widget's build fails if parts of it are larger than their limits. One build, because it needs 10 s of CPU.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	appendFileSync,
	cpSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { ROOT } from "./daemon.mjs";

const WIDGET = join(ROOT, "widget");
/** It cannot be compressed, and no minifier can drop it. */
const filler = (bytes) => randomBytes(bytes).toString("hex");
const addCode = (bytes) => (file) =>
	appendFileSync(file, `\ndocument.documentElement.id += ${JSON.stringify(filler(bytes))};\n`);

function addText(file) {
	const texts = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(file, JSON.stringify({ ...texts, send: filler(1000) }));
}

it("with too large parts, all of which it names", async () => {
	const dir = mkdtempSync(join(tmpdir(), "banter-widget-"));
	try {
		const isSource = (file) => !/^\/(node_modules|dist)/.test(file.slice(WIDGET.length));
		cpSync(WIDGET, dir, { recursive: true, filter: isSource });
		symlinkSync(join(WIDGET, "node_modules"), join(dir, "node_modules"));
		for (const [path, enlarge] of [
			["src/loader/index.ts", addCode(3072)],
			["src/app/index.ts", addCode(3072)],
			["src/locales/de.json", addText],
		])
			enlarge(join(dir, path));
		const [code, stderr] = await new Promise((done) => {
			execFile(process.execPath, ["build.mjs"], { cwd: dir }, (error, _, text) =>
				done([error?.code ?? 0, text]),
			);
		});
		assert.equal(code, 1);
		const [, parts] = /Error: too large: (.*)/.exec(stderr) ?? assert.fail(stderr);
		const names = parts.split(", ").map((part) => part.replace(/-[0-9a-f]{8}\.js$/, ""));
		assert.deepEqual(names, [
			"the loader",
			"opening a chat (loader and app)",
			"everything together",
			"lang/de",
		]);
	} finally {
		rmSync(dir, { recursive: true });
	}
});
