// The tabs of a browser share one connection, and survive the one that has it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { numbered, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import { Way } from "./way.mjs";
import { explain, fillStorage, traceWindows } from "./windows.mjs";

const held = (words) => `[[tokens=20 hold-after=10]] ${words}`;
const ANSWER = numbered(20);

describe("tabs of a browser", { skip: missing }, () => {
	const site = useSite();
	const { banter } = site;
	let widget;
	let way;
	after(() => way?.close());
	before(async () => {
		widget = await site.createWidget({ settings: { sound: true } });
	});

	/** N tabs whose chat is open; the first one has the connection. */
	async function openTabs(n, prepare = async () => {}, page = {}) {
		const context = await site.newContext();
		await prepare(context);
		const tabs = [await site.visitWidget(widget.widget_id, context, page)];
		await tabs[0].open();
		await tabs[0].ask(...HELLO);
		while (tabs.length < n) tabs.push(await site.visitWidget(widget.widget_id, context, page));
		for (const tab of tabs) await tab.saidUntil(exchange(...HELLO));
		return tabs;
	}

	/** The addresses of the connections to the chat, one list a page that has any. */
	function connectionsOf(context) {
		const pages = [];
		context.on("page", (page) => {
			const urls = [];
			pages.push(urls);
			page.on("websocket", (socket) => urls.push(socket.url()));
			page.on("request", (request) => {
				if (/\/(events|frames)\b/.test(request.url())) urls.push(request.url());
			});
		});
		return () => pages.filter((urls) => urls.length > 0);
	}

	/** All tabs read a message of the last one; the page's own requests are answered in each. */
	async function allAnswer(tabs, text) {
		const question = `[[text="All"]] ${text}`;
		const said = exchange(...HELLO);
		await tabs.at(-1).ask(question, "All", said);
		for (const tab of tabs) {
			await tab.saidUntil([...said, ...exchange(question, "All")]);
			const load = () => fetch(document.scripts[0].src, { cache: "no-store" }).then(({ ok }) => ok);
			assert.ok(await tab.page.evaluate(load));
		}
	}

	it("share one connection: eight over HTTP/1.1 starve neither each other nor the page", async () => {
		let connections;
		const tabs = await openTabs(8, async (context) => {
			connections = connectionsOf(context);
		});
		await allAnswer(tabs, "From the last");
		assert.equal(connections().length, 1);
		for (const { complaints } of tabs) assert.deepEqual(complaints, []);
	});

	it("share one stream where a WebSocket is refused", async () => {
		way = await Way.open(banter.port);
		way.mode = "refuse";
		let connections;
		const tabs = await openTabs(
			8,
			async (context) => {
				connections = connectionsOf(context);
			},
			{ server: way.url },
		);
		await allAnswer(tabs, "By stream");
		assert.equal(connections().length, 1);
	});

	const devtools = async ({ context, page }, method, args) => {
		const session = await context.newCDPSession(page);
		// A crashed page does not answer.
		const answer = session.send(method, args).catch(() => {});
		if (method !== "Page.crash") await answer;
	};
	const LOSSES = [
		["closes", (tab) => tab.page.close()],
		[
			"crashes",
			async (tab) => {
				const crashed = tab.page.waitForEvent("crash");
				await devtools(tab, "Page.crash");
				await crashed;
			},
		],
		["is frozen", (tab) => devtools(tab, "Page.setWebLifecycleState", { state: "frozen" })],
	];
	for (const [name, lose] of LOSSES)
		it(`continue a reply when the one with the connection ${name}`, async () => {
			const question = held(name);
			const said = [...exchange(...HELLO), ...exchange(question, ANSWER)];
			const [one, ...others] = await openTabs(3);
			await one.say(question);
			for (const tab of [one, ...others])
				await tab.logUntil("the reply streams in each", (text) => text.includes(numbered(10)));
			await lose(one);
			await banter.release(name);
			for (const tab of others) await tab.saidUntil(said);
			// They are not only readers.
			await others[1].ask('[[text="Sure"]] Still there?', "Sure", said);
			const more = [...said, ...exchange('[[text="Sure"]] Still there?', "Sure")];
			for (const tab of others) await tab.saidUntil(more);
			assert.equal(await banter.modelCalls(question), 1);
			if (name !== "is frozen") return;
			await devtools(one, "Page.setWebLifecycleState", { state: "active" });
			await one.saidUntil(more);
		});

	const launcher = ({ page }) => page.locator("banter-chat .launcher");

	/** Two windows that have been drawn before any of their chats was open. */
	async function drawPair() {
		const context = await site.newContext();
		const tell = await traceWindows(context);
		const connections = connectionsOf(context);
		const one = await site.openTab(context);
		const other = await site.openTab(context);
		for (const tab of [one, other]) await launcher(tab).waitFor();
		return { one, other, connections, tell };
	}

	/** Two windows whose chats are open before the first message: they have asked for nothing yet. */
	async function openPair() {
		const pair = await drawPair();
		await pair.one.open();
		await pair.other.open();
		return pair;
	}

	const isExpanded = async (tab) => (await launcher(tab).getAttribute("aria-expanded")) === "true";

	it("open a chat at a click, not at the hover before it, when another window has opened it", async () => {
		const { one, other } = await drawPair();
		await one.open();
		await launcher(other).hover();
		await until("the app is there", () => launcher(other).getAttribute("aria-haspopup"));
		assert.equal(await isExpanded(other), false);
		await launcher(other).click();
		assert.equal(await isExpanded(other), true);
		await launcher(other).click();
		assert.equal(await isExpanded(other), false);
		// Drawn again, each window stays as it is.
		for (const tab of [one, other]) {
			const isOpen = await isExpanded(tab);
			await tab.page.evaluate(() => window.banter.locale("de"));
			const name = isOpen ? "Chat schließen" : "Chat öffnen";
			await tab.page.getByRole("button", { name }).first().waitFor();
		}
	});

	it("keep a chat open that opens by itself at the moment of a click", async () => {
		const { one } = await drawPair();
		await one.open();
		await one.context.addInitScript(() => {
			const look = () => {
				const button = document.querySelector("banter-chat")?.shadowRoot.querySelector(".launcher");
				if (button?.getAttribute("aria-expanded") === "true") button.click();
				else requestAnimationFrame(look);
				window.isClicked = button?.getAttribute("aria-expanded");
			};
			look();
		});
		await one.page.reload();
		await until("it is clicked", () => one.page.evaluate(() => window.isClicked));
		assert.equal(await isExpanded(one), true);
		await until("later, a click closes it", async () => {
			await launcher(one).click();
			return !(await isExpanded(one));
		});
	});

	it("continue the first reply of a key's tag when the other window has closed", async () => {
		const { one, other, tell } = await openPair();
		await explain(tell, async () => {
			const question = held("first");
			await one.say(question);
			await other.logUntil("it streams there, too", (text) => text.includes(numbered(10)));
			await one.page.close();
			await banter.release("first");
			await other.saidUntil(exchange(question, ANSWER));
			assert.equal(await banter.modelCalls(question), 1);
		});
	});

	it("continue the second reply in a window that has closed its chat before", async () => {
		const { one, other } = await openPair();
		await one.ask(...HELLO);
		await other.chat.locator(".close").click();
		const question = held("second");
		await one.say(question);
		await one.logUntil("it streams", (text) => text.includes(numbered(10)));
		// The other one asks what it has missed while the reply runs.
		const asked = new Promise((resolve) => {
			other.page.once("websocket", (socket) =>
				socket.on("framereceived", ({ payload }) => {
					if (String(payload).includes('"history"')) resolve();
				}),
			);
		});
		await one.page.close();
		await asked;
		await banter.release("second");
		await other.page.getByRole("button", { name: /new reply|2 new/ }).waitFor();
		await other.page.getByRole("button", { name: /new reply|2 new/ }).click();
		await other.saidUntil([...exchange(...HELLO), ...exchange(question, ANSWER)]);
	});

	for (const [tag, visit] of [
		["widget's", (context) => site.visitWidget(widget.widget_id, context)],
		["key's", (context) => site.openTab(context)],
	])
		it(`of a ${tag} tag go on where the page has filled localStorage and the one with the connection closes`, async () => {
			const context = await site.newContext();
			const tell = await traceWindows(context);
			const one = await visit(context);
			await one.page.evaluate(fillStorage);
			const other = await visit(context);
			await explain(tell, async () => {
				await one.open();
				await one.ask(...HELLO);
				await other.open();
				await other.saidUntil(exchange(...HELLO));
				await one.page.close();
				const [question, answer] = ['[[text="Still here"]] and now?', "Still here"];
				await other.ask(question, answer, exchange(...HELLO));
				await other.page.reload();
				await other.saidUntil([...exchange(...HELLO), ...exchange(question, answer)]);
			});
		});

	it("connect for nobody who has not written when one window closes", async () => {
		const { one, other, connections } = await openPair();
		await one.page.close();
		// The other one runs the chat once the lock is its own.
		await other.page.waitForFunction(async () => {
			const { held, pending } = await navigator.locks.query();
			return held.length === 1 && pending.length === 0;
		});
		await other.page.evaluate(() => new Promise(requestAnimationFrame));
		assert.deepEqual(connections(), []);
	});

	/** Counts the sounds of each page. */
	const listen = () => {
		window.sounds = 0;
		const { start } = OscillatorNode.prototype;
		OscillatorNode.prototype.start = function () {
			window.sounds++;
			return start.call(this);
		};
	};
	const soundsOf = async (tabs) => {
		const counts = await Promise.all(tabs.map(({ page }) => page.evaluate(() => window.sounds)));
		return counts.reduce((sum, count) => sum + count);
	};

	it("play one sound together for a reply that none of them shows", async () => {
		const tabs = await openTabs(3, (context) => context.addInitScript(listen));
		await tabs[0].say(held("chime"));
		for (const tab of tabs)
			await tab.logUntil("the reply streams in each", (text) => text.includes(numbered(10)));
		// A click lets the browser play sounds.
		for (const tab of tabs) await tab.chat.locator(".close").click();
		assert.equal(await soundsOf(tabs), 0);
		await banter.release("chime");
		for (const { page } of tabs)
			await page.getByRole("button", { name: "Open chat, new reply" }).waitFor();
		await until("one has played", async () => (await soundsOf(tabs)) > 0);
		assert.equal(await soundsOf(tabs), 1);
	});

	it("play no sound for a reply that one of two visible windows shows", async () => {
		// The first one has the connection, and so it hears of the reply first.
		const [closed, open] = await openTabs(2, (context) => context.addInitScript(listen));
		for (const { page } of [closed, open]) await page.mouse.click(5, 5);
		const close = ({ chat }) => chat.locator(".close").click();
		const unread = (n) => closed.page.getByRole("button", { name: new RegExp(`, ${n} new`) });
		await close(closed);
		const said = exchange(...HELLO);
		await open.ask('[[text="Seen"]] First', "Seen", said);
		await closed.page.getByRole("button", { name: /new reply/ }).waitFor();
		// A second reply, which none shows, is behind the first one.
		await open.say(held("unseen"));
		await open.logUntil("it streams", (text) => text.includes(numbered(10)));
		await close(open);
		await banter.release("unseen");
		await unread(2).waitFor();
		await until("one has played", async () => (await soundsOf([closed, open])) > 0);
		assert.equal(await soundsOf([closed, open]), 1);
	});

	it("play a sound while the chat is open in a hidden tab, and none in a visible one", async () => {
		const tabs = await openTabs(1, (context) => context.addInitScript(listen));
		const [{ page }] = tabs;
		await page.mouse.click(5, 5);
		const said = exchange(...HELLO);
		await tabs[0].ask('[[text="Seen"]] Visible', "Seen", said);
		const more = [...said, ...exchange('[[text="Seen"]] Visible', "Seen")];
		await tabs[0].say(held("hidden"));
		await tabs[0].logUntil("it streams", (text) => text.includes(numbered(10)));
		assert.equal(await soundsOf(tabs), 0);
		await page.evaluate(() => {
			Object.defineProperty(document, "hidden", { value: true });
			document.dispatchEvent(new Event("visibilitychange"));
		});
		await banter.release("hidden");
		await tabs[0].saidUntil([...more, ...exchange(held("hidden"), ANSWER)]);
		await until("it has played", async () => (await soundsOf(tabs)) === 1);
	});
});
