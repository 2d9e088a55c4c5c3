// make bench-inbox: searches and numbers as an owner's page asks for them, over HTTP, in a store with 1,000,000
// messages: how long they take, how long searchd needs to build its index, and what it costs appends.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ADMIN_KEY, Banter, until } from "../e2e/harness.mjs";
import { Bench, rangeOf, spread, verdict } from "./bench.mjs";

const HEADERS = { "x-admin-api-key": ADMIN_KEY };
const DAY_MS = 24 * 3600 * 1000;
/** As in fill.c. */
const DAYS = 731;

/** The goals of tests/README.md. */
const SEARCH_MS = 50;
const FOUND_MS = 1000;
const BUILD_S = 60;
const MEMORY_MIB = 64;
const NUMBERS_MS = 100;

const { values: options } = parseArgs({
	options: {
		messages: { type: "string", default: "1000000" },
		widgets: { type: "string", default: "10" },
		agents: { type: "string", default: "5" },
		/** Only these. */
		numbers: { type: "boolean", default: false },
	},
});
const [messages, widgets, agents] = [options.messages, options.widgets, options.agents].map(Number);

const bench = new Bench("inbox", 1800);
const banter = new Banter({ workers: 1 });
await banter.start();
const dir = banter.storaged.env.DATA_DIR;
const socket = join(dir, "store.sock");

const quantile = (values, q) =>
	[...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
const ms = (n) => `${n.toFixed(n < 10 ? 1 : 0)} ms`;
const say = (what, value, goal, met) =>
	console.log(`${what}: ${value}${goal === undefined ? "" : ` (${verdict(met, goal)})`}`);

/** How long requests take, one after the other. */
async function time(paths) {
	const took = [];
	for (const path of paths) {
		const start = performance.now();
		const answer = await banter.get(path, HEADERS);
		if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
		took.push(performance.now() - start);
	}
	return took;
}

function sayTimes(what, took, goal) {
	const p99 = quantile(took, 0.99);
	const value = `p50 ${ms(quantile(took, 0.5))}, p99 ${ms(p99)}`;
	say(what, value, goal && `${goal} ms`, p99 <= goal);
}

/** A program's greatest and present memory in MiB, without pages of files. */
function memory(pid) {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024;
	return { most: of("VmHWM"), anon: of("RssAnon") };
}

async function figures(plan) {
	let all;
	for await (const one of bench.measure("fill", plan)) all = one;
	return all;
}

/** The appends per second of some seconds, with 64 in flight. */
async function appends() {
	return (await figures({ socket, seconds: 2 })).rate;
}

async function fill() {
	return (await figures({ socket, messages, widgets, agents })).queries;
}

function searchIsReady() {
	const from = banter.log.lines.length;
	const ready = () => banter.log.lines.slice(from).some(({ ev }) => ev === "search_ready");
	return until("searchd is ready", ready, 1_200_000);
}

async function build() {
	const start = performance.now();
	banter.searchd = banter.daemon("searchd", [], banter.storaged.env);
	banter.searchd.start();
	await searchIsReady();
	const seconds = (performance.now() - start) / 1000;
	const { most } = memory(banter.searchd.pid);
	say(
		"searchd builds its index from the store",
		`${seconds.toFixed(1)} s`,
		`${BUILD_S} s`,
		seconds <= BUILD_S,
	);
	say("its memory, at most", `${most.toFixed(0)} MiB`, `${MEMORY_MIB} MiB`, most <= MEMORY_MIB);
}

/** From the request that writes a message until a search finds it. */
async function found(n) {
	const start = performance.now();
	await banter.chat(`found-${n}`, `zebra${n} [[tokens=1]]`);
	await until("the message is found", async () => {
		const { json } = await banter.get(`/v1/admin/search?q=zebra${n}`, HEADERS);
		return json.results.length === 1;
	});
	return performance.now() - start;
}

async function search(queries) {
	const path = (q) => `/v1/admin/search?${new URLSearchParams({ q, limit: "20" })}`;
	sayTimes("search for two words", await time(queries.map(path)), SEARCH_MS);
	const took = [];
	for (let i = 0; i < 50; i++) took.push(await found(i));
	sayTimes("from a message to its result", took, FOUND_MS);
}

const day = (ago) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);

/** The requests of the page of numbers for a year: the days of two years, and the tables of both. */
function numbersOfPage(of = "") {
	const path = (by, from, to) =>
		`/v1/admin/numbers?by=${by}&from=${day(from)}&to=${day(to)}${of && `&${of}`}`;
	return {
		"by day, with the year before": path("day", 729, 0),
		"by widget": path("widget", 364, 0),
		"by agent": path("agent", 364, 0),
		"by widget, the year before": path("widget", 729, 365),
		"by agent, the year before": path("agent", 729, 365),
		"by hour, of four weeks": path("hour", 27, 0),
	};
}

async function numbers() {
	const { rows } = (await banter.get(numbersOfPage()["by agent"], HEADERS)).json;
	if (rows.length < agents) throw new Error(`numbers of ${rows.length} agents`);
	const all = Object.entries(numbersOfPage());
	for (const [what, path] of all)
		sayTimes(`numbers of a year ${what}`, await time(Array(100).fill(path)), NUMBERS_MS);
	const oneAgent = numbersOfPage(`agentId=${rows[0].agentId}`)["by day, with the year before"];
	sayTimes(
		"numbers of a year by day, of one agent",
		await time(Array(100).fill(oneAgent)),
		NUMBERS_MS,
	);

	// As the page asks for them, over connections of their own.
	const took = [];
	for (let i = 0; i < 100; i++) {
		const start = performance.now();
		await Promise.all(all.map(([, path]) => time([path])));
		took.push(performance.now() - start);
	}
	sayTimes("all of these at once", took);
}

/** With searchd stopped and connected in turns; each time it first catches up. */
async function appendsBesideSearchd() {
	const ratios = [];
	for (let i = 0; i < 5; i++) {
		const beside = await appends();
		await banter.searchd.stop();
		const alone = await appends();
		banter.searchd.start();
		await searchIsReady();
		ratios.push(beside / alone);
	}
	const ratio = spread(ratios);
	const value = `${ratio.median.toFixed(2)} ${rangeOf(ratio, 2)}`;
	say("share of the appends that are left beside searchd", value);
}

/** The verification of the store, and a start that counts the numbers again: as the first one after an upgrade. */
async function count() {
	const start = performance.now();
	execFileSync("build/banter", ["verify"], { env: banter.storaged.env, stdio: "ignore" });
	say("banter verify", `${((performance.now() - start) / 1000).toFixed(1)} s`);
	await banter.stopStore();
	await figures({ forget: dir });
	const counting = performance.now();
	banter.startStore();
	await banter.ready();
	say(
		"a start that counts the numbers again",
		`${((performance.now() - counting) / 1000).toFixed(1)} s`,
	);
}

console.log(
	`Filling the store: ${messages} messages, ${DAYS * widgets * agents} rows of numbers ...`,
);
const queries = await fill();
await numbers();
if (!options.numbers) {
	await build();
	await search(queries);
	await appendsBesideSearchd();
	await count();
}
await banter.stop();
