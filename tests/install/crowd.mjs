// Visitors with running replies, and new ones who keep arriving, during an operation on the
// service. No reply may be cut, no new visitor refused.

import assert from "node:assert/strict";
import { request, textOf } from "../e2e/client.mjs";
import { numbered } from "../e2e/harness.mjs";
import { until } from "./machine.mjs";

/** A reply's length; its end is held until the operation is done. */
const TOKENS = 50;
const DELAY_MS = 100;

/** A message with such a reply, held until released. */
export const asking = (words) =>
	`[[tokens=${TOKENS} delay=${DELAY_MS} hold-after=${TOKENS - 1}]] ${words}`;

export const REPLY = numbered(TOKENS);

/** Releases the replies to messages with these words. model: the stub's URL. */
export async function release(model, words) {
	const path = `/stub/release?contains=${encodeURIComponent(words)}`;
	assert.equal((await request(model, "POST", path)).status, 200);
}

/** The minimum number of new visitors. */
const SOME = 20;

export class Crowd {
	#going = true;

	/**
	 * @param stream opens a stream: (session, message) @param ask requests a page: (method, path)
	 * @param {string} model the stub's URL
	 */
	constructor(stream, ask, model) {
		Object.assign(this, { stream, ask, model });
		this.name = `crowd of ${Date.now()}`;
		this.answered = 0;
	}

	/** Starts n visitors and waits for all first tokens; new ones arrive from now on. */
	static async gather(stream, ask, model, n) {
		const crowd = new Crowd(stream, ask, model);
		crowd.streams = await Promise.all(Array.from({ length: n }, (_, i) => crowd.#visit(i)));
		crowd.passing = crowd.#pass();
		crowd.passing.catch(() => {}); // told by part()
		return crowd;
	}

	async #visit(i) {
		const stream = await this.stream(`crowd-${i}`, asking(this.name));
		assert.equal(stream.status, 200);
		return { stream, first: (await stream.tokens(1))[0] };
	}

	async #pass() {
		while (this.#going) {
			const answer = await this.ask("GET", "/health");
			assert.equal(answer.status, 200);
			this.answered++;
		}
	}

	/** Asserts that all replies complete and no visitor was refused. */
	async part() {
		const unfinished = this.streams.length;
		await release(this.model, this.name);
		const ends = await Promise.all(
			this.streams.map(async ({ stream, first }) => {
				const events = await stream.rest();
				const done = events.at(-1);
				return [(first + textOf(events)).trim(), done?.type, done?.message];
			}),
		);
		const enough = until("others come", () => this.answered >= SOME);
		await Promise.race([enough, this.passing]); // which ends now only if one was refused
		this.#going = false;
		await this.passing;
		for (const end of ends) assert.deepEqual(end, [REPLY, "done", REPLY]);
		assert.equal(ends.length, unfinished);
	}
}
