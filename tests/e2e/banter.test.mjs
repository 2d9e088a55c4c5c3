// The banter command: help, errors, and the commands that use a running storaged.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { hello } from "../faults/peer.mjs";
import { openStream } from "./client.mjs";
import {
	BUILD,
	baseEnvironment,
	freePort,
	ROOT,
	until,
	useBanter,
	WIDGET_KEY,
	whileStopped,
	withBanter,
} from "./harness.mjs";
import { NOBODY } from "./organizations.mjs";
import {
	expectTool,
	ORG,
	onTerminal,
	runTool,
	startProgram,
	toolEnvironment,
	useDirectory,
} from "./tool.mjs";

const COMMANDS = [
	...[
		"setup",
		"org",
		"user",
		"widget",
		"webhook",
		"learn",
		"status",
		"backup",
		"restore",
		"export",
	],
	...["import", "verify", "clock", "handover", "erase"],
];

/** An empty environment without a store. */
function useNothing() {
	const path = useDirectory();
	return { path, environment: () => ({ PATH: process.env.PATH, DATA_DIR: path("data") }) };
}

describe("banter's command line", () => {
	const nothing = useNothing();

	it("banter help names every command, and each has its help", async () => {
		const { stdout } = await expectTool(nothing, 0, "help");
		const named = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
		assert.deepEqual(named, [...COMMANDS, "help"]);
		for (const option of ["--help", "-h"])
			assert.equal((await expectTool(nothing, 0, option)).stdout, stdout);
		for (const name of COMMANDS) {
			const help = (await expectTool(nothing, 0, name, "--help")).stdout;
			assert.match(help, new RegExp(`^usage: banter ${name} `));
			assert.match(help, /--data-dir DIR/);
			assert.equal((await expectTool(nothing, 0, "help", name)).stdout, help);
			assert.equal((await expectTool(nothing, 0, name, "-h")).stdout, help);
		}
	});

	it("--version and -V print the version, also after a command", async () => {
		for (const command of [[], ...COMMANDS.map((name) => [name])])
			for (const option of ["--version", "-V"]) {
				const { stdout } = await expectTool(nothing, 0, ...command, option);
				assert.match(stdout, /^banter \d+\.\d+\.\d+\n$/);
			}
	});

	const eitherOne = "give either --conversation ID or --session SESSION";
	const orgName = "banter org add NAME: the name must have 1 to 100 characters in one line";
	const userName = "--name must be at most 100 characters of UTF-8 in one line";
	const long = "x".repeat(101);
	for (const [error, line, ...more] of [
		["missing command", ""],
		["unknown command frobnicate", "frobnicate"],
		["unknown command frobnicate", "help frobnicate"],
		["unexpected argument backup", "help status backup"],
		["--frobnicate is not an option of banter status", "status --frobnicate"],
		["--json=yes is not an option of banter status", "status --json=yes"],
		["--json needs a file, not standard output", "backup --json -"],
		["--widget shop is not the id of a widget", "erase --yes --session s --widget shop"],
		["--org needs a value", "export --org"],
		["missing FILE", "backup"],
		["missing FILE", "restore"],
		["missing FILE", "import"],
		["unexpected argument two", "verify one two"],
		["unexpected argument one", "status one"],
		["--org me is not a valid id", "export --org me"],
		["--since yesterday is not a time", "export --since yesterday"],
		[eitherOne, "erase --yes"],
		[eitherOne, "erase --yes --session s --conversation c"],
		["--conversation c is not a valid id", "erase --yes --conversation c"],
		["--session must be 1 to 128 bytes", "erase --yes --session", "s".repeat(129)],
		["cannot ask for confirmation without a terminal", "erase --session s"],
		["--first-start and --check exclude each other", "setup --check --first-start"],
		["--json needs --check", "setup --json"],
		["missing ACTION [NAME]", "org"],
		["unknown action x", "org x"],
		[orgName, "org add"],
		[orgName, "org add", " "],
		[orgName, "org add", long],
		[orgName, "org add", "x\ty"],
		["unexpected argument x", "org list x"],
		["missing ACTION", "widget"],
		["missing ACTION [ID]", "webhook"],
		["banter webhook show ID: the id is missing", "webhook show"],
		["unknown action add", "widget add"],
		["--org nonsense is not a valid id", "widget list --org nonsense"],
		["unknown action frobnicate", "user frobnicate"],
		["missing e-mail address", "user add"],
		["jane is not a valid e-mail address", "user add jane"],
		["unexpected argument x@y.z", "user list x@y.z"],
		["--org 7 is not a valid id", "user list --org 7"],
		["--owner and --member exclude each other", "user add x@y.z --owner --member"],
		[userName, "user add x@y.z --name", long],
		[userName, "user add x@y.z --name", "Jane\nDoe"],
	])
		it(`usage error: banter ${line}: ${error}`, async () => {
			const args = [...line.split(" ").filter(Boolean), ...more];
			const { stdout, stderr } = await expectTool(nothing, 64, ...args);
			assert.equal(stdout, "");
			assert.ok(stderr.startsWith(`banter: ${error}`), stderr);
			assert.match(stderr, /^.+\n$/, "one line");
		});

	it("invalid settings are named", async () => {
		const { stderr } = await expectTool(nothing, 78, "status", "--socket", "x".repeat(200));
		assert.match(stderr, /STORE_SOCKET/);
	});

	it("without a store, each command reports that and creates none", async () => {
		for (const args of [["backup", "x"], ["export"], ["verify"]]) {
			const { stderr } = await expectTool(nothing, 66, ...args);
			assert.match(stderr, /there is no store/);
		}
		for (const command of ["restore", "import"])
			await expectTool(nothing, 66, command, "no-such-file");
		assert.deepEqual(readdirSync(nothing.path()), []);
	});

	it("without a running storaged, it says how to start it", async () => {
		for (const command of ["status", "import /dev/null", "erase --session s --yes"]) {
			const { stdout, stderr } = await expectTool(nothing, 69, ...command.split(" "));
			assert.equal(stdout, "");
			assert.match(stderr, /storaged is not running.*start it/);
		}
		const { stdout } = await expectTool(nothing, 69, "status", "--json");
		assert.deepEqual(JSON.parse(stdout), { running: false });
	});

	it("control characters in arguments are not written to the terminal", async () => {
		const { stderr } = await expectTool(nothing, 64, "\u001b[2J\u0007\u009b1m");
		assert.match(stderr, /^banter: unknown command \?\[2J\?\?\?1m/);
	});
});

describe("the completion of bash", () => {
	const path = useDirectory();
	const { stdout } = spawnSync("systemd/bash-completion.sh", [resolve(BUILD, "banter")], {
		cwd: ROOT,
		encoding: "utf8",
	});
	const common = ["--data-dir", "--socket", "--help", "--version"];

	for (const [typed, ...expected] of [
		["", ...COMMANDS, "help", "--help", "--version"],
		["re", "restore"],
		["help ve", "verify"],
		["user ", "add", "list", "remove", "passwd"],
		["user add jane@example.com --ow", "--owner"],
		["status ", "--json", ...common],
		["widget list --org "],
		["setup --owner-password-file s", "shop", "shop key"],
		["setup --config ", "shop"],
		["backup --force sho", "shop", "shop key"],
		["backup --fo", "--force"],
		["org add sho"],
	])
		it(`completes: banter ${typed}`, async () => {
			mkdirSync(path("shop"), { recursive: true });
			writeFileSync(path("shop key"), "");
			const words = ["banter", ...typed.split(" ")].map((word) => `'${word}'`).join(" ");
			const script = `cd ${path()}; compopt() { :; }; ${stdout}
				COMP_WORDS=(${words}) COMP_CWORD=${typed.split(" ").length}; _banter
				printf '%s\\n' "\${COMPREPLY[@]}"`;
			const end = await startProgram("/bin/bash", ["-ec", script], baseEnvironment()).ended;
			assert.equal(end.stderr, "");
			const offered = end.stdout.split("\n").filter((word) => word !== "");
			const shown = typed === "user " ? offered.filter((word) => !word.startsWith("-")) : offered;
			assert.deepEqual(shown.sort(), expected.sort());
		});
});

describe("banter and a storaged of another version", () => {
	const nothing = useNothing();

	const later = hello("STORE", { version: 9999 });
	for (const [what, bytes, message] of [
		["a hello of another version", later, /storaged has another version/],
		["a connection that is closed at once", undefined, /another version/],
		["data that is not a message", Buffer.alloc(64, 0xff), /./],
	])
		it(`reports ${what}`, async () => {
			const path = nothing.path("peer.sock");
			const server = createServer((socket) => {
				socket.on("error", () => {});
				socket.resume();
				if (bytes) socket.write(bytes);
				else socket.destroy();
			});
			await new Promise((done) => server.listen(path, done));
			try {
				const { stderr } = await expectTool(nothing, 76, "status", "--socket", path);
				assert.match(stderr, message);
			} finally {
				await new Promise((done) => server.close(done));
			}
		});
});

describe("banter status", () => {
	const banter = useBanter({ workers: 2, search: true, crawl: true });
	const status = async () => JSON.parse((await expectTool(banter, 0, "status", "--json")).stdout);

	it("names the processes and counts the records", async () => {
		await banter.chat("one", "[[tokens=3]]");
		await banter.chat("two", "[[tokens=3]]");
		const workersOf = ({ peers }) =>
			peers.filter((peer) => peer.role === "worker").map((peer) => peer.pid);
		// One worker answers as soon as it has reached the store; another may still be retrying.
		const said = await until("all workers and crawld have found the store", async () => {
			const one = await status();
			const crawls = one.peers.some(({ role }) => role === "crawl");
			return crawls && workersOf(one).length === banter.workers && one;
		});
		const { running, pid, masterd_pid, schema, writable } = said;
		const pids = { pid: banter.storaged.pid, masterd_pid: banter.masterd.pid };
		const expected = { running: true, ...pids, schema: 13, writable: true };
		assert.deepEqual({ running, pid, masterd_pid, schema, writable }, expected);
		assert.match(said.program, /^banter \d/);
		assert.ok(said.started_at <= Date.now() && said.started_at > Date.now() - 600_000);
		assert.deepEqual(workersOf(said).sort(), banter.workerPids().sort());
		const entries = Object.fromEntries(said.tables.map(({ name, entries }) => [name, entries]));
		const { conversations, messages, conversations_by_widget, orgs, agents, widgets } = entries;
		assert.deepEqual([conversations, messages, conversations_by_widget], [2, 4, 2]);
		assert.deepEqual([orgs, agents, widgets], [1, 1, 1]);
		assert.ok(said.used_bytes > 0 && said.used_bytes <= said.file_bytes);
		assert.equal(said.max_bytes, 64 * 2 ** 30);
		assert.deepEqual([said.search.ready, said.search.pid], [true, banter.searchd.pid]);
		assert.deepEqual([said.search.standingMs, said.search.passages.standingMs], [0, 0]);
		assert.equal(said.peers.find(({ role }) => role === "crawl").pid, banter.crawld.pid);
		assert.ok(said.commits >= 4 && said.requests >= said.commits);
	});

	it("prints the same for people", async () => {
		const { stdout } = await expectTool(banter, 0, "status");
		const version = (await expectTool(banter, 0, "--version")).stdout.trim();
		assert.ok(stdout.startsWith(`${version.replace(" ", "      ")}: everything runs\n`), stdout);
		const up = "up \\d+ (s|min)";
		for (const line of [
			`masterd     ${up}, pid ${banter.masterd.pid}, ${version}\n {12}${banter.url}`,
			`storaged    ${up}, pid ${banter.storaged.pid}, ${version}, schema 13\n {12}/.*/store\\.sock`,
			`searchd     ready, pid ${banter.searchd.pid}, ${version}\n {12}\\d texts in the index, .*`,
			`crawld      ${up}, pid ${banter.crawld.pid}, ${version}`,
			...banter
				.workerPids()
				.map((pid) => `worker      ${up}, pid ${pid}, ${version}, 0 open replies`),
			"records     2 conversations, 4 messages, 0 visitors, 0 contacts, 0 users",
			"backup      never made on this machine: run banter backup FILE",
			"changes     \\d events kept; the oldest: (just now|.* ago)",
		])
			assert.match(stdout, new RegExp(`^${line}$`, "m"));
		assert.ok(Math.max(...stdout.split("\n").map((line) => line.length)) <= 80, stdout);
	});

	it("takes an address of PROXY_LISTEN for one that answers", async () => {
		const port = await freePort();
		for (const TRUSTED_PROXIES of ["127.0.0.1", "127.0.0.9"]) {
			const env = { PROXY_LISTEN: `127.0.0.1:${port}`, TRUSTED_PROXIES };
			await withBanter({ env, workers: 1 }, async (banter) => {
				const { stdout } = await expectTool(banter, 0, "status");
				const lines = [banter.url, `127.0.0.1:${port} (PROXY protocol)`].map(
					(url) => ` {12}${url}\n`,
				);
				for (const line of lines) assert.match(stdout, new RegExp(line.replace(/[()]/g, "\\$&")));
			});
		}
	});

	it("says that the front end does not answer", async () => {
		const status = () => expectTool(banter, 69, "status");
		const { stdout } = await whileStopped([banter.masterd.pid], status);
		const problem = /^banter .*: NOT EVERYTHING RUNS\nmasterd .*\n +http:.* does not answer\n/;
		assert.match(stdout, problem);
		assert.match(stdout, /^ {12}to do: see the log of masterd\nstoraged {4}up /m);
	});

	it("says that no front end runs", async () => {
		const alone = {
			environment: () => ({ ...baseEnvironment(), DATA_DIR: join(banter.dir, "alone") }),
		};
		const storaged = startProgram(resolve(BUILD, "storaged"), [], alone.environment());
		try {
			await until("storaged runs", async () => (await runTool(alone, "status")).stdout !== "");
			const { stdout } = await expectTool(alone, 69, "status");
			assert.match(stdout, /^masterd {5}stopped\n {12}to do: start masterd\nstoraged {4}up /m);
			const json = (await expectTool(alone, 69, "status", "--json")).stdout;
			const { running, components } = JSON.parse(json);
			const states = components.map(({ name, state }) => `${name} ${state}`);
			assert.deepEqual([running, states], [true, ["masterd stopped", "storaged running"]]);
		} finally {
			storaged.kill();
			await storaged.ended;
		}
	});

	it("counts running replies, and those that a worker follows from another worker", async () => {
		const stream = await banter.stream("followed", "[[tokens=2 hang-after=1]]");
		const { messageId } = await stream.next();
		const path = `/v1/chat/stream/${messageId}?sessionId=followed`;
		const headers = { "x-api-key": WIDGET_KEY };
		const count = async (what) => (await status()).peers.map((peer) => peer[what]);
		const listeners = [];
		await until("a listener at another worker", async () => {
			listeners.push(await openStream(banter.url, path, headers));
			return (await count("following")).includes(1);
		});
		assert.equal((await status()).open_turns, 1);
		assert.equal(Math.max(...(await count("open_turns"))), 1);
		const { stdout } = await expectTool(banter, 0, "status");
		assert.match(stdout, /^open +1 reply$/m);
		assert.match(stdout, /open repl(y|ies), follows 1$/m);
		const stop = { headers, body: { sessionId: "followed" } };
		await banter.request("POST", `/v1/chat/${messageId}/stop`, stop);
		for (const one of [stream, ...listeners])
			assert.equal((await one.rest()).at(-1).status, "stopped");
		assert.ok((await count("following")).every((n) => n === 0));
	});

	it("times out if storaged does not answer", async () => {
		const status = () => expectTool(banter, 75, "status");
		const { stderr } = await whileStopped([banter.storaged.pid], status);
		assert.match(stderr, /did not answer within/);
	});
});

describe("banter erase", () => {
	const banter = useBanter();
	const erase = async (...args) => (await expectTool(banter, 0, "erase", "--yes", ...args)).stdout;
	const sessions = async () =>
		(await banter.conversations()).conversations.map(({ sessionId }) => sessionId);

	it("removes a conversation, and all of a visitor", async () => {
		const { json } = await banter.chat("gone", "[[tokens=3]]");
		for (const session of ["other", "stays"]) await banter.chat(session, "[[tokens=3]]");
		const one = ["--conversation", json.conversationId];
		assert.equal(await erase(...one), "removed: 1 conversation, 2 messages\n");
		assert.equal(await erase(...one), "nothing to remove\n");
		assert.equal(await erase("--session", "other"), "removed: 1 conversation, 2 messages\n");
		assert.equal(await erase("--session", "nobody"), "nothing to remove\n");
		for (const [error, ...args] of [
			["no such organization", "--session", "stays", "--org", NOBODY],
			["no such organization", "--conversation", NOBODY, "--org", NOBODY],
			["no such widget", "--session", "stays", "--widget", NOBODY],
		]) {
			const { stderr } = await expectTool(banter, 66, "erase", "--yes", ...args);
			assert.ok(stderr.includes(error), stderr);
		}
		assert.deepEqual(await sessions(), ["stays"]);
		await expectTool(banter, 0, "verify");
	});

	it("accepts the widget id that banter widget list prints, of any organization", async () => {
		const added = await expectTool(banter, 0, "org", "add", "Other", "--json");
		const { id, widget_id } = JSON.parse(added.stdout);
		const widget = ["--widget", widget_id];
		assert.equal(await erase("--session", "stays", ...widget), "nothing to remove\n");
		assert.equal(await erase("--session", "stays", ...widget, "--org", id), "nothing to remove\n");
		for (const [error, ...args] of [
			["belongs to another organization", ...widget, "--org", ORG],
			["no such widget", "--widget", "wid_none"],
		]) {
			const { stderr } = await expectTool(banter, 66, "erase", "--yes", "--session", "s", ...args);
			assert.ok(stderr.includes(error), stderr);
		}
		const [first] = JSON.parse((await expectTool(banter, 0, "widget", "list", "--json")).stdout);
		await banter.chat("of-widget", "[[tokens=3]]");
		const removed = await erase("--session", "of-widget", "--widget", first.widget_id, "--json");
		assert.deepEqual(JSON.parse(removed), { conversations: 1, messages: 2, visitor: false });
	});

	it("asks for confirmation, which can be declined", async () => {
		await banter.chat("asked", "[[tokens=3]]");
		const ask = (answer) => {
			const args = ["erase", "--session", "asked"];
			return onTerminal(toolEnvironment(banter), args, [answer], "[y/N] ");
		};
		const no = await ask("n");
		assert.match(no.stdout, /removes all data of visitor asked permanently/);
		assert.equal(no.status, 75);
		assert.ok((await sessions()).includes("asked"));
		const yes = await ask("y");
		assert.match(yes.stdout, /removed: 1 conversation/);
		assert.equal(yes.status, 0);
		assert.ok(!(await sessions()).includes("asked"));
	});
});

describe("banter --json", () => {
	const banter = useBanter({ workers: 1 });
	const path = useDirectory();
	const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
	const json = async (...args) =>
		JSON.parse((await expectTool(banter, 0, ...args, "--json")).stdout);
	const recent = (at) => at > Date.now() - 600_000 && at <= Date.now();

	it("prints each list as one array", async () => {
		const org = await json("org", "add", "Ünique");
		assert.match(org.id, ID);
		const orgs = await json("org", "list");
		assert.deepEqual([orgs.length, orgs[1].id, orgs[1].name], [2, org.id, "Ünique"]);
		const [widget] = await json("widget", "list", "--org", org.id);
		assert.deepEqual([widget.widget_id, widget.enabled, widget.name], [org.widget_id, true, ""]);
		assert.deepEqual(await json("user", "list"), []);
		const email = "jane@example.com";
		const added = await json("user", "add", email, "--name", "Jane", "--generate");
		assert.match(added.password, /^\w{20}$/);
		assert.deepEqual({ ...added, password: "" }, { email, done: "added", password: "" });
		const [user] = await json("user", "list");
		assert.deepEqual([user.email, user.role, user.name], [email, "owner", "Jane"]);
		for (const one of [orgs[1], widget, user])
			assert.ok(ID.test(one.id) && recent(one.created_at), JSON.stringify(one));
		assert.equal((await json("user", "passwd", email, "--generate")).done, "changed");
		await expectTool(banter, 0, "user", "add", "joe@example.com", "--owner", "--generate");
		assert.deepEqual(await json("user", "remove", email), { email, done: "removed" });
	});

	it("prints each report as one object", async () => {
		await banter.chat("someone", "[[tokens=3]]");
		const file = path("backup");
		const { bytes, ms, ...backup } = await json("backup", file);
		assert.deepEqual(backup, { file, conversations: 1, messages: 2 });
		assert.ok(bytes > 0 && ms >= 0);
		const drill = ["restore", file, "--data-dir", path("drill")];
		const restored = { file: path("drill", "data.mdb"), from: file, bytes };
		assert.deepEqual(await json(...drill), { ...restored, old_kept: false });
		assert.deepEqual(await json(...drill, "--force"), { ...restored, old_kept: true });
		await expectTool(banter, 0, "export", "--output", path("export"));
		assert.deepEqual(await json("import", path("export")), {
			conversations: 1,
			messages: 2,
			logins: 0,
			others: 7,
			left_out: 0,
			complete: true,
		});
		const { broken } = await json("verify");
		assert.equal(broken, 0);
	});
});
