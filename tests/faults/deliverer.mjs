// Plays the worker that delivers a webhook: it reads the change feed, and stores the result of each row together with
// its position. Then it checks that the position fits the results, and that the feed has one row for each stored
// message and reply, and no others.
//
// It has the methods of a Visitor (visitor.mjs).

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { newId, ORG } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { putRequest, recordOf } from "./records.mjs";
import { STATUS } from "./table.mjs";

const PAGE = 50; // rows of a step
const TAIL = 40; // results that a check compares
const DELIVERED = 1;
const KIND = { MESSAGE: 2, REPLY: 3 };
const WHAT = { CREATED: 0, STARTED: 4, COMPLETE: 5, STOPPED: 6, INTERRUPTED: 7 };
/** The row of a reply that ended like this. */
const ENDS = {
	[STATUS.COMPLETE]: WHAT.COMPLETE,
	[STATUS.STOPPED]: WHAT.STOPPED,
	[STATUS.INTERRUPTED]: WHAT.INTERRUPTED,
};

export class Deliverer {
	acknowledged = 0; // this worker sends no messages
	rows = []; // the delivered rows of the feed
	#webhook = { v: 1, id: newId(), org: ORG, url: "https://a.example/", secret: "s", enabled: 1 };
	#pending; // rows whose results were sent, but not acknowledged
	#start; // position before the first message
	#updatedAt;
	#leases = new WeakMap(); // by peer

	/** Creates the webhook, and a budget too large to be spent, before the first message. Retries until both are stored. */
	async prepare(peer) {
		while (this.#updatedAt === undefined) {
			const { newest } = await peer.ask("changes_read", { newest: 1 }, "changes_page");
			this.#start ??= newest;
			const budgets = [{ v: 1, org: ORG, daily_tokens: 2 ** 50 }];
			const { is } = await peer.request("budget_put", { org: ORG, budgets });
			const made = await peer.request("record_put", putRequest("webhook", this.#webhook, 1));
			if (is === "ok" && made.is === "record")
				this.#updatedAt = recordOf("webhook", made).updated_at;
			else await pause(20);
		}
	}

	async claim() {}

	/** At most `limit` rows of the feed that follow `rows`. */
	async #read(peer, rows, limit) {
		const after = rows.at(-1)?.seq ?? this.#start;
		const page = await peer.ask("changes_read", { after, limit }, "changes_page");
		assert.equal(page.gone, 0);
		return page.changes;
	}

	/** The next rows to deliver; empty at the end of the feed, or while another connection holds the lease. */
	async #next(peer) {
		if (!this.#leases.has(peer) && !(await this.#lease(peer))) return [];
		return this.#pending?.rows ?? this.#read(peer, this.rows, PAGE);
	}

	async #lease(peer) {
		const lease = newId();
		const { granted } = await peer.ask("webhook_lease", { lease }, "webhook_leased");
		if (granted) this.#leases.set(peer, lease);
		return granted;
	}

	async #deliver(peer) {
		const rows = this.#pending.rows;
		const answer = await peer.request("webhook_results", {
			...{ org: ORG, webhook: this.#webhook.id, lease: this.#leases.get(peer) },
			...{ updated_at: this.#updatedAt, cursor: rows.at(-1).seq },
			deliveries: rows.map(({ seq, kind, what, id }) => ({
				...{ v: 1, n: seq, kind, change: what, object: id, state: DELIVERED },
			})),
		});
		if (answer.is === "error") return answer;
		this.rows.push(...rows);
		this.#pending = undefined;
		return undefined;
	}

	/** Stores the results of the next rows, or repeats the request that got no response. Resolves to the store's error, if any. */
	async step(peer) {
		const rows = await this.#next(peer);
		if (rows.length === 0) {
			await pause(10);
			return undefined;
		}
		this.#pending = { rows, mayBeStored: false };
		return this.#deliver(peer).catch((error) => {
			if (error instanceof PeerGone) this.#pending.mayBeStored = true;
			throw error;
		});
	}

	/** Compares the stored position with the stored results. A request that got no response may have been stored or not. */
	async check(peer) {
		if (this.#updatedAt === undefined) return 0;
		const webhook = this.#webhook.id;
		const { webhooks } = await peer.ask("webhook_list", {}, "webhook_page");
		const { cursor } = webhooks.find(({ id }) => id === webhook);
		const list = { org: ORG, webhook, limit: TAIL };
		const { deliveries } = await peer.ask("delivery_list", list, "delivery_page");
		const stored = deliveries.map(({ n }) => n);
		const last = (rows) =>
			rows
				.slice(-TAIL)
				.map(({ seq }) => seq)
				.reverse();
		const possible = [this.rows];
		if (this.#pending?.mayBeStored) possible.push([...this.rows, ...this.#pending.rows]);
		// A webhook without results begins at any position.
		const fits = (some) => (some.length === 0 ? stored.length === 0 : some.at(-1).seq === cursor);
		const rows = possible.find(fits);
		assert.ok(
			rows,
			`the position ${cursor} is not one of ${possible.map((some) => some.at(-1)?.seq)}`,
		);
		assert.deepEqual(stored, last(rows));
		return 0;
	}

	/** Reads the rest of the feed, and compares all its rows with the conversations' stored messages: [id, role, status]. */
	async checkFeed(peer, threads) {
		if (this.#updatedAt === undefined) return;
		const rows = [...this.rows];
		let more;
		do {
			more = await this.#read(peer, rows, 1000);
			rows.push(...more);
		} while (more.length > 0);
		const byConversation = new Map(threads.map(([conversation]) => [conversation, []]));
		for (const row of rows) byConversation.get(row.conversation)?.push(row);
		for (const [conversation, messages] of threads)
			assertTold(byConversation.get(conversation), messages);
	}
}

/** Asserts that a conversation's rows report each of these messages once; only a running reply may have a further row. */
function assertTold(rows, messages) {
	const created = rows.filter(({ kind, what }) => kind === KIND.MESSAGE && what === WHAT.CREATED);
	assert.deepEqual(
		created.map(({ id }) => id),
		messages.filter(([, role]) => role === 0).map(([id]) => id),
	);
	const ends = new Map();
	for (const { kind, id, what } of rows) if (kind === KIND.REPLY) ends.set(id, what);
	for (const [id, role, status] of messages) {
		if (role === 0) continue;
		// An interrupted reply that is written again stays stored until its end.
		const isAgain = status === STATUS.INTERRUPTED && ends.get(id) === WHAT.STARTED;
		assert.ok(isAgain || ends.get(id) === ENDS[status], `the reply ${id}: ${ends.get(id)}`);
		ends.delete(id);
	}
	for (const what of ends.values()) assert.equal(what, WHAT.STARTED);
}
