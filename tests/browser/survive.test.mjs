// Replies survive a reload, a lost network and killed processes. In each case the visitor reads the
// whole reply once, the store has it once, and the text on the page only grows, except after a
// restart. How the widget sends and resumes in each case: widget/test/engine.test.ts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEADLINE_MS, numbered } from "../e2e/harness.mjs";
import { BadNetwork } from "../e2e/network.mjs";
import { missing } from "./browser.mjs";
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

	let network;
	let isCut = false; // new connections break too
	before(async () => {
		network = await BadNetwork.open(banter.port, () => (isCut ? { requestCut: 0 } : {}));
	});
	after(() => network.close());
	const throughNetwork = () => `${network.url}/chat`;

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

	it("a lost network: the page says so, and the rest arrives when it is back", async () => {
		const question = slowly("lost network");
		const visitor = await inMidReply(question, throughNetwork());
		const seen = await visitor.watch();
		await visitor.context.setOffline(true);
		isCut = true;
		network.cut();
		await visitor.chat.getByText("You are offline").first().waitFor();
		await visitor.again.waitFor();
		isCut = false;
		await visitor.context.setOffline(false);
		await isWhole(visitor, question);
		await visitor.chat.getByText("You are offline").first().waitFor({ state: "hidden" });
		assert.equal(setbacks(seen), 0);
		assert.deepEqual(complaintsBut(visitor.complaints), []);
	});

	it("all of these in sequence", async () => {
		const question = slowly("everything");
		const visitor = await inMidReply(question, throughNetwork());
		const seen = await visitor.watch();
		const killWorkers = () => banter.killWorkers(banter.workerPids());
		const blows = [
			() => network.cut(),
			killWorkers,
			() => visitor.page.reload(),
			killWorkers,
			async () => {
				await Promise.all([banter.storaged.kill("SIGKILL"), killWorkers()]);
				await visitor.page.reload();
			},
		];
		for (const [i, blow] of blows.entries()) {
			const word = `t${8 + 3 * i} `;
			await visitor.logUntil(`it has come to ${word}`, (text) => text.includes(word));
			assert.equal((await visitor.said()).length, 3);
			await blow();
		}
		// The store waits for its worker to reconnect.
		await isWhole(visitor, question, { ms: 2 * DEADLINE_MS, isOnce: false });
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
});
