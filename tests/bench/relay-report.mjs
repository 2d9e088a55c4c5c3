// The tables of relay.mjs, and whether banter's figures reach the goals.

import { print, rangeOf, spread } from "./bench.mjs";

/** The most that banter's figures may be: KiB a stream, others relative to the server `against`. */
const GOALS = {
	hosted: { against: "haproxy", cpu: 0.9, kib: 8, p50: 1.0, p99: 1.1 },
	local: { against: "nginx", cpu: 1.0, kib: 6, p99: 1.0 },
	overload: { against: "nginx", cpu: 1.0, p99: 1.2 },
	tls: { against: "nginx", cpu: 1.0 },
	responses: { against: "banter", cpu: 1.15 },
	full: { against: "nginx" },
	beside: { against: "reading" },
	requests: { against: "nginx", cpu: 1.0 },
};

/** More tokens per second than one core relays. */
const OVERLOAD = 50_000;

/** With fewer, what the programs allocate for themselves is more than what the streams need. */
const MEMORY_STREAMS = 400;

const goalsOf = ({ part, streams, rate }) =>
	GOALS[part === "local" && streams * rate > OVERLOAD ? "overload" : part];

/** The median of each figure; of lists all elements. */
function medians(values) {
	const [first] = values;
	if (Array.isArray(first)) return values.flat();
	if (typeof first === "number") return spread(values).median;
	if (typeof first !== "object") return first;
	return Object.fromEntries(
		Object.keys(first).map((key) => [key, medians(values.map((value) => value[key]))]),
	);
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** One row for the rounds of a server. */
function rowOf(rounds) {
	const [lost, failed] = ["lost", "failed"].map((key) => sum(rounds.map((round) => round[key])));
	return { ...medians(rounds), lost, failed };
}

const STREAMS = [7, -9, 8, 5, 5, 19, 8, 24, 14, 15, 5, 0];
const REQUESTS = [-24, -9, 10, 8, 8, 0];

export const STREAMS_HEAD = [
	STREAMS,
	...["streams", "server", "tokens/s", "core", "load", "CPU us/token", "KiB/str."],
	...["relay p50/p99/p99.9 ms", "first p50/p99", "conns/handsh.", "lost"],
];
export const REQUESTS_HEAD = [REQUESTS, "path", "server", "requests/s", "CPU us", "bytes"];

const joined = (values, digits) =>
	values.map((n, i) => n.toFixed(digits).padStart([8, 6, 6][i])).join("/");
const percent = (share) => `${(100 * share).toFixed(0)}%`;

/** Connections to the model, and TLS handshakes without resumption. */
const connectionsOf = ({ connections, handshakes }) =>
	handshakes === undefined ? connections : `${connections}/${handshakes}`;

function printStreams(row) {
	const { relay, firstToken, failed } = row;
	print(
		STREAMS,
		row.rate ? `${row.streams}@${row.rate}` : row.streams,
		row.beside ?? row.server,
		row.perSecond.toFixed(0),
		percent(row.coreShare),
		percent(row.loadShare),
		`${row.cpuUsPerToken.toFixed(1)} ${rangeOf(spread(row.cpuUs), 1)}`,
		row.kibPerStream?.toFixed(1) ?? "-",
		joined([relay.p50, relay.p99, relay.p999], 2),
		joined([firstToken.p50, firstToken.p99], 1),
		connectionsOf(row),
		row.lost,
		failed > 0 ? `${failed} REPLIES FAILED, first by status ${row.failedStatus}` : "",
	);
}

function printRequest(row) {
	const { path, server, perSecond, cpuUsPerToken, bytesEach } = row;
	print(REQUESTS, path, server, perSecond.toFixed(0), cpuUsPerToken.toFixed(1), bytesEach);
}

const verdict = (value, goal) =>
	goal === undefined ? "" : ` ${value <= goal ? "PASS" : "over"} ${goal}`;

/** The median of the rounds' ratios: the speed of a machine varies more between rounds than within one. */
function ratioOf(rounds, bases, figure) {
	return spread(rounds.map((round, i) => figure(round) / figure(bases[i]))).median;
}

const FIGURES = {
	cpu: ["CPU", (row) => row.cpuUsPerToken],
	p50: ["p50", (row) => row.relay.p50],
	p99: ["p99", (row) => row.relay.p99],
	first: ["first token", (row) => row.firstToken.p50],
};

function printRatios(rounds, bases, goals) {
	const judged = rounds[0].server.startsWith("banter");
	const names = rounds[0].path ? ["cpu"] : Object.keys(FIGURES);
	const parts = names.map((name) => {
		const [text, figure] = FIGURES[name];
		const ratio = ratioOf(rounds, bases, figure);
		return `${text} ${ratio.toFixed(2)}${judged ? verdict(ratio, goals[name]) : ""}`;
	});
	const { kibPerStream, streams } = rowOf(rounds);
	if (judged && goals.kib && streams >= MEMORY_STREAMS)
		parts.push(`${kibPerStream.toFixed(1)} KiB${verdict(kibPerStream, goals.kib)}`);
	console.log(`        to ${goals.against}'s: ${parts.join(", ")}`);
}

/** Prints the rounds of some servers, Map of name to rows: their medians, and how they compare. */
export function report(figures) {
	const printed = new Map();
	for (const [name, rounds] of figures) {
		const row = rowOf(rounds);
		const goals = goalsOf(row);
		const bases = printed.get(goals.against);
		(row.path ? printRequest : printStreams)(row);
		if (bases) printRatios(rounds, bases, goals);
		printed.set(name, rounds);
	}
}
