// The dashboard's list of conversations: down to the oldest one, while new messages arrive.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { request } from "../e2e/client.mjs";
import { PASSWORD, until, useBanter } from "../e2e/harness.mjs";
import { KEY } from "../e2e/replies.mjs";
import { addAxe, violationsOf } from "./accessibility.mjs";
import { missing, useBrowser } from "./browser.mjs";

const COUNT = 230;

describe("the dashboard's list", { skip: missing }, () => {
	const banter = useBanter({ workers: 1, env: { RATE_LIMIT_MAX_REQUESTS: "100000" } });
	const browser = useBrowser();

	async function say(session, message = "[[tokens=1]]") {
		const body = { sessionId: session, message };
		const { status, text } = await request(banter.url, "POST", "/v1/chat", { headers: KEY, body });
		assert.equal(status, 200, text);
	}

	before(async () => {
		for (let i = 0; i < COUNT; i++) await say(`visitor-${i}`);
	});

	async function visit(options) {
		const opened = await browser.open(`${banter.url}/login`, options);
		await opened.page.getByLabel("Password").fill(PASSWORD);
		await opened.page.getByRole("button", { name: "Log in" }).click();
		await opened.page.getByText(`${COUNT} in total`).waitFor();
		return opened;
	}

	const names = (page) => page.locator(".row-name").allTextContents();
	const scrollDown = (page) =>
		page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
	async function scrollToEnd(page) {
		await until("the oldest one is there", async () => {
			await scrollDown(page);
			return (await names(page)).includes("visitor-0");
		});
	}
	const newestFirst = Array.from({ length: COUNT }, (_, i) => `visitor-${COUNT - 1 - i}`);

	it("loads older conversations as the reader scrolls, down to the oldest one", async () => {
		const { page, complaints } = await visit();
		assert.deepEqual(await names(page), newestFirst.slice(0, 100));
		await scrollToEnd(page);
		await page.getByText("These are all conversations.").waitFor();
		assert.deepEqual(await names(page), newestFirst);
		assert.deepEqual(complaints, []);
	});

	it("moves a conversation that goes on to the top, and keeps the others", async () => {
		const { page } = await visit();
		await scrollToEnd(page);
		await say("visitor-3", '[[text="Again"]] hello again');
		await until("it has moved", async () => (await names(page))[0] === "visitor-3");
		const others = newestFirst.filter((name) => name !== "visitor-3");
		assert.deepEqual(await names(page), ["visitor-3", ...others]);
	});

	it("asks only when something has changed, and polls when changes are not reported", async () => {
		let asked = 0;
		let askedBefore;
		const prepare = async (context) => {
			await context.clock.install();
			context.on("response", (response) => {
				if (response.url().includes("/events?")) askedBefore = asked;
			});
			context.on("request", (request) => {
				if (request.url().includes("/conversations?")) asked++;
			});
		};
		const { page } = await visit({ prepare });
		await until("it asks again after the stream was opened", () => asked > askedBefore);
		const before = asked;
		await page.clock.fastForward("10:00");
		await names(page);
		assert.equal(asked, before);
		await say("visitor-5");
		await until("it has moved", async () => (await names(page))[0] === "visitor-5");
		await page.route("**/v1/admin/events?*", (route) => route.abort());
		await page.reload();
		await page.getByText(`${COUNT} in total`).waitFor();
		await say("visitor-9");
		await until("a poll finds it", async () => {
			await page.clock.fastForward(5000);
			return (await names(page))[0] === "visitor-9";
		});
	});

	it("says that older conversations could not be loaded, and tries again when asked", async () => {
		const { page } = await visit();
		await page.route("**/v1/admin/conversations?*cursor=*", (route) => route.abort());
		await scrollDown(page);
		await page.getByText("The server can’t be reached.").waitFor();
		await page.unroute("**/v1/admin/conversations?*cursor=*");
		await page.getByRole("button", { name: "Load older conversations" }).click();
		await scrollToEnd(page);
	});

	for (const [name, options] of [
		["light", {}],
		["dark", { colorScheme: "dark" }],
		["on a phone", { viewport: { width: 360, height: 740 } }],
	])
		it(`leaves axe nothing to report, ${name}: list, conversation and an unknown page`, async () => {
			const { page } = await visit({ ...options, prepare: addAxe });
			await scrollToEnd(page);
			assert.deepEqual(await violationsOf(page, "body"), []);
			const isWide = () =>
				page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
			assert.equal(await isWide(), false);
			await page.getByRole("link", { name: /^visitor-7 / }).click();
			await page.getByRole("log", { name: "Messages" }).waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
			assert.equal(await isWide(), false);
			await page.goto(`${banter.url}/conversations/unknown`);
			await page.getByText("Conversation not found").waitFor();
			assert.deepEqual(await violationsOf(page, "body"), []);
		});
});
