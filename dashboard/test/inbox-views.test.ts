import assert from "node:assert/strict";
import { test } from "node:test";
import type { Me } from "../../workerd/api/openapi/openapi";
import {
	isSearchable,
	listPath,
	openPath,
	placeOf,
	REVIEWS,
	reviewOf,
	showsView,
} from "../src/inbox/place";
import { firstLine } from "../src/inbox/row";
import { searchQuery } from "../src/inbox/search/use-search";
import { countOf, isIn, parseView, queryOf, type View } from "../src/inbox/views";
import { mentionedIn } from "../src/text/mentions";
import { conversation } from "./conversation";

const me = { user: { id: "me" } } as Me;

test("mentions are a name, or a first name that one person has, after an @", () => {
	const people = ["Jane", "Ann Lee", "Ann Berg", "José María", "a.b+ c", "Bo", "Bo Li"].map(
		(name) => ({ id: name, name }),
	);
	const cases: Array<[string, string[]]> = [
		["@Jane please", ["Jane"]],
		["(@jane) and @José.", ["Jane", "José María"]],
		["@Jane, @jane", ["Jane"]],
		["x@jane.example", []],
		["@Janet", []],
		["@Ann", []],
		["@Ann Lee and @ann berg", ["Ann Lee", "Ann Berg"]],
		["@a.b+", ["a.b+ c"]],
		["@Bo, @Bo Li", ["Bo", "Bo Li"]],
		["@Bo Li", ["Bo Li"]],
		["@ Jane @", []],
	];
	for (const [text, expected] of cases) assert.deepEqual(mentionedIn(text, people), expected, text);
	const many = Array.from({ length: 21 }, (_, i) => ({ id: `${i}`, name: `N${i}x` }));
	const text = many.map(({ name }) => `@${name}`).join(" ");
	assert.equal(mentionedIn(text, many).length, 20);
});

test("a conversation is in the views that the server would list it in", () => {
	const views: View[] = [
		"all",
		"waiting",
		"mine",
		"unassigned",
		"person",
		"snoozed",
		"resolved",
		"widget:w1",
		"tag:t1",
	];
	const cases: Array<[Parameters<typeof conversation>[0], string]> = [
		[{}, "all unassigned widget:w1"],
		[
			{ state: "person", operator: { id: "me", name: "I" }, assignedTo: "other" },
			"all mine person widget:w1",
		],
		[{ state: "person", operator: { id: "other", name: "O" } }, "all unassigned person widget:w1"],
		[{ state: "waiting", assignedTo: "me" }, "all waiting mine widget:w1"],
		[{ state: "person", assignedTo: "other" }, "all person widget:w1"],
		[{ state: "resolved", tags: ["t1"] }, "resolved"],
		[{ state: "waiting", assignedTo: "me", snoozed: { until: null } }, "snoozed"],
		[{ tags: ["t1", "t2"], widgetId: "w2" }, "all unassigned tag:t1"],
	];
	for (const [fields, expected] of cases) {
		const row = conversation(fields);
		assert.equal(views.filter((view) => isIn(view, row, me)).join(" "), expected);
	}
	assert.equal(isIn("mine", conversation(), null), false, "a caller without a user has none");
});

test("views ask the server for conversations that are not resolved, like its counts", () => {
	const unresolved = "open,waiting,person";
	assert.deepEqual(queryOf("all"), { state: unresolved });
	assert.deepEqual(queryOf("resolved"), { state: "resolved" });
	assert.deepEqual(queryOf("snoozed"), { snoozed: "true" });
	assert.deepEqual(queryOf("mine"), { state: unresolved, assignedTo: "me" });
	assert.deepEqual(queryOf("widget:w1"), { state: unresolved, widgetId: "w1" });
	assert.deepEqual(queryOf("tag:t1"), { state: unresolved, tag: "t1" });
	const counts = {
		...{ all: 10, open: 5, waiting: 3, person: 0, resolved: 1, snoozed: 1, mine: 2, unassigned: 4 },
		...{ mentions: 0, users: {}, widgets: { w1: 7 }, tags: {} },
	};
	assert.deepEqual(
		(["all", "waiting", "widget:w1", "tag:t1"] as const).map((view) => countOf(view, counts)),
		[8, 3, 7, 0],
	);
});

test("an address names the view or the search beside a conversation", () => {
	assert.equal(parseView("other"), null);
	assert.equal(parseView("tag:<b>"), null);
	assert.deepEqual(placeOf("/", { view: "waiting" }), { view: "waiting", filters: null });
	const mentions = placeOf("/", { view: "mentions" });
	assert.ok(mentions.isMentions && !showsView(mentions));
	assert.equal(listPath(mentions), "/?view=mentions");
	assert.equal(openPath(mentions, "c1"), "/conversations/c1?view=mentions");
	const place = placeOf("/search", { q: "a b", state: "open", view: "mine", other: "x" });
	assert.deepEqual(place.filters, { q: "a b", state: "open" });
	assert.equal(listPath(place), "/search?q=a+b&state=open");
	assert.equal(openPath(place, "c1", "m1"), "/conversations/c1?message=m1&q=a+b&state=open");
	assert.deepEqual(placeOf("/conversations/c1", { q: "a b", message: "m1" }).filters, { q: "a b" });
	assert.equal(
		openPath({ view: "tag:t1", filters: null }, "c1"),
		"/conversations/c1?view=tag%3At1",
	);
});

test("a search takes days as times, the last one included", () => {
	const { from, to } = searchQuery({ q: "x", from: "2025-06-18", to: "2025-06-18" });
	assert.equal(from, new Date(2025, 5, 18).getTime());
	assert.equal((to ?? 0) - (from ?? 0), 24 * 3600 * 1000);
	assert.deepEqual(searchQuery({ q: "x", from: "soon", state: "other" }), { q: "x" });
});

test("replies are found without words; what an address may say besides is left out", () => {
	assert.deepEqual(searchQuery({ q: " ", rating: "down", agentId: "a1" }), {
		rating: "down",
		agentId: "a1",
	});
	const wrong = { rating: "worst", status: "complete", unanswered: "1" };
	assert.deepEqual(searchQuery({ q: "x", ...wrong }), { q: "x" });
	assert.equal(isSearchable({ status: "length" }), true);
	assert.equal(isSearchable({ q: "  ", state: "open" }), false);
});

test("a review is known by its filters, also after a reload", () => {
	for (const [name, filters] of Object.entries(REVIEWS)) {
		const path = listPath({ view: "all", filters });
		const query = Object.fromEntries(new URL(path, "http://x").searchParams);
		assert.equal(reviewOf(placeOf("/search", query).filters), name);
	}
	assert.equal(reviewOf({ q: "tea", rating: "down" }), null);
	assert.equal(reviewOf(null), null);
});

test("a row shows the first line without Markdown's signs", () => {
	assert.equal(firstLine("\n## **Thanks** for `that`\nmore"), "Thanks for that");
	assert.equal(firstLine("- one\n- two"), "one");
	assert.equal(firstLine("a_b * c"), "a_b * c");
	assert.equal(
		firstLine("*3–5 days*, **see *our* [list](https://a.example/b)**"),
		"3–5 days, see our list",
	);
	assert.equal(firstLine("2 * 3 * 4 [sic] (no link)"), "2 * 3 * 4 [sic] (no link)");
});
