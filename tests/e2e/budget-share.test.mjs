// The share of a budget that one visitor may use in a day: a stranger spends at most a tenth, whatever it sends, also
// while processes are killed, and the others notice nothing. The arithmetic is tested in tests/unit/storaged/budgets.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, it } from "node:test";
import { openStream, request } from "./client.mjs";
import { TIME_FACTOR, times, until, useBanter, withBanter } from "./harness.mjs";
import { ADMIN, adminExpect, WIDGET } from "./organizations.mjs";
import { killDuring, pause } from "./storm.mjs";
import { expectTool } from "./tool.mjs";
import { avoidMidnight, framesPath, makeWidget, Visitor } from "./visitors.mjs";

const BEHIND_PROXY = { TRUSTED_PROXIES: "127.0.0.1,::1" };
const BUDGET = 100_000;
const SHARE = BUDGET / 10;
const KILLS = TIME_FACTOR > 1 ? 8 : 20; // rounds
const DAY_S = 24 * 60 * 60;
const MESSAGE = "[[tokens=900]]";

const DONE = /You have reached your limit in this chat for today/;

const setBudget = (banter, budgets) => adminExpect(banter, 200, "PUT", "budgets", budgets);
const organizationOf = async (banter) =>
	(await adminExpect(banter, 200, "GET", "budgets")).organization;

const isSettled = (banter) =>
	until("nothing is reserved", async () => {
		const budget = await organizationOf(banter).catch(() => undefined);
		return budget?.reserved === 0 && budget;
	});

/** A new visitor with this address sends a message; resolves to "answered", or to the refusal. */
async function ask(banter, widget, address, text = MESSAGE) {
	const visitor = await Visitor.open(banter, widget, { headers: { "X-Forwarded-For": address } });
	visitor.say(text, "m");
	const { type, ...refusal } = await visitor.next();
	if (type !== "error") await visitor.upTo("typing_stop");
	await visitor.close();
	return type === "error" ? refusal : "answered";
}

/** Sends messages one after the other until the share is used; resolves to how many were answered. */
async function exhaust(banter, widget, addressOf) {
	for (let n = 0; ; n++) {
		const answer = await ask(banter, widget, addressOf(n));
		if (answer === "answered") continue;
		assert.equal(answer.code, "budget_share", JSON.stringify(answer));
		assert.match(answer.message, DONE);
		assert.ok(answer.retryAfterMs > 0 && answer.retryAfterMs <= DAY_S * 1000);
		return n;
	}
}

describe("of a day's budget, a stranger", () => {
	const banter = useBanter({ env: BEHIND_PROXY });
	let widget;
	before(async () => {
		await avoidMidnight();
		widget = await makeWidget(banter);
		await setBudget(banter, { organization: { dailyTokens: BUDGET } });
	});

	it("spends at most a tenth with ever new sessions; others notice nothing", async () => {
		const stream = await openStream(banter.url, "/v1/admin/events?kinds=budget", ADMIN);
		await until("the stream has its position", () => stream.sse.id !== "");
		const n = await exhaust(banter, widget, () => "198.51.100.7");
		const event = await stream.next();
		assert.deepEqual([event.kind, event.change], ["budget", "share"]);
		stream.leave();
		const { today } = await isSettled(banter);
		assert.ok(n >= 4, `${n} answers`);
		assert.ok(today > SHARE / 2 && today <= SHARE, `${today} tokens`);
		assert.equal(await ask(banter, widget, "198.51.100.8"), "answered");
		assert.match((await ask(banter, widget, "198.51.100.7", "x")).message, DONE);
	});

	it("spends at most a tenth of what the others leave with many messages at once", async () => {
		const { today } = await isSettled(banter);
		const answers = await times(40, () => ask(banter, widget, "203.0.113.1"));
		const refused = answers.filter((answer) => answer !== "answered");
		assert.ok(refused.length > 20 && refused.length < 40, `${refused.length} refusals`);
		for (const { code } of refused) assert.match(code, /^(budget_share|too_many_replies)$/);
		await exhaust(banter, widget, () => "203.0.113.1");
		const after = await isSettled(banter);
		assert.ok(after.today - today <= (BUDGET - today) / 10, `${after.today - today} tokens`);
		assert.equal(await ask(banter, widget, "203.0.113.2"), "answered");
	});

	it("is one network of IPv6, whatever its last 64 bits", async () => {
		const { today } = await isSettled(banter);
		const n = await exhaust(banter, widget, (i) => `2001:db8:1:2:${i}::${i + 1}`);
		const after = await isSettled(banter);
		assert.ok(n >= 4, `${n} answers`);
		assert.ok(after.today - today <= (BUDGET - today) / 10, `${after.today - today} tokens`);
		assert.equal(await ask(banter, widget, "2001:db8:1:3::1"), "answered");
	});

	it("reads it as 429 over HTTP, too", async () => {
		const headers = { "X-Forwarded-For": "198.51.100.7" };
		const { json } = await request(banter.url, "GET", framesPath(widget, "frames"), { headers });
		const { session_token: token } = json.frames[0];
		const answer = await request(banter.url, "POST", framesPath(widget, "frames", "", { token }), {
			headers,
			body: { type: "message", content: MESSAGE, id: randomUUID() },
		});
		assert.equal(answer.status, 429);
		assert.equal(answer.json.code, "budget_share");
		assert.match(answer.json.error, DONE);
		const seconds = Number(answer.headers["retry-after"]);
		assert.ok(seconds > 0 && seconds <= DAY_S, `Retry-After: ${seconds}`);
	});

	it("is refused at once over HTTP while replies of others have reserved the rest", async () => {
		const address = "198.51.100.9";
		const headers = { "X-Forwarded-For": address };
		const running = [];
		for (let first = {}; first.type !== "error"; ) {
			const visitor = await Visitor.open(banter, widget, { headers });
			running.push(visitor);
			visitor.say("[[tokens=3 hold-after=1]] reserved", "m");
			first = await visitor.next();
		}
		assert.ok(running.length > 1);
		const refused = () => banter.metric('turns_total{outcome="too_many"}');
		const before = await refused();
		const { json } = await request(banter.url, "GET", framesPath(widget, "frames"), { headers });
		const path = framesPath(widget, "frames", "", { token: json.frames[0].session_token });
		const body = { type: "message", content: MESSAGE, id: randomUUID() };
		const answer = await request(banter.url, "POST", path, { headers, body });
		assert.equal(answer.status, 429);
		assert.equal(answer.json.code, "too_many_replies");
		assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
		assert.equal(await refused(), before + 1);
		await banter.release("] reserved");
		for (const visitor of running) await visitor.close();
		await isSettled(banter);
		const again = await request(banter.url, "POST", path, { headers, body });
		assert.equal(again.status, 202);
	});

	it("is counted in the metrics", async () => {
		assert.ok((await banter.metric('turns_total{outcome="share"}')) > 3);
	});

	it("has a share by its session, if a site's server sends its messages with a key", async () => {
		await adminExpect(banter, 200, "PUT", "budgets", {
			organization: { dailyTokens: 10 * BUDGET },
			widgets: { [WIDGET]: { dailyTokens: BUDGET } },
		});
		let answer;
		do answer = await banter.chat("one-session", MESSAGE);
		while (answer.status === 200);
		assert.equal(answer.status, 429);
		assert.equal(answer.json.code, "budget_share");
		assert.match(answer.json.error, DONE);
		assert.ok(Number(answer.headers["retry-after"]) > 0);
		const { widgets } = await adminExpect(banter, 200, "GET", "budgets");
		assert.ok(widgets[WIDGET].today <= SHARE, JSON.stringify(widgets));
		assert.equal((await banter.chat("another-session", MESSAGE)).status, 200);
	});

	it("can use all of it, if the owner of the server wants that", () =>
		withBanter({ env: { ...BEHIND_PROXY, BUDGET_SHARE: "0" } }, async (free) => {
			await setBudget(free, { organization: { dailyTokens: BUDGET } });
			const site = await makeWidget(free);
			let answer;
			do answer = await ask(free, site, "198.51.100.7");
			while (answer === "answered");
			assert.equal(answer.code, "budget_exceeded");
			assert.ok((await isSettled(free)).today > BUDGET / 2);
		}));
});

describe("while workers and the store are killed", () => {
	it("two strangers spend at most a tenth each, and what is reserved is what their replies have reserved", () =>
		withBanter({ env: BEHIND_PROXY, workers: 2 }, async (banter) => {
			await avoidMidnight();
			const widget = await makeWidget(banter);
			const state = { killed: false };
			await setBudget(banter, { organization: { dailyTokens: BUDGET } });
			const killing = killDuring(banter, (round) => round === KILLS).finally(() => {
				state.killed = true;
			});
			const answered = { "198.51.100.1": 0, "2001:db8::1": 0 };
			const flood = async (address) => {
				while (!state.killed) {
					const answer = await ask(banter, widget, address, "[[tokens=100 delay=5]]").catch(
						() => {},
					);
					if (answer === "answered") answered[address]++;
					else await pause(20);
				}
			};
			await Promise.all(Object.keys(answered).flatMap((one) => [flood(one), flood(one)]));
			await killing;
			const { today } = await isSettled(banter);
			for (const [address, n] of Object.entries(answered)) assert.ok(n > 0, address);
			assert.ok(today > 0 && today <= 2 * SHARE, `${today} tokens`);
			await expectTool(banter, 0, "verify");
			assert.equal(await ask(banter, widget, "198.51.100.3"), "answered");
		}));
});
