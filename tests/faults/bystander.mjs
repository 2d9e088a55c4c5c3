// A worker that does nothing wrong while others do: it is served all the time, each of its requests
// within the time that a visitor waits.

import { PATIENCE } from "../e2e/daemon.mjs";
import { newId, ORG, WIDGET } from "./ids.mjs";

/** STORE_TIMEOUT_MS of workerd/store_client.h. */
const LIMIT_MS = 5000 * PATIENCE;

export class Bystander {
	constructor(peer) {
		this.peer = peer;
		this.going = true;
		this.living = this.#live();
		this.living.catch(() => {}); // told by stop()
	}

	static async start(store) {
		return new Bystander(await store.connect("WORKER"));
	}

	async #ask(name, message, kind) {
		let timer;
		const late = new Promise((_, reject) => {
			timer = setTimeout(() => reject(new Error(`${name} is not answered in time`)), LIMIT_MS);
		});
		await Promise.race([this.peer.ask(name, message, kind), late]);
		clearTimeout(timer);
	}

	async #turn() {
		const turn = newId();
		const ids = { org: ORG, widget: WIDGET, conversation: newId(), message: newId(), turn };
		await this.#ask("ping", {}, "pong");
		await this.#ask("turn_begin", { ...ids, session: "bystander", text: "hello?" }, "turn_begun");
		await this.#ask("turn_finish", { turn, run: turn, status: 0, text: "hello" }, "ok");
	}

	async #live() {
		while (this.going) {
			await this.#turn();
			await new Promise((done) => setTimeout(done, 1));
		}
	}

	/** Rejects if it was not served once, or is not served now. */
	async stop() {
		this.going = false;
		await this.living;
		await this.#turn();
		await this.peer.close();
	}
}
