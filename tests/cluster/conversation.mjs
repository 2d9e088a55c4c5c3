// What one visitor has said and heard, and whether what the service tells agrees with it.

import { randomUUID } from "node:crypto";

export class Conversation {
	/** [message, reply] of each exchange whose reply was acknowledged, in order. */
	#complete = [];
	/** The message that waits for its reply: { id, text, words, acknowledged }. */
	pending = undefined;

	constructor(name) {
		this.name = name;
		this.n = 0;
	}

	/** The next message. delay: ms between the words of its reply. */
	begin(delay) {
		const words = `answer ${this.n} to ${this.name} with some more words to stream`;
		this.pending = {
			id: randomUUID(),
			text: `[[echo delay=${delay}]] ${words}`,
			words,
			acknowledged: false,
		};
		this.n++;
		return this.pending;
	}

	/** The service has stored the pending message. */
	isStored() {
		this.pending.acknowledged = true;
	}

	/** The service has stored the pending message's reply, and this is its text. */
	isAnswered(reply) {
		const { words, text } = this.pending;
		if (reply !== words) throw new Lie(`${this.name}: the reply to "${words}" is "${reply}"`);
		this.#complete.push([text, reply]);
		this.pending = undefined;
	}

	/** Discards the pending message: the service has refused it for good. */
	isRefused() {
		if (this.pending.acknowledged) throw new Lie(`${this.name}: refused after it was stored`);
		this.pending = undefined;
	}

	get exchanges() {
		return this.#complete.length;
	}

	/**
	 * Compares a history, [role, text] oldest first, with what was acknowledged before it was asked for. The pending
	 * message may be stored without an acknowledgement, with any part of its reply.
	 */
	compare(rows, where) {
		const expected = this.#complete.flatMap(([message, reply]) => [
			["user", message],
			["assistant", reply],
		]);
		const rest = rows.slice(expected.length);
		const { pending } = this;
		const problem =
			differenceOf(rows.slice(0, expected.length), expected) ??
			(pending?.acknowledged && rest.length === 0
				? "the acknowledged message is missing"
				: undefined) ??
			(rest.length > (pending ? 2 : 0) ? `unknown: ${JSON.stringify(rest)}` : undefined) ??
			(rest.length > 0 && rest[0][1] !== pending.text
				? `unknown: ${JSON.stringify(rest)}`
				: undefined);
		if (problem) throw new Lie(`${this.name}, as ${where} tells it: ${problem}`);
	}
}

/** Something acknowledged was lost, stored twice, or is not told. */
export class Lie extends Error {}

function differenceOf(rows, expected) {
	for (const [i, one] of expected.entries()) {
		const [role, text] = rows[i] ?? ["nothing"];
		if (role !== one[0] || text !== one[1])
			return `row ${i} of ${expected.length} is ${role} "${text}" instead of ${one[0]} "${one[1]}"`;
	}
	return undefined;
}
