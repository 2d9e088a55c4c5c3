// Workers and the store are killed at any moment: replies that break off are found interrupted, with
// all but the last second of their text, and are begun anew by their message's id. In the end every
// visitor has heard what the store has, and each message and its reply is there once.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { below, between, chance, pick } from "../faults/random.mjs";
import { LONG, TIME_FACTOR, until, withBanter } from "./harness.mjs";
import { PersistentVisitor } from "./persistent-visitor.mjs";
import { history } from "./replies.mjs";
import { expectTool } from "./tool.mjs";

const ROUNDS = LONG ? 200 : TIME_FACTOR > 1 ? 10 : 25;
/** Rounds with one service: masterd waits longer for a worker that dies again and again. */
const GENERATION = Math.min(ROUNDS, 25);
const SERVICES = 2; // at a time
/** Every so many rounds nothing more is killed for longer than storaged waits for the workers of the
 * replies that it finds open when it starts (CLAIM_MS in storaged/server/server.c). */
const CALM_ROUNDS = 5;
const CALM_MS = 3500;
const WORKERS = 6;
const VISITORS = 8;

/** A reply is kept each second, while there is a store; the rest is for the worker's way back to one that
 * has come back, and for a busy machine. */
const LOSS_MAX_MS = 1000 + 1000 * TIME_FACTOR;

/** One of so many may have lost more: on a busy machine whoever keeps a reply may not be run for long. */
const LATE_ONE_IN = 20;

const WORDS = [
	"Zwölf",
	"€uro",
	"e\u0301",
	"👩‍👧",
	"שלום",
	"🌱🌱",
	"한국",
	"plain",
	"words",
	"and.",
	'"so"',
];

/** A message whose reply is of its own and takes up to some seconds; sometimes each call of the model
 * would give another one. */
function someMessage() {
	if (chance(0.5))
		return `[[stamp tokens=${5 + below(100)} delay=${2 + below(30)}]] ${below(2 ** 32)}`;
	const words = Array.from({ length: 3 + below(60) }, () => pick(WORDS)).join(" ");
	return `[[echo delay=${2 + below(30)}]] ${below(2 ** 32).toString(36)} ${words}`;
}

const KILLS = {
	worker: (banter, worker) => killWorkers(banter, [worker]),
	store: (banter) => killStore(banter),
	both: (banter, worker) => {
		killStore(banter);
		killWorkers(banter, [worker]);
	},
	"all workers": (banter) => killWorkers(banter, banter.workerPids()),
	everything: (banter) => {
		killWorkers(banter, banter.workerPids());
		killStore(banter);
	},
};

function killWorkers(banter, pids) {
	for (const pid of pids) {
		banter.killed.add(String(pid));
		try {
			process.kill(pid, "SIGKILL");
		} catch (error) {
			if (error.code !== "ESRCH") throw error; // it was dying of the last time
		}
	}
}

function killStore(banter) {
	if (banter.storaged.running) banter.storaged.kill("SIGKILL");
}

/** Chosen with the frequency of its entries. */
const CHOICES = [
	...["worker", "worker", "worker", "store", "store", "both", "both", "both"],
	...["all workers", "everything"],
];

function someRound(_, i) {
	const calm = (i + 1) % CALM_ROUNDS === 0 ? CALM_MS : 0;
	return {
		what: pick(CHOICES),
		pause: calm + between(0, 800) * Math.min(TIME_FACTOR, 2),
		which: below(WORKERS),
	};
}

/** Sends messages during the kills; resolves to its visitors. */
async function generation(banter, rounds) {
	const patients = Array.from(
		{ length: VISITORS },
		(_, i) => new PersistentVisitor(banter, `patient-${i}`),
	);
	let going = true;
	const talks = patients.map(async (patient) => {
		for (let i = 0; going; i++) {
			const reloadAfter = chance(0.2) ? 1 + below(20) : undefined;
			await patient.say(`id-${i}`, someMessage(), i === 0 ? 1 : reloadAfter);
		}
	});
	const trouble = (async () => {
		for (const { what, pause, which } of rounds) {
			await new Promise((done) => setTimeout(done, pause));
			const pids = await until("a worker", () => {
				const now = banter.workerPids();
				return now.length > 0 && now;
			});
			KILLS[what](banter, pids[which % pids.length]);
		}
	})().finally(() => {
		going = false;
	});
	await Promise.all([trouble, ...talks]);
	return patients;
}

/** That the store has what the patient heard, and nothing else. */
async function assertSame(banter, { session, heard }) {
	let rows = [];
	let page = {};
	do {
		const { status, json } = await history(banter, session, {
			limit: 200,
			...(page.nextCursor && { cursor: page.nextCursor }),
		});
		assert.equal(status, 200, session);
		assert.equal(json.active, null, session);
		rows = [...json.messages, ...rows];
		page = json;
	} while (page.nextCursor !== null);
	const expected = heard.flatMap(([id, message, reply]) => [
		["user", message, "complete", undefined],
		["assistant", reply, "complete", id],
	]);
	const stored = rows.map(({ role, content, status, id }) => [
		role,
		content,
		status,
		role === "assistant" ? id : undefined,
	]);
	assert.deepEqual(stored, expected, session);
}

/** Times without a store: [from, to] in ms of performance.now(). */
function timesWithout(log) {
	const times = [];
	for (const { ev, program, at } of log.lines) {
		if (ev === "ended" && program === "storaged") times.push([at, Infinity]);
		if (ev === "store_ready" && times.length > 0) times.at(-1)[1] = at;
	}
	return times;
}

/** How much of an interval the store was up. */
function timeWith([from, to], without) {
	const missing = without.map(([start, end]) => Math.min(end, to) - Math.max(start, from));
	return missing.reduce((left, ms) => left - Math.max(0, ms), to - from);
}

/** Some rounds with their own service; adds the results to the sum. */
async function withService(rounds, sum) {
	await withBanter({ workers: WORKERS }, async (banter) => {
		const patients = await generation(banter, rounds);
		await banter.ready();
		const without = timesWithout(banter.log);
		for (const patient of patients) {
			await assertSame(banter, patient);
			sum.losses.push(...patient.losses.map((loss) => timeWith(loss, without)));
			sum.replies += patient.heard.length;
			for (const [what, n] of Object.entries(patient.attempts)) sum[what] += n;
		}
		const events = banter.log.lines.map((line) => line.ev);
		sum.interrupted += events.filter((ev) => ev === "turn_interrupted").length;
		sum.calls += (await banter.model("stats")).calls;
		await expectTool(banter, 0, "verify");
	});
}

describe("workers and the store are killed", () => {
	it(`${ROUNDS} times: every visitor finally receives what is stored, once`, async (t) => {
		const since = Date.now();
		const counts = { replies: 0, calls: 0, interrupted: 0, sends: 0, resumes: 0, reloads: 0 };
		const sum = { ...counts, losses: [] };
		const generations = Array.from({ length: ROUNDS / GENERATION }, () =>
			Array.from({ length: GENERATION }, someRound),
		);
		const hand = async () => {
			for (let rounds = generations.shift(); rounds; rounds = generations.shift())
				await withService(rounds, sum);
		};
		await Promise.all(Array.from({ length: SERVICES }, hand));
		const longest = Math.max(0, ...sum.losses);
		t.diagnostic(
			`${sum.replies} replies by ${sum.calls} calls of the model, ${sum.interrupted} times ` +
				`interrupted; ${sum.sends} sends, ${sum.resumes} resumes, ${sum.reloads} reloads; ` +
				`in ${((Date.now() - since) / 1000).toFixed(1)} s`,
		);
		t.diagnostic(`${sum.losses.length} times text was lost, of ${longest.toFixed(0)} ms at most`);
		const late = sum.losses.filter((ms) => ms >= LOSS_MAX_MS);
		assert.ok(late.length <= sum.losses.length / LATE_ONE_IN, `lost, in ms: ${late}`);
		assert.ok(sum.interrupted > 0 && sum.resumes > 0 && sum.reloads > 0, "it was put to the test");
		assert.ok(sum.calls >= sum.replies);
	});
});
