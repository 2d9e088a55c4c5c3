// crawld against a hostile site: what it fetches, what it refuses, and what it stores.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { page, Site, sitemap } from "./crawl-site.mjs";
import { withCrawler } from "./crawler.mjs";
import { until } from "./daemon.mjs";
import { freePort } from "./harness.mjs";

const filler = (word, n = 12) => Array.from({ length: n }, (_, i) => `${word}${i}`).join(" ");

/** Six paragraphs. */
const MANY = ["one", "two", "three", "four", "five", "six"].map((word) => filler(word)).join("<p>");

/** { path: "state reason" } of a source's pages. */
async function outcomes(crawler, source, origin) {
	const pages = Object.entries(await crawler.pages(source));
	return Object.fromEntries(
		pages
			.map(([url, { state, reason }]) => [
				url.replace(origin, ""),
				reason === "none" ? state : `${state} ${reason}`,
			])
			.sort(([a], [b]) => (a < b ? -1 : 1)),
	);
}

describe("finding pages", () => {
	it("follows links, and knows a page by one address", async () => {
		const pages = {
			"/": page("Home", filler("home"), [
				"/a",
				"/a#part",
				"/a?utm_source=x",
				"/./b/../a",
				"/%61",
				"/picture.png",
				"http://elsewhere.invalid/",
				"mailto:a@b",
				"/b",
			]),
			"/a": page("A", filler("alpha"), ["/c"]),
			"/b": page("B", filler("beta"), [], '<meta name="robots" content="nofollow">').replace(
				"</body>",
				'<a href="/hidden">x</a></body>',
			),
			"/c": page("C", filler("gamma")),
			"/hidden": page("H", filler("hidden")),
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: `${site.origin.replace("http", "HTTP")}` });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "read",
				"/b": "read",
				"/c": "read",
			});
			const { state, error, read, chunks } = await crawler.state(source);
			assert.deepEqual([state, error, read], ["idle", "", 4]);
			assert.ok(chunks >= 4);
			for (const path of Object.keys(pages).filter((one) => one !== "/hidden"))
				assert.equal(site.asked(path), 1, path);
			assert.match(site.requests[0].headers["user-agent"], /^banter\/\S+ \(\+http:\/\/127/);
			assert.equal(site.requests[0].url, "/robots.txt");
			assert.equal(site.requests[0].headers.cookie, undefined);
		});
	});

	it("reads sitemaps, indexes and compressed ones, and no links then", async () => {
		await withCrawler({}, async (crawler, site) => {
			const at = (path) => site.origin + path;
			Object.assign(site.pages, {
				"/robots.txt": {
					type: "text/plain",
					body: `User-agent: *\nDisallow: /hidden/\nSitemap: ${at("/hidden/index.xml")}\n`,
				},
				"/hidden/index.xml": {
					type: "application/xml",
					body: `<sitemapindex><sitemap><loc>${at("/one.xml.gz")}</loc></sitemap><sitemap><loc>${at("/none.xml")}</loc></sitemap></sitemapindex>`,
				},
				"/one.xml.gz": {
					type: "application/gzip",
					body: gzipSync(sitemap([at("/a"), at("/b?gclid=1"), "http://elsewhere.invalid/"]).body),
				},
				"/sitemap.xml": sitemap([at("/c"), at("/hidden/d")]),
				"/": page("Home", filler("home"), ["/linked"]),
				"/a": page("A", filler("alpha")),
				"/b": page("B", filler("beta")),
				"/c": page("C", filler("gamma")),
				"/linked": page("L", filler("linked")),
			});
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "read",
				"/b": "read",
				"/c": "read",
				"/hidden/d": "unread robots",
			});
		});
	});

	it("reads the usual place of an index that nothing names, with relative addresses", async () => {
		await withCrawler({}, async (crawler, site) => {
			Object.assign(site.pages, {
				"/sitemap_index.xml": {
					type: "application/xml",
					body: "<sitemapindex><sitemap><loc>maps/one.xml</loc></sitemap></sitemapindex>",
				},
				"/maps/one.xml": sitemap(["/a", "b", "//elsewhere.invalid/c"]),
				"/": page("Home", filler("home"), ["/linked"]),
				"/a": page("A", filler("alpha")),
				"/maps/b": page("B", filler("beta")),
				"/linked": page("L", filler("linked")),
			});
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "read",
				"/maps/b": "read",
			});
			assert.equal(site.asked("/wp-sitemap.xml"), 0);
		});
	});

	it("reads a feed that robots.txt names, and follows links, too", async () => {
		await withCrawler({}, async (crawler, site) => {
			const item = (path) => `<item><link>${path}</link></item>`;
			Object.assign(site.pages, {
				"/robots.txt": { type: "text/plain", body: "Sitemap: /feed\n" },
				"/feed": {
					type: "application/rss+xml",
					body: `<rss><channel>${item("/news")}${item("http://elsewhere.invalid/")}</channel></rss>`,
				},
				"/": page("Home", filler("home"), ["/linked"]),
				"/news": page("N", filler("news")),
				"/linked": page("L", filler("linked")),
			});
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/linked": "read",
				"/news": "read",
			});
		});
	});

	it("finds the pages of a feed whose addresses are relative to its xml:base", async () => {
		await withCrawler({}, async (crawler, site) => {
			const entry = (href, base = "") =>
				`<entry${base}><link title="a > b" href="${href}"/></entry>`;
			Object.assign(site.pages, {
				"/robots.txt": { type: "text/plain", body: "Sitemap: /feeds/all\n" },
				"/feeds/all": {
					type: "application/atom+xml",
					body: `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="../blog/">
						${entry("one")}${entry("two", ' xml:base="/news/"')}${entry("three", ' xml:base="old/"')}</feed>`,
				},
				"/": page("Home", filler("home")),
				"/blog/one": page("One", filler("one")),
				"/news/two": page("Two", filler("two")),
				"/blog/old/three": page("Three", filler("three")),
			});
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/blog/one": "read",
				"/news/two": "read",
				"/blog/old/three": "read",
			});
		});
	});

	it("reads the beginning of a sitemap that is too long, up to the last whole line, and says so", async () => {
		await withCrawler({}, async (crawler, site) => {
			const comments = `#${"x".repeat(1022)}\n`.repeat(16 * 1024);
			Object.assign(site.pages, {
				"/robots.txt": { type: "text/plain", body: "Sitemap: /list\nSitemap: /list.gz\n" },
				"/list": {
					type: "text/plain",
					body: `${site.origin}/a\n${comments.slice(0, -100)}\n${site.origin}/${"part".repeat(100)}\n`,
				},
				"/list.gz": { type: "application/gzip", body: gzipSync(`${site.origin}/b\n${comments}`) },
				"/": page("Home", filler("home")),
				"/a": page("A", filler("alpha")),
				"/b": page("B", filler("beta")),
			});
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "read",
				"/b": "read",
			});
			const { error } = await crawler.state(source);
			assert.equal(error, "a sitemap is longer than 16 MB, and its end is left out");
		});
	});

	it("reads no more pages than the source may have, of 20,000 links", async () => {
		const links = Array.from({ length: 20_000 }, (_, i) => `/page/${i}`);
		await withCrawler({ "/": page("Home", filler("home"), links) }, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin, pagesMax: 50 });
			const pages = await crawler.pages(source);
			assert.equal(Object.keys(pages).length, 50);
			assert.match((await crawler.state(source)).error, /as many pages/);
			assert.ok(site.requests.length < 60);
		});
	});

	it("asks for no sitemap at another port, nor for what another host forbids", async () => {
		const other = await Site.start({}, { host: "127.0.0.2" });
		await withCrawler(
			{ "/": page("Home", filler("home")) },
			async (crawler, site) => {
				const near = await Site.start(
					{ "/robots.txt": "User-agent: *\nDisallow: /" },
					{ host: "127.0.0.2", port: site.port },
				);
				try {
					site.pages["/robots.txt"] =
						`Sitemap: ${other.origin}/sitemap.xml\nSitemap: ${near.origin}/sitemap.xml`;
					await crawler.learn({ url: site.origin });
					assert.deepEqual(other.requests, []);
					assert.deepEqual(
						near.requests.map(({ url }) => url),
						["/robots.txt"],
					);
				} finally {
					await near.stop();
				}
			},
			{ env: { CRAWL_ALLOW: "127.0.0.0/8" } },
		);
		await other.stop();
	});

	it("includes and excludes paths", async () => {
		const links = ["/docs/a", "/docs/draft/b", "/blog/c"];
		const pages = { "/": page("Home", filler("home"), links) };
		for (const path of links) pages[path] = page(path, filler(path));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({
				url: site.origin,
				include: "/docs/\n",
				exclude: "*/draft/",
			});
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/docs/a": "read",
			});
		});
	});
});

describe("what a site forbids", () => {
	it("obeys robots.txt, noindex and X-Robots-Tag", async () => {
		const pages = {
			"/robots.txt": {
				type: "text/plain",
				body: "User-agent: *\nDisallow: /\n\nUser-agent: Banter\nDisallow: /no\nAllow: /no/yes$\n",
			},
			"/": page("Home", filler("home"), ["/no", "/no/yes", "/meta", "/tag", "/other"]),
			"/no/yes": page("Y", filler("yes")),
			"/meta": page("M", filler("meta"), [], '<meta name="robots" content="NOINDEX">'),
			"/tag": { body: page("T", filler("tag")), headers: { "x-robots-tag": "noindex" } },
			"/other": { body: page("O", filler("other")), headers: { "x-robots-tag": "a: noindex" } },
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/meta": "unread noindex",
				"/no": "unread robots",
				"/no/yes": "read",
				"/other": "read",
				"/tag": "unread noindex",
			});
			assert.equal(site.asked("/no"), 0);
		});
	});

	it("obeys the first 500 KiB of a robots.txt, and no more", async () => {
		const lines = (to, from = 0) => {
			const line = `Disallow: /x${"x".repeat(87)}\n`;
			return line.repeat(Math.ceil((to - from) / line.length));
		};
		const start = `User-agent: *\n${lines(511_700)}`;
		const near = `${start}Disallow: /near\n`;
		assert.ok(near.length < 500 * 1024);
		const pages = {
			"/robots.txt": {
				type: "text/plain",
				body: `${near}${lines(540_000, near.length)}Disallow: /far\n`,
			},
			"/": page("Home", filler("home"), ["/near", "/far"]),
			"/near": page("Near", filler("near")),
			"/far": page("Far", filler("far")),
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/far": "read",
				"/near": "unread robots",
			});
		});
	});

	it("fetches nothing while robots.txt fails, and everything if there is none", async () => {
		// 999 is no status of HTTP; some sites answer robots with it.
		for (const status of [503, 600, 999])
			await withCrawler({ "/": page("Home", filler("home")) }, async (crawler, site) => {
				site.pages["/robots.txt"] = { status };
				const source = await crawler.learn({ url: site.origin });
				assert.deepEqual(await outcomes(crawler, source, site.origin), { "/": "unread robots" });
				assert.deepEqual(site.paths(), []);
			});
		await withCrawler({ "/": page("Home", filler("home")) }, async (crawler, site) => {
			site.pages["/robots.txt"] = { status: 403 };
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), { "/": "read" });
		});
	});

	it("drops the text of a page that is forbidden later", async () => {
		await withCrawler({ "/": page("Home", filler("home")) }, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			site.pages["/"] = page("Home", filler("new"), [], '<meta name="robots" content="none">');
			await crawler.crawl(source);
			const [only] = Object.values(await crawler.pages(source));
			assert.deepEqual([only.state, only.reason, only.chunks], ["unread", "noindex", 0]);
		});
	});

	it("waits between two requests to a host", async () => {
		const pages = {
			"/robots.txt": { type: "text/plain", body: "User-agent: *\nCrawl-delay: 0.3\n" },
			"/": page("Home", filler("home"), ["/a", "/b"]),
			"/a": page("A", filler("alpha")),
			"/b": page("B", filler("beta")),
		};
		await withCrawler(pages, async (crawler, site) => {
			await crawler.learn({ url: site.origin });
			const times = site.requests.map(({ at }) => at);
			assert.ok(times.length >= 5);
			// The second request starts after the first one, robots.txt, was seen; only pauses of the crawler count.
			// Milliseconds are rounded.
			const pauses = times.length - 2;
			assert.ok(times.at(-1) - times[0] >= 299 * pauses, `${times}`);
		});
	});
});

describe("a host that asks for a pause", () => {
	it("gets it: Retry-After of 429 and 503", async () => {
		const pages = { "/": page("Home", filler("home"), ["/a", "/b", "/c"]) };
		pages["/a"] = { status: 429, headers: { "retry-after": "1" } };
		pages["/b"] = { status: 503, headers: { "retry-after": "1" } };
		pages["/c"] = page("C", filler("gamma"));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "unread status",
				"/b": "unread status",
				"/c": "read",
			});
			for (const path of ["/a", "/b"]) {
				const i = site.requests.findLastIndex(({ url }) => url === path);
				const next = site.requests[i + 1];
				if (next) assert.ok(next.at - site.requests[i].at > 950, path);
			}
		});
	});
});

describe("variables for proxies", () => {
	it("are not used", async () => {
		const proxy = "http://127.0.0.1:1";
		const env = { http_proxy: proxy, HTTP_PROXY: proxy, ALL_PROXY: proxy, all_proxy: proxy };
		await withCrawler(
			{ "/": page("Home", filler("home")) },
			async (crawler, site) => {
				const source = await crawler.learn({ url: site.origin });
				assert.deepEqual(await outcomes(crawler, source, site.origin), { "/": "read" });
			},
			{ env },
		);
	});
});

describe("addresses that are not public", () => {
	it("are not connected to, in whatever form they are written", async () => {
		const target = await Site.start({ "/": page("Secret", "internal") }, { host: "127.0.0.2" });
		const targets6 = await Site.start({ "/": page("Secret", "internal") }, { host: "::1" });
		const { port } = target;
		const hosts = [
			"127.0.0.2",
			"127.2",
			"0x7f000002",
			"2130706434",
			"0177.0.0.2",
			"[::ffff:127.0.0.2]",
			"[::ffff:7f00:2]",
			"[64:ff9b::7f00:2]",
			"[2002:7f00:2::]",
			"0.0.0.0",
			"[::]",
			"169.254.169.254",
			"10.0.0.1",
			"100.64.0.1",
			"192.168.0.1",
			"[fe80::1]",
			"[fd00::1]",
			"198.18.0.1",
			"203.0.113.1",
			"224.0.0.1",
		];
		try {
			await withCrawler({}, async (crawler, site) => {
				for (const host of hosts) {
					const source = await crawler.learn({ kind: "page", url: `http://${host}:${port}/` });
					const state = await crawler.state(source);
					assert.equal(state.state, "failed", host);
					assert.match(state.error, /not public|connect/, host);
				}
				const source = await crawler.learn({ kind: "page", url: `${targets6.origin}/` });
				assert.match((await crawler.state(source)).error, /not public/);
				// A name that has an allowed address and another one: only the allowed one is connected to.
				const named = await crawler.learn({
					kind: "page",
					url: `http://localhost:${targets6.port}/`,
				});
				assert.equal((await crawler.state(named)).state, "failed");
				assert.deepEqual(site.requests, []);
				assert.deepEqual(target.requests, []);
				assert.deepEqual(targets6.requests, []);
			});
		} finally {
			await target.stop();
			await targets6.stop();
		}
	});

	it("are not reached by redirects", async () => {
		const target = await Site.start({ "/": page("Secret", "internal") }, { host: "127.0.0.2" });
		try {
			await withCrawler({}, async (crawler, site) => {
				const away = (to) => ({ status: 302, headers: { location: to } });
				const cases = {
					"/a": [`http://127.0.0.2:${target.port}/`, /address|redirects/],
					"/b": [`http://127.0.0.2:${site.port}/`, /address/],
					"/c": ["file:///etc/passwd", /redirects/],
					"/d": ["http://127.0.0.1:22/", /address/],
					"/e": [`http://user:pw@127.0.0.1:${site.port}/x`, /redirects/],
					"/f": ["gopher://127.0.0.1/", /redirects/],
				};
				for (const [path, [to, reason]] of Object.entries(cases)) {
					site.pages[path] = away(to);
					const source = await crawler.learn({ kind: "page", url: site.origin + path });
					const [only] = Object.values(await crawler.pages(source));
					assert.match(only.reason, reason, `${path} ${only.detail}`);
					assert.equal(only.state, "unread");
				}
				assert.deepEqual(target.requests, []);
				assert.ok(!site.requests.some(({ url }) => url === "/x"));
			});
		} finally {
			await target.stop();
		}
	});

	it("are not asked for a robots.txt or a sitemap by a redirect", async () => {
		const target = await Site.start({}, { host: "127.0.0.2" });
		try {
			await withCrawler({ "/": page("Home", filler("home")) }, async (crawler, site) => {
				const away = (path) => ({
					status: 301,
					headers: { location: `http://127.0.0.2:${target.port}${path}` },
				});
				site.pages["/sitemap.xml"] = away("/sitemap.xml");
				const source = await crawler.learn({ url: site.origin });
				assert.deepEqual(await outcomes(crawler, source, site.origin), { "/": "read" });
				assert.deepEqual(target.requests, []);
			});
		} finally {
			await target.stop();
		}
	});
});

describe("duplicates and redirects", () => {
	it("resolves redirects, canonical links and equal texts to one page", async () => {
		const pages = {
			"/": page("Home", filler("home"), ["/old", "/print", "/copy", "/page"]),
			"/old": { status: 301, headers: { location: "/moved" } },
			"/moved": { status: 302, headers: { location: "/page" } },
			"/page": page("P", MANY),
			"/print": page("P", `${MANY}<p>Printed by us.`, [], '<link rel="canonical" href="/page">'),
			"/copy": page("Copy", MANY).replace("<h1>Copy</h1>", "<h1>P</h1>"),
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			const found = await crawler.pages(source);
			const at = (path) => found[site.origin + path];
			assert.equal(at("/page").state === "read" || at("/copy").state === "read", true);
			for (const path of ["/old", "/print"]) {
				assert.deepEqual([at(path).state, at(path).reason], ["unread", "duplicate"], path);
				assert.equal(at(path).chunks, 0);
			}
			assert.equal(at("/old").detail, `${site.origin}/page`);
			const read = at("/page").state === "read" ? "/page" : "/copy";
			assert.equal(at("/print").detail, site.origin + read);
			const [one, other] = [at("/page"), at("/copy")].map(({ state }) => state).sort();
			assert.deepEqual([one, other], ["read", "unread"]);
		});
	});

	// Many sites name their start on every page; search engines take no such hint either.
	it("ignores a canonical link to a page with another text", async () => {
		const to = (path) => `<link rel="canonical" href="${path}">`;
		const pages = {
			"/": page("Home", filler("home"), ["/a", "/b", "/x", "/y", "/lost", "/z?sort=up"], to("/")),
			"/a": page("A", filler("alpha"), [], to("/")),
			"/b": page("B", filler("beta"), ["/c"], to("/")),
			"/c": page("C", filler("gamma"), [], to("/a")),
			// Each names the other one.
			"/x": page("X", filler("chi"), [], to("/y")),
			"/y": page("Y", filler("psi"), [], to("/x")),
			"/lost": page("L", filler("lost"), [], to("/missing")),
			// Its canonical page is only known by it, and has the same text in another order.
			"/z?sort=up": page("Z", MANY, [], to("/z")),
			"/z": page("Z", MANY.split("<p>").reverse().join("<p>")),
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			const expected = {
				...{ "/": "read", "/a": "read", "/b": "read", "/c": "read", "/lost": "read" },
				...{ "/x": "read", "/y": "read", "/z": "read", "/z?sort=up": "unread duplicate" },
				"/missing": "unread status",
			};
			assert.deepEqual(await outcomes(crawler, source, site.origin), expected);
			// Again, and when everything is read again.
			pages["/a"] = page("A", filler("other"), [], to("/"));
			for (let i = 0; i < 2; i++) {
				await crawler.crawl(source);
				assert.deepEqual(await outcomes(crawler, source, site.origin), expected);
			}
			assert.equal(
				(await crawler.pages(source))[`${site.origin}/z?sort=up`].detail,
				`${site.origin}/z`,
			);
		});
	});

	it("follows at most five redirects, and ends endless ones", async () => {
		await withCrawler({}, async (crawler, site) => {
			let last = 0;
			for (let i = 0; i < 7; i++)
				site.pages[`/r${i}`] = { status: 302, headers: { location: `/r${i + 1}` } };
			site.pages["/r7"] = page("End", filler("end"));
			site.pages["/loop"] = { status: 302, headers: { location: "/loop2" } };
			site.pages["/loop2"] = { status: 302, headers: { location: "/loop" } };
			site.pages["/endless"] = (_, response) =>
				response.writeHead(302, { location: `/endless?n=${++last}` }).end();
			site.pages["/"] = page("Home", filler("home"), ["/r1", "/r2", "/loop", "/endless"]);
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/endless": "unread redirects",
				"/loop": "unread redirects",
				"/r1": "unread redirects",
				"/r2": "unread duplicate",
				"/r7": "read",
			});
			assert.ok(last <= 6, `${last} redirects`);
		});
	});

	it("crawls the host to which the start leads", async () => {
		const other = await Site.start({ "/": page("New", filler("new"), ["/a"]) });
		other.pages["/a"] = page("A", filler("alpha"));
		try {
			await withCrawler({}, async (crawler, site) => {
				site.pages["/"] = { status: 301, headers: { location: `${other.origin}/` } };
				const source = await crawler.learn({ url: site.origin });
				const found = await crawler.pages(source);
				// The port of another host is not 80 or 443.
				assert.equal(found[`${site.origin}/`].reason, "address");
			});
		} finally {
			await other.stop();
		}
	});
});

describe("the host to which the start leads", () => {
	it("keeps its pages while the start fails or leads elsewhere, until the owner decides", async () => {
		const env = { CRAWL_ALLOW: "127.0.0.0/8" };
		await withCrawler(
			{},
			async (crawler, site) => {
				const other = await Site.start(
					{
						"/": page("New", filler("new"), ["/a"]),
						"/a": page("A", filler("alpha")),
					},
					{ host: "127.0.0.2", port: site.port },
				);
				const all = { [`${other.origin}/`]: "read", [`${other.origin}/a`]: "read" };
				const texts = async (source) =>
					Object.fromEntries(
						Object.entries(await crawler.pages(source))
							.filter(([, { state }]) => state === "read")
							.map(([url, { state }]) => [url, state]),
					);
				try {
					site.pages["/"] = { status: 301, headers: { location: `${other.origin}/` } };
					const source = await crawler.learn({ url: site.origin });
					assert.deepEqual(await texts(source), all);
					// A decision about other pages leaves them.
					other.pages["/"] = page("New", filler("new"), ["/a", "/b"]);
					other.pages["/b"] = page("B", filler("beta"));
					await crawler.crawl(source);
					other.pages["/a"] = other.pages["/b"] = { status: 410 };
					assert.equal((await crawler.crawl(source)).state, "waits");
					assert.equal((await crawler.crawl(source, "keep")).state, "idle");
					assert.equal(Object.keys(await texts(source)).length, 3);
					site.pages["/"] = { status: 404 };
					await crawler.crawl(source);
					assert.equal(Object.keys(await texts(source)).length, 3);
					site.pages["/"] = page("Maintenance", filler("later"));
					assert.equal((await crawler.crawl(source)).state, "waits");
					assert.equal(Object.keys(await texts(source)).length, 4);
					assert.equal((await crawler.crawl(source, "remove")).state, "idle");
					assert.deepEqual(await texts(source), { [`${site.origin}/`]: "read" });
				} finally {
					await other.stop();
				}
			},
			{ env },
		);
	});
});

describe("changes", () => {
	it("asks with the version that is known, and writes no text of unchanged pages", async () => {
		const pages = { "/": { etag: true, body: page("Home", filler("home"), ["/a", "/b"]) } };
		pages["/a"] = { etag: true, body: page("A", filler("alpha")) };
		pages["/b"] = page("B", filler("beta"));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			const before = await crawler.pages(source);
			site.requests.length = 0;
			await crawler.crawl(source);
			const after = await crawler.pages(source);
			assert.equal(site.requests.filter((one) => one.headers["if-none-match"]).length, 2);
			for (const [url, one] of Object.entries(after)) {
				assert.equal(one.changed_at, before[url].changed_at);
				assert.ok(one.fetched_at > before[url].fetched_at);
				assert.ok(one.interval_s > before[url].interval_s);
			}
			pages["/a"] = { etag: true, body: page("A", filler("changed")) };
			await crawler.crawl(source);
			const now = (await crawler.pages(source))[`${site.origin}/a`];
			assert.ok(now.changed_at > before[`${site.origin}/a`].changed_at);
			assert.ok(now.interval_s < after[`${site.origin}/a`].interval_s);
			assert.match(await crawler.text(source, now.id), /changed0/);
		});
	});

	it("still says of an unchanged page that its text was cut", async () => {
		const text = Array.from({ length: 12_000 }, (_, i) => filler(`w${i}x`)).join("<p>");
		for (const etag of [true, false])
			await withCrawler({ "/": { etag, body: page("Long", text) } }, async (crawler, site) => {
				const source = await crawler.learn({ url: site.origin });
				for (let i = 0; i < 2; i++) {
					const [one] = Object.values(await crawler.pages(source));
					assert.deepEqual([one.state, one.reason], ["read", "size"]);
					assert.match(one.detail, /its end is left out/);
					await crawler.crawl(source);
				}
			});
	});

	it("writes no text of 1,000 unchanged pages, with and without ETags", async () => {
		const paths = Array.from({ length: 1000 }, (_, i) => `/p/${i}`);
		const pages = { "/": page("Home", filler("home")) };
		for (const [i, path] of paths.entries())
			pages[path] = { etag: i % 2 === 0, body: page(`P${i}`, filler(`page${i}x`)) };
		await withCrawler(pages, async (crawler, site) => {
			pages["/sitemap.xml"] = sitemap(paths.map((path) => site.origin + path));
			const source = await crawler.learn({ url: site.origin });
			const before = await crawler.pages(source);
			await crawler.crawl(source);
			const after = await crawler.pages(source);
			assert.equal(Object.keys(after).length, 1001);
			for (const [url, { fetched_at, changed_at }] of Object.entries(after)) {
				assert.ok(fetched_at > before[url].fetched_at);
				assert.equal(changed_at, before[url].changed_at);
			}
			const ends = crawler.log.lines.filter(({ ev }) => ev === "crawl_ended");
			assert.deepEqual(
				ends.map(({ changed }) => changed),
				["1001", "0"],
			);
		});
	});

	it("keeps the last good text when a page fails, and removes a page that is gone", async () => {
		const pages = { "/": page("Home", filler("home"), ["/a", "/b", "/c", "/d"]) };
		for (const path of ["/a", "/b", "/c", "/d"]) pages[path] = page(path, filler(path.slice(1)));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			pages["/a"] = { status: 500 };
			pages["/b"] = { status: 404 };
			pages["/c"] = { status: 410 };
			await crawler.crawl(source);
			const found = await crawler.pages(source);
			const at = (path) => found[site.origin + path];
			assert.deepEqual(
				[at("/a").state, at("/a").reason, at("/a").detail],
				["read", "status", "500"],
			);
			assert.match(await crawler.text(source, at("/a").id), /a0 a1/);
			assert.deepEqual([at("/b").state, at("/b").reason], ["read", "status"]);
			assert.ok(at("/b").missing_since > 0);
			assert.equal(at("/c"), undefined);
			// A second 404 counts only a day later.
			await crawler.crawl(source);
			assert.ok((await crawler.pages(source))[`${site.origin}/b`]);
		});
	});

	it("reads a page that has moved, instead of taking it for a duplicate of the missing one", async () => {
		const pages = { "/": page("Home", filler("home"), ["/a", "/b", "/c", "/d"]) };
		for (const path of ["/a", "/b", "/c", "/d"]) pages[path] = page(path, filler(path.slice(1)));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			pages["/new"] = pages["/a"];
			pages["/a"] = { status: 410 };
			pages["/"] = page("Home", filler("home"), ["/a", "/b", "/c", "/d", "/new"]);
			await crawler.crawl(source);
			const found = await outcomes(crawler, source, site.origin);
			assert.deepEqual([found["/a"], found["/new"]], [undefined, "read"]);
		});
	});

	it("does not take an error for the second time that a page is missing", async () => {
		const pages = { "/": page("Home", filler("home"), ["/a", "/b", "/c", "/d"]) };
		for (const path of ["/a", "/b", "/c", "/d"]) pages[path] = page(path, filler(path.slice(1)));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			pages["/a"] = pages["/b"] = { status: 404 };
			await crawler.crawl(source);
			for (const path of ["/a", "/b"]) {
				const url = site.origin + path;
				const missing = Date.now() - 2 * 86_400_000;
				await crawler.changePage(source, url, { missing_since: missing });
			}
			pages["/a"] = { status: 503 };
			await crawler.crawl(source);
			const found = await crawler.pages(source);
			assert.equal(found[`${site.origin}/a`].state, "read");
			assert.equal(found[`${site.origin}/b`], undefined);
		});
	});

	it("asks the owner before it removes over a third of the pages", async () => {
		const pages = { "/": page("Home", filler("home"), ["/a", "/b"]) };
		for (const path of ["/a", "/b"]) pages[path] = page(path, filler(path.slice(1)));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			pages["/a"] = pages["/b"] = { status: 410 };
			const state = await crawler.crawl(source);
			assert.deepEqual([state.state, state.removing], ["waits", 2]);
			assert.equal(Object.keys(await crawler.pages(source)).length, 3);
			const kept = await crawler.crawl(source, "keep");
			assert.deepEqual([kept.state, kept.removing], ["idle", 0]);
			assert.equal(Object.keys(await crawler.pages(source)).length, 3);
			assert.equal((await crawler.crawl(source)).state, "waits");
			assert.equal((await crawler.crawl(source, "remove")).state, "idle");
			assert.deepEqual(Object.keys(await crawler.pages(source)), [`${site.origin}/`]);
		});
	});

	for (const [what, instead] of [
		["redirect to one page", { status: 302, headers: { location: "/soon" } }],
		["have the same text", page("Back soon", filler("soon"))],
		[
			"name one page as canonical and have its text",
			page("Back soon", filler("soon"), [], '<link rel="canonical" href="/soon">'),
		],
	])
		it(`asks the owner before it drops the texts of pages that all ${what}`, async () => {
			const paths = ["/a", "/b", "/c", "/d", "/e"];
			const pages = { "/": page("Home", filler("home"), paths) };
			for (const path of paths) pages[path] = page(path, filler(path.slice(1)));
			const open = { ...pages };
			const closed = Object.fromEntries(paths.map((path) => [path, instead]));
			await withCrawler(pages, async (crawler, site) => {
				const source = await crawler.learn({ url: site.origin });
				const texts = async () => {
					const found = await crawler.pages(source);
					const of = (path) => crawler.text(source, found[site.origin + path].id);
					return (await Promise.all(["/c", "/d", "/e"].map(of))).join();
				};
				const first = await texts();
				Object.assign(pages, closed, { "/soon": page("Back soon", filler("soon")) });
				assert.equal((await crawler.crawl(source)).state, "waits");
				assert.equal(await texts(), first);
				assert.equal((await crawler.crawl(source, "keep")).state, "idle");
				assert.equal(await texts(), first);
				assert.equal((await crawler.crawl(source)).state, "waits");
				Object.assign(pages, open);
				assert.equal((await crawler.crawl(source)).state, "idle");
				assert.equal(await texts(), first);
				Object.assign(pages, closed);
				assert.equal((await crawler.crawl(source)).state, "waits");
				assert.equal((await crawler.crawl(source, "remove")).state, "idle");
				assert.equal((await outcomes(crawler, source, site.origin))["/c"], "unread duplicate");
				assert.equal(await texts(), ",,");
			});
		});

	it("moves pages to the addresses to which they redirect", async () => {
		const paths = ["/a", "/b", "/c"];
		const pages = { "/": page("Home", filler("home"), paths) };
		for (const path of paths) pages[path] = page(path, filler(path.slice(1)));
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			for (const path of paths) {
				pages[`/new${path}`] = pages[path];
				pages[path] = { status: 301, headers: { location: `/new${path}` } };
			}
			assert.equal((await crawler.crawl(source)).state, "idle");
			const found = await outcomes(crawler, source, site.origin);
			for (const path of paths)
				assert.deepEqual([found[path], found[`/new${path}`]], ["unread duplicate", "read"]);
		});
	});

	it("takes a page that looks like a missing one for missing", async () => {
		const pages = {
			"/": page("Home", filler("home"), ["/a", "/gone"]),
			"/a": page("A", filler("alpha")),
		};
		await withCrawler(pages, async (crawler, site) => {
			site.missing = page("Sorry", "We cannot find this page, but look at our other offers.");
			const source = await crawler.learn({ url: site.origin });
			assert.deepEqual(await outcomes(crawler, source, site.origin), {
				"/": "read",
				"/a": "read",
				"/gone": "unread status",
			});
		});
	});

	it("fetches a page early that its sitemap calls new", async () => {
		await withCrawler({}, async (crawler, site) => {
			const urls = (at) => sitemap([[`${site.origin}/a`, at], `${site.origin}/b`]);
			site.pages["/"] = page("Home", filler("home"));
			site.pages["/a"] = page("A", filler("alpha"));
			site.pages["/b"] = page("B", filler("beta"));
			site.pages["/sitemap.xml"] = urls("2020-01-01");
			const source = await crawler.learn({ url: site.origin });
			const { started_at, ended_at } = await crawler.state(source);
			assert.ok(started_at > 0);
			site.requests.length = 0;
			site.pages["/sitemap.xml"] = urls("2099-01-01");
			// A change of the source starts a crawl of what is due.
			await crawler.change(source, { name: "Renamed" });
			await crawler.ended(source, ended_at);
			assert.deepEqual([site.asked("/a"), site.asked("/b")], [1, 0]);
		});
	});
});

describe("bad content", () => {
	it("has a reason for each page that it cannot read", async () => {
		const pages = {
			"/": page("Home", filler("home"), [
				"/login",
				"/private",
				"/type",
				"/empty",
				"/bomb",
				"/large",
				"/broken",
				"/500",
				"/latin",
				"/nested",
			]),
			"/login": { status: 302, headers: { location: "/users/sign-in?next=%2F" } },
			"/private": { status: 401, headers: { "www-authenticate": "Basic" } },
			"/type": { type: "application/x-unknown", body: "x" },
			"/empty": { body: "" },
			"/bomb": {
				headers: { "content-encoding": "gzip" },
				body: gzipSync(Buffer.alloc(200 << 20, "a")),
			},
			"/large": (_, response) => {
				response.writeHead(200, { "content-type": "text/html" });
				const more = () => {
					while (!response.destroyed && response.write(Buffer.alloc(65536, "x")));
				};
				response.on("drain", more);
				more();
			},
			"/broken": (request) => request.socket.destroy(),
			"/500": { status: 500 },
			"/latin": {
				type: "text/html; charset=iso-8859-1",
				body: Buffer.from(page("Größe", "Fußgänger übers Öl zählen zwölf grüne Hüte"), "latin1"),
			},
			"/nested": page("N", `${"<div>".repeat(200_000)}deep text of the page`),
		};
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			const found = await outcomes(crawler, source, site.origin);
			assert.match(found["/nested"], /^(read|unread damaged)$/);
			delete found["/nested"];
			assert.deepEqual(found, {
				"/": "read",
				"/500": "unread status",
				"/bomb": "unread size",
				"/broken": "unread network",
				"/empty": "unread empty",
				"/large": "unread size",
				"/latin": "read",
				"/login": "unread login",
				"/private": "unread login",
				"/type": "unread type",
			});
			const { id } = (await crawler.pages(source))[`${site.origin}/latin`];
			assert.match(await crawler.text(source, id), /Fußgänger übers Öl/);
		});
	});

	it("gives up a site that stops answering, and tells the owner", async () => {
		const links = Array.from({ length: 40 }, (_, i) => `/${i}`);
		await withCrawler({ "/": page("Home", filler("home"), links) }, async (crawler, site) => {
			site.pages["/robots.txt"] = site.pages["/sitemap.xml"] = { status: 404 };
			site.missing = { status: 500 };
			const source = await crawler.learn({ url: site.origin });
			const { state, error } = await crawler.state(source);
			assert.deepEqual([state, error], ["failed", "the site does not answer"]);
			assert.ok(site.paths().length < 20);
		});
	});

	it("tries the first reading of a site that does not answer again soon, and says when", async () => {
		await withCrawler({}, async (crawler) => {
			const port = await freePort();
			const source = await crawler.learn({ url: `http://127.0.0.1:${port}` });
			const first = await crawler.state(source);
			assert.deepEqual([first.state, first.next_at - first.ended_at], ["failed", 10_000]);
			const site = await Site.start({ "/": page("Home", filler("home")) }, { port });
			try {
				const second = await crawler.ended(source, first.ended_at);
				assert.deepEqual([second.state, second.read], ["idle", 1]);
			} finally {
				await site.stop();
			}
			// It is not the first reading any more.
			const { state, ended_at, next_at } = await crawler.crawl(source);
			assert.deepEqual([state, next_at - ended_at], ["failed", 3_600_000]);
		});
	});

	it("stores what it has read of a site that stops answering", async () => {
		const failing = Array.from({ length: 12 }, (_, i) => `/z${i}`);
		const pages = { "/": page("Home", filler("home"), ["/a", ...failing]) };
		pages["/a"] = page("A", filler("alpha"));
		for (const path of failing) pages[path] = { status: 500 };
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			assert.equal((await crawler.state(source)).state, "failed");
			const found = await outcomes(crawler, source, site.origin);
			assert.deepEqual([found["/"], found["/a"]], ["read", "read"]);
		});
	});

	it("leaves out what a site repeats on its pages, also on the first ones", async () => {
		const links = Array.from({ length: 30 }, (_, i) => `/${i}`);
		const banner = "<p>Subscribe to our newsletter to hear of offers before all others do.</p>";
		const pages = { "/": page("Home", filler("home"), links) };
		for (const path of links)
			pages[path] = page(path, filler(`word${path.slice(1)}x`)).replace("<ul>", `${banner}<ul>`);
		await withCrawler(pages, async (crawler, site) => {
			const source = await crawler.learn({ url: site.origin });
			const found = Object.values(await crawler.pages(source));
			assert.equal(found.filter(({ state }) => state === "read").length, 31);
			for (const { id, url } of found) {
				const text = await crawler.text(source, id);
				assert.doesNotMatch(text, /newsletter/, url);
				if (url !== `${site.origin}/`) assert.match(text, /word\d+x11/, url);
			}
			// A page that changes later is read without it, too.
			pages["/3"] = page("/3", filler("different")).replace("<ul>", `${banner}<ul>`);
			await crawler.crawl(source);
			const { id } = (await crawler.pages(source))[`${site.origin}/3`];
			const text = await crawler.text(source, id);
			assert.match(text, /different3/);
			assert.doesNotMatch(text, /newsletter/);
		});
	});
});

describe("uploads", () => {
	it("are read, and replaced", async () => {
		await withCrawler({}, async (crawler) => {
			const source = await crawler.add({ kind: "files" });
			const text = `# Prices\n\n${filler("price", 20)}\n\n## Delivery\n\n${filler("delivery", 20)}\n`;
			const id = await crawler.upload(source, "prices.md", "text/markdown", Buffer.from(text));
			await until("the file is read", async () => {
				const { state, upload } = (await crawler.pages(source))["prices.md"];
				return state === "read" && /^0*$/.test(upload);
			});
			assert.match(await crawler.text(source, id), /price3/);
			const other = Buffer.from("# Prices\n\nnothing costs anything any more, all is free\n");
			assert.equal(await crawler.upload(source, "prices.md", "text/markdown", other), id);
			await until("the new file is read", async () =>
				/nothing costs/.test(await crawler.text(source, id)),
			);
			await crawler.upload(source, "bad.pdf", "application/pdf", Buffer.from("no pdf"));
			await until("the bad file has a reason", async () => {
				const bad = (await crawler.pages(source))["bad.pdf"];
				return bad.state === "unread" && bad.reason === "damaged";
			});
		});
	});

	it("has further pages for a text of more passages than searchd takes of one", async () => {
		await withCrawler({}, async (crawler) => {
			const source = await crawler.add({ kind: "files" });
			const sections = Array.from({ length: 5000 }, (_, i) => `# Part ${i}\n\nText ${i}.\n`);
			await crawler.upload(source, "all.md", "text/markdown", Buffer.from(sections.join("\n")));
			const chunks = await until("all is read", async () => {
				const pages = Object.entries(await crawler.pages(source));
				const found = pages.map(([url, one]) => [url.split("#")[0], one.chunks]);
				return found.length === 2 && found.every(([, n]) => n > 0) && found;
			});
			const numbers = chunks.map(([, n]) => n).sort((a, b) => a - b);
			assert.deepEqual(numbers, [5000 - 4096, 4096]);
			assert.ok(chunks.every(([url]) => url === "all.md"));
		});
	});
});
