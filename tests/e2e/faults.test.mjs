// Processes die, visitors leave, the service stops: acknowledged data is kept exactly once. faults/hang.test.mjs
// has workers that die, storm.test.mjs kills at random.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { DEADLINE_MS, numbered, until, whileStopped, withBanter } from "./harness.mjs";
import { assertStored, begin, modelWasAsked, storedMessages } from "./replies.mjs";

/** Waits until the session's last reply is stored with this text and status. */
function stored(banter, session, text, status = "complete") {
	return until("the reply is stored", async () => {
		const reply = (await storedMessages(banter, session)).at(-1);
		return reply?.[0] === "assistant" && reply[1] === text && reply[2] === status;
	});
}

it("the store dies before a retry of the model: the model is called, and the reply arrives", () =>
	withBanter({ workers: 1 }, async (banter) => {
		const message = "[[tokens=3 fail=429 fail-times=1 retry-after=2]] retried";
		const stream = banter.stream("s", message);
		await modelWasAsked(banter, "retried");
		await banter.storaged.kill("SIGKILL");
		assert.equal((await (await stream).rest()).at(-1).type, "done");
		assert.equal(await banter.modelCalls("retried"), 2);
		await assertStored(banter, "s", [message, "t0 t1 t2"]);
	}));

it("the visitor leaves while a reply streams: it is finished and stored", () =>
	withBanter({ workers: 1 }, async (banter) => {
		const { stream } = await begin(banter, "s", "[[tokens=30 delay=20]]", 3);
		stream.leave();
		await stored(banter, "s", numbered(30));
		assert.equal((await banter.model("stats")).client_disconnects, 0);
	}));

describe("the service stops", () => {
	const env = { DRAIN_TIMEOUT_MS: String(DEADLINE_MS) };
	const STOPPED = { code: 0, signal: null };

	async function startAgain(banter) {
		banter.masterd.start();
		await banter.ready();
	}

	it("SIGTERM: a running stream completes and is stored; no new connections; exit status 0", () =>
		withBanter({ env, workers: 2 }, async (banter) => {
			const message = "[[tokens=30 delay=10 hold-after=20]] last";
			const { stream, text } = await begin(banter, "s", message, 3);
			const end = banter.masterd.kill("SIGTERM");
			await until("new connections are refused", () =>
				banter.get("/health").then(
					() => false,
					(error) => error.code === "ECONNREFUSED",
				),
			);
			assert.ok(banter.masterd.running);
			await banter.release("last");
			const events = await stream.rest();
			assert.equal((text + textOf(events)).trim(), numbered(30));
			assert.equal(events.at(-1).type, "done");
			assert.deepEqual(await end, STOPPED);
			await startAgain(banter);
			await stored(banter, "s", numbered(30));
		}));

	it("SIGTERM: a reply without listeners is finished too", () =>
		withBanter({ env, workers: 1 }, async (banter) => {
			const { stream } = await begin(banter, "s", "[[tokens=20 delay=50]]");
			stream.leave();
			assert.deepEqual(await banter.masterd.kill("SIGTERM"), STOPPED);
			await startAgain(banter);
			await stored(banter, "s", numbered(20));
		}));

	for (const [what, isStoreStopped] of [
		["", false],
		[", also while the store is stopped, which stores it later", true],
	])
		it(`after DRAIN_TIMEOUT_MS a reply is cut with an error and kept as interrupted${what}`, () =>
			withBanter({ env: { DRAIN_TIMEOUT_MS: "500" }, workers: 1 }, async (banter) => {
				const { stream } = await begin(banter, "s", "[[tokens=3 hang-after=3]]", 3);
				await whileStopped(isStoreStopped ? [banter.storaged.pid] : [], async () => {
					const end = banter.masterd.kill("SIGTERM");
					assert.equal((await stream.rest()).at(-1)?.type, "error");
					assert.deepEqual(await end, STOPPED);
				});
				await startAgain(banter);
				await stored(banter, "s", "t0 t1 t2", "interrupted");
			}));

	it("SIGTERM while the store is stopped: chats that got 503 do not delay the end", () =>
		withBanter({ env, workers: 1 }, async (banter) => {
			await whileStopped([banter.storaged.pid], async () => {
				const replies = await Promise.all([
					banter.chat("without", "[[tokens=1]]"),
					banter.chat("with", "[[tokens=1]]", { headers: { "idempotency-key": "1" } }),
				]);
				assert.deepEqual(
					replies.map(({ status }) => status),
					[503, 503],
				);
				assert.deepEqual(await banter.masterd.kill("SIGTERM"), STOPPED);
			});
			assert.ok(!banter.log.lines.some(({ ev }) => ev === "drain_cut"));
			await startAgain(banter);
			for (const session of ["without", "with"])
				assert.equal((await banter.chat(session, "[[tokens=1]]")).status, 200);
		}));

	it("masterd is killed: its workers exit, and the next masterd can bind the port at once", () =>
		withBanter({ workers: 2 }, async (banter) => {
			await banter.chat("s", "[[tokens=1]]");
			const old = banter.workerPids();
			await banter.masterd.kill("SIGKILL");
			await until("no worker is left", () => old.every((pid) => !existsSync(`/proc/${pid}`)));
			await startAgain(banter);
			assert.equal((await storedMessages(banter, "s")).length, 2);
		}));
});
