// The widget on pages as sites have them: frameworks that replace the page, scripts that take over its events, old
// libraries that change the language, and tag managers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, isFocused, pageOf, useSite } from "./site.mjs";

const library = (name) => readFileSync(new URL(`../node_modules/${name}`, import.meta.url), "utf8");

describe("the widget on real sites", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	let src;
	before(async () => {
		widget = await site.createWidget({});
		src = `${site.banter.url}/api/widget/embed.js`;
	});

	const tag = (more = "defer") =>
		`<script src="${src}" data-widget="${widget.widget_id}" ${more}></script>`;

	const log = (visitor) => visitor.page.locator("banter-chat .log");

	/** A conversation that is longer than the list, scrolled up, and half a message with the focus in it. */
	async function talk(visitor) {
		await visitor.open();
		await visitor.say(`[[text="${"line\\n".repeat(60)}last"]] long`);
		await visitor.logUntil("the reply is there", (text) => text.includes("last"));
		await visitor.stop.waitFor({ state: "hidden" });
		await visitor.box.pressSequentially("half a message");
		await log(visitor).evaluate(async (node) => {
			const scrolled = new Promise((resolve) =>
				node.addEventListener("scroll", resolve, { once: true }),
			);
			node.scrollTop = 300;
			await scrolled;
		});
		await visitor.page.evaluate(() => {
			window.isSame = true;
		});
	}

	/** The same conversation, on the same page. */
	async function isBack(visitor) {
		await visitor.box.waitFor();
		await until("the text field has the focus", () => isFocused(visitor.box));
		assert.equal(await visitor.box.inputValue(), "half a message");
		assert.equal(await log(visitor).evaluate((node) => node.scrollTop), 300);
		assert.equal(await visitor.page.evaluate(() => window.isSame), true);
		assert.equal(await visitor.page.locator("banter-chat").count(), 1);
		assert.deepEqual(visitor.complaints, []);
	}

	it("comes back with focus, text and place in the list, whatever the page removes", async () => {
		const visitor = await site.visitPage(pageOf("<main>One</main>", tag()));
		await talk(visitor);
		for (const remove of [
			() => {
				document.body.innerHTML = "<main>Two</main>";
			},
			() => document.body.replaceChildren(document.createElement("main")),
			() => document.querySelector("banter-chat").remove(),
			() => document.body.replaceWith(document.createElement("body")),
			() =>
				document.replaceChild(document.documentElement.cloneNode(true), document.documentElement),
		]) {
			// Before the next picture.
			const frames = await visitor.page.evaluate(`new Promise((done) => {
				(${remove})();
				requestAnimationFrame(() => setTimeout(() => done(document.querySelectorAll("banter-chat").length)));
			})`);
			assert.equal(frames, 1, String(remove));
			await isBack(visitor);
		}
		// At once when the page calls.
		const there = await visitor.page.evaluate(() => {
			document.body.innerHTML = "";
			window.banter.show();
			return document.querySelectorAll("banter-chat").length;
		});
		assert.equal(there, 1);
	});

	it("begins again in a document that the page writes anew", async () => {
		const visitor = await site.visitPage(pageOf("<main>One</main>", tag()));
		await visitor.open();
		await visitor.ask(...HELLO);
		await visitor.box.pressSequentially("half a message");
		await visitor.page.evaluate(() => {
			window.isSame = true;
			document.open();
			document.write("<!doctype html><title>New</title><body><main>Two</main>");
			document.close();
		});
		await visitor.page.getByText("Two").waitFor();
		await visitor.saidUntil(exchange(...HELLO));
		await until(
			"the text is there",
			async () => (await visitor.box.inputValue()) === "half a message",
		);
		await visitor.box.fill('[[text="Again"]] Hello');
		await visitor.box.press("Enter");
		await visitor.logUntil("it is answered", (text) => text.includes("Again"));
		assert.equal(await visitor.page.evaluate(() => window.isSame), true);
		assert.equal(await visitor.page.locator("banter-chat").count(), 1);
		await visitor.page.evaluate(() => window.banter.close());
		await visitor.chat.waitFor({ state: "hidden" });
		assert.deepEqual(visitor.complaints, []);
	});

	it("comes back more and more slowly to a page that always removes it", async () => {
		const visitor = await site.visitPage(
			pageOf(
				"<main></main>",
				`<script>
					window.removals = 0;
					new MutationObserver(() => {
						const host = document.querySelector("banter-chat");
						if (host) removals++;
						host?.remove();
					}).observe(document, { childList: true, subtree: true });
				</script>${tag()}`,
			),
		);
		const removals = () => visitor.page.evaluate(() => window.removals);
		await until("it has come back often", async () => (await removals()) > 10);
		const before = await removals();
		// The delays of 2 s: 0.1, 0.2, 0.4, 0.8, 1.6.
		await visitor.page.evaluate(async () => {
			const end = performance.now() + 2000;
			while (performance.now() < end) await new Promise(requestAnimationFrame);
		});
		assert.ok((await removals()) - before <= 5);
		assert.deepEqual(visitor.complaints, []);
	});

	it("stays where a page puts it, until a mount or unmount", async () => {
		const visitor = await site.visitPage(pageOf("<main></main>", tag()));
		await visitor.open();
		const parent = () =>
			visitor.page.evaluate(async () => {
				for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
				return document.querySelector("banter-chat").parentNode.localName;
			});
		await visitor.page.evaluate(() =>
			document.querySelector("main").append(document.querySelector("banter-chat")),
		);
		assert.equal(await parent(), "main");
		await visitor.page.evaluate(() => window.banter.close());
		assert.equal(await parent(), "main");
		await visitor.page.evaluate(() => window.banter.unmount());
		assert.equal(await parent(), "body");
		assert.deepEqual(visitor.complaints, []);
	});

	it("appears once the page has a body again", async () => {
		const context = await site.newContext();
		let release;
		const released = new Promise((done) => {
			release = done;
		});
		let asked;
		const isAsked = new Promise((done) => {
			asked = done;
		});
		await context.route("**/settings", async (route) => {
			asked();
			await released;
			await route.continue();
		});
		const visitor = await site.visitPage(pageOf("<main></main>", tag()), {}, context);
		await isAsked;
		await visitor.page.evaluate(() => {
			window.isReady = new Promise((done) => document.addEventListener("banter:ready", done));
			document.body.remove();
		});
		release();
		await visitor.page.evaluate(async () => {
			await window.isReady;
			document.documentElement.append(document.createElement("body"));
		});
		await visitor.open();
		assert.deepEqual(visitor.complaints, []);
	});

	it("stays while htmx and React change the page", async () => {
		const scripts = (...names) =>
			names.map((name) => `<script src="/${name}.js"></script>`).join("");
		const htmx = await site.visitPage(
			pageOf(`<main hx-boost="true"><a href="/two">Two</a></main>`, scripts("htmx") + tag()),
			{ "/htmx.js": library("htmx.org/dist/htmx.min.js"), "/two": pageOf("<main>Page two</main>") },
		);
		await talk(htmx);
		await htmx.page.evaluate(() => document.querySelector("a").click());
		await htmx.page.getByText("Page two").waitFor();
		await isBack(htmx);

		const react = await site.visitPage(
			pageOf("<main>Server</main>", tag() + scripts("react", "react-dom")),
			{
				"/react.js": library("react/umd/react.production.min.js"),
				"/react-dom.js": library("react-dom/umd/react-dom.production.min.js"),
			},
			htmx.context,
		);
		await react.box.waitFor();
		await react.box.focus();
		await react.page.evaluate(() => {
			const { createElement } = window.React;
			const body = createElement("body", null, createElement("main", null, "Client"));
			const head = createElement("head", null, createElement("title", null, "A site"));
			const html = createElement("html", { lang: "en" }, head, body);
			window.ReactDOM.hydrateRoot(document, html, { onRecoverableError() {} });
		});
		await react.page.getByText("Client").waitFor();
		await react.box.waitFor();
		await until("the text field has the focus", () => isFocused(react.box));
		await react.box.pressSequentially("more");
		assert.equal(await react.box.inputValue(), "more");
	});

	it("moves into a target that comes late or is drawn again, and into what mount() names", async () => {
		const visitor = await site.visitPage(pageOf("<main></main>", tag(`data-target="#here" defer`)));
		const button = visitor.page.getByRole("button", { name: "Open chat" });
		await button.waitFor();
		const isIn = (selector) =>
			visitor.page.locator(`${selector} > banter-chat`).getByRole("dialog").waitFor();
		const draw = () =>
			visitor.page.evaluate(() => {
				const place = Object.assign(document.createElement("div"), { id: "here" });
				place.style.height = "400px";
				document.querySelector("main").replaceChildren(place);
			});
		await draw();
		await isIn("#here");
		await visitor.box.fill("half a message");
		await draw();
		await isIn("#here");
		assert.equal(await visitor.box.inputValue(), "half a message");
		// Routes: the next one mounts before the last one unmounts.
		await visitor.page.evaluate(() => {
			const [one, two] = ["one", "two"].map((id) =>
				Object.assign(document.createElement("div"), { id }),
			);
			document.querySelector("main").replaceChildren(one, two);
			window.banter.mount(one);
			window.banter("mount", two);
			window.banter.unmount(one);
		});
		await isIn("#two");
		await visitor.page.evaluate(() => window.banter.unmount());
		await button.waitFor();
		await visitor.chat.waitFor({ state: "hidden" });
		// The route of an element that is gone has ended, too.
		await visitor.page.evaluate(() => window.banter.mount(document.querySelector("#one")));
		await isIn("#one");
		await visitor.page.evaluate(() => document.querySelector("main").remove());
		await button.waitFor();
		await visitor.open();
		assert.equal(await visitor.box.inputValue(), "half a message");
		assert.deepEqual(visitor.complaints, []);
	});

	/** Scripts that take over the page's events, in each phase and at each place. */
	const GREEDY = `<script>
		window.heard = [];
		const note = (event) => {
			if (event.target.localName === "banter-chat") heard.push(event.type);
		};
		const cancel = (event) => {
			note(event);
			event.preventDefault();
			event.stopPropagation();
		};
		const pull = (event) => {
			note(event);
			if (!modal.contains(event.target)) modal.focus();
		};
		for (const place of [window, document]) {
			for (const capture of [true, false]) {
				for (const type of ["wheel", "touchstart", "touchmove", "keydown", "keypress", "keyup", "copy", "cut",
					"paste", "selectstart", "contextmenu", "dragstart", "mousedown", "pointerdown", "click", "touchend",
					"beforeinput", "dragover", "drop"])
					place.addEventListener(type, cancel, { capture, passive: false });
				for (const type of ["focusin", "focus"]) place.addEventListener(type, pull, capture);
			}
		}
	</script><style>body { user-select: none; -webkit-user-select: none; height: 4000px; }</style>`;

	/** Turns the wheel over the list; how far the list and the page have moved. */
	async function wheel(visitor) {
		const { x, y, width, height } = await log(visitor).boundingBox();
		const top = () => log(visitor).evaluate((node) => node.scrollTop);
		const before = await top();
		await visitor.page.mouse.move(x + width / 2, y + height / 2);
		await visitor.page.mouse.wheel(0, -200);
		await until("the list has scrolled", async () => (await top()) < before);
		assert.equal(await visitor.page.evaluate(() => window.scrollY), 0);
	}

	it("keeps its events from scripts that cancel, stop or answer them", async () => {
		const visitor = await site.visitPage(
			pageOf(`<div id="modal" tabindex="-1">A modal</div>`, tag("") + GREEDY),
		);
		await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
		await visitor.open();
		await visitor.box.click();
		await visitor.page.keyboard.type("half a message");
		assert.equal(await visitor.box.inputValue(), "half a message");
		await visitor.page.keyboard.press("Control+A");
		await visitor.page.keyboard.press("Control+X");
		assert.equal(await visitor.box.inputValue(), "");
		await visitor.page.keyboard.press("Control+V");
		assert.equal(await visitor.box.inputValue(), "half a message");
		await visitor.box.fill(`[[text="${"line\\n".repeat(60)}last"]] long`);
		await visitor.page.keyboard.press("Enter");
		await visitor.logUntil("the reply is there", (text) => text.includes("last"));
		const { page: tab } = visitor;
		// The list may still scroll to the reply's end.
		await until("a word is selected with the mouse", async () => {
			const bubble = await visitor.chat.getByText("last").last().boundingBox();
			await tab.mouse.dblclick(bubble.x + 20, bubble.y + bubble.height - 12);
			const selected = () =>
				String(document.querySelector("banter-chat").shadowRoot.getSelection());
			return (await tab.evaluate(selected)) === "last";
		});
		await wheel(visitor);
		await tab.keyboard.press("Escape");
		await visitor.chat.waitFor({ state: "hidden" });
		assert.deepEqual(await tab.evaluate(() => window.heard), []);
		// The page's own events are its own.
		await tab.evaluate(() => document.querySelector("#modal").click());
		assert.deepEqual(visitor.complaints, []);
	});

	it("takes quick taps on pages that keep a double tap from zooming", async () => {
		const context = await site.newContext({ hasTouch: true });
		const blocker = `<script>
			let last = 0;
			document.addEventListener("touchend", (event) => {
				if (Date.now() - last < 3000) event.preventDefault();
				last = Date.now();
			}, { passive: false });
		</script>`;
		const visitor = await site.visitPage(pageOf("", tag() + blocker), {}, context);
		await visitor.open();
		const tap = async (node) => {
			const { x, y, width, height } = await node.boundingBox();
			await visitor.page.touchscreen.tap(x + width / 2, y + height / 2);
		};
		await tap(log(visitor));
		await tap(visitor.chat.getByRole("button", { name: "Close chat" }));
		await visitor.chat.waitFor({ state: "hidden" });
	});

	it("scrolls and takes text beside Lenis and a modal of Bootstrap", async () => {
		const visitor = await site.visitPage(
			pageOf(
				`<div class="modal" id="modal" tabindex="-1"><div class="modal-dialog"><input></div></div><p style="height: 4000px"></p>
				<script src="/lenis.js"></script><script src="/bootstrap.js"></script>
				<script>
					new Lenis({ autoRaf: true });
					new bootstrap.Modal("#modal").show();
				</script>`,
				tag(),
			),
			{
				"/lenis.js": library("lenis/dist/lenis.min.js"),
				"/bootstrap.js": library("bootstrap/dist/js/bootstrap.bundle.min.js"),
			},
		);
		await visitor.open();
		await visitor.box.click();
		await visitor.page.keyboard.type(`[[text="${"line\\n".repeat(60)}last"]] long`);
		await visitor.page.keyboard.press("Enter");
		await visitor.logUntil("the reply is there", (text) => text.includes("last"));
		await wheel(visitor);
		assert.deepEqual(visitor.complaints, []);
	});
});
