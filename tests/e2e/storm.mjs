// For tests in which processes are killed at any moment: the kills, and requests that are sent again until they are
// answered.

import assert from "node:assert/strict";
import { below, between, chance, pick } from "../faults/random.mjs";
import { LONG, TIME_FACTOR, until } from "./harness.mjs";

/** How often something is killed. */
export const KILLS = LONG ? 200 : TIME_FACTOR > 1 ? 8 : 20;
/** Kills of one service: masterd waits longer for a worker that dies again and again. */
export const GENERATION = Math.min(KILLS, 20);

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Sends a request until it is answered with one of these statuses; others that a kill can cause are sent again.
 * Resolves to the answer; rejects if the service has ended.
 */
export async function persist(banter, statuses, method, path, options) {
	for (;;) {
		assert.ok(banter.masterd.running, `${path}: the service has ended`);
		try {
			const answer = await banter.request(method, path, options);
			if (statuses.includes(answer.status)) return answer;
			assert.ok(answer.status >= 500 || answer.status === 429, `${path}: ${answer.text}`);
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
		}
		await pause(20 + below(100));
	}
}

/** Kills workers and the store, and searchd where it runs, GENERATION times. */
export async function killDuring(banter) {
	for (let round = 0; round < GENERATION; round++) {
		await pause(between(50, 700) * Math.min(TIME_FACTOR, 2));
		const pids = await until("a worker", () => banter.workerPids().length && banter.workerPids());
		const victim = pick(pids);
		if (chance(0.6)) {
			banter.killed.add(String(victim));
			process.kill(victim, "SIGKILL");
		}
		for (const daemon of [banter.storaged, banter.searchd])
			if (daemon?.running && chance(0.6)) daemon.kill("SIGKILL");
	}
}
