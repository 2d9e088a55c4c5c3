// The pages of data.mdb (mdb.c of LMDB 0.9), and damage to them.

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

export const PAGE = 4096;
const META_PAGES = 2;
const BRANCH = 0x01; // P_BRANCH
const NO_PAGE = 2n ** 64n - 1n; // P_INVALID

/** The newer meta page, and the root of the main tree that it names (MDB_page, MDB_meta, MDB_db). */
export function metaPages(file) {
	const metas = [0, PAGE].map((at) => ({
		root: Number(file.readBigUInt64LE(at + 16 + 24 + 48 + 40)),
		transaction: file.readBigUInt64LE(at + 16 + 24 + 2 * 48 + 8),
	}));
	const newer = metas[0].transaction > metas[1].transaction ? 0 : 1;
	return { newer, root: metas[newer].root };
}

/** The pages of the main tree (MDB_node; at most two levels). */
export function mainTree(file) {
	const at = (page) => file.subarray(page * PAGE, (page + 1) * PAGE);
	const { root } = metaPages(file);
	const page = at(root);
	if ((page.readUInt16LE(10) & BRANCH) === 0) return [root];
	const nodes = Array.from({ length: (page.readUInt16LE(12) - 16) / 2 }, (_, i) => {
		return page.readUInt16LE(16 + 2 * i);
	});
	return [root, ...nodes.map((node) => page.readUIntLE(node, 6))];
}

/** Overwrites a page with zeros, or with these bytes. */
export function damagePage(path, page, bytes = Buffer.alloc(PAGE)) {
	const fd = openSync(path, "r+");
	writeSync(fd, bytes, 0, PAGE, page * PAGE);
	closeSync(fd);
}

/** A page of bytes that look random, always the same ones for a seed. */
export function randomPage(seed) {
	const parts = Array.from({ length: PAGE / 32 }, (_, i) =>
		createHash("sha256").update(`${seed} ${i}`).digest(),
	);
	return Buffer.concat(parts);
}

/** Overwrites a page at this part of the file, or the next one that is not of the main tree. */
export function damagePart(path, part) {
	const file = readFileSync(path);
	const main = mainTree(file);
	let page = Math.floor((file.length / PAGE) * part);
	while (main.includes(page)) page++;
	damagePage(path, page);
}

/** Overwrites all pages except the meta pages and those of the main tree: no table can be read. */
export function damageAll(path) {
	const file = readFileSync(path);
	const main = mainTree(file);
	for (let page = META_PAGES; page < file.length / PAGE; page++)
		if (!main.includes(page)) damagePage(path, page);
}

/** Where each table's record is in the file, by the table's name (MDB_node, MDB_db). */
export function tableRecords(file) {
	const records = new Map();
	for (const number of mainTree(file)) {
		const page = file.subarray(number * PAGE, (number + 1) * PAGE);
		if ((page.readUInt16LE(10) & BRANCH) !== 0) continue;
		for (let i = 0; i < (page.readUInt16LE(12) - 16) / 2; i++) {
			const node = page.readUInt16LE(16 + 2 * i);
			const end = node + 8 + page.readUInt16LE(node + 6);
			records.set(page.toString("latin1", node + 8, end), number * PAGE + end);
		}
	}
	return records;
}

/** The root page of each table that has one, by its name (md_root). */
export function tableRoots(file) {
	const roots = new Map();
	for (const [table, record] of tableRecords(file)) {
		const root = file.readBigUInt64LE(record + 40);
		if (root !== NO_PAGE) roots.set(table, Number(root));
	}
	return roots;
}

/** Whether a page has its own number, as every page of a tree. */
export function isInUse(file, page) {
	return page >= META_PAGES && file.readBigUInt64LE(page * PAGE) === BigInt(page);
}
