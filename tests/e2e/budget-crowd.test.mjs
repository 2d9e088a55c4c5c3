// Budgets of tokens hold while many messages arrive at once and processes are killed: at no time is more used and
// reserved than the budget has.
//
// `make test-long` sends 10,000 messages at once. FAULTS_SEED repeats a run; BUDGET_MESSAGES and BUDGET_AT_ONCE change its size.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { LONG, TIME_FACTOR, times, until, withBanter } from "./harness.mjs";
import { ADMIN, adminExpect } from "./organizations.mjs";
import { killDuring, pause } from "./storm.mjs";
import { expectTool } from "./tool.mjs";
import { avoidMidnight } from "./visitors.mjs";

const MESSAGES = Number(process.env.BUDGET_MESSAGES ?? (LONG ? 10_000 : 600));
const AT_ONCE = Number(process.env.BUDGET_AT_ONCE ?? (LONG ? 10_000 : 100));
/** What a worker writes at a time: the others' replies are its own while they start again. */
const ROOM = { MAX_REPLIES: "20000", MAX_REPLIES_BYTES: "1G" };

/** How often something is killed. */
const ROUNDS = TIME_FACTOR > 1 ? 8 : 20;

/** Tokens of a reply where a budget limits it. */
const MOST = 1024;

const setBudget = (banter, dailyTokens) =>
	adminExpect(banter, 200, "PUT", "budgets", { organization: { dailyTokens } });
const usageOf = ({ promptTokens, completionTokens }) => promptTokens + completionTokens;
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** The organization's budget, or undefined while nobody answers. */
async function budgetOf(banter) {
	try {
		const { status, json } = await banter.request("GET", "/v1/admin/budgets", { headers: ADMIN });
		return status === 200 ? json.organization : undefined;
	} catch {
		return undefined;
	}
}

/** Reads the budget until done is true; resolves to how often it was read. */
async function watch(banter, dailyTokens, state) {
	let reads = 0;
	while (!state.done) {
		const budget = await budgetOf(banter);
		if (budget !== undefined) {
			assert.ok(budget.today + budget.reserved <= dailyTokens, JSON.stringify(budget));
			reads++;
		}
		await pause(5);
	}
	return reads;
}

/** All of the same length, so that each reserves the same for its request. */
const message = (tokens) => `[[tokens=${tokens} delay=2]]`;

/** The documented estimate. */
const tokensOf = (bytes, ofToken) => (bytes === 0 ? 0 : Math.floor(bytes / ofToken) + 1);

/** What a message reserves for its request. */
async function reservedPrompt(banter) {
	const reply = banter.chat("first", "[[tokens=5 hold-after=1]]").catch(() => {});
	const { reserved } = await until("something is reserved", async () => {
		const budget = await budgetOf(banter);
		return budget?.reserved > 0 && budget;
	});
	await banter.release("hold-after");
	await reply;
	const longer = "[[tokens=5 hold-after=1]]".length - message(500).length;
	return reserved - MOST - longer;
}

/** The stored replies, with what their calls used or, of those that broke off, were estimated to have used. */
async function storedReplies(banter) {
	const { stdout } = await expectTool(banter, 0, "export");
	const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
	return lines
		.map((line) => JSON.parse(line))
		.filter(({ kind, role }) => kind === "message" && role === "assistant");
}

/** What a reply has paid. */
const paidFor = ({ status, prompt_tokens, completion_tokens, estimated }) =>
	status === "interrupted" ? estimated : prompt_tokens + completion_tokens;

const isSettled = (banter) =>
	until("nothing is reserved", async () => {
		const budget = await budgetOf(banter);
		return budget?.reserved === 0 && budget;
	});

describe("a budget", () => {
	before(avoidMidnight);

	it("of 30,000 tokens is not exceeded by 40 messages at once, and counts them to the token", () =>
		withBanter({ workers: 2 }, async (banter) => {
			await setBudget(banter, 30_000);
			const answers = await times(40, (i) => banter.chat(`at-once-${i}`, "[[tokens=20000]]"));
			const good = answers.filter(({ status }) => status === 200);
			for (const answer of answers)
				if (answer.status !== 200) assertError(answer, 429, undefined, "budget_exceeded");
			assert.ok(good.length >= 5, `${good.length} replies`);
			for (const { json } of good) {
				assert.equal(json.status, "length");
				assert.equal(json.usage.completionTokens, MOST);
			}
			const { today } = await isSettled(banter);
			assert.equal(today, sum(good.map(({ json }) => usageOf(json.usage))));
			assert.ok(today <= 30_000);
		}));

	it("is not exceeded while workers and the store are killed, and pays for each reply once, to the token", (t) =>
		withBanter({ workers: 2, env: ROOM }, async (banter) => {
			const dailyTokens = MESSAGES * 700;
			const state = { done: false };
			await setBudget(banter, dailyTokens);
			const prompt = await reservedPrompt(banter);
			const watching = watch(banter, dailyTokens, state);
			const killing = killDuring(banter, (round) => round === ROUNDS).finally(() => {
				state.killed = true;
			});
			const answers = { 200: 0 };
			let next = 0;
			const send = async () => {
				// All at once, hardly any reply is complete before the next kill.
				while (next < MESSAGES || !state.killed || answers[200] < MESSAGES / 10) {
					const i = next++;
					// One that a kill interrupts is not sent again.
					const answer = await banter.chat(`s-${i}`, message(500 + (i % 400))).catch(() => {});
					const code = answer?.json?.code ?? answer?.status ?? "broken";
					answers[code] = (answers[code] ?? 0) + 1;
					if (answer?.status !== 200) await pause(100);
				}
			};
			await Promise.all(Array.from({ length: AT_ONCE }, send));
			const { kills } = await killing;
			const { today } = await isSettled(banter);
			state.done = true;
			const reads = await watching;
			const replies = await storedReplies(banter);
			const broken = replies.filter(({ status }) => status === "interrupted");
			const found = { kills, reads, next, ...answers, replies: replies.length, today };
			t.diagnostic(JSON.stringify({ ...found, interrupted: broken.length, dailyTokens }));
			assert.ok(reads > 10);
			assert.ok(today <= dailyTokens, `${today} tokens`);
			assert.ok(replies.length > 0 && broken.length > 0, "kills have interrupted replies");
			assert.equal(today, sum(replies.map(paidFor)), JSON.stringify(found));
			// What a process that was killed has spent is the documented estimate; 0 if it had not called the model.
			for (const { estimated, text } of broken)
				if (estimated !== 0 || text !== "")
					assert.equal(estimated, tokensOf(prompt, 4) + Math.min(tokensOf(text.length, 2), MOST));
			await expectTool(banter, 0, "verify");
		}));
});
