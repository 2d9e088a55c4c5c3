// The store reaches STORE_MAX_BYTES: it accepts only deletions and recovers by itself.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, times, until, withBanter } from "../e2e/harness.mjs";
import { begin, connectToEachWorker, listen, postOn, resume } from "../e2e/replies.mjs";
import { echo, exchanged, makeWidget, said, Visitor } from "../e2e/visitors.mjs";
import { assertWhole } from "./store.mjs";
import { assertFull, assertLater, Talkers } from "./talkers.mjs";

const env = { STORE_MAX_BYTES: "4M" };

/** This many concurrent replies of 100 KB, with or without room. */
function fillUp(banter, n) {
	return times(n, (i) => banter.chat(`long-${i}`, "[[tokens=25 huge=4000]]"));
}

describe("the map is full", () => {
	it("for visitors: 503, reads work, and deleting conversations frees space", () =>
		withBanter({ env }, async (banter) => {
			const { pid } = banter.storaged;
			const known = (await banter.chat("known", "[[tokens=3]]")).json.conversationId;
			const old = [];
			for (let i = 0; i < 20; i++)
				old.push((await banter.chat(`old-${i}`, "[[tokens=20 huge=4000]]")).json.conversationId);
			const talkers = new Talkers(banter, 6);
			await until("visitors are refused", () => talkers.refused >= 50);
			await assertFull(banter, known);

			for (const id of old) {
				const path = `/v1/admin/conversations/${id}`;
				const headers = { "x-admin-api-key": ADMIN_KEY };
				assert.equal((await banter.request("DELETE", path, { headers })).status, 204);
				assert.equal((await banter.get(path, headers)).status, 404);
			}
			await talkers.served(6);
			await talkers.stop();
			await talkers.check(banter);
			assert.equal(banter.storaged.pid, pid, "without a new start");
			await banter.masterd.stop();
			await banter.stopStore();
			await assertWhole(banter.storaged.env.DATA_DIR);
		}));

	it("for a widget's visitors: known ones can reconnect and read, new ones are refused", () =>
		withBanter({ env }, async (banter) => {
			const widget = await makeWidget(banter);
			const visitor = await Visitor.open(banter, widget);
			assert.equal(await visitor.ask(echo("hello"), "first"), "hello");
			await fillUp(banter, 30);
			const talkers = new Talkers(banter, 6);
			await until("visitors are refused", () => talkers.refused >= 10);
			for (let i = 0; i < 20; i++) {
				const tab = await visitor.again();
				assert.deepEqual(said(tab.history), exchanged("hello"));
				assert.equal(await tab.ask(echo("hello"), "first"), "hello");
				await tab.close();
			}
			await talkers.stop();
			await visitor.close();
		}));

	it("for listeners of a reply whose end is not stored: the same in each worker", () =>
		withBanter({ env, workers: 2 }, async (banter) => {
			// All of them have room, or else what refuses the talkers may be a want of many pages in a row.
			for (const { status } of await fillUp(banter, 15)) assert.equal(status, 200);
			// Not longer: it would end by itself at the maximum length of a reply. Nor shorter: the last commits may
			// have freed some pages in a row.
			const reply = await begin(banter, "s", "[[tokens=40 huge=4000 hold-after=39]]", 1);
			const listeners = await listen(banter, reply, 8);
			const talkers = new Talkers(banter, 6);
			await until("visitors are refused", () => talkers.refused >= 50);
			await talkers.stop();
			// Not opened before: idle connections are closed after a while.
			for (const raw of (await connectToEachWorker(banter)).values()) {
				const stopped = await postOn(raw, `/v1/chat/${reply.messageId}/stop`, { sessionId: "s" });
				assertLater(stopped, "store_full");
			}
			const late = await times(8, () => resume(banter, reply.messageId, "s"));
			for (const one of [reply.stream, ...listeners, ...late])
				assert.equal((await one.rest()).at(-1).code, "store_full");
		}));
});
