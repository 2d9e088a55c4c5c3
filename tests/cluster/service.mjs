// A service of a machine: a program that is started again whenever it ends, as by systemd, with the settings of its unit.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../e2e/daemon.mjs";
import { childrenOf } from "../e2e/proc.mjs";

const RESTART_MS = 500;

/** All values of an option of a unit, with those of its drop-ins. */
function optionsOf(machine, unit) {
	const drops = machine.path(`/etc/systemd/system/${unit}.service.d`);
	const files = [
		join(ROOT, "systemd/units", `${unit}.service`),
		...(existsSync(drops) ? readdirSync(drops).map((name) => join(drops, name)) : []),
	];
	const lines = files.filter(existsSync).flatMap((file) => readFileSync(file, "utf8").split("\n"));
	return (name) =>
		lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
}

/** NAME=value NAME=value */
const parseEnvironment = (lines) =>
	Object.fromEntries(lines.flatMap((line) => line.split(" ")).map((one) => one.split(/=(.*)/s)));

/** Copies the credentials that a unit loads to where it finds them; resolves to that directory. */
async function loadCredentials(machine, unit, lines, user) {
	const at = `/run/credentials/${unit}`;
	await machine.run("install", ["-d", "-m", "700", "-o", user, at]);
	for (const [name, from] of lines.map((line) => line.split(":")))
		if (existsSync(machine.path(from)))
			await machine.run("install", ["-m", "400", "-o", user, from, join(at, name)]);
	return at;
}

/** User and environment of a daemon of ours, from its unit and the drop-ins of the cluster. */
export async function unitOf(machine, unit) {
	const option = optionsOf(machine, unit);
	const user = option("User").at(-1);
	const at = await loadCredentials(machine, unit, option("LoadCredential"), user);
	return { user, env: { ...parseEnvironment(option("Environment")), CREDENTIALS_DIRECTORY: at } };
}

export class Service {
	/**
	 * @param {import("./machine.mjs").Machine} machine
	 * @param {string[]} command
	 * @param {{user?: string, env?: Record<string, string>}} how
	 * @param {string} log the file to which its output is appended
	 */
	constructor(machine, name, command, { user, env = {} }, log) {
		Object.assign(this, { machine, name, command, user, env, log });
	}

	start() {
		this.restart = true;
		this.child = spawn("nsenter", this.machine.enter(this.command, this.user), {
			env: { PATH: process.env.PATH, LANG: "C.UTF-8", ...this.env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		const { child } = this;
		for (const out of [child.stdout, child.stderr])
			createInterface(out).on("line", (line) => this.#write(line));
		// Not "close": what the program has started may keep its output open.
		this.ended = new Promise((done) => child.once("exit", done)).then(() => {
			if (this.restart && this.child === child)
				this.timer = setTimeout(() => this.restart && this.start(), RESTART_MS);
		});
	}

	/** Our daemons leave the time to systemd. */
	#write(line) {
		appendFileSync(this.log, `${new Date().toISOString().slice(11, 23)} ${line}\n`);
	}

	/** The process id of the program, whose parent is the nsenter(1); undefined if it does not run. */
	get pid() {
		return childrenOf(this.child.pid)[0];
	}

	signal(signal) {
		const { pid } = this;
		if (pid !== undefined) process.kill(pid, signal);
	}

	/** nsenter(1) stops with its child, and would never notice that it ends. */
	resume() {
		this.child.kill("SIGCONT");
	}

	/** Ends it; it is not started again. */
	async stop(signal = "SIGTERM") {
		this.restart = false;
		clearTimeout(this.timer);
		this.signal(signal);
		await this.ended;
	}

	/** Ends it; it is started again. */
	async crash() {
		this.signal("SIGKILL");
		await this.ended;
	}
}
