// The store reaches STORE_MAX_BYTES: it takes only what makes room, and goes on by itself after that.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, until, withBanter } from "../e2e/harness.mjs";
import { Fleet } from "./fleet.mjs";
import { assertWhole, withStore } from "./store.mjs";
import { assertFull, Talkers } from "./talkers.mjs";

const env = { STORE_MAX_BYTES: "4M" };

function refusedMore(fleet, n) {
	const before = fleet.refusals.full;
	return until("refusals", () => fleet.refusals.full >= before + n);
}

describe("the map is full", () => {
	it("for its peers: what was refused is not there, and erasing makes room", async () => {
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

	it("for visitors: 503, reads go on, and deleting conversations makes room", async () => {
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
});
