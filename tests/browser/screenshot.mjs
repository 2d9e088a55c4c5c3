// Makes the pictures of the documents: `node tests/browser/screenshot.mjs OUT_DIR` starts the service with
// a model of a few fixed answers, chats as visitors would, and leaves widget.png, playground.png, contact.png, and
// dashboard.png, dashboard-widget.png, dashboard-agent.png and dashboard-knowledge.png.

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { ADMIN_KEY, PASSWORD, until, WIDGET_KEY, withBanter } from "../e2e/harness.mjs";
import { launch } from "./browser.mjs";

const SIZE = { width: 1180, height: 760 };
/** The playground with a site of about that size. */
const WIDE = { width: 1650, height: 1030 };
const DASHBOARD = { width: 1360, height: 850 };
const BYTES_MAX = 160 * 1024; // a README should open at once

const CONVERSATION = [
	[
		"Hi! Which of your plants survive a dark hallway?",
		"Three rarely complain: the ZZ plant, the cast-iron plant and a snake plant. All of them are fine with water every two or three weeks.",
	],
	[
		"Are they safe for a cat?",
		"The cast-iron plant is. The ZZ plant and the snake plant are not, so keep those out of reach or pick a parlour palm instead: it is harmless, likes shade…",
	],
];
/** The last reply hangs here, so that the picture shows it streaming. */
const PAUSE_AFTER = 15;
const wordsOf = (text) => text.match(/\S+\s*/g);

/** An OpenAI-compatible server with the conversation above and a greeting for everyone else. */
function startModel() {
	const server = createServer(async (req, res) => {
		if (req.method === "GET") {
			res.writeHead(200, { "content-type": "application/json" });
			res.end('{"data":[{"id":"gpt-4.1-mini"},{"id":"gpt-4.1"}]}');
			return;
		}
		const question = (await json(req)).messages.at(-1).content;
		const index = CONVERSATION.findIndex(([asked]) => asked === question);
		const reply = CONVERSATION[index]?.[1] ?? "Yes, every weekday, and to your door.";
		res.writeHead(200, { "content-type": "text/event-stream" });
		const pauses = index === CONVERSATION.length - 1;
		for (const content of wordsOf(reply).slice(0, pauses ? PAUSE_AFTER : undefined)) {
			const choices = [{ index: 0, delta: { content }, finish_reason: null }];
			res.write(`data: ${JSON.stringify({ choices })}\n\n`);
		}
		if (!pauses) res.end("data: [DONE]\n\n");
	});
	return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

/** A page with reduced motion at this path of the service. */
async function openPage(browser, banter, path) {
	const page = await browser.newPage({ viewport: SIZE, reducedMotion: "reduce" });
	await page.goto(banter.url + path);
	return page;
}

/** Takes the picture; `part`: of this element alone. */
async function take(page, path, part = page) {
	// Waits until all animations have ended, except those that never do.
	for (const frame of page.frames())
		await frame.evaluate(() =>
			Promise.all(
				document
					.getAnimations()
					.filter(({ effect }) => effect.getTiming().iterations !== Infinity)
					.map((one) => one.finished.catch(() => {})),
			),
		);
	const png = await part.screenshot({ animations: "disabled" });
	writeFileSync(path, png);
	console.log(`${path}: ${png.length} bytes`);
	if (png.length > BYTES_MAX) throw new Error(`${path} has more than ${BYTES_MAX} bytes`);
}

async function takeWidget(browser, banter, path, playground) {
	const page = await openPage(browser, banter, `/widget-test.html#key=${WIDGET_KEY}`);
	const site = page.frameLocator("#site");
	await site.getByRole("button", { name: "Open chat" }).click();
	const chat = site.getByRole("dialog");
	for (const [question, answer] of CONVERSATION) {
		await chat.getByRole("textbox").fill(question);
		await chat.getByRole("textbox").press("Enter");
		await chat.getByText(wordsOf(answer).slice(0, PAUSE_AFTER).join("").trim()).waitFor();
	}
	await take(page, playground);
	await page.setViewportSize(WIDE);
	await take(page, path, page.locator("#site"));
	await page.close();
}

/** A widget with settings on the server that requires contact details first. */
const WIDGET = {
	name: "Fernlight Plants",
	greeting: "Hi! Tell us about your place, and we find the plant for it.",
	primary_color: "#1f6f54",
	contact_info_mode: "required",
	collect_name: true,
	collect_email: true,
};

async function takeContact(browser, banter, path) {
	const answer = await banter.request("POST", "/v1/admin/widgets", {
		headers: { "x-admin-api-key": ADMIN_KEY },
		body: WIDGET,
	});
	const page = await openPage(browser, banter, `/widget-test.html?widget=${answer.json.widget_id}`);
	await page.setViewportSize(WIDE);
	const site = page.frameLocator("#site");
	await site.getByRole("button", { name: "Open chat" }).click();
	const chat = site.getByRole("dialog");
	await chat.getByLabel("Name").fill("Jane");
	await chat.getByLabel("E-mail").fill("jane@example.com");
	await chat.getByLabel("E-mail").blur();
	await take(page, path, page.locator("#site"));
	await page.close();
}

/** Visitors in the inbox: what they have written last, and who they are, as far as they said. */
const VISITORS = [
	{ session: "v-1", says: "Do you deliver?" },
	{
		session: "v-2",
		says: "My monstera has yellow leaves. Is it the light?",
		contact: { name: "Amelie Roux" },
	},
	{ session: "v-3", says: "Can I return a pot that is too small?", state: "waiting" },
	{
		session: "v-4",
		says: "Do you deliver?",
		contact: { name: "Jonas Weber", email: "jonas@example.com" },
	},
	{ session: "v-5", says: CONVERSATION[0][0], tags: ["Advice"] },
	{ session: "v-6", says: "Where is my order 4711?", state: "waiting", tags: ["Order"] },
];

/** An administrator's request; resolves to the JSON. */
async function admin(banter, method, path, body) {
	const headers = { "x-admin-api-key": ADMIN_KEY };
	return (await banter.request(method, `/v1/admin${path}`, { headers, body })).json;
}

/** Fills the inbox. */
async function fillInbox(banter) {
	const tags = new Map();
	for (const [name, color] of [
		["Order", "#2f8577"],
		["Advice", "#4a67c9"],
	])
		tags.set(name, (await admin(banter, "POST", "/tags", { name, color })).id);
	for (const { session, says, state, tags: names = [] } of VISITORS) {
		await banter.chat(session, says);
		const { conversations } = await admin(banter, "GET", "/conversations?limit=1");
		const change = { ...(state && { state }), tags: names.map((name) => tags.get(name)) };
		await admin(banter, "PUT", `/conversations/${conversations[0]._id}`, change);
	}
}

async function logIn(browser, banter) {
	const page = await openPage(browser, banter, "/login");
	await page.setViewportSize(DASHBOARD);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.getByRole("button", { name: "Log in" }).click();
	await page.locator(".row").first().waitFor();
	return page;
}

async function takeInbox(page, path) {
	await page.getByText(CONVERSATION[0][1].slice(0, 40)).first().click();
	await page.getByRole("log", { name: "Messages" }).getByText(CONVERSATION[0][1]).waitFor();
	await take(page, path);
}

async function takeWidgetForm(page, path) {
	await page.getByRole("link", { name: "Widgets", exact: true }).click();
	await page.getByRole("link", { name: WIDGET.name }).click();
	await page.frameLocator("iframe").getByText(WIDGET.greeting).waitFor();
	await take(page, path);
}

async function takeAgent(page, path) {
	await page.getByRole("link", { name: "Agents", exact: true }).click();
	await page.getByRole("link", { name: "Plant advisor" }).click();
	await page.getByRole("textbox", { name: "Message", exact: true }).fill(CONVERSATION[0][0]);
	await page.keyboard.press("Enter");
	await page.getByText(CONVERSATION[0][1]).waitFor();
	await take(page, path);
}

/** What the shop's pages say, by their paths. */
const PAGES = {
	delivery: [
		"Delivery",
		"We deliver within two days in Germany, Austria and France. Delivery costs 4.90 euros; orders over 50 euros are delivered free of charge.",
	],
	returns: [
		"Returns",
		"Send a plant back within 30 days, in the box in which it was delivered. We pay for the parcel.",
	],
	"care/monstera": [
		"Monstera",
		"A monstera likes bright light without direct sun. Yellow leaves mean too much water.",
	],
};
/** So many that an agent does not get all of the content for each question. */
const PLANTS = 60;
const ANSWER = {
	question: "Does delivery cost more on Saturdays?",
	text: "No. We deliver on Saturdays in Berlin and Hamburg, if the order is placed before noon on Friday.",
	published: true,
};

async function fillKnowledge(banter) {
	const source = await admin(banter, "POST", "/sources", { name: "Shop", kind: "pushed" });
	const plants = Array.from({ length: PLANTS }, (_, i) => [
		`plants/${i + 1}`,
		[
			`Plant ${i + 1}`,
			`Number ${i + 1} of our collection grows to ${i + 10} centimetres within ${i + 1} years. `.repeat(
				4,
			),
		],
	]);
	for (const [path, [title, body]] of [...Object.entries(PAGES), ...plants]) {
		const query = new URLSearchParams({ url: `https://fernlight.example/${path}`, title });
		await banter.request("PUT", `/v1/admin/sources/${source.id}/content?${query}`, {
			headers: { "x-admin-api-key": ADMIN_KEY, "content-type": "text/plain" },
			body,
		});
	}
	await admin(banter, "POST", "/answers", ANSWER);
	await until("all of it can be found", async () => {
		const { chunks } = await admin(banter, "POST", "/find", { question: "delivery" });
		return chunks > Object.keys(PAGES).length + PLANTS;
	});
}

async function takeKnowledge(page, path) {
	await page.getByRole("link", { name: "Knowledge", exact: true }).click();
	await page.getByRole("link", { name: "Try it" }).click();
	await page.getByLabel("A visitor’s question").fill("How much does delivery cost?");
	await page.keyboard.press("Enter");
	await page.getByText(PAGES.delivery[1]).waitFor();
	await take(page, path);
}

async function takeDashboard(browser, banter, out) {
	await fillInbox(banter);
	await fillKnowledge(banter);
	const agent = await admin(banter, "POST", "/agents", {
		name: "Plant advisor",
		purpose: "You advise the customers of a plant shop.",
		custom_instructions: "Three sentences at most. Warn about plants that harm cats and dogs.",
		restricted_topics: "Other shops. Medicine.",
	});
	const page = await logIn(browser, banter);
	await takeInbox(page, join(out, "dashboard.png"));
	await takeWidgetForm(page, join(out, "dashboard-widget.png"));
	await takeAgent(page, join(out, "dashboard-agent.png"));
	await admin(banter, "PUT", `/agents/${agent.id}`, { knowledge: "all" });
	await takeKnowledge(page, join(out, "dashboard-knowledge.png"));
	await page.close();
}

const out = process.argv[2];
if (!out) {
	console.error("usage: node tests/browser/screenshot.mjs OUT_DIR");
	process.exit(64); // EX_USAGE
}
mkdirSync(out, { recursive: true });
const model = await startModel();
const env = { OPENAI_BASE_URL: `http://127.0.0.1:${model.address().port}/v1` };
await withBanter({ env, search: true, crawl: true }, async (banter) => {
	const browser = await launch({ complete: true });
	try {
		await takeWidget(browser, banter, join(out, "widget.png"), join(out, "playground.png"));
		await takeContact(browser, banter, join(out, "contact.png"));
		await takeDashboard(browser, banter, out);
	} finally {
		await browser.close();
		model.closeAllConnections();
		model.close();
	}
});
