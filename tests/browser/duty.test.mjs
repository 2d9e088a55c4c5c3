// What visitors read about the people who answer: how fast they do, when they are back, and what happens to a request for
// a person while nobody is there. The server's part: e2e/hours.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";

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
	const site = useSite();

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

	it("who asks for a person outside of the hours is not told to wait, and is asked for the e-mail again", async () => {
		const { widget_id } = await site.createWidget({
			...OFFER,
			hours: closedNow(),
			contact_info_mode: "optional",
			collect_email: true,
		});
		const visitor = await (await site.visitWidget(widget_id)).open();
		await duty(visitor)
			.filter({ hasText: /^Back / })
			.waitFor();
		await visitor.chat.getByRole("button", { name: "Not now" }).click();
		await visitor.chat.getByRole("button", { name: "Talk to a person" }).click();
		await visitor.chat.getByText("Please leave your e-mail address").waitFor();
		await visitor.chat.getByText("No one is here right now.", { exact: true }).waitFor();
		assert.equal(await visitor.chat.getByText("A person will be with you soon.").count(), 0);
		assert.deepEqual(await violationsOf(visitor.page, "banter-chat"), []);
		await visitor.chat.getByLabel("E-mail (").fill("zoe@example.com");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await until("the contact is stored", async () => {
			const { contacts } = await site.admin("GET", "contacts?email=zoe@example.com");
			return contacts.length === 1;
		});
	});
});
