// A hanging worker: its process exists, its event loop is stopped. masterd kills and replaces it;
// other workers' visitors are not affected, its own can send again. If masterd itself or all
// processes were stopped for longer, no worker is killed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TIME_FACTOR, withBanter } from "../e2e/harness.mjs";
import {
	connectToEachWorker,
	postOn,
	resume,
	storedMessages,
	textAfter,
	textUntil,
} from "../e2e/replies.mjs";

const LIMIT_MS = TIME_FACTOR > 1 ? 6000 : 3000;
const env = { WORKER_HANG_MS: String(LIMIT_MS) };

const hungLines = (banter) => banter.log.lines.filter(({ ev }) => ev === "worker_hung");

/**
 * Stops a worker permanently; resolves to the log line about the hang when its successor serves.
 */
async function hang(banter, worker) {
	banter.killed.add(String(worker));
	process.kill(worker, "SIGSTOP");
	const isIts = (line) => line.pid === String(worker);
	const line = await banter.log.waitFor(
		"it hangs",
		(one) => one.ev === "worker_hung" && isIts(one),
	);
	await banter.log.waitFor("it has died", (one) => one.ev === "worker_exit" && isIts(one));
	await banter.ready();
	return line;
}

/** A started, held reply and its worker. */
async function heldReply(banter, session, message) {
	const stream = await banter.stream(session, message, {
		headers: { "idempotency-key": session },
	});
	const { messageId } = await stream.next();
	await textUntil(stream, 30);
	const [worker] = await banter.workersOf([stream.socket]);
	return { session, message, stream, messageId, worker };
}

/** One reply for each of two workers. */
async function replyOfEach(banter) {
	const replies = new Map();
	for (let i = 0; replies.size < 2; i++) {
		const message = `[[tokens=40 delay=1 hold-after=20]] held ${i}`;
		const reply = await heldReply(banter, `held-${i}`, message);
		if (replies.has(reply.worker)) reply.stream.leave();
		else replies.set(reply.worker, reply);
	}
	return [...replies.values()];
}

async function hangsCounted(banter) {
	const { text } = await banter.get("/metrics");
	return Number(/^banter_worker_hangs_total (\d+)$/m.exec(text)[1]);
}

describe("a worker that hangs", () => {
	it("is replaced: its reply is restarted on request; others continue", () =>
		withBanter({ workers: 2, env }, async (banter) => {
			const [lost, other] = await replyOfEach(banter);
			assert.equal(await hangsCounted(banter), 0);
			const line = await hang(banter, lost.worker);
			assert.ok(Number(line.silence_ms) >= LIMIT_MS, line.text);
			assert.equal(hungLines(banter).length, 1);
			assert.equal(await hangsCounted(banter), 1);
			assert.ok(banter.workerPids().includes(other.worker), "the other was left alone");
			for (const [worker, raw] of await connectToEachWorker(banter)) {
				const body = { sessionId: `new-${worker}`, message: "[[echo]] here" };
				const { json } = await postOn(raw, "/v1/chat", body);
				assert.equal(json.message, "here", "who comes is served, by either");
				raw.close();
			}

			const broken = await (await resume(banter, lost.messageId, lost.session)).rest();
			assert.equal(broken.at(-1).code, "interrupted");
			await banter.release("held");
			const headers = { "idempotency-key": lost.session };
			const { json } = await banter.chat(lost.session, lost.message, { headers });
			assert.equal(json.messageId, lost.messageId);
			assert.ok(json.message.startsWith(textAfter(broken).trim()), "what was kept is its text");
			assert.deepEqual(await storedMessages(banter, lost.session), [
				["user", lost.message, "complete"],
				["assistant", json.message, "complete"],
			]);
			const rest = await other.stream.rest();
			assert.equal(rest.at(-1).type, "done");
		}));
});

/** Stops processes for longer than the limit, then continues them in the same order. */
async function standStill(pids) {
	for (const pid of pids) process.kill(pid, "SIGSTOP");
	try {
		await new Promise((done) => setTimeout(done, 2 * LIMIT_MS));
	} finally {
		for (const pid of pids) process.kill(pid, "SIGCONT");
	}
}

describe("no worker is considered hanging", () => {
	it("when it drains after a reload for longer than the limit", () =>
		withBanter({ workers: 2, env }, async (banter) => {
			const replies = await replyOfEach(banter);
			const old = banter.workerPids();
			assert.equal((await banter.reload()).ev, "reload_done");
			const [fresh] = banter.workerPids().filter((pid) => !old.includes(pid));
			await hang(banter, fresh);
			assert.equal(hungLines(banter).length, 1);
			await banter.release("held");
			for (const { stream } of replies) assert.equal((await stream.rest()).at(-1).type, "done");
		}));

	for (const [what, who] of [
		["masterd itself stood still", (banter) => [banter.masterd.pid]],
		[
			"everything did",
			(banter) => [banter.masterd.pid, banter.storaged.pid, ...banter.workerPids()],
		],
	])
		it(`when ${what} for longer than the limit`, () =>
			withBanter({ workers: 2, env }, async (banter) => {
				const [one, two] = await replyOfEach(banter);
				await standStill(who(banter));
				await banter.release("held");
				for (const { stream } of [one, two])
					assert.equal((await stream.rest()).at(-1).type, "done");
				// When this one has been detected, the other has been checked as often.
				await hang(banter, one.worker);
				assert.deepEqual(
					hungLines(banter).map(({ pid }) => pid),
					[String(one.worker)],
				);
				assert.ok(banter.workerPids().includes(two.worker));
			}));
});
