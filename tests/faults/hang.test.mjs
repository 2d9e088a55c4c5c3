// A hanging worker: its process exists, its event loop is stopped. masterd kills and replaces it; other workers'
// visitors are not affected, its own can send again. If all processes were stopped for longer, no worker is killed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { TIME_FACTOR, whileStopped, withBanter } from "../e2e/harness.mjs";
import {
	assertStored,
	begin,
	connectToEachWorker,
	postOn,
	resume,
	textAfter,
	withId,
	workersOf,
} from "../e2e/replies.mjs";

const LIMIT_MS = TIME_FACTOR > 1 ? 6000 : 3000;
const withWorkers = (body) =>
	withBanter({ workers: 2, env: { WORKER_HANG_MS: String(LIMIT_MS) } }, body);

/** Stops a worker permanently; resolves to the log line about the hang when its successor serves. */
async function hang(banter, worker) {
	banter.killed.add(String(worker));
	process.kill(worker, "SIGSTOP");
	const logged = (event) =>
		banter.log.waitFor(event, ({ ev, pid }) => ev === event && pid === String(worker));
	const line = await logged("worker_hung");
	await logged("worker_exit");
	await banter.ready();
	return line;
}

/** One held reply for each of two workers. */
async function replyOfEach(banter) {
	const replies = new Map();
	for (let i = 0; replies.size < 2; i++) {
		const message = `[[tokens=40 delay=1 hold-after=20]] held ${i}`;
		const reply = await begin(banter, `held-${i}`, message, 10, withId(`held-${i}`));
		const [worker] = await workersOf(banter, [reply.stream]);
		if (replies.has(worker)) reply.stream.leave();
		else replies.set(worker, { ...reply, worker });
	}
	return [...replies.values()];
}

async function assertDone(...replies) {
	for (const { stream } of replies) assert.equal((await stream.rest()).at(-1).type, "done");
}

/** Asserts that masterd has seen these workers hang, and no others. */
async function assertHangs(banter, ...workers) {
	const lines = banter.log.lines.filter(({ ev }) => ev === "worker_hung");
	assert.equal(lines.map(({ pid }) => pid).join(), workers.join());
	assert.equal(await banter.metric("worker_hangs_total"), workers.length);
}

it("a worker that hangs is replaced: its reply is restarted on request; others continue", () =>
	withWorkers(async (banter) => {
		const [lost, other] = await replyOfEach(banter);
		await assertHangs(banter);
		const line = await hang(banter, lost.worker);
		assert.ok(Number(line.silence_ms) >= LIMIT_MS, line.text);
		await assertHangs(banter, lost.worker);
		assert.ok(banter.workerPids().includes(other.worker), "the other was left alone");
		for (const [worker, raw] of await connectToEachWorker(banter)) {
			const body = { sessionId: `new-${worker}`, message: "[[echo]] here" };
			assert.equal((await postOn(raw, "/v1/chat", body)).json.message, "here");
			raw.close();
		}

		const { session, message, messageId } = lost;
		const broken = await (await resume(banter, messageId, session)).rest();
		assert.equal(broken.at(-1).code, "interrupted");
		await banter.release("held");
		const { json } = await banter.chat(session, message, withId(session));
		assert.equal(json.messageId, messageId);
		assert.ok(json.message.startsWith(textAfter(broken).trim()), "what was kept is its text");
		await assertStored(banter, session, [message, json.message]);
		await assertDone(other);
	}));

describe("no worker is considered hanging", () => {
	it("when it drains after a reload for longer than the limit", () =>
		withWorkers(async (banter) => {
			const replies = await replyOfEach(banter);
			const old = banter.workerPids();
			assert.equal((await banter.reload()).ev, "reload_done");
			const fresh = banter.workerPids().find((pid) => !old.includes(pid));
			await hang(banter, fresh);
			await assertHangs(banter, fresh);
			await banter.release("held");
			await assertDone(...replies);
		}));

	it("when all processes were stopped for longer than the limit", () =>
		withWorkers(async (banter) => {
			const [one, two] = await replyOfEach(banter);
			const all = [banter.masterd.pid, banter.storaged.pid, ...banter.workerPids()];
			await whileStopped(all, () => pause(2 * LIMIT_MS));
			await banter.release("held");
			await assertDone(one, two);
			// When this one has been detected, the other has been checked as often.
			await hang(banter, one.worker);
			await assertHangs(banter, one.worker);
			assert.ok(banter.workerPids().includes(two.worker));
		}));
});
