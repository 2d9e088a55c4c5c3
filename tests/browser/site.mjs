// A site with the chat: a page of another origin with open-chat-widget's script tag, or a widget's,
// under a strict policy, and its visitors.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { after, afterEach, before } from "node:test";
import { ADMIN_KEY, DEADLINE_MS, freePort, until, useBanter, WIDGET_KEY } from "../e2e/harness.mjs";
import { complaintsOf, launch } from "./browser.mjs";
import { Profiles } from "./profiles.mjs";

export const WELCOME = "Hey! How can I help?";
export const PLACEHOLDER = "Type your question...";

/** What a page shows of a message and its reply. */
export const exchange = (question, reply) => [`visitor: ${question}`, `assistant: ${reply}`];

/** A message, and the stub model's reply to it. */
export const HELLO = ['[[text="Hello"]] Hi', "Hello"];

/** open-chat-widget's tag, with other addresses and key. */
function scriptTag(url, apiUrl) {
	return `<script
  src="${url}/widget/chat-widget.js"
  data-api-url="${apiUrl}"
  data-api-key="${WIDGET_KEY}"
  data-title="Support"
  data-welcome-message="${WELCOME}"
  data-input-placeholder="${PLACEHOLDER}"
  data-position="right"
  data-accent-color="#0ea5e9"
  defer
></script>`;
}

/** Loquent's tag, with another address and id. */
function widgetTag(url, widgetId) {
	return `<script src="${url}/api/widget/embed.js" data-widget="${widgetId}"></script>`;
}

/** The page's nonce, and the policies with it. */
const NONCE = "r4nd0m";
const SCRIPTS = {
	nonce: `'nonce-${NONCE}'`,
	"strict-dynamic": `'nonce-${NONCE}' 'strict-dynamic'`,
};

/** A page whose policy allows only what its widget needs, and the site's own style. */
function servePage(res, url, connects, tag, query) {
	const css = query.get("css") ?? "";
	const policy = [
		"default-src 'none'",
		`script-src ${SCRIPTS[query.get("scripts")] ?? url}`,
		`connect-src ${connects}`,
		"require-trusted-types-for 'script'",
		"trusted-types site",
	];
	if (query.has("reports")) policy.push("report-uri /reports");
	if (query.has("images")) policy.push(`img-src ${query.get("images")}`);
	if (css !== "") policy.push("style-src 'unsafe-inline'");
	res.writeHead(200, {
		"content-type": "text/html; charset=utf-8",
		"content-security-policy": policy.join("; "),
	});
	const inHead = query.get("place") === "head";
	res.end(`${query.has("quirks") ? "" : "<!doctype html>"}
<html lang="${query.get("lang") ?? "en"}" dir="${query.get("dir") ?? "ltr"}">
<head><meta name="viewport" content="width=device-width"><title>A site</title>
${css && `<style>${css}</style>`}${inHead ? tag : ""}</head>
<body><h1>A site</h1>${inHead ? "" : tag}</body></html>`);
}

/** Tags with only these attributes, one JSON object each. */
function plainTags(url, attributes) {
	const tags = attributes.map((one) => {
		const all = { src: `${url}/widget/chat-widget.js`, nonce: NONCE, ...JSON.parse(one) };
		const list = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
		return `<script ${list.join(" ")} defer></script>`;
	});
	return tags.join("\n");
}

function answer(res, origin, query) {
	const url = query.get("server") ?? origin;
	const widgetId = query.get("widget");
	if (query.has("tag")) {
		const connects = query.get("connects") ?? `${url} ${url.replace(/^http/, "ws")}`;
		servePage(res, url, connects, plainTags(url, query.getAll("tag")), query);
		return;
	}
	if (widgetId !== null) {
		const socket = url.replace(/^http/, "ws");
		const connects = query.get("connects") ?? `${url} ${socket}`;
		servePage(res, url, connects, widgetTag(url, widgetId), query);
		return;
	}
	const apiUrl = query.get("api") ?? `${url}/chat`;
	const { origin: api } = new URL(apiUrl);
	servePage(res, url, `${api} ${api.replace(/^http/, "ws")}`, scriptTag(url, apiUrl), query);
}

/** A page with the parts of its body and of its head. */
export const pageOf = (body, head = "") =>
	`<!doctype html><html lang="en"><head><title>A site</title>${head}</head><body>${body}</body></html>`;

export const isFocused = (locator) => locator.evaluate((node) => node.matches(":focus"));

/** Helpers for the chat on a page. */
export class Visitor {
	constructor(context, page) {
		this.context = context;
		this.page = page;
		this.complaints = complaintsOf(page);
		/** The owner's view. */
		this.hints = [];
		page.on("console", (message) => {
			if (message.type() === "warning") this.hints.push(message.text());
		});
		this.chat = page.locator("banter-chat").getByRole("dialog");
		/** The announcements to screen readers. */
		this.live = page.locator("banter-chat").locator("[aria-live=polite]");
		this.box = this.chat.getByRole("textbox", { name: "Your message" });
		this.stop = this.chat.getByRole("button", { name: "Stop the reply" });
		this.again = this.chat.getByRole("button", { name: "Try again" });
		this.stopped = this.chat.getByText("Stopped", { exact: true });
	}

	/** Clicks the button, and waits until the chat is there: from then on other pages open it, too. */
	async open() {
		await this.page.getByRole("button", { name: "Open chat" }).click();
		await this.chat.waitFor();
		return this;
	}

	/** Opens the chat, sends a message, and waits for the beginning of its reply. */
	async begin(question, beginning = "t0 t1 t2") {
		await this.open();
		await this.say(question);
		await this.logUntil("the reply has begun", (text) => text.includes(beginning));
		return this;
	}

	/** Sends a message, and waits until the page shows it with this reply after these lines. */
	async ask(question, reply, before = []) {
		await this.say(question);
		await this.saidUntil([...before, ...exchange(question, reply)]);
	}

	/**
	 * After the previous reply has ended: its last token may appear earlier, and until the end no
	 * message is accepted.
	 */
	async say(text) {
		await this.stop.waitFor({ state: "hidden" });
		await this.box.fill(text);
		await this.box.press("Enter");
	}

	/** Adds another script tag to the page and waits until it has run. */
	addTag(attributes) {
		return this.page.evaluate(({ src, ...others }) => {
			window.site ??= trustedTypes.createPolicy("site", { createScriptURL: (url) => url });
			const script = document.createElement("script");
			script.src = window.site.createScriptURL(src);
			for (const [name, value] of Object.entries(others)) script.setAttribute(name, value);
			const loaded = new Promise((done) => script.addEventListener("load", done));
			document.head.append(script);
			return loaded;
		}, attributes);
	}

	session() {
		return this.page.evaluate(() => localStorage.getItem("banter.session"));
	}

	/** Waits until the conversation's text satisfies test(); resolves to it. */
	logUntil(what, test) {
		return until(what, async () => {
			const text = await this.chat.getByRole("log").textContent();
			return test(text) && text;
		});
	}

	/** The messages on the page, one string each with sender and text. */
	said() {
		return this.chat
			.getByRole("log")
			.locator(".row")
			.evaluateAll((rows) =>
				rows.map((row) => {
					const who = row.classList.contains("user") ? "visitor" : "assistant";
					const bubble = row.querySelector(".bubble");
					// Without the dots' "Thinking…".
					const text = bubble && !bubble.querySelector(".dots") ? bubble.textContent : "";
					return `${who}: ${text}`;
				}),
			);
	}

	/** Waits until the page has exactly these messages after the welcome. */
	async saidUntil(expected, ms = DEADLINE_MS) {
		const wanted = JSON.stringify([`assistant: ${WELCOME}`, ...expected]);
		let said = "";
		const isSaid = async () => {
			said = JSON.stringify(await this.said());
			return said === wanted;
		};
		await until(`it is said: ${wanted}`, isSaid, ms).catch((error) => {
			error.message += `\nbut: ${said}`;
			throw error;
		});
	}

	/** Records the newest reply's text in every frame from now on, also after a reload. */
	async watch() {
		const seen = [];
		await this.page.exposeFunction("sawReply", (text) => seen.push(text));
		const look = () => {
			let last = "";
			const frame = () => {
				const root = document.querySelector("banter-chat")?.shadowRoot;
				const rows = root?.querySelectorAll(".row.assistant") ?? [];
				// The first one is the welcome message.
				const bubble = rows.length > 1 && rows[rows.length - 1].querySelector(".bubble");
				const text = bubble && !bubble.querySelector(".dots") ? bubble.textContent : "";
				if (text !== last) window.sawReply(text);
				last = text;
				requestAnimationFrame(frame);
			};
			frame();
		};
		await this.page.addInitScript(look);
		await this.page.evaluate(look);
		return seen;
	}
}

/**
 * A banter, a site and a browser for all tests of a describe().
 * @param {object} browserOptions of launch(), and areKept: of useBrowser()
 * @param {string[]} [stub] further arguments of the stub model
 * @param {object} [env] further settings of banter
 */
export function useSite({ areKept = false, ...browserOptions } = {}, stub = [], env = {}) {
	const server = createServer();
	const settings = { ...env };
	/**
	 * reports: what violated a page's policy, one address a report. files: what a test wants to have on the site,
	 * pages and scripts by their paths.
	 */
	const site = { reports: [], files: {} };
	let browser;
	let profiles;
	const contexts = [];
	// The address is needed for CORS_ORIGIN, before banter starts.
	before(async () => {
		// Not any port: a browser tries ::1 first, where another process may use the same one.
		const port = await freePort();
		await new Promise((done) => server.listen(port, "127.0.0.1", done));
		site.url = `http://localhost:${port}`;
		settings.CORS_ORIGIN = site.url;
		browser = await launch(browserOptions);
		profiles = new Profiles(browser, areKept);
	});
	site.banter = useBanter({ env: settings, stub });
	before(() => {
		server.on("request", async (req, res) => {
			const { pathname, searchParams } = new URL(req.url, site.url);
			const file = site.files[pathname];
			if (file !== undefined) {
				const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
				res.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(file);
			} else if (pathname === "/") answer(res, site.banter.url, searchParams);
			else {
				if (pathname === "/reports")
					site.reports.push((await json(req))["csp-report"]["blocked-uri"]);
				res.writeHead(204).end();
			}
		});
	});
	after(async () => {
		await browser?.close();
		server.closeAllConnections();
		server.close();
	});

	/** A visitor with a separate browser profile; api: the URL in the site's tag. */
	site.visit = async (api) => site.openTab(await site.newContext(), api);

	site.openTab = (context, api) => goTo(context, api ? `?api=${encodeURIComponent(api)}` : "");

	/**
	 * The same on a page with a widget's tag; context: an existing profile. page: its lang, dir, css, the
	 * place of the tag if in the head, a server in front of banter, where the policy lets it connect to, and
	 * whether violations are reported.
	 */
	site.visitWidget = async (widgetId, context, page = {}) =>
		goTo(
			context ?? (await site.newContext()),
			`?${new URLSearchParams({ widget: widgetId, ...page })}`,
		);

	/** A page of the site with this HTML, and other files by their paths; context: an existing profile. */
	site.visitPage = async (html, files = {}, context = undefined) => {
		site.files = { "/page": html, ...files };
		const own = context ?? (await site.newContext());
		const visitor = new Visitor(own, await own.newPage());
		await visitor.page.goto(`${site.url}/page`);
		return visitor;
	};

	/**
	 * A page with a tag for each of these attributes; prepare(context): before the page is loaded; page: scripts,
	 * its policy ("nonce" or "strict-dynamic"), and what servePage() reads; screen: playwright's options.
	 */
	site.visitTags = async (tags, prepare = () => {}, page = {}, screen = {}) => {
		const query = new URLSearchParams(page);
		for (const tag of tags) query.append("tag", JSON.stringify(tag));
		const context = await site.newContext(screen);
		await prepare(context);
		return goTo(context, `?${query}`);
	};

	/** A browser profile until the end of the test, on a screen that playwright's options describe. */
	site.newContext = async (options) => {
		contexts.push(await profiles.take(options));
		return contexts.at(-1);
	};
	afterEach(() => Promise.all(contexts.splice(0).map((context) => profiles.giveBack(context))));

	/** Sends a request to the admin API, which must succeed. */
	site.admin = async (method, path, body) => {
		const answer = await site.banter.request(method, `/v1/admin/${path}`, {
			headers: { "x-admin-api-key": ADMIN_KEY },
			body,
		});
		assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
		return answer.json;
	};

	site.createWidget = (fields) =>
		site.admin("POST", "widgets", { name: "Support", greeting: WELCOME, ...fields });

	async function goTo(context, query) {
		const visitor = new Visitor(context, await context.newPage());
		await visitor.page.goto(`${site.url}/${query}`);
		return visitor;
	}

	/** A session's thread when it has n messages, the last one with this status. */
	site.stored = (session, n, status = "complete") =>
		until(`${n} messages are stored, the last ${status}`, async () => {
			const thread = await site.banter.threadOf(session);
			return thread.messages.length === n && thread.messages[n - 1].status === status && thread;
		});

	return site;
}
