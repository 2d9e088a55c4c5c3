// The test runner: what it counts, which failures fail the run, what it runs again, and what it prints at the
// end. Each case runs tests/run.mjs on a small tree of its own.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "./daemon.mjs";

const SHARED = [
	"run.mjs",
	"changed.mjs",
	"schedule.mjs",
	"counts.mjs",
	"ports.mjs",
	"e2e/daemon.mjs",
];

// Programs that print what cmocka prints.
const PASSES = "echo '[       OK ] one'; exit 0";
const FAILS = "echo '[ RUN      ] one'; echo always; echo '[  FAILED  ] one'; exit 1";
const SKIPS = "echo '[ RUN      ] one'; echo only root can; echo '[  SKIPPED ] one'; exit 0";
const once = (script) =>
	`if mkdir "$0.ran"; then echo the first run; ${script}; else ${PASSES}; fi`;
const FLAKY = once(FAILS);

// What test files for Node's runner begin with.
const IMPORTS = `
	import { existsSync, writeFileSync } from "node:fs";
	import { after, describe, it } from "node:test";
	import { Daemon, Log } from "./daemon.mjs";
	const marker = new URL(import.meta.url + ".ran");
	const isFirst = !existsSync(marker);
	writeFileSync(marker, "");
`;
const NODE_PASSES = 'it("passes", () => {});';

/** Writes files, whose names are paths in the tree. */
function write(tree, files) {
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(tree, name)), { recursive: true });
		const body = name.startsWith("tests/e2e/") ? IMPORTS + text : text;
		writeFileSync(join(tree, name), body, { mode: 0o755 });
	}
}

/** Calls use() with a tree of the runner and these files. */
function withTree(files, use) {
	const tree = mkdtempSync(join(tmpdir(), "banter-runner-"));
	try {
		for (const name of SHARED) cpSync(join(ROOT, "tests", name), join(tree, "tests", name));
		write(tree, files);
		return use(tree);
	} finally {
		rmSync(tree, { recursive: true });
	}
}

/** Runs the runner in a tree: { status, stdout, stderr }. */
function start(tree, args) {
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const command = [join(tree, "tests/run.mjs"), "--build", join(tree, "build"), ...args];
	return spawnSync(process.execPath, command, { env, cwd: tree, encoding: "utf8" });
}

/**
 * Runs the runner in a tree. Checks the last line, the exit status, and that the output matches the patterns;
 * returns the output.
 */
function runIn(tree, last, args, ...patterns) {
	const { status, stdout: output, stderr } = start(tree, args);
	assert.equal(stderr, "");
	assert.equal(output.trimEnd().split("\n").at(-1), last, output);
	assert.equal(status, / 0 failed/.test(last) ? 0 : 1);
	for (const pattern of patterns) assert.match(output, pattern);
	return output;
}

const check = (last, files, ...more) => withTree(files, (tree) => runIn(tree, last, ...more));

/** The files that passed, with their suites. */
const passedIn = (output) =>
	[...output.matchAll(/^ok +(\S+(?: \S+\.scenario)?) in build:/gm)].map(([, name]) => name).sort();

/** Unit programs of these scripts: test_0, test_1, … */
const unit = (scripts, build = "build") =>
	Object.fromEntries(
		scripts.map((script, i) => [`${build}/unit/test_${i}`, `#!/bin/sh\n${script}\n`]),
	);

const e2e = (texts) =>
	Object.fromEntries(texts.map((text, i) => [`tests/e2e/f${i}.test.mjs`, text]));

describe("the test runner", () => {
	it("passes if every file passes, in folders too", () => {
		const inFolder = { "build/unit/store/engine/test_a": `#!/bin/sh\n${PASSES}\n` };
		const files = { ...unit([PASSES, SKIPS]), ...inFolder };
		const title = /^ok {5}unit\/store\/engine\/test_a in build: /m;
		const skipped = /\nSkipped:\n {2}unit\/test_1 in build: one: only root can\n/;
		const output = check("2 passed, 0 failed, 1 skipped", files, ["unit"], title, skipped);
		assert.doesNotMatch(output, /Flaky|Failed|again/);
	});

	it("lists a file as flaky that passes when run again, with its first output, and records it", () => {
		const first = /\nFirst output of unit\/test_1 in build, .*:\nthe first run\n/;
		const list = /\nFlaky \(.*alone\):\n( {2}unit\/test_[12] in build\n){2}\n.*\n$/;
		withTree(unit([PASSES, FLAKY, FLAKY]), (tree) => {
			const output = runIn(tree, "3 passed, 0 failed", ["unit"], first, list);
			assert.doesNotMatch(output, /^Failed:/m);
			rmSync(join(tree, "build/unit/test_2.ran"), { recursive: true });
			runIn(tree, "3 passed, 0 failed", ["unit"]);
			const record = JSON.parse(readFileSync(join(tree, "build/flaky.json")));
			const found = record.map(({ file, failed }) => `${file}: ${failed}`).sort();
			const [one, two] = ["unit/test_1 in build: one", "unit/test_2 in build: one"];
			assert.deepEqual(found, [one, two, two]);
		});
	});

	it("counts each test once, in groups of any depth, and a group whose hook failed", () => {
		const nested = `describe("outer", () => {
			describe("inner", () => {
				it("passes", () => {});
				it("fails", () => { throw new Error("one\\n\\n  two"); });
			});
			it("is left out", (t) => t.skip("no room"));
		});`;
		const hook = `describe("group", () => {
			after(() => { throw new Error("not cleaned up"); });
			it("passes", () => {});
		});`;
		const failures = [
			/\n {2}e2e\/f0.test.mjs in build: fails\n {6}one\n {6}two\n/,
			/\n {2}e2e\/f1.test.mjs in build: group\n/,
			/\nSkipped:\n {2}e2e\/f0.test.mjs in build: is left out: no room\n/,
		];
		check("2 passed, 2 failed, 1 skipped", e2e([nested, hook]), ["e2e"], ...failures);
	});

	it("prints the end of the daemons' logs when a test file fails", () => {
		const test = (fails) => `
			const log = new Log();
			const script = "for i in $(seq 250); do echo ev=line n=$i; done >&2";
			const daemon = new Daemon("/bin/sh", ["-c", script], {}, log);
			it("has a daemon", async () => { daemon.start(); await daemon.ended; });
			it("fails first", () => { if (${fails}) throw new Error("bad luck"); });
		`;
		const output = check("4 passed, 0 failed", e2e([test("isFirst"), test("false")]), ["e2e"]);
		for (const part of output.split("First output of e2e/f0.test.mjs in build")) {
			assert.match(part, /bad luck/);
			assert.equal(part.match(/sh: ev=line n=250\n/g).length, 1);
			assert.match(part, /sh: ev=line n=52\n/);
			assert.doesNotMatch(part, /sh: ev=line n=50\n/);
		}
	});

	it("prints how much CPU time the build and each file took", () => {
		const works = `i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; ${PASSES}`;
		const most =
			/\nMost CPU time:\n {2}unit\/test_1 in build: \d+\.\d s of CPU in .*\n {2}unit\/test_0 /;
		const sum = /\n\d+ s of CPU: 0 for the build, \d+ for the tests\.\nThe machine used \d+ s /;
		check("2 passed, 0 failed", unit([PASSES, works]), ["unit"], most, sum);
	});

	it("runs failed files again when no other file runs", () => {
		const alone = `
			touch "$0.busy"; sleep 0.2; busy=$(ls "$(dirname "$0")" | grep -c busy); rm "$0.busy"
			if mkdir "$0.ran" || [ $busy != 1 ]; then ${FAILS}; else ${PASSES}; fi`;
		check("3 passed, 0 failed", unit([alone, alone, alone]), ["unit", "--parallel", "3"]);
	});

	it("fails if more than three files are flaky, and runs none again if more than ten failed", () => {
		const flaky = (n) => unit(Array(n).fill(FLAKY));
		const tooMany = /Failed:\n {2}4 flaky files, at most 3 are tolerated\n/;
		check("3 passed, 0 failed", flaky(3), ["unit"]);
		check("4 passed, 1 failed", flaky(4), ["unit"], tooMany);
		assert.doesNotMatch(check("0 passed, 11 failed", flaky(11), ["unit"]), /Flaky/);
	});

	for (const [what, script, problem] of [
		["fails", FAILS, "one\n {6}always"],
		["crashes", "kill -SEGV $$", "killed by SIGSEGV"],
		["hangs", "sleep 1000", "not finished after 5 s"],
		["has no tests", "exit 0", "no test ran"],
	])
		it(`fails if a program ${what} twice, not if it does so once`, () => {
			const failed = new RegExp(`\\nFailed:\\n  unit/test_0 in build: ${problem}\\n`);
			const flaky = /run again alone\):\n {2}unit\/test_1 in build\n\n.*\n$/;
			const files = unit([script, once(script), PASSES]);
			check("2 passed, 1 failed", files, ["unit", "--limit", "5"], failed, flaky);
		});

	for (const [what, text, problem, ...args] of [
		["crashes", "process.abort();", "killed by SIGABRT"],
		["hangs", "setInterval(() => {}, 1000);", "not finished after 1 s", "--limit", "1"],
		["has no tests", "", "no test ran"],
	])
		it(`fails if a test file ${what} twice`, () => {
			const failed = new RegExp(`\\nFailed:\\n  e2e/f0.test.mjs in build: [^]*${problem}`);
			check("0 passed, 1 failed", e2e([text]), ["e2e", ...args], failed);
		});

	it("runs what lists name: files, and folders", () => {
		const files = {
			...e2e([NODE_PASSES, NODE_PASSES]),
			...unit([PASSES, PASSES]),
			"build/unit/a/test_a": `#!/bin/sh\n${PASSES}\n`,
			"build/unit/ab/test_b": `#!/bin/sh\n${PASSES}\n`,
			one: "# parsers\ne2e/f1.test.mjs  reason\n\nfaults/f0.test.mjs  of another suite\n",
			two: "unit/a/  reason\nunit/test_1  reason\n",
		};
		const lists = ["--list", "one", "--list", "two"];
		const output = check("3 passed, 0 failed", files, [...lists, "unit", "e2e"]);
		assert.deepEqual(passedIn(output), ["e2e/f1.test.mjs", "unit/a/test_a", "unit/test_1"]);
	});

	it("runs a sample of the files, which a text chooses, and always the front ends", () => {
		const npm = JSON.stringify({ scripts: { test: "echo '# pass 1'" } });
		const files = {
			...e2e(Array(8).fill(NODE_PASSES)),
			"widget/package.json": npm,
			"dashboard/package.json": npm,
		};
		// Texts of which each chooses four.
		const ran = ["b", "e", "h"].map((text) => {
			const output = check("6 passed, 0 failed", files, [
				"--sample",
				`2:${text}`,
				"e2e",
				"frontends",
			]);
			return passedIn(output);
		});
		assert.notDeepEqual(ran[0], ran[1]);
		assert.ok(new Set(ran.flat()).size > 4);
	});

	it("runs the files of scenarios that are beside a program's source each by itself", () => {
		const files = {
			"build/unit/a/test_scenarios": `#!/bin/sh\n[ "$1" != tests/unit/a/two.scenario ] || exit 1\n${PASSES}\n`,
			"tests/unit/a/one.scenario": "scenario one\n",
			"tests/unit/a/two.scenario": "scenario two\n",
			"tests/unit/a/macros.scenario": "macro three\n",
		};
		const failed = /\nFailed:\n {2}unit\/a\/test_scenarios two.scenario in build: exit status 1\n/;
		const output = check("1 passed, 1 failed", files, ["unit"], failed);
		assert.deepEqual(passedIn(output), ["unit/a/test_scenarios one.scenario"]);
	});

	it("runs the files that the changes since a branch concern", () => {
		const files = {
			...e2e([NODE_PASSES, `import "./m.mjs"; ${NODE_PASSES}`]),
			"tests/e2e/m.mjs": "",
			...unit([PASSES, PASSES]),
			"build/obj/tests/unit/test_0.d": "test_0.o: \\\n tests/unit/test_0.c \\\n a/b.h\na/b.h:\n",
			"build/obj/tests/unit/test_1.d": "test_1.o: tests/unit/test_1.c a/c.h\na/c.h:\n",
			"a/b.c": "",
			".gitignore": "build\n*.ran\n",
		};
		const author = ["-c", "user.name=a", "-c", "user.email=a@b.test"];
		const commands = [
			["init", "--quiet", "--initial-branch=main"],
			["add", "."],
			[...author, "commit", "--quiet", "--message=all"],
			["switch", "--quiet", "--create=other"],
		];
		withTree(files, (tree) => {
			for (const command of commands) execFileSync("git", command, { cwd: tree });
			const args = ["--changed", "main", "unit", "e2e"];
			write(tree, { "a/b.c": "int b;", "tests/e2e/m.mjs": "//" });
			const output = runIn(tree, "2 passed, 0 failed", args);
			assert.deepEqual(passedIn(output), ["e2e/f1.test.mjs", "unit/test_0"]);
			execFileSync("git", ["checkout", "--quiet", "."], { cwd: tree });
			const { status, stdout } = start(tree, args);
			assert.deepEqual([stdout, status], ["The changes since main concern no test file.\n", 0]);
		});
	});

	it("runs the files with a text in their path, and names near ones if none has it", () => {
		const files = { ...e2e([NODE_PASSES, NODE_PASSES]), ...unit([PASSES, PASSES]) };
		withTree(files, (tree) => {
			const ran = (only, last) => passedIn(runIn(tree, last, ["--only", only, "unit", "e2e"]));
			assert.deepEqual(ran("e2e/f1", "1 passed, 0 failed"), ["e2e/f1.test.mjs"]);
			assert.deepEqual(ran("test_0", "1 passed, 0 failed"), ["unit/test_0"]);
			const { status, stderr } = start(tree, ["--only", "test_7", "unit", "e2e"]);
			assert.equal(status, 64);
			assert.match(stderr, /^--only test_7: .*\. Near: .*unit\/test_0, unit\/test_1/);
		});
	});

	it("fails if a listed file does not exist, and if there is nothing to run", () => {
		const files = { ...unit([PASSES]), list: "unit/none/  reason\nunit/test_0\n" };
		const missing = /unit\/none\/ is listed, but does not exist/;
		check("1 passed, 1 failed", files, ["--list", "list", "unit"], missing);
		check("0 passed, 2 failed", {}, ["e2e", "unit"], /e2e in build: nothing to run/);
	});
});
