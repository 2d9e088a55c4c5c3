// Several storaged with one commit log, each as on a machine of its own; without HTTP.
//
//	const machines = new Machines(postgres);
//	const a = await machines.found("a");            // owner of a new log
//	const b = await machines.join("b", a);          // standby, from a backup of a
//	await machines.owner(b);                        // waits until b is the owner
//	await machines.equal(a, b);                     // waits until both have the same entries
//
// connect() finds the owner, as a worker's proxy does, so that a Fleet can use it in place of one store.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { assertWhole, Store } from "../faults/store.mjs";
import { BUILD, baseEnvironment, TIME_FACTOR, until } from "./daemon.mjs";
import { FATAL_REPORT } from "./harness.mjs";
import { Postgres } from "./postgres.mjs";

const run = promisify(execFile);

/** A machine that answers no ping within this time is not the owner. */
const CHECK_MS = 1000 * TIME_FACTOR;

const ROLE = { OWNER: 1, STANDBY: 2 };

/** The first lines that only one of two dumps has. */
function differences(one, other) {
	const [a, b] = [one, other].map((text) => new Set(text.split("\n")));
	const only = (from, without) => [...from].filter((line) => !without.has(line)).slice(0, 3);
	return JSON.stringify([only(a, b), only(b, a)].map((list) => list.map((l) => l.slice(0, 200))));
}

/** Resolves to a connection whose ping is answered. */
async function pinged(machine, role) {
	const peer = await machine.connect(role);
	await peer.ask("ping", {}, "pong");
	return peer;
}

async function late() {
	await pause(CHECK_MS);
	throw new Error("no answer in time");
}

export class Machine extends Store {
	constructor(name, log, env) {
		super({ env: { STORE_NAME: name, STORE_LOG: log, ...env } });
		this.name = name;
		if (env.DATA_DIR === undefined) return;
		rmSync(this.dir, { recursive: true });
		this.dir = env.DATA_DIR;
		this.socket = join(this.dir, "store.sock");
	}

	/** The answer to STATUS_GET. */
	async status() {
		const peer = await this.connect("TOOL");
		try {
			return await peer.ask("status_get", {}, "status");
		} finally {
			await peer.close();
		}
	}

	/** Whether it has this role; false if it does not run. */
	async is(role) {
		const status = await this.status().catch(() => undefined);
		return status?.store_role === ROLE[role];
	}

	/** Resolves to { status, stdout, stderr } of the banter command. */
	tool(...args) {
		return this.#run(this.socket, args);
	}

	#run(socket, args) {
		const env = { ...baseEnvironment(), DATA_DIR: this.dir, STORE_SOCKET: socket };
		return run(join(BUILD, "banter"), args, { env }).then(
			({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
			({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
		);
	}

	async expectTool(...args) {
		const end = await this.tool(...args);
		assert.equal(end.status, 0, `banter ${args.join(" ")}\n${end.stdout}${end.stderr}`);
		return end;
	}

	/** All entries of its store, as text. */
	async dump() {
		const dir = mkdtempSync(join(tmpdir(), "banter-dump-"));
		try {
			const file = join(dir, "backup");
			// Without the socket: storaged would store that there is a backup.
			const backup = await this.#run(join(dir, "none"), ["backup", file]);
			assert.equal(backup.status, 0, backup.stderr);
			const options = { env: baseEnvironment(), maxBuffer: 2 ** 30 };
			return (await run(join(BUILD, "store-dump"), [file], options)).stdout;
		} finally {
			rmSync(dir, { recursive: true });
		}
	}

	/** Waits for an event of this machine's log, from a position on. */
	event(ev, position = 0) {
		return this.log.waitFor(`${this.name}: ${ev}`, (line) => line.ev === ev, position);
	}

	/** Starts it, and expects that it ends with an event. Resolves to its exit status. */
	async endsWith(ev) {
		const position = this.log.lines.length;
		this.launch();
		await this.event(ev, position);
		return this.endOf(this.pid);
	}

	/** Changes its settings for the next start. */
	set(env) {
		Object.assign(this.daemon.env, env);
		for (const [name, value] of Object.entries(env))
			if (value === undefined) delete this.daemon.env[name];
	}
}

export class Machines {
	constructor(postgres) {
		this.postgres = postgres;
		this.all = [];
	}

	add(name, env = {}) {
		const machine = new Machine(name, this.postgres.url, env);
		this.all.push(machine);
		return machine;
	}

	/** A machine that begins the log. */
	async found(name, env) {
		const machine = this.add(name, env);
		await machine.start();
		await this.owner(machine);
		return machine;
	}

	/** Gives a machine a backup of another one. */
	async seed(machine, from) {
		const file = join(machine.dir, "backup");
		await from.expectTool("backup", file);
		await machine.expectTool("restore", "--force", file);
		rmSync(file);
	}

	/** A machine that starts with a backup of another one. */
	async join(name, from, env) {
		const machine = this.add(name, env);
		await this.seed(machine, from);
		await machine.start();
		await until(`${name} is a standby`, () => machine.is("STANDBY"));
		return machine;
	}

	/** Waits until this machine, or one of these, is the owner; resolves to it. */
	owner(...machines) {
		const names = machines.map(({ name }) => name);
		return until(`${names} owns the log`, async () => {
			for (const machine of machines) if (await machine.is("OWNER")) return machine;
			return undefined;
		});
	}

	standby(machine) {
		return until(`${machine.name} is a standby`, () => machine.is("STANDBY"));
	}

	/** A connection to the owner, whichever it is. */
	async connect(role) {
		const found = this.all.map((machine) => pinged(machine, role));
		return Promise.any(found.map((one) => Promise.race([one, late()])));
	}

	/** Waits until all of these machines have the same entries. */
	async equal(first, ...others) {
		for (const other of others) {
			let last;
			await until(
				() => `${first.name} and ${other.name} are equal: ${last}`,
				async () => {
					const [a, b] = await Promise.all([first.dump(), other.dump()]);
					last = a === b ? undefined : differences(a, b);
					return a === b;
				},
			);
		}
	}

	/** Stops all that run, checks their stores, and removes everything. */
	async stop() {
		for (const machine of this.all) if (machine.daemon.running) await machine.stop();
		for (const { dir } of this.all) if (existsSync(dir)) await assertWhole(dir);
		// Also of those that have ended before.
		const lines = this.all.flatMap(({ log }) => log.lines);
		assert.deepEqual(
			lines.filter(({ text }) => FATAL_REPORT.test(text)),
			[],
		);
		for (const machine of this.all) machine.log.discard();
	}

	async remove() {
		for (const machine of this.all) await machine.remove();
	}
}

/** Runs body(machines) with a database without tables, and checks all stores at the end. */
export function withMachines(postgres, body) {
	return async () => {
		const machines = new Machines(postgres());
		try {
			await body(machines);
			await machines.stop();
		} finally {
			await machines.remove();
			await postgres().sql("DROP TABLE IF EXISTS banter_log, banter_owner, banter_member");
		}
	};
}

/** A PostgreSQL for the tests of a describe(): a function that returns it. */
export function usePostgres() {
	let postgres;
	before(async () => {
		postgres = await Postgres.start();
	});
	after(() => postgres.remove());
	return () => postgres;
}

/** The load of a test. */
export const FLEET = { workers: 3, visitors: 8 };

/** Load until this many messages are acknowledged. */
export async function load(machines, fleet, n = 200) {
	await fleet.runDuring(machines, () => fleet.acknowledgedMore(n));
}

/** The last row that a machine's store contains. */
export const seqOf = async (machine) => Number((await machine.status()).log_seq);
