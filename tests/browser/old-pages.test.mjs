// The widget on pages with libraries that change the language, with names that hide the browser's own, and with
// scripts that change every request.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { fileOf, pngOf } from "./picture-files.mjs";
import { pageOf, useSite } from "./site.mjs";

/** What Prototype.js 1.6 changes of what other scripts use. */
const PROTOTYPE_1_6 = `
	Array.from = (list) => !list ? [] : list.toArray ? list.toArray() : Array.prototype.slice.call(list);
	Object.assign(Array.prototype, {
		toArray() { return this.slice(); },
		entries() { return this.slice(); },
		reduce() { return this.length > 1 ? this : this[0]; },
		toJSON() { return "[" + this.map(Object.toJSON).join(", ") + "]"; },
		each(call) { this.forEach(call); return this; },
		clear() { this.length = 0; return this; },
	});
	String.prototype.toJSON = function () { return JSON.stringify(String(this)); };
	Date.prototype.toJSON = function () { return '"' + this.toISOString() + '"'; };
	Object.keys = (all) => { const names = []; for (const name in all) names.push(name); return names; };
	Object.toJSON = (value) => value && value.toJSON ? value.toJSON() : JSON.stringify(value);
	HTMLElement.prototype.remove = function () { this.parentNode.removeChild(this); return this; };
	HTMLElement.prototype.scrollTo = function () { window.scrollTo(0, this.offsetTop); return this; };
	Element = Object.assign(function (name) { return document.createElement(name); }, { prototype: Element.prototype });
	Event = { KEY_TAB: 9, stop() {} };
	Function.prototype.bind = function (self, ...first) { return (...rest) => this.call(self, ...first, ...rest); };`;

const debian = (name) => `/usr/share/javascript/${name}`;

/** The libraries: their text, or where Debian has them. */
const LIBRARIES = {
	"Prototype.js 1.6": PROTOTYPE_1_6,
	"Prototype.js 1.7.3": debian("prototype/prototype.js"),
	"MooTools 1.4": debian("mootools/mootools-core-nc.js"),
	"methods of all objects and arrays": `
		Object.prototype.extend = function () { return this; };
		Object.prototype.toJSON = function () { return "an object"; };
		Array.prototype.toJSON = function () { return "an array"; };
		Array.prototype.last = function () { return this[this.length - 1]; };
		Function.prototype.hide = function () { return this; };`,
};

const isMissing = (library) => library.startsWith("/") && !existsSync(library);

describe("the widget on old pages", { skip: missing }, () => {
	const site = useSite();
	let widget;
	let tag;
	before(async () => {
		widget = await site.createWidget({
			contact_info_mode: "optional",
			collect_email: true,
			settings: {
				unreadInTitle: true,
				starters: ["How much?"],
				rating: true,
				files: { allow: true },
			},
		});
		tag = `<script src="${site.banter.url}/api/widget/embed.js" data-widget="${widget.widget_id}" defer></script>`;
	});

	/** The page's API before the script has loaded, too. */
	const EARLY = `<script>
		window.banter = function () { (banter.q ||= []).push(arguments); };
		banter("identify", { name: "Ann" });
		banter("context", { cart: ["tea", "cups"], since: new Date(0) });
	</script>`;

	/** Uses all of it, in two tabs and after a reload. */
	async function walk(visitor) {
		const { page } = visitor;
		await visitor.open();
		await visitor.chat
			.locator("input[type=file]")
			.first()
			.setInputFiles([fileOf("hinge.png", pngOf(64, 40)), fileOf("a.txt", Buffer.from("text"))]);
		const describe = visitor.chat.getByRole("button", { name: /^Describe hinge.png/ });
		await describe.click();
		await page.keyboard.type("The left hinge");
		await page.keyboard.press("Enter");
		await until(
			"they are ready",
			async () => (await visitor.chat.locator(".tray .done").count()) === 2,
		);
		const text = "- **one**\\n- ~~two~~ [three](https://x.example/)\\n\\n|a|b|\\n|-|-|\\n|1|2|";
		await visitor.say(`[[text="${text}"]] Hi`);
		await visitor.chat.locator(".md td").first().waitFor();
		assert.equal(await visitor.chat.locator(".md strong").textContent(), "one");
		await visitor.stop.waitFor({ state: "hidden" });

		await visitor.chat.getByRole("button", { name: "Show hinge.png: The left hinge" }).waitFor();
		await visitor.chat.locator(".file-picture canvas").waitFor();

		const other = await site.visitPage(site.files["/page"], site.files, visitor.context);
		await other.chat.locator(".md strong").waitFor();
		await other.say('[[text="Second"]] Again');
		await visitor.logUntil("the other tab's reply is there", (all) => all.includes("Second"));
		await other.page.close();

		await page.reload();
		await visitor.logUntil("the history is there", (all) => all.includes("Second"));
		await visitor.chat.getByRole("button", { name: "Not helpful" }).last().click({ force: true });
		await page.evaluate(() => window.banter.hide());
		await visitor.chat.waitFor({ state: "hidden" });
		await page.evaluate(() => window.banter.apply(null, ["show"]));
		await visitor.chat.waitFor();
		const { conversations } = await site.admin("GET", "conversations");
		const thread = await site.admin("GET", `conversations/${conversations[0]._id}`);
		assert.deepEqual(thread.conversation.context.cart, ["tea", "cups"]);
		const [{ files }] = thread.messages.filter(({ role }) => role === "user");
		assert.deepEqual(
			files.map(({ name, description }) => [name, description]),
			[
				["hinge.png", "The left hinge"],
				["a.txt", undefined],
			],
		);
		await page.evaluate(() => window.banter.destroy());
		assert.equal(await page.locator("banter-chat").count(), 0);
		for (const one of [visitor, other]) assert.deepEqual(one.complaints, []);
	}

	for (const [name, library] of Object.entries(LIBRARIES))
		it(`works beside ${name}`, { skip: isMissing(library) && `no ${library}` }, async () => {
			const script = library.startsWith("/") ? readFileSync(library, "utf8") : library;
			const html = pageOf("", `<script src="/old.js"></script>${EARLY}${tag}`);
			await walk(await site.visitPage(html, { "/old.js": script }));
		});

	it("works where elements have the names of the browser's members and of ours", async () => {
		const named = `<img name="body"><img name="title"><form name="activeElement"></form>
			<img name="currentScript" src="/api/widget/embed.js?widget=theirs"><form name="currentScript"></form>
			<select id="banter"></select><form id="banterSettings"><input name="widget"></form>`;
		const visitor = await site.visitPage(pageOf(named, tag));
		await visitor.open();
		await visitor.say('[[text="Hello"]] Hi');
		await visitor.logUntil("the reply is there", (all) => all.includes("Hello"));
		await visitor.page.evaluate(() => window.banter.close());
		await visitor.chat.waitFor({ state: "hidden" });
		assert.deepEqual(visitor.complaints, []);
		await visitor.page.evaluate(() => window.banter.destroy());
		assert.equal(await visitor.page.evaluate(() => window.banter.localName), "select");
	});

	it("works where the page's fetch() adds headers to each request", async () => {
		const add = `<script>
			const original = window.fetch;
			window.fetch = (url, options = {}) => {
				const headers = new Headers(options.headers);
				headers.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
				headers.set("sentry-trace", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1");
				headers.set("x-requested-with", "XMLHttpRequest");
				return original(url, { ...options, headers });
			};
		</script>`;
		const withKey = tag.replace(/data-widget="[^"]*"/, `data-api-key="${WIDGET_KEY}"`);
		for (const one of [tag, withKey]) {
			const context = await site.newContext();
			// Over HTTP there are more requests.
			await context.routeWebSocket("**", (socket) => socket.close());
			const visitor = await site.visitPage(pageOf("", add + one), {}, context);
			await visitor.open();
			await visitor.say('[[text="Hello"]] Hi');
			await visitor.logUntil("the reply is there", (all) => all.includes("Hello"));
			assert.deepEqual(visitor.complaints, []);
		}
	});
});
