// The dashboard's login page: the password alone, or an e-mail and a password.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { PASSWORD, useBanter } from "../e2e/harness.mjs";
import { missing, useBrowser } from "./browser.mjs";

describe("the dashboard's login page", { skip: missing }, () => {
	const banter = useBanter({ workers: 1 });
	const browser = useBrowser();
	const visit = () => browser.open(`${banter.url}/login`);

	const focused = (page) => page.evaluate(() => document.activeElement?.id);
	const arrived = (page) =>
		page.getByRole("heading", { name: "Inbox: All", exact: true }).waitFor();

	it("accepts the password alone", async () => {
		const { page } = await visit();
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await arrived(page);
	});

	it("opens with the password alone while there are no users; an e-mail can be chosen", async () => {
		const { page } = await visit();
		await page.waitForFunction(() => document.activeElement?.id === "password");
		assert.equal(await page.getByLabel("E-mail").count(), 0);
		await page.getByRole("button", { name: "Use an e-mail instead" }).press("Enter");
		await page.waitForFunction(() => document.activeElement?.id === "email");
	});

	it("offers both ways if the server does not say which one is used", async () => {
		const { page } = await browser.open(`${banter.url}/login`, {
			prepare: (context) =>
				context.route("**/api/login", (route) =>
					route.request().method() === "GET" ? route.abort() : route.continue(),
				),
		});
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Use an e-mail instead" }).waitFor();
		await page.getByRole("button", { name: "Log in" }).click();
		await arrived(page);
	});

	it("opens by e-mail when users exist, accepts it and a password by keyboard, and reports errors", async () => {
		const who = await addUser(banter, "jane@example.com");
		const { page } = await visit();
		await page.waitForFunction(() => document.activeElement?.id === "email");
		const problem = page.getByRole("alert");
		await page.keyboard.press("Enter");
		await problem.getByText("Enter your e-mail.").waitFor();
		assert.equal(await focused(page), "email");
		await page.keyboard.type(who.email);
		await page.keyboard.press("Tab");
		assert.equal(await focused(page), "password");
		await page.keyboard.type("wrong");
		await page.keyboard.press("Enter");
		await problem.getByText("That e-mail or password is wrong.").waitFor();
		await page.keyboard.type(who.password); // the wrong one is selected
		await page.keyboard.press("Enter");
		await arrived(page);
	});

	it("switches to the password alone", async () => {
		const { page, complaints } = await visit();
		await page.getByLabel("E-mail").fill("jane@example.com");
		await page.getByRole("button", { name: "Use only the password" }).click();
		await page.waitForFunction(() => document.activeElement?.id === "password");
		assert.equal(await page.getByLabel("E-mail").count(), 0);
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await arrived(page);
		assert.deepEqual(complaints, []);
	});
});

describe("the dashboard's login page without DASHBOARD_PASSWORD", { skip: missing }, () => {
	const banter = useBanter({ workers: 1, env: { DASHBOARD_PASSWORD: undefined } });
	const browser = useBrowser();

	it("asks for an e-mail, and offers no other way", async () => {
		const { page } = await browser.open(`${banter.url}/login`);
		await page.getByLabel("E-mail").waitFor();
		assert.equal(await page.getByRole("button").count(), 1);
	});
});
