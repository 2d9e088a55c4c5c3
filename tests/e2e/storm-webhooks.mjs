// Receivers of webhooks in the storm. Each finally has exactly the events of the store, those of a conversation in
// order, and a repeated delivery says the same.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { until } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { Receiver } from "./receiver.mjs";
import { pause } from "./storm.mjs";

const KINDS = ["conversation", "message", "reply"];

/** The longest time in which a delivery is not answered, and does not fail (WEBHOOK_POST_MS in workerd/webhooks). */
const SILENT_MS = 4700;
const TARDY_MS = 800;

/**
 * Falls behind, and then takes all at once, except for one delivery that stays unanswered for long: many later ones are
 * done behind it.
 */
function tardy(random) {
	let until_ = 0;
	let isSlow = false;
	return () => {
		const now = performance.now();
		if (now >= until_) {
			isSlow = !isSlow;
			until_ = now + (isSlow ? random.between(2000, 8000) : SILENT_MS);
			if (!isSlow) return pause(SILENT_MS).then(() => 200);
		}
		return isSlow ? pause(TARDY_MS).then(() => 200) : 200;
	};
}

/** How the receivers answer. */
const ANSWERS = {
	quick: () => () => 200,
	slow: () => () => pause(100).then(() => 200),
	tardy,
	refusing: (random) => () => (random.chance(0.02) ? 500 : 200),
};

export class Hooked {
	constructor(banter, page, name) {
		Object.assign(this, { banter, page, name, receiver: new Receiver() });
	}

	static all(banter, page) {
		return Object.keys(ANSWERS).map((name) => new Hooked(banter, page, name));
	}

	async open() {
		await this.receiver.start();
		this.receiver.answer = ANSWERS[this.name](new Random(`receiver ${this.name}`));
		const body = { url: this.receiver.url, kinds: KINDS };
		await adminExpect(this.banter, 201, "POST", "webhooks", body);
	}

	/** conversations: those of the store. Events of others may have been erased before they were delivered. */
	async check(conversations) {
		const { receiver, page, name } = this;
		receiver.answer = () => 200;
		const isOurs = ({ kind, conversationId }) =>
			KINDS.includes(kind) && conversations.has(conversationId);
		const wanted = page.events.filter(isOurs).map(({ seq }) => seq);
		let missing;
		const what = () => `the receiver ${name} has all events (${missing.length} are missing)`;
		await until(what, () => {
			const received = new Set(receiver.events().map(({ seq }) => seq));
			missing = wanted.filter((seq) => !received.has(seq));
			return missing.length === 0;
		});
		const received = receiver.events().filter(isOurs);
		assert.deepEqual(
			received.map(({ seq }) => seq).sort((a, b) => a - b),
			wanted,
			`the receiver ${name} has no other events`,
		);
		const last = new Map();
		for (const { seq, conversationId } of received) {
			assert.ok(seq > (last.get(conversationId) ?? 0), "in order within a conversation");
			last.set(conversationId, seq);
		}
		const seqs = new Map();
		for (const { headers, json } of receiver.deliveries) {
			const id = headers["x-banter-delivery"];
			assert.equal(json.seq, seqs.get(id) ?? json.seq, `the delivery ${id}`);
			seqs.set(id, json.seq);
		}
		assert.equal(new Set(seqs.values()).size, seqs.size, "each event is one delivery");
	}

	close() {
		this.receiver.stop();
	}
}
