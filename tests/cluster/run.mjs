// Three machines under random faults: `make test-cluster [SEEDS=n]`, or one of them again: `make test-cluster SEED=k`.
//
// Needs root. Everything happens in namespaces of its own, which disappear with this process, however it ends.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BUILD } from "../e2e/daemon.mjs";
import { Banter } from "./banter.mjs";
import { Cluster } from "./cluster.mjs";
import { measureGoals } from "./goals.mjs";
import { runOperations } from "./operations.mjs";
import { runSeed } from "./seed.mjs";

const { values } = parseArgs({
	options: {
		first: { type: "string", default: "1" },
		seeds: { type: "string", default: "3" },
		seed: { type: "string" },
		goals: { type: "string" },
		operations: { type: "boolean", default: false },
		inside: { type: "string" },
	},
});

const SPACES = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** The first process. It also waits for orphans: the processes of a machine that nobody has waited for keep it. */
const INIT = ["sh", "-c", '"$@"; exit $?', "init", process.execPath];

/** Runs this script in namespaces of its own; resolves to its exit status. */
function runInside() {
	const dir = mkdtempSync(join(tmpdir(), "banter-cluster-"));
	const args = [...process.argv.slice(1), "--inside", dir];
	const child = spawn("unshare", [...SPACES, ...INIT, ...args], { stdio: "inherit" });
	for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));
	return new Promise((done) => {
		child.once("error", ({ message }) => {
			console.error(message);
			done(1);
		});
		child.once("close", (code) => {
			rmSync(dir, { recursive: true, force: true });
			done(code ?? 1);
		});
	});
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(0);

/** Prints problems; returns the exit status. */
function report(problems) {
	for (const problem of problems) console.log(`  ${problem}`);
	return problems.length === 0 ? 0 : 1;
}

async function main() {
	const logs = join(
		BUILD,
		"cluster",
		values.goals ? "goals" : values.operations ? "operations" : "seeds",
	);
	rmSync(logs, { recursive: true, force: true });
	mkdirSync(logs, { recursive: true });
	const cluster = new Cluster(values.inside, logs);
	const since = performance.now();
	await cluster.start();
	const banter = new Banter(cluster);
	await banter.start();
	console.log(`three machines run (${seconds(since)} s); logs: ${logs}`);
	if (values.goals) return measureGoals(banter, values.goals);
	if (values.operations) return report(await runOperations(banter));
	const first = Number(values.seed ?? values.first);
	const last = first + (values.seed === undefined ? Number(values.seeds) : 1) - 1;
	for (let seed = first; seed <= last; seed++) {
		const problems = await runSeed(banter, seed);
		if (problems.length === 0) continue;
		console.log(`seed ${seed} failed; repeat it: make test-cluster SEED=${seed}`);
		return report(problems);
	}
	const problems = values.seed === undefined ? await runOperations(banter) : [];
	if (problems.length === 0) console.log(`${last - first + 1} seeds passed, 0 failed`);
	return report(problems);
}

async function mainInside() {
	try {
		return await main();
	} catch (error) {
		console.error(error);
		return 1;
	}
}

if (process.getuid() !== 0) {
	console.error("The tests of several machines need root: namespaces, mounts, nftables.");
	process.exitCode = 1;
} else if (values.inside === undefined) process.exitCode = await runInside();
else process.exit(await mainInside());
