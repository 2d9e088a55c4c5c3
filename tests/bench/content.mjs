// make bench-content: how much slower storaged makes messages durable while 10,000 pages of
// sites come in, and beside 100 questions a second. storaged is the same one: in every other slice, the processes that
// bring pages, or ask, are suspended. searchd always runs, since it also follows the messages.
//
// crawld, its children and searchd have the priorities of their units, and the sites, which would be on other machines,
// the lowest. Nothing waits between two fetches of a site (--delay-ms 0): real sites are read at one page a second each.

import { parseArgs } from "node:util";
import { until } from "../e2e/daemon.mjs";
import { newId, ORG } from "../faults/ids.mjs";
import { Peer } from "../faults/peer.mjs";
import { putRequest } from "../faults/records.mjs";
import { Bench, fail, print, rangeOf, spread, verdict } from "./bench.mjs";
import { makeCorpus, writeChunks, writeQuestions } from "./corpus.mjs";

/** The goals of tests/README.md: the least ratio of the rates. */
const GOALS = { pages: 0.9, questions: 0.97 };
const PAGES = 10_000;
const CHUNKS = 70_000;
const ADDRESSES = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
const ASKERS = 4;
const PER_SECOND = 100;
const ROUNDS_MAX = 300; // while pages come in
const PRIORITY = {
	crawld: ["chrt", "--idle", "0"],
	searchd: ["nice", "-n", "5"],
	site: ["chrt", "--idle", "0"],
};
const LOAD = { history: 30, inFlight: 64, sliceMs: [400, 800] };
const WIDTHS = [-26, 8, 8, 7, 7, 7, 7, 7, 0];

const { values: options } = parseArgs({
	options: {
		pages: { type: "string", default: `${PAGES}` },
		"delay-ms": { type: "string", default: "0" },
		rounds: { type: "string", default: "30" },
	},
});
const pages = Number(options.pages);

const bench = new Bench("content", 900);
const corpus = makeCorpus(CHUNKS);
if (corpus.chunks.length < CHUNKS) {
	console.log(
		`Skipped: ${corpus.chunks.length} chunks of documents are installed, not ${CHUNKS}: make deps FOR=bench`,
	);
	process.exit(0);
}
const chunksFile = `${bench.dir}/chunks`;
const questionsFile = `${bench.dir}/questions`;
writeChunks(chunksFile, corpus.chunks);
writeQuestions(questionsFile, corpus.questions);

const { dir, socket, pid: store } = await bench.startStore();
const env = {
	DATA_DIR: dir,
	STORE_SOCKET: socket,
	SEARCH_DIR: `${bench.dir}/search`,
	SEARCH_SOCKET: `${bench.dir}/search.sock`,
	CRAWL_ALLOW: "127.0.0.0/8",
	CRAWL_DELAY_MS: options["delay-ms"],
	LOG_LEVEL: "notice",
};

function startWith([program, ...options], ...command) {
	const daemon = bench.start(program, [...options, ...command], env);
	daemon.name = command[0];
	return daemon;
}

async function lineOf(daemon) {
	const line = await until(`a line of ${daemon.name}`, () => daemon.stdout[0]);
	return JSON.parse(line);
}

const site = startWith(
	PRIORITY.site,
	process.execPath,
	...["tests/bench/content-site.mjs", chunksFile, `${pages}`, ...ADDRESSES],
);
const { origins, pages: offered } = await lineOf(site);
if (offered < pages) fail(`the sites have ${offered} pages`);
startWith(PRIORITY.searchd, "build/searchd");
await bench.log.waitFor("searchd is ready", ({ ev }) => ev === "search_ready");

const peer = await Peer.connect(socket, "WORKER");
for (const url of origins) {
	const source = {
		...{ v: 1, id: newId(), org: ORG, name: url, kind: 0, url: `${url}/` },
		...{ pages_max: 10_000, enabled: 1 },
	};
	await peer.ask("record_put", putRequest("source", source, 1), "record");
}
const crawld = startWith(PRIORITY.crawld, "build/crawld");

const rate = ({ appends, ns }) => (appends * 1e9) / ns;

async function measure(others, changes) {
	const pids = { store: [store], others: others.map(({ pid }) => pid) };
	for await (const figures of bench.measure("beside", {
		socket,
		dir,
		...pids,
		...LOAD,
		...changes,
	}))
		return figures;
}

function report(name, figures, goal, more) {
	const { alone, beside, ratios } = figures;
	const ratio = spread(ratios);
	print(
		WIDTHS,
		name,
		rate(alone).toFixed(0),
		rate(beside).toFixed(0),
		(alone.cpuNs / 1e3 / alone.appends).toFixed(1),
		(alone.appends / alone.commits).toFixed(0),
		(beside.appends / beside.commits).toFixed(0),
		alone.durations.p99.toFixed(1),
		beside.durations.p99.toFixed(1),
		` ${ratio.median.toFixed(3)} ${rangeOf(ratio, 2)} ${verdict(ratio.median >= goal, goal)}; ${more}`,
	);
	return { ...figures, ratio };
}

console.log(`Durable appends (messages) in slices of ${LOAD.sliceMs.join(" and ")} ms, ${LOAD.inFlight} in flight, history ${LOAD.history}: alone, and beside
what is named. CPU: of storaged for an append, alone.`);
print(
	WIDTHS,
	"",
	"alone/s",
	"beside/s",
	"CPU us",
	"/commit",
	"/commit",
	"p99 ms",
	"p99 ms",
	" ratio (min-max)",
);

const coming = await measure([crawld], { pages, rounds: ROUNDS_MAX });
if (coming.pages < pages) console.log(`Only ${coming.pages} of ${pages} pages came in.`);
const seconds = coming.beside.ns / 1e9;
const incoming = report(
	`${coming.pages} pages come in`,
	coming,
	GOALS.pages,
	`${(coming.pages / seconds).toFixed(0)} pages/s for ${seconds.toFixed(0)} s`,
);
await crawld.stop();

/** searchd has all that the store has. */
async function caughtUp() {
	const search = await Peer.connect(env.SEARCH_SOCKET, "WORKER");
	const { states } = await peer.ask("source_state_list", { org: ORG }, "source_states");
	const chunks = states.reduce((sum, state) => sum + state.chunks, 0);
	await until("searchd has all passages", async () => {
		const { passages } = await search.ask("search_status_get", {}, "search_status");
		return Number(passages) === chunks;
	});
	await search.close();
}
await caughtUp();

const plan = {
	search: env.SEARCH_SOCKET,
	store: socket,
	questions: questionsFile,
	perSecond: PER_SECOND / ASKERS,
};
const askers = Array.from({ length: ASKERS }, () =>
	bench.start("build/bench/asker", [JSON.stringify(plan)]),
);
const beside = await measure(askers, { pages: 0, rounds: Number(options.rounds) });
for (const asker of askers) await asker.stop();
const answers = await Promise.all(askers.map(lineOf));
const asked = answers.reduce((sum, { asked }) => sum + asked, 0);
const p50 = Math.max(...answers.map(({ durations }) => durations.p50));
const p99 = Math.max(...answers.map(({ durations }) => durations.p99));
const questions = report(
	`${PER_SECOND} questions a second`,
	beside,
	GOALS.questions,
	`${(asked / (beside.beside.ns / 1e9)).toFixed(0)} a second, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
);
await peer.close();
bench.write({ incoming, questions: { ...questions, asked, answers } });
process.exit(0);
