// One conversation as its worker knows it: what was asked of the store, what it acknowledged, and
// so what must be there.
//
// A visitor makes one request at a time. The one that has no answer yet is `pending`: after a crash
// it is wholly done or not at all, so the thread in the store is the one before it or the one after
// it, and nothing else. Repeated with the same ids, it is done once; a message that has a name of its
// client's also with others, as when it is sent again by way of another worker. One that was refused
// was not done.

import assert from "node:assert/strict";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { below, chance, pick, spread } from "./random.mjs";
import { STATUS, STORE_ERRORS } from "./table.mjs";

const HISTORY = 4; // messages wanted back with a begun turn
const TAIL_TURNS = 10; // that a quick look compares

/** Letters of one to three bytes; none needs two UTF-16 units, so that any part is valid text. */
const LETTERS = Array.from({ length: 400_000 }, () =>
	pick("abcdefgh ijklmno pqrst äßøžλж中文–"),
).join("");

function someText(length) {
	const from = below(LETTERS.length - length);
	return LETTERS.slice(from, from + length);
}

/** A visitor's text: mostly short, sometimes of the maximum length. */
function someQuestion() {
	return someText(Math.round(chance(0.01) ? spread(1000, 4000) : spread(1, 300)));
}

/** The pieces of a reply; sometimes of many pages. */
function somePieces() {
	const longest = chance(0.02) ? (chance(0.1) ? 80_000 : 8000) : 600;
	return Array.from({ length: below(4) }, () => someText(Math.round(spread(1, longest))));
}

class Turn {
	constructor() {
		this.id = newId();
		this.run = this.id; // who may write it
		this.question = newId();
		this.name = chance(0.7) ? newId() : ""; // the client's, of the question
		this.asked = someQuestion();
		this.pieces = somePieces();
		this.kept = 0; // pieces that the store has
		this.before = ""; // what it has of runs that broke off, until it has some of this one
		this.ended = undefined; // the status with which it was finished
		this.shown = undefined; // the text under which it stands as interrupted meanwhile
	}

	copy() {
		return Object.assign(Object.create(Turn.prototype), this);
	}

	/** The same message sent by another worker, with new ids. */
	byAnother() {
		const id = newId();
		return Object.assign(this.copy(), { id, run: id, question: newId() });
	}

	/** Another run restarts the interrupted reply. */
	beginAnew(run) {
		const text = this.text();
		Object.assign(this, { run, before: text, shown: text, kept: 0, ended: undefined });
	}

	/** The rest of the reply after its worker has disconnected. */
	get left() {
		return this.kept > 0 ? this.text(this.kept) : this.before;
	}

	text(pieces = this.pieces.length) {
		return this.pieces.slice(0, pieces).join("");
	}

	/** The rows in the thread: [id, role, status, text]. */
	rows() {
		const question = [this.question, 0, STATUS.COMPLETE, this.asked];
		if (this.ended !== undefined) return [question, [this.id, 1, this.ended, this.text()]];
		if (this.shown !== undefined) return [question, [this.id, 1, STATUS.INTERRUPTED, this.shown]];
		return [question];
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

	/** The turns after their worker has disconnected. */
	interrupt() {
		for (const turn of this.open) turn.shown = turn.left;
	}
}

/** The request of a worker for a message with these ids. */
function beginning(session, conversation, { question, run, asked, name }) {
	return {
		org: ORG,
		widget: WIDGET,
		session,
		conversation,
		message: question,
		turn: run,
		text: asked,
		client_id: name,
		history: HISTORY,
	};
}

// A request: its message, the kinds of its responses, the check of a response (take), and the
// effect on the thread (apply).

function begin(thread, session) {
	const conversation = thread.turns.length === 0 ? thread.conversation : newId();
	return {
		name: "turn_begin",
		answers: ["turn_begun", "turn_state"],
		attempts: [new Turn()], // under whose ids it may be stored, one for each worker that sent it
		get message() {
			return beginning(session, conversation, this.attempts.at(-1));
		},
		/** The client repeats it through another worker. */
		sendAgain() {
			const last = this.attempts.at(-1);
			if (last.name !== "") this.attempts.push(last.byAnother());
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
			to.last = turn.asked;
		},
		stores: 1,
	};
}

/** Repeats a stored message whose response the client did not receive. */
function sendAgain(thread, session, { id, name, asked }) {
	const run = newId();
	return {
		name: "turn_begin",
		answers: ["turn_begun", "turn_state"],
		message: beginning(session, newId(), { question: newId(), run, asked, name }),
		take(answer) {
			const turn = thread.turn(id);
			assert.equal(answer.turn, id);
			assert.equal(answer.conversation, thread.conversation);
			if (turn.ended === STATUS.INTERRUPTED) {
				assert.equal(answer.is, "turn_begun");
				return;
			}
			assert.equal(answer.is, "turn_state");
			const { open, status, text } = answer;
			if (turn.ended === undefined) assert.deepEqual([open, answer.run], [1, turn.run]);
			else assert.deepEqual([open, status, text], [0, turn.ended, turn.text()]);
		},
		apply(to) {
			const turn = to.turn(id);
			if (turn.ended === STATUS.INTERRUPTED) turn.beginAnew(run);
		},
		stores: 0,
	};
}

function checkpoint(turn) {
	const kept = turn.kept;
	const before = Buffer.byteLength(turn.text(kept));
	return {
		name: "turn_checkpoint",
		answers: ["ok"],
		message: { turn: turn.id, run: turn.run, offset: before, text: turn.pieces[kept] },
		apply(to) {
			to.turn(turn.id).kept = kept + 1;
		},
		stores: 0,
	};
}

function finish(turn) {
	const status = chance(0.9) ? STATUS.COMPLETE : pick([STATUS.STOPPED, STATUS.INTERRUPTED]);
	const text = turn.text();
	const wordless = status === STATUS.STOPPED && text === "";
	return {
		name: "turn_finish",
		answers: [wordless ? "turn_state" : "ok"],
		message: {
			turn: turn.id,
			run: turn.run,
			status,
			text,
			prompt_tokens: 7,
			completion_tokens: 9,
		},
		apply(to) {
			to.turn(turn.id).ended = status;
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
			to.turns = [];
			to.last = "";
			to.erased = true;
		},
		stores: 0,
	};
}

/** Reads a thread from the store, completely or its newest messages; null if it does not exist. */
async function readThread(peer, conversation, whole) {
	const pages = [];
	let record = null;
	let from = whole ? 1 : 0;
	do {
		const page = await peer.request("message_list", {
			org: ORG,
			conversation,
			backwards: whole ? 0 : 1,
			from,
			limit: whole ? 1000 : 2 * TAIL_TURNS,
		});
		if (page.is === "error" && page.code === STORE_ERRORS.NOT_FOUND) return null;
		assert.equal(page.is, "message_page", page.detail);
		record = page.conversation;
		pages.push(page.messages);
		from = page.next;
	} while (whole && from !== 0);
	const rows = pages.flat().map(({ id, role, status, text }) => [id, role, status, text]);
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
		const same = wanted[i]?.every((value, j) => value === found[i]?.[j]);
		if (!same) assert.fail(`row ${i} is ${describe(found[i])}, not ${describe(wanted[i])}`);
	}
}

/** Why the stored thread differs from the expected one, or undefined. */
function difference(thread, found, { whole, vanished }, session) {
	try {
		if (thread.turns.length === 0) {
			assert.equal(found, null, "there is no such conversation");
			return undefined;
		}
		assert.ok(found, "the conversation is there");
		const { record } = found;
		const wanted = whole ? thread.rows() : thread.rows(thread.turns.slice(-TAIL_TURNS));
		const tail = whole ? found.rows : found.rows.slice(-wanted.length);
		assertRows(tail, wanted);
		assert.equal(record.session, session);
		assert.equal(record.messages, thread.rows().length, "messages counted");
		assert.equal(record.next_seq, 2 * thread.turns.length + 1, "the next place");
		if (!vanished) assert.equal(record.last_message, thread.last.slice(0, 500), "the last message");
		return undefined;
	} catch (error) {
		return error;
	}
}

export class Visitor {
	/** @param {{ erases?: boolean }} [options] whether it sometimes erases itself */
	constructor(session, { erases = true } = {}) {
		this.session = session;
		this.erases = erases;
		this.thread = new Thread();
		this.gone = []; // conversations acknowledged as erased
		this.pending = undefined;
		this.acknowledged = 0; // messages
	}

	#choose() {
		const { thread } = this;
		if (this.erases && thread.turns.length > 0 && chance(0.01)) return erase(thread);
		const named = thread.turns.slice(-TAIL_TURNS).filter(({ name }) => name !== "");
		if (named.length > 0 && chance(0.05)) return sendAgain(thread, this.session, pick(named));
		const open = thread.open;
		if (open.length === 0 || (open.length < 3 && chance(0.2))) return begin(thread, this.session);
		const turn = pick(open);
		return turn.kept < turn.pieces.length ? checkpoint(turn) : finish(turn);
	}

	#done() {
		this.pending.apply(this.thread);
		this.acknowledged += this.pending.stores;
		this.pending = undefined;
		if (!this.thread.erased) return;
		this.gone.push(this.thread.conversation);
		this.thread = new Thread();
	}

	/** Claims its turns, as a worker does first on a new connection. */
	async claim(peer) {
		for (const turn of this.thread.open) {
			const { id, run } = turn;
			const answer = await peer.request("turn_checkpoint", { turn: id, run, offset: 0, text: "" });
			if (answer.is !== "ok" && this.pending?.name !== "conversation_erase") return answer;
		}
		return undefined;
	}

	/**
	 * Repeats the request without a response, or sends the next one. Resolves to the error if it
	 * was refused.
	 */
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
		this.#done();
		return undefined;
	}

	/** Replaces a refused request by an erase. Returns whether there is something to erase. */
	giveUp() {
		const isUndone = !this.pending || (this.pending.refused && !this.pending.doubtful);
		if (!isUndone || this.thread.turns.length === 0) return false;
		this.pending = erase(this.thread);
		return true;
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
		if (vanished) for (const thread of possible) thread.interrupt();
		return possible;
	}

	/**
	 * Compares the store with the acknowledged data. @param {object} how @param {boolean}
	 * [how.whole] the whole thread and everything erased; else the newest messages @param {boolean}
	 * [how.vanished] its worker has disconnected: open turns are interrupted
	 */
	async check(peer, { whole = false, vanished = false } = {}) {
		const { conversation } = this.thread;
		const found = await readThread(peer, conversation, whole);
		const possible = this.#possible(vanished);
		const how = { whole, vanished };
		const errors = possible.map((thread) => difference(thread, found, how, this.session));
		const right = errors.indexOf(undefined);
		if (right === -1) throw this.#complaint(errors);
		if (vanished) this.#adopt(possible[right], found);
		for (const id of whole ? this.gone : this.gone.slice(-1))
			assert.equal(await readThread(peer, id, false), null, "what was erased is gone");
		return { rows: found?.rows.length ?? 0, conversations: found ? [conversation] : [] };
	}

	/** Records the stored texts of its interrupted turns. */
	#adopt(thread, found) {
		for (const turn of [...this.thread.turns, ...(this.pending?.attempts ?? [])])
			turn.shown = thread.turn(turn.id)?.shown;
		this.thread.last = found?.record.last_message ?? "";
	}

	#complaint(errors) {
		const [before, ...after] = errors;
		const pending = this.pending ? `, ${this.pending.name} not answered` : "";
		before.message =
			`${this.session}, conversation ${this.thread.conversation}${pending}: ${before.message}` +
			after.map(({ message }) => `\nand if it was done: ${message}`).join("");
		return before;
	}
}
