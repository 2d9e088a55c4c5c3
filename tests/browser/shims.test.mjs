// The page APIs of other chats: their snippets with another address, calls before the script and after it.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { HELLO, pageOf, useSite } from "./site.mjs";

describe("the page API of", { skip: missing }, () => {
	const site = useSite();
	let widget;
	let hashOf;
	before(async () => {
		widget = await site.createWidget({});
		const { secret } = await site.admin("POST", `widgets/${widget.id}/identity-secret`);
		hashOf = (text) => createHmac("sha256", secret).update(text).digest("hex");
	});
	const src = (name) => `${site.banter.url}/widget/${name}.js?widget=${widget.widget_id}`;

	/** A script as each of the snippets adds it, when the page has been loaded. */
	const add = (name, then = "") =>
		`addEventListener("load", () => {
			const s = document.createElement("script");
			s.async = true;
			s.src = "${src(name)}";
			${then}
			document.getElementsByTagName("script")[0].before(s);
		});`;

	const visit = (script) =>
		site.visitPage(pageOf("<h1>A site</h1>", `<script>window.heard = [];${script}</script>`));
	const hears = (visitor, expected) =>
		until(`the page hears ${expected}`, async () =>
			(await visitor.page.evaluate(() => window.heard)).includes(expected),
		);
	const button = (visitor) => visitor.page.getByRole("button", { name: "Open chat" });

	/** Sends a message; resolves to the conversation's contact and context. */
	async function say(visitor, name) {
		await visitor.say(HELLO[0]);
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		const { contacts } = await site.admin("GET", "contacts");
		const contact = contacts.find((one) => one.name === name);
		const { conversations } = await site.admin("GET", `conversations?contactId=${contact.id}`);
		const thread = await site.admin("GET", `conversations/${conversations[0]._id}`);
		assert.deepEqual(visitor.complaints, []);
		return { contact, context: thread.conversation.context };
	}

	it("Intercom", async () => {
		const visitor = await visit(`
			const i = function () { i.c(arguments); };
			i.q = [];
			i.c = function (args) { i.q.push(args); };
			window.Intercom = i;
			Intercom("onShow", () => heard.push("shown"));
			Intercom("onHide", () => heard.push("hidden"));
			Intercom("onUnreadCountChange", (count) => heard.push("unread " + count));
			Intercom("ready", () => heard.push("ready"));
			Intercom("boot", {
				app_id: "abc12345", name: "Ida", email: "ida@example.com", user_id: "i-1",
				user_hash: "${hashOf("i-1")}", plan: "pro",
			});
			${add("intercom")}`);
		await button(visitor).waitFor();
		await hears(visitor, "ready");
		await visitor.page.evaluate(() => window.Intercom("ready", () => heard.push("ready again")));
		await hears(visitor, "ready again");
		await visitor.page.evaluate(() => window.Intercom("showNewMessage", "A question"));
		await hears(visitor, "shown");
		await until("the text is there", async () => (await visitor.box.inputValue()) === "A question");
		await visitor.page.evaluate(() => window.Intercom("update", { seats: 3 }));
		const { contact, context } = await say(visitor, "Ida");
		assert.equal(contact.user_id, "i-1");
		assert.deepEqual(context, { plan: "pro", seats: 3 });
		await visitor.page.evaluate(() => window.Intercom("hide"));
		await hears(visitor, "hidden");
		await visitor.page.evaluate(() => window.Intercom("show"));
		await visitor.chat.waitFor();
		await visitor.page.evaluate(() => window.Intercom("shutdown"));
		await visitor.chat.waitFor({ state: "hidden" });
		assert.equal(await button(visitor).isVisible(), false);
		await visitor.page.evaluate(() => window.Intercom("boot", { app_id: "abc12345" }));
		await button(visitor).waitFor();
	});

	it("Intercom, with settings and without its button", async () => {
		const visitor = await visit(`
			window.intercomSettings = { app_id: "abc12345", hide_default_launcher: true };
			${add("intercom")}`);
		await until("the API is there", () => visitor.page.evaluate(() => window.Intercom?.booted));
		await visitor.page.evaluate(() => window.Intercom("show"));
		await visitor.chat.waitFor();
		assert.equal(await button(visitor).count(), 0);
	});

	it("Intercom, whose button the page hides and shows later", async () => {
		const visitor = await visit(`
			window.intercomSettings = { app_id: "abc12345" };
			${add("intercom")}`);
		await button(visitor).waitFor();
		const update = (hide_default_launcher) =>
			visitor.page.evaluate((one) => window.Intercom("update", one), { hide_default_launcher });
		await update(true);
		await button(visitor).waitFor({ state: "hidden" });
		await visitor.page.evaluate(() => window.Intercom("update", { plan: "pro" }));
		assert.equal(await button(visitor).isVisible(), false);
		await update(false);
		await button(visitor).waitFor();
	});

	it("Intercom, with the hash of an e-mail address", async () => {
		const visitor = await visit(`
			window.intercomSettings = {
				name: "Ute", email: "ute@example.com", user_hash: "${hashOf("ute@example.com")}",
			};
			${add("intercom")}`);
		await button(visitor).waitFor();
		await visitor.page.evaluate(() => window.Intercom("show"));
		const { contact } = await say(visitor, "Ute");
		assert.equal(contact.user_id, "ute@example.com");
	});

	it("Crisp", async () => {
		const visitor = await visit(`
			window.$crisp = [];
			window.CRISP_WEBSITE_ID = "11111111-2222-3333-4444-555555555555";
			$crisp.push(["set", "user:email", ["cleo@example.com", "${hashOf("cleo@example.com")}"]]);
			$crisp.push(["set", "user:nickname", ["Cleo"]]);
			$crisp.push(["set", "session:data", [[["plan", "pro"], ["seats", 3]]]]);
			$crisp.push(["on", "session:loaded", () => heard.push("loaded")]);
			$crisp.push(["on", "chat:opened", () => heard.push("opened")]);
			$crisp.push(["on", "message:sent", ({ content }) => heard.push("sent " + content)]);
			$crisp.push(["on", "message:received", ({ content }) => heard.push("got " + content)]);
			${add("crisp")}`);
		await button(visitor).waitFor();
		await hears(visitor, "loaded");
		await visitor.page.evaluate(() => {
			window.$crisp.push(["set", "message:text", ["A question"]]);
			window.$crisp.push(["do", "chat:open"]);
		});
		await hears(visitor, "opened");
		await until("the text is there", async () => (await visitor.box.inputValue()) === "A question");
		assert.equal(await visitor.page.evaluate(() => window.$crisp.is("chat:opened")), true);
		await visitor.page.evaluate(() => window.$crisp.push(["set", "session:data", ["cart", 2]]));
		const { contact, context } = await say(visitor, "Cleo");
		assert.equal(contact.user_id, "cleo@example.com");
		assert.deepEqual(context, { plan: "pro", seats: 3, cart: 2 });
		await hears(visitor, `sent ${HELLO[0]}`);
		await hears(visitor, `got ${HELLO[1]}`);
		await visitor.page.evaluate(() => window.$crisp.push(["do", "chat:close"]));
		await visitor.chat.waitFor({ state: "hidden" });
		await visitor.page.evaluate(() => window.$crisp.push(["do", "chat:hide"]));
		await button(visitor).waitFor({ state: "hidden" });
		const state = () => [
			window.$crisp.is("chat:visible"),
			window.$crisp.is("chat:closed"),
			window.$crisp.get("chat:unread:count"),
			window.$crisp.get("user:nickname"),
		];
		assert.deepEqual(await visitor.page.evaluate(state), [false, true, 0, "Cleo"]);
	});

	it("Chatwoot", async () => {
		const visitor = await visit(`
			window.chatwootSettings = { position: "left", locale: "en" };
			for (const name of ["ready", "opened", "closed", "on-message"])
				addEventListener("chatwoot:" + name, ({ detail }) => heard.push(detail?.content ?? name));
			addEventListener("chatwoot:ready", () => {
				$chatwoot.setUser("w-1", {
					name: "Wim", email: "wim@example.com", identifier_hash: "${hashOf("w-1")}",
				});
				$chatwoot.setCustomAttributes({ plan: "pro", old: 1 });
			});
			${add(
				"chatwoot",
				`s.onload = () => chatwootSDK.run({ websiteToken: "t", baseUrl: "https://example.com" });`,
			)}`);
		await button(visitor).waitFor();
		await hears(visitor, "ready");
		await visitor.page.evaluate(() => window.$chatwoot.toggle("open"));
		await hears(visitor, "opened");
		await visitor.chat.waitFor();
		assert.equal(await visitor.page.evaluate(() => window.$chatwoot.isOpen), true);
		await visitor.page.evaluate(() => window.$chatwoot.deleteCustomAttribute("old"));
		const { contact, context } = await say(visitor, "Wim");
		assert.equal(contact.user_id, "w-1");
		assert.deepEqual(context, { plan: "pro" });
		await hears(visitor, HELLO[0]);
		await hears(visitor, HELLO[1]);
		await visitor.page.evaluate(() => window.$chatwoot.toggle());
		await hears(visitor, "closed");
		await visitor.page.evaluate(() => window.$chatwoot.toggleBubbleVisibility("hide"));
		await button(visitor).waitFor({ state: "hidden" });
		await visitor.page.evaluate(() => window.$chatwoot.toggleBubbleVisibility("show"));
		await button(visitor).waitFor();
	});
});
