// When the runner starts which test file, so that no processor is idle: the tests use much more processor
// time than all other steps of continuous integration.

import { cpus } from "node:os";

/**
 * Files that run for longer than half a minute. They start first: one that starts last would run alone.
 * Those that mostly wait are between those that compute.
 */
const LONGEST = [
	"browser/dashboard-pages.test.mjs",
	"browser/dashboard-thread.test.mjs",
	"faults/hang.test.mjs",
	"unit/storaged/cli/store/test_bit_flips",
	"unit/masterd/test_workers",
	"e2e/model-http2.test.mjs",
	"browser/networks.test.mjs",
	"browser/firefox.test.mjs",
	"browser/dashboard-numbers.test.mjs",
	"browser/dashboard-organization.test.mjs",
	"e2e/commit-log-synchronous.test.mjs",
	"browser/dashboard-widgets.test.mjs",
	"e2e/commit-log-failures.test.mjs",
	"browser/dashboard-inbox.test.mjs",
	"browser/dashboard-agents.test.mjs",
	"browser/dashboard-settings.test.mjs",
	"unit/storaged/test_scenarios",
	"browser/dashboard-contacts.test.mjs",
	"browser/dashboard-knowledge.test.mjs",
	"browser/pictures.test.mjs",
];

/** While at least this share of the processors' time is idle, another file starts. */
const IDLE = 0.1;
/** The time that is measured: after a start, what the new file needs shows within it. */
const MEASURED_MS = 1000;

/** The jobs with the longest first. A job's title begins with its suite and name. */
export function inOrder(jobs) {
	const rankOf = ({ title }) => {
		const i = LONGEST.indexOf(title.split(" ", 1)[0]);
		return i < 0 ? LONGEST.length : i;
	};
	return [...jobs].sort((one, other) => rankOf(one) - rankOf(other)); // which is stable
}

/** How long this machine's processors have been idle, and all in all, in milliseconds. */
export function processorTimes() {
	const sums = { idle: 0, all: 0 };
	for (const { times } of cpus()) {
		sums.idle += times.idle;
		for (const ms of Object.values(times)) sums.all += ms;
	}
	return sums;
}

/** The share of the processors' time that nobody used between two measurements. */
const idleShare = (from, to) => (to.idle - from.idle) / Math.max(to.all - from.all, 1);

/**
 * Runs jobs: `least` at a time, and up to `most` while processors are idle; resolves to their results.
 * @param {(job: object, slot: number) => Promise<object>} run slot: a number below `most` that no other job
 *     has at the same time
 */
export async function runJobs(jobs, { least, most }, run) {
	const waiting = [...jobs];
	const free = Array.from({ length: most }, (_, i) => i);
	const running = new Set();
	const results = [];
	const start = (job) => {
		const slot = free.shift();
		const ended = run(job, slot).then((result) => {
			results.push(result);
			free.push(slot);
			running.delete(ended);
		});
		running.add(ended);
	};
	let before = processorTimes();
	const watch = setInterval(() => {
		const now = processorTimes();
		const isIdle = idleShare(before, now) >= IDLE;
		before = now;
		// From the other end: the unit tests, most of which wait more than they compute.
		if (isIdle && running.size >= least && free.length > 0 && waiting.length > 0)
			start(waiting.pop());
	}, MEASURED_MS);
	while (waiting.length > 0 || running.size > 0) {
		while (waiting.length > 0 && running.size < least) start(waiting.shift());
		await Promise.race(running);
	}
	clearInterval(watch);
	return results;
}
