// The store reaches STORE_MAX_BYTES: it accepts only deletions and recovers by itself. Visitors who return and
// listeners of a reply that cannot be stored: tests/unit/storaged/visitors/visitors.scenario, live/live.scenario
// and tests/unit/workerd/turn/publish.scenario.

import assert from "node:assert/strict";
import { it } from "node:test";
import { ADMIN_KEY, until, withBanter } from "../e2e/harness.mjs";
import { assertWhole } from "./store.mjs";
import { assertFull, Talkers } from "./talkers.mjs";

const env = { STORE_MAX_BYTES: "4M" };

it("a full map: visitors get 503, reads work, and deleting conversations frees space", () =>
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
