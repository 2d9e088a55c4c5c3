// Our own control group in each hierarchy of this process: systemd-nspawn leaves directories in the
// group that it is started in, which are removed here.

import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmdirSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";

const TOP = "/sys/fs/cgroup";

/** The directories of the control groups that this process is in. */
function ownGroups() {
	return readFileSync("/proc/self/cgroup", "utf8")
		.trim()
		.split("\n")
		.map((line) => {
			const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line);
			const name = controllers === "" ? "unified" : controllers.replace(/^name=/, "");
			const hierarchy = existsSync(join(TOP, "cgroup.procs")) ? TOP : join(TOP, name);
			return join(hierarchy, path);
		})
		.filter((dir) => existsSync(join(dir, "cgroup.procs")));
}

/** A new group has no processors (cpuset(7)) until some are assigned. */
function inherit(from, to, file) {
	if (existsSync(join(to, file)) && readFileSync(join(to, file), "utf8").trim() === "")
		writeFileSync(join(to, file), readFileSync(join(from, file)));
}

/** Creates a group with this name in each hierarchy. @returns {string[]} their directories */
export function makeGroups(name) {
	return ownGroups().map((own) => {
		const dir = join(own, name);
		mkdirSync(dir, { recursive: true });
		for (const file of ["cpuset.cpus", "cpuset.mems"])
			if (existsSync(join(own, file))) inherit(own, dir, file);
		return dir;
	});
}

/** Removes groups without processes and their subgroups. */
export function removeGroups(dirs) {
	for (const dir of dirs) {
		if (!existsSync(dir)) continue;
		const below = readdirSync(dir, { withFileTypes: true }).filter((one) => one.isDirectory());
		removeGroups(below.map((one) => join(dir, one.name)));
		rmdirSync(dir);
	}
}
