// Two workers for one reply: one is stopped until the store interrupts its reply and another restarts it; then it
// continues. Its listeners must never receive a reply that is not stored.

import assert from "node:assert/strict";
import { it } from "node:test";
import { times, withBanter } from "./harness.mjs";
import {
	assertStored,
	begin,
	connectToOtherWorker,
	modelWasAsked,
	postOn,
	resume,
	textAfter,
	textUntil,
	withId,
	workersOf,
} from "./replies.mjs";

it("a reply that another worker restarts while its first worker is stopped: the first worker's listeners receive an interruption", () =>
	withBanter({ workers: 2 }, async (banter) => {
		// A reply that is different in each run and held half-way.
		const message = "[[stamp tokens=100 delay=5 hold-after=50]] fenced";
		const { stream, messageId, text } = await begin(banter, "s", message, 40, withId("fenced"));
		const [writer] = await workersOf(banter, [stream]);
		const other = await connectToOtherWorker(banter, writer);
		process.kill(writer, "SIGSTOP");
		// Only on a new connection the store does not know the owner of the reply.
		await banter.storaged.kill("SIGKILL");
		await banter.log.waitFor("the store gives it up", ({ ev }) => ev === "turn_interrupted");
		const body = { sessionId: "s", message, clientMessageId: "fenced" };
		const again = postOn(other, "/v1/chat", body);
		await modelWasAsked(banter, "fenced", 2);
		process.kill(writer, "SIGCONT");
		assert.equal((await stream.rest()).at(-1).code, "interrupted");

		await textUntil(await resume(banter, messageId, "s"), text.length);
		const later = await times(8, () => resume(banter, messageId, "s", { after: text.length }));
		await banter.release("fenced");
		for (const one of later) {
			const events = await one.rest();
			assert.equal(textAfter(events, text).trim(), events.at(-1).message, "of one run alone");
		}
		const { json } = await again;
		assert.equal(json.messageId, messageId);
		await assertStored(banter, "s", [message, json.message]);
		assert.equal(await banter.modelCalls("fenced"), 2);
	}));
