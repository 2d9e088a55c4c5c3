import assert from "node:assert/strict";
import { test } from "node:test";
import { isMatch } from "../src/shell/palette";
import { isAt, PLACES } from "../src/shell/places";
import { initials } from "../src/ui/avatar";
import { changedSince, changesOf } from "../src/ui/use-form";

test("a command is found by letters in their order", () => {
	assert.equal(isMatch("Go to Widgets", "gw"), true);
	assert.equal(isMatch("Go to Widgets", "W idg"), true);
	assert.equal(isMatch("Go to Widgets", "wg t o"), false);
	assert.equal(isMatch("Go to Widgets", ""), true);
});

test("only changed fields are sent, also of nested objects", () => {
	const saved = { name: "A", settings: { theme: "auto" }, tags: ["x"] };
	assert.deepEqual(changesOf({ ...saved }, saved), {});
	const value = { name: "A", settings: { theme: "dark" }, tags: ["x"] };
	assert.deepEqual(changesOf(value, saved), { settings: { theme: "dark" } });
});

test("what was typed while the form was being saved stays a change", () => {
	const sent = { name: "A", text: "half" };
	assert.deepEqual(changedSince({ text: "half" }, sent), {});
	assert.deepEqual(changedSince({ text: "half of it", name: "A" }, sent), { text: "half of it" });
});

test("initials are of the first and the last name, whole characters each", () => {
	assert.equal(initials("Jane Mary Doe"), "JD");
	assert.equal(initials("  jane "), "J");
	assert.equal(initials("😀 Doe"), "😀D");
	assert.equal(initials(""), "");
});

test("a page belongs to one place of the navigation", () => {
	const at = (path: string) => PLACES.filter((place) => isAt(place, path)).map(({ href }) => href);
	assert.deepEqual(at("/"), ["/"]);
	assert.deepEqual(at("/conversations/1"), ["/"]);
	assert.deepEqual(at("/search"), ["/"]);
	assert.deepEqual(at("/widgets/1"), ["/widgets"]);
	assert.deepEqual(at("/widgetsx"), []);
});
