// The widget's looks: place, colours, sizes and launcher, on pages of any style.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing, setTextSize } from "./browser.mjs";
import { HELLO, useSite } from "./site.mjs";

/** Styles of pages that move or cover fixed elements outside the top layer. */
const PAGES = [
	"body { height: 3000px; transform: translateY(10px) }",
	"html { height: 3000px; transform: scale(1) }",
	"body { height: 3000px; filter: blur(0) }",
	"body { height: 3000px; contain: layout paint }",
	"body { height: 3000px; will-change: transform }",
	"body { position: relative; z-index: 1; overflow: hidden; height: 9px }",
	"h1 { position: fixed; inset: 0; margin: 0; z-index: 2147483647; background: #fff }",
	"* { display: none !important; inset: 900px !important } html, body { display: block !important }",
	"html { font-size: 62.5% }",
];

const VIEWPORT = { width: 800, height: 800 };

describe("the widget's looks", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});

	/** The host, frame, button and panel of a visitor's first chat, as `look` sees them. */
	const see = (visitor, look) =>
		visitor.page.evaluate(
			`(() => { const host = document.querySelector("banter-chat"); const root = host.shadowRoot;
			const part = (name) => root.querySelector("." + name);
			const style = (name) => getComputedStyle(part(name)); return (${look})({host, root, part, style}); })()`,
		);

	async function openChat(visitor) {
		await visitor.open();
		await visitor.chat.waitFor();
	}

	for (const css of PAGES) {
		it(`is in its corner, above everything: ${css}`, async () => {
			const context = await site.newContext({ viewport: VIEWPORT });
			const visitor = await site.visitWidget(widget.widget_id, context, { css });
			await openChat(visitor);
			for (const name of ["launcher", "panel"]) {
				await until(`the ${name} is there and on top`, () =>
					see(
						visitor,
						`({ part }) => { const box = part("${name}").getBoundingClientRect();
						const [x, y] = [box.right - 30, box.bottom - 30];
						return box.bottom <= 783 && box.right <= 783 && document.elementFromPoint(x, y)?.localName === "banter-chat"; }`,
					),
				);
			}
		});
	}

	for (const [place, attributes, box] of [
		["an element of the page", { "data-target": "h1" }, [300, 400]],
		["a column of the whole page", { "data-mode": "page" }, [735, 800]],
	])
		it(`takes its place in ${place}: open, without the focus and without a button`, async () => {
			const css = "h1 { width: 300px; height: 400px; margin: 0; font-size: 0 }";
			const tag = { "data-widget": widget.widget_id, ...attributes };
			const visitor = await site.visitTags([tag], undefined, { css });
			await visitor.page.setViewportSize(VIEWPORT);
			await visitor.ask(...HELLO);
			await visitor.page.keyboard.press("Escape");
			const { width, height } = await visitor.chat.boundingBox();
			assert.deepEqual([width, height], box);
			const shown = await see(
				visitor,
				`({ part }) => [part("launcher"), part("close")].some((one) => one.getClientRects().length > 0)`,
			);
			assert.equal(shown, false);
			assert.deepEqual(visitor.complaints, []);
			// The chat of other pages stays closed.
			const other = await site.visitWidget(widget.widget_id, visitor.context);
			await other.page.getByRole("button", { name: "Open chat" }).waitFor();
		});

	it("takes its z-index from the setting in a browser without a top layer, and its place", async () => {
		const tag = {
			"data-widget": widget.widget_id,
			"data-z-index": "7",
			"data-offset-x": "50",
			"data-offset-y": "60",
		};
		const visitor = await site.visitTags([tag], (context) =>
			context.addInitScript(() => {
				HTMLElement.prototype.showPopover = undefined;
			}),
		);
		await visitor.page.getByRole("button", { name: "Open chat" }).waitFor();
		const look = `({ host, style }) => [getComputedStyle(host).zIndex, style("launcher").right, style("launcher").bottom]`;
		assert.deepEqual(await see(visitor, look), ["7", "50px", "60px"]);
	});

	/** WCAG's contrast of text and background of a part. */
	const CONTRAST = `({ style }) => ["launcher", "header"].map((name) => {
		const light = (color) => color.match(/\\d+/g).slice(0, 3).map((byte) => byte / 255)
			.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
			.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0.05);
		const { color, backgroundColor, backgroundImage } = style(name);
		const back = backgroundImage === "none" ? backgroundColor : backgroundImage.match(/rgb.*?\\)/)[0];
		const ratio = light(color) / light(back);
		return Math.max(ratio, 1 / ratio);
	})`;

	it("is readable with every accent, in every notation, before and after the app", async () => {
		for (const [accent, text] of [
			["#ffee00", "#ffffff"],
			["#6366f1", "#ffffff"],
			["oklch(0.9 0.2 110)", "white"],
			["navy", "black"],
		]) {
			const tag = {
				"data-widget": widget.widget_id,
				"data-accent-color": accent,
				"data-text-color": text,
			};
			const visitor = await site.visitTags([tag]);
			await visitor.page.getByRole("button", { name: "Open chat" }).waitFor();
			if (!accent.startsWith("oklch")) {
				const early = await see(visitor, CONTRAST.replace(', "header"', ""));
				assert.ok(early[0] >= 3, `${text} on ${accent}: ${early}`);
			}
			await openChat(visitor);
			const ratios = await see(visitor, CONTRAST);
			assert.ok(Math.min(...ratios) >= 4.5, `${text} on ${accent}: ${ratios}`);
		}
	});

	const GROUND = `({ style }) => style("panel").backgroundColor`;
	const groundIs = (visitor, color) =>
		until(`the panel is ${color}`, async () => (await see(visitor, GROUND)) === color);
	const [LIGHT, DARK] = ["rgb(255, 255, 255)", "rgb(36, 40, 51)"];

	it("follows the system's colours live, the setting, the page's script, and the page's tokens", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await openChat(visitor);
		await groundIs(visitor, LIGHT);
		await visitor.page.emulateMedia({ colorScheme: "dark" });
		await groundIs(visitor, DARK);
		await visitor.page.evaluate(() => window.banter.theme("light"));
		await groundIs(visitor, LIGHT);
		await visitor.page.evaluate(() => window.banter("theme", "auto"));
		await groundIs(visitor, DARK);

		const tag = { "data-widget": widget.widget_id, "data-theme": "dark" };
		const css = "banter-chat { --banter-ink: rgb(1, 2, 3) }";
		const other = await site.visitTags([tag], undefined, { css });
		await openChat(other);
		await groundIs(other, DARK);
		assert.equal(await see(other, `({ style }) => style("panel").color`), "rgb(1, 2, 3)");
	});

	it("grows with the browser's font size, not with the page's, and fits at 200 %", async () => {
		const context = await site.newContext({ viewport: { width: 640, height: 400 } });
		const visitor = await site.visitWidget(widget.widget_id, context, {
			css: "html { font-size: 62.5% }",
		});
		await openChat(visitor);
		const size = () => see(visitor, `({ style }) => style("panel").fontSize`);
		assert.equal(await size(), "15px");
		await setTextSize(visitor.page, 32);
		await until("the text is twice as large", async () => (await size()) === "30px");
		const overflow = `({ root }) => [...root.querySelectorAll(".panel, .header, .log, .composer, .box")]
			.filter((node) => node.scrollWidth > node.clientWidth + 1 || node.getBoundingClientRect().right > 640)
			.map((node) => node.className)`;
		assert.deepEqual(await see(visitor, overflow), []);
	});

	for (const [what, viewport, textPx] of [
		["a window of 320 × 400", { width: 320, height: 400 }, 16],
		["a window of 320 × 400 with text of 200 %", { width: 320, height: 400 }, 32],
		["text of 200 %", { width: 640, height: 600 }, 32],
	])
		it(`shows the beginning of a long greeting in ${what}, and the end of a conversation`, async () => {
			const greeting = "Hello, we are glad that you are here. ".repeat(26);
			const fields = {
				greeting,
				settings: { disclosure: { show: true }, starters: ["How much?"] },
			};
			const long = await site.createWidget(fields);
			const context = await site.newContext({ viewport });
			const visitor = await site.visitWidget(long.widget_id, context);
			await setTextSize(visitor.page, textPx);
			await openChat(visitor);
			const log = visitor.chat.getByRole("log");
			const place = () =>
				log.evaluate((node) => {
					const { top } = node.querySelector(".bubble").getBoundingClientRect();
					const end = node.scrollHeight - node.scrollTop - node.clientHeight;
					return [node.scrollTop, top >= node.getBoundingClientRect().top, end < 2];
				});
			// The list has taken the place of the first text, and what a site may switch on is there.
			await visitor.chat.locator(".jump").waitFor({ state: "attached" });
			await visitor.chat.locator(".disclosure").waitFor();
			await visitor.page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
			assert.deepEqual(await place(), [0, true, false]);
			assert.equal(await visitor.chat.locator(".jump").isVisible(), false);
			await visitor.page.setViewportSize({ ...viewport, height: viewport.height - 20 });
			await visitor.page.evaluate(
				() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))),
			);
			assert.deepEqual(await place(), [0, true, false]);
			await visitor.say(HELLO[0]);
			await visitor.logUntil(
				"it is answered",
				(text) => text.endsWith("Hello") || /Hello\d/.test(text),
			);
			await until("the end is shown", async () => (await place())[2]);
			await visitor.page.evaluate(() => window.banter.reset());
			await until("the greeting begins at its start again", async () => (await place())[1]);
		});

	it("is a sheet on a phone, under which the page does not scroll, with fields that iOS does not zoom into", async () => {
		const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
		const context = await site.newContext(phone);
		const css = "body { height: 5000px; margin: 0 }";
		const visitor = await site.visitWidget(widget.widget_id, context, { css });
		const { page } = visitor;
		const session = await context.newCDPSession(page);
		const place = () => page.evaluate(() => scrollY);
		const scroll = () =>
			session.send("Input.synthesizeScrollGesture", {
				x: 180,
				y: 40,
				yDistance: -200,
				gestureSourceType: "mouse",
			});
		await page.evaluate(() => scrollTo(0, 1000));
		await visitor.open();
		await until("it covers the screen", () =>
			see(
				visitor,
				`({ part }) => { const { x, y, width, height } = part("panel").getBoundingClientRect();
				return JSON.stringify([x, y, width, height]) === "[0,0,390,844]"; }`,
			),
		);
		await scroll();
		assert.equal(await place(), 1000);
		const size = await visitor.box.evaluate((node) => getComputedStyle(node).fontSize);
		assert.ok(Number.parseFloat(size) >= 16, size);
		await page.getByRole("button", { name: "Close chat" }).click();
		await visitor.chat.waitFor({ state: "hidden" });
		await until("the page scrolls again", async () => {
			await scroll();
			return (await place()) > 1000;
		});

		// Also when the screen becomes wide, and when the chat is destroyed.
		const isHeld = () =>
			page.evaluate(() => getComputedStyle(document.documentElement).overflowY === "hidden");
		await visitor.open();
		await until("the page is held", isHeld);
		await page.setViewportSize({ width: 1000, height: 844 });
		await until("it is free", async () => !(await isHeld()));
		await page.setViewportSize(phone.viewport);
		await until("it is held again", isHeld);
		await page.evaluate(() => window.banter.destroy());
		await until("it is free", async () => !(await isHeld()));
	});

	it("has the corners and the font that the settings say", async () => {
		const tag = {
			"data-widget": widget.widget_id,
			"data-radius": "3",
			"data-font": "inherit",
		};
		const visitor = await site.visitTags([tag], undefined, {
			css: "body { font-family: Georgia }",
		});
		await openChat(visitor);
		const look = `({ style }) => [style("panel").borderRadius, style("panel").fontFamily]`;
		assert.deepEqual(await see(visitor, look), ["3px", "Georgia, sans-serif"]);
		const other = await site.visitWidget(widget.widget_id);
		await openChat(other);
		assert.deepEqual(await see(other, look), ["16px", "system-ui, sans-serif"]);
	});

	it("has a button, and says why, if its place is not in the page", async () => {
		const tag = { "data-widget": widget.widget_id, "data-target": "#nowhere" };
		const visitor = await site.visitTags([tag]);
		await openChat(visitor);
		assert.equal(visitor.hints.length, 1);
		assert.match(visitor.hints[0], /data-target="#nowhere"/);
	});
});
