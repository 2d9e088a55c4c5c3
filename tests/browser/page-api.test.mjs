// The loader and the page's API: what is loaded when, `window.banter`, its events, and what remains after
// destroy().

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { WIDGET as FIRST_WIDGET } from "../e2e/organizations.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, isFocused, useSite, Visitor } from "./site.mjs";

/** What a page has before the script, as the documents say. */
const QUEUE = `window.banter ||= function () { (banter.q ||= []).push(arguments); };`;

/** Collects the page's events as [name, detail]. */
const COLLECT = `window.events = [];
for (const name of ["ready", "opened", "closed", "message", "reply", "contact", "error", "unread"])
	document.addEventListener("banter:" + name, ({ detail }) => events.push([name, detail]));`;

describe("the loader and the page's API", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	let other;
	let tag;
	before(async () => {
		widget = await site.createWidget({});
		other = await site.createWidget({ name: "Sales", position: "bottom_left" });
		tag = { "data-widget": widget.widget_id };
	});

	const script = (text) => (context) => context.addInitScript(text);
	const button = (visitor) => visitor.page.getByRole("button", { name: "Open chat" });
	const names = async (visitor) =>
		(await visitor.page.evaluate(() => window.events)).map(([name]) => name);
	const hears = (visitor, name) =>
		until(`the page hears ${name}`, async () => (await names(visitor)).includes(name));
	const call = (visitor, ...args) => visitor.page.evaluate((all) => window.banter(...all), args);

	/** The names of the widget's files that a page requests. */
	function requestsOf(visitor) {
		const asked = [];
		visitor.page.on("request", (request) => {
			const name = new URL(request.url()).pathname.split("/").pop();
			asked.push(name.replace(/-\w+(\.\w+)$/, "$1"));
		});
		return asked;
	}

	/** A finger on the button, without a click. */
	async function touch(visitor) {
		const { x, y } = await button(visitor).boundingBox();
		const session = await visitor.context.newCDPSession(visitor.page);
		const touchPoints = [{ x: x + 9, y: y + 9 }];
		await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
	}

	for (const [intent, act] of [
		["hover", (visitor) => button(visitor).hover()],
		["focus", (visitor) => visitor.page.keyboard.press("Tab")],
		["a touch", touch],
		["the page's call", (visitor) => call(visitor, "open")],
	])
		it(`loads the app at ${intent}, and not before, for a visitor who saves data`, async () => {
			const visitor = await site.visitTags([tag]);
			await visitor.context.addInitScript(() =>
				Object.defineProperty(navigator.connection, "saveData", { value: true }),
			);
			await button(visitor).waitFor();
			const asked = requestsOf(visitor);
			await visitor.page.reload();
			await button(visitor).waitFor();
			await visitor.page.evaluate(() => new Promise((done) => requestIdleCallback(done)));
			assert.deepEqual(asked, ["", "chat.js", "settings"]);
			await act(visitor);
			await until("the app is requested", () => asked.includes("chat-app.js"));
			assert.deepEqual(visitor.complaints, []);
		});

	it("loads the app and its language while the page is idle, so that a click needs neither", async () => {
		const visitor = await site.visitTags([tag]);
		await button(visitor).waitFor();
		const asked = requestsOf(visitor);
		await visitor.page.reload();
		await button(visitor).waitFor();
		await until("they are requested", () => asked.length === 5);
		assert.deepEqual(asked.slice(0, 2), ["", "chat.js"]);
		assert.deepEqual(asked.slice(2).sort(), ["chat-app.js", "en.js", "settings"]);
		await visitor.page.waitForLoadState("networkidle");
		await visitor.page.route(/chat-app|\/lang\//, (route) => route.abort());
		await button(visitor).dispatchEvent("click");
		await visitor.chat.waitFor();
		assert.deepEqual(visitor.complaints, []);
	});

	for (const scripts of ["nonce", "strict-dynamic"])
		it(`works under a policy with ${scripts}`, async () => {
			const visitor = await site.visitTags([tag], undefined, { scripts });
			await visitor.open();
			await visitor.ask(...HELLO);
			assert.deepEqual(visitor.complaints, []);
		});

	it("opens at once on the first click, with the focus in the text field", async () => {
		const visitor = await site.visitTags([tag]);
		await button(visitor).dispatchEvent("click");
		await visitor.chat.waitFor();
		await until("the text field has the focus", () => isFocused(visitor.box));
	});

	it("stays open after a click while a chat that was open before the reload still loads", async () => {
		const visitor = await site.visitTags([tag]);
		await visitor.open();
		await visitor.chat.waitFor();
		let load;
		const clicked = new Promise((resolve) => {
			load = resolve;
		});
		await visitor.page.route("**/chat-app-*", (route) => clicked.then(() => route.continue()));
		await visitor.page.reload();
		await button(visitor).dispatchEvent("click");
		load();
		await visitor.chat.waitFor();
		const launcher = visitor.page.locator("banter-chat .launcher");
		assert.equal(await launcher.getAttribute("aria-expanded"), "true");
	});

	it("says that it could not be loaded, and tries again", async () => {
		const visitor = await site.visitTags([tag], async (context) => {
			await context.addInitScript(COLLECT);
			await context.route("**/chat-app-*", (route) => route.abort());
		});
		await button(visitor).dispatchEvent("click");
		const failed = visitor.page.getByRole("button", { name: "could not be loaded" });
		await failed.waitFor();
		const [[, detail]] = (await visitor.page.evaluate(() => window.events)).slice(-1);
		assert.deepEqual(detail, { widget: widget.widget_id, code: "not_loaded" });
		await visitor.context.unroute("**/chat-app-*");
		await failed.dispatchEvent("click");
		await visitor.chat.waitFor();
		await visitor.page.getByRole("button", { name: "Close chat" }).first().waitFor();
	});

	for (const [name, queue] of [
		["a function with a queue", `${QUEUE} banter("prefill", "from the queue");`],
		["an array", `window.banter = [["prefill", "from the queue"]];`],
	])
		it(`carries out the calls that were queued before the script: ${name}`, async () => {
			const visitor = await site.visitTags([tag], script(`${queue} ${COLLECT}`));
			await call(visitor, "open");
			await visitor.box.waitFor();
			assert.equal(await visitor.box.inputValue(), "from the queue");
			assert.equal((await names(visitor))[0], "ready");
		});

	it("hears a page that has kept its queue's function", async () => {
		const visitor = await site.visitTags([tag], script(`${QUEUE} window.kept = window.banter;`));
		await button(visitor).waitFor();
		await visitor.page.evaluate(() => {
			window.kept("prefill", "from the function");
			window.kept("open");
		});
		await visitor.box.waitFor();
		assert.equal(await visitor.box.inputValue(), "from the function");
		assert.deepEqual(visitor.complaints, []);
	});

	it("opens, closes, hides, shows and sends for the page, and tells it", async () => {
		const visitor = await site.visitTags([tag], script(COLLECT));
		await hears(visitor, "ready");
		await visitor.page.evaluate(() => window.banter.open());
		await visitor.chat.waitFor();
		await call(visitor, "close");
		await visitor.chat.waitFor({ state: "hidden" });
		await call(visitor, "hide");
		await button(visitor).waitFor({ state: "hidden" });
		await call(visitor, "show");
		await button(visitor).waitFor();
		await call(visitor, "send", HELLO[0]);
		await visitor.saidUntil(exchange(...HELLO));
		await hears(visitor, "reply");
		const { widget_id: id } = widget;
		const events = await visitor.page.evaluate(() =>
			window.events.map(([name, detail]) => [
				name,
				{ ...detail, id: undefined },
				Object.isFrozen(detail),
			]),
		);
		assert.deepEqual(
			events.map(([name, { widget: from, text }, frozen]) => [name, from, text, frozen]),
			[
				["ready", id, undefined, true],
				["opened", id, undefined, true],
				["closed", id, undefined, true],
				["opened", id, undefined, true],
				["message", id, HELLO[0], true],
				["reply", id, HELLO[1], true],
			],
		);
		assert.deepEqual(visitor.complaints, []);
	});

	it("begins a new conversation after reset()", async () => {
		const visitor = await site.visitTags([tag]);
		await visitor.open();
		await visitor.ask(...HELLO);
		await call(visitor, "reset");
		await visitor.saidUntil([]);
		await visitor.ask(...HELLO);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(...HELLO));
	});

	for (const [name, wasOpen] of [
		["a closed chat", "0"],
		["a chat that opens by itself", "1"],
	])
		it(`ends the conversation at a reset() that was queued before the script: ${name}`, async () => {
			const visitor = await site.visitTags([tag]);
			await visitor.open();
			await visitor.ask(...HELLO);
			const keyOf = (kind) => `banter.${kind}.${widget.widget_id}`;
			const tokenOf = () => visitor.page.evaluate((key) => localStorage[key], keyOf("token"));
			const before = await tokenOf();
			await visitor.context.addInitScript(
				`localStorage["${keyOf("open")}"] = ${wasOpen};
				sessionStorage["${keyOf("draft")}"] = "of the one before";
				${QUEUE} banter("reset"); banter("open");`,
			);
			await visitor.page.reload();
			await visitor.chat.waitFor();
			await until("another visitor is known", async () => {
				const token = await tokenOf();
				return token && token !== before;
			});
			await visitor.saidUntil([]);
			assert.equal(await visitor.box.inputValue(), "");
			await visitor.ask(...HELLO);
			assert.deepEqual(visitor.complaints, []);
		});

	it("sends nothing of the visitor before a reset(), in no tab", async () => {
		const visitor = await site.visitTags([tag]);
		await visitor.open();
		await visitor.ask(...HELLO);
		const other = new Visitor(visitor.context, await visitor.context.newPage());
		await other.page.goto(visitor.page.url());
		await other.chat.waitFor();
		await other.saidUntil(exchange(...HELLO));
		await other.box.fill("a draft");
		await call(other, "reset");
		await other.saidUntil([]);
		assert.equal(await other.box.inputValue(), "");
		await visitor.saidUntil([]);
		await other.ask(...HELLO);
		await visitor.saidUntil(exchange(...HELLO));
	});

	it("counts unread replies on the button and in the title", async () => {
		const noisy = { ...tag, "data-unread-in-title": "true", "data-sound": "true" };
		const visitor = await site.visitTags([noisy], script(COLLECT));
		await visitor.begin("[[tokens=20 hold-after=10]] unread", "t0 t1");
		await call(visitor, "close");
		await site.banter.release("unread");
		await visitor.page.getByRole("button", { name: "Open chat, new reply" }).waitFor();
		assert.equal(await visitor.page.title(), "(1) A site");
		assert.deepEqual((await names(visitor)).slice(-2).sort(), ["reply", "unread"]);
		await visitor.page.reload();
		await until(
			"it is unread on the next page",
			async () => (await visitor.page.title()) === "(1) A site",
		);
		await visitor.open();
		await until("it is read", async () => (await visitor.page.title()) === "A site");
	});

	it("offers questions to begin with, until the first message", async () => {
		const visitor = await site.visitTags([
			{ ...tag, "data-starters": `${HELLO[0].replaceAll('"', "&quot;")}&#10;Do you deliver?` },
		]);
		await visitor.open();
		await visitor.chat.getByRole("button", { name: "Do you deliver?" }).waitFor();
		await visitor.chat.getByRole("button", { name: HELLO[0] }).click();
		await visitor.saidUntil(exchange(...HELLO));
		assert.equal(
			await visitor.chat.getByRole("button", { name: "Do you deliver?" }).isVisible(),
			false,
		);
	});

	it("shows a teaser on its pages when it is due, once for a visitor who closes it", async () => {
		const teaser = { text: "Need help?", delaySeconds: 0, paths: ["/*"], oncePerVisitor: true };
		const teasing = await site.createWidget({ settings: { teaser } });
		const elsewhere = await site.createWidget({
			settings: { teaser: { ...teaser, paths: ["/x"] } },
		});
		const visitor = await site.visitTags([{ "data-widget": teasing.widget_id }]);
		const text = visitor.page.getByText("Need help?");
		await text.waitFor();
		await visitor.page.reload();
		await text.waitFor();
		await visitor.page.getByRole("button", { name: "Close" }).click();
		await text.waitFor({ state: "hidden" });
		await visitor.page.reload();
		await visitor.open();
		assert.equal(await text.count(), 0);
		const nowhere = await site.visitTags([{ "data-widget": elsewhere.widget_id }]);
		await nowhere.open();
		assert.equal(await nowhere.page.getByText("Need help?").count(), 0);
	});

	it("shows two widgets on one page, each with its own conversation and methods", async () => {
		const visitor = await site.visitTags([tag, { "data-widget": other.widget_id }]);
		const hosts = visitor.page.locator("banter-chat");
		await until("both are there", async () => (await hosts.count()) === 2);
		assert.deepEqual(await visitor.page.evaluate(() => window.banter.ids()), [
			widget.widget_id,
			other.widget_id,
		]);
		await visitor.page.evaluate(
			(id) => window.banter.get(id).send("[[tokens=3]] two"),
			other.widget_id,
		);
		await visitor.page.getByRole("dialog", { name: "Sales" }).getByText("t0 t1 t2").waitFor();
		assert.equal(await visitor.page.getByRole("dialog", { name: "Support" }).count(), 0);
		await call(visitor, "open");
		const first = visitor.page.getByRole("dialog", { name: "Support" });
		await first.waitFor();
		assert.equal(await first.getByText("t0 t1 t2").count(), 0);
		await visitor.page.evaluate((id) => window.banter.get(id).destroy(), other.widget_id);
		assert.equal(await hosts.count(), 1);
		assert.deepEqual(visitor.complaints, []);
	});

	it("leaves no node, listener, timer, style or global after destroy()", async () => {
		/** Counts what is open: listeners of window and document, timers, frames, observers, sockets. */
		const watch = () => {
			const open = new Set();
			window.left = open;
			for (const target of [window, document, window.visualViewport]) {
				const { addEventListener, removeEventListener } = target;
				target.addEventListener = function (type, listener, options) {
					const entry = `${type} ${target.constructor.name} ${Math.random()}`;
					open.add(entry);
					listener.entries = [...(listener.entries ?? []), entry];
					options?.signal?.addEventListener("abort", () => open.delete(entry));
					return addEventListener.call(this, type, listener, options);
				};
				target.removeEventListener = function (type, listener, options) {
					for (const entry of listener.entries ?? []) open.delete(entry);
					return removeEventListener.call(this, type, listener, options);
				};
			}
			for (const [set, clear] of [
				["setTimeout", "clearTimeout"],
				["requestAnimationFrame", "cancelAnimationFrame"],
			]) {
				const [doSet, doClear] = [window[set], window[clear]];
				window[set] = (task, ...rest) => {
					const id = doSet(
						() => {
							open.delete(`${set} ${id}`);
							task();
						},
						...rest,
					);
					open.add(`${set} ${id}`);
					return id;
				};
				window[clear] = (id) => {
					open.delete(`${set} ${id}`);
					doClear(id);
				};
			}
			for (const name of ["MutationObserver", "ResizeObserver"]) {
				const Real = window[name];
				window[name] = class extends Real {
					observe(...args) {
						open.add(this);
						super.observe(...args);
					}
					disconnect() {
						open.delete(this);
						super.disconnect();
					}
				};
			}
			const { WebSocket } = window;
			window.WebSocket = class extends WebSocket {
				constructor(...args) {
					super(...args);
					open.add(this);
					super.addEventListener("close", () => open.delete(this));
				}
			};
			window.names = ["names", ...Object.getOwnPropertyNames(window)];
		};
		for (const tags of [[tag], [{ "data-api-key": WIDGET_KEY }]]) {
			const visitor = await site.visitTags(tags, script(`(${watch})()`));
			const nodes = await visitor.page.evaluate(() => document.querySelectorAll("*").length);
			await visitor.open();
			await visitor.say("[[tokens=20 hold-after=10]] destroyed");
			await visitor.logUntil("the reply has begun", (text) => text.includes("t0 t1"));
			await call(visitor, "destroy");
			let left = [];
			const isClean = async () => {
				left = await visitor.page.evaluate(() => [...window.left].map(String));
				return left.length === 0;
			};
			await until(() => `nothing is left, but: ${left.join(", ")}`, isClean, 10_000);
			const found = await visitor.page.evaluate(() => ({
				nodes: document.querySelectorAll("*").length,
				sheets: document.adoptedStyleSheets.length,
				names: Object.getOwnPropertyNames(window).filter((name) => !window.names.includes(name)),
				title: document.title,
			}));
			assert.ok(found.nodes <= nodes);
			assert.deepEqual({ ...found, nodes: 0 }, { nodes: 0, sheets: 0, names: [], title: "A site" });
			await site.banter.release("destroyed");
			assert.deepEqual(visitor.complaints, []);
		}
	});

	it("knows the visitor and the page also after the language has changed, until reset()", async () => {
		const { secret } = await site.admin("POST", `widgets/${widget.id}/identity-secret`);
		const hash = createHmac("sha256", secret).update("kai").digest("hex");
		const visitor = await site.visitTags([tag]);
		await visitor.open();
		await call(visitor, "identify", { userId: "kai", hash, name: "Kai" });
		await call(visitor, "context", { plan: "gold" });
		await call(visitor, "locale", "de");
		await visitor.chat.getByRole("button", { name: "Nachricht senden" }).waitFor();
		const contextOf = async (name) => {
			const { contacts } = await site.admin("GET", "contacts");
			const { id } = contacts.find((one) => one.name === name);
			const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
			const thread = await site.admin("GET", `conversations/${conversations[0]._id}`);
			return [conversations.length, thread.conversation.context];
		};
		await visitor.page.evaluate((text) => window.banter("send", text), HELLO[0]);
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		assert.deepEqual(await contextOf("Kai"), [1, { plan: "gold" }]);
		// Another visitor, of whom the page has said nothing yet.
		await call(visitor, "reset");
		await call(visitor, "locale", "en");
		await visitor.page.evaluate((text) => window.banter("send", text), HELLO[0]);
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		assert.deepEqual(await contextOf("Kai"), [1, { plan: "gold" }]);
	});
});

describe("open-chat-widget's tag", { skip: missing }, () => {
	const site = useSite({ areKept: true });

	it("has that widget's defaults, and takes over its session", async () => {
		const session = "1712-0a1b2c";
		await site.banter.chat(session, HELLO[0]);
		const keep = `localStorage.setItem("os-chatbot-session-id", "${session}");`;
		const visitor = await site.visitTags([{ "data-api-key": WIDGET_KEY }], (context) =>
			context.addInitScript(keep),
		);
		await visitor.open();
		await visitor.page.getByRole("dialog", { name: "Assistant" }).waitFor();
		await visitor.chat.getByText("Hi! Ask me anything and I will help you out.").waitFor();
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		const input = visitor.chat.getByRole("textbox");
		assert.equal(await input.getAttribute("placeholder"), "Type your message...");
		const accent = await visitor.page
			.locator("banter-chat")
			.evaluate((host) =>
				getComputedStyle(host.shadowRoot.querySelector(".frame")).getPropertyValue("--accent"),
			);
		assert.equal(accent, "rgb(14,165,233)");
		assert.equal(await visitor.session(), session);
	});

	it("does not start without a key, and says so on the console", async () => {
		const visitor = await site.visitTags([{ "data-api-url": "/chat" }]);
		await until("the console has an error for the owner", () => visitor.complaints.length > 0);
		assert.match(visitor.complaints[0], /Missing required .*data-api-key/);
		assert.equal(await visitor.page.locator("banter-chat").count(), 0);
		assert.equal(await visitor.page.evaluate(() => "banter" in window), false);
	});

	it("says who the visitor is with the first message, where a WebSocket is refused", async () => {
		const { widgets } = await site.admin("GET", "widgets");
		const first = widgets.find(({ id }) => id === FIRST_WIDGET);
		const { secret } = await site.admin("POST", `widgets/${first.id}/identity-secret`);
		const hash = createHmac("sha256", secret).update("jo").digest("hex");
		const visitor = await site.visitTags(
			[{ src: `${site.banter.url}/widget/chat-widget.js`, "data-api-key": WIDGET_KEY }],
			(context) => context.routeWebSocket("**", (socket) => socket.close()),
		);
		await visitor.page.evaluate(
			(identity) => {
				window.banter("identify", identity);
				window.banter("context", { plan: "gold" });
			},
			{ userId: "jo", hash, name: "Jo" },
		);
		await visitor.open();
		await visitor.say(HELLO[0]);
		await visitor.chat.getByText(HELLO[1], { exact: true }).waitFor();
		const { contacts } = await site.admin("GET", "contacts");
		const { id } = contacts.find(({ name }) => name === "Jo");
		const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
		assert.equal(conversations.length, 1);
		const thread = await site.admin("GET", `conversations/${conversations[0]._id}`);
		assert.deepEqual(thread.conversation.context, { plan: "gold" });
	});
});
