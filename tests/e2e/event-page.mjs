// An owner's open page: follows GET /v1/admin/events, and resumes behind its last event whenever the stream breaks
// off. Tests compare its events with the store.

import assert from "node:assert/strict";
import { ADMIN } from "./accounts.mjs";
import { openStream } from "./client.mjs";
import { isKilled, until } from "./harness.mjs";

const PAUSE_MS = 25; // before a retry

export class EventPage {
	/** All events so far. */
	events = [];
	resumed = 0;
	#position;
	#stream;
	#closed = false;
	#following;

	constructor(banter) {
		this.banter = banter;
	}

	/** Resolves when the stream has begun; the page follows it until close(). */
	async open() {
		this.#following = this.#follow();
		await until("the page has a position", () => this.#position !== undefined);
		return this;
	}

	async #follow() {
		while (!this.#closed) {
			await this.#read().catch((error) => {
				if (error instanceof assert.AssertionError) throw error;
			});
			if (!this.#closed) await new Promise((done) => setTimeout(done, PAUSE_MS));
		}
	}

	/** Reads one stream until it breaks off. */
	async #read() {
		const resume = this.#position === undefined ? {} : { "last-event-id": this.#position };
		this.#stream = await openStream(this.banter.url, "/v1/admin/events", { ...ADMIN, ...resume });
		if (this.#stream.status !== 200) {
			assert.ok(isKilled(this.#stream.status), JSON.stringify(this.#stream.json));
			return;
		}
		if (this.#position === undefined) {
			await until("the stream has its position", () => this.#stream.sse.id !== "");
			this.#position = this.#stream.sse.id;
		} else this.resumed++;
		for (let event = await this.#stream.next(); event; event = await this.#stream.next()) {
			assert.ok(event.seq > Number(this.#position), "each event once, in order");
			this.#position = String(event.seq);
			this.events.push(event);
		}
	}

	async close() {
		this.#closed = true;
		this.#stream?.leave();
		await this.#following;
	}

	/** The changes of each object of a conversation, by its id, oldest first: "message created". */
	changesOf(conversation) {
		const changes = new Map();
		for (const { id, kind, change, conversationId } of this.events)
			if (conversationId === conversation)
				changes.set(id, [...(changes.get(id) ?? []), `${kind} ${change}`]);
		return changes;
	}

	/**
	 * Waits for the events of a conversation with these messages ({ id, role }, all replies complete), and asserts
	 * that there are no others.
	 */
	async assertSaw(conversation, messages) {
		const last = messages.at(-1);
		await until(`the page has the last event of ${conversation}`, () =>
			this.changesOf(conversation).get(last.id)?.at(-1)?.endsWith(" complete"),
		);
		const changes = this.changesOf(conversation);
		assert.deepEqual(
			[...changes.keys()].sort(),
			[conversation, ...messages.map(({ id }) => id)].sort(),
		);
		assert.deepEqual(changes.get(conversation), ["conversation created"]);
		for (const { id, role } of messages)
			if (role === "user") assert.deepEqual(changes.get(id), ["message created"]);
			else
				assert.match(changes.get(id).join(), /^(reply interrupted,reply started,)*reply complete$/);
	}
}
