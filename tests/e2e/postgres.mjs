// A private PostgreSQL: a cluster in a temporary directory, on a Unix socket only, by a user that is not root;
// and standbys of it, one of which must have each commit before it is acknowledged.
//
//	const postgres = await Postgres.start();
//	const standby = await postgres.addStandby();   // synchronous from now on
//	await standby.promote();
//
// It does not wait for the disk, unless its settings say so: no test cuts the power.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { baseEnvironment, Daemon, Log, until } from "./daemon.mjs";
import { AS_USER, BIN, LIBRARIES } from "./postgres-programs.mjs";
import { childrenOf } from "./proc.mjs";

const SETTINGS = {
	listen_addresses: "",
	fsync: "off",
	full_page_writes: "off",
	shared_buffers: "16MB",
	max_connections: "40",
	max_wal_senders: "4",
	wal_keep_size: "64MB",
	wal_receiver_status_interval: "1s",
	wal_retrieve_retry_interval: "100ms",
	autovacuum: "off",
	logging_collector: "off",
	log_min_messages: "warning",
};

const environment = { ...baseEnvironment(), ...LIBRARIES };
let servers = 0;

/** A new cluster, of which each server of this process gets a copy: initdb takes seconds. */
let template;

function makeTemplate() {
	if (template === undefined) {
		const dir = mkdtempSync(join(tmpdir(), "banter-postgres-"));
		process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
		if (AS_USER.uid !== undefined) chownSync(dir, AS_USER.uid, AS_USER.gid);
		const made = run("initdb", dir, [
			...["-D", join(dir, "data"), "-U", "banter", "-A", "trust", "-E", "UTF8"],
			...["--no-locale", "--no-sync", "--no-instructions"],
		]);
		template = made.then(() => join(dir, "data"));
	}
	return template;
}

/** Runs a program of PostgreSQL in a directory. */
function run(program, cwd, args) {
	const options = { env: environment, cwd, maxBuffer: 2 ** 28, ...AS_USER };
	return promisify(execFile)(`${BIN}/${program}`, args, options);
}

export class Postgres {
	/** Resolves to a new cluster, which runs. options: of the constructor. */
	static async start(options) {
		const postgres = new Postgres(new Log(), options);
		await promisify(execFile)("cp", ["-r", "-p", await makeTemplate(), postgres.data], AS_USER);
		await postgres.launch();
		return postgres;
	}

	/**
	 * @param {Log} log of all servers of the cluster
	 * @param {{parent?: string, settings?: object}} [options] the directory for its own one, and settings of
	 *   PostgreSQL beside, or in place of, those of the tests
	 */
	constructor(log, options = {}) {
		const { parent = tmpdir(), settings = {} } = options;
		this.log = log;
		this.options = options;
		this.name = `server${++servers}`;
		this.dir = mkdtempSync(join(parent, "banter-postgres-"));
		this.data = join(this.dir, "data");
		const { uid, gid } = AS_USER;
		if (uid !== undefined) chownSync(this.dir, uid, gid);
		const command = [`${BIN}/postgres`, "-D", this.data, "-k", this.dir];
		for (const [name, value] of Object.entries({ ...SETTINGS, ...settings }))
			command.push("-c", `${name}=${value}`);
		if (uid !== undefined)
			command.unshift("setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups");
		this.daemon = new Daemon(command[0], command.slice(1), environment, log);
		this.standbys = [];
	}

	/** STORE_LOG for this server. */
	get url() {
		return `host=${this.dir} user=banter dbname=postgres`;
	}

	#run(program, args) {
		return run(program, this.dir, args);
	}

	async launch() {
		this.daemon.start();
		await until("PostgreSQL answers", () => {
			assert.ok(this.daemon.running, `PostgreSQL has ended\n${this.log.tail(20)}`);
			return this.sql("SELECT 1").catch(() => false);
		});
	}

	/** Runs SQL; resolves to its rows, each an array of texts. */
	async sql(text) {
		const options = ["-h", this.dir, "-U", "banter", "-d", "postgres", "-qAtX"];
		const args = [...options, "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text];
		const { stdout } = await this.#run("psql", args);
		return stdout
			.split("\n")
			.slice(0, -1)
			.map((line) => line.split("\t"));
	}

	/** The first value of the first row. */
	async value(text) {
		return (await this.sql(text))[0]?.[0];
	}

	/** Adds a standby that must have each commit before it is acknowledged. Resolves when this holds. */
	async addStandby() {
		const standby = new Postgres(this.log, this.options);
		await this.#run("pg_basebackup", [
			...["-h", this.dir, "-U", "banter", "-D", standby.data, "-R", "-X", "stream"],
			...["-c", "fast", "--no-sync"],
		]);
		await this.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
		await standby.launch();
		await this.sql("SELECT pg_reload_conf()");
		this.standbys.push(standby);
		await this.synchronous();
		return standby;
	}

	/** Waits until a standby is synchronous. */
	synchronous() {
		return until("a synchronous standby", async () => {
			const count = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
			return (await this.value(count)) === "1";
		});
	}

	/** Makes a standby the primary; its own commits then wait for nobody. */
	async promote() {
		assert.equal(await this.value("SELECT pg_promote()"), "t");
	}

	/** The pids of its processes. */
	get pids() {
		return [this.daemon.pid, ...childrenOf(this.daemon.pid)];
	}

	/** The backends of the machines with this STORE_NAME. */
	async backendsOf(name) {
		const rows = await this.sql(
			`SELECT pid FROM pg_stat_activity WHERE application_name = '${name}'`,
		);
		return rows.map(([pid]) => Number(pid));
	}

	freeze() {
		this.frozen = this.pids;
		for (const pid of this.frozen) process.kill(pid, "SIGSTOP");
	}

	thaw() {
		for (const pid of this.frozen ?? []) process.kill(pid, "SIGCONT");
		this.frozen = undefined;
	}

	/** Ends it at once, as a crash does. */
	async crash() {
		this.thaw();
		await this.daemon.kill("SIGQUIT");
	}

	async restart() {
		await this.crash();
		await this.launch();
	}

	/** Stops it and its standbys, and removes their data. */
	async remove() {
		for (const standby of this.standbys) await standby.remove();
		if (this.daemon.running) await this.crash();
		rmSync(this.dir, { recursive: true, force: true });
	}
}
