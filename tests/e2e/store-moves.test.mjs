// The store moves between machines: the workers' socket is one of a proxy, which leads to another storaged then, or to
// none for a while, or is silent because the machine behind it is dead. Replies that run continue and are stored
// once; a request meanwhile waits, or is answered with 503 within 5 s.

import assert from "node:assert/strict";
import { it } from "node:test";
import { assertError, textOf } from "./client.mjs";
import { EventPage } from "./event-page.mjs";
import { openOwners, openSession } from "./followers.mjs";
import { ADMIN_KEY, numbered, TIME_FACTOR, times, until, whileStopped } from "./harness.mjs";
import {
	assertStored,
	begin,
	listen,
	modelWasAsked,
	wholeHistory,
	withId,
	workersOf,
} from "./replies.mjs";
import { assertUninterrupted, withMoves } from "./store-moves.mjs";
import { expectTool } from "./tool.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const ms = (since) => Math.round(performance.now() - since);

it("without a store, a request is answered with 503 within 5 s, and with 200 at once when the store is back", (t) =>
	withMoves({ workers: 2 }, async (banter) => {
		assert.equal((await banter.chat("before", "[[echo]] hi")).status, 200);
		await banter.loseStore();
		banter.proxy.connects.length = 0;
		const start = performance.now();
		const [chat, ready, health, server] = await Promise.all([
			banter.chat("during", "[[echo]] hi"),
			banter.get("/health/ready"),
			banter.get("/health"),
			banter.get("/v1/admin/server", { "x-admin-api-key": ADMIN_KEY }),
		]);
		const refused = ms(start);
		assertError(chat, 503, undefined, "store_unavailable");
		assert.equal(chat.headers["retry-after"], "2");
		assertError(ready, 503, undefined, "store_unavailable");
		assert.equal(health.status, 200);
		assert.equal(server.status, 200);
		assert.ok(refused <= 5000 * TIME_FACTOR, `503 after ${refused} ms`);
		const attempts = banter.proxy.connects.length;
		assert.ok(attempts <= (2 * (refused + 500)) / 50, `${attempts} connections in ${refused} ms`);
		await banter.log.waitFor("the log tells it", ({ ev }) => ev === "store_unreachable");

		const waiting = banter.chat("waiting", "[[echo]] hi");
		await banter.findStore();
		const back = performance.now();
		assert.equal((await waiting).status, 200);
		t.diagnostic(`503 after ${refused} ms; answered ${ms(back)} ms after the store's return`);
		await expectTool(banter, 0, "verify");
	}));

it("replies that run when storaged dies continue for all who follow them, and are stored once", (t) =>
	withMoves({ workers: 2 }, async (banter) => {
		const widget = await makeWidget(banter);
		const page = await new EventPage(banter).open();
		const visitor = await Visitor.open(banter, widget, { stream: true });
		const n = 6;
		const message = (i) => `[[tokens=9 hold-after=3]] move ${i}`;
		const replies = await times(n, (i) => begin(banter, `s${i}`, message(i), 3, withId("one")));
		const listeners = await listen(banter, replies[0], 6, {});
		for (const one of listeners) await one.tokens(1); // all text so far
		const owners = await openOwners(banter, replies[0].conversationId);
		const session = await openSession(banter, "s0");
		visitor.say("[[tokens=9 hold-after=3]] move of a visitor", "v");
		await visitor.upTo("token");
		const other = await visitor.again({ stream: true });
		await other.upTo("token");

		const gone = await banter.moveStore();
		const back = performance.now();
		assert.equal((await banter.chat("next", "[[echo]] hi")).status, 200);
		t.diagnostic(`no store for ${Math.round(gone)} ms; next message ${ms(back)} ms later`);

		await banter.release("move");
		for (const { stream, session: name, text } of replies) {
			const events = await stream.rest();
			assert.equal((text + textOf(events)).trim(), numbered(9), name);
			assert.equal(events.at(-1).type, "done");
		}
		for (const one of listeners) {
			const events = await one.rest();
			assert.equal(events.at(-1).message, numbered(9));
		}
		for (const one of [visitor, other]) {
			const frames = await one.upTo("typing_stop");
			assert.match(textOf(frames).trim(), /t8$/);
			await one.close();
		}
		for (const one of [owners, session]) {
			await until("the end of the reply", async () => (await one.next()).type === "done");
			one.leave();
		}
		for (let i = 0; i < n; i++) {
			await assertStored(banter, `s${i}`, [message(i), numbered(9)]);
			await page.assertSaw(replies[i].conversationId, await wholeHistory(banter, `s${i}`));
		}
		assert.equal(page.resumed, 0, "the owner's page stays open");
		await page.close();
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("a reply that ends while no store is there is stored once when it returns, and its followers wait for that", (t) =>
	withMoves({ workers: 2 }, async (banter) => {
		const message = "[[tokens=9 hold-after=3]] long";
		const reply = await begin(banter, "long", message, 3, withId("one"));
		const listeners = await listen(banter, reply, 6, {});
		for (const one of listeners) await one.tokens(1);
		await banter.loseStore();
		await banter.release("long");
		const last = (await reply.stream.rest()).at(-1);
		assert.equal(last.type, "error");
		assert.equal(last.code, "store_unavailable");
		await banter.log.waitFor("the worker keeps it", ({ ev }) => ev === "turn_not_saved");
		await banter.findStore();
		const back = performance.now();
		for (const one of listeners) {
			const end = (await one.rest()).at(-1);
			assert.ok(
				end.message === numbered(9) || end.code === "store_unavailable",
				JSON.stringify(end),
			);
		}
		await until("it is stored", async () => {
			const [, stored] = await wholeHistory(banter, "long");
			return stored.status === "complete";
		});
		t.diagnostic(`stored ${ms(back)} ms after the store's return`);
		await assertStored(banter, "long", [message, numbered(9)]);
		const again = await banter.chat("long", message, withId("one"));
		assert.equal(again.json.message, numbered(9));
		assert.equal(await banter.modelCalls("long"), 1);
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("a hand-over under load refuses no request", (t) =>
	withMoves({ workers: 2 }, async (banter) => {
		let going = true;
		let answered = 0;
		const slowest = { ms: 0 };
		const talks = times(16, async (i) => {
			let n = 0;
			for (; going; n++) {
				const start = performance.now();
				const answer = await banter.chat(`s${i}`, `[[echo]] ${n}`, withId(`id-${n}`));
				assert.equal(answer.status, 200, answer.text);
				answered++;
				slowest.ms = Math.max(slowest.ms, ms(start));
			}
			return n;
		});
		const gone = [];
		for (let i = 0; i < 5; i++) {
			const more = answered + 64;
			await until("load", () => answered >= more);
			gone.push(Math.round(await banter.moveStore("SIGTERM")));
		}
		going = false;
		const said = await talks;
		t.diagnostic(
			`no store for ${gone} ms; the slowest of ${said.reduce((a, b) => a + b)}: ${slowest.ms} ms`,
		);
		for (const [i, n] of said.entries()) {
			const turns = Array.from({ length: n }, (_, k) => [`[[echo]] ${k}`, String(k)]);
			const rows = (await wholeHistory(banter, `s${i}`)).map(({ role, content }) => [
				role,
				content,
			]);
			assert.deepEqual(
				rows,
				turns.flatMap(([question, answer]) => [
					["user", question],
					["assistant", answer],
				]),
			);
		}
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("a connection that falls silent is left for the store that another one reaches", (t) =>
	withMoves({ workers: 2 }, async (banter) => {
		const message = "[[tokens=9 hold-after=3]] silent";
		const reply = await begin(banter, "s", message, 3, withId("one"));
		const start = performance.now();
		banter.proxy.fallSilent();
		const refused = await banter.chat("during", "[[echo]] hi");
		assertError(refused, 503, undefined, "store_unavailable");
		const refusedMs = ms(start);
		assert.ok(refusedMs <= 5000 * TIME_FACTOR);
		banter.storaged.restart = false;
		await banter.storaged.kill("SIGKILL");
		const waiting = banter.chat("waiting", "[[echo]] hi");
		await banter.findStore();
		const back = performance.now();
		assert.equal((await waiting).status, 200);
		t.diagnostic(`503 after ${refusedMs} ms; answered ${ms(back)} ms after the store's return`);
		await banter.release("silent");
		assert.equal((await reply.stream.rest()).at(-1).message, numbered(9));
		await assertStored(banter, "s", [message, numbered(9)]);
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("a storaged that stops for a while and continues keeps its workers and their replies", () =>
	withMoves({ workers: 2 }, async (banter) => {
		const message = "[[tokens=9 hold-after=3]] paused";
		const reply = await begin(banter, "s", message, 3, withId("one"));
		const connects = banter.proxy.connects;
		connects.length = 0;
		await whileStopped([banter.storaged.pid], () =>
			until("each worker has tried another connection", () => connects.length >= 2),
		);
		assert.equal((await banter.chat("next", "[[echo]] hi")).status, 200);
		await banter.release("paused");
		assert.equal((await reply.stream.rest()).at(-1).message, numbered(9));
		await assertStored(banter, "s", [message, numbered(9)]);
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("replies continue and are stored once when the proxy cuts connections to a storaged that runs on", () =>
	withMoves({ workers: 2 }, async (banter) => {
		const message = (i) => `[[tokens=9 hold-after=3]] cut ${i}`;
		const replies = await times(6, (i) => begin(banter, `s${i}`, message(i), 3, withId("one")));
		for (let i = 0; i < 10; i++) {
			banter.proxy.cut();
			assert.equal((await banter.chat(`next-${i}`, "[[echo]] hi")).status, 200);
		}
		await banter.release("cut");
		for (const { stream } of replies)
			assert.equal((await stream.rest()).at(-1).message, numbered(9));
		for (let i = 0; i < 6; i++) {
			await assertStored(banter, `s${i}`, [message(i), numbered(9)]);
			assert.equal(await banter.modelCalls(`cut ${i}`), 1);
		}
		assertUninterrupted(banter);
		await expectTool(banter, 0, "verify");
	}));

it("the replies of a worker that dies behind the proxy are interrupted after a moment, and can be restarted", () =>
	withMoves({ workers: 2 }, async (banter) => {
		const message = "[[tokens=9 hold-after=3]] dies";
		const reply = await begin(banter, "s", message, 3, withId("one"));
		await banter.killWorkers(await workersOf(banter, [reply.stream]));
		await banter.log.waitFor("its end", ({ ev }) => ev === "turn_interrupted");
		const again = banter.chat("s", message, withId("one"));
		await modelWasAsked(banter, "dies", 2);
		await banter.release("dies");
		assert.equal((await again).json.message, numbered(9));
		await assertStored(banter, "s", [message, numbered(9)]);
		await expectTool(banter, 0, "verify");
	}));
