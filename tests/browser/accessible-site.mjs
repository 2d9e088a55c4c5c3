// A site for the accessibility tests: both tags, pages that know axe, and what is checked in each state.

import { before } from "node:test";
import { WIDGET_KEY } from "../e2e/harness.mjs";
import { assertAccessible, assertStops, tabThrough } from "./accessibility.mjs";
import { setTextSize } from "./browser.mjs";
import { useSite } from "./site.mjs";

/** A reply of every kind of block, for the stub model. */
export const MARKDOWN = String.raw`# Delivery\n\nWe *deliver* to **all** of [Europe](https://shop.example/) \`fast\`.\n\n- one\n- two\n  1. three\n\n> quoted\n\n- [x] done\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n---\n\n~~~js\nlet answer = 42;\n~~~`;

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** useSite({ areKept: true }) with tags, visit(tag, page, screen) and check(visitor, name). */
export function useAccessibleSite() {
	const site = useSite({ areKept: true });
	site.tags = {
		"data-widget": { "data-accent-color": "#4f46e5" },
		"data-api-key": { "data-api-key": WIDGET_KEY },
	};
	before(async () => {
		site.tags["data-widget"]["data-widget"] = (await site.createWidget({})).widget_id;
		site.tags["data-api-key"]["data-api-url"] = `${site.banter.url}/chat`;
	});
	/** screen: playwright's options, and textPx: the browser's size of text. */
	site.visitTag = async (tag, page, { textPx, ...screen } = {}) => {
		const visitor = await site.visitTags([tag], undefined, page, screen);
		if (textPx) await setTextSize(visitor.page, textPx);
		return visitor;
	};
	const isCompact = (visitor) =>
		visitor.page.evaluate(() => innerWidth <= 480 || innerHeight <= 460);
	site.check = async (visitor, name) => {
		await assertAccessible(visitor.page, name);
		const isOpen = await visitor.chat.isVisible();
		assertStops(await tabThrough(visitor.page, isOpen && (await isCompact(visitor))));
	};
	return site;
}
