// WCAG 2.2 AA in other looks: themes, directions, screens, sizes of text, and what the system prefers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertFits, takePicture } from "./accessibility.mjs";
import { MARKDOWN, PHONE, useAccessibleSite } from "./accessible-site.mjs";
import { missing } from "./browser.mjs";

/** Name, attributes of the tag, the page, the screen. */
const LOOKS = [
	["dark", { "data-theme": "dark" }, {}, {}],
	["dark by the system", { "data-theme": "auto" }, {}, { colorScheme: "dark" }],
	["from right to left", { "data-locale": "ar" }, { dir: "rtl", lang: "ar" }, {}],
	["phone", {}, {}, PHONE],
	["quirks mode", {}, { quirks: 1 }, {}],
	["text of 200 %", {}, {}, { textPx: 32 }],
	["zoom of 200 %", {}, {}, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
	["reduced motion", {}, {}, { reducedMotion: "reduce" }],
	["forced colours", {}, {}, { forcedColors: "active" }],
];

describe("the widget is accessible in each look", { skip: missing }, () => {
	const { tags, visitTag, check } = useAccessibleSite();

	const launcher = (visitor) => visitor.page.locator("banter-chat .launcher");
	const box = (visitor) => visitor.chat.locator("textarea");

	/** As chatting, in any language. */
	async function chat(visitor) {
		await launcher(visitor).click();
		await box(visitor).fill(`[[text="${MARKDOWN}"]] Hi`);
		await box(visitor).press("Enter");
		await visitor.logUntil("the reply is there", (log) => log.includes("answer = 42"));
		await visitor.chat.locator(".stop").waitFor({ state: "hidden" });
	}

	for (const [name, attributes, page, screen] of LOOKS)
		it(name, async () => {
			const visitor = await visitTag({ ...tags["data-widget"], ...attributes }, page, screen);
			await chat(visitor);
			await check(visitor, `look ${name}`);
			await assertFits(visitor.chat);
		});

	it("with the text spacing of WCAG 1.4.12", async () => {
		const visitor = await visitTag(tags["data-widget"]);
		await chat(visitor);
		await visitor.page.locator("banter-chat").evaluate((host) => {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(
				"* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",
			);
			host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, sheet];
		});
		await check(visitor, "text spacing");
		await assertFits(visitor.chat);
	});

	it("nothing moves with reduced motion", async () => {
		const visitor = await visitTag(tags["data-widget"], {}, { reducedMotion: "reduce" });
		await launcher(visitor).click();
		await box(visitor).fill("[[hold-after=0]] held");
		await box(visitor).press("Enter");
		await visitor.chat.locator(".dots").waitFor();
		const moving = await visitor.page
			.locator("banter-chat")
			.evaluate((host) => host.shadowRoot.getAnimations().length);
		assert.equal(moving, 0);
	});

	it("forced colours leave borders around bubbles, and mark buttons", async () => {
		const visitor = await visitTag(tags["data-widget"], {}, { forcedColors: "active" });
		await chat(visitor);
		for (const part of [".bubble", ".panel", ".launcher", ".send"]) {
			const style = await visitor.page
				.locator(`banter-chat ${part}`)
				.first()
				.evaluate((node) => getComputedStyle(node).borderTopStyle);
			assert.equal(style, "solid", part);
		}
		await takePicture(visitor.page, "forced colours");
	});
});
