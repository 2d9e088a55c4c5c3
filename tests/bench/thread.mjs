// Part of make bench-dashboard: a conversation of 600 messages in the dashboard, all of them loaded: the time from a key
// in the text field to the screen, and the tasks of the main thread meanwhile.

import { timeKeys } from "./keys.mjs";
import { mainTasks } from "./tasks.mjs";

const TURNS = 300;
const KEYS = 300;

/** A question, to which the model answers with Markdown: a few sentences, a list, code. */
const question = (n) =>
	`[[text="**Answer ${n}** to the question, with \`code\` and [a link](https://shop.example/${n}).\\n\\n- The first point, which fills a line of the bubble\\n- The second one\\n\\nThen some sentences follow. They are as long as those of most models, so that the line breaks a few times on the way."]] Where is order ${n}?`;

/** Its id. */
export async function fillThread(banter) {
	let id;
	for (let i = 0; i < TURNS; i++)
		id = (await banter.chat("talkative", question(i))).json.conversationId;
	return id;
}

async function loadAll(page) {
	const log = page.getByRole("log", { name: "Messages" });
	await log.locator("[data-row]").first().waitFor();
	while ((await log.locator("[data-row]").count()) < 2 * TURNS)
		await log.evaluate(async (box) => {
			box.scrollTop = 0;
			await new Promise(requestAnimationFrame);
		});
	await log.evaluate((box) => {
		box.scrollTop = box.scrollHeight;
	});
}

/** Types, sends messages, and opens and closes the side panel. Yields the times of the keys of each, in ms. */
async function* keysInThread(page) {
	const field = page.getByRole("textbox", { name: "Your reply" });
	await field.focus();
	const letters = "Your order is on its way and comes tomorrow. ";
	const typed = Array.from({ length: KEYS }, (_, i) => letters[i % letters.length] ?? " ");
	yield ["typing", await timeKeys(page, typed)];
	const sent = Array.from({ length: KEYS / 5 }, (_, i) => (i % 2 === 0 ? "a" : "Enter"));
	yield ["writing and sending", await timeKeys(page, sent)];
	await field.blur();
	yield ["opening and closing the side panel", await timeKeys(page, Array(KEYS / 10).fill("i"))];
}

/** Resolves to the times of the keys, by what they do, and the longest task of the main thread, all in ms. */
export async function timeThread(browser, page, url, id) {
	await page.goto(`${url}/conversations/${id}`);
	await loadAll(page);
	await page.getByRole("button", { name: /^Take over/ }).click();
	const times = [];
	await browser.startTracing(page, { categories: ["toplevel"] });
	for await (const one of keysInThread(page)) times.push(one);
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	return { times, longest: Math.max(...mainTasks(traceEvents).map((task) => task.ms)) };
}
