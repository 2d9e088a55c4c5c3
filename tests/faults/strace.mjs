// Faults between a process and its kernel: strace(1) attached to it, with calls that fail, do less
// than they say, or bring a signal.
//
//	const fault = await Fault.attach(store.pid, ["fdatasync:error=EIO:when=2+3"]);
//	…
//	const injected = await fault.detach();  // how many calls were tampered with

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { baseEnvironment } from "../e2e/daemon.mjs";

/** Why faults cannot be injected here, or false. */
export const NO_STRACE = (() => {
	const { error, status, stderr } = spawnSync("strace", ["-qq", "-e", "trace=none", "true"]);
	if (error) return "strace is not installed";
	return status === 0 ? false : `strace: ${stderr}`.trim();
})();

/** The environment of a program that exits while traced: leak detection does not work then. */
export const TRACED = { ASAN_OPTIONS: `${baseEnvironment().ASAN_OPTIONS}:detect_leaks=0` };

export class Fault {
	/** @param {string[]} rules as strace's -e inject= takes them */
	static async attach(pid, rules) {
		const fault = new Fault();
		fault.dir = mkdtempSync(join(tmpdir(), "banter-strace-"));
		const calls = rules.map((rule) => rule.slice(0, rule.indexOf(":")));
		const args = ["-o", join(fault.dir, "calls"), "-p", String(pid), "-e", `trace=${calls}`];
		for (const rule of rules) args.push("-e", `inject=${rule}`);
		fault.child = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
		fault.ended = new Promise((done) => fault.child.once("close", done));
		await fault.#attached().catch((error) => {
			rmSync(fault.dir, { recursive: true });
			throw error;
		});
		return fault;
	}

	#attached() {
		const lines = createInterface(this.child.stderr);
		return new Promise((resolve, reject) => {
			lines.on("line", (line) => {
				if (/ attached$/.test(line)) resolve();
			});
			this.ended.then(() => reject(new Error("strace could not attach")));
		});
	}

	/** Whether strace has written this. */
	seen(text) {
		return readFileSync(join(this.dir, "calls"), "utf8").includes(text);
	}

	/** Detaches without continuing a stopped process. */
	abandon() {
		return this.#end("SIGKILL");
	}

	/** Detaches from the process if it still runs; resolves to the number of faults. */
	detach() {
		return this.#end("SIGINT");
	}

	async #end(signal) {
		this.child.kill(signal);
		await this.ended;
		const calls = readFileSync(join(this.dir, "calls"), "utf8");
		rmSync(this.dir, { recursive: true });
		return calls.split("\n").filter((line) => line.includes("(INJECTED)")).length;
	}
}
