// `make run` and `make deps` on a developer's machine.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { freePort } from "../ports.mjs";
import { BUILD, ROOT, until } from "./daemon.mjs";
import { startProgram, useDirectory } from "./tool.mjs";

const scratch = useDirectory();

/** Runs `make deps` for a package that does not exist, as the user that id(1) names, with these further programs. */
function makeDeps(name, uid, programs) {
	const path = scratch(name);
	mkdirSync(path);
	const found = [
		"apt-cache",
		"awk",
		"bash",
		"dpkg-query",
		"env",
		"fold",
		"make",
		"node",
		"npm",
		"printf",
		"sed",
		"sort",
	];
	for (const one of found)
		symlinkSync(execFileSync("which", [one], { encoding: "utf8" }).trim(), `${path}/${one}`);
	for (const [one, script] of Object.entries({ id: `echo ${uid}`, ...programs }))
		writeFileSync(`${path}/${one}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	const args = ["-s", "deps", "FOR=run", "DEBS_run=no-such-package", "NPM_run="];
	const { status, stdout, stderr } = spawnSync("make", args, { cwd: ROOT, env: { PATH: path } });
	return { status, text: `${stdout}${stderr}` };
}

it("make deps prints the command for root if there is no sudo", () => {
	const { status, text } = makeDeps("none", 1000, {});
	assert.equal(status, 2);
	assert.match(text, /are missing here:\n {2}no-such-package\n/);
	assert.match(text, /as root.*:\n {2}apt-get update && .* install .* no-such-package\n/);
});

for (const [who, uid, programs] of [
	["root", 0, {}],
	["a user with sudo", 1000, { sudo: '"$@"' }],
])
	it(`make deps tells ${who} which step of apt failed, and not to become root`, () => {
		const script = (what) => `case "$*" in *${what}*) echo "E: out of order" >&2; exit 100;; esac`;
		for (const [what, report] of [
			["update", /E: out of order\napt-get update failed, see above/],
			["-s", /E: out of order\napt-get cannot install these packages, see above/],
		]) {
			const all = { ...programs, "apt-get": script(what) };
			const { status, text } = makeDeps(`${uid}${what}`, uid, all);
			assert.equal(status, 2);
			assert.match(text, report);
			assert.doesNotMatch(text, /as root/);
		}
	});

it("the build shows why npm failed", () => {
	const tree = scratch("npm");
	mkdirSync(`${tree}/widget`, { recursive: true });
	for (const name of ["Makefile", "widget/package.json", "widget/package-lock.json"])
		cpSync(`${ROOT}/${name}`, `${tree}/${name}`);
	const env = {
		PATH: process.env.PATH,
		HOME: tree,
		npm_config_registry: "http://127.0.0.1:1",
		npm_config_fetch_retries: "0",
	};
	const args = ["-s", "widget/node_modules/.installed"];
	const { status, stdout } = spawnSync("make", args, { cwd: tree, env, encoding: "utf8" });
	assert.equal(status, 2);
	assert.match(stdout, /ECONNREFUSED(.|\n)*npm could not install the packages of widget\//);
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

/** The local addresses of this machine's listeners of a port, as the kernel writes them. */
const listeners = (port) =>
	["/proc/net/tcp", "/proc/net/tcp6"]
		.filter((path) => existsSync(path))
		.flatMap((path) => readFileSync(path, "utf8").split("\n"))
		.map((line) => line.trim().split(/\s+/))
		.filter(([, local, , state]) => state === "0A" && parseInt(local.split(":")[1], 16) === port)
		.map(([, local]) => local.split(":")[0]);

const LOOPBACK = ["0100007F", "00000000000000000000000001000000"];

describe("make run", { concurrency: false }, () => {
	/** Runs it with these further lines of .env until it has printed the addresses; resolves to its output. */
	async function runOnce(name, port, lines) {
		const tree = scratch(name);
		for (const path of ["systemd/run.mjs", ".env.example"])
			cpSync(`${ROOT}/${path}`, `${tree}/${path}`);
		symlinkSync(BUILD, `${tree}/build`);
		writeFileSync(`${tree}/.env`, [`PORT=${port}`, "WORKERS=1", ...lines, ""].join("\n"));
		const env = { PATH: process.env.PATH };
		const run = startProgram(process.execPath, [`${tree}/systemd/run.mjs`], env);
		await until(
			"the addresses",
			() => run.exitCode !== null || /Ctrl-C stops it/.test(run.said.stdout),
		);
		const at = listeners(port);
		run.kill("SIGINT");
		return { ...(await run.ended), at };
	}

	it("lets the demo model behave like another server with DIALECT, and lists those that it knows", async () => {
		const of = (dialect, lines = []) =>
			freePort().then((port) => runOnce(dialect, port, [`DIALECT=${dialect}`, ...lines]));
		const known = await of("mistral", ["OPENAI_API_KEY=sk-real"]);
		assert.equal(known.status, 0, known.stderr);
		assert.match(known.stdout, /replies like a server of the kind mistral/);
		const unknown = await of("latin");
		assert.equal(unknown.status, 64);
		assert.match(unknown.stderr, /no dialect 'latin'(.|\n)*mistral(.|\n)*vllm/);
	});

	it("lets only this machine connect in development, and says how to open it", async () => {
		const port = await freePort();
		const { status, stdout, stderr, at } = await runOnce("local", port, []);
		assert.equal(status, 0, stderr);
		assert.match(
			stdout,
			RegExp(`Only this machine can connect.*LISTEN=\\[::\\]:${port} in \\.env`),
		);
		assert.match(stdout, RegExp(`dashboard +http://localhost:${port}/`));
		assert.deepEqual(
			at.filter((address) => !LOOPBACK.includes(address)),
			[],
		);
		assert.ok(at.includes("0100007F"), `${at}`);
	});

	it("ends with what kept a daemon from starting, below what the others say while they stop", async () => {
		const taken = createServer();
		await new Promise((resolve) => taken.listen(0, "127.0.0.1", resolve));
		const { port } = taken.address();
		const cases = [
			[
				"taken",
				[],
				71,
				`ev=listen_failed address=127.0.0.1:${port} error="Address already in use".*`,
			],
			["file", ["DATA_DIR=./data", "SEARCH_DIR=./.env/search"], undefined, "ev=.*"],
		];
		try {
			for (const [name, lines, status, last] of cases) {
				const end = await runOnce(name, port, lines);
				assert.equal(end.status, status ?? end.status);
				assert.notEqual(end.status, 0);
				assert.match(
					end.stderr,
					RegExp(`\n\\w+ could not start \\(\\d+\\):\n(  .*\n)*  ${last}\n$`),
				);
			}
		} finally {
			taken.close();
		}
	});

	it("listens where LISTEN says", async () => {
		const port = await freePort();
		const { status, stdout, stderr, at } = await runOnce("open", port, [`LISTEN=0.0.0.0:${port}`]);
		assert.equal(status, 0, stderr);
		assert.doesNotMatch(stdout, /Only this machine/);
		assert.deepEqual(at, ["00000000"]);
	});
});

it("a checkout ignores the files that `make run` and `banter setup` create", () => {
	const files = [".env", "data/data.mdb", "config/banter.env", "config/credentials/OPENAI_API_KEY"];
	const args = ["check-ignore", ...files];
	const ignored = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
	assert.deepEqual(ignored.trim().split("\n"), files);
});
