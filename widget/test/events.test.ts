import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatEvent, parseEvent } from "../src/events";

const CASES: readonly [line: string, event: ChatEvent | null][] = [
	['{"type":"start","conversationId":"c","messageId":"m"}', { type: "start" }],
	['{"type":"token","token":"Hi \\u20ac"}', { type: "token", token: "Hi €" }],
	['{"type":"token","token":""}', { type: "token", token: "" }],
	['{"type":"done","message":"Hi","conversationId":"c"}', { type: "done", message: "Hi" }],
	['{"type":"done"}', { type: "done", message: "" }],
	['{"type":"error","error":"secret detail"}', { type: "error" }],
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
