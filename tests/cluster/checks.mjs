// What must hold when everything is healed and all visitors have their replies.

import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BUILD, until } from "../e2e/daemon.mjs";
import { run } from "./process.mjs";

/** Standbys catch up; the store's own work, for example of erased data, comes to an end. */
const PATIENCE_MS = 60_000;

/** The first lines in which two files differ, as a text; undefined: they are equal. */
async function differenceOf(a, b) {
	const out = await run("sh", [
		"-c",
		`cmp -s "$1" "$2" || diff "$1" "$2" | head -n 10`,
		"sh",
		a,
		b,
	]);
	return out === "" ? undefined : out;
}

/** Backs up every store and writes all entries of it to a file; resolves to the files. */
async function dumpAll(banter) {
	return Promise.all(
		banter.cluster.machines.map(async (machine) => {
			const backup = await banter.backup(machine);
			const text = `${backup}.txt`;
			await run("sh", ["-c", `"$1" "$2" >"$3"`, "sh", join(BUILD, "store-dump"), backup, text]);
			return text;
		}),
	);
}

/** Waits until all stores are equal, key by key; resolves to the number of entries. */
async function assertEqual(banter) {
	let last;
	const [file] = await until(
		() => `all stores are equal: ${last}`,
		async () => {
			const files = await dumpAll(banter).catch((error) => {
				last = error.message;
			});
			if (!files) return false;
			const [first, ...others] = files;
			const differences = await Promise.all(others.map((one) => differenceOf(first, one)));
			last = differences.find(Boolean);
			return last === undefined && files;
		},
		PATIENCE_MS,
	);
	let entries = 0;
	for await (const _ of createInterface({ input: createReadStream(file) })) entries++;
	return entries;
}

/** Waits until a search at every front end finds a message of this load, whichever machine is the owner. */
async function assertFound(banter, { visitors }) {
	const visitor = visitors.find(({ conversation }) => conversation.exchanges > 0);
	if (!visitor) throw new Error("no visitor has a reply");
	const { name } = visitor.conversation;
	const path = `search?q=${encodeURIComponent(name)}`;
	for (const front of banter.fronts)
		await until(
			`a search at ${front.name} finds ${name}`,
			async () => (await banter.admin("GET", path, undefined, front)).results.length > 0,
			PATIENCE_MS,
		);
}

/** How often programs of ours have ended by a signal that no fault sends. */
export function crashes({ cluster }) {
	const crash = /ev=worker_exit .*why=signal code=(?!9 )|ev=store_crashed|ERROR: \w+Sanitizer/g;
	return cluster.machines
		.flatMap(({ name }) => ["masterd", "storaged"].map((one) => `${name}-${one}.log`))
		.map((file) => join(cluster.logs, file))
		.filter(existsSync)
		.reduce((n, file) => n + (readFileSync(file, "utf8").match(crash)?.length ?? 0), 0);
}

/** Checks everything that is stored; resolves to what was found wrong, and figures. */
export async function check(banter, load, { capped, cap }) {
	const problems = [...load.lies];
	await load.lookEverywhere();
	problems.push(...load.lies.slice(problems.length));
	const stored = await cappedMessages(banter, capped);
	if (stored !== load.cappedExchanges || stored > cap || (load.capped > 0 && stored !== cap))
		problems.push(
			`a widget with a cap of ${cap} has ${stored} messages; ${load.cappedExchanges} were acknowledged, ${load.capped} refused`,
		);
	let entries = 0;
	try {
		await assertFound(banter, load);
		entries = await assertEqual(banter);
		for (const machine of banter.cluster.machines) await banter.command(machine, "verify");
	} catch (error) {
		problems.push(error.message);
	}
	return { problems, entries };
}

/** The messages of visitors that a widget has. */
async function cappedMessages(banter, { id }) {
	let sum = 0;
	const { conversations } = await banter.admin("GET", `conversations?limit=200&widgetId=${id}`);
	for (const { _id } of conversations) {
		const { messages } = await banter.admin("GET", `conversations/${_id}`);
		sum += messages.filter(({ role }) => role === "user").length;
	}
	return sum;
}
