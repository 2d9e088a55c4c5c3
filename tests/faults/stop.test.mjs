// storaged is stopped, as under a debugger or on a hanging disk, until every visitor has received
// an error. Replies continue, queues stay bounded, nothing is lost.

import assert from "node:assert/strict";
import { it } from "node:test";
import { textOf } from "../e2e/client.mjs";
import { numbered, TIME_FACTOR, times, whileStopped, withBanter } from "../e2e/harness.mjs";
import { memoryOf } from "../e2e/proc.mjs";
import { begin } from "../e2e/replies.mjs";
import { assertWhole } from "./store.mjs";
import { LONG, Talkers } from "./talkers.mjs";
import { assertMemory, inMib } from "./usage.mjs";

const STORE_TIMEOUT_MS = 5000; // workerd/store/store_client.h

const TALKERS = TIME_FACTOR > 1 ? 50 : 200;
const WORKERS = 2;

/**
 * What a worker may need more than before for each question: it is there as the request, as the call to
 * the store, and in the line to the store, in buffers that double as they grow; and its connection and
 * its turn take some 32 KiB.
 */
const MEMORY_PER_QUESTION = 3 * 2 * LONG.length + 32 * 1024;

/**
 * The same for all: each visitor sends one message at a time, and again after its error, after
 * STORE_TIMEOUT_MS.
 */
function memoryMore(ms) {
	const questions = TALKERS * (1 + Math.floor(ms / STORE_TIMEOUT_MS));
	return (questions * MEMORY_PER_QUESTION) / WORKERS + 4 * 1024 * 1024;
}

/** A reply is held half-way. The rest takes longer than continuing storaged. */
const TOKENS = 120;
const HELD = TOKENS / 2;
const TEXT = numbered(TOKENS);

/** Stops storaged during body(); resolves to the duration and each worker's peak memory. */
async function whileStoreStopped(banter, body) {
	const most = new Map(banter.workerPids().map((pid) => [pid, 0]));
	const looks = setInterval(() => {
		for (const [pid, memory] of most) most.set(pid, Math.max(memory, memoryOf(pid)));
	}, 50);
	const since = performance.now();
	await whileStopped([banter.storaged.pid], body).finally(() => clearInterval(looks));
	return { ms: performance.now() - since, most };
}

it("storaged is stopped until each visitor has received an error: replies continue, nothing is lost", (t) =>
	withBanter({ workers: WORKERS }, async (banter) => {
		const talkers = new Talkers(banter, TALKERS, "store_unavailable");
		await talkers.served(TALKERS);
		const message = `[[tokens=${TOKENS} delay=100 hold-after=${HELD}]] held`;
		const replies = await times(6, (i) => begin(banter, `listener-${i}`, message));
		const before = new Map(banter.workerPids().map((pid) => [pid, memoryOf(pid)]));
		const stopped = await whileStoreStopped(banter, async () => {
			await talkers.eachRefused();
			await banter.release("held");
			for (const reply of replies) reply.text = (await reply.stream.tokens(HELD + 1)).join("");
		});

		await talkers.served(TALKERS);
		for (const { stream, text, conversationId } of replies) {
			const events = await stream.rest();
			assert.equal(events.at(-1).type, "done");
			assert.equal((text + textOf(events)).trim(), TEXT);
			const [, reply] = await banter.messages(conversationId);
			assert.deepEqual(reply, ["assistant", TEXT, "complete"]);
		}
		await talkers.stop();
		await talkers.check(banter);
		const more = memoryMore(stopped.ms);
		for (const [pid, memory] of before) {
			const most = stopped.most.get(pid);
			t.diagnostic(`worker: ${inMib(memory)} before, ${inMib(most)} while storaged was stopped`);
			assert.ok(TIME_FACTOR > 1 || most < memory + more, `${inMib(most)} in worker ${pid}`);
			assertMemory(pid, memory + more, "after it");
		}
		await banter.masterd.stop();
		await banter.stopStore();
		await assertWhole(banter.storaged.env.DATA_DIR);
	}));
