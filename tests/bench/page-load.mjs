// make bench-page-load: what the chat adds to the loading of a page, by Lighthouse's definitions: Total Blocking
// Time (the time over 50 ms of each task of the main thread between First Contentful Paint and Time to
// Interactive) and Cumulative Layout Shift. A task's time is its processor time, so that other work on the machine
// counts less. Chromium runs at a quarter of the processor's speed, as Lighthouse simulates a phone. The runs of the
// pages alternate. Then the tasks of a page while its chat shows a long reply; --reply measures only these.

import { createServer } from "node:http";
import { launch, newContext } from "../browser/browser.mjs";
import { ADMIN_KEY, freePort, until, withBanter } from "../e2e/harness.mjs";
import { measureLongReply } from "./long-reply.mjs";
import { mainTasks } from "./tasks.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SLOWDOWN = 4;
/** A longer task blocks the page. */
const TASK_MS = 50;
/** The page is interactive once it was quiet for so long. */
const QUIET_MS = 5000;

const PAGES = {
	"without the chat": {},
	"with the chat": { hasChat: true },
	"with the chat left open": { hasChat: true, isOpen: true },
};

const PARAGRAPH = `<p>${"Shady hallway, sunny sill, somebody who forgets to water. ".repeat(12)}</p>`;

/**
 * It has a deferred script of its own, as most pages: without any, Chromium paints nothing before it has laid out the
 * whole page, so the page's own layout would be blocking time only beside the chat's script.
 */
function html(script) {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A site</title>
<style>body { font: 16px/1.5 sans-serif; max-width: 40em; margin: auto; }</style>
<script src="/site.js" defer></script>${script}</head><body><h1>A site</h1>${PARAGRAPH.repeat(20)}</body></html>`;
}

/** Runs in the page before its scripts. */
function observe(isOpen, widget) {
	if (isOpen) localStorage.setItem(`banter.open.${widget}`, "1");
	window.seen = { tasks: [], shifts: [] };
	const watch = (type, note) =>
		new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({
			type,
			buffered: true,
		});
	watch("longtask", ({ startTime, duration }) => window.seen.tasks.push({ startTime, duration }));
	watch("layout-shift", ({ value, hadRecentInput, startTime }) => {
		if (!hadRecentInput) window.seen.shifts.push({ value, startTime });
	});
}

/** The time over 50 ms of each task that began after the first paint. The trace ends when the page is interactive. */
function blockingTime(traceEvents) {
	const { ts: paint } = traceEvents.find(({ name }) => name === "firstContentfulPaint");
	return mainTasks(traceEvents)
		.filter(({ ts }) => ts > paint)
		.reduce((sum, { ms }) => sum + Math.max(0, ms - TASK_MS), 0);
}

/** The largest sum of shifts in a window of 5 s at most, with gaps of less than 1 s. */
function layoutShift({ shifts }) {
	let [most, sum, first, last] = [0, 0, 0, 0];
	for (const { value, startTime } of shifts) {
		const isNew = startTime - last >= 1000 || startTime - first >= 5000;
		sum = isNew ? value : sum + value;
		if (isNew) first = startTime;
		last = startTime;
		most = Math.max(most, sum);
	}
	return most;
}

/** Returns a function that waits until the page was quiet: no long task, at most two requests. */
function quiet(page) {
	let open = 0;
	let busy = Date.now();
	const count = (by) => () => {
		open += by;
		if (open > 2) busy = Date.now();
	};
	page.on("request", count(1));
	for (const name of ["requestfinished", "requestfailed"]) page.on(name, count(-1));
	return () =>
		until(
			"the page is quiet",
			async () => {
				const age = await page.evaluate(() => {
					const last = window.seen.tasks.at(-1);
					return performance.now() - (last ? last.startTime + last.duration : 0);
				});
				return age > QUIET_MS && Date.now() - busy > QUIET_MS;
			},
			60_000,
		);
}

async function measure(browser, url, { hasChat, isOpen = false }, widget) {
	const context = await newContext(browser, { viewport: { width: 360, height: 740 } });
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);
	await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
	await devtools.send("Performance.enable");
	await page.addInitScript(`(${observe})(${isOpen}, "${widget}")`);
	const isQuiet = quiet(page);
	await browser.startTracing(page, { categories: ["toplevel", "loading"] });
	await page.goto(`${url}/${hasChat ? "?chat" : ""}`);
	if (hasChat) await page.locator("banter-chat").waitFor({ state: "attached" });
	if (isOpen) await page.getByRole("dialog").waitFor();
	await isQuiet();
	const seen = await page.evaluate(() => window.seen);
	const { metrics } = await devtools.send("Performance.getMetrics");
	const tasks = metrics.find(({ name }) => name === "TaskDuration").value * 1000;
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	await context.close();
	return { blocking: blockingTime(traceEvents), shift: layoutShift(seen), tasks };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function report(results) {
	const base = results["without the chat"];
	for (const [name, runs] of Object.entries(results)) {
		const of = (figure, digits = 0) => median(runs.map((run) => run[figure])).toFixed(digits);
		const more = median(runs.map((run, i) => run.blocking - base[i].blocking));
		console.log(
			`${name}: blocking time ${of("blocking")} ms (${more.toFixed(0)} added), layout shift ${of("shift", 3)}, main thread ${of("tasks")} ms`,
		);
	}
}

async function createWidget(banter) {
	const reply = await banter.request("POST", "/v1/admin/widgets", {
		headers: { "x-admin-api-key": ADMIN_KEY },
		body: { name: "Support" },
	});
	return reply.json.widget_id;
}

async function measureLoading(banter) {
	const widget = await createWidget(banter);
	const tag = `<script src="${banter.url}/api/widget/embed.js" data-widget="${widget}" defer></script>`;
	const server = createServer((req, res) => {
		if (req.url === "/site.js") {
			res.writeHead(200, { "content-type": "text/javascript" }).end("document.title += '!';");
			return;
		}
		res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
		res.end(html(req.url.includes("chat") ? tag : ""));
	});
	const port = await freePort();
	await new Promise((done) => server.listen(port, "127.0.0.1", done));
	const browser = await launch({ isFast: true });
	try {
		const results = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
		for (let round = 0; round < ROUNDS; round++)
			for (const [name, page] of Object.entries(PAGES))
				results[name].push(await measure(browser, `http://localhost:${port}`, page, widget));
		console.log(`Median of ${ROUNDS} runs, a ${SLOWDOWN}th of the processor's speed:`);
		report(results);
	} finally {
		await browser.close();
		server.closeAllConnections();
		server.close();
	}
}

if (!process.argv.includes("--reply")) await withBanter({}, measureLoading);
for (const [name, figures] of Object.entries(await measureLongReply(createWidget))) {
	const list = Object.entries(figures).map(([what, figure]) => `${what}: ${figure}`);
	console.log(`${name}: ${list.join(", ")}`);
}
