// The load: a few workers, each a connection with its visitors and logins, every one of which has
// a request in flight. And the check: all that the store acknowledged to any of them.
//
//	const fleet = new Fleet({ workers: 3, visitors: 64 });
//	const sailing = fleet.sail(store);       // until stop(), or the store is gone
//	…
//	await fleet.stop();                      // every request has its answer
//	await fleet.check(store);
//	await fleet.leave(store);                // what was open is interrupted, and checked

import assert from "node:assert/strict";
import { DEADLINE_MS, until } from "../e2e/daemon.mjs";
import { ORG } from "./ids.mjs";
import { Login } from "./login.mjs";
import { PeerGone } from "./peer.mjs";
import { STORE_ERRORS } from "./table.mjs";
import { Visitor } from "./visitor.mjs";

/** The delay before a refused request is repeated. */
const REFUSED_PAUSE_MS = 20;

const REFUSALS = [STORE_ERRORS.FULL, STORE_ERRORS.INTERNAL];

let fleets = 0;

class Worker {
	constructor(name, visitors, logins, erases) {
		this.visitors = Array.from(
			{ length: visitors },
			(_, i) => new Visitor(`${name}.${i}`, { erases }),
		);
		this.logins = Array.from({ length: logins }, () => new Login());
	}

	async sail(fleet, peer) {
		const crew = [
			...this.visitors.map((visitor) => fleet.work(visitor, peer, visitor.claim(peer))),
			...this.logins.map((login) => fleet.work(login, peer)),
		];
		await Promise.all(crew);
	}
}

export class Fleet {
	/**
	 * @param {object} options
	 * @param {number} options.workers
	 * @param {number} options.visitors of each worker
	 * @param {number} [options.logins] of each worker
	 * @param {boolean} [options.erases] whether visitors are erased now and then
	 * @param {boolean} [options.refused] whether the store may refuse for now
	 */
	constructor({ workers, visitors, logins = 0, erases = true, refused = false }) {
		const name = `f${++fleets}`;
		this.workers = Array.from(
			{ length: workers },
			(_, i) => new Worker(`${name}.${i}`, visitors, logins, erases),
		);
		this.mayRefuse = refused;
		this.refusals = { full: 0, internal: 0 };
		this.answers = 0;
	}

	get visitors() {
		return this.workers.flatMap((worker) => worker.visitors);
	}

	/** Messages that the store has acknowledged so far. */
	get acknowledged() {
		return this.visitors.reduce((sum, visitor) => sum + visitor.acknowledged, 0);
	}

	/** Waits until this many more messages are acknowledged. */
	acknowledgedMore(n) {
		const before = this.acknowledged;
		return until(`${n} more messages`, () => this.acknowledged >= before + n);
	}

	/** One client, which sends one request after the other. */
	async work(one, peer, before) {
		try {
			this.#look(await before);
			while (this.going) {
				const refusal = await one.step(peer);
				this.answers++;
				if (!refusal) continue;
				this.#look(refusal);
				await new Promise((done) => setTimeout(done, REFUSED_PAUSE_MS));
			}
		} catch (error) {
			if (!(error instanceof PeerGone)) throw error;
		}
	}

	#look(refusal) {
		if (!refusal) return;
		const known = this.mayRefuse && REFUSALS.includes(refusal.code);
		assert.ok(known, `refused: ${refusal.code} ${refusal.detail}`);
		this.refusals[refusal.code === STORE_ERRORS.FULL ? "full" : "internal"]++;
	}

	/**
	 * Connects all disconnected workers and runs them. Resolves when all have ended, after stop()
	 * or because the store has exited.
	 */
	sail(store) {
		this.going = true;
		this.sailing = Promise.all(
			this.workers.map(async (worker) => {
				if (!worker.peer || worker.peer.gone)
					worker.peer = await store.connect("WORKER").catch(() => undefined);
				if (worker.peer) await worker.sail(this, worker.peer);
			}),
		);
		return this.sailing;
	}

	/** Waits for the response of every request. The workers stay connected. */
	async stop() {
		this.going = false;
		await this.voyage;
		await this.sailing;
	}

	/**
	 * Runs the load during body(), again after each exit of the store (which the caller restarts),
	 * then stops.
	 */
	async sailDuring(store, body) {
		this.store = store;
		const wrecked = new Promise((_, reject) => {
			this.wreck = reject;
		});
		this.#sailOn();
		try {
			await Promise.race([body(), wrecked]);
		} finally {
			await this.stop();
		}
	}

	/** Pauses the load during body(). */
	async pause(body) {
		await this.stop();
		await body();
		this.#sailOn();
	}

	#sailOn() {
		const voyage = async () => {
			do {
				await this.sail(this.store);
				await new Promise((done) => setTimeout(done, 10));
			} while (this.going);
		};
		this.going = true;
		this.voyage = voyage();
		this.voyage.catch(this.wreck);
	}

	/** Disconnects all workers; resolves like check() when the store has closed their turns. */
	async leave(store, how) {
		await Promise.all(this.workers.map((worker) => worker.peer?.close()));
		const end = Date.now() + DEADLINE_MS;
		for (;;) {
			try {
				return await this.check(store, { ...how, vanished: true });
			} catch (error) {
				if (Date.now() > end) throw error;
				await new Promise((done) => setTimeout(done, 10));
			}
		}
	}

	/**
	 * Checks all that was acknowledged, and with whole also the lists and the counts.
	 * @returns {Promise<number>} the messages that were compared
	 */
	async check(store, { whole = false, vanished = false } = {}) {
		const peer = await store.connect("WORKER");
		const found = await Promise.all(
			this.visitors.map((visitor) => visitor.check(peer, { whole, vanished })),
		);
		const logins = this.workers.flatMap((worker) => worker.logins);
		await Promise.all(logins.map((login) => login.check(peer, { whole })));
		if (whole)
			await assertList(
				peer,
				found.flatMap(({ conversations }) => conversations),
			);
		await peer.close();
		return found.reduce((sum, { rows }) => sum + rows, 0);
	}
}

/** Asserts that the list contains exactly these conversations, newest activity first. */
async function assertList(peer, conversations) {
	const listed = [];
	let page = { next: Buffer.alloc(0) };
	do {
		page = await peer.ask(
			"conversation_list",
			{ org: ORG, cursor: page.next },
			"conversation_page",
		);
		assert.equal(page.total, conversations.length, "conversations counted");
		listed.push(...page.conversations);
	} while (page.next.length > 0);
	const times = listed.map((one) => one.updated_at);
	assert.deepEqual(
		times,
		[...times].sort((a, b) => b - a),
		"by activity",
	);
	assert.deepEqual(listed.map((one) => one.id).sort(), [...conversations].sort());
}
