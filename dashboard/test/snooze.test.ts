import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesAt, readLocal, writeLocal } from "../src/snooze/times";

const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts).getTime();

test("a conversation is snoozed until a morning, also across the end of a month", () => {
	// 2026-01-29 is a Thursday.
	const now = at(2026, 0, 29, 15, 30);
	assert.deepEqual(choicesAt(now), [
		{ name: "hours", until: at(2026, 0, 29, 18, 30) },
		{ name: "tomorrow", until: at(2026, 0, 30, 9) },
		{ name: "monday", until: at(2026, 1, 2, 9) },
		{ name: "week", until: at(2026, 1, 5, 9) },
		{ name: "answer", until: null },
	]);
});

test("Monday is offered only if it is neither tomorrow nor in a week", () => {
	const names = (day: number) => choicesAt(at(2026, 1, day, 12)).map(({ name }) => name);
	// 2026-02-01 is a Sunday.
	for (const day of [1, 2]) assert.ok(!names(day).includes("monday"));
	for (const day of [3, 7]) assert.ok(names(day).includes("monday"));
});

test("a time of one's own is later than now and within a year", () => {
	const now = at(2026, 0, 29, 15, 30);
	assert.equal(readLocal(writeLocal(now + 60_000), now), now + 60_000);
	for (const value of ["", "x", writeLocal(now), writeLocal(now - 60_000), "2027-02-10T10:00"])
		assert.equal(readLocal(value, now), null, value);
	assert.equal(readLocal("2027-01-20T10:00", now), at(2027, 0, 20, 10));
});
