// The systemd units: valid and hardened. tests/install tests them on a booted systemd.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { BlockList, isIPv6 } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BUILD, baseEnvironment, ROOT, until, withBanter } from "./harness.mjs";
import { expectTool, useDirectory } from "./tool.mjs";

const UNITS = join(ROOT, "systemd/units");

/** The maximum exposure of each service by `systemd-analyze security`. */
const EXPOSURE = {
	"banter-storaged.service": 1.0,
	"banter-searchd.service": 1.0,
	"banter-crawld.service": 1.2,
	"banter-maild.service": 1.4,
	"banter.service": 1.5,
	"banter-backup.service": 1.0,
	"banter-setup.service": 1.5,
};

/** Of several machines, installed by systemd/cluster/configure. */
const CLUSTER = ["banter-leave-full-disk.service", "banter-leave-full-disk.timer"];

/** Files named by the units, which an empty root lacks. */
const PROGRAMS = [
	"bin/kill",
	"bin/sh",
	"usr/bin/banter",
	"usr/bin/env",
	"etc/patroni/leave-full-disk",
].concat(
	["masterd", "storaged", "searchd", "crawld", "maild", "crawl-addresses"].map(
		(name) => `usr/lib/banter/${name}`,
	),
);

function run(command, ...args) {
	const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
	return { status, said: `${stdout}${stderr}` };
}

const HAS_SYSTEMD = {
	skip: run("systemd-analyze", "--version").status === 0 ? false : "there is no systemd-analyze",
};

describe("the units", HAS_SYSTEMD, () => {
	const root = useDirectory()();
	const units = readdirSync(UNITS);

	const services = units.filter((name) => name.endsWith(".service")).sort();
	for (const unit of services)
		it(`${unit} has an exposure of at most ${EXPOSURE[unit]}`, () => {
			const threshold = `--threshold=${10 * EXPOSURE[unit]}`; // in tenths
			const args = ["security", "--no-pager", "--offline=yes", threshold, join(UNITS, unit)];
			const { status, said } = run("systemd-analyze", ...args);
			assert.equal(status, 0, said);
			assert.match(said, /Overall exposure level/);
		});

	for (const unit of [
		"banter-storaged.service",
		"banter-searchd.service",
		"banter-crawld.service",
		"banter-maild.service",
		"banter.service",
	])
		it(`${unit} has a limit of memory`, () =>
			assert.match(readFileSync(join(UNITS, unit), "utf8"), /^MemoryMax=\d+%$/m));

	it("banter-crawld.service denies what crawld refuses, in each form of an address", () => {
		const text = readFileSync(join(UNITS, "banter-crawld.service"), "utf8");
		// One for each family: an IPv4 address would match ::ffff:0:0/96.
		const denied = { ipv4: new BlockList(), ipv6: new BlockList() };
		const familyOf = (address) => (isIPv6(address) ? "ipv6" : "ipv4");
		const v4 = [];
		for (const [, list] of text.matchAll(/^IPAddressDeny=(.*)$/gm))
			for (const [address, bits] of list.split(" ").map((one) => one.split("/"))) {
				const family = familyOf(address);
				denied[family].addSubnet(address, Number(bits), family);
				if (family === "ipv4") v4.push([address.split(".").map(Number), Number(bits)]);
			}
		const hex = (bytes) =>
			[bytes.slice(0, 2), bytes.slice(2)].map(([a, b]) => (256 * a + b).toString(16)).join(":");
		const denies = (address) => denied[familyOf(address)].check(address, familyOf(address));
		assert.equal(v4.length, 15);
		for (const [first, bits] of v4) {
			const last = first.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
			for (const bytes of [first, last])
				for (const address of [
					bytes.join("."),
					`::ffff:${hex(bytes)}`,
					`64:ff9b::${hex(bytes)}`,
					`2002:${hex(bytes)}::1`,
				])
					assert.ok(denies(address), address);
		}
		for (const address of ["::1", "fd00::1", "fe80::1", "ff02::1", "2001:db8::1", "64:ff9b:1::1"])
			assert.ok(denies(address), address);
		for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "64:ff9b::808:808", "2606::1"])
			assert.ok(!denies(address), address);
	});

	it("are valid for systemd", () => {
		cpSync("/lib/systemd/system", join(root, "lib/systemd/system"), { recursive: true });
		cpSync(UNITS, join(root, "lib/systemd/system"), { recursive: true });
		for (const unit of CLUSTER)
			cpSync(join(ROOT, "systemd/cluster", unit), join(root, "lib/systemd/system", unit));
		for (const program of PROGRAMS) {
			mkdirSync(join(root, program, ".."), { recursive: true });
			writeFileSync(join(root, program), "", { mode: 0o755 });
		}
		const args = ["verify", "--man=no", `--root=${root}`, ...units, ...CLUSTER];
		const { status, said } = run("systemd-analyze", ...args);
		assert.equal(status, 0, said);
		assert.doesNotMatch(said, /banter/);
	});

	it("create the users, groups and directories", () => {
		mkdirSync(join(root, "etc"), { recursive: true });
		const users = run("systemd-sysusers", `--root=${root}`, join(ROOT, "systemd/banter.sysusers"));
		assert.equal(users.status, 0, users.said);
		const files = ["--create", `--root=${root}`, join(ROOT, "systemd/banter.tmpfiles")];
		const { status, said } = run("systemd-tmpfiles", ...files);
		assert.equal(status, 0, said);
		assert.deepEqual(readdirSync(join(root, "var/backups")), ["banter"]);
	});
});

const LOADED = /^LoadCredential=(\w+):/gm;
const FILES = /^ {2}(\w+): \{ file: \.\/secrets\/\1 \}$/gm;

const STORE_ONLY = ["STORE_LOG"];

describe("every secret with a file from the first start", () => {
	const dir = useDirectory()();
	const args = ["setup", "--first-start", "--config", dir];
	const made = spawnSync(join(BUILD, "banter"), args, { env: baseEnvironment() });
	const secrets = readdirSync(join(dir, "credentials")).sort();
	// The settings that daemons read from credentials.
	const table = readFileSync(join(ROOT, "proto/settings/settings.def"), "utf8");
	const entries = [
		...table.matchAll(/^SETTING\((\w+), [^,]+, (\w+),([^"]|"[^"]*",)*?(true|false),$/gm),
	];
	// What only storaged reads is for several machines; systemd/cluster makes it.
	const wanted = entries.filter(
		([, name, kind, , secret]) =>
			(/FILE$/.test(kind) || secret === "true") && !STORE_ONLY.includes(name),
	);
	const namesIn = (path, pattern) =>
		[...readFileSync(join(ROOT, "systemd", path), "utf8").matchAll(pattern)].map(
			([, name]) => name,
		);

	const [, purged] = /credentials ([^']*)/.exec(
		readFileSync(join(ROOT, "systemd/debian/postrm"), "utf8"),
	);
	const compose = "container/compose.yaml";

	for (const [what, names] of [
		["is every setting that can be a credential", wanted.map(([, name]) => name)],
		[
			"is passed on by the front end's unit, or maild's",
			["banter", "banter-maild"].flatMap((unit) => namesIn(`units/${unit}.service`, LOADED)),
		],
		["is deleted by a purge", purged.match(/\w+/g).filter((name) => !STORE_ONLY.includes(name))],
		["is listed in the container example", namesIn(compose, /^ {6}- ([A-Z_]+)$/gm)],
		["is a file of the container example", namesIn(compose, FILES)],
	])
		it(what, () => {
			assert.equal(made.status, 0);
			assert.deepEqual(names.sort(), secrets);
		});
});

describe("a purge", () => {
	/** Runs postrm as dpkg does, in this directory instead of the root. */
	function purge(root) {
		const text = readFileSync(join(ROOT, "systemd/debian/postrm"), "utf8")
			.replace("#DEBHELPER#", "")
			.replaceAll(/(?<=\s)\/(?=etc|var|run)/g, `${root}/`);
		const { status, stdout, stderr } = spawnSync("sh", ["-ec", text, "postrm", "purge"], {
			encoding: "utf8",
			env: { PATH: process.env.PATH },
		});
		assert.equal(status, 0, stderr);
		return stdout;
	}

	const path = useDirectory();

	it("leaves nothing that the daemons have written, also after kills", async () => {
		const root = path("written");
		const store = join(root, "var/lib/banter");
		const search = join(root, "var/lib/banter-search");
		for (const dir of [store, search]) mkdirSync(dir, { recursive: true });
		const env = { DATA_DIR: store, SEARCH_DIR: search };
		await withBanter({ workers: 1, search: true, env }, async (banter) => {
			await banter.chat("purged", "[[tokens=2]] the owner's words");
			await until("both indexes are written", () =>
				["search.db", "passages.db"].every((name) => existsSync(join(search, name))),
			);
			await expectTool(banter, 0, "backup", path("kept.mdb"));
			await banter.storaged.stop();
			await expectTool(banter, 0, "restore", "--force", path("kept.mdb"));
			cpSync(search, join(root, "running"), { recursive: true });
			banter.startStore();
			await banter.ready();
		});
		cpSync(join(root, "running"), search, { recursive: true });
		const before = [...readdirSync(store), ...readdirSync(search)];
		for (const name of ["data.mdb.replaced", "passages.db-wal", "search.db-wal"])
			assert.ok(before.includes(name), `${before}`);
		assert.equal(purge(root), "");
		assert.deepEqual(readdirSync(join(root, "var/lib")), []);
	});

	it("says what it keeps: files of others, links, and what the cluster uses", () => {
		const root = path("kept");
		for (const dir of ["etc/banter/cluster", "var/lib/banter-search", "elsewhere"])
			mkdirSync(join(root, dir), { recursive: true });
		writeFileSync(join(root, "var/lib/banter-search/notes"), "");
		writeFileSync(join(root, "elsewhere/data.mdb"), "");
		symlinkSync(join(root, "elsewhere"), join(root, "var/lib/banter"));
		const said = purge(root);
		assert.match(said, /var\/lib\/banter-search: it is a mount point or has other files/);
		assert.match(said, /var\/lib\/banter is a symbolic link; the purge kept/);
		assert.match(said, /PostgreSQL's database banter has the commit log with conversations/);
		assert.ok(existsSync(join(root, "elsewhere/data.mdb")));
	});
});
