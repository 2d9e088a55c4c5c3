// What a visitor sees of a reply's sources: numbers in its text and a list below it, also after a reload and in both
// tags. tests/e2e/knowledge.test.mjs has what the server sends.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addSource, KNOWLEDGE, NOT_FOUND, putPage, setAgent } from "../e2e/knowledge.mjs";
import { usePeer } from "../e2e/organizations.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";
import { reply, useStage, WELCOME } from "./stage.mjs";

const PRICES = "https://shop.example/prices";
const asking = (text, question = "What does tea cost?") =>
	`${question} [[text=${JSON.stringify(text)}]]`;

/* Runs in the page: the chat has faded in. */
const settled = () =>
	Promise.allSettled(
		document
			.querySelector("banter-chat")
			.shadowRoot.getAnimations()
			.filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime))
			.map(({ finished }) => finished),
	);

describe("a reply with sources", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const store = usePeer(site.banter);
	let content;

	const prepare = async (fields = {}) => {
		content ??= (async () => {
			const source = await addSource(store.peer);
			await putPage(site.banter, source, { url: PRICES, title: "Prices", chunks: ["Five euros."] });
			await putPage(site.banter, source, {
				url: "terms.pdf",
				title: "Terms",
				chunks: ["30 days."],
			});
		})();
		await content;
		await setAgent(store.peer, { knowledge: KNOWLEDGE.all, not_found: NOT_FOUND.say, ...fields });
	};
	const rowOf = (visitor) => visitor.chat.locator(".row.assistant").last();

	/** Checks what a row shows of a reply that cites both pages; [S1] may be either of them. */
	async function check(row) {
		await row.getByText("Prices", { exact: true }).waitFor();
		assert.deepEqual(
			await row.locator("sup").evaluateAll((all) => all.map((one) => one.textContent.trim()[0])),
			["1", "2", "1"],
		);
		assert.match(
			await row.locator(".bubble").innerText(),
			/^Tea.* costs five\D*\d.*, back in thirty days.*\.$/s,
		);
		assert.equal(await row.locator(".bubble strong").innerText(), "five");
		assert.deepEqual(
			(await row.locator("li").allInnerTexts()).map((text) => text.replace(/\s+/g, " ")).sort(),
			["Prices shop.example", "Terms"],
		);
		const link = row.getByRole("list", { name: "Sources" }).getByRole("link", { name: "Prices" });
		assert.equal(await link.getAttribute("href"), PRICES);
		assert.equal(await link.getAttribute("rel"), "noreferrer nofollow ugc");
		assert.equal(await link.getAttribute("target"), "_blank");
		const [number] = await row.getByRole("link", { name: /^Sources \d: Prices$/ }).all();
		assert.equal(await number.getAttribute("href"), PRICES);
	}

	const TEXT = "Tea 🍵 costs **five** [S1], back in thirty days [S2]. `[S1]` is code [S1].";

	for (const [name, visit] of [
		["a key", () => site.visit()],
		["a widget id", async () => site.visitWidget((await site.createWidget({})).widget_id)],
	]) {
		it(`has numbers and a list, and the same after a reload: a tag with ${name}`, async () => {
			await prepare();
			const visitor = await visit();
			await visitor.page.reload();
			await visitor.open();
			await visitor.say(asking(TEXT));
			await check(rowOf(visitor));
			assert.equal(await rowOf(visitor).locator("code").innerText(), "[S1]");
			await visitor.page.reload();
			await visitor.chat.waitFor();
			await check(rowOf(visitor));
			await visitor.page.evaluate(settled);
			assert.deepEqual(await violationsOf(visitor.page), []);
			assert.deepEqual(visitor.complaints, []);
		});
	}

	it("says that an answer does not come from the site", async () => {
		await prepare({ not_found: NOT_FOUND.general });
		const visitor = await site.visit();
		await visitor.open();
		await visitor.say(asking("[S0] Water boils at 100 degrees."));
		await rowOf(visitor).getByText("Not from this site’s content").waitFor();
		assert.equal(await rowOf(visitor).getByRole("list").count(), 0);
	});

	it("shows nothing of it when the reply cites nothing", async () => {
		await prepare();
		const visitor = await site.visit();
		await visitor.open();
		await visitor.say(asking("Hello!", "Hello"));
		await rowOf(visitor).getByText("Hello!").waitFor();
		await visitor.stop.waitFor({ state: "hidden" });
		assert.equal(await rowOf(visitor).locator("sup, .basis").count(), 0);
	});
});

describe("the sources of a reply", { skip: missing }, () => {
	const open = useStage();
	const cite = (n, url, positions, title = `Title ${n}`) => ({ n, title, url, positions });
	const shown = async (text, sources, options) => {
		const stage = await open({}, options);
		const basis = { sources, general: undefined };
		await stage.set({ messages: [WELCOME, reply("r", text, { basis })] });
		await stage.log.locator(".basis ol").waitFor();
		return stage;
	};

	it("link to http and https only, and unknown ones are ignored", async () => {
		const { log, complaints } = await shown("One. Two. Three.", [
			cite(1, "javascript:alert(1)", [4]),
			cite(2, "https://shop.example/", [9, 99]),
			{ n: "3", title: 3 },
			null,
		]);
		assert.deepEqual(
			await log.getByRole("link").evaluateAll((all) => all.map((one) => one.href)),
			Array(3).fill("https://shop.example/"),
		);
		assert.equal(await log.locator("sup").count(), 3);
		assert.equal(await log.locator("li").count(), 2);
		assert.deepEqual(complaints, []);
	});

	it("leave the Markdown around them as it is", async () => {
		const text =
			"**Bold.** See https://shop.example/a and [guide](https://shop.example/b).\n\n- *one.*\n- two\n\n| a |\n|---|\n| b |";
		const at = (part) => text.indexOf(part) + part.length;
		const { log } = await shown(text, [
			cite(1, "https://shop.example/", [
				at("**Bold.**"),
				at("example/a"),
				at("[guide"),
				at("*one.*"),
				at("| b"),
			]),
		]);
		const bubble = log.locator(".bubble").last();
		assert.equal(await bubble.locator("sup").count(), 5);
		assert.deepEqual(
			await bubble
				.locator("strong, em, td")
				.allInnerTexts()
				.then((all) => all.map((one) => one[0])),
			["B", "o", "b"],
		);
		const links = await bubble
			.locator("a:not(sup a)")
			.evaluateAll((all) => all.map((one) => one.href));
		assert.deepEqual(links, ["https://shop.example/a", "https://shop.example/b"]);
		assert.equal(await bubble.locator("a a").count(), 0);
	});

	it("have a heading in the language of the widget", async () => {
		const { log } = await shown("Fünf.", [cite(1, null, [5])], { code: "de" });
		assert.equal(await log.getByRole("list", { name: "Quellen" }).count(), 1);
	});
});
