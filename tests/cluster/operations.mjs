// What systemd/cluster/README.md describes, with the same commands: a machine is restarted without an
// interruption, lost and replaced; its disk fills; the log begins again; and banter returns to one machine.

import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, until } from "../e2e/daemon.mjs";
import { check } from "./checks.mjs";
import { Load } from "./load.mjs";
import { run } from "./process.mjs";
import { Random } from "./random.mjs";
import { CAP, createWidgets } from "./seed.mjs";

const CONFIGURE = join(ROOT, "systemd/cluster/configure");
const PATRONICTL = "patronictl";
/** The disks have 1,024 MiB (machine.mjs). */
const ALMOST_FULL_MIB = 200;
const POSTGRES = "/var/lib/postgresql";
const CONFIG = ["-c", "/etc/patroni/config.yml"];
const argumentOf = ({ name, address }) => `${name}=${address}`;

/** The machines, beginning with this one, as arguments of `configure`. */
const argumentsOf = (cluster, machine) => [machine, ...cluster.othersOf(machine)].map(argumentOf);

const shell = (machine, script) => machine.run("sh", ["-euc", script], { ms: 60_000 });

/** The machine that owns the store and PostgreSQL's primary restarts. */
async function restartMachine(banter) {
	const { cluster } = banter;
	let { owner, primary } = await banter.roles();
	if (owner !== primary) await banter.command(owner, "handover", primary.name);
	await until("owner and primary are on one machine", async () => {
		({ owner, primary } = await banter.roles());
		return owner === primary;
	});
	await banter.command(owner, "handover");
	// Patroni refuses while the standbys have just joined, or report their state.
	await until("another primary", async () => {
		await primary
			.run(PATRONICTL, [...CONFIG, "switchover", "--force"], { ms: 60_000 })
			.catch(() => {});
		return (await banter.roles()).primary !== primary;
	});
	await primary.shutDown();
	await cluster.boot(primary);
	await cluster.primary();
	await banter.ready();
}

/** etcd refuses changes of its members until the others have been connected for some seconds. */
function etcdctl(machine, command) {
	const script = `set -a; . /etc/banter/cluster/etcdctl; etcdctl ${command}`;
	return until(`etcdctl ${command}`, () =>
		shell(machine, script).then(
			() => true,
			(error) => {
				if (/unhealthy cluster/.test(error.message)) return false;
				throw error;
			},
		),
	);
}

/** A machine is lost for good, and another one takes its name. */
async function replaceMachine(banter) {
	const { cluster } = banter;
	const { other: lost } = await banter.roles();
	const [helper] = cluster.othersOf(lost);
	await lost.crash();
	await lost.wipe();
	await etcdctl(
		helper,
		`member remove "$(etcdctl member list | sed -n 's/^\\([0-9a-f]*\\), [^,]*, ${lost.name},.*/\\1/p')"`,
	);
	await etcdctl(helper, `member add ${lost.name} --peer-urls=https://${lost.address}:2380`);
	await run("cp", ["-r", join(cluster.dir, "secrets"), lost.path("/root/cluster")]);
	await run("chroot", [
		lost.root,
		CONFIGURE,
		"--joins",
		"/root/cluster",
		...argumentsOf(cluster, lost),
	]);
	const { daemons } = cluster;
	cluster.daemons = [];
	await cluster.boot(lost);
	await banter.restore(lost, await banter.backup(helper));
	cluster.daemons = daemons;
	for (const start of daemons) await start(lost);
	await banter.ready();
	await cluster.standbysStream();
}

/** Something else fills the disk of PostgreSQL's primary. */
async function fillDisk(banter) {
	const { cluster } = banter;
	const { primary } = await banter.roles();
	const directory = "/run/banter-leave-full-disk";
	const settings = [`MIN_FREE_MIB=${ALMOST_FULL_MIB}`, `RUNTIME_DIRECTORY=${directory}`];
	const look = (machine) =>
		machine.run("env", [...settings, "/etc/patroni/leave-full-disk"], {
			user: "postgres",
			ms: 60_000,
		});
	await primary.run("install", ["-d", "-o", "postgres", directory]);
	await look(primary);
	assert.equal((await banter.roles()).primary, primary, "there is space");
	try {
		await primary.fill(POSTGRES, ALMOST_FULL_MIB / 2);
		// Patroni refuses while the standbys have just joined.
		await until("another primary", async () => {
			await look(primary).catch(() => {});
			return (await banter.roles()).primary !== primary;
		});
		await cluster.primary();
		await primary.fill(POSTGRES);
		await look(primary);
		await banter.ready();
	} finally {
		primary.free(POSTGRES);
	}
	assert.notEqual((await banter.roles()).primary, primary);
	await cluster.standbysStream();
}

/** The log begins again, as after a new store format. */
async function newLog(banter) {
	const { cluster } = banter;
	const { owner, primary } = await banter.roles();
	for (const machine of [...cluster.othersOf(owner), owner])
		await machine.services.get("storaged").stop();
	await cluster.sql(primary, "DROP OWNED BY banter", { database: "banter", ms: 30_000 });
	// It leaves the old log, as a migration does.
	await machineAlone(banter, owner);
	await owner.services.get("storaged").stop();
	await banter.startStore(owner);
	await until("the log has an owner", () => banter.isOwner(owner));
	const backup = await banter.backup(owner);
	for (const machine of cluster.othersOf(owner)) {
		await banter.restore(machine, backup);
		await banter.startStore(machine);
	}
	await banter.ready();
}

/** storaged of a machine runs without the log, until it is stopped. */
async function machineAlone(banter, machine) {
	await shell(
		machine,
		`mkdir -p /root/aside
		mv /etc/systemd/system/banter-storaged.service.d/cluster.conf /root/aside/
		mv /etc/banter/credentials/STORE_LOG /root/aside/; rm -rf /run/credentials/banter-storaged`,
	);
	await banter.startStore(machine);
	await until("the store is alone", () =>
		banter.command(machine, "status").then(
			(text) => !/standby|owner/.test(text),
			() => false,
		),
	);
	await shell(
		machine,
		`mv /root/aside/cluster.conf /etc/systemd/system/banter-storaged.service.d/
		mv /root/aside/STORE_LOG /etc/banter/credentials/`,
	);
}

const OPERATIONS = {
	"a machine is restarted": restartMachine,
	"a machine is replaced": replaceMachine,
	"the disk of PostgreSQL fills": fillDisk,
	"the log begins again": newLog,
};

/** Runs them all under load; resolves to the problems that were found. */
export async function runOperations(banter) {
	const problems = [];
	for (const [name, operation] of Object.entries(OPERATIONS)) {
		const { open, capped } = await createWidgets(banter);
		const widgets = { open: open.widget_id, capped: capped.widget_id };
		const load = new Load(
			banter.fronts,
			new Random(1),
			widgets,
			`${name.replaceAll(" ", "-")}-${process.pid}`,
		);
		await operation(banter);
		await load.stop();
		const { problems: found, entries } = await check(banter, load, { capped, cap: CAP });
		console.log(
			`${name}: ${load.acknowledged.length} replies, ${entries} entries, ${found.length} problems`,
		);
		problems.push(...found.map((problem) => `${name}: ${problem}`));
	}
	return problems;
}
