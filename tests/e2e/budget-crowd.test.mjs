// Budgets of tokens hold while many messages arrive at once and processes are killed: at no time is more used and
// reserved than the budget has.
//
// FAULTS_SEED repeats a run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { LONG, times, until, withBanter } from "./harness.mjs";
import { ADMIN, adminExpect } from "./organizations.mjs";
import { history } from "./replies.mjs";
import { killDuring, pause } from "./storm.mjs";
import { expectTool } from "./tool.mjs";

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
				assert.equal(json.usage.completionTokens, 1024);
			}
			const { today } = await isSettled(banter);
			assert.equal(today, sum(good.map(({ json }) => usageOf(json.usage))));
			assert.ok(today <= 30_000);
		}));

	it("is not exceeded while workers and the store are killed", () =>
		withBanter({ workers: 2 }, async (banter) => {
			const messages = LONG ? 10_000 : 600;
			const dailyTokens = messages * 700;
			const state = { done: false };
			await setBudget(banter, dailyTokens);
			const watching = watch(banter, dailyTokens, state);
			const killing = killDuring(banter).then(() => {
				state.killed = true;
			});
			let next = 0;
			const send = async () => {
				while (next < messages || !state.killed) {
					const i = next++;
					// One that a kill interrupts is not sent again.
					await banter.chat(`s-${i}`, `[[tokens=${500 + (i % 900)} delay=1]]`).catch(() => {});
				}
			};
			await Promise.all(Array.from({ length: 100 }, send));
			await killing;
			const { today } = await isSettled(banter);
			state.done = true;
			assert.ok((await watching) > 10);
			assert.ok(today <= dailyTokens, `${today} tokens`);
			const sessions = Array.from({ length: next }, (_, i) => `s-${i}`);
			const replies = [];
			for (const session of sessions) {
				const { json } = await history(banter, session);
				replies.push(...json.messages.filter(({ role }) => role === "assistant"));
			}
			const whole = replies.filter(({ status }) => status !== "interrupted");
			assert.ok(whole.length > 10);
			const reported = sum(whole.map(({ usage }) => (usage ? usageOf(usage) : 0)));
			assert.ok(today >= reported, `${today} of ${reported} tokens that were reported`);
			await expectTool(banter, 0, "verify");
		}));
});
