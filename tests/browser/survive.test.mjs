// Replies that survive: a reload, a lost network, killed processes. In each case the visitor reads
// the whole reply once, the store has it once, and the text on the page only ever grows, but where
// a reply is begun anew.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEADLINE_MS, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { Line } from "./line.mjs";
import { numbered, useSite } from "./site.mjs";

const TOKENS = 60;
const WHOLE = numbered(TOKENS);
/** Its end comes when it is released, however long all before that takes. */
const slowly = (words) => `[[tokens=${TOKENS} delay=50 hold-after=50]] ${words}`;

/** How often a text, always one of the reply, was not only added to. */
function setbacks(seen) {
	let count = 0;
	let before = "";
	// At its end the reply loses the space that the model put there.
	for (const text of seen.map((text) => text.trimEnd())) {
		assert.ok(WHOLE.startsWith(text), text);
		if (!text.startsWith(before)) count++;
		before = text;
	}
	return count;
}

/** Of a reply that is begun anew: back to what was kept of it, which is up to a second older than what
 * was read, and then to its beginning. */
const ANEW = 2;

/** But for the browser's own words on connections that broke. */
const complaintsBut = (complaints) => complaints.filter((text) => !/net::ERR_/.test(text));

describe("a reply survives", { skip: missing }, () => {
	const site = useSite();
	const { banter, visit, stored } = site;

	/** A visitor whose reply is being written, with some words of it on the page. */
	async function inMidReply(question, api) {
		const visitor = await visit(api);
		await visitor.open();
		await visitor.say(question);
		await visitor.logUntil("the reply has begun", (text) => text.includes("t0 t1 t2"));
		return visitor;
	}

	async function isStoredOnce(visitor, question) {
		const { messages } = await stored(await visitor.session(), 2);
		assert.deepEqual(
			messages.map(({ content, status }) => [content, status]),
			[
				[question, "complete"],
				[WHOLE, "complete"],
			],
		);
	}

	/** Lets the reply come to its end, and waits until the page has it. */
	async function isWhole(visitor, question, ms) {
		await banter.release(question);
		await visitor.saidUntil([`visitor: ${question}`, `assistant: ${WHOLE}`], ms);
	}

	const line = new Line(() => banter.port);
	before(() => line.start());
	after(() => line.stop());
	const throughLine = () => `${line.url}/chat`;

	it("a reload: the page goes on with it, and the model is asked once", async () => {
		const question = slowly("reload");
		const visitor = await inMidReply(question);
		await visitor.page.reload();
		await visitor.logUntil("it goes on", (text) => text.includes("t4") && !text.includes("t59"));
		assert.equal((await visitor.said()).length, 3);
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);

		// The conversation is still there on the next page, without a word of news.
		await visitor.page.reload();
		await isWhole(visitor, question);
		assert.equal(await visitor.live.textContent(), "");
		assert.deepEqual(visitor.complaints, []);
		await visitor.context.close();
	});

	it("a reload before it has begun: the message is sent again, and taken once", async () => {
		const question = "[[tokens=3 hold-after=0]] early reload";
		const visitor = await visit();
		await visitor.open();
		await visitor.say(question);
		await until("the model was asked", async () => (await banter.modelCalls(question)) === 1);
		await visitor.page.reload();
		await visitor.saidUntil([`visitor: ${question}`, "assistant: "]);
		await banter.release(question);
		await visitor.saidUntil([`visitor: ${question}`, "assistant: t0 t1 t2"]);
		await stored(await visitor.session(), 2);
		assert.equal(await banter.modelCalls(question), 1);
		assert.deepEqual(visitor.complaints, []);
		await visitor.context.close();
	});

	it("a reload with the chat closed: it comes all the same, and is unread until it is seen", async () => {
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
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);
		assert.deepEqual(visitor.complaints, []);
		await visitor.context.close();
	});

	it("a closed tab: another one shows it being written", async () => {
		const question = slowly("closed tab");
		const visitor = await inMidReply(question);
		const next = await site.openTab(visitor.context);
		await visitor.page.close();
		await next.logUntil("it goes on", (text) => text.includes("t4") && !text.includes("t59"));
		await isWhole(next, question);
		await isStoredOnce(next, question);
		await next.context.close();
	});

	it("a lost network: it is said, and the rest comes when the network is back", async () => {
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
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);
		assert.equal(setbacks(seen), 0);
		assert.deepEqual(complaintsBut(visitor.complaints), []);
		await visitor.context.close();
	});

	it("a line that goes dead without a word, once the browser has another", async () => {
		const question = slowly("dead line");
		const visitor = await inMidReply(question, throughLine());
		const seen = await visitor.watch();
		line.silence();
		await visitor.context.setOffline(true);
		await visitor.context.setOffline(false);
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);
		assert.equal(setbacks(seen), 0);
		await visitor.context.close();
	});

	it("a line that is cut again and again", async () => {
		const question = slowly("bad line");
		const visitor = await inMidReply(question, throughLine());
		const seen = await visitor.watch();
		for (const word of ["t10", "t20", "t30", "t40"]) {
			await visitor.logUntil(`it goes on to ${word}`, (text) => text.includes(word));
			line.cut();
			line.mend();
		}
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);
		assert.equal(setbacks(seen), 0);
		await visitor.context.close();
	});

	it("a message that is written without a network goes out when it is back, once", async () => {
		const visitor = await visit();
		await visitor.open();
		await visitor.context.setOffline(true);
		await visitor.say("[[tokens=3]] written offline");
		await visitor.chat.getByText("Connection lost").waitFor();
		await visitor.context.setOffline(false);
		await visitor.saidUntil(["visitor: [[tokens=3]] written offline", "assistant: t0 t1 t2"]);
		await stored(await visitor.session(), 2);
		assert.equal(await banter.modelCalls("written offline"), 1);
		await visitor.context.close();
	});

	it("a worker that is killed: it is begun anew by itself, in its place", async () => {
		const question = slowly("kill the worker");
		const visitor = await inMidReply(question);
		const seen = await visitor.watch();
		await banter.killWorkers(banter.workerPids());
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 2);
		assert.ok(setbacks(seen) <= ANEW);
		assert.deepEqual(complaintsBut(visitor.complaints), []);
		await visitor.context.close();
	});

	it("the death of all processes: it is whole once they are back", async () => {
		const question = slowly("kill all");
		const visitor = await inMidReply(question);
		const seen = await visitor.watch();
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		// The store waits for the worker that wrote it to come back.
		await isWhole(visitor, question, 2 * DEADLINE_MS);
		await isStoredOnce(visitor, question);
		assert.ok(setbacks(seen) <= ANEW);
		assert.deepEqual(
			complaintsBut(visitor.complaints).filter((text) => !/503/.test(text)),
			[],
		);
		await visitor.context.close();
	});

	it("all of this, one after the other", async () => {
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
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		// At most one for each death: a second may come before the first has been noticed.
		const calls = await banter.modelCalls(question);
		assert.ok(calls >= 2 && calls <= 4, `${calls} calls`);
		assert.ok(setbacks(seen) <= ANEW * blows.length);
		await visitor.context.close();
	});

	it("a reload while nobody is there: the page waits, and goes on", async () => {
		const question = slowly("reload offline");
		const visitor = await inMidReply(question);
		// The page itself still loads; only the API is gone.
		await visitor.page.route(`${banter.url}/v1/**`, (route) => route.abort());
		await visitor.page.reload();
		await visitor.chat.getByText("Connection lost").waitFor();
		assert.deepEqual((await visitor.said()).slice(1), [`visitor: ${question}`, "assistant: "]);
		await visitor.page.unroute(`${banter.url}/v1/**`);
		await isWhole(visitor, question);
		await isStoredOnce(visitor, question);
		assert.equal(await banter.modelCalls(question), 1);
		await visitor.context.close();
	});

	it("on a page without crypto.randomUUID, as plain http has none", async () => {
		const visitor = await visit();
		await visitor.page.addInitScript(() => {
			delete Crypto.prototype.randomUUID;
		});
		await visitor.page.reload();
		await visitor.open();
		await visitor.say("[[tokens=3]] no uuid");
		await visitor.saidUntil(["visitor: [[tokens=3]] no uuid", "assistant: t0 t1 t2"]);
		assert.deepEqual(visitor.complaints, []);
		await visitor.context.close();
	});

	it("what broke off while nobody was there says so, and can be asked again", async () => {
		const visitor = await visit();
		await visitor.open();
		await visitor.say("[[tokens=3]] first");
		await visitor.saidUntil(["visitor: [[tokens=3]] first", "assistant: t0 t1 t2"]);
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
		await next.context.close();
	});
});
