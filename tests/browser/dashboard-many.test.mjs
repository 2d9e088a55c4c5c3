// The dashboard's list, many conversations at once: how they are chosen by mouse, keys and touch, what is done with
// them, and how that is taken back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, beforeEach, describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { PASSWORD, until, useBanter } from "../e2e/harness.mjs";
import { missing, useBrowser } from "./browser.mjs";
import { assertAccessible, SCREENS } from "./dashboard.mjs";
import { useInbox } from "./inbox.mjs";

/** More than the first page of the list has. */
const COUNT = 60;

describe("many conversations in the list", { skip: missing }, () => {
	const banter = useBanter({ workers: 1 });
	const browser = useBrowser({ areKept: true });
	const { admin, say, signIn, show } = useInbox(banter, browser);
	let jane;

	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
		await admin("POST", "tags", { name: "Spring", color: "#2563eb" });
		for (let i = 0; i < COUNT; i++) await say(`visitor-${i}`);
	});

	beforeEach(async () => {
		const all = await list();
		await admin("POST", "conversations/bulk", {
			ids: all.map(({ _id }) => _id),
			change: { state: "open", assignedTo: null, tags: [], read: false, snoozed: null },
		});
	});

	const list = async (query = "") =>
		(await admin("GET", `conversations?limit=200${query}`)).conversations;
	const count = async (query) => (await list(query)).length;

	async function visit(options) {
		const { page, complaints } = await signIn(jane ?? { password: PASSWORD }, options);
		await show(page, "/?view=all");
		return { page, complaints };
	}
	const row = (page, n) => page.locator(`[aria-posinset='${n}'] .row`);
	const check = (page, n) => page.locator(`[aria-posinset='${n}'] .row-check`);
	const bar = (page) => page.getByRole("group", { name: "Selected conversations" });
	const selected = (page, n) => bar(page).getByText(`${n} selected`, { exact: true }).waitFor();
	const undo = (page) => page.getByRole("button", { name: "Undo" }).last().click();
	const more = async (page, item) => {
		await bar(page).getByRole("button", { name: /^More/ }).click();
		await page.getByRole("menuitem", { name: item }).click();
	};

	it("are chosen by their boxes and, with Shift, from one to another", async () => {
		const { page, complaints } = await visit();
		await check(page, 2).click();
		await selected(page, 1);
		await row(page, 5).click({ modifiers: ["Shift"] });
		await selected(page, 4);
		assert.equal(new URL(page.url()).pathname, "/", "nothing was opened");
		assert.equal(page.context().pages().length, 1, "nor a window");
		await check(page, 3).click();
		await selected(page, 3);
		await row(page, 7).click();
		await page.getByRole("log", { name: "Messages" }).waitFor();
		await selected(page, 3);
		await bar(page).getByRole("button", { name: "Clear the selection" }).click();
		await bar(page).waitFor({ state: "detached" });
		assert.deepEqual(complaints, []);
	});

	it("are chosen, resolved and reopened by keys", async () => {
		const { page } = await visit();
		await page.keyboard.press("j");
		await page.keyboard.press("x");
		await selected(page, 1);
		for (let i = 0; i < 3; i++) await page.keyboard.press("j");
		await page.keyboard.press("Shift+X");
		await selected(page, 4);
		const ids = await page
			.locator(".row-place:has(:checked) .row")
			.evaluateAll((rows) => rows.map(({ dataset }) => dataset.id));
		await page.keyboard.press("e");
		await page.getByText("4 conversations are resolved.").waitFor();
		await until("they are resolved", async () => (await count("&state=resolved")) === 4);
		const resolved = await list("&state=resolved");
		assert.deepEqual(resolved.map(({ _id }) => _id).sort(), ids.sort());
		await undo(page);
		await until("they are open", async () => (await count("&state=resolved")) === 0);
		await page.keyboard.press("x");
		await selected(page, 1);
		await page.keyboard.press("Escape");
		await bar(page).waitFor({ state: "detached" });
	});

	it("are snoozed and taken back, and one alone from its thread", async () => {
		const { page, complaints } = await visit();
		const snoozed = () => count("&snoozed=true");
		const dialog = page.getByRole("dialog", { name: "Snooze" });
		await check(page, 1).click();
		await check(page, 2).click();
		await page.keyboard.press("z");
		await assertAccessible(page);
		await dialog.getByRole("button", { name: "Tomorrow morning" }).click();
		await page.getByText("2 conversations are snoozed.").waitFor();
		await until("they are snoozed", async () => (await snoozed()) === 2);
		await undo(page);
		await until("they are back", async () => (await snoozed()) === 0);

		await row(page, 9).click();
		await page.getByRole("log", { name: "Messages" }).waitFor();
		await page.getByRole("button", { name: "More actions for this conversation" }).click();
		await page.getByRole("menuitem", { name: "Snooze", exact: true }).click();
		const time = dialog.getByLabel("At another time");
		await time.fill("2020-01-01T09:00");
		await dialog.getByRole("button", { name: "Snooze until then" }).click();
		await dialog.getByText("Choose a time later than now and within a year.").waitFor();
		await dialog.getByRole("button", { name: "When the visitor writes" }).click();
		await page.getByText("Snoozed until the visitor writes").waitFor();
		await until("the server has it", async () => (await snoozed()) === 1);
		await page
			.locator(`[aria-setsize='${COUNT - 1}']`)
			.first()
			.waitFor();

		await show(page, "/?view=snoozed");
		await row(page, 1).getByText("Until the visitor writes").waitFor();
		await page.keyboard.press("j");
		await page.keyboard.press("Enter");
		await page.getByText("Snoozed until the visitor writes").waitFor();
		await page.keyboard.press("z");
		await page.getByText("The conversation is back.").waitFor();
		await until("it is back", async () => (await snoozed()) === 0);
		await page.getByText("No open conversation is in this view.").waitFor();
		assert.deepEqual(complaints, []);
	});

	it("are all chosen by Ctrl-A, also those that are not loaded yet, but not while somebody writes", async () => {
		const { page } = await visit();
		await page.keyboard.press("ControlOrMeta+a");
		await selected(page, COUNT);
		await page.keyboard.press("a");
		await page.getByRole("combobox").fill("Jane");
		await page.keyboard.press("ControlOrMeta+a");
		await page.keyboard.press("Delete");
		assert.equal(await page.getByRole("combobox").inputValue(), "");
		await page.getByRole("combobox").fill("Jane");
		await page.keyboard.press("Enter");
		await page.getByText(`${COUNT} conversations are assigned: Jane`).waitFor();
		await until("they are Jane's", async () => (await count("&assignedTo=nobody")) === 0);
		await undo(page);
		await until("they are nobody's", async () => (await count("&assignedTo=nobody")) === COUNT);
	});

	it("get a tag, lose it, and are marked as read", async () => {
		const { page } = await visit();
		const tag = (await admin("GET", "tags")).tags.find(({ name }) => name === "Spring");
		await check(page, 1).click();
		await check(page, 2).click();
		for (const expected of [2, 0]) {
			await bar(page).getByRole("button", { name: "Tag the selected" }).click();
			await page.getByRole("option", { name: "Spring" }).click();
			await until("the tags are stored", async () => (await count(`&tag=${tag.id}`)) === expected);
			await until(
				"the rows show it",
				async () => (await page.locator(".row-tag").count()) === expected,
			);
			if (expected === 0) break;
			await check(page, 1).click();
			await check(page, 2).click();
		}
		const dots = page.locator(".row-dot");
		const before = await dots.count();
		await check(page, 1).click();
		await row(page, 3).click({ modifiers: ["Shift"] });
		await more(page, "Mark as read");
		await page.getByText("3 conversations are marked as read.").waitFor();
		await until("the rows show it", async () => (await dots.count()) === before - 3);
		await undo(page);
		await until("the rows show it", async () => (await dots.count()) === before);
	});

	it("that the server refuses stay as they were, with the reason, and the others change", async () => {
		const tags = [];
		for (let i = 0; i < 32; i++)
			tags.push((await admin("POST", "tags", { name: `Tag ${i}`, color: "#2563eb" })).id);
		const { page } = await visit();
		const full = await row(page, 1).getAttribute("data-id");
		await admin("PUT", `conversations/${full}`, { tags });
		await page.locator(".row-more", { hasText: "+30" }).waitFor();
		await check(page, 1).click();
		await check(page, 2).click();
		await bar(page).getByRole("button", { name: "Tag the selected" }).click();
		await page.getByRole("option", { name: "Spring" }).click();
		await page
			.getByText("1 conversation was not changed: A conversation has at most 32 tags.")
			.waitFor();
		const spring = (await admin("GET", "tags")).tags.find(({ name }) => name === "Spring");
		assert.equal(await count(`&tag=${spring.id}`), 1);
		await page.locator(".row-more", { hasText: "+30" }).waitFor();
		for (const id of tags) await admin("DELETE", `tags/${id}`);
	});

	it("are exported", async () => {
		const { page } = await visit();
		await check(page, 1).click();
		await check(page, 2).click();
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			more(page, "Export as JSON"),
		]);
		assert.equal(download.suggestedFilename(), "conversations.json");
		const { conversations } = JSON.parse(await readFile(await download.path(), "utf8"));
		const ids = await page
			.locator(".row")
			.evaluateAll((rows) => rows.slice(0, 2).map(({ dataset }) => dataset.id));
		assert.deepEqual(
			conversations.map(({ conversation }) => conversation._id),
			ids,
		);
		await selected(page, 2);
	});

	it("are deleted, at once for the user, and come back when that is undone", async () => {
		const { page } = await visit();
		const before = await page.locator(".row-name").allTextContents();
		await check(page, 1).click();
		await check(page, 2).click();
		await more(page, "Delete");
		await page.getByText("2 conversations are deleted.").waitFor();
		await until(
			"the rows are gone",
			async () => (await row(page, 1).locator(".row-name").textContent()) === before[2],
		);
		assert.equal(await count(), COUNT, "the server still has them");
		await undo(page);
		await until(
			"the rows are back",
			async () => (await row(page, 1).locator(".row-name").textContent()) === before[0],
		);
		for (const name of ["visitor-0", "visitor-1"]) await say(`gone-${name}`);
		await until("two more", async () => (await count()) === COUNT + 2);
		await page.reload();
		await check(page, 1).click();
		await check(page, 2).click();
		await more(page, "Delete");
		await page.getByText("2 conversations are deleted.").waitFor();
		await page.close();
		await until("the server has deleted them", async () => (await count()) === COUNT, 30_000);
		assert.ok((await list()).every(({ sessionId }) => !sessionId.startsWith("gone-")));
	});

	it("are chosen by a long press on a phone, where further touches choose", async () => {
		const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
		const { page } = await visit(phone);
		const cdp = await page.context().newCDPSession(page);
		const { x, y, width, height } = await row(page, 2).boundingBox();
		const touchPoints = [{ x: x + width / 2, y: y + height / 2 }];
		await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
		await selected(page, 1);
		await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
		await row(page, 4).tap();
		await selected(page, 2);
		assert.equal(new URL(page.url()).pathname, "/", "nothing was opened");
		await row(page, 4).tap();
		await row(page, 2).tap();
		await bar(page).waitFor({ state: "detached" });
		await row(page, 2).tap();
		await page.getByRole("log", { name: "Messages" }).waitFor();
	});

	for (const [name, screen] of SCREENS)
		it(`are accessible ${name}`, async () => {
			const { page } = await visit(screen);
			await page.keyboard.press("ControlOrMeta+a");
			await selected(page, COUNT);
			await assertAccessible(page);
			await bar(page).getByRole("button", { name: "Tag the selected" }).click();
			await page.getByRole("option", { name: "Spring" }).waitFor();
			await assertAccessible(page);
		});
});
