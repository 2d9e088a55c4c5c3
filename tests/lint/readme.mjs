// What README.md and the man pages name is there: headings and files that are linked, files, targets of
// make, units, events of the log and metrics. Prints each that is not, and exits 1 if any.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
const names = new Set(files.map((path) => basename(path)));
const read = (path) => readFileSync(join(ROOT, path), "utf8");
const sources = files
	.filter((path) => /^(proto|masterd|workerd|storaged)\/.*\.(c|h|def)$/.test(path))
	.map(read)
	.join("\n");

const readme = read("README.md");
const pages = readdirSync(join(ROOT, "systemd/man")).map((name) => `systemd/man/${name}`);

/** All that a pattern's group matches in a text. */
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

/** The name that a heading is linked by, as GitHub and others make it. */
const slug = (heading) =>
	heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N}_ -]/gu, "")
		.replaceAll(" ", "-");

const headings = new Set(all(readme, /^#+ (.*)$/gm).map(slug));
const targets = new Set(all(read("Makefile"), /^([a-z-]+):(?!=)/gm));
const isEvent = (name) => sources.includes(`"${name}"`);

/** [whether it is right, what it is called, where it is looked for, what names it]. */
const checks = [
	[(name) => headings.has(name), "heading", readme, /\]\(#([^)]+)\)/g],
	[
		(path) => files.some((file) => `${file}/`.startsWith(`${path}/`)),
		"linked file",
		readme,
		/\]\((?!#|\w+:)([^)]+)\)/g,
	],
	[
		(path) => (path.includes("/") ? files.includes(path) : names.has(path)),
		"file",
		readme,
		/`([\w./-]+\.(?:c|h|def|mjs|sh|txt))`/g,
	],
	[(name) => targets.has(name), "target of make", readme, /`make ([a-z-]+)/g],
	[
		isEvent,
		"event",
		readme.slice(readme.indexOf("| `ev=` |")).split("\n\n")[0],
		/`([a-z]+_[a-z_]+)`(?=.* \|.* \|)/g,
	],
];
for (const path of ["README.md", ...pages]) {
	const text = read(path);
	checks.push(
		[isEvent, `event (${path})`, text, /\bev=([a-z_]+)/g],
		[
			(name) => sources.includes(`"${name}"`),
			`metric (${path})`,
			text,
			/\b(banter_[a-z_]+)\b(?!\.)/g,
		],
		[
			(name) => files.includes(`systemd/units/${name}`),
			`unit (${path})`,
			text,
			/\b(banter[a-z-]*\.(?:service|socket|target|timer))\b/g,
		],
	);
}

let wrong = 0;
for (const [isThere, what, text, pattern] of checks) {
	const found = all(text, pattern);
	for (const name of new Set(found))
		if (!isThere(name)) {
			console.error(`there is no ${what}: ${name}`);
			wrong++;
		}
}
process.exit(wrong === 0 ? 0 : 1);
