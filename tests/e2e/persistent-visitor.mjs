// A client that does what the widget does when a reply breaks off: it resumes the reply, and sends its message
// again with the same id if the reply ended incomplete. Tests compare the text that it has at the end with
// the store.

import assert from "node:assert/strict";
import { openStream } from "./client.mjs";
import { DEADLINE_MS } from "./harness.mjs";
import { history, KEY, resume } from "./replies.mjs";

const PAUSE_MS = 25; // before a retry
const REPLY_MAX_MS = 4 * DEADLINE_MS; // including all retries

export class PersistentVisitor {
	/** [id of the reply, message, reply] of each complete exchange, oldest first. */
	heard = [];
	/**
	 * For each reply that was interrupted: the times at which the first lost text and the last text before the
	 * interruption arrived. While no text arrived, the worker did not run and could not store any.
	 */
	losses = [];
	attempts = { sends: 0, resumes: 0, reloads: 0 };

	constructor(banter, session) {
		Object.assign(this, { banter, session });
	}

	/**
	 * Sends a message and retries until it has the complete reply. reloadAfter: tokens after which it discards
	 * its state once and continues like a page that was reloaded.
	 */
	async say(id, message, reloadAfter = Number.POSITIVE_INFINITY) {
		const end = Date.now() + REPLY_MAX_MS;
		Object.assign(this, { id, message, text: "", reply: undefined, over: undefined });
		Object.assign(this, { tokensLeft: reloadAfter, next: "send", brokeAt: undefined, times: [] });
		while (this.over === undefined) {
			assert.ok(Date.now() < end, `${this.session}: no whole reply to ${id}`);
			if (!(await this.#attempt())) await new Promise((done) => setTimeout(done, PAUSE_MS));
		}
		this.heard.push([this.reply, message, this.over]);
	}

	/** Performs the next step; resolves to false if it failed and must be repeated. */
	async #attempt() {
		this.started = false;
		this.attempts[`${this.next}s`]++;
		try {
			if (this.next === "reload") return await this.#reload();
			return await this.#listen(await (this.next === "send" ? this.#send() : this.#resume()));
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
			this.#brokeOff();
			return false;
		}
	}

	#send() {
		const body = { sessionId: this.session, message: this.message, clientMessageId: this.id };
		return openStream(this.banter.url, "/v1/chat/stream", KEY, body);
	}

	#resume() {
		return resume(this.banter, this.reply, this.session, { after: this.text.length });
	}

	/** Finds the open reply in the history. */
	async #reload() {
		const { status, json } = await history(this.banter, this.session);
		if (status !== 200) return this.#refused({ status, json });
		this.next = "send";
		if (json.active === null) return true;
		this.#know(json.active);
		this.next = "resume";
		return true;
	}

	async #listen(stream) {
		if (stream.status !== 200) return this.#refused(stream);
		try {
			for (let event = await stream.next(); event; event = await stream.next())
				if (this.#take(event)) return true;
			return false;
		} finally {
			stream.leave();
		}
	}

	#refused({ status, json }) {
		assert.equal(status, 503, `${this.session}: ${JSON.stringify(json)}`);
		return false;
	}

	/** The connection broke or could not be opened. */
	#brokeOff() {
		if (!this.started) return;
		this.brokeAt = this.times.at(-1)?.[1];
		this.next = "resume";
	}

	/** Handles an event; returns true at the end of the stream. */
	#take(event) {
		if (event.type === "start") return this.#start(event);
		assert.ok(this.started, `${this.session}: the first event is start: ${JSON.stringify(event)}`);
		if (event.type === "token") return this.#token(event);
		if (event.type === "error") return this.#ended(event);
		assert.equal(event.type, "done");
		assert.equal(event.messageId, this.reply);
		assert.equal(this.text.trimEnd(), event.message, `${this.session}: the tokens and the message`);
		assert.equal(event.status, undefined);
		this.over = event.message;
		return true;
	}

	/** A message that is sent again keeps its reply. */
	#know(reply) {
		this.reply ??= reply;
		assert.equal(reply, this.reply, `${this.session}: a reply keeps its id`);
	}

	#start({ messageId, position = 0 }) {
		assert.ok(position <= this.text.length, "no text is skipped");
		this.#know(messageId);
		this.started = true;
		this.text = this.text.slice(0, position);
		return false;
	}

	#token({ token }) {
		this.text += token;
		this.times.push([this.text.length, performance.now()]);
		if (--this.tokensLeft !== 0) return false;
		Object.assign(this, { text: "", times: [], brokeAt: undefined, next: "reload" });
		return true;
	}

	/** The reply ended incomplete. After a resume, `text` is what was stored of it. */
	#ended({ code }) {
		if (this.next === "resume" && code === "interrupted") this.#noteLoss();
		this.next = "send";
		return true;
	}

	#noteLoss() {
		const lost = this.times.find(([length]) => length > this.text.length);
		if (lost !== undefined && this.brokeAt > lost[1]) this.losses.push([lost[1], this.brokeAt]);
		Object.assign(this, { times: [], brokeAt: undefined });
	}
}
