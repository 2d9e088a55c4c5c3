// A program under test, which can be started, stopped, killed and restarted, and its log.

import { spawn } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { setDefaultAutoSelectFamily } from "node:net";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// By default, Node 18 tries only the first address of a name, and that of localhost may be ::1.
setDefaultAutoSelectFamily(true);

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BUILD = resolve(process.env.BANTER_BUILD ?? join(ROOT, "build"));

/** Timeouts of tests are this many times longer in this build: sanitizers are slow. */
export const TIME_FACTOR = /address|undefined|thread|memory/.test(basename(BUILD)) ? 4 : 1;

/** The time limit of a single wait: far more than a small, busy machine needs. */
export const DEADLINE_MS = TIME_FACTOR > 1 ? 120_000 : 60_000;

/** Whether long tests run in full (`make test-long`). */
export const LONG = process.env.TEST_LONG !== undefined;

const RESTART_MS = 100; // systemd's default (systemd.service(5), RestartSec=)

/** The time between two polls counts as at most this: if it is longer, this process was not scheduled. */
const POLL_MAX_MS = 5000;

/**
 * The shortest and the longest pause between two polls. In between it is a tenth of the time that was waited:
 * a long wait, often one for a busy machine, costs little processor time, and ends at most a tenth later.
 */
const PAUSE_MIN_MS = 10;
const PAUSE_MAX_MS = 200;

/**
 * Pauses, and then waits until pending input has been read. With timers alone, polls that take longer than
 * the pause would follow each other without any input in between.
 */
function nextPoll(waitedMs) {
	const ms = Math.min(Math.max(waitedMs / 10, PAUSE_MIN_MS), PAUSE_MAX_MS);
	return new Promise((done) => setTimeout(() => setImmediate(done), ms));
}

/**
 * Polls until condition() is truthy, and resolves to its value; rejects at the time limit.
 * @param {string | (() => string)} what for the error message; a function can report the last state
 */
export async function until(what, condition, ms = DEADLINE_MS) {
	const since = performance.now();
	let last = since;
	for (let left = ms; ; ) {
		const value = await condition();
		if (value) return value;
		const now = performance.now();
		left -= Math.min(now - last, POLL_MAX_MS);
		last = now;
		if (left < 0) {
			const waited = typeof what === "function" ? what() : what;
			throw new Error(`not within ${ms} ms: ${waited}`);
		}
		await nextPoll(now - since);
	}
}

/** Runs make(0) to make(n - 1) at the same time; resolves to their results. */
export function times(n, make) {
	return Promise.all(Array.from({ length: n }, (_, i) => make(i)));
}

/** Stops processes (SIGSTOP) during body(), then continues them in the same order; resolves to its result. */
export async function whileStopped(pids, body) {
	for (const pid of pids) process.kill(pid, "SIGSTOP");
	try {
		return await body();
	} finally {
		for (const pid of pids) process.kill(pid, "SIGCONT");
	}
}

/** The environment of every program: nothing is inherited except PATH and the sanitizers' options. */
export function baseEnvironment() {
	return {
		PATH: process.env.PATH,
		// The tests read in /proc what only root can read of daemons that hide their memory.
		...(process.getuid() === 0 ? {} : { CORE_DUMPS: "1" }),
		ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? "exitcode=86:detect_leaks=1",
		UBSAN_OPTIONS: process.env.UBSAN_OPTIONS ?? "exitcode=86:print_stacktrace=1",
	};
}

/** The fields of a logfmt line, without the priority in front. */
function parseLogfmt(line) {
	const fields = {};
	for (const [, key, quoted, plain] of line.matchAll(
		/([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g,
	))
		fields[key] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
	return fields;
}

/** The runner prints the logs in this directory if the test file fails. */
const LOG_DIR = process.env.BANTER_TEST_LOG_DIR;
let logs = 0;

/**
 * The standard error of all processes of one banter, in order of arrival. BANTER_TEST_LOG=1 prints it while
 * the test runs.
 */
export class Log {
	lines = [];
	#file = LOG_DIR && join(LOG_DIR, `${process.pid}-${String(++logs).padStart(3, "0")}.log`);

	add(from, text) {
		const at = performance.now();
		this.lines.push({ from, text, at, ...parseLogfmt(text) });
		const line = `${(at / 1000).toFixed(3)} s ${from}: ${text}\n`;
		if (this.#file) appendFileSync(this.#file, line);
		if (process.env.BANTER_TEST_LOG) process.stderr.write(line);
	}

	/** The tests that this log belongs to have passed: it is not printed if another test fails. */
	discard() {
		if (this.#file) rmSync(this.#file, { force: true });
		this.#file = undefined;
	}

	/** Resolves to the first line, from `position` on, for which predicate(line) is true. */
	waitFor(what, predicate, position = 0) {
		let next = position;
		return until(`log line: ${what}`, () => {
			while (next < this.lines.length) {
				const line = this.lines[next++];
				if (predicate(line)) return line;
			}
			return undefined;
		});
	}

	/** The last n lines as text. */
	tail(n = 200) {
		return this.lines
			.slice(-n)
			.map((line) => `${line.from}: ${line.text}`)
			.join("\n");
	}
}

const alive = new Set();
process.on("exit", () => {
	for (const child of alive) child.kill("SIGKILL");
});

/** A program that can be started several times, one process at a time. */
export class Daemon {
	constructor(program, args, env, log) {
		Object.assign(this, { program, args, env, log });
		this.name = basename(program);
		this.mustRun = false; // log ev=died if it ends without having been asked to
		this.restart = false; // start it again when it ends, as systemd does
		this.stdout = [];
	}

	start() {
		const child = spawn(this.program, this.args, {
			env: this.env,
			stdio: ["ignore", "pipe", "pipe"],
		});
		alive.add(child);
		this.child = child;
		this.asked = false;
		createInterface(child.stdout).on("line", (line) => this.stdout.push(line));
		createInterface(child.stderr).on("line", (line) => this.log.add(this.name, line));
		// "close", not "exit": its output has been read completely then.
		this.ended = new Promise((done) => {
			child.once("error", (error) => done({ code: null, signal: null, error }));
			child.once("close", (code, signal) => done({ code, signal }));
		}).then((end) => {
			alive.delete(child);
			this.log.add(
				"test",
				`ev=${this.mustRun && !this.asked ? "died" : "ended"} program=${this.name} ` +
					`pid=${child.pid} code=${end.code} signal=${end.signal}`,
			);
			if (this.restart) this.timer = setTimeout(() => this.start(), RESTART_MS);
			return end;
		});
	}

	get pid() {
		return this.child.pid;
	}

	get running() {
		return this.child !== undefined && alive.has(this.child);
	}

	kill(signal) {
		this.asked = true;
		this.child.kill(signal);
		return this.ended;
	}

	/** Sends SIGTERM, and SIGKILL after DEADLINE_MS. Resolves to { code, signal }. */
	async stop() {
		this.restart = false;
		clearTimeout(this.timer);
		if (!this.running) return this.ended;
		const late = setTimeout(() => this.child.kill("SIGKILL"), DEADLINE_MS);
		const end = await this.kill("SIGTERM");
		clearTimeout(late);
		return end;
	}
}
