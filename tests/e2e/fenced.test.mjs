// Two workers for one reply: one is stopped until the store interrupts its reply and another
// restarts it; then it continues. Its listeners must never receive a reply that is not stored.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until, withBanter } from "./harness.mjs";
import {
	connectToEachWorker,
	postOn,
	resume,
	storedMessages,
	textAfter,
	textUntil,
} from "./replies.mjs";

const id = "fenced";

/** A reply unique to this run, held half-way. */
const message = "[[stamp tokens=100 delay=5 hold-after=50]] fenced";

/** Stops the worker of a reply until the store has interrupted it; resolves to the stored reply. */
async function holdUp(banter) {
	const raws = await connectToEachWorker(banter);
	const stream = await banter.stream("s", message, { headers: { "idempotency-key": id } });
	const { messageId } = await stream.next();
	const had = await textUntil(stream, 40);
	const [writer] = await banter.workersOf([stream.socket]);
	const [, raw] = [...raws].find(([worker]) => worker !== writer);
	process.kill(writer, "SIGSTOP");
	// Only on a new connection the store does not know the owner of the reply.
	await banter.storaged.kill("SIGKILL");
	await banter.log.waitFor("the store gives it up", (line) => line.ev === "turn_interrupted");
	return { raw, stream, messageId, had, goOn: () => process.kill(writer, "SIGCONT") };
}

/** Sends the message again by its id, through the other worker. */
function again(raw) {
	return postOn(raw, "/v1/chat", { sessionId: "s", message, clientMessageId: id });
}

/** Asserts that a listener received an interruption or exactly the stored reply. */
async function assertTold(stream, had, stored) {
	const events = await stream.rest();
	const last = events.at(-1);
	const text = had + textAfter([{ type: "start" }, ...events]);
	if (last.type === "error") assert.equal(last.code, "interrupted");
	else assert.deepEqual([last.message, text.trim()], [stored, stored]);
	return last.type;
}

describe("a reply that another worker has restarted", () => {
	it("while it runs: the first worker's listeners receive an interruption", () =>
		withBanter({ workers: 2 }, async (banter) => {
			const { raw, stream, messageId, had, goOn } = await holdUp(banter);
			const answer = again(raw);
			await until(
				"the model is asked again",
				async () => (await banter.modelCalls("fenced")) === 2,
			);
			goOn();
			assert.equal(await assertTold(stream, had), "error");
			await textUntil(await resume(banter, messageId, "s"), had.length);
			const later = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, messageId, "s", { after: had.length })),
			);
			await banter.release("fenced");
			for (const one of later) {
				const events = await one.rest();
				assert.equal(textAfter(events, had).trim(), events.at(-1).message, "of one run alone");
			}
			const { json } = await answer;
			assert.equal(json.messageId, messageId);
			assert.deepEqual(await storedMessages(banter, "s"), [
				["user", message, "complete"],
				["assistant", json.message, "complete"],
			]);
			assert.equal(await banter.modelCalls("fenced"), 2);
		}));

	it("after its end: they do not receive the first worker's reply as complete", () =>
		withBanter({ workers: 2 }, async (banter) => {
			const { raw, stream, messageId, had, goOn } = await holdUp(banter);
			await banter.release("fenced");
			const { json } = await again(raw);
			assert.equal(json.messageId, messageId);
			goOn();
			assert.equal(await assertTold(stream, had, json.message), "error");
			assert.deepEqual(await storedMessages(banter, "s"), [
				["user", message, "complete"],
				["assistant", json.message, "complete"],
			]);
			const events = await (await resume(banter, messageId, "s")).rest();
			assert.equal(textAfter(events), json.message);
		}));

	it("after its end: nor do listeners of other workers", () =>
		withBanter({ workers: 3 }, async (banter) => {
			const raws = await connectToEachWorker(banter);
			const stream = await banter.stream("s", message, { headers: { "idempotency-key": id } });
			const { messageId } = await stream.next();
			const [writer] = await banter.workersOf([stream.socket]);
			const listeners = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, messageId, "s")),
			);
			const workers = await banter.workersOf(listeners.map((one) => one.socket));
			const follower = workers.find((worker) => worker !== writer);
			const [, raw] = [...raws].find(([worker]) => worker !== writer && worker !== follower);
			for (const one of listeners) one.had = await textUntil(one, 40);
			process.kill(follower, "SIGSTOP");
			await banter.killWorkers([writer]);
			await banter.log.waitFor("the store ends it", (line) => line.ev === "turn_interrupted");
			await banter.release("fenced");
			const { json } = await again(raw);
			assert.equal(json.messageId, messageId);
			process.kill(follower, "SIGCONT");
			for (const [i, one] of listeners.entries())
				if (workers[i] === follower) await assertTold(one, one.had, json.message);
			await banter.ready();
		}));
});
