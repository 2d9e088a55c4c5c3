// `make run`: the service on a developer's machine, as systemd runs it on a server.
//
// Reads .env (makes it from .env.example with fresh keys if there is none), checks all settings,
// starts the store, the front and, when there is no model key, the bundled demo model; starts
// again whatever dies; says where everything is once it answers; and on Ctrl-C stops the front
// first, so that running replies can still be stored.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { get as getHttps } from "node:https";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const build = join(root, "build");
const EX_CONFIG = 78;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5000;

/** Lines of NAME=value as dotenv reads them: quotes are taken off, # begins a comment. */
function parseEnv(text) {
	const env = {};
	for (const line of text.split("\n")) {
		const match =
			/^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#]*?))\s*(?:#.*)?$/.exec(
				line,
			);
		if (match) env[match[1]] = match[2] ?? match[3] ?? match[4];
	}
	return env;
}

/** The text of a fresh .env: the example with random keys where it leaves them empty. */
function freshEnv() {
	const keys = {
		WIDGET_API_KEY: randomBytes(24).toString("hex"),
		ADMIN_API_KEY: randomBytes(24).toString("hex"),
		DASHBOARD_PASSWORD: randomBytes(9).toString("base64url"),
	};
	return readFileSync(join(root, ".env.example"), "utf8").replace(/^([A-Z_]+)=$/gm, (line, name) =>
		keys[name] ? `${name}=${keys[name]}` : line,
	);
}

/** The environment of the daemons: .env, and over it what is set already. */
function loadEnv() {
	const path = join(root, ".env");
	if (!existsSync(path)) {
		writeFileSync(path, freshEnv(), { mode: 0o600 });
		console.log("Made .env with fresh random keys.");
	}
	return { ...parseEnv(readFileSync(path, "utf8")), ...process.env };
}

/** Ends with the daemons' own words when a setting is wrong. */
function checkSettings(env) {
	const results = ["storaged", "masterd"].map(
		(name) =>
			spawnSync(join(build, name), ["--check"], { env, cwd: root, stdio: "inherit" }).status,
	);
	if (results.some((status) => status !== 0)) {
		console.error("Put them right in .env (or the environment) and run again.");
		process.exit(EX_CONFIG);
	}
}

/** What runs, the last one started first: the order in which they stop. */
const services = [];
let stopped = false;
/** Everything has answered once. Before that, an end is no accident to be mended. */
let ready = false;

/** A child that is started again, with backoff, until stop() is called. */
class Service {
	constructor(name, args, env) {
		Object.assign(this, { name, args, env, backoff: BACKOFF_MIN_MS, stopping: false });
		services.unshift(this);
		this.start();
	}

	start() {
		this.startedAt = Date.now();
		// A process group of its own: Ctrl-C then reaches only us, and we stop them in order.
		this.child = spawn(join(build, this.name), this.args, {
			env: this.env,
			cwd: root,
			detached: true,
			stdio: ["ignore", this.name === "openai-stub" ? "pipe" : "inherit", "inherit"],
		});
		this.ended = new Promise((resolve) => {
			const over = (code, signal) => {
				resolve();
				this.onExit(code, signal);
			};
			this.child.once("exit", over);
			// It could not be started at all: make is just linking it anew, or it is not there.
			this.child.once("error", (error) => over(error.code, null));
		});
	}

	onExit(code, signal) {
		if (this.stopping) return;
		if (code === EX_CONFIG || !ready) {
			console.error(`${this.name} could not start (${signal ?? code}).`);
			stop(Number.isInteger(code) && code > 0 ? code : 1);
			return;
		}
		if (Date.now() - this.startedAt > 2 * BACKOFF_MAX_MS) this.backoff = BACKOFF_MIN_MS;
		console.error(`${this.name} ended (${signal ?? code}); again in ${this.backoff} ms.`);
		this.timer = setTimeout(() => this.start(), this.backoff);
		this.backoff = Math.min(this.backoff * 2, BACKOFF_MAX_MS);
	}

	async stop() {
		this.stopping = true;
		clearTimeout(this.timer);
		if (this.child.pid && this.child.exitCode === null && this.child.signalCode === null) {
			this.child.kill("SIGTERM");
			await this.ended;
		}
	}
}

/** Starts the demo model on a free port and resolves to its base URL. */
function startDemoModel(env) {
	const service = new Service("openai-stub", ["--port", "0"], env);
	return new Promise((resolve) => {
		service.child.stdout.on("data", (data) => {
			const match = /listening on (\S+)/.exec(String(data));
			if (!match) return;
			// Should it die from now on, it comes back at the same address.
			service.args = ["--port", new URL(match[1]).port];
			resolve(match[1]);
		});
	});
}

/** Whether it is there. Its certificate need not be one for "localhost": we know who answers. */
function answers(url) {
	const ask = url.startsWith("https:") ? getHttps : get;
	return new Promise((resolve) => {
		ask(url, { rejectUnauthorized: false }, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		}).on("error", () => resolve(false));
	});
}

async function stop(code) {
	if (stopped) {
		// Asked twice: what still runs is cut. masterd takes a second SIGTERM so.
		for (const service of services) if (service.name === "masterd") service.child.kill("SIGTERM");
		return;
	}
	stopped = true;
	console.log("Stopping; running replies may finish (Ctrl-C again cuts them).");
	for (const service of services) await service.stop();
	process.exit(code);
}

/** Where a browser on this machine finds the service. */
function baseUrl(env) {
	const listen = env.LISTEN ? env.LISTEN.split(",")[0].trim() : "";
	const port = listen ? listen.slice(listen.lastIndexOf(":") + 1) : env.PORT || "4000";
	const address = listen.slice(0, listen.lastIndexOf(":"));
	const any = ["", "0.0.0.0", "[::]"].includes(address);
	return `${env.TLS_CERT ? "https" : "http"}://${any ? "localhost" : address}:${port}`;
}

/** The id of the first widget, "" if the store does not tell. */
function firstWidget(env) {
	const { stdout } = spawnSync(join(build, "banter"), ["widget", "list"], {
		env,
		cwd: root,
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	});
	return /^wid_\w+/.exec(stdout ?? "")?.[0] ?? "";
}

function printAddresses(env, base, widget) {
	const key = env.WIDGET_API_KEY ? `#key=${encodeURIComponent(env.WIDGET_API_KEY)}` : "";
	const password = env.DASHBOARD_PASSWORD
		? `password ${env.DASHBOARD_PASSWORD}`
		: "set DASHBOARD_PASSWORD to sign in";
	console.log(`
banter answers:

  widget demo      ${base}/widget-test.html${key}
  first widget     ${base}/widget-test.html?widget=${widget}
  headless demo    ${base}/headless-test.html${key}
  dashboard        ${base}/   (${password})
  API              ${base}/v1/openapi.json

On a site of your own:

  <script src="${base}/api/widget/embed.js" data-widget="${widget}" defer></script>

Ctrl-C stops it.
`);
}

const env = loadEnv();
checkSettings(env);
// Whoever read our output has gone; the service has not.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(0));

if (!env.OPENAI_API_KEY && !env.OPENAI_BASE_URL) {
	const url = await startDemoModel(env);
	env.OPENAI_API_KEY = "demo";
	env.OPENAI_BASE_URL = url;
	// A proxy in the environment is for the real one.
	env.no_proxy = [env.no_proxy ?? env.NO_PROXY, "127.0.0.1"].filter(Boolean).join(",");
	console.log(
		"No OPENAI_API_KEY: the bundled demo model answers. Put your key into .env for the real one.",
	);
} else {
	console.log(
		`The model is ${env.OPENAI_MODEL || "gpt-4.1-mini"} at ${env.OPENAI_BASE_URL || "https://api.openai.com/v1"}.`,
	);
}
new Service("storaged", [], env);
new Service("masterd", [], env);

const base = baseUrl(env);
do await new Promise((resolve) => setTimeout(resolve, 50));
while (!stopped && !(await answers(`${base}/health/ready`)));
ready = !stopped;
if (ready) printAddresses(env, base, firstWidget(env));
