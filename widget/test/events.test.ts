import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatEvent, parseEvent } from "../src/net/events";

const CASES: readonly [line: string, event: ChatEvent | null][] = [
	[
		'{"type":"start","conversationId":"c","messageId":"m"}',
		{ type: "start", messageId: "m", position: 0 },
	],
	['{"type":"start","messageId":"m","position":7}', { type: "start", messageId: "m", position: 7 }],
	['{"type":"start","conversationId":"c"}', { type: "start", messageId: null, position: 0 }],
	[
		'{"type":"start","messageId":"","position":-1}',
		{ type: "start", messageId: null, position: 0 },
	],
	[
		'{"type":"start","messageId":7,"position":1.5}',
		{ type: "start", messageId: null, position: 0 },
	],
	['{"type":"token","token":"Hi \\u20ac"}', { type: "token", token: "Hi €" }],
	['{"type":"token","token":""}', { type: "token", token: "" }],
	['{"type":"done","message":"Hi"}', { type: "done", message: "Hi", status: "complete" }],
	[
		'{"type":"done","message":"Hi","status":"stopped"}',
		{ type: "done", message: "Hi", status: "stopped" },
	],
	[
		'{"type":"done","message":"Hi","status":"from the future"}',
		{ type: "done", message: "Hi", status: "complete" },
	],
	['{"type":"done"}', { type: "done", message: "", status: "complete" }],
	['{"type":"error","error":"secret detail"}', { type: "error", code: "" }],
	[
		'{"type":"error","error":"secret detail","code":"interrupted"}',
		{ type: "error", code: "interrupted" },
	],
	['{"type":"token"}', null],
	['{"type":"token","token":7}', null],
	['{"type":"from the future"}', null],
	['{"type":"token","token":"cut', null],
	["<html>", null],
	["null", null],
	["7", null],
	["[]", null],
];

for (const [line, event] of CASES) {
	test(`${line} means ${JSON.stringify(event)}`, () => {
		assert.deepEqual(parseEvent(line), event);
	});
}
