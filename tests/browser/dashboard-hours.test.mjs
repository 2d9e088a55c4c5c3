// The dashboard's forms of working hours, and the user's own state: online, away or off.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const unexpected = (complaints) => complaints.filter((one) => !one.includes("status of 422"));

describe("the dashboard's working hours", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ env: { AWAY_AFTER_MS: "4000" } });
	let jane;
	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
	});
	const toast = (page, text) => page.locator(".toasts").getByText(text).waitFor();
	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const open = async (path, options) => {
		const opened = await visit(path, { timezoneId: "Europe/Berlin", ...options });
		await opened.page.locator("main h1").waitFor();
		return opened;
	};
	const stored = async () => (await admin("GET", "hours")).hours;

	it("are set by day, over midnight, with holidays, and removed again", async () => {
		const { page, complaints } = await open("/settings/hours");
		await page.getByText("People answer at any time.").waitFor();
		await page.getByLabel("People answer at certain hours").click();
		await page.getByLabel("Time zone").waitFor();
		await page.getByLabel("Time zone").selectOption("America/New_York");
		await button(page, "Add hours on Friday").click();
		await page.getByLabel("Friday, from").last().fill("22:00");
		await page.getByLabel("Friday, until").last().fill("02:00");
		await button(page, "Remove the hours 09:00 to 17:00 on Monday").click();
		await button(page, "Add a holiday").click();
		await page.getByLabel("Holiday 1", { exact: true }).fill("2099-12-25");
		await assertAccessible(page);
		await button(page, "Save").click();
		await toast(page, "Saved");
		const day = (name) => ({ day: name, from: "09:00", to: "17:00" });
		assert.deepEqual(await stored(), {
			timezone: "America/New_York",
			weekly: [
				...["tuesday", "wednesday", "thursday", "friday"].map(day),
				{ day: "friday", from: "22:00", to: "02:00" },
			],
			holidays: ["2099-12-25"],
		});
		await page.getByText(/^(Open|Closed) now\. It (closes|opens): /).waitFor();
		await page.reload();
		assert.equal(await page.getByLabel("Friday, until").last().inputValue(), "02:00");
		await page.getByLabel("People answer at certain hours").click();
		await button(page, "Save").click();
		await toast(page, "Saved");
		assert.equal(await stored(), null);
		assert.deepEqual(unexpected(complaints), []);
	});

	it("show what the server refuses beside the hours and the holiday", async () => {
		const { page, complaints } = await open("/settings/hours");
		await page.getByLabel("People answer at certain hours").click();
		await page.getByLabel("Monday, until").fill("09:00");
		await button(page, "Add a holiday").click();
		await button(page, "Save").click();
		await page
			.getByText("Choose two different times. A whole day is from 00:00 to 24:00.")
			.waitFor();
		await page.getByText("Enter a date such as 2026-12-25.").waitFor();
		assert.equal(await page.getByLabel("Monday, until").getAttribute("aria-invalid"), "true");
		await assertAccessible(page);
		await page.getByLabel("Monday, until").fill("17:00");
		await button(page, "Add hours on Monday").click();
		await page.getByLabel("Monday, from").last().fill("12:00");
		await page.getByLabel("Monday, until").last().fill("18:00");
		await page.getByLabel("Holiday 1", { exact: true }).fill("2099-12-25");
		await button(page, "Save").click();
		await page.getByText("These hours overlap others.").waitFor();
		// Midnight is the end of a day.
		await page.getByLabel("Monday, from").last().fill("18:00");
		await page.getByLabel("Monday, until").last().fill("00:00");
		await button(page, "Save").click();
		await toast(page, "Saved");
		const monday = (await stored()).weekly.filter(({ day }) => day === "monday");
		assert.deepEqual(
			monday.map(({ from, to }) => [from, to]),
			[
				["09:00", "17:00"],
				["18:00", "24:00"],
			],
		);
		await admin("PUT", "hours", { hours: null });
		assert.deepEqual(unexpected(complaints), []);
	});

	it("of a widget take the place of the organization's", async () => {
		const [{ id }] = (await admin("GET", "widgets")).widgets;
		const { page, complaints } = await open(`/widgets/${id}`);
		await page.getByText("When people answer visitors of this widget.").click();
		await page.getByLabel("Own working hours").click();
		await page.getByLabel("Time zone").waitFor();
		await assertAccessible(page);
		await button(page, "Save").click();
		await toast(page, "Saved");
		const { hours } = await admin("GET", `widgets/${id}`);
		assert.deepEqual([hours.timezone, hours.weekly.length], ["Europe/Berlin", 5]);
		await admin("PUT", `widgets/${id}`, { hours: null });
		assert.deepEqual(complaints, []);
	});

	for (const [locale, label] of [
		["de", "Mitarbeiter antworten zu bestimmten Zeiten"],
		["es", "Las personas responden a ciertas horas"],
		["fr", "Des personnes répondent à certaines heures"],
	])
		it(`are shown in the user's language: ${locale}`, async () => {
			const { page } = await open("/settings/hours", { locale });
			await page.getByLabel(label).click();
			const monday = new Intl.DateTimeFormat(locale, { weekday: "long" }).format(
				new Date(2026, 10, 30),
			);
			await page.getByRole("group", { name: monday, exact: true }).waitFor();
			await assertAccessible(page);
		});

	for (const [name, options] of SCREENS)
		it(`fit the screen: ${name}`, async () => {
			const { page } = await open("/settings/hours", options);
			await page.getByLabel("People answer at certain hours").click();
			await page.getByLabel("Time zone").waitFor();
			await assertAccessible(page);
		});

	it("let a user be online, away or off by the menu, and away by itself without input", async () => {
		const session = await logIn(banter, jane);
		const me = async () =>
			(await admin("GET", "people")).people.find(({ name }) => name === "Jane");
		const { page, complaints } = await open("/contacts", { session });
		const menu = () => page.locator("button.account").click();
		// The page was opened.
		await until("Jane is online", async () => (await me()).availability === "online");
		await menu();
		await assertAccessible(page);
		await page.getByText("Not at work").click();
		await until("Jane is off", async () => (await me()).availability === "off");
		await page.locator(".account .presence-off").waitFor();
		await menu();
		await page.getByText("Online", { exact: true }).click();
		await until("Jane is online", async () => (await me()).availability === "online");
		await until("Jane is away by herself", async () => (await me()).availability === "away");
		await page.locator(".account .presence-away").waitFor();
		await page.keyboard.press("Shift");
		await until("an input brings her back", async () => (await me()).availability === "online");
		await page.locator(".account .presence-online").waitFor();
		assert.deepEqual(complaints, []);
	});
});
