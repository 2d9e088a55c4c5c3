// The tag as tag managers, shops and site builders add it, and as a module: widget/README.md has a recipe for each.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, describe, it } from "node:test";
import { WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { HELLO, pageOf, useSite } from "./site.mjs";

describe("an installation", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let ours;
	let other;
	let src;
	before(async () => {
		ours = await site.createWidget({ name: "Ours" });
		other = await site.createWidget({ name: "Other" });
		src = `${site.banter.url}/api/widget/embed.js`;
	});

	/** The chats on the page by their titles, once each has its button. */
	async function titles(visitor, count = 1) {
		const buttons = visitor.page.getByRole("button", { name: "Open chat" });
		await buttons.nth(count - 1).waitFor();
		const found = [];
		for (const id of await visitor.page.evaluate(() => window.banter.ids())) {
			await visitor.page.evaluate((id) => window.banter.get(id).open(), id);
			const chat = visitor.page.locator("banter-chat").getByRole("dialog");
			await chat.waitFor();
			found.push(await chat.getAttribute("aria-label"));
			await visitor.page.evaluate((id) => window.banter.get(id).close(), id);
			await chat.waitFor({ state: "hidden" });
		}
		assert.equal(await visitor.page.locator("banter-chat").count(), found.length);
		return found;
	}

	const withQuery = (widget = ours, more = "") => `${src}?widget=${widget.widget_id}${more}`;

	/** The pages of the recipes. `html`: of the page; `act`: what happens then. */
	const SHAPES = {
		// Inserts the tag's HTML, and then its scripts again with what it knows of them.
		"Google Tag Manager": () =>
			pageOf(
				"<h1>A site</h1>",
				`<script>
					window.dataLayer = [{ "gtm.start": Date.now(), event: "gtm.js" }];
					addEventListener("DOMContentLoaded", () => {
						const html = '<script src="${withQuery()}" data-gtmsrc="x" async><\\/script>';
						const holder = document.createElement("div");
						holder.innerHTML = html;
						for (const { src, async } of holder.querySelectorAll("script"))
							document.body.append(Object.assign(document.createElement("script"), { src, async }));
					});
				</script>`,
			),
		// The ScriptTag API adds the shop's name, when the page has been loaded.
		Shopify: () =>
			pageOf(
				`<div id="shopify-section-header" class="shopify-section"></div>`,
				`<script>
					(function () {
						function asyncLoad() {
							var urls = ["${withQuery(ours, "&shop=a-shop.myshopify.com")}"];
							for (var i = 0; i < urls.length; i++) {
								var s = document.createElement("script");
								s.type = "text/javascript";
								s.async = true;
								s.src = urls[i];
								var x = document.getElementsByTagName("script")[0];
								x.parentNode.insertBefore(s, x);
							}
						}
						window.addEventListener("load", asyncLoad, false);
					})();
				</script>`,
			),
		// The footer code is as it was written.
		Webflow: () =>
			`<!doctype html><html data-wf-page="1" data-wf-site="2"><head><title>A site</title></head><body>
				<div class="w-nav"></div>
				<script src="${src}" data-widget="${ours.widget_id}" defer></script></body></html>`,
		// The page is drawn again by React in #SITE_CONTAINER, after custom code in the head has run.
		Wix: () =>
			pageOf(
				`<div id="SITE_CONTAINER">Server</div><script>
					addEventListener("load", () => {
						document.querySelector("#SITE_CONTAINER").replaceChildren("Client");
					});
				</script>`,
				`<script src="${withQuery()}" async></script>`,
			),
		// Its AJAX loading replaces the body without running the footer code again.
		Squarespace: () =>
			pageOf(
				`<div id="siteWrapper"></div><script src="${withQuery()}" defer></script><script>
					addEventListener("load", () => setTimeout(() => {
						document.body.innerHTML = '<div id="siteWrapper">Another page</div>';
					}));
				</script>`,
			),
		// wp_enqueue_script() escapes the address, and adds an id and a version.
		WordPress: () =>
			pageOf(
				`<script src="${withQuery(ours, "&#038;ver=6.5")}" id="banter-js" defer data-wp-strategy="defer"></script>`,
			),
	};

	for (const [name, html] of Object.entries(SHAPES))
		it(`with ${name} shows the chat`, async () => {
			const visitor = await site.visitPage(html());
			assert.deepEqual(await titles(visitor), ["Ours"]);
			await visitor.page.evaluate(() => window.banter.open());
			await visitor.ask(...HELLO);
			assert.deepEqual(visitor.complaints, []);
		});

	it("takes settings from the address and from window.banterSettings, the attribute first", async () => {
		const settings = `<script>
			window.banterSettings = {
				widget: "${ours.widget_id}", locale: "fr", title: "From the page", starters: ["One?", "Two?"], plainText: true,
			};
		</script>`;
		const visitor = await site.visitPage(
			pageOf("", `${settings}<script src="${src}#locale=de" data-title="From the tag"></script>`),
		);
		await visitor.page.getByRole("button", { name: "Chat öffnen" }).click();
		assert.equal(await visitor.chat.getAttribute("aria-label"), "From the tag");
		for (const starter of ["One?", "Two?"])
			await visitor.chat.getByRole("button", { name: starter }).waitFor();
		// A tag that names its widget keeps it.
		const two = await site.visitPage(
			pageOf(
				"",
				`${settings.replace('title: "From the page",', "")}<script src="${withQuery(other, "&locale=en")}"></script>`,
			),
		);
		assert.deepEqual(await titles(two), ["Other"]);
	});

	it("takes banterSettings as a constant of the page, and does without one that could not be computed", async () => {
		const constant = (value) => `<script>const banterSettings = ${value};</script>`;
		const tag = `<script src="${src}"></script>`;
		const settings = `{ widget: "${ours.widget_id}", title: "Constant" }`;
		const visitor = await site.visitPage(pageOf(tag, constant(settings)));
		assert.deepEqual(await titles(visitor), ["Constant"]);
		assert.deepEqual(visitor.complaints, []);
		const failed = await site.visitPage(
			pageOf(`<script src="${withQuery()}"></script>`, constant("missing.settings")),
		);
		assert.deepEqual(await titles(failed), ["Ours"]);
		assert.match(failed.complaints.join(), /^[^,]*missing is not defined[^,]*$/);
	});

	it("works on a site that the server does not know: as a module, and with a hash of the script", async () => {
		const script = Buffer.from(await (await fetch(src)).arrayBuffer());
		const hash = createHash("sha256").update(script).digest("base64");
		const vendor = `<script data-widget="wid_ofAnotherVendor" src="data:text/javascript,"></script>`;
		const visitor = await site.visitPage(pageOf(""));
		// Another origin than that of CORS_ORIGIN.
		const address = `${site.url.replace("localhost", "127.0.0.1")}/page`;
		for (const html of [
			`${vendor}<script type="module" src="${src}#widget=${ours.widget_id}"></script>`,
			`<script>import("${withQuery()}")</script>`,
			`<script src="${withQuery()}" integrity="sha256-${hash}" crossorigin></script>`,
		]) {
			site.files["/page"] = pageOf(html);
			await visitor.page.goto(address);
			assert.deepEqual(await titles(visitor), ["Ours"]);
		}
		assert.deepEqual(visitor.complaints, []);
	});

	it("takes window.banterSettings of a class, without a prototype, or from a frame", async () => {
		for (const settings of [
			"new (class { widget = id })()",
			"Object.assign(Object.create(null), { widget: id })",
			"frames[0].JSON.parse(JSON.stringify({ widget: id }))",
		]) {
			const visitor = await site.visitPage(
				pageOf(
					`<iframe></iframe><script>const id = "${ours.widget_id}"; window.banterSettings = ${settings};</script>
						<script src="${src}"></script>`,
				),
			);
			assert.deepEqual(await titles(visitor), ["Ours"]);
		}
	});

	it("as a module takes its own tag only", async () => {
		const vendor = `<script src="/vendor.js" data-widget="theirs" data-api-key="theirs"></script>
			<script data-api-key="theirs" data-api-url="https://vendor.example/api"></script>
			<script data-widget="theirs"></script>`;
		const apiUrl = `data-api-url="${site.banter.url}/chat"`;
		const module = (address, more = "") =>
			`<script type="module" src="${address}" ${more}></script>`;
		for (const [name, tags, expected] of [
			["its attribute", module(src, `data-widget="${ours.widget_id}"`), ["Ours"]],
			["its address", module(withQuery()), ["Ours"]],
			["the fragment", module(`${src}#widget=${ours.widget_id}`), ["Ours"]],
			["two", module(withQuery()) + module(withQuery(other)), ["Ours", "Other"]],
			[
				"two of one address",
				module(src, `data-widget="${ours.widget_id}"`) +
					module(src, `data-widget="${other.widget_id}"`),
				["Ours", "Other"],
			],
			["an import", `<script type="module">import "${withQuery()}";</script>`, ["Ours"]],
			[
				"settings of the page",
				`<script>banterSettings = { widget: "${ours.widget_id}" };</script>
				<script type="module">import("${src}");</script>`,
				["Ours"],
			],
			[
				"a constant of the page",
				`<script>const banterSettings = { widget: "${ours.widget_id}" };</script>${module(src)}`,
				["Ours"],
			],
			["a copy", module("/copy.js", `data-widget="${ours.widget_id}" ${apiUrl}`), ["Ours"]],
			["a copy with a key", module("/copy.js", `data-api-key="${WIDGET_KEY}"`), ["Assistant"]],
			[
				"a copy in a module of the site",
				`${module("/site.js")}<script type="text/plain" data-widget="${ours.widget_id}" ${apiUrl}></script>`,
				["Ours"],
			],
			[
				"a copy in a module of the site, with a key",
				`${module("/site.js")}<script type="text/plain" data-api-key="${WIDGET_KEY}" ${apiUrl}></script>`,
				["Assistant"],
			],
			[
				"a copy and settings of the page, which come before the tag of another chat",
				`<script>banterSettings = { widget: "${ours.widget_id}", apiUrl: "${site.banter.url}/chat", title: null };</script>
				<script type="text/plain" data-api-key="theirs" data-api-url="https://vendor.example/chat"></script>
				${module("/site.js")}`,
				["Ours"],
			],
		]) {
			const copy = await (await fetch(src)).text();
			const files = { "/vendor.js": "", "/copy.js": copy, "/site.js": copy };
			const context = await site.newContext();
			// A proxy of the site has our paths.
			await context.route(/\/(v1|widget)\//, async (route) => {
				const { pathname, search } = new URL(route.request().url());
				await route.continue({ url: `${site.banter.url}${pathname}${search}` });
			});
			const visitor = await site.visitPage(pageOf("", vendor + tags), files, context);
			assert.deepEqual([name, ...(await titles(visitor, expected.length))], [name, ...expected]);
			assert.deepEqual(visitor.complaints, []);
			await visitor.context.close();
		}
	});

	it("from a copy in another script takes the tag that is kept as data", async () => {
		const copy = await (await fetch(src)).text();
		const inline = `<script>fetch("/site.js").then((answer) => answer.text()).then((text) => {
			const script = document.createElement("script");
			script.textContent = text;
			document.head.append(script);
		});</script>`;
		const vendor = '<script type="text/plain" data-widget="theirs"></script>';
		const tag = `<script type="text/plain" src="${src}" data-widget="${ours.widget_id}"></script>`;
		const settings = `<script>banterSettings = { widget: "${other.widget_id}", apiUrl: "${site.banter.url}/chat" };</script>`;
		for (const [name, tags, expected] of [
			["in the page", tag + inline, "Ours"],
			["in a bundle", `${tag}<script src="/site.js"></script>`, "Ours"],
			["in a bundle, with settings", `${settings}${tag}<script src="/site.js"></script>`, "Other"],
		]) {
			const visitor = await site.visitPage(pageOf("", vendor + tags), { "/site.js": copy });
			assert.deepEqual([name, ...(await titles(visitor))], [name, expected]);
			assert.deepEqual(visitor.complaints, []);
			await visitor.context.close();
		}
	});

	it("takes nothing from the address of the page", async () => {
		const copy = await (await fetch(src)).text();
		const html = pageOf("", `<script type="module">${copy}</script>`);
		const visitor = await site.visitPage(pageOf("", "<h1>A site</h1>"));
		await visitor.page.route(`${site.url}/**`, (route) =>
			route.fulfill({ contentType: "text/html", body: html }),
		);
		// An address like ours in a parameter, parameters like ours, and also a path like ours.
		for (const address of [
			`/page?apiUrl=${withQuery()}`,
			`/page?widget=${ours.widget_id}&apiUrl=${src}`,
			`/shop/api/widget/embed.js?widget=${ours.widget_id}&apiUrl=${src}`,
		]) {
			visitor.complaints.length = 0;
			await visitor.page.goto(`${site.url}${address}`);
			await visitor.page.waitForFunction(() => document.readyState === "complete");
			assert.match(`${visitor.complaints}`, /Missing required data-widget/, address);
			assert.equal(await visitor.page.evaluate(() => typeof window.banter), "undefined");
		}
	});
});
