// storaged and crawld alone, for tests of crawling: sources are put into the store as a worker would, and their states
// and pages are read from there.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ORG } from "../faults/ids.mjs";
import { Peer, PeerGone } from "../faults/peer.mjs";
import { assertWhole, Store } from "../faults/store.mjs";
import { TABLE } from "../faults/table.mjs";
import { decodePayload, encodePayload } from "../faults/wire.mjs";
import { Site } from "./crawl-site.mjs";
import { BUILD, baseEnvironment, Daemon, until } from "./daemon.mjs";

export const KINDS = { site: 0, page: 1, files: 2, pushed: 3 };
export const STATES = ["idle", "running", "waits", "failed"];
export const PAGE_STATES = ["waiting", "read", "unread"];
export const REASONS =
	"none robots noindex status size login scripts duplicate type empty encrypted damaged timeout network address redirects limit".split(
		" ",
	);
export const ASK = { crawl: 1, remove: 2, keep: 3 };

const SOURCE_KIND = 0x7f21;
/** A crawl of 1,000 pages has the processor time that nothing else wants. */
const CRAWL_MS = 300_000;

const newId = () => randomUUID().replaceAll("-", "");

/** The sources of a store that crawld reads. connect(role) resolves to a connection to storaged. */
export class Sources {
	constructor(connect) {
		this.connect = connect;
	}

	async open() {
		this.peer = await this.connect();
		return this;
	}

	/** Throws if crawld does not read any more. */
	assertRuns() {}

	/** As peer.ask(), also while the store restarts. */
	async ask(name, message, kind) {
		for (;;) {
			try {
				return await this.peer.ask(name, message, kind);
			} catch (error) {
				if (!(error instanceof PeerGone)) throw error;
				this.peer = await until("the store answers", () => this.connect().catch(() => undefined));
			}
		}
	}

	/** Adds a source; resolves to its id. */
	async add(source) {
		const record = {
			v: 1,
			id: newId(),
			org: source.org ?? ORG,
			name: "Test",
			kind: KINDS[source.kind ?? "site"],
			url: source.url ?? "",
			include: source.include ?? "",
			exclude: source.exclude ?? "",
			pages_max: source.pagesMax ?? 0,
			language: source.language ?? "",
			interval_minutes: source.intervalMinutes ?? 0,
			enabled: 1,
		};
		await this.put(record, 1);
		return record.id;
	}

	/** Changes fields of a source. */
	async change(id, fields) {
		const { record } = await this.ask("record_get", { kind: SOURCE_KIND, org: ORG, id }, "record");
		await this.put({ ...decodePayload(TABLE.source_record, record), ...fields });
	}

	async put(record, fresh = 0) {
		const bytes = encodePayload(TABLE.source_record, record);
		await this.ask("record_put", { kind: SOURCE_KIND, fresh, record: bytes }, "record");
	}

	async state(source) {
		const { states } = await this.ask("source_state_list", { org: ORG, source }, "source_states");
		return { ...states[0], state: STATES[states[0].state] };
	}

	/** All pages of a source by their addresses. */
	async pages(source) {
		const found = {};
		for (let cursor; ; ) {
			const answer = await this.ask(
				"source_page_list",
				{ org: ORG, source, cursor, limit: 500 },
				"source_pages",
			);
			for (const one of answer.pages)
				found[one.url] = {
					...one,
					state: PAGE_STATES[one.state],
					reason: REASONS[one.reason],
				};
			if (/^0*$/.test(answer.next)) return found;
			cursor = answer.next;
		}
	}

	/** Changes fields of a page's record, whose text stays. */
	async changePage(source, url, fields) {
		const { state, reason, ...record } = (await this.pages(source))[url];
		const bytes = encodePayload(TABLE.source_page_record, {
			...record,
			state: PAGE_STATES.indexOf(state),
			reason: REASONS.indexOf(reason),
			...fields,
		});
		const peer = await this.connect("CRAWL");
		await peer.ask("source_page_put", { page: bytes, text: 0 }, "ok");
		await peer.close();
	}

	/** The text of a page, chunk by chunk. */
	async chunks(source, page) {
		const answer = await this.ask("source_text_read", { org: ORG, source, page }, "source_text");
		return answer.chunks.map(({ chunk }) => chunk);
	}

	async text(source, page) {
		return (await this.chunks(source, page)).map(({ text }) => text).join("\n");
	}

	/** Waits for the end of a crawl that began after this time (ms since 1970); resolves to the state. */
	ended(source, after = 0) {
		let last;
		return until(
			() => `the crawl has ended: ${JSON.stringify(last)}`,
			async () => {
				this.assertRuns();
				last = await this.state(source);
				return last.state !== "running" && last.ended_at > after && last;
			},
			CRAWL_MS,
		);
	}

	/** Adds a source and waits for its first crawl; resolves to its id. */
	async learn(source) {
		const id = await this.add(source);
		await this.ended(id);
		return id;
	}

	/** Asks for a crawl of everything, and waits for its end. */
	async crawl(source, ask = "crawl") {
		const { ended_at } = await this.state(source);
		await this.ask("source_ask", { org: ORG, source, ask: ASK[ask] }, "ok");
		return this.ended(source, ended_at);
	}

	/** Uploads a file in pieces. */
	async upload(source, url, type, bytes, { title = "", piece = 700_000 } = {}) {
		const upload = newId();
		const page = newId();
		let answer;
		for (let offset = 0; offset === 0 || offset < bytes.length; offset += piece)
			answer = await this.ask(
				"source_upload",
				{
					org: ORG,
					source,
					upload,
					page,
					url,
					title,
					type,
					total: bytes.length,
					offset,
					piece: bytes.subarray(offset, offset + piece),
				},
				"source_uploaded",
			);
		assert.equal(answer.complete, 1);
		return answer.page;
	}
}

export class Crawler extends Sources {
	constructor({ env = {} } = {}) {
		const store = new Store();
		super((role) => store.connect(role));
		this.store = store;
		this.log = this.store.log;
		this.env = {
			...baseEnvironment(),
			DATA_DIR: this.store.dir,
			STORE_SOCKET: this.store.socket,
			CRAWL_ALLOW: "127.0.0.1",
			CRAWL_DELAY_MS: "0",
			...env,
		};
		this.crawld = new Daemon(join(BUILD, "crawld"), [], this.env, this.log);
		this.crawld.mustRun = true;
	}

	async start() {
		await this.store.start();
		this.crawld.start();
		return this.open();
	}

	assertRuns() {
		if (!this.crawld.running && !this.crawld.restart) throw new Error(this.log.tail(30));
	}

	/** Adds an organization; resolves to its id. */
	async addOrganization() {
		const peer = await Peer.connect(this.store.socket, "TOOL");
		const org = newId();
		const ids = { org, agent: newId(), widget: newId() };
		await peer.ask(
			"org_create",
			{ ...ids, name: "Other", public_id: `wid_${org.slice(-20)}` },
			"ok",
		);
		peer.close();
		return org;
	}

	/** Stops both gracefully, and checks the store. */
	async stop() {
		this.peer?.close();
		assert.deepEqual(await this.crawld.stop(), { code: 0, signal: null }, this.log.tail(50));
		await this.store.stop();
		await assertWhole(this.store.dir);
		assert.deepEqual(
			this.log.lines.filter(({ ev }) => ev === "died" || ev === "store_refused"),
			[],
		);
		this.log.discard();
	}

	/** Stops both in any state, and removes the data. */
	async remove() {
		this.crawld.restart = false;
		if (this.crawld.running) await this.crawld.kill("SIGKILL");
		await this.store.remove();
	}
}

/** Runs body(crawler, site) with a started crawler and a site of these pages; then both are stopped and checked. */
export async function withCrawler(pages, body, options) {
	const crawler = new Crawler(options);
	const site = await Site.start(pages);
	try {
		await crawler.start();
		await body(crawler, site);
		await crawler.stop();
	} finally {
		await site.stop();
		await crawler.remove();
	}
}
