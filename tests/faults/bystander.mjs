// A well-behaved worker beside hostile peers: it is served all the time, within the time that a
// visitor waits.

import { TIME_FACTOR, until } from "../e2e/daemon.mjs";
import { cpuOf } from "../e2e/proc.mjs";
import { newId, ORG, WIDGET } from "./ids.mjs";

/**
 * STORE_TIMEOUT_MS of workerd/store/store_client.h; measured here in processor time, because the
 * machine may be busy.
 */
const LIMIT_MS = 5000 * TIME_FACTOR;

export class Bystander {
	#turns = 0;

	constructor(store, peer) {
		this.store = store;
		this.peer = peer;
		this.going = true;
		this.living = this.#live();
		this.living.catch((error) => {
			this.error = error;
		});
	}

	static async start(store) {
		return new Bystander(store, await store.connect("WORKER"));
	}

	async #ask(name, message, kind) {
		const before = cpuOf(this.store.pid);
		await this.peer.ask(name, message, kind);
		const used = cpuOf(this.store.pid) - before;
		if (used > LIMIT_MS) throw new Error(`${name} was answered after ${used} ms of work`);
	}

	async #turn() {
		const turn = newId();
		const ids = { org: ORG, widget: WIDGET, conversation: newId(), message: newId(), turn };
		await this.#ask("ping", {}, "pong");
		await this.#ask("turn_begin", { ...ids, session: "bystander", text: "hello?" }, "turn_begun");
		await this.#ask("turn_finish", { turn, run: turn, status: 0, text: "hello" }, "ok");
		this.#turns++;
	}

	async #live() {
		while (this.going) {
			await this.#turn();
			await new Promise((done) => setTimeout(done, 1));
		}
	}

	/** Waits until it has been served from now on; rejects otherwise. */
	served() {
		const enough = this.#turns + 2; // the first of them may have begun before
		return until("others are served", () => {
			if (this.error) throw this.error;
			return this.#turns >= enough;
		});
	}

	/** Rejects if it was never served, or is not served now. */
	async stop() {
		this.going = false;
		await this.living;
		await this.#turn();
		await this.peer.close();
	}
}
