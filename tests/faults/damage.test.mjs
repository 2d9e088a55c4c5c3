// A page of data.mdb is overwritten with zeros under a running service: no acknowledged message is lost, the
// damage is reported, and the store can still be read, also after a restart. Without LMDB's
// main tree, which has the roots of all tables, or one of its two meta pages, only an export works.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { ADMIN_KEY, Banter, times, until } from "../e2e/harness.mjs";
import { runTool } from "../e2e/tool.mjs";
import { damagePage, damagePart, mainTree, metaPages, randomPage, tableRoots } from "./pages.mjs";

const PARTS = [0.05, 0.15, 0.25, 0.45, 0.65, 0.75, 0.85, 0.95]; // of the file, before the page
const headers = { "x-admin-api-key": ADMIN_KEY };

const dataFile = (banter) => join(banter.dir, "data", "data.mdb");

/** Erases conversations and writes to new ones; resolves to the messages that were acknowledged. */
async function use(banter, conversations) {
	const stored = [];
	for (const [i, id] of conversations.entries()) {
		if (i % 2 === 0) await banter.request("DELETE", `/v1/admin/conversations/${id}`, { headers });
		const { status } = await banter.chat(`new-${i}`, `new message ${i}`);
		if (status === 200) stored.push(`"new message ${i}"`);
	}
	return stored;
}

/** Exports what can be read: all of it, or with a warning. */
async function assertExported(banter, stored) {
	const { status, stdout, stderr } = await runTool(banter, "export");
	if (status !== 0) {
		assert.equal(status, 65, stderr);
		assert.match(stderr, /left out|may be missing/);
	}
	for (const message of stored) assert.ok(stdout.includes(message), message);
	assert.equal(JSON.parse(stdout.trim().split("\n").at(-1)).kind, "end");
}

for (const part of PARTS)
	it(`at ${100 * part} percent of the file: a page of zeros`, async () => {
		const banter = new Banter({ workers: 1 });
		await banter.start();
		try {
			const text = "x".repeat(200);
			const old = await times(120, (i) => banter.chat(`old-${i}`, `[[text="${text}"]]`));
			damagePart(dataFile(banter), part);
			const ids = old.map(({ json }) => json.conversationId);
			await assertExported(banter, await use(banter, ids));
			const found = () => banter.log.lines.some(({ ev }) => ev === "store_damaged");
			if (found()) {
				assert.equal((await banter.get("/health/ready")).status, 503);
				assert.match((await runTool(banter, "status")).stdout, /the store is damaged/);
				assert.equal((await banter.chat("later", "hello")).status, 503);
			}
			await banter.stopStore();
			banter.startStore();
			// The page is of one table: what needs it is refused, and the others are read.
			const list = async (kind) => (await banter.get(`/v1/admin/${kind}`, headers)).status;
			await until("the store is read", async () => {
				const all = await Promise.all(["conversations", "agents"].map(list));
				return all.some((status) => status === 200);
			});
		} finally {
			await banter.end();
		}
	});

/** It runs, says that it is damaged before a request finds it, and reads; its process never ends. */
async function assertReadOnly(banter) {
	const { pid } = banter.storaged;
	const ready = () => banter.get("/health/ready");
	await until("a worker has asked the store", async () => /unavailable/.test((await ready()).text));
	assert.equal((await banter.get("/v1/admin/conversations", headers)).status, 200);
	const { status, json } = await banter.chat("later", "hello");
	assert.deepEqual([status, json.code], [503, "store_unavailable"]);
	const told = await runTool(banter, "status");
	assert.equal(told.status, 69);
	assert.match(told.stdout.replace(/\s+/g, " "), /the first page of a table is damaged\): save/);
	assert.equal(banter.storaged.pid, pid);
	assert.ok(banter.storaged.running);
}

// LMDB ends the process when it changes such a page: without the check at the start, each message would do so.
for (const table of ["label_counts", "turns", "caps", "open_turns"])
	it(`random bytes in the first page of ${table}: starts read-only`, async () => {
		const banter = new Banter({ workers: 1 });
		await banter.start();
		try {
			await times(20, (i) => banter.chat(`old-${i}`, "hello"));
			const open = banter.stream("open", "[[hold-after=1]]");
			await banter.threadOf("open");
			banter.storaged.restart = false;
			await banter.storaged.kill("SIGKILL");
			(await open).leave();
			const path = dataFile(banter);
			const page = tableRoots(readFileSync(path)).get(table);
			for (const seed of [1, 2, 3]) {
				damagePage(path, page, randomPage(`${table} ${seed}`));
				const position = banter.log.lines.length;
				banter.storaged.start();
				await banter.log.waitFor("the damage", ({ ev }) => ev === "store_damaged", position);
				await banter.log.waitFor("a worker", ({ ev }) => ev === "store_connected", position);
				await assertReadOnly(banter);
				await assertExported(banter, []);
				await banter.stopStore();
			}
		} finally {
			await banter.end();
		}
	});

it("a read that needs a damaged page is answered with 503, and the others are served", async () => {
	const banter = new Banter({ workers: 1 });
	await banter.start();
	try {
		await times(20, (i) => banter.chat(`old-${i}`, "hello"));
		const { conversations } = await banter.conversations();
		await banter.stopStore();
		const path = dataFile(banter);
		damagePage(path, tableRoots(readFileSync(path)).get("messages"), randomPage("messages"));
		banter.startStore();
		const pathOf = ({ _id }) => `/v1/admin/conversations/${_id}`;
		const read = () => banter.get(pathOf(conversations[0]), headers);
		await until("it is refused", async () => (await read()).status !== 200);
		for (const one of conversations.slice(0, 3)) {
			const { status, json } = await banter.get(pathOf(one), headers);
			assert.deepEqual([status, json.code], [503, "store_unavailable"]);
		}
		assert.equal((await banter.get("/v1/admin/widgets", headers)).status, 200);
	} finally {
		await banter.end();
	}
});

/** Nothing is written; the reason and what to do is logged once. Returns the log's line. */
async function assertRefused(banter) {
	const { length } = banter.log.lines;
	for (const name of ["later", "again"])
		assert.equal((await banter.chat(name, "hello")).status, 503);
	const reports = banter.log.lines.slice(length).filter(({ ev }) => ev === "store_damaged");
	assert.equal(reports.length, 1);
	return reports[0];
}

/** Commands and a start end with the advice to restore a backup; only an export works. */
async function assertOnlyExported(banter, stored) {
	await assertExported(banter, stored);
	for (const command of [["verify"], ["backup", join(banter.dir, "copy.mdb")]]) {
		const { status, stderr } = await runTool(banter, ...command);
		assert.equal(status, 65, command[0]);
		assert.match(stderr, /is damaged .*: restore a backup \(banter restore --force FILE\)$/m);
	}
	await banter.stopStore();
	const { length } = banter.log.lines;
	banter.storaged.start();
	assert.deepEqual(await banter.storaged.ended, { code: 65, signal: null });
	const [report] = banter.log.lines.slice(length).filter(({ ev }) => ev === "store_damaged");
	assert.match(report.help, /banter export.* banter restore --force FILE/);
	await assertExported(banter, stored);
}

it("without the main tree: only an export works, of the state before the last commit", async () => {
	const banter = new Banter({ workers: 1 });
	await banter.start();
	try {
		assert.equal((await banter.chat("before", "hello")).status, 200);
		const path = dataFile(banter);
		for (const page of mainTree(readFileSync(path))) damagePage(path, page);
		const { help } = await assertRefused(banter);
		assert.match(help, /restore the last backup with banter restore --force FILE/);
		await assertOnlyExported(banter, ['"hello"']);
	} finally {
		await banter.end();
	}
});

for (const name of ["newer", "older"])
	it(`without the ${name} meta page: only an export works, of the other one's state`, async () => {
		const banter = new Banter({ workers: 1 });
		await banter.start();
		try {
			assert.equal((await banter.chat("before", "hello")).status, 200);
			const backup = join(banter.dir, "backup.mdb");
			assert.equal((await runTool(banter, "backup", backup)).status, 0);
			const path = dataFile(banter);
			const { newer } = metaPages(readFileSync(path));
			damagePage(path, name === "newer" ? newer : 1 - newer);
			const { pid } = banter.storaged;
			const { error, help } = await assertRefused(banter);
			assert.match(error, /first two pages/);
			assert.match(help, /banter export.* banter restore --force FILE/);
			assert.equal(banter.storaged.pid, pid);
			const told = await runTool(banter, "status");
			assert.match(told.stdout + told.stderr, /the store is damaged/);
			const list = await banter.get("/v1/admin/conversations", headers);
			assert.equal(list.status, name === "newer" ? 503 : 200);
			await assertOnlyExported(banter, ['"hello"']);
			const restored = await runTool(banter, "restore", "--force", backup);
			assert.equal(restored.status, 0, restored.stderr);
			banter.startStore();
			const writes = async () => (await banter.chat("after", "hello")).status === 200;
			await until("the store is written to", writes);
		} finally {
			await banter.end();
		}
	});
