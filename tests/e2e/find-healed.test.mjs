// searchd is killed at any moment while pages are read, read again and removed. In the end each question finds exactly
// the pages that have its words now.
//
// FAULTS_SEED repeats a run's choices.

import assert from "node:assert/strict";
import { it } from "node:test";
import { ORG } from "../faults/ids.mjs";
import { below, chance, pick } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { LONG, until, withBanter } from "./harness.mjs";
import { addAnswer, addSource, putPage } from "./knowledge.mjs";
import { connectToStore } from "./organizations.mjs";
import { pause } from "./storm.mjs";

const CHANGES = LONG ? 2000 : 200;
const PAGES = 25;
const KILL_EVERY = 10; // changes, on average

/** The titles of the pages that a word finds; undefined: searchd does not answer now. */
async function find(banter, word) {
	const answer = await banter.request("POST", "/v1/admin/find", {
		headers: ADMIN,
		body: { question: word },
	});
	if (answer.status === 503) return undefined;
	assert.equal(answer.status, 200, answer.text);
	return [...new Set(answer.json.hits.map(({ title }) => title))].sort();
}

it(`${CHANGES} changes of pages while searchd is killed: questions find what is there`, () =>
	withBanter({ workers: 1, search: true }, async (banter) => {
		const peer = await connectToStore(banter);
		const crawler = await connectToStore(banter, "CRAWL");
		const source = await addSource(peer);
		const gone = await addSource(peer);
		const pages = new Map(); // name → { id, word }
		let n = 0;
		banter.searchd.restart = true;
		await putPage(banter, gone, { url: "gone.txt", title: "gone", chunks: ["The word is wgone."] });

		const put = async (name) => {
			const word = `w${n++}x`;
			const { id } = pages.get(name) ?? {};
			const chunks = Array.from({ length: 1 + below(5) }, (_, i) =>
				i === 0
					? `The word is ${word}.`
					: `Part ${i} of all pages, with nothing of its own ${below(3)}.`,
			);
			const stored = await putPage(banter, source, { id, url: `${name}.txt`, title: name, chunks });
			pages.set(name, { id: stored, word, before: pages.get(name)?.word });
		};
		const remove = async (name) => {
			const page = pages.get(name)?.id;
			if (page === undefined) return;
			await crawler.ask("source_page_delete", { org: ORG, source, page }, "ok");
			pages.set(name, { before: pages.get(name).word });
		};

		for (let i = 0; i < CHANGES; i++) {
			const name = `p${below(PAGES)}`;
			await (chance(0.2) ? remove : put)(name);
			if (chance(1 / KILL_EVERY) && banter.searchd.running) banter.searchd.kill("SIGKILL");
			if (chance(0.1)) await pause(below(100));
			if (chance(0.1)) await find(banter, pick([...pages.values()]).word ?? "nothing");
		}
		await peer.ask("record_delete", { kind: 0x7f21, org: ORG, id: gone }, "ok");
		await addAnswer(peer, "What is wanswer?", "It is this.");

		await until(
			"the answer is found",
			async () => `${await find(banter, "wanswer")}` === "What is wanswer?",
		);
		for (const [name, { id, word, before }] of pages) {
			if (id !== undefined)
				await until(`${word} finds ${name}`, async () => `${await find(banter, word)}` === name);
			if (before !== undefined)
				await until(`${before} finds nothing`, async () => `${await find(banter, before)}` === "");
		}
		await until(
			"the deleted source is not found",
			async () => `${await find(banter, "wgone")}` === "",
		);
		await crawler.close();
		await peer.close();
	}));
