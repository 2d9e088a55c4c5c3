// Runs the tests and prints a summary: `node tests/run.mjs [options] [suite …]`.
//
// Suites; without any, all but fresh, install and npm run:
//	unit         every program below BUILD/unit (cmocka)
//	e2e          tests/e2e: real processes, started by each test file
//	faults       tests/faults: processes are killed, starved and sent invalid data
//	browser      tests/browser: pages in Chromium
//	frontends    `npm test` in widget/ and dashboard/
//	install      tests/install: the package on a booted Debian (`make test-install`)
//	npm          tests/npm: the example apps of the npm packages (`make test-npm`)
//	fresh        tests/fresh: README.md's commands on a new Debian (`make test-fresh`)
// Options:
//	--build DIR    where the programs are (default: build)
//	--list FILE    run only what FILE lists, one path below tests/ a line: a file, or a folder with / at its
//	               end. May be repeated
//	--only TEXT    run only files with TEXT in their name, the suite's included: e2e/resume
//	--changed REF  run only files that the changes since the branch REF concern (changed.mjs)
//	--sample N:TEXT  run about one file of N, and the front ends; TEXT, a commit for example, chooses which
//	--parallel N   run N test files at a time (default: two for each processor, because most tests
//	               mostly wait, and up to twice as many while processors are idle)
//	--limit S      kill a test file that runs for more than S seconds
//
// The output of a test file is printed when the file has ended; if it failed, the end of each of its
// daemons' logs follows. A failed file is run once more, alone, after all others. If it passes then, it
// counts as passed, is listed as flaky at the end, with its first output, and is added to build/flaky.json. More
// than FLAKY_MAX flaky files fail the run.
//
// At the end, skipped tests are listed with their reasons, and failed ones with their messages.
// A file without tests, a crash and an exceeded limit are failures. The last line of the output is
// `N passed, N failed`, and `, N skipped` if there are any. The exit status is 0 if none failed.

import { spawn, spawnSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import {
	accessSync,
	constants,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { concernedBy } from "./changed.mjs";
import { countCmocka, countSummary, countTap } from "./counts.mjs";
import { portRange } from "./ports.mjs";
import { inOrder, processorTimes, runJobs } from "./schedule.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The jobs of each suite, in the order in which they run (inOrder() puts the longest first). */
const SUITES = {
	install: machineJobs,
	fresh: nodeJobs,
	npm: nodeJobs,
	faults: nodeJobs,
	browser: nodeJobs,
	e2e: nodeJobs,
	frontends: frontendJobs,
	unit: unitJobs,
};
const ONLY_IF_NAMED = ["install", "fresh", "npm"];
const PER_BUILD = ["unit", "e2e", "faults"];
const FLAKY_MAX = 3;
/** What was flaky in the last runs, the newest at the end. */
const FLAKY = join(ROOT, "build/flaky.json");
const FLAKY_KEPT = 200;
/** So many files are listed that used the most CPU time. */
const COSTLIEST = 10;
/** More failed files than this are not run again: the cause is not bad luck. */
const RERUNS_MAX = 10;
/** The end of each log that is printed when a test file fails. */
const LOG_LINES = 200;
/** Names that share so many first letters with what --only asks for are shown if no file has it. */
const NEAR_LENGTH = 4;
/** Of all random choices in the tests: a file that is run again makes the same ones. */
const SEED = process.env.FAULTS_SEED ?? String(randomInt(2 ** 31));
/** The default of --limit: far more than any file takes, even on a busy machine. */
const LIMIT_S = process.env.TEST_LONG ? 3600 : 900;

const scratch = mkdtempSync(join(tmpdir(), "banter-run-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

// Processes

const running = new Set();

function killGroup(child) {
	try {
		process.kill(-child.pid, "SIGKILL");
	} catch {
		// The whole group has exited.
	}
}

for (const signal of ["SIGINT", "SIGTERM"])
	process.on(signal, () => {
		for (const child of running) killGroup(child);
		process.exit(1);
	});

/** CPU seconds of all children that have exited, and of their descendants. */
function cpuOfChildren() {
	const stat = readFileSync("/proc/self/stat", "utf8")
		.replace(/^.*\) /, "")
		.split(" ");
	return (Number(stat[13]) + Number(stat[14])) / 100; // proc(5): cutime, cstime
}

const STARTED = processorTimes();
/** Children of the shell that became this process: the build. */
const CPU_OF_BUILD = cpuOfChildren();
let cpuBefore = CPU_OF_BUILD;

/** CPU seconds of the child that exited last and of its descendants; call it once for each child. */
function cpuOfExitedChild() {
	const total = cpuOfChildren();
	const used = total - cpuBefore;
	cpuBefore = total;
	return used;
}

/**
 * Runs a command in a process group of its own.
 * @returns {Promise<{output: string, problem?: string, cpu: number}>} problem: how it crashed or failed;
 *     cpu: in seconds
 */
function run(command, args, { env, cwd, limit }) {
	return new Promise((done) => {
		const child = spawn(command, args, {
			cwd,
			env: { ...process.env, ...env },
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		running.add(child);
		let output = "";
		let cpu = 0;
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			killGroup(child);
		}, limit * 1000);
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8");
			stream.on("data", (text) => {
				output += text;
			});
		}
		const finish = (problem) => {
			clearTimeout(timer);
			running.delete(child);
			killGroup(child); // processes that it left running
			done({ output, problem, cpu });
		};
		child.on("error", (error) => finish(error.message));
		child.on("exit", () => {
			cpu = cpuOfExitedChild();
		});
		child.on("close", (code, signal) => {
			if (late) finish(`not finished after ${limit} s`);
			else if (signal) finish(`killed by ${signal}`);
			else finish(code === 0 ? undefined : `exit status ${code}`);
		});
	});
}

// Jobs: { name, command, args(dir), cwd, env, verbose, count(output, dir) }. Each run of a job has an
// empty directory `dir`.

function isProgram(path) {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

function listFiles(dir) {
	return existsSync(dir) ? readdirSync(dir, { recursive: true }).sort() : [];
}

/** The name of a suite, or of a file in it, for people. */
function titleOf(suite, build, name = "") {
	const path = join(suite, name);
	return PER_BUILD.includes(suite) ? `${path} in ${relative(ROOT, build) || build}` : path;
}

/** The scenario files in the source folder of a program that runs them. */
function scenariosOf(program) {
	const dir = join("tests/unit", dirname(program));
	const files = listFiles(join(ROOT, dir)).filter((name) => /^[^/]*\.scenario$/.test(name));
	return files
		.map((name) => join(dir, name))
		.filter((path) => /^scenario /m.test(readFileSync(join(ROOT, path), "utf8"))); // not macros alone
}

/** One job a program, or a file of its scenarios: those mostly wait, and so do it at the same time. */
function unitJobs(_, build) {
	const dir = join(build, "unit");
	const job = (program, scenarios) => ({
		name: scenarios === undefined ? program : `${program} ${basename(scenarios)}`,
		scenarios,
		command: join(dir, program),
		args: () => (scenarios === undefined ? [] : [scenarios]),
		count: countCmocka,
	});
	return listFiles(dir)
		.filter((name) => basename(name).startsWith("test_") && isProgram(join(dir, name)))
		.flatMap((name) => {
			const files = basename(name) === "test_scenarios" ? scenariosOf(name) : [];
			return files.length > 0 ? files.map((file) => job(name, file)) : [job(name)];
		});
}

/**
 * One process for each file: a file that hangs does not stop the others. Without `node --test`, which would start a
 * second one.
 */
function nodeJobs(suite, build) {
	const dir = join(ROOT, "tests", suite);
	const reporters = (tap) =>
		["spec", "stdout", "tap", tap].map((value, i) =>
			i % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
		);
	return listFiles(dir)
		.filter((name) => name.endsWith(".test.mjs"))
		.map((name) => ({
			name,
			command: process.execPath,
			args: (run) => [...reporters(join(run, "tap")), join(dir, name)],
			env: { BANTER_BUILD: build, FAULTS_SEED: SEED },
			verbose: true,
			count: (_, run) => countTap(readIfThere(join(run, "tap"))),
		}));
}

/**
 * Each file boots a machine that listens on the package's ports. The files run at the same time, so each has a network
 * of its own, with nothing but loopback.
 */
function machineJobs(suite, build) {
	const jobs = nodeJobs(suite, build);
	if (spawnSync("unshare", ["--net", "true"]).status !== 0) return jobs; // without root all are skipped
	const script = 'ip link set lo up && exec "$@"';
	return jobs.map((job) => ({
		...job,
		command: "unshare",
		args: (run) => ["--net", "sh", "-c", script, "sh", job.command, ...job.args(run)],
	}));
}

function frontendJobs() {
	return ["widget", "dashboard"].map((name) => ({
		name,
		command: "npm",
		args: () => ["test", "--silent"],
		cwd: join(ROOT, name),
		count: countSummary,
	}));
}

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

/** The end of each log that the daemons of a test file wrote (tests/e2e/daemon.mjs). */
function logsIn(dir) {
	const logs = listFiles(dir).filter((name) => name.endsWith(".log"));
	return logs.map((name) => {
		const lines = readFileSync(join(dir, name), "utf8").trimEnd().split("\n");
		return `--- the daemons' log ${name}, last ${LOG_LINES} lines ---\n${lines.slice(-LOG_LINES).join("\n")}\n`;
	});
}

/** Runs a job and prints the result: { job, ok, count, problem, output, seconds, cpu }. */
async function runJob(job, ports, limit) {
	const dir = mkdtempSync(join(scratch, "job-"));
	const since = performance.now();
	const env = { ...job.env, ...ports, BANTER_TEST_LOG_DIR: dir };
	const ended = await run(job.command, job.args(dir), { env, cwd: job.cwd ?? ROOT, limit });
	const seconds = (performance.now() - since) / 1000;
	const count = job.count(ended.output, dir);
	const empty = count.passed + count.failed + count.skipped === 0;
	const problem = ended.problem ?? (empty ? "no test ran" : undefined);
	const ok = count.failed === 0 && !problem;
	const output = [ended.output, ...(ok ? [] : logsIn(dir))].join("\n");
	rmSync(dir, { recursive: true, force: true });
	if (job.verbose || !ok) console.log(output.trimEnd());
	console.log(
		`${ok ? "ok    " : "FAILED"} ${job.title}: ${count.passed} passed, ${count.failed} failed ` +
			`(${seconds.toFixed(1)} s, ${ended.cpu.toFixed(1)} s of CPU)`,
	);
	return { job, ok, count, problem, output, seconds, cpu: ended.cpu };
}

// Results

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = []; // { name, why: lines }
const skips = []; // lines

function addFailure(name, why = []) {
	total.failed++;
	failures.push({ name, why });
}

function addResult({ job, count, problem }) {
	for (const outcome of Object.keys(total)) total[outcome] += count[outcome];
	failures.push(...count.failures.map(({ name, why }) => ({ name: `${job.title}: ${name}`, why })));
	skips.push(
		...count.skips.map(
			({ name, why }) => `${job.title}: ${name}: ${why || "for no stated reason"}`,
		),
	);
	if (count.failed === 0 && problem) addFailure(`${job.title}: ${problem}`);
}

/** Runs failed jobs again, one at a time; resolves to the first results of those that pass now. */
async function rerun(failed, limit) {
	if (failed.length > RERUNS_MAX) {
		console.log(`\n${failed.length} files failed, too many to run each of them again.`);
		for (const result of failed) addResult(result);
		return [];
	}
	const flaky = [];
	for (const first of failed) {
		console.log(`\nRunning again, alone: ${first.job.title}`);
		const second = await runJob(first.job, portRange(0, 1), limit);
		addResult(second);
		if (second.ok) flaky.push(first);
	}
	return flaky;
}

/** Prints where the time went. */
function printCosts(results) {
	const most = [...results].sort((one, other) => other.cpu - one.cpu).slice(0, COSTLIEST);
	console.log("\nMost CPU time:");
	for (const { job, cpu, seconds } of most)
		console.log(`  ${job.title}: ${cpu.toFixed(1)} s of CPU in ${seconds.toFixed(1)} s`);
	const tests = cpuOfChildren() - CPU_OF_BUILD;
	const parts = [CPU_OF_BUILD + tests, CPU_OF_BUILD, tests].map((cpu) => cpu.toFixed(0));
	console.log(`\n${parts[0]} s of CPU: ${parts[1]} for the build, ${parts[2]} for the tests.`);
	const { idle, all } = processorTimes();
	const busy = (all - STARTED.all - (idle - STARTED.idle)) / 1000;
	console.log(
		`The machine used ${busy.toFixed(0)} s during the tests: browsers do not wait for their processes, so that most of ` +
			"theirs are not in the sum.",
	);
}

/** Adds flaky files to those of earlier runs: what happens again has a cause. */
function recordFlaky(flaky) {
	const earlier = JSON.parse(readIfThere(FLAKY) || "[]");
	const now = flaky.map(({ job, count, problem }) => ({
		at: new Date().toISOString(),
		file: job.title,
		failed: count.failed > 0 ? count.failures.map(({ name }) => name) : [problem],
		seed: SEED,
	}));
	mkdirSync(dirname(FLAKY), { recursive: true });
	writeFileSync(FLAKY, `${JSON.stringify([...earlier, ...now].slice(-FLAKY_KEPT), null, "\t")}\n`);
}

function printSummary(flaky) {
	if (skips.length > 0) console.log("\nSkipped:");
	for (const skip of skips) console.log(`  ${skip}`);
	if (failures.length > 0) console.log("\nFailed:");
	for (const { name, why } of failures)
		console.log([`  ${name}`, ...why.map((line) => `      ${line}`)].join("\n"));
	for (const { job, output } of flaky)
		console.log(`\nFirst output of ${job.title}, which is flaky:\n${output.trimEnd()}`);
	if (flaky.length > 0) console.log("\nFlaky (failed, then passed when run again alone):");
	for (const { job } of flaky) console.log(`  ${job.title}`);
	const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
	console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
}

// Main

function usage(problem) {
	console.error(
		`${problem}\nusage: node tests/run.mjs [--build DIR] [--list FILE]… [--only TEXT] [--changed REF] [--sample N:TEXT] [--parallel N] [--limit S] ` +
			`[${Object.keys(SUITES).join("|")}]…`,
	);
	process.exit(64); // EX_USAGE
}

function parseArguments() {
	const options = {
		build: { type: "string", default: join(ROOT, "build") },
		list: { type: "string", multiple: true, default: [] },
		only: { type: "string", default: "" },
		changed: { type: "string" },
		sample: { type: "string", default: "1:" },
		parallel: { type: "string" },
		limit: { type: "string", default: String(LIMIT_S) },
	};
	try {
		const { values, positionals } = parseArgs({ options, allowPositionals: true });
		for (const name of positionals)
			if (!Object.hasOwn(SUITES, name)) usage(`unknown suite: ${name}`);
		for (const name of ["parallel", "limit"]) {
			if (values[name] === undefined) continue;
			values[name] = Number(values[name]);
			if (!(values[name] >= 1)) usage(`--${name} expects a positive number`);
		}
		const [, n, text] = /^([1-9]\d*):(.*)$/.exec(values.sample) ?? usage("--sample expects N:TEXT");
		const all = Object.keys(SUITES).filter((name) => !ONLY_IF_NAMED.includes(name));
		return {
			...values,
			sample: { n: Number(n), text },
			build: resolve(values.build),
			suites: Object.keys(SUITES).filter((name) =>
				(positionals.length > 0 ? positionals : all).includes(name),
			),
		};
	} catch (error) {
		return usage(error.message);
	}
}

/** The paths that a list names, of these suites. */
function pathsIn(list, suites) {
	const lines = readFileSync(list, "utf8").split("\n");
	const paths = lines.map((line) => line.split(/[\s#]/, 1)[0]);
	return paths.filter((path) => suites.includes(path.split("/", 1)[0]));
}

/** The name of a job's file, with its suite. */
const pathOf = ({ suite, name }) => join(suite, name.split(" ", 1)[0]);

const isOf = (path) => (job) =>
	path.endsWith("/") ? pathOf(job).startsWith(path) : pathOf(job) === path;

/** Ends: no file has this text in its name. */
function usageOfOnly(jobs, text) {
	const start = text.slice(0, NEAR_LENGTH);
	const near = [...new Set(jobs.map(pathOf))].filter((path) => path.includes(start));
	const hint = near.length > 0 ? `. Near: ${near.join(", ")}` : "";
	usage(`--only ${text}: no test file has that in its name${hint}`);
}

/** The jobs that the lists name; each of their paths must have one. */
function listed(jobs, lists, suites) {
	if (lists.length === 0) return jobs;
	const paths = lists.flatMap((list) => pathsIn(list, suites));
	for (const path of paths)
		if (!jobs.some(isOf(path))) addFailure(`${path} is listed, but does not exist`);
	return jobs.filter((job) => paths.some((path) => isOf(path)(job)));
}

/** Whether a sample has a job, by a hash of both. The front ends are two jobs with hundreds of cheap tests. */
function isInSample({ n, text }, { suite, title }) {
	if (suite === "frontends") return true;
	const hash = createHash("sha256").update(`${text} ${title}`).digest();
	return hash.readUInt32BE() % n === 0;
}

/** The jobs to run, in order. */
function jobsOf({ build, list, suites, only, changed, sample }) {
	const all = suites.flatMap((suite) => {
		const jobs = SUITES[suite](suite, build).map((job) => ({
			...job,
			suite,
			title: titleOf(suite, build, job.name),
		}));
		if (jobs.length === 0) addFailure(`${titleOf(suite, build)}: nothing to run`);
		return jobs;
	});
	const isNamed = (job) => pathOf(job).includes(only);
	if (all.length > 0 && !all.some(isNamed)) usageOfOnly(all, only);
	const isConcerned = changed === undefined ? () => true : concernedBy(ROOT, build, changed);
	return listed(all, list, suites).filter(
		(job) => isNamed(job) && isInSample(sample, job) && isConcerned(job),
	);
}

async function main() {
	const options = parseArguments();
	const least = options.parallel ?? 2 * availableParallelism();
	const most = options.parallel ?? 2 * least;
	const jobs = jobsOf(options);
	if (jobs.length === 0 && failures.length === 0 && options.changed !== undefined) {
		console.log(`The changes since ${options.changed} concern no test file.`);
		return;
	}
	const results = await runJobs(inOrder(jobs), { least, most }, (job, slot) =>
		runJob(job, portRange(slot, most), options.limit),
	);
	for (const result of results.filter(({ ok }) => ok)) addResult(result);
	const flaky = await rerun(
		results.filter(({ ok }) => !ok),
		options.limit,
	);
	if (flaky.length > 0) recordFlaky(flaky);
	if (flaky.length > FLAKY_MAX)
		addFailure(`${flaky.length} flaky files, at most ${FLAKY_MAX} are tolerated`);
	printCosts(results);
	printSummary(flaky);
	process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

await main();
