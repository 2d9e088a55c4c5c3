// The tasks of a page's main thread while its chat shows a reply of 100 KB of Markdown: as it streams for 11 s, and
// as it comes at once, from the history.

import { createServer } from "node:http";
import { launch, newContext } from "../browser/browser.mjs";
import { freePort, until, withBanter } from "../e2e/harness.mjs";
import { mainTasks } from "./tasks.mjs";

const BYTES = 100_000;
const STREAM_MS = 11_000;
const TICK_MS = 20;
/** A longer task blocks the page. */
const TASK_MS = 50;
const END = "The end.";

const SENTENCE =
	"Ferns like a *bright* place with **some** shade, `soft water`, and [our guide](https://shop.example/a). ";
const UNIT = `## Ferns\n\n${SENTENCE.repeat(3)}\n\n- one **a**\n  - nested ${SENTENCE}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`js\nconst a = 1;\nconst b = 2;\n\`\`\`\n\n`;
const REPLY = `${UNIT.repeat(Math.ceil(BYTES / UNIT.length)).slice(0, BYTES)}\n\n${END}`;

/** A model that streams the reply. */
function serveModel() {
	return createServer((req, res) => {
		req.resume();
		res.writeHead(200, { "content-type": "text/event-stream" });
		const say = (choice) => res.write(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
		const begin = Date.now();
		let sent = 0;
		const timer = setInterval(() => {
			const end = Math.ceil(((Date.now() - begin) / STREAM_MS) * REPLY.length);
			say({ index: 0, delta: { content: REPLY.slice(sent, end) } });
			sent = end;
			if (sent < REPLY.length) return;
			clearInterval(timer);
			say({ index: 0, delta: {}, finish_reason: "stop" });
			res.end("data: [DONE]\n\n");
		}, TICK_MS);
		res.on("close", () => clearInterval(timer));
	});
}

async function listen(server) {
	const port = await freePort();
	await new Promise((done) => server.listen(port, "127.0.0.1", done));
	return port;
}

/** Runs in the page before its scripts. */
function observe() {
	window.long = [];
	new PerformanceObserver((list) => {
		for (const { duration } of list.getEntries()) window.long.push(duration);
	}).observe({ type: "longtask", buffered: true });
}

/** Carries out `act`, and waits until the reply is complete on the page. */
async function watch(browser, page, act) {
	await page.evaluate(() => {
		window.long = [];
	});
	await browser.startTracing(page, { categories: ["toplevel"] });
	await act();
	const isShown = (end) => {
		const root = document.querySelector("banter-chat")?.shadowRoot;
		const text = root?.querySelector("[data-phase=done] .md > :last-child")?.textContent;
		// Its buttons come last.
		return text?.endsWith(end) && root.querySelector(".assistant .meta") !== null;
	};
	await until("the reply is shown", () => page.evaluate(isShown, END), 120_000);
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	const long = await page.evaluate(() => window.long);
	const times = mainTasks(traceEvents).map(({ ms }) => ms);
	return {
		"long tasks (wall-clock time)": long.length,
		"longest of them, ms": Math.round(Math.max(0, ...long)),
		[`tasks over ${TASK_MS} ms of processor time`]: times.filter((ms) => ms > TASK_MS).length,
		"longest task, ms of processor time": Math.round(Math.max(...times)),
		"all tasks, ms of processor time": Math.round(times.reduce((sum, ms) => sum + ms, 0)),
	};
}

/** Resolves to the figures of both cases. */
export async function measureLongReply(createWidget) {
	const model = serveModel();
	const env = { OPENAI_BASE_URL: `http://127.0.0.1:${await listen(model)}/v1` };
	const browser = await launch({ isFast: true });
	const site = createServer();
	try {
		let figures = {};
		await withBanter({ env }, async (banter) => {
			const widget = await createWidget(banter);
			site.on("request", (_, res) => {
				res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
				res.end(
					`<!doctype html><title>A site</title><script src="${banter.url}/api/widget/embed.js" data-widget="${widget}" defer></script>`,
				);
			});
			const url = `http://localhost:${await listen(site)}`;
			const context = await newContext(browser, { viewport: { width: 1280, height: 800 } });
			const page = await context.newPage();
			await page.addInitScript(observe);
			await page.goto(url);
			await page.getByRole("button", { name: "Open chat" }).click();
			const box = page.getByRole("textbox", { name: "Your message" });
			await box.fill("Ferns?");
			const streamed = await watch(browser, page, () => box.press("Enter"));
			const loaded = await watch(browser, page, () => page.reload());
			figures = { "100 KB streaming for 11 s": streamed, "100 KB from the history": loaded };
		});
		return figures;
	} finally {
		await browser.close();
		for (const server of [model, site]) {
			server.closeAllConnections();
			server.close();
		}
	}
}
