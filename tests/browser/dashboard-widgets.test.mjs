// The dashboard's widgets: the list, the form with the real widget as preview, and what cannot be undone.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { PASSWORD, until } from "../e2e/harness.mjs";
import { violationsOf } from "./accessibility.mjs";
import { complaintsOf, holdBack, missing } from "./browser.mjs";
import { HELLO, useSite } from "./site.mjs";

/** The settings of a new widget. */
const NEW = { disclosure: { show: true } };

describe("the dashboard's widgets", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { admin, banter, createWidget } = site;
	let cookie;
	before(async () => {
		({ cookie } = await logIn(banter, { password: PASSWORD }));
	});

	/** Opens a page of the dashboard, signed in. */
	async function visit(path, { prepare, session = cookie, ...screen } = {}) {
		const context = await site.newContext(screen);
		const [name, value] = session.split("=");
		await context.addCookies([{ name, value, url: banter.url }]);
		await prepare?.(context);
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(banter.url + path);
		return { page, complaints };
	}

	const edit = async (widget, options) => {
		const opened = await visit(`/widgets/${widget.id}`, options);
		await opened.page.getByRole("button", { name: "Save", exact: true }).waitFor();
		return opened;
	};
	const preview = (page) => page.frameLocator("iframe[title=Preview]");
	const section = (page, title) => page.locator("summary", { hasText: title }).click();
	const save = (page) => page.getByRole("button", { name: "Save", exact: true }).click();
	const stored = ({ id }) => admin("GET", `widgets/${id}`);
	const name = (page) => page.getByRole("textbox", { name: "Name", exact: true });

	it("are listed as cards, each a link to its form, and can be searched when there are many", async () => {
		const made = await Promise.all(
			Array.from({ length: 8 }, (_, i) => createWidget({ name: `Shop ${i}`, enabled: i > 0 })),
		);
		const { page, complaints } = await visit("/widgets");
		const cards = page.locator(".widget-card");
		await cards.first().waitFor();
		const card = cards.filter({ hasText: "Shop 0" });
		await card.getByText("Disabled").waitFor();
		await card.getByText("Assistant").waitFor();
		await page.getByRole("searchbox").fill("shop 3");
		await until("one is left", async () => (await cards.count()) === 1);
		await page.getByRole("searchbox").fill("no such widget");
		await page.getByText("No widget matches.").waitFor();
		await page.getByRole("searchbox").fill(made[5].widget_id);
		await page.getByRole("link", { name: "Shop 5" }).click();
		await page.getByRole("heading", { name: "Shop 5", level: 1 }).waitFor();
		assert.deepEqual(complaints, []);
		for (const { id } of made) await admin("DELETE", `widgets/${id}`);
	});

	it("follow changes that others make, and say that the list could not be loaded", async () => {
		const widget = await createWidget({ name: "Before" });
		const { page } = await visit("/widgets");
		await page.getByRole("link", { name: "Before" }).waitFor();
		await admin("PUT", `widgets/${widget.id}`, { name: "After" });
		await page.getByRole("link", { name: "After" }).waitFor();
		await page.route("**/v1/admin/widgets?*", (route) => route.abort());
		await page.reload();
		await page.getByText("The server cannot be reached.").waitFor();
		await page.unroute("**/v1/admin/widgets?*");
		await page.getByRole("button", { name: "Try again now" }).click();
		await page.getByRole("link", { name: "After" }).waitFor();
	});

	it("are created from a form whose preview shows the widget before it exists", async () => {
		const before = (await banter.conversations()).total;
		const { page, complaints } = await visit("/widgets/create");
		const chat = preview(page).getByRole("dialog");
		await chat.getByText("Hi there! How can we help?").waitFor();
		await name(page).fill("Fernlight Plants");
		await chat.getByRole("heading", { name: "Fernlight Plants" }).waitFor();
		await page.getByRole("textbox", { name: "Accent colour", exact: true }).fill("#1f6f54");
		await until("the preview has the colour", () =>
			preview(page)
				.locator("banter-chat")
				.evaluate(
					(host) =>
						host.shadowRoot.querySelector(".frame").style.getPropertyValue("--accent") ===
						"var(--banter-accent,rgb(31,111,84))",
				),
		);
		await section(page, "Chat");
		await page.getByRole("button", { name: "Add a question" }).click();
		await page.keyboard.type("Do you deliver?");
		await page.keyboard.press("Enter");
		await page.keyboard.type("Where are you?");
		await chat.getByRole("button", { name: "Where are you?" }).waitFor();
		assert.equal(
			await page.getByLabel("Question 2").evaluate((node) => node === document.activeElement),
			true,
			"the preview does not take the focus",
		);
		await page.getByRole("button", { name: "Create widget" }).click();
		await page.getByRole("heading", { name: "Fernlight Plants", level: 1 }).waitFor();
		const widget = await stored({ id: new URL(page.url()).pathname.split("/")[2] });
		assert.equal(widget.primary_color, "#1f6f54");
		assert.deepEqual(widget.settings, {
			...NEW,
			starters: ["Do you deliver?", "Where are you?"],
		});
		assert.equal((await banter.conversations()).total, before);
		assert.deepEqual(complaints, []);
	});

	it("answer in the preview without the server, and nothing of it is stored", async () => {
		const widget = await createWidget({ contact_info_mode: "required", collect_email: true });
		const before = (await banter.conversations()).total;
		const asked = [];
		const { page, complaints } = await edit(widget);
		page.on("request", (request) => asked.push(request.url()));
		page.on("websocket", (socket) => asked.push(socket.url()));
		const chat = preview(page).getByRole("dialog");
		await chat.getByLabel("E-mail").fill("jane@example.com");
		await chat.getByRole("button", { name: "Save" }).click();
		const box = chat.getByRole("textbox", { name: "Your message" });
		await box.fill("Hello there");
		await box.press("Enter");
		await chat.getByText("the second point").waitFor();
		// Other looks, the same conversation.
		await name(page).fill("Renamed");
		await chat.getByRole("heading", { name: "Renamed" }).waitFor();
		await chat.getByText("the second point").waitFor();
		assert.deepEqual(
			asked.filter((url) => /^ws|\/v1\/chat|\/api\/widget\/(?!embed\.js)/.test(url)),
			[],
		);
		assert.equal((await banter.conversations()).total, before);
		assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
		assert.deepEqual(complaints, []);
	});

	it("show the closed button with its teaser, and each language's own texts", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await section(page, "Button and teaser");
		await page.getByLabel("Teaser", { exact: true }).fill("Need help?");
		await page.locator(".preview .segment", { hasText: "Closed" }).click();
		await preview(page).getByRole("button", { name: "Need help?" }).click();
		await preview(page).getByRole("dialog").waitFor();
		await section(page, "Language and texts");
		await page.getByLabel("Own texts for").selectOption("de");
		await page.getByLabel("Replace a text").selectOption({ label: "KI-Assistent" });
		await page.getByRole("button", { name: "Add", exact: true }).click();
		await page.keyboard.press("ControlOrMeta+a");
		await page.keyboard.type("Der Laden");
		await page.getByLabel("Language of the page").selectOption("de");
		await preview(page).getByText("Der Laden").waitFor();
		await save(page);
		await page.getByText("Saved", { exact: true }).waitFor();
		assert.deepEqual((await stored(widget)).settings, {
			...NEW,
			teaser: { text: "Need help?" },
			texts: { de: { subtitle: "Der Laden" } },
		});
	});

	it("show a wrong privacy address also after the notice was switched off", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await section(page, "Chat");
		const address = page.getByLabel("Privacy page");
		const notice = page.getByRole("switch", { name: "Say that an AI answers" });
		await address.fill("http://shop.example/privacy");
		await notice.click();
		await page.getByText("An address that begins with https://.").waitFor();
		await save(page);
		await until("it has the focus", () =>
			address.evaluate((node) => node === document.activeElement),
		);
		await address.fill("https://intranet/privacy_(2026)#data");
		await save(page);
		await page.getByText("Saved", { exact: true }).waitFor();
		const link = "https://intranet/privacy_(2026)#data";
		assert.deepEqual((await stored(widget)).settings, { disclosure: { show: false, link } });
		assert.equal(await address.isVisible(), false);
		await notice.click();
		assert.equal(await address.inputValue(), link);
	});

	it("say that the texts of a language could not be loaded, and load them when asked again", async () => {
		const { page } = await edit(await createWidget({}));
		await page.route("**/assets/nl-*.js", (route) => route.abort());
		await section(page, "Language and texts");
		await page.getByLabel("Own texts for").selectOption("nl");
		await page.getByText("The server cannot be reached.").waitFor();
		await page.unroute("**/assets/nl-*.js");
		await page.getByRole("button", { name: "Try again now" }).click();
		await page
			.getByLabel("Replace a text")
			.getByRole("option")
			.nth(1)
			.waitFor({ state: "attached" });
		assert.equal(await page.getByText("The server cannot be reached.").count(), 0);
	});

	it("offer all agents, also those beyond a page of the list", async () => {
		const names = Array.from({ length: 201 }, (_, i) => `Helper ${i}`);
		const made = await Promise.all(names.map((one) => admin("POST", "agents", { name: one })));
		const { page } = await edit(await createWidget({}));
		const choices = page.getByLabel("Agent", { exact: true }).getByRole("option");
		await until("all are offered", async () => {
			const offered = await choices.allTextContents();
			return names.every((one) => offered.includes(one));
		});
		for (const { id } of made) await admin("DELETE", `agents/${id}`);
	});

	it("show what is wrong beside the fields: while typing, and what only the server knows", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await section(page, "Sites and limits");
		await page.getByRole("button", { name: "Add a site" }).click();
		await page.keyboard.type("https://shop.example/path");
		await page.getByText("“https://shop.example/path” is not of the form").waitFor();
		await page.getByLabel("Site 1").fill("https://shop.example:99999");
		await page.getByText("is not of the form").waitFor({ state: "hidden" });
		await section(page, "Sites and limits");
		await page.getByLabel("Messages per day").waitFor({ state: "hidden" });
		await save(page);
		await page.getByText("One field needs a correction.").waitFor();
		await until("the wrong entry has the focus", () =>
			page.getByLabel("Site 1").evaluate((node) => node === document.activeElement),
		);
		assert.deepEqual((await stored(widget)).allowed_origins, null);
		await page.getByLabel("Site 1").fill("https://Shop.example:443");
		await page.getByText("One field needs a correction.").waitFor({ state: "hidden" });
		await save(page);
		await page.getByText("Saved", { exact: true }).waitFor();
		assert.deepEqual((await stored(widget)).allowed_origins, ["https://shop.example"]);
		assert.equal(await page.getByLabel("Site 1").inputValue(), "https://shop.example");
	});

	it("say how readable the colours are, and what the widget makes of them", async () => {
		const { page } = await visit("/widgets/create");
		await page.getByRole("textbox", { name: "Accent colour", exact: true }).fill("#ffee00");
		await page.getByText("so the widget shows #000000 on #ffee00").waitFor();
		await page.getByRole("textbox", { name: "Button text colour", exact: true }).fill("#000");
		await page.getByText("Easy to read.").waitFor();
		await page.getByRole("textbox", { name: "Button text colour", exact: true }).fill("#12");
		await page.getByText("A colour such as #1f6f54 or #fff.").waitFor();
	});

	it("keep both of two people's changes; the second one decides what happens", async () => {
		const widget = await createWidget({});
		const [one, two] = await Promise.all([edit(widget), edit(widget)]);
		await section(two.page, "Chat");
		await two.page.getByLabel("Visitors can rate replies").check();
		await name(one.page).fill("The first");
		await save(one.page);
		await one.page.getByText("Saved", { exact: true }).waitFor();
		await save(two.page);
		await two.page.getByText("Somebody else has changed this in the meantime.").waitFor();
		assert.deepEqual((await stored(widget)).settings, NEW);
		await two.page.getByRole("button", { name: "Keep my changes" }).click();
		assert.equal(await name(two.page).inputValue(), "The first");
		await save(two.page);
		await two.page.getByText("Saved", { exact: true }).waitFor();
		const now = await stored(widget);
		assert.deepEqual([now.name, now.settings], ["The first", { ...NEW, rating: true }]);
		// The first one has no changes: the form follows.
		await section(one.page, "Chat");
		await until("the first one sees it", () =>
			one.page.getByLabel("Visitors can rate replies").isChecked(),
		);
	});

	it("keep unsaved changes while the user looks at other pages", async () => {
		const widget = await createWidget({ name: "Kept" });
		const { page } = await edit(widget);
		await name(page).fill("Not saved yet");
		await page.getByRole("link", { name: "Agents" }).click();
		await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
		await page.goBack();
		await page.getByRole("heading", { name: "Kept", level: 1 }).waitFor();
		assert.equal(await name(page).inputValue(), "Not saved yet");
		await preview(page).getByRole("heading", { name: "Not saved yet" }).waitFor();
		const asked = page.waitForEvent("dialog");
		const closed = page.close({ runBeforeUnload: true });
		const dialog = await asked;
		assert.equal(dialog.type(), "beforeunload");
		await dialog.dismiss();
		await closed;
		await page.getByRole("button", { name: "Discard changes" }).click();
		assert.equal(await name(page).inputValue(), "Kept");
	});

	it("get another id only after a question; unsaved changes survive it", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await page.locator(".code").getByText(widget.widget_id).waitFor();
		await name(page).fill("Unsaved");
		await page.getByRole("button", { name: "Reset the id" }).click();
		const dialog = page.getByRole("dialog", { name: "Reset the widget’s id?" });
		await dialog.getByText("stop working at once").waitFor();
		await dialog.getByRole("button", { name: "Cancel" }).click();
		assert.equal((await stored(widget)).widget_id, widget.widget_id);
		await page.getByRole("button", { name: "Reset the id" }).click();
		await dialog.getByRole("button", { name: "Reset the id" }).click();
		await page.getByText("The widget has a new id.").waitFor();
		const { widget_id } = await stored(widget);
		assert.notEqual(widget_id, widget.widget_id);
		await page.locator(".code").getByText(widget_id).waitFor();
		await save(page);
		await page.getByText("Saved", { exact: true }).waitFor();
		assert.equal((await stored(widget)).name, "Unsaved");
	});

	it("are deleted only after a question, and then are not in the list, not even until it has been loaded again", async () => {
		await createWidget({ name: "Here to stay" });
		const widget = await createWidget({ name: "Gone soon" });
		const { page } = await visit("/widgets");
		await page.getByRole("link", { name: "Gone soon" }).click();
		await page.getByRole("button", { name: "Delete the widget" }).click();
		const dialog = page.getByRole("dialog", { name: "Delete “Gone soon”?" });
		await dialog.getByText("cannot be undone").waitFor();
		const list = await holdBack(page, "**/v1/admin/widgets?*");
		await dialog.getByRole("button", { name: "Delete the widget" }).click();
		await page.getByRole("heading", { name: "Widgets", level: 1 }).waitFor();
		await page.getByText("“Gone soon” is deleted.").waitFor();
		await list.asked;
		assert.equal(await page.getByRole("link", { name: "Gone soon" }).count(), 0);
		list.release();
		await page.getByRole("link", { name: "Here to stay" }).waitFor();
		assert.equal(await page.getByRole("link", { name: "Gone soon" }).count(), 0);
		await page.goto(`${banter.url}/widgets/${widget.id}`);
		await page.getByText("This widget does not exist").waitFor();
	});

	it("say so when somebody else deletes them meanwhile", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await admin("DELETE", `widgets/${widget.id}`);
		await page.getByText("This widget does not exist").waitFor();
	});

	it("are created and saved by keyboard alone", async () => {
		const { page } = await visit("/widgets");
		await page.locator(".widget-card").first().waitFor();
		await page.keyboard.press("c");
		await page.getByRole("heading", { name: "New widget", level: 1 }).waitFor();
		await name(page).press("Control+s");
		await page.getByText("The widget is ready.").waitFor();
		await page.waitForURL(({ pathname }) => !pathname.endsWith("/new"));
		await page
			.getByRole("heading", { name: "New widget", level: 1 })
			.waitFor({ state: "detached" });
		await name(page).focus();
		await page.keyboard.type("By keyboard");
		await page.keyboard.press("Control+s");
		await page.getByRole("heading", { name: "By keyboard", level: 1 }).waitFor();
	});

	it("have a tag to copy that works on a page of another site", async () => {
		const widget = await createWidget({ name: "Copied" });
		const { page } = await edit(widget);
		await page.getByText("Not seen yet").waitFor();
		const tag = await page.locator(".code").textContent();
		assert.equal(
			tag,
			`<script src="${banter.url}/api/widget/embed.js" data-widget="${widget.widget_id}" defer></script>`,
		);
		const [, src] = /src="([^"]+)"/.exec(tag);
		const [, id] = /data-widget="([^"]+)"/.exec(tag);
		const visitor = await site.visitTags([{ src, "data-widget": id }]);
		await visitor.open();
		await visitor.ask(...HELLO);
		await page.getByText("Seen on a site").waitFor();
		await page.locator(".seen-origins").getByText(site.url).waitFor();
		await section(page, "Sites and limits");
		await page.getByText("1 today.").waitFor();
		await page.locator(".segment", { hasText: "With a key" }).click();
		await page.locator(".code").getByText("data-api-key").waitFor();
	});

	it("have an identity secret that is shown once, and a budget, for owners", async () => {
		const widget = await createWidget({});
		const { page } = await edit(widget);
		await page.getByRole("button", { name: "Create a new secret" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Create a new secret" }).click();
		const dialog = page.getByRole("dialog", { name: "Your new secret" });
		assert.match(await dialog.getByLabel("Your new secret").inputValue(), /^[0-9a-f]{64}$/);
		await dialog.getByRole("button", { name: "Close" }).last().click();
		await page.getByLabel("Tokens per day").fill("5000");
		await page.getByRole("button", { name: "Save the budget" }).click();
		await page.getByText("The budget is saved.").waitFor();
		const { widgets } = await admin("GET", "budgets");
		assert.equal(widgets[widget.id].dailyTokens, 5000);

		// Somebody else is faster: nothing is overwritten unasked.
		await page.getByLabel("Tokens per day").fill("6000");
		await admin("PUT", "budgets", {
			organization: null,
			widgets: { [widget.id]: { dailyTokens: 7000, monthlyTokens: null } },
		});
		await page.getByRole("button", { name: "Save the budget" }).click();
		await page.getByText("Somebody else has changed").first().waitFor();
		const kept = await admin("GET", "budgets");
		assert.equal(kept.widgets[widget.id].dailyTokens, 7000);
		await page.getByRole("button", { name: "Keep my changes" }).click();
		await page.getByRole("button", { name: "Save the budget" }).click();
		await page.getByText("The budget is saved.").first().waitFor();
		await page.getByRole("button", { name: "Remove the secret" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Remove the secret" }).click();
		await page.getByText("The secret is removed.").waitFor();
	});

	it("show members neither budget nor secret, and nothing that cannot be undone", async () => {
		const widget = await createWidget({});
		const who = await addUser(banter, "member@example.com", "--member");
		const { cookie: session } = await logIn(banter, who);
		const { page } = await edit(widget, { session });
		// The form is there, with the user's rights.
		await until("the field is for owners", () =>
			page.getByLabel("Keep conversations (days)").isDisabled(),
		);
		assert.equal(await page.getByText("Reset and delete").count(), 0);
		assert.equal(await page.getByText("Identity secret").count(), 0);
		assert.equal(await page.getByText("Token budget").count(), 0);
	});

	const isWide = (page) =>
		page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

	for (const [how, screen] of [
		["light", {}],
		["dark", { colorScheme: "dark" }],
		["on a phone", { viewport: { width: 360, height: 740 } }],
	])
		it(`leave axe nothing to report, ${how}`, async () => {
			const widget = await createWidget({
				name: "A shop with a name that is far too long for the little space there is",
				allowed_origins: ["https://a-shop-with-a-long-address.example", "https://other.example"],
				settings: { starters: ["One?"], teaser: { text: "Hi" }, texts: { de: { send: "Los" } } },
			});
			// What fades in has other colours meanwhile.
			const still = { ...screen, reducedMotion: "reduce" };
			const { page } = await visit("/widgets", still);
			await page.locator(".widget-card").first().waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(page), false);
			await page.goto(`${banter.url}/widgets/${widget.id}`);
			await page.getByRole("button", { name: "Save" }).first().waitFor();
			for (const summary of (await page.locator("summary").all()).slice(2)) await summary.click();
			await page.getByRole("button", { name: "Add a site" }).click();
			await page.keyboard.type("nowhere");
			await page.getByText("“nowhere” is not").waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(page), false);
			if (screen.viewport) await page.locator(".editor-tabs .segment").last().click();
			await preview(page).getByRole("dialog").waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(page), false);
			if (screen.viewport) await page.locator(".editor-tabs .segment").first().click();
			await page.getByRole("button", { name: "Delete the widget" }).click();
			assert.deepEqual(await violationsOf(page, "body"), []);
			await page.goto(`${banter.url}/widgets/create`);
			await page.getByRole("button", { name: "Create widget" }).waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(page), false);
		});
});
