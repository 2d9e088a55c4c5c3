// A widget's visitor who comes back: to a page that the browser has kept, or after the death of all that
// there was; and one whose line has died without a word.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEADLINE_MS, TIME_FACTOR } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { Line } from "./line.mjs";
import { numbered, useSite } from "./site.mjs";

const TOKENS = 60;
const WHOLE = numbered(TOKENS);
const slowly = (words) => `[[tokens=${TOKENS} delay=${50 * TIME_FACTOR}]] ${words}`;
const saidOf = (question) => [`visitor: ${question}`, `assistant: ${WHOLE}`];

describe("a visitor comes back", { skip: missing }, () => {
	// Pages that are kept for "Back": the shell has none, and playwright switches them off.
	const keepsPages = { complete: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] };
	const site = useSite({}, keepsPages);
	const { banter } = site;
	const line = new Line(() => banter.port);
	let widget;
	before(async () => {
		await line.start();
		widget = await site.createWidget({});
	});
	after(() => line.stop());

	async function inMidReply(visitor, question) {
		await visitor.open();
		await visitor.say(question);
		await visitor.logUntil("the reply has begun", (text) => text.includes("t0 t1 t2"));
		return visitor;
	}

	const TAGS = [
		["data-widget", () => site.visitWidget(widget.widget_id)],
		["data-api-url", () => site.visit()],
	];
	for (const [name, visit] of TAGS)
		it(`${name}: a page that is kept for Back goes on where it was left`, async () => {
			const question = slowly(name);
			const visitor = await inMidReply(await visit(), question);
			const { page } = visitor;
			await page.evaluate(() => {
				window.wasKept = new Promise((done) =>
					addEventListener("pageshow", ({ persisted }) => done(persisted), { once: true }),
				);
			});
			const home = page.url();
			await page.evaluate(() => {
				location.href = "/?place=head";
			});
			await page.waitForURL("**/?place=head");
			// Not goBack(): it waits for a load, and a page that was kept is not loaded.
			await page.evaluate(() => history.back()).catch(() => {});
			await page.waitForURL(home, { waitUntil: "commit" });
			assert.equal(await page.evaluate(() => window.wasKept), true);
			await visitor.saidUntil(saidOf(question));
			assert.equal(await banter.modelCalls(question), 1);
			// A WebSocket that was not closed yet when the page went is the browser's to close, and to tell of.
			assert.deepEqual(
				visitor.complaints.filter((text) => !text.includes("Back-Forward Cache")),
				[],
			);
			await visitor.context.close();
		});

	it("after the death of all processes the reply is begun anew, in its place", async () => {
		const question = slowly("all die");
		const visitor = await inMidReply(await site.visitWidget(widget.widget_id), question);
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		await visitor.saidUntil(saidOf(question), 2 * DEADLINE_MS);
		await visitor.page.reload();
		await visitor.saidUntil(saidOf(question));
		await banter.ready();
		await visitor.context.close();
	});

	it("a line that goes dead without a word is left, once the browser has another", async () => {
		const question = slowly("dead line");
		const page = { server: line.url };
		const visitor = await inMidReply(
			await site.visitWidget(widget.widget_id, undefined, page),
			question,
		);
		line.silence();
		await visitor.context.setOffline(true);
		await visitor.context.setOffline(false);
		await visitor.saidUntil(saidOf(question));
		await visitor.context.close();
	});
});
