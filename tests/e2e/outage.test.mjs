// The store stops while a turn is in one of its waiting states.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until, withBanter } from "./harness.mjs";

describe("the store is down", () => {
	it("before a retry of the model: it is called, and the reply arrives", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const text = "[[tokens=3 fail=429 fail-times=1 retry-after=2]] patient";
			const stream = banter.stream("patient", text);
			await until("the first refusal", async () => (await banter.modelCalls("patient")) > 0);
			await banter.storaged.kill("SIGKILL");
			const events = await (await stream).rest();
			assert.equal(events.at(-1).type, "done");
			assert.equal(await banter.modelCalls("patient"), 2);
			assert.deepEqual(await banter.messages(events[0].conversationId), [
				["user", text, "complete"],
				["assistant", "t0 t1 t2", "complete"],
			]);
		});
	});

	it("when a reply ends: the visitor gets an error, and the whole reply is stored later", async () => {
		await withBanter({ workers: 1 }, async (banter) => {
			const text = "[[tokens=5 hold-after=4]] late";
			const stream = await banter.stream("late", text);
			const { conversationId } = await stream.next();
			await banter.stopStore();
			await banter.release("late");
			const events = await stream.rest();
			assert.equal(events.at(-1).type, "error");
			assert.equal(events.at(-1).code, "store_unavailable");
			banter.startStore();
			await banter.ready();
			await until("the reply is stored", async () => {
				const [, reply] = await banter.messages(conversationId);
				return reply?.[2] === "complete" && reply[1] === "t0 t1 t2 t3 t4";
			});
		});
	});
});
