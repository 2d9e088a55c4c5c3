// GET /metrics: access, the format for Prometheus, and correct numbers.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assertError, request } from "./client.mjs";
import { ADMIN_KEY, freePort, ROOT, times, until, useBanter, WIDGET_KEY } from "./harness.mjs";
import { connectToEachWorker } from "./replies.mjs";

const PROMTOOL = join(ROOT, "build/tools/promtool");

/** The samples of the text format (0.0.4), by name and labels. */
function parse(text) {
	const samples = text.matchAll(/^([a-z_]+(?:\{.*\})?) ([0-9.e+-]+)$/gm);
	return new Map([...samples].map(([, series, value]) => [series, Number(value)]));
}

/** Reads the metrics; resolves to a function that returns the value of a series. */
async function read(banter) {
	// A worker may count a response after sending it, but before its next response.
	for (const raw of (await connectToEachWorker(banter, "/metrics")).values()) raw.close();
	const answer = await banter.get("/metrics");
	assert.equal(answer.status, 200, answer.text);
	const samples = parse(answer.text);
	return (series) => samples.get(series) ?? 0;
}

/** Checks by how much these series increase during body(). */
async function assertAdds(banter, expected, body) {
	const before = await read(banter);
	await body();
	const after = await read(banter);
	const added = Object.keys(expected).map((one) => [one, after(one) - before(one)]);
	assert.deepEqual(Object.fromEntries(added), expected);
}

const counterOf = (route, status) =>
	`banter_http_requests_total{route="${route}",status="${status}"}`;
const outcomeOf = (outcome) => `banter_turns_total{outcome="${outcome}"}`;
const errorOf = (kind) => `banter_model_errors_total{kind="${kind}"}`;

/** What Prometheus has read every minute when an alert fires: series, and values as promtool writes them. */
const FIRING = {
	BanterDown: [['up{job="banter"}', "0x60"]],
	BanterStoreNotWritable: [["banter_store_writable", "0x60"]],
	BanterStoreUnanswered: [['banter_store_unanswered_total{worker="0"}', "0+1x60"]],
	BanterStoreSlow: [
		['banter_store_request_seconds_bucket{le="0.1"}', "0+1x60"],
		['banter_store_request_seconds_bucket{le="1"}', "0+100x60"],
		['banter_store_request_seconds_bucket{le="+Inf"}', "0+100x60"],
	],
	BanterModelDown: [['banter_model_breaker_open{worker="0"}', "1x60"]],
	BanterModelErrors: [
		['banter_model_errors_total{kind="failed"}', "0+2x60"],
		["banter_model_requests_total", "0+10x60"],
	],
	BanterFirstTokenSlow: [
		['banter_first_token_seconds_bucket{le="10"}', "0+1x60"],
		['banter_first_token_seconds_bucket{le="30"}', "0+9x60"],
		['banter_first_token_seconds_bucket{le="+Inf"}', "0+9x60"],
	],
	BanterWorkerFailed: [
		["banter_worker_deaths_total", "0+1x60"],
		["banter_worker_hangs_total", "0x60"],
	],
	BanterCrashLoop: [
		["banter_store_crash_loop", "0x60"],
		["banter_worker_crash_loop", "1x60"],
	],
	BanterSearchStands: [
		["banter_search_standing", "0x60"],
		["banter_passages_standing", "1x60"],
	],
	BanterDueUndone: [["banter_store_due_undone_total", "0+0.1x60"]],
	BanterWebhooksStand: [['banter_webhooks_standing{worker="0"}', "1x60"]],
	BanterPasswordsGuessed: [['banter_rate_limited_total{rule="login"}', "0+5x60"]],
	BanterConnectionsRefused: [["banter_connections_refused_total", "0+20x60"]],
	BanterProxyRefused: [['banter_proxy_refused_total{reason="untrusted"}', "0+20x60"]],
	BanterCrawlerDown: [["banter_crawl_connected", "0x60"]],
	BanterMailsStand: [["banter_mails_standing_seconds", "0+60x60"]],
	BanterFilesAlmostFull: [
		["banter_files_bytes", "10x60"],
		["banter_files_max_bytes", "100x60"],
		["banter_files_organization_bytes", "9x60"],
		["banter_files_organization_max_bytes", "10x60"],
	],
	BanterNoStandby: [["banter_log_standbys", "0x60"]],
};

/** The same when all is well. */
const WELL = [
	['up{job="banter"}', "1x60"],
	["banter_store_writable", "1x60"],
	['banter_store_unanswered_total{worker="0"}', "7x60"],
	['banter_store_request_seconds_bucket{le="0.1"}', "0+100x60"],
	['banter_store_request_seconds_bucket{le="+Inf"}', "0+100x60"],
	['banter_model_breaker_open{worker="0"}', "0x60"],
	['banter_model_errors_total{kind="failed"}', "0+1x60"],
	["banter_model_requests_total", "0+100x60"],
	['banter_first_token_seconds_bucket{le="1"}', "0+9x60"],
	['banter_first_token_seconds_bucket{le="+Inf"}', "0+9x60"],
	["banter_worker_deaths_total", "3x60"],
	["banter_worker_hangs_total", "0x60"],
	["banter_store_crash_loop", "0x60"],
	["banter_worker_crash_loop", "0x60"],
	["banter_search_standing", "0x60"],
	["banter_passages_standing", "0x60"],
	["banter_store_due_undone_total", "3x60"],
	['banter_webhooks_standing{worker="0"}', "0x60"],
	['banter_rate_limited_total{rule="login"}', "0+1x60"],
	["banter_connections_refused_total", "0+1x60"],
	['banter_proxy_refused_total{reason="invalid"}', "0+1x60"],
	["banter_crawl_connected", "1x60"],
	["banter_mails_standing_seconds", "0x60"],
	["banter_files_bytes", "70x60"],
	["banter_files_max_bytes", "100x60"],
	["banter_files_organization_bytes", "70x60"],
	["banter_files_organization_max_bytes", "0x60"],
	["banter_log_standbys", "1x60"],
];

/** The cases for `promtool test rules`. Each alert of the file has one. */
function alertCases(rules) {
	const names = Array.from(rules.matchAll(/- alert: (\w+)/g), ([, name]) => name);
	assert.deepEqual(Object.keys(FIRING), names);
	const of = (series, firing) => ({
		interval: "1m",
		input_series: series.map(([name, values]) => ({ series: name, values })),
		// ALERTS has what fires, with more labels than the count.
		promql_expr_test: [
			{
				expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
				eval_time: "45m",
				exp_samples: firing.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
			},
		],
	});
	return {
		rule_files: [join(ROOT, "systemd/monitoring/alerts.yml")],
		evaluation_interval: "1m",
		tests: [of(WELL, []), ...names.map((name) => of(FIRING[name], [name]))],
	};
}

const banter = useBanter();

describe("access to the metrics", () => {
	it("is open to this machine, on a loopback listener", async () => {
		const answer = await banter.get("/metrics");
		assert.equal(answer.status, 200);
		assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
		assert.equal(answer.headers["cache-control"], "no-store");
		const ipv6 = await request(`http://[::1]:${banter.port}`, "GET", "/metrics");
		assert.equal(ipv6.status, 200);
	});

	for (const field of [
		...["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Real-IP: 192.0.2.1"],
		...["X-Forwarded-Host: chat.example", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy"],
		"Host: chat.example",
	])
		it(`needs the key with ${field}`, async () => {
			const [name, value] = field.split(": ");
			const get = (key) => banter.get("/metrics", { [name]: value, ...key });
			for (const key of [
				{ "x-admin-api-key": ADMIN_KEY },
				{ authorization: `Bearer ${ADMIN_KEY}` },
				{ authorization: `bearer  ${ADMIN_KEY} ` },
			])
				assert.equal((await get(key)).status, 200);
			for (const key of [
				{},
				{ "x-admin-api-key": WIDGET_KEY },
				{ "x-admin-api-key": `${ADMIN_KEY}x` },
				{ authorization: ADMIN_KEY },
				{ authorization: `Bearer ${ADMIN_KEY.slice(1)}` },
				{ authorization: `Basic ${ADMIN_KEY}` },
				{ authorization: "Bearer" },
			])
				assertError(await get(key), 401, "Unauthorized");
		});

	it("needs the key on any other listener, also from this machine", async () => {
		const port = await freePort();
		const env = { ...banter.masterd.env, LISTEN: `0.0.0.0:${port}` };
		const open = banter.daemon("masterd", [], env);
		open.start();
		const get = (headers) => request(`http://127.0.0.1:${port}`, "GET", "/metrics", { headers });
		const answer = await until("it answers", () => get({}).catch(() => null));
		assertError(answer, 401, "Unauthorized");
		assert.equal((await get({ "x-admin-api-key": ADMIN_KEY })).status, 200);
		assert.deepEqual(await open.stop(), { code: 0, signal: null });
	});
});

describe("the metrics", () => {
	it("requests are counted by route and status, over all workers", async () => {
		const expected = {
			[counterOf("health", 200)]: 12,
			[counterOf("chat", 401)]: 3,
			[counterOf("chat", 413)]: 1,
			[counterOf("unknown", 404)]: 1,
			[counterOf("wrong_method", 405)]: 1,
			[counterOf("options", 204)]: 1,
		};
		await assertAdds(banter, expected, async () => {
			for (let i = 0; i < 12; i++) await banter.get("/health");
			for (let i = 0; i < 3; i++) await banter.request("POST", "/v1/chat", { body: "{}" });
			await banter.request("POST", "/v1/chat", { headers: { "content-length": "999999999" } });
			await banter.get("/no/such/path");
			await banter.request("PUT", "/health");
			await banter.request("OPTIONS", "/health");
		});
	});

	it("turns, tokens, model requests and histograms grow with replies", async () => {
		const expected = {
			[outcomeOf("complete")]: 4,
			banter_model_requests_total: 4,
			banter_first_token_seconds_count: 4,
			banter_token_relay_seconds_count: 100,
			[counterOf("chat_stream", 200)]: 4,
		};
		await assertAdds(banter, expected, async () => {
			for (let i = 0; i < 4; i++) await (await banter.stream("m", "[[tokens=25]]")).rest();
		});
		const now = await read(banter);
		assert.ok(now('banter_tokens_total{kind="completion"}') >= 100);
		assert.ok(now('banter_tokens_total{kind="prompt"}') > 0);
		// A begin and a finish each.
		assert.ok(now("banter_store_request_seconds_count") >= 8);
		assert.ok(now("banter_store_request_seconds_sum") > 0);
	});

	it("failed attempts are counted by kind", async () => {
		const expected = {
			[outcomeOf("model_down")]: 5,
			[errorOf("refused")]: 1,
			[errorOf("busy")]: 1,
			// An error in the stream counts like its status.
			[errorOf("failed")]: 4,
			[errorOf("bad_event")]: 1,
			[errorOf("broken")]: 1,
			banter_model_requests_total: 9,
		};
		await assertAdds(banter, expected, async () => {
			for (const directives of [
				...["fail=401", "tokens=1 fail=429 fail-times=1", "fail=500"],
				...["tokens=3 error-after=1", "tokens=3 cut-after=1", "tokens=3 garbage-after=1"],
			])
				await banter.chat("fails", `[[${directives}]]`);
		});
	});

	it("streams and connections are counted while they are open", async () => {
		const streams = await times(5, (i) => banter.stream(`open-${i}`, "[[tokens=100000 delay=20]]"));
		for (const stream of streams) await stream.tokens(1);
		await until("five streams", async () => (await banter.metric("streams")) === 5);
		assert.equal(await banter.metric("turns_running"), 5);
		assert.ok((await banter.metric("connections")) >= 5);
		for (const stream of streams) stream.leave();
		await until("no streams", async () => (await banter.metric("streams")) === 0);
		assert.equal(await banter.metric("turns_running"), 5, "the replies go on");
	});

	it("a killed worker's counters stay, its gauges disappear", async () => {
		for (let i = 0; i < 6; i++) await banter.chat(`dead-${i}`, "[[tokens=1]]");
		const expected = {
			[counterOf("chat", 200)]: 0,
			[outcomeOf("complete")]: 0,
			banter_worker_deaths_total: 2,
			banter_worker_starts_total: 2,
		};
		await assertAdds(banter, expected, async () => {
			await banter.killWorkers(banter.workerPids());
			await banter.ready();
		});
		assert.equal((await read(banter))('banter_turns_running{worker="0"}'), 0);
	});

	it("version, start time and resource usage are included", async () => {
		const now = await read(banter);
		assert.match((await banter.get("/metrics")).text, /^banter_build_info\{version="[\w.]+"\} 1$/m);
		assert.ok(Math.abs(now("banter_start_time_seconds") - Date.now() / 1000) < 3600);
		for (const labels of ['process="masterd"', 'process="workerd",worker="0"']) {
			assert.ok(now(`banter_process_resident_memory_bytes{${labels}}`) > 1e6, labels);
			assert.ok(now(`banter_process_cpu_seconds_total{${labels}}`) >= 0, labels);
		}
	});

	const missing = existsSync(PROMTOOL) ? false : "promtool is not there: make deps FOR=test";
	it("promtool reports no problem", { skip: missing }, async () => {
		const { text } = await banter.get("/metrics");
		const { status, stdout, stderr } = spawnSync(PROMTOOL, ["check", "metrics"], { input: text });
		assert.equal(status, 0, `${stdout}${stderr}`);
		assert.equal(`${stdout}${stderr}`, "");
	});

	describe("in systemd/monitoring", () => {
		const source = (path) => readFileSync(join(ROOT, path), "utf8");
		const rules = source("systemd/monitoring/alerts.yml");
		const board = JSON.parse(source("systemd/monitoring/grafana.json"));
		const queries = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

		it("are named as they are served", async () => {
			const { text } = await banter.get("/metrics");
			// Those of several machines.
			const log = source("workerd/api/log_metrics.c").matchAll(/"(banter_log_[a-z_]+)"/g);
			const known = new Set(Array.from(log, ([, name]) => name));
			for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
				for (const end of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""])
					known.add(name + end);
			const used = [rules, ...queries].join("\n").match(/\bbanter_\w+/g);
			assert.ok(used.length > 40);
			assert.deepEqual(
				used.filter((name) => !known.has(name)),
				[],
			);
			// So are the labels by which the dashboard groups, as far as there are series.
			for (const query of queries) {
				const [, by, name] = query.match(/^sum by \((\w+)\) .*?(banter_\w+)/) ?? [];
				const series = text.match(new RegExp(`^${name}\\{.*`, "m"))?.[0] ?? `${by}="`;
				if (by !== undefined) assert.ok(series.includes(`${by}="`), `${series} by ${by}`);
			}
		});

		it("make each alert fire, and none when all is well", { skip: missing }, () => {
			const directory = mkdtempSync(join(tmpdir(), "banter-alerts-"));
			const file = join(directory, "alerts.test.json");
			writeFileSync(file, JSON.stringify(alertCases(rules)));
			const check = (...args) => {
				const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: "utf8" });
				assert.equal(status, 0, `${stdout}${stderr}`);
			};
			try {
				check("check", "rules", join(ROOT, "systemd/monitoring/alerts.yml"));
				check("test", "rules", file);
			} finally {
				rmSync(directory, { recursive: true });
			}
		});
	});
});
