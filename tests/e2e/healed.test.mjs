// Workers and the store are killed at any moment: replies that break off become interrupted and are restarted by
// their message's id. In the end every visitor has received what the store has, each message and its reply is
// stored once, an owner's open page has received exactly one event for each change, and the receiver of a
// webhook all of them, in order within a conversation.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { it } from "node:test";
import { below, between, chance, pick } from "../faults/random.mjs";
import { EventPage } from "./event-page.mjs";
import { LONG, TIME_FACTOR, times, until, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { PersistentVisitor } from "./persistent-visitor.mjs";
import { Receiver } from "./receiver.mjs";
import { history, wholeHistory } from "./replies.mjs";
import { expectTool } from "./tool.mjs";

const ROUNDS = LONG ? 200 : TIME_FACTOR > 1 ? 10 : 25;
/** Rounds with one service: masterd waits longer for a worker that dies again and again. */
const GENERATION = Math.min(ROUNDS, 25);
const SERVICES = 2; // at a time
/**
 * Every so many rounds nothing is killed for longer than storaged waits for the workers of the replies that
 * it finds open when it starts (CLAIM_MS in storaged/server/server.c).
 */
const CALM_ROUNDS = 5;
const CALM_MS = 3500;
const WORKERS = 6;
const VISITORS = 8;

const WORDS = 'Zwölf €uro e\u0301 👩‍👧 שלום 🌱🌱 한국 plain words and. "so"'.split(" ");

/** A unique message whose reply takes up to some seconds, and may be different at each call of the model. */
function someMessage() {
	if (chance(0.5))
		return `[[stamp tokens=${5 + below(100)} delay=${2 + below(30)}]] ${below(2 ** 32)}`;
	const words = Array.from({ length: 3 + below(60) }, () => pick(WORDS)).join(" ");
	return `[[echo delay=${2 + below(30)}]] ${below(2 ** 32).toString(36)} ${words}`;
}

/** What is killed, with the frequency of its rows. */
const KILLS = [
	...Array(3).fill(["worker"]),
	...Array(2).fill(["store"]),
	...Array(3).fill(["store", "worker"]),
	["all workers"],
	["all workers", "store"],
];

/** Kills the store, this worker or all of them. */
function kill(banter, what, worker) {
	const pids = what.includes("all workers") ? banter.workerPids() : [worker];
	for (const pid of what.join().includes("worker") ? pids : []) {
		banter.killed.add(String(pid));
		try {
			process.kill(pid, "SIGKILL");
		} catch (error) {
			if (error.code !== "ESRCH") throw error; // it was dying of the last time
		}
	}
	if (what.includes("store") && banter.storaged.running) banter.storaged.kill("SIGKILL");
}

function someRound(_, i) {
	const calm = (i + 1) % CALM_ROUNDS === 0 ? CALM_MS : 0;
	return {
		what: pick(KILLS),
		pause: calm + between(0, 800) * Math.min(TIME_FACTOR, 2),
		which: below(WORKERS),
	};
}

/** Sends messages during the kills; resolves to the visitors. */
async function visitDuring(banter, rounds) {
	const visitors = Array.from(
		{ length: VISITORS },
		(_, i) => new PersistentVisitor(banter, `visitor-${i}`),
	);
	let going = true;
	const talks = visitors.map(async (visitor) => {
		for (let i = 0; going; i++) {
			const reloadAfter = chance(0.2) ? 1 + below(20) : undefined;
			await visitor.say(`id-${i}`, someMessage(), i === 0 ? 1 : reloadAfter);
		}
	});
	const kills = (async () => {
		for (const { what, pause, which } of rounds) {
			await new Promise((done) => setTimeout(done, pause));
			const pids = await until("a worker", () => {
				const now = banter.workerPids();
				return now.length > 0 && now;
			});
			kill(banter, what, pids[which % pids.length]);
		}
	})().finally(() => {
		going = false;
	});
	await Promise.all([kills, ...talks]);
	return visitors;
}

/** Asserts that the store has what the visitor received, and nothing else, and the page its events. */
async function assertSame(banter, page, { session, heard }) {
	assert.equal((await history(banter, session)).json.active, null, session);
	const rows = await wholeHistory(banter, session, { limit: 200 });
	assert.deepEqual(
		rows.map(({ id, role, content, status }) => [role, content, status, role === "user" || id]),
		heard.flatMap(([id, message, reply]) => [
			["user", message, "complete", true],
			["assistant", reply, "complete", id],
		]),
		session,
	);
	await page.assertSaw((await history(banter, session)).json.conversationId, rows);
}

const KINDS = ["conversation", "message", "reply"];

/** A receiver of all events of conversations, which refuses some deliveries. */
async function openReceiver(banter) {
	const receiver = new Receiver();
	await receiver.start();
	receiver.answer = () => (chance(0.02) ? 500 : 200);
	await adminExpect(banter, 201, "POST", "webhooks", { url: receiver.url, kinds: KINDS });
	return receiver;
}

/** Some rounds with their own service; adds the results to the sum. */
function withService(rounds, sum) {
	return withBanter({ workers: WORKERS, env: { WEBHOOK_ALLOW: "127.0.0.1" } }, async (banter) => {
		const page = await new EventPage(banter).open();
		const receiver = await openReceiver(banter);
		const visitors = await visitDuring(banter, rounds);
		await banter.ready();
		for (const visitor of visitors) {
			await assertSame(banter, page, visitor);
			sum.replies += visitor.heard.length;
			for (const [what, n] of Object.entries(visitor.attempts)) sum[what] += n;
		}
		receiver.answer = () => 200;
		await receiver.assertReceived(page.events.filter(({ kind }) => KINDS.includes(kind)));
		receiver.stop();
		sum.repeated += receiver.deliveries.length - receiver.events().length;
		await page.close();
		sum.resumedPages += page.resumed;
		sum.interrupted += banter.log.lines.filter(({ ev }) => ev === "turn_interrupted").length;
		sum.calls += (await banter.model("stats")).calls;
		await expectTool(banter, 0, "verify");
	});
}

it(`workers and the store are killed ${ROUNDS} times: every visitor finally receives what is stored, once`, async (t) => {
	const sum = {
		replies: 0,
		calls: 0,
		interrupted: 0,
		sends: 0,
		resumes: 0,
		reloads: 0,
		resumedPages: 0,
		repeated: 0,
	};
	const generations = Array.from({ length: ROUNDS / GENERATION }, () =>
		Array.from({ length: GENERATION }, someRound),
	);
	await times(SERVICES, async () => {
		for (let rounds = generations.shift(); rounds; rounds = generations.shift())
			await withService(rounds, sum);
	});
	t.diagnostic(JSON.stringify(sum));
	assert.ok(
		sum.interrupted > 0 && sum.resumes > 0 && sum.reloads > 0 && sum.resumedPages > 0,
		"all kinds of failures",
	);
	assert.ok(sum.calls >= sum.replies);
});
