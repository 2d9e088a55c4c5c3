// The messages, read from proto/ipc/messages.def itself, independently of the C programs.
//
// TABLE maps a message's name to { name, number, from, to, when, fields: [{ name, type, max, item }] }: from and to
// are sets of role names, when is FIRST, READY or RECORD, item describes the record that a REC or LIST holds.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../e2e/daemon.mjs";

export const ROLES = {
	MASTER: 1,
	WORKER: 2,
	STORE: 4,
	TOOL: 8,
	SEARCH: 16,
	CRAWL: 32,
	MAIL: 64,
	MEDIA: 128,
};

export const STORE_ERRORS = { FULL: 1, NOT_FOUND: 2, INTERNAL: 4, DAMAGED: 16, READ_ONLY: 22 };
export const STATUS = { COMPLETE: 0, STOPPED: 1, INTERRUPTED: 2 };

function read(name) {
	return readFileSync(join(ROOT, "proto/ipc", name), "utf8");
}

function parseRoles(text) {
	if (text === "ANY") return new Set(Object.keys(ROLES));
	if (text === "NONE") return new Set();
	return new Set(text.split("|").map((role) => role.trim()));
}

function parseMessage(args) {
	const [number, , name, from, to, when] = args.split(/\s*,\s*/);
	return {
		name,
		number: Number(number),
		from: parseRoles(from),
		to: parseRoles(to),
		when,
		fields: [],
	};
}

function parseTable(text) {
	const table = {};
	let current;
	for (const [, macro, args] of text.matchAll(/^(MESSAGE|FIELD|END)\(([^)]*)\)/gm)) {
		if (macro === "MESSAGE") current = parseMessage(args);
		if (macro === "END") {
			if (args !== current.name) throw new Error(`END(${args}) ends ${current.name}`);
			table[current.name] = current;
		}
		if (macro !== "FIELD") continue;
		const [message, type, name, max, item] = args.split(/\s*,\s*/);
		if (message !== current.name) throw new Error(`a field of ${message} in ${current.name}`);
		current.fields.push({ name, type, max: Number(max), item: Number(item) });
	}
	const byNumber = new Map(Object.values(table).map((message) => [message.number, message]));
	for (const { fields } of Object.values(table))
		for (const field of fields) field.item = byNumber.get(field.item);
	return table;
}

export const TABLE = parseTable(read("messages.def"));

export const BY_NUMBER = new Map(Object.values(TABLE).map((message) => [message.number, message]));

export const WIRE_VERSION = Number(/^#define WIRE_VERSION\s+(\d+)/m.exec(read("messages.h"))[1]);
