// Slow sites: how they share the crawls that run at a time, and how a crawl ends early.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { page, Site, sitemap } from "./crawl-site.mjs";
import { withCrawler } from "./crawler.mjs";
import { until } from "./daemon.mjs";

const filler = (word, n = 12) => Array.from({ length: n }, (_, i) => `${word}${i}`).join(" ");

/** A site whose page N leads to page N + 1, up to the last one; each takes 60 ms. */
async function startChain(host, last) {
	const site = await Site.start({}, { host });
	const one = (n) => page(`Page ${n}`, filler(`word${n}x`), n < last ? [`/${n + 1}`] : []);
	site.missing = (request, response) => {
		const [, n] = /^\/(\d*)$/.exec(request.url) ?? [];
		if (n === undefined) return response.writeHead(404).end();
		response.setHeader("content-type", "text/html");
		setTimeout(() => response.end(one(Number(n))), 60);
	};
	return site;
}

const TURNS = { env: { CRAWL_ALLOW: "127.0.0.0/8", CRAWL_TURN_MS: "300" } };

describe("a source", () => {
	it("gets its turn while 16 slow sites are crawled, which continue where they were", async () => {
		const quick = { "/": page("Home", filler("home"), ["/a"]), "/a": page("A", filler("alpha")) };
		const sites = [await startChain("127.0.1.1", 15)];
		for (let i = 2; i <= 16; i++) sites.push(await startChain(`127.0.1.${i}`, Infinity));
		try {
			await withCrawler(
				quick,
				async (crawler, site) => {
					const sources = [];
					for (const { origin } of sites) sources.push(await crawler.add({ url: `${origin}/0` }));
					const asked = (one) => one.paths().length > 0;
					await until("all are crawled", () => sites.every(asked));
					const last = await crawler.learn({ url: site.origin });
					assert.equal((await crawler.state(last)).read, 2);
					const states = await Promise.all(sources.slice(1).map((one) => crawler.state(one)));
					assert.deepEqual(new Set(states.map(({ state }) => state)), new Set(["running"]));
					// Two more, so that turns go on.
					for (const path of ["/0", "/a"]) await crawler.add({ url: `${sites[2].origin}${path}` });
					await crawler.ended(sources[0]);
					const { read, error } = await crawler.state(sources[0]);
					assert.deepEqual([read, error], [16, ""]);
					const paused = crawler.log.lines.filter(
						({ ev, source }) => ev === "crawl_paused" && source.replaceAll("-", "") === sources[0],
					);
					assert.ok(paused.length > 0);
					// A pause interrupts the page that is fetched and the one that is read: these two are fetched again.
					let requests = 0;
					for (let n = 1; n <= 15; n++) requests += sites[0].asked(`/${n}`);
					assert.ok(
						requests <= 15 + 2 * paused.length,
						`${requests} requests with ${paused.length} pauses`,
					);
				},
				TURNS,
			);
		} finally {
			for (const site of sites) await site.stop();
		}
	});

	it("is not running any more when it is disabled during its crawl, and is crawled when it is enabled", async () => {
		const slow = await startChain("127.0.1.1", 5);
		try {
			await withCrawler(
				{},
				async (crawler) => {
					const source = await crawler.add({ url: `${slow.origin}/0` });
					await until("it is crawled", () => slow.asked("/1") > 0);
					await crawler.change(source, { enabled: 0 });
					const { state, error } = await crawler.ended(source);
					assert.deepEqual([state, error], ["idle", "it was disabled before its end"]);
					const before = slow.requests.length;
					await crawler.change(source, { enabled: 1 });
					await until("all is read", async () => (await crawler.state(source)).read === 6);
					assert.ok(slow.requests.length > before);
					assert.equal((await crawler.ended(source)).error, "");
				},
				TURNS,
			);
		} finally {
			await slow.stop();
		}
	});

	it("is given up when it takes too long until its pages are known", async () => {
		const pages = {
			"/robots.txt": { type: "text/plain", body: "User-agent: *\nCrawl-delay: 60\n" },
			"/": { status: 302, headers: { location: "/a" } },
			"/a": page("A", filler("alpha")),
		};
		await withCrawler(
			pages,
			async (crawler, site) => {
				const { state, error } = await crawler.state(await crawler.learn({ url: site.origin }));
				assert.deepEqual([state, error], ["failed", "the site answers too slowly"]);
			},
			TURNS,
		);
	});

	it("gives up its first page when that takes too long, and reads the others", async () => {
		const pages = {
			"/": page("Home", filler("home"), ["/a", "/b"]),
			"/b": page("B", filler("beta")),
		};
		pages["/robots.txt"] = pages["/sitemap.xml"] = { status: 404 };
		pages["/a"] = () => {}; // it never answers
		await withCrawler(
			pages,
			async (crawler, site) => {
				const source = await crawler.learn({ url: site.origin });
				const found = await crawler.pages(source);
				const { state, reason, detail } = found[`${site.origin}/a`];
				assert.deepEqual(
					[state, reason, detail],
					["unread", "timeout", "the site answers too slowly"],
				);
				assert.equal((await crawler.state(source)).read, 2);
			},
			TURNS,
		);
	});

	it("has the pages that are known when reading its sitemaps takes too long", async () => {
		const pages = { "/0": page("Home", filler("home"), ["/1"]), "/1": page("A", filler("alpha")) };
		await withCrawler(
			pages,
			async (crawler, site) => {
				const maps = Array.from({ length: 200 }, (_, i) => `Sitemap: ${site.origin}/map${i}.xml`);
				pages["/robots.txt"] = { type: "text/plain", body: maps.join("\n") };
				site.missing = (_request, response) => setTimeout(() => response.writeHead(404).end(), 300);
				const source = await crawler.learn({ url: `${site.origin}/0` });
				assert.equal((await crawler.state(source)).read, 2);
				const read = site.requests.filter(({ url }) => url.startsWith("/map")).length;
				assert.ok(read > 1 && read < 50, `${read} sitemaps`);
			},
			TURNS,
		);
	});
});

describe("a crawl", () => {
	// 5,000 addresses of 2 KB each; robots.txt forbids them, so that they are only remembered.
	it("remembers no more of a hostile site than 16 MiB of addresses", async () => {
		const pages = {
			"/": page("Home", filler("home")),
			"/robots.txt": { type: "text/plain", body: "User-agent: *\nDisallow: /x\n" },
		};
		await withCrawler(pages, async (crawler, site) => {
			const long = "x".repeat(1980);
			const urls = Array.from({ length: 5000 }, (_, i) => `${site.origin}/x/${i}/${long}`);
			pages["/sitemap.xml"] = sitemap(urls);
			const source = await crawler.learn({ url: site.origin });
			const { error, unread } = await crawler.state(source);
			assert.match(error, /as many pages as it may have/);
			assert.ok(unread > 3000 && unread < 4500, `${unread} pages`);
		});
	});
});
