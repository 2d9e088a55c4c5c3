import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeWords } from "../src/text/time";

// Local times: "today" and "yesterday" depend on the reader's time zone.
const at = (text: string) => new Date(text).getTime();
const words = createTimeWords("en-GB");

test("relative time says how long ago, coarser with age", () => {
	const now = at("2025-06-18T15:00:00");
	const cases: Array<[string, string]> = [
		["2025-06-18T15:00:30", "now"],
		["2025-06-18T14:59:01", "now"],
		["2025-06-18T14:59:00", "1 min ago"],
		["2025-06-18T14:00:01", "59 min ago"],
		["2025-06-18T14:00:00", "1 hr ago"],
		["2025-06-18T00:00:00", "15 hr ago"],
		["2025-06-17T23:59:59", "yesterday"],
		["2025-06-17T00:00:00", "yesterday"],
		["2025-06-16T23:59:59", "2 days ago"],
		["2025-06-12T00:00:00", "6 days ago"],
		["2025-06-11T23:59:59", "11 Jun"],
		["2024-12-31T12:00:00", "31 Dec 2024"],
	];
	// ICU versions differ in the point after "min".
	for (const [then, expected] of cases)
		assert.equal(words.relative(at(then), now).replace(".", ""), expected, then);
});

test("after midnight the past evening is hours away, not yesterday", () => {
	const now = at("2025-06-18T01:00:00");
	assert.match(words.relative(at("2025-06-17T20:00:00"), now), /^5 hr/);
	assert.equal(words.relative(at("2025-06-17T19:00:00"), now), "yesterday");
});

test("a brief time needs little space", () => {
	const now = at("2025-06-18T15:00:00");
	assert.equal(words.brief(at("2025-06-18T14:55:00"), now), "5m");
	assert.equal(words.brief(at("2025-06-18T12:00:00"), now), "3h");
	assert.equal(words.brief(at("2025-06-17T12:00:00"), now), "Yesterday");
	assert.equal(words.brief(at("2025-06-11T12:00:00"), now), "11 Jun");
});

test("a day's heading names today and yesterday, and the year only when it is another", () => {
	const now = at("2025-06-18T00:30:00");
	assert.equal(words.day(at("2025-06-18T00:00:00"), now), "Today");
	assert.equal(words.day(at("2025-06-17T23:59:00"), now), "Yesterday");
	// The comma depends on the ICU version.
	assert.match(words.day(at("2025-06-16T23:59:00"), now), /^Monday,? 16 June$/);
	assert.match(words.day(at("2024-06-16T12:00:00"), now), /^Sunday,? 16 June 2024$/);
});

test("times are in the reader's language", () => {
	const now = at("2025-06-18T15:00:00");
	assert.match(createTimeWords("de").relative(at("2025-06-18T14:55:00"), now), /^vor 5 Min/);
	assert.equal(createTimeWords("fr").day(now, now), "Aujourd’hui");
	assert.equal(createTimeWords("es").day(at("2025-06-17T15:00:00"), now), "Ayer");
});
