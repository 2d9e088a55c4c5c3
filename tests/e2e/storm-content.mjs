// Actors of the storm: owners whose site is crawled again and again, and who upload, replace and remove files, sources
// and answers. In the end each page and file is read, whole and once, and questions find exactly what is there now.

import assert from "node:assert/strict";
import { ORG } from "../faults/ids.mjs";
import { Random } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { page, Site, sitemap } from "./crawl-site.mjs";
import { Sources } from "./crawler.mjs";
import { until } from "./harness.mjs";
import { adminExpect, connectToStore } from "./organizations.mjs";
import { pause, persist } from "./storm.mjs";

const FILES = 5; // of an uploader at a time
const PAGES = 40; // of a site

/** Text of which each word has the name, so that a missing, doubled or foreign part is seen. */
const words = (name, n) => Array.from({ length: n }, (_, i) => `${name}w${i}x`).join(" ");

function assertWhole(text, name, n) {
	assert.deepEqual(text.match(/\b\w+w\d+x\b/g), words(name, n).split(" "), `the text of ${name}`);
}

/** Waits until a question with this word alone finds the pages with these addresses, and nothing else. */
async function assertFinds(banter, word, urls) {
	let last;
	const what = () => `${word} finds ${urls}, not ${last}`;
	await until(what, async () => {
		const options = { headers: ADMIN, body: { question: word } };
		const { status, json } = await banter.request("POST", "/v1/admin/find", options);
		last = status === 200 ? [...new Set(json.hits.map(({ url, title }) => url || title))] : status;
		return `${last}` === `${urls}`;
	});
}

const open = (banter) => new Sources((role) => connectToStore(banter, role)).open();

/** A site whose pages only its sitemap has, or a tree: each page is the only one that links to two others. */
export class Crawled {
	version = 0;
	crawls = 0;

	constructor(banter, n) {
		Object.assign(this, { banter, name: `site${n}`, random: new Random(`site-${n}`) });
		this.isTree = n % 2 === 1;
		this.sizes = new Map(); // path → words
	}

	/** Writes all pages again, each with another length. */
	#write() {
		this.before = this.version === 0 ? undefined : this.wordOf("/");
		this.version++;
		const put = (path, links) => {
			const size = 20 + this.random.below(200);
			const body = page(path, words(this.wordOf(path), size), links);
			this.sizes.set(path, size);
			this.site.pages[path] = async (_, response) => {
				await pause(3);
				response.writeHead(200, { "content-type": "text/html" }).end(body);
			};
		};
		const paths = Array.from({ length: PAGES }, (_, i) => (i === 0 ? "/" : `/t${i}`));
		for (const [i, path] of paths.entries()) {
			const links = [2 * i + 1, 2 * i + 2].filter((k) => k < PAGES).map((k) => paths[k]);
			put(path, this.isTree ? links : []);
		}
		if (!this.isTree)
			this.site.pages["/sitemap.xml"] = sitemap(paths.map((path) => this.site.origin + path));
	}

	wordOf(path) {
		return `${this.name}v${this.version}${path.replace("/", "p")}`;
	}

	async open() {
		this.sources = await open(this.banter);
		this.site = await Site.start();
		this.#write();
		this.source = await this.sources.add({ url: this.site.origin });
	}

	async run(isOver) {
		for (let state; !isOver(); this.crawls++) {
			state = await this.sources.ended(this.source, state?.ended_at);
			this.#write();
			const ask = { org: ORG, source: this.source, ask: 1 };
			await this.sources.ask("source_ask", ask, "ok");
			this.after = state.ended_at;
		}
	}

	async check() {
		await this.sources.ended(this.source, this.after);
		const found = await this.sources.pages(this.source);
		const paths = [...this.sizes.keys()];
		assert.deepEqual(
			Object.keys(found).sort(),
			paths.map((path) => this.site.origin + path).sort(),
		);
		for (const [path, size] of this.sizes) {
			const { id, state } = found[this.site.origin + path];
			assert.equal(state, "read", path);
			assertWhole(await this.sources.text(this.source, id), this.wordOf(path), size);
		}
		for (const path of ["/", "/t1", `/t${PAGES - 1}`])
			await assertFinds(this.banter, `${this.wordOf(path)}w0x`, [this.site.origin + path]);
		if (this.before !== undefined) await assertFinds(this.banter, `${this.before}w0x`, []);
	}

	async close() {
		await this.site?.stop();
		await this.sources?.peer.close();
	}
}

/** Files of one source at a time; a text has only words of its version. */
export class Uploaded {
	version = 0;
	files = new Map(); // name → { word, size }
	gone = []; // the last words of what was replaced or removed
	removed = 0;

	constructor(banter, n) {
		Object.assign(this, { banter, n, random: new Random(`uploader-${n}`) });
	}

	async open() {
		this.sources = await open(this.banter);
		await this.#addSource();
		const body = { question: "What?", text: "It is this.", language: "en", published: true };
		this.answer = (await adminExpect(this.banter, 201, "POST", "answers", body)).id;
		await this.#answer();
	}

	async #addSource() {
		this.source = await this.sources.add({ kind: "files" });
	}

	/** Uploads a file until that is acknowledged: with a new upload if pieces of the first were lost. */
	async #upload(name, text) {
		for (;;) {
			const piece = 1 + this.random.below(text.length);
			const stored = await this.sources
				.upload(this.source, name, "text/plain", text, { piece })
				.catch((error) => assert.match(error.message, /not the next piece/));
			if (stored !== undefined) return;
		}
	}

	#forget(name) {
		if (!this.files.has(name)) return;
		this.gone = [...this.gone.slice(-9), this.files.get(name).word];
		this.files.delete(name);
	}

	async #write() {
		const name = `writer${this.n}file${this.random.below(FILES)}.txt`;
		const word = `writer${this.n}version${++this.version}`;
		const size = 1 + this.random.below(1500);
		const text = words(word, size).replaceAll(/(\S+ ){40}/g, "$&\n\n");
		await this.#upload(name, Buffer.from(text));
		this.#forget(name);
		this.files.set(name, { word, size });
	}

	/** Removes a file, if there is one. */
	async #remove() {
		const pages = Object.values(await this.sources.pages(this.source));
		if (pages.length === 0) return;
		const { id: page, url } = this.random.pick(pages);
		const request = { org: ORG, source: this.source, page };
		await this.sources.ask("source_page_delete", request, "ok");
		this.#forget(url);
	}

	/** Removes the source, and begins another. */
	async #startAgain() {
		const request = { kind: 0x7f21, org: ORG, id: this.source };
		// After a kill, the request may have been done before.
		await this.sources.ask("record_delete", request, "ok").catch((error) => {
			assert.match(error.message, /no such source/);
		});
		this.removed++;
		for (const name of [...this.files.keys()]) this.#forget(name);
		await this.#addSource();
	}

	/** Publishes another question with the answer. */
	async #answer() {
		this.asked = `answer${this.n}v${this.version}`;
		const options = { headers: ADMIN, body: { question: `What is ${this.asked}?` } };
		await persist(this.banter, [200], "PUT", `/v1/admin/answers/${this.answer}`, options);
	}

	async run(isOver) {
		const { random } = this;
		while (!isOver()) {
			await this.#write();
			if (random.chance(0.2)) await this.#remove();
			if (random.chance(0.05)) await this.#startAgain();
			if (random.chance(0.1)) await this.#answer();
			await pause(random.below(300));
		}
	}

	/** Each file is there with the text of its last version alone. */
	async check() {
		const pages = await until("all uploads are read", async () => {
			const all = await this.sources.pages(this.source);
			return Object.values(all).every(({ upload }) => /^0*$/.test(upload)) && all;
		});
		assert.deepEqual(Object.keys(pages).sort(), [...this.files.keys()].sort());
		for (const [name, { word, size }] of this.files) {
			assert.deepEqual([pages[name].state, pages[name].reason], ["read", "none"], name);
			assertWhole(await this.sources.text(this.source, pages[name].id), word, size);
			await assertFinds(this.banter, `${word}w0x`, [name]);
		}
		for (const word of this.gone) await assertFinds(this.banter, `${word}w0x`, []);
		await assertFinds(this.banter, this.asked, [`What is ${this.asked}?`]);
		const state = await this.sources.state(this.source);
		assert.deepEqual([state.waiting, state.read, state.unread], [0, this.files.size, 0]);
	}

	async close() {
		await this.sources?.peer.close();
	}
}
