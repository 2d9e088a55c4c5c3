// Which test files a change concerns, as far as that can be known from the files' dependencies: `run.mjs --changed`.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const linesOf = (text) => text.split("\n").filter((line) => line !== "");

/** The files in a tree that are not as in the commit where the branch left another one, new ones too. */
function changedFiles(root, branch) {
	const git = (...args) => linesOf(execFileSync("git", args, { cwd: root, encoding: "utf8" }));
	const [base] = git("merge-base", branch, "HEAD");
	return [
		...git("diff", "--name-only", "--relative", base),
		...git("ls-files", "--others", "--exclude-standard"),
	];
}

/** The sources of a unit test's program: those that its object names, and the C file of each header of its part. */
function sourcesOfUnit(build, name) {
	const object = join(build, "obj/tests/unit", `${name}.d`);
	if (!existsSync(object)) return [];
	const rules = readFileSync(object, "utf8").replaceAll("\\\n", " ");
	const named = rules.split("\n", 1)[0].split(/\s+/).slice(1);
	return named.flatMap((file) => [file, file.replace(/\.h$/, ".c")]);
}

/** A module and those that it imports, with their folders in the tree. */
function modulesOf(root, path, found = new Set()) {
	if (found.has(path) || !existsSync(join(root, path))) return found;
	found.add(path);
	const text = readFileSync(join(root, path), "utf8");
	for (const [, name] of text.matchAll(/\b(?:from|import) "(\.[^"]+)"/g))
		modulesOf(root, join(dirname(path), name), found);
	return found;
}

/**
 * Whether a job is concerned: its sources or modules changed, the scenarios in its folder, or the front end that it
 * tests. A change of a daemon alone concerns no end-to-end test: all of them run it.
 * @returns {(job: object) => boolean}
 */
export function concernedBy(root, build, branch) {
	const changed = new Set(changedFiles(root, branch));
	const isIn = (folder) => [...changed].some((file) => file.startsWith(`${folder}/`));
	return ({ suite, name, scenarios }) => {
		if (suite === "frontends") return isIn(name);
		if (suite !== "unit")
			return [...modulesOf(root, join("tests", suite, name))].some((one) => changed.has(one));
		const program = name.split(" ", 1)[0];
		return [...sourcesOfUnit(build, program), scenarios].some((one) => changed.has(one));
	};
}
