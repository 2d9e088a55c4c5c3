// Budgets of tokens hold while many messages arrive at once and processes are killed: at no time is more used and
// reserved than the budget has.
//
// FAULTS_SEED repeats a run; BUDGET_MESSAGES and BUDGET_AT_ONCE make it larger.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { TIME_FACTOR, times, until, withBanter } from "./harness.mjs";
import { ADMIN, adminExpect } from "./organizations.mjs";
import { killDuring, pause } from "./storm.mjs";
import { expectTool } from "./tool.mjs";

const MESSAGES = Number(process.env.BUDGET_MESSAGES ?? 600);
const AT_ONCE = Number(process.env.BUDGET_AT_ONCE ?? 100);

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

async function interruptedReplies(banter) {
	const replies = [];
	for (let cursor = ""; cursor !== null; ) {
		const page = await adminExpect(
			banter,
			200,
			"GET",
			`conversations?status=interrupted&limit=200${cursor && `&cursor=${cursor}`}`,
		);
		for (const { _id } of page.conversations) {
			const { messages } = await adminExpect(banter, 200, "GET", `conversations/${_id}`);
			replies.push(messages.at(-1));
		}
		cursor = page.nextCursor;
	}
	return replies;
}

const isSettled = (banter) =>
	until("nothing is reserved", async () => {
		const budget = await budgetOf(banter);
		return budget?.reserved === 0 && budget;
	});

describe("a budget", () => {
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

	it("is not exceeded while workers and the store are killed, and pays for each reply once", () =>
		withBanter({ workers: 2 }, async (banter) => {
			const dailyTokens = MESSAGES * 700;
			const state = { done: false };
			await setBudget(banter, dailyTokens);
			const prompt = await reservedPrompt(banter);
			const watching = watch(banter, dailyTokens, state);
			const killing = killDuring(banter, (round) => round === ROUNDS).then(() => {
				state.killed = true;
			});
			let next = 0;
			const send = async () => {
				while (next < MESSAGES || !state.killed) {
					const i = next++;
					// One that a kill interrupts is not sent again.
					const answer = await banter.chat(`s-${i}`, message(500 + (i % 400))).catch(() => {});
					if (answer?.status !== 200) await pause(100);
				}
			};
			await Promise.all(Array.from({ length: AT_ONCE }, send));
			await killing;
			const { today } = await isSettled(banter);
			state.done = true;
			assert.ok((await watching) > 10);
			assert.ok(today <= dailyTokens, `${today} tokens`);

			const rows = (await adminExpect(banter, 200, "GET", "numbers")).rows;
			const reported = sum(rows.map(({ tokensIn, tokensOut }) => tokensIn + tokensOut));
			// A call of the model by a process that was killed pays by its request and its text. One that was killed
			// before its first text may have called the model or not.
			const texts = (await interruptedReplies(banter)).map(({ content }) => content.length);
			const called = texts.filter((length) => length > 0);
			const least =
				reported +
				sum(called.map((length) => tokensOf(prompt, 4) + Math.min(tokensOf(length, 2), MOST)));
			const most = least + (texts.length - called.length) * tokensOf(prompt, 4);
			const found = { today, least, most, reported, interrupted: texts.length, next };
			assert.ok(today >= least && today <= most, JSON.stringify(found));
			assert.equal((today - least) % tokensOf(prompt, 4), 0, JSON.stringify(found));
			await expectTool(banter, 0, "verify");
		}));
});
