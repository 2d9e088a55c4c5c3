// What a page asks of the widget, and hears from it, beyond page-api.test.mjs: both forms of each call, errors and
// contact details, who the visitor is, and when a teaser is due.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";

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

	it("hears of contact details once, not on each page, nor after a change of the language", async () => {
		const asking = await site.createWidget({ contact_info_mode: "required", collect_email: true });
		const visitor = await visit({ "data-widget": asking.widget_id }, listen("contact", "closed"));
		await visitor.open();
		await visitor.chat.getByLabel("E-mail").fill("jo@example.com");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await visitor.ask(...HELLO);
		assert.equal((await heard(visitor)).length, 1);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(...HELLO));
		await visitor.page.evaluate(() => window.banter.locale("de"));
		await visitor.chat.getByRole("button", { name: "Chat schließen" }).waitFor();
		await visitor.saidUntil(exchange(...HELLO));
		await visitor.page.evaluate(() => window.banter.close());
		// What comes last shows that nothing came before.
		await until("it is closed", async () => (await heard(visitor)).length > 0);
		assert.deepEqual(await heard(visitor), [["closed", { widget: asking.widget_id }]]);
	});

	it("hears that the chat is open only while the page does not hide it", async () => {
		const visitor = await visit({}, listen("opened", "closed"));
		await ready(visitor);
		const names = async () => (await heard(visitor)).map(([name]) => name);
		const call = (...args) => visitor.page.evaluate((args) => window.banter(...args), args);
		await call("hide");
		assert.equal(await call("open"), false);
		assert.deepEqual(await names(), []);
		await call("show");
		await visitor.chat.waitFor();
		assert.deepEqual(await names(), ["opened"]);
		await call("hide");
		assert.deepEqual(await names(), ["opened", "closed"]);
		await call("close");
		await call("show");
		assert.deepEqual(await names(), ["opened", "closed"]);
		assert.equal(await call("open"), true);
		assert.deepEqual(await names(), ["opened", "closed", "opened"]);
	});

	it("gets promises of open() and send(), and a warning for a method that does not exist", async () => {
		const visitor = await visit();
		await ready(visitor);
		const call = (...args) => visitor.page.evaluate((args) => window.banter(...args), args);
		assert.equal(await call("open"), true);
		assert.equal(await call("send", HELLO[0]), true);
		await visitor.saidUntil(exchange(...HELLO));
		for (const text of ["", " ", "x".repeat(4001)]) assert.equal(await call("send", text), false);
		assert.deepEqual(visitor.hints, []);
		await visitor.page.evaluate(() => window.banter.opne());
		await until("it warns", () => visitor.hints.length > 0);
		assert.deepEqual(visitor.hints, ["[banter] No such method: opne"]);
		await visitor.page.evaluate(() => {
			window.kept = window.banter;
			window.kept.destroy();
		});
		assert.equal(await visitor.page.evaluate(() => window.kept.open()), false);
	});

	it("is a function for scripts that look at what the page has", async () => {
		const visitor = await visit();
		await ready(visitor);
		const seen = await visitor.page.evaluate(() => [
			Object.prototype.toString.call(window.banter),
			typeof String(window.banter),
			window.banter instanceof Function,
		]);
		assert.deepEqual(seen, ["[object Function]", "string", true]);
		assert.deepEqual(visitor.complaints, []);
	});

	it("finds the documented calls in banter.d.ts, as strict TypeScript", async () => {
		const readme = await readFile(new URL("../../widget/README.md", import.meta.url), "utf8");
		const [, snippet] = /<script>\n(.*?window\.banter \|\|=.*?)<\/script>/s.exec(readme);
		const types = fileURLToPath(new URL("../../widget/banter.d.ts", import.meta.url));
		const folder = await mkdtemp(join(tmpdir(), "banter-types-"));
		const check = async (name, code) => {
			const path = join(folder, `${name}.ts`);
			await writeFile(
				path,
				`/// <reference path=${JSON.stringify(types)} />\n${code}\nexport {};\n`,
			);
			const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
			const options = ["--strict", "--noEmit", "--target", "es2021", "--lib", "es2021,dom"];
			return spawnSync(process.execPath, [tsc, ...options, path]).stdout.toString();
		};
		try {
			const calls = `banter("on", "unread", e => e.detail.count);
				banter.on("reply", e => e.detail.text.length);
				banter.get("shop")?.("on", "unread", e => e.detail.count);
				banter.open().then((isOpen: boolean) => isOpen);
				banter("send", "Hi").then((isSent: boolean) => isSent);`;
			assert.equal(await check("documented", `${snippet}\n${calls}`), "");
			for (const [n, wrong] of [
				'banter("opne");',
				'banter("on", "unread", e => e.detail.text);',
				'banter("send");',
			].entries())
				assert.match(await check(`wrong-${n}`, wrong), /error TS/);
		} finally {
			await rm(folder, { recursive: true });
		}
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
