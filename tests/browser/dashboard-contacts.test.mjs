// The dashboard's contacts: search, details, merge, and what people may ask of their data.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import {
	ADMIN,
	connectToStore,
	openImporter,
	openVisitor,
	storeTurn,
	submitContact,
} from "../e2e/organizations.mjs";
import { Visitor } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { asksBeforeClosing, assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

/** More than two pages of the list. */
const MANY = 130;

describe("the dashboard's contacts", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ areKept: true, search: true });
	let store;
	let widget;
	before(async () => {
		store = await connectToStore(banter);
		[widget] = (await admin("GET", "widgets")).widgets;
	});
	after(() => store?.close());

	/** A visitor who has given these details, after this many messages; resolves to the contact. */
	async function meet(details, messages = 1) {
		const visitor = await openVisitor(store, widget.widget_id);
		for (let i = 0; i < messages; i++) await storeTurn(visitor);
		return admin("GET", `contacts/${await submitContact(visitor, details)}`);
	}
	const stored = ({ id }) => admin("GET", `contacts/${id}`);
	const conversationsOf = async ({ id }) =>
		(await admin("GET", `conversations?contactId=${id}`)).conversations;

	/** The page of a contact, when its form is there. */
	async function open({ id }, options) {
		const opened = await visit(`/contacts/${id}`, options);
		await opened.page.getByLabel("Phone").waitFor();
		return opened;
	}
	const names = (page) => page.locator(".contact-name").allTextContents();
	const shows = (page, expected) =>
		until(`the list shows ${expected}`, async () => {
			const shown = await names(page);
			return JSON.stringify(shown) === JSON.stringify(expected);
		});
	const search = (page) => page.getByRole("searchbox", { name: "Search contacts" });
	const toast = (page, text) => page.locator(".toasts").getByText(text).waitFor();

	it("says that there are none, and then shows the first one at once", async () => {
		const { page, complaints } = await visit("/contacts");
		await page.getByText("No contact yet").waitFor();
		await meet({ name: "First", email: "first@one.example" });
		await shows(page, ["First"]);
		assert.deepEqual(complaints, []);
	});

	it("are found in the palette, as the views of the inbox are, from every page", async () => {
		const found = await meet({ name: "Zebulon Quill", email: "zeb@quill.example" });
		await until(
			"the search index is ready",
			async () => (await banter.get("/v1/admin/search?q=quill", ADMIN)).status === 200,
		);
		const { page, complaints } = await visit("/widgets");
		await page.getByRole("heading", { name: "Widgets", level: 1 }).waitFor();
		const dialog = page.getByRole("dialog", { name: "Commands" });
		for (const [letters, option, address] of [
			["zebulon", "Contacts: Zebulon Quill · zeb@quill.example", `/contacts/${found.id}`],
			["inbox wait", "Inbox: Waiting", "/?view=waiting"],
			["quill.ex", "Contacts: Zebulon Quill · zeb@quill.example", `/contacts/${found.id}`],
			["inbox: resol", "Inbox: Resolved", "/?view=resolved"],
		]) {
			await page.keyboard.press("Control+k");
			await dialog.waitFor();
			await page.keyboard.type(letters);
			await dialog.getByRole("option", { name: option, selected: true }).waitFor();
			await page.keyboard.press("Enter");
			await page.waitForURL(banter.url + address);
			await dialog.waitFor({ state: "detached" });
		}
		assert.deepEqual(complaints, []);
	});

	it("finds contacts by parts of name, e-mail and phone, and keeps the search in the address", async () => {
		await meet({ name: "Åsa Lind", email: "asa@north.example" });
		await meet({ email: "bo@north.example" });
		await meet({ phone: "+46 70 123 45 67" });
		const { page, complaints } = await visit("/contacts");
		await search(page).fill("åsa");
		await shows(page, ["Åsa Lind"]);
		await search(page).fill("NORTH.ex");
		await shows(page, ["bo@north.example", "Åsa Lind"]);
		await search(page).fill("70123");
		await shows(page, ["+46 70 123 45 67"]);
		await page.getByRole("link", { name: "+46 70 123 45 67" }).click();
		await page.getByRole("heading", { name: "+46 70 123 45 67", level: 1 }).waitFor();
		await page.goBack();
		await shows(page, ["+46 70 123 45 67"]);
		assert.equal(await search(page).inputValue(), "70123");
		await search(page).fill("nobody at all");
		await page.getByText("No one matches “nobody at all”").waitFor();
		await page.getByRole("button", { name: "Show all contacts" }).click();
		await until("all are there", async () => (await names(page)).includes("Åsa Lind"));
		await until("the field is empty and has the focus", () =>
			search(page).evaluate((field) => field.value === "" && field === document.activeElement),
		);
		assert.equal(new URL(page.url()).search, "");
		await search(page).fill("north");
		await page.waitForURL("**/contacts?q=north");
		await search(page).press("Escape");
		await page.waitForURL("**/contacts");
		await until("all are there again", async () =>
			(await names(page)).includes("+46 70 123 45 67"),
		);
		assert.deepEqual(complaints, []);
	});

	it("lists all of them as the reader scrolls, while new ones come", async () => {
		const importer = await openImporter(banter);
		for (let i = 0; i < MANY; i++) await importer.add("contact", { name: `Many ${i}` });
		importer.close();
		const { page } = await visit("/contacts");
		const toEnd = () => page.locator(".list-end").scrollIntoViewIfNeeded();
		await until("the second page is there", async () => {
			await toEnd();
			return (await names(page)).length > 60;
		});
		await meet({ name: "While scrolling" });
		await until("the new one is first", async () => (await names(page))[0] === "While scrolling");
		await until("the end is there", async () => {
			await toEnd();
			return page.getByText("These are all contacts.").isVisible();
		});
		const shown = await names(page);
		const many = shown.filter((name) => name.startsWith("Many"));
		const expected = Array.from({ length: MANY }, (_, i) => `Many ${MANY - 1 - i}`);
		assert.deepEqual(many, expected);
		assert.equal(shown.at(-1), "First");
	});

	it("says that the next ones could not be loaded, and tries again", async () => {
		const { page } = await visit("/contacts");
		await page.locator(".contact-name").first().waitFor();
		const next = "**/v1/admin/contacts?*cursor=*";
		await page.route(next, (route) => route.abort());
		await page.locator(".list-end").scrollIntoViewIfNeeded();
		const again = page.getByRole("button", { name: "Try again" });
		await again.waitFor();
		await page.unroute(next);
		const before = (await names(page)).length;
		await again.click();
		await until("more are there", async () => (await names(page)).length > before);
	});

	it("are edited; what the server refuses is said, and two people do not overwrite each other", async () => {
		const contact = await meet({ name: "Jane", email: "jane@edit.example" });
		await meet({ name: "Other", email: "other@edit.example" });
		const one = (await open(contact)).page;
		const two = (await open(contact)).page;
		const save = (page) => page.getByRole("button", { name: "Save" }).click();
		await one.getByLabel("E-mail").fill("no address");
		await save(one);
		await until("the field is marked", async () => {
			const state = await one.getByLabel("E-mail").getAttribute("aria-invalid");
			return state === "true" || (await one.locator(":invalid").count()) > 0;
		});
		await one.getByLabel("E-mail").fill("other@edit.example");
		await save(one);
		await one.getByText("Another contact has this e-mail or this phone.").waitFor();
		await one.getByLabel("E-mail").fill("");
		await one.getByLabel("Name").fill("Jane Doe");
		await two.getByLabel("Phone").fill("+44 1");
		await save(one);
		await toast(one, "Saved");
		assert.deepEqual((({ name, email }) => [name, email])(await stored(contact)), [
			"Jane Doe",
			null,
		]);
		await save(two);
		await two.getByRole("button", { name: "Keep my changes" }).click();
		assert.equal((await stored(contact)).phone, null);
		await save(two);
		await toast(two, "Saved");
		await until("the first one follows", async () => {
			return (await one.getByLabel("Phone").inputValue()) === "+44 1";
		});
		assert.equal((await stored(contact)).name, "Jane Doe");
	});

	it("keep unsaved changes on other pages, until they are erased", async () => {
		const contact = await meet({ name: "Kept", email: "kept@edit.example" });
		const { page } = await open(contact);
		await page.getByLabel("Name").fill("Not saved yet");
		await page.getByRole("link", { name: "Widgets", exact: true }).click();
		await page.getByRole("heading", { name: "Widgets", level: 1 }).waitFor();
		await page.goBack();
		assert.equal(await page.getByLabel("Name").inputValue(), "Not saved yet");
		assert.equal(await asksBeforeClosing(page), true);
		await page.getByRole("button", { name: "Erase…" }).click();
		await page
			.getByRole("dialog")
			.getByRole("button", { name: /^Erase/ })
			.click();
		await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
		assert.equal(await asksBeforeClosing(page), false);
	});

	it("link to their conversations, and say whether the site has proved who they are", async () => {
		const { secret } = await admin("POST", `widgets/${widget.id}/identity-secret`, {});
		const visitor = await Visitor.open(banter, widget);
		const hash = createHmac("sha256", secret).update("user-42").digest("hex");
		visitor.send({ type: "identify", userId: "user-42", hash, name: "Vera" });
		assert.equal((await visitor.next()).type, "contact_info_saved");
		await visitor.ask('[[text="Hello Vera"]]', "one");
		await visitor.close();
		const { contacts } = await admin("GET", "contacts?q=Vera");
		const { page, complaints } = await open(contacts[0]);
		await page.getByText("Verified", { exact: true }).waitFor();
		await page.getByText("its user “user-42”").waitFor();
		const [conversation] = await conversationsOf(contacts[0]);
		const link = page.getByRole("link", { name: /^Hello Vera/ });
		assert.equal(await link.getAttribute("href"), `/conversations/${conversation._id}`);
		assert.deepEqual(complaints, []);
	});

	it("a merge shows what will remain, moves the conversations, and says when another one runs", async () => {
		const kept = await meet({ name: "Max", email: "max@merge.example" });
		const other = await meet({ name: "Maximilian M.", phone: "+49 30 77" });
		const { page, complaints } = await open(kept);
		await page.getByRole("button", { name: "Merge…" }).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByRole("combobox", { name: "The other contact" }).fill("max");
		const results = dialog.getByRole("listbox", { name: "Contacts that match" });
		const chosen = results.getByRole("option", { selected: true });
		// By keys alone, also past the last one.
		for (const key of ["ArrowDown", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
		await dialog.getByRole("combobox").fill("maxim");
		await until("one is left", async () => (await results.getByRole("option").count()) === 1);
		assert.match(await chosen.textContent(), /Maximilian M\./);
		await page.keyboard.press("Enter");
		const fields = await dialog.locator("dd").allTextContents();
		assert.deepEqual(fields, [
			"Max“Maximilian M.” of the other contact is dropped",
			"max@merge.example",
			"+49 30 77from the other contact",
		]);
		await page.route("**/merge", (route) =>
			route.fulfill({ status: 409, json: { error: "One is being merged", code: "merging" } }),
		);
		const merge = dialog.getByRole("button", { name: "Merge", exact: true });
		await merge.click();
		await dialog.getByText("is being merged with another contact right now").waitFor();
		assert.equal((await conversationsOf(other)).length, 1);
		await page.unroute("**/merge");
		await merge.click();
		await toast(page, "“Maximilian M.” was merged.");
		await dialog.waitFor({ state: "detached" });
		assert.equal(await page.getByLabel("Phone").inputValue(), "+49 30 77");
		await until("both conversations are there", async () => {
			return (await page.locator(".contact-conversation").count()) === 2;
		});
		assert.equal((await conversationsOf(kept)).length, 2);
		const { contacts } = await admin("GET", "contacts?q=maxim");
		assert.deepEqual(contacts, []);
		assert.equal(complaints.filter((text) => !text.includes("409")).length, 0);
		await page.goto(`${banter.url}/contacts/${other.id}`);
		await page.getByText("This contact does not exist").waitFor();
	});

	it("an export is one click, and a file with everything that was said", async () => {
		const contact = await meet({ name: "Exa", email: "exa@export.example" });
		const { page } = await open(contact);
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("link", { name: "Download" }).click(),
		]);
		assert.match(download.suggestedFilename(), /\.json$/);
		const file = JSON.parse(await readFile(await download.path(), "utf8"));
		assert.equal(file.contact.email, "exa@export.example");
		assert.equal(file.conversations.length, 1);
		assert.equal(file.conversations[0].messages[0].content, "a question");
	});

	it("are erased with their conversations, or alone, after a question", async () => {
		const all = await meet({ name: "Erase all", email: "all@erase.example" });
		const [gone] = await conversationsOf(all);
		const { page, complaints } = await open(all);
		const dialog = page.getByRole("dialog");
		const erase = page.getByRole("button", { name: "Erase…" });
		await erase.click();
		await dialog.getByRole("button", { name: "Cancel" }).click();
		assert.equal((await stored(all)).name, "Erase all");
		await erase.click();
		await dialog.getByRole("button", { name: "Erase", exact: true }).click();
		await toast(page, "“Erase all” was erased. 1 conversation was erased, too.");
		await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
		const ids = async () => (await banter.conversations()).conversations.map(({ _id }) => _id);
		assert.ok(!(await ids()).includes(gone._id));

		const alone = await meet({ name: "Erase one", email: "one@erase.example" });
		const [stays] = await conversationsOf(alone);
		await page.goto(`${banter.url}/contacts/${alone.id}`);
		await erase.click();
		await dialog.getByLabel(/Only the contact/).check();
		await dialog.getByRole("button", { name: "Erase", exact: true }).click();
		await toast(page, "“Erase one” was erased.");
		assert.ok((await ids()).includes(stays._id));
		assert.deepEqual((await admin("GET", "contacts?q=erase")).contacts, []);
		assert.deepEqual(complaints, []);
	});

	for (const [name, screen] of SCREENS)
		it(`leave axe nothing to report, ${name}`, async () => {
			const long = `${"long".repeat(20)}@${"name".repeat(14)}.example`;
			const contact = await meet({ name: `Axe ${name}`, email: `${name.length}${long}` });
			const { page } = await visit("/contacts", screen);
			await page.locator(".contact-name").first().waitFor();
			await assertAccessible(page);
			await search(page).fill("nobody at all");
			await page.getByText("No one matches").waitFor();
			await assertAccessible(page);
			await page.goto(`${banter.url}/contacts/${contact.id}`);
			await page.locator(".contact-conversation").waitFor();
			await page.getByLabel("Phone").fill("none");
			await page.getByRole("button", { name: "Save" }).click();
			await page.getByText("One field needs a correction.").waitFor();
			await assertAccessible(page);
			await page.getByRole("button", { name: "Erase…" }).click();
			await page.getByRole("dialog").waitFor();
			await assertAccessible(page);
			await page.keyboard.press("Escape");
			await page.getByRole("button", { name: "Merge…" }).click();
			await page.locator(".merge-result").first().waitFor();
			await assertAccessible(page);
			await page.locator(".merge-result").first().click();
			await page.getByText("This cannot be undone.").waitFor();
			await assertAccessible(page);
			await page.goto(`${banter.url}/contacts/no-contact`);
			await page.getByText("This contact does not exist").waitFor();
			await assertAccessible(page);
		});
});
