// The container image of `make image`: its containers run with the users, settings and volumes of compose.yaml, by
// buildah and runc. Where runc cannot run, they run without namespaces of their own (chroot). What compose itself does,
// and its proxy, are not tested.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, baseEnvironment, Daemon, Log, ROOT, until } from "../e2e/daemon.mjs";
import { freePort } from "../ports.mjs";

const ARCHIVE = process.env.BANTER_IMAGE;
const BIG_BYTES = 250 * 2 ** 20;

const KEYS = {
	OPENAI_API_KEY: "key-of-the-stub-model",
	WIDGET_API_KEY: "widget-key-of-the-image-test",
	ADMIN_API_KEY: "admin-key-of-the-image-test-1",
	DASHBOARD_PASSWORD: "correct horse battery staple",
};

function whyNot() {
	if (!ARCHIVE) return "no image was built: make test-image";
	if (process.getuid() !== 0) return "only root can run containers";
	const missing = ["buildah", "curl"].find((name) => spawnSync(name, ["--version"]).error);
	return missing ? `there is no ${missing}` : false;
}

function run(program, args, options = {}) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", ...options });
	assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
	return stdout.trim();
}

/** compose.yaml as an object. */
function readCompose() {
	const script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
	const input = readFileSync(join(ROOT, "systemd/container/compose.yaml"), "utf8");
	return JSON.parse(run("python3", ["-c", script], { input }));
}

/** The containers of one image, with volumes that outlive them. */
class Containers {
	#marks = 0;

	constructor() {
		this.dir = mkdtempSync(join(tmpdir(), "banter-image-"));
		this.compose = readCompose();
		this.log = new Log();
		this.running = [];
		this.volumes = new Map();
	}

	buildah(...args) {
		return run("buildah", [...this.#storage(), ...args]);
	}

	#storage() {
		return ["--root", join(this.dir, "storage"), "--runroot", join(this.dir, "run")];
	}

	load() {
		this.image = this.buildah("pull", "-q", `docker-archive:${ARCHIVE}`);
		const first = this.buildah("from", "--pull-never", this.image);
		this.files = this.buildah("mount", first);
		const runc = ["--isolation", "oci", "--runtime", "/usr/sbin/runc"];
		const tried = [...this.#storage(), "run", ...runc, "--network", "none", first, "--", "true"];
		this.isolated = spawnSync("buildah", tried).status === 0;
		this.isolation = this.isolated ? runc : ["--isolation", "chroot"];
	}

	/** A volume is made as Docker makes it: empty, with owner and mode of the image's folder. */
	#volume(name, inside) {
		if (!this.volumes.has(name)) {
			const path = join(this.dir, name);
			const { uid, gid, mode } = statSync(join(this.files, inside));
			mkdirSync(path);
			chownSync(path, uid, gid);
			chmodSync(path, mode & 0o7777);
			this.volumes.set(name, path);
		}
		return this.volumes.get(name);
	}

	/** The options of `buildah run` for a service of compose.yaml. */
	#options(service, env) {
		const { user, environment = {}, volumes = [], network_mode: network } = service;
		const mounts = volumes.map((volume) => {
			const [name, inside, mode = "rw"] = volume.split(":");
			return `--volume=${this.#volume(name, inside)}:${inside}:${mode}`;
		});
		if (service.secrets) mounts.push(`--volume=${this.dir}/secrets:/run/secrets:ro`);
		const settings = Object.entries({ ...environment, ...env });
		return [
			...this.isolation,
			...(this.isolated ? ["--network", network === "none" ? "none" : "host"] : []),
			...(service.cap_drop?.includes("ALL") ? ["--cap-drop=all"] : []),
			`--user=${user}`,
			...settings.map(([name, value]) => `--env=${name}=${value}`),
			...mounts,
		];
	}

	/** Files for all secrets of compose.yaml, empty if unused. */
	writeSecrets() {
		const dir = join(this.dir, "secrets");
		mkdirSync(dir);
		for (const name of Object.keys(this.compose.secrets))
			writeFileSync(join(dir, name), KEYS[name] ?? "");
	}

	/** buildah has no option for what `group_add` does. */
	#addGroups(container, { user, group_add: groups = [] }) {
		const path = join(this.buildah("mount", container), "etc/group");
		const lines = readFileSync(path, "utf8").split("\n");
		const added = lines.map((line) => {
			const [name, , , members] = line.split(":");
			if (!groups.includes(name) || members.split(",").includes(user)) return line;
			return `${line}${members === "" ? "" : ","}${user}`;
		});
		writeFileSync(path, added.join("\n"));
	}

	/** Starts a service. */
	start(name, env = {}) {
		const service = this.compose.services[name];
		const mark = `${process.pid}-${++this.#marks}`;
		const container = this.buildah("from", "--pull-never", this.image);
		this.#addGroups(container, service);
		const args = [
			...[...this.#storage(), "run"],
			...this.#options(service, { ...env, BANTER_TEST_MARK: mark }),
			...[container, "--", ...service.command],
		];
		const child = spawn("buildah", args, { stdio: ["ignore", "pipe", "pipe"] });
		for (const stream of [child.stdout, child.stderr]) {
			let rest = "";
			stream.setEncoding("utf8").on("data", (text) => {
				const lines = (rest + text).split("\n");
				rest = lines.pop();
				for (const line of lines) this.log.add(name, line);
			});
		}
		const ended = new Promise((done) => child.once("close", (code) => done(code)));
		const one = { name, service, container, mark, ended, child, program: service.command[0] };
		this.running.push(one);
		return one;
	}

	/** The pid of the container's main process, as this machine sees it. */
	pidOf({ mark, program }) {
		return readdirSync("/proc").find((pid) => {
			try {
				const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
				const marked = readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
				return marked && words[0] === program && !words.includes("run");
			} catch {
				return false;
			}
		});
	}

	/** As `docker stop`; resolves to the exit status. */
	stop(one) {
		this.running = this.running.filter((other) => other !== one);
		const pid = this.pidOf(one);
		if (pid) process.kill(Number(pid), "SIGTERM");
		return one.ended;
	}

	/** As `docker compose exec`: resolves to the output. */
	exec(one, words, input = "") {
		const options = this.#options(one.service, {});
		const args = [...this.#storage(), "run", ...options, one.container, "--", ...words];
		return run("buildah", args, { input });
	}

	async end() {
		for (const one of [...this.running].reverse()) await this.stop(one);
		this.buildah("rm", "--all");
		spawnSync("umount", [join(this.dir, "storage/overlay")]); // where it uses overlays
		rmSync(this.dir, { recursive: true, force: true });
	}
}

describe("the container image", { skip: whyNot() }, () => {
	const containers = ARCHIVE && new Containers();
	let stub, store, front, port;

	const curl = (path, headers, body) =>
		JSON.parse(
			run("curl", [
				...["-sS", "--max-time", "60", `http://127.0.0.1:${port}${path}`],
				...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
				...(body ? ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)] : []),
			]),
		);
	const startFront = (env) =>
		containers.start("front", { PORT: port, OPENAI_BASE_URL: stub.url, ...env });
	const ready = () =>
		until("the front end is ready", () => {
			const url = `http://127.0.0.1:${port}/health/ready`;
			return spawnSync("curl", ["-sf", "--max-time", "5", url]).status === 0;
		});

	before(async () => {
		stub = new Daemon(
			join(BUILD, "openai-stub"),
			["--port", "0", "--script", "delay=0"],
			baseEnvironment(),
			containers.log,
		);
		stub.start();
		[, stub.url] = await until("the stub model's address", () =>
			stub.stdout.map((line) => /listening on (\S+)/.exec(line)).find(Boolean),
		);
		port = await freePort();
		containers.load();
		containers.writeSecrets();
		store = containers.start("store");
		containers.start("search");
		containers.start("crawl");
		front = startFront();
		await ready();
	});
	after(async () => {
		await stub.stop();
		await containers.end();
	});

	it("is small, has no documents, and each process has its own user", (t) => {
		assert.ok(statSync(ARCHIVE).size < BIG_BYTES, `${statSync(ARCHIVE).size} bytes`);
		assert.ok(existsSync(join(containers.files, "usr/share/doc/banter/copyright")));
		assert.ok(!existsSync(join(containers.files, "usr/share/man/man8")));
		t.diagnostic(
			containers.isolated ? "the containers ran in runc" : "runc cannot run here: chroot",
		);
		const users = readFileSync(join(containers.files, "etc/passwd"), "utf8");
		const uids = containers.running.map((one) => {
			const [, uid] = /^Uid:\t(\d+)/m.exec(
				readFileSync(`/proc/${containers.pidOf(one)}/status`, "utf8"),
			);
			const name = new RegExp(`^${one.service.user}:x:(\\d+):`, "m").exec(users);
			assert.equal(uid, name[1], one.name);
			return uid;
		});
		assert.equal(new Set(uids).size, 4);
	});

	it("has a chat by curl", () => {
		const key = { "X-Api-Key": KEYS.WIDGET_API_KEY };
		const said = { sessionId: "image", message: "[[echo]] hello from a container" };
		assert.equal(curl("/v1/chat", key, said).message, "hello from a container");
	});

	it("finds what was said by search", async () => {
		const admin = { "X-Admin-Api-Key": KEYS.ADMIN_API_KEY };
		await until("it is found", () => {
			const { results } = curl("/v1/admin/search?q=container", admin);
			return results?.length > 0;
		});
	});

	it("is seen as a whole by banter status", () => {
		const { running, components, peers } = JSON.parse(
			containers.exec(store, ["banter", "status", "--json"]),
		);
		assert.ok(running);
		assert.deepEqual(
			components.map(({ name, state }) => `${name} ${state}`),
			["masterd running", "storaged running"],
		);
		for (const role of ["worker", "search", "crawl"])
			assert.ok(
				peers.some((peer) => peer.role === role),
				role,
			);
	});

	it("takes the commands of its page", () => {
		const add = ["banter", "user", "add", "jane@example.com"];
		containers.exec(store, add, "a password of a test\n");
		assert.match(containers.exec(store, ["banter", "user", "list"]), /jane@example\.com/);
		assert.match(containers.exec(store, ["banter", "widget", "list"]), /\bwid_/);
		const backup = containers.exec(store, ["banter", "backup", "-"]);
		assert.ok(backup.length > 0);
	});

	it("keeps conversations when its containers are replaced", async () => {
		for (const one of [front, store]) assert.equal(await containers.stop(one), 0, one.name);
		store = containers.start("store");
		front = startFront();
		await ready();
		const admin = { "X-Admin-Api-Key": KEYS.ADMIN_API_KEY };
		const { conversations } = curl("/v1/admin/conversations", admin);
		assert.deepEqual(
			conversations.map(({ sessionId }) => sessionId),
			["image"],
		);
	});
});
