// For tests in which processes are killed at any moment: the kills, and requests that are sent again until they are
// answered.

import assert from "node:assert/strict";
import { below, between, chance, pick, spread } from "../faults/random.mjs";
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

/** Suspends a process for some time; others may kill it meanwhile. */
async function suspend(pid, ms) {
	try {
		process.kill(pid, "SIGSTOP");
		await pause(ms);
		process.kill(pid, "SIGCONT");
	} catch (error) {
		if (error.code !== "ESRCH") throw error; // it was killed
	}
}

/** Kills and suspends workers and the store, and searchd where it runs, GENERATION times. */
export async function killDuring(banter) {
	const suspended = [];
	for (let round = 0; round < GENERATION; round++) {
		// Sometimes longer than storaged waits for the workers of open replies (CLAIM_MS in storaged/server/server.c).
		await pause((chance(0.1) ? 3500 : between(50, 1000)) * Math.min(TIME_FACTOR, 2));
		const pids = await until("a worker", () => banter.workerPids().length && banter.workerPids());
		const victims = chance(0.1) ? pids : chance(0.6) ? [pick(pids)] : [];
		for (const victim of victims) {
			banter.killed.add(String(victim));
			try {
				process.kill(victim, "SIGKILL");
			} catch (error) {
				if (error.code !== "ESRCH") throw error; // it was dying of the last time
			}
		}
		for (const daemon of [banter.storaged, banter.searchd].filter((one) => one?.running)) {
			if (chance(0.5)) daemon.kill("SIGKILL");
			else if (chance(0.3)) suspended.push(suspend(daemon.pid, spread(20, 8000)));
		}
		if (chance(0.2)) suspended.push(suspend(pick(pids), spread(20, 3000)));
	}
	await Promise.all(suspended);
}
