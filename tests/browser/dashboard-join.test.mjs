// The page to which an invitation leads: the new user is signed in, and each link works once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const PASSWORD = "a long enough password";
const UNKNOWN = "/join/2Yw1Zk0n8m6QxJ4rT9vB3cL5dF7gH1jK2mN4pR6sX8q";
/** Without a session. */
const STRANGER = { session: { cookie: "none=none" } };

describe("the page of an invitation", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard();

	async function invite(role = "member", email = null) {
		const { token } = await admin("POST", "invitations", { role, email });
		return `/join/${token}`;
	}

	async function fill(page, { name = "", email, password = PASSWORD }) {
		await page.getByLabel("Your name").fill(name);
		await page.getByLabel("E-mail").fill(email);
		await page.getByLabel("Password").fill(password);
		await page.getByRole("button", { name: "Join" }).click();
	}
	const said = (page, name) => page.getByRole("heading", { name }).waitFor();

	it("shows to what it invites, makes the user, and signs in", async () => {
		const { page, complaints } = await visit(await invite("owner", "ann@example.com"), STRANGER);
		await said(page, "Join Default");
		await page.getByText("You are invited as: Owner.").waitFor();
		assert.equal(await page.getByLabel("E-mail").inputValue(), "ann@example.com");
		await fill(page, { name: "Ann", email: "ann@example.com" });
		await page.waitForURL(`${banter.url}/`);
		await page.getByRole("button", { name: /Ann/ }).waitFor();
		const { users } = await admin("GET", "users");
		const ann = users.find(({ email }) => email === "ann@example.com");
		assert.deepEqual([ann.name, ann.role], ["Ann", "owner"]);
		assert.deepEqual(complaints, []);
	});

	it("says what is wrong with each field", async () => {
		await admin("POST", "users", { email: "taken@example.com", password: PASSWORD });
		const { page } = await visit(await invite(), STRANGER);
		await fill(page, { email: "nobody", password: "short" });
		await page.getByText("Enter your e-mail address.").waitFor();
		await page.getByText("Use at least 10 characters.").waitFor();
		await fill(page, { email: "taken@example.com" });
		await page.getByText("This e-mail is already in use.").waitFor();
		await assertAccessible(page);
		await fill(page, { email: "free@example.com" });
		await page.waitForURL(`${banter.url}/`);
	});

	it("says that it has been used, also to somebody who had opened it before", async () => {
		const path = await invite();
		const first = await visit(path, STRANGER);
		const second = await visit(path, STRANGER);
		await said(second.page, "Join Default");
		await fill(first.page, { email: "first@example.com" });
		await first.page.waitForURL(`${banter.url}/`);
		await fill(second.page, { email: "second@example.com" });
		await said(second.page, "This invitation has been used");
		await second.page.reload();
		await said(second.page, "This invitation has been used");
		const { users } = await admin("GET", "users");
		assert.equal(
			users.some(({ email }) => email === "second@example.com"),
			false,
		);
		await second.page.getByRole("link", { name: "Log in" }).click();
		await said(second.page, /Log in/);
	});

	it("says that it is unknown, or was revoked", async () => {
		const { page } = await visit(UNKNOWN, STRANGER);
		await said(page, "This invitation does not exist");
		const { id, token } = await admin("POST", "invitations", { role: "member" });
		await admin("DELETE", `invitations/${id}`);
		await page.goto(`${banter.url}/join/${token}`);
		await said(page, "This invitation does not exist");
	});

	for (const [name, screen] of SCREENS)
		it(`is accessible ${name}`, async () => {
			const { page } = await visit(await invite("member", "a@example.com"), {
				...STRANGER,
				...screen,
			});
			await said(page, "Join Default");
			await assertAccessible(page);
			await page.goto(banter.url + UNKNOWN);
			await said(page, "This invitation does not exist");
			await assertAccessible(page);
		});
});
