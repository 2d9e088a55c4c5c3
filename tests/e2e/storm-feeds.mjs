// Actors of the storm: visitors with two tabs, whose frames come by a feed. Both tabs finally have each message of the
// visitor and each complete reply, by one id.

import assert from "node:assert/strict";
import { below } from "../faults/random.mjs";
import { Feed } from "./feeds.mjs";
import { until } from "./harness.mjs";
import { pause } from "./storm.mjs";
import { conversationsOf, makeSession } from "./visitors.mjs";

const CARRIERS = ["sse", "ndjson", "poll"];

export class Fed {
	messages = [];

	constructor(banter, n) {
		Object.assign(this, { banter, carrier: CARRIERS[n % CARRIERS.length] });
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
		this.tabs = [this.one, await this.one.again({ stream: true })];
	}

	async run(isOver) {
		while (!isOver()) {
			const n = this.messages.length;
			this.messages.push(`[[tokens=${1 + below(40)} delay=${below(20)}]] ${n}`);
			await this.#insist(n);
			await pause(below(300));
		}
	}

	async check() {
		const [{ _id }] = await conversationsOf(this.banter, this.one.widget);
		const stored = () => this.banter.thread(_id).then(({ messages }) => messages);
		// Replies that broke off are completed, as a visitor does who sends the message again.
		const replies = new Set();
		for (let n = 0; n < this.messages.length; n++)
			await until(`${this.carrier}: a complete reply to message ${n}`, async () => {
				const { reply } = await this.#insist(n);
				replies.add(reply);
				return (await stored()).some(({ _id, status }) => _id === reply && status === "complete");
			});
		const rows = await stored();
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
