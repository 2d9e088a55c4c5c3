import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { CarrierEvents } from "../src/app/net/carrier";
import { openLine } from "../src/app/net/line";
import { type Clock, stopClock } from "./clock";

let clock: Clock;
beforeEach(() => {
	clock = stopClock();
});
afterEach(() => clock.restore());

const NAMES = ["ws", "ndjson", "sse", "poll"];

/** A line whose carriers the test plays; `log`: what has happened. */
function line(first = 0, isAlone = false) {
	const log: string[] = [];
	const events = new Map<string, CarrierEvents>();
	const carriers = NAMES.map((name) => (own: CarrierEvents) => {
		log.push(name);
		events.set(name, own);
		return { send: () => log.push(`${name} sends`), close: () => log.push(`${name} closed`) };
	});
	const chosen = (n: number) => log.push(`${NAMES[n]} chosen`);
	const { send } = openLine(
		{ carriers, first, isAlone, chosen },
		{ frame: () => undefined, end: (code) => log.push(`end ${code}`) },
	);
	const play = (step: string) => {
		const [name = "", what = ""] = step.split(" ");
		if (name === "wait") clock.tick(Number(what));
		else if (what === "frame") events.get(name)?.frame({});
		else events.get(name)?.end(Number(what));
	};
	return { log, play, send };
}

const WAYS: readonly [name: string, steps: readonly string[], log: readonly string[]][] = [
	["the WebSocket works", ["ws frame"], ["ws", "ws chosen"]],
	[
		"each carrier fails at once, and then polls work",
		["ws 1006", "wait 20", "ndjson 500", "wait 20", "sse 500", "wait 20", "poll frame"],
		["ws", "ndjson", "sse", "poll", "poll chosen"],
	],
	[
		"all are silent: polls begin within 3 s",
		["wait 1500", "wait 1000", "poll frame"],
		["ws", "ndjson", "ndjson closed", "poll", "ws closed", "poll chosen"],
	],
	[
		"a late WebSocket comes first",
		["wait 1500", "ws frame", "ndjson frame"],
		["ws", "ndjson", "ndjson closed", "ws chosen"],
	],
	[
		"the server refuses the visitor",
		["ws 1006", "wait 20", "ndjson 403"],
		["ws", "ndjson", "end 403"],
	],
	["the chosen one is lost", ["ws frame", "ws 1006"], ["ws", "ws chosen", "end 1006"]],
];
for (const [name, steps, expected] of WAYS) {
	test(name, () => {
		const { log, play } = line();
		steps.forEach(play);
		assert.deepEqual(
			log.filter((one) => one !== "ws closed" || expected.includes(one)),
			expected,
		);
	});
}

test("the carrier that has worked before is tried alone", () => {
	const { log, play } = line(1, true);
	play("ndjson 0");
	assert.deepEqual(log, ["ndjson", "end 0"]);
});
