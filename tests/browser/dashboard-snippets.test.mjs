// The dashboard's snippets and tags, in the settings.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { asksBeforeClosing, assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

describe("the dashboard's snippets and tags", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard();
	let member;
	before(async () => {
		member = await logIn(banter, await addUser(banter, "m@x.example", "--member"));
	});

	const open = (section, options) => visit(`/settings/${section}`, options);
	const list = (page, name) => page.getByRole("list", { name });
	const row = (page, name) => page.locator(".saying").filter({ hasText: name });
	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const stored = async (kind) => (await admin("GET", kind))[kind];
	const byName = (all) => Object.fromEntries(all.map((one) => [one.name, one]));

	it("a snippet is created, edited in its row and deleted, and others see it", async () => {
		const { page, complaints } = await open("snippets");
		const other = (await open("snippets", { session: member })).page;
		await other.getByText("No snippet yet").waitFor();
		await button(page, "New snippet").click();
		await page.getByRole("textbox", { name: "Name" }).fill("Hours");
		await page.getByRole("textbox", { name: "Text" }).fill("From **9** to 5.\nNot on Sundays.");
		await button(page, "Create").click();
		await row(page, "Hours").getByText("From **9** to 5.").waitFor();
		await row(other, "Hours").waitFor();
		assert.equal((await stored("snippets"))[0].text, "From **9** to 5.\nNot on Sundays.");
		await button(page, "Edit Hours").click();
		await until("the name has the focus", () =>
			page.evaluate(() => document.activeElement?.matches(".saying-edited input")),
		);
		await page.getByRole("textbox", { name: "Name" }).fill("Opening hours");
		await page.keyboard.press("Enter");
		await row(page, "Opening hours").waitFor();
		await row(other, "Opening hours").waitFor();
		await button(page, "Delete Opening hours").click();
		await page.getByRole("dialog").getByText("stay as they are").waitFor();
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await page.getByText("No snippet yet").waitFor();
		await other.getByText("No snippet yet").waitFor();
		assert.deepEqual(await stored("snippets"), []);
		assert.deepEqual(complaints, []);
	});

	it("says what is wrong with a snippet, and keeps what was written", async () => {
		const { page } = await open("snippets");
		await button(page, "New snippet").click();
		await page.getByRole("textbox", { name: "Text" }).fill("Hello");
		await button(page, "Create").click();
		await until("the name is marked", async () => {
			const name = page.getByRole("textbox", { name: "Name" });
			return (await name.getAttribute("aria-invalid")) === "true";
		});
		assert.equal(await page.getByRole("textbox", { name: "Text" }).inputValue(), "Hello");
		await button(page, "Cancel").click();
		await page.getByText("No snippet yet").waitFor();
		assert.deepEqual(await stored("snippets"), []);
	});

	it("keeps unsaved changes of old and new snippets on other pages, until they are cancelled", async () => {
		const { id } = await admin("POST", "snippets", { name: "Kept", text: "Old." });
		const { page } = await open("snippets");
		const texts = page.getByRole("textbox", { name: "Text" });
		const values = () => texts.evaluateAll((fields) => fields.map(({ value }) => value));
		await button(page, "New snippet").click();
		await texts.fill("A new one");
		await button(page, "Edit Kept").click();
		await texts.nth(1).waitFor();
		await texts.nth(1).fill("Changed.");
		await page.getByRole("link", { name: "Contacts", exact: true }).click();
		await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
		assert.equal(await asksBeforeClosing(page), true);
		await page.goBack();
		await until("both forms are open again", async () => {
			return (await values()).join() === "A new one,Changed.";
		});
		for (let i = 0; i < 2; i++) await button(page, "Cancel").first().click();
		await row(page, "Old.").waitFor();
		assert.equal(await asksBeforeClosing(page), false);
		await admin("DELETE", `snippets/${id}`);
	});

	it("finds one of many snippets by name and text", async () => {
		const made = [];
		for (let i = 0; i < 12; i++)
			made.push(
				await admin("POST", "snippets", { name: `Answer ${i}`, text: `number ${i} of all` }),
			);
		const { page } = await open("snippets");
		const search = page.getByRole("searchbox", { name: "Search snippets" });
		await search.fill("NUMBER 11");
		await until("one is left", async () => (await page.locator(".saying").count()) === 1);
		await row(page, "Answer 11").waitFor();
		await search.fill("no such answer");
		await page.getByText("Nothing matches.").waitFor();
		for (const { id } of made) await admin("DELETE", `snippets/${id}`);
	});

	it("two people who edit one snippet do not overwrite each other", async () => {
		const { id } = await admin("POST", "snippets", { name: "Both", text: "Old." });
		const one = (await open("snippets")).page;
		const two = (await open("snippets", { session: member })).page;
		const text = (page) => page.getByRole("textbox", { name: "Text" });
		for (const page of [one, two]) {
			await button(page, "Edit Both").click();
			await text(page).fill(page === one ? "Theirs." : "Mine.");
		}
		await button(one, "Save").click();
		await row(one, "Theirs.").waitFor();
		await button(two, "Save").click();
		await two.getByText("Somebody else has changed this").waitFor();
		assert.equal((await admin("GET", `snippets/${id}`)).text, "Theirs.");
		await button(two, "Keep my changes").click();
		await button(two, "Save").click();
		await row(two, "Mine.").waitFor();
		await row(one, "Mine.").waitFor();
		await admin("DELETE", `snippets/${id}`);
	});

	it("a tag has a name, a colour by keyboard, and the number of its conversations", async () => {
		const { page, complaints } = await open("tags");
		await button(page, "New tag").click();
		await page.getByRole("textbox", { name: "Name" }).fill("Delivery");
		await page.keyboard.press("Tab");
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await row(page, "Delivery").getByText("No unresolved conversation").waitFor();
		const [tag] = await stored("tags");
		assert.deepEqual([tag.name, tag.color], ["Delivery", "#e5484d"]);
		await banter.chat("tagged", "[[tokens=1]] hello");
		const [{ _id: id }] = (await banter.conversations()).conversations;
		await admin("PUT", `conversations/${id}`, { tags: [tag.id] });
		await row(page, "Delivery").getByText("1 unresolved conversation").waitFor();
		await button(page, "New tag").click();
		await page.getByRole("textbox", { name: "Name" }).fill("Delivery");
		await button(page, "Create").click();
		await page.getByRole("alert").filter({ hasText: /\S/ }).waitFor();
		assert.equal((await stored("tags")).length, 1);
		await button(page, "Cancel").click();
		await button(page, "Edit Delivery").click();
		await page.getByRole("radio", { name: "Green" }).check({ force: true });
		await button(page, "Save").click();
		await page.locator(".saying-edited").waitFor({ state: "detached" });
		assert.equal(byName(await stored("tags")).Delivery.color, "#2e9a58");
		const onlyKnown = complaints.filter((text) => !text.includes("409"));
		assert.deepEqual(onlyKnown, []);
	});

	it("a team is created with members, changed in its row and deleted", async () => {
		await addUser(banter, "ann@x.example", "--name", "Ann Lee");
		const { page, complaints } = await open("teams");
		await page.getByText("No team yet").waitFor();
		await button(page, "New team").click();
		await page.getByRole("textbox", { name: "Name" }).fill("Billing");
		await page.getByRole("checkbox", { name: "Ann Lee" }).check();
		await button(page, "Create").click();
		await row(page, "Billing").getByText("Ann Lee").waitFor();
		const ann = byName(await stored("users"))["Ann Lee"].id;
		assert.deepEqual((await stored("teams"))[0].members, [ann]);
		await button(page, "Edit Billing").click();
		await page.getByRole("checkbox", { name: "Ann Lee" }).uncheck();
		await button(page, "Save").click();
		await row(page, "Billing").getByText("No members").waitFor();
		await assertAccessible(page);
		await button(page, "Delete Billing").click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await page.getByText("No team yet").waitFor();
		assert.deepEqual(complaints, []);
	});

	it("only owners can delete a tag, which disappears from all conversations", async () => {
		const { id } = await admin("POST", "tags", { name: "Doomed" });
		const [conversation] = (await banter.conversations()).conversations;
		await admin("PUT", `conversations/${conversation._id}`, { tags: [id] });
		const other = (await open("tags", { session: member })).page;
		await button(other, "Edit Doomed").waitFor();
		assert.equal(await button(other, "Delete Doomed").count(), 0);
		const { page } = await open("tags");
		await button(page, "Delete Doomed").click();
		const dialog = page.getByRole("dialog");
		await dialog.getByText("disappears from all conversations").waitFor();
		await dialog.getByText("1 unresolved conversation").waitFor();
		await dialog.getByRole("button", { name: "Delete" }).click();
		await row(page, "Doomed").waitFor({ state: "detached" });
		await row(other, "Doomed").waitFor({ state: "detached" });
		assert.equal(byName(await stored("tags")).Doomed, undefined);
		const { conversation: now } = await banter.thread(conversation._id);
		assert.deepEqual(now.tags, []);
	});

	for (const [name, screen] of SCREENS)
		it(`leave axe nothing to report, ${name}`, async () => {
			const { page } = await open("snippets", screen);
			await page.getByText("No snippet yet").waitFor();
			await assertAccessible(page);
			await admin("POST", "snippets", { name: "x".repeat(100), text: "long ".repeat(200) });
			await list(page, "Snippets").waitFor();
			await assertAccessible(page);
			await page.getByRole("button", { name: /^Edit x/ }).click();
			await page.locator(".saying-edited").waitFor();
			await assertAccessible(page);
			await button(page, "Cancel").click();
			await page.getByRole("button", { name: /^Delete x/ }).click();
			await page.getByRole("dialog").waitFor();
			await assertAccessible(page);
			await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
			await page.getByText("No snippet yet").waitFor();
			await page.goto(`${banter.url}/settings/tags`);
			await row(page, "Delivery")
				.getByText(/conversation/)
				.waitFor();
			await assertAccessible(page);
			await button(page, "New tag").click();
			await page.getByRole("radio", { name: "Grey" }).waitFor({ state: "attached" });
			await assertAccessible(page);
		});
});
