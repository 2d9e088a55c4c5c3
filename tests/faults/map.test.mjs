// The store reaches STORE_MAX_BYTES: it accepts only deletions and recovers by itself.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, until, withBanter } from "../e2e/harness.mjs";
import { connectToEachWorker, postOn, resume, textUntil } from "../e2e/replies.mjs";
import { makeWidget, Visitor } from "../e2e/visitors.mjs";
import { Fleet } from "./fleet.mjs";
import { assertWhole, withStore } from "./store.mjs";
import { assertFull, assertLater, Talkers } from "./talkers.mjs";

const env = { STORE_MAX_BYTES: "4M" };

function refusedMore(fleet, n) {
	const before = fleet.refusals.full;
	return until("refusals", () => fleet.refusals.full >= before + n);
}

/** This many concurrent replies of 100 KB, with or without room. */
function fillUp(banter, n) {
	const message = "[[tokens=25 huge=4000]]";
	return Promise.all(Array.from({ length: n }, (_, i) => banter.chat(`long-${i}`, message)));
}

describe("the map is full", () => {
	it("for its peers: refused data is not stored, and erasing frees space", async () => {
		await withStore({ env }, async (store) => {
			const fleet = new Fleet({
				workers: 2,
				visitors: 32,
				logins: 2,
				refused: true,
				erases: false,
			});
			const { pid } = store;
			await fleet.sailDuring(store, async () => {
				for (let round = 0; round < 3; round++) {
					await refusedMore(fleet, 500);
					await fleet.pause(async () => {
						await fleet.check(store, { whole: true });
						const some = fleet.visitors.filter((_, i) => i % 3 === round);
						assert.ok(some.filter((visitor) => visitor.giveUp()).length > 0);
					});
					await fleet.acknowledgedMore(20);
				}
			});
			await fleet.check(store, { whole: true });
			assert.equal(store.pid, pid, "without a new start");
		});
	});

	it("for visitors: 503, reads work, and deleting conversations frees space", async () => {
		await withBanter({ env }, async (banter) => {
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
		});
	});

	it("for a widget's visitors: known ones can reconnect and read, new ones are refused", async () => {
		await withBanter({ env }, async (banter) => {
			const widget = await makeWidget(banter);
			const visitor = await Visitor.open(banter, widget);
			assert.equal(await visitor.ask('[[text="hello"]]', "first"), "hello");
			await fillUp(banter, 30);
			const talkers = new Talkers(banter, 6);
			await until("visitors are refused", () => talkers.refused >= 10);
			for (let i = 0; i < 20; i++) {
				const tab = await visitor.again();
				assert.deepEqual(
					tab.history.map(({ content }) => content),
					['[[text="hello"]]', "hello"],
				);
				await tab.close();
			}
			const again = await visitor.again();
			again.say('[[text="hello"]]', "first");
			assert.deepEqual(await again.reply(), [
				["typing_start"],
				["message", "hello"],
				["typing_stop"],
			]);
			await talkers.stop();
			await Promise.all([visitor.close(), again.close()]);
		});
	});

	it("for listeners of a reply whose end is not stored: the same in each worker", async () => {
		await withBanter({ env, workers: 2 }, async (banter) => {
			// All of them have room, or else what refuses the talkers may be a want of many pages in a row.
			for (const { status } of await fillUp(banter, 15)) assert.equal(status, 200);
			// Not for longer: it would end by itself when it is as long as a reply may be. Nor for less: what
			// the last commits freed may yet be some pages in a row.
			const message = "[[tokens=40 huge=4000 hold-after=39]]";
			const stream = await banter.stream("heard", message);
			const { messageId } = await stream.next();
			await textUntil(stream, 1);
			const listeners = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, messageId, "heard")),
			);
			const serving = await banter.workersOf(listeners.map((one) => one.socket));
			assert.equal(new Set(serving).size, 2, "both workers serve it");
			const talkers = new Talkers(banter, 6);
			await until("visitors are refused", () => talkers.refused >= 50);
			await talkers.stop();
			// Not opened before: what is idle is closed after a while.
			for (const raw of (await connectToEachWorker(banter)).values())
				assertLater(
					await postOn(raw, `/v1/chat/${messageId}/stop`, { sessionId: "heard" }),
					"store_full",
				);
			for (const one of [stream, ...listeners])
				assert.equal((await one.rest()).at(-1).code, "store_full");
			const late = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, messageId, "heard")),
			);
			for (const one of late) assert.equal((await one.rest()).at(-1).code, "store_full");
		});
	});
});
