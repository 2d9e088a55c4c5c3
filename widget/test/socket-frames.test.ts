import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFrame } from "../src/app/socket/frames";

const KNOWN: readonly [string, object][] = [
	[
		'{"type":"session","session_token":"t","contact_info_submitted":true}',
		{ type: "session", token: "t", contactSubmitted: true },
	],
	[
		'{"type":"history","messages":[{"role":"user","content":"a","id":"q"},{"role":"assistant","content":"b","id":"r","status":"stopped"},7,{"role":"x"},{"role":"user","content":"nameless"}]}',
		{
			type: "history",
			active: null,
			messages: [
				{ id: "q", role: "user", content: "a", status: "complete" },
				{ id: "r", role: "assistant", content: "b", status: "stopped" },
			],
		},
	],
	['{"type":"history","messages":[],"active":"r"}', { type: "history", messages: [], active: "r" }],
	['{"type":"typing_start"}', { type: "typing_start" }],
	['{"type":"typing_stop","new":1}', { type: "typing_stop" }],
	['{"type":"token","token":"ab"}', { type: "token", token: "ab" }],
	[
		'{"type":"message","role":"assistant","content":"b","id":"r"}',
		{ type: "message", id: "r", role: "assistant", content: "b", status: "complete" },
	],
	['{"type":"contact_info_saved"}', { type: "contact_info_saved" }],
	[
		'{"type":"error","message":"No","code":"daily_cap","id":"c"}',
		{ type: "error", code: "daily_cap", id: "c", message: "No", fields: [] },
	],
	[
		'{"type":"error","message":"No","code":"invalid_contact_info","fields":{"email":"No"}}',
		{
			type: "error",
			code: "invalid_contact_info",
			id: null,
			message: "No",
			fields: ["email"],
		},
	],
	['{"type":"error"}', { type: "error", code: "", id: null, message: "", fields: [] }],
];

for (const [text, frame] of KNOWN) {
	test(`is read: ${text}`, () => assert.deepEqual(parseFrame(text), frame));
}

for (const text of [
	"",
	"{",
	"null",
	"[]",
	'{"type":"session"}',
	'{"type":"history"}',
	'{"type":"token"}',
	'{"type":"message","role":"system","content":"b"}',
	'{"type":"message","role":"user"}',
	'{"type":"message","role":"user","content":"without an id"}',
	'{"type":"from the future"}',
]) {
	test(`is nothing that we know: ${text}`, () => assert.equal(parseFrame(text), null));
}
