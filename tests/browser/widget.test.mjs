// The whole way in a browser: a page of another origin with A's script tag, a visitor who chats,
// and the owner who reads along in the dashboard.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { DEADLINE_MS, PASSWORD, PATIENCE, until, useBanter, WIDGET_KEY } from "../e2e/harness.mjs";
import { complaintsOf, launch, missing } from "./browser.mjs";

const WELCOME = "Hey! How can I help?";
const PLACEHOLDER = "Type your question...";
const numbered = (n) => Array.from({ length: n }, (_, i) => `t${i}`).join(" ");

/** A's tag, word for word but for the addresses and the key. */
function scriptTag(url) {
	return `<script
  src="${url}/widget/chat-widget.js"
  data-api-url="${url}/chat"
  data-api-key="${WIDGET_KEY}"
  data-title="Support"
  data-welcome-message="${WELCOME}"
  data-input-placeholder="${PLACEHOLDER}"
  data-position="right"
  data-accent-color="#0ea5e9"
  defer
></script>`;
}

/** A site that allows nothing but what its widget needs. */
function serveSite(server, url) {
	server.on("request", (req, res) => {
		if (req.url !== "/") {
			res.writeHead(204).end();
			return;
		}
		res.writeHead(200, {
			"content-type": "text/html; charset=utf-8",
			"content-security-policy": `default-src 'none'; script-src ${url}; connect-src ${url}`,
		});
		res.end(
			`<!doctype html><html lang="en"><title>A site</title><h1>A site</h1>${scriptTag(url)}</html>`,
		);
	});
}

describe("the widget on a page of another origin", { skip: missing }, () => {
	const server = createServer();
	let site, browser;

	// The address is needed for CORS_ORIGIN, before banter starts.
	const settings = { OPENAI_IDLE_TIMEOUT_MS: String(1500 * PATIENCE) };
	before(async () => {
		await new Promise((done) => server.listen(0, "127.0.0.1", done));
		site = `http://localhost:${server.address().port}`;
		settings.CORS_ORIGIN = site;
		browser = await launch();
	});
	const banter = useBanter({ env: settings });
	before(() => serveSite(server, banter.url));
	after(async () => {
		await browser?.close();
		server.closeAllConnections();
		server.close();
	});

	/** A visitor with a browser profile of her own, on the site. */
	async function visit() {
		const context = await browser.newContext();
		context.setDefaultTimeout(DEADLINE_MS);
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(site);
		return { context, page, complaints, chat: page.getByRole("dialog") };
	}

	const open = (page) => page.getByRole("button", { name: "Open chat" }).click();
	const sessionOf = (page) => page.evaluate(() => localStorage.getItem("banter.session"));

	async function say(chat, text) {
		const box = chat.getByRole("textbox");
		await box.fill(text);
		await box.press("Enter");
	}

	/** Waits until the conversation's text satisfies test(). */
	function logUntil(what, chat, test) {
		return until(what, async () => {
			const text = await chat.getByRole("log").textContent();
			return test(text) && text;
		});
	}

	/** A session's thread once it has n messages, the last of them whole. */
	function stored(session, n) {
		return until(`${n} messages are stored`, async () => {
			const thread = await banter.threadOf(session);
			return thread.messages.length === n && thread.messages[n - 1].status === "complete" && thread;
		});
	}

	async function logInToDashboard(page) {
		await page.goto(banter.url);
		assert.equal(new URL(page.url()).pathname, "/login");
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await page.getByRole("heading", { name: "Conversations", exact: true }).waitFor();
	}

	it("chats: the reply streams in, a reload keeps session and open state, the owner sees it all", async () => {
		const { context, page, complaints, chat } = await visit();
		await page.getByRole("button", { name: "Open chat" }).waitFor();
		assert.equal(await chat.isVisible(), false);
		await open(page);
		await chat.getByText(WELCOME).waitFor();
		assert.match(await chat.textContent(), /Support/);
		assert.equal(await chat.getByRole("textbox").getAttribute("placeholder"), PLACEHOLDER);

		const first = `[[tokens=40 delay=${50 * PATIENCE}]] Do you deliver?`;
		await say(chat, first);
		const early = await logUntil("the first words are there", chat, (text) =>
			text.includes("t0 t1"),
		);
		assert.ok(!early.includes("t39"), "the reply streams");
		await logUntil("the whole reply is there", chat, (text) => text.includes(numbered(40)));
		const session = await sessionOf(page);
		assert.match(session, /^[A-Za-z0-9._:-]{1,128}$/);
		await stored(session, 2);

		await page.reload();
		await chat.getByRole("textbox").waitFor();
		assert.equal(await sessionOf(page), session);

		// Between two messages every process behind the front dies.
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		await banter.ready();

		await say(chat, '[[text="On Saturdays too 🚚"]] On Saturdays?');
		await logUntil(
			"the second reply",
			chat,
			(text) => text.split("On Saturdays too 🚚").length === 3,
		);
		const { conversation, messages } = await stored(session, 4);
		assert.deepEqual(
			messages.map(({ role, content, status }) => [role, content, status]),
			[
				["user", first, "complete"],
				["assistant", numbered(40), "complete"],
				["user", '[[text="On Saturdays too 🚚"]] On Saturdays?', "complete"],
				["assistant", "On Saturdays too 🚚", "complete"],
			],
		);

		const owner = await context.newPage();
		const ownersComplaints = complaintsOf(owner);
		await logInToDashboard(owner);
		await owner.getByRole("link", { name: session }).click();
		await owner.waitForURL(`**/conversations/${conversation._id}`);
		const thread = owner.getByRole("log", { name: "Messages" });
		for (const { content } of messages) await thread.getByText(content, { exact: true }).waitFor();

		assert.deepEqual(complaints, []);
		assert.deepEqual(ownersComplaints, []);
		await context.close();
	});

	it("a closed chat stays closed after a reload; Escape closes it", async () => {
		const { context, page, complaints, chat } = await visit();
		await open(page);
		await chat.getByText(WELCOME).waitFor();
		await page.keyboard.press("Escape");
		await chat.waitFor({ state: "hidden" });
		await page.reload();
		await page.getByRole("button", { name: "Open chat" }).waitFor();
		assert.equal(await chat.isVisible(), false);
		assert.deepEqual(complaints, []);
		await context.close();
	});

	it("a visitor's text is text: no mark-up of it comes to life, here or in the dashboard", async () => {
		const { context, page, complaints, chat } = await visit();
		await open(page);
		const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
		await say(chat, `[[echo]] ${evil}`);
		await logUntil("question and echo", chat, (text) => text.split("onerror").length === 3);
		assert.equal(await page.title(), "A site");
		const session = await sessionOf(page);

		const owner = await context.newPage();
		const ownersComplaints = complaintsOf(owner);
		await logInToDashboard(owner);
		await owner.getByRole("link", { name: session }).click();
		await owner.getByRole("log", { name: "Messages" }).getByText(evil, { exact: true }).waitFor();
		assert.notEqual(await owner.title(), "owned");
		assert.deepEqual([...complaints, ...ownersComplaints], []);
		await context.close();
	});

	it("a reply that breaks off says so, keeps what came, and can be tried again", async () => {
		const { context, page, complaints, chat } = await visit();
		await open(page);
		await say(chat, "[[tokens=5 hang-after=5]] and then?");
		await logUntil("what came", chat, (text) => text.includes(numbered(5)));
		const again = chat.getByRole("button", { name: "Try again" });
		await again.waitFor();
		assert.match(await chat.getByRole("log").textContent(), new RegExp(numbered(5)));
		await again.click();
		await until("it was asked again", async () => (await banter.modelCalls("and then?")) === 2);
		assert.deepEqual(complaints, []);
		await context.close();
	});

	it("all processes die in mid-reply: trying again works by itself once they are back", async () => {
		const { context, page, complaints, chat } = await visit();
		await open(page);
		await say(chat, `[[tokens=100 delay=${50 * PATIENCE}]] long`);
		await logUntil("the reply has begun", chat, (text) => text.includes("t0 t1 t2"));
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		await chat.getByRole("button", { name: "Try again" }).waitFor();
		await banter.ready();
		await say(chat, '[[text="here again"]] are you back?');
		await logUntil("the next reply", chat, (text) => text.split("here again").length === 3);
		const { messages } = await banter.threadOf(await sessionOf(page));
		const said = messages.filter(({ role }) => role === "user").map(({ content }) => content);
		assert.deepEqual(said, [
			`[[tokens=100 delay=${50 * PATIENCE}]] long`,
			'[[text="here again"]] are you back?',
		]);
		// The browser itself tells of the connection that broke.
		assert.deepEqual(
			complaints.filter((text) => !/net::ERR_/.test(text)),
			[],
		);
		await context.close();
	});

	it("over the rate limit the visitor reads why", async () => {
		const { context, page, chat } = await visit();
		await page.route(`${banter.url}/chat`, (route) =>
			route.fulfill({
				status: 429,
				headers: { "access-control-allow-origin": site, "retry-after": "7" },
				json: { error: "Too many requests", code: "rate_limited" },
			}),
		);
		await open(page);
		await say(chat, "hello");
		await chat.getByText(/a lot of messages/).waitFor();
		await context.close();
	});
});

describe("the demo pages", { skip: missing }, () => {
	const banter = useBanter();
	let browser;
	before(async () => {
		browser = await launch();
	});
	after(() => browser?.close());

	it("the widget's page takes the key from its address, hides it, and chats", async () => {
		const page = await browser.newPage();
		const complaints = complaintsOf(page);
		await page.goto(`${banter.url}/widget-test.html#key=${WIDGET_KEY}`);
		await page.getByRole("button", { name: "Open chat" }).click();
		const box = page.getByRole("dialog").getByRole("textbox");
		await box.fill("[[tokens=3]] hello");
		await box.press("Enter");
		await page.getByRole("dialog").getByText("t0 t1 t2").waitFor();
		assert.ok(!page.url().includes(WIDGET_KEY));
		assert.deepEqual(complaints, []);
		await page.close();
	});
});
