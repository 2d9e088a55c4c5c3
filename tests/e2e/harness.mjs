// A complete banter for a test: the stub model, storaged, and masterd with its workers, on free ports and
// with a data directory of its own.
//
//	const banter = useBanter({ env: { MAX_HISTORY_MESSAGES: "3" } });  // inside describe()
//	await withBanter({ workers: 1 }, async (banter) => { … });        // inside it()
//
// Nothing sleeps for a fixed time: waits poll a condition, up to a time limit. stop() shuts everything down
// and fails if a process exited with a status other than 0, if a sanitizer reported an error, if an
// invariant was violated, or if a process died that no test had killed.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { freePort } from "../ports.mjs";
import { openStream, request } from "./client.mjs";
import {
	BUILD,
	baseEnvironment,
	Daemon,
	DEADLINE_MS,
	Log,
	ROOT,
	TIME_FACTOR,
	until,
} from "./daemon.mjs";
import { childrenOf, inodesByRemotePort, socketHolders } from "./proc.mjs";

export { freePort } from "../ports.mjs";
export * from "./daemon.mjs";

/** For replies that are longer than the default maximum. */
export const LONG_REPLIES = { OPENAI_MAX_COMPLETION_TOKENS: "1000000" };

export const WIDGET_KEY = "widget-key-of-the-end-to-end-tests";
export const ADMIN_KEY = "admin-key-of-the-end-to-end-tests";
export const PASSWORD = "correct horse battery staple";

/** The reason that masterd logs when it kills a worker that was still starting at shutdown. */
const NO_LONGER_NEEDED = "no longer needed";

/** The stub model's reply of n tokens, without its final space. */
export const numbered = (n) => Array.from({ length: n }, (_, i) => `t${i}`).join(" ");

/** Whether kills may cause a response of this status: storaged is not there, or it died twice on the request. */
export const isKilled = (status) => status === 503 || status === 500;

export const FATAL_REPORT =
	/ERROR: \w+Sanitizer|runtime error:|\bev=(invariant|call_refused|calls_not_restricted)\b/;

export class Banter {
	/**
	 * @param {object} options
	 * @param {Record<string, string | undefined>} [options.env] override the default settings;
	 *     undefined unsets one
	 * @param {number} [options.workers]
	 * @param {string[]} [options.stub] further arguments of openai-stub
	 * @param {string} [options.programs] the directory of the programs
	 * @param {boolean} [options.https] whether it serves HTTPS with these settings
	 * @param {number} [options.port] a port to listen on; default: a free one
	 * @param {boolean} [options.search] whether searchd runs, too
	 * @param {boolean} [options.crawl] whether crawld runs, too
	 * @param {boolean} [options.mail] whether maild runs, too
	 * @param {boolean} [options.media] whether mediad runs, too, and pictures are checked
	 */
	constructor({
		env = {},
		workers = 2,
		stub = [],
		programs = BUILD,
		https = env.TLS_CERT !== undefined,
		port,
		search = false,
		crawl = false,
		mail = false,
		media = false,
	} = {}) {
		this.port = port;
		this.programs = programs;
		this.search = search;
		this.crawl = crawl;
		this.mail = mail;
		this.media = media;
		this.scheme = https ? "https" : "http";
		this.log = new Log();
		this.killed = new Set(); // workers that a test killed
		this.workers = workers;
		this.settings = env;
		this.daemons = []; // in the order of their start; they stop in reverse order
		this.stub = this.daemon(
			join(BUILD, "openai-stub"),
			["--port", "0", "--script", "delay=0", ...stub],
			baseEnvironment(),
		);
	}

	/** Adds a program, without starting it: one of ours by its name, any other by its absolute path. */
	daemon(name, args, env) {
		const daemon = new Daemon(resolve(this.programs, name), args, env, this.log);
		this.daemons.push(daemon);
		return daemon;
	}

	async start() {
		this.dir = mkdtempSync(join(tmpdir(), "banter-e2e-"));
		try {
			this.port ??= await freePort();
			this.url = `${this.scheme}://127.0.0.1:${this.port}`;
			this.stub.start();
			const listening = await until("the stub model's address", () =>
				this.stub.stdout.map((line) => /listening on (\S+)/.exec(line)).find(Boolean),
			);
			this.stubUrl = new URL(listening[1]).origin;
			const env = this.environment(listening[1]);
			this.storaged = this.daemon("storaged", [], env);
			if (this.search) this.searchd = this.daemon("searchd", [], env);
			if (this.crawl) this.crawld = this.daemon("crawld", [], env);
			if (this.mail) this.maild = this.daemon("maild", [], { PUBLIC_URL: this.url, ...env });
			if (this.media) this.mediad = this.daemon("mediad", [], env);
			this.masterd = this.daemon("masterd", [], env);
			for (const daemon of this.daemons) daemon.mustRun = true;
			this.startStore();
			this.searchd?.start();
			this.crawld?.start();
			this.maild?.start();
			this.mediad?.start();
			this.masterd.start();
			await this.ready();
			if (this.search)
				await this.log.waitFor("searchd is ready", ({ ev }) => ev === "search_ready");
		} catch (error) {
			await this.end();
			throw error;
		}
	}

	environment(modelUrl) {
		const env = {
			...baseEnvironment(),
			DATA_DIR: join(this.dir, "data"),
			ASSET_DIR: ROOT,
			LISTEN: `127.0.0.1:${this.port},[::1]:${this.port}`,
			WORKERS: String(this.workers),
			OPENAI_API_KEY: "key-of-the-stub-model",
			OPENAI_BASE_URL: modelUrl,
			WIDGET_API_KEY: WIDGET_KEY,
			ADMIN_API_KEY: ADMIN_KEY,
			DASHBOARD_PASSWORD: PASSWORD,
			RATE_LIMIT_MAX_REQUESTS: "1000000",
			READY_CRASHES: "0", // many tests kill daemons
			OPENAI_MAX_REPLY_BYTES: "512K", // for tests of clients that do not read long replies
			// Shutdown does not wait long for replies that a test left unfinished.
			DRAIN_TIMEOUT_MS: String(1000 * TIME_FACTOR),
			// Replies that a test holds back do not time out before the test does.
			OPENAI_IDLE_TIMEOUT_MS: "600000",
			// masterd does not kill workers that a test has stopped with SIGSTOP.
			WORKER_HANG_MS: String(2 * DEADLINE_MS),
			CHECK_PICTURES: this.media ? "1" : "0",
			...this.settings,
		};
		return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
	}

	/** Waits until storaged answers and all workers are ready. */
	ready() {
		let last = "no request was sent";
		const what = () => `all workers are ready, and GET /health/ready returns 200 (${last})`;
		return until(what, async () => {
			for (const daemon of [this.masterd, this.storaged])
				if (!daemon.running && !daemon.restart) throw new Error(`${daemon.name} is not running`);
			const ready = this.log.lines
				.filter((line) => line.ev === "worker_ready")
				.map((line) => line.pid);
			const pids = this.workerPids();
			last = `workers ${pids}, ready: ${ready}`;
			if (pids.length < this.workers || !pids.every((pid) => ready.includes(String(pid))))
				return false;
			const answer = await this.get("/health/ready").catch((error) => ({ text: error.message }));
			last = `${answer.status ?? "none"}: ${answer.text}`;
			return answer.status === 200;
		});
	}

	// Requests

	request(method, path, options) {
		return request(this.url, method, path, options);
	}

	get(path, headers = {}) {
		return this.request("GET", path, { headers });
	}

	/** POST /v1/chat, or another path, with a valid key. */
	chat(sessionId, message, { path = "/v1/chat", headers = {} } = {}) {
		return this.request("POST", path, {
			headers: { "x-api-key": WIDGET_KEY, ...headers },
			body: { sessionId, message },
		});
	}

	/** POST /v1/chat/stream: resolves when the response has begun. */
	stream(sessionId, message, { path = "/v1/chat/stream", headers = {} } = {}) {
		const all = { "x-api-key": WIDGET_KEY, ...headers };
		return openStream(this.url, path, all, { sessionId, message });
	}

	async adminGet(path) {
		const answer = await this.get(path, { "x-admin-api-key": ADMIN_KEY });
		assert.equal(answer.status, 200, `GET ${path}: ${answer.text}`);
		return answer.json;
	}

	conversations(limit = 200) {
		return this.adminGet(`/v1/admin/conversations?limit=${limit}`);
	}

	thread(conversationId) {
		return this.adminGet(`/v1/admin/conversations/${conversationId}`);
	}

	/** A thread's messages as [role, content, status]. */
	async messages(conversationId) {
		const { messages } = await this.thread(conversationId);
		return messages.map(({ role, content, status }) => [role, content, status]);
	}

	/** Waits for a conversation of the session, and resolves to its thread. */
	threadOf(sessionId) {
		return until(`a conversation of ${sessionId}`, async () => {
			const { conversations } = await this.conversations();
			const found = conversations.find((one) => one.sessionId === sessionId);
			return found && this.thread(found._id);
		});
	}

	/** What the stub model recorded: "stats", "last", "calls?contains=…". */
	async model(what) {
		return (await request(this.stubUrl, "GET", `/stub/${what}`)).json;
	}

	async modelCalls(text) {
		return (await this.model(`calls?contains=${encodeURIComponent(text)}`)).count;
	}

	/** The value of a metric, summed over its labels; or with labels: 'tokens_total{kind="prompt"}'. */
	async metric(name, headers = { "x-admin-api-key": ADMIN_KEY }) {
		const { text } = await this.get("/metrics", headers);
		const samples = text.split("\n").map((line) => line.replace(/^banter_/, "").split(" "));
		const found = samples.filter(([series]) => series === name || series.startsWith(`${name}{`));
		assert.ok(found.length > 0 || name.includes("{"), `the metric ${name}: ${text}`);
		return found.reduce((sum, [, value]) => sum + Number(value), 0);
	}

	/** Continues replies that the stub holds back (hold-after=N) for messages that contain this text. */
	async release(text) {
		const path = `/stub/release?contains=${encodeURIComponent(text)}`;
		assert.equal((await request(this.stubUrl, "POST", path)).status, 200);
	}

	/** The messages of the last call to the model, as [role, content]. */
	async modelSaw() {
		const { body } = await this.model("last");
		return body.messages.map(({ role, content }) => [role, content]);
	}

	// Processes

	/** The pids of the running workers. */
	workerPids() {
		return childrenOf(this.masterd.pid);
	}

	/**
	 * The worker of each of these client sockets. Polls, because /proc/net/tcp may skip entries while
	 * sockets open and close.
	 */
	workersOf(sockets) {
		for (const socket of sockets) assert.ok(socket.localPort, "a socket is closed already");
		return until("all sockets are found in /proc", () => {
			const holders = socketHolders(this.workerPids());
			const inodes = inodesByRemotePort(this.port);
			const found = sockets.map((socket) => holders.get(inodes.get(socket.localPort)));
			return found.every(Boolean) && found;
		});
	}

	/** Sends SIGHUP; resolves to the log line with the result of the reload. */
	reload() {
		const position = this.log.lines.length;
		process.kill(this.masterd.pid, "SIGHUP");
		return this.log.waitFor(
			"the end of a reload",
			(line) => /^reload_(done|failed|refused)$/.test(line.ev),
			position,
		);
	}

	/** Kills workers, and waits until masterd has logged it. */
	async killWorkers(pids) {
		const position = this.log.lines.length;
		for (const pid of pids) {
			this.killed.add(String(pid));
			process.kill(pid, "SIGKILL");
		}
		for (const pid of pids)
			await this.log.waitFor(
				`masterd saw worker ${pid} die`,
				(line) => line.ev === "worker_exit" && line.pid === String(pid),
				position,
			);
	}

	async stopStore() {
		assert.deepEqual(await this.storaged.stop(), { code: 0, signal: null });
	}

	startStore() {
		this.storaged.start();
		this.storaged.restart = true;
	}

	// Shutdown

	/** Stops all programs; resolves to the list of those that did not exit with status 0. */
	async end() {
		const problems = [];
		for (const daemon of [...this.daemons].reverse().filter((one) => one.child)) {
			const wasRunning = daemon.running;
			const { code, signal } = await daemon.stop();
			if (wasRunning && code !== 0) problems.push(`${daemon.name} ended with ${code ?? signal}`);
		}
		if (this.dir) rmSync(this.dir, { recursive: true, force: true });
		return problems;
	}

	/** Stops all programs, and fails if one of them had a problem at any time. */
	async stop() {
		const problems = await this.end();
		problems.push(
			...this.log.lines.filter((line) => this.isProblem(line)).map((line) => line.text),
		);
		if (problems.length > 0) throw new Error(problems.join("\n"));
	}

	isProblem(line) {
		if (FATAL_REPORT.test(line.text)) return true;
		if (line.ev === "died") return true;
		if (line.ev === "worker_killed")
			return line.why !== NO_LONGER_NEEDED && !this.killed.has(line.pid);
		if (line.ev === "worker_hung") return !this.killed.has(line.pid);
		const died = line.ev === "worker_exit" && !(line.why === "exit" && line.code === "0");
		return died && !this.killed.has(line.pid) && !this.wasUnneeded(line.pid);
	}

	/** Whether this worker was still starting at shutdown. */
	wasUnneeded(pid) {
		return this.log.lines.some((line) => line.pid === pid && line.why === NO_LONGER_NEEDED);
	}
}

/** A banter for all tests of a describe(): starts before the first test, stops after the last one. */
export function useBanter(options) {
	const banter = new Banter(options);
	before(() => banter.start());
	after(() => banter.stop());
	return banter;
}

/** Runs body(banter) with a banter of its own, and stops it. options: of its constructor, or the Banter itself. */
export async function withBanter(options, body) {
	const banter = options instanceof Banter ? options : new Banter(options);
	await banter.start();
	try {
		await body(banter);
	} catch (error) {
		await banter.end();
		throw error;
	}
	await banter.stop();
	banter.log.discard();
}
