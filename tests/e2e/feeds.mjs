// Visitors of widgets, and of sessions with a key, without a WebSocket: the server's frames come as server-sent events, as NDJSON or by polls, and
// the visitor's frames are posted. A feed reconnects until it is closed, and follows the rules of workerd/api/README.md.

import assert from "node:assert/strict";
import { openStream, request } from "./client.mjs";
import { Contract, conforms } from "./contract.mjs";
import { until } from "./harness.mjs";
import { framesPath, summary } from "./visitors.mjs";

export const feedContract = new Contract();

const ACCEPT = { sse: "text/event-stream", ndjson: "application/x-ndjson" };

export const feedPath = (widget, leaf, query) =>
	framesPath(widget, leaf, leaf === "events" ? "feed" : "feed/frames", query);

/** The frames that arrived wait in `frames` until next() takes them. */
export class Feed {
	static #open = new Set();
	frames = [];
	places = []; // `after` behind each frame that ever arrived
	next_ = undefined; // `after` of the next request
	polls = 0;
	runs = 0;

	/** carrier: "sse", "ndjson" or "poll". */
	constructor(banter, widget, { carrier, token, after, stream, operators, history, sources } = {}) {
		Object.assign(this, { banter, widget, carrier, token, after });
		this.query = {
			...(stream && { stream: 1 }),
			...(operators && { operators: 1 }),
			...(history && { history: 1 }),
			...(sources && { sources: 1 }),
		};
		this.running = this.#run();
		Feed.#open.add(this);
	}

	/** Closes all feeds, so that the process of the test can end. */
	static async closeAll() {
		for (const feed of Feed.#open) await feed.close();
		Feed.#open.clear();
	}

	/** Opens a feed and takes its first frame, the session. */
	static async open(banter, widget, options) {
		const feed = new Feed(banter, widget, options);
		const session = await feed.next();
		assert.equal(session.type, "session");
		feed.introduced = session.contact_info_submitted;
		return feed;
	}

	/** Opens another feed of the visitor, and takes its history. */
	async again(options = {}) {
		const { banter, widget, carrier, token } = this;
		const other = await Feed.open(banter, widget, { carrier, token, ...options });
		// A poll that is answered before the history came is followed by one that begins again.
		do other.history = await other.next();
		while (other.history.type === "session");
		assert.equal(other.history.type, "history");
		return other;
	}

	/** Goes on with another carrier. */
	async switchTo(carrier) {
		await this.close();
		this.closed = false;
		this.carrier = carrier;
		this.running = this.#run();
	}

	#address(leaf) {
		return feedPath(this.widget, leaf, {
			...this.query,
			...(this.token && { token: this.token }),
			...(this.after !== undefined && leaf !== "post" && { after: this.after }),
		});
	}

	#take(frame, after) {
		assert.ok(conforms("WidgetSays", frame), `not as documented: ${JSON.stringify(frame)}`);
		if (frame.type === "session") this.token = frame.session_token;
		this.after = after;
		this.places.push(after);
		this.frames.push(frame);
	}

	async #poll(isOver) {
		this.polls++;
		const path = this.#address("frames");
		const answer = await request(this.banter.url, "GET", path);
		if (isOver()) return;
		if (answer.status === 500) throw new Error(answer.text);
		feedContract.check("GET", path, answer);
		if (answer.status !== 200) throw new Error(answer.text);
		for (const frame of answer.json.frames) this.#take(frame, answer.json.next);
		this.after = answer.json.next;
	}

	async #read() {
		const headers = { accept: ACCEPT[this.carrier] };
		const stream = await openStream(this.banter.url, this.#address("events"), headers);
		this.stream = stream;
		if (this.closed) stream.leave();
		if (stream.status === 200) feedContract.checkStream(this.#address("events"), stream, []);
		if (stream.status !== 200) throw new Error(JSON.stringify(stream.json));
		try {
			for (let n = 0; !this.closed; n++) {
				const event = await stream.next();
				if (event === undefined) return;
				const { next, ...frame } = event;
				if (frame.type !== "ping") this.#take(frame, next ?? Number(stream.ids[n]));
				else this.after = next ?? this.after;
			}
		} finally {
			// As an EventSource: an id without an event counts, too.
			if (!this.closed && stream.sse?.last) this.after = Number(stream.sse.last);
		}
	}

	async #run() {
		// A poll that waits when the carrier changes may be answered later.
		const run = ++this.runs;
		const isOver = () => this.closed || run !== this.runs;
		while (!isOver()) {
			try {
				await (this.carrier === "poll" ? this.#poll(isOver) : this.#read());
			} catch (error) {
				if (error.code === "ERR_ASSERTION") this.error = error;
				if (this.error) return;
				this.failures = (this.failures ?? 0) + 1;
				await new Promise((resume) => setTimeout(resume, 20));
			}
			if (this.offline) await new Promise((resume) => setTimeout(resume, this.offline()));
		}
	}

	next() {
		return until("a frame", () => {
			if (this.error) throw this.error;
			return this.frames.shift();
		});
	}

	/** Loses the connection, as in a tunnel; offline() is for how long (ms). */
	cut() {
		this.stream?.leave();
	}

	/** Takes the frames up to and including the first of this type. */
	async upTo(type) {
		const frames = [];
		do frames.push(await this.next());
		while (frames.at(-1).type !== type);
		return frames;
	}

	/** Takes the frames of an exchange, as [type, content | token | code]. */
	async exchange() {
		return (await this.upTo("typing_stop")).map(summary);
	}

	/** Posts a frame; resolves to the answer. The document does not have what a bug or kills cause. */
	async post(frame) {
		const path = feedPath(this.widget, "frames", { ...this.query, token: this.token });
		const answer = await request(this.banter.url, "POST", path, { body: frame });
		return answer.status === 500 ? answer : feedContract.check("POST", path, answer);
	}

	say(content, id) {
		return this.post({ type: "message", content, ...(id && { id }) });
	}

	/** Posts a message until it is accepted, as a client does that does not know whether it was. */
	async insist(content, id) {
		for (;;) {
			const answer = await this.say(content, id).catch((error) => {
				if (error.code === "ERR_ASSERTION") throw error;
			});
			if (answer?.status === 202) return answer.json;
			await new Promise((resume) => setTimeout(resume, 20));
		}
	}

	async close() {
		this.closed = true;
		this.stream?.leave();
		if (this.carrier !== "poll") await this.running;
	}
}
