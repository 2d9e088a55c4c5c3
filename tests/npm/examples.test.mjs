// The example apps of the npm packages, built by their own tools with the packages that `make npm` packs, in Chromium,
// against the real daemons. And the packages' types, as TypeScript and its module resolutions see them.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
	cpSync,
	createReadStream,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	statSync,
} from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { missing, useBrowser } from "../browser/browser.mjs";
import { freePort, ROOT, until, useBanter, WIDGET_KEY } from "../e2e/harness.mjs";
import { adminExpect } from "../e2e/organizations.mjs";

const PACKED = join(ROOT, "build/npm");
/** Where the tools are installed. */
const WORK = join(ROOT, "build/examples");
const BIN = join(WORK, "node_modules/.bin");
const VERSION = /^VERSION := (\S+)$/m.exec(readFileSync(join(ROOT, "Makefile"), "utf8"))[1];
const NAMES = ["client", "widget", "react"];

/** Vite 8 needs Node 20.19, which Debian 12 does not have. */
const [major, minor] = process.versions.node.split(".").map(Number);
const skip =
	missing || ((major < 20 || (major === 20 && minor < 19)) && "Vite and Next need Node 20.19");

function run(name, command, args, env = {}) {
	const cwd = join(WORK, name);
	const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8", stdio: "pipe" };
	try {
		return execFileSync(join(BIN, command), args, options);
	} catch ({ stdout, stderr }) {
		throw new Error(`${name}: ${command} ${args.join(" ")}: ${stdout}${stderr}`);
	}
}

/** Installs the packed packages beside the tools, and copies the example. */
function prepare(name) {
	for (const one of NAMES) {
		const folder = join(WORK, "node_modules/@banter", one);
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder, { recursive: true });
		const tarball = join(PACKED, `banter-${one}-${VERSION}.tgz`);
		execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder]);
	}
	rmSync(join(WORK, name), { recursive: true, force: true });
	cpSync(join(PACKED, "examples", name), join(WORK, name), { recursive: true });
}

/** Serves the files of a folder. */
async function serveFolder(folder) {
	const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
	const server = createServer((req, res) => {
		const { pathname } = new URL(req.url, "http://localhost");
		const file = join(folder, pathname === "/" ? "index.html" : pathname);
		if (!existsSync(file) || !statSync(file).isFile()) res.writeHead(404).end();
		else {
			res.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
			createReadStream(file).pipe(res);
		}
	});
	const port = await freePort();
	await new Promise((done) => server.listen(port, "127.0.0.1", done));
	return { url: `http://localhost:${port}/`, server };
}

/** What is left of the widget on a page. */
const leftovers = (page) =>
	page.evaluate(() => ({
		hosts: document.querySelectorAll("banter-chat").length,
		scripts: document.querySelectorAll('script[src$="embed.js"]').length,
		api: typeof window.banter,
	}));

const NOTHING = { hosts: 0, scripts: 0, api: "undefined" };

async function countsOf(page) {
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable");
	await session.send("HeapProfiler.collectGarbage");
	const { metrics } = await session.send("Performance.getMetrics");
	await session.detach();
	const of = (name) => metrics.find((one) => one.name === name).value;
	return { listeners: of("JSEventListeners"), nodes: of("Nodes") };
}

describe("the npm packages' types", { skip }, () => {
	before(() => prepare("vite"));

	for (const name of NAMES)
		it(`@banter/${name} resolves under node16 and bundler`, () => {
			const tarball = join(PACKED, `banter-${name}-${VERSION}.tgz`);
			const output = run("vite", "attw", [tarball, "--profile", "esm-only", "--format", "json"]);
			const { analysis } = JSON.parse(output);
			assert.equal(analysis.types.kind, "included");
		});

	it("the example with them compiles, also where its module is of Node", () => {
		run("vite", "tsc", ["-p", "."]);
		const node = ["--module", "node16", "--moduleResolution", "node16", "--strict", "--noEmit"];
		const more = ["--jsx", "react-jsx", "--target", "es2022", "--lib", "es2022,dom"];
		run("vite", "tsc", [
			"src/headless.tsx",
			"src/shop.tsx",
			...node,
			...more,
			"--types",
			"vite/client",
		]);
	});
});

describe("the example for Vite and React 19", { skip }, () => {
	const banter = useBanter();
	const browser = useBrowser();
	const sites = {};
	let widget;
	before(async () => {
		prepare("vite");
		widget = await adminExpect(banter, 201, "POST", "widgets", { name: "Support" });
		const env = {
			VITE_BANTER_SERVER: banter.url,
			VITE_BANTER_WIDGET: widget.widget_id,
			VITE_BANTER_KEY: WIDGET_KEY,
		};
		// React's development build runs each effect of a new component twice (strict mode).
		for (const mode of ["development", "production"]) {
			const args = ["build", "--mode", mode, "--outDir", mode];
			run("vite", "vite", args, { ...env, NODE_ENV: mode });
			sites[mode] = await serveFolder(join(WORK, "vite", mode));
		}
	});
	after(() => {
		for (const { server } of Object.values(sites)) {
			server.closeAllConnections();
			server.close();
		}
	});

	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const field = (page) => page.locator("banter-chat").getByRole("textbox");

	for (const mode of ["development", "production"]) {
		it(`opens, closes, sends and counts by hooks (${mode})`, async () => {
			const { page, complaints } = await browser.open(sites[mode].url);
			await button(page, "Open chat").waitFor();
			assert.equal((await leftovers(page)).hosts, 1);
			await button(page, "Ask us").click();
			await field(page).waitFor();
			await button(page, "Close the chat").click();
			await button(page, "Ask us").waitFor();
			await button(page, "Where is my order?").click();
			await page.getByText("user: Where is my order?").waitFor();
			await page.getByText(/^assistant: \S/).waitFor();
			await button(page, "Close the chat").click();
			await page.getByText("0 unread").waitFor();
			assert.equal(await page.locator("ol > li").count(), 2);
			assert.deepEqual(complaints, []);
		});

		it(`shows the chat in the page, and its button again (${mode})`, async () => {
			const { page, complaints } = await browser.open(sites[mode].url);
			await button(page, "Open chat").waitFor();
			await page.getByLabel("In the page").check();
			await field(page).waitFor();
			assert.equal(await page.locator("section + label + div banter-chat").count(), 1);
			await page.getByLabel("In the page").uncheck();
			await until("the chat is at the end of the body", () =>
				page.evaluate(() => document.querySelector("banter-chat")?.parentNode === document.body),
			);
			assert.deepEqual(complaints, []);
		});

		it(`leaves nothing behind when it is unmounted, however often (${mode})`, async () => {
			const { page, complaints } = await browser.open(sites[mode].url);
			/** A visit, from the open chat to the page without it. */
			async function leave() {
				await button(page, "Open chat").waitFor();
				await button(page, "Ask us").click();
				await field(page).waitFor();
				// An open chat would be open again the next time.
				await button(page, "Close the chat").click();
				await button(page, "Neither").click();
				await until("nothing is left", async () => {
					const left = await leftovers(page);
					return JSON.stringify(left) === JSON.stringify(NOTHING);
				});
			}
			const show = () => button(page, "Widget").click();
			await leave();
			for (let i = 0; i < 2; i++) await show().then(leave);
			const before = await countsOf(page);
			for (let i = 0; i < 5; i++) await show().then(leave);
			let left;
			const counts = () => `${JSON.stringify(left)}, before ${JSON.stringify(before)}`;
			// A request or a connection of the last visit may still be ending.
			await until(counts, async () => {
				left = await countsOf(page);
				return left.listeners <= before.listeners && left.nodes <= before.nodes + 10;
			});
			// Unmounted while its script is on the way, it does not appear later.
			await show();
			await button(page, "Neither").click();
			await until("nothing is left", async () => (await leftovers(page)).api === "undefined");
			assert.deepEqual(await leftovers(page), NOTHING);
			assert.deepEqual(complaints, []);
		});
	}

	it("loads the script later if the server is away, and then makes the calls that have waited", async () => {
		let isAway = true;
		const prepareContext = (context) =>
			context.route(/embed\.js/, (route) => (isAway ? route.abort() : route.continue()));
		const { page } = await browser.open(sites.production.url, { prepare: prepareContext });
		await button(page, "Where is my order?").click();
		isAway = false;
		await page.getByText("user: Where is my order?").waitFor();
		await page.getByText(/^assistant: \S/).waitFor();
	});

	it("has a chat of its own, whose conversation a reload continues", async () => {
		const { page, complaints } = await browser.open(sites.development.url);
		await button(page, "Headless").click();
		await page.getByLabel("Your question").fill('[[text="Hello"]] Hi');
		await button(page, "Send").click();
		await page.getByText("assistant: Hello", { exact: true }).waitFor();
		await page.reload();
		await button(page, "Headless").click();
		await page.getByText("assistant: Hello", { exact: true }).waitFor();
		assert.deepEqual(complaints, []);
	});
});

describe("the example for Next", { skip }, () => {
	const banter = useBanter();
	const browser = useBrowser();
	let url;
	let server;
	let output = "";
	before(async () => {
		prepare("next");
		const widget = await adminExpect(banter, 201, "POST", "widgets", { name: "Support" });
		const env = {
			NEXT_TELEMETRY_DISABLED: "1",
			NEXT_PUBLIC_BANTER_SERVER: banter.url,
			NEXT_PUBLIC_BANTER_WIDGET: widget.widget_id,
			NODE_ENV: "production",
		};
		run("next", "next", ["build"], env);
		const port = await freePort();
		const args = ["start", "-p", String(port), "-H", "127.0.0.1"];
		const options = { cwd: join(WORK, "next"), env: { ...process.env, ...env }, detached: true };
		server = spawn(join(BIN, "next"), args, options);
		for (const stream of [server.stdout, server.stderr])
			stream.setEncoding("utf8").on("data", (text) => {
				output += text;
			});
		url = `http://127.0.0.1:${port}/`;
		await until(
			() => `Next answers: ${output}`,
			() =>
				fetch(url).then(
					(one) => one.ok,
					() => false,
				),
		);
	});
	after(() => {
		if (server?.pid) process.kill(-server.pid, "SIGKILL");
	});

	it("renders on the server without the widget", async () => {
		const html = await (await fetch(url)).text();
		assert.match(html, /<h1>A shop<\/h1>/);
		assert.match(html, /<output>closed<!-- -->, <!-- -->0<!-- --> unread/);
		assert.doesNotMatch(html, /banter-chat|<script[^>]*embed\.js/);
	});

	it("hydrates, and keeps the chat from page to page", async () => {
		const { page, complaints } = await browser.open(url);
		await page.getByRole("button", { name: "Open chat" }).waitFor();
		await page.evaluate(() => {
			window.host = document.querySelector("banter-chat");
		});
		await page.getByRole("button", { name: "Where is my order?" }).click();
		await page.getByText("open, 0 unread, 2 messages").waitFor();
		await page.getByRole("link", { name: "Help" }).click();
		await page.getByRole("heading", { name: "Help" }).waitFor();
		await page.getByText("open, 0 unread, 2 messages").waitFor();
		const isKept = await page.evaluate(
			() => window.host === document.querySelector("banter-chat") && window.host.isConnected,
		);
		assert.ok(isKept);
		await page.getByRole("button", { name: "How do I return a parcel?" }).click();
		await page.getByText("open, 0 unread, 4 messages").waitFor();
		// A hydration that differs from the server's page is an error on the console.
		assert.deepEqual(complaints, []);
		assert.doesNotMatch(output, /⨯|Error:/);
	});
});
