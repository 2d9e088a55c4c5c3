import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeWords, pickLocale, retryAfterMs } from "../src/time";

// Local times: "today" and "yesterday" depend on the reader's time zone.
const at = (text: string) => new Date(text).getTime();
const words = createTimeWords("en-GB");

test("relative time says how long ago, coarser with age", () => {
	const now = at("2025-06-18T15:00:00");
	const cases: Array<[string, string]> = [
		["2025-06-18T15:00:30", "just now"],
		["2025-06-18T14:59:01", "just now"],
		["2025-06-18T14:59:00", "1 min ago"],
		["2025-06-18T14:00:01", "59 min ago"],
		["2025-06-18T14:00:00", "1 h ago"],
		["2025-06-18T00:00:00", "15 h ago"],
		["2025-06-17T23:59:59", "yesterday"],
		["2025-06-17T00:00:00", "yesterday"],
		["2025-06-16T23:59:59", "2 days ago"],
		["2025-06-12T00:00:00", "6 days ago"],
		["2025-06-11T23:59:59", "11 Jun"],
		["2024-12-31T12:00:00", "31 Dec 2024"],
	];
	for (const [then, expected] of cases) assert.equal(words.relative(at(then), now), expected, then);
});

test("after midnight the past evening is hours away, not yesterday", () => {
	const now = at("2025-06-18T01:00:00");
	assert.equal(words.relative(at("2025-06-17T20:00:00"), now), "5 h ago");
	assert.equal(words.relative(at("2025-06-17T19:00:00"), now), "yesterday");
});

test("a day's heading names today and yesterday, and the year only when it is another", () => {
	const now = at("2025-06-18T00:30:00");
	assert.equal(words.day(at("2025-06-18T00:00:00"), now), "Today");
	assert.equal(words.day(at("2025-06-17T23:59:00"), now), "Yesterday");
	// The comma depends on the ICU version.
	assert.match(words.day(at("2025-06-16T23:59:00"), now), /^Monday,? 16 June$/);
	assert.match(words.day(at("2024-06-16T12:00:00"), now), /^Sunday,? 16 June 2024$/);
});

test("the reader's own English is taken, else one with day before month", () => {
	assert.equal(pickLocale(["de-DE", "en-AU", "en"]), "en-AU");
	assert.equal(pickLocale(["EN-us"]), "EN-us");
	assert.equal(pickLocale(["enm", "fr"]), "en-GB");
	assert.equal(pickLocale([]), "en-GB");
});

test("Retry-After is read as seconds or as a date, and nonsense is ignored", () => {
	const now = Date.UTC(2025, 5, 18, 12, 0, 0);
	assert.equal(retryAfterMs("30", now), 30_000);
	assert.equal(retryAfterMs("0", now), 0);
	assert.equal(retryAfterMs("Wed, 18 Jun 2025 12:01:00 GMT", now), 60_000);
	assert.equal(retryAfterMs("Wed, 18 Jun 2025 11:00:00 GMT", now), 0);
	assert.equal(retryAfterMs("soon", now), null);
	assert.equal(retryAfterMs(null, now), null);
});
