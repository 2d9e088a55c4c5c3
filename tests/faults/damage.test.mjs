// A page of data.mdb is overwritten with zeros under a running service: no acknowledged message is lost, the
// damage is reported, and the store can still be read, also after a restart. Any page may be the one.

import assert from "node:assert/strict";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { ADMIN_KEY, Banter, times, until } from "../e2e/harness.mjs";
import { runTool } from "../e2e/tool.mjs";

const PAGE = 4096;
const PARTS = [0.05, 0.15, 0.25, 0.45, 0.65, 0.75, 0.85, 0.95]; // of the file, before the page
const headers = { "x-admin-api-key": ADMIN_KEY };

function damage(banter, part) {
	const path = join(banter.dir, "data", "data.mdb");
	const page = Math.floor((statSync(path).size / PAGE) * part);
	const fd = openSync(path, "r+");
	writeSync(fd, Buffer.alloc(PAGE), 0, PAGE, page * PAGE);
	closeSync(fd);
}

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
	assert.ok(status === 0 || /left out/.test(stderr), `status ${status}: ${stderr}`);
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
			damage(banter, part);
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
			const list = () => banter.get("/v1/admin/conversations", headers);
			await until("the store is read", async () => (await list()).status !== 503);
		} finally {
			await banter.end();
		}
	});
