// README.md keeps its promises on a new Debian: a minimal one, booted, that has git, make and (for a user)
// sudo. The command blocks of README.md run there word by word: from the clone to replies by curl, and to an
// installed banter. Then a part of the tests, chosen by the commit.
//
// FRESH_MACHINES: `one` of MACHINES, which the commit chooses, `all`, or names like trixie-root. FRESH_SAMPLE=N: one
// file of N of the tests; 1: `make test`. `make test-fresh` runs all of both, .ci/run a few. Root directories and
// downloaded packages are kept in build/fresh.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	appendFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { codeBlocks, files, read } from "../documents.mjs";
import { ROOT } from "../e2e/daemon.mjs";
import { Machine, until, whyNot } from "../install/machine.mjs";

const FOLDER = join(ROOT, "build/fresh");
const PORT = 4000; // README.md's
const HOUR_MS = 3_600_000;
const OWN_CERTIFICATES = "/usr/local/share/ca-certificates";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const USER = "jane";
/** Of README.md's example; nothing is asked of the real one. */
const SITE = "www.example.com";

/** Who does what README.md says, and where. No one has a locale. */
const MACHINES = [
	{ suite: "bookworm", user: "root", folder: "/root" },
	{ suite: "trixie", user: USER, folder: `/home/${USER}/my work`, zone: "Pacific/Auckland" },
	{ suite: "bookworm", user: USER, folder: `/home/${USER}`, zone: "America/St_Johns" },
	{ suite: "trixie", user: "root", folder: "/srv/two words" },
];
const SAMPLE = Number(process.env.FRESH_SAMPLE ?? 20);
const COMMIT = execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim();

/** The machines of this run. */
function chosen() {
	const wanted = process.env.FRESH_MACHINES ?? "one";
	if (wanted === "all") return MACHINES;
	if (wanted === "one")
		return [MACHINES[Number.parseInt(COMMIT.slice(0, 8), 16) % MACHINES.length]];
	const names = wanted.split(",");
	return MACHINES.filter(({ suite, user }) => names.includes(`${suite}-${user}`));
}

const isTaken = () =>
	new Promise((resolve) => {
		const socket = connect(PORT, "127.0.0.1");
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		socket.unref();
	});

/** Makes the root directory of a suite. @returns {string | undefined} why there is none */
function makeRoot(suite) {
	if (spawnSync("debootstrap", ["--version"]).status !== 0) return "there is no debootstrap";
	const env = { ...process.env, SUITE: suite, INCLUDE: "git,make,sudo" };
	const made = spawnSync(join(ROOT, "tests/install/root.sh"), [join(FOLDER, suite)], {
		env,
		encoding: "utf8",
	});
	assert.equal(made.status, 0, `no ${suite}: ${made.stderr}`);
	return existsSync(join(FOLDER, `${suite}.stamp`)) ? undefined : made.stderr.trim();
}

/** The blocks of shell commands in README.md. */
const blocks = codeBlocks(read("README.md")).filter(({ language }) => language === "sh");
const blockWith = (text) => {
	const found = blocks.filter((block) => block.text.includes(text));
	assert.equal(found.length, 1, `blocks of README.md with ${text}`);
	return found[0].text;
};
const CLONE = blockWith("git clone <this repository>");
const LEARN = blockWith("banter learn");
const INSTALL = blockWith("make deb");
const EXAMPLES = blocks
	.map(({ text }) => text)
	.filter((text) => ![CLONE, LEARN, INSTALL].includes(text));

/** A repository with the files of this one as they are now, at a path. */
function makeRepository(path) {
	const tree = mkdtempSync(join(tmpdir(), "banter-fresh-"));
	for (const file of files)
		if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(tree, file));
	const git = (...args) => {
		const author = ["-c", "user.name=banter", "-c", "user.email=banter@example.com"];
		execFileSync("git", [...author, `--git-dir=${path}`, `--work-tree=${tree}`, ...args]);
	};
	git("init", "--quiet");
	git("add", "--all");
	git("commit", "--quiet", "--message", COMMIT);
	rmSync(tree, { recursive: true });
}

/** Where this machine's npm gets packages, and whether it answers: it need not, if all of them are cached. */
const registry = spawnSync("npm", ["config", "get", "registry"], {
	encoding: "utf8",
}).stdout?.trim();
const registryAnswers = () => spawnSync("npm", ["view", "esbuild", "name"]).status === 0;

/** What the machine must know of this one's network: proxies, authorities of its own, npm's registry. */
function environment() {
	const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
	const own = existsSync(OWN_CERTIFICATES) && readdirSync(OWN_CERTIFICATES).length > 0;
	const authorities = own ? [["NODE_EXTRA_CA_CERTS", CERTIFICATES]] : [];
	const all = [...proxies, ...authorities, ["npm_config_registry", registry]];
	return all.map(([name, value]) => `${name}=${value}\n`).join("");
}

for (const { suite, user, folder, zone } of chosen()) {
	const reason =
		whyNot() ??
		((await isTaken()) ? `port ${PORT} of this machine is taken` : undefined) ??
		(registryAnswers() ? undefined : "npm's registry does not answer") ??
		makeRoot(suite);

	describe(`README.md on a new Debian (${suite}), as ${user} in ${folder}`, {
		skip: reason ?? false,
	}, () => {
		let machine;
		let running; // make run

		before(async () => {
			const archives = join(FOLDER, `${suite}.archives`);
			mkdirSync(join(archives, "partial"), { recursive: true });
			machine = new Machine(join(FOLDER, suite), {
				online: true,
				folders: { "/var/cache/apt/archives": archives },
			});
			writeFileSync(join(machine.root, "etc/environment"), environment());
			appendFileSync(join(machine.root, "etc/hosts"), `127.0.0.1 ${SITE}\n`);
			makeRepository(join(machine.root, "srv/banter.git"));
			await machine.boot();
			await machine.do(`useradd --create-home --shell /bin/bash ${USER}
				echo '${USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${USER}
				mkdir -p '${folder}' && chown ${user} '${folder}' && chown -R ${user} /srv/banter.git`);
			if (user === "root") await machine.do("SUDO_FORCE_REMOVE=yes dpkg --purge sudo");
		});
		after(() => machine?.end());

		let failed; // the name of the first step that failed: those after it would fail as well
		const step = (name, run) =>
			it(name, async (t) => {
				if (failed) return t.skip(`not run, because this failed: ${failed}`);
				failed = name;
				await run(t);
				failed = undefined;
			});

		/** Starts a script of the user, in a folder. root has no sudo. */
		const start = (script, { place = `${folder}/banter`, input, ms = HOUR_MS } = {}) => {
			const text = user === "root" ? script.replaceAll(/\bsudo /g, "") : script;
			const lines = [zone ? `export TZ=${zone}` : "unset TZ", `cd '${place}'`, text, ""];
			writeFileSync(join(machine.root, "opt/step"), lines.join("\n"));
			return machine.start(`exec su - ${user} -c 'exec bash -eu -o pipefail /opt/step'`, {
				input,
				ms,
			});
		};
		/** Answers questions by what they begin with; others by an empty line, which chooses the default. */
		const answer = ({ child, said }, answers) => {
			let answered = 0;
			child.stderr.on("data", () => {
				const question = /([^\n]*)\n> $/.exec(said.stderr.slice(answered))?.[1];
				if (question === undefined) return;
				answered = said.stderr.length;
				const known = Object.keys(answers).find((text) => question.startsWith(text));
				child.stdin.write(`${answers[known] ?? ""}\n`);
			});
		};
		const run = async (script, options) => {
			const { status, signal, stdout, stderr } = await start(script, options).ended;
			const said = `${stdout}\n${stderr}`.slice(-8000);
			assert.equal(status, 0, `${script}: ${signal ?? status}\n${said}`);
			return stdout;
		};

		step("git clone and make run: banter is running", async () => {
			const text = CLONE.replace("<this repository>", "/srv/banter.git");
			running = start(text, { place: folder });
			const { said, ended } = running;
			let over;
			ended.then(() => {
				over = true;
			});
			await until(
				"banter runs",
				async () => over || said.stdout.includes("banter is running:"),
				HOUR_MS,
			);
			assert.ok(!over, `${said.stdout}\n${said.stderr}`.slice(-8000));
		});

		step("the examples reply", async () => {
			// curl fails when the server returns an error.
			writeFileSync(join(machine.root, "opt/.curlrc"), "fail-with-body\n");
			const said = await run(["export CURL_HOME=/opt", ...EXAMPLES].join("\n"));
			assert.match(said, /^\{"conversationId":"[^"]+","messageId":"[^"]+","message":"[^"]+/m);
			assert.match(said, /^\{"type":"token"/m);
			assert.match(said, /^\{"type":"start",.*"position":3\}$/m);
			assert.equal(said.match(/"type":"done"/g).length, 2);
		});

		step("banter learn reads a folder, and says why it does not read a site", async () => {
			const [site, handbook, ...none] = LEARN.split("\n");
			assert.deepEqual(none, []);
			await run(
				"mkdir handbook && printf '# Hours\\nWe are open from 9 to 5.\\n' >handbook/hours.md",
			);
			await run(handbook);
			const { status, stdout, stderr } = await start(site).ended;
			assert.notEqual(status, 0);
			assert.match(stdout + stderr, /www\.example\.com.*address/s);
		});

		step("Ctrl-C stops it", async () => {
			await machine.do("pkill -INT -f 'systemd/run[.]mjs'");
			const { status, stdout, stderr } = await running.ended;
			assert.equal(status, 0, `${stdout}\n${stderr}`.slice(-8000));
			assert.equal(await isTaken(), false);
		});

		step("make deb, apt install and banter setup: banter serves", async () => {
			const [deb, install, setup, list, ...none] = INSTALL.split("\n");
			assert.deepEqual(none, []);
			await run(deb);
			await run(install, { input: "y\n" });
			await machine.do(
				`systemd-run --quiet --unit=model '${folder}/banter/build/openai-stub' --port 0`,
			);
			const model = await until("the model listens", async () => {
				const { stdout } = await machine.run("journalctl -u model -o cat");
				return /listening on (\S+)/.exec(stdout)?.[1];
			});
			const asked = start(setup, { input: null });
			answer(asked, {
				"The key of the model server": "a-key",
				"The URL of the model server": model,
				"The sites that show the widget": "https://shop.example",
				"The e-mail address of the first": "owner@shop.example",
				"New password": "the owner's first password",
				"The most tokens": "2000000",
				"Restart banter": "yes",
			});
			const { status, stderr } = await asked.ended;
			assert.equal(status, 0, stderr);
			assert.match(await run(list), /wid_/);
			assert.match(await machine.do("banter status"), /^banter .*: everything runs$/m);
			const said = await machine.do(`curl -sS http://localhost:${PORT}/v1/chat \\
				-H "x-api-key: $(cat /etc/banter/credentials/WIDGET_API_KEY)" \\
				-d '{"sessionId":"my-session","message":"[[tokens=3]]"}'`);
			assert.match(said, /"message":"t0 t1 t2"/);
		});

		step("the package is purged", async () => {
			await machine.do("systemctl stop model; apt-get purge -y banter 2>&1");
			assert.equal(await machine.do("ls -d /etc/banter* /var/lib/banter* 2>/dev/null || true"), "");
		});

		step(SAMPLE === 1 ? "make test passes" : "a part of the tests passes", async () => {
			if (SAMPLE === 1)
				return console.log((await run("make test", { ms: 3 * HOUR_MS })).slice(-3000));
			const said = await run(`make deps FOR=test
				make -j"$(nproc)" all build/http-peer build/store-dump
				node tests/run.mjs --sample ${SAMPLE}:${COMMIT} e2e browser faults frontends`);
			console.log(said.slice(-3000));
		});
	});
}
