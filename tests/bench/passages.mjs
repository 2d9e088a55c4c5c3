// Part of make bench-search: what questions find in documents of installed Debian packages, beside plain FTS5 and
// PostgreSQL's full-text search in the same run, and what it costs. The headings of FAQs are the questions; headings
// are left out of all documents.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { until } from "../e2e/daemon.mjs";
import { withBanter } from "../e2e/harness.mjs";
import { Bench, print, verdict } from "./bench.mjs";
import { makeCorpus, writeChunks, writeQuestions } from "./corpus.mjs";
import { PACKAGES } from "./documents.mjs";
import { askPostgresql } from "./postgresql.mjs";

/** The goals of tests/README.md. */
const QUALITY_LOSS = 0.015;
const LARGE = { chunks: 70000, p50: 25, p99: 60 };
const SMALL = { chunks: 3500, p99: 4 };
const VECTORS = { n: 100000, numbers: 768, p99: 8, agreement: 0.99 };
const MEMORY_MIB = { full: 64, empty: 8 };

const CORE = "1"; // processor times of one core
const WIDTHS = [-28, 9, 9, 9, 9, -30];

const bench = new Bench("passages", 1800);
const corpus = makeCorpus(LARGE.chunks);
const missing = corpus.questions.length < 300;
if (missing || corpus.chunks.length < LARGE.chunks) {
	console.log(
		`Skipped: ${corpus.chunks.length} chunks and ${corpus.questions.length} questions are installed, ` +
			`not ${LARGE.chunks} and some 500. "make deps FOR=bench" installs ${PACKAGES.join(", ")} and man pages.`,
	);
	if (missing || corpus.chunks.length <= SMALL.chunks) process.exit(0);
}

const chunksFile = `${bench.dir}/chunks`;
const questionsFile = `${bench.dir}/questions`;
writeChunks(chunksFile, corpus.chunks);
writeQuestions(questionsFile, corpus.questions);

const run = (program, ...args) =>
	execFileSync("taskset", ["-c", CORE, `build/bench/${program}`, ...args], {
		encoding: "utf8",
		maxBuffer: 2 ** 26,
	})
		.split("\n")
		.filter((line) => line !== "");

/** Lines are "question coverage hits…"; the others are figures. */
function readAnswers(lines) {
	const answers = [];
	let figures = {};
	for (const line of lines)
		if (line.startsWith("{")) figures = { ...figures, ...JSON.parse(line) };
		else {
			const [question, , ...hits] = line.split(" ").map(Number);
			answers[question] = hits;
		}
	return { answers, figures };
}

/** nDCG@10 and recall@5: a chunk of the answer counts 1, every other 0. */
function quality(answers) {
	const gain = (i) => 1 / Math.log2(i + 2);
	let ndcg = 0;
	let recall = 0;
	for (const [i, { answer }] of corpus.questions.entries()) {
		const good = new Set(answer);
		const hits = answers[i] ?? [];
		const sum = (list) => list.reduce((total, value) => total + value, 0);
		const best = sum([...good].slice(0, 10).map((_, k) => gain(k)));
		ndcg += sum(hits.slice(0, 10).map((hit, k) => (good.has(hit) ? gain(k) : 0))) / best;
		recall += hits.slice(0, 5).filter((hit) => good.has(hit)).length / Math.min(5, good.size);
	}
	return { ndcg: ndcg / corpus.questions.length, recall: recall / corpus.questions.length };
}

const percentile = (values, q) =>
	[...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];

/** The index with the first chunks; returns its directory. */
function build(n) {
	const dir = `${bench.dir}/index-${n}`;
	const file = n === corpus.chunks.length ? chunksFile : `${chunksFile}-${n}`;
	mkdirSync(dir);
	if (file !== chunksFile) writeChunks(file, corpus.chunks.slice(0, n));
	return { dir, ...JSON.parse(run("passages", "build", dir, file)[0]) };
}

/**
 * The memory of crawld, its spawner and searchd in MiB when there is nothing, beside masterd, two workers and storaged: pages
 * that n processes have in common count 1/n each (Pss), and what no other process has.
 */
async function emptyMemory() {
	const found = { all: 0, own: 0 };
	await withBanter({ workers: 2, search: true, crawl: true }, async ({ crawld, searchd, log }) => {
		await log.waitFor("the index is built", ({ ev }) => ev === "passages_index_built");
		const children = readFileSync(`/proc/${crawld.pid}/task/${crawld.pid}/children`, "latin1");
		for (const pid of [searchd.pid, crawld.pid, ...children.trim().split(" ")]) {
			const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
			for (const [, name, kib] of rollup.matchAll(/^(Pss|Private_\w+):\s+(\d+)/gm))
				found[name === "Pss" ? "all" : "own"] += Number(kib) / 1024;
		}
	});
	return found;
}

/** searchd's memory in MiB without pages of files, after it has answered all questions. */
async function memory(dir) {
	const socket = `${bench.dir}/search.sock`;
	const searchd = bench.start("build/searchd", [], {
		DATA_DIR: bench.dir,
		SEARCH_DIR: dir,
		SEARCH_SOCKET: socket,
		STORE_SOCKET: `${bench.dir}/no.sock`,
	});
	await until("the index is open", () => tryFind(socket));
	const status = readFileSync(`/proc/${searchd.pid}/status`, "latin1");
	const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)[1]);
	await searchd.stop();
	rmSync(socket, { force: true });
	return { all: kib("VmRSS") / 1024, own: kib("RssAnon") / 1024 };
}

function tryFind(socket) {
	try {
		execFileSync("build/bench/passages", ["find", socket, questionsFile], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}

const large = build(corpus.chunks.length);
const small = build(SMALL.chunks);
const rows = [];
const banter = readAnswers(run("passages", "ask", large.dir, questionsFile));
rows.push(["banter", banter.answers, banter.figures]);
const fts5 = readAnswers(run("passages_peer", `${bench.dir}/fts5.db`, chunksFile, questionsFile));
rows.push(["FTS5, all words", fts5.answers, fts5.figures]);
try {
	const answers = askPostgresql(
		readFileSync(chunksFile, "utf8"),
		readFileSync(questionsFile, "utf8"),
	);
	const took = answers.map(({ ms }) => ms);
	rows.push([
		"PostgreSQL (elapsed)",
		answers.map(({ hits }) => hits),
		{ p50: percentile(took, 0.5), p99: percentile(took, 0.99) },
	]);
} catch (error) {
	console.log(`PostgreSQL is not compared: ${error.message}`);
}

console.log(
	`${corpus.chunks.length} chunks, ${corpus.questions.length} questions; times in ms of one core`,
);
print(WIDTHS, "", "nDCG@10", "recall@5", "p50", "p99");
const figures = rows.map(([name, answers, times]) => ({ name, ...quality(answers), ...times }));
for (const { name, ndcg, recall, p50, p99 } of figures)
	print(WIDTHS, name, ndcg.toFixed(3), recall.toFixed(3), p50.toFixed(1), p99.toFixed(1));

const [ours, ...peers] = figures;
const least = (key) => Math.max(...peers.map((peer) => peer[key])) - QUALITY_LOSS;
const say = (what, value, met, goal) => console.log(`${what}: ${value} (${verdict(met, goal)})`);
for (const [key, name] of [
	["ndcg", "nDCG@10"],
	["recall", "recall@5"],
])
	say(
		name,
		ours[key].toFixed(3),
		ours[key] >= least(key),
		`${least(key).toFixed(3)}, the better peer's - ${QUALITY_LOSS}`,
	);
say(
	`words, ${large.chunks} chunks`,
	`p50 ${ours.p50.toFixed(1)} ms, p99 ${ours.p99.toFixed(1)} ms`,
	ours.p50 <= LARGE.p50 && ours.p99 <= LARGE.p99,
	`${LARGE.p50} and ${LARGE.p99} ms`,
);
const few = readAnswers(run("passages", "ask", small.dir, questionsFile)).figures;
say(
	`words, ${small.chunks} chunks`,
	`p99 ${few.p99.toFixed(2)} ms`,
	few.p99 <= SMALL.p99,
	`${SMALL.p99} ms`,
);
const vectors = readAnswers(
	run("passages", "vectors", `${VECTORS.n}`, `${VECTORS.numbers}`),
).figures;
say(
	`vectors, ${VECTORS.n} x ${VECTORS.numbers}, in addition`,
	`p50 ${vectors.p50.toFixed(1)} ms, p99 ${vectors.p99.toFixed(1)} ms`,
	vectors.p99 <= VECTORS.p99,
	`${VECTORS.p99} ms`,
);
say(
	"agreement with the ten best by floats",
	vectors.agreement.toFixed(3),
	vectors.agreement >= VECTORS.agreement,
	VECTORS.agreement,
);
const full = await memory(large.dir);
say(
	`searchd after ${corpus.questions.length} questions`,
	`${full.all.toFixed(1)} MiB, ${full.own.toFixed(1)} of them its own`,
	full.all <= MEMORY_MIB.full,
	`${MEMORY_MIB.full} MiB`,
);
const empty = await emptyMemory();
say(
	"crawld and searchd, empty",
	`${empty.all.toFixed(1)} MiB, ${empty.own.toFixed(1)} of them its own`,
	empty.all <= MEMORY_MIB.empty,
	`${MEMORY_MIB.empty} MiB`,
);
console.log(
	`The index: ${(large.bytes / 2 ** 20).toFixed(0)} MiB, built in ${((large.buildMs + large.mergeMs) / 1000).toFixed(1)} s of processor time, its longest step ${large.longestMs.toFixed(0)} ms`,
);
bench.write({ figures, small: few, vectors, full, empty, large });
