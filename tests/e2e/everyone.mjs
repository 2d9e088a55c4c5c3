// For daemons that run as another user: the tree may be below a directory that only its owner can enter, such as
// root's home.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD, ROOT } from "./daemon.mjs";

let copy;

/** The directory of a copy of masterd, workerd, storaged and their pages (ASSET_DIR), which every user can read. */
export function copyForEveryone() {
	if (copy) return copy;
	copy = mkdtempSync(join(tmpdir(), "banter-everyone-"));
	process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
	for (const name of ["masterd", "workerd", "storaged"])
		cpSync(join(BUILD, name), join(copy, name));
	for (const pages of ["widget/dist", "dashboard/dist"])
		cpSync(join(ROOT, pages), join(copy, pages), { recursive: true });
	execFileSync("chmod", ["-R", "a+rX", copy]);
	return copy;
}
