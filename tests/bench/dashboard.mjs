// make bench-dashboard: the dashboard's inbox with 50,000 conversations, in Chromium: how long until the first rows are
// on the screen, and the main thread's time until then; its tasks while it scrolls from the newest to the oldest
// conversation and back, and the time from a key to the screen, in the list and in a thread of 600 messages (--thread:
// only this). A task's time is its processor time, so that other work on the machine counts less.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch, newContext } from "../browser/browser.mjs";
import { PASSWORD, until, withBanter } from "../e2e/harness.mjs";
import { Bench, verdict } from "./bench.mjs";
import { timeKeys } from "./keys.mjs";
import { mainTasks } from "./tasks.mjs";
import { fillThread, timeThread } from "./thread.mjs";

/** fill writes whole conversations of one turn, the same number for each of its 512 visitors. */
const CONVERSATIONS = 51_200;
const VISITS = 11;
const KEYS = 300;
/** In each frame: 20 screens a second, as after a strong flick; and 100 screens, to come to the end. */
const FLICK_PX = 300;
const FLICK_FRAMES = 1200;
const JUMP_PX = 1500;
const VIEWPORT = { width: 1440, height: 900 };

/** The goals of tests/README.md. */
const FIRST_ROWS_MS = 200;
const LOAD_MS = 100;
const TASK_MS = 50;
const KEY_MS = 100;
const FRAMES = 60;

const quantile = (values, q) =>
	[...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
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
				performance.mark("first row");
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

async function visit(page, url) {
	await page.goto(`${url}/?view=all`);
	await page.waitForFunction(() => window.firstRow !== undefined);
	return page.evaluate(() => window.firstRow);
}

/** The main thread's processor time of one visit, from the navigation to the first rows, which react to keys; in ms. */
async function timeVisit(browser, page, url) {
	await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
	await visit(page, url);
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	const at = (name) => traceEvents.filter((one) => one.name === name).at(-1).ts;
	const [from, to] = [at("navigationStart"), at("first row")];
	return mainTasks(traceEvents)
		.filter(({ ts }) => ts >= from && ts <= to)
		.reduce((sum, task) => sum + task.ms, 0);
}

/** In new browsers, which have no script of the dashboard yet, as the context's user. */
async function measureFirstLoad(browser, context, url) {
	const storageState = await context.storageState();
	const loads = [];
	for (let i = 0; i < VISITS; i++) {
		const fresh = await newContext(browser, { viewport: VIEWPORT, storageState });
		const page = await fresh.newPage();
		await page.addInitScript(watchFirstRow);
		loads.push(await timeVisit(browser, page, url));
		await fresh.close();
	}
	const load = quantile(loads, 0.5);
	const value = `median ${ms(load)}, longest ${ms(Math.max(...loads))}`;
	say("the first load, time of the main thread", value, `${LOAD_MS} ms`, load <= LOAD_MS);
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

function sayKeys(what, times) {
	const p99 = quantile(times, 0.99);
	const value = `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(p99)}`;
	say(`${what}, from a key to the screen`, value, `${KEY_MS} ms`, p99 <= KEY_MS);
}

async function measureThread(browser, page, banter) {
	const id = await fillThread(banter);
	const { times, longest } = await timeThread(browser, page, banter.url, id);
	for (const [what, keys] of times) sayKeys(`in a thread of 600 messages, ${what}`, keys);
	say("in that thread, longest task", ms(longest), `${TASK_MS} ms`, longest <= TASK_MS);
}

async function fill(banter) {
	const socket = join(banter.storaged.env.DATA_DIR, "store.sock");
	const plan = { socket, messages: 2 * CONVERSATIONS, turns: 1 };
	const bench = new Bench("dashboard", 1800);
	for await (const _ of bench.measure("fill", plan));
	const { total } = await banter.conversations(1);
	console.log(`${total.toLocaleString("en")} conversations`);
}

async function measureInbox(browser, page, banter) {
	await fill(banter);
	await measureFirstLoad(browser, page.context(), banter.url);
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
	const keys = Array.from({ length: KEYS }, (_, i) => (i % 50 === 49 ? "k" : "j"));
	sayKeys("in the list", await timeKeys(page, keys));
	await measureScroll(browser, page, "after a flick", FLICK_PX, FLICK_FRAMES);
	await measureScroll(browser, page, "to the oldest, which loads all", JUMP_PX);
	await measureScroll(browser, page, "back from the oldest", -FLICK_PX, FLICK_FRAMES);
}

const { values: only } = parseArgs({ options: { thread: { type: "boolean", default: false } } });

await withBanter({ workers: 1 }, async (banter) => {
	const browser = await launch({ isFast: true });
	try {
		const context = await newContext(browser, { viewport: VIEWPORT });
		const page = await context.newPage();
		await page.addInitScript(watchFirstRow);
		await page.goto(`${banter.url}/login`);
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await page.getByRole("main").waitFor();
		if (!only.thread) await measureInbox(browser, page, banter);
		await measureThread(browser, page, banter);
	} finally {
		await browser.close();
	}
});
