// Events that a tab missed because its worker was stopped while the store restarted: all are
// delivered later, each message once and in order.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, until, useBanter, whileStopped } from "./harness.mjs";
import { connectToEachWorker } from "./replies.mjs";
import {
	avoidMidnight,
	changeWidget,
	conversationsOf,
	echo,
	exchanged,
	openAtOtherWorker,
	openTabs,
	replyOf,
	said,
	summary,
} from "./visitors.mjs";

/** Sends until a reply arrives: a starting store may refuse. */
async function ask(tab, text, id = text.replace(/\W+/g, ".")) {
	for (;;) {
		tab.say(text, id);
		const frames = await tab.upTo("typing_stop");
		const reply = frames.findLast(({ role }) => role === "assistant");
		if (reply) return reply.content;
	}
}

/** Lets the tab's worker miss everything that happens meanwhile. */
async function missing(banter, tab, body) {
	await whileStopped([await tab.worker()], async () => {
		const position = banter.log.lines.length;
		await banter.storaged.kill("SIGKILL");
		await banter.log.waitFor("the store is back", ({ ev }) => ev === "store_ready", position);
		await body();
	});
}

/** The ids of the conversation's messages in the history of a new tab. */
async function stored(tab) {
	const fresh = await tab.again({ stream: true });
	await fresh.close();
	return fresh.history.map(({ id }) => id);
}

/** Reads messages up to this one. */
async function messagesUpTo(tab, last) {
	const messages = [];
	while (messages.at(-1)?.id !== last) {
		const frame = await tab.next();
		if (frame.type === "message") messages.push(frame);
	}
	return messages;
}

const ids = (messages) => messages.map(({ id }) => id);

/** Calls the admin API over a connection to the tab's worker: others may be stopped. */
async function adminAt(banter, tab) {
	const raw = (await connectToEachWorker(banter)).get(await tab.worker());
	return async (method, path) => {
		await raw.write(
			`${method} /v1/admin/${path} HTTP/1.1\r\nHost: x\r\nx-admin-api-key: ${ADMIN_KEY}\r\n\r\n`,
		);
		return raw.response();
	};
}

/** The admin API's path of the widget's only conversation. */
async function pathOfConversation(banter, widget) {
	const conversations = await conversationsOf(banter, widget);
	assert.equal(conversations.length, 1);
	return `conversations/${conversations[0]._id}`;
}

describe("a tab that has missed events", () => {
	const banter = useBanter({ workers: 3 });

	it("receives all of them, however many", async () => {
		const [one, two] = await openTabs(banter, 2);
		const heard = [];
		for (let i = 0; i < 70; i++) {
			await ask(one, echo(`live ${i}`));
			heard.push(...(await two.upTo("typing_stop")).filter(({ type }) => type === "message"));
		}
		await missing(banter, two, async () => {
			for (let i = 0; i < 70; i++) await ask(one, echo(`missed ${i}`));
		});
		const all = await stored(one);
		heard.push(...(await messagesUpTo(two, all.at(-1))));
		assert.equal((await two.next()).type, "typing_stop");
		assert.equal(heard.length, 280);
		assert.deepEqual(ids(heard).slice(-all.length), all);
		assert.equal(new Set(ids(heard)).size, 280);
		await ask(one, echo("after"));
		assert.deepEqual((await two.reply()).at(-2), ["message", "after"]);
		assert.deepEqual(two.frames, []);
	});

	it("is disconnected above the absolute output limit, and receives them after reconnecting", async () => {
		// 16 MiB may wait. Each reply is smaller than the 256 KiB that may wait when a frame follows
		// (workerd/http/http_server.c), so that the tab that asks is never too slow, however busy the machine.
		const large = "[[huge=400 tokens=600]]";
		const [one] = await openTabs(banter, 1);
		const two = await openAtOtherWorker(() => one.again({ stream: true }), [await one.worker()]);
		await missing(banter, two, async () => {
			two.socket.pause();
			for (let i = 0; i < 75; i++) assert.equal((await ask(one, large, `${i}`)).length, 240_000);
		});
		await banter.log.waitFor("it is cut off", ({ why }) => why === "answer_too_large");
		two.socket.resume();
		assert.equal((await two.end())[0], 1006);
		const back = await two.again({ stream: true });
		const all = await stored(one);
		assert.deepEqual(ids(back.history), all);
		assert.equal(back.history.at(-1).content.length, 240_000);
		await ask(one, echo("after"));
		assert.deepEqual((await back.reply())[0], ["message", echo("after"), "user"]);
		assert.equal(await ask(back, echo("here")), "here");
	});

	it("receives them also if many of its own messages were refused", async () => {
		await avoidMidnight();
		const [one, two] = await openTabs(banter, 2, { widget: { daily_message_cap: 2 } });
		for (const text of ["first", "second"]) {
			await ask(one, echo(text));
			await two.upTo("typing_stop");
		}
		for (let i = 0; i < 40; i++) {
			two.say(echo("refused"), "x");
			await two.isRefused("daily_cap", "x", "This chat has reached its daily message limit");
		}
		assert.equal(await banter.modelCalls("refused"), 0);
		await changeWidget(banter, two.widget, { daily_message_cap: null });
		await missing(banter, two, () => ask(one, echo("missed")));
		const all = await stored(one);
		assert.deepEqual(ids(await messagesUpTo(two, all.at(-1))), all.slice(-2));
		assert.equal((await two.next()).type, "typing_stop");
		assert.deepEqual(two.frames, []);
	});

	it("receives them after its running reply, not within it", async () => {
		const widget = { contact_info_mode: "optional", collect_email: true };
		const [one, two, three] = await openTabs(banter, 3, { widget });
		const admin = await adminAt(banter, three);
		one.say("[[tokens=3000 delay=20]]");
		for (const tab of [two, three]) await tab.upTo("typing_start");
		const path = await pathOfConversation(banter, one.widget);
		await missing(banter, two, async () => {
			// The message queued behind the slow reply is sent and answered when its tab closes.
			three.say(echo("quick"));
			three.send({ type: "contact_info", email: "missed@example.com" });
			await three.upTo("contact_info_saved");
			await three.close();
			await until("it is answered", async () => {
				const { messages } = JSON.parse((await admin("GET", path)).body);
				return messages.at(-1).content === "quick";
			});
		});
		// Sent at once when the gap is detected.
		assert.deepEqual(await two.next(), { type: "contact_info_saved" });
		one.send({ type: "stop" });
		const reply = (await one.upTo("typing_stop")).filter(({ role }) => role === "assistant");
		const frames = [];
		while (frames.at(-2)?.content !== "quick") frames.push(await two.next());
		assert.deepEqual(frames.map(summary), [
			["message", reply[0].content],
			["typing_stop"],
			["message", echo("quick"), "user"],
			...replyOf("quick"),
		]);
	});

	it("receives a reply that was interrupted and restarted", async () => {
		const message = "[[stamp tokens=200 delay=15]] broken";
		const [one, two, three] = await openTabs(banter, 3);
		one.say(message, "x");
		await two.upTo("typing_start");
		await three.upTo("typing_start");
		await banter.killWorkers([await one.worker()]);
		for (const tab of [two, three])
			assert.equal((await tab.upTo("typing_stop")).at(-2).code, "interrupted");
		let reply;
		await missing(banter, two, async () => {
			reply = await ask(three, message, "x");
		});
		assert.deepEqual(await two.reply(), replyOf(reply));
		await ask(three, echo("after"));
		assert.deepEqual((await two.reply())[0], ["message", echo("after"), "user"]);
		assert.deepEqual(two.frames, []);
		await banter.ready();
	});

	it("receives the failure of a reply without text", async () => {
		const [one, two] = await openTabs(banter, 2);
		await missing(banter, two, async () => {
			await ask(one, echo("before"));
			one.say("[[fail=401]]");
			assert.equal((await one.upTo("typing_stop")).at(-2).code, "model_failed");
			await ask(one, echo("after"));
		});
		const frames = [...(await two.reply()), ...(await two.reply()), ...(await two.reply())];
		assert.deepEqual(frames, [
			["message", echo("before"), "user"],
			...replyOf("before"),
			["message", "[[fail=401]]", "user"],
			["typing_start"],
			["error", "interrupted"],
			["typing_stop"],
			["message", echo("after"), "user"],
			...replyOf("after"),
		]);
		assert.deepEqual(two.frames, []);
	});

	it("receives the conversation that replaced a deleted one", async () => {
		const [one, two] = await openTabs(banter, 2);
		await ask(one, echo("old"));
		await two.upTo("typing_stop");
		const admin = await adminAt(banter, one);
		const path = await pathOfConversation(banter, one.widget);
		await missing(banter, two, async () => {
			assert.equal((await admin("DELETE", path)).status, 204);
			await ask(one, echo("new"));
		});
		// None of it was sent before: the new one replaces the old one.
		const { type, messages } = await two.next();
		assert.equal(type, "history");
		assert.deepEqual(said(messages), exchanged("new"));
		assert.deepEqual(two.frames, []);
	});
});
