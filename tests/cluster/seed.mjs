// One seed: load, faults, healing, checks.

import { check, crashes } from "./checks.mjs";
import { describeFault, planFaults, runFaults } from "./faults.mjs";
import { Load } from "./load.mjs";
import { pause } from "./process.mjs";
import { Random } from "./random.mjs";

/** Messages of visitors that the capped widget takes; its visitors send more. */
export const CAP = 40;

/** Widgets of this seed's visitors, with a budget that is large enough. */
export async function createWidgets(banter) {
	const open = await banter.admin("POST", "widgets", { name: "open" });
	const capped = await banter.admin("POST", "widgets", { name: "capped", daily_message_cap: CAP });
	await banter.admin("PUT", "budgets", { organization: { dailyTokens: 1_000_000_000 } });
	return { open, capped };
}

/** Runs a seed; resolves to the problems that were found. */
export async function runSeed(banter, seed) {
	const { cluster } = banter;
	const random = new Random(seed);
	const plan = planFaults(seed, random);
	console.log(`seed ${seed}:\n${plan.map((fault) => `  ${describeFault(fault)}`).join("\n")}`);
	const since = performance.now();
	const crashesBefore = crashes(banter);
	const { open, capped } = await createWidgets(banter);
	const widgets = { open: open.widget_id, capped: capped.widget_id };
	const load = new Load(banter.fronts, new Random(seed), widgets, `${seed}-${process.pid}`);
	await pause(3000);
	await runFaults(plan, { cluster, banter, random });
	await cluster.heal();
	await cluster.primary();
	await banter.ready();
	await pause(3000);
	await load.stop();
	const { problems, entries } = await check(banter, load, { capped, cap: CAP });
	console.log(
		`  ${load.acknowledged.length} replies, ${load.looks} looks, longest outage ${longestOutage(load)} s, ` +
			`${entries} entries, ${((performance.now() - since) / 1000).toFixed(0)} s; ${describeFailures(load)}`,
	);
	const crashed = crashes(banter) - crashesBefore;
	if (crashed > 0) problems.push(`${crashed} crashes: see ev=worker_exit in the logs`);
	return problems;
}

function longestOutage({ acknowledged }) {
	const gaps = acknowledged.slice(1).map(({ at }, i) => at - acknowledged[i].at);
	return (Math.max(0, ...gaps) / 1000).toFixed(1);
}

const describeFailures = ({ failures }) =>
	[...failures].map(([what, n]) => `${n} × ${what}`).join(", ") || "no attempt failed";
