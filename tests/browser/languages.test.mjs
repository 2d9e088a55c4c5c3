// The widget's languages, in a browser.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";

/** Browser's language, text of the empty input field, direction. */
const LANGUAGES = [
	["en-GB", "Write a message…", "ltr"],
	["de-AT", "Nachricht schreiben …", "ltr"],
	["fr-CA", "Écrivez un message…", "ltr"],
	["es-MX", "Escribe un mensaje…", "ltr"],
	["pt-BR", "Escreva uma mensagem…", "ltr"],
	["it-IT", "Scrivi un messaggio…", "ltr"],
	["nl-BE", "Schrijf een bericht…", "ltr"],
	["pl-PL", "Napisz wiadomość…", "ltr"],
	["tr-TR", "Bir mesaj yazın…", "ltr"],
	["ja-JP", "メッセージを入力…", "ltr"],
	["zh-TW", "输入消息…", "ltr"],
	["ko-KR", "메시지를 입력하세요…", "ltr"],
	["ar-EG", "اكتب رسالة…", "rtl"],
	["he-IL", "כתיבת הודעה…", "rtl"],
	["fi-FI", "Write a message…", "ltr"],
];

describe("the languages of the widget", { skip: missing }, () => {
	const site = useSite({ areKept: true });

	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});

	const directionOf = (visitor) =>
		visitor.page
			.locator("banter-chat")
			.evaluate((host) => getComputedStyle(host.shadowRoot.querySelector(".frame")).direction);

	async function check([language, placeholder, direction], context, page) {
		const visitor = await site.visitWidget(widget.widget_id, context, page);
		// The button has its name in this language, too.
		await visitor.page.locator("banter-chat .launcher").click();
		await visitor.chat.getByPlaceholder(placeholder).waitFor();
		assert.equal(await directionOf(visitor), direction, language);
		assert.deepEqual(visitor.complaints, []);
	}

	it("is the page's, or English", async () => {
		// A profile each: where the chat has been left open, a click closes it.
		for (const row of LANGUAGES) await check(row, await site.newContext(), { lang: row[0] });
	});

	it("is the browser's, if the page has none", async () => {
		for (const row of LANGUAGES.slice(0, 2))
			await check(row, await site.newContext({ locale: row[0] }), { lang: "" });
	});

	it("is changed by the page, and the conversation stays", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		await visitor.ask('[[text="Hello"]] Hi', "Hello");
		for (const [locale, placeholder, direction] of [LANGUAGES[12], LANGUAGES[1]]) {
			await visitor.page.evaluate((code) => window.banter.locale(code), locale);
			await visitor.chat.getByPlaceholder(placeholder).waitFor();
			await visitor.chat.getByText("Hello", { exact: true }).waitFor();
			assert.equal(await directionOf(visitor), direction, locale);
		}
		assert.deepEqual(visitor.complaints, []);
	});

	it("is that of the tag before the page's, and the page's before the browser's", async () => {
		const tag = { "data-widget": widget.widget_id };
		const browser = { locale: "es-MX" };
		for (const [attributes, lang, placeholder] of [
			[{ "data-locale": "fr" }, "de", LANGUAGES[2][1]],
			[{}, "de", LANGUAGES[1][1]],
			[{}, "", LANGUAGES[3][1]],
		]) {
			const visitor = await site.visitTags(
				[{ ...tag, ...attributes }],
				undefined,
				{ lang },
				browser,
			);
			await visitor.page.locator("banter-chat .launcher").click();
			await visitor.chat.getByPlaceholder(placeholder).waitFor();
		}
	});

	it("has the settings' texts in place of its own, for every language or for one", async () => {
		const texts = {
			openChat: "Ask us",
			send: "Go",
			de: { openChat: "Frag uns", send: "Los" },
		};
		const { widget_id } = await site.createWidget({ settings: { texts } });
		for (const [lang, send, name] of [
			["en", "Go", "Ask us"],
			["de", "Los", "Frag uns"],
		]) {
			const visitor = await site.visitWidget(widget_id, undefined, { lang });
			// Before the app is there.
			const button = visitor.page.getByRole("button", { name });
			await button.waitFor();
			assert.equal(await visitor.page.locator("banter-chat .icon").count(), 0);
			await button.click();
			await visitor.chat.getByRole("button", { name: send, exact: true }).waitFor();
			await visitor.page.keyboard.press("Escape");
			await button.waitFor();
		}
	});
});
