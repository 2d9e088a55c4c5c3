import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatEvent, parseEvent } from "../pages/events";
import { done, error, start, token } from "./fakes";

const CASES: readonly [line: string, event: ChatEvent | null][] = [
	['{"type":"start","conversationId":"c","messageId":"m"}', start("m")],
	['{"type":"start","messageId":"m","position":7}', start("m", 7)],
	['{"type":"start","conversationId":"c"}', start(null)],
	['{"type":"start","messageId":"","position":-1}', start(null)],
	['{"type":"start","messageId":7,"position":1.5}', start(null)],
	['{"type":"token","token":"Hi \\u20ac"}', token("Hi €")],
	['{"type":"token","token":""}', token("")],
	['{"type":"done","message":"Hi"}', done("Hi")],
	['{"type":"done","message":"Hi","status":"stopped"}', done("Hi", "stopped")],
	['{"type":"done","message":"Hi","status":"from the future"}', done("Hi")],
	['{"type":"done"}', done("")],
	['{"type":"error","error":"secret detail"}', error("")],
	['{"type":"error","error":"secret detail","code":"interrupted"}', error("interrupted")],
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
