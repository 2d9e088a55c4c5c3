// The widget's build fails where a part of it is larger than its limit.

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
import { after, before, it } from "node:test";
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

let dir;
before(() => {
	dir = mkdtempSync(join(tmpdir(), "banter-widget-"));
});
after(() => rmSync(dir, { recursive: true }));

for (const [part, path, enlarge] of [
	["the loader", "src/loader/index.ts", addCode(3072)],
	["loader and app", "src/app/index.ts", addCode(34_000)],
	["lang/de-", "src/locales/de.json", addText],
])
	it(`with too large a part: ${part}`, async () => {
		const copy = join(dir, part.replace(/\W/g, ""));
		const isSource = (file) => !/^\/(node_modules|dist)/.test(file.slice(WIDGET.length));
		cpSync(WIDGET, copy, { recursive: true, filter: isSource });
		symlinkSync(join(WIDGET, "node_modules"), join(copy, "node_modules"));
		enlarge(join(copy, path));
		const [code, stderr] = await new Promise((done) => {
			execFile(process.execPath, ["build.mjs"], { cwd: copy }, (error, _, text) =>
				done([error?.code ?? 0, text]),
			);
		});
		assert.equal(code, 1);
		assert.match(stderr, /too large: /);
		assert.ok(stderr.includes(part), stderr);
	});
