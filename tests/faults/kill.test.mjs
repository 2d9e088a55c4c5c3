// storaged is killed repeatedly, at any moment, under load: acknowledged data is stored once and in order; other
// requests are executed completely or not at all, and once when they are repeated; every invariant of the store
// holds.
//
// FAULTS_ROUNDS: how often it is killed. FAULTS_SEED repeats a run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TIME_FACTOR } from "../e2e/daemon.mjs";
import { whileStopped, withBanter } from "../e2e/harness.mjs";
import { Fleet } from "./fleet.mjs";
import { between, chance, spread } from "./random.mjs";
import { assertWhole, Store } from "./store.mjs";
import { Fault, NO_STRACE, TRACED } from "./strace.mjs";

const ROUNDS = Number(process.env.FAULTS_ROUNDS ?? (TIME_FACTOR > 1 ? 25 : 50));

/** Rounds per data directory: the full check takes longer with each. */
const GENERATION = 25;

const FLEET = { workers: 3, visitors: 64 };

function pause(ms) {
	return new Promise((done) => (ms < 1 ? setImmediate(done) : setTimeout(done, ms)));
}

/** Killed during its start while workers keep connecting. */
async function killInStart(store, fleet) {
	store.launch();
	let over = false;
	const killed = pause(spread(0.3, 60 * TIME_FACTOR)).then(async () => {
		await store.kill();
		over = true;
	});
	while (!over) {
		await fleet.run(store);
		await pause(1);
	}
	await killed;
}

/** Killed under load, after everything before was verified. */
async function killUnderLoad(store, fleet) {
	await store.start();
	await fleet.claim(store);
	const compared = await fleet.check(store);
	const running = fleet.run(store);
	await pause(between(0, 250 * TIME_FACTOR));
	await store.kill();
	await running;
	return compared;
}

/** Compares everything, also after more load. */
async function checkAll(store, fleet) {
	await store.start();
	await fleet.claim(store);
	await fleet.check(store, { whole: true });
	fleet.run(store);
	await pause(20);
	await fleet.stop();
	const compared = await fleet.check(store, { whole: true });
	await fleet.leave();
	await store.stop();
	await assertWhole(store.dir);
	return compared;
}

/** The system calls of an LMDB commit: single and adjacent pages, the sync, and the last page. */
const CALLS = { pwrite64: 8, writev: 4, fdatasync: 3 };

/** Killed within a commit at the nth call of this kind. */
async function killAtCall(store, fleet, call, n) {
	await store.start();
	await fleet.claim(store);
	await fleet.check(store);
	const running = fleet.run(store);
	const fault = await Fault.attach(store.pid, [`${call}:signal=SIGKILL:when=${n}`]);
	assert.equal(await store.endOf(store.pid), "SIGKILL");
	await running;
	await fault.detach();
	await assertWhole(store.dir);
}

async function withFleet(body) {
	const store = new Store();
	const fleet = new Fleet(FLEET);
	try {
		await body(store, fleet);
		store.log.discard();
	} finally {
		await store.remove();
	}
	return fleet;
}

async function generation(rounds, sum) {
	const fleet = await withFleet(async (store, fleet) => {
		for (let i = 0; i < rounds; i++) {
			if (i > 0 && chance(0.25)) await killInStart(store, fleet);
			else sum.compared += await killUnderLoad(store, fleet);
			await assertWhole(store.dir);
		}
		sum.compared += await checkAll(store, fleet);
	});
	sum.acknowledged += fleet.acknowledged;
	sum.answers += fleet.answers;
}

describe("storaged is killed", () => {
	it(`${ROUNDS} times under load: acknowledged data is there once and in order`, async (t) => {
		const sum = { acknowledged: 0, answers: 0, compared: 0 };
		for (let done = 0; done < ROUNDS; done += GENERATION)
			await generation(Math.min(GENERATION, ROUNDS - done), sum);
		t.diagnostic(JSON.stringify(sum));
	});

	it("during its first start: the next start creates a complete store", async () => {
		for (let i = 0; i < 20; i++)
			await withFleet(async (store, fleet) => {
				await killInStart(store, fleet);
				await checkAll(store, fleet);
			});
	});

	it("at each call of a commit: the commit is atomic", { skip: NO_STRACE }, () =>
		withFleet(async (store, fleet) => {
			for (const [call, times] of Object.entries(CALLS))
				for (let n = 1; n <= times; n++) await killAtCall(store, fleet, call, n);
			await checkAll(store, fleet);
		}),
	);
});

it(
	"storaged dies twice on a message: it is answered with 500, and not sent again",
	{
		skip: NO_STRACE,
	},
	() =>
		withBanter({ workers: 1, env: TRACED }, async (banter) => {
			const { storaged, log } = banter;
			const faults = [];
			const start = async (ev) => {
				const position = log.lines.length;
				banter.startStore();
				await log.waitFor(`${ev} again`, (line) => line.ev === ev, position);
			};
			const dieOnWrite = async () => {
				storaged.restart = false;
				storaged.asked = true;
				faults.push(await Fault.attach(storaged.pid, ["fdatasync:signal=SIGKILL"]));
			};
			await dieOnWrite();
			const answer = banter.chat("visitor", "hello");
			await storaged.ended;
			await whileStopped(banter.workerPids(), async () => {
				await start("store_ready");
				await dieOnWrite();
			});
			await storaged.ended;
			await start("store_connected"); // a third process, which does not receive it
			const { status, json } = await answer;
			assert.deepEqual([status, json.code], [500, "internal"]);
			const refused = log.lines.filter(({ ev }) => ev === "poisoned_request");
			assert.equal(refused.map(({ type }) => type).join(), "turn_begin");
			assert.equal((await banter.chat("visitor", "again")).status, 200);
			for (const fault of faults) await fault.detach();
		}),
);
