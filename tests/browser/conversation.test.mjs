// What the visitor sees of a conversation, drawn from its state: history, times, actions, people, the
// connection, the contact form, announcements.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { isFocused } from "./site.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOON = new Date().setHours(12, 0, 0, 0);
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const MODEL = { phase: "model", person: null, isTyping: false };
const ANN = { ...MODEL, phase: "person", person: { name: "Ann Smith" } };

/** Messages of the history: reply a0, reply a1, … */
const history = (from, n) =>
	Array.from({ length: n }, (_, i) => reply(`a${from + i}`, `Text ${from + i}`, { at: NOON }));
const EXCHANGE = [WELCOME, question("q", "How?"), reply("r", "**So**", { at: NOON })];

const scrollTo = (log, top) => log.evaluate((node, top) => node.scrollTo(0, top), top);
const topOf = async (locator) => (await locator.boundingBox()).y;

describe("a conversation", { skip: missing }, () => {
	const open = useStage();

	it("loads older messages at its top, without a jump, and greets at the beginning only", async () => {
		const { page, log, chat, set, calls } = await open();
		await set({ older: "some", messages: [WELCOME, ...history(50, 40)] });
		const oldest = log.getByText("Text 50", { exact: true });
		await oldest.waitFor({ state: "attached" });
		assert.equal(await log.getByText("Welcome").count(), 0);
		assert.deepEqual(await calls(), []);
		await scrollTo(log, 0);
		await until("they are asked for", async () => (await calls())[0]?.[0] === "loadOlder");
		await set({ older: "loading" });
		assert.equal(await log.getAttribute("aria-busy"), "true");
		const y = await topOf(oldest);
		await set({ older: "none", messages: [WELCOME, ...history(0, 90)] });
		await log.getByText("Welcome").waitFor({ state: "attached" });
		assert.ok(Math.abs((await topOf(oldest)) - y) <= 1, "the list has jumped");
		assert.equal(await chat.locator(".row").count(), 91);
		assert.equal(await page.locator(".older").count(), 0);
	});

	it("asks again for older messages only when the visitor scrolls, if loading them failed", async () => {
		const { log, set, calls } = await open();
		await set({ older: "some", messages: [WELCOME, ...history(0, 2)] });
		assert.deepEqual(await calls(), [["loadOlder"]]);
		await set({ older: "loading" });
		await set({ older: "some" });
		assert.deepEqual(await calls(), []);
		await log.dispatchEvent("scroll");
		assert.deepEqual(await calls(), [["loadOlder"]]);
	});

	it("counts the new messages below, and leads to them", async () => {
		const { log, chat, set } = await open();
		await set({ messages: [WELCOME, ...history(0, 40)] });
		await log.getByText("Text 0", { exact: true }).waitFor({ state: "attached" });
		await scrollTo(log, 100);
		await chat.getByRole("button", { name: "Jump to the latest message" }).waitFor();
		await set({ messages: [WELCOME, ...history(0, 42)] });
		const jump = chat.getByRole("button", { name: "New messages: 2" });
		await jump.press("Enter");
		await jump.waitFor({ state: "hidden" });
		assert.ok(await isFocused(log));
	});

	it("separates days, and shows a message's time on focus and hover, or under the last message of a group on a phone", async () => {
		const messages = [
			WELCOME,
			reply("a", "Old", { at: NOON - 400 * DAY_MS }),
			reply("b", "Late", { at: NOON - DAY_MS }),
			question("c", "Now", { at: NOON }),
			question("d", "Just now"),
		];
		const { page, log, set } = await open({}, { locale: "en-GB" });
		await set({ messages });
		const days = await log.locator(".line").allTextContents();
		assert.match(days[0], /^\d+ \w+ 20\d\d$/);
		assert.deepEqual(days.slice(1), ["yesterday", "today"]);
		const meta = log.locator(".meta", { hasText: "12:00" }).last();
		const opacity = () => meta.evaluate((node) => getComputedStyle(node).opacity);
		await page.mouse.move(0, 0);
		assert.equal(await opacity(), "0");
		await meta.getByRole("button").focus();
		await until("it is visible", async () => (await opacity()) === "1");
		await page.evaluate(() =>
			document.querySelector("banter-chat").shadowRoot.activeElement.blur(),
		);
		await until("it is hidden", async () => (await opacity()) === "0");
		await log.getByText("Now", { exact: true }).hover();
		await until("it is visible", async () => (await opacity()) === "1");

		const phone = await open({ rating: true }, PHONE);
		await phone.set({ messages });
		const all = phone.log.locator(".meta").last();
		assert.equal(await all.evaluate((node) => getComputedStyle(node).opacity), "1");
		for (const box of await phone.log.locator("button").evaluateAll((nodes) =>
			nodes
				.filter((node) => node.checkVisibility())
				.map((node) => node.getBoundingClientRect())
				.map(({ width, height }) => [width, height]),
		))
			assert.ok(Math.min(...box) >= 24, `${box}`);

		const timeless = await open({ showTimes: false });
		await timeless.set({ messages });
		assert.equal((await timeless.log.locator("time").allTextContents()).join(""), "");
	});

	it("copies the source of a message", async () => {
		const { page, log, set } = await open();
		await page.evaluate(() => {
			const clipboard = {
				writeText: async (text) => {
					window.copied = text;
				},
			};
			Object.defineProperty(navigator, "clipboard", { value: clipboard });
		});
		await set({ messages: EXCHANGE });
		await log.getByRole("button", { name: "Copy" }).last().press("Enter");
		await log.getByRole("button", { name: "Copied" }).waitFor();
		assert.equal(await page.evaluate(() => window.copied), "**So**");
	});

	it("rates a reply: up, down with a comment, and back", async () => {
		const { log, set, calls } = await open({ rating: true });
		const rated = (rating) =>
			set({ messages: [...EXCHANGE.slice(0, 2), { ...EXCHANGE[2], rating }] });
		await rated(null);
		const up = log.getByRole("button", { name: "Helpful", exact: true });
		const down = log.getByRole("button", { name: "Not helpful" });
		await up.press("Enter");
		await rated("up");
		assert.equal(await up.getAttribute("aria-pressed"), "true");
		await up.press("Enter");
		await rated(null);
		await down.press("Enter");
		await rated("down");
		assert.equal(await down.getAttribute("aria-pressed"), "true");
		const comment = log.getByRole("textbox", { name: "What was wrong?" });
		assert.ok(await isFocused(comment));
		await comment.fill("All");
		await comment.press("Enter");
		assert.ok(await isFocused(down));
		assert.equal(await comment.count(), 0);
		const expected = [["up"], [null], ["down"], ["down", "All"]].map((one) => [
			"rate",
			"r",
			...one,
		]);
		assert.deepEqual(await calls(), expected);
		// Neither the visitor's messages nor those of persons.
		await set({
			messages: [WELCOME, question("q", "How?"), reply("p", "I", { author: ANN.person })],
		});
		assert.equal(await down.count(), 0);
	});

	it("shows persons: joining, writing, their messages with name and initials, leaving", async () => {
		const { log, chat, set } = await open();
		await set({ messages: EXCHANGE });
		await set({ people: { ...MODEL, phase: "waiting" } });
		await chat.getByText("A person will be with you soon.").waitFor();
		await set({ people: ANN });
		assert.equal(await chat.getAttribute("data-people"), "person");
		await set({ people: { ...ANN, isTyping: true } });
		await log.getByText("Ann Smith is writing").waitFor();
		const messages = [...EXCHANGE, reply("p", "Hello", { author: ANN.person })];
		await set({ messages, people: ANN });
		await set({ people: MODEL });
		const said = (await log.innerText()).split(/\s*\n\s*/).slice(-5);
		assert.deepEqual(said, [
			"Ann Smith has joined",
			"AS",
			"Ann Smith",
			"Hello",
			"Ann Smith has left",
		]);
	});

	it("says who has joined also if the first message comes at once, and not after a reload", async () => {
		const answer = reply("p", "Hello", { author: ANN.person });
		const lines = async ({ log }) => (await log.innerText()).split(/\s*\n\s*/).slice(-4);
		const live = await open();
		await live.set({ messages: EXCHANGE });
		await live.set({ messages: [...EXCHANGE, answer], people: ANN });
		assert.deepEqual(await lines(live), ["Ann Smith has joined", "AS", "Ann Smith", "Hello"]);
		for (const steps of [
			[{ messages: [...EXCHANGE, answer], people: ANN }],
			[{ messages: [...EXCHANGE, answer] }, { people: ANN }],
		]) {
			const back = await open();
			for (const step of steps) await back.set(step);
			assert.ok(!(await lines(back)).includes("Ann Smith has joined"));
		}
	});

	it("shows the agent's name and picture, or its initials if the picture cannot be shown", async () => {
		const pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
		for (const [avatar, policy, images] of [
			[pixel, "", 1],
			[pixel, "img-src 'none'", 0],
			["", "", 0],
		]) {
			const { log, set } = await open({ agentName: "Bea de Lind", avatar }, { policy });
			await set({ messages: EXCHANGE });
			const picture = log.locator(".avatar").last();
			await until("it is decided", async () => (await picture.locator("img").count()) === images);
			assert.equal(await picture.textContent(), "BL");
			assert.equal(await log.locator(".name").last().textContent(), "Bea de Lind");
		}
	});

	it("offers a person, if the widget does, until one is asked for", async () => {
		const { chat, set, calls } = await open({ operators: { offer: true } });
		const ask = chat.getByRole("button", { name: "Talk to a person" });
		await ask.press("Enter");
		assert.deepEqual(await calls(), [["send", "Talk to a person", true]]);
		await set({ people: { ...MODEL, phase: "waiting" } });
		await ask.waitFor({ state: "hidden" });
	});

	it("says that there is no connection, and which messages wait", async () => {
		const { log, chat, set, calls } = await open();
		const reply = { ...EXCHANGE[2], text: "", phase: "paused", failure: "unreachable" };
		const messages = [...EXCHANGE.slice(0, 2), reply, question("w", "And?", { isQueued: true })];
		await set({ line: "lost", messages });
		await chat.getByText("Connection lost. Trying to reconnect…").waitFor();
		assert.equal(await chat.getByRole("button", { name: "Try again" }).count(), 1);
		await chat.getByRole("button", { name: "Try again" }).press("Enter");
		assert.deepEqual(await calls(), [["retry"]]);
		await log.getByText("Waiting to be sent").waitFor();
		await set({ line: "offline" });
		await chat.getByText("You are offline. Messages are sent when you are back.").waitFor();
		await set({ line: "up" });
		await chat.getByText("You are offline").waitFor({ state: "hidden" });
	});

	it("shows no dots without a connection; what may not be sent yet waits", async () => {
		const { log, chat, set } = await open();
		const awaited = reply("q/reply", "", { id: null, phase: "waiting" });
		const lost = { ...awaited, phase: "paused", failure: "unreachable" };
		await set({ line: "up", messages: [WELCOME, question("q", "How?"), awaited] });
		await chat.locator(".dots").waitFor();
		await set({ line: "offline", messages: [WELCOME, question("q", "How?"), lost] });
		await chat.locator(".dots").waitFor({ state: "hidden" });
		await log.getByText("Waiting to be sent").waitFor();
		// The server has it.
		await set({ messages: [WELCOME, question("q", "How?"), { ...lost, id: "r" }] });
		await log.getByText("Waiting to be sent").waitFor({ state: "detached" });
		await set({ line: "up", messages: [WELCOME, question("q", "How?"), awaited] });
		await chat.locator(".dots").waitFor();
	});

	it("shows in the header who answers: the agent, and a person until the hand-back", async () => {
		const avatar = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";
		const { chat, set } = await open({ agentName: "Mia", avatar });
		const header = chat.locator(".header");
		const texts = () =>
			header.evaluate((node) =>
				[".avatar", "h2", "p"].map((part) => node.querySelector(part).textContent),
			);
		assert.deepEqual(await texts(), ["M", "Chat with us", "Mia · AI assistant"]);
		assert.equal(await header.locator("img").getAttribute("src"), avatar);
		await set({ people: ANN });
		assert.deepEqual(await texts(), ["AS", "Ann Smith", "Chat with us"]);
		assert.equal(await header.locator("img").count(), 0);
		await set({ people: { ...ANN, phase: "model" } });
		assert.deepEqual(await texts(), ["M", "Chat with us", "Mia · AI assistant"]);
	});

	it("shows a star in the header where the page forbids the agent's picture", async () => {
		const { chat } = await open({ avatar: "/missing.png" }, { policy: "img-src 'none'" });
		await chat.locator(".header img").waitFor({ state: "detached" });
		await chat.locator(".header .avatar .icon").waitFor();
	});

	it("shows name and picture once for messages of a writer that follow each other", async () => {
		const { chat, set } = await open();
		const by = (key, name) => reply(key, key, { at: NOON, author: name && { name } });
		const messages = [by("a", "Ann"), by("b", "Ann"), by("c", "Bea"), by("d", null), by("e", null)];
		await set({ messages: [WELCOME, question("q", "1"), question("q2", "2"), ...messages] });
		const rows = await chat
			.locator(".row")
			.evaluateAll((nodes) => nodes.map((node) => node.querySelector(".avatar")?.clientHeight > 0));
		assert.deepEqual(rows, [true, false, false, true, false, true, true, false]);
		// Screen readers hear each name.
		assert.match(await chat.locator(".row").nth(4).textContent(), /^.*Ann/);
		assert.ok((await chat.locator(".name").nth(1).boundingBox()).width <= 1);
	});

	for (const [dir, next, back] of [
		["ltr", "ArrowRight", "ArrowLeft"],
		["rtl", "ArrowLeft", "ArrowRight"],
	])
		it(`has one Tab stop for a message's buttons; arrow keys move between them: ${dir}`, async () => {
			const { page, log, set } = await open({ rating: true }, { dir });
			await set({ messages: EXCHANGE });
			const bar = log.getByRole("toolbar").last();
			const stops = () =>
				bar.locator("button").evaluateAll((all) => all.map(({ tabIndex }) => tabIndex));
			const at = (name) => isFocused(bar.getByRole("button", { name, exact: true }));
			assert.deepEqual(await stops(), [0, -1, -1]);
			await bar.getByRole("button", { name: "Copy" }).focus();
			await page.keyboard.press(next);
			await page.keyboard.press(next);
			assert.ok(await at("Not helpful"));
			await page.keyboard.press(back);
			assert.ok(await at("Helpful"));
			assert.deepEqual(await stops(), [-1, 0, -1]);
		});

	it("grows with the visitor's text: lines, icons, buttons", async () => {
		const heights = async (textPx) => {
			const { chat, set } = await open({}, { textPx });
			await set({ messages: EXCHANGE, people: ANN });
			return Promise.all(
				[".line", ".avatar", ".send", ".close", ".action", ".action .icon"].map(
					async (part) => (await chat.locator(part).last().boundingBox()).height,
				),
			);
		};
		const [small, large] = [await heights(16), await heights(32)];
		for (const [i, height] of large.entries())
			assert.ok(height > small[i] * 1.6, `${i}: ${small[i]} and ${height} px`);
	});

	it("sends while a reply runs; Stop is beside Send", async () => {
		const { chat, set, calls } = await open();
		await set({
			messages: [WELCOME, question("q", "How?"), reply("r", "So", { phase: "streaming" })],
		});
		await chat.getByRole("textbox").fill("And?");
		await chat.getByRole("button", { name: "Send message" }).click();
		await chat.getByRole("button", { name: "Stop the reply" }).click();
		assert.deepEqual(
			(await calls()).filter(([name]) => name !== "draft"),
			[["send", "And?"], ["stop"]],
		);
	});

	it("has no Stop while nothing but messages wait that are not sent yet", async () => {
		const { chat, set } = await open();
		const stop = chat.getByRole("button", { name: "Stop the reply" });
		const running = reply("q/reply", "", { id: null, phase: "waiting" });
		const queued = question("q", "How?", { isQueued: true });
		await set({ line: "offline", messages: [WELCOME, queued, running] });
		assert.equal(await stop.isVisible(), false);
		await set({ line: "up", messages: [WELCOME, question("q", "How?"), running] });
		assert.equal(await stop.isVisible(), true);
		const next = question("n", "And?", { isQueued: true });
		await set({ messages: [WELCOME, question("q", "How?"), running, next] });
		assert.equal(await stop.isVisible(), true);
	});

	it("keeps the draft", async () => {
		const { chat, calls } = await open({ draft: "One\nTwo" });
		const field = chat.getByRole("textbox");
		assert.equal(await field.inputValue(), "One\nTwo");
		assert.ok(await field.evaluate((node) => node.clientHeight >= node.scrollHeight));
		await field.fill("Three");
		await field.press("Enter");
		const kept = (await calls()).filter(([name]) => name === "draft");
		assert.deepEqual(kept, [
			["draft", "Three"],
			["draft", ""],
		]);
	});

	it("announces each once: the wait, a reply in lines, persons, the connection; not the history", async () => {
		const { set, said } = await open({ agentName: "Bea" });
		await set({ older: "some", messages: [WELCOME, ...history(10, 5)] });
		await set({ older: "none", messages: [WELCOME, ...history(0, 15)] });
		assert.deepEqual(await said(), []);
		const before = [WELCOME, ...history(0, 15), question("q", "How?")];
		const running = reply("q/reply", "", { id: null, phase: "waiting" });
		await set({ messages: [...before, running] });
		await set({ messages: [...before, { ...running, phase: "streaming", text: "One" }] });
		const done = reply("q/reply", "One *two*.\n\nThree.", { id: "m1" });
		await set({ messages: [...before, done] });
		await set({ messages: [...before, { ...done, rating: "up" }] });
		assert.deepEqual(await said(), ["Bea is writing", "One two.\n\nThree."]);
		await set({ people: ANN });
		await set({ people: { ...ANN, isTyping: true } });
		await set({
			people: ANN,
			messages: [...before, done, reply("p", "Hi", { author: ANN.person })],
		});
		await set({ people: MODEL, line: "lost" });
		assert.deepEqual(await said(), [
			"Ann Smith has joined",
			"Ann Smith is writing",
			"Ann Smith: Hi",
			"Ann Smith has left\n\nConnection lost. Trying to reconnect…",
		]);
	});

	it("announces a long reply in sentences while it is written, each once", async () => {
		const { set, said } = await open({ agentName: "Bea" });
		const sentences = Array.from(
			{ length: 12 },
			(_, i) => `Sentence ${i} is **about** as long as others.`,
		);
		const text = `${sentences.slice(0, 6).join(" ")}\n\n| Plan | Price |\n|---|---|\n| Basic | 3 |\n| Pro | |\n\n${sentences.slice(6).join(" ")}`;
		const before = [WELCOME, question("q", "How?")];
		const running = reply("q/reply", "", { id: null, phase: "waiting" });
		await set({ messages: [...before, running] });
		for (let end = 20; end < text.length; end += 20)
			await set({
				messages: [...before, { ...running, phase: "streaming", text: text.slice(0, end) }],
			});
		const [wait, ...pieces] = await said();
		assert.equal(wait, "Bea is writing");
		assert.ok(pieces.length > 0);
		for (const piece of pieces) assert.match(piece, /(\.|Price|3)$/, "whole sentences and rows");
		await set({ messages: [...before, reply("q/reply", text, { id: "m1" })] });
		const heard = [...pieces, ...(await said())].join(" ");
		assert.deepEqual(
			heard.split(/\s+/).join(" "),
			[
				...sentences.slice(0, 6),
				"Plan, Price Plan: Basic, Price: 3 Plan: Pro",
				...sentences.slice(6),
			]
				.join(" ")
				.replace(/\*\*/g, ""),
		);
	});

	it("shows where a link leads unless that is the site or a source, and tells that place nothing", async () => {
		const { log, set, said } = await open();
		const text =
			"[Here](https://evil.test/?q=1), [there](http://www.localhost/a) and [prices](https://shop.example/p).";
		const asked = [WELCOME, question("q", "Where?")];
		await set({ messages: [...asked, reply("r", text, { phase: "streaming" })] });
		const bubble = log.locator(".assistant .bubble").last();
		assert.equal(await bubble.textContent(), "Here (evil.test), there and prices (shop.example).");
		const sources = [{ n: 1, title: "Prices", url: "https://shop.example/all", positions: [] }];
		await said();
		await set({ messages: [...asked, reply("r", text, { basis: { sources, general: false } })] });
		const complete = "Here (evil.test), there and prices.";
		assert.equal(await bubble.textContent(), complete);
		assert.deepEqual(await said(), [complete]);
		for (const link of await bubble.getByRole("link").all())
			assert.equal(await link.getAttribute("rel"), "noreferrer nofollow ugc");
	});

	it("announces that contact details are saved, not those that the server has had", async () => {
		const record = { contact_info_mode: "optional", collect_email: true };
		const { set, said } = await open(record);
		const contact = (phase) => ({ contact: { phase, problem: "", wrong: [] } });
		await set({ messages: [WELCOME, question("q", "Hi")] });
		await set(contact("saved"));
		await set(contact("asked"));
		assert.deepEqual(await said(), []);
		await set(contact("sending"));
		await set(contact("saved"));
		assert.deepEqual(await said(), ["Your details are saved."]);
	});

	it("draws a long history newest first, a few messages a frame", async () => {
		const { page, log, set } = await open();
		await page.evaluate(() => {
			// The clock of a machine that has time for one message a frame.
			let now = performance.now();
			performance.now = () => (now += 1000);
			window.counts = [];
			const list = document.querySelector("banter-chat").shadowRoot.querySelector(".log");
			const frame = () => {
				window.counts.push([list.childElementCount, list.textContent.includes("Text 59")]);
				requestAnimationFrame(frame);
			};
			frame();
		});
		await set({ messages: [WELCOME, ...history(0, 60)] });
		await log.getByText("Text 0", { exact: true }).waitFor({ state: "attached" });
		const counts = await page.evaluate(() => window.counts);
		const steps = counts.map(([count], i) => count - (counts[i - 1]?.[0] ?? 1));
		assert.ok(Math.max(...steps) <= 5, `${steps}`);
		assert.ok(counts.every(([count, hasNewest]) => count <= 1 || hasNewest));
		assert.equal(await log.locator(".row").count(), 61);
	});
});

describe("with an older loader from the browser's cache", { skip: missing }, () => {
	const open = useStage();

	it("the chat has its place in the page, and keeps its keys", async () => {
		const { page, chat } = await open({ place: "inline" });
		// The list of messages brings what such a loader lacks.
		await chat.locator(".jump").waitFor({ state: "attached" });
		const host = page.locator("banter-chat");
		assert.equal(await host.evaluate((node) => getComputedStyle(node).position), "relative");
		await page.evaluate(() => {
			window.heard = [];
			for (const type of ["keydown", "keypress", "keyup"])
				document.addEventListener(type, ({ key }) => window.heard.push(key));
		});
		await chat.getByRole("textbox").press("a");
		assert.equal(await chat.getByRole("textbox").inputValue(), "a");
		await page.evaluate(() =>
			document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "b", bubbles: true })),
		);
		assert.deepEqual(await page.evaluate(() => window.heard), ["b"]);
	});
});

describe("the contact form", { skip: missing }, () => {
	const open = useStage();
	const RECORD = {
		contact_info_mode: "required",
		collect_name: true,
		collect_email: true,
		requiredFields: ["email"],
	};
	const ASKED = { phase: "asked", problem: "", wrong: [] };

	it("marks required and optional fields, and has each error beside its field", async () => {
		const { chat, set, calls } = await open(RECORD, PHONE);
		await set({ contact: ASKED });
		const [name, email] = [
			chat.getByLabel("Name (optional)"),
			chat.getByLabel("E-mail (required)"),
		];
		assert.equal(await email.evaluate((node) => node.required), true);
		assert.equal(await name.evaluate((node) => node.required), false);
		assert.equal(await email.evaluate((node) => getComputedStyle(node).fontSize), "16px");
		const errors = () =>
			Promise.all(
				[name, email].map((field) =>
					field.evaluate((node) => [
						node.getAttribute("aria-invalid"),
						node.getRootNode().getElementById(node.getAttribute("aria-describedby")).textContent,
					]),
				),
			);
		await name.fill("Jane");
		await name.press("Enter");
		assert.deepEqual(await errors(), [
			["false", ""],
			["true", "Please fill in this field."],
		]);
		assert.ok(await isFocused(email));
		assert.deepEqual(await calls(), []);
		await email.fill("jane");
		await chat.getByRole("button", { name: "Save" }).tap();
		assert.deepEqual(await calls(), [["introduce", { name: "Jane", email: "jane" }]]);
		await set({ contact: { ...ASKED, problem: "Refused", wrong: ["email"] } });
		const wrong = "An e-mail looks like name@example.com.";
		assert.deepEqual(await errors(), [
			["false", ""],
			["true", wrong],
		]);
		assert.equal(await chat.getByText("Refused").count(), 0);
		await set({ contact: { ...ASKED, problem: "Refused" } });
		await chat.getByText("Refused").waitFor();
	});

	it("works in a sandbox that forbids forms, as does the text field", async () => {
		const sandbox = { policy: "sandbox allow-scripts" };
		const { chat, complaints, set, calls } = await open(
			{ ...RECORD, contact_info_mode: "optional" },
			sandbox,
		);
		await set({ contact: ASKED });
		const details = { email: "jane@example.com" };
		await chat.getByLabel("E-mail (optional)").fill(details.email);
		await chat.getByLabel("E-mail (optional)").press("Enter");
		await chat.getByRole("button", { name: "Save" }).click();
		await chat.getByRole("textbox", { name: "Your message" }).fill("Hi");
		await chat.getByRole("textbox", { name: "Your message" }).press("Enter");
		await chat.getByRole("textbox", { name: "Your message" }).fill("Ho");
		await chat.getByRole("button", { name: "Send message" }).click();
		const sent = ["Hi", "Ho"].map((text) => ["send", text]);
		const done = (await calls()).filter(([name]) => name !== "draft");
		assert.deepEqual(done, [["introduce", details], ["introduce", details], ...sent]);
		assert.deepEqual(complaints, []);
	});
});
