// Actors of the storm: visitors of a widget with a daily cap, and of one with a budget of tokens. Exactly as many
// messages as the cap allows are stored, and no budget is exceeded at any time.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { Feed } from "./feeds.mjs";
import { until } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { pause, persist } from "./storm.mjs";
import { conversationsOf, makeWidget } from "./visitors.mjs";

const VISITORS = 3;
const CAP = 30;
const TOKENS = 20_000;

/** Visitors of one widget, who also go on after they were refused. */
class Limited {
	accepted = 0;
	refused = 0;
	waiting = new Map(); // of each feed: what was refused last

	constructor(banter, name) {
		Object.assign(this, { banter, random: new Random(name) });
	}

	async open() {
		this.widget = await makeWidget(this.banter, this.members);
		this.feeds = [];
		for (let i = 0; i < VISITORS; i++)
			this.feeds.push(await Feed.open(this.banter, this.widget, { carrier: "poll" }));
	}

	/** Sends a message until it is accepted or refused for good; resolves to whether it was accepted. */
	async say(feed, content, id) {
		for (;;) {
			const answer = await feed.say(content, id).catch((error) => {
				if (error.code === "ERR_ASSERTION") throw error;
			});
			if (answer?.status === 202) {
				this.accepted++;
				return true;
			}
			if (answer?.json?.code === this.code) {
				assert.equal(answer.status, 429);
				this.refused++;
				return false;
			}
			await pause(20 + this.random.below(100));
		}
	}

	async run(isOver) {
		const visit = async (feed) => {
			for (let n = 0; !isOver(); n++) {
				const message = [`[[tokens=${1 + this.random.below(60)}]] ${n}`, `l-${n}`];
				this.waiting.set(feed, message);
				// It may be stored although it is refused: when its reply broke off, and is to be written again.
				while (this.waiting.has(feed) && !isOver()) {
					if (await this.say(feed, ...message)) this.waiting.delete(feed);
					else await pause(this.random.below(500));
					await pause(this.random.below(200));
				}
			}
		};
		await Promise.all([...this.feeds.map(visit), this.watch(isOver)]);
	}

	async stored() {
		const threads = [];
		for (const { _id } of await conversationsOf(this.banter, this.widget))
			threads.push((await this.banter.thread(_id)).messages);
		return threads.flat();
	}

	async check() {
		let rows;
		await until("all replies have ended", async () => {
			rows = await this.stored();
			return rows.filter(({ role }) => role === "assistant").length >= this.accepted;
		});
		assert.equal(rows.length, 2 * this.accepted, "each accepted message is stored, and no other");
	}
}

/** Its owner raises the cap now and then. */
export class Capped extends Limited {
	cap = CAP;
	members = { daily_message_cap: CAP };
	code = "daily_cap";

	async watch(isOver) {
		while (!isOver()) {
			await pause(500 + this.random.below(3000));
			if (this.accepted < this.cap) continue;
			this.cap += this.random.below(CAP);
			const options = { headers: ADMIN, body: { daily_message_cap: this.cap } };
			await persist(this.banter, [200], "PUT", `/v1/admin/widgets/${this.widget.id}`, options);
		}
	}

	/** What is left of the cap is exactly that. */
	async check() {
		for (let n = 0; await this.say(this.feeds[0], "[[tokens=1]] left", `left-${n}`); n++);
		assert.equal(this.accepted, this.cap);
		const path = `widgets/${this.widget.id}/status`;
		const { messagesToday } = await adminExpect(this.banter, 200, "GET", path);
		assert.equal(messagesToday, this.cap);
		await super.check();
	}
}

export class Budgeted extends Limited {
	limit = TOKENS;
	members = {};
	code = "budget_exceeded";

	async open() {
		await super.open();
		await adminExpect(this.banter, 200, "PUT", "budgets", this.#budgets());
	}

	#budgets() {
		return {
			organization: { dailyTokens: 1_000_000_000 },
			widgets: { [this.widget.id]: { dailyTokens: this.limit } },
		};
	}

	#isKept({ today, reserved }) {
		assert.ok(today + reserved <= this.limit, `${today} + ${reserved} of ${this.limit} tokens`);
	}

	async watch(isOver) {
		while (!isOver()) {
			const { json } = await persist(this.banter, [200], "GET", "/v1/admin/budgets", {
				headers: ADMIN,
			});
			this.#isKept(json.widgets[this.widget.id]);
			await pause(this.random.below(1000));
			if (this.refused === 0 || this.random.chance(0.9)) continue;
			this.limit += this.random.below(TOKENS);
			const options = { headers: ADMIN, body: this.#budgets() };
			await persist(this.banter, [200], "PUT", "/v1/admin/budgets", options);
		}
	}

	async check() {
		// What waits for the budget is accepted now.
		this.limit += 10 * TOKENS;
		await adminExpect(this.banter, 200, "PUT", "budgets", this.#budgets());
		for (const [feed, message] of this.waiting)
			while (!(await this.say(feed, ...message))) await pause(100);
		await super.check();
		const settled = await until("nothing is reserved", async () => {
			const all = await adminExpect(this.banter, 200, "GET", "budgets");
			return all.organization.reserved === 0 && all;
		});
		const own = settled.widgets[this.widget.id];
		this.#isKept(own);
		const { rows } = await adminExpect(this.banter, 200, "GET", "numbers?by=widget");
		const tokens = (of) =>
			of.reduce((sum, { tokensIn, tokensOut }) => sum + tokensIn + tokensOut, 0);
		const ownRows = rows.filter(({ widgetId }) => widgetId === this.widget.id);
		assert.equal(ownRows.length, 1);
		// Calls of the model whose process was killed are estimated, and not in the numbers.
		assert.ok(own.today >= tokens(ownRows), "all replies are paid");
		assert.ok(settled.organization.today >= tokens(rows), "all replies are paid");
	}
}
