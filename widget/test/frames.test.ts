import assert from "node:assert/strict";
import { test } from "node:test";
import { readFrame } from "../src/app/chat/frames";

const REPLY = {
	role: "assistant",
	failure: null,
	at: null,
	author: null,
	rating: null,
	basis: null,
};

const NOBODY = { name: "", picture: "" };

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
			more: false,
			before: null,
			messages: [
				{ key: "q", role: "user", text: "a", at: null, isQueued: false, answer: undefined },
				{ ...REPLY, key: "r", id: "r", text: "b", phase: "stopped" },
			],
		},
	],
	[
		'{"type":"history","messages":[],"active":"r"}',
		{ type: "history", messages: [], active: "r", more: false, before: null },
	],
	[
		'{"type":"history","messages":[{"role":"operator","content":"a\\n\\n- b","id":"r","structure":{"text":"a","buttons":[{"label":"b"}]}},{"role":"user","content":"b","id":"q","answer":{"message":"r","button":"1"}}]}',
		{
			type: "history",
			active: null,
			more: false,
			before: null,
			messages: [
				{
					...REPLY,
					key: "r",
					id: "r",
					text: "a\n\n- b",
					phase: "done",
					author: NOBODY,
					basis: {
						sources: undefined,
						general: undefined,
						structure: { text: "a", buttons: [{ label: "b" }] },
						files: undefined,
					},
				},
				{
					key: "q",
					role: "user",
					text: "b",
					at: null,
					isQueued: false,
					answer: { message: "r", button: "1" },
				},
			],
		},
	],
	['{"type":"typing_start"}', { type: "typing_start" }],
	['{"type":"typing_stop","new":1}', { type: "typing_stop" }],
	['{"type":"token","token":"ab"}', { type: "token", token: "ab" }],
	[
		'{"type":"message","role":"assistant","content":"b","id":"r"}',
		{ type: "message", message: { ...REPLY, key: "r", id: "r", text: "b", phase: "done" } },
	],
	[
		'{"type":"message","role":"operator","author":{"name":"Ann","picture":"https://a.b/c"},"content":"b","id":"r","createdAt":5,"rating":"up"}',
		{
			type: "message",
			message: {
				...REPLY,
				key: "r",
				id: "r",
				text: "b",
				phase: "done",
				at: 5,
				author: { name: "Ann", picture: "https://a.b/c" },
				rating: "up",
			},
		},
	],
	[
		'{"type":"message","role":"assistant","content":"b","id":"r","status":"interrupted"}',
		{
			type: "message",
			message: { ...REPLY, key: "r", id: "r", text: "b", phase: "failed", failure: "interrupted" },
		},
	],
	[
		'{"type":"message","role":"assistant","content":"b","id":"r","status":"length"}',
		{ type: "message", message: { ...REPLY, key: "r", id: "r", text: "b", phase: "cut" } },
	],
	[
		'{"type":"operator","state":"joined","name":"Ann"}',
		{ type: "operator", state: "joined", person: { name: "Ann", picture: "" } },
	],
	[
		'{"type":"operator","state":"joined","name":"Ann","picture":"https://a.b/c"}',
		{ type: "operator", state: "joined", person: { name: "Ann", picture: "https://a.b/c" } },
	],
	['{"type":"operator","state":"typing"}', { type: "operator", state: "typing", person: NOBODY }],
	[
		'{"type":"handover","state":"person","operator":"Ann","picture":5}',
		{ type: "handover", state: "person", person: { name: "Ann", picture: "" } },
	],
	['{"type":"contact_info_saved"}', { type: "contact_info_saved" }],
	[
		'{"type":"error","message":"No","code":"daily_cap","id":"c"}',
		{ type: "error", code: "daily_cap", id: "c", message: "No", fields: [], retryAfterMs: null },
	],
	[
		'{"type":"error","message":"No","code":"invalid_contact_info","fields":{"email":"No"}}',
		{
			type: "error",
			code: "invalid_contact_info",
			id: null,
			message: "No",
			fields: ["email"],
			retryAfterMs: null,
		},
	],
	[
		'{"type":"error"}',
		{ type: "error", code: "", id: null, message: "", fields: [], retryAfterMs: null },
	],
];

for (const [text, frame] of KNOWN) {
	test(`is read: ${text}`, () => assert.deepEqual(readFrame(JSON.parse(text)), frame));
}

for (const text of [
	"[]",
	'{"type":"session"}',
	'{"type":"history"}',
	'{"type":"message","role":"system","content":"b"}',
	'{"type":"message","role":"user"}',
	'{"type":"message","role":"user","content":"without an id"}',
	'{"type":"from the future"}',
]) {
	test(`is nothing that we know: ${text}`, () => assert.equal(readFrame(JSON.parse(text)), null));
}
