// One conversation as its worker knows it: what was requested of the store, what it acknowledged, and so what must
// be stored.
//
// A visitor makes one request at a time. Without a response it is `pending`: after a crash it is executed completely
// or not at all, so the stored thread is the one before it or the one after it. Repeated with the same ids it is
// executed once; a message with a client id also with other ids, as when another worker sends it. A refused request
// is not executed.

import assert from "node:assert/strict";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { below, chance, pick, spread } from "./random.mjs";
import { STATUS, STORE_ERRORS } from "./table.mjs";

const HISTORY = 4; // messages requested with a new turn
const TAIL_TURNS = 10; // that a quick check compares

/** Letters of one to three bytes; none needs two UTF-16 units, so that any part is valid text. */
const LETTERS = Array.from({ length: 400_000 }, () =>
	pick("abcdefgh ijklmno pqrst äßøžλж中文–"),
).join("");

function someText(shortest, longest) {
	const length = Math.round(spread(shortest, longest));
	const from = below(LETTERS.length - length);
	return LETTERS.slice(from, from + length);
}

/** A visitor's text: mostly short, sometimes of the maximum length. */
const someQuestion = () => (chance(0.01) ? someText(1000, 4000) : someText(1, 300));

/** The pieces of a reply; sometimes of many pages. */
function somePieces() {
	const longest = chance(0.02) ? (chance(0.1) ? 80_000 : 8000) : 600;
	return Array.from({ length: below(4) }, () => someText(1, longest));
}

class Turn {
	id = newId();
	run = this.id; // that may write it
	message = newId();
	clientId = chance(0.7) ? newId() : "";
	question = someQuestion();
	pieces = somePieces();
	stored = 0; // pieces
	earlier = ""; // the stored text of interrupted runs, until there is some of this one
	ended = undefined; // the status with which it was finished
	interrupted = undefined; // the text that it shows as interrupted meanwhile

	copy() {
		return Object.assign(Object.create(Turn.prototype), this);
	}

	/** The same message sent by another worker, with new ids. */
	byAnother() {
		const id = newId();
		return Object.assign(this.copy(), { id, run: id, message: newId() });
	}

	/** Another run restarts the interrupted reply. */
	restart(run) {
		const text = this.text();
		Object.assign(this, { run, earlier: text, interrupted: text, stored: 0, ended: undefined });
	}

	/** Its worker has disconnected. */
	interrupt() {
		this.interrupted = this.stored > 0 ? this.text(this.stored) : this.earlier;
	}

	text(pieces = this.pieces.length) {
		return this.pieces.slice(0, pieces).join("");
	}

	/** The rows in the thread: [id, role, status, text]. */
	rows() {
		const rows = [[this.message, 0, STATUS.COMPLETE, this.question]];
		if (this.ended !== undefined) rows.push([this.id, 1, this.ended, this.text()]);
		else if (this.interrupted !== undefined)
			rows.push([this.id, 1, STATUS.INTERRUPTED, this.interrupted]);
		return rows;
	}
}

/** A conversation's turns in order, as far as they are known to be stored. */
class Thread {
	conversation = newId();
	turns = [];
	last = ""; // the newest text

	copy() {
		return Object.assign(new Thread(), this, { turns: this.turns.map((turn) => turn.copy()) });
	}

	get open() {
		return this.turns.filter((turn) => turn.ended === undefined);
	}

	turn(id) {
		return this.turns.find((turn) => turn.id === id);
	}

	rows(turns = this.turns) {
		return turns.flatMap((turn) => turn.rows());
	}
}

// Requests: name, message, the kinds of responses, the check of a response (take), the effect on the thread (apply),
// and the number of messages that it stores.

/** The message of turn_begin for a turn with these ids. */
function turnBegin(session, conversation, { message, run, question, clientId }) {
	const ids = { org: ORG, widget: WIDGET, session, conversation, message, turn: run };
	return { ...ids, text: question, client_id: clientId, history: HISTORY };
}

function begin(thread, session) {
	const conversation = thread.turns.length === 0 ? thread.conversation : newId();
	return {
		name: "turn_begin",
		answers: ["turn_begun", "turn_state"],
		attempts: [new Turn()], // with the ids by which it may be stored, one for each worker that sent it
		get message() {
			return turnBegin(session, conversation, this.attempts.at(-1));
		},
		/** The client repeats it through another worker. */
		sendAgain() {
			const last = this.attempts.at(-1);
			if (last.clientId !== "") this.attempts.push(last.byAnother());
		},
		take(answer) {
			const stored = this.attempts.find(({ id }) => id === answer.turn);
			assert.ok(stored, "the answer is about this message");
			assert.equal(answer.conversation, thread.conversation);
			if (answer.is === "turn_state") assert.equal(answer.open, 1, "nobody has ended the reply");
			stored.run = answer.run ?? this.attempts.at(-1).run;
			this.attempts = [stored];
		},
		apply(to, turn = this.attempts[0]) {
			to.turns.push(turn.copy());
			to.last = turn.question;
		},
		stores: 1,
	};
}

/** Repeats a stored message whose response the client did not receive. */
function sendAgain(thread, session, { id, clientId, question }) {
	const run = newId();
	return {
		name: "turn_begin",
		answers: ["turn_begun", "turn_state"],
		message: turnBegin(session, newId(), { message: newId(), run, question, clientId }),
		take(answer) {
			const turn = thread.turn(id);
			assert.equal(answer.turn, id);
			assert.equal(answer.conversation, thread.conversation);
			const isRestarted = turn.ended === STATUS.INTERRUPTED;
			assert.equal(answer.is, isRestarted ? "turn_begun" : "turn_state");
			if (isRestarted) return;
			const { open, status, text } = answer;
			if (turn.ended === undefined) assert.deepEqual([open, answer.run], [1, turn.run]);
			else assert.deepEqual([open, status, text], [0, turn.ended, turn.text()]);
		},
		apply(to) {
			const turn = to.turn(id);
			if (turn.ended === STATUS.INTERRUPTED) turn.restart(run);
		},
		stores: 0,
	};
}

function checkpoint({ id, run, stored, pieces }) {
	const offset = Buffer.byteLength(pieces.slice(0, stored).join(""));
	return {
		name: "turn_checkpoint",
		answers: ["ok"],
		message: { turn: id, run, offset, text: pieces[stored] },
		apply(to) {
			to.turn(id).stored = stored + 1;
		},
		stores: 0,
	};
}

function finish(turn) {
	const status = chance(0.9) ? STATUS.COMPLETE : pick([STATUS.STOPPED, STATUS.INTERRUPTED]);
	const { id, run } = turn;
	const text = turn.text();
	const isEmptyStop = status === STATUS.STOPPED && text === "";
	return {
		name: "turn_finish",
		answers: [isEmptyStop ? "turn_state" : "ok"],
		message: { turn: id, run, status, text, prompt_tokens: 7, completion_tokens: 9 },
		apply(to) {
			to.turn(id).ended = status;
			if (text !== "") to.last = text;
		},
		stores: 1,
	};
}

function erase(thread) {
	return {
		name: "conversation_erase",
		answers: ["erased"],
		message: { org: ORG, conversation: thread.conversation },
		apply(to) {
			Object.assign(to, { turns: [], last: "", erased: true });
		},
		stores: 0,
	};
}

/** Reads a thread from the store, completely or its newest messages; null if it does not exist. */
async function readThread(peer, conversation, whole) {
	const rows = [];
	let record = null;
	let from = whole ? 1 : 0;
	do {
		const how = { backwards: whole ? 0 : 1, from, limit: whole ? 1000 : 2 * TAIL_TURNS };
		const page = await peer.request("message_list", { org: ORG, conversation, ...how });
		if (page.is === "error" && page.code === STORE_ERRORS.NOT_FOUND) return null;
		assert.equal(page.is, "message_page", page.detail);
		record = page.conversation;
		rows.push(...page.messages.map(({ id, role, status, text }) => [id, role, status, text]));
		from = page.next;
	} while (whole && from !== 0);
	return { record, rows };
}

/** A row as text. */
function describe(row) {
	if (!row) return "nothing";
	const [id, role, status, text] = row;
	return `${id} role ${role} status ${status} "${text.slice(0, 40)}" (${text.length})`;
}

function assertRows(found, wanted) {
	for (let i = 0; i < Math.max(found.length, wanted.length); i++) {
		const isSame = wanted[i]?.every((value, j) => value === found[i]?.[j]);
		if (!isSame) assert.fail(`row ${i} is ${describe(found[i])}, not ${describe(wanted[i])}`);
	}
}

/** Asserts that the stored thread is this one. */
function assertThread(found, thread, { whole, vanished }, session) {
	if (thread.turns.length === 0) {
		assert.equal(found, null, "there is no such conversation");
		return;
	}
	assert.ok(found, "the conversation is there");
	const { record, rows } = found;
	const wanted = whole ? thread.rows() : thread.rows(thread.turns.slice(-TAIL_TURNS));
	assertRows(whole ? rows : rows.slice(-wanted.length), wanted);
	assert.equal(record.session, session);
	assert.equal(record.messages, thread.rows().length, "messages counted");
	assert.equal(record.next_seq, 2 * thread.turns.length + 1, "the next place");
	if (!vanished) assert.equal(record.last_message, thread.last.slice(0, 500), "the last message");
}

export class Visitor {
	thread = new Thread();
	gone = []; // conversations acknowledged as erased
	pending = undefined;
	acknowledged = 0; // messages

	constructor(session) {
		this.session = session;
	}

	#choose() {
		const { thread, session } = this;
		if (thread.turns.length > 0 && chance(0.01)) return erase(thread);
		const named = thread.turns.slice(-TAIL_TURNS).filter(({ clientId }) => clientId !== "");
		if (named.length > 0 && chance(0.05)) return sendAgain(thread, session, pick(named));
		const { open } = thread;
		if (open.length === 0 || (open.length < 3 && chance(0.2))) return begin(thread, session);
		const turn = pick(open);
		return turn.stored < turn.pieces.length ? checkpoint(turn) : finish(turn);
	}

	/** Claims its turns, as a worker does first on a new connection. */
	async claim(peer) {
		for (const { id, run } of this.thread.open) {
			const answer = await peer.request("turn_checkpoint", { turn: id, run, offset: 0, text: "" });
			if (answer.is !== "ok" && this.pending?.name !== "conversation_erase") return answer;
		}
		return undefined;
	}

	/** Repeats the request without a response, or sends the next one. Resolves to the error if it was refused. */
	async step(peer) {
		this.pending ??= this.#choose();
		const { pending } = this;
		pending.refused = false;
		if (pending.doubtful && chance(0.5)) pending.sendAgain?.();
		const answer = await peer.request(pending.name, pending.message).catch((error) => {
			if (error instanceof PeerGone) pending.doubtful = true;
			throw error;
		});
		if (answer.is === "error") {
			pending.refused = true;
			return answer;
		}
		assert.ok(pending.answers.includes(answer.is), answer.is);
		pending.take?.(answer);
		pending.apply(this.thread);
		this.acknowledged += pending.stores;
		this.pending = undefined;
		if (!this.thread.erased) return undefined;
		this.gone.push(this.thread.conversation);
		this.thread = new Thread();
		return undefined;
	}

	/** The possible threads in the store. */
	#possible(vanished) {
		const { pending } = this;
		const possible = [this.thread.copy()];
		if (pending?.doubtful || (pending && !pending.refused))
			for (const attempt of pending.attempts ?? [undefined]) {
				const after = this.thread.copy();
				pending.apply(after, attempt);
				possible.push(after);
			}
		if (vanished) for (const { open } of possible) for (const turn of open) turn.interrupt();
		return possible;
	}

	/**
	 * Compares the store with the acknowledged data.
	 * @param {object} how
	 * @param {boolean} how.whole the whole thread and everything erased; else the newest messages
	 * @param {boolean} how.vanished its worker has disconnected: open turns are interrupted
	 */
	async check(peer, how) {
		const { conversation } = this.thread;
		const found = await readThread(peer, conversation, how.whole);
		const errors = [];
		let right;
		for (const thread of this.#possible(how.vanished))
			try {
				assertThread(found, thread, how, this.session);
				right ??= thread;
			} catch (error) {
				errors.push(error);
			}
		if (!right) throw this.#complaint(errors);
		if (how.vanished) this.#adopt(right, found);
		for (const id of how.whole ? this.gone : this.gone.slice(-1))
			assert.equal(await readThread(peer, id, false), null, "what was erased is gone");
		return { rows: found?.rows.length ?? 0, conversations: found ? [conversation] : [] };
	}

	/** Records the stored texts of its interrupted turns. */
	#adopt(thread, found) {
		for (const turn of [...this.thread.turns, ...(this.pending?.attempts ?? [])])
			turn.interrupted = thread.turn(turn.id)?.interrupted;
		this.thread.last = found?.record.last_message ?? "";
	}

	#complaint([before, ...after]) {
		const pending = this.pending ? `, ${this.pending.name} not answered` : "";
		before.message =
			`${this.session}, conversation ${this.thread.conversation}${pending}: ${before.message}` +
			after.map(({ message }) => `\nand if it was done: ${message}`).join("");
		return before;
	}
}
