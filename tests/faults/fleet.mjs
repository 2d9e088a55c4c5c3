// The load: a few workers, each a connection with its visitors, every one of which has a request in flight; the
// first one also delivers a webhook. And the check: all that the store acknowledged to any of them.
//
//	const fleet = new Fleet({ workers: 3, visitors: 64 });
//	const running = fleet.run(store);        // until stop(), or the store is gone
//	…
//	await fleet.stop();                      // every request has its response
//	await fleet.check(store);

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../e2e/daemon.mjs";
import { Deliverer } from "./deliverer.mjs";
import { PeerGone } from "./peer.mjs";
import { STORE_ERRORS } from "./table.mjs";
import { Visitor } from "./visitor.mjs";

/** What a store may answer that cannot write now. */
const REFUSALS = { [STORE_ERRORS.FULL]: "full", [STORE_ERRORS.READ_ONLY]: "readOnly" };

/** The delay before a refused request is repeated. */
const REFUSED_PAUSE_MS = 20;

let fleets = 0;

export class Fleet {
	/** Refused requests by their error. */
	refusals = { full: 0, readOnly: 0 };
	answers = 0;
	deliverer = new Deliverer();

	/**
	 * @param {object} options
	 * @param {number} options.workers
	 * @param {number} options.visitors of each worker
	 * @param {boolean} [options.refused] whether the store may refuse for now
	 */
	constructor({ workers, visitors, refused = false }) {
		const name = `f${++fleets}`;
		this.mayRefuse = refused;
		this.workers = Array.from({ length: workers }, (_, i) => ({
			visitors: Array.from({ length: visitors }, (_, j) => new Visitor(`${name}.${i}.${j}`)),
			peer: undefined,
		}));
		this.workers[0].visitors.push(this.deliverer);
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

	/** One visitor, which sends one request after the other. */
	async #visit(visitor, peer) {
		try {
			this.#count(await visitor.claim(peer));
			while (this.going) {
				const refusal = await visitor.step(peer);
				this.answers++;
				if (!refusal) continue;
				this.#count(refusal);
				await pause(REFUSED_PAUSE_MS);
			}
		} catch (error) {
			if (!(error instanceof PeerGone)) throw error;
		}
	}

	#count(refusal) {
		if (!refusal) return;
		const { code, detail } = refusal;
		assert.ok(this.mayRefuse && REFUSALS[code], `refused: ${code} ${detail}`);
		this.refusals[REFUSALS[code]]++;
	}

	async #connect(worker, store) {
		if (!worker.peer || worker.peer.gone)
			worker.peer = await store.connect("WORKER").catch(() => undefined);
		return worker;
	}

	/** Connects all workers, which claim their turns before storaged interrupts them (CLAIM_MS). */
	async claim(store) {
		for (const worker of this.workers) {
			const { peer, visitors } = await this.#connect(worker, store);
			for (const refusal of await Promise.all(visitors.map((one) => one.claim(peer))))
				this.#count(refusal);
		}
	}

	/**
	 * Connects all disconnected workers and runs them. Resolves when all have ended, after stop() or because the
	 * store has exited.
	 */
	run(store) {
		this.going = true;
		this.running = this.#runOnce(store);
		return this.running;
	}

	async #runOnce(store) {
		if (!(await this.#prepare(store))) return;
		await Promise.all(
			this.workers.map(async (worker) => {
				const { peer, visitors } = await this.#connect(worker, store);
				if (peer) await Promise.all(visitors.map((visitor) => this.#visit(visitor, peer)));
			}),
		);
	}

	/** Makes what must be there before the first message; resolves to false if the store has exited. */
	async #prepare(store) {
		const { peer } = await this.#connect(this.workers[0], store);
		if (!peer) return false;
		return this.deliverer.prepare(peer).then(
			() => true,
			(error) => {
				if (!(error instanceof PeerGone)) throw error;
				return false;
			},
		);
	}

	/** Waits for the response of every request. The workers stay connected. */
	async stop() {
		this.going = false;
		await this.runs;
		await this.running;
	}

	/** Runs the load during body(), again after each exit of the store (which the caller restarts), then stops. */
	async runDuring(store, body) {
		this.store = store;
		const failed = new Promise((_, reject) => {
			this.fail = reject;
		});
		this.#runAgain();
		try {
			await Promise.race([body(), failed]);
		} finally {
			await this.stop();
		}
	}

	/** Pauses the load during body(). */
	async pause(body) {
		await this.stop();
		await body();
		this.#runAgain();
	}

	#runAgain() {
		this.going = true;
		this.runs = (async () => {
			do {
				await this.run(this.store);
				await pause(10);
			} while (this.going);
		})();
		this.runs.catch(this.fail);
	}

	leave() {
		return Promise.all(this.workers.map(({ peer }) => peer?.close()));
	}

	/** Checks all that was acknowledged; resolves to the number of messages that were compared. */
	async check(store, { whole = false } = {}) {
		const peer = await store.connect("WORKER");
		const compared = await Promise.all(this.visitors.map((visitor) => visitor.check(peer, whole)));
		const visitors = this.visitors.filter(({ found }) => found?.length > 0);
		const threads = visitors.map(({ state, found }) => [state.conversation, found]);
		if (whole) await this.deliverer.checkFeed(peer, threads);
		await peer.close();
		return compared.reduce((sum, n) => sum + n, 0);
	}
}
