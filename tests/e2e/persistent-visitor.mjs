// A visitor who does what the widget does when replies break off: goes on with the one that it has
// heard of, and sends its message again, by the same id, when that has ended without being whole.
// What it has on its screen at the end is what the test compares.

import assert from "node:assert/strict";
import { openStream } from "./client.mjs";
import { DEADLINE_MS } from "./harness.mjs";
import { history, KEY, resume } from "./replies.mjs";

const PAUSE_MS = 25; // before it tries again what was refused, or broke
const PATIENCE_MS = 4 * DEADLINE_MS; // for one reply

export class PersistentVisitor {
	/** [id of the reply, message, reply] of all that it said and heard, oldest first. */
	heard = [];
	/** Of each reply that was found interrupted: when the first text came that is lost, and when the last
	 * came before it broke. While no text came its worker had no time to keep any, either. */
	losses = [];
	attempts = { sends: 0, resumes: 0, reloads: 0 };

	constructor(banter, session) {
		Object.assign(this, { banter, session });
	}

	/**
	 * Says something and listens, however often, until it has the whole reply. reloadAfter: tokens
	 * after which it forgets what it has, and goes on as a page does that is loaded again.
	 */
	async say(id, message, reloadAfter = Number.POSITIVE_INFINITY) {
		const end = Date.now() + PATIENCE_MS;
		Object.assign(this, { id, message, text: "", reply: undefined, over: undefined });
		Object.assign(this, { tokensLeft: reloadAfter, next: "send", brokeAt: undefined, times: [] });
		while (this.over === undefined) {
			assert.ok(Date.now() < end, `${this.session}: no whole reply to ${id}`);
			if (!(await this.#attempt())) await new Promise((done) => setTimeout(done, PAUSE_MS));
		}
		this.heard.push([this.reply, message, this.over]);
	}

	/** What is next, as far as it goes; false when something was in the way. */
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

	/** The history tells what the session is about. */
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

	/** The connection broke, or there was none. */
	#brokeOff() {
		if (!this.started) return;
		this.brokeAt = this.times.at(-1)?.[1];
		this.next = "resume";
	}

	/** Whether the answer is over for us with this event. */
	#take(event) {
		if (event.type === "start") return this.#start(event);
		assert.ok(this.started, `${this.session}: first a start: ${JSON.stringify(event)}`);
		if (event.type === "token") return this.#token(event);
		if (event.type === "error") return this.#ended(event);
		assert.equal(event.type, "done");
		assert.equal(event.messageId, this.reply);
		assert.equal(this.text.trimEnd(), event.message, `${this.session}: what came, what is said`);
		assert.equal(event.status, undefined);
		this.over = event.message;
		return true;
	}

	/** A message that is sent again has the reply that it had. */
	#know(reply) {
		this.reply ??= reply;
		assert.equal(reply, this.reply, `${this.session}: a reply keeps its id`);
	}

	#start({ messageId, position = 0 }) {
		assert.ok(position <= this.text.length, "nothing is left out");
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

	/** It ended without being whole. Who has come back has what is stored of it now. */
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
