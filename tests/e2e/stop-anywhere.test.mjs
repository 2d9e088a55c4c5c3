// A running reply is stopped from any connection at once: the model request is cancelled, the text
// is kept, and all listeners are informed, despite concurrent failures.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { TIME_FACTOR, until, useBanter } from "./harness.mjs";
import {
	connectToEachWorker,
	history,
	postOn,
	resume,
	stop,
	storedMessages,
	textAfter,
	textUntil,
} from "./replies.mjs";

const TOKENS = 1_000_000; // never all of them
const DELAY_MS = 5;
/** More tokens than this mean that the reply was not stopped: 10 s of them. */
const TOO_MANY = (10_000 * TIME_FACTOR) / DELAY_MS;
const ROUNDS = 10;

const stats = (banter) => banter.model("stats");

/** An endless reply of which some text has arrived. */
async function running(banter, session) {
	const message = `[[tokens=${TOKENS} delay=${DELAY_MS}]] ${session}`;
	const stream = await banter.stream(session, message);
	const { messageId } = await stream.next();
	const text = await textUntil(stream, 20);
	return { stream, session, message, messageId, text };
}

/** POST …/stop on an open connection. */
function stopBy(raw, { messageId, session }) {
	return postOn(raw, `/v1/chat/${messageId}/stop`, { sessionId: session });
}

/** The time until the model's connection was closed, in ms, and the tokens until then. */
async function untilHungUp(banter, before, since) {
	const now = await until("the model is hung up on", async () => {
		const one = await stats(banter);
		return one.active === 0 && one;
	});
	assert.equal(now.client_disconnects, before.client_disconnects + 1, "it did not end by itself");
	return { ms: performance.now() - since, tokens: now.tokens - before.tokens };
}

/** Asserts that a listener received the reply to its end; returns the text. */
async function assertToldStopped(stream, text = "") {
	const events = await stream.rest();
	const last = events.at(-1);
	assert.equal(last.type, "done", JSON.stringify(last));
	assert.equal(last.status, "stopped");
	const all =
		events[0]?.type === "start"
			? textAfter(events)
			: text + textAfter([{ type: "start" }, ...events]);
	assert.equal(all.trimEnd(), last.message);
	return last.message;
}

describe("a stop of a reply", () => {
	const banter = useBanter({ workers: 3 });

	it("works at once, from its own worker and from each other", async (t) => {
		const raws = await connectToEachWorker(banter);
		const times = { here: [], elsewhere: [] };
		for (let round = 0; round < ROUNDS; round++) {
			const reply = await running(banter, `round-${round}`);
			const [writer] = await banter.workersOf([reply.stream.socket]);
			const where = round % 2 === 0 ? "here" : "elsewhere";
			const [, raw] = [...raws].find(([worker]) => (worker === writer) === (where === "here"));
			const listeners = await Promise.all(
				Array.from({ length: 8 }, () => resume(banter, reply.messageId, reply.session)),
			);
			const serving = await banter.workersOf(listeners.map((one) => one.socket));
			assert.ok(new Set(serving).size > 1, "several workers serve it");
			const before = await stats(banter);
			const since = performance.now();
			const hungUp = untilHungUp(banter, before, since);
			assert.deepEqual((await stopBy(raw, reply)).json, { status: "stopped" });
			const { ms, tokens } = await hungUp;
			times[where].push(ms);
			assert.ok(tokens < TOO_MANY, `${tokens} tokens came after the stop`);
			const message = await assertToldStopped(reply.stream, reply.text);
			for (const one of listeners) assert.equal(await assertToldStopped(one), message);
			assert.deepEqual(await storedMessages(banter, reply.session), [
				["user", reply.message, "complete"],
				["assistant", message, "stopped"],
			]);
			assert.deepEqual((await stopBy(raw, reply)).json, { status: "stopped" }, "again");
		}
		for (const raw of raws.values()) raw.close();
		for (const [where, all] of Object.entries(times))
			t.diagnostic(
				`from the request to the model's loss, ${where}: ` +
					`${all.map((ms) => ms.toFixed(0)).join(" ")} ms (asked every 10 ms)`,
			);
	});

	it("works before the model has started, from each worker", async () => {
		const raws = await connectToEachWorker(banter);
		for (const [worker, raw] of raws) {
			const session = `early-${worker}`;
			const message = `[[fail=hang]] ${session}`;
			const answer = banter.stream(session, message);
			const messageId = await until("it is begun", async () => {
				const { json } = await history(banter, session);
				return json.active;
			});
			const calls = await until("the model is asked", async () => {
				const one = await stats(banter);
				return one.active === 1 && one;
			});
			assert.deepEqual((await stopBy(raw, { messageId, session })).json, { status: "stopped" });
			await untilHungUp(banter, calls, performance.now());
			assert.equal(await assertToldStopped(await answer), "");
			assert.deepEqual(await storedMessages(banter, session), [
				["user", message, "complete"],
				["assistant", "", "stopped"],
			]);
			raw.close();
		}
	});

	it("works by all workers at once, and after the end", async () => {
		const raws = await connectToEachWorker(banter);
		const reply = await running(banter, "all");
		const answers = await Promise.all([...raws.values()].map((raw) => stopBy(raw, reply)));
		for (const { json } of answers) assert.deepEqual(json, { status: "stopped" });
		for (const raw of raws.values()) {
			assert.deepEqual((await stopBy(raw, reply)).json, { status: "stopped" });
			raw.close();
		}
		await assertToldStopped(reply.stream, reply.text);
		assert.equal((await storedMessages(banter, "all")).length, 2);
	});

	it("while the store is stopped works when it continues", async () => {
		const raws = await connectToEachWorker(banter);
		const others = await connectToEachWorker(banter);
		const reply = await running(banter, "held");
		const before = await stats(banter);
		process.kill(banter.storaged.pid, "SIGSTOP");
		const stops = Promise.all([...raws.values()].map((raw) => stopBy(raw, reply)));
		// Every worker that answers the next request has read the stop.
		for (const other of others.values()) {
			await other.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.equal((await other.response()).status, 200);
		}
		process.kill(banter.storaged.pid, "SIGCONT");
		for (const answer of await stops) assert.deepEqual(answer.json, { status: "stopped" });
		const { tokens } = await untilHungUp(banter, before, performance.now());
		assert.ok(tokens < TOO_MANY, `${tokens} tokens came after the stop`);
		await assertToldStopped(reply.stream, reply.text);
		for (const raw of [...raws.values(), ...others.values()]) raw.close();
	});

	it("while the store is dead fails or works; repeated later, it works", async () => {
		for (const session of ["dead-1", "dead-2", "dead-3"]) {
			const reply = await running(banter, session);
			const before = await stats(banter);
			banter.storaged.kill("SIGKILL");
			const first = await stop(banter, reply.messageId, session);
			if (first.status !== 200) assertError(first, 503);
			await until("it is stopped", async () => {
				const { json } = await stop(banter, reply.messageId, session);
				return json.status === "stopped";
			});
			await untilHungUp(banter, before, performance.now());
			const message = await assertToldStopped(reply.stream, reply.text);
			assert.deepEqual(await storedMessages(banter, session), [
				["user", reply.message, "complete"],
				["assistant", message, "stopped"],
			]);
			await banter.ready();
		}
	});

	it("by another worker, while its own worker is killed, has one result", async () => {
		const reply = await running(banter, "killed");
		const [writer] = await banter.workersOf([reply.stream.socket]);
		const raws = await connectToEachWorker(banter);
		const [, raw] = [...raws].find(([worker]) => worker !== writer);
		const stopped = stopBy(raw, reply);
		await banter.killWorkers([writer]);
		const { json } = await stopped;
		assert.ok(["stopped", "interrupted"].includes(json.status), JSON.stringify(json));
		const [, row] = await storedMessages(banter, "killed");
		assert.equal(row[2], json.status);
		for (const one of raws.values()) one.close();
		await banter.ready();
	});
});
