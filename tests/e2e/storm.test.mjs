// Workers, the store and searchd are killed and suspended at any moment while visitors of streams and feeds, operators and users work, and
// webhooks are delivered. Each actor (storm-*.mjs) checks in the end what it was acknowledged; here are the checks of
// what they share: the numbers, the webhooks of a quick, a slow and a refusing receiver, and the store's invariants.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { chance } from "../faults/random.mjs";
import { EventPage } from "./event-page.mjs";
import { Feed } from "./feeds.mjs";
import { until, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { Receiver } from "./receiver.mjs";
import { GENERATION, KILLS, killDuring, pause } from "./storm.mjs";
import { Fed } from "./storm-feeds.mjs";
import { Operated } from "./storm-operators.mjs";
import { Searched } from "./storm-searches.mjs";
import { Streamed } from "./storm-visitors.mjs";
import { expectTool, parseLines } from "./tool.mjs";

after(() => Feed.closeAll());

const WORKERS = 4;
const EACH = 4; // actors of a kind
const KINDS = ["conversation", "message", "reply"];

/** How the receivers of webhooks answer. */
const ANSWERS = {
	quick: () => 200,
	slow: () => pause(100).then(() => 200),
	refusing: () => (chance(0.02) ? 500 : 200),
};

async function openReceivers(banter) {
	const receivers = [];
	for (const answer of Object.values(ANSWERS)) {
		const receiver = new Receiver();
		await receiver.start();
		receiver.answer = answer;
		await adminExpect(banter, 201, "POST", "webhooks", { url: receiver.url, kinds: KINDS });
		receivers.push(receiver);
	}
	return receivers;
}

/** Waits for each event of these conversations at least once, and asserts their order. */
async function assertReceived(receiver, page, conversations) {
	receiver.answer = () => 200;
	const wanted = page.events.filter(
		({ kind, conversationId }) => KINDS.includes(kind) && conversations.has(conversationId),
	);
	let missing;
	const what = () => `a receiver has all events (${missing.length} are missing)`;
	await until(what, () => {
		const received = new Set(receiver.events().map(({ seq }) => seq));
		missing = wanted.filter(({ seq }) => !received.has(seq));
		return missing.length === 0;
	});
	const last = new Map();
	for (const { seq, conversationId } of receiver.events()) {
		if (!conversations.has(conversationId)) continue;
		assert.ok(seq > (last.get(conversationId) ?? 0), "in order within a conversation");
		last.set(conversationId, seq);
	}
}

/** The numbers are those of all that was said, also in the conversations that were erased. */
async function assertCounted(banter, { streamed, operated, searched, fed }, messages) {
	const total = (actors, what) => actors.reduce((sum, actor) => sum + what(actor), 0);
	const said =
		total(streamed, ({ visitor }) => visitor.heard.length) +
		total(operated, (talk) => talk.said.length) +
		total(fed, (visitor) => visitor.messages.length) +
		total(searched, (talk) => talk.said);
	const conversations =
		streamed.length + operated.length + fed.length + total(searched, (talk) => talk.conversations);
	const rated = total(searched, (talk) => talk.rated);
	const replies = messages.filter(({ role }) => role === "assistant");
	const stored = messages.filter(({ role }) => role === "user").length;
	const erased = total(searched, (talk) => talk.said - talk.kept);
	assert.equal(stored, said - erased, "the export has what was said");
	for (const by of ["day", "hour", "widget"]) {
		const { rows } = await adminExpect(banter, 200, "GET", `numbers?by=${by}`);
		const sum = (value) => rows.reduce((n, row) => n + value(row), 0);
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
				rated,
			],
			by,
		);
	}
}

/** One service, with its kills; adds its actors' work to the sum. */
function withService(sum) {
	const env = { SEARCH_COMPARE_MS: "1", WEBHOOK_ALLOW: "127.0.0.1" };
	return withBanter({ workers: WORKERS, search: true, env }, async (banter) => {
		banter.searchd.restart = true;
		const page = await new EventPage(banter).open();
		const receivers = await openReceivers(banter);
		const make = (actor) => Array.from({ length: EACH }, (_, i) => actor(i));
		const kinds = {
			streamed: make((i) => new Streamed(banter, `visitor-${i}`, page)),
			operated: make((i) => new Operated(banter, `talk-${i}`)),
			searched: make((i) => new Searched(banter, `zebra${i}`)),
			fed: make((i) => new Fed(banter, i)),
		};
		for (const visitor of kinds.fed) await visitor.open();
		const actors = Object.values(kinds).flat();
		let over = false;
		const kills = killDuring(banter).finally(() => {
			over = true;
		});
		await Promise.all([kills, ...actors.map((actor) => actor.run(() => over))]);
		await banter.ready();
		for (const actor of actors) await actor.check();
		const lines = parseLines((await expectTool(banter, 0, "export")).stdout);
		const messages = lines.filter(({ kind }) => kind === "message");
		await assertCounted(banter, kinds, messages);
		const conversations = new Set(
			lines.filter(({ kind }) => kind === "conversation").map(({ id }) => id),
		);
		for (const receiver of receivers) {
			await assertReceived(receiver, page, conversations);
			receiver.stop();
		}
		await page.close();
		sum.messages += messages.length;
		sum.resumedPages += page.resumed;
		for (const { visitor } of kinds.streamed)
			for (const [what, n] of Object.entries(visitor.attempts)) sum[what] += n;
		for (const { said } of kinds.operated)
			for (const { handover } of said) sum[handover ? "handed" : "answered"]++;
		for (const { conversations, rated } of kinds.searched) {
			sum.erased += conversations - 1;
			sum.rated += rated;
		}
		sum.interrupted += banter.log.lines.filter(({ ev }) => ev === "turn_interrupted").length;
		await expectTool(banter, 0, "verify");
	});
}

it(`workers, the store and searchd are killed ${KILLS} times: nothing is lost, doubled, stuck or undelivered`, async (t) => {
	const sum = { messages: 0, sends: 0, resumes: 0, reloads: 0, resumedPages: 0 };
	Object.assign(sum, { handed: 0, answered: 0, erased: 0, rated: 0, interrupted: 0 });
	for (let kills = 0; kills < KILLS; kills += GENERATION) await withService(sum);
	t.diagnostic(JSON.stringify(sum));
	for (const [what, n] of Object.entries(sum)) assert.ok(n > 0, what);
});
