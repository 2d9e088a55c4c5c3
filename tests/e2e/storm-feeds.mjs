// Actors of the storm: visitors with two tabs, whose frames come by a feed. Both tabs finally have each message of the
// visitor and each complete reply, by one id.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { Feed } from "./feeds.mjs";
import { DEADLINE_MS, until } from "./harness.mjs";
import { pause, persist } from "./storm.mjs";
import { conversationsOf, makeSession } from "./visitors.mjs";

const LIMIT_MS = 4 * DEADLINE_MS; // of an exchange, including all retries
const PATIENCE_MS = 1500;
const CARRIERS = ["sse", "ndjson", "poll"];

export class Fed {
	messages = [];

	constructor(banter, n) {
		Object.assign(this, { banter, carrier: CARRIERS[n % CARRIERS.length] });
		this.random = new Random(`feed-${n}`);
	}

	#insist(n) {
		return this.one.insist(this.messages[n], `f-${n}`);
	}

	/** Opens both tabs, of which the second follows after the first exchange; before the kills. */
	async open() {
		const options = { carrier: this.carrier, stream: true };
		this.one = await Feed.open(this.banter, makeSession(), options);
		this.messages.push("[[echo]] first");
		await this.#insist(0);
		await this.one.upTo("typing_stop");
		[{ _id: this.conversation }] = await conversationsOf(this.banter, this.one.widget);
		this.tabs = [this.one, await this.one.again({ stream: true })];
	}

	async #stored() {
		const path = `/v1/admin/conversations/${this.conversation}`;
		return (await persist(this.banter, [200], "GET", path, { headers: ADMIN })).json.messages;
	}

	/** Sends a message again until its reply is complete; resolves to the reply's id. patience: of the visitor (ms). */
	#complete(n, patience = 0) {
		return until(
			`${this.carrier}: a complete reply to message ${n}`,
			async () => {
				await pause(this.random.below(patience));
				const { reply } = await this.#insist(n);
				const isComplete = ({ _id, status }) => _id === reply && status === "complete";
				return (await this.#stored()).some(isComplete) && reply;
			},
			LIMIT_MS,
		);
	}

	/** Each tab shows a complete reply without anything that comes after it. */
	async #showsEverywhere(reply) {
		const isReply = ({ type, id, status }) => type === "message" && id === reply && !status;
		for (const [i, tab] of this.tabs.entries())
			await until(
				`${this.carrier}: tab ${i} shows ${reply}`,
				() => {
					if (tab.error) throw tab.error;
					return tab.frames.some(isReply);
				},
				LIMIT_MS,
			);
	}

	/** Its tabs lose their connections, sometimes for longer than a reply takes. */
	async #lose(tab, i, isOver) {
		const random = new Random(`tab-${i} of ${this.carrier}`);
		tab.offline = () => (random.chance(0.6) && !isOver() ? random.spread(20, 2000) : 0);
		while (!isOver()) {
			await pause(random.spread(50, 1000));
			tab.cut();
		}
	}

	async run(isOver) {
		const lost = this.tabs.map((tab, i) => this.#lose(tab, i, isOver));
		await Promise.all([this.#talk(isOver), ...lost]);
	}

	async #talk(isOver) {
		const { random } = this;
		while (!isOver()) {
			const n = this.messages.length;
			this.messages.push(`[[tokens=${1 + random.below(80)} delay=${random.below(20)}]] ${n}`);
			await this.#insist(n);
			await pause(random.below(300));
			// A poll says only which messages come next, so its visitor does not go back to one before.
			if (this.carrier !== "poll" && random.chance(0.2)) continue;
			const reply = await this.#complete(n, PATIENCE_MS);
			if (random.chance(0.5)) await this.#showsEverywhere(reply);
		}
	}

	async check() {
		// Replies that broke off are completed, as a visitor does who sends the message again.
		const replies = new Set();
		for (let n = 0; n < this.messages.length; n++) replies.add(await this.#complete(n));
		const rows = await this.#stored();
		assert.deepEqual(
			rows.filter(({ role }) => role === "user").map(({ content }) => content),
			this.messages,
		);
		assert.equal(rows.length, 2 * replies.size, "one reply to each message");
		for (const tab of this.tabs) await this.#assertSaw(tab, rows.slice(2));
	}

	/** Each stored message, and replies that broke off again when they are complete. */
	async #assertSaw(tab, rows) {
		const seen = new Map();
		const what = () => {
			const missing = rows.filter(({ _id }) => !seen.has(_id) || seen.get(_id).status);
			return `${this.carrier}: a tab has all messages (missing: ${JSON.stringify(missing)})`;
		};
		await until(what, () => {
			if (tab.error) throw tab.error;
			for (let frame = tab.frames.shift(); frame; frame = tab.frames.shift()) {
				if (frame.type !== "message") continue;
				// A message that was sent again may come again with its id, but not otherwise.
				const before = seen.get(frame.id);
				assert.ok(!before || before.status, `${this.carrier}: ${JSON.stringify([before, frame])}`);
				seen.set(frame.id, frame);
			}
			return rows.every(({ _id }) => seen.has(_id) && !seen.get(_id).status);
		});
		for (const { _id, content } of rows)
			assert.equal(seen.get(_id).content.trim(), content.trim(), _id);
		await tab.close();
	}
}
