// What a test leaves in a profile, the next one does not find (profiles.mjs).

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { missing, useBrowser } from "./browser.mjs";

/** Everything that a page can know of the tests before. */
async function traces() {
	const { databases } = window.indexedDB ? { databases: await indexedDB.databases() } : {};
	return {
		cookie: document.cookie,
		local: { ...localStorage },
		session: { ...sessionStorage },
		databases,
		caches: await caches.keys(),
		workers: (await navigator.serviceWorker.getRegistrations()).length,
		name: window.name,
		history: history.length,
		size: [innerWidth, innerHeight],
		isDark: matchMedia("(prefers-color-scheme: dark)").matches,
		isOnLine: navigator.onLine,
		notices: (await navigator.permissions.query({ name: "geolocation" })).state,
		isHovered: document.querySelector("h1:hover") !== null,
	};
}

async function leaveTraces() {
	await cookieStore.set("a", "1");
	localStorage.setItem("b", "1");
	sessionStorage.setItem("c", "1");
	window.name = "d";
	await caches.open("e");
	await navigator.serviceWorker.register("/worker.js");
	await new Promise((done) => {
		indexedDB.open("f").onsuccess = done;
	});
	history.pushState(null, "", "/elsewhere");
	// As an app that stores a draft when its page is left.
	window.addEventListener("pagehide", () => {
		localStorage.setItem("g", "1");
		sessionStorage.setItem("g", "1");
	});
}

describe("a profile that is used again", { skip: missing }, () => {
	const asked = [];
	const server = createServer((req, res) => {
		asked.push(req.url);
		const type = req.url.endsWith(".js") ? "text/javascript" : "text/html";
		res.writeHead(200, { "content-type": type, "cache-control": "max-age=600" });
		res.end(type === "text/html" ? "<!doctype html><title>x</title><h1>A page</h1>" : "");
	});
	const browser = useBrowser({ areKept: true });
	let url;
	before(async () => {
		await new Promise((done) => server.listen(0, "127.0.0.1", done));
		url = `http://127.0.0.1:${server.address().port}/`;
	});
	after(() => {
		server.closeAllConnections();
		server.close();
	});

	let first;
	let fresh;
	const requests = [];

	it("is like a new one", async () => {
		const { page } = await browser.open(url);
		first = page;
		fresh = await page.evaluate(traces);
		page.on("request", (request) => requests.push(request.url()));
		await page.context().route("**/refused", (route) => route.abort());
		await page.goto(`${url}more`);
		await page.evaluate(leaveTraces);
		await page.context().newPage();
		await page.setViewportSize({ width: 300, height: 300 });
		await page.emulateMedia({ colorScheme: "dark" });
		await page.context().grantPermissions(["geolocation"]);
		await page.hover("h1");
		await page.context().setOffline(true);
		assert.notDeepEqual(await page.evaluate(traces), fresh);
	});

	it("is the same, without what a test has left", async () => {
		asked.length = 0;
		requests.length = 0;
		const { page } = await browser.open(url);
		assert.equal(page, first);
		assert.deepEqual(await page.evaluate(traces), fresh);
		assert.equal(page.context().pages().length, 1);
		assert.deepEqual(asked, ["/"], "it comes from the server");
		assert.equal((await page.goto(`${url}refused`)).status(), 200, "no route is left");
		assert.deepEqual(requests, [], "no listener is left");
		await page.addInitScript(() => {
			window.isLasting = true;
		});
	});

	it("ends with a test that changes it for ever", async () => {
		const { page } = await browser.open(url);
		assert.notEqual(page, first);
		assert.equal(await page.evaluate(() => window.isLasting), undefined);
	});

	it("has the screen that a test wants", async () => {
		const screen = { viewport: { width: 400, height: 500 }, colorScheme: "dark" };
		const { page } = await browser.open(url, screen);
		const { size, isDark } = await page.evaluate(traces);
		assert.deepEqual([size, isDark], [[400, 500], true]);
		const another = await page.context().newPage();
		await another.goto(url);
		assert.deepEqual((await another.evaluate(traces)).size, [400, 500]);
	});

	it("has the usual one again", async () => {
		const { page } = await browser.open(url);
		assert.deepEqual(await page.evaluate(traces), fresh);
	});
});
