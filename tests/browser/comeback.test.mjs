// A widget's visitor who returns to a page from the back/forward cache.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { numbered } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, useSite } from "./site.mjs";

const held = (words) => `[[tokens=20 hold-after=10]] ${words}`;

describe("a returning visitor", { skip: missing }, () => {
	// The back/forward cache: missing in the headless shell and disabled by playwright.
	const keepsPages = { complete: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] };
	const site = useSite(keepsPages);
	const { banter } = site;
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});

	const TAGS = [
		["data-widget", () => site.visitWidget(widget.widget_id)],
		["data-api-url", () => site.visit()],
	];
	for (const [name, visit] of TAGS)
		it(`${name}: a page from the back/forward cache continues where it was left`, async () => {
			const question = held(name);
			const visitor = await (await visit()).begin(question, numbered(10));
			const { page } = visitor;
			await page.evaluate(() => {
				window.wasKept = new Promise((done) =>
					addEventListener("pageshow", ({ persisted }) => done(persisted), { once: true }),
				);
			});
			const home = page.url();
			await page.evaluate(() => {
				location.search += "&place=head";
			});
			await page.waitForURL("**place=head");
			await visitor.logUntil("the chat is there, too", (text) => text.includes(numbered(10)));
			// Not goBack(), which waits for a load that does not happen.
			await page.evaluate(() => history.back()).catch(() => {});
			await page.waitForURL(home, { waitUntil: "commit" });
			const [wasKept, why] = await page.evaluate(async () => [
				await window.wasKept,
				JSON.stringify(performance.getEntriesByType("navigation")[0].notRestoredReasons),
			]);
			assert.equal(wasKept, true, why);
			await banter.release(name);
			await visitor.saidUntil(exchange(question, numbered(20)));
			assert.equal(await banter.modelCalls(question), 1);
			// The browser closes a WebSocket that was still open, and reports that.
			const others = visitor.complaints.filter((text) => !text.includes("Back-Forward Cache"));
			assert.deepEqual(others, []);
		});
});
