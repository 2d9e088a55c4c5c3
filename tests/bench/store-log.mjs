// make bench-store-log: what the commit log of several machines costs: a storaged with STORE_LOG beside one without,
// alternating, with PostgreSQL on the same disk, alone and with a synchronous standby there. Then how fast a standby applies.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Postgres } from "../e2e/postgres.mjs";
import { NO_POSTGRES } from "../e2e/postgres-programs.mjs";
import { Bench, fail, print, rangeOf, spread, verdict } from "./bench.mjs";

const HISTORY = 30;
/** The least ratio of the rates, by requests in flight. */
const TARGETS = { alone: { 64: 0.55, 512: 0.45 }, standby: { 64: 0.33, 512: 0.4 } };
const CPU_TARGET_US = 3;
const APPLY_TARGET = 20_000;
const WIDTHS = [-22, 9, 9, 9, 9, 9, 0];

const { values: options } = parseArgs({
	options: {
		seconds: { type: "string", default: "5" },
		"in-flight": { type: "string", multiple: true, default: ["64", "512"] },
	},
});
const seconds = Number(options.seconds);
const inFlight = options["in-flight"].map(Number);
if (NO_POSTGRES) fail(`${NO_POSTGRES}: make deps FOR=test`);

const bench = new Bench("store-log", 120 + 8 * seconds * inFlight.length);
/** Each commit is on the disk, which /tmp may not be; and the user of PostgreSQL may not reach the build. */
const postgres = await Postgres.start({
	parent: "/var/tmp",
	settings: {
		fsync: "on",
		full_page_writes: "on",
		autovacuum: "on",
		shared_buffers: "128MB",
		max_wal_size: "4GB",
	},
});
process.on("exit", () => {
	for (const { dir } of [postgres, ...postgres.standbys])
		rmSync(dir, { recursive: true, force: true });
});
const STORE_LOG = postgres.url;

let stores = 0;
/** Starts a storaged in its own directory, or in the given one, and waits for a line of its log. */
async function startStore(env, ready, data = `${bench.dir}/data${++stores}`) {
	const position = bench.log.lines.length;
	const daemon = bench.start("build/storaged", [], {
		DATA_DIR: resolve(data),
		LOG_LEVEL: "notice",
		...env,
	});
	await bench.log.waitFor(`${data}: ${ready}`, (line) => line.ev === ready, position);
	return { data, socket: `${data}/store.sock`, daemon };
}

function banter(store, ...args) {
	const env = { ...process.env, DATA_DIR: resolve(store.data) };
	// `banter status` fails without masterd.
	return spawnSync("build/banter", args, {
		env,
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	}).stdout;
}

const us = (side) => side.cpuNs / 1e3 / side.appends;
const rate = (side) => (side.appends * 1e9) / side.ns;
const points = [];

async function measure(kind, label) {
	await postgres.sql("DROP TABLE IF EXISTS banter_log, banter_owner, banter_member");
	const alone = await startStore({}, "store_ready");
	const logged = await startStore({ STORE_LOG, STORE_NAME: "owner" }, "store_ready");
	const standby = { data: `${bench.dir}/standby-${kind}` };
	mkdirSync(standby.data);
	banter(logged, "backup", `${bench.dir}/${kind}.mdb`);
	banter(standby, "restore", `${bench.dir}/${kind}.mdb`);
	const plan = {
		alone: alone.socket,
		alonePids: [alone.daemon.pid],
		logged: logged.socket,
		loggedPids: [logged.daemon.pid],
		seconds,
		history: HISTORY,
		inFlight,
	};
	for await (const point of bench.measure("store_log", plan)) {
		points.push({ kind, ...point });
		printPoint(kind, label, point);
	}
	await alone.daemon.stop();
	return { logged, standby };
}

function printPoint(kind, label, point) {
	const ratio = spread(point.ratios);
	const target = TARGETS[kind][point.inFlight];
	print(
		WIDTHS,
		`${label}, ${point.inFlight}`,
		rate(point.alone).toFixed(0),
		rate(point.logged).toFixed(0),
		us(point.alone).toFixed(1),
		us(point.logged).toFixed(1),
		point.logged.durations.p50.toFixed(2),
		` ${ratio.median.toFixed(2)} ${rangeOf(ratio, 2)} ${target ? verdict(ratio.median >= target, target.toFixed(2)) : ""}`,
	);
}

/** How fast a standby applies what the owner has written: all rows are there when it starts. */
async function measureApplying({ logged, standby }) {
	const { log_seq: last, tables } = JSON.parse(banter(logged, "status", "--json"));
	const messages = tables.find(({ name }) => name === "messages").entries;
	const position = bench.log.lines.length;
	const daemon = bench.start("build/storaged", [], {
		DATA_DIR: resolve(standby.data),
		STORE_LOG,
		STORE_NAME: "standby",
		LOG_LEVEL: "debug",
	});
	const began = performance.now();
	while (true) {
		await sleep(20);
		try {
			if (JSON.parse(banter(standby, "status", "--json")).log_seq >= last) break;
		} catch {
			if (performance.now() - began > 60_000)
				fail(
					bench.log.lines
						.slice(position)
						.map(({ text }) => text)
						.join("\n"),
				);
		}
	}
	const perSecond = (messages * 1000) / (performance.now() - began);
	console.log(
		`\nA standby applies ${perSecond.toFixed(0)} messages/s (${messages} messages in ${last} rows): ${verdict(perSecond >= APPLY_TARGET, APPLY_TARGET)}`,
	);
	await daemon.stop();
	return { messages, rows: last, perSecond };
}

function printCpu() {
	for (const { kind, inFlight: n, alone, logged } of points) {
		const more = us(logged) - us(alone);
		console.log(
			`CPU of storaged for a message (${kind}, ${n}): ${more.toFixed(1)} us more: ${verdict(more <= CPU_TARGET_US, CPU_TARGET_US)}`,
		);
	}
}

console.log(`Durable appends (messages stored): a storaged alone, and one with a commit log in PostgreSQL, in turns.
1 connection, history ${HISTORY}. CPU: of storaged. PostgreSQL is on the same disk.
`);
print(
	WIDTHS,
	"log, in flight",
	"alone/s",
	"log/s",
	"CPU us",
	"CPU us",
	"p50 ms",
	" ratio (min-max)",
);
const first = await measure("alone", "PostgreSQL");
const applied = await measureApplying(first);
await first.logged.daemon.stop();

await postgres.addStandby();
const second = await measure("standby", "with a standby");
await second.logged.daemon.stop();
await postgres.remove();
printCpu();
bench.write({ seconds, history: HISTORY, points, applied });
process.exit(0);
