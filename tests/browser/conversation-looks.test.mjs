// What the visitor sees of a conversation: where things are, their sizes and colours.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertAccessible } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const WIDE = {
	ltr: "| Plant | Light | Water | Safe for cats |\n|---|---|---|---|\n| Cast-iron plant | shade to half shade | 14 days | yes |",
	rtl: "| النبات | الضوء | الماء | آمن للقطط |\n|---|---|---|---|\n| الحديد الزهر | ظل إلى نصف ظل | 14 يومًا | نعم |",
};

/** The sum of red, green and blue at a point of the page. */
async function lightAt(page, x, y) {
	const clip = { x: Math.floor(x), y: Math.floor(y), width: 1, height: 1 };
	const png = (await page.screenshot({ clip })).toString("base64");
	return page.evaluate(async (png) => {
		const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
		const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
		const canvas = new OffscreenCanvas(1, 1).getContext("2d");
		canvas.drawImage(image, 0, 0);
		const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
		return r + g + b;
	}, png);
}

/** What a screen reader says of the text field besides its name; "": nothing. */
async function descriptionOf(page) {
	const session = await page.context().newCDPSession(page);
	const { nodes } = await session.send("Accessibility.getFullAXTree");
	await session.detach();
	return nodes.find(({ role }) => role?.value === "textbox").description?.value ?? "";
}

describe("a conversation's looks", { skip: missing }, () => {
	const openStage = useStage();

	/** The stage, whose set() waits until everything is in its place. */
	async function open(...args) {
		const stage = await openStage(...args);
		const isStill = () =>
			stage.log.evaluate((node) => {
				const all = node
					.getAnimations({ subtree: true })
					.filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime));
				return Promise.allSettled(all.map(({ finished }) => finished)).then(() => true);
			});
		return { ...stage, set: (change) => stage.set(change).then(isStill) };
	}

	it("has a message's buttons in one line, and no empty line in the text field, on a phone with large text", async () => {
		const { chat, log, set } = await open({ rating: true }, { ...PHONE, textPx: 32 });
		await set({ messages: [WELCOME, question("q", "Hi"), reply("a", "Hello")] });
		const tops = await log
			.locator(".meta")
			.last()
			.evaluate((bar) =>
				[...bar.querySelectorAll("button")].map((one) => one.getBoundingClientRect().top),
			);
		assert.equal(tops.length, 3);
		assert.equal(new Set(tops).size, 1, `${tops}`);
		const [shown, needed] = await chat.getByRole("textbox").evaluate((box) => {
			const { offsetHeight } = box;
			box.style.height = "auto";
			return [offsetHeight, box.scrollHeight];
		});
		assert.equal(shown, needed);
	});

	it("begins with the greeting in the middle, which is a bubble at the top once something is said", async () => {
		const { log, set } = await open({ greeting: "Ask us anything" });
		const greeting = log.getByText("Ask us anything");
		const bubble = log.locator(".bubble").first();
		const colour = () => bubble.evaluate((node) => getComputedStyle(node).backgroundColor);
		const middle = ({ x, width }) => x + width / 2;
		const [frame, text] = [await log.boundingBox(), await greeting.boundingBox()];
		assert.ok(Math.abs(middle(frame) - middle(text)) < 2, "in the middle of the width");
		assert.ok(text.y > frame.y + frame.height / 3 && text.y < frame.y + (2 * frame.height) / 3);
		assert.equal(await colour(), "rgba(0, 0, 0, 0)");
		await set({ messages: [WELCOME, question("q", "Hi")] });
		assert.ok((await greeting.boundingBox()).y < frame.y + frame.height / 4);
		assert.equal(await colour(), "rgb(255, 255, 255)");
	});

	it("is a column of at most 46rem in the middle of a page of its own", async () => {
		const { chat } = await open({ place: "page" }, { viewport: { width: 1200, height: 700 } });
		const { x, width } = await chat.boundingBox();
		assert.ok(width > 700 && width <= 736, `${width}`);
		assert.ok(Math.abs(x + width / 2 - 600) < 2, `${x}`);
	});

	for (const [theme, accent] of [
		["light", "#fff"],
		["dark", "#000"],
	]) {
		it(`has an edge around the visitor's messages with the accent ${accent}`, async () => {
			const { log, set } = await open({ theme, primary_color: accent });
			await set({ messages: [WELCOME, question("q", "Hi")] });
			const { border, strong } = await log.locator(".user .bubble").evaluate((node) => {
				const style = getComputedStyle(node);
				return { border: style.borderTopColor, strong: style.getPropertyValue("--strong") };
			});
			// theme.test.ts has its contrast.
			assert.equal(
				border.replace(/ /g, ""),
				strong.match(/rgb\(.*?\)/)?.[0].replace(/ /g, "") ?? strong,
			);
			assert.notEqual(border, theme === "light" ? "rgb(255, 255, 255)" : "rgb(0, 0, 0)");
		});
	}

	it("has the same gap after the greeting as after other messages", async () => {
		const { log, set } = await open();
		const now = Date.now();
		await set({
			messages: [
				WELCOME,
				question("q", "Hi", { at: now }),
				reply("a", "Hello", { at: now }),
				question("q2", "More", { isQueued: true }),
				reply("q2/reply", "", { id: null, phase: "waiting" }),
			],
		});
		const boxes = await log
			.locator(".bubble")
			.evaluateAll((all) =>
				all.map((one) => one.getBoundingClientRect()).map((one) => [one.top, one.bottom]),
			);
		const gaps = boxes.slice(1).map(([top], i) => top - boxes[i][1]);
		assert.ok(Math.abs(gaps[0] - gaps[1]) < 3, `${gaps}`);
	});

	it("has the time of an own message at once, also while it waits", async () => {
		const { log, set } = await open();
		await set({ messages: [WELCOME, question("q", "Hi", { isQueued: true })] });
		const time = log.locator(".user time");
		assert.match(await time.textContent(), /^\d+:\d\d/);
		// The server's time replaces it.
		const noon = new Date().setHours(12, 34);
		await set({ messages: [WELCOME, question("q", "Hi", { at: noon })] });
		assert.match(await time.textContent(), /^12:34/);
	});

	it("has time and buttons of the last message of a group on touch screens, and of one that is touched", async () => {
		const { log, set } = await open({ rating: true }, PHONE);
		const at = Date.now();
		const said = [
			...["q1", "q2"].map((key) => question(key, key, { at })),
			...["a1", "a2", "a3"].map((key) => reply(key, key, { at })),
			question("q3", "q3", { at }),
		];
		await set({ messages: [WELCOME, ...said] });
		const shown = () =>
			log
				.locator(".row:has(.meta)")
				.evaluateAll((rows) =>
					rows
						.filter((row) => row.querySelector(".meta").checkVisibility({ opacityProperty: true }))
						.map((row) => row.querySelector(".bubble").textContent),
				);
		assert.deepEqual(await shown(), ["q2", "a3", "q3"]);
		const [first, second] = await log
			.locator(".assistant:not(:first-child) .bubble")
			.evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
		const gap = second.top - first.bottom;
		assert.ok(gap > 1 && gap < 10, `a group is together: ${gap}`);
		await log.getByText("a1").tap();
		assert.deepEqual(await shown(), ["q2", "a1", "a3", "q3"]);
		// A rating and the wait to be sent stay visible.
		await set({
			messages: [
				WELCOME,
				{ ...said[2], rating: "up" },
				said[3],
				question("w1", "w1", { isQueued: true }),
				question("w2", "w2", { isQueued: true }),
			],
		});
		assert.deepEqual(await shown(), ["a1", "a2", "w1", "w2"]);
	});

	for (const [dir, code] of [
		["ltr", "en"],
		["rtl", "ar"],
	])
		for (const scheme of ["light", "dark"])
			it(`a table that is wider than a phone begins at its first column, and a shadow says that there is more: ${dir}, ${scheme}`, async () => {
				const { page, log, set } = await open({}, { ...PHONE, code, dir, colorScheme: scheme });
				await set({ messages: [WELCOME, question("q", "?"), reply("r", WIDE[dir])] });
				const table = log.locator(".table");
				await table.scrollIntoViewIfNeeded();
				const frame = await table.boundingBox();
				const first = await table.locator("th").first().boundingBox();
				const [near, far] = [frame.x + 2, frame.x + frame.width - 3];
				const [begin, end] = dir === "ltr" ? [near, far] : [far, near];
				assert.ok(first.x >= frame.x && first.x + first.width <= frame.x + frame.width);
				// Above the text of the second row, which has a cell at both edges.
				const { y } = await table.locator("td").first().boundingBox();
				const light = (x) => lightAt(page, x, y + 3);
				const atBegin = [await light(begin), await light(end)];
				await table.evaluate((node) => node.scrollTo(node.dir === "rtl" ? -9999 : 9999, 0));
				const atEnd = [await light(begin), await light(end)];
				// Towards the text's colour.
				const more = (a, b) => (scheme === "light" ? b - a : a - b);
				assert.ok(more(atBegin[1], atBegin[0]) > 60, `more at the end: ${atBegin}`);
				assert.ok(more(atEnd[0], atEnd[1]) > 60, `more at the beginning: ${atEnd}`);
				// Words are not broken, and short cells are not squeezed.
				const heights = await table
					.locator("td")
					.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
				assert.ok(Math.max(...heights) < 40, `${heights}`);
			});

	it("has a table without a shadow where all of it is shown", async () => {
		const { page, log, set } = await open();
		await set({ messages: [WELCOME, reply("r", "| a | b |\n|---|---|\n| 1 | 2 |")] });
		const frame = await log.locator(".table").boundingBox();
		const { y } = await log.locator("td").first().boundingBox();
		const white = 3 * 255;
		assert.equal(await lightAt(page, frame.x + 2, y + 3), white);
		assert.equal(await lightAt(page, frame.x + frame.width - 3, y + 3), white);
	});

	it("has boxes of tasks in the colours of links, not those of a disabled field", async () => {
		const { log, set } = await open();
		await set({
			messages: [WELCOME, reply("r", "- [x] done\n- [ ] open\n\n[link](https://a.example/)")],
		});
		const background = (node) => getComputedStyle(node).backgroundColor;
		const boxes = await log
			.getByRole("checkbox")
			.evaluateAll((all) => all.map((node) => getComputedStyle(node).backgroundColor));
		const link = await log.getByRole("link").evaluate((node) => getComputedStyle(node).color);
		assert.deepEqual(boxes, [link, await log.getByRole("list").first().evaluate(background)]);
	});

	it("tells persons apart by colours, which stay", async () => {
		const persons = ["Ann Smith", "Bo Lee", "Zoë", "山田 太郎", "Ann Smith"];
		const messages = persons.map((name, i) => reply(`p${i}`, "Hi", { author: { name } }));
		const ann = { phase: "person", person: { name: "Ann Smith" }, isTyping: true };
		const { chat, log, set } = await open();
		await set({ messages: [WELCOME, reply("r", "Hi"), ...messages], people: ann });
		const colours = (place) =>
			place
				.locator(".avatar")
				.evaluateAll((all) => all.map((node) => getComputedStyle(node).backgroundColor));
		const [agent, , ...shown] = await colours(log);
		const typing = shown.pop();
		assert.equal(new Set([agent, ...shown]).size, 5, `${shown}`);
		assert.deepEqual(
			[shown[4], typing, ...(await colours(chat.locator(".header")))],
			Array(3).fill(shown[0]),
		);
	});

	it("has the header of code in the direction of code", async () => {
		const { log, set } = await open({}, { code: "ar", dir: "rtl" });
		await set({ messages: [WELCOME, reply("r", "مثال:\n\n```js\nlet a = 1;\n```")] });
		const frame = await log.locator(".code").boundingBox();
		const name = await log.locator(".code > span").boundingBox();
		const copy = await log.locator(".code > button").boundingBox();
		assert.ok(name.x < frame.x + 20, "the language's name is on the left");
		assert.ok(copy.x + copy.width > frame.x + frame.width - 20, "the button is on the right");
	});

	for (const [code, dir, notice, label] of [
		["en", "ltr", "You are chatting with an AI assistant.", "Privacy policy"],
		["ar", "rtl", "أنت تتحدث مع مساعد ذكاء اصطناعي.", "الخصوصية"],
	])
		it(`says before the first message that an AI answers, if the widget does: ${code}`, async () => {
			const link = "https://shop.example/privacy";
			const disclosure = { show: true, link };
			const { page, chat, set } = await open({ disclosure }, { ...PHONE, code, dir });
			const line = chat.locator(".disclosure");
			await line.waitFor();
			assert.equal(await line.textContent(), `${notice} ${label}`);
			const anchor = line.getByRole("link", { name: label });
			assert.equal(await anchor.getAttribute("href"), link);
			const [text, field] = [
				await line.boundingBox(),
				await chat.getByRole("textbox").boundingBox(),
			];
			assert.ok(text.y + text.height <= field.y, "above the text field");
			await assertAccessible(page, `disclosure ${code}`);
			assert.equal(await descriptionOf(page), `${notice} ${label}`);
			await set({ messages: [WELCOME, question("q", "Hi")] });
			assert.equal(await line.isVisible(), false);
			assert.equal(await descriptionOf(page), "");
		});

	it("has the owner's text in place of its own, and links to https addresses only", async () => {
		const disclosure = { show: true, text: "Mia is a machine.", link: "javascript:alert(1)" };
		const { chat } = await open({ disclosure });
		const line = chat.locator(".disclosure");
		await line.waitFor();
		assert.equal(await line.textContent(), "Mia is a machine.");
		assert.equal(await line.getByRole("link").count(), 0);
	});

	it("says nothing about who answers if the widget does not", async () => {
		const { chat } = await open({ starters: ["How?"] });
		await chat.getByRole("button", { name: "How?" }).waitFor();
		assert.equal(await chat.locator(".disclosure").count(), 0);
	});

	it("leaves room for the greeting beside many starters, also in large text", async () => {
		const starters = Array.from({ length: 12 }, (_, i) => `A question to begin with, number ${i}`);
		const { log, chat } = await open({ starters }, { ...PHONE, textPx: 32 });
		await chat.getByRole("button", { name: /number 0/ }).waitFor();
		const [frame, greeting] = [
			await log.boundingBox(),
			await log.getByText("Welcome").boundingBox(),
		];
		assert.ok(greeting.y + greeting.height <= frame.y + frame.height, "the greeting is in view");
		const last = chat.getByRole("button", { name: /number 11/ });
		await last.scrollIntoViewIfNeeded();
		const [seen, box] = [await last.boundingBox(), await chat.getByRole("textbox").boundingBox()];
		assert.ok(seen.y + seen.height < box.y, "the last one can be scrolled to");
	});
});
