// What hostile sites can make crawld and its children hold: 16 at a time, and one for each kind of bomb.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { page, Site, sitemap } from "./crawl-site.mjs";
import { Crawler, withCrawler } from "./crawler.mjs";
import { DEADLINE_MS, TIME_FACTOR, until } from "./daemon.mjs";
import { childrenOf } from "./proc.mjs";

const MIB = 2 ** 20;
/** In MiB: what these sites may make crawld use (290 measured), and its two children of 256 MiB (88). */
const ALL_MAX = 400;
const CHILDREN_MAX = 520;
const filler = (word, n = 12) => Array.from({ length: n }, (_, i) => `${word}${i}`).join(" ");

/** The most memory that a process has used so far, in bytes; 0 if it has exited. */
function peakOf(pid) {
	try {
		const status = readFileSync(`/proc/${pid}/status`, "latin1");
		return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
	} catch {
		return 0;
	}
}

/** Watches crawld: its peak, and the most that its children had at a time, each with its peak. */
function watch(crawler) {
	const most = { crawld: 0, children: 0, running: 0 };
	const look = () => {
		const { pid } = crawler.crawld;
		const children = childrenOf(pid).flatMap((one) => [one, ...childrenOf(one)]);
		const all = children.reduce((sum, one) => sum + peakOf(one), 0);
		most.crawld = Math.max(most.crawld, peakOf(pid));
		most.children = Math.max(most.children, all);
		most.running = Math.max(most.running, children.length - 1);
	};
	const timer = setInterval(look, 20);
	return {
		/** Asserts that crawld and its children stayed within these bounds, in MiB. */
		end(crawld, children) {
			clearInterval(timer);
			look();
			const [own, theirs] = [most.crawld / MIB, most.children / MIB];
			const text = `crawld ${own.toFixed(0)} MiB, ${most.running} children ${theirs.toFixed(0)} MiB`;
			// Sanitizers use memory of their own.
			if (TIME_FACTOR === 1) assert.ok(own <= crawld && theirs <= children, text);
			return text;
		},
	};
}

/** Sends the same piece until the client closes the connection, or so many bytes are sent. */
function flood(response, headers, piece, total = Infinity) {
	let sent = 0;
	response.writeHead(200, headers);
	const more = () => {
		while (!response.destroyed && sent < total) {
			sent += piece.length;
			if (!response.write(piece)) return;
		}
		if (!response.destroyed) response.end();
	};
	response.on("drain", more);
	more();
}

const HTML = { "content-type": "text/html" };
const TEXT = { "content-type": "text/plain" };

/** 1,000 entries of a sitemap; the tests send them again and again. */
const ENTRIES = Buffer.from(
	Array.from(
		{ length: 1000 },
		(_, i) => `<url><loc>http://never.invalid/page/number/${i}</loc></url>\n`,
	).join(""),
);
const SITEMAP = { "content-type": "application/xml" };
const RULES = Buffer.from(`User-agent: *\nDisallow: /private\n${"# \n".repeat(20_000)}`);

/** Each site, its pages afterwards, what its state says, and the most memory of crawld in MiB. */
const BOMBS = {
	"a page without an end": {
		links: ["/a"],
		"/a": (_, response) => flood(response, HTML, Buffer.alloc(65536, "<p>word ")),
		expected: { "/a": "unread size" },
		most: 40,
	},
	"a page that is 256 MB when it is decoded": {
		links: ["/a"],
		"/a": { headers: { "content-encoding": "gzip" }, body: gzipSync(Buffer.alloc(256e6, "a ")) },
		expected: { "/a": "unread size" },
		most: 40,
	},
	"a robots.txt of 100 MB": {
		links: ["/a", "/private"],
		"/a": page("A", filler("alpha")),
		"/robots.txt": (_, response) => flood(response, TEXT, RULES, 100e6),
		expected: { "/a": "read", "/private": "unread robots" },
		most: 40,
	},
	"a sitemap with ten million entries": {
		links: ["/a"],
		"/a": page("A", filler("alpha")),
		"/sitemap.xml": (_, response) => flood(response, SITEMAP, ENTRIES, 10_000 * ENTRIES.length),
		expected: { "/a": "read" },
		error: /a sitemap is longer than 16 MB/,
		most: 60,
	},
	"a compressed sitemap with a million entries": {
		links: ["/a"],
		"/a": page("A", filler("alpha")),
		"/sitemap.xml": { body: gzipSync(Buffer.concat(Array(1000).fill(ENTRIES))) },
		expected: { "/a": "read" },
		error: /a sitemap is longer than 16 MB/,
		most: 60,
	},
};

const assertLiving = (crawler) =>
	assert.deepEqual(
		crawler.log.lines.filter(({ ev }) => ev === "died"),
		[],
	);

describe("crawld's memory has a bound, and the owner a reason, with", () => {
	for (const [name, { links, expected, error = /^$/, most, ...pages }] of Object.entries(BOMBS))
		it(name, async () => {
			await withCrawler(
				{ "/": page("Home", filler("home"), links), ...pages },
				async (crawler, site) => {
					const memory = watch(crawler);
					const source = await crawler.learn({ url: site.origin });
					const found = Object.fromEntries(
						Object.entries(await crawler.pages(source)).map(([url, { state, reason }]) => [
							url.slice(site.origin.length),
							state === "read" ? state : `${state} ${reason}`,
						]),
					);
					assert.deepEqual(found, { "/": "read", ...expected });
					const after = await crawler.state(source);
					assert.equal(after.state, "idle");
					assert.match(after.error, error);
					console.log(`# ${name}: ${memory.end(most, CHILDREN_MAX)}`);
					assertLiving(crawler);
				},
			);
		});
});

/** 4,200 addresses of 2 KB, whose records are 16 MiB; each page has 5 MB of HTML and is text as far as possible. */
async function startHostile(host, body) {
	const site = await Site.start({}, { host });
	const long = "x".repeat(1960);
	const urls = Array.from({ length: 4200 }, (_, i) => `${site.origin}/${i}/${long}`);
	const rules = Array.from({ length: 20_000 }, (_, i) => `Disallow: /no/${i}`).join("\n");
	site.pages["/"] = page("Home", filler("home"));
	site.pages["/sitemap.xml"] = sitemap(urls);
	site.pages["/robots.txt"] = { type: "text/plain", body: `User-agent: *\n${rules}` };
	site.missing = { body, headers: { etag: `"${"e".repeat(250)}"` } };
	return site;
}

describe("16 hostile sites at a time", () => {
	it(`make crawld use at most ${ALL_MAX} MiB, and its children ${CHILDREN_MAX} MiB`, async () => {
		const blocks = Array.from({ length: 60_000 }, (_, i) => `<p>The ${i}th ${filler(`w${i}x`, 6)}`);
		const body = Buffer.from(`<main><title>${"T".repeat(590)}</title>${blocks.join("\n")}`);
		assert.ok(body.length > 4e6 && body.length < 5 * MIB, `${body.length}`);
		const env = { CRAWL_ALLOW: "127.0.0.0/8", CRAWL_TURN_MS: "20000" };
		const crawler = new Crawler({ env });
		const sites = [];
		try {
			for (let i = 1; i <= 16; i++) sites.push(await startHostile(`127.0.1.${i}`, body));
			await crawler.start();
			const memory = watch(crawler);
			// One organization would leave places for others.
			for (const { origin } of sites)
				await crawler.add({ url: origin, org: await crawler.addOrganization() });
			// Their records are larger than all may be: some pause, and go on later.
			const pages = (site) => site.paths().filter((path) => path.endsWith("x")).length;
			await until(
				() => `all sites were asked for pages: ${sites.map(pages)}`,
				() =>
					sites.every((site) => pages(site) > 0) &&
					sites.reduce((sum, site) => sum + pages(site), 0) >= 48,
				4 * DEADLINE_MS,
			);
			assert.ok(crawler.log.lines.some(({ ev }) => ev === "crawl_paused"));
			console.log(`# 16 sites: ${memory.end(ALL_MAX, CHILDREN_MAX)}`);
			assertLiving(crawler);
			await crawler.stop();
		} finally {
			for (const site of sites) await site.stop();
			await crawler.remove();
		}
	});
});
