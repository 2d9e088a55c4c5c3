// storaged stands still, as under a debugger or on a disk that hangs: longer than a visitor is made
// to wait. Replies run on, whoever asks is answered in time, nothing piles up, nothing is lost.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOf } from "../e2e/client.mjs";
import { PATIENCE, withBanter } from "../e2e/harness.mjs";
import { assertWhole } from "./store.mjs";
import { LONG, Talkers } from "./talkers.mjs";
import { assertMemory, inMib, memoryOf } from "./usage.mjs";

const STOP_MS = 7000;
const STORE_TIMEOUT_MS = 5000; // workerd/store_client.h

/** A reply waits for the store when it begins and when it ends; the rest is the machine's. */
const LIMIT_MS = 2 * STORE_TIMEOUT_MS + 3000 * PATIENCE;

const TALKERS = PATIENCE > 1 ? 50 : 200;
const WORKERS = 2;

/**
 * What a worker may need more than before: each visitor has one question at a time, and within
 * STOP_MS asks at most twice, since each is told after STORE_TIMEOUT_MS. A question is there as the
 * request, as the call to the store, and in the line to the store, in buffers that double as they
 * grow; and its connection and its turn take some 32 KiB.
 */
const MEMORY_PER_TALKER = 2 * (3 * 2 * LONG.length + 32 * 1024);
const MEMORY_MORE = (TALKERS * MEMORY_PER_TALKER) / WORKERS + 4 * 1024 * 1024;

const TOKENS = 120;
const text = Array.from({ length: TOKENS }, (_, i) => `t${i} `).join("");

async function startStream(banter, i) {
	const stream = await banter.stream(`listener-${i}`, `[[tokens=${TOKENS} delay=100]]`);
	const { conversationId } = await stream.next();
	return Object.assign(stream, { conversationId });
}

/** Stops storaged for a while; resolves to the greatest memory that each worker took then. */
async function standStill(banter) {
	const pids = banter.workerPids();
	const most = new Map(pids.map((pid) => [pid, 0]));
	const since = performance.now();
	banter.storaged.child.kill("SIGSTOP");
	try {
		while (performance.now() - since < STOP_MS) {
			for (const pid of pids) most.set(pid, Math.max(most.get(pid), memoryOf(pid)));
			await new Promise((done) => setTimeout(done, 50));
		}
	} finally {
		banter.storaged.child.kill("SIGCONT");
	}
	return { most, middle: since + STOP_MS / 2, until: performance.now() };
}

describe("storaged stands still", () => {
	it(`for ${STOP_MS} ms: replies run on, visitors are told in time, nothing is lost`, async (t) => {
		await withBanter({ workers: WORKERS }, async (banter) => {
			const talkers = new Talkers(banter, TALKERS, "store_unavailable");
			await talkers.served(TALKERS);
			const streams = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => startStream(banter, i)));
			const before = new Map(banter.workerPids().map((pid) => [pid, memoryOf(pid)]));
			const still = await standStill(banter);
			assert.ok(talkers.refused > 0, "visitors were told");

			await talkers.served(TALKERS);
			for (const stream of streams) {
				const events = await stream.rest();
				assert.equal(events.at(-1).type, "done");
				assert.equal(textOf(events), text);
				const isMeanwhile = (at) => at > still.middle && at < still.until;
				assert.ok(stream.times.some(isMeanwhile), "it went on meanwhile");
				const [, reply] = await banter.messages(stream.conversationId);
				assert.deepEqual(reply, ["assistant", text.trim(), "complete"]);
			}
			await talkers.stop();
			assert.ok(talkers.slowest < LIMIT_MS, `an answer took ${talkers.slowest} ms`);
			await talkers.check(banter);
			for (const [pid, memory] of before) {
				const most = still.most.get(pid);
				t.diagnostic(`worker: ${inMib(memory)} before, ${inMib(most)} while it stood still`);
				assert.ok(PATIENCE > 1 || most < memory + MEMORY_MORE, `${inMib(most)} in worker ${pid}`);
				assertMemory(pid, memory + MEMORY_MORE, "after it");
			}
			await banter.masterd.stop();
			await banter.stopStore();
			await assertWhole(banter.storaged.env.DATA_DIR);
		});
	});
});
