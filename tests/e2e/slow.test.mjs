// Thousands of clients that send or read very slowly (slowhttptest in its three modes): other clients are served,
// and the cost is bounded and released. slow-visitors.test.mjs has readers of replies.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { TIME_FACTOR, until, withBanter } from "./harness.mjs";
import { memoryOf, socketsOf } from "./proc.mjs";

const CONNECTIONS = TIME_FACTOR === 1 ? 4000 : 1000;
const RATE = 4000; // that slowhttptest tries to open a second; it comes to about 400
const SECONDS = 300; // after which it gives up by itself; it is ended long before
/**
 * Concurrent connections: fewer would show nothing. The reached number depends on the machine, because slow
 * senders are closed after 10 s.
 */
const LEAST = CONNECTIONS / 10;
const STEADY_MS = 1500; // without more connections the attack has reached its peak
const SAMPLES = 10; // of the workers and /health, from then on
const SAMPLE_MS = 100; // between two samples of the workers, which cost more than the requests
const KIB = 1024;

const MODES = [
	["slow headers", "/health", ["-H", "-i", "3"]],
	["slow bodies", "/v1/chat", ["-B", "-i", "3", "-s", "60000"]],
	["slow reading", "/widget/chat-widget.js", "-X -k 5 -w 256 -y 512 -n 5 -z 16".split(" ")],
];

const isMissing = spawnSync("slowhttptest", ["-h"]).error !== undefined;
const skip = isMissing && "slowhttptest is not installed: make deps FOR=test";

/** Sums over the workers. */
function stateOf(banter) {
	const pids = banter.workerPids();
	const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
	return { sockets: sum(pids.map(socketsOf)), memory: sum(pids.map(memoryOf)) };
}

async function assertHealthy(banter) {
	assert.equal((await banter.get("/health")).status, 200);
}

/** Requests /health until the peak of the attack and then SAMPLES more times. */
async function watch(banter, attacker) {
	let peak = stateOf(banter);
	const least = peak.sockets + LEAST;
	let grown = Date.now();
	let memory = peak.memory;
	let sampled = 0;
	for (let left = SAMPLES; left > 0; ) {
		await assertHealthy(banter);
		if (Date.now() - sampled < SAMPLE_MS) continue;
		sampled = Date.now();
		const now = stateOf(banter);
		memory = Math.max(memory, now.memory);
		if (now.sockets > peak.sockets) {
			peak = now;
			grown = Date.now();
		}
		if (peak.sockets >= least && Date.now() - grown > STEADY_MS) left--;
		if (attacker.exitCode !== null || attacker.signalCode !== null) break; // all connections were closed
	}
	return { sockets: peak.sockets, memory };
}

describe("thousands of slow clients", { skip }, () => {
	for (const [mode, path, args] of MODES)
		it(`${mode}: /health responds all the time, and all resources are released`, (t) =>
			withBanter({}, async (banter) => {
				await assertHealthy(banter);
				const before = stateOf(banter);
				const size = ["-c", CONNECTIONS, "-r", RATE, "-l", SECONDS, "-p", 60].map(String);
				const attack = [...size, ...args, "-u", `${banter.url}${path}`];
				const attacker = spawn("slowhttptest", attack, { stdio: "ignore" });
				const ended = new Promise((done) => attacker.once("close", done));
				const { sockets, memory } = await watch(banter, attacker).finally(() => {
					attacker.kill("SIGKILL");
					return ended;
				});
				const areGone = () => stateOf(banter).sockets <= before.sockets + 2;
				await until("all of them are gone", areGone);
				const connections = sockets - before.sockets;
				const each = (memory - before.memory) / connections;
				t.diagnostic(`${connections} connections at once, ${(each / KIB).toFixed(1)} KiB each`);
				assert.ok(connections >= LEAST, `only ${connections} connections`);
				// Sanitizers multiply the memory.
				if (TIME_FACTOR === 1) assert.ok(each < 8 * KIB, `${each} bytes for a connection`);
			}));
});
