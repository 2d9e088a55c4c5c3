// The dashboard's settings: one's own profile and sign-ins, and who may see which section.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, lead, SCREENS, useDashboard } from "./dashboard.mjs";

const SECTIONS = [
	"profile",
	"password",
	"sign-ins",
	"tags",
	"snippets",
	"users",
	"keys",
	"webhooks",
	"hours",
	"webhooks/new", // with the heading of "webhooks"
	"limits",
	"prices",
	"server",
];
const FOR_OWNERS = ["users", "keys", "webhooks", "hours", "limits", "server"];

describe("the dashboard's settings", { skip: missing }, () => {
	const dashboard = useDashboard({ areKept: true });
	const { banter, admin, visit } = dashboard;
	let jane;
	let joe;
	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
		joe = await addUser(banter, "joe@example.com", "--name", "Joe");
	});

	/** A section, when its data is there. */
	async function open(section, { as, ...options } = {}) {
		const session = as && { session: await logIn(banter, as) };
		const opened = await visit(`/settings/${section}`, { ...session, ...options });
		await ready(opened.page);
		return opened;
	}
	async function ready(page) {
		await page.locator("main h1").waitFor();
		await until("the data is there", async () => (await page.locator(".skeleton").count()) === 0);
	}
	const toast = (page, text) => page.locator(".toasts").getByText(text).waitFor();
	const button = (page, name) => page.getByRole("button", { name, exact: true });

	describe("of a user", () => {
		it("change the own name", async () => {
			const { page, complaints } = await open("profile", { as: jane });
			await page.getByLabel("Name").fill("Jane Doe");
			await button(page, "Save").click();
			await toast(page, "Saved");
			await page.getByRole("banner").getByText("Jane Doe").waitFor();
			await page.reload();
			assert.equal(await page.getByLabel("Name").inputValue(), "Jane Doe");
			assert.equal(await page.getByLabel("E-mail").inputValue(), "jane@example.com");
			assert.deepEqual(complaints, []);
		});

		it("keep the name that was saved in another browser meanwhile, and ask", async () => {
			const [first, second] = [
				await open("profile", { as: joe }),
				await open("profile", { as: joe }),
			];
			await second.page.getByLabel("Name").fill("Joseph");
			await first.page.getByLabel("Name").fill("Joey");
			await button(first.page, "Save").click();
			await toast(first.page, "Saved");
			await button(second.page, "Save").click();
			await second.page.getByText("Somebody else has changed this in the meantime.").waitFor();
			await first.page.reload();
			assert.equal(await first.page.getByLabel("Name").inputValue(), "Joey");
			await button(second.page, "Take the other version").click();
			assert.equal(await second.page.getByLabel("Name").inputValue(), "Joey");
			await second.page.getByLabel("Name").fill("Joe");
			await button(second.page, "Save").click();
			await toast(second.page, "Saved");
		});

		it("change language and colours of this device", async () => {
			const { page } = await open("profile", { as: jane });
			await page.getByRole("main").getByText("Dark", { exact: true }).click();
			await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
			await page.getByLabel("Language").selectOption("de");
			await page.getByRole("heading", { name: "Profil", exact: true }).waitFor();
			assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
			await page.getByLabel("Sprache").selectOption("");
			await page.getByRole("heading", { name: "Profile" }).waitFor();
		});

		it("change the password, which ends the other sign-ins", async () => {
			const kim = await addUser(banter, "kim@example.com");
			const other = await open("profile", { as: kim });
			const { page } = await open("password", { as: kim });
			await page.getByLabel("Current password").fill("wrong");
			await page.getByLabel("New password").fill("short");
			await button(page, "Change password").click();
			await page.getByText("Use at least 10 characters.").waitFor();
			await page.getByLabel("New password").fill("another long one");
			await button(page, "Change password").click();
			await page.getByText("This is not your current password.").waitFor();
			await assertAccessible(page);
			await page.getByLabel("Current password").fill(kim.password);
			await button(page, "Change password").click();
			await toast(page, "Password changed.");
			await other.page.reload();
			await other.page.waitForURL(/\/login/);
			await page.reload();
			await page.getByRole("heading", { name: "Password" }).waitFor();
			await logIn(banter, { email: kim.email, password: "another long one" });
		});

		it("show a new sign-in without a reload, while somebody looks", async () => {
			const prepare = (context) => context.clock.install();
			const { page } = await open("sign-ins", { as: joe, prepare });
			const rows = page.locator(".settings-row");
			const before = await rows.count();
			await logIn(banter, joe);
			await page.clock.runFor(10_000);
			await rows.nth(before).waitFor();
		});

		it("end one sign-in, and then all others: these browsers are out", async () => {
			const lou = await addUser(banter, "lou@example.com");
			const others = [];
			for (let i = 0; i < 3; i++) others.push((await open("profile", { as: lou })).page);
			const program = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
			const session = await logIn(banter, lou, { headers: { "user-agent": program } });
			const { page } = await open("sign-ins", { session });
			const rows = page.locator(".settings-row");
			assert.equal(await rows.count(), 4);
			assert.match(await rows.first().textContent(), /Firefox on Linux.*127\.0\.0\.1/s);
			assert.equal(await page.getByText("This device").count(), 1);
			await page
				.getByRole("button", { name: /^End: / })
				.first()
				.click();
			await toast(page, "The session has ended.");
			const isOut = async (other) => {
				await other.reload();
				await other.locator("main h1").waitFor();
				return other.url().includes("/login");
			};
			const out = [];
			for (const other of others) out.push(await isOut(other));
			assert.deepEqual([...out].sort(), [false, false, true]);
			await button(page, "End all others").click();
			const dialog = page.getByRole("dialog");
			await assertAccessible(page);
			await dialog.getByRole("button", { name: "End all others" }).click();
			await toast(page, "All other sessions have ended.");
			for (const other of others) assert.equal(await isOut(other), true);
			await until("the list has one row", async () => (await rows.count()) === 1);
			await page.reload();
			await page.getByText("This device").waitFor();
		});
	});

	describe("of somebody who signed in with the dashboard's password", () => {
		it("say that there is no user", async () => {
			const { page } = await open("profile");
			await page.getByText("You are logged in with the dashboard’s password.").waitFor();
			assert.equal(await page.getByLabel("Name").count(), 0);
			await page.getByLabel("Language").waitFor();
			await page.getByRole("link", { name: "Password" }).click();
			await page.getByText("This password is the server’s setting DASHBOARD_PASSWORD").waitFor();
			await page.getByRole("link", { name: "Sessions" }).click();
			await page.getByText("This device").waitFor();
		});
	});

	describe("of a member", () => {
		it("list only what a member may see, and say the rest plainly", async () => {
			const { page } = await open("profile", { as: joe });
			assert.equal((await admin("GET", "users")).users.at(-1).role, "member");
			const nav = page.getByRole("navigation", { name: "Settings" });
			await nav.getByText("Default · Member").waitFor();
			const shown = await nav.getByRole("link").allTextContents();
			assert.deepEqual(shown, [
				"Profile",
				"Password",
				"Sessions",
				"Tags",
				"Snippets",
				"Blocks",
				"Prices",
			]);
			for (const section of FOR_OWNERS) {
				await page.goto(`${banter.url}/settings/${section}`);
				await page.getByText("Only for owners").waitFor();
			}
			await assertAccessible(page);
			await page.goto(`${banter.url}/settings/prices`);
			await page.getByText("There are no prices yet.").waitFor();
			assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0);
		});
	});

	it("are a menu on a phone, and lead back to it", async () => {
		const [, phone] = SCREENS[2];
		const { page } = await visit("/settings", { ...phone });
		await page.getByRole("heading", { name: "Settings" }).waitFor();
		await page.getByRole("link", { name: "API keys" }).click();
		await page.getByRole("heading", { name: "API keys" }).waitFor();
		await page.locator(".page-back").click();
		await page.getByRole("heading", { name: "Settings" }).waitFor();
	});

	it("are reached by the command palette", async () => {
		const { page } = await open("profile");
		await page.keyboard.press("Control+k");
		await page.getByRole("dialog").getByRole("combobox").fill("settings: snip");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "Snippets", exact: true }).waitFor();
	});

	it("show a page for an unknown section", async () => {
		const { page } = await visit("/settings/nothing");
		await page.getByText("Page not found").waitFor();
	});

	for (const [name, screen] of SCREENS)
		it(`are accessible ${name}`, async () => {
			const { page, complaints } = await open("profile", { as: jane, ...screen });
			for (const section of SECTIONS) {
				if (section !== "profile") await lead(page, `/settings/${section}`);
				await ready(page);
				await assertAccessible(page);
			}
			assert.deepEqual(complaints, []);
		});
});
