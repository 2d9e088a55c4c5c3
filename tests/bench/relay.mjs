// make bench: the cost of relaying a stream through banter, which also parses and stores it, compared with
// nginx as a plain proxy: the same stub model behind both and the same clients in front of them (crowd.c), in
// one run. Also the cost of short requests, compared with nginx's static responses, and haproxy's memory.
//
// The server has one core for itself (with one worker); clients and model use another. All figures of a
// server cover all of its processes. A server is started again for each figure, on a new port and, banter,
// with an empty store: no memory and no closing connections are left of the previous run.
//
// Exit status: 1 if a token was lost or a reply failed.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { request } from "../e2e/client.mjs";
import { until } from "../e2e/daemon.mjs";
import { childrenOf } from "../e2e/proc.mjs";
import { freePort } from "../ports.mjs";
import { Bench, fail, print, rangeOf, spread, verdict } from "./bench.mjs";

const KEY = "a-key-for-the-benchmark-alone";
const BUNDLE = "widget/dist"; // the directory of chat-widget.js

/** The targets of tests/README.md, relative to nginx or absolute. */
const MOST = { cpu: 1.1, p99: 1.0, kib: 12, requestCpu: 1.5 };

const RATE = 20; // tokens per second of a stream, unless --streams says otherwise
const FULL_TOKENS = 500; // of a reply at full speed
const BESIDE = 1000; // readers, and as many other visitors
/** The others get fewer but larger tokens, so that one that stops reading fills the kernel's buffers soon. */
const OTHERS_SLOWER = 4;
const OTHERS_TOKEN = 4000;

const { values: options } = parseArgs({
	options: {
		streams: { type: "string", multiple: true, default: ["100", "1000", "5000", "5000@4"] },
		seconds: { type: "string", default: "5" },
		part: { type: "string", multiple: true, default: ["paced", "full", "beside", "requests"] },
		server: { type: "string", multiple: true, default: ["nginx", "haproxy", "banter"] },
		nginx: { type: "string", default: "/usr/sbin/nginx" },
		haproxy: { type: "string", default: "/usr/sbin/haproxy" },
		help: { type: "boolean" },
	},
});
if (options.help) {
	console.log(`usage: node tests/bench/relay.mjs [options]
Compares banter with nginx and haproxy.

  --streams N[@M]   N concurrent streams, each at M tokens per second (20); repeatable
                    (100, 1000, 5000, 5000@4)
  --seconds N       duration of each measurement (5)
  --part NAME       only this: paced, full, beside, requests; repeatable
  --server NAME     only this: nginx, haproxy, banter; repeatable
  --nginx FILE, --haproxy FILE    the programs (/usr/sbin/nginx, /usr/sbin/haproxy)`);
	process.exit(0);
}
const seconds = Number(options.seconds);
const sizes = options.streams.map((size) => {
	const [streams, rate = RATE] = size.split("@").map(Number);
	return { streams, rate };
});

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

const [SERVERS, LOAD] = cores();
const bench = new Bench("relay", 1200);

const post = (path, field, body) => {
	const text = JSON.stringify(body);
	return (
		`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${field}\r\n` +
		`Content-Length: ${text.length}\r\n\r\n${text}`
	);
};

const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** A call of the model with these directives. */
const modelCall = (script) =>
	post("/v1/chat/completions", `Authorization: Bearer ${KEY}`, {
		model: "m",
		stream: true,
		stream_options: { include_usage: true },
		messages: [{ role: "user", content: `[[${script}]]` }],
	});

/** It serves the bundle as nginx serves files best; /health sends as many headers as ours. */
const nginxConfig = (dir, port, model, descriptors) => `
${process.getuid() === 0 ? "user root;" : ""} # otherwise it could not read our directory
daemon off;
worker_processes 1;
worker_rlimit_nofile ${descriptors};
error_log stderr warn;
pid ${dir}/nginx.pid;
events { worker_connections ${descriptors}; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  types { application/javascript js; }
  keepalive_requests 100000000;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`).join(" ")}
  upstream model { server 127.0.0.1:${model}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
    location = /health {
      default_type application/json;
      add_header Cache-Control no-store;
      return 200 '{"status":"ok"}';
    }
    location /widget/ { alias ${BUNDLE}/; }
  }
}
`;

const haproxyConfig = (port, model) => `
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  option http-no-delay
  timeout connect 10s
  timeout client 300s
  timeout server 300s
frontend visitors
  bind 127.0.0.1:${port} backlog 4096
  default_backend model
backend model
  server stub 127.0.0.1:${model}
`;

function writeConfig(path, text) {
	writeFileSync(path, text);
	return path;
}

/** Production mode with rate limits off and no log line per request, as nginx writes none. */
const banterEnvironment = (dir, port, model) => ({
	APP_ENV: "production",
	WORKERS: "1",
	LOG_LEVEL: "notice",
	DATA_DIR: `${dir}/data`,
	LISTEN: `127.0.0.1:${port}`,
	OPENAI_BASE_URL: `http://127.0.0.1:${model}/v1`,
	OPENAI_API_KEY: "key-of-the-stand-in-model",
	WIDGET_API_KEY: KEY,
	CORS_ORIGIN: "https://benchmark.example",
	RATE_LIMIT_MAX_REQUESTS: "1000000",
	DRAIN_TIMEOUT_MS: "2000",
	WIDGET_BUNDLE_PATH: `${BUNDLE}/chat-widget.js`,
});

/**
 * The compared servers, in this order: run() starts the programs; ready: a path that returns 200 then; mark:
 * the text before a token.
 */
const KINDS = {
	nginx: {
		ready: "/health",
		mark: '"content":"',
		question: modelCall,
		run(start, dir, port, model) {
			const limits = readFileSync("/proc/self/limits", "latin1");
			const [, descriptors] = /^Max open files\s+\d+\s+(\d+)/m.exec(limits);
			const text = nginxConfig(dir, port, model, descriptors);
			const config = writeConfig(`${dir}/nginx.conf`, text);
			// With the prefix ./ all paths are relative to the current directory.
			return [start(options.nginx, ["-p", "./", "-e", "stderr", "-c", config])];
		},
	},
	haproxy: {
		ready: "/v1/models",
		mark: '"content":"',
		question: modelCall,
		run(start, dir, port, model) {
			const config = writeConfig(`${dir}/haproxy.conf`, haproxyConfig(port, model));
			return [start(options.haproxy, ["-db", "-f", config])];
		},
	},
	banter: {
		ready: "/health/ready",
		mark: '"token":"',
		question: (script) =>
			post("/v1/chat/stream", `x-api-key: ${KEY}`, {
				sessionId: "visitor-#####",
				message: `[[${script}]]`,
			}),
		run(start, dir, port, model) {
			const env = banterEnvironment(dir, port, model);
			return ["build/storaged", "build/masterd"].map((program) => start(program, [], env));
		},
	},
};

const family = (pid) => [pid, ...childrenOf(pid).flatMap(family)];

function untilReady(port, path) {
	const headers = { authorization: `Bearer ${KEY}` };
	return until(`GET ${path} returns 200`, async () => {
		const answer = request(`http://127.0.0.1:${port}`, "GET", path, { headers });
		return (await answer.catch(() => ({}))).status === 200;
	});
}

let started = 0;

/** Runs measure(port, pids) while a server and its stub run. */
async function withServer(kind, measure) {
	const { run, ready } = KINDS[kind];
	const dir = `${bench.dir}/${++started}`;
	mkdirSync(dir);
	const [port, model] = [await freePort(), await freePort()];
	const stub = bench.start("build/openai-stub", ["--port", String(model)], {}, LOAD);
	await untilReady(model, "/v1/models");
	const roots = run(
		(program, args, env = {}) => bench.start(program, args, env, SERVERS),
		dir,
		port,
		model,
	);
	await untilReady(port, ready);
	const figures = await measure(
		port,
		roots.flatMap(({ pid }) => family(pid)),
	);
	for (const daemon of [...roots.reverse(), stub]) await daemon.stop();
	return figures;
}

async function crowd(plan) {
	let result;
	for await (const figures of bench.measure("crowd", plan, LOAD)) result = figures;
	return result;
}

/** Measures a server by a plan, and adds what the report needs of both. */
async function measure(part, server, plan, beside) {
	const { mark, question } = KINDS[server];
	const lasts = plan.ramp + plan.settle + plan.window + 1;
	const tokens = plan.rate ? Math.floor(lasts * plan.rate) : (plan.tokens ?? 0);
	const delay = plan.rate ? 1000 / plan.rate : 0;
	const common = { others: 0, othersStop: false, settle: 0, mark, once: plan.rate > 0, ...plan };
	const figures = await withServer(server, async (port, pids) => {
		const at = { port, pids, othersRequest: "" };
		// What code and pools allocate once is not a stream's cost.
		if (part !== "requests") {
			const request = question("stamp tokens=20 delay=0");
			const few = { readers: 10, once: false, others: 0, tokens: 20, ramp: 0.05, settle: 0 };
			await crowd({ ...common, ...few, ...at, window: 0.2, request });
		}
		const request = plan.path
			? get(plan.path)
			: question(`stamp tokens=${tokens} delay=${Math.floor(delay)}`);
		const slower = `tokens=${Math.floor(tokens / OTHERS_SLOWER)} delay=${Math.floor(delay * OTHERS_SLOWER)}`;
		const othersRequest = question(`huge=${OTHERS_TOKEN} ${slower}`);
		return crowd({ ...common, tokens, ...at, request, othersRequest, mark: plan.path ? "" : mark });
	});
	const { cpuNs, ns, idle, busy } = figures;
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
		cpuUsPerToken: cpuNs / 1e3 / figures.tokens,
		kibPerStream: busy && (busy.pss - idle.pss) / 1024 / streams,
		bytesEach: Math.floor(figures.bytes / Math.max(figures.replies, 1)),
		...figures,
	};
}

const STREAMS = [7, -8, 8, 5, 20, 8, 23, 15, 6, 0];
const REQUESTS = [-24, -8, 10, 8, 8, 0];
const join = (values, digits) =>
	values.map((n, i) => n.toFixed(digits).padStart([8, 6, 6][i])).join("/");

function printRatios(row, base) {
	const judged = row.server === "banter" && row.part === "paced";
	const judge = (met, target) => (judged ? ` ${verdict(met, target)}` : "");
	const cpu = row.cpuUsPerToken / base.cpuUsPerToken;
	const p99 = row.relay.p99 / base.relay.p99;
	const first = row.firstToken.p50 / base.firstToken.p50;
	const memory = row.kibPerStream / base.kibPerStream;
	console.log(
		`        to ${base.beside ?? base.server}'s: CPU ${cpu.toFixed(2)}${judge(cpu <= MOST.cpu, MOST.cpu)}` +
			(row.part === "paced" ? `, memory ${memory.toFixed(2)}` : "") +
			judge(row.kibPerStream <= MOST.kib, `${MOST.kib} KiB`) +
			`, p99 ${p99.toFixed(2)}${judge(p99 <= MOST.p99, MOST.p99)}, first token ${first.toFixed(2)}`,
	);
}

function printStreams(row, base) {
	const { relay, firstToken, failed } = row;
	const scatter = rangeOf(spread(row.cpuUs), 1);
	print(
		STREAMS,
		row.rate ? `${row.streams}@${row.rate}` : row.streams,
		row.beside ?? row.server,
		row.perSecond.toFixed(0),
		`${(100 * row.coreShare).toFixed(0)}%`,
		`${row.cpuUsPerToken.toFixed(1)} ${scatter}`,
		row.kibPerStream?.toFixed(1) ?? "-",
		join([relay.p50, relay.p99, relay.p999], 2),
		join([firstToken.p50, firstToken.p99], 1),
		row.lost,
		failed > 0 ? `${failed} REPLIES FAILED, first by status ${row.failedStatus}` : "",
	);
	if (base) printRatios(row, base);
}

function printRequest(row, base) {
	const ratio = base && row.cpuUsPerToken / base.cpuUsPerToken;
	print(
		REQUESTS,
		row.path,
		row.server,
		row.perSecond.toFixed(0),
		row.cpuUsPerToken.toFixed(1),
		row.bytesEach,
		base ? ` ratio ${ratio.toFixed(2)} ${verdict(ratio <= MOST.requestCpu, MOST.requestCpu)}` : "",
	);
}

const rows = [];

/** Measures these servers one after the other, and compares them with nginx. */
async function compare(part, servers, plan, report) {
	let base;
	for (const server of servers.filter((one) => options.server.includes(one))) {
		const row = await measure(part, server, plan);
		report(row, base);
		rows.push(row);
		if (server === "nginx") base = row;
	}
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

const PARTS = {
	paced: {
		title: "Streams at a model's pace (4295 ms means 4295 ms or more)",
		async run() {
			for (const { streams, rate } of sizes)
				await compare("paced", Object.keys(KINDS), paced(streams, rate), printStreams);
		},
	},
	// haproxy is compared for its memory, which a run at full speed does not show.
	full: {
		title: "Streams at full speed, one reply after the other (including start and end of each)",
		async run() {
			for (const { streams } of sizes.filter(({ rate }) => rate === RATE)) {
				const plan = { readers: streams, tokens: FULL_TOKENS, ramp: 0.2, window: seconds };
				await compare("full", ["nginx", "banter"], plan, printStreams);
			}
		},
	},
	// Whether visitors who stop reading slow down those who read.
	beside: {
		title: "Readers beside as many others, whose tokens are fewer and larger",
		async run() {
			if (!options.server.includes("banter")) return;
			const plans = {
				alone: {},
				reading: { others: BESIDE },
				stopped: { others: BESIDE, othersStop: true },
			};
			let reading;
			for (const [beside, others] of Object.entries(plans)) {
				const row = await measure("beside", "banter", paced(BESIDE, RATE, others), beside);
				printStreams(row, beside === "stopped" && reading);
				rows.push(row);
				reading = row;
			}
		},
	},
	requests: {
		title: "Short requests, 64 keep-alive connections",
		head: [REQUESTS, "path", "server", "requests/s", "CPU us", "bytes"],
		async run() {
			for (const path of ["/health", "/widget/chat-widget.js"]) {
				const plan = { readers: 64, path, ramp: 0.1, settle: 0.4, window: 2 };
				await compare("requests", ["nginx", "banter"], plan, printRequest);
			}
		},
	},
};
const STREAMS_HEAD = [
	STREAMS,
	...["streams", "server", "tokens/s", "core", "CPU us/token (range)", "KiB/str."],
	...["relay p50/p99/p99.9 ms", "first p50/p99 ms", "lost"],
];

for (const part of options.part) if (!(part in PARTS)) fail(`--part ${part}: unknown part`);
for (const server of options.server) {
	if (!(server in KINDS)) fail(`--server ${server}: unknown server`);
	if (existsSync(options[server] ?? "build/masterd")) continue;
	console.log(`${server} is not installed (make deps FOR=bench): skipped`);
	options.server = options.server.filter((one) => one !== server);
}
for (const [part, { title, head = STREAMS_HEAD, run }] of Object.entries(PARTS)) {
	if (!options.part.includes(part)) continue;
	console.log(`\n${title}`);
	print(...head);
	await run();
}
console.log("");
bench.write({ seconds, figures: rows });
process.exitCode = rows.every(({ lost, failed }) => lost === 0 && failed === 0) ? 0 : 1;
