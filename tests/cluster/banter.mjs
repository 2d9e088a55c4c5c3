// banter on the machines of a cluster: the daemons with the settings of their units, and the banter command.

import { join } from "node:path";
import { BUILD, ROOT, until } from "../e2e/daemon.mjs";
import { ask, WIDGET_KEY } from "./http-visitor.mjs";
import { run } from "./process.mjs";

const ADMIN = { "x-admin-api-key": "admin-key-of-the-cluster-tests" };
const MODEL_PORT = 8090;
const PORT = 4000;
/** All front ends have a store again. */
const PATIENCE_MS = 120_000;

const SETTINGS = {
	APP_ENV: "development",
	PORT: String(PORT),
	ASSET_DIR: ROOT,
	WORKERS: "2",
	OPENAI_API_KEY: "key",
	OPENAI_BASE_URL: `http://127.0.0.1:${MODEL_PORT}/v1`,
	OPENAI_BREAKER_FAILURES: "0",
	WIDGET_API_KEY: WIDGET_KEY,
	ADMIN_API_KEY: ADMIN["x-admin-api-key"],
	RATE_LIMIT_MAX_REQUESTS: "1000000",
	READY_CRASHES: "0",
	LOG_LEVEL: "notice",
	MAX_CONNECTIONS_PER_ADDRESS: "100000",
	MAX_REPLIES_PER_ADDRESS: "100000",
};
/** A small log, so that old rows are deleted all the time. */
const STORE_SETTINGS = { LOG_MAX_BYTES: "64M" };
const COMMAND = { DATA_DIR: "/var/lib/banter", STORE_SOCKET: "/run/banter/store.sock" };

export class Banter {
	/** @param {import("./cluster.mjs").Cluster} cluster */
	constructor(cluster) {
		this.cluster = cluster;
		this.fronts = cluster.machines.map(({ name, address }) => ({
			name,
			url: `http://${address}:${PORT}`,
		}));
	}

	/** Starts everything on the first machine, and then on the others with its data. */
	async start() {
		const [first, ...others] = this.cluster.machines;
		await this.startStore(first);
		await until("the first store owns the log", () => this.isOwner(first));
		const backup = await this.backup(first);
		for (const machine of others) {
			await this.restore(machine, backup);
			await this.startStore(machine);
		}
		for (const machine of this.cluster.machines) {
			await this.#startSearch(machine);
			await this.#startFront(machine);
		}
		this.cluster.daemons = [
			(machine) => this.startStore(machine),
			(machine) => this.#startSearch(machine),
			(machine) => this.#startFront(machine),
		];
		await this.ready();
		await this.roles();
	}

	startStore(machine) {
		return this.cluster.daemon(machine, "storaged", "banter-storaged", STORE_SETTINGS);
	}

	#startSearch(machine) {
		return this.cluster.daemon(machine, "searchd", "banter-searchd", {});
	}

	async #startFront(machine) {
		const model = ["--port", `${MODEL_PORT}`, "--script", "delay=0"];
		this.cluster.service(machine, "openai-stub", [join(BUILD, "openai-stub"), ...model], {
			user: "banter-front",
		});
		await this.cluster.daemon(machine, "masterd", "banter", SETTINGS);
	}

	/** Runs the banter command on a machine, as its administrator. */
	command(machine, ...args) {
		const env = Object.entries(COMMAND).map(([name, value]) => `${name}=${value}`);
		return machine.run("env", [...env, join(BUILD, "banter"), ...args], { ms: 60_000 });
	}

	/** Whether a machine's store is the owner. The status is also an error while no front end runs. */
	async isOwner(machine) {
		const text = await this.command(machine, "status").catch(({ message }) => message);
		return /\bowner, epoch\b/.test(text);
	}

	/** Backs the store of a machine up; resolves to a path outside of all machines. */
	async backup(machine) {
		const inside = "/root/backup.mdb";
		await this.command(machine, "backup", "--force", inside);
		const to = join(this.cluster.dir, `${machine.name}.mdb`);
		await run("mv", [machine.path(inside), to]);
		return to;
	}

	async restore(machine, backup) {
		await run("cp", [backup, machine.path("/root/backup.mdb")]);
		await this.command(machine, "restore", "--force", "/root/backup.mdb");
		await machine.run("chown", ["-R", "banter-store:", "/var/lib/banter"]);
	}

	/** Waits until all front ends reach a store. */
	async ready() {
		await Promise.all(
			this.fronts.map((front) =>
				until(
					`${front.name} reaches a store`,
					async () => {
						const answer = await ask(front.url, "GET", "/health/ready").catch(() => ({}));
						return answer.status === 200;
					},
					PATIENCE_MS,
				),
			),
		);
	}

	/**
	 * The machines of the owner and of PostgreSQL's primary, which may be the same, and another one; as last known,
	 * while the log does not tell.
	 */
	async roles() {
		const { cluster } = this;
		for (const machine of cluster.machines.filter(({ isUp }) => isUp)) {
			const query = "SELECT name FROM banter_owner WHERE NOT pg_is_in_recovery()";
			const rows = await cluster
				.sql(machine, query, { database: "banter", ms: 1000 })
				.catch(() => []);
			const owner = cluster.machines.find(({ name }) => name === rows[0]);
			if (!owner) continue;
			const other = cluster.machines.find((one) => one !== owner && one !== machine);
			this.lastRoles = { owner, primary: machine, other };
		}
		return this.lastRoles;
	}

	/** A request with the admin key, repeated until a front end answers it with success. */
	async admin(method, path, body, { url } = this.fronts[0]) {
		let last;
		return until(
			() => `${method} ${path}: ${JSON.stringify(last)}`,
			async () => {
				last = await ask(url, method, `/v1/admin/${path}`, { headers: ADMIN, body }).catch(
					({ message }) => ({ message }),
				);
				return last.status >= 200 && last.status < 300 && { json: last.json };
			},
			PATIENCE_MS,
		).then(({ json }) => json);
	}
}
