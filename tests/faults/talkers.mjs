// Visitors of the whole service who send continuously and record the responses; and the responses
// that they must get while the store is full.

import assert from "node:assert/strict";
import { assertError } from "../e2e/client.mjs";
import { ADMIN_KEY, until } from "../e2e/harness.mjs";

/** A message that needs its own pages. */
export const LONG = "x".repeat(3900);

/** Visitors who send continuously; acknowledged messages must be stored. */
export class Talkers {
	/** code: of the only permitted error, a 503 */
	constructor(banter, n, code = "store_full") {
		this.code = code;
		this.acknowledged = new Map();
		this.refused = 0;
		this.refusedSessions = new Set(); // since eachRefused() was called
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
				this.refusedSessions.add(session);
			}
		}
	}

	/** Waits until each of them has been refused from now on. */
	eachRefused() {
		this.refusedSessions.clear();
		const { size } = this.acknowledged;
		const what = () => `${this.refusedSessions.size} of ${size} visitors are refused`;
		return until(what, () => this.refusedSessions.size === size);
	}

	/** Waits until this many more messages are acknowledged. */
	served(n) {
		const count = () => [...this.acknowledged.values()].flat().length;
		const before = count();
		return until("visitors are served", () => count() >= before + n);
	}

	async stop() {
		this.going = false;
		await this.ended;
	}

	/** Asserts that each thread has the acknowledged messages once and in order. */
	async check(banter) {
		for (const [session, said] of this.acknowledged) {
			const { messages } = await banter.threadOf(session);
			const stored = messages.map((message) => message.content).filter((text) => text !== "");
			// Unacknowledged messages may be stored too; a reply that never arrived is empty.
			let at = 0;
			for (const content of stored) if (content === said[at]) at++;
			assert.equal(at, said.length, `${session}: ${said[at]?.slice(0, 60)}`);
			assert.equal(new Set(stored).size, stored.length, "each once");
		}
	}
}

export function assertLater(answer, code) {
	assertError(answer, 503, undefined, code);
	assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
}

/** Asserts that writes are refused and reads work. known: a conversation of two messages */
export async function assertFull(banter, known) {
	// Space freed by another reply may have room for one more.
	let n = 0;
	for (const ask of ["chat", "stream"]) {
		const refused = await until("a new visitor is refused", async () => {
			const answer = await banter[ask](`new-${n++}`, LONG);
			return answer.status !== 200 && answer;
		});
		assertLater(refused, "store_full");
	}
	await until("it is not ready", async () => {
		const answer = await banter.get("/health/ready");
		return answer.status !== 200 && answer;
	}).then((answer) => assertLater(answer, "store_full"));
	assert.equal((await banter.get("/health")).status, 200);
	assert.ok((await banter.conversations()).conversations.length > 0);
	assert.equal((await banter.messages(known)).length, 2);
	const key = { "x-admin-api-key": ADMIN_KEY };
	assert.equal((await banter.get("/v1/admin/conversations/none", key)).status, 404);
}
