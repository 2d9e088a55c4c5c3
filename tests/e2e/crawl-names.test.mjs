// Names whose addresses change (DNS rebinding): the address of each connection decides, whatever the name was before.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { page, Site } from "./crawl-site.mjs";
import { Crawler } from "./crawler.mjs";
import { NameServer, whyNoNamespaces } from "./name-server.mjs";

const TEXT = "words of the public page that everybody may read";

/**
 * Runs body(crawler, names, site, target): crawld resolves names by this name server alone; the site is at 127.0.0.1,
 * the target at 127.0.0.2, with the same port.
 */
async function withNames(allowed, body) {
	const names = new NameServer();
	await names.start();
	const site = await Site.start({ "/": page("Public", TEXT), "/robots.txt": { status: 404 } });
	const target = await Site.start(
		{ "/": page("Secret", TEXT) },
		{ host: "127.0.0.2", port: site.port },
	);
	const crawler = new Crawler({ env: { CRAWL_ALLOW: allowed } });
	const { crawld } = crawler;
	[crawld.program, crawld.args] = names.command(crawld.program, crawld.args);
	try {
		await crawler.start();
		await body(crawler, names, site, target);
		await crawler.stop();
	} finally {
		await crawler.remove();
		await site.stop();
		await target.stop();
		names.stop();
	}
}

/** Reads a page of rebinding.test, which is at the site then. */
async function learn(crawler, site) {
	const url = `http://rebinding.test:${site.port}/`;
	const source = await crawler.learn({ kind: "page", url });
	const state = await crawler.state(source);
	assert.deepEqual([state.state, state.read], ["idle", 1], state.error);
	assert.ok(site.asked("/") > 0);
	return source;
}

describe("a name that was at an allowed address", { skip: whyNoNamespaces() }, () => {
	for (const address of ["127.0.0.2", "10.0.0.1", "169.254.169.254", "::1"])
		it(`is not connected to when it is at ${address}`, () =>
			withNames("127.0.0.1", async (crawler, names, site, target) => {
				const source = await learn(crawler, site);
				names.addresses = [address];
				// Its next process asks for the address again; a running one does so after a minute.
				await crawler.crawld.stop();
				crawler.crawld.start();
				const { state, error } = await crawler.crawl(source);
				assert.equal(state, "failed");
				assert.match(error, /not public/);
				assert.deepEqual(target.requests, []);
				const [{ id }] = Object.values(await crawler.pages(source));
				assert.match(await crawler.text(source, id), /public page/);
			}));

	it("is not connected to at its other address when the first one refuses", () =>
		withNames("127.0.0.1", async (crawler, names, site, target) => {
			names.addresses = ["127.0.0.1", "127.0.0.2"];
			const source = await learn(crawler, site);
			await site.stop();
			const { state } = await crawler.crawl(source);
			assert.equal(state, "failed");
			assert.deepEqual(target.requests, []);
		}));

	it("is connected to at its other address when that is allowed, too", () =>
		withNames("127.0.0.0/8", async (crawler, names, site, target) => {
			names.addresses = ["127.0.0.1", "127.0.0.2"];
			const source = await learn(crawler, site);
			await site.stop();
			assert.equal((await crawler.crawl(source)).state, "idle");
			assert.ok(target.asked("/") > 0);
		}));
});
