// What the dashboard says in passing, and where the focus is afterwards.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { useDashboard } from "./dashboard.mjs";

describe("the dashboard, for somebody who uses keyboard and screen reader,", {
	skip: missing,
}, () => {
	const { banter, admin, visit } = useDashboard();
	before(async () => {
		for (const visitor of ["first", "second"]) await banter.chat(visitor, "[[tokens=1]] hello");
	});

	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const isFocused = (locator) => locator.evaluate((node) => node === document.activeElement);
	const focusIsOn = (what, locator) => until(`the focus is on ${what}`, () => isFocused(locator));

	/** The inbox with its first row selected, and a clock that stands still between the steps. */
	async function inbox() {
		for (const { _id: id } of (await banter.conversations()).conversations)
			await admin("PUT", `conversations/${id}`, { state: "open" });
		const { page } = await visit("/", { prepare: (context) => context.clock.install() });
		await page.locator(".row").first().waitFor();
		await page.keyboard.press("j");
		await page.locator(".row-selected").waitFor();
		return page;
	}

	/** Resolves the selected conversation, and returns what is said about it. */
	async function resolve(page) {
		await page.keyboard.press("e");
		const toast = page.locator(".toast", { hasText: "The conversation is resolved." });
		await toast.waitFor();
		return toast;
	}

	it("keeps a message while the pointer or the focus is on it, and then drops it", async () => {
		const page = await inbox();
		const toast = await resolve(page);
		await toast.hover();
		await page.clock.fastForward("01:00");
		assert.equal(await toast.count(), 1, "the pointer is on it");
		await page.mouse.move(5, 5);
		await button(page, "Undo").focus();
		await page.clock.fastForward("01:00");
		assert.equal(await toast.count(), 1, "the focus is on it");
		await page.locator(".row-selected").focus();
		await page.clock.fastForward("00:07");
		await toast.waitFor({ state: "detached" });
	});

	it("gives the focus back after a message was used or closed", async () => {
		for (const name of ["Undo", "Close"]) {
			const page = await inbox();
			const toast = await resolve(page);
			const row = page.locator(".row-selected");
			await focusIsOn("the row", row);
			await toast.getByRole("button", { name }).focus();
			await page.keyboard.press("Enter");
			await toast.waitFor({ state: "detached" });
			await focusIsOn("the row again", row);
		}
	});

	/** Records what live regions say from now on. */
	const listen = (page) =>
		page.evaluate(() => {
			window.heard = [];
			const LIVE = "[aria-live=polite], [role=status], [role=alert]";
			new MutationObserver((records) => {
				for (const { addedNodes } of records)
					for (const node of addedNodes) {
						const element = node instanceof Element ? node : node.parentElement;
						if (element?.closest(LIVE) || element?.querySelector(LIVE))
							window.heard.push(node.textContent);
					}
			}).observe(document, { childList: true, subtree: true });
		});
	const heard = (page, pattern) =>
		page.evaluate(
			(source) => window.heard.filter((text) => new RegExp(source).test(text)),
			pattern,
		);

	it("says each event once, also a failure that lasts", async () => {
		const page = await inbox();
		await listen(page);
		const toast = await resolve(page);
		await page.clock.fastForward("00:03");
		await toast.getByRole("button", { name: "Undo" }).click();
		await toast.waitFor({ state: "detached" });
		assert.equal((await heard(page, "is resolved")).length, 1);
		let failures = 0;
		await page.route("**/v1/admin/contacts*", (route) => {
			failures++;
			return route.fulfill({ status: 503, body: '{"error":"no store"}' });
		});
		await page.getByRole("link", { name: "Contacts", exact: true }).click();
		await page.getByRole("alert").getByText("The server is not ready").waitFor();
		await until("it was tried a few times", async () => {
			await page.clock.fastForward("00:30");
			return failures > 3;
		});
		assert.equal((await heard(page, "is not ready")).length, 1);
	});

	it("gives the focus back to what opened a dialog", async () => {
		const { page } = await visit("/settings/snippets");
		const opener = button(page, "Commands Ctrl K");
		await opener.focus();
		for (const end of ["Escape", "Enter"]) {
			await page.keyboard.press("Enter");
			await page.getByRole("dialog").waitFor();
			if (end === "Enter") await button(page, "Close").focus();
			await page.keyboard.press(end);
			await page.getByRole("dialog").waitFor({ state: "detached" });
			await focusIsOn("the button that opened it", opener);
		}
	});

	it("moves the focus to the neighbour of a deleted row, or else to the heading", async () => {
		for (const name of ["A", "B", "C"]) await admin("POST", "snippets", { name, text: name });
		const { page } = await visit("/settings/snippets");
		const remove = async (name) => {
			await button(page, `Delete ${name}`).focus();
			await page.keyboard.press("Enter");
			await page.getByRole("dialog").getByRole("button", { name: "Delete" }).focus();
			await page.keyboard.press("Enter");
			await button(page, `Delete ${name}`).waitFor({ state: "detached" });
		};
		await remove("B");
		await focusIsOn("the next row", button(page, "Edit C"));
		await remove("C");
		await focusIsOn("the row before", button(page, "Edit A"));
		await remove("A");
		await focusIsOn("the heading", page.locator("main h1"));
	});

	it("stays among the notes when one is deleted", async () => {
		const [{ _id: id }] = (await banter.conversations()).conversations;
		for (const text of ["One", "Two"]) await admin("POST", `conversations/${id}/notes`, { text });
		const { page } = await visit(`/conversations/${id}`);
		const side = page.getByRole("region", { name: "Details" });
		const removers = side.getByRole("button", { name: "Delete note" });
		await removers.nth(1).waitFor();
		await removers.first().focus();
		await page.keyboard.press("Enter");
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).focus();
		await page.keyboard.press("Enter");
		await until("one is left", async () => (await removers.count()) === 1);
		await focusIsOn("the other note", removers);
	});
});
