// storaged refuses a store that a newer banter wrote. Migrations themselves are tested in
// tests/unit/storaged/engine/test_migrate.c: no released version has another schema yet.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { BUILD, baseEnvironment, DEADLINE_MS, withBanter } from "./harness.mjs";

const EX_CONFIG = 78;

const dir = mkdtempSync(join(tmpdir(), "banter-migrate-"));
after(() => rmSync(dir, { recursive: true }));

/** Runs storaged on the directory until it ends by itself. */
function runStoraged() {
	return new Promise((resolve) => {
		const child = spawn(join(BUILD, "storaged"), [], {
			env: { ...baseEnvironment(), DATA_DIR: dir },
			stdio: ["ignore", "ignore", "pipe"],
			timeout: DEADLINE_MS,
			killSignal: "SIGKILL",
		});
		let stderr = "";
		child.stderr.on("data", (piece) => {
			stderr += piece;
		});
		child.on("close", (code) => resolve({ code, stderr }));
	});
}

/** Changes each occurrence of a text in a file to another one of its length. */
function patch(path, from, to) {
	const bytes = readFileSync(path);
	let n = 0;
	for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1), n++)
		bytes.write(to, at);
	assert.ok(n > 0);
	writeFileSync(path, bytes);
	return bytes;
}

describe("a store of a later schema", () => {
	it("is refused with status 78 and what to do, and stays unchanged", async () => {
		const path = join(dir, "data.mdb");
		await withBanter({ env: { DATA_DIR: dir } }, (banter) =>
			banter.chat("session", "[[tokens=1]]"),
		);
		// In a leaf page, the value of a name in meta follows the name.
		const bytes = patch(path, "schema_version1", "schema_version2");
		const { code, stderr } = await runStoraged();
		assert.equal(code, EX_CONFIG, stderr);
		assert.match(stderr, /ev=store_too_new schema=2 known=1 help="[^"]*install that version again/);
		assert.deepEqual(readFileSync(path), bytes);
	});
});
