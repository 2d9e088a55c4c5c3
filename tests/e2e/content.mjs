// For tests of the owner's content: requests about it, and what crawld does, by storaged's messages.

import { createHash } from "node:crypto";
import { after, before } from "node:test";
import { newId } from "../faults/ids.mjs";
import { ADMIN, bare, connectToStore, ORG } from "./organizations.mjs";

/** Requests to the admin API whose responses are checked against the document. */
export const driver =
	(contract, banter) =>
	(status, method, path, body, headers = ADMIN) =>
		contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });

export const FILES = { name: "Price lists", kind: "files" };
export const SITE = { name: "Help pages", kind: "site", url: "https://shop.example/help/" };

/** The SHA-256 of a chunk, as CHUNK_RECORD defines it. */
function hashOf(title, heading, text) {
	return createHash("sha256").update(`${title}\0${heading}\0${text}`).digest("hex");
}

/** A CHUNK_RECORD of a page with this title. */
export const chunkOf = (title, { heading = "", anchor = "", text }) => ({
	...{ v: 1, heading, anchor, text, language: "en" },
	hash: hashOf(title, heading, text),
});

/** What a page says, as chunks. texts: { heading: text }. */
function chunksOf(title, texts) {
	return Object.entries(texts).map(([heading, text]) =>
		chunkOf(title, { heading, anchor: heading.toLowerCase(), text }),
	);
}

/** In crawld's place: it reads pages, and says how far it is. */
async function openCrawler(banter, org = ORG) {
	const peer = await connectToStore(banter, "CRAWL");
	return {
		/** Stores a page with its text; resolves to its id. */
		async read(source, { title, url, texts, ...more }) {
			const id = newId();
			const page = {
				...{ v: 1, id, org: bare(org), source: bare(source), url, title, state: 1, language: "en" },
				...{ type: "text/html", fetched_at: Date.now(), hash: hashOf(title, "", url), ...more },
			};
			const put = { page, text: 1, chunks: chunksOf(title, texts) };
			await peer.ask("source_page_put", put, "ok");
			return id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
		},
		/** Sets the state of a source. */
		async says(source, state) {
			const record = { v: 1, org: bare(org), source: bare(source), ...state };
			await peer.ask("source_state_put", { state: record }, "ok");
		},
		/** The bytes of an upload that a page waits with. */
		async upload(id) {
			const pieces = [];
			for (let offset = 0; ; offset += pieces.at(-1).length) {
				const { piece, total } = await peer.ask(
					"upload_read",
					{ upload: id, offset },
					"upload_piece",
				);
				pieces.push(piece);
				if (offset + piece.length >= total) return Buffer.concat(pieces);
			}
		},
		/** The pages of a source, as crawld sees them. */
		async pages(source) {
			const list = { org: bare(org), source: bare(source), limit: 100 };
			return (await peer.ask("source_page_list", list, "source_pages")).pages;
		},
		close: () => peer.close(),
	};
}

/** A peer in crawld's place for all tests of a describe(). */
export function useCrawler(banter) {
	const crawler = {};
	const open = async () => Object.assign(crawler, await openCrawler(banter));
	before(open);
	after(() => crawler.close());
	/** Connects again, after storaged was killed. */
	crawler.reopen = async () => {
		await crawler.close();
		await open();
	};
	return crawler;
}
