// Programs of others that tests use.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./daemon.mjs";

/** The path of a proxy's program, or the reason why it is missing. */
export function findProxy(name) {
	const places = [join(ROOT, "build/tools", name), `/usr/sbin/${name}`, `/usr/bin/${name}`];
	const path = places.find((one) => existsSync(one));
	if (!path) return { reason: `${name} is not there: make deps FOR=test` };
	const { status, stderr } = spawnSync(path, [name === "caddy" ? "version" : "-v"]);
	return status === 0 ? { path } : { reason: `${name} does not run: ${stderr}` };
}
