// make bench-sockets: silent WebSockets, and a store that is stopped or killed under them and starts again. Every socket
// must stay open, and every visitor must be followed again. It opens as many as the memory permits, on as many workers
// as they need: each has a descriptor for the socket and one for a model.
//
// Meanwhile another client asks for /health, one request after the other. How long it waits at most includes the longest
// turn of the worker's loop.
//
// Exit status: 1 if a socket was closed.

import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RawConnection, request } from "../e2e/client.mjs";
import { until } from "../e2e/daemon.mjs";
import { childrenOf, cpuOf, memoryOf } from "../e2e/proc.mjs";
import { getOn } from "../e2e/replies.mjs";
import { freePort } from "../ports.mjs";
import { Bench, fail, print } from "./bench.mjs";

const ADMIN_KEY = "an-admin-key-for-the-benchmark";
const SOCKET_BYTES = 20 * 1024; // the kernel's included
const WORKER_FILES = 600; // that a worker reserves (workerd/main.c)
const CROWD_FILES = 100;
const MINUTE_MS = 60_000;
const SILENCE_MS = 5000;
const LOOK_MS = 50;
const QUIET_LOOKS = 10;

const { values: options } = parseArgs({
	options: {
		sockets: { type: "string", default: "100000" },
		"one-worker": { type: "boolean", default: false },
	},
});
const [, files] = /^Max open files\s+\d+\s+(\d+)/m.exec(
	readFileSync("/proc/self/limits", "latin1"),
);
const ofWorker = Math.floor((files - WORKER_FILES) / 2);
const sockets = Math.min(
	Number(options.sockets),
	Math.floor(freemem() / SOCKET_BYTES),
	options["one-worker"] ? ofWorker : Number.POSITIVE_INFINITY,
);
// The numbers of connections of the workers differ a little.
const workers = options["one-worker"] ? 1 : Math.ceil(sockets / (0.98 * ofWorker));

const bench = new Bench("sockets", 1200);
const { dir, storaged } = await bench.startStore();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const masterd = bench.start("build/masterd", [], {
	APP_ENV: "production",
	LOG_LEVEL: "warn",
	DATA_DIR: dir,
	LISTEN: `127.0.0.1:${port}`,
	WORKERS: String(workers),
	OPENAI_API_KEY: "key-of-no-model",
	WIDGET_API_KEY: "a-widget-key-for-the-benchmark",
	ADMIN_API_KEY: ADMIN_KEY,
	CORS_ORIGIN: "https://benchmark.example",
	RATE_LIMIT_MAX_REQUESTS: "1000000",
	MAX_CONNECTIONS_PER_ADDRESS: "1000000",
	DRAIN_TIMEOUT_MS: "2000",
});
const headers = { "x-admin-api-key": ADMIN_KEY };
const ask = (method, path, body) => request(url, method, path, { headers, body });
await until("masterd is ready", async () => {
	const { status } = await ask("GET", "/health/ready").catch(() => ({}));
	return status === 200;
});
const widget = (await ask("POST", "/v1/admin/widgets", {})).json;

/** The latest figures of each process of silent visitors. */
const crowd = [];
const count = (figure) => crowd.reduce((sum, figures) => sum + (figures?.[figure] ?? 0), 0);

async function openSockets() {
	const path = `/api/widget/${widget.widget_id}/ws`;
	const each = files - CROWD_FILES;
	for (let i = 0; i * each < sockets; i++)
		(async () => {
			const n = Math.min(each, sockets - i * each);
			const plan = { port, path, from: `127.0.${i + 1}.1`, sockets: n };
			for await (const figures of bench.measure("silent", plan)) crowd[i] = figures;
		})();
	while (count("opened") < sockets) {
		if (count("refused") > 0) fail(`${count("refused")} WebSockets were refused`);
		await sleep(LOOK_MS);
	}
}

/** Requests that storaged has answered. */
async function answered() {
	const { text } = await ask("GET", "/metrics");
	const counts = [...text.matchAll(/^banter_store_request_seconds_count(?:\{.*\})? (\d+)$/gm)];
	return counts.reduce((sum, [, n]) => sum + Number(n), 0);
}

/** Restarts the store. Resolves to the time at which every visitor was followed again. */
async function restart(signal) {
	const before = await answered();
	await storaged.kill(signal);
	storaged.start();
	let [last, lastAt] = [before, 0];
	for (let quiet = 0; quiet < QUIET_LOOKS; quiet++) {
		await sleep(LOOK_MS);
		const now = await answered();
		if (now > last) lastAt = Date.now();
		if (now > last || now - before < sockets) quiet = 0;
		last = now;
	}
	return lastAt;
}

let longest = 0;
let probing = true;

async function probe() {
	const raw = await RawConnection.connect(port);
	while (probing) {
		const since = performance.now();
		await getOn(raw, "/health");
		longest = Math.max(longest, performance.now() - since);
		await sleep(1);
	}
	raw.close();
}

const front = [masterd.pid, ...childrenOf(masterd.pid)];
const sum = (values) => values.reduce((total, value) => total + value, 0);
const frontCpu = () => sum(front.map(cpuOf));
const WIDTHS = [-34, 9, 9, 9, 11, 8, 0];
const phases = [];

/** Measures what run() does; it may resolve to the time at which it was over. */
async function phase(name, run, restarts = false) {
	const [since, frontSince] = [Date.now(), frontCpu()];
	const storeSince = restarts ? 0 : cpuOf(storaged.pid);
	longest = 0;
	const end = (await run()) ?? Date.now();
	const figures = {
		name,
		seconds: (end - since) / 1000,
		frontCpu: (frontCpu() - frontSince) / 1000,
		storeCpu: (cpuOf(storaged.pid) - storeSince) / 1000,
		longestWaitMs: longest,
		closed: count("closed"),
	};
	phases.push(figures);
	const { seconds, longestWaitMs, closed } = figures;
	const times = [seconds, figures.frontCpu, figures.storeCpu].map((s) => `${s.toFixed(2)} s`);
	const code = crowd.find((one) => one?.closeCode)?.closeCode ?? "none";
	const note = closed > 0 ? `CLOSED, the last with code ${code}` : "";
	print(WIDTHS, name, ...times, `${longestWaitMs.toFixed(1)} ms`, closed, note);
}

const idle = [sum(front.map(memoryOf)), memoryOf(storaged.pid)];
console.log(`${sockets} WebSockets on ${workers} worker${workers === 1 ? "" : "s"}`);
print(WIDTHS, "", "time", "CPU front", "storaged", "wait", "closed");
const probed = probe();
await phase("all open their sockets", openSockets);
await phase("silence", () => sleep(SILENCE_MS));
const full = [sum(front.map(memoryOf)), memoryOf(storaged.pid)];
const [workerKib, storeKib] = full.map((bytes, i) => (bytes - idle[i]) / 1024 / sockets);
await phase("storaged is stopped and starts", () => restart("SIGTERM"), true);
await phase("storaged is killed and starts", () => restart("SIGKILL"), true);
const pings = count("pings");
await until(
	"each visitor has answered a ping",
	() => count("pings") - pings >= sockets || count("closed") > 0,
	2 * MINUTE_MS,
);
probing = false;
await probed;
console.log(
	`memory of each: ${workerKib.toFixed(2)} KiB in the worker, ${storeKib.toFixed(2)} KiB in storaged`,
);
bench.write({ sockets, workers, workerKib, storeKib, phases });
process.exit(count("closed") === 0 ? 0 : 1);
