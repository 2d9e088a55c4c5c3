// A machine: namespaces of its own for processes, network, mounts, host name and shared memory, and a file system that
// is this machine's with a layer of its own. Its init is the only child of an unshare(1), so that one SIGKILL ends
// everything in it at once, and nothing is left when the tests end in any way.

import { spawn } from "node:child_process";
import {
	closeSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import { ROOT, until } from "../e2e/daemon.mjs";
import { childrenOf } from "../e2e/proc.mjs";
import { plugIn, unplug } from "./network.mjs";
import { run } from "./process.mjs";

/** Disks of their own, which tests fill: directory → MiB. */
const DISKS = {
	"/var/lib/postgresql": 1024,
	"/var/lib/banter": 512,
	"/var/lib/etcd": 256,
};

/** What fills a disk. */
const FILLER = "everything-else";

/**
 * The first process. Its loop also waits for orphans. A new machine's first process ids differ each time, as after a
 * real start: a stale postmaster.pid must not name a process by accident.
 */
const INIT = `
mount -t tmpfs -o mode=755 run /run && mount -t tmpfs -o mode=1777 shm /dev/shm && hostname "$1" &&
echo "$2" >/proc/sys/kernel/ns_last_pid &&
install -d -o postgres /run/postgresql && install -d -o banter-search /var/lib/banter-search && install -d -m 1777 /run/banter && install -d /run/banter-cluster &&
: >/run/booted
while sleep 86400; do :; done`;

/** The id of a process in the innermost of its namespaces; undefined if it has ended. */
function innerPid(pid) {
	try {
		const line = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
		return Number(line[1].split("\t").at(-1));
	} catch {
		return undefined;
	}
}

export class Machine {
	/** @param {string} dir where its file systems are, and the directory for logs */
	constructor(name, address, dir, logs) {
		Object.assign(this, { name, address, logs });
		this.root = join(dir, name);
		this.layer = `${this.root}.layer`;
		this.boots = 0;
		this.services = new Map();
	}

	/** Creates its file systems, and the users of the package. */
	async install() {
		const { root, layer } = this;
		for (const dir of [root, layer]) mkdirSync(dir, { recursive: true });
		await run("mount", ["-t", "tmpfs", "-o", "mode=755", "layer", layer]);
		for (const part of ["upper", "work"]) mkdirSync(join(layer, part));
		const layers = `lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work`;
		await run("mount", ["-t", "overlay", "-o", layers, "overlay", root]);
		await run("mount", ["--rbind", "/dev", join(root, "dev")]);
		await run("mount", ["-t", "proc", "proc", join(root, "proc")]);
		mkdirSync(join(root, ROOT), { recursive: true });
		await run("mount", ["--bind", ROOT, join(root, ROOT)]);
		await run("chroot", [root, "systemd-sysusers", join(ROOT, "systemd/banter.sysusers")]);
		// Without systemd, storaged and searchd create their sockets themselves, for this group.
		for (const user of ["banter-store", "banter-search"])
			await run("chroot", [root, "usermod", "--append", "--groups", "banter", user]);
		for (const [at, mib] of Object.entries(DISKS)) {
			mkdirSync(join(root, at), { recursive: true });
			await run("mount", ["-t", "tmpfs", "-o", `mode=755,size=${mib}m`, "disk", join(root, at)]);
		}
		const owners = [
			["postgres", "/var/lib/postgresql"],
			["banter-store", "/var/lib/banter"],
			["etcd", "/var/lib/etcd"],
		];
		for (const [owner, at] of owners) await run("chroot", [root, "chown", `${owner}:`, at]);
	}

	get isUp() {
		return this.init !== undefined;
	}

	async boot() {
		const apart = [
			"--net",
			"--pid",
			"--mount",
			"--ipc",
			"--uts",
			"--fork",
			"--kill-child",
			"--mount-proc",
		];
		const first = ["sh", "-c", INIT, "init", this.name, `${1000 + 5000 * (this.boots++ % 5)}`];
		const log = openSync(join(this.logs, `${this.name}.log`), "a");
		const child = spawn("unshare", [...apart, `--root=${this.root}`, ...first], {
			stdio: ["ignore", log, log],
		});
		closeSync(log);
		this.ended = new Promise((done) => child.once("close", done));
		this.init = await until("the first process", () => childrenOf(child.pid)[0]);
		await until("the machine has booted", () =>
			this.run("test", ["-e", "/run/booted"]).then(
				() => true,
				() => false,
			),
		);
		await plugIn(this);
	}

	/** Starts a service, which is started again whenever it ends. */
	start(service) {
		this.services.set(service.name, service);
		service.start();
	}

	/** The machine is gone, without a word to the others. */
	async crash() {
		for (const service of this.services.values()) service.restart = false;
		await unplug(this);
		process.kill(this.init, "SIGKILL");
		for (const service of this.services.values()) service.resume();
		await this.ended;
		this.init = undefined;
		await Promise.all([...this.services.values()].map((service) => service.ended));
	}

	/** Stops its services in the reverse order of their start, and then it. */
	async shutDown() {
		for (const service of [...this.services.values()].reverse()) await service.stop();
		await this.crash();
	}

	/** Another machine, without any data, takes its place: it is down, and then as after install(). */
	async wipe() {
		await run("umount", ["--recursive", this.root]);
		await run("umount", [this.layer]);
		this.services.clear();
		await this.install();
	}

	/** The arguments of nsenter(1) for a command in this machine, as a user with all groups, or root. */
	enter(command, user) {
		const spaces = [
			"--target",
			`${this.init}`,
			"--net",
			"--pid",
			"--mount",
			"--ipc",
			"--uts",
			"--root",
			"--wd",
		];
		const as = user ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"] : [];
		return [...spaces, "--", ...as, ...command];
	}

	/** Runs a command in it; resolves to its output. */
	run(command, args, { user, ...options } = {}) {
		return run("nsenter", this.enter([command, ...args], user), options);
	}

	/** All its processes: those with its namespace. */
	pids() {
		const space = (pid) => {
			try {
				return readlinkSync(`/proc/${pid}/ns/pid`);
			} catch {
				return undefined; // it has ended
			}
		};
		const mine = space(this.init);
		return readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name) && space(name) === mine)
			.map(Number);
	}

	/** The process id, for the tests, of one of its processes, whose id it knows; undefined if there is none. */
	outerPid(inner) {
		return this.pids().find((pid) => innerPid(pid) === inner);
	}

	/** The path of one of its files. */
	path(path) {
		return join(this.root, path);
	}

	/** Fills the disk that contains a directory, except so many MiB, until free(). */
	async fill(at, mib = 0) {
		const file = join(at, FILLER);
		await this.run("sh", ["-c", `dd if=/dev/zero of=${file} bs=64k 2>/dev/null; true`]);
		await this.run("truncate", ["--no-create", `--size=-${mib}M`, file]);
	}

	free(at) {
		rmSync(this.path(join(at, FILLER)), { force: true });
	}
}
