// The demo pages: the playground, and the API without the widget.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN_KEY, numbered, until, useBanter, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing, useBrowser } from "./browser.mjs";

describe("the playground", { skip: missing }, () => {
	const banter = useBanter();
	const browser = useBrowser();
	let widget;
	before(async () => {
		const reply = await banter.request("POST", "/v1/admin/widgets", {
			headers: { "x-admin-api-key": ADMIN_KEY },
			body: { name: "Sales", settings: { theme: "dark", sound: true } },
		});
		widget = reply.json.widget_id;
	});

	/** Opens it; `site`: the page in its frame. */
	async function open(query) {
		const { page, complaints } = await browser.open(`${banter.url}/widget-test.html${query}`);
		const site = page.frameLocator("#site");
		return { page, complaints, site, chat: site.getByRole("dialog") };
	}

	/** The text of the tag or the settings once it satisfies `test`. */
	const code = (page, id, test) =>
		until(`${id}: ${test}`, async () => {
			const text = await page.locator(`#${id}`).textContent();
			return test.test(text) && text;
		});

	const section = (page, title) => page.locator("summary", { hasText: title }).click();
	const show = (page, name) => page.locator(".segments label", { hasText: name }).click();

	it("reads the key from its URL, hides it, and chats", async () => {
		const { page, complaints, site, chat } = await open(`#key=${WIDGET_KEY}`);
		await site.getByRole("button", { name: "Open chat" }).click();
		const box = chat.getByRole("textbox");
		await box.fill("[[tokens=3]] hello");
		await box.press("Enter");
		await chat.getByText("t0 t1 t2").waitFor();
		assert.ok(!page.url().includes(WIDGET_KEY));
		await show(page, "Events");
		await page.locator("#events").getByText("banter:reply").waitFor();
		assert.deepEqual(complaints, []);
	});

	it("asks for a key, and says when the server refuses it", async () => {
		const { page, site } = await open("");
		await page.getByText("First the key").waitFor();
		await page.getByLabel("WIDGET_API_KEY").fill("wrong");
		await page.getByRole("button", { name: "Show the chat" }).click();
		await page.getByText("The server refuses this key.").waitFor();
		assert.equal(await site.locator("banter-chat").count(), 0);
	});

	it("reports an unknown widget", async () => {
		const { page, site } = await open("?widget=wid_nobody");
		await page.getByText("There is no chat: no widget wid_nobody is enabled here.").waitFor();
		assert.equal(await site.locator("banter-chat").count(), 0);
	});

	it("replaces the chat when an option changes, and shows the tag and the settings for it", async () => {
		const { page, complaints, site, chat } = await open(`?widget=${widget}`);
		await site.getByRole("button", { name: "Open chat" }).click();
		await site.getByRole("dialog", { name: "Sales" }).waitFor();
		const title = page.getByLabel(/^Title/);
		await title.fill('Tom & "Jerry" <3');
		await site.getByRole("dialog", { name: 'Tom & "Jerry" <3' }).waitFor();
		assert.ok(await title.evaluate((node) => node.matches(":focus")), "typing goes on");
		await section(page, "Behaviour");
		const sound = page.getByRole("switch", { name: /^Sound/ });
		assert.ok(await sound.isChecked(), "the widget's own setting");
		await sound.click();
		const tag = await code(page, "snippet", /data-sound/);
		await show(page, "Settings");
		const settings = JSON.parse(await code(page, "settings", /sound/));
		const disclosure = { show: true };
		assert.deepEqual(settings, { settings: { theme: "dark", sound: false, disclosure } });

		// What is copied does the same on another page.
		const copied = await page.evaluate((text) => {
			const script = new DOMParser().parseFromString(text, "text/html").scripts[0];
			return { ...script.dataset };
		}, tag);
		assert.deepEqual(copied, { widget, title: 'Tom & "Jerry" <3', sound: "false" });
		await page.reload();
		await chat.waitFor();
		assert.equal(await page.locator("#snippet").textContent(), tag);
		await page.getByRole("button", { name: "Reset", exact: true }).click();
		await site.getByRole("dialog", { name: "Sales" }).waitFor();
		assert.equal(await site.locator("banter-chat").count(), 1);
		assert.deepEqual(complaints, []);
	});

	it("never takes the address of a server from its URL", async () => {
		const { page } = await open(`?apiUrl=https://evil.example/chat#key=${WIDGET_KEY}`);
		assert.doesNotMatch(await code(page, "snippet", /data-api-url/), /evil/);
	});

	it("calls each method of the page's API, and shows events", async () => {
		const { page, complaints, site, chat } = await open(`?widget=${widget}`);
		const call = (name) =>
			page.locator("#methods").getByRole("button", { name, exact: true }).click();
		const events = page.locator("#events");
		await show(page, "Events");
		await events.getByText("banter:ready").waitFor();
		await call("on");
		await page.getByLabel("prefill: text").fill("from the page");
		await call("prefill");
		await call("open");
		await until(
			"the text is there",
			async () => (await chat.getByRole("textbox").inputValue()) === "from the page",
		);
		await page.getByLabel("context: context").fill("plan");
		await call("context");
		await events.getByText("SyntaxError").waitFor();
		await call("close");
		await events.getByText("banter:closed").waitFor();
		await call("destroy");
		await until("it is gone", async () => (await site.locator("banter-chat").count()) === 0);
		await call("open");
		await events.getByText("There is no chat").waitFor();
		await page.getByRole("button", { name: "Reload the chat" }).click();
		await site.locator("banter-chat").waitFor({ state: "attached" });
		assert.deepEqual(complaints, []);
	});

	it("fits a phone, and shows the site as on one", async () => {
		const { page, site } = await open(`?widget=${widget}`);
		await show(page, "Phone");
		const width = () => site.locator("html").evaluate((node) => node.clientWidth);
		await until("the frame is as wide as a phone", async () => (await width()) === 360);
		await page.setViewportSize({ width: 360, height: 740 });
		assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
		await show(page, "Page");
		assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
	});
});

describe("the page of the bare API", { skip: missing }, () => {
	const banter = useBanter();
	const browser = useBrowser();

	it("sends, disconnects, resumes and stops a reply", async () => {
		const url = `${banter.url}/headless-test.html#key=${WIDGET_KEY}`;
		const { page, complaints } = await browser.open(url);
		const button = (name) => page.getByRole("button", { name, exact: true });
		const answer = page.locator("#answer");
		const heard = (text) =>
			until(`it has come: ${text}`, async () => (await answer.textContent()).trimEnd() === text);
		await page.getByLabel("Client message id").fill("m-1");
		await page.locator("#message").fill("[[tokens=20 hold-after=10]] bare");
		assert.match(await page.locator("#command").textContent(), /"clientMessageId":"m-1"/);
		const events = page.locator("#events");
		await button("Follow the session").click();
		await events.getByText('session {"type":"state"').waitFor();
		assert.equal(await button("Follow the session").getAttribute("aria-pressed"), "true");
		await button("Send").click();
		await heard(numbered(10));
		await button("Stop listening").click();
		await page.getByText("Stopped listening").waitFor();
		await banter.release("bare");
		await button("Resume").click();
		await heard(numbered(20));
		assert.equal(await banter.modelCalls("bare"), 1);

		await page.getByLabel("Client message id").fill("m-2");
		await page.locator("#message").fill("[[tokens=20 hold-after=10]] naked");
		await button("Send").click();
		await heard(numbered(10));
		await button("Stop the reply").click();
		await page.getByText('{"status":"stopped"}').waitFor();
		await events.getByText('"status":"stopped"').nth(1).waitFor();
		await heard(numbered(10));

		await button("Read the history").click();
		await events.getByText(/^\{"conversationId".*naked.*"active":null/).waitFor();
		await banter.chat(
			await page.getByLabel("Session id").inputValue(),
			"[[tokens=2]] from elsewhere",
		);
		await events
			.getByText(/^session .*from elsewhere/)
			.first()
			.waitFor();
		await button("Follow the session").click();
		assert.equal(await button("Follow the session").getAttribute("aria-pressed"), "false");
		assert.deepEqual(complaints, []);
	});
});
