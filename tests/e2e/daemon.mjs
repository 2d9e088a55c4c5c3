// One program under test: started, watched, killed, started again; and what it wrote.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BUILD = resolve(process.env.BANTER_BUILD ?? join(ROOT, "build"));

/** How many times longer everything may take in this build. */
export const PATIENCE = /address|undefined|thread|memory/.test(basename(BUILD)) ? 4 : 1;
export const DEADLINE_MS = 15_000 * PATIENCE;

/** Whether there is time for all of what takes long (`make test-long`), or only for some of it. */
export const LONG = process.env.TEST_LONG !== undefined;

const RESTART_MS = 100; // what systemd waits by default (systemd.service(5), RestartSec=)

/** Asks until the condition holds and resolves to what it gave; rejects when time is up. */
export async function until(what, condition, ms = DEADLINE_MS) {
	const end = Date.now() + ms;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
		await new Promise((done) => setTimeout(done, 10));
	}
}

/** A port free on both loopback addresses, outside the range that outgoing connections use. */
export async function freePort() {
	for (let tries = 0; tries < 100; tries++) {
		const port = 20_000 + Math.floor(Math.random() * 12_000);
		if ((await canListen(port, "127.0.0.1")) && (await canListen(port, "::1"))) return port;
	}
	throw new Error("no free port found");
}

function canListen(port, host) {
	return new Promise((done) => {
		const server = createServer();
		server.once("error", () => done(false));
		server.listen(port, host, () => server.close(() => done(true)));
	});
}

/** The environment that every program gets; settings of the machine's own stay out. */
export function baseEnvironment() {
	return {
		PATH: process.env.PATH,
		ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? "exitcode=86:detect_leaks=1",
		UBSAN_OPTIONS: process.env.UBSAN_OPTIONS ?? "exitcode=86:print_stacktrace=1",
	};
}

/** The fields of a logfmt line; the priority in front is left out. */
function parseLogfmt(line) {
	const fields = {};
	for (const [, key, quoted, plain] of line.matchAll(
		/([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g,
	))
		fields[key] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
	return fields;
}

/** What all processes of one banter wrote to their standard error, in order of arrival. */
export class Log {
	lines = [];

	add(from, text) {
		this.lines.push({ from, text, ...parseLogfmt(text) });
		if (process.env.BANTER_TEST_LOG) console.error(`${from}: ${text}`);
	}

	/** The first line from position on that the predicate likes, once it is there. */
	waitFor(what, predicate, position = 0) {
		return until(`log line: ${what}`, () => this.lines.slice(position).find(predicate));
	}

	/** The newest lines, for a person. */
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

/** One program, which may be started several times, one after the other. */
export class Daemon {
	constructor(program, args, env, log) {
		Object.assign(this, { program, args, env, log });
		this.name = basename(program);
		this.mustRun = false; // when it ends and no test asked for it, that is noted as ev=died
		this.restart = false; // start again when it dies, as systemd does
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
		// "close", not "exit": then its last words have been read.
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

	/** Asks it to end; it is killed if it does not in time. Resolves to how it ended. */
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
