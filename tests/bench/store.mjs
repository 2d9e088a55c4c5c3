// make bench-store: how many messages per second storaged makes durable, compared with bare LMDB; store.c
// says how.

import { mkdirSync, statfsSync } from "node:fs";
import { parseArgs } from "node:util";
import { Bench, print, rangeOf, spread, verdict } from "./bench.mjs";

const HISTORY = 30;
const TMPFS_MAGIC = 0x01021994;

/**
 * The targets of tests/README.md: the ratio to the rate of bare LMDB, by requests in flight. For one request
 * it is the inverse of the limit of its cost, 1.3 times a raw commit.
 */
const TARGETS = new Map([
	[1, 1 / 1.3],
	[64, 0.8],
	[512, 0.8],
]);

const { values: options } = parseArgs({
	options: {
		/** The time for storaged per number in flight; raw LMDB takes as long. */
		seconds: { type: "string", default: "5" },
		"in-flight": { type: "string", multiple: true, default: ["1", "8", "64", "512"] },
	},
});
const seconds = Number(options.seconds);
const inFlight = options["in-flight"].map(Number);

const WIDTHS = [9, -8, 9, 7, 7, 8, 7, 7, 0];

function printSide(inFlight, name, side, rest) {
	const { durations, appends, commits } = side;
	print(
		WIDTHS,
		inFlight,
		name,
		((appends * 1e9) / side.ns).toFixed(0),
		durations.p50.toFixed(2),
		durations.p99.toFixed(2),
		commits,
		(appends / commits).toFixed(1),
		(side.cpuNs / 1e3 / appends).toFixed(1),
		rest,
	);
}

function printPoint(point) {
	const [ratio, sync] = [spread(point.ratios), spread(point.syncMs)];
	const target = TARGETS.get(point.inFlight);
	const judged = target && verdict(ratio.median >= target, target.toFixed(2));
	printSide(
		point.inFlight,
		"storaged",
		point.storaged,
		` ${ratio.median.toFixed(2)} ${rangeOf(ratio, 2)} ${judged ?? ""}`,
	);
	printSide("", "raw", point.raw, ` sync ${sync.median.toFixed(2)} ${rangeOf(sync, 2)} ms`);
}

// Several times the usual time: a disk may become slow during the raw side's slices, which have no time limit.
const bench = new Bench("store", 30 + 6 * seconds * inFlight.length);
const { dir, socket, pid, storaged } = await bench.startStore();
const raw = `${bench.dir}/raw`;
mkdirSync(raw);
const inMemory = statfsSync(dir).type === TMPFS_MAGIC;

console.log(`Durable appends (messages stored), through storaged and by raw LMDB, in turns.
storaged: 1 connection, history ${HISTORY}. CPU: of storaged, and of the raw loop.
sync: pwrite + fdatasync of 4 KiB, median of the rounds.`);
if (inMemory) console.log("The directory is in memory: nothing is durable.");
console.log("");
print(
	WIDTHS,
	...["in flight", "", "appends/s", "p50 ms", "p99 ms", "commits", "/commit", "CPU us"],
	" ratio (min-max), sync",
);

const points = [];
const probe = `${bench.dir}/probe`;
const plan = { socket, dir, raw, probe, pids: [pid], seconds, history: HISTORY, inFlight };
for await (const figures of bench.measure("store", plan)) {
	if (figures.inFlight === undefined) {
		console.log(
			`\nBoth stores have the same entries in every table; ${figures.messages} messages.`,
		);
		continue;
	}
	points.push(figures);
	printPoint(figures);
}
await storaged.stop();
bench.write({ seconds, history: HISTORY, inMemory, points });
