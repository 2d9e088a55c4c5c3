// One visitor in many tabs, with restarts of workers and store: all tabs receive the same, nothing
// twice, nothing lost.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { textOf } from "./client.mjs";
import { Follower, openOwners } from "./followers.mjs";
import { frame, handshake, OP, RawWebSocket } from "./frames.mjs";
import { numbered, until, useBanter, whileStopped, withBanter } from "./harness.mjs";
import {
	conversationsOf,
	echo,
	exchanged,
	openAtOtherWorker,
	openAtWorker,
	openTabs,
	replyOf,
	said,
	socketUrl,
	summary,
} from "./visitors.mjs";

const banter = useBanter({ workers: 3 });

const tokensOf = (frames) => textOf(frames).trim();

const workersOf = (all) => Promise.all(all.map((one) => one.worker()));

/**
 * Waits until the worker has sent the requests of the tab's frames to the store, which happens
 * before it reads the next frames.
 */
async function hasSent(tab) {
	for (let i = 0; i < 2; i++) {
		tab.send("?");
		assert.equal((await tab.next()).code, "invalid_message");
	}
}

async function killed(visitor) {
	await banter.killWorkers([await visitor.worker()]);
	assert.equal((await visitor.end())[0], 1006);
}

describe("tabs of one visitor, with three workers", () => {
	it("each receive the messages of another, and the reply token by token", async () => {
		const [one, two, three] = await openTabs(banter, 3, { stream: true });
		const worker = await one.worker();
		const near = await openAtWorker(() => one.again({ stream: true }), worker);
		const message = "[[tokens=10 delay=10]]";
		one.say(message);
		const own = await one.upTo("typing_stop");
		assert.equal(tokensOf(own), numbered(10));
		for (const other of [two, three, near]) {
			const [first, ...reply] = await other.upTo("typing_stop");
			assert.deepEqual(summary(first), ["message", message, "user"]);
			assert.equal(tokensOf(reply), numbered(10));
			assert.deepEqual(reply.at(-2), own.at(-2));
			assert.deepEqual([reply[0].type, reply.at(-1).type], ["typing_start", "typing_stop"]);
		}
		three.say(echo("from the third"));
		assert.deepEqual((await three.reply()).at(-2), ["message", "from the third"]);
		for (const other of [one, two, near]) {
			const frames = await other.reply();
			assert.deepEqual(frames[0], ["message", echo("from the third"), "user"]);
			assert.deepEqual(frames.at(-2), ["message", "from the third"]);
		}
		for (const tab of [one, two, three, near]) assert.deepEqual(tab.frames, []);
	});

	it("that write at the same time each get a reply, which arrives without interleaving", async () => {
		const all = await openTabs(banter, 3, { stream: true });
		for (const [i, tab] of all.entries()) tab.say(`[[tokens=10 delay=5]] ${i}`);
		const texts = new Set();
		for (const tab of all) {
			const frames = [];
			for (let i = 0; i < 3; i++) frames.push(...(await tab.upTo("typing_stop")));
			let open = false;
			for (const { type } of frames) {
				if (type === "typing_start" || type === "token") assert.equal(open, type === "token");
				if (type.startsWith("typing")) open = type === "typing_start";
			}
			const replies = frames.filter(({ role }) => role === "assistant");
			for (const { content } of replies) assert.equal(content, numbered(10));
			const ids = replies.map(({ id }) => id);
			assert.equal(ids.length, 3);
			texts.add(ids.sort().join());
			const others = frames.filter(({ role }) => role === "user");
			assert.equal(new Set(others.map(({ content }) => content)).size, 2);
		}
		assert.equal(texts.size, 1);
	});

	it("that send the same message by its id each receive it once", async () => {
		for (let i = 0; i < 5; i++) {
			const both = await openTabs(banter, 2);
			// Both workers have it before either forwards it: the frame after it was answered.
			both[0].say(`[[tokens=2 hold-after=1]] before ${i}`);
			for (const tab of both) await tab.upTo("typing_start");
			for (const tab of both) {
				tab.say(echo("the same"), "x");
				tab.send("no frame");
			}
			for (const tab of both) assert.equal((await tab.next()).code, "invalid_message");
			await banter.release(`before ${i}`);
			for (const tab of both) {
				await tab.upTo("typing_stop");
				assert.deepEqual(await tab.reply(), replyOf("the same"));
			}
			assert.deepEqual(said((await both[0].again()).history).slice(2), exchanged("the same"));
			for (const tab of both) assert.deepEqual(tab.frames, []);
		}
	});

	it("receive each failed attempt once, also if they join while it starts", async () => {
		const widget = { contact_info_mode: "optional", collect_email: true };
		const contact = { type: "contact_info", email: "moment@example.com" };
		const saved = { type: "contact_info_saved" };
		const [a, b] = await openTabs(banter, 2, { stream: true, widget });
		// The order of the workers decides whose request is first in a batch.
		for (const [one, two] of [
			[a, b],
			[b, a],
		]) {
			const id = `${await one.worker()}`;
			const message = `[[stamp tokens=3 cut-after=2]] ${id}`;
			const hold = [banter.storaged.pid, await two.worker()];
			const [store, worker] = hold.map((pid) => (signal) => process.kill(pid, signal));
			try {
				// The reply is not joined before the contact details are saved.
				store("SIGSTOP");
				two.send(contact);
				await hasSent(two);
				worker("SIGSTOP");
				store("SIGCONT");
				one.say(message, id);
				assert.equal((await one.upTo("typing_stop")).at(-2).code, "model_failed");
				store("SIGSTOP");
				worker("SIGCONT");
				assert.deepEqual(summary(await two.next()), ["message", message, "user"]);
				await hasSent(two);
				worker("SIGSTOP");
				store("SIGCONT");
				assert.deepEqual(await one.next(), saved);
				// It is restarted and joined in one batch of the store.
				store("SIGSTOP");
				one.say(message, id);
				await hasSent(one);
				worker("SIGCONT");
				assert.deepEqual(await two.next(), saved);
				await hasSent(two);
			} finally {
				for (const signal of [store, worker]) signal("SIGCONT");
			}
			const own = await one.upTo("typing_stop");
			assert.equal(await banter.modelCalls(message), 2);
			one.say(echo("after"));
			await one.upTo("typing_stop");
			const tries = [];
			while (tries.at(-1) !== "after") tries.push(tokensOf(await two.upTo("typing_stop")));
			assert.equal(tries.at(-2), tokensOf(own));
			assert.equal(new Set(tries).size, tries.length, tries.join(" | "));
		}
	});

	for (const first of [[], [{ type: "contact_info", email: "stop@example.com" }]])
		it(`can stop a reply before receiving the history${first.length > 0 ? ", with a token" : ""}`, async () => {
			const widget = { contact_info_mode: "optional", collect_email: true };
			const [one] = await openTabs(banter, 1, { stream: true, widget });
			one.say("[[tokens=3000 delay=20]]");
			await one.upTo("token");
			const { pathname, search } = new URL(socketUrl(banter, one.widget, { token: one.token }));
			const two = new RawWebSocket({ port: banter.port });
			two.send(
				Buffer.concat([
					Buffer.from(handshake(pathname + search)),
					...[...first, { type: "stop" }].map((said) => frame(OP.text, JSON.stringify(said))),
				]),
			);
			assert.equal((await one.upTo("typing_stop")).at(-2).status, "stopped");
			two.close();
		});

	it("join a reply of another worker from its start", async () => {
		const [one] = await openTabs(banter, 1, { stream: true });
		one.say("[[tokens=3000 delay=20]] joined");
		await one.upTo("token");
		const two = await openAtOtherWorker(() => one.again({ stream: true }), await workersOf([one]));
		assert.deepEqual(said(two.history), [["user", "[[tokens=3000 delay=20]] joined"]]);
		assert.equal((await one.again()).active, undefined);
		await one.close();
		two.send({ type: "stop" });
		const frames = await two.upTo("typing_stop");
		const { content, status, id } = frames.at(-2);
		assert.deepEqual([tokensOf(frames), status], [content, "stopped"]);
		assert.equal(two.active, id);
		assert.match(content, /^t0 /);
		assert.equal(await banter.modelCalls("joined"), 1);
		assert.equal((await two.again()).history.length, 2);
	});

	it("receive all running replies when they connect", async () => {
		const [one, two] = await openTabs(banter, 2);
		one.say("[[tokens=30 delay=10]] slow");
		two.say("[[tokens=30 delay=20]] slower");
		await until("both are asked", async () => (await banter.modelCalls("] slow")) === 2);
		const three = await one.again({ stream: true });
		const told = new Map(three.history.map((message) => [message.id, message]));
		while (told.size < 4) {
			const frame = await three.next();
			if (frame.type !== "message") continue;
			assert.ok(!told.has(frame.id));
			told.set(frame.id, frame);
		}
		assert.equal([...told.values()].filter(({ content }) => content === numbered(30)).length, 2);
	});
});

describe("a store that is stopped for longer than a worker waits", () => {
	const MODE = { stream: true };
	const send = (pid, signal) => process.kill(pid, signal);

	it("at the end of a reply: all tabs get it when it is stored, once", async () => {
		const [one, far] = await openTabs(banter, 2, MODE);
		const near = await openAtWorker(() => one.again(MODE), await one.worker());
		one.say("[[tokens=5 hold-after=3]] late");
		const tabs = [one, near, far];
		for (const tab of tabs) {
			const frames = await tab.upTo("token");
			while (tokensOf(frames) !== numbered(3)) frames.push(await tab.next());
		}
		const [{ _id }] = await conversationsOf(banter, one.widget);
		const owners = [1, 2, 3, 4].map(() => new Follower((last) => openOwners(banter, _id, last)));
		for (const one of owners) await until("an owner follows", () => one.ready);
		await whileStopped([banter.storaged.pid], async () => {
			await banter.release("late");
			for (const tab of [one, near])
				assert.equal((await tab.upTo("error")).at(-1).code, "store_unavailable");
		});
		for (const tab of tabs) {
			assert.equal((await tab.upTo("message")).at(-1).content, numbered(5));
			await tab.upTo("typing_stop");
		}
		for (const one of owners) await one.has([["assistant", numbered(5), "complete"]]);
		one.say(echo("after"));
		for (const tab of tabs) {
			const messages = (await tab.upTo("typing_stop")).filter(({ type }) => type === "message");
			assert.deepEqual(messages.map(({ content }) => content).slice(-1), ["after"]);
			assert.equal(messages.length, tab === one ? 1 : 2);
		}
		for (const one of owners) await one.stop();
	});

	it("when a tab joins a reply: the tab gets it, here or after it has reconnected", async () => {
		const [one, other] = await openTabs(banter, 2, MODE);
		await one.ask(echo("before"));
		await other.upTo("typing_stop");
		const { history } = await one.again(MODE);
		const [worker, store] = [await other.worker(), banter.storaged.pid];
		let tab = other;
		await whileStopped([worker], async () => {
			one.say("[[tokens=5 hold-after=3]] joined slowly");
			await one.upTo("token");
			// The store has told the other worker of the message.
			one.send({ type: "history", before: history[1].id });
			await one.upTo("history");
			send(store, "SIGSTOP");
		});
		try {
			assert.equal((await other.next()).role, "user");
			await until("the join failed", () => other.closed || other.frames.length > 0);
		} finally {
			send(store, "SIGCONT");
		}
		if (tab.closed) tab = await one.again(MODE);
		await banter.release("joined slowly");
		for (const each of [one, tab])
			assert.equal((await each.upTo("message")).at(-1).content, numbered(5));
	});
});

describe("a worker that is killed", () => {
	// A worker that is still starting would not exit normally.
	afterEach(() => banter.ready());

	it("during a reply: its visitors return to the partial reply and send again", async () => {
		const message = "[[tokens=400 delay=10 hold-after=399]] again";
		const [one, two] = await openTabs(banter, 2, { stream: true });
		one.say(message, "x");
		await one.upTo("token");
		await two.upTo("token");
		await killed(one);
		const heard = await two.upTo("typing_stop");
		assert.equal(heard.at(-2).code, "interrupted");
		const back = await one.again({ stream: true });
		assert.deepEqual(said(back.history)[0], ["user", message]);
		assert.equal(back.history[1]?.status ?? "interrupted", "interrupted");
		back.say(message, "x");
		await back.upTo("token");
		// The other tab, which received the first attempt, receives the second.
		assert.equal((await two.next()).type, "typing_start");
		await two.upTo("token");
		back.send({ type: "stop" });
		const reply = await back.upTo("typing_stop");
		assert.deepEqual((await two.upTo("typing_stop")).at(-2), reply.at(-2));
		assert.equal(reply.at(-2).status, "stopped");
		assert.equal(await banter.modelCalls("again"), 2);
		const { history } = await one.again({ stream: true });
		assert.equal(history.length, 2);
		assert.equal(history[1].content, reply.at(-2).content);
	});

	it("during a reply: a tab receives the second attempt also if it arrives with the end of the first", async () => {
		const message = "[[tokens=3000 delay=20]] anew";
		const [one, two, three] = await openTabs(banter, 3, { stream: true });
		one.say(message, "x");
		for (const tab of [two, three]) await tab.upTo("typing_start");
		await whileStopped([await two.worker()], async () => {
			await killed(one);
			assert.equal((await three.upTo("typing_stop")).at(-2).code, "interrupted");
			three.say(message, "x");
			await three.upTo("typing_start");
		});
		assert.deepEqual((await two.reply()).slice(-2), [["error", "interrupted"], ["typing_stop"]]);
		assert.equal((await two.next()).type, "typing_start");
		await two.upTo("token");
		three.send({ type: "stop" });
		const end = await three.upTo("typing_stop");
		assert.equal(end.at(-2).status, "stopped");
		assert.deepEqual((await two.upTo("typing_stop")).slice(-2), end.slice(-2));
		for (const tab of [two, three]) assert.deepEqual(tab.frames, []);
	});
});

it("the end of a worker by a reload closes with 1001, and the reply continues after reconnecting", async () => {
	const env = { DRAIN_TIMEOUT_MS: "10000" };
	await withBanter({ workers: 2, env }, async (banter) => {
		const [one] = await openTabs(banter, 1, { stream: true });
		one.say("[[tokens=60 delay=20]]");
		await one.upTo("token");
		one.say(echo("it waits"));
		await one.upTo("token");
		await banter.reload();
		const [code, reason] = await one.end();
		assert.deepEqual([code, reason], [1001, "restarting"]);
		const back = await one.again({ stream: true });
		const texts = new Set(back.history.map(({ content }) => content));
		while (!texts.has(numbered(60)) || !texts.has("it waits")) {
			const frame = await back.next();
			if (frame.type === "message") texts.add(frame.content);
		}
		assert.equal(await banter.modelCalls("tokens=60"), 1);
		assert.equal(await banter.modelCalls("it waits"), 1);
	});
});
