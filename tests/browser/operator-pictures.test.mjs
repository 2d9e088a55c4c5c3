// The picture of a person who answers: set in the profile in the dashboard, seen there and by visitors. Its server is
// played by the browser; all else is real. How the API checks and keeps it: e2e/operator-pictures.test.mjs.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { adminExpect } from "../e2e/organizations.mjs";
import { takePicture } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";
import { HELLO, useSite } from "./site.mjs";

const PICTURES = "https://pictures.example";
const GOOD = `${PICTURES}/ann.svg`;
const GONE = `${PICTURES}/gone.svg`;

const FACE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="#f2c9a1"/>
<circle cx="48" cy="40" r="20" fill="#8d5a3a"/><path d="M12 96a36 36 0 0 1 72 0z" fill="#2f5d8a"/></svg>`;

/** The pictures' server: one picture, and 404 for the others. */
const servePictures = (context) =>
	context.route(`${PICTURES}/**`, (route) =>
		route.request().url() === GOOD
			? route.fulfill({ contentType: "image/svg+xml", body: FACE })
			: route.fulfill({ status: 404, body: "" }),
	);

/** Whether an avatar shows a picture that was loaded. */
const isShown = (avatar) =>
	avatar.evaluate((node) => node.querySelector("img")?.naturalWidth > 0 && node.clientWidth > 0);

const shows = (avatar, what, expected = true) =>
	until(what, async () => (await isShown(avatar)) === expected);

describe("the picture in the profile", { skip: missing }, () => {
	const dashboard = useDashboard();
	const { banter, visit } = dashboard;
	let ann;
	before(async () => {
		ann = await logIn(banter, await addUser(banter, "ann@example.com", "--name", "Ann Smith"));
	});

	async function open(screen = {}) {
		const options = { session: ann, prepare: servePictures, ...screen };
		const opened = await visit("/settings/profile", options);
		await opened.page.getByLabel("Picture").waitFor();
		return opened;
	}
	const preview = (page) => page.locator(".profile-picture .avatar");
	const save = (page) => page.getByRole("button", { name: "Save", exact: true }).click();

	it("is previewed while it is typed, saved, shown in the menu, and removed", async () => {
		const { page, complaints } = await open();
		assert.equal(await preview(page).getAttribute("data-initials"), "AS");
		assert.equal(await preview(page).locator("img").count(), 0);
		await page.getByLabel("Picture").fill(GOOD);
		await shows(preview(page), "the preview");
		await save(page);
		await shows(page.getByRole("banner").locator(".account .avatar"), "the menu's picture");
		await page.reload();
		assert.equal(await page.getByLabel("Picture").inputValue(), GOOD);
		await shows(preview(page), "the saved picture");
		await page.getByLabel("Picture").fill("");
		assert.equal(await preview(page).locator("img").count(), 0);
		await save(page);
		await page.locator(".toasts").getByText("Saved").first().waitFor();
		await page.reload();
		await page.getByLabel("Picture").waitFor();
		assert.equal(await page.getByLabel("Picture").inputValue(), "");
		assert.deepEqual(complaints, []);
	});

	it("is refused beside its field if its address has no TLS, and never loaded", async () => {
		const { page } = await open();
		await page.getByLabel("Picture").fill("http://pictures.example/ann.svg");
		assert.equal(await preview(page).locator("img").count(), 0);
		await save(page);
		const error = page.locator(".profile-picture .field-error");
		await until("the reason is there", async () => /https:/.test(await error.textContent()));
		await assertAccessible(page);
	});

	it("leaves the initials if it cannot be loaded", async () => {
		const { page } = await open();
		await page.getByLabel("Picture").fill(GONE);
		await preview(page).locator("img").waitFor({ state: "detached" });
		assert.equal(await preview(page).getAttribute("data-initials"), "AS");
	});

	for (const [name, screen] of SCREENS)
		it(`is accessible ${name}, with and without`, async () => {
			const { page } = await open(screen);
			await assertAccessible(page);
			await takePicture(page, `profile without ${name}`, "profile");
			await page.getByLabel("Picture").fill(GOOD);
			await shows(preview(page), "the preview");
			await assertAccessible(page);
			await takePicture(page, `profile with ${name}`, "profile");
		});

	it("is beside the person's messages and in the list of assignments", async () => {
		await adminExpect(banter, 200, "PUT", "me", { picture: GOOD }, ann);
		const { conversationId } = (await banter.chat("seen", "[[echo]] hi")).json;
		const act = (what, status, body) =>
			adminExpect(banter, status, "POST", `conversations/${conversationId}/${what}`, body, ann);
		await act("takeover", 200, {});
		await act("messages", 201, { content: "I am here." });
		const { page, complaints } = await visit(`/conversations/${conversationId}`, {
			session: ann,
			prepare: servePictures,
		});
		await shows(page.locator('.group[data-who="operator"] .avatar'), "the message's picture");
		await page.keyboard.press("a");
		await shows(page.getByRole("dialog").locator(".avatar").first(), "the list's picture");
		await assertAccessible(page);
		assert.deepEqual(complaints, []);
	});
});

describe("visitors see the picture of who answers", { skip: missing }, () => {
	const site = useSite();
	let ann;
	before(async () => {
		const who = await addUser(site.banter, "ann@example.com", "--name", "Ann Smith");
		ann = await logIn(site.banter, who);
	});

	/** A visitor whose conversation Ann has; act() is what she does. */
	async function joined(query, screen = {}) {
		const widget = await site.createWidget({ settings: { agentName: "Mia" } });
		const context = await site.newContext(screen);
		await servePictures(context);
		const visitor = await site.visitWidget(widget.widget_id, context, query);
		await visitor.open();
		await visitor.ask(...HELLO);
		const { conversations } = await site.admin("GET", `conversations?widgetId=${widget.id}`);
		const act = (what, status, body) =>
			adminExpect(
				site.banter,
				status,
				"POST",
				`conversations/${conversations[0]._id}/${what}`,
				body,
				ann,
			);
		await act("takeover", 200, {});
		await visitor.chat.getByText("Ann Smith has joined").waitFor();
		return { visitor, act };
	}
	const setPicture = (picture) => adminExpect(site.banter, 200, "PUT", "me", { picture }, ann);

	for (const [look, screen] of [
		["light", { viewport: { width: 1280, height: 800 } }],
		["dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
		["360", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
	])
		it(`in the header, while she types, beside her messages, and after a reload (${look})`, async () => {
			await setPicture(GOOD);
			const { visitor, act } = await joined({ images: PICTURES }, screen);
			const { chat, page } = visitor;
			await shows(chat.locator(".header .avatar"), "the header's picture");
			await act("typing", 204, {});
			await chat.locator(".dots").waitFor();
			await shows(chat.locator(".row .avatar").last(), "the picture of who types");
			await act("messages", 201, { content: "I am here." });
			await chat.getByText("I am here.").waitFor();
			await shows(chat.locator(".row .avatar").last(), "the message's picture");
			// The agent has none.
			assert.equal(await chat.locator(".row .avatar img").count(), 1);
			await takePicture(page, `person with a picture ${look}`, "widget");
			await page.reload();
			await chat.getByText("I am here.").waitFor();
			await shows(chat.locator(".row .avatar").last(), "the picture in the history");
			assert.deepEqual(visitor.complaints, []);
		});

	for (const [why, picture, query] of [
		["cannot be loaded", GONE, { images: PICTURES }],
		["is forbidden by the page's policy", GOOD, {}],
	])
		it(`as initials on her colour if it ${why}`, async () => {
			await setPicture(picture);
			const { visitor, act } = await joined(query);
			const { chat } = visitor;
			await act("messages", 201, { content: "I am here." });
			await chat.getByText("I am here.").waitFor();
			await until("no picture is left", async () => (await chat.locator("img").count()) === 0);
			for (const avatar of [chat.locator(".header .avatar"), chat.locator(".row .avatar").last()]) {
				assert.equal(await avatar.textContent(), "AS");
				assert.match(await avatar.evaluate((node) => node.style.background), /^rgb/);
			}
		});
});
