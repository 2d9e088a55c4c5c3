import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows } from "../src/inbox/rows";
import { conversation } from "./conversation";

const row = (id: string, updatedAt: number) => conversation({ _id: id, updatedAt });

const page = (
	ids: ReadonlyArray<readonly [string, number]>,
	nextCursor: string | null = null,
	previousCursor: string | null = null,
) => ({ conversations: ids.map(([id, at]) => row(id, at)), nextCursor, previousCursor });

const ids = (rows: Rows) => rows.all.map(({ _id }) => _id).join(" ");

test("pages join at both ends, without repeating what has moved up meanwhile", () => {
	const rows = new Rows();
	rows.replace(
		page(
			[
				["d", 40],
				["c", 30],
			],
			"older",
			"newer",
		),
	);
	rows.put(row("a", 35));
	rows.append(
		page(
			[
				["b", 20],
				["a", 10],
			],
			"more",
		),
	);
	rows.prepend(
		page([
			["f", 60],
			["e", 50],
		]),
	);
	assert.equal(ids(rows), "f e d a c b");
	assert.deepEqual([rows.older, rows.newer], ["more", null]);
	assert.equal(rows.indexOf("a"), 3);
});

test("a changed conversation takes the place of its last activity", () => {
	const rows = new Rows();
	rows.replace(
		page([
			["c", 30],
			["b", 20],
			["a", 10],
		]),
	);
	rows.put(row("a", 40));
	assert.equal(ids(rows), "a c b");
	rows.put(row("z", 5));
	assert.equal(ids(rows), "a c b z");
	rows.put({ ...row("c", 30), lastMessage: "changed" });
	assert.equal(ids(rows), "a c b z");
	assert.equal(rows.get("c")?.lastMessage, "changed");
});

test("conversations of the same time are sorted by id, as the server does", () => {
	const rows = new Rows();
	rows.replace(page([["b", 10]]));
	rows.put(row("c", 10));
	rows.put(row("a", 10));
	assert.equal(ids(rows), "a b c");
	for (const id of ["a", "b", "c"]) assert.equal(rows.all[rows.indexOf(id)]?._id, id);
});

test("what lies beyond an end is left to the page there", () => {
	const rows = new Rows();
	rows.replace(
		page(
			[
				["c", 30],
				["b", 20],
			],
			"older",
			"newer",
		),
	);
	rows.put(row("z", 90));
	rows.put(row("a", 10));
	assert.equal(ids(rows), "c b");
	rows.put(row("b", 95));
	assert.equal(ids(rows), "c", "it has left through the top");
});

test("a removed conversation is gone, and an unknown one is no problem", () => {
	const rows = new Rows();
	rows.replace(
		page([
			["b", 20],
			["a", 10],
		]),
	);
	rows.remove("b");
	rows.remove("x");
	assert.equal(ids(rows), "a");
	assert.equal(rows.indexOf("b"), -1);
});
