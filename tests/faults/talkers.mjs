// Visitors of the whole service who talk all the time and note what they were told; and what they
// must be told while the store has no room.

import assert from "node:assert/strict";
import { assertError } from "../e2e/client.mjs";
import { ADMIN_KEY, until } from "../e2e/harness.mjs";

/** A message that takes pages of its own. */
export const LONG = "x".repeat(3900);

/** Visitors who talk all the time; what each was told is there, has to be. */
export class Talkers {
	/**
	 * @param {object} banter
	 * @param {number} n
	 * @param {string} [code] of the only error that they may meet, a 503
	 */
	constructor(banter, n, code = "store_full") {
		this.code = code;
		this.acknowledged = new Map();
		this.refused = 0;
		this.told = new Set(); // who was refused, since somebody wanted to know
		this.going = true;
		const sessions = Array.from({ length: n }, (_, i) => `talker-${i}`);
		this.ended = Promise.all(sessions.map((session) => this.#talk(banter, session)));
		this.ended.catch(() => {}); // told by stop()
	}

	async #talk(banter, session) {
		const said = [];
		this.acknowledged.set(session, said);
		for (let i = 0; this.going; i++) {
			const question = `[[text="answer ${i}"]] question ${i} ${LONG}`;
			const answer = await banter.chat(session, question);
			if (answer.status === 200) said.push(question, answer.json.message);
			else {
				assertLater(answer, this.code);
				this.refused++;
				this.told.add(session);
			}
		}
	}

	/** Waits until each of them has been refused from now on. */
	eachRefused() {
		this.told.clear();
		const { size } = this.acknowledged;
		return until(
			() => `${this.told.size} of ${size} visitors are refused`,
			() => this.told.size === size,
		);
	}

	/** Waits until so many more messages are acknowledged. */
	served(n) {
		const count = () => [...this.acknowledged.values()].flat().length;
		const before = count();
		return until("visitors are served", () => count() >= before + n);
	}

	async stop() {
		this.going = false;
		await this.ended;
	}

	/** That each thread has what was acknowledged, once and in order. */
	async check(banter) {
		for (const [session, said] of this.acknowledged) {
			const { messages } = await banter.threadOf(session);
			const stored = messages.map((message) => message.content).filter((text) => text !== "");
			// What was not acknowledged may be there as well; a reply that never came is empty.
			let at = 0;
			for (const content of stored) if (content === said[at]) at++;
			assert.equal(at, said.length, `${session}: ${said[at]?.slice(0, 60)}`);
			assert.equal(new Set(stored).size, stored.length, "each once");
		}
	}
}

/** An error that says when to come again. */
export function assertLater(answer, code) {
	assertError(answer, 503, undefined, code);
	assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
}

/**
 * That nothing new is taken, and what is there can be read.
 * @param {string} known a conversation of two messages
 */
export async function assertFull(banter, known) {
	// What another's end has freed may have room for one more.
	let n = 0;
	const refused = async (ask) => {
		let answer;
		await until("a new visitor is refused", async () => {
			answer = await ask(`new-${n++}`);
			return answer.status !== 200;
		});
		assertLater(answer, "store_full");
	};
	await refused((session) => banter.chat(session, LONG));
	await refused((session) => banter.stream(session, LONG));
	assert.equal((await banter.get("/health")).status, 200);
	assert.ok((await banter.conversations()).conversations.length > 0);
	assert.equal((await banter.messages(known)).length, 2);
	const key = { "x-admin-api-key": ADMIN_KEY };
	assert.equal((await banter.get("/v1/admin/conversations/none", key)).status, 400);
}
