// 64 visitors at all front ends. Each sends its messages until they are answered, and looks at its history, at another
// front end, after an acknowledgement.

import { Conversation, Lie } from "./conversation.mjs";
import { HttpVisitor } from "./http-visitor.mjs";
import { pause } from "./process.mjs";
import { SocketVisitor } from "./socket-visitor.mjs";

const VISITORS = 64;
/** Visitors of the widget with a daily cap. */
const CAPPED = 8;
const RETRY_MS = 100;
/** A message must be answered within this time after everything is healed. */
const LONGEST_MS = 120_000;

export class Load {
	/** Acknowledged replies: { begun, at } (performance.now(): of the attempt), and the front end's name. */
	acknowledged = [];
	/** How often an attempt ended in another way. */
	failures = new Map();
	looks = 0;
	/** What visitors are waiting for. */
	waiting = new Map();
	capped = 0;
	lies = [];

	/**
	 * @param {{name: string, url: string}[]} fronts
	 * @param {import("./random.mjs").Random} random
	 * @param {{open: string, capped: string}} widgets the public ids of a widget, and of one with a daily cap
	 */
	constructor(fronts, random, widgets, seed) {
		Object.assign(this, { fronts, random });
		this.going = true;
		this.visitors = Array.from({ length: VISITORS }, (_, i) => {
			const conversation = new Conversation(`seed-${seed}-visitor-${i}`);
			if (i % 2 === 0) return new HttpVisitor(conversation);
			return new SocketVisitor(conversation, i < 2 * CAPPED ? widgets.capped : widgets.open);
		});
		this.ended = Promise.all(this.visitors.map((visitor) => this.#visit(visitor)));
	}

	async #visit(visitor) {
		const { random } = this;
		try {
			await pause(random.between(0, 1000));
			while (this.going) {
				visitor.conversation.begin(random.pick([0, 5, 20, 100]));
				if (!(await this.#say(visitor))) return;
				if (random.chance(0.4)) await this.#look(visitor);
				await pause(random.between(50, 800));
			}
		} catch (error) {
			if (!(error instanceof Lie)) throw error;
			this.lies.push(error.message);
		} finally {
			visitor.leave();
		}
	}

	/** Repeats an attempt at front ends until it succeeds; resolves to its result. */
	async #repeat(visitor, what, attempt) {
		const end = performance.now() + LONGEST_MS;
		for (let front = this.random.pick(this.fronts); ; front = this.random.pick(this.fronts)) {
			this.waiting.set(visitor.conversation.name, `${what} at ${front.name}`);
			const result = await attempt(front).catch((error) => {
				if (error instanceof Lie || error instanceof TypeError) throw error;
				return error.code ?? error.message;
			});
			this.waiting.delete(visitor.conversation.name);
			if (result === "done") return front;
			if (result === "capped") return undefined;
			this.failures.set(`${what}: ${result}`, (this.failures.get(`${what}: ${result}`) ?? 0) + 1);
			if (performance.now() > end)
				throw new Lie(
					`${visitor.conversation.name}: no success at any front end: ${what}: ${result}`,
				);
			await pause(RETRY_MS + this.random.between(0, RETRY_MS));
		}
	}

	/** Sends the pending message until it is answered; resolves to false at the daily cap. */
	async #say(visitor) {
		let begun;
		const front = await this.#repeat(visitor, "say", async (front) => {
			begun = performance.now();
			const result = await visitor.say(front);
			// It may be visible already, and has to be, if it was acknowledged.
			if (result !== "done" && this.random.chance(0.3))
				await visitor.look(this.random.pick(this.fronts));
			return result;
		});
		if (front === undefined) {
			visitor.conversation.isRefused();
			this.capped++;
			return false;
		}
		this.acknowledged.push({ begun, at: performance.now(), front: front.name });
		return true;
	}

	async #look(visitor) {
		await this.#repeat(visitor, "look", (front) => visitor.look(front));
		this.looks++;
	}

	/** Ends when every message that was sent is answered. */
	async stop() {
		this.going = false;
		let late;
		const limit = new Promise((_, reject) => {
			const tell = () => reject(new Error(`visitors wait: ${JSON.stringify([...this.waiting])}`));
			late = setTimeout(tell, LONGEST_MS);
		});
		await Promise.race([this.ended, limit]).finally(() => clearTimeout(late));
	}

	/** All visitors look at their history at each front end. */
	async lookEverywhere() {
		for (const front of this.fronts)
			await Promise.all(
				this.visitors.map((visitor) =>
					this.#repeat(visitor, "look", () => visitor.look(front))
						.catch((error) => {
							this.lies.push(error.message);
						})
						.finally(() => visitor.leave()),
				),
			);
	}

	/** Messages of visitors of the capped widget that were acknowledged. */
	get cappedExchanges() {
		return this.visitors
			.filter((_, i) => i % 2 === 1 && i < 2 * CAPPED)
			.reduce((sum, { conversation }) => sum + conversation.exchanges, 0);
	}
}
