// `make run`: runs the service on a developer's machine, as systemd does on a server.
//
// Reads .env (creates it from .env.example with random keys if it is missing), checks all settings,
// starts the store, search, the crawler, the sender of mails, the checker of pictures, the front end and, without a model key, the bundled demo model. Restarts what dies.
// Prints the addresses as soon as the service answers. On Ctrl-C it stops the front end first, so that
// running replies can still be stored.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { get as getHttps } from "node:https";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const build = join(root, "build");
const EX_CONFIG = 78;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5000;

/** Parses lines of NAME=value like dotenv: removes quotes; # begins a comment. */
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

/** The text of a new .env: the example, with random values for empty keys. */
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

/** The environment of the daemons: .env, overridden by the current environment. */
function loadEnv() {
	const path = join(root, ".env");
	if (!existsSync(path)) {
		writeFileSync(path, freshEnv(), { mode: 0o600 });
		console.log("Created .env with random keys.");
	}
	const file = parseEnv(readFileSync(path, "utf8"));
	for (const [name, value] of Object.entries(file))
		if ((process.env[name] ?? value) !== value)
			console.warn(`Warning: ${name} in .env has no effect: the environment has another value.`);
	return { SETTINGS_FILE: ".env", ...file, ...process.env };
}

/** Whether this machine has the IPv6 address ::1. */
const hasIpv6 = () =>
	Object.values(networkInterfaces()).some((addresses) =>
		addresses.some(({ address }) => address === "::1"),
	);

/**
 * In development, keys are printed and the demo model replies to everybody: without LISTEN, only this machine
 * can connect. Returns whether that is so.
 */
function stayLocal(env) {
	const environment = env.APP_ENV || env.NODE_ENV || "development";
	const port = env.PORT || "4000";
	if (env.LISTEN || environment !== "development" || !/^\d+$/.test(port)) return false;
	env.LISTEN = `127.0.0.1:${port}${hasIpv6() ? `,[::1]:${port}` : ""}`;
	return true;
}

/** Exits if a setting is invalid; the daemons print the errors. */
function checkSettings(env) {
	const results = ["storaged", "searchd", "crawld", "maild", "mediad", "masterd"].map(
		(name) =>
			spawnSync(join(build, name), ["--check"], { env, cwd: root, stdio: "inherit" }).status,
	);
	if (results.some((status) => status !== 0)) {
		console.error("Correct the settings in .env (or in the environment), then run again.");
		process.exit(EX_CONFIG);
	}
}

/** The running services in the order in which they stop: the last one started first. */
const services = [];
let stopped = false;
/** Everything has answered once. Before that, a service that exits is not restarted. */
let ready = false;

/** The service that could not start, if one could not. */
let unable;

const LEVELS = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
const PREFIX = /^<(\d)>/;
const SAID_MAX = 50;

/** A line of a daemon's log, as the daemon itself would write it to a terminal. */
function forPeople(name, line) {
	const level = LEVELS[PREFIX.exec(line)?.[1]];
	if (!process.stderr.isTTY || !level) return line;
	return `${new Date().toTimeString().slice(0, 8)} ${name} ${level} ${line.replace(PREFIX, "")}`;
}

/** A child process that is restarted, with backoff, until stop() is called. */
class Service {
	constructor(name, args, env) {
		Object.assign(this, { name, args, env, backoff: BACKOFF_MIN_MS, stopping: false, said: [] });
		services.unshift(this);
		this.start();
	}

	start() {
		this.startedAt = Date.now();
		// In its own process group, so that Ctrl-C reaches only this process, which stops them in order.
		this.child = spawn(join(build, this.name), this.args, {
			env: this.env,
			cwd: root,
			detached: true,
			stdio: ["ignore", this.name === "openai-stub" ? "pipe" : "inherit", "pipe"],
		});
		createInterface({ input: this.child.stderr }).on("line", (line) => this.onLine(line));
		this.closed = new Promise((resolve) => this.child.once("close", resolve));
		this.ended = new Promise((resolve) => {
			const over = (code, signal) => {
				resolve();
				this.onExit(code, signal);
			};
			this.child.once("exit", over);
			// It could not be started: the file is missing, or make is linking it.
			this.child.once("error", (error) => over(error.code, null));
		});
	}

	onLine(line) {
		console.error(forPeople(this.name, line));
		this.said = [...this.said, line].slice(-SAID_MAX);
	}

	/** Its errors, or its last lines if it reported none. Lines without a level are a report about settings. */
	errors() {
		const errors = this.said.filter((line) => Number(PREFIX.exec(line)?.[1] ?? 0) <= 3);
		const lines = errors.length > 0 ? errors : this.said.slice(-5);
		return lines.map((line) => `  ${line.replace(PREFIX, "")}`);
	}

	onExit(code, signal) {
		if (this.stopping || stopped) return;
		if (code === EX_CONFIG || !ready) {
			unable = { service: this, why: signal ?? code };
			stop(Number.isInteger(code) && code > 0 ? code : 1);
			return;
		}
		if (Date.now() - this.startedAt > 2 * BACKOFF_MAX_MS) this.backoff = BACKOFF_MIN_MS;
		console.error(`${this.name} exited (${signal ?? code}); restart in ${this.backoff} ms.`);
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

/** Starts the demo model on a free port and resolves to its base URL. DIALECT: it behaves like that server. */
function startDemoModel(env) {
	const dialect = env.DIALECT ? ["--dialect", env.DIALECT] : [];
	const service = new Service("openai-stub", ["--port", "0", ...dialect], env);
	return new Promise((resolve) => {
		service.child.stdout.on("data", (data) => {
			const match = /listening on (\S+)/.exec(String(data));
			if (!match) return;
			// A restart uses the same address.
			service.args = ["--port", new URL(match[1]).port, ...dialect];
			resolve(match[1]);
		});
	});
}

/** Whether the URL returns 200. The certificate need not be valid for "localhost". */
function answers(url) {
	const ask = url.startsWith("https:") ? getHttps : get;
	return new Promise((resolve) => {
		// By default, Node 18 tries only the first address of localhost.
		ask(url, { rejectUnauthorized: false, autoSelectFamily: true }, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		}).on("error", () => resolve(false));
	});
}

async function stop(code) {
	if (stopped) {
		// The second request: a second SIGTERM makes masterd exit immediately.
		for (const service of services) if (service.name === "masterd") service.child.kill("SIGTERM");
		return;
	}
	stopped = true;
	if (!unable) console.log("Stopping; running replies may finish (Ctrl-C again interrupts them).");
	for (const service of services) await service.stop();
	// At the end, where it is not buried under what the others said while they stopped.
	if (unable) {
		const { service, why } = unable;
		// All that it has written; a process of it that hangs must not hold us up.
		await Promise.race([service.closed, new Promise((resolve) => setTimeout(resolve, 1000))]);
		console.error([`\n${service.name} could not start (${why}):`, ...service.errors()].join("\n"));
	}
	process.exit(code);
}

/** The service's address for a browser on this machine. local: what stayLocal() has returned. */
function baseUrl(env, local) {
	const listen = env.LISTEN ? env.LISTEN.split(",")[0].trim() : "";
	const port = listen ? listen.slice(listen.lastIndexOf(":") + 1) : env.PORT || "4000";
	const address = listen.slice(0, listen.lastIndexOf(":"));
	const any = local || ["", "0.0.0.0", "[::]"].includes(address);
	return `${env.TLS_CERT ? "https" : "http"}://${any ? "localhost" : address}:${port}`;
}

/** The id of the first widget, "" if it is unknown. */
function firstWidget(env) {
	const { status, stdout } = spawnSync(join(build, "banter"), ["widget", "list", "--json"], {
		env,
		cwd: root,
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	});
	return status === 0 ? (JSON.parse(stdout)[0]?.widget_id ?? "") : "";
}

function printAddresses(env, base, widget, local) {
	const key = env.WIDGET_API_KEY ? `#key=${encodeURIComponent(env.WIDGET_API_KEY)}` : "";
	const password = env.DASHBOARD_PASSWORD
		? `password ${env.DASHBOARD_PASSWORD}`
		: "set DASHBOARD_PASSWORD to sign in";
	const { port } = new URL(base);
	const open = local
		? `\nOnly this machine can connect. To open it for others: LISTEN=[::]:${port} in .env\n`
		: "";
	console.log(`
banter is running:

  widget demo      ${base}/widget-test.html${key}
  first widget     ${base}/widget-test.html?widget=${widget}
  headless demo    ${base}/headless-test.html${key}
  dashboard        ${base}/   (${password})
  API              ${base}/v1/openapi.json

To embed the widget in your own site:

  <script src="${base}/api/widget/embed.js" data-widget="${widget}" defer></script>
${open}
Ctrl-C stops it.
`);
}

const env = loadEnv();
const local = stayLocal(env);
checkSettings(env);
// The service continues when the reader of its output exits.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(0));

if (env.DIALECT || (!env.OPENAI_API_KEY && !env.OPENAI_BASE_URL)) {
	const url = await startDemoModel(env);
	env.OPENAI_API_KEY = "demo";
	env.OPENAI_BASE_URL = url;
	// A proxy in the environment is meant for a real model server.
	env.no_proxy = [env.no_proxy ?? env.NO_PROXY, "127.0.0.1"].filter(Boolean).join(",");
	console.log(
		env.DIALECT
			? `The bundled demo model replies like a server of the kind ${env.DIALECT}.`
			: "No OPENAI_API_KEY: the bundled demo model replies. Set your key in .env to use a real model.",
	);
} else {
	console.log(
		`The model is ${env.OPENAI_MODEL || "gpt-4.1-mini"} at ${env.OPENAI_BASE_URL || "https://api.openai.com/v1"}.`,
	);
}
new Service("storaged", [], { ...env, CHECK_PICTURES: env.CHECK_PICTURES || "1" });
new Service("searchd", [], env);
new Service("crawld", [], env);
// Links in mails lead here.
new Service("maild", [], { ...env, PUBLIC_URL: env.PUBLIC_URL || baseUrl(env, local) });
new Service("mediad", [], env);
new Service("masterd", [], env);

const base = baseUrl(env, local);
do await new Promise((resolve) => setTimeout(resolve, 50));
while (
	// A node that tries only the first address of localhost could try one on which nothing listens.
	!stopped &&
	!(await answers(`${base.replace("//localhost:", "//127.0.0.1:")}/health/ready`))
);
ready = !stopped;
if (ready) printAddresses(env, base, firstWidget(env), local);
