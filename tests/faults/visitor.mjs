// One conversation as its worker knows it: what was requested of the store, what it acknowledged, and so what must
// be stored.
//
// A visitor makes one request at a time. Without a response it is `pending`: after a crash it is executed completely
// or not at all. Repeated with the same ids it is executed once; a message with a client id also with other ids, as
// when another worker sends it. A refused request is not executed.
//
// A state is { conversation, rows, turn }: the rows of the thread as [id, role, status, text], and the open turn.

import assert from "node:assert/strict";
import { newId, ORG, WIDGET } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { below, chance, pick, spread } from "./random.mjs";
import { STATUS, STORE_ERRORS } from "./table.mjs";

const TAIL = 20; // messages that a quick check compares

/** Letters of one to three bytes; none needs two UTF-16 units, so that any part is valid text. */
const LETTERS = Array.from({ length: 400_000 }, () =>
	pick("abcdefgh ijklmno pqrst äßøžλж中文–"),
).join("");

function someText(shortest, longest) {
	const length = Math.round(spread(shortest, longest));
	const from = below(LETTERS.length - length);
	return LETTERS.slice(from, from + length);
}

/** The pieces of a reply; sometimes of many pages. */
function somePieces() {
	const longest = chance(0.02) ? (chance(0.1) ? 80_000 : 8000) : 600;
	return Array.from({ length: below(4) }, () => someText(1, longest));
}

const newState = () => ({ conversation: newId(), rows: [], turn: undefined });

// A request: its name and message, the state after it, and the check of its response.

/** A message and its reply, which is begun. */
class Begin {
	name = "turn_begin";
	answers = ["turn_begun", "turn_state"];
	stores = 1;

	constructor(state, session) {
		Object.assign(this, { state, session });
		const question = chance(0.01) ? someText(1000, 4000) : someText(1, 300);
		this.turn = { clientId: chance(0.7) ? newId() : "", question, pieces: somePieces(), stored: 0 };
		this.attempts = [];
		this.attempt();
	}

	/** Sends it with new ids, as another worker does. */
	attempt() {
		const id = newId();
		this.attempts.push({ ...this.turn, id, run: id, message: newId() });
	}

	repeat() {
		if (this.turn.clientId !== "") this.attempt();
	}

	get message() {
		const { conversation, rows } = this.state;
		const { id, message, question, clientId } = this.attempts.at(-1);
		return {
			org: ORG,
			widget: WIDGET,
			session: this.session,
			conversation: rows.length === 0 ? conversation : newId(),
			message,
			turn: id,
			text: question,
			client_id: clientId,
			history: 4,
		};
	}

	/** The possible states: it is stored with the ids of one attempt. */
	get outcomes() {
		const { conversation, rows } = this.state;
		return this.attempts.map((turn) => ({
			conversation,
			rows: [...rows, [turn.message, 0, STATUS.COMPLETE, turn.question]],
			turn,
		}));
	}

	outcome(answer) {
		const state = this.outcomes.find(({ turn }) => turn.id === answer.turn);
		assert.ok(state, "the answer is about this message");
		assert.equal(answer.conversation, state.conversation);
		if (answer.is === "turn_state") assert.equal(answer.open, 1, "nobody has ended the reply");
		state.turn.run = answer.run ?? this.attempts.at(-1).run;
		return state;
	}
}

/** A request with one outcome. */
const request = (name, message, stores, outcome, answer = "ok") => ({
	...{ name, message, stores, answers: [answer], outcomes: [outcome] },
	outcome: () => outcome,
});

function checkpoint(state) {
	const { id, run, pieces, stored } = state.turn;
	const offset = Buffer.byteLength(pieces.slice(0, stored).join(""));
	const message = { turn: id, run, offset, text: pieces[stored] };
	const turn = { ...state.turn, stored: stored + 1 };
	return request("turn_checkpoint", message, 0, { ...state, turn });
}

function finish({ conversation, rows, turn: { id, run, pieces } }) {
	const status = chance(0.9) ? STATUS.COMPLETE : pick([STATUS.STOPPED, STATUS.INTERRUPTED]);
	const text = pieces.join("");
	const message = { turn: id, run, status, text, prompt_tokens: 7, completion_tokens: 9 };
	const answer = status === STATUS.STOPPED && text === "" ? "turn_state" : "ok";
	const outcome = { conversation, rows: [...rows, [id, 1, status, text]], turn: undefined };
	return request("turn_finish", message, 1, outcome, answer);
}

function erase({ conversation }) {
	return request("conversation_erase", { org: ORG, conversation }, 0, newState(), "erased");
}

/** Reads the rows of a conversation, all or the newest; none if it does not exist. */
async function readRows(peer, conversation, whole) {
	const rows = [];
	let from = whole ? 1 : 0;
	do {
		const how = { backwards: whole ? 0 : 1, from, limit: whole ? 1000 : TAIL };
		const page = await peer.request("message_list", { org: ORG, conversation, ...how });
		if (page.is === "error" && page.code === STORE_ERRORS.NOT_FOUND) return [];
		assert.equal(page.is, "message_page", page.detail);
		rows.push(...page.messages.map(({ id, role, status, text }) => [id, role, status, text]));
		from = page.next;
	} while (whole && from !== 0);
	return rows;
}

export class Visitor {
	state = newState();
	erased = []; // conversations
	pending = undefined;
	acknowledged = 0; // messages
	found = undefined; // rows at the last check

	constructor(session) {
		this.session = session;
	}

	#choose() {
		const { state, session } = this;
		const { turn } = state;
		if (turn) return turn.stored < turn.pieces.length ? checkpoint(state) : finish(state);
		return state.rows.length > 0 && chance(0.01) ? erase(state) : new Begin(state, session);
	}

	/** Claims its turn, as a worker does first on a new connection. Resolves to the error if it was refused. */
	async claim(peer) {
		if (!this.state.turn) return undefined;
		const { id, run } = this.state.turn;
		const answer = await peer.request("turn_checkpoint", { turn: id, run, offset: 0, text: "" });
		return answer.is === "ok" ? undefined : answer;
	}

	/** Repeats the request without a response, or sends the next one. Resolves to the error if it was refused. */
	async step(peer) {
		this.pending ??= this.#choose();
		const { pending } = this;
		pending.isRefused = false;
		if (pending.isDoubtful && chance(0.5)) pending.repeat?.();
		const answer = await peer.request(pending.name, pending.message).catch((error) => {
			if (error instanceof PeerGone) pending.isDoubtful = true;
			throw error;
		});
		if (answer.is === "error") {
			pending.isRefused = true;
			return answer;
		}
		assert.ok(pending.answers.includes(answer.is), answer.is);
		if (pending.name === "conversation_erase") this.erased.push(this.state.conversation);
		this.state = pending.outcome(answer);
		this.acknowledged += pending.stores;
		this.pending = undefined;
		return undefined;
	}

	/**
	 * Compares the store with the acknowledged data: the newest messages, or with `whole` everything. Resolves to the
	 * number of messages.
	 */
	async check(peer, whole) {
		const { pending, state } = this;
		const mayBeDone = pending?.isDoubtful || (pending && !pending.isRefused);
		const possible = [state, ...(mayBeDone ? pending.outcomes : [])];
		const found = await readRows(peer, state.conversation, whole);
		const text = (rows) => JSON.stringify(whole ? rows : rows.slice(-TAIL));
		if (!possible.some(({ rows }) => text(rows) === text(found)))
			assert.deepEqual(found, state.rows, `${this.session}, pending: ${pending?.name}`);
		for (const id of whole ? this.erased : this.erased.slice(-1))
			assert.deepEqual(await readRows(peer, id, false), [], "an erased conversation");
		this.found = found;
		return found.length;
	}
}
