// `banter learn` adds a site, a page or files to a source, waits for crawld, and says what was not read; an export and
// its import keep what was learnt.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { page } from "./crawl-site.mjs";
import { withCrawler } from "./crawler.mjs";
import { BUILD } from "./daemon.mjs";
import { parseLines, startProgram, toLines, useDirectory } from "./tool.mjs";

const words = (word) => Array.from({ length: 20 }, (_, i) => `${word}${i}`).join(" ");

/** Runs banter with the crawler's store; resolves to its output after this exit status. */
async function banter(crawler, status, ...args) {
	const end = await startProgram(join(BUILD, "banter"), args, crawler.env).ended;
	assert.equal(end.status, status, `banter ${args.join(" ")}\n${end.stdout}${end.stderr}`);
	return end;
}

async function learn(crawler, status, ...args) {
	return JSON.parse((await banter(crawler, status, "learn", "--json", ...args)).stdout);
}

const SITE = {
	"/": page("Home", words("home"), ["/a", "/gone"]),
	"/a": page("A", words("alpha")),
	"/gone": { status: 500 },
};

describe("banter learn URL", () => {
	it("reads a site, and again after it has changed", async () => {
		await withCrawler(SITE, async (crawler, site) => {
			const first = await learn(crawler, 0, `${site.origin}/`);
			assert.equal(first.name, site.origin.replace("http://", ""));
			assert.deepEqual(
				[first.created, first.complete, first.pages],
				[true, true, { read: 2, waiting: 0, unread: 1 }],
			);
			assert.deepEqual(
				first.unread.map(({ url, reason }) => [url, reason]),
				[[`${site.origin}/gone`, "status"]],
			);
			site.pages["/gone"] = page("Back", words("back"));
			const again = await learn(crawler, 0, `${site.origin}/`);
			assert.equal(again.source, first.source);
			assert.deepEqual(
				[again.created, again.pages, again.unread],
				[false, { read: 3, waiting: 0, unread: 0 }, []],
			);
		});
	});

	it("reads one page, and prints a report", async () => {
		await withCrawler(SITE, async (crawler, site) => {
			const { stdout } = await banter(crawler, 0, "learn", "--page", `${site.origin}/a`);
			assert.match(
				stdout,
				/^127\.0\.0\.1:\d+\/a: 1 page read, with .* of text in 1 chunk; 0 pages are waiting, 0 /,
			);
			assert.deepEqual(site.paths(), ["/a"]);
		});
	});

	it("names the next step until an agent answers from the source", async () => {
		await withCrawler(SITE, async (crawler, site) => {
			const next = /^Next: no agent answers from it yet\. In the dashboard, open the agent/m;
			const first = await banter(crawler, 0, "learn", `${site.origin}/`);
			assert.match(first.stdout, next);
			const report = await learn(crawler, 0, `${site.origin}/`);
			assert.equal(report.agents, 0);

			/** Changes the first agent as an owner does. */
			async function change(members) {
				const { stdout } = await banter(crawler, 0, "export");
				const agent = parseLines(stdout).find((line) => line.kind === "agent");
				const all = [
					{ kind: "banter", format: 1 },
					{ ...agent, ...members },
				];
				const input = toLines([...all, { kind: "end", lines: all.length }]);
				const program = join(BUILD, "banter");
				const { status, stderr } = await startProgram(program, ["import", "-"], crawler.env, {
					input,
				}).ended;
				assert.equal(status, 0, stderr);
			}
			const other = "00000000-0000-7000-8000-00000000ffff";
			for (const [members, agents] of [
				[{ knowledge: "all" }, 1],
				[{ knowledge: "some", sources: other }, 0],
				[{ knowledge: "some", sources: `${other} ${report.source}` }, 1],
				[{ enabled: false }, 0],
			]) {
				await change(members);
				const { stdout } = await banter(crawler, 0, "learn", `${site.origin}/`);
				if (agents === 0) assert.match(stdout, next);
				else assert.match(stdout, /^1 agent answers from it$/m);
			}
		});
	});

	it("fails if nothing was read, and for a name of another source", async () => {
		await withCrawler({}, async (crawler, site) => {
			const { stderr, stdout } = await banter(crawler, 65, "learn", site.origin, "--source", "x");
			assert.match(stderr + stdout, /not read/);
			const other = await banter(crawler, 64, "learn", "README.md", "--source", "x");
			assert.match(other.stderr, /the source x is of another kind/);
			const none = await banter(crawler, 64, "learn", BUILD, "--page");
			assert.match(none.stderr, /--page needs an http or https address/);
		});
	});
});

describe("banter learn FILE or DIR", () => {
	const path = useDirectory();

	it("reads files by their suffix, in all folders, and says what it has left out", async () => {
		const dir = path("manual");
		mkdirSync(join(dir, "deep", ".hidden"), { recursive: true });
		writeFileSync(join(dir, "a.html"), page("A", words("alpha")));
		writeFileSync(join(dir, "deep", "B.MD"), `# Beta\n\n${words("beta")}\n`);
		writeFileSync(join(dir, "deep", "c.txt"), words("gamma"));
		writeFileSync(join(dir, "deep", ".hidden", "d.txt"), words("delta"));
		writeFileSync(join(dir, "picture.png"), "not read");
		symlinkSync("a.html", join(dir, "link.html"));
		await withCrawler({}, async (crawler) => {
			const report = await learn(crawler, 0, dir);
			assert.deepEqual(
				[report.name, report.complete, report.pages, report.other_files, report.left_out],
				["manual", true, { read: 3, waiting: 0, unread: 0 }, 1, []],
			);
			const pages = await crawler.pages(report.source.replaceAll("-", ""));
			assert.deepEqual(Object.keys(pages).sort(), ["a.html", "deep/B.MD", "deep/c.txt"]);
			const text = await crawler.text(report.source.replaceAll("-", ""), pages["deep/B.MD"].id);
			assert.match(text, /beta0 beta1/);
		});
	});

	it("replaces a file that is learnt again, and reports one that cannot be read", async () => {
		const good = path("good.txt");
		const bad = path("bad.pdf");
		const large = path("large.txt");
		writeFileSync(good, words("one"));
		writeFileSync(bad, "%PDF-1.7 nothing");
		writeFileSync(large, Buffer.alloc(20971521, "x"));
		await withCrawler({}, async (crawler) => {
			const first = await learn(crawler, 0, good);
			assert.equal(first.name, "Files");
			writeFileSync(good, words("two"));
			const again = await learn(crawler, 0, good);
			assert.deepEqual([again.source, again.pages.read], [first.source, 1]);
			const source = first.source.replaceAll("-", "");
			const pages = await crawler.pages(source);
			assert.match(await crawler.text(source, pages["good.txt"].id), /^two0/);
			const failed = await learn(crawler, 65, bad);
			assert.deepEqual(
				failed.unread.map(({ url, reason }) => [url, reason]),
				[["bad.pdf", "damaged"]],
			);
			const left = await learn(crawler, 65, large);
			assert.deepEqual(left.left_out, [{ path: large, why: "it is larger than 20 MiB" }]);
			const empty = path("empty");
			mkdirSync(empty);
			assert.match(
				(await banter(crawler, 66, "learn", empty)).stderr,
				/there is no HTML, Markdown/,
			);
			await banter(crawler, 66, "learn", path("missing"));
		});
	});

	it("stores files also without crawld, which reads them later", async () => {
		const file = path("later.txt");
		writeFileSync(file, words("later"));
		await withCrawler({}, async (crawler) => {
			await crawler.crawld.stop();
			const { stderr, stdout } = await banter(crawler, 69, "learn", file);
			assert.match(stdout, /0 pages read, .*1 page is waiting/);
			assert.match(stderr, /crawld is not connected/);
			crawler.crawld.start();
			assert.deepEqual((await learn(crawler, 0, file)).pages, { read: 1, waiting: 0, unread: 0 });
		});
	});

	it("is exported, and imported with the same bytes", async () => {
		const file = path("kept.md");
		writeFileSync(
			file,
			`# Title\n\n${words("kept")}\n\n## More "quoted" \u2028\n\n${words("more")}\n`,
		);
		let text;
		await withCrawler({}, async (crawler) => {
			await learn(crawler, 0, file, "--source", "Kept");
			text = (await banter(crawler, 0, "export")).stdout;
			const kinds = parseLines(text).map(({ kind }) => kind);
			assert.ok(kinds.includes("source") && kinds.includes("source_page"), kinds.join(" "));
		});
		await withCrawler({}, async (crawler) => {
			await crawler.crawld.stop();
			writeFileSync(path("export.jsonl"), text);
			for (let i = 0; i < 2; i++) await banter(crawler, 0, "import", path("export.jsonl"));
			assert.equal((await banter(crawler, 0, "export")).stdout, text);
			const { stdout } = await banter(crawler, 0, "status");
			assert.match(stdout, /content +1 source with 1 page and \d+ chunks?, 0 vectors/);
			assert.match(stdout, /crawld +is not connected: sites and files are not read/);
			crawler.crawld.start();
			assert.equal((await learn(crawler, 0, file, "--source", "Kept")).pages.read, 1);
		});
	});
});
