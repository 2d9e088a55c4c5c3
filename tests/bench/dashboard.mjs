// make bench-dashboard: the dashboard's inbox with 50,000 conversations, in Chromium: how long until the first rows are
// on the screen, the tasks of the main thread while it scrolls from the newest to the oldest conversation and back, and
// the time from a key to the screen. A task's time is its processor time, so that other work on the machine counts less.

import { join } from "node:path";
import { launch, newContext } from "../browser/browser.mjs";
import { PASSWORD, until, withBanter } from "../e2e/harness.mjs";
import { Bench, verdict } from "./bench.mjs";
import { mainTasks } from "./tasks.mjs";

/** fill writes whole conversations of one turn, the same number for each of its 512 visitors. */
const CONVERSATIONS = 51_200;
const VISITS = 11;
const KEYS = 300;
/** In each frame: 20 screens a second, as after a strong flick; and 100 screens, to come to the end. */
const FLICK_PX = 300;
const FLICK_FRAMES = 1200;
const JUMP_PX = 1500;

/** The goals of tests/README.md. */
const FIRST_ROWS_MS = 200;
const TASK_MS = 50;
const KEY_MS = 100;
const FRAMES = 60;

const quantile = (values, q) =>
	values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];
const ms = (n) => `${n.toFixed(n < 10 ? 1 : 0)} ms`;
const say = (what, value, goal, met) => console.log(`${what}: ${value} (${verdict(met, goal)})`);

/** Runs in the page before its scripts: notes when the first row is on the screen. */
function watchFirstRow() {
	const watch = new MutationObserver(() => {
		if (!document.querySelector(".row")) return;
		watch.disconnect();
		requestAnimationFrame(() =>
			setTimeout(() => {
				window.firstRow = performance.now();
			}),
		);
	});
	watch.observe(document, { childList: true, subtree: true });
}

/** Runs in the page: scrolls in every frame, until nothing follows. Returns the frames' lengths. */
async function scroll({ step, most }) {
	const view = document.querySelector(".list-window");
	const isLoading = () => /Loading/.test(document.querySelector(".list-end").textContent);
	const frames = [];
	let last = performance.now();
	for (;;) {
		const now = await new Promise(requestAnimationFrame);
		frames.push(now - last);
		last = now;
		const before = view.scrollTop;
		view.scrollTop += step;
		const isAtEnd = view.scrollTop === before && (step < 0 || !isLoading());
		if (isAtEnd || frames.length > most) return frames.slice(1);
	}
}

/** Runs in the page: notes the time from each key to the frame after it. */
function watchKeys() {
	window.keyTimes = [];
	const { port1, port2 } = new MessageChannel();
	let pressed = 0;
	port1.onmessage = () => window.keyTimes.push(performance.now() - pressed);
	document.addEventListener(
		"keydown",
		(event) => {
			pressed = event.timeStamp;
			// A message that is sent in a frame arrives after it was painted.
			requestAnimationFrame(() => port2.postMessage(null));
		},
		true,
	);
}

async function visit(page, url) {
	await page.goto(`${url}/?view=all`);
	await page.waitForFunction(() => window.firstRow !== undefined);
	return page.evaluate(() => window.firstRow);
}

/** Scrolls to an end, or for so many frames. */
async function measureScroll(browser, page, what, step, most = 1e9) {
	await browser.startTracing(page, { categories: ["toplevel"] });
	const frames = await page.evaluate(scroll, { step, most });
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	const tasks = mainTasks(traceEvents).map((task) => task.ms);
	const longest = Math.max(...tasks);
	const rate = 1000 / quantile(frames, 0.5);
	const late = frames.filter((length) => length > 1.5 * (1000 / FRAMES)).length;
	const goal = `${TASK_MS} ms`;
	say(`${what}, longest task`, ms(longest), goal, longest <= TASK_MS);
	console.log(
		`${what}: ${frames.length} frames, ${rate.toFixed(0)} a second (median), ${((100 * late) / frames.length).toFixed(1)} % late, task p99 ${ms(quantile(tasks, 0.99))}`,
	);
}

async function measureKeys(page) {
	await page.evaluate(watchKeys);
	for (let i = 0; i < KEYS; i++) {
		await page.keyboard.press(i % 50 === 49 ? "k" : "j");
		await page.waitForFunction((n) => window.keyTimes.length > n, i);
	}
	const times = await page.evaluate(() => window.keyTimes);
	const p99 = quantile(times, 0.99);
	const value = `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(p99)}`;
	say("from a key to the screen", value, `${KEY_MS} ms`, p99 <= KEY_MS);
}

async function fill(banter) {
	const socket = join(banter.storaged.env.DATA_DIR, "store.sock");
	const plan = { socket, messages: 2 * CONVERSATIONS, turns: 1 };
	const bench = new Bench("dashboard", 1800);
	for await (const _ of bench.measure("fill", plan));
	const { total } = await banter.conversations(1);
	console.log(`${total.toLocaleString("en")} conversations`);
}

await withBanter({ workers: 1 }, async (banter) => {
	await fill(banter);
	const browser = await launch();
	try {
		const context = await newContext(browser, { viewport: { width: 1440, height: 900 } });
		const page = await context.newPage();
		await page.addInitScript(watchFirstRow);
		await page.goto(`${banter.url}/login`);
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await page.locator(".row").first().waitFor();
		const visits = [];
		for (let i = 0; i < VISITS; i++) visits.push(await visit(page, banter.url));
		const first = quantile(visits, 0.5);
		const value = `median ${ms(first)}, longest ${ms(Math.max(...visits))}`;
		say(
			"from the navigation to the first rows",
			value,
			`${FIRST_ROWS_MS} ms`,
			first <= FIRST_ROWS_MS,
		);
		await until("the stream is open and the page is quiet", async () => {
			return (await banter.metric("event_streams")) >= 1;
		});
		await measureKeys(page);
		await measureScroll(browser, page, "after a flick", FLICK_PX, FLICK_FRAMES);
		await measureScroll(browser, page, "to the oldest, which loads all", JUMP_PX);
		await measureScroll(browser, page, "back from the oldest", -FLICK_PX, FLICK_FRAMES);
	} finally {
		await browser.close();
	}
});
