// crawld and storaged are killed while content comes in: nothing is lost, half stored or stored twice.

import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { page, sitemap } from "./crawl-site.mjs";
import { withCrawler } from "./crawler.mjs";
import { LONG, until } from "./daemon.mjs";

const PAGES = LONG ? 400 : 80;
const FILES = LONG ? 60 : 15;
const KILLS = LONG ? 60 : 12;

const words = (name, n = 30) => Array.from({ length: n }, (_, i) => `${name}w${i}`).join(" ");

/** Each word of a text that belongs to this page, once. */
function assertWhole(text, name, n) {
	const found = text.match(new RegExp(`\\b${name}w\\d+`, "g")) ?? [];
	assert.deepEqual(found, words(name, n).split(" "), `the text of ${name}`);
}

it("kills of crawld and storaged lose, halve and double nothing", async () => {
	await withCrawler({}, async (crawler, site) => {
		const paths = Array.from({ length: PAGES }, (_, i) => `/p${i}`);
		site.pages["/"] = page("Home", words("home"));
		for (const path of paths)
			site.pages[path] = async (_, response) => {
				await pause(3);
				const body = page(path, words(path.slice(1)));
				response.writeHead(200, { "content-type": "text/html" }).end(body);
			};
		site.pages["/sitemap.xml"] = sitemap(paths.map((path) => site.origin + path));
		crawler.crawld.restart = crawler.store.daemon.restart = true;
		const source = await crawler.add({ url: site.origin });
		const files = await crawler.add({ kind: "files" });

		let done = false;
		const uploads = (async () => {
			for (let i = 0; i < FILES; i++) {
				const text = `# File\n\n${words(`f${i}`, 3000).replaceAll(/(\S+ ){40}/g, "$&\n\n")}\n`;
				await crawler.upload(files, `f${i}.md`, "text/markdown", Buffer.from(text), {
					piece: 9000,
				});
			}
		})();
		const kills = (async () => {
			for (let i = 0; i < KILLS; i++) {
				await pause(30 + Math.random() * 150);
				const victim = i % 3 === 2 ? crawler.store.daemon : crawler.crawld;
				await until("it runs", () => victim.running);
				await victim.kill("SIGKILL");
			}
			done = true;
		})();
		await Promise.all([uploads, kills]);
		assert.ok(done);
		await crawler.ended(source);
		await until("all files are read", async () => {
			const found = Object.values(await crawler.pages(files));
			return (
				found.length === FILES &&
				found.every((one) => one.state === "read" && /^0*$/.test(one.upload))
			);
		});

		const found = await crawler.pages(source);
		assert.deepEqual(
			Object.keys(found).sort(),
			["/", ...paths].map((path) => site.origin + path).sort(),
		);
		for (const path of paths) {
			const one = found[site.origin + path];
			assert.equal(one.state, "read");
			assertWhole(await crawler.text(source, one.id), path.slice(1));
		}
		for (const [name, { id }] of Object.entries(await crawler.pages(files)))
			assertWhole(await crawler.text(files, id), name.replace(".md", ""), 3000);
		crawler.crawld.restart = crawler.store.daemon.restart = false;
	});
});

it("a kill loses no link that was found before", async () => {
	await withCrawler({}, async (crawler, site) => {
		// A tree: each page is the only one that links to two others.
		const n = LONG ? 200 : 60;
		for (let i = 0; i < n; i++) {
			const links = [2 * i + 1, 2 * i + 2].filter((k) => k < n).map((k) => `/t${k}`);
			const body = page(`T${i}`, words(`t${i}`), links);
			site.pages[i === 0 ? "/" : `/t${i}`] = async (_, response) => {
				await pause(2);
				response.writeHead(200, { "content-type": "text/html" }).end(body);
			};
		}
		crawler.crawld.restart = true;
		const source = await crawler.add({ url: site.origin });
		for (let i = 0; i < KILLS; i++) {
			await pause(20 + Math.random() * 100);
			await until("it runs", () => crawler.crawld.running);
			await crawler.crawld.kill("SIGKILL");
		}
		await crawler.ended(source);
		const found = Object.values(await crawler.pages(source));
		assert.deepEqual([found.length, found.filter(({ state }) => state === "read").length], [n, n]);
		crawler.crawld.restart = false;
	});
});
