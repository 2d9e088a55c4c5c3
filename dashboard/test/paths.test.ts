import assert from "node:assert/strict";
import { test } from "node:test";
import { conversationPath, loginPath, safeNext } from "../src/paths";

test("a login leads to pages of this server only", () => {
	const allowed = [
		"/conversations/0192f0c4-9a1b-7c3d-8e4f-001122334455",
		"/widgets/create",
		"/?view=waiting",
		"/search?q=caf%C3%A9",
	];
	for (const next of allowed) assert.equal(safeNext(next), next);
	const refused = [
		undefined,
		"",
		"//evil.example",
		"/\\evil.example",
		"/a\\evil.example",
		"https://evil.example/conversations/1",
		"/conversations/1\n",
		"/caf\u00e9",
		"/login",
		"/login?next=/",
		"/join/x",
		"/reset/x",
		"javascript:alert(1)",
	];
	for (const next of refused) assert.equal(safeNext(next), "/", String(next));
});

test("the login page remembers the way back, except to the inbox", () => {
	assert.equal(loginPath("/"), "/login");
	assert.equal(loginPath("/widgets/1?a=b"), "/login?next=%2Fwidgets%2F1%3Fa%3Db");
});

test("a conversation's address may name a message", () => {
	assert.equal(conversationPath("c 1"), "/conversations/c%201");
	assert.equal(conversationPath("c1", "m1"), "/conversations/c1?message=m1");
});
