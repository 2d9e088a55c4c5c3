// storaged and crawld are killed at any moment while files are uploaded, replaced and removed, and sources come and go.
// In the end each file whose upload was acknowledged last is read, whole and once, and nothing that was removed is there.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { it } from "node:test";
import { ORG } from "../faults/ids.mjs";
import { below, between, chance } from "../faults/random.mjs";
import { assertWhole } from "../faults/store.mjs";
import { withCrawler } from "./crawler.mjs";
import { TIME_FACTOR, times, until } from "./harness.mjs";
import { GENERATION, pause } from "./storm.mjs";

const WRITERS = 4;
const FILES = 5;

/** Files of one source; texts have a word of each version, again and again. */
class Writer {
	version = 0;
	files = new Map(); // name → version
	removed = 0;

	constructor(crawler, n) {
		Object.assign(this, { crawler, n });
	}

	async open() {
		this.source = await this.crawler.add({ kind: "files" });
	}

	word(version) {
		return `writer${this.n}version${version}`;
	}

	/** Uploads a file until that is acknowledged: with a new upload if pieces of the first were lost. */
	async upload(name, version) {
		const text = Buffer.from(
			`${this.word(version)} is what this file says. `.repeat(1 + below(400)),
		);
		for (;;) {
			const piece = 1 + below(text.length);
			const page = await this.crawler
				.upload(this.source, name, "text/plain", text, { piece })
				.catch((error) => assert.match(error.message, /not the next piece/));
			if (page !== undefined) return;
		}
	}

	async write() {
		const name = `file${below(FILES)}.txt`;
		const version = ++this.version;
		await this.upload(name, version);
		this.files.set(name, version);
	}

	/** Removes a page of the source, if it has one. */
	async remove() {
		const pages = Object.values(await this.crawler.pages(this.source));
		if (pages.length === 0) return;
		const { id: page, url } = pages[below(pages.length)];
		await this.crawler.ask("source_page_delete", { org: ORG, source: this.source, page }, "ok");
		this.files.delete(url);
	}

	/** Removes the source, and begins another. */
	async startAgain() {
		const request = { kind: 0x7f21, org: ORG, id: this.source };
		// After a kill, the request may have been done before.
		await this.crawler.ask("record_delete", request, "ok").catch((error) => {
			assert.match(error.message, /no such source/);
		});
		this.removed++;
		this.files.clear();
		await this.open();
	}

	async run(isOver) {
		while (!isOver()) {
			await this.write();
			if (chance(0.2)) await this.remove();
			if (chance(0.05)) await this.startAgain();
			await pause(below(30));
		}
	}

	/** Each file is there with the text of its last version alone. */
	async check() {
		const pages = await until("all uploads are read", async () => {
			const all = await this.crawler.pages(this.source);
			return Object.values(all).every(({ upload }) => /^0*$/.test(upload)) && all;
		});
		assert.deepEqual(Object.keys(pages).sort(), [...this.files.keys()].sort());
		for (const [name, version] of this.files) {
			assert.deepEqual([pages[name].state, pages[name].reason], ["read", "none"], name);
			const text = await this.crawler.text(this.source, pages[name].id);
			const words = new Set(text.match(/writer\d+version\d+/g));
			assert.deepEqual([...words], [this.word(version)], name);
		}
		const state = await this.crawler.state(this.source);
		assert.deepEqual([state.waiting, state.read, state.unread], [0, this.files.size, 0]);
	}
}

it("content survives kills of storaged and crawld, whole and once", {
	timeout: 300_000,
}, async () => {
	await withCrawler({}, async (crawler) => {
		const daemons = [crawler.store.daemon, crawler.crawld];
		crawler.crawld.mustRun = false;
		for (const daemon of daemons) daemon.restart = true;
		const writers = await times(WRITERS, async (n) => {
			const writer = new Writer(crawler, n);
			await writer.open();
			return writer;
		});
		let over = false;
		const runs = writers.map((writer) => writer.run(() => over));
		const failed = Promise.all(runs).catch((error) => error);
		for (let round = 0; round < GENERATION; round++) {
			await pause(between(50, 600) * Math.min(TIME_FACTOR, 2));
			for (const daemon of daemons) if (daemon.running && chance(0.6)) daemon.kill("SIGKILL");
		}
		over = true;
		assert.ok(!((await failed) instanceof Error), String(await failed));
		for (const writer of writers) await writer.check();
		await assertWhole(crawler.store.dir);
		const versions = writers.reduce((sum, { version }) => sum + version, 0);
		assert.ok(versions > WRITERS * 5, `only ${versions} uploads`);
	});
});
