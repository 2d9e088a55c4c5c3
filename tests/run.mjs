// Runs the tests and sums them up: `node tests/run.mjs [options] [suite …]`.
//
//	--suites a,b   the same as naming them; without any, all run:
//	               unit       every program in BUILD/unit (cmocka)
//	               e2e        tests/e2e, real processes
//	               faults     tests/faults, processes that are killed, starved and lied to
//	               browser    tests/browser, a page in Chromium
//	               frontends  `npm test` of the widget and the dashboard
//	               install    tests/install, the package on a Debian that is booted; only when it is
//	                          named (`make test-install` makes what it needs)
//	--build DIR    where the programs are (build); given several times, unit, e2e and faults run for
//	               each, so that one run covers the plain and the sanitizer builds
//	--only TEXT    only files with this in their name
//	--hands N      how many programs and test files run at a time (one more than there are processors, since
//	               most of them wait much more than they compute)
//
// What a file prints is shown when it has ended.
//
// At the end each that failed is named, with the beginning of what it said.
//
// The last line is `N passed, N failed`, with `, N skipped` if there are any; the exit status is 0
// only if none failed. A suite without a single test, a runner that crashes or hangs: a failure.

import { spawn } from "node:child_process";
import {
	accessSync,
	constants,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { countCmocka, countTap } from "./counts.mjs";
import { portShare } from "./ports.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/**
 * What each consists of, in a build: [{ name, what, run }]; run takes the hand's share of ports. They
 * run in this order: with short ones at the end no hand has to wait long for another.
 */
const SUITES = {
	install: nodeJobs,
	faults: nodeJobs,
	browser: nodeJobs,
	e2e: nodeJobs,
	frontends: frontendJobs,
	unit: unitJobs,
};
const BY_NAME_ONLY = ["install"];
const PER_BUILD = ["unit", "e2e", "faults"];
/** For one program or test file: far more than any takes, also on a machine with much else to do. */
const LIMIT_MS = process.env.TEST_LONG ? 3_600_000 : 900_000;

const scratch = mkdtempSync(join(tmpdir(), "banter-run-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

// -- running --------------------------------------------------------------------------------

const running = new Set();

/** Ends a process and all that it started. */
function killGroup(child) {
	try {
		process.kill(-child.pid, "SIGKILL");
	} catch {
		// It has gone.
	}
}

for (const signal of ["SIGINT", "SIGTERM"])
	process.on(signal, () => {
		for (const child of running) killGroup(child);
		process.exit(1);
	});

/**
 * Runs a command in a process group of its own and keeps its output.
 * @returns {Promise<{output: string, trouble: string | undefined}>} trouble: why it counts as
 *     failed, whatever it printed
 */
function run(command, args, { env = {}, cwd = ROOT } = {}) {
	return new Promise((done) => {
		const child = spawn(command, args, {
			cwd,
			env: { ...process.env, ...env },
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		running.add(child);
		let output = "";
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			killGroup(child);
		}, LIMIT_MS);
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8");
			stream.on("data", (text) => {
				output += text;
			});
		}
		const finish = (trouble) => {
			clearTimeout(timer);
			running.delete(child);
			killGroup(child); // what it left behind
			done({ output, trouble });
		};
		child.on("error", (error) => finish(error.message));
		child.on("close", (code, signal) => {
			if (late) finish(`not done within ${LIMIT_MS / 1000} s`);
			else if (signal) finish(`ended by ${signal}`);
			else finish(code === 0 ? undefined : `exit status ${code}`);
		});
	});
}

// -- counting -------------------------------------------------------------------------------

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

/** A suite without anything to run is a failure. */
function nothingToRun(what) {
	total.failed++;
	failures.push({ name: `${what}: nothing to run`, why: [] });
}

/** Adds a program's tests to the sum; trouble and having none at all are failures. */
function add(what, count, trouble) {
	total.passed += count.passed;
	total.failed += count.failed;
	total.skipped += count.skipped;
	failures.push(...count.failures.map(({ name, why }) => ({ name: `${what}: ${name}`, why })));
	if (count.failed > 0) return false;
	const none = count.passed + count.skipped === 0;
	if (!trouble && !none) return true;
	total.failed++;
	failures.push({ name: `${what}: ${trouble ?? "no test ran"}`, why: [] });
	return false;
}

function report(what, ok, count, since) {
	const seconds = ((Date.now() - since) / 1000).toFixed(1);
	console.log(
		`${ok ? "ok    " : "FAILED"} ${what}: ${count.passed} passed, ${count.failed} failed (${seconds} s)`,
	);
}

// -- the suites -----------------------------------------------------------------------------

function isProgram(path) {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

function listDir(dir) {
	try {
		return readdirSync(dir).sort();
	} catch {
		return [];
	}
}

/** How a suite, or a file of it, is named: by the build too, where that makes a difference. */
function nameOf(suite, build, file = "") {
	const path = join(suite, file);
	return PER_BUILD.includes(suite) ? `${path} in ${relative(ROOT, build) || build}` : path;
}

async function runUnit(what, program) {
	const since = Date.now();
	const { output, trouble } = await run(program, []);
	const count = countCmocka(output);
	const ok = add(what, count, trouble);
	if (!ok) console.log(output);
	report(what, ok, count, since);
}

function unitJobs(suite, build) {
	const dir = join(build, "unit");
	return readdirSync(dir, { recursive: true })
		.filter((name) => basename(name).startsWith("test_") && isProgram(join(dir, name)))
		.map((name) => {
			const what = nameOf(suite, build, name);
			return { name, what, run: () => runUnit(what, join(dir, name)) };
		});
}

/** Runs one test file with Node's runner: one that hangs cannot take others along. */
async function runNodeFile(what, path, env) {
	const since = Date.now();
	const tap = join(mkdtempSync(join(scratch, "file-")), "tap");
	const reporters = ["spec", "stdout", "tap", tap].map((value, i) =>
		i % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
	);
	const { output, trouble } = await run(process.execPath, ["--test", ...reporters, path], { env });
	const count = countTap(existsSync(tap) ? readFileSync(tap, "utf8") : "");
	process.stdout.write(output);
	report(what, add(what, count, trouble), count, since);
}

function nodeJobs(suite, build) {
	const dir = join(ROOT, "tests", suite);
	const env = { BANTER_BUILD: build };
	return listDir(dir)
		.filter((name) => name.endsWith(".test.mjs"))
		.map((name) => {
			const path = join(dir, name);
			const what = nameOf(suite, build, name);
			return { name, what, run: (ports) => runNodeFile(what, path, { ...env, ...ports }) };
		});
}

/** The front ends bring their own runner; its last words are the count. */
async function runFrontend(what, cwd) {
	const since = Date.now();
	const { output, trouble } = await run("npm", ["test", "--silent"], { cwd });
	const said = (word) => Number(new RegExp(`^(?:ℹ|#) ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
	const count = {
		passed: said("pass"),
		failed: said("fail") + said("cancelled"),
		skipped: said("skipped") + said("todo"),
		failures: [],
	};
	if (count.failed > 0)
		for (const name of output.match(/^not ok .*|^\s*✖ .*/gm) ?? [])
			count.failures.push({ name: name.trim(), why: [] });
	const ok = add(what, count, trouble);
	if (!ok) console.log(output);
	report(what, ok, count, since);
}

function frontendJobs(suite, build) {
	return ["widget", "dashboard"].map((name) => {
		const what = nameOf(suite, build, name);
		return { name, what, run: () => runFrontend(what, join(ROOT, name)) };
	});
}

/** All that is to be run. */
function jobsOf({ builds, suites, only }) {
	const ordered = Object.keys(SUITES).filter((name) => suites.includes(name));
	const wanted = ordered.flatMap((name) =>
		builds.filter((_, i) => i === 0 || PER_BUILD.includes(name)).map((build) => [name, build]),
	);
	return wanted.flatMap(([suite, build]) => {
		const jobs = SUITES[suite](suite, build);
		if (jobs.length === 0) nothingToRun(nameOf(suite, build));
		return jobs.filter(({ name }) => name.includes(only));
	});
}

/** So many at a time. */
async function runJobs(jobs, hands) {
	const waiting = [...jobs];
	const hand = async (_, i) => {
		const ports = portShare(i, hands);
		for (let job = waiting.shift(); job; job = waiting.shift()) await job.run(ports);
	};
	await Promise.all(Array.from({ length: hands }, hand));
}

// -- the whole ------------------------------------------------------------------------------

function usage(problem) {
	console.error(
		`${problem}\nusage: node tests/run.mjs [--build DIR]… [--only TEXT] [--hands N] [${Object.keys(SUITES).join("|")}]…`,
	);
	process.exit(64); // EX_USAGE
}

function parseArguments(args) {
	const options = { builds: [], suites: [], only: "", hands: 1 + availableParallelism() };
	while (args.length > 0) {
		const [arg] = args.splice(0, 1);
		const value = () => args.shift() ?? usage(`${arg} needs a value`);
		if (arg === "--build") options.builds.push(resolve(value()));
		else if (arg === "--suites") options.suites.push(...value().split(","));
		else if (arg === "--only") options.only = value();
		else if (arg === "--hands") options.hands = Number(value()) || usage("--hands wants a number");
		else options.suites.push(arg);
	}
	for (const name of options.suites)
		if (!Object.hasOwn(SUITES, name)) usage(`there is no suite ${name}`);
	if (options.builds.length === 0) options.builds.push(join(ROOT, "build"));
	if (options.suites.length === 0)
		options.suites = Object.keys(SUITES).filter((name) => !BY_NAME_ONLY.includes(name));
	return options;
}

async function main() {
	const options = parseArguments(process.argv.slice(2));
	await runJobs(jobsOf(options), options.hands);
	if (failures.length > 0) console.log("\nFailed:");
	for (const { name, why } of failures)
		console.log([`  ${name}`, ...why.map((line) => `      ${line}`)].join("\n"));
	const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
	console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
	process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
}

await main();
