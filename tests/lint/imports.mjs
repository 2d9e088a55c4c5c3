// Checks the imports of the front ends: which folder may import which, so that the parts of the dashboard stay
// independent of each other, and that no files import each other in a circle (types may).  Prints each breach; exits 1 if there are any.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What all parts of the dashboard stand on, lowest first: each may import all before it. */
const DASHBOARD_LAYERS = ["api", "text", "hooks", "ui", "shell"].map(
	(name) => `dashboard/src/${name}`,
);
/** The parts, and the other parts that they show. */
const DASHBOARD_PARTS = {
	agents: [],
	contacts: [],
	files: [],
	hours: [],
	knowledge: [],
	inbox: ["thread", "start", "snooze"],
	join: [],
	login: [],
	numbers: [],
	refusals: [],
	settings: ["hours", "snippets"],
	snippets: [],
	snooze: [],
	actions: [],
	start: [],
	thread: ["actions", "files", "knowledge", "snooze"],
	widgets: ["hours"],
};
const TYPES = "workerd/api/openapi";

const part = (name) => `dashboard/src/${name}`;

/** Each folder, and the folders that its files may import besides itself and the folders below it. */
const FOLDERS = {
	...Object.fromEntries(
		DASHBOARD_LAYERS.map((folder, i) => [
			folder,
			[...DASHBOARD_LAYERS.slice(0, i), "dashboard/src", "widget/src", TYPES],
		]),
	),
	...Object.fromEntries(
		Object.entries(DASHBOARD_PARTS).map(([name, shown]) => [
			part(name),
			[...DASHBOARD_LAYERS, ...shown.map(part), "dashboard/src", "widget/src", TYPES],
		]),
	),
	"dashboard/src": ["dashboard/src", "widget/src"],
	"widget/src/markdown": ["widget/src"],
	"widget/src/loader": ["widget/src"],
	"widget/src/app": ["widget/src"],
	"widget/src": ["workerd/api/openapi"],
};

/** Folders whose files the rules above name as "dashboard/src" or "widget/src": files there, not below. */
const SHALLOW = new Set(["dashboard/src"]);

let breaches = 0;
function breach(what) {
	console.error(what);
	breaches++;
}

const files = execFileSync(
	"git",
	["ls-files", "--cached", "--others", "--exclude-standard", "dashboard/src", "widget/src"],
	{ cwd: ROOT, encoding: "utf8" },
)
	.trim()
	.split("\n")
	.filter((path) => /\.tsx?$/.test(path) && existsSync(ROOT + path));

/** The file that a relative import names; null: a package, a style sheet, a text. */
function target(from, name) {
	if (!name.startsWith(".")) return null;
	const path = normalize(join(dirname(from), name));
	return (
		["", ".ts", ".tsx", ".d.ts", "/index.ts"]
			.map((ending) => path + ending)
			.find((one) => /\.tsx?$/.test(one) && existsSync(ROOT + one)) ?? null
	);
}

function importsOf(path) {
	const text = readFileSync(ROOT + path, "utf8");
	return [...text.matchAll(/^(?:import|export)( type)?\b[^;]*?from "([^"]+)"/gms)]
		.map(([, type, name]) => ({ to: target(path, name), isType: type !== undefined }))
		.filter(({ to }) => to !== null);
}

const isIn = (path, folder) =>
	SHALLOW.has(folder) ? dirname(path) === folder : path.startsWith(`${folder}/`);

/** The rule of the innermost folder. */
const folderOf = (path) =>
	Object.keys(FOLDERS)
		.filter((folder) => path.startsWith(`${folder}/`))
		.sort((a, b) => b.length - a.length)[0];

const imports = new Map(files.map((path) => [path, importsOf(path)]));

for (const [path, targets] of imports) {
	const folder = folderOf(path);
	// The files that put everything together.
	if (folder === "dashboard/src") continue;
	for (const { to: one } of targets)
		if (
			!path.startsWith(`${folder}/`) ||
			![folder, ...FOLDERS[folder]].some((allowed) => isIn(one, allowed))
		)
			breach(`${path}: ${folder} may not import ${one}`);
}
for (const path of files) {
	const folder = dirname(path).split("/").slice(0, 3).join("/");
	if (folder.startsWith("dashboard/src/") && !FOLDERS[folder])
		breach(`${folder}: not in the table of tests/lint/imports.mjs`);
}

/** A circle of imports that begins and ends at this file, if there is one. */
function circleFrom(start) {
	const seen = new Set();
	const stack = [[start]];
	while (stack.length > 0) {
		const way = stack.pop();
		for (const { to: next, isType } of imports.get(way[way.length - 1]) ?? []) {
			if (isType) continue;
			if (next === start) return [...way, next];
			if (seen.has(next)) continue;
			seen.add(next);
			stack.push([...way, next]);
		}
	}
	return null;
}

const reported = new Set();
for (const path of files) {
	const circle = circleFrom(path);
	if (!circle || circle.some((one) => reported.has(one))) continue;
	for (const one of circle) reported.add(one);
	breach(`imports in a circle: ${circle.join(" → ")}`);
}

process.exit(breaches > 0 ? 1 : 0);
