// Tabs of one visitor over three workers that all write at any time, while storaged is killed and
// workers are stopped: in the end each tab has received each message once, in the store's order.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { LONG, until, useBanter } from "../e2e/harness.mjs";
import { connectToEachWorker, getOn } from "../e2e/replies.mjs";
import { echo, openTabs } from "../e2e/visitors.mjs";
import { below, chance, pick, spread } from "./random.mjs";

const ROUNDS = LONG ? 40 : 4;
const STEPS = 40;
/** One tab with the messages that it received and sent. */
class Tab {
	told = [];
	own = new Set();
	open = new Map(); // unanswered messages by their ids

	constructor(visitor) {
		this.visitor = visitor;
		const { ws } = visitor;
		ws.on("message", (data) => this.#take(JSON.parse(data.toString())));
	}

	say(text) {
		this.own.add(echo(text));
		this.open.set(text, echo(text));
		this.visitor.say(echo(text), text);
	}

	#take({ type, role, content, id, code }) {
		if (type === "message") {
			this.told.push({ id, role, content });
			if (role === "assistant") this.open.delete(content);
		} else if (type === "error" && code === "too_many_waiting") {
			this.own.delete(this.open.get(id));
			this.open.delete(id);
		} else if (type === "error" && this.open.has(id)) {
			// It is unknown whether it was stored.
			this.visitor.say(this.open.get(id), id);
		}
	}

	/** The stored messages that it has not received. */
	missing(stored) {
		const ids = new Set(this.told.map(({ id }) => id));
		return stored.filter(({ id, content }) => !ids.has(id) && !this.own.has(content));
	}
}

/**
 * Kills storaged when the workers have repeated what the last kill broke: a request that is broken twice
 * is refused.
 */
async function killStore(banter, connections) {
	for (const raw of connections) {
		const isReady = async () => (await getOn(raw, "/health/ready")).status === 200;
		await until("the worker's repeated requests are answered", isReady);
	}
	await banter.storaged.kill("SIGKILL");
}

/** Takes one random action, perhaps a fault. */
async function step(banter, connections, all, text) {
	const what = below(12);
	if (what < 9) pick(all).say(text);
	if (what === 9 || (what > 9 && chance(0.5))) await killStore(banter, connections);
	if (what > 9) {
		const worker = await pick(all).visitor.worker();
		process.kill(worker, "SIGSTOP");
		await pause(spread(10, 500));
		process.kill(worker, "SIGCONT");
	}
	await pause(spread(1, 60));
}

/** The stored messages in the history of a new tab. */
async function stored(all) {
	const fresh = await all[0].visitor.again({ stream: true });
	await fresh.close();
	return fresh.history;
}

function assertOnce({ told, own }, messages) {
	const ids = told.map(({ id }) => id);
	assert.equal(new Set(ids).size, ids.length, "nothing is told twice");
	assert.ok(!told.some(({ role, content }) => role === "user" && own.has(content)), "nor its own");
	const questions = new Set(told.filter(({ role }) => role === "user").map(({ id }) => id));
	const order = messages.map(({ id }) => id).filter((id) => questions.has(id));
	assert.deepEqual([...questions], order);
}

describe("tabs of one visitor", () => {
	const banter = useBanter({ workers: 3 });

	for (let round = 0; round < ROUNDS; round++)
		it(`each receive every message once (${round + 1})`, async () => {
			const visitors = await openTabs(banter, 3, { stream: true });
			visitors.push(await visitors[0].again({ stream: true }));
			const all = visitors.map((visitor) => new Tab(visitor));
			const connections = [...(await connectToEachWorker(banter)).values()];
			for (let i = 0; i < STEPS; i++) await step(banter, connections, all, `m-${i}`);
			await until("all is answered", () => all.every(({ open }) => open.size === 0));
			// Nothing follows the last message.
			all[0].say("last");
			await until("all hear the last", () =>
				all.every(({ told }) => told.some(({ content }) => content === "last")),
			);
			for (const raw of connections) raw.close();
			const messages = await stored(all);
			for (const tab of all) {
				assert.deepEqual(tab.missing(messages), []);
				assertOnce(tab, messages);
				await tab.visitor.close();
			}
		});
});
