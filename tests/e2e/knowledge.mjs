// The owner's content for tests: sources with pages, and answers, stored as crawld and the admin API do it.

import { createHash } from "node:crypto";
import { newId, ORG } from "../faults/ids.mjs";
import { getRecord, putRecord, putRequest } from "../faults/records.mjs";
import { chunkOf } from "./content.mjs";
import { AGENT, bare, connectToStore } from "./organizations.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Knowledge of an agent, as in AGENT_RECORD. */
export const KNOWLEDGE = { none: 0, all: 1, some: 2 };
export const NOT_FOUND = { say: 0, general: 1, fixed: 2 };

/** Changes fields of the agent that replies to chats with a key, some of which have other names in the API. */
export async function setAgent(peer, fields) {
	const agent = await getRecord(peer, "agent", { org: ORG, id: bare(AGENT) });
	await putRecord(peer, "agent", { ...agent, ...fields });
}

/** Adds a source; resolves to its id. */
export async function addSource(peer, fields = {}) {
	const source = {
		v: 1,
		id: newId(),
		org: ORG,
		name: "Shop",
		kind: 3,
		pages_max: 100,
		enabled: 1,
		...fields,
	};
	await peer.ask("record_put", putRequest("source", source, 1), "record");
	return source.id;
}

/** Stores a page with these chunks: texts, or { heading, anchor, text }. Resolves to the page's id. */
export async function putPage(banter, source, { url, title, chunks, id = newId(), org = ORG }) {
	const crawler = await connectToStore(banter, "CRAWL");
	const all = chunks.map((chunk) => (typeof chunk === "string" ? { text: chunk } : chunk));
	await crawler.ask(
		"source_page_put",
		{
			page: {
				v: 1,
				id,
				org,
				source,
				url,
				title,
				state: 1,
				type: "text/html",
				language: "en",
				hash: sha256(JSON.stringify(all)),
			},
			text: 1,
			chunks: all.map((chunk) => chunkOf(title, chunk)),
		},
		"ok",
	);
	await crawler.close();
	return id;
}

/** Adds a published answer; resolves to its id. */
export async function addAnswer(peer, question, text) {
	const answer = { v: 1, id: newId(), org: ORG, question, text, language: "en", published: 1 };
	await peer.ask("record_put", putRequest("answer", answer, 1), "record");
	return answer.id;
}

/** Text that is longer than what goes into a prompt as a whole. */
export const FILLER = Array.from(
	{ length: 30 },
	(_, i) =>
		`Chapter ${i}. ${`Word${i} about the history of the company, its founders and their cats. `.repeat(12)}`,
);
