// What visitors read about the people who answer: how fast they do, when they are back, and what happens to a request for
// a person while nobody is there. The server's part: e2e/hours.test.mjs.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { isFocused, useSite } from "./site.mjs";
import { Way } from "./way.mjs";

const OFFER = { settings: { operators: { offer: true } } };
const HOUR = 3_600_000;

/** Hours in UTC that begin on the day after tomorrow, so that it is closed now. */
function closedNow() {
	const day = new Date(Date.now() + 48 * HOUR).toLocaleDateString("en-US", {
		weekday: "long",
		timeZone: "UTC",
	});
	const weekly = [{ day: day.toLowerCase(), from: "09:00", to: "17:00" }];
	return { timezone: "Etc/UTC", weekly, holidays: [] };
}

describe("a visitor and the people who answer", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let way;
	after(() => way?.close());

	/** Opens a widget that has this answer about the people; at: [days, hour] of the visitor's zone when it opens. */
	async function told(answer, { at, fields = OFFER, ...screen } = {}) {
		const { widget_id } = await site.createWidget(fields);
		const context = await site.newContext(screen);
		await context.route("**/availability", async (route) => {
			const opensAt =
				at &&
				(await route
					.request()
					.frame()
					.evaluate(([days, hour]) => {
						const time = new Date();
						time.setDate(time.getDate() + days);
						return time.setHours(hour, 0, 0, 0);
					}, at));
			const whole = { open: true, opensAt: null, closesAt: null, people: null, repliesInMs: null };
			await route.fulfill({
				json: { ...whole, ...answer, ...(at && { open: false, opensAt }) },
				headers: { "access-control-allow-origin": "*" },
			});
		});
		const visitor = await site.visitWidget(widget_id, context, { lang: screen.locale ?? "en-US" });
		// Its name is in the visitor's language.
		await visitor.page.locator("banter-chat .launcher").click();
		return visitor;
	}
	const duty = (visitor) => visitor.chat.locator(".duty");
	const reads = (visitor, text) => duty(visitor).filter({ hasText: text }).waitFor();

	for (const [ms, text] of [
		[20_000, "Usually replies in 1 minute"],
		[4 * 60_000, "Usually replies in 4 minutes"],
		[3 * HOUR, "Usually replies in 3 hours"],
		[50 * HOUR, "Usually replies in 2 days"],
	])
		it(`reads how long it takes: ${text}`, async () => {
			await reads(await told({ repliesInMs: ms }), text);
		});

	for (const [locale, at, text] of [
		["en-US", [1, 9], /^Back tomorrow at 9:00\sAM$/],
		["en-GB", [1, 9], /^Back tomorrow at 0?9:00$/],
		["de-DE", [1, 9], /^Wieder da: morgen um 0?9:00$/],
		["fr-FR", [1, 9], /^De retour demain à 0?9:00$/],
		["es-ES", [1, 9], /^De vuelta: mañana a las 0?9:00$/],
		["ja-JP", [1, 9], /^明日 0?9:00 に戻ります$/],
		["ar-EG", [1, 9], /^نعود غدًا الساعة /],
		["he-IL", [1, 9], /^נחזור מחר בשעה 0?9:00$/],
		["en-GB", [30, 14], /^Back \d+ \w+ at 14:00$/],
	])
		it(`reads when people are back: ${locale}, in ${at[0]} days`, async () => {
			const visitor = await told({}, { at, locale, timezoneId: "Pacific/Auckland" });
			await duty(visitor).waitFor();
			assert.match(await duty(visitor).textContent(), text);
			assert.deepEqual(await violationsOf(visitor.page, "banter-chat"), []);
			const direction = await duty(visitor).evaluate((node) => getComputedStyle(node).direction);
			assert.equal(direction, /ar|he/.test(locale) ? "rtl" : "ltr");
			assert.deepEqual(visitor.complaints, []);
		});

	it("reads nothing where nothing is known, and the chat works", async () => {
		const visitor = await told({});
		await visitor.ask("[[echo]] hi", "hi");
		assert.equal(await duty(visitor).isVisible(), false);
	});

	/** Asks for a person outside of the hours; what a visitor has then. */
	async function away(fields, page = {}) {
		const { widget_id } = await site.createWidget({ ...OFFER, hours: closedNow(), ...fields });
		const visitor = await (await site.visitWidget(widget_id, undefined, page)).open();
		return Object.assign(visitor, fieldOf(visitor));
	}
	const fieldOf = ({ chat }) => ({
		email: chat.getByLabel("Your e-mail for our answer"),
		save: chat.locator(".email").getByRole("button", { name: "Save" }),
		ask: chat.getByRole("button", { name: "Talk to a person" }),
	});
	const contactsOf = async (email) => (await site.admin("GET", `contacts?email=${email}`)).contacts;
	const isKnown = (email) =>
		until(`the contact ${email} is stored`, async () => (await contactsOf(email))[0]);

	it("who asks for a person outside of the hours is not told to wait, and is asked for an e-mail address", async () => {
		const visitor = await away({});
		const { chat, page } = visitor;
		await duty(visitor)
			.filter({ hasText: /^Back / })
			.waitFor();
		assert.equal(await visitor.email.count(), 0);
		await visitor.ask.click();
		await chat.getByText("Please leave your e-mail address").waitFor();
		await chat.getByText("No one is here right now.", { exact: true }).waitFor();
		assert.equal(await chat.getByText("A person will be with you soon.").count(), 0);
		await visitor.email.fill("zoe at example");
		assert.deepEqual(await violationsOf(page, "banter-chat"), []);
		await page.setViewportSize({ width: 320, height: 400 });
		await visitor.save.click();
		await chat.getByText("An e-mail looks like name@example.com.").waitFor();
		await until("the field has the focus", () => isFocused(visitor.email));
		// It is the last thing in the thread, which stays at its end.
		const log = chat.getByRole("log");
		assert.equal(await log.evaluate((list) => list.lastElementChild.className), "email");
		assert.ok(
			await log.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2),
		);
		await visitor.email.fill("zoe@example.com");
		await visitor.email.press("Enter");
		await visitor.email.waitFor({ state: "detached" });
		assert.equal((await isKnown("zoe@example.com")).name, null);
		await until("it is announced", async () =>
			/Your details are saved/.test(await visitor.live.textContent()),
		);
		await page.reload();
		await chat.getByText("No one is here right now.", { exact: true }).waitFor();
		await visitor.ask.waitFor({ state: "hidden" });
		assert.equal(await visitor.email.count(), 0);
		assert.deepEqual(visitor.complaints, []);
	});

	for (const mode of ["optional", "required"])
		it(`a widget whose ${mode} form asks only for a name gets the e-mail address, of the same contact`, async () => {
			const visitor = await away({ contact_info_mode: mode, collect_name: true });
			const { chat } = visitor;
			await chat.getByLabel("Name (").fill("Zoe");
			await chat.locator(".contact").getByRole("button", { name: "Save" }).click();
			await visitor.ask.click();
			const email = `zoe@${mode}.example`;
			await visitor.email.fill("zoe@");
			await visitor.save.click();
			await chat.getByText("An e-mail looks like name@example.com.").waitFor();
			assert.equal(await visitor.box.isVisible(), true);
			await visitor.email.fill(email);
			await visitor.save.click();
			await visitor.email.waitFor({ state: "detached" });
			assert.equal((await isKnown(email)).name, "Zoe");
		});

	it("a form that was declined, or filled without an e-mail address, does not keep from asking for it", async () => {
		const fields = { contact_info_mode: "optional", collect_name: true, collect_email: true };
		const shy = await away(fields);
		await shy.chat.getByRole("button", { name: "Not now" }).click();
		await shy.ask.click();
		await shy.email.fill("shy@example.com");
		await shy.save.click();
		await isKnown("shy@example.com");
		const brief = await away(fields);
		await brief.chat.getByLabel("Name (").fill("Bo");
		await brief.chat.locator(".contact").getByRole("button", { name: "Save" }).click();
		await brief.ask.click();
		await brief.email.fill("bo@example.com");
		await brief.save.click();
		assert.equal((await isKnown("bo@example.com")).name, "Bo");
		const full = await away(fields);
		await full.chat.getByLabel("E-mail (").fill("full@example.com");
		await full.chat.locator(".contact").getByRole("button", { name: "Save" }).click();
		await full.ask.click();
		await full.chat.getByText("No one is here right now.", { exact: true }).waitFor();
		assert.equal(await full.email.count(), 0);
	});

	it("is asked when the model asks for a person, in place of the form above the text field, until one answers", async () => {
		const [{ agent_id }] = (await site.admin("GET", "widgets")).widgets;
		await site.admin("PUT", `agents/${agent_id}`, { escalation_instructions: "Always." });
		const fields = { settings: {}, contact_info_mode: "optional", collect_name: true };
		const visitor = await away(fields);
		const name = visitor.chat.getByLabel("Name (");
		await name.waitFor();
		await visitor.say('[[text="Moment." hand-over]] refund');
		await visitor.email.waitFor();
		assert.equal(await name.isVisible(), false);
		assert.deepEqual(await violationsOf(visitor.page, "banter-chat"), []);
		const [{ _id }] = (await site.banter.conversations()).conversations;
		await site.admin("POST", `conversations/${_id}/takeover`, { name: "Ann" });
		await visitor.email.waitFor({ state: "detached" });
		await name.waitFor();
		assert.deepEqual(visitor.complaints, []);
	});

	it("is asked by the tag with a key, and without a WebSocket", async () => {
		const [first] = (await site.admin("GET", "widgets")).widgets;
		await site.admin("PUT", `widgets/${first.id}`, { ...OFFER, hours: closedNow() });
		const byKey = await (await site.visit()).open();
		way = await Way.open(site.banter.port);
		way.mode = "refuse";
		const polled = await away({}, { server: way.url });
		for (const [i, visitor] of [byKey, polled].entries()) {
			const { ask, email, save } = fieldOf(visitor);
			await ask.click();
			await email.fill(`way${i}@example.com`);
			await save.click();
			await isKnown(`way${i}@example.com`);
			await email.waitFor({ state: "detached" });
		}
	});

	it("is not asked where the site says no, and within the hours", async () => {
		const no = await away({ settings: { operators: { offer: true, askEmail: false } } });
		await no.ask.click();
		await no.chat.getByText("No one is here right now.", { exact: true }).waitFor();
		assert.equal(await no.email.count(), 0);
		const open = await away({ hours: null });
		await open.ask.click();
		await open.chat.getByText("A person will be with you soon.").waitFor();
		assert.equal(await open.email.count(), 0);
	});
});
