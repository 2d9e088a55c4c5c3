// The chat on bad ways to its server: proxies that refuse, ignore or cut WebSockets, fail or buffer streams, or fall
// silent; and pages whose policy forbids the server.

import assert from "node:assert/strict";
import { afterEach, before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { openNginx } from "./nginx.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import {
	assertConversation,
	ERROR_MS,
	findWay,
	STREAM_MS,
	stopClock,
	visitWithClock,
	Way,
	WS_MS,
} from "./way.mjs";

/** It takes longer than LATE_MS, so that its end does not bring the first words. */
const slow = (words) => `[[tokens=15 hold-after=0 delay=100]] ${words}`;

/** How long the search for a way may last. */
const SEARCH_MS = 3000;
/** How late the first words may be behind a proxy that buffers. */
const LATE_MS = 1000;
/** Within this time a dead connection is shown. */
const DEAD_MS = 20_000;

const REFUSED = { mode: "refuse" };
const IGNORED = { mode: "ignore" };

/** What the proxy does, and what the page then asks for: each with the time that the page lets pass before. */
const SEARCHES = [
	["a proxy that refuses WebSockets", REFUSED, [["ndjson", ERROR_MS]]],
	["a proxy that ignores WebSockets", IGNORED, [["ndjson", WS_MS]]],
	["a proxy that cuts WebSockets", { mode: "cut" }, [["ndjson", ERROR_MS]]],
	[
		"a proxy that refuses WebSockets and fails NDJSON",
		{ ...REFUSED, failing: ["ndjson"] },
		[
			["ndjson", ERROR_MS],
			["sse", ERROR_MS],
		],
	],
	[
		"a proxy that ignores WebSockets and fails NDJSON",
		{ ...IGNORED, failing: ["ndjson"] },
		[
			["ndjson", WS_MS],
			["sse", ERROR_MS],
		],
	],
	[
		"a proxy that leaves only polls",
		{ ...REFUSED, failing: ["ndjson", "sse"] },
		[
			["ndjson", ERROR_MS],
			["sse", ERROR_MS],
			["poll", ERROR_MS],
		],
	],
	[
		"a proxy that ignores WebSockets and buffers streams",
		{ ...IGNORED, buffering: ["ndjson", "sse"] },
		[
			["ndjson", WS_MS],
			["poll", STREAM_MS],
		],
	],
	["an nginx with its defaults", { layers: 1 }, [["ndjson", ERROR_MS]]],
	[
		"two of them, of which the outer one buffers",
		{ layers: 2 },
		[
			["ndjson", ERROR_MS],
			["poll", STREAM_MS],
		],
	],
];

describe("the chat on a bad way to its server", { skip: missing }, () => {
	const site = useSite();
	const { banter } = site;
	const closing = [];
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});
	afterEach(async () => {
		for (const close of closing.splice(0)) await close();
	});

	/** faults: members of Way. */
	async function openWay(faults = {}, behind = banter.port) {
		const way = Object.assign(await Way.open(behind), faults);
		closing.push(() => way.close());
		return way;
	}

	async function layer(behind) {
		const nginx = await openNginx(behind, banter.log);
		closing.push(nginx.close);
		return nginx;
	}

	const visitBehind = ({ url }) => visitWithClock(site, widget.widget_id, url);

	/** Stops the page's clock at this time after it last began to wait for a sign of life. */
	async function passSilence({ page }, silenceMs, ms) {
		await stopClock({ page });
		const left = await page.evaluate(
			([silenceMs, ms]) =>
				window.waits.findLast((one) => one.ms === silenceMs).at + ms - Date.now(),
			[silenceMs, ms],
		);
		await page.clock.runFor(left);
	}

	/** A proxy with these faults; behind it `layers` of nginx. */
	async function openNetwork({ layers = 0, ...faults }) {
		let { port } = banter;
		for (let i = 0; i < layers; i++) ({ port } = await layer(port));
		return openWay(faults, port);
	}

	for (const [name, faults, ways] of SEARCHES) {
		const key = name.replace(/\W+/g, " ");

		it(`finds a way within 3 s, and remembers it: ${name}`, async () => {
			const way = await openNetwork(faults);
			const visitor = await visitBehind(way);
			await findWay(way, visitor, ways);
			assert.ok(ways.reduce((sum, [, ms]) => sum + ms, 0) < SEARCH_MS);
			const asked = ["ws", ...ways.map(([what]) => what)];
			await assertConversation(way, visitor, banter, key, asked);
		});
	}

	for (const layers of [1, 2])
		it(`has the first words in time behind ${layers} nginx that buffers`, async () => {
			const way = await openNetwork({ layers });
			const visitor = await visitBehind(way);
			await visitor.open();
			const late = [];
			// A busy machine may be late once, a proxy that buffers always is.
			for (let i = 0; i < 3; i++) {
				const key = `first words ${layers}.${i}`;
				const question = slow(key);
				await visitor.say(question);
				await until("the model is asked", async () => (await banter.modelCalls(question)) === 1);
				way.spot('"t0');
				const released = performance.now();
				await banter.release(key);
				await until("the first words come", () => way.spotted('"t0') !== null);
				late.push(Math.round(way.spotted('"t0') - released));
				await visitor.stop.waitFor({ state: "hidden" });
			}
			assert.ok(Math.min(...late) < LATE_MS, `after ${late} ms`);
		});

	/** socket.ts, feed.ts: after how long a silence a WebSocket is asked, and the others are given up. */
	const CARRIERS = [
		["ws", {}, 15_000],
		["ndjson", REFUSED, 19_000],
		["sse", { ...REFUSED, failing: ["ndjson"] }, 19_000],
		["poll", { ...REFUSED, failing: ["ndjson", "sse"] }, 19_000],
	];
	for (const [what, faults, silenceMs] of CARRIERS)
		it(`notices a silent network within 20 s, and sends what was written meanwhile once: ${what}`, async () => {
			const way = await openWay(faults);
			const visitor = await visitBehind(way);
			await visitor.open();
			await visitor.ask(...HELLO);
			assert.equal(way.asked.at(-1), what);
			way.mode = "silent";
			await passSilence(visitor, silenceMs, DEAD_MS);
			const notice = visitor.chat.locator(".status").getByText(/connection|reach|offline/i);
			await notice.waitFor();
			await visitor.page.clock.resume();
			await until("it is announced", async () => (await visitor.live.textContent()) !== "");
			const more = ["One", "Two"].map((text) => [`[[text="${text}"]] By ${what}`, text]);
			for (const [text] of more) {
				await visitor.box.fill(text);
				await visitor.box.press("Enter");
			}
			Object.assign(way, { mode: "open" }, faults);
			await visitor.saidUntil([HELLO, ...more].flatMap((one) => exchange(...one)));
			await notice.waitFor({ state: "hidden" });
			for (const [text] of more) assert.equal(await banter.modelCalls(text), 1);
		});

	const TAGS = {
		"data-widget": () => ({ "data-widget": widget.widget_id }),
		"data-api-key": () => ({ "data-api-key": WIDGET_KEY, "data-api-url": `${banter.url}/chat` }),
	};
	for (const [name, tag] of Object.entries(TAGS))
		it(`tells the owner once when the page's policy forbids the server, and asks no more: ${name}`, async () => {
			const prepare = async (context) => {
				await context.clock.install();
				await context.addInitScript(() => {
					window.violations = [];
					document.addEventListener("securitypolicyviolation", ({ blockedURI }) =>
						window.violations.push(blockedURI),
					);
				});
			};
			const page = { connects: "'none'", reports: "" };
			site.reports.length = 0;
			const visitor = await site.visitTags([tag()], prepare, page);
			// The session of a key begins with a message.
			if (name === "data-api-key") await (await visitor.open()).say("Hi");
			await until("the console has a line", () => visitor.hints.length > 0);
			await stopClock(visitor);
			const violations = () => visitor.page.evaluate(() => window.violations);
			const reported = () => site.reports.filter((url) => !url.startsWith(site.url)).length;
			/** The page's own violation is behind all others. */
			const all = async (fence) => {
				await visitor.page.evaluate((url) => fetch(url).catch(() => {}), fence);
				await until("it is seen", async () => (await violations()).at(-1) === fence);
				return (await violations()).filter((url) => !url.startsWith(site.url));
			};
			const before = await all(`${site.url}/first`);
			// A request for the settings, a WebSocket, a stream.
			assert.ok(before.length <= 3, `${before}`);
			// Each of these would be a reason to try again.
			for (let i = 0; i < 5; i++) {
				await visitor.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
				await visitor.page.clock.runFor("05:00");
			}
			const fence = `${site.url}/last`;
			assert.deepEqual(await all(fence), before);
			await until("it is reported", () => site.reports.includes(fence));
			// Reports overtake each other: those of the chat may come later, but not more than its violations.
			await until("all are reported", () => reported() >= before.length);
			// A page that leaves sends what it has to report.
			await visitor.page.goto("about:blank");
			await until("the page is gone", async () => (await visitor.page.title()) === "");
			assert.equal(reported(), before.length);
			assert.equal(visitor.hints.length, 1);
			assert.match(visitor.hints[0], /Content-Security-Policy|connect-src/);
		});
});
