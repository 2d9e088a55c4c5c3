// Expensive clients: thousands that send or read very slowly (slowhttptest in its three modes), and
// some that request much and never read. Other clients must be served, and the cost must be bounded
// and released.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { TIME_FACTOR, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { memoryOf, socketsOf } from "./proc.mjs";

const CONNECTIONS = TIME_FACTOR === 1 ? 4000 : 1000;
const RATE = 4000; // that slowhttptest tries to open a second; it comes to about 400
const SECONDS = 300; // after which it gives up by itself; it is ended long before
/**
 * Concurrent connections: fewer would show nothing. The reached number depends on the machine,
 * because slow senders are closed after 10 s.
 */
const LEAST = CONNECTIONS / 10;
const STEADY_MS = 1500; // without more connections the attack has reached its height
const SAMPLES = 10; // of the workers and /health, from then on
const LOOK_MS = 100; // between two looks at the workers, which cost more than what is looked at
const KIB = 1024;

const MODES = {
	"slow headers": { args: ["-H", "-i", "3"], path: "/health" },
	"slow bodies": { args: ["-B", "-i", "3", "-s", "60000"], path: "/v1/chat" },
	"slow reading": {
		args: ["-X", "-k", "5", "-w", "256", "-y", "512", "-n", "5", "-z", "16"],
		path: "/widget/chat-widget.js",
	},
};

const missing = spawnSync("slowhttptest", ["-h"]).error !== undefined;

/** Sums over the workers. */
function stateOf(banter) {
	const pids = banter.workerPids();
	const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
	return { sockets: sum(pids.map(socketsOf)), memory: sum(pids.map(memoryOf)) };
}

/** GET /health on a new connection; resolves to the time in ms, which is only reported. */
async function health(banter) {
	const begun = performance.now();
	assert.equal((await banter.get("/health")).status, 200);
	return performance.now() - begun;
}

/** slowhttptest, until stop(). */
function attack(banter, { args, path }) {
	const size = ["-c", CONNECTIONS, "-r", RATE, "-l", SECONDS, "-p", 60].map(String);
	const child = spawn("slowhttptest", [...size, ...args, "-u", `${banter.url}${path}`], {
		stdio: "ignore",
	});
	const ended = new Promise((done) => child.once("close", done));
	return {
		running: () => child.exitCode === null && child.signalCode === null,
		stop: () => {
			child.kill("SIGKILL");
			return ended;
		},
	};
}

/** Requests /health until the peak of the attack and then SAMPLES more times. */
async function watch(banter, running) {
	const times = [];
	let peak = stateOf(banter);
	const least = peak.sockets + LEAST;
	let grown = Date.now();
	let memory = peak.memory;
	let looked = 0;
	for (let left = SAMPLES; left > 0; ) {
		times.push(await health(banter));
		if (Date.now() - looked < LOOK_MS) continue;
		looked = Date.now();
		const now = stateOf(banter);
		memory = Math.max(memory, now.memory);
		if (now.sockets > peak.sockets) {
			peak = now;
			grown = Date.now();
		}
		if (peak.sockets >= least && Date.now() - grown > STEADY_MS) left--;
		if (!running()) break; // all its connections were ended: it gives up
	}
	return { times, sockets: peak.sockets, memory };
}

function quantile(times, q) {
	const sorted = [...times].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))].toFixed(1);
}

describe("thousands of slow clients", () => {
	const skip = missing && "slowhttptest is not installed: make deps FOR=test";

	/** Attacks and measures; resolves to the increases. */
	async function endure(banter, how) {
		await health(banter);
		const before = stateOf(banter);
		const slow = attack(banter, how);
		try {
			const { times, sockets, memory } = await watch(banter, slow.running);
			const connections = sockets - before.sockets;
			return { times, connections, each: (memory - before.memory) / connections };
		} finally {
			await slow.stop();
			await until("all of them are gone", () => stateOf(banter).sockets <= before.sockets + 2);
		}
	}

	for (const [mode, how] of Object.entries(MODES))
		it(`${mode}: /health responds all the time, and all resources are released`, { skip }, (t) =>
			withBanter({}, async (banter) => {
				const { times, connections, each } = await endure(banter, how);
				t.diagnostic(
					`${mode}: ${connections} connections at once, ${(each / KIB).toFixed(1)} KiB each; ` +
						`/health ${times.length} times, ms: p50 ${quantile(times, 0.5)}, ` +
						`p99 ${quantile(times, 0.99)}, longest ${quantile(times, 1)}`,
				);
				assert.ok(connections >= LEAST, `only ${connections} connections`);
				// Sanitizers multiply the memory.
				if (TIME_FACTOR === 1) assert.ok(each < 8 * KIB, `${each} bytes for a connection`);
			}),
		);
});

describe("clients that request much and do not read", () => {
	const banter = useBanter({ workers: 1 });
	const READERS = 2;
	// Over 2 MB of NDJSON each, of a text of 60 kB.
	const TOKENS = 60_000;
	const TOKEN = 1;
	// The maximum memory of one: its queued output (the buffer grows by doubling), the text, and
	// the text being sent to the store.
	const BOUND = KIB * KIB;

	/** Requests a long reply, reads its start, then one byte per second. */
	function askSlowly(sessionId) {
		const body = JSON.stringify({
			sessionId,
			message: `[[tokens=${TOKENS} huge=${TOKEN} delay=0]]`,
		});
		const socket = connect({ port: banter.port, host: "127.0.0.1", highWaterMark: 1 });
		socket.on("error", () => {}); // a reset: it was dropped
		socket.write(
			`POST /chat HTTP/1.1\r\nHost: x\r\nx-api-key: ${WIDGET_KEY}\r\n` +
				`Content-Length: ${body.length}\r\n\r\n${body}`,
		);
		const clock = setInterval(() => socket.read(1), 1000);
		const stop = () => {
			clearInterval(clock);
			socket.destroy();
		};
		return { stop };
	}

	it("are dropped at the limit; their replies are stored completely; the memory is released", async (t) => {
		await health(banter);
		const before = stateOf(banter);
		const readers = Array.from({ length: READERS }, (_, i) => askSlowly(`slow-${i}`));
		t.after(() => {
			for (const reader of readers) reader.stop();
		});
		let most = 0;
		const dropped = () => banter.log.lines.filter((line) => line.why === "slow_reader").length;
		await until("every one is dropped", async () => {
			await health(banter);
			most = Math.max(most, stateOf(banter).memory - before.memory);
			return dropped() === READERS;
		});
		const each = most / READERS;
		if (TIME_FACTOR === 1) {
			t.diagnostic(`${(each / KIB).toFixed(0)} KiB each at most, of ${BOUND / KIB} allowed`);
			assert.ok(each < BOUND, `${each} bytes each`);
		}

		await until("every reply is stored", async () => {
			const { conversations } = await banter.conversations();
			const threads = await Promise.all(conversations.map(({ _id }) => banter.messages(_id)));
			const whole = threads.filter(
				([, reply]) => reply?.[2] === "complete" && reply[1].length >= TOKENS * TOKEN - 1,
			);
			return whole.length === READERS;
		});
		// The worker may keep as many connections to the model; libcurl has a wake-up pair.
		const wanted = before.sockets + READERS + 2;
		await until("their connections are gone", () => stateOf(banter).sockets <= wanted);
	});
});
