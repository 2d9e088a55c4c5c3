// make bench: the cost of relaying a model's stream through banter, which also parses and stores it, compared
// with nginx and haproxy as plain proxies: the same stub model behind all and the same clients in front of
// them (crowd.c), in one run. Also the cost of short requests, compared with nginx's static responses.
//
// The server has one core for itself (with one worker); clients and model use another. All figures of a
// server cover all of its processes. A server is started again for each figure, on a new port and, banter,
// with an empty store: no memory and no closing connections are left of the previous run.
//
// Exit status: 1 if a token was lost or a reply failed.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { RawConnection, request, tlsOptions } from "../e2e/client.mjs";
import { until } from "../e2e/daemon.mjs";
import { childrenOf } from "../e2e/proc.mjs";
import { freePort } from "../ports.mjs";
import { Bench, fail, print } from "./bench.mjs";
import { REQUESTS_HEAD, report, STREAMS_HEAD } from "./relay-report.mjs";
import { authorization, certificates, get, SERVERS } from "./relay-servers.mjs";

const RATE = 20; // tokens per second of a stream, unless --streams says otherwise
const FULL_TOKENS = 500; // of a reply at full speed
const BESIDE = 1000; // readers, and as many other visitors
/** The others get fewer but larger tokens, so that one that stops reading fills the kernel's buffers soon. */
const OTHERS_SLOWER = 4;
const OTHERS_TOKEN = 4000;

const { values: options } = parseArgs({
	options: {
		streams: { type: "string", multiple: true },
		seconds: { type: "string", default: "5" },
		rounds: { type: "string", default: "1" },
		part: { type: "string", multiple: true },
		server: { type: "string", multiple: true, default: Object.keys(SERVERS) },
		nginx: { type: "string", default: "/usr/sbin/nginx" },
		haproxy: { type: "string", default: "/usr/sbin/haproxy" },
		help: { type: "boolean" },
	},
});
if (options.help) {
	console.log(`usage: node tests/bench/relay.mjs [options]
Compares banter with nginx and haproxy.

  --streams N[@M]   N concurrent streams, each at M tokens per second (20), instead of those of
                    the table; repeatable
  --seconds N       duration of each measurement (5)
  --rounds N        repeat each measurement, and print medians (1)
  --part NAME       only this: hosted, local, tls, responses, full, beside, requests; repeatable
  --server NAME     only this: nginx, haproxy, banter (model by name), banter-ip (model by
                    address), banter-responses (its Responses API); repeatable
  --nginx FILE, --haproxy FILE    the programs (/usr/sbin/nginx, /usr/sbin/haproxy)`);
	process.exit(0);
}
const seconds = Number(options.seconds);

/** The first two cores that this process may use. */
function cores() {
	const status = readFileSync("/proc/self/status", "latin1");
	const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)[1].split(",");
	const all = list.flatMap((range) => {
		const [first, last = first] = range.split("-").map(Number);
		return Array.from({ length: last - first + 1 }, (_, i) => first + i);
	});
	if (all.length < 2) fail("the benchmark needs two cores, one for the servers alone");
	return all;
}

const [SERVER_CORE, LOAD_CORE] = cores();
const bench = new Bench("relay", 600 * Number(options.rounds) + 600);

const family = ({ pid }) => [pid, ...childrenOf(pid).flatMap((child) => family({ pid: child }))];

function untilReady(origin, path) {
	return until(`GET ${path} returns 200`, async () => {
		const answer = request(origin, "GET", path, { headers: authorization });
		return (await answer.catch(() => ({}))).status === 200;
	});
}

const untilListening = (port) =>
	until(`port ${port} listens`, () =>
		RawConnection.connect(port).then(
			(raw) => raw.close() ?? true,
			() => false,
		),
	);

const startLoad = (program, args) => bench.start(program, args, {}, LOAD_CORE);
const startServer = (program, args, env) => bench.start(program, args, env, SERVER_CORE);

const accepted = async (stub) =>
	(await request(`http://127.0.0.1:${stub}`, "GET", "/stub/stats")).json.accepted;

/** Starts the stub. stop() resolves to the number of connections that it has had. */
async function startStub(port) {
	const daemon = startLoad("build/openai-stub", ["--port", String(port)]);
	await untilReady(`http://127.0.0.1:${port}`, "/v1/models");
	const before = await accepted(port);
	const stop = async () => {
		const connections = (await accepted(port)) - before - 1; // this request's
		await daemon.stop();
		return { connections };
	};
	return { port, tls: false, daemon, stop };
}

/** Starts the model with TLS and HTTP/2. stop() resolves to { connections, handshakes }. */
async function startHosted(port) {
	const { cert, key } = certificates();
	const daemon = startLoad("build/bench/model", [String(port), cert, key]);
	await untilListening(port);
	const stop = async () => {
		await daemon.stop();
		return JSON.parse(daemon.stdout[0]);
	};
	return { port, tls: true, daemon, stop };
}

let started = 0;

/** Runs measure({ port, pids, modelPids }) while a server and its model run; adds the model's connections. */
async function withServer(name, { modelTls = false, tls = false }, measure) {
	const { run, ready } = SERVERS[name];
	const dir = `${bench.dir}/${++started}`;
	mkdirSync(dir);
	const port = await freePort();
	const model = await (modelTls ? startHosted : startStub)(await freePort());
	const roots = run(startServer, { dir, port, model, tls, programs: options });
	await untilReady(`http${tls ? "s" : ""}://localhost:${port}`, ready);
	const figures = await measure({
		port,
		tls,
		pids: roots.flatMap(family),
		modelPids: [model.daemon.pid],
	});
	for (const daemon of roots.reverse()) await daemon.stop();
	return { ...figures, ...(await model.stop()) };
}

async function crowd(plan) {
	let result;
	for await (const figures of bench.measure("crowd", plan, LOAD_CORE)) result = figures;
	return result;
}

/** Measures a server by a plan, and adds what the report needs of both. */
async function measure(part, server, plan, way, beside) {
	const { mark, question } = SERVERS[server];
	const lasts = plan.ramp + plan.settle + plan.window + 1;
	const tokens = plan.rate ? Math.floor(lasts * plan.rate) : (plan.tokens ?? 0);
	const delay = plan.rate ? 1000 / plan.rate : 0;
	const common = { others: 0, othersStop: false, settle: 0, mark, once: plan.rate > 0, ...plan };
	const figures = await withServer(server, way, async (at) => {
		// What code and pools allocate once is not a stream's cost.
		if (!plan.path) {
			const request = question("stamp tokens=20 delay=0");
			const few = { readers: 10, once: false, others: 0, tokens: 20, ramp: 0.05, settle: 0 };
			await crowd({ ...common, ...few, ...at, window: 0.2, request, othersRequest: "" });
		}
		const request = plan.path
			? get(plan.path)
			: question(`stamp tokens=${tokens} delay=${Math.floor(delay)}`);
		const slower = `tokens=${Math.floor(tokens / OTHERS_SLOWER)} delay=${Math.floor(delay * OTHERS_SLOWER)}`;
		const othersRequest = question(`huge=${OTHERS_TOKEN} ${slower}`);
		return crowd({ ...common, tokens, ...at, request, othersRequest, mark: plan.path ? "" : mark });
	});
	const { cpuNs, loadNs, ns, idle, busy } = figures;
	// Without pages of files, which the kernel reclaims when necessary.
	const own = ({ anon, shmem }) => (anon + shmem) / 1024;
	const streams = plan.readers + (plan.others ?? 0);
	return {
		part,
		server,
		beside,
		path: plan.path,
		streams: plan.readers,
		rate: plan.rate,
		perSecond: (figures.tokens * 1e9) / ns,
		coreShare: cpuNs / ns,
		loadShare: loadNs / ns,
		cpuUsPerToken: cpuNs / 1e3 / figures.tokens,
		kibPerStream: busy && (own(busy) - own(idle)) / streams,
		bytesEach: Math.floor(figures.bytes / Math.max(figures.replies, 1)),
		...figures,
	};
}

const rows = [];

/** Measures these servers in turn, as often as --rounds says, and compares them. */
async function compare(part, servers, plan, way = {}) {
	const chosen = servers.filter((one) => options.server.includes(one));
	const figures = new Map(chosen.map((server) => [server, []]));
	for (let round = 0; round < Number(options.rounds); round++)
		for (const server of chosen) figures.get(server).push(await measure(part, server, plan, way));
	report(figures);
	rows.push(...[...figures.values()].flat());
}

function paced(readers, rate, others = {}) {
	const visitors = readers + (others.others ?? 0);
	return {
		readers,
		rate,
		ramp: Math.max(visitors / 1000, 1),
		settle: 1,
		window: seconds,
		...others,
	};
}

/** A part that compares these servers with these numbers of streams, and tokens per second. */
const streams = (title, servers, sizes, way) => ({
	title,
	head: STREAMS_HEAD,
	async run(part) {
		for (const size of options.streams ?? sizes) {
			const [readers, rate = RATE] = size.split("@").map(Number);
			await compare(part, servers, paced(readers, rate), way);
		}
	},
});

const PARTS = {
	hosted: streams(
		"Hosted model: HTTPS, with HTTP/2 except nginx",
		["haproxy", "nginx", "banter"],
		["400", "1000", "2000"],
		{ modelTls: true },
	),
	local: streams(
		"Local model: plain HTTP",
		["nginx", "haproxy", "banter", "banter-ip"],
		["100", "1000", "5000", "5000@4"],
	),
	tls: streams("Visitors over HTTPS to a hosted model", ["nginx", "banter"], ["1000"], {
		modelTls: true,
		tls: true,
	}),
	responses: streams(
		"The Responses API of a local model, compared with its chat completions",
		["banter", "banter-responses"],
		["1000"],
	),
	full: {
		title: "Streams at full speed, one reply after the other (including start and end of each)",
		head: STREAMS_HEAD,
		async run(part) {
			const plan = { readers: 1000, tokens: FULL_TOKENS, ramp: 0.2, window: seconds };
			await compare(part, ["nginx", "banter"], plan);
		},
	},
	// Whether visitors who stop reading slow down those who read.
	beside: {
		title: "Readers beside as many others, whose tokens are fewer and larger",
		head: STREAMS_HEAD,
		async run(part) {
			const plans = {
				alone: {},
				reading: { others: BESIDE },
				stopped: { others: BESIDE, othersStop: true },
			};
			const figures = new Map();
			for (const [name, others] of Object.entries(plans))
				figures.set(name, [await measure(part, "banter", paced(BESIDE, RATE, others), {}, name)]);
			report(figures);
			rows.push(...[...figures.values()].flat());
		},
	},
	requests: {
		title: "Short requests, 64 keep-alive connections",
		head: REQUESTS_HEAD,
		async run(part) {
			for (const path of ["/health", "/widget/chat-widget.js"]) {
				const plan = { readers: 64, path, ramp: 0.1, settle: 0.4, window: 2 };
				await compare(part, ["nginx", "banter"], plan);
			}
		},
	},
};

/** The servers that the options name and that are installed. */
function available() {
	return options.server.filter((server) => {
		if (!(server in SERVERS)) fail(`--server ${server}: unknown server`);
		if (existsSync(options[server] ?? "build/masterd")) return true;
		console.log(`${server} is not installed (make deps FOR=bench): skipped`);
		return false;
	});
}

const parts = options.part ?? Object.keys(PARTS);
for (const part of parts) if (!(part in PARTS)) fail(`--part ${part}: unknown part`);
options.server = available();
tlsOptions.ca = readFileSync(certificates().ca, "utf8");
for (const part of parts) {
	const { title, head, run } = PARTS[part];
	console.log(`\n${title}`);
	print(...head);
	await run(part);
}
console.log("");
bench.write({ seconds, rounds: Number(options.rounds), figures: rows });
process.exitCode = rows.every(({ lost, failed }) => lost === 0 && failed === 0) ? 0 : 1;
