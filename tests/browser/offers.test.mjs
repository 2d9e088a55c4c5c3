// Buttons, cards and forms in the widget: what a visitor sees and does, with the mouse and the keyboard, in two tabs, after a
// reload and without a network. tests/e2e/structure.test.mjs has what the server accepts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { assertAccessible, assertFits } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";

const BUTTONS = {
	buttons: [
		{ name: "yes", label: "Yes, please" },
		{ name: "no", label: "No" },
		{ label: "Docs", url: "https://example.com/docs" },
	],
};

const FORM = {
	form: [
		{ name: "who", kind: "name", label: "Your name", required: true },
		{ name: "mail", kind: "email", label: "E-mail", required: true },
		{ name: "size", kind: "choice", label: "Size", choices: ["S", "M"] },
		{ name: "many", kind: "number", label: "Pieces" },
		{ name: "day", kind: "date", label: "Day" },
		{ name: "why", kind: "text", label: "Why" },
		{ name: "ok", kind: "consent", label: "I agree to this.", required: true, version: "1" },
	],
};

const CARDS = {
	cards: ["Blue", "Red", "Green"].map((name) => ({
		title: `${name} shirt`,
		text: "Cotton",
		picture: `https://cdn.example.com/${name}.png`,
		buttons: [
			{ name: name.toLowerCase(), label: `Take ${name}` },
			{ label: "See", url: `https://example.com/${name}` },
		],
	})),
};

describe("what a message offers", { skip: missing }, () => {
	const site = useSite({ areKept: true }, [], { PICTURE_ORIGINS: "https://cdn.example.com" });

	/** A visitor whose conversation a person has taken over. */
	async function begin({ screen = {}, page = {}, prepare } = {}) {
		const widget = await site.createWidget({ settings: { disclosure: { show: false } } });
		const tags = [{ "data-widget": widget.widget_id }];
		const visitor = await site.visitTags(tags, prepare, page, screen);
		await visitor.open();
		await visitor.say("Hello there");
		await visitor.logUntil("a reply", (text) => text.includes("Hello there"));
		const path = `conversations?widgetId=${widget.id}`;
		const found = async () => (await site.admin("GET", path)).conversations[0];
		const { _id: id } = await until("the conversation", found);
		await site.admin("POST", `conversations/${id}/takeover`, {});
		const write = (body) => site.admin("POST", `conversations/${id}/messages`, body);
		const answers = async () =>
			(await site.admin("GET", `conversations/${id}`)).messages.filter((one) => one.answer);
		return { visitor, id, write, answers, offer: visitor.chat.locator(".offer").last() };
	}

	/** The visitor's last message, behind which a reply may have begun. */
	const lastOf = async (visitor) =>
		(await visitor.said()).filter((one) => one.startsWith("visitor: ")).at(-1);

	it("is a button that answers once, in all tabs and after a reload", async () => {
		const { visitor, write, answers, offer } = await begin();
		await write({ content: "Shall we?", structure: BUTTONS });
		const yes = offer.getByRole("button", { name: "Yes, please" });
		await yes.waitFor();
		assert.match((await visitor.said()).at(-1), /^assistant: Shall we\?$/);
		const tab = await visitor.context.newPage();
		await tab.goto(visitor.page.url());
		const other = tab.locator("banter-chat .offer").last();
		await other.getByRole("button", { name: "Yes, please" }).waitFor();
		await yes.click();
		for (const one of [offer, other]) {
			await one.getByRole("button", { name: "Yes, please" }).waitFor({ state: "hidden" });
			await one.getByRole("link", { name: "Docs" }).waitFor();
		}
		assert.equal(await lastOf(visitor), "visitor: Yes, please");
		await until("it is stored", async () => (await answers()).length === 1);
		await visitor.page.reload();
		await offer.getByRole("link", { name: "Docs" }).waitFor();
		assert.equal(await offer.getByRole("button").count(), 0);
		assert.equal((await visitor.said()).filter((one) => one.includes("Yes, please")).length, 1);
		assert.equal((await answers()).length, 1);
		assert.deepEqual(visitor.complaints, []);
	});

	it("is sent once when the network is back", async () => {
		const { visitor, write, answers, offer } = await begin();
		await write({ content: "Shall we?", structure: BUTTONS });
		const no = offer.getByRole("button", { name: "No", exact: true });
		await no.waitFor();
		await visitor.context.setOffline(true);
		await no.click();
		await no.waitFor({ state: "hidden" });
		await visitor.context.setOffline(false);
		await until("it is stored", async () => (await answers()).length > 0);
		await visitor.page.reload();
		await offer.getByRole("link", { name: "Docs" }).waitFor();
		assert.deepEqual(
			(await answers()).map((one) => [one.content, one.answer.button]),
			[["No", "no"]],
		);
	});

	it("is a form that says what is wrong, and becomes a message", async () => {
		const { visitor, id, write, answers, offer } = await begin();
		await write({ content: "Your order", structure: FORM });
		const form = offer.getByRole("form", { name: "Your order" });
		await form.waitFor();
		const send = form.getByRole("button", { name: "Send message" });
		await send.click();
		assert.deepEqual(await form.locator(".problem:not(:empty)").allInnerTexts(), [
			"Please fill in this field.",
			"Please fill in this field.",
			"Please fill in this field.",
		]);
		const name = form.getByLabel("Your name");
		assert.ok(await name.evaluate((node) => node.matches(":focus")));
		await name.fill("Ann Lee");
		await form.getByLabel("E-mail").fill("ann");
		await form.getByLabel("Size").selectOption("M");
		await form.getByLabel("Pieces").fill("2.5");
		await form.getByLabel("Day").fill("2028-02-29");
		await form.getByLabel("I agree").check();
		await send.click();
		assert.match((await form.locator(".problem:not(:empty)").allInnerTexts())[0], /looks like/);
		await form.getByLabel("E-mail").fill("ann@example.com");
		await form.getByLabel("E-mail").press("Enter");
		await offer.getByText("Done").waitFor();
		await until("it is stored", async () => (await answers()).length === 1);
		const [answer] = await answers();
		assert.equal(await lastOf(visitor), `visitor: ${answer.content}`);
		assert.equal(answer.answer.values.at(-1).version, "1");
		const { conversation } = await site.admin("GET", `conversations/${id}`);
		assert.equal(conversation.contact.email, "ann@example.com");
		await visitor.page.reload();
		await offer.getByText("Done").waitFor();
		assert.equal(await offer.getByRole("form").count(), 0);
	});

	it("are cards, which the keyboard reaches", async () => {
		const { visitor, write, answers, offer } = await begin({
			screen: { viewport: { width: 320, height: 640 } },
		});
		await visitor.context.route("https://cdn.example.com/**", (route) => route.abort());
		await write({ structure: CARDS });
		const cards = offer.getByRole("list");
		await cards.waitFor();
		assert.equal(await cards.getByRole("listitem").count(), 3);
		await cards.focus();
		await visitor.page.keyboard.press("Tab");
		await visitor.page.keyboard.press("Tab");
		await visitor.page.keyboard.press("Tab");
		const focused = cards.getByRole("button", { name: "Take Red" });
		await until("the second card has the focus", () =>
			focused.evaluate((node) => node.matches(":focus")),
		);
		await visitor.page.keyboard.press("Enter");
		await focused.waitFor({ state: "hidden" });
		await until("it is stored", async () => (await answers()).length === 1);
		assert.equal((await answers())[0].answer.button, "red");
	});

	it("is words until its part is there", async () => {
		const { visitor, write, offer } = await begin();
		await visitor.page.route("**/chat-part-offer-*", (route) => route.abort());
		await write({ content: "Shall we?", structure: BUTTONS });
		await visitor.logUntil("the words", (text) => /Shall we\?.*Yes, please.*No/s.test(text));
		await visitor.page.unroute("**/chat-part-offer-*");
		await offer.getByRole("button", { name: "Yes, please" }).waitFor();
		assert.match((await visitor.said()).at(-1), /^assistant: Shall we\?$/);
	});

	for (const [what, options] of Object.entries({
		"in the light": {},
		"in the dark": { screen: { colorScheme: "dark" } },
		"on 320 px": { screen: { viewport: { width: 320, height: 640 } } },
		"from right to left": { page: { dir: "rtl" } },
	}))
		it(`is accessible ${what}`, async () => {
			const { visitor, write, offer } = await begin(options);
			await visitor.context.route("https://cdn.example.com/**", (route) => route.abort());
			await write({ content: "Well?", structure: BUTTONS });
			await offer.getByRole("link", { name: "Docs" }).waitFor();
			await write({ content: "Well?", structure: FORM });
			await offer.getByRole("button", { name: "Send message" }).click();
			await offer.getByText("Please fill in this field.").first().waitFor();
			await assertAccessible(visitor.page, `form ${what}`);
			await assertFits(visitor.chat);
			// Cards beside the window can be reached by scrolling.
			await write({ content: "Well?", structure: CARDS });
			await offer.getByRole("list").waitFor();
			await assertAccessible(visitor.page, `cards ${what}`);
		});
});
