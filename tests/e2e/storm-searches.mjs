// Actors of the storm: visitors write and rate, and users change, note, erase and search. Search finds exactly what the
// store has, and nothing that was erased after the answer to that.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { until, WIDGET_KEY } from "./harness.mjs";
import { adminExpect, pagesOf } from "./organizations.mjs";
import { pause, persist } from "./storm.mjs";

const STATES = ["open", "waiting", "resolved"];

/** One session, and the users who deal with its conversations. Each of its texts contains a word of its own. */
export class Searched {
	said = 0;
	kept = 0; // messages that are not erased
	rated = 0;
	conversations = 0;

	constructor(banter, word) {
		Object.assign(this, { banter, word, random: new Random(word) });
	}

	visit(path, body, headers = {}) {
		const options = { headers: { "x-api-key": WIDGET_KEY, ...headers }, body };
		return persist(this.banter, [200, 204], "POST", path, options);
	}

	/** Sends a request about the conversation. */
	act(statuses, method, what = "", body = undefined) {
		const path = `/v1/admin/conversations/${this.conversation}${what}`;
		return persist(this.banter, statuses, method, path, { headers: ADMIN, body });
	}

	async say() {
		const n = this.said++;
		const message = `[[echo delay=${this.random.below(15)}]] ${this.word} ${this.word}x${n} ${"and so on ".repeat(this.random.below(9))}`;
		const key = { "idempotency-key": `m-${n}` };
		const { json } = await this.visit("/v1/chat", { sessionId: this.word, message }, key);
		if (this.conversation === undefined) this.conversations++;
		this.conversation = json.conversationId;
		this.kept++;
		this.reply = json.messageId;
	}

	async rate() {
		await this.visit(`/v1/chat/${this.reply}/rating`, { sessionId: this.word, rating: "up" });
		this.rated++;
	}

	async note() {
		const { json } = await this.act([201], "POST", "/notes", { text: `About ${this.word}` });
		if (this.random.chance(0.3)) await this.act([204, 404], "DELETE", `/notes/${json.id}`);
	}

	/** Asserts that the last message is not found any more, unless searchd cannot answer. */
	async erase() {
		const last = `${this.word}x${this.said - 1}`;
		await this.act([204, 404], "DELETE");
		this.conversation = undefined;
		this.kept = 0;
		const found = await this.banter.get(`/v1/admin/search?q=${last}`, ADMIN).catch(() => undefined);
		if (found?.status === 200) assert.deepEqual(found.json.results, [], last);
	}

	async run(isOver) {
		const { random } = this;
		while (!isOver()) {
			await this.say();
			if (random.chance(0.3)) await this.rate();
			if (random.chance(0.3)) await this.note();
			if (random.chance(0.5)) await this.act([200], "PUT", "", { state: random.pick(STATES) });
			if (random.chance(0.15)) await this.erase();
			await pause(random.below(50));
		}
	}

	get(path) {
		return adminExpect(this.banter, 200, "GET", path);
	}

	/** The ids of what search finds of this session, in a state. */
	async found(state) {
		const path = `search?q=${this.word}&state=${state}`;
		const pages = await pagesOf((p) => this.get(p), path, 100);
		return pages.flatMap(({ results }) => results.map(({ id }) => id)).sort();
	}

	/** The ids of what the store has of it, in a state. */
	async stored(state) {
		if (this.conversation === undefined) return [];
		const { conversation, messages } = await this.get(`conversations/${this.conversation}`);
		if (conversation.state !== state) return [];
		const notes = await pagesOf(
			(p) => this.get(p),
			`conversations/${this.conversation}/notes`,
			100,
		);
		const all = [
			...messages.map(({ _id }) => _id),
			...notes.flatMap((page) => page.notes.map(({ id }) => id)),
		];
		return all.sort();
	}

	async check() {
		for (const state of STATES) {
			const stored = await this.stored(state);
			let found;
			const what = () => `search finds the ${stored.length} of ${this.word} (${found?.length})`;
			await until(what, async () => {
				found = await this.found(state).catch((error) => {
					assert.match(error.message, /search_unavailable/);
				});
				return found?.join() === stored.join();
			});
		}
	}
}
