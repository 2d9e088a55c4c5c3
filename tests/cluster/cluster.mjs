// Three machines with everything that systemd/cluster/README.md installs on them, by the same scripts and
// files: etcd, Patroni with PostgreSQL, HAProxy, and banter.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD, ROOT, until } from "../e2e/daemon.mjs";
import { Machine } from "./machine.mjs";
import { createNetwork, NETWORK, reunite } from "./network.mjs";
import { run } from "./process.mjs";
import { Service, unitOf } from "./service.mjs";

const NAMES = ["m1", "m2", "m3"];
const SCRIPTS = join(ROOT, "systemd/cluster");
/** The slowest wait: a machine copies PostgreSQL's data, on a busy processor. */
const PATIENCE_MS = 180_000;

/** The variables of an environment file. */
const parseFile = (text) =>
	Object.fromEntries(
		text
			.split("\n")
			.filter((line) => /^\w+=/.test(line))
			.map((line) => line.split(/=(.*)/s)),
	);

export class Cluster {
	/**
	 * @param {string} dir an empty directory for the machines' file systems
	 * @param {string} logs the directory for the services' logs
	 */
	constructor(dir, logs) {
		Object.assign(this, { dir, logs });
		this.machines = NAMES.map(
			(name, i) => new Machine(name, `${NETWORK}.${i + 1}`, this.dir, logs),
		);
	}

	/** Creates the network and the machines, and starts etcd, PostgreSQL and HAProxy on them. */
	async start() {
		await run("mount", ["-t", "tmpfs", "cluster", this.dir]);
		await createNetwork();
		const secrets = join(this.dir, "secrets");
		await run(join(SCRIPTS, "secrets"), [secrets, ...this.machines.map(machineArgument)]);
		await run("rm", [join(secrets, "ca.key")]);
		await Promise.all(this.machines.map((machine) => this.#install(machine, secrets)));
		await Promise.all(this.machines.map((machine) => this.boot(machine)));
		await this.primary();
	}

	async #install(machine, secrets) {
		await machine.install();
		await run("cp", ["-r", secrets, machine.path("/root/cluster")]);
		const others = this.othersOf(machine).map(machineArgument);
		const configure = [
			join(SCRIPTS, "configure"),
			"/root/cluster",
			machineArgument(machine),
			...others,
		];
		await run("chroot", [machine.root, ...configure]);
		await keepLittle(machine);
	}

	othersOf(machine) {
		return this.machines.filter((one) => one !== machine);
	}

	/** Boots a machine and starts its services: what is outside of banter, and then those of `daemons`. */
	async boot(machine) {
		await machine.boot();
		const etcd = parseFile(readFileSync(machine.path("/etc/default/etcd"), "utf8"));
		this.service(machine, "etcd", ["/usr/bin/etcd"], {
			user: "etcd",
			env: { ...etcd, ETCD_LOG_LEVEL: "error" },
		});
		this.service(machine, "patroni", ["/usr/bin/patroni", "/etc/patroni/config.yml"], {
			user: "postgres",
		});
		this.service(
			machine,
			"haproxy",
			["/usr/sbin/haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg"],
			{},
		);
		for (const start of this.daemons ?? []) await start(machine);
	}

	service(machine, name, command, how) {
		machine.start(
			new Service(machine, name, command, how, join(this.logs, `${machine.name}-${name}.log`)),
		);
	}

	/** One of our programs, with the settings of its unit and these. */
	async daemon(machine, name, unit, settings) {
		const { user, env } = await unitOf(machine, unit);
		this.service(machine, name, [join(BUILD, name)], { user, env: { ...env, ...settings } });
	}

	/** Runs SQL on a machine's PostgreSQL, as its superuser; resolves to the rows. */
	async sql(machine, text, { ms = 5000, database = "postgres" } = {}) {
		const args = [
			"-h",
			"/run/postgresql",
			"-d",
			database,
			"-XAtq",
			"-v",
			"ON_ERROR_STOP=1",
			"-c",
			text,
		];
		const out = await machine.run("psql", args, { user: "postgres", ms });
		return out.split("\n").filter(Boolean);
	}

	/** Resolves to the machine whose PostgreSQL is the primary, once it has a synchronous standby. */
	primary() {
		return until(
			"a primary with a synchronous standby",
			async () => {
				for (const machine of this.machines.filter(({ isUp }) => isUp))
					if (await this.#isPrimary(machine)) return machine;
				return undefined;
			},
			PATIENCE_MS,
		);
	}

	/** Resolves when both standbys follow the primary. */
	standbysStream() {
		const query = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'";
		return until(
			"three members of PostgreSQL",
			async () => (await this.sql(await this.primary(), query).catch(() => [])).length === 2,
			PATIENCE_MS,
		);
	}

	async #isPrimary(machine) {
		const query = `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND NOT pg_is_in_recovery()`;
		const rows = await this.sql(machine, query).catch(() => []);
		return rows.length > 0;
	}

	/** Starts what is down and ends all partitions. */
	async heal() {
		for (const machine of this.machines)
			if (machine.isUp) await reunite(machine);
			else await this.boot(machine);
	}

	/** The end of all machines. */
	async stop() {
		for (const machine of this.machines) if (machine.isUp) await machine.crash();
	}
}

/** The disks of the machines are small, and a run may have many seeds. */
function keepLittle(machine) {
	const file = machine.path("/etc/patroni/config.yml");
	return run("sed", [
		"-i",
		"s/wal_keep_size: .*/wal_keep_size: 64MB/; s/max_connections: .*/&\\n        max_wal_size: 128MB/",
		file,
	]);
}

const machineArgument = ({ name, address }) => `${name}=${address}`;
