// make bench-pages: the time from a visitor's message to its event in the open pages of an owner: 100 pages follow
// GET /v1/admin/events while visitors send messages.

import { openStream } from "../e2e/client.mjs";
import { ADMIN_KEY, until, withBanter } from "../e2e/harness.mjs";

const PAGES = 100;
const MESSAGES = 100;
const GOAL_MS = 50;

const now = () => performance.now();

/** Notes when the event of each message's conversation arrives: arrivals has a list for each page. */
async function follow(banter, arrivals) {
	const headers = { "x-admin-api-key": ADMIN_KEY };
	const stream = await openStream(banter.url, "/v1/admin/events?kinds=message", headers);
	await until("the page has its position", () => stream.sse.id !== "");
	(async () => {
		for (let event = await stream.next(); event; event = await stream.next()) arrivals.push(now());
	})().catch(() => {}); // the page was closed
	return stream;
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

await withBanter({ workers: 2 }, async (banter) => {
	const arrivals = Array.from({ length: PAGES }, () => []);
	const pages = await Promise.all(arrivals.map((list) => follow(banter, list)));
	const delays = [];
	for (let i = 0; i < MESSAGES; i++) {
		const sent = now();
		await banter.chat(`visitor-${i}`, "[[tokens=1]]");
		await until("every page has the event", () => arrivals.every((list) => list.length === i + 1));
		for (const list of arrivals) delays.push(list[i] - sent);
	}
	for (const page of pages) page.leave();
	delays.sort((a, b) => a - b);
	const [p50, p99] = [0.5, 0.99].map((q) => quantile(delays, q).toFixed(1));
	const judged = p99 <= GOAL_MS ? "" : " (missed)";
	console.log(
		`From a message to its event in ${PAGES} open pages, 2 workers, ${MESSAGES} messages:`,
	);
	console.log(`p50 ${p50} ms, p99 ${p99} ms; goal of p99: ${GOAL_MS} ms${judged}`);
});
