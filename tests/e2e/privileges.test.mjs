// What the daemons give up by themselves, without systemd: the user root, new privileges, system calls, and memory
// that others can read. Which calls are refused: tests/unit/proto/process; that none is which the daemons need: all
// tests with real daemons (FATAL_REPORT in harness.mjs).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { request } from "./client.mjs";
import { copyForEveryone } from "./everyone.mjs";
import { BUILD, baseEnvironment, freePort, withBanter } from "./harness.mjs";
import { startProgram, useDirectory } from "./tool.mjs";

const EX_NOPERM = 77;
const EX_CONFIG = 78;
const NOBODY = { name: "nobody", uid: 65534 };
const ROOT_ONLY = { skip: process.getuid() === 0 ? false : "only root can change its user" };
const SANITIZED = BUILD.includes("address");

const scratch = useDirectory();

/** A field of /proc/PID/status, as a list. */
function statusOf(pid, name) {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(status)[1].split(/\s+/);
}

/** The filters of system calls that a process has in addition to those of this process. */
function ownFilters(pid) {
	return statusOf(pid, "Seccomp_filters") - statusOf("self", "Seccomp_filters");
}

/** Whether a process hides its memory from others of its user: then its files in /proc belong to root. */
function isHidden(pid) {
	return statSync(`/proc/${pid}/environ`).uid === 0;
}

function everyone(banter) {
	return [banter.masterd.pid, banter.storaged.pid, ...banter.workerPids()];
}

/** A free port that only root may use. */
async function lowPort() {
	for (let port = 1023; port > 512; port--) {
		const server = createServer();
		const free = await new Promise((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
		});
		if (free) return port;
	}
	throw new Error("no port below 1024 is free");
}

describe("the daemons", () => {
	for (const [filter, filters] of [
		["1", 1],
		["0", 0],
	])
		it(`have no new privileges, and SYSCALL_FILTER=${filter} means ${filters} filters`, () =>
			withBanter({ env: { SYSCALL_FILTER: filter } }, async (banter) => {
				for (const pid of everyone(banter)) assert.deepEqual(statusOf(pid, "NoNewPrivs"), ["1"]);
				assert.equal(ownFilters(banter.masterd.pid), 0);
				for (const pid of [banter.storaged.pid, ...banter.workerPids()])
					assert.equal(ownFilters(pid), filters);
			}));
});

describe("started by root, the daemons", ROOT_ONLY, () => {
	for (const dumps of ["0", "1"])
		it(`listen and then become RUN_AS_USER, with CORE_DUMPS=${dumps}`, async () => {
			const dir = scratch();
			chownSync(dir, NOBODY.uid, NOBODY.uid);
			const port = await freePort();
			const low = await lowPort();
			const LISTEN = `127.0.0.1:${port},127.0.0.1:${low}`;
			const programs = copyForEveryone();
			const env = { RUN_AS_USER: NOBODY.name, DATA_DIR: dir, CORE_DUMPS: dumps };
			const groups = execFileSync("id", ["-G", NOBODY.name], { encoding: "utf8" }).trim();
			const all = { ...env, LISTEN, ASSET_DIR: programs };
			await withBanter({ env: all, port, programs }, async (banter) => {
				const { status } = await request(`http://127.0.0.1:${low}`, "GET", "/health/ready");
				assert.equal(status, 200);
				assert.equal((await banter.chat("session", "[[tokens=1]]")).status, 200);
				for (const pid of everyone(banter)) {
					assert.deepEqual(statusOf(pid, "Uid"), Array(4).fill(String(NOBODY.uid)));
					assert.deepEqual(statusOf(pid, "Groups"), groups.split(" "));
					for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
						assert.match(statusOf(pid, set)[0], /^0+$/, set);
					if (!SANITIZED) assert.equal(isHidden(pid), dumps === "0");
				}
			});
			assert.equal(statSync(`${dir}/data.mdb`).uid, NOBODY.uid);
		});

	it("do not start if root may not change its user", async () => {
		const args = ["--bounding-set=-setuid,-setgid", join(BUILD, "storaged")];
		const env = { ...baseEnvironment(), RUN_AS_USER: NOBODY.name, DATA_DIR: scratch("data") };
		const { status, stderr } = await startProgram("setpriv", args, env).ended;
		assert.equal(status, EX_NOPERM, stderr);
		assert.match(stderr, /ev=user_not_changed user=nobody .* help="root needs .*CAP_SETUID/);
	});

	it("end with 78 if RUN_AS_USER cannot read a file of the settings that root can read", async () => {
		const OPENAI_CA_BUNDLE = scratch("ca.pem");
		writeFileSync(OPENAI_CA_BUNDLE, "", { mode: 0o600 });
		const LISTEN = `127.0.0.1:${await freePort()}`;
		const env = { RUN_AS_USER: NOBODY.name, DATA_DIR: scratch("data"), LISTEN, OPENAI_CA_BUNDLE };
		const masterd = join(copyForEveryone(), "masterd");
		const { status, stderr } = await startProgram(masterd, [], { ...baseEnvironment(), ...env })
			.ended;
		assert.equal(status, EX_CONFIG, stderr);
		assert.match(stderr, /OPENAI_CA_BUNDLE=.*ca\.pem: must be a readable file/);
		assert.match(stderr, /a worker refused its settings/);
	});

	it("stay root without RUN_AS_USER, with a warning", () =>
		withBanter({}, async (banter) => {
			assert.deepEqual(statusOf(banter.masterd.pid, "Uid"), Array(4).fill("0"));
			const warnings = banter.log.lines.filter((line) => line.ev === "runs_as_root");
			assert.equal(warnings.length, 2);
		}));
});
