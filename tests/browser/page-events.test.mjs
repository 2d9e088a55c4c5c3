// What a page asks of the widget, and hears from it, beyond page-api.test.mjs: both forms of each call, errors and
// contact details, who the visitor is, and when a teaser is due.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { HELLO, useSite } from "./site.mjs";

/** The visitor's page keeps what it hears of these in window.heard, as [name, detail]. */
const listen = (...names) => `window.heard = [];
for (const name of ${JSON.stringify(names)})
	document.addEventListener("banter:" + name, ({ detail }) => heard.push([name, detail]));`;

describe("the page and its widget", { skip: missing }, () => {
	const site = useSite();
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});
	const visit = (attributes = {}, script = "", page = {}) =>
		site.visitTags(
			[{ "data-widget": widget.widget_id, ...attributes }],
			(context) => context.addInitScript(script),
			page,
		);
	const heard = ({ page }) => page.evaluate(() => window.heard);
	const ready = ({ page }) => page.waitForFunction(() => window.banter?.open);

	for (const [form, call] of [
		["banter(name)", (name, ...args) => window.banter(name, ...args)],
		["banter.name()", (name, ...args) => window.banter[name](...args)],
	])
		it(`toggles, and hears until it listens no more: ${form}`, async () => {
			const visitor = await visit({}, `window.heard = []; window.call = ${call};`);
			const { page, chat } = visitor;
			await ready(visitor);
			await page.evaluate(() => {
				window.onOpened = () => window.heard.push("opened");
				window.call("on", "opened", window.onOpened);
				window.call("toggle");
			});
			await chat.waitFor();
			await page.evaluate(() => window.call("toggle"));
			await chat.waitFor({ state: "hidden" });
			await page.evaluate(() => {
				window.call("off", "opened", window.onOpened);
				window.call("on", "closed", () => window.heard.push("closed"));
				window.call("toggle");
			});
			await chat.waitFor();
			await page.evaluate(() => window.call("toggle"));
			// What comes last shows that nothing came before.
			await until("it hears of the end", async () => (await heard(visitor)).includes("closed"));
			assert.deepEqual(await heard(visitor), ["opened", "closed"]);
		});

	it("hears why a message failed", async () => {
		const visitor = await visit({}, listen("error", "reply"));
		await visitor.open();
		await visitor.say("[[fail=400]] Hi");
		await visitor.again.waitFor();
		const [[name, { widget: from, code }], ...others] = await heard(visitor);
		assert.deepEqual([name, from, code], ["error", widget.widget_id, "broken"]);
		assert.deepEqual(others, []);
	});

	it("hears of contact details, but not which", async () => {
		const asking = await site.createWidget({ contact_info_mode: "required", collect_email: true });
		const visitor = await visit({ "data-widget": asking.widget_id }, listen("contact"));
		await visitor.open();
		await visitor.chat.getByLabel("E-mail").fill("jane at example");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await visitor.chat.locator("[aria-invalid=true]").waitFor();
		assert.deepEqual(await heard(visitor), []);
		await visitor.chat.getByLabel("E-mail").fill("jane@example.com");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await visitor.box.waitFor();
		assert.deepEqual(await heard(visitor), [["contact", { widget: asking.widget_id }]]);
	});

	it("says who the visitor is, with proof, and what the model should know", async () => {
		const { secret } = await site.admin("POST", `widgets/${widget.id}/identity-secret`);
		const hash = createHmac("sha256", secret).update("ann-7").digest("hex");
		const visitor = await visit();
		await ready(visitor);
		await visitor.page.evaluate((hash) => {
			window.banter.identify({ userId: "ann-7", hash, name: "Ann", email: "ann@shop.example" });
			window.banter.context({ plan: "platinum" });
		}, hash);
		await visitor.open();
		await visitor.ask(...HELLO);
		assert.match((await site.banter.modelSaw())[0][1], /"plan":"platinum"/);
		const { contacts } = await site.admin("GET", "contacts");
		const { email, id } = contacts.find(({ name }) => name === "Ann");
		assert.equal(email, "ann@shop.example");
		const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
		assert.equal(conversations.length, 1);
	});

	const TEASER = {
		"data-teaser-text": "Need help?",
		"data-teaser-delay-seconds": "30",
		"data-teaser-scroll-percent": "50",
	};
	const scroll = ({ page }) =>
		page.evaluate(
			() =>
				new Promise((done) => {
					addEventListener("scroll", () => done(), { once: true });
					document.documentElement.scrollTo(0, 3000);
				}),
		);
	/** The delay is that of the page's clock; the app is loaded at its end. */
	const wait = async ({ page }) => {
		await page.clock.runFor(31_000);
		await page.clock.resume();
		await page.locator("banter-chat .panel").waitFor({ state: "attached" });
	};
	for (const [order, first, second] of [
		["the delay, then the scrolling", wait, scroll],
		["the scrolling, then the delay", scroll, wait],
	])
		it(`shows a teaser after ${order}, and not before`, async () => {
			const visitor = await site.visitTags(
				[{ "data-widget": widget.widget_id, ...TEASER }],
				(context) => context.clock.install(),
				{ css: "body { height: 5000px }" },
			);
			const teaser = visitor.page.getByRole("button", { name: "Need help?" });
			await visitor.page.getByRole("button", { name: "Open chat" }).waitFor();
			await visitor.page.clock.pauseAt((await visitor.page.evaluate(() => Date.now())) + 1000);
			await first(visitor);
			assert.equal(await teaser.count(), 0);
			await second(visitor);
			await teaser.waitFor();
		});
});
