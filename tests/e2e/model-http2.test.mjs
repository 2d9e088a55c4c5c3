// Models with HTTP/2 over TLS: real servers (nghttpx, nginx) in front of the stub.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { TIME_FACTOR, until } from "./harness.mjs";
import { nghttpx, nginx, whyMissing, withModelProxy } from "./model-proxy.mjs";

const ESTABLISHED = "01"; // proc(5), /proc/net/tcp: the kernel's enum tcp_state

/** The number of connections to a port of this machine. */
function connectionsTo(port) {
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return readFileSync("/proc/net/tcp", "utf8")
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.filter(([, , remote, state]) => remote?.endsWith(wanted) && state === ESTABLISHED).length;
}

/** Starts streams; resolves when all have started. */
async function startStreams(banter, n, directives) {
	const streams = await Promise.all(
		Array.from({ length: n }, (_, i) => banter.stream(`stream-${i}`, `[[${directives}]] no ${i}.`)),
	);
	for (const stream of streams) assert.equal(stream.status, 200);
	for (const stream of streams) await stream.tokens(1);
	return streams;
}

/** Reads each stream to its successful end and checks for one model request each. */
async function finishWhole(banter, streams, tokens) {
	for (const stream of streams) {
		const events = await stream.rest();
		assert.equal(events.at(-1).type, "done", JSON.stringify(events.at(-1)));
		const said = events.at(-1).message;
		assert.equal(said, Array.from({ length: tokens }, (_, i) => `t${i}`).join(" "));
	}
	const { calls } = await banter.model("stats");
	assert.equal(calls, streams.length);
}

const fronts = { nghttpx, nginx };

for (const [name, kind] of Object.entries(fronts))
	describe(`HTTP/2 by ${name}`, { skip: whyMissing(name) }, () => {
		it("250 concurrent streams share few connections, and each gets its own reply", () =>
			withModelProxy(kind, { workers: 1 }, async ({ front, banter }) => {
				const streams = await startStreams(banter, 250, "tokens=20 delay=50");
				const connections = connectionsTo(front.port);
				// Usually 3 (the limit is 100 streams each); up to 12 on a busy machine.
				assert.ok(connections >= 1 && connections <= 25, `${connections} connections`);
				await finishWhole(banter, streams, 20);
			}));

		// libcurl 7.88 leaves a stream's last token lying when another stream has read it: without being
		// asked again it comes with the next data on the connection, or not before a time limit.
		it("full speed: many long concurrent replies are complete, and no token is stuck", () => {
			const env = { OPENAI_IDLE_TIMEOUT_MS: String(30_000 * TIME_FACTOR) };
			return withModelProxy(kind, { workers: 1, env }, async ({ banter }) => {
				const whole = Array.from({ length: 3000 }, (_, i) => `t${i}`).join(" ");
				for (let round = 0; round < 3; round++) {
					const answers = await Promise.all(
						Array.from({ length: 40 }, (_, i) => banter.chat(`fast-${i}`, "[[tokens=3000]]")),
					);
					for (const answer of answers) assert.equal(answer.json?.message, whole, answer.text);
				}
			});
		});

		it("a reply that the model aborts (RST_STREAM) affects no other", () =>
			withModelProxy(kind, { workers: 1 }, async ({ banter }) => {
				const streams = await startStreams(banter, 5, "tokens=20 delay=50");
				// Reset after the data has arrived, because a reset overtakes data in flight.
				const cut = await banter.stream("cut", "[[tokens=9 hold-after=3 cut-after=3]] cut");
				assert.equal(cut.status, 200);
				const { conversationId } = await cut.next();
				assert.deepEqual(await cut.tokens(3), ["t0 ", "t1 ", "t2 "]);
				await banter.release("cut");
				assert.deepEqual(
					(await cut.rest()).map(({ type }) => type),
					["error"],
				);
				assert.equal((await banter.messages(conversationId))[1][2], "interrupted");
				for (const stream of streams) assert.equal((await stream.rest()).at(-1).type, "done");
			}));

		it("cancelling a stream keeps the connection for others", () =>
			withModelProxy(kind, { workers: 1 }, async ({ front, banter }) => {
				// Longer than the maximum reply: the worker cancels it.
				const streams = await startStreams(banter, 5, "tokens=40 delay=50");
				const endless = await (await banter.stream("endless", "[[huge=3000000]]")).rest();
				assert.equal(endless.at(-1).type, "error");
				for (const stream of streams) assert.equal((await stream.rest()).at(-1).type, "done");
				// One, or a few more if requests started before it was connected.
				const connections = connectionsTo(front.port);
				assert.ok(connections < streams.length, `${connections} connections`);
				assert.equal((await banter.chat("after", "[[tokens=1]]")).status, 200);
			}));

		it("a thousand cancelled streams do not affect others", () =>
			withModelProxy(kind, { workers: 1 }, async ({ front, banter }) => {
				const streams = await startStreams(banter, 5, "tokens=120 delay=50");
				for (let round = 0; round < 10; round++) {
					const answers = await Promise.all(
						Array.from({ length: 100 }, (_, i) =>
							banter.chat(`given-up-${i}`, "[[tokens=500 delay=5 garbage-after=1]]"),
						),
					);
					for (const answer of answers) assert.equal(answer.status, 502);
				}
				// Streams whose cancellation the server has not received still count for its limit.
				const connections = connectionsTo(front.port);
				assert.ok(connections <= 50, `${connections} connections`);
				await until("the model has noticed", async () => {
					const { active } = await banter.model("stats");
					return active <= streams.length;
				});
				for (const stream of streams) assert.equal((await stream.rest()).at(-1).type, "done");
			}));

		it("the server is killed: running replies are interrupted, later ones use its successor", () =>
			withModelProxy(kind, { workers: 1 }, async ({ front, banter }) => {
				const streams = await startStreams(banter, 20, "tokens=1000 delay=50");
				await front.die();
				for (const stream of streams) {
					const events = await stream.rest();
					assert.equal(events.at(-1).type, "error");
				}
				await front.start();
				assert.equal((await banter.chat("after", "[[tokens=1]]")).json?.message, "t0");
			}));
	});

describe("HTTP/2: a server that shuts down (GOAWAY)", () => {
	it(
		"nghttpx: running streams finish; a new connection is used",
		{ skip: whyMissing("nghttpx") },
		() =>
			withModelProxy(nghttpx, { workers: 1 }, async ({ front, banter }) => {
				const streams = await startStreams(banter, 30, "tokens=40 delay=50");
				const retired = front.retire();
				await finishWhole(banter, streams, 40);
				await retired;
				await front.start();
				assert.equal((await banter.chat("after", "[[tokens=1]]")).json?.message, "t0");
			}),
	);

	it(
		"nginx: during a reload no stream is lost or requested twice",
		{
			skip: whyMissing("nginx"),
		},
		() =>
			withModelProxy(nginx, { workers: 1 }, async ({ front, banter }) => {
				const streams = await startStreams(banter, 30, "tokens=60 delay=50");
				let asked = streams.length;
				for (let reload = 0; reload < 3; reload++) {
					const before = front.workers();
					front.reload();
					// Sends requests until new workers serve.
					await until("nginx has a new worker", async () => {
						const answers = await Promise.all(
							[1, 2, 3].map((i) => banter.chat(`later-${i}`, "[[tokens=2]] later")),
						);
						for (const answer of answers) assert.equal(answer.json?.message, "t0 t1", answer.text);
						asked += answers.length;
						return front.workers().some((pid) => !before.includes(pid));
					});
				}
				for (const stream of streams) {
					const events = await stream.rest();
					assert.equal(events.at(-1).type, "done", JSON.stringify(events.at(-1)));
				}
				const { calls } = await banter.model("stats");
				assert.equal(calls, asked);
			}),
	);

	it(
		"nginx: closes the idle connection; the next request is sent once, on a new one",
		{
			skip: whyMissing("nginx"),
		},
		() =>
			withModelProxy(
				nginx,
				{ workers: 1, front: { settings: "keepalive_timeout 1s;" } },
				async (both) => {
					const { front, banter } = both;
					for (let i = 0; i < 3; i++) {
						assert.equal((await banter.chat("idle", "[[tokens=1]]")).json?.message, "t0");
						await until("the connection is closed", () => connectionsTo(front.port) === 0);
					}
					assert.equal((await banter.model("stats")).calls, 3);
				},
			),
	);
});
