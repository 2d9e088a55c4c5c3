// Streams of events of a conversation: for its owners, and for its session. A Follower reconnects with
// Last-Event-ID whenever its stream ends, and asserts that it receives nothing twice.

import assert from "node:assert/strict";
import { openStream } from "./client.mjs";
import { ADMIN_KEY, until } from "./harness.mjs";
import { KEY, SSE } from "./replies.mjs";

export const ownersPath = (conversationId) => `/v1/admin/conversations/${conversationId}/events`;
export const sessionPath = (sessionId, parameters = {}) =>
	`/v1/chat/events?${new URLSearchParams({ sessionId, ...parameters })}`;

const ADMIN = { "x-admin-api-key": ADMIN_KEY };

/** Opens a stream, and takes its first event, the state. last: Last-Event-ID. */
async function openEvents(banter, path, headers, last) {
	const stream = await openStream(
		banter.url,
		path,
		last === undefined ? headers : { ...headers, "last-event-id": last },
	);
	if (stream.status === 200) stream.state = await stream.next();
	return stream;
}

export const openOwners = (banter, conversationId, last) =>
	openEvents(banter, ownersPath(conversationId), ADMIN, last);
export const openSession = (banter, sessionId, { last, headers = SSE, ...parameters } = {}) =>
	openEvents(banter, sessionPath(sessionId, parameters), { ...KEY, ...headers }, last);

/** What a client shows: its messages by id, in the order of their arrival. */
export class View {
	messages = new Map();

	/** Takes an event as the documentation says. */
	take(event) {
		const id = event.messageId ?? event.id;
		const known = this.messages.get(id);
		if (event.type === "message") {
			const again = known?.complete && known.status !== "interrupted";
			assert.ok(!again, `received twice: ${JSON.stringify(event)}`);
			const { role, content, status, author } = event;
			this.messages.set(id, { role, text: content, status, author, complete: true });
		} else if (event.type === "start") {
			const had = known?.text ?? "";
			assert.ok(event.position <= had.length, `a gap at ${event.position} of ${had.length}`);
			this.messages.set(id, { role: "assistant", text: had.slice(0, event.position) });
		} else if (event.type === "token") known.text += event.token;
		else if (event.type === "done") {
			assert.ok(!known?.complete || known.status === "interrupted", "done twice");
			const { message, status } = event;
			this.messages.set(id, { role: "assistant", text: message, status, complete: true });
		} else if (event.type === "erased") this.messages.clear();
	}

	/** As [role, text, status]. */
	rows() {
		return [...this.messages.values()].map(({ role, text, status }) => [role, text, status]);
	}
}

/** Follows until stop(), across broken streams. open(last): opens a stream. */
export class Follower {
	view = new View();
	reconnects = 0;

	constructor(open) {
		this.open = open;
		this.running = this.#run();
	}

	async #run() {
		while (!this.stopped) {
			try {
				this.stream = await this.open(this.last);
				if (this.stopped) this.stream.leave();
				if (this.stream.status === 200) await this.#read();
			} catch (error) {
				if (error.code === "ERR_ASSERTION") throw error;
			}
			this.reconnects++;
		}
	}

	async #read() {
		this.last = this.stream.ids[0];
		this.ready = true;
		for (let n = 1; ; n++) {
			const event = await this.stream.next();
			if (event === undefined) return;
			this.view.take(event);
			this.last = this.stream.ids[n];
		}
	}

	/** Waits until the view has these rows, in any order. */
	async has(rows) {
		const sorted = (list) => list.map((row) => JSON.stringify(row)).sort();
		const wanted = sorted(rows);
		await until("a follower has all messages", () => {
			const now = sorted(this.view.rows());
			return now.length === wanted.length && now.every((row, i) => row === wanted[i]);
		}).catch((error) => {
			assert.deepEqual(sorted(this.view.rows()), wanted, error.message);
		});
	}

	async stop() {
		this.stopped = true;
		this.stream?.leave();
		await this.running;
	}
}
