// Limits of the memory of a process.

import assert from "node:assert/strict";
import { TIME_FACTOR } from "../e2e/daemon.mjs";
import { memoryOf } from "../e2e/proc.mjs";

export const inMib = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Asserts that memory stays below a limit; not under sanitizers, which need their own memory. */
export function assertMemory(pid, bound, what) {
	const memory = memoryOf(pid);
	const within = TIME_FACTOR > 1 || memory <= bound;
	assert.ok(within, `${what}: ${inMib(memory)}, over ${inMib(bound)}`);
}
