// For tests in which processes are killed at any moment: the kills, and requests that are sent again until they are
// answered.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { LONG, TIME_FACTOR, until } from "./harness.mjs";

/** For how long a storm blows. */
export const STORM_MS =
	1000 * Number(process.env.STORM_SECONDS ?? (LONG && TIME_FACTOR === 1 ? 1200 : 30));

/** How many rounds of kills are before its first eye, and from one to the next. */
const EYE_FIRST = 12;
const EYE_ROUNDS = 40;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Sends a request until it is answered with one of these statuses; others that a kill can cause are sent again.
 * Resolves to the answer; rejects if the service has ended.
 */
export async function persist(banter, statuses, method, path, options) {
	for (;;) {
		const { masterd } = banter;
		assert.ok(masterd.running || masterd.restart, `${path}: the service has ended`);
		try {
			const answer = await banter.request(method, path, options);
			if (statuses.includes(answer.status)) return answer;
			assert.ok(answer.status >= 500 || answer.status === 429, `${path}: ${answer.text}`);
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
		}
		await pause(20 + 100 * Math.random());
	}
}

/** Sends a signal to a process, unless it has ended. */
function signal(pid, name) {
	try {
		process.kill(pid, name);
	} catch (error) {
		if (error.code !== "ESRCH") throw error; // it was killed
	}
}

/** Suspends a process for some time; others may kill it meanwhile. */
async function suspend(pid, ms) {
	signal(pid, "SIGSTOP");
	await pause(ms);
	signal(pid, "SIGCONT");
}

function killWorkers(banter, pids) {
	for (const pid of pids) {
		banter.killed.add(String(pid));
		signal(pid, "SIGKILL");
	}
}

/** As systemd does when masterd dies: its workers are killed, and it is started again. */
function killMaster(banter) {
	const workers = banter.workerPids();
	banter.masterd.kill("SIGKILL");
	killWorkers(banter, workers);
}

/** Resolves when the storm goes on, while its eye passes: actors then begin nothing new. */
export const calm = async (banter) => {
	while (banter.calm) await banter.calm;
};

/**
 * The eye of a storm: only storaged is suspended, for longer than a request waits for it (STORE_TIMEOUT_MS in
 * workerd/store/store_client.h), while replies are written. Nobody is disconnected, so nothing else than what banter
 * sends by itself shows the actors what they have missed.
 */
export async function passEye(banter, actors, { between }) {
	let goOn;
	banter.calm = new Promise((done) => {
		goOn = done;
	});
	try {
		await banter.ready();
		await pause(between(0, 300));
		await suspend(banter.storaged.pid, between(5500, 8000));
		await Promise.all(actors.map((actor) => actor.showsAll()));
	} finally {
		banter.calm = undefined;
		goOn();
	}
}

/**
 * Kills and suspends workers, and the other daemons that are started again when they end, until isOver(round).
 * Resolves to the numbers of kills and suspensions. watched: actors that the eye of the storm passes, now and then.
 */
export async function killDuring(banter, isOver, watched) {
	const { between, chance, pick, spread } = choicesOf(new Random("kills"));
	const { masterd, storaged, searchd, crawld } = banter;
	const suspended = [];
	const count = { kills: 0, suspensions: 0 };
	const eye = choicesOf(new Random("eye"));
	const hold = (pid, ms) => {
		count.suspensions++;
		suspended.push(suspend(pid, ms));
	};
	for (let round = 0; !isOver(round); round++) {
		if (watched && round % EYE_ROUNDS === EYE_FIRST) {
			await Promise.all(suspended);
			await passEye(banter, watched, eye);
			count.eyes = (count.eyes ?? 0) + 1;
		}
		// Sometimes longer than storaged waits for the workers of open replies (CLAIM_MS in storaged/server/server.c).
		await pause((chance(0.1) ? 3500 : between(50, 1000)) * Math.min(TIME_FACTOR, 2));
		const pids = await until("a worker", () => {
			const found = masterd.running ? banter.workerPids() : [];
			return found.length > 0 && found;
		});
		const victims = chance(0.1) ? pids : chance(0.6) ? [pick(pids)] : [];
		killWorkers(banter, victims);
		count.kills += victims.length;
		for (const daemon of [storaged, searchd, crawld]) {
			const [dies, stands, isSpared] = [chance(0.4), chance(0.25), chance(0.5)];
			// Some longer than a request waits (STORE_TIMEOUT_MS in workerd/store/store_client.h).
			const ms = chance(0.2) ? between(5000, 8000) : spread(20, 5000);
			if (!daemon?.running || !daemon.restart || performance.now() < daemon.sparedUntil) continue;
			if (dies) count.kills++;
			if (dies) daemon.kill("SIGKILL");
			else if (stands) hold(daemon.pid, ms);
			if (stands && isSpared) daemon.sparedUntil = performance.now() + ms + 1000;
		}
		if (chance(0.2)) hold(pick(pids), spread(20, 3000));
		const [dies, stands, ms] = [chance(0.05), chance(0.05), spread(20, 3000)];
		if (!masterd.restart) continue;
		if (dies) count.kills++;
		if (dies) killMaster(banter);
		else if (stands) hold(masterd.pid, ms);
	}
	await Promise.all(suspended);
	return count;
}

/** The functions of a Random, for those who use many of them. */
export function choicesOf(random) {
	const names = ["below", "between", "spread", "chance", "pick"];
	return Object.fromEntries(names.map((name) => [name, random[name].bind(random)]));
}
