// The local times of workerd (workerd/zones) and its working hours (workerd/hours) against those of Node's Intl, which has
// the tz database of its own: all zones, around each change of their clocks, and the edges of a few. Node's tz database
// may be another version than the system's, so a few zones may differ.
//
//	FAULTS_SEED=12345 node --test tests/e2e/zones.test.mjs    repeats the cases

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { below, pick, SEED } from "../faults/random.mjs";
import { BUILD } from "./harness.mjs";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const FROM = Date.UTC(1970, 0, 1) / 1000;
const TO = Date.UTC(2100, 0, 1) / 1000;
const EDGES = [
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe", // half an hour
	"Pacific/Apia", // skipped a day
	"Pacific/Kwajalein", // repeated one
	"Africa/Casablanca", // changes that follow the moon
	"Europe/Dublin", // summer time is the standard
	"America/Sao_Paulo",
	"Asia/Kathmandu",
	"America/St_Johns",
];

/** A running hours-peer (tests/hours/hours_peer.c). */
class Peer {
	async start() {
		this.child = spawn(join(BUILD, "hours-peer"), { stdio: ["pipe", "pipe", "inherit"] });
		await once(this.child, "spawn"); // rejects if it was not built
		this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
	}

	async ask(request) {
		this.child.stdin.write(`${request}\n`);
		return (await this.lines.next()).value;
	}

	/** The answers to many requests. */
	async askAll(requests) {
		this.child.stdin.write(requests.map((one) => `${one}\n`).join(""));
		const answers = [];
		for (let i = 0; i < requests.length; i++) answers.push((await this.lines.next()).value);
		return answers;
	}

	async numbers(request) {
		return (await this.ask(request)).split(" ").map(Number);
	}

	async stop() {
		const closed = once(this.child, "close");
		this.child.stdin.end();
		assert.deepEqual(await closed, [0, null]);
	}
}

/** A zone by Node: the seconds that its local time is ahead of UTC. */
class Zone {
	constructor(name) {
		this.format = new Intl.DateTimeFormat("en-US", {
			timeZone: name,
			hourCycle: "h23",
			...{ year: "numeric", month: "numeric", day: "numeric", era: "short" },
			...{ hour: "numeric", minute: "numeric", second: "numeric" },
		});
		this.known = new Map();
	}

	offset(t) {
		if (!this.known.has(t)) {
			const of = Object.fromEntries(
				this.format.formatToParts(t * 1000).map(({ type, value }) => [type, Number(value)]),
			);
			const local = Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
			this.known.set(t, local / 1000 - t);
		}
		return this.known.get(t);
	}

	/** The first and the last moment with a local time; both the moment at which clocks skip it. */
	moments(local) {
		const offsets = new Set();
		for (let t = local - 27 * HOUR; t <= local + 27 * HOUR; t += HOUR / 4)
			offsets.add(this.offset(t));
		const found = [...offsets]
			.map((offset) => local - offset)
			.filter((t) => t + this.offset(t) === local);
		if (found.length > 0) return [Math.min(...found), Math.max(...found)];
		let [low, high] = [local - 27 * HOUR, local + 27 * HOUR];
		while (high - low > 1) {
			const middle = Math.floor((low + high) / 2);
			if (middle + this.offset(middle) > local) high = middle;
			else low = middle;
		}
		return [high, high];
	}
}

const show = (t) => new Date(t * 1000).toISOString();

describe(`local times as Node has them (FAULTS_SEED=${SEED})`, () => {
	const peer = new Peer();
	before(() => peer.start());
	after(() => peer.stop());

	/** The times at which our zone changes its offset. */
	async function changes(name) {
		const found = [];
		assert.equal(await peer.ask(`zone ${name}`), "yes", name);
		for (let t = FROM; t < TO; ) {
			const [, until] = (await peer.ask(`at ${t}`)).split(" ");
			if (until === "-") break;
			t = Number(until);
			found.push(t);
		}
		return found;
	}

	it("have the same offset in all zones, also around each change and by rules to the year 2100", async () => {
		const newer = [];
		const zones = Intl.supportedValuesOf("timeZone");
		assert.ok(zones.length > 400);
		for (const name of zones) {
			const zone = new Zone(name);
			const times = (await changes(name)).filter(() => below(4) === 0).flatMap((t) => [t - 1, t]);
			for (let i = 0; i < 40; i++) times.push(FROM + below(TO - FROM));
			const ours = await peer.askAll(times.map((t) => `at ${t}`));
			const differ = times.filter((t, i) => parseInt(ours[i], 10) !== zone.offset(t));
			if (differ.length > 0) newer.push(`${name}: ${differ.map(show)}`);
		}
		if (newer.length > 0) console.log(`other versions of the tz database: ${newer.join(", ")}`);
		assert.ok(newer.length < 10, newer.join("\n"));
	});

	it("change their clocks at the same seconds in the edges of the tz database", async () => {
		for (const name of EDGES) {
			const zone = new Zone(name);
			const all = await changes(name);
			assert.ok(all.length > 0, name);
			for (const t of all)
				assert.deepEqual(
					[t - 1, t].map((at) => zone.offset(at)),
					(await peer.askAll([`at ${t - 1}`, `at ${t}`])).map((one) => parseInt(one, 10)),
					`${name} at ${show(t)}`,
				);
		}
	});

	it("have the same moments, also of times that are repeated or skipped", async () => {
		for (const name of EDGES) {
			const zone = new Zone(name);
			for (const change of await changes(name)) {
				if (below(6) !== 0 && name !== "Pacific/Apia") continue;
				// The local times before, between and behind both ends of the change.
				const [old, now] = [zone.offset(change - 1), zone.offset(change)];
				for (const local of [
					...[change + old - 1, change + old, change + now - 1, change + now],
					Math.floor(change + (old + now) / 2),
					change + old - DAY + below(2 * DAY),
				])
					assert.deepEqual(
						await peer.numbers(`local ${local}`),
						zone.moments(local),
						`${name}: local ${show(local)}`,
					);
			}
		}
		assert.equal(await peer.ask("zone Pacific/Apia"), "yes");
		// 2011-12-30 did not take place.
		const skipped = Date.UTC(2011, 11, 30, 12) / 1000;
		const midnight = Date.UTC(2011, 11, 30, 10) / 1000;
		assert.deepEqual(await peer.numbers(`local ${skipped}`), [midnight, midnight]);
	});

	const WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
	const time = (minutes) =>
		`${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

	/** Hours that cover the hours in which clocks are set, without overlaps. */
	function someHours(timezone, around) {
		const weekly = [];
		for (const day of WEEK) {
			let at = below(5 * 4) * 15;
			while (at < 1440 - 60) {
				const to = Math.min(at + 15 * (1 + below(20)), 1440);
				weekly.push({ day, from: time(at), to: time(to) });
				at = to + 15 * below(16);
			}
			// Over midnight, until before the earliest beginning of the next day.
			const last = weekly[weekly.length - 1];
			if (below(3) === 0 && last.day === day && last.to !== "24:00" && last.to < "23:00")
				weekly.push({ day, from: "23:30", to: "00:00" });
		}
		const date = (t) => new Date(t * 1000).toISOString().slice(0, 10);
		const holidays = [...new Set([date(around + 2 * DAY), date(around - DAY * below(3))])];
		return { timezone, weekly: weekly.slice(0, 50), holidays };
	}

	/** The times when it is open, by Node's zone: [from, to), merged and sorted. */
	function openTimes({ timezone, weekly, holidays }, from, days) {
		const zone = new Zone(timezone);
		const spans = [];
		for (let day = Math.floor(from / DAY) - 3; day < from / DAY + days; day++) {
			const isHoliday = (one) =>
				holidays.includes(new Date(one * DAY * 1000).toISOString().slice(0, 10));
			if (isHoliday(day)) continue;
			for (const one of weekly) {
				if (WEEK[(day + 3) % 7] !== one.day) continue;
				const minutes = (text) => text.split(":").reduce((h, m) => Number(h) * 60 + Number(m));
				const begin = minutes(one.from);
				let end = minutes(one.to);
				if (end < begin) end += 1440;
				if (end > 1440 && isHoliday(day + 1)) end = 1440;
				const [start] = zone.moments(day * DAY + begin * MINUTE);
				const [, stop] = zone.moments(day * DAY + end * MINUTE);
				if (stop > start) spans.push([start, stop]);
			}
		}
		const merged = [];
		for (const [start, stop] of spans.sort((a, b) => a[0] - b[0])) {
			const last = merged[merged.length - 1];
			if (last && start <= last[1]) last[1] = Math.max(last[1], stop);
			else merged.push([start, stop]);
		}
		return merged;
	}

	it("open and close at the same moments on days when clocks are set, and as long", async () => {
		for (const name of EDGES) {
			const all = (await changes(name)).filter((t) => t > FROM + 30 * DAY);
			for (let i = 0; i < 6; i++) {
				const change =
					name === "Pacific/Apia" && i === 0 ? Date.UTC(2011, 11, 30, 10) / 1000 : pick(all);
				const hours = someHours(name, change);
				assert.equal(
					await peer.ask(`hours ${JSON.stringify(hours)}`),
					"yes",
					JSON.stringify(hours),
				);
				const open = openTimes(hours, change - 3 * DAY, 10);
				const where = `${JSON.stringify(hours)} around ${show(change)}`;
				for (let t = change - 2 * DAY; t < change + 2 * DAY; t += 7 * MINUTE + below(40 * MINUTE)) {
					const now = open.find(([from, to]) => from <= t && t < to);
					const next = open.find(([from]) => from > t);
					assert.deepEqual(
						await peer.numbers(`state ${t * 1000}`),
						now ? [1, now[1] * 1000] : [0, next[0] * 1000],
						`${where}: ${show(t)}`,
					);
					const until = t + below(3 * DAY);
					const sum = open.reduce(
						(all, [from, to]) => all + Math.max(0, Math.min(to, until) - Math.max(from, t)),
						0,
					);
					assert.equal(
						Number(await peer.ask(`between ${t * 1000} ${until * 1000}`)),
						sum * 1000,
						where,
					);
				}
			}
		}
	});
});
