// Replies survive a reload, a lost network and killed processes. In each case the visitor reads the
// whole reply once, the store has it once, and the text on the page only grows, except after a
// restart.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEADLINE_MS, numbered, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { Line } from "./line.mjs";
import { exchange, useSite } from "./site.mjs";

const TOKENS = 60;
const WHOLE = numbered(TOKENS);
/** It ends when released. */
const slowly = (words) => `[[tokens=${TOKENS} delay=50 hold-after=50]] ${words}`;

/** How often the text of the reply did not only grow. */
function setbacks(seen) {
	let count = 0;
	let before = "";
	// At its end the reply loses its final space.
	for (const text of seen.map((text) => text.trimEnd())) {
		assert.ok(WHOLE.startsWith(text), text);
		if (!text.startsWith(before)) count++;
		before = text;
	}
	return count;
}

/** Setbacks of a restart: to the stored text, which is up to a second older, then to the start. */
const RESTART_SETBACKS = 2;

/** Except the browser's own messages about broken connections. */
const complaintsBut = (complaints) => complaints.filter((text) => !/net::ERR_/.test(text));

describe("a reply survives", { skip: missing }, () => {
	const site = useSite();
	const { banter, visit, stored } = site;

	/** A visitor with a running reply, partly on the page. */
	const inMidReply = async (question, api) => (await visit(api)).begin(question);

	/** Releases the reply and waits until the page shows all of it; it is stored once. isOnce: one model request. */
	async function isWhole(visitor, question, { ms, isOnce = true } = {}) {
		await banter.release(question);
		await visitor.saidUntil(exchange(question, WHOLE), ms);
		const { messages } = await stored(await visitor.session(), 2);
		const found = messages.map(({ content, status }) => `${status}: ${content}`);
		assert.deepEqual(found, [`complete: ${question}`, `complete: ${WHOLE}`]);
		if (isOnce) assert.equal(await banter.modelCalls(question), 1);
	}

	const line = new Line(() => banter.port);
	before(() => line.start());
	after(() => line.stop());
	const throughLine = () => `${line.url}/chat`;

	it("a reload: the page continues it, with one model request", async () => {
		const question = slowly("reload");
		const visitor = await inMidReply(question);
		await visitor.page.reload();
		await visitor.logUntil("it goes on", (text) => text.includes("t4") && !text.includes("t59"));
		assert.equal((await visitor.said()).length, 3);
		await isWhole(visitor, question);

		// The conversation is on the next page, without an unread mark.
		await visitor.page.reload();
		await isWhole(visitor, question);
		assert.equal(await visitor.live.textContent(), "");
		assert.deepEqual(visitor.complaints, []);
	});

	it("a reload before it has started: the message is sent again and stored once", async () => {
		const question = "[[tokens=3 hold-after=0]] early reload";
		const visitor = await (await visit()).open();
		await visitor.say(question);
		await until("the model was asked", async () => (await banter.modelCalls(question)) === 1);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(question, ""));
		await banter.release(question);
		await visitor.saidUntil(exchange(question, "t0 t1 t2"));
		await stored(await visitor.session(), 2);
		assert.equal(await banter.modelCalls(question), 1);
		assert.deepEqual(visitor.complaints, []);
	});

	it("a reload with the chat closed: it arrives and is unread until seen", async () => {
		const question = slowly("closed chat");
		const visitor = await inMidReply(question);
		await visitor.page.keyboard.press("Escape");
		await visitor.page.reload();
		await banter.release(question);
		const button = visitor.page.getByRole("button", { name: "Open chat, new reply" });
		await button.waitFor();
		await visitor.page.reload();
		await button.click();
		await isWhole(visitor, question);
		assert.deepEqual(visitor.complaints, []);
	});

	it("a lost network: the page says so, and the rest arrives when it is back", async () => {
		const question = slowly("lost network");
		const visitor = await inMidReply(question, throughLine());
		const seen = await visitor.watch();
		await visitor.context.setOffline(true);
		line.cut();
		await visitor.chat.getByText("Connection lost").waitFor();
		assert.equal(await visitor.again.isVisible(), true);
		await visitor.live.getByText("Connection lost").waitFor({ state: "attached" });
		line.mend();
		await visitor.context.setOffline(false);
		await isWhole(visitor, question);
		await visitor.chat.getByText("Connection lost").waitFor({ state: "detached" });
		assert.equal(setbacks(seen), 0);
		assert.deepEqual(complaintsBut(visitor.complaints), []);
	});

	it("a connection that dies silently, when the browser has a new network", async () => {
		const question = slowly("dead line");
		const visitor = await inMidReply(question, throughLine());
		const seen = await visitor.watch();
		line.silence();
		await visitor.context.setOffline(true);
		await visitor.context.setOffline(false);
		await isWhole(visitor, question);
		assert.equal(setbacks(seen), 0);
	});

	it("a message written offline is sent once when the network is back", async () => {
		const visitor = await (await visit()).open();
		const question = "[[tokens=3]] written offline";
		await visitor.context.setOffline(true);
		await visitor.say(question);
		await visitor.chat.getByText("Connection lost").waitFor();
		await visitor.context.setOffline(false);
		await visitor.saidUntil(exchange(question, "t0 t1 t2"));
		await stored(await visitor.session(), 2);
		assert.equal(await banter.modelCalls("written offline"), 1);
	});

	it("all processes killed: it is complete after their return", async () => {
		const question = slowly("kill all");
		const visitor = await inMidReply(question);
		const seen = await visitor.watch();
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		// The store waits for its worker to reconnect.
		await isWhole(visitor, question, { ms: 2 * DEADLINE_MS, isOnce: false });
		assert.ok(setbacks(seen) <= RESTART_SETBACKS);
		assert.ok(complaintsBut(visitor.complaints).every((text) => /503/.test(text)));
	});

	it("all of these in sequence", async () => {
		const question = slowly("everything");
		const visitor = await inMidReply(question, throughLine());
		const seen = await visitor.watch();
		const killWorkers = () => banter.killWorkers(banter.workerPids());
		const blows = [
			async () => {
				line.cut();
				line.mend();
			},
			killWorkers,
			() => visitor.page.reload(),
			killWorkers,
			async () => {
				await killWorkers();
				await visitor.page.reload();
			},
		];
		for (const [i, blow] of blows.entries()) {
			const word = `t${8 + 3 * i} `;
			await visitor.logUntil(`it has come to ${word}`, (text) => text.includes(word));
			assert.equal((await visitor.said()).length, 3);
			await blow();
		}
		await isWhole(visitor, question, { isOnce: false });
		// At most one for each kill: a second may follow before the first is detected.
		const calls = await banter.modelCalls(question);
		assert.ok(calls >= 2 && calls <= 4, `${calls} calls`);
		assert.ok(setbacks(seen) <= RESTART_SETBACKS * blows.length);
	});

	it("a page without crypto.randomUUID, as on plain http", async () => {
		const visitor = await visit();
		await visitor.page.addInitScript(() => {
			delete Crypto.prototype.randomUUID;
		});
		await visitor.page.reload();
		await visitor.open();
		await visitor.ask("[[tokens=3]] no uuid", "t0 t1 t2");
		assert.deepEqual(visitor.complaints, []);
	});

	it("an interruption while the page was closed, which is shown and can be retried", async () => {
		const visitor = await (await visit()).open();
		await visitor.ask("[[tokens=3]] first", "t0 t1 t2");
		const session = await visitor.session();
		await visitor.page.close();
		const stream = await banter.stream(session, "[[tokens=5 hang-after=5]] second");
		await stream.tokens(5);
		await banter.killWorkers(banter.workerPids());
		await stored(session, 4, "interrupted");

		const next = await site.openTab(visitor.context);
		await next.chat.getByText("This reply was interrupted.").waitFor();
		assert.equal((await next.said()).length, 5);
		await next.again.click();
		await until("asked again", async () => (await banter.modelCalls("] second")) === 2);
		await next.again.waitFor({ state: "detached" });
		assert.equal(await next.chat.getByText("This reply was interrupted.").count(), 1);
	});
});
