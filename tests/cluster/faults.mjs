// What may go wrong, each fault with its length and the machine that it hits, chosen by the seed. Every fault ends by
// itself.

import { childrenOf } from "../e2e/proc.mjs";
import { reunite, separate } from "./network.mjs";
import { pause } from "./process.mjs";

/** Stops processes for a time, like a machine that is paused by its host. */
async function stopFor(pids, ms) {
	const each = (signal) => {
		for (const pid of pids)
			try {
				process.kill(pid, signal);
			} catch {
				// It has ended meanwhile.
			}
	};
	each("SIGSTOP");
	await pause(ms);
	each("SIGCONT");
}

/** A process and all its descendants. */
const family = (pid) => [pid, ...childrenOf(pid).flatMap(family)];

/** All processes of a machine's PostgreSQL; its first one is a child of the machine's init. */
function postgresOf(machine) {
	const file = machine.path("/var/lib/postgresql/15/banter/postmaster.pid");
	return machine
		.run("sh", ["-c", `head -n 1 ${file.slice(machine.root.length)}`])
		.then((text) => machine.outerPid(Number(text)))
		.then((pid) => (pid ? family(pid) : []))
		.catch(() => []);
}

async function cut(machine, others, directions, etcd, ms) {
	await separate(machine, others, directions, etcd);
	await pause(ms);
	if (machine.isUp) await reunite(machine);
}

async function fillFor(machine, at, ms) {
	try {
		await machine.fill(at);
		await pause(ms);
	} finally {
		machine.free(at);
	}
}

/** name → run({ cluster, machine, ms }); each takes about ms. */
const FAULTS = {
	async "machine dies"({ cluster, machine, ms }) {
		await machine.crash();
		await pause(ms);
		await cluster.boot(machine);
	},
	async "storaged is killed"({ machine }) {
		await machine.services.get("storaged").crash();
	},
	async "HAProxy is killed"({ machine }) {
		await machine.services.get("haproxy").crash();
	},
	async "PostgreSQL is killed"({ machine }) {
		for (const pid of (await postgresOf(machine)).slice(0, 1)) process.kill(pid, "SIGKILL");
	},
	async "storaged is stopped"({ machine, ms }) {
		const service = machine.services.get("storaged");
		if (service.pid) await stopFor([service.pid], ms);
		service.resume();
	},
	async "PostgreSQL is stopped"({ machine, ms }) {
		await stopFor(await postgresOf(machine), ms);
	},
	"the machine is cut off": ({ cluster, machine, ms }) =>
		cut(machine, cluster.othersOf(machine), ["in", "out"], false, ms),
	"the machine hears nothing": ({ cluster, machine, ms }) =>
		cut(machine, cluster.othersOf(machine), ["in"], false, ms),
	"the machine is not heard": ({ cluster, machine, ms }) =>
		cut(machine, cluster.othersOf(machine), ["out"], false, ms),
	"the machine is cut off from another one": ({ cluster, machine, ms, random }) =>
		cut(machine, [random.pick(cluster.othersOf(machine))], ["in", "out"], false, ms),
	"the machine is cut off from etcd": ({ cluster, machine, ms }) =>
		cut(machine, cluster.othersOf(machine), ["in", "out"], true, ms),
	"PostgreSQL's disk is full": ({ machine, ms }) => fillFor(machine, "/var/lib/postgresql", ms),
	"the store's disk is full": ({ machine, ms }) => fillFor(machine, "/var/lib/banter", ms),
	async "backends are terminated"({ cluster, machine }) {
		await cluster
			.sql(
				machine,
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'banter'",
			)
			.catch(() => {}); // PostgreSQL does not run there
	},
	async "waits are cancelled"({ cluster, machine }) {
		const query = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'banter'";
		for (let i = 0; i < 20; i++) {
			await cluster.sql(machine, query).catch(() => {});
			await pause(100);
		}
	},
	async "a handover"({ banter, machine }) {
		await banter.command(machine, "handover").catch(() => {}); // it is not the owner
	},
};

/** The machines that a fault may hit: by what they are when it begins. */
const TARGETS = ["owner", "primary", "other"];

/** The first seeds are these; the others are random. Each was chosen because it has found a bug. */
const SCENARIOS = [
	// With Patroni's etcd3, the former primary took the lock back, and the successor's commits were lost.
	[{ after: 2000, name: "PostgreSQL is stopped", target: "primary", ms: 26_000 }],
	[{ after: 2000, name: "machine dies", target: "owner", ms: 10_000 }],
	[{ after: 2000, name: "the machine hears nothing", target: "owner", ms: 12_000 }],
];

/** The faults of a seed: one to three. */
export function planFaults(seed, random) {
	if (seed <= SCENARIOS.length) return SCENARIOS[seed - 1];
	return Array.from({ length: 1 + random.below(3) }, () => ({
		after: random.between(0, 12_000),
		name: random.pick(Object.keys(FAULTS)),
		target: random.pick(TARGETS),
		ms: random.between(1000, 30_000),
	}));
}

export const describeFault = ({ after, name, target, ms }) =>
	`after ${(after / 1000).toFixed(1)} s, ${target}: ${name} (${(ms / 1000).toFixed(1)} s)`;

/** Runs planned faults; resolves when all have ended. */
export function runFaults(plan, { cluster, banter, random }) {
	return Promise.all(
		plan.map(async ({ after, name, target, ms }) => {
			await pause(after);
			const { [target]: machine } = await banter.roles();
			console.log(`  ${target} is ${machine.name}: ${name}`);
			// Another fault may have taken the machine away.
			if (!machine.isUp) return;
			await FAULTS[name]({ cluster, banter, machine, ms, random }).catch((error) => {
				if (machine.isUp) throw error;
			});
		}),
	);
}
