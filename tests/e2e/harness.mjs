// A whole banter for one test: the stand-in model, storaged and masterd with its workers, on free
// ports, with a data directory of its own.
//
//	const banter = useBanter({ env: { MAX_HISTORY_MESSAGES: "3" } });  // inside describe()
//	await withBanter({ workers: 1 }, async (banter) => { … });        // inside it()
//
// Nothing here sleeps for a guess: what has to be waited for is asked for again and again until
// it holds or the deadline is over. stop() ends everything, and fails when a process did not end
// as it should: a status other than 0, a sanitizer's report, a broken invariant, a process that died
// although no test killed it.

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
	LONG,
	Log,
	ROOT,
	TIME_FACTOR,
	until,
} from "./daemon.mjs";
import { childrenOf, inodesByRemotePort, socketHolders } from "./proc.mjs";

export { BUILD, baseEnvironment, DEADLINE_MS, freePort, LONG, ROOT, TIME_FACTOR, until };

export const WIDGET_KEY = "widget-key-of-the-end-to-end-tests";
export const ADMIN_KEY = "admin-key-of-the-end-to-end-tests";
export const PASSWORD = "correct horse battery staple";

/** Why masterd ends a worker that was not ready yet when the service is to end. */
const NO_LONGER_NEEDED = "no longer needed";

export const FATAL_REPORT = /ERROR: \w+Sanitizer|runtime error:|\bev=invariant\b/;

export class Banter {
	/**
	 * @param {object} options
	 * @param {Record<string, string | undefined>} [options.env] settings over the usual ones;
	 *     undefined unsets one
	 * @param {number} [options.workers]
	 * @param {string[]} [options.stub] further arguments of openai-stub
	 * @param {boolean} [options.https] whether these settings mean HTTPS
	 */
	constructor({ env = {}, workers = 2, stub = [], https = env.TLS_CERT !== undefined } = {}) {
		this.scheme = https ? "https" : "http";
		this.log = new Log();
		this.killed = new Set(); // workers that a test killed
		this.workers = workers;
		this.settings = env;
		this.daemons = []; // in the order in which they are made; they stop the other way round
		this.stub = this.daemon(
			"openai-stub",
			["--port", "0", "--delay", "0", ...stub],
			baseEnvironment(),
		);
	}

	/** A program of ours by its name, another by its whole path; not started yet. */
	daemon(name, args, env) {
		const daemon = new Daemon(resolve(BUILD, name), args, env, this.log);
		this.daemons.push(daemon);
		return daemon;
	}

	async start() {
		this.dir = mkdtempSync(join(tmpdir(), "banter-e2e-"));
		try {
			this.port = await freePort();
			this.url = `${this.scheme}://127.0.0.1:${this.port}`;
			this.stub.start();
			const said = await until("the stand-in model's address", () =>
				this.stub.stdout.map((line) => /listening on (\S+)/.exec(line)).find(Boolean),
			);
			this.stubUrl = new URL(said[1]).origin;
			const env = this.environment(said[1]);
			this.storaged = this.daemon("storaged", [], env);
			this.masterd = this.daemon("masterd", [], env);
			for (const daemon of this.daemons) daemon.mustRun = true;
			this.startStore();
			this.masterd.start();
			await this.ready();
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
			OPENAI_API_KEY: "key-of-the-stand-in-model",
			OPENAI_BASE_URL: modelUrl,
			WIDGET_API_KEY: WIDGET_KEY,
			ADMIN_API_KEY: ADMIN_KEY,
			DASHBOARD_PASSWORD: PASSWORD,
			RATE_LIMIT_MAX_REQUESTS: "1000000",
			// A reply that a test left hanging need not hold up its end.
			DRAIN_TIMEOUT_MS: String(1000 * TIME_FACTOR),
			// One that a test holds is not given up before the test is.
			OPENAI_IDLE_TIMEOUT_MS: "600000",
			// A worker that a test has stopped is its own to end.
			WORKER_HANG_MS: String(2 * DEADLINE_MS),
			...this.settings,
		};
		return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
	}

	/** Waits until the store answers and every worker is there. */
	ready() {
		let last = "it was not asked";
		const what = () => `all workers are there, and GET /health/ready answers 200 (${last})`;
		return until(what, async () => {
			for (const daemon of [this.masterd, this.storaged])
				if (!daemon.running && !daemon.restart) throw new Error(`${daemon.name} is not running`);
			const ready = this.log.lines
				.filter((line) => line.ev === "worker_ready")
				.map((line) => line.pid);
			const pids = this.workerPids();
			last = `workers ${pids}, of which are ready ${ready}`;
			if (pids.length < this.workers || !pids.every((pid) => ready.includes(String(pid))))
				return false;
			const answer = await this.get("/health/ready").catch((error) => ({ text: error.message }));
			last = `${answer.status ?? "none"}: ${answer.text}`;
			return answer.status === 200;
		});
	}

	// -- asking it -----------------------------------------------------------------------

	request(method, path, options) {
		return request(this.url, method, path, options);
	}

	get(path, headers = {}) {
		return this.request("GET", path, { headers });
	}

	/** POST /v1/chat, or another path, with the right key. */
	chat(sessionId, message, { path = "/v1/chat", headers = {} } = {}) {
		return this.request("POST", path, {
			headers: { "x-api-key": WIDGET_KEY, ...headers },
			body: { sessionId, message },
		});
	}

	/** POST /v1/chat/stream: resolves when the answer has begun. */
	stream(sessionId, message, { path = "/v1/chat/stream", headers = {} } = {}) {
		return openStream(
			this.url,
			path,
			{ "x-api-key": WIDGET_KEY, ...headers },
			{ sessionId, message },
		);
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

	/** The thread of a session, once there is one. */
	threadOf(sessionId) {
		return until(`a conversation of ${sessionId}`, async () => {
			const { conversations } = await this.conversations();
			const found = conversations.find((one) => one.sessionId === sessionId);
			return found && this.thread(found._id);
		});
	}

	/** The stand-in model's own accounts: "stats", "last", "calls?contains=…". */
	async model(what) {
		return (await request(this.stubUrl, "GET", `/stub/${what}`)).json;
	}

	async modelCalls(text) {
		return (await this.model(`calls?contains=${encodeURIComponent(text)}`)).count;
	}

	/** Lets the replies go on that the stand-in holds (hold-after=N) and whose messages have this text. */
	async release(text) {
		const path = `/stub/release?contains=${encodeURIComponent(text)}`;
		assert.equal((await request(this.stubUrl, "POST", path)).status, 200);
	}

	/** What the model was shown with its last call, as [role, content]. */
	async modelSaw() {
		const { body } = await this.model("last");
		return body.messages.map(({ role, content }) => [role, content]);
	}

	// -- its processes -------------------------------------------------------------------

	/** The pids of the workers that run now. */
	workerPids() {
		return childrenOf(this.masterd.pid);
	}

	/**
	 * The workers that hold the server's ends of these client sockets, one for each. Asked for
	 * until all are known: while sockets come and go /proc/net/tcp may skip some.
	 */
	workersOf(sockets) {
		for (const socket of sockets) assert.ok(socket.localPort, "a socket has been closed already");
		return until("all sockets are found in /proc", () => {
			const holders = socketHolders(this.workerPids());
			const inodes = inodesByRemotePort(this.port);
			const found = sockets.map((socket) => holders.get(inodes.get(socket.localPort)));
			return found.every(Boolean) && found;
		});
	}

	/** Asks for a reload; resolves to the log line that ends it. */
	reload() {
		const position = this.log.lines.length;
		process.kill(this.masterd.pid, "SIGHUP");
		return this.log.waitFor(
			"the end of a reload",
			(line) => /^reload_(done|failed|refused)$/.test(line.ev),
			position,
		);
	}

	/** Ends workers, at once, and waits until masterd knows. */
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

	// -- ending it -----------------------------------------------------------------------

	/** Ends everything; resolves to what is wrong with how it ended. */
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

	/** Ends everything and tells whether it ended, and lived, as it should. */
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

	/** Whether this worker was still starting when the service ended. */
	wasUnneeded(pid) {
		return this.log.lines.some((line) => line.pid === pid && line.why === NO_LONGER_NEEDED);
	}
}

/** A banter for all tests of a describe(), started before the first and stopped after the last. */
export function useBanter(options) {
	const banter = new Banter(options);
	before(() => banter.start());
	after(() => banter.stop());
	return banter;
}

/** A banter for the time of body(); stopped, and looked after, whatever happens in there. */
export async function withBanter(options, body) {
	const banter = new Banter(options);
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
