// The resource usage of a process (proc(5)).

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { TIME_FACTOR } from "../e2e/daemon.mjs";

const MIB = 1024 * 1024;

/** Its private memory in bytes, without files and the LMDB map, which belong to the page cache. */
export function memoryOf(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]);
	return (kib("RssAnon") + kib("RssShmem")) * 1024;
}

/** R, S, D, T (stopped), t (stopped by a tracer), … */
export function stateOf(pid) {
	return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
}

export function filesOf(pid) {
	return readdirSync(`/proc/${pid}/fd`).length;
}

export function inMib(bytes) {
	return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Asserts that memory stays below a limit; not under sanitizers, which need their own memory. */
export function assertMemory(pid, bound, what) {
	const memory = memoryOf(pid);
	const within = TIME_FACTOR > 1 || memory <= bound;
	assert.ok(within, `${what}: ${inMib(memory)}, over ${inMib(bound)}`);
	return memory;
}
