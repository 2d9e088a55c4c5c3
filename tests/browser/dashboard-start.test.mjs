// The guide of an empty inbox: five steps to the first conversation, each of which notices when it is done.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN, logIn } from "../e2e/accounts.mjs";
import { request } from "../e2e/client.mjs";
import { PASSWORD, useBanter } from "../e2e/harness.mjs";
import { violationsOf } from "./accessibility.mjs";
import { complaintsOf, missing, useBrowser } from "./browser.mjs";
import { HELLO, useSite } from "./site.mjs";

const step = (page, title, state) =>
	page.getByRole("heading", { name: `${title} (${state})` }).waitFor();

const script = (words) => ["--script", words];

describe("the first run", { skip: missing }, () => {
	const site = useSite({ areKept: true }, script('text="Ready when you are."'));
	const { admin, banter } = site;
	let cookie;
	let widget;
	before(async () => {
		({ cookie } = await logIn(banter, { password: PASSWORD }));
		[widget] = (await admin("GET", "widgets")).widgets;
	});

	async function visit({ prepare, ...screen } = {}) {
		const context = await site.newContext(screen);
		const [name, value] = cookie.split("=");
		await context.addCookies([{ name, value, url: banter.url }]);
		await prepare?.(context);
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(banter.url);
		await page.locator(".start").waitFor();
		return { page, complaints };
	}

	const isWide = (page) =>
		page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

	for (const [how, screen] of [
		["light", {}],
		["dark", { colorScheme: "dark" }],
		["on a phone", { viewport: { width: 360, height: 740 } }],
	])
		it(`leaves axe nothing to report, ${how}, shown and hidden`, async () => {
			const { page } = await visit(screen);
			await step(page, "The model answers", "done");
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(page), false);
			await page.getByRole("button", { name: "Hide this guide" }).click();
			await page.getByRole("button", { name: "Show the guide" }).waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
		});

	it("can be hidden, which the browser remembers", async () => {
		const { page } = await visit();
		await page.getByRole("button", { name: "Hide this guide" }).click();
		await page.getByText("No conversations yet").waitFor();
		await page.reload();
		await page.getByText("No conversations yet").waitFor();
		await page.getByRole("button", { name: "Show the guide" }).click();
		await page.getByText("Set up your chat").waitFor();
	});

	it("notices each step as it is done, until the first conversation is in the inbox", async () => {
		const { page, complaints } = await visit();
		await step(page, "The model answers", "done");
		await step(page, "The widget looks like your site", "to do now");
		await admin("PUT", `widgets/${widget.id}`, { name: "Fernlight Plants" });
		await step(page, "The widget looks like your site", "done");
		await step(page, "The assistant knows your content", "to do now");
		await step(page, "The embed code is on your site", "to do now");
		await page.getByRole("link", { name: "Add content" }).waitFor();
		const source = await admin("POST", "sources", { name: "Help", kind: "files" });
		await page.getByText("Your content is there, but no agent uses it yet.").waitFor();
		await page.getByRole("link", { name: "Use it" }).click();
		await page.getByRole("button", { name: "Use in Assistant" }).click();
		await page.getByText("“Assistant” answers from it now.").waitFor();
		assert.equal((await admin("GET", "agents")).agents[0].knowledge, "all");
		await page.goBack();
		await step(page, "The assistant knows your content", "done");
		await admin("DELETE", `sources/${source.id}`);
		await step(page, "The assistant knows your content", "to do now");
		await page.locator(".start-code").getByText(widget.widget_id).waitFor();
		const visitor = await site.visitWidget(widget.widget_id);
		await step(page, "The embed code is on your site", "done");
		await step(page, "Say hello", "to do now");
		await visitor.open();
		await visitor.say(HELLO[0]);
		await page.locator(".start").waitFor({ state: "detached" });
		await page.getByRole("link", { name: /Hello/ }).first().waitFor();
		assert.deepEqual(complaints, []);
	});
});

describe("the first run, with other models", { skip: missing }, () => {
	const browser = useBrowser();
	const refuses = useBanter({
		workers: 1,
		stub: script('fail=401 fail-times=1 text="Now I can."'),
	});
	const demo = useBanter({ workers: 1 });

	async function visit(banter, prepare) {
		const [name, value] = (await logIn(banter, { password: PASSWORD })).cookie.split("=");
		const addCookie = async (context) => {
			await context.addCookies([{ name, value, url: banter.url }]);
			await prepare?.(context);
		};
		return (await browser.open(banter.url, { prepare: addCookie })).page;
	}

	it("says that the server refuses the key; a second test can succeed", async () => {
		const page = await visit(refuses);
		await step(page, "The model answers", "needs your attention");
		await page.getByText("The model server refused the call or failed.").waitFor();
		await page.getByRole("button", { name: "Test again" }).click();
		await step(page, "The model answers", "done");
	});

	it("says that the bundled demo model answers", async () => {
		const page = await visit(demo);
		await page.getByText("The bundled demo model answers").waitFor();
		await step(page, "The model answers", "to do now");
	});

	it("says what a day may cost at most, and leads to the limit", async () => {
		const page = await visit(demo);
		await page.getByText("Replies have no limit of tokens a day.").waitFor();
		await page.getByRole("link", { name: "Set one" }).click();
		await page.waitForURL("**/settings/limits");
		const body = { organization: { dailyTokens: 200_000 } };
		const answer = await request(demo.url, "PUT", "/v1/admin/budgets", { headers: ADMIN, body });
		assert.equal(answer.status, 200, answer.text);
		await page.goto(demo.url);
		await page.getByText("At most 200,000 tokens a day.").waitFor();
		await page.getByRole("link", { name: "Change the limit" }).waitFor();
	});

	it("says that the test call did not arrive", async () => {
		const pattern = "**/v1/admin/agents/*/test";
		const page = await visit(demo, (context) => context.route(pattern, (route) => route.abort()));
		await page.getByText("The test call failed: The server cannot be reached.").waitFor();
		await page.context().unroute(pattern);
		await page.getByRole("button", { name: "Test again" }).click();
		await page.getByText("The bundled demo model answers").waitFor();
	});
});
