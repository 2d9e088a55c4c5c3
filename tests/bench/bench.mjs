// What the benchmarks share: a directory for their files, programs that end with them, and their tables.
//
// The exit status of a benchmark is 0 whether targets are met or not: a timing is not a test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { baseEnvironment, Daemon, Log, ROOT } from "../e2e/daemon.mjs";

process.chdir(ROOT);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

export function fail(message) {
	console.error(message);
	process.exit(69); // EX_UNAVAILABLE
}

const command = (core, program, args) =>
	core === undefined ? [program, args] : ["taskset", ["-c", String(core), program, ...args]];

export class Bench {
	/** It ends after this many seconds. */
	constructor(name, seconds) {
		this.name = name;
		this.log = new Log();
		/** On the disk of the build; a sync costs nothing in memory. */
		this.dir = mkdtempSync("build/bench/run-");
		process.on("exit", () => rmSync(this.dir, { recursive: true, force: true }));
		setTimeout(() => fail(`the time limit is exceeded: ${seconds} s`), seconds * 1000).unref();
	}

	/** Starts a program, which must run until it is stopped. core: the only one that it may use. */
	start(program, args = [], env = {}, core = undefined) {
		const daemon = new Daemon(
			...command(core, program, args),
			{ ...baseEnvironment(), ...env },
			this.log,
		);
		daemon.name = basename(program);
		daemon.start();
		daemon.ended.then(() => {
			if (!daemon.asked) fail(`${this.log.tail(20)}\n${daemon.name} has ended`);
		});
		return daemon;
	}

	/** Starts storaged in a directory of its own, and waits until it is ready. */
	async startStore() {
		const dir = `${this.dir}/data`;
		const storaged = this.start("build/storaged", [], { DATA_DIR: dir, LOG_LEVEL: "notice" });
		await this.log.waitFor("storaged is ready", (line) => line.ev === "store_ready");
		return { dir, socket: `${dir}/store.sock`, pid: storaged.pid, storaged };
	}

	/** Runs a program that measures by this plan. Yields its figures. */
	async *measure(name, plan, core) {
		const [program, args] = command(core, `build/bench/${name}`, [JSON.stringify(plan)]);
		const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
		const ended = once(child, "close");
		const kill = () => child.kill();
		process.once("exit", kill);
		for await (const line of createInterface(child.stdout)) yield JSON.parse(line);
		const [code] = await ended;
		process.off("exit", kill);
		if (code !== 0) fail(`${name} ended with ${code}`);
	}

	/** Writes the figures as JSON, and prints where. */
	write(figures) {
		const path = `build/bench/${this.name}.json`;
		writeFileSync(path, `${JSON.stringify({ benchmark: this.name, ...figures }, null, 1)}\n`);
		console.log(`The same as JSON: ${path}`);
	}
}

/** The median, the least and the greatest of some values. */
export function spread(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const [n, half] = [sorted.length, sorted.length >> 1];
	return { median: (sorted[(n - 1) >> 1] + sorted[half]) / 2, min: sorted[0], max: sorted[n - 1] };
}

export const rangeOf = ({ min, max }, digits) => `(${min.toFixed(digits)}-${max.toFixed(digits)})`;

/** Whether a figure reaches its target. */
export const verdict = (met, target) => `${met ? "meets" : "MISSES"} ${target}`;

/** Prints a line of a table: cells of these widths, with negative ones aligned to the left. */
export function print(widths, ...cells) {
	const padded = cells.map((cell, i) => {
		const width = widths[i] ?? 0;
		return width < 0 ? `${cell}`.padEnd(-width) : `${cell}`.padStart(width);
	});
	console.log(padded.join(" ").trimEnd());
}
