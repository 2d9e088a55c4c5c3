// A model server that vanishes without closing its connections, as a machine without power does. Each case waits
// for seconds, so all run concurrently.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { freePort, times, until, withBanter } from "./harness.mjs";
import { haproxy, whyMissing, withModelProxy } from "./model-proxy.mjs";
import { Relay } from "./relay.mjs";
import { modelWasAsked, storedMessages } from "./replies.mjs";

/** Runs body(banter, relay) with a relay before an HTTP/2 proxy before the model. */
async function withHttp2(body, env = {}) {
	const port = await freePort();
	const OPENAI_BASE_URL = `https://localhost:${port}/v1`;
	await withModelProxy(
		haproxy,
		{ workers: 1, env: { OPENAI_BASE_URL, ...env } },
		async ({ front, banter }) => {
			const relay = await Relay.open(port, "127.0.0.1", front.port);
			await body(banter, relay);
			relay.stop();
		},
	);
}

/** The same before a model over HTTP/1.1. */
async function withHttp1(body, env = {}) {
	const [stub, port] = [await freePort(), await freePort()];
	const OPENAI_BASE_URL = `http://localhost:${port}/v1`;
	const options = { workers: 1, env: { OPENAI_BASE_URL, ...env }, stub: ["--port", String(stub)] };
	await withBanter(options, async (banter) => {
		const relay = await Relay.open(port, "127.0.0.1", stub);
		await body(banter, relay);
		relay.stop();
	});
}

describe("a model server that vanishes", { concurrency: true }, () => {
	const skip = whyMissing("haproxy");
	const hello = (banter, session = "s") => banter.chat(session, `[[tokens=1]] ${session}`);

	it(
		"during HTTP/2 streams: they end when a PING has no answer; later ones use a new connection",
		{ skip },
		() =>
			withHttp2(async (banter, relay) => {
				const streams = await times(3, (i) => banter.stream(`s-${i}`, "[[tokens=9 hold-after=1]]"));
				for (const stream of streams) await stream.tokens(1);
				relay.vanish();
				for (const stream of streams) assert.equal((await stream.rest()).at(-1).type, "error");
				for (let i = 0; i < 3; i++) {
					const [, reply] = await storedMessages(banter, `s-${i}`);
					assert.deepEqual(reply.slice(1), ["t0", "interrupted"]);
				}
				assert.equal((await hello(banter)).json?.message, "t0");
				assert.deepEqual([relay.connections, (await banter.model("stats")).calls], [2, 4]);
			}),
	);

	it("during silent HTTP/2 streams of a server that answers PINGs: they continue", { skip }, () =>
		withHttp2(async (banter, relay) => {
			const silent = await banter.stream("silent", "[[tokens=9 hold-after=1]]");
			await silent.tokens(1);
			const since = performance.now();
			await until("more than a PING's time", () => performance.now() - since > 20_000);
			await banter.release("hold-after");
			assert.equal((await silent.rest()).at(-1).type, "done");
			assert.equal(relay.connections, 1);
		}),
	);

	it(
		"while an HTTP/2 connection is idle: the next request arrives, once, on a new connection",
		{ skip },
		() =>
			withHttp2(async (banter, relay) => {
				assert.equal((await hello(banter)).status, 200);
				relay.vanish();
				const next = await times(3, (i) => hello(banter, `next-${i}`));
				for (const { json, text } of next) assert.equal(json?.message, "t0", text);
				for (let i = 0; i < 3; i++) await modelWasAsked(banter, `next-${i}`);
			}),
	);

	it("while an HTTP/1.1 connection is idle: 504, once; the next one uses a new connection", () =>
		withHttp1(
			async (banter, relay) => {
				assert.equal((await hello(banter)).status, 200);
				relay.vanish();
				assertError(await hello(banter, "lost"), 504);
				assert.equal((await hello(banter, "next")).json?.message, "t0");
				assert.equal(await banter.modelCalls("lost"), 0);
				assert.equal((await banter.model("stats")).calls, 2);
			},
			{ OPENAI_FIRST_BYTE_TIMEOUT_MS: "3000" },
		));
});
