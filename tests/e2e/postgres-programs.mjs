// Where PostgreSQL is: installed, or only extracted (make build/tools/postgresql), so that its server is not
// started; and the user of its servers, who must not be root.

import { existsSync, readdirSync } from "node:fs";
import { machine } from "node:os";
import { resolve } from "node:path";

const INSTALLED = "/usr/lib/postgresql";
const EXTRACTED = resolve("build/tools/postgresql/usr/lib");
const NOBODY = 65534;

/** The directories of each version's programs, the newest first. */
function versionsIn(dir) {
	const versions = existsSync(dir) ? readdirSync(dir).map(Number).filter(Boolean) : [];
	return versions.sort((a, b) => b - a).map((version) => `${dir}/${version}/bin`);
}

/** The directory of its programs; undefined: there is none. */
export const BIN = [...versionsIn(INSTALLED), ...versionsIn(`${EXTRACTED}/postgresql`)].find(
	(dir) => existsSync(`${dir}/initdb`),
);

/** Why no PostgreSQL can be started; undefined: it can. */
export const NO_POSTGRES =
	BIN === undefined ? "neither postgresql nor build/tools/postgresql is there" : undefined;

/** The environment that its programs need beside their own. */
export const LIBRARIES = BIN?.startsWith(INSTALLED)
	? {}
	: { LD_LIBRARY_PATH: `${EXTRACTED}/${machine()}-linux-gnu` };

/** The user and group, as child_process takes them; empty if this process is not root's. */
export const AS_USER = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
