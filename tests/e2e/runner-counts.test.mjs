// The test runner counts what failed, and repeats why.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { countCmocka, countTap } from "../counts.mjs";

/** The TAP report of a test file with this text. */
function tapOf(text) {
	const dir = mkdtempSync(join(tmpdir(), "banter-counts-"));
	const file = join(dir, "sample.test.mjs");
	writeFileSync(file, `import { after, describe, it } from "node:test";\n${text}`);
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const { stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { env });
	rmSync(dir, { recursive: true });
	return stdout.toString();
}

describe("the runner's count", () => {
	it("has each test once, in groups of any depth, with the message of each failure", () => {
		const count = countTap(
			tapOf(`
				describe("outer", () => {
					describe("inner", () => {
						it("passes", () => {});
						it("fails", () => { throw new Error("one\\n\\n  two"); });
					});
					it("is left out", (t) => t.skip("no room"));
				});
			`),
		);
		assert.deepEqual(
			{ ...count, failures: count.failures.map(({ name, why }) => [name, why.slice(0, 2)]) },
			{ passed: 1, failed: 1, skipped: 1, failures: [["fails", ["one", "two"]]] },
		);
	});

	it("has a group whose hook failed although all of its tests passed", () => {
		const count = countTap(
			tapOf(`
				describe("group", () => {
					after(() => { throw new Error("not cleaned up"); });
					it("passes", () => {});
				});
			`),
		);
		assert.deepEqual([count.passed, count.failed], [1, 1]);
		assert.deepEqual(
			count.failures.map(({ name }) => name),
			["group"],
		);
	});

	it("has cmocka's tests, with what each failed test printed", () => {
		const text = [
			"[==========] 3 test(s) run.",
			"[ RUN      ] good",
			"[       OK ] good",
			"[ RUN      ] bad",
			"[  ERROR   ] --- 1 != 2",
			"[   LINE   ] --- here.c:7: error: Failure!",
			"[  FAILED  ] bad",
			"[ RUN      ] absent",
			"[  SKIPPED ] absent",
			"[==========] 3 test(s) run.",
			"[  PASSED  ] 1 test(s).",
			"[  FAILED  ] 1 test(s), listed below:",
			"[  FAILED  ] bad",
			"",
			" 1 FAILED TEST(S)",
			"",
		].join("\n");
		assert.deepEqual(countCmocka(text), {
			passed: 1,
			failed: 1,
			skipped: 1,
			failures: [
				{
					name: "bad",
					why: ["[  ERROR   ] --- 1 != 2", "[   LINE   ] --- here.c:7: error: Failure!"],
				},
			],
		});
	});
});
