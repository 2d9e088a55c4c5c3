// A Debian that is booted: a copy of a root directory, in systemd-nspawn, in the network namespace of
// this process (which the runner made for each file of tests/install, with nothing in it but loopback).
//
//	const machine = new Machine(root);
//	await machine.boot();
//	const { status, stdout } = await machine.run("systemctl is-active banter.target");
//	await machine.end();

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { until as untilWithin } from "../e2e/daemon.mjs";
import { makeGroups, removeGroups } from "./cgroup.mjs";

/** The timeout of any step: a whole machine, perhaps on a busy host. */
const DEADLINE_MS = 60_000;
export const COMMAND_MS = 300_000; // apt's, most of all
const REBOOT_STATUS = 133; // systemd-nspawn(1): the machine wants to be started again
const SIGRTMIN_4 = 38; // systemd(1): power off

const ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"];

/** Enters the groups named before -- and executes the command after it. */
const IN_GROUPS = `
	while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done
	shift
	exec "$@"`;

/** Why no machine can be booted here; undefined if it may work. */
export function whyNot() {
	if (process.getuid() !== 0) return "only root can boot a machine";
	const missing = ["systemd-nspawn", "nsenter"].filter(
		(name) => spawnSync(name, ["--version"]).status !== 0,
	);
	return missing.length > 0 ? `there is no ${missing.join(", no ")}` : undefined;
}

/** Polls a condition and resolves to its result. ms: extra time for effects of a command. */
export function until(what, condition, ms = DEADLINE_MS) {
	return untilWithin(what, condition, ms);
}

export class Machine {
	/**
	 * @param {string} template the root directory to copy
	 * @param {{online?: boolean, folders?: Record<string, string>}} options online: it uses the network of this
	 *     process as it is, without changing its settings; folders: of the host, by their path in the machine
	 */
	constructor(template, { online = false, folders = {} } = {}) {
		this.options = [
			...(online ? [] : [`--network-namespace-path=/proc/${process.pid}/ns/net`]),
			...Object.entries(folders).map(([inside, outside]) => `--bind=${outside}:${inside}`),
		];
		this.root = mkdtempSync(join(dirname(template), "machine-"));
		this.console = `${this.root}.log`;
		const copy = spawnSync("cp", ["-a", "--reflink=auto", `${template}/.`, this.root]);
		assert.equal(copy.status, 0, `no copy of ${template}: ${copy.stderr}`);
	}

	async boot() {
		this.groups = makeGroups(`banter-install-${basename(this.root)}`);
		const nspawn = [
			...["systemd-nspawn", "--quiet", `--directory=${this.root}`, "--boot"],
			...["--register=no", "--keep-unit", "--link-journal=no"],
			...["--capability=all", "--system-call-filter=bpf", ...this.options],
		];
		const args = ["-c", IN_GROUPS, "sh", ...this.groups, "--", ...nspawn];
		this.child = spawn("sh", args, { stdio: ["ignore", "pipe", "pipe"] });
		const log = createWriteStream(this.console, { flags: "a" });
		for (const stream of [this.child.stdout, this.child.stderr]) stream.pipe(log, { end: false });
		this.ended = new Promise((done) => this.child.once("close", done));
		await this.#up();
	}

	/** The pid, on the host, of the machine's first process. */
	get #leader() {
		const path = `/proc/${this.child.pid}/task/${this.child.pid}/children`;
		const [pid] = readFileSync(path, "utf8").split(" ");
		return Number(pid);
	}

	/** Waits until the boot is complete. */
	async #up() {
		await until("the machine is up", async () => {
			if (this.child.exitCode !== null) throw new Error(`it did not boot:\n${this.tail()}`);
			if (!this.#leader) return false;
			const { stdout } = await this.run("systemctl is-system-running");
			return /^(running|degraded)/.test(stdout);
		});
	}

	tail() {
		return readFileSync(this.console, "utf8").slice(-4000);
	}

	/**
	 * Starts a shell script in the machine; resolves its `ended` to { status, signal, stdout, stderr }.
	 * input null: the caller writes to it.
	 */
	start(script, { input = "", env = {}, ms = COMMAND_MS } = {}) {
		const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
		const enter = [
			`--target=${this.#leader}`,
			..."mount pid uts ipc".split(" ").map((n) => `--${n}`),
		];
		const child = spawn(
			"nsenter",
			[...enter, "--", ...ENVIRONMENT, ...settings, "sh", "-c", script],
			{
				stdio: ["pipe", "pipe", "pipe"],
				timeout: ms,
				killSignal: "SIGKILL",
			},
		);
		const said = { stdout: "", stderr: "" };
		for (const name of ["stdout", "stderr"])
			child[name].setEncoding("utf8").on("data", (text) => {
				said[name] += text;
			});
		child.stdin.on("error", () => {}); // it need not read
		if (input !== null) child.stdin.end(input);
		const ended = new Promise((resolve, reject) => {
			child.once("error", reject);
			child.once("close", (status, signal) => resolve({ status, signal, ...said }));
		});
		return { child, said, ended };
	}

	/** Runs a shell script in the machine with this input. */
	run(script, options) {
		return this.start(script, options).ended;
	}

	/** The same for a script that must succeed; resolves to its output. */
	async do(script, options) {
		const { status, signal, stdout, stderr } = await this.run(script, options);
		assert.equal(status, 0, `${script}: ${signal ?? status}\n${stdout}${stderr}`);
		return stdout;
	}

	/** What may explain a failure: the units, the newest lines of the journal, the disk. */
	async report() {
		const { stdout, stderr } = await this.run(`
			systemctl list-units --all --no-legend --plain 'banter*' model.service
			journalctl --sync; journalctl --no-pager -o short-precise -n 60
			df -h / /run`);
		return `The machine:\n${stdout}${stderr}`;
	}

	/** Copies a file from the host to a path in the machine. */
	put(from, path) {
		cpSync(from, join(this.root, path));
	}

	async property(unit, name) {
		return (await this.do(`systemctl show --value --property=${name} ${unit}`)).trim();
	}

	/** Waits until a unit is in this state. */
	becomes(unit, state) {
		return until(`${unit} is ${state}`, async () => {
			return (await this.property(unit, "ActiveState")) === state;
		});
	}

	/** systemd-nspawn did not create its group and leaves a reboot to us. */
	async reboot() {
		await this.run("systemctl reboot");
		assert.equal(await this.ended, REBOOT_STATUS, this.tail());
		removeGroups(this.groups);
		await this.boot();
	}

	/** Powers it off and removes its files. */
	async end() {
		if (this.child?.exitCode === null) {
			const late = setTimeout(() => this.child.kill("SIGKILL"), DEADLINE_MS);
			process.kill(this.#leader, SIGRTMIN_4);
			await this.ended;
			clearTimeout(late);
		}
		removeGroups(this.groups ?? []);
		rmSync(this.root, { recursive: true, force: true });
		rmSync(this.console, { force: true });
	}
}
