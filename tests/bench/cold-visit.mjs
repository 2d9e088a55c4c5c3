// make bench-first-token: how long a visitor waits who sees a site for the first time over a slow mobile network, opens
// the chat as soon as it is there, and writes at once: until the first token is on the screen. The same for deep-chat,
// whose page posts to a server that answers immediately. Also how many requests had to wait for each other between the
// click and the token; the set-up of a WebSocket counts apart.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { launch, newContext } from "../browser/browser.mjs";
import { ROOT } from "../e2e/daemon.mjs";
import { ADMIN_KEY, freePort, withBanter } from "../e2e/harness.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
/** "Slow 4G" of Chromium's developer tools. */
const SLOW_4G = {
	offline: false,
	latency: 562.5,
	downloadThroughput: (1.44e6 / 8) * 0.9,
	uploadThroughput: (675e3 / 8) * 0.9,
};
/** The stub of the model replies with these tokens. */
const QUESTION = "[[tokens=3]]";
const TOKEN = "t0";

const PEER = readFileSync(join(ROOT, "tests/node_modules/deep-chat/dist/deepChat.bundle.js"));

const html = (script, element = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A site</title>${script}</head>
<body><h1>A site</h1><p>Shady hallway, sunny sill.</p>${element}</body></html>`;

const PEER_TAG = `<script type="module" src="/deep-chat.js"></script>`;
const PEER_ELEMENT = `<deep-chat connect='{"url":"/peer","stream":true}'></deep-chat>`;

/** The site, and the peer's server. */
function serve(tag) {
	const script = brotliCompressSync(PEER);
	return createServer((req, res) => {
		if (req.url === "/deep-chat.js")
			res
				.writeHead(200, { "content-type": "text/javascript", "content-encoding": "br" })
				.end(script);
		else if (req.url === "/peer")
			req.resume().on("end", () => {
				res.writeHead(200, { "content-type": "text/event-stream" });
				res.end(
					["t0 ", "t1 ", "t2"].map((text) => `data: ${JSON.stringify({ text })}\n\n`).join(""),
				);
			});
		else if (req.url === "/favicon.ico") res.writeHead(204).end();
		else
			res
				.writeHead(200, { "content-type": "text/html; charset=utf-8" })
				.end(req.url === "/deep-chat" ? html(PEER_TAG, PEER_ELEMENT) : html(tag));
	});
}

/**
 * What a visitor does on the page; `begins` is called before the first click or key, `sends` before the key that sends. The
 * peer is always open, so that only banter's figure after the click contains a click.
 */
const VISITORS = {
	banter: async (page, begins, sends) => {
		const button = page.getByRole("button", { name: /Open chat/ });
		await button.waitFor();
		begins();
		await button.click();
		const field = page.getByRole("textbox");
		await field.fill(QUESTION);
		sends();
		await field.press("Enter");
	},
	"deep-chat": async (page, begins, sends) => {
		const field = page.locator("deep-chat #text-input");
		await field.waitFor();
		begins();
		await field.fill(QUESTION);
		sends();
		await field.press("Enter");
	},
};

/** Notes when each request of a page began and ended; the set-up of a WebSocket is none. In seconds since 1970. */
function watchNetwork(devtools) {
	const open = new Map();
	const spans = [];
	let offset = 0; // between the two clocks of the events
	const begin = (what, { requestId, timestamp }) =>
		open.set(requestId, { what, from: timestamp + offset });
	const end = ({ requestId, timestamp }) => {
		const span = open.get(requestId);
		open.delete(requestId);
		if (span) spans.push({ ...span, to: timestamp + offset });
	};
	devtools.on("Network.requestWillBeSent", (event) => {
		offset = event.wallTime - event.timestamp;
		begin(event.request.url, event);
	});
	devtools.on("Network.loadingFinished", end);
	devtools.on("Network.loadingFailed", end);
	devtools.on("Network.webSocketFrameSent", (event) => {
		if (event.response.payloadData.includes(QUESTION)) begin("the message", event);
	});
	devtools.on("Network.webSocketFrameReceived", (event) => {
		if (event.response.payloadData.includes(TOKEN)) end(event);
	});
	return spans;
}

/** The longest row of requests of which each began after the end of the one before. */
function longestRow(spans) {
	const row = [];
	for (const span of [...spans].sort((a, b) => a.to - b.to))
		if (row.length === 0 || span.from >= row.at(-1).to) row.push(span);
	return row;
}

async function measure(browser, url, name) {
	const context = await newContext(browser, { viewport: { width: 360, height: 740 } });
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);
	await devtools.send("Network.enable");
	await devtools.send("Network.emulateNetworkConditions", SLOW_4G);
	const spans = watchNetwork(devtools);
	const began = Date.now() / 1000;
	let clicked = 0;
	let sent = 0;
	await page.goto(`${url}/${name}`, { waitUntil: "commit" });
	await VISITORS[name](
		page,
		() => {
			clicked = Date.now() / 1000;
		},
		() => {
			sent = Date.now() / 1000;
		},
	);
	await page.getByText(QUESTION).first().waitFor();
	const shown = Date.now() / 1000;
	await page.getByText(TOKEN).first().waitFor();
	const token = Date.now() / 1000;
	await context.close();
	return {
		total: token - began,
		afterClick: token - clicked,
		afterSent: token - sent,
		shown: shown - sent,
		row: longestRow(spans.filter(({ from }) => from >= clicked)),
	};
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

await withBanter({}, async (banter) => {
	const { json } = await banter.request("POST", "/v1/admin/widgets", {
		headers: { "x-admin-api-key": ADMIN_KEY },
		body: { name: "Support" },
	});
	const src = `${banter.url}/api/widget/embed.js`;
	const server = serve(`<script src="${src}" data-widget="${json.widget_id}" defer></script>`);
	const port = await freePort();
	await new Promise((done) => server.listen(port, "127.0.0.1", done));
	const browser = await launch({ isFast: true });
	try {
		const names = Object.keys(VISITORS);
		const runs = Object.fromEntries(names.map((name) => [name, []]));
		for (let round = 0; round < ROUNDS; round++)
			for (const name of names)
				runs[name].push(await measure(browser, `http://localhost:${port}`, name));
		console.log(`Median of ${ROUNDS} first visits, Slow 4G:`);
		for (const name of names) {
			const of = (figure) => `${median(runs[name].map((run) => run[figure])).toFixed(2)} s`;
			const rows = median(runs[name].map(({ row }) => row.length));
			console.log(
				`${name}: first token ${of("total")} after the page was opened, ${of("afterClick")} after the first click or key, ` +
					`${of("afterSent")} after the question was sent, which was shown after ${of("shown")}; requests in a row after the click: ${rows}`,
			);
		}
		if (process.env.VERBOSE) console.log(runs.banter[0].row);
	} finally {
		await browser.close();
		server.closeAllConnections();
		server.close();
	}
});
