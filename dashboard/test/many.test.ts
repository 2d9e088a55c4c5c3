import assert from "node:assert/strict";
import { test } from "node:test";
import { CHOSEN_MAX, Chosen } from "../src/inbox/chosen";
import { inverse, undoing } from "../src/inbox/many/actions";
import { Rows } from "../src/inbox/rows";
import { conversation } from "./conversation";

/** n rows, c1 the newest. */
function stage(n: number) {
	const rows = new Rows();
	const conversations = Array.from({ length: n }, (_, i) =>
		conversation({ _id: `c${i + 1}`, updatedAt: n - i }),
	);
	rows.replace({ conversations, nextCursor: null, previousCursor: null });
	let changes = 0;
	const chosen = new Chosen(rows, () => void changes++);
	return {
		rows,
		chosen,
		ids: () => chosen.all().map(({ _id }) => _id),
		changes: () => changes,
	};
}

test("a row is chosen, and not any more", () => {
	const { chosen, ids, changes } = stage(3);
	chosen.toggle("c2");
	chosen.toggle("c1");
	assert.deepEqual(ids(), ["c1", "c2"], "in the order of the list");
	chosen.toggle("c2");
	assert.deepEqual(ids(), ["c1"]);
	assert.equal(changes(), 3);
	chosen.clear();
	assert.deepEqual(ids(), []);
});

test("a range begins at the row that was chosen last, in both directions", () => {
	const { chosen, ids } = stage(9);
	chosen.toggle("c4");
	chosen.extend("c6", null);
	assert.deepEqual(ids(), ["c4", "c5", "c6"]);
	chosen.extend("c2", null);
	assert.deepEqual(ids(), ["c2", "c3", "c4", "c5", "c6"]);
});

test("without one, a range begins where the reader is, or is the row itself", () => {
	const { chosen, ids } = stage(5);
	chosen.extend("c3", "c2");
	assert.deepEqual(ids(), ["c2", "c3"]);
	chosen.clear();
	chosen.extend("c5", null);
	assert.deepEqual(ids(), ["c5"]);
});

test("rows that have left the list count no more, and leave room", () => {
	const { rows, chosen, ids } = stage(CHOSEN_MAX + 10);
	chosen.everything();
	assert.equal(ids().length, CHOSEN_MAX);
	chosen.toggle("c1005");
	assert.equal(ids().length, CHOSEN_MAX, "no more than the server takes");
	rows.remove("c1");
	assert.equal(ids().length, CHOSEN_MAX - 1);
	chosen.toggle("c1005");
	assert.equal(ids().length, CHOSEN_MAX);
	assert.ok(ids().includes("c1005"));
});

test("what takes a change back is only what it has changed", () => {
	const row = conversation({ state: "waiting", assignedTo: "ann", tags: ["a"], unread: true });
	assert.deepEqual(inverse(row, { state: "resolved" }), { state: "waiting" });
	assert.deepEqual(inverse(row, { assignedTo: null }), { assignedTo: "ann" });
	assert.deepEqual(inverse(row, { addTags: ["a", "b"] }), { removeTags: ["b"] });
	assert.deepEqual(inverse(row, { removeTags: ["a", "b"] }), { addTags: ["a"] });
	assert.deepEqual(inverse(row, { read: true }), { read: false });
	for (const same of [
		{ state: "waiting" as const },
		{ assignedTo: "ann" },
		{ addTags: ["a"] },
		{ removeTags: ["b"] },
		{ read: false },
	])
		assert.equal(inverse(row, same), null);
	// Only another takeover gives it back.
	assert.equal(inverse(conversation({ state: "person" }), { state: "resolved" }), null);
});

test("rows with the same way back are one request", () => {
	const rows = ["ann", "joe", "ann", null].map((assignedTo, i) =>
		conversation({ _id: `c${i}`, assignedTo }),
	);
	const groups = undoing(rows, { assignedTo: "joe" }).map(({ change, rows }) => [
		change.assignedTo,
		rows.map(({ _id }) => _id),
	]);
	assert.deepEqual(groups, [
		["ann", ["c0", "c2"]],
		[null, ["c3"]],
	]);
});

test("a snooze is taken back to what it was, also after a conversation was resolved", () => {
	const tomorrow = { until: 5 };
	const row = conversation({ snoozed: tomorrow });
	assert.deepEqual(inverse(row, { snoozed: null }), { snoozed: tomorrow });
	assert.deepEqual(inverse(row, { snoozed: { until: null } }), { snoozed: tomorrow });
	assert.deepEqual(inverse(row, { state: "resolved" }), { state: "open", snoozed: tomorrow });
	assert.equal(inverse(row, { snoozed: { until: 5 } }), null);
	assert.deepEqual(inverse(conversation(), { snoozed: tomorrow }), { snoozed: null });
});
