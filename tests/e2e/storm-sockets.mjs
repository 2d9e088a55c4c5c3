// Actors of the storm: visitors of a widget with two tabs, each a WebSocket that reconnects, as the widget does. Both tabs
// finally have each message and each complete reply; a connection from which nothing is sent gets each once.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { DEADLINE_MS, until } from "./harness.mjs";
import { calm, pause } from "./storm.mjs";
import { conversationsOf, makeWidget, Visitor } from "./visitors.mjs";

const LIMIT_MS = 4 * DEADLINE_MS; // of an exchange, including all retries

/** A tab: opens a WebSocket again whenever it closes. */
class Tab {
	seen = new Map(); // id → the last frame or row
	connections = 0;
	errors = 0;
	#closed = false;

	constructor(banter, widget, token) {
		Object.assign(this, { banter, widget, token });
		this.following = this.#follow();
		this.following.catch((error) => {
			this.error = error;
		});
	}

	async #follow() {
		while (!this.#closed) {
			const { banter, widget, token } = this;
			const visitor = new Visitor(banter, widget, { token, stream: true, history: true });
			this.complete = new Set(); // what this connection has shown
			this.visitor = undefined;
			await until(
				"the end of a WebSocket",
				() => {
					while (visitor.frames.length > 0) this.#take(visitor, visitor.frames.shift());
					if (this.#closed) visitor.ws.terminate();
					return visitor.closed || (visitor.error && visitor.frames.length === 0);
				},
				1e9,
			);
			this.visitor = undefined;
			await pause(25);
		}
	}

	#take(visitor, frame) {
		if (frame.type === "session") {
			assert.ok(this.token === undefined || this.token === frame.session_token, "one session");
			this.token = frame.session_token;
			this.visitor = visitor;
			this.connections++;
		} else if (frame.type === "history") {
			for (const row of frame.messages) this.#show(row);
		} else if (frame.type === "message") {
			// One that also sends its message again may get the reply twice.
			const isAgain = this.sends === undefined && this.complete.has(frame.id);
			assert.ok(!isAgain, `twice on one connection: ${JSON.stringify(frame)}`);
			this.#show(frame);
		} else if (frame.type === "error") {
			this.errors++;
		}
	}

	#show(row) {
		const status = row.status ?? "complete";
		if (status === "complete") this.complete.add(row.id);
		this.seen.set(row.id, { role: row.role, content: row.content, status });
	}

	/** Whether a complete reply is there that is none of these. */
	replyBesides(known) {
		for (const [id, { role, status }] of this.seen)
			if (role === "assistant" && status === "complete" && !known.has(id)) return id;
		return undefined;
	}

	close() {
		this.#closed = true;
		return this.following.catch(() => {});
	}
}

export class Socketed {
	messages = [];
	replies = new Set();

	constructor(banter, n) {
		Object.assign(this, { banter, n, random: new Random(`socket-${n}`) });
	}

	/** Sends a message until its reply is complete: again on each new connection, and after each error. */
	async #say(content) {
		const n = this.messages.length;
		this.messages.push(content);
		const tab = this.tabs[0];
		tab.sends = true;
		let sent;
		const reply = await until(
			`a complete reply to ${content}`,
			() => {
				if (tab.error) throw tab.error;
				const state = `${tab.connections} ${tab.errors}`;
				if (tab.visitor !== undefined && sent !== state) {
					sent = state;
					tab.visitor.say(content, `m-${n}`);
				}
				return tab.replyBesides(this.replies);
			},
			LIMIT_MS,
		);
		this.replies.add(reply);
		return reply;
	}

	/** Each tab shows a complete reply without anything that comes after it. */
	async #showsEverywhere(reply, limit = LIMIT_MS) {
		for (const [i, tab] of this.tabs.entries())
			await until(
				`tab ${i} shows ${reply} of ${this.n}`,
				() => {
					if (tab.error) throw tab.error;
					return tab.seen.get(reply)?.status === "complete";
				},
				limit,
			);
	}

	/** Opens both tabs, of which the second follows after the first exchange; before the kills. */
	async open() {
		this.widget = await makeWidget(this.banter);
		this.tabs = [new Tab(this.banter, this.widget)];
		await this.#say("[[echo]] first");
		this.tabs.push(new Tab(this.banter, this.widget, this.tabs[0].token));
		await until("the second tab", () => this.tabs[1].connections > 0);
	}

	/** All tabs show each reply that the first one has, also without another connection. */
	async showsAll() {
		await this.talking;
		for (const reply of this.replies) await this.#showsEverywhere(reply, DEADLINE_MS);
	}

	async run(isOver) {
		const { random } = this;
		while (!isOver()) {
			await calm(this.banter);
			const script = `tokens=${1 + random.below(40)} delay=${random.below(20)}`;
			this.talking = this.#say(`[[${script}]] s-${this.n} ${this.messages.length}`);
			const reply = await this.talking;
			if (random.chance(0.5)) await this.#showsEverywhere(reply);
			await pause(random.below(300));
		}
	}

	async check() {
		const [{ _id }] = await conversationsOf(this.banter, this.widget);
		const { messages: rows } = await this.banter.thread(_id);
		assert.deepEqual(
			rows.filter(({ role }) => role === "user").map(({ content }) => content),
			this.messages,
		);
		assert.equal(rows.length, 2 * this.messages.length, "one reply to each message");
		for (const [i, tab] of this.tabs.entries()) {
			// A tab's own messages do not come back, except in a history.
			const wanted = rows.filter(({ role }) => i > 0 || role !== "user");
			const lacks = ({ _id, content }) => tab.seen.get(_id)?.content.trim() !== content.trim();
			const what = () => `tab ${i} lacks ${JSON.stringify(wanted.filter(lacks))}`;
			await until(what, () => !wanted.some(lacks));
			if (tab.error) throw tab.error;
			for (const id of tab.seen.keys())
				assert.ok(id === undefined || rows.some(({ _id }) => _id === id), `not stored: ${id}`);
		}
	}

	async close() {
		for (const tab of this.tabs ?? []) await tab.close();
	}
}
