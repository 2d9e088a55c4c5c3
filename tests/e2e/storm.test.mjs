// All daemons are killed and suspended at any moment while visitors of every transport, operators, owners, exports and the
// receivers of webhooks work. Each actor (storm-*.mjs) checks in the end what it was acknowledged; here are the checks
// of what they share: the export, the numbers, the calls of the model, and the store's invariants.
//
// FAULTS_SEED repeats a run's choices, STORM_SECONDS is its length.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { EventPage } from "./event-page.mjs";
import { Feed } from "./feeds.mjs";
import { withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { killDuring, STORM_MS } from "./storm.mjs";
import { Crawled, Uploaded } from "./storm-content.mjs";
import { assertComplete, Exported } from "./storm-exports.mjs";
import { Fed } from "./storm-feeds.mjs";
import { Budgeted, Capped } from "./storm-limits.mjs";
import { Operated } from "./storm-operators.mjs";
import { Searched } from "./storm-searches.mjs";
import { Socketed } from "./storm-sockets.mjs";
import { Streamed } from "./storm-visitors.mjs";
import { Hooked } from "./storm-webhooks.mjs";
import { expectTool, parseLines } from "./tool.mjs";
import { avoidMidnight } from "./visitors.mjs";

before(avoidMidnight);
after(() => Feed.closeAll());

const WORKERS = 4;

const OPTIONS = {
	workers: WORKERS,
	search: true,
	crawl: true,
	env: {
		BUDGET_SHARE: "0", // the visitors of storm-limits.mjs spend all of their budget
		SEARCH_COMPARE_MS: "1",
		WEBHOOK_ALLOW: "127.0.0.1",
		CRAWL_ALLOW: "127.0.0.1",
		CRAWL_DELAY_MS: "0",
	},
};

const total = (actors, what) => actors.reduce((sum, actor) => sum + what(actor), 0);

/** All that work while the storm blows, by their kinds. */
function makeActors(banter, page) {
	const make = (n, actor) => Array.from({ length: n }, (_, i) => actor(i));
	const streamed = make(4, (i) => new Streamed(banter, `visitor-${i}`, page));
	const operated = make(4, (i) => new Operated(banter, `talk-${i}`));
	const acknowledged = () => [
		...streamed.flatMap(({ visitor }) => visitor.heard.map(([reply]) => reply)),
		...operated.flatMap(({ said }) =>
			said.flatMap(({ handover, text, id }) => (handover || text === "" ? [] : [id])),
		),
	];
	return {
		streamed,
		operated,
		searched: make(4, (i) => new Searched(banter, `zebra${i}`)),
		fed: make(4, (i) => new Fed(banter, i)),
		socketed: make(3, (i) => new Socketed(banter, i)),
		limited: [new Capped(banter, "capped"), new Budgeted(banter, "budgeted")],
		crawled: make(2, (i) => new Crawled(banter, i)),
		uploaded: make(2, (i) => new Uploaded(banter, i)),
		exported: [new Exported(banter, acknowledged)],
	};
}

/** What was said, and in how many conversations, also in those that were erased. */
function spoken({ streamed, operated, searched, fed, socketed, limited }) {
	const said =
		total(streamed, ({ visitor }) => visitor.heard.length) +
		total(operated, (talk) => talk.said.length) +
		total([...fed, ...socketed], (visitor) => visitor.messages.length) +
		total(searched, (talk) => talk.said) +
		total(limited, (visitors) => visitors.accepted);
	const visitors = [...streamed, ...operated, ...fed, ...socketed].length;
	const conversations =
		visitors +
		total(searched, (talk) => talk.conversations) +
		total(limited, ({ feeds }) => feeds.length);
	return { said, conversations };
}

/** The numbers are those of all that was said. */
async function assertCounted(banter, kinds, messages) {
	const { said, conversations } = spoken(kinds);
	const replies = messages.filter(({ role }) => role === "assistant");
	const stored = messages.filter(({ role }) => role === "user").length;
	const erased = total(kinds.searched, (talk) => talk.said - talk.kept);
	assert.equal(stored, said - erased, "the export has what was said");
	for (const by of ["day", "hour", "widget"]) {
		const { rows } = await adminExpect(banter, 200, "GET", `numbers?by=${by}`);
		const sum = (value) => total(rows, value);
		assert.deepEqual(
			[
				sum((row) => row.conversations),
				sum((row) => row.messagesByRole.user),
				sum((row) => row.messagesByRole.assistant),
				sum((row) => row.replies.complete),
				sum((row) => row.ratings.up),
			],
			[
				conversations,
				said,
				erased + replies.length,
				erased + replies.filter(({ status }) => status === "complete").length,
				total(kinds.searched, (talk) => talk.rated),
			],
			by,
		);
	}
	const count = (is) => banter.log.lines.filter(is).length;
	const errors = count(({ ev, status }) => ev === "request" && status === "500");
	const poisoned = count(({ ev }) => ev === "poisoned_request");
	assert.ok(
		errors <= poisoned,
		`${errors} responses 500, ${poisoned} requests on which storaged died twice`,
	);
	const { calls } = await banter.model("stats");
	const written = erased + replies.filter(({ text }) => text !== "").length;
	assert.ok(calls >= written, `${calls} calls of the model, ${written} replies`);
}

/** What happened; each must have happened at least once. */
function happened(banter, kinds, page, messages) {
	const { streamed, operated, searched, limited, crawled, uploaded, exported } = kinds;
	const count = (ev) => banter.log.lines.filter((line) => line.ev === ev).length;
	const said = operated.flatMap((talk) => talk.said);
	return {
		messages: messages.length,
		events: page.events.length,
		sends: total(streamed, ({ visitor }) => visitor.attempts.sends),
		resumes: total(streamed, ({ visitor }) => visitor.attempts.resumes),
		reloads: total(streamed, ({ visitor }) => visitor.attempts.reloads),
		resumedPages: page.resumed,
		handed: said.filter(({ handover }) => handover).length,
		answered: said.filter(({ handover }) => !handover).length,
		erased: total(searched, (talk) => talk.conversations - 1),
		rated: total(searched, (talk) => talk.rated),
		interrupted: count("turn_interrupted"),
		refused: total(limited, (visitors) => visitors.refused),
		crawls: total(crawled, (site) => site.version),
		uploads: total(uploaded, (uploader) => uploader.version),
		exports: total(exported, (one) => one.complete),
		verified: total(exported, (one) => one.verified),
	};
}

it(`all daemons are killed for ${STORM_MS / 1000} s: nothing is lost, doubled, stuck, stale or undelivered`, (t) =>
	withBanter(OPTIONS, async (banter) => {
		for (const daemon of [banter.masterd, banter.searchd, banter.crawld]) daemon.restart = true;
		let over = false;
		const page = await new EventPage(banter).open();
		const hooks = Hooked.all(banter, page);
		const kinds = makeActors(banter, page);
		const actors = Object.values(kinds).flat();
		t.after(async () => {
			over = true;
			await page.close();
			for (const actor of [...hooks, ...actors]) await actor.close?.();
		});
		for (const actor of [...hooks, ...actors]) await actor.open?.();
		const end = performance.now() + STORM_MS;
		const blow = killDuring(banter, () => over || performance.now() > end, kinds.socketed).finally(
			() => {
				over = true;
			},
		);
		const isOver = () => over;
		const run = (actor) =>
			actor.run(isOver).catch((error) => {
				if (!over) t.diagnostic(`${actor.constructor.name}: ${error.stack}`);
				over = true;
				throw error;
			});
		const [kills] = await Promise.all([blow, ...actors.map(run)]);
		await banter.ready();
		for (const actor of actors) await actor.check();
		const lines = parseLines((await expectTool(banter, 0, "export")).stdout);
		const messages = lines.filter(({ kind }) => kind === "message");
		assertComplete(lines, kinds.exported[0].acknowledged());
		await assertCounted(banter, kinds, messages);
		const conversations = lines.filter(({ kind }) => kind === "conversation").map(({ id }) => id);
		for (const hook of hooks) await hook.check(new Set(conversations));
		const sum = { ...kills, ...happened(banter, kinds, page, messages) };
		t.diagnostic(JSON.stringify(sum));
		for (const [what, n] of Object.entries(sum)) assert.ok(n > 0, what);
		await expectTool(banter, 0, "verify");
	}));
