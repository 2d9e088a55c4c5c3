// A store's file is damaged where lookups do not notice it: the root of a table is overwritten by another valid page, or
// a bit changes anywhere. A copy of the store, which is an export or a backup, is then complete, or ends with an
// error: never with less, or anything else, and status 0.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Banter, times } from "../e2e/harness.mjs";
import { runTool } from "../e2e/tool.mjs";
import { isInUse, mainTree, PAGE, tableRecords, tableRoots } from "./pages.mjs";

const CONVERSATIONS = 150;
const FLIPS = 250;
/** Where a table's record has what (MDB_db). */
const COUNTS = {
	levels: 6,
	"branch pages": 8,
	"leaf pages": 16,
	"overflow pages": 24,
	entries: 32,
};

let banter, path, whole, complete;

/** The same numbers in every run: a multiplicative generator (Knuth, MMIX). */
let state = 36n;
function below(bound) {
	state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
	return Number((state >> 33n) % BigInt(bound));
}

before(async () => {
	banter = new Banter({ workers: 1 });
	await banter.start();
	const text = "x".repeat(150);
	await times(CONVERSATIONS, (i) =>
		banter.chat(`s${i}`, `[[text="${text}"]]`, { headers: { "idempotency-key": `c${i}` } }),
	);
	await banter.stopStore();
	path = join(banter.dir, "data", "data.mdb");
	whole = readFileSync(path);
	complete = (await runTool(banter, "export")).stdout;
});

after(() => banter.end());

/** Runs a command while the file is damaged. */
async function damaged(change, ...command) {
	const bytes = Buffer.from(whole);
	change(bytes);
	writeFileSync(path, bytes);
	try {
		return await runTool(banter, ...command);
	} finally {
		writeFileSync(path, whole);
	}
}

/** Overwrites the root of a table by that of another one, which keeps the number of its place or not. */
function swapRoot(bytes, table, other, number) {
	const roots = tableRoots(bytes);
	const at = (name) => roots.get(name) * PAGE;
	bytes.copy(bytes, at(table), at(other), at(other) + PAGE);
	if (number) bytes.writeBigUInt64LE(BigInt(roots.get(table)), at(table));
}

describe("the root of a table is overwritten by another valid page", () => {
	for (const table of ["messages", "conversations", "client_ids", "orgs"])
		for (const number of [false, true])
			it(`${table}${number ? ", with the right number" : ""}: an export says what is missing, and no backup is written`, async () => {
				const change = (bytes) => swapRoot(bytes, table, "changes", number);
				const { status, stdout, stderr } = await damaged(change, "export");
				assert.equal(status, 65, stderr);
				assert.match(stderr, new RegExp(`entries of ${table} may be missing|part of ${table}`));
				if (table === "messages" && stdout.includes('"conversation"'))
					assert.match(stderr, /messages? of \d+ conversations cannot be found|left out/);
				const copy = join(banter.dir, "copy.mdb");
				const backup = await damaged(change, "backup", copy);
				assert.equal(backup.status, 65, backup.stderr);
				assert.throws(() => readFileSync(copy), { code: "ENOENT" });
				const verified = await damaged(change, "verify");
				assert.notEqual(verified.status, 0);
			});
});

describe("a bit changes", () => {
	for (const [field, at] of Object.entries(COUNTS))
		for (const table of ["messages", "labels"])
			it(`in the number of ${field} of ${table}: no backup is written`, async () => {
				const change = (bytes) => (bytes[tableRecords(bytes).get(table) + at] ^= 4);
				const { status, stderr } = await damaged(change, "backup", join(banter.dir, "copy.mdb"));
				assert.equal(status, 65, stderr);
				assert.notEqual((await damaged(change, "verify")).status, 0);
			});

	it("in any page: an export is the same, or does not end with status 0", async () => {
		const main = mainTree(whole);
		const pages = Array.from({ length: whole.length / PAGE }, (_, i) => i).filter((i) =>
			isInUse(whole, i),
		);
		let found = 0;
		for (let i = 0; i < FLIPS; i++) {
			// A third at the roots of tables, where a bit has most effect.
			const roots = [...tableRoots(whole).values(), ...main];
			const page = i % 3 === 0 ? roots[below(roots.length)] : pages[below(pages.length)];
			const bit = 8 * PAGE * page + below(i % 2 === 0 ? 8 * 64 : 8 * PAGE);
			const change = (bytes) => {
				bytes[bit >> 3] ^= 1 << (bit & 7);
			};
			const { status, stdout, stderr } = await damaged(change, "export");
			if (status !== 0) found++;
			else assert.ok(stdout === complete, `bit ${bit} changes the export: ${stderr}`);
		}
		assert.ok(found > 0);
	});

	it("in any page: a backup has what the store had, or does not end with status 0", async () => {
		const copy = join(banter.dir, "copy.mdb");
		for (let i = 0; i < FLIPS / 5; i++) {
			const bit = below(8 * whole.length);
			const change = (bytes) => {
				bytes[bit >> 3] ^= 1 << (bit & 7);
			};
			const { status } = await damaged(change, "backup", copy);
			if (status !== 0) continue;
			const verified = await runTool(banter, "verify", copy);
			assert.equal(verified.status, 0, `bit ${bit}: ${verified.stdout}`);
			rmSync(copy);
		}
	});
});

describe("an import", () => {
	it("says which messages the export lacks, and ends with 65", async () => {
		const lines = complete
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const message = lines.findIndex(({ kind }) => kind === "message");
		const { conversation } = lines[message];
		lines.splice(message, 1);
		lines[lines.length - 1] = { kind: "end", lines: lines.length - 1 };
		const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
		const other = new Banter({ workers: 1 });
		await other.start();
		try {
			const file = join(other.dir, "lacking.jsonl");
			writeFileSync(file, text.replace('"format":2', '"format":1'));
			const { status, stderr } = await runTool(other, "import", file);
			assert.equal(status, 65, stderr);
			assert.match(
				stderr,
				new RegExp(`conversation ${conversation} has 2 messages, of which the export lacks 1`),
			);
			assert.match(stderr, /1 message of 1 conversation missing in the export/);
		} finally {
			await other.end();
		}
	});
});
