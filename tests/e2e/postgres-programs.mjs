// Where PostgreSQL 15 is: installed, or only extracted (make build/tools/postgresql), so that its server is not
// started; and the user of its servers, who must not be root.

import { existsSync } from "node:fs";
import { machine } from "node:os";
import { resolve } from "node:path";

const INSTALLED = "/usr/lib/postgresql/15/bin";
const EXTRACTED = resolve("build/tools/postgresql/usr/lib");
const NOBODY = 65534;

/** The directory of its programs; undefined: there is none. */
export const BIN = [INSTALLED, `${EXTRACTED}/postgresql/15/bin`].find((dir) =>
	existsSync(`${dir}/initdb`),
);

/** Why no PostgreSQL can be started; undefined: it can. */
export const NO_POSTGRES =
	BIN === undefined ? "neither postgresql-15 nor build/tools/postgresql is there" : undefined;

/** The environment that its programs need beside their own. */
export const LIBRARIES =
	BIN === INSTALLED ? {} : { LD_LIBRARY_PATH: `${EXTRACTED}/${machine()}-linux-gnu` };

/** The user and group, as child_process takes them; empty if this process is not root's. */
export const AS_USER = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
