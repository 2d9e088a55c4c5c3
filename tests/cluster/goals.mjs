// How long visitors wait when machines are lost, and during a handover: `make bench-cluster`.

import { until } from "../e2e/daemon.mjs";
import { open, WIDGET_KEY } from "./http-visitor.mjs";
import { Load } from "./load.mjs";
import { pause } from "./process.mjs";
import { Random } from "./random.mjs";

const ROUNDS = 5;
const CAP = 1_000_000;

/** Moves the owner until it is, or is not, on the machine of PostgreSQL's primary; resolves to both. */
async function place(banter, together) {
	const { cluster } = banter;
	for (;;) {
		await cluster.primary();
		const { primary, owner } = await banter.roles();
		if ((owner === primary) === together) return { primary, owner };
		const to = together ? primary : cluster.othersOf(primary)[0];
		await banter.command(owner, "handover", to.name).catch(() => {});
		await pause(500);
	}
}

const now = () => performance.now();

/** The time from a moment to the next acknowledged reply at another machine's front end, in s. */
async function acknowledgedAfter(load, since, except) {
	const isNext = ({ at, begun, front }) => begun > since && at > since && front !== except;
	const next = () => load.acknowledged.find(isNext);
	await until("an acknowledged reply", next, 120_000);
	return (next().at - since) / 1000;
}

/** A reply that runs for a long time at a front end; resolves to what became of it. */
async function longReply(front) {
	const words = Array.from({ length: 300 }, (_, i) => `w${i}`).join(" ");
	const headers = { "x-api-key": WIDGET_KEY };
	const body = { sessionId: `long-${now()}`, message: `[[echo delay=100]] ${words}` };
	const response = await open(front.url, "POST", "/v1/chat/stream", { headers, body, ms: 60_000 });
	let text = "";
	let last = now();
	let longest = 0;
	for await (const piece of response.setEncoding("utf8")) {
		text += piece;
		longest = Math.max(longest, now() - last);
		last = now();
	}
	const done = text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line))
		.at(-1);
	return { complete: done.type === "done" && done.message === words, longest };
}

async function withLoad(banter, name, body) {
	const open = await banter.admin("POST", "widgets", { name });
	const capped = await banter.admin("POST", "widgets", { name, daily_message_cap: CAP });
	const widgets = { open: open.widget_id, capped: capped.widget_id };
	const load = new Load(banter.fronts, new Random(1), widgets, `${name}-${now()}`);
	await pause(4000);
	const result = await body(load);
	await load.stop();
	for (const lie of load.lies) throw new Error(lie);
	return result;
}

/** The owner's machine dies, with or without PostgreSQL's primary. */
async function loss(banter, together) {
	const { cluster } = banter;
	const { primary, owner } = await place(banter, together);
	const sync = await cluster.sql(
		primary,
		"SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'",
	);
	const other = banter.fronts.find(({ name }) => name !== owner.name);
	return withLoad(banter, together ? "both" : "owner", async (load) => {
		const reply = longReply(other);
		await pause(1000);
		const since = now();
		await owner.crash();
		const took = await acknowledgedAfter(load, since, owner.name);
		const { complete, longest } = await reply;
		console.log(
			`  ${took.toFixed(1)} s; the synchronous standby was ${sync.includes(owner.name) ? "lost, too" : "elsewhere"}; ` +
				`a running reply at ${other.name}: ${complete ? "complete" : "LOST"}, longest pause ${(longest / 1000).toFixed(1)} s`,
		);
		await cluster.boot(owner);
		await cluster.primary();
		await banter.ready();
		return took;
	});
}

async function handover(banter) {
	return withLoad(banter, "handover", async (load) => {
		await pause(2000);
		const { owner } = await banter.roles();
		const before = load.failures.size;
		const since = now();
		await banter.command(owner, "handover");
		const said = now() - since;
		await until("another owner", async () => (await banter.roles()).owner !== owner);
		await pause(3000);
		const times = load.acknowledged.map(({ at }) => at).filter((at) => at > since - 500);
		const gap = Math.max(...times.slice(1).map((at, i) => at - times[i])) / 1000;
		console.log(
			`  longest time without an acknowledgement ${gap.toFixed(2)} s, the command took ${(said / 1000).toFixed(2)} s, ` +
				`${load.failures.size - before} kinds of failures ${JSON.stringify([...load.failures])}`,
		);
		return gap;
	});
}

async function rounds(what, goal, body) {
	console.log(`${what}; goal ${goal} s`);
	const all = [];
	for (let i = 0; i < ROUNDS; i++) all.push(await body());
	console.log(`  longest ${Math.max(...all).toFixed(2)} s of ${ROUNDS}`);
}

const GOALS = {
	handover: ["handover under load", 1, handover],
	owner: [
		"the owner's machine dies, PostgreSQL's primary is elsewhere",
		8,
		(banter) => loss(banter, false),
	],
	both: ["the owner's and PostgreSQL's primary's machine dies", 35, (banter) => loss(banter, true)],
};

/** Measures these goals ("handover,owner,both"). */
export async function measureGoals(banter, names) {
	for (const name of names.split(",")) {
		const [what, goal, body] = GOALS[name];
		await rounds(what, goal, () => body(banter));
	}
	return 0;
}
