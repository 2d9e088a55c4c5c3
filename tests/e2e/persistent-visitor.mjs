// A client that does what the widget does when a reply breaks off: it resumes the reply, and sends its message again
// with the same id if the reply ended incomplete. Tests compare the text that it has at the end with the store.

import assert from "node:assert/strict";
import { DEADLINE_MS, isKilled } from "./harness.mjs";
import { history, resume, withId } from "./replies.mjs";

const PAUSE_MS = 25; // before a retry
const REPLY_MAX_MS = 4 * DEADLINE_MS; // including all retries

export class PersistentVisitor {
	/** [id of the reply, message, reply] of each complete exchange, oldest first. */
	heard = [];
	attempts = { sends: 0, resumes: 0, reloads: 0 };

	constructor(banter, session) {
		Object.assign(this, { banter, session });
	}

	/**
	 * Sends a message and retries until it has the complete reply. reloadAfter: tokens after which it discards its
	 * state once and continues like a page that was reloaded.
	 */
	async say(id, message, reloadAfter = Number.POSITIVE_INFINITY) {
		const end = Date.now() + REPLY_MAX_MS;
		Object.assign(this, { id, message, text: "", reply: undefined, complete: undefined });
		Object.assign(this, { tokensLeft: reloadAfter, next: "send" });
		while (this.complete === undefined) {
			assert.ok(Date.now() < end, `${this.session}: no complete reply to ${id}`);
			if (!(await this.#attempt())) await new Promise((done) => setTimeout(done, PAUSE_MS));
		}
		this.heard.push([this.reply, message, this.complete]);
	}

	/** Performs the next step; resolves to false if it failed and must be repeated. */
	async #attempt() {
		this.started = false;
		this.attempts[`${this.next}s`]++;
		const { banter, session, message, id, reply, text } = this;
		try {
			if (this.next === "reload") return await this.#reload();
			return await this.#listen(
				this.next === "send"
					? await banter.stream(session, message, withId(id))
					: await resume(banter, reply, session, { after: text.length }),
			);
		} catch (error) {
			if (error instanceof assert.AssertionError) throw error;
			if (this.started) this.next = "resume"; // otherwise the connection could not be opened
			return false;
		}
	}

	/** Finds the open reply in the history. */
	async #reload() {
		const { status, json } = await history(this.banter, this.session);
		if (status !== 200) return this.#refused({ status, json });
		this.next = json.active === null ? "send" : "resume";
		if (json.active !== null) this.#isReply(json.active);
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
		assert.ok(isKilled(status), `${this.session}: ${JSON.stringify(json)}`);
		return false;
	}

	/** A message that is sent again keeps its reply. */
	#isReply(id) {
		this.reply ??= id;
		assert.equal(id, this.reply, `${this.session}: a reply keeps its id`);
	}

	/** Handles an event; returns true at the end of the stream, or to reload. */
	#take(event) {
		if (event.type === "start") {
			const { messageId, position = 0 } = event;
			assert.ok(position <= this.text.length, "no text is skipped");
			this.#isReply(messageId);
			this.started = true;
			this.text = this.text.slice(0, position);
			return false;
		}
		assert.ok(this.started, `${this.session}: the first event is start: ${JSON.stringify(event)}`);
		if (event.type === "token") {
			this.text += event.token;
			if (--this.tokensLeft !== 0) return false;
			Object.assign(this, { text: "", next: "reload" });
			return true;
		}
		if (event.type === "error") {
			this.next = "send"; // the reply ended incomplete; it keeps its stored text
			return true;
		}
		assert.equal(event.type, "done");
		assert.equal(event.messageId, this.reply);
		assert.equal(this.text.trimEnd(), event.message, `${this.session}: the tokens and the message`);
		assert.equal(event.status, undefined);
		this.complete = event.message;
		return true;
	}
}
