import assert from "node:assert/strict";
import { test } from "node:test";
import { conversationPath, loginPath, safeNext } from "../src/paths";

test("a login leads to our own pages only", () => {
	const id = "/conversations/0192f0c4-9a1b-7c3d-8e4f-001122334455";
	assert.equal(safeNext(id), id);
	const refused = [
		undefined,
		"",
		"//evil.example",
		"/\\evil.example",
		"https://evil.example/conversations/1",
		"/conversations/",
		"/conversations/1/../..",
		"/conversations/1?x=//evil.example",
		"/conversations/1\n",
		"/api/logout",
		"/login",
		"javascript:alert(1)",
	];
	for (const next of refused) assert.equal(safeNext(next), "/", String(next));
});

test("the login page remembers where to go back to, and home needs no remembering", () => {
	assert.equal(loginPath("/"), "/login");
	assert.equal(loginPath("/conversations/a"), "/login?next=%2Fconversations%2Fa");
	assert.equal(loginPath("/nowhere"), "/login");
});

test("an id can't break out of its place in the address", () => {
	assert.equal(conversationPath("a/b?c"), "/conversations/a%2Fb%3Fc");
});
