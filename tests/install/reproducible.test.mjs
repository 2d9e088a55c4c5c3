// The packages that `make deb` has built, and packages of the same sources from another directory, with
// another time zone, language and umask: they are identical, byte for byte.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ROOT } from "../e2e/daemon.mjs";

const BUILT = join(ROOT, "build/deb");
const VERSION = process.env.BANTER_VERSION ?? "0.1.0";

const packages = (dir) =>
	existsSync(dir)
		? readdirSync(dir).filter((name) => /^banter(-dbgsym)?_/.test(name) && name.endsWith(".deb"))
		: [];

function run(dir, script, env = {}) {
	const options = { cwd: dir, encoding: "utf8", env: { ...process.env, ...env } };
	const { status, stdout, stderr } = spawnSync("/bin/bash", ["-ec", script], options);
	assert.equal(status, 0, `${script}\n${stdout}${stderr}`);
	return stdout.trim();
}

/** Copies the sources, as git sees them, and the npm packages. */
function copySources(to) {
	const listed = run(ROOT, "git ls-files -z --cached --others --exclude-standard --deduplicate");
	for (const path of listed.split("\0").filter((name) => name && existsSync(join(ROOT, name))))
		cpSync(join(ROOT, path), join(to, path), { verbatimSymlinks: true });
	for (const front of ["widget", "dashboard"])
		run(ROOT, `cp -a ${front}/node_modules ${to}/${front}/`);
}

describe("the package", { skip: packages(BUILT).length < 2 && "make deb has not been run" }, () => {
	const dir = mkdtempSync(join(tmpdir(), "another-directory-for-banter-"));
	after(() => rmSync(dir, { recursive: true, force: true }));

	it("is the same, whoever builds it and where", () => {
		const changelog = `${BUILT}/banter-${VERSION}/debian/changelog`;
		const time = run(ROOT, `dpkg-parsechangelog -S Timestamp -l ${changelog}`);
		copySources(dir);
		run(dir, "umask 077; make -j2 package", {
			SOURCE_DATE_EPOCH: time,
			TZ: "Pacific/Chatham",
			LC_ALL: "C.UTF-8",
			MAKEFLAGS: "",
		});
		const names = packages(BUILT).filter((name) => name.includes(`_${VERSION}_`));
		assert.equal(names.length, 2, String(packages(BUILT)));
		for (const name of names)
			assert.ok(
				readFileSync(join(BUILT, name)).equals(readFileSync(join(dir, "build/deb", name))),
				`${name} differs: compare it with diffoscope`,
			);
	});
});
