// Models behind TLS: real servers (haproxy, nghttpx, nginx) in front of the stub, mostly with HTTP/2.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LONG_REPLIES, numbered, TIME_FACTOR, times, until } from "./harness.mjs";
import { haproxy, nghttpx, nginx, whyMissing, withModelProxy } from "./model-proxy.mjs";
import { storedMessages } from "./replies.mjs";

const ESTABLISHED = "01"; // proc(5), /proc/net/tcp: the kernel's enum tcp_state

/** The number of connections to a port of this machine. The kernel's list may have one twice while others end. */
function connectionsTo(port) {
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	const clients = readFileSync("/proc/net/tcp", "utf8")
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.filter(([, , remote, state]) => remote?.endsWith(wanted) && state === ESTABLISHED)
		.map(([, local]) => local);
	return new Set(clients).size;
}

async function startStreams(banter, n, directives, first = 0) {
	const streams = await times(n, (i) =>
		banter.stream(`s-${first + i}`, `[[${directives}]] no ${first + i}.`),
	);
	for (const { status } of streams) assert.equal(status, 200);
	for (const stream of streams) await stream.tokens(1);
	return streams;
}

/** Asserts that each stream ends with its complete reply. */
async function assertWhole(streams, tokens) {
	for (const stream of streams) {
		const last = (await stream.rest()).at(-1);
		assert.equal(last.type, "done", JSON.stringify(last));
		assert.equal(last.message, numbered(tokens));
	}
}

async function assertCalls(banter, expected) {
	assert.equal((await banter.model("stats")).calls, expected);
}

async function assertReply(banter, message = "t0") {
	const tokens = message.split(" ").length;
	const answer = await banter.chat("s", `[[tokens=${tokens}]]`);
	assert.equal(answer.json?.message, message, answer.text);
}

/** A case with this proxy in front of the model. */
const withProxy = (kind) => (what, body, options) =>
	it(what, { skip: whyMissing(kind.name) }, () =>
		withModelProxy(kind, { workers: 1, ...options }, body),
	);

const withHaproxy = withProxy(haproxy);
const withNghttpx = withProxy(nghttpx);
const withNginx = withProxy(nginx);

/** Each with its settings of the most streams a connection, and of the window for a request's body. */
for (const [name, all, limit, window] of [
	[
		"haproxy",
		withHaproxy,
		(n) => `tune.h2.max-concurrent-streams ${n}`,
		(bytes) => `tune.h2.initial-window-size ${bytes}`,
	],
	[
		"nghttpx",
		withNghttpx,
		(n) => [`--frontend-http2-max-concurrent-streams=${n}`],
		(bytes) => [`--frontend-http2-window-size=${bytes}`],
	],
	[
		"nginx",
		withNginx,
		(n) => `http2_max_concurrent_streams ${n};`,
		(bytes) => `http2_body_preread_size ${bytes};`,
	],
])
	describe(`HTTP/2 by ${name}`, () => {
		for (const [most, streams, expected] of [
			[7, 15, 3],
			[250, 101, 2], // our own limit is 100
		])
			all(
				`that permits ${most} streams: ${streams} use ${expected} connections, one opened after the other is full`,
				async ({ front, banter }) => {
					const full = Math.min(most, 100);
					const running = [];
					for (let n = 1; n <= streams; n++) {
						running.push(...(await startStreams(banter, 1, "tokens=2 hold-after=1", n)));
						assert.equal(connectionsTo(front.port), Math.ceil(n / full), `${n} streams`);
					}
					await banter.release("hold-after");
					await assertWhole(running, 2);
					await assertCalls(banter, streams);
				},
				{ front: { settings: limit(most) } },
			);

		all(
			"requests of 300 KB through a small window, and a visitor who does not read, delay no other reply",
			async ({ front, banter }) => {
				await times(3, (i) => banter.chat(`large-${i}`, "[[huge=300000]]"));
				const streams = await startStreams(banter, 5, "tokens=9 hold-after=1");
				const deaf = await banter.stream("deaf", "[[tokens=60000 huge=1]]");
				deaf.response.pause();
				for (const { json, text } of await times(3, (i) =>
					banter.chat(`large-${i}`, "[[tokens=3]] end"),
				))
					assert.equal(json?.message, numbered(3), text);
				assert.equal((await banter.modelSaw())[2][1].length, 300_000);
				await banter.log.waitFor("he is dropped", ({ why }) => why === "slow_reader");
				assert.equal(connectionsTo(front.port), 1);
				await banter.release("hold-after");
				await assertWhole(streams, 9);
				await until("his reply is stored", async () => {
					const [, reply] = await storedMessages(banter, "deaf");
					return reply?.[1].length === 60_000 && reply[2] === "complete";
				});
			},
			{ env: { ...LONG_REPLIES, MAX_HISTORY_TOKENS: "0" }, front: { settings: window(1024) } },
		);

		all(
			"250 concurrent streams share 3 connections, and each gets its own reply",
			async ({ front, banter }) => {
				const streams = await startStreams(banter, 250, "tokens=20 hold-after=1");
				assert.equal(connectionsTo(front.port), 3);
				await banter.release("hold-after");
				await assertWhole(streams, 20);
				await assertCalls(banter, 250);
			},
		);

		all(
			"full speed: many long concurrent replies are complete, and no token is stuck",
			async ({ banter }) => {
				for (let round = 0; round < 3; round++)
					for (const { json, text } of await times(40, (i) =>
						banter.chat(`fast-${i}`, "[[tokens=3000]]"),
					))
						assert.equal(json?.message, numbered(3000), text);
			},
			{ env: { OPENAI_IDLE_TIMEOUT_MS: String(30_000 * TIME_FACTOR) } },
		);

		all("a reply that the model aborts (RST_STREAM) affects no other", async ({ banter }) => {
			const streams = await startStreams(banter, 5, "tokens=20 delay=50");
			// Reset after the data has arrived, because a reset overtakes data in flight.
			const cut = await banter.stream("cut", "[[tokens=9 hold-after=3 cut-after=3]] cut");
			const { conversationId } = await cut.next();
			assert.deepEqual(await cut.tokens(3), ["t0 ", "t1 ", "t2 "]);
			await banter.release("cut");
			const [{ type }, ...more] = await cut.rest();
			assert.deepEqual([type, more], ["error", []]);
			assert.equal((await banter.messages(conversationId))[1][2], "interrupted");
			await assertWhole(streams, 20);
		});

		all("a thousand cancelled streams do not affect others", async ({ front, banter }) => {
			const streams = await startStreams(banter, 5, "tokens=120 delay=50");
			for (let round = 0; round < 10; round++)
				for (const { status } of await times(100, (i) =>
					banter.chat(`cancelled-${i}`, "[[tokens=500 delay=5 garbage-after=1]]"),
				))
					assert.equal(status, 502);
			// Streams whose cancellation the server has not received still count for its limit.
			const connections = connectionsTo(front.port);
			assert.ok(connections <= 50, `${connections} connections`);
			await until("the model has noticed", async () => {
				const { active } = await banter.model("stats");
				return active <= streams.length;
			});
			await assertWhole(streams, 120);
		});

		all(
			"the server is killed: running replies are interrupted, later ones use its successor",
			async ({ front, banter }) => {
				const streams = await startStreams(banter, 20, "tokens=1000 delay=50");
				await front.die();
				for (const stream of streams) assert.equal((await stream.rest()).at(-1).type, "error");
				await front.start();
				await assertReply(banter);
			},
		);
	});

describe("HTTP/2: a server that shuts down (GOAWAY)", () => {
	withNghttpx(
		"nghttpx: running streams finish; a new connection is used",
		async ({ front, banter }) => {
			const streams = await startStreams(banter, 30, "tokens=40 delay=50");
			const retired = front.retire();
			await assertWhole(streams, 40);
			await assertCalls(banter, 30);
			await retired;
			await front.start();
			await assertReply(banter);
		},
	);

	withNginx(
		"nginx: during a reload no stream is lost or requested twice",
		async ({ front, banter }) => {
			const streams = await startStreams(banter, 30, "tokens=60 delay=50");
			let sent = streams.length;
			for (let reload = 0; reload < 3; reload++) {
				const before = front.workers();
				front.reload();
				// Sends requests until new workers serve.
				await until("nginx has a new worker", async () => {
					sent += (await times(3, () => assertReply(banter, "t0 t1"))).length;
					return front.workers().some((pid) => !before.includes(pid));
				});
			}
			await assertWhole(streams, 60);
			await assertCalls(banter, sent);
		},
	);

	withNginx(
		"nginx: closes the idle connection; the next request is sent once, on a new one",
		async ({ front, banter }) => {
			for (let i = 0; i < 3; i++) {
				await assertReply(banter);
				await until("the connection is closed", () => connectionsTo(front.port) === 0);
			}
			await assertCalls(banter, 3);
		},
		{ front: { settings: "keepalive_timeout 1s;" } },
	);
});

describe("TLS to the model", () => {
	for (const [what, on, front, connections] of [
		["TLS 1.2", withNginx, { settings: "ssl_protocols TLSv1.2;" }, 1],
		["TLS 1.3", withNginx, { settings: "ssl_protocols TLSv1.3;" }, 1],
		["nginx without HTTP/2", withNginx, { http1: true }, 60],
		["haproxy without HTTP/2", withHaproxy, { http1: true }, 60],
	])
		on(
			`${what}: 60 streams use ${connections} connection(s)`,
			async ({ front: { port }, banter }) => {
				const streams = await startStreams(banter, 60, "tokens=9 hold-after=1");
				assert.equal(connectionsTo(port), connections);
				await banter.release("hold-after");
				await assertWhole(streams, 9);
				await assertReply(banter);
				assert.equal(connectionsTo(port), connections);
				await assertCalls(banter, 61);
			},
			{ front },
		);
});
