// storaged alone, without workers and HTTP: started on its own data directory, killed, restarted,
// checked by `banter verify`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BUILD, baseEnvironment, Daemon, Log, until } from "../e2e/daemon.mjs";
import { copyForEveryone } from "../e2e/everyone.mjs";
import { FATAL_REPORT } from "../e2e/harness.mjs";
import { closing, connectSoon, hello, Peer } from "./peer.mjs";

const NO_PID = 4_000_000_000; // no process has such a pid
let lastPid = NO_PID;

/** Asserts that `banter verify` finds nothing in a data directory. */
export async function assertWhole(dir) {
	const args = ["verify", "--data-dir", dir];
	await promisify(execFile)(join(BUILD, "banter"), args, { env: baseEnvironment() }).catch(
		({ code, stdout, stderr }) => assert.fail(`banter verify: ${code} ${stdout}${stderr}`),
	);
}

export class Store {
	/** options.env: further settings; options.uid: the user that it runs as */
	constructor({ env = {}, uid } = {}) {
		this.log = new Log();
		this.dir = mkdtempSync(join(tmpdir(), "banter-faults-"));
		this.socket = join(this.dir, "store.sock");
		const environment = { ...baseEnvironment(), DATA_DIR: this.dir, ...env };
		const command = [join(uid === undefined ? BUILD : copyForEveryone(), "storaged")];
		if (uid !== undefined) {
			chownSync(this.dir, uid, uid);
			command.unshift("setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups");
		}
		this.daemon = new Daemon(command[0], command.slice(1), environment, this.log);
	}

	get pid() {
		return this.daemon.pid;
	}

	launch() {
		this.daemon.start();
	}

	/** Starts it and waits until it accepts peers. */
	async start() {
		this.launch();
		await this.reachable();
	}

	reachable() {
		return until("storaged takes peers", async () => {
			if (!this.daemon.running) throw new Error(`storaged has ended\n${this.log.tail(20)}`);
			const peer = await Peer.connect(this.socket, "TOOL").catch(() => null);
			await peer?.close();
			return peer;
		});
	}

	connect(role) {
		return Peer.connect(this.socket, role);
	}

	/** The exit status or signal of this store's process, after its end. */
	async endOf(pid) {
		const { code, signal } = await this.log.waitFor(
			`the end of storaged, pid ${pid}`,
			(line) => line.ev === "ended" && line.pid === String(pid),
		);
		return signal === "null" ? Number(code) : signal;
	}

	kill() {
		return this.daemon.kill("SIGKILL");
	}

	/**
	 * The log lines since position about peers with another pid than that of this process. They are complete: a
	 * last line is provoked and waited for.
	 */
	async linesSince(position) {
		const pid = ++lastPid;
		const fence = await until("a last line in the log", async () => {
			const socket = await connectSoon(this.socket);
			socket.end(hello("TOOL", { pid }));
			await closing(socket);
			return this.log.lines.find((line) => line.pid === String(pid));
		});
		const lines = this.log.lines.slice(position, this.log.lines.indexOf(fence));
		return lines.filter((line) => line.pid !== String(process.pid) && !(Number(line.pid) > NO_PID));
	}

	/** Lines of the log with this event. */
	events(ev) {
		return this.log.lines.filter((line) => line.ev === ev);
	}

	/** Stops it gracefully and reports sanitizer and invariant errors. */
	async stop() {
		const end = await this.daemon.stop();
		const broken = this.log.lines.filter((line) => FATAL_REPORT.test(line.text));
		assert.deepEqual(broken, [], this.log.tail(50));
		assert.deepEqual(end, { code: 0, signal: null }, this.log.tail(50));
	}

	/** Stops it in any state and removes its data. */
	async remove() {
		if (this.daemon.running) this.daemon.child.kill("SIGKILL");
		await this.daemon.stop();
		rmSync(this.dir, { recursive: true, force: true });
	}
}

/** Runs body() with a started store, then checks the store. */
export async function withStore(options, body) {
	const store = new Store(options);
	try {
		await store.start();
		await body(store);
		await store.stop();
		await assertWhole(store.dir);
		store.log.discard();
	} finally {
		await store.remove();
	}
}
