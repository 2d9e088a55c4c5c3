// What all pages of the dashboard have in common: each address has its page, in the user's language, which asks only its
// own server, fits a phone and large text, and survives a lost network.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { ROOT, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, useDashboard } from "./dashboard.mjs";

/** The texts of a part in a language. */
const textsOf = async (part, language) =>
	JSON.parse(
		await readFile(
			join(
				ROOT,
				"dashboard/src",
				part === "common" ? "text/common" : `${part}/texts`,
				`${language}.json`,
			),
		),
	);

const isTooWide = (page) =>
	page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

/** Address, and the text that its heading has: part and key. */
const PAGES = [
	["/widgets", "widgets", "title"],
	["/widgets/create", "widgets", "newWidget"],
	["/agents", "agents", "title"],
	["/contacts", "contacts", "title"],
	["/knowledge", "knowledge", "title"],
	["/knowledge/answers", "knowledge", "title"],
	["/knowledge/questions", "knowledge", "title"],
	["/knowledge/find", "knowledge", "title"],
	["/numbers", "numbers", "title"],
	...[
		["profile", "profile"],
		["password", "password"],
		["sign-ins", "signIns"],
		["tags", "tags"],
		["snippets", "snippets"],
		["users", "users"],
		["keys", "keys"],
		["webhooks", "webhooks"],
		["limits", "limits"],
		["prices", "prices"],
		["server", "server"],
	].map(([page, key]) => [`/settings/${page}`, "settings", key]),
	["/nowhere", "common", "pageNotFound"],
	["/nowhere/at/all", "common", "pageNotFound"],
];

/** Those that show nothing without data of their own. */
const LOADING = PAGES.filter(([path]) => !/create|find|profile|password|nowhere/.test(path));

describe("the dashboard's pages", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ areKept: true });
	let records;
	before(async () => {
		const { json } = await banter.chat("visitor", '[[text="Welcome"]] hello');
		const [widget] = (await admin("GET", "widgets")).widgets;
		records = [
			[`/conversations/${json.conversationId}`, "Welcome"],
			[`/widgets/${widget.id}`, "On your site"],
			[`/agents/${widget.agent_id}`, "Instructions"],
		];
	});

	/** Shows an address in a page, and waits for its heading. */
	async function show(page, path, part, key, language = "en") {
		const status = (await page.goto(banter.url + path)).status();
		const name = (await textsOf(part, language))[key];
		await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
		return status;
	}

	it("have an address each, and ask only their own server", async () => {
		const { page, complaints } = await visit("/");
		const elsewhere = [];
		page.context().on("request", (request) => {
			const { protocol, origin } = new URL(request.url());
			const isLocal = protocol === "data:" || protocol === "blob:";
			if (!isLocal && origin !== banter.url) elsewhere.push(request.url());
		});
		for (const [path, part, key] of PAGES) {
			const status = await show(page, path, part, key);
			assert.equal(status, key === "pageNotFound" ? 404 : 200, path);
		}
		for (const [path, text] of records) {
			await page.goto(banter.url + path);
			await page.locator("#main").getByText(text).first().waitFor();
		}
		assert.deepEqual(elsewhere, []);
		assert.deepEqual(
			complaints.filter((one) => !one.includes("404")),
			[],
		);
	});

	for (const language of ["de", "fr", "es"])
		it(`are in the user's language, and fit a phone: ${language}`, async () => {
			const { page } = await visit("/", {
				locale: language,
				viewport: { width: 360, height: 740 },
				hasTouch: true,
			});
			for (const [path, part, key] of PAGES) {
				await show(page, path, part, key, language);
				assert.equal(await page.getAttribute("html", "lang"), language);
				await page.locator(".skeleton").first().waitFor({ state: "detached" });
				assert.equal(await isTooWide(page), false, path);
			}
		});

	it("say that they load, then what could not be loaded, and recover", async () => {
		/** What a test does with the requests for the pages' data. */
		let answer;
		const prepare = (context) =>
			context.route(/\/v1\/admin\/(?!me$|events)/, (route) => answer(route));
		const held = (route) => waiting.push(route);
		const refused = (route) =>
			route.fulfill({
				status: 503,
				contentType: "application/json",
				body: '{"error":"The store is away","code":"store_unavailable"}',
			});
		let waiting = [];
		answer = (route) => route.continue();
		const { page } = await visit("/widgets", { colorScheme: "dark", prepare });
		const paths = LOADING.map(([path]) => path);
		for (const path of ["/?view=all", records[0][0], ...paths]) {
			waiting = [];
			answer = held;
			await page.goto(banter.url + path);
			await page.locator(".skeleton").first().waitFor();
			await assertAccessible(page);
			answer = refused;
			for (const route of waiting) await refused(route).catch(() => {});
			const alerts = page.locator("[role=alert]", { hasText: "The server is not ready" });
			await alerts.first().waitFor();
			await assertAccessible(page);
			answer = (route) => route.continue();
			// One of them: the others come by themselves.
			await alerts.first().getByRole("button", { name: "Try again now" }).click();
			await until("all is there", async () => (await alerts.count()) === 0);
		}
	});

	it("fit their window with text of twice the size", async () => {
		const { page } = await visit("/", { viewport: { width: 1280, height: 800 } });
		for (const [path, part, key] of PAGES) {
			await show(page, path, part, key);
			await page.locator(".skeleton").first().waitFor({ state: "detached" });
			await page.evaluate(() => {
				document.documentElement.style.fontSize = "200%";
			});
			assert.equal(await isTooWide(page), false, path);
		}
	});

	it("say that the network is lost, and catch up when it is back", async () => {
		const { page } = await visit("/?view=all");
		await page.locator(".row-text", { hasText: "Welcome" }).waitFor();
		await page.context().setOffline(true);
		const banner = page.getByText("You are offline");
		await banner.waitFor();
		await banter.chat("meanwhile", '[[text="While you were away"]] hello');
		await page.context().setOffline(false);
		await banner.waitFor({ state: "detached" });
		await page.locator(".row-text", { hasText: "While you were away" }).waitFor();
	});
});
