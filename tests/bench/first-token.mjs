// Part of make bench-content: how much later the first token of a reply comes when the agent knows a site of 500 pages.
// Blocks of questions to the agent with and without this knowledge alternate; the model answers at once.

import { until } from "../e2e/daemon.mjs";
import { WIDGET_KEY, withBanter } from "../e2e/harness.mjs";
import { addSource, KNOWLEDGE, putPage, setAgent } from "../e2e/knowledge.mjs";
import { connectToStore } from "../e2e/organizations.mjs";
import { Bench, fail, spread, verdict } from "./bench.mjs";
import { makeCorpus } from "./corpus.mjs";

const GOAL_MS = 5;
const PAGES = 500;
const CHUNKS_EACH = 7;
const BLOCKS = 20;
const QUESTIONS_EACH = 15;

const bench = new Bench("first-token", 300);
const CHUNKS = PAGES * CHUNKS_EACH;
const corpus = makeCorpus(70_000);
if (corpus.chunks.length < CHUNKS || corpus.questions.length < 50) {
	console.log("The first token is not measured: make deps FOR=bench");
	process.exit(0);
}
const texts = corpus.questions.map(({ text }) => text);
/** The answers of the FAQs first. */
const answers = new Set(corpus.questions.flatMap(({ answer }) => answer));
const chunks = [...new Set([...answers, ...corpus.chunks.keys()])]
	.map((i) => corpus.chunks[i].text)
	.filter((text) => !text.includes("[[")) // a script of the model
	.slice(0, CHUNKS);

/** The time from the request to the first token, in ms, and what the reply found. */
async function ask(banter, sessionId, message) {
	const began = performance.now();
	const response = await fetch(`${banter.url}/v1/chat/stream`, {
		method: "POST",
		headers: { "content-type": "application/json", "x-api-key": WIDGET_KEY },
		body: JSON.stringify({ sessionId, message, sources: true }),
	});
	let text = "";
	let ms;
	for await (const piece of response.body) {
		text += Buffer.from(piece).toString("utf8");
		if (ms === undefined && text.includes('"type":"token"')) ms = performance.now() - began;
	}
	if (ms === undefined) fail(`no token: ${text}`);
	return { ms, found: JSON.parse(text.trim().split("\n").at(-1)).found };
}

await withBanter({ workers: 1, search: true, env: { SEARCH_COMPARE_MS: "1" } }, async (banter) => {
	const peer = await connectToStore(banter);
	const source = await addSource(peer, { pages_max: PAGES });
	for (let i = 0; i < PAGES; i++)
		await putPage(banter, source, {
			url: `https://docs.example/${i}`,
			title: `Page ${i}`,
			chunks: chunks.slice(i * CHUNKS_EACH, (i + 1) * CHUNKS_EACH),
		});
	await setAgent(peer, { knowledge: KNOWLEDGE.all });
	await until(
		"passages are found",
		async () => (await ask(banter, "probe", texts[0])).found !== null,
	);
	const times = { none: [], all: [] };
	const found = { none: 0, all: 0 };
	let n = 0;
	for (let block = 0; block < BLOCKS; block++) {
		const knowledge = block % 2 === 0 ? "none" : "all";
		await setAgent(peer, { knowledge: KNOWLEDGE[knowledge] });
		for (let i = 0; i <= QUESTIONS_EACH; i++) {
			const { ms, found: has } = await ask(
				banter,
				`s${n}`,
				`${texts[n % texts.length]} [[tokens=3]]`,
			);
			n++;
			if (i === 0) continue; // the agent has changed
			times[knowledge].push(ms);
			found[knowledge] += has === true ? 1 : 0;
		}
	}
	await peer.close();
	const [none, all] = [spread(times.none), spread(times.all)];
	const more = all.median - none.median;
	console.log(
		`first token with a site of ${PAGES} pages: p50 ${all.median.toFixed(1)} ms, ${none.median.toFixed(1)} without it: + ${more.toFixed(1)} ms (${verdict(more <= GOAL_MS, `${GOAL_MS} ms`)}); ${found.all} of ${times.all.length} found something`,
	);
	bench.write({ none, all, more, found });
});
process.exit(0);
