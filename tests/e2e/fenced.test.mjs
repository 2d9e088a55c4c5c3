// Two workers for one reply: one is stopped until the store interrupts its reply and another restarts it; then
// it continues. Its listeners must never receive a reply that is not stored.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { times, withBanter } from "./harness.mjs";
import {
	begin,
	connectToOtherWorker,
	listen,
	modelWasAsked,
	postOn,
	resume,
	storedMessages,
	textAfter,
	textUntil,
	withId,
	workersOf,
} from "./replies.mjs";

/** A reply that is different in each run and held half-way. */
const message = "[[stamp tokens=100 delay=5 hold-after=50]] fenced";

const isInterrupted = (line) => line.ev === "turn_interrupted";

/** Stops the worker of a reply until the store has interrupted it. */
async function holdUp(banter) {
	const { stream, messageId, text } = await begin(banter, "s", message, 40, withId("fenced"));
	const [writer] = await workersOf(banter, [stream]);
	const other = await connectToOtherWorker(banter, writer);
	process.kill(writer, "SIGSTOP");
	// Only on a new connection the store does not know the owner of the reply.
	await banter.storaged.kill("SIGKILL");
	await banter.log.waitFor("the store gives it up", isInterrupted);
	return { other, stream, messageId, text, goOn: () => process.kill(writer, "SIGCONT") };
}

/** Sends the message again by its id, through another worker; resolves to the reply. */
async function sendAgain(connection, messageId) {
	const body = { sessionId: "s", message, clientMessageId: "fenced" };
	const { json } = await postOn(connection, "/v1/chat", body);
	assert.equal(json.messageId, messageId);
	return json.message;
}

/** Asserts that a listener with this text receives an interruption, or exactly the stored reply. */
async function assertInterruptedOr(stored, stream, text) {
	const events = await stream.rest();
	const last = events.at(-1);
	const whole = text + textAfter([{ type: "start" }, ...events]);
	if (last.type === "error") assert.equal(last.code, "interrupted");
	else assert.deepEqual([last.message, whole.trim()], [stored, stored]);
}

async function assertStored(banter, reply) {
	assert.deepEqual(await storedMessages(banter, "s"), [
		["user", message, "complete"],
		["assistant", reply, "complete"],
	]);
}

describe("a reply that another worker has restarted", () => {
	it("while it runs: the first worker's listeners receive an interruption", () =>
		withBanter({ workers: 2 }, async (banter) => {
			const { other, stream, messageId, text, goOn } = await holdUp(banter);
			const again = sendAgain(other, messageId);
			await modelWasAsked(banter, "fenced", 2);
			goOn();
			await assertInterruptedOr(undefined, stream, text);
			await textUntil(await resume(banter, messageId, "s"), text.length);
			const later = await times(8, () => resume(banter, messageId, "s", { after: text.length }));
			await banter.release("fenced");
			for (const one of later) {
				const events = await one.rest();
				assert.equal(textAfter(events, text).trim(), events.at(-1).message, "of one run alone");
			}
			await assertStored(banter, await again);
			assert.equal(await banter.modelCalls("fenced"), 2);
		}));

	it("after its end: listeners of other workers do not receive the first worker's text as complete", () =>
		withBanter({ workers: 3 }, async (banter) => {
			const first = await begin(banter, "s", message, 0, withId("fenced"));
			const [writer] = await workersOf(banter, [first.stream]);
			const listeners = await listen(banter, first, 8);
			const workers = await workersOf(banter, listeners);
			const follower = workers.find((worker) => worker !== writer);
			const other = await connectToOtherWorker(banter, writer, follower);
			for (const one of listeners) one.text = await textUntil(one, 40);
			process.kill(follower, "SIGSTOP");
			await banter.killWorkers([writer]);
			await banter.log.waitFor("the store ends it", isInterrupted);
			await banter.release("fenced");
			const reply = await sendAgain(other, first.messageId);
			process.kill(follower, "SIGCONT");
			for (const [i, one] of listeners.entries())
				if (workers[i] === follower) await assertInterruptedOr(reply, one, one.text);
			await banter.ready();
		}));
});
