// A forgotten password: the login leads to a page that asks for a link by mail, and the link to one that sets a new password.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { ADMIN } from "../e2e/organizations.mjs";
import { parseMail } from "../e2e/smtp.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";
import { isFocused } from "./site.mjs";

const PASSWORD = "a long enough password";
const FRESH = "a fresh long password";
/** Without a session. */
const STRANGER = { session: { cookie: "none=none" } };

/** The heading, which a screen reader announces by its focus. */
const said = async (page, name) => {
	const heading = page.getByRole("heading", { name });
	await heading.waitFor();
	await until(`"${name}" has the focus`, () => isFocused(heading));
};

async function ask(page, email) {
	await page.getByLabel("E-mail").fill(email);
	await page.getByRole("button", { name: "Send the link" }).click();
}

async function choose(page, password) {
	await page.getByLabel("New password").fill(password);
	await page.getByRole("button", { name: "Set the password" }).click();
}

describe("a forgotten password", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ mail: true });

	/** The path of the link in the mail to this address; the newest one, if there are several. */
	const linkTo = (email, n = 1) =>
		until(`${n} mails to ${email}`, () => {
			const folder = join(banter.dir, "data/mail");
			const mails = readdirSync(folder)
				.sort()
				.map((name) =>
					parseMail({ lines: readFileSync(join(folder, name), "latin1").split("\r\n") }),
				)
				.filter(({ headers }) => headers.to.includes(email));
			return mails.length >= n && /\/reset\/\S+/.exec(mails.at(-1).text)[0];
		});
	const addUser = (email) => admin("POST", "users", { email, password: PASSWORD });

	it("is replaced by the link of a mail, and the user logs in with the new one", async () => {
		await addUser("ann@example.com");
		const { page, complaints } = await visit("/login", STRANGER);
		await page.getByRole("link", { name: "Forgot your password?" }).click();
		await said(page, "Forgot your password?");
		await ask(page, "nobody");
		await page.getByText("Enter your e-mail.").waitFor();
		assert.ok(await isFocused(page.getByLabel("E-mail")));
		await ask(page, "ann@example.com");
		await said(page, "Look into your mailbox");
		await page.goto(banter.url + (await linkTo("ann@example.com")));
		await said(page, "New password");
		await page.getByText("For the account ann@example.com.").waitFor();
		await choose(page, "short");
		await page.getByText("Use at least 10 characters.").waitFor();
		assert.ok(await isFocused(page.getByLabel("New password")));
		await choose(page, FRESH);
		await said(page, "You have a new password");
		await page.getByRole("link", { name: "Log in" }).click();
		await page.getByLabel("E-mail").fill("ann@example.com");
		await page.getByLabel("Password").fill(FRESH);
		await page.getByRole("button", { name: "Log in" }).click();
		await page.waitForURL(`${banter.url}/`);
		assert.deepEqual(complaints, []);
	});

	it("leads on when a link does not work any more, also to somebody who had opened it before", async () => {
		await addUser("ben@example.com");
		const { page } = await visit("/reset", STRANGER);
		await ask(page, "ben@example.com");
		await said(page, "Look into your mailbox");
		const link = await linkTo("ben@example.com");
		const second = await visit(link, STRANGER);
		await said(second.page, "New password");
		await page.goto(banter.url + link);
		await choose(page, FRESH);
		await said(page, "You have a new password");
		await choose(second.page, PASSWORD);
		await said(second.page, "This link does not work any more");
		await second.page.getByRole("link", { name: "Ask for another link" }).click();
		await said(second.page, "Forgot your password?");
	});

	for (const [name, screen] of SCREENS)
		it(`has pages that are accessible ${name}`, async () => {
			const email = `eva-${name.replaceAll(" ", "-")}@example.com`;
			await addUser(email);
			const { page } = await visit("/login", { ...STRANGER, ...screen });
			await page.getByRole("link", { name: "Forgot your password?" }).waitFor();
			await assertAccessible(page);
			await page.goto(`${banter.url}/reset`);
			await page.getByLabel("E-mail").waitFor();
			await assertAccessible(page);
			await ask(page, email);
			await said(page, "Look into your mailbox");
			await assertAccessible(page);
			await page.goto(banter.url + (await linkTo(email)));
			await page.getByLabel("New password").waitFor();
			await assertAccessible(page);
			await page.goto(`${banter.url}/reset/unknown`);
			await said(page, "This link does not work any more");
			await assertAccessible(page);
		});
});

describe("a forgotten password without a mail server", { skip: missing }, () => {
	const { visit } = useDashboard({
		env: {
			APP_ENV: "production",
			CORS_ORIGIN: "https://x.example",
			ADMIN_API_KEY: ADMIN["x-admin-api-key"],
		},
	});

	it("is explained: who can set a new one", async () => {
		const { page } = await visit("/reset", STRANGER);
		await said(page, "This server sends no e-mail");
		await page.getByText("Ask an owner of your organization").waitFor();
		await page.getByText("banter user passwd").waitFor();
		await assertAccessible(page);
	});
});
