// `make run` and `make deps` on a developer's machine.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { it } from "node:test";
import { BUILD, ROOT } from "./daemon.mjs";
import { startProgram, useDirectory } from "./tool.mjs";

const scratch = useDirectory();

it("make deps prints the command for root if there is no sudo", () => {
	const path = scratch("bin");
	mkdirSync(path);
	for (const name of ["make", "dpkg-query", "grep", "node", "npm"])
		symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), `${path}/${name}`);
	writeFileSync(`${path}/id`, "#!/bin/sh\necho 1000\n", { mode: 0o755 });
	const args = ["-s", "deps", "FOR=run", "DEBS_run=no-such-package", "NPM_run="];
	const { status, stdout } = spawnSync("make", args, { cwd: ROOT, env: { PATH: path } });
	assert.equal(status, 2);
	const command = /as root.*:\n {2}apt-get update && .* install .* no-such-package\n/;
	assert.match(String(stdout), command);
});

it("make run reports invalid lines, unknown names and overridden settings of .env before it starts", async () => {
	const tree = scratch("tree");
	cpSync(`${ROOT}/systemd/run.mjs`, `${tree}/systemd/run.mjs`);
	symlinkSync(BUILD, `${tree}/build`);
	writeFileSync(
		`${tree}/.env`,
		'export WORKERS=none\nLOG_LEVEL="warn"\nPRT=80\nMODEL gpt\nPORT=1\n',
	);
	const env = { PATH: process.env.PATH, LOG_LEVEL: "warn", PORT: "2" };
	const { ended } = startProgram(process.execPath, [`${tree}/systemd/run.mjs`], env);
	const { status, stderr } = await ended;
	assert.equal(status, 78);
	assert.match(stderr, /WORKERS=none: must be/);
	assert.match(stderr, /PORT in .env has no effect: the environment has another value/);
	assert.match(stderr, /\.env, line 3: PRT is not a setting of banter; did you mean PORT\?/);
	assert.match(stderr, /\.env, line 4: ignored, because it is not NAME=value/);
	assert.doesNotMatch(stderr, /LOG_LEVEL|line [125]/);
});

it("a checkout ignores the files that `make run` and `banter setup` create", () => {
	const files = [".env", "data/data.mdb", "config/banter.env", "config/credentials/OPENAI_API_KEY"];
	const args = ["check-ignore", ...files];
	const ignored = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
	assert.deepEqual(ignored.trim().split("\n"), files);
});
