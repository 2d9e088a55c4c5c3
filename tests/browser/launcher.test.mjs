// The button's looks: a text, a picture, or none.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";

const LONGEST = "Questions about plants, pots and parcels";
const PICTURE = "https://pictures.example/ann.png";
/** One pixel. */
const PNG = Buffer.from(
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
	"base64",
);

describe("the button", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let tag;
	before(async () => {
		tag = { "data-widget": (await site.createWidget({})).widget_id };
	});

	const launcher = (visitor) => visitor.page.locator("banter-chat .launcher");

	for (const [name, page, screen] of [
		["on a wide screen", {}, {}],
		["on a phone", {}, { viewport: { width: 360, height: 640 } }],
		["from right to left", { dir: "rtl", lang: "he" }, { viewport: { width: 360, height: 640 } }],
	])
		it(`shows a text of the greatest length, whole, with its name, ${name}`, async () => {
			const tags = [
				{
					...tag,
					"data-launcher-style": "text",
					"data-launcher-text": LONGEST,
					"data-locale": "en",
				},
			];
			const visitor = await site.visitTags(tags, undefined, page, screen);
			const edges = () =>
				launcher(visitor).evaluate((node) => {
					const { left, right, height } = node.getBoundingClientRect();
					const fits = left >= 0 && right <= window.innerWidth;
					return { fits, height, isCut: node.scrollWidth > node.clientWidth };
				});
			assert.deepEqual(await edges(), { fits: true, height: 60, isCut: false });
			await visitor.page.getByRole("button", { name: `${LONGEST} Open chat`, exact: true }).focus();
			await until("the app is there", () =>
				launcher(visitor).evaluate((node) => node.hasAttribute("aria-controls")),
			);
			assert.deepEqual(await edges(), { fits: true, height: 60, isCut: false });
			await visitor.page
				.getByRole("button", { name: `${LONGEST} Open chat`, exact: true })
				.waitFor();
			assert.deepEqual(await violationsOf(visitor.page), []);
			await launcher(visitor).click();
			await visitor.chat.waitFor();
		});

	const shown = (visitor) => launcher(visitor).locator("img").count();

	it("shows a picture, and its icon where the picture cannot be loaded", async () => {
		const tags = [{ ...tag, "data-launcher-style": "picture", "data-launcher-picture": PICTURE }];
		for (const [isThere, answer] of [
			[1, { contentType: "image/png", body: PNG }],
			[0, { status: 404 }],
		]) {
			let asked = 0;
			const prepare = (context) =>
				context.route(PICTURE, async (route) => {
					await route.fulfill(answer);
					asked++;
				});
			const visitor = await site.visitTags(tags, prepare, {}, { bypassCSP: true });
			await until("the picture was asked for", () => asked === 1);
			if (isThere) await until("it is shown", () => shown(visitor));
			await visitor.open();
			assert.equal(await shown(visitor), isThere);
			const icon = await launcher(visitor).evaluate(
				(node) => getComputedStyle(node, "::before").content !== "none",
			);
			assert.ok(icon);
		}
	});

	it("is absent if the page wants none, and the page opens the chat", async () => {
		const visitor = await site.visitTags([{ ...tag, "data-launcher-style": "none" }]);
		await until("the widget is there", () =>
			visitor.page.evaluate(() => Boolean(window.banter?.open)),
		);
		assert.equal(await launcher(visitor).isVisible(), false);
		await visitor.page.evaluate(() => window.banter.open());
		await visitor.chat.waitFor();
		assert.equal(await launcher(visitor).isVisible(), false);
		await visitor.chat.locator(".close").click();
		await visitor.chat.waitFor({ state: "hidden" });
		assert.deepEqual(visitor.complaints, []);
	});
});
