// `banter org`, `banter user`, `banter widget`, and the first user created by `banter setup`.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ADMIN, addOrg, addUser, logIn, postLogin } from "./accounts.mjs";
import { BUILD, baseEnvironment, until, useBanter } from "./harness.mjs";
import { connectToStore, fillOrganization } from "./organizations.mjs";
import { expectTool, ORG, startProgram, startTool, toolEnvironment } from "./tool.mjs";

const PASSWORD = "correct horse battery";
const env = { TRUSTED_PROXIES: "127.0.0.1,::1" };
const PAGE = 200; // storaged/request/listing.h
const NOBODY = "0192f000-0000-7000-8000-000000000000";

/** Runs `banter user …` with a line on standard input. */
const user = (banter, line, ...args) =>
	startTool(banter, ["user", ...args], { input: `${line}\n` }).ended;

/** The lines of a list without times. */
const listed = (stdout) =>
	stdout
		.split("\n")
		.slice(0, -1)
		.map((line) => line.replace(/ {2}\d{4}-\d\d-\d\dT\S+/, ""));

describe("banter user", () => {
	const banter = useBanter({ env, workers: 1 });
	let address = 0;
	const from = () => ({ from: `192.0.2.${++address}` });

	it("adds a user with a password from standard input, who can sign in", async () => {
		const added = await user(banter, PASSWORD, "add", "Jane@example.com", "--name", " Jane Doe");
		assert.equal(added.status, 0, added.stderr);
		assert.equal(added.stdout, "added Jane@example.com, an owner\n");
		assert.ok(!added.stderr.includes(PASSWORD));
		await logIn(banter, { email: "jane@example.com", password: PASSWORD }, from());
	});

	it("the first is an owner, others are members, unless --role is given", async () => {
		await addUser(banter, "joe@example.com");
		await addUser(banter, "jim@example.com", "--owner");
		const { stdout } = await expectTool(banter, 0, "user", "list");
		assert.deepEqual(listed(stdout), [
			"Jane@example.com  owner  Jane Doe",
			"joe@example.com  member  ",
			"jim@example.com  owner  ",
		]);
	});

	it("changes a password and ends the sessions", async () => {
		const who = await addUser(banter, "forgot@example.com");
		const session = await logIn(banter, who, from());
		const { stdout } = await expectTool(banter, 0, "user", "passwd", who.email, "--generate");
		const password = /^password: (\w{20})$/m.exec(stdout)[1];
		assert.equal((await banter.get("/v1/admin/me", session)).status, 401);
		assert.equal((await postLogin(banter, who, from())).status, 401);
		await logIn(banter, { ...who, password }, from());
	});

	it("removes one, but not the last owner", async () => {
		const who = await addUser(banter, "leaves@example.com");
		const session = await logIn(banter, who, from());
		await expectTool(banter, 0, "user", "remove", "LEAVES@example.com");
		assert.equal((await banter.get("/v1/admin/me", session)).status, 401);
		await expectTool(banter, 0, "user", "remove", "jim@example.com");
		const { stderr } = await expectTool(banter, 65, "user", "remove", "jane@example.com");
		assert.match(stderr, /an organization needs an owner/);
	});

	it("of another organization", async () => {
		const org = await addOrg(banter, "Other");
		await addUser(banter, "other@example.com", "--org", org);
		const { stdout } = await expectTool(banter, 0, "user", "list", "--org", org);
		assert.deepEqual(listed(stdout), ["other@example.com  owner  "]);
		const orgs = await expectTool(banter, 0, "org", "list");
		assert.deepEqual(listed(orgs.stdout), [`${ORG}  Default`, `${org}  Other`]);
	});

	const refused = [
		["too short a password", ["add", "x@example.com"], "short", 65, /at least 10 characters/],
		["too long a one", ["add", "x@example.com"], "x".repeat(1025), 65, /more than|at most/],
		["no password", ["passwd", "jane@example.com"], "", 65, /at least 10 characters/],
		["an e-mail that is taken", ["add", "JANE@example.com"], PASSWORD, 65, /has this e-mail/],
		["what is no e-mail", ["add", "jane"], PASSWORD, 64, /not a valid e-mail address/],
		["nobody", ["passwd", "nobody@example.com"], PASSWORD, 66, /no such user/],
		["nobody's end", ["remove", "nobody@example.com"], "", 66, /no such user/],
		["no organization", ["add", "x@example.com", "--org", NOBODY], PASSWORD, 66, /no such org/],
		["what is no id", ["list", "--org", "7"], "", 64, /not a valid id/],
		["both roles", ["add", "x@example.com", "--owner", "--member"], "", 64, /exclude each other/],
		["no e-mail at all", ["add"], "", 64, /missing e-mail address/],
		["too much", ["list", "x@example.com"], "", 64, /unexpected argument/],
		["an unknown action", ["frobnicate"], "", 64, /unknown action/],
		["too long a name", ["add", "x@y", "--name", "x".repeat(101)], "", 64, /100 characters/],
		["a name of two lines", ["add", "x@y", "--name", "Jane\nDoe"], "", 64, /in one line/],
	];
	for (const [what, args, line, expected, why] of refused)
		it(`refuses ${what}`, async () => {
			const { status, stdout, stderr } = await user(banter, line, ...args);
			assert.equal(status, expected, stdout + stderr);
			assert.match(stderr, why);
		});

	it("org refuses invalid arguments", async () => {
		for (const args of [
			["add"],
			["add", " "],
			["add", "x".repeat(101)],
			["add", "x\ty"],
			["list", "x"],
			["x"],
			[],
		])
			await expectTool(banter, 64, "org", ...args);
	});

	/** On a terminal; each input follows its prompt. */
	async function onTerminal(args, answers) {
		const command = [join(BUILD, "banter"), "user", ...args].join(" ");
		const person = startProgram("script", ["-qec", command, "/dev/null"], toolEnvironment(banter), {
			input: null,
		});
		for (const [i, answer] of answers.entries()) {
			await until("a question", () => person.said.stdout.split("> ").length > i + 1);
			person.stdin.write(`${answer}\n`);
		}
		return person.ended;
	}

	it("asks for a password twice without echo", async () => {
		const args = ["add", "typed@example.com"];
		const other = await onTerminal(args, [PASSWORD, "something else"]);
		assert.equal(other.status, 65, other.stdout);
		assert.match(other.stdout, /the two passwords are different/);
		const same = await onTerminal(args, [PASSWORD, PASSWORD]);
		assert.equal(same.status, 0, same.stdout);
		assert.ok(!same.stdout.includes(PASSWORD), same.stdout);
		await logIn(banter, { email: "typed@example.com", password: PASSWORD }, from());
	});
});

describe("banter widget", () => {
	const banter = useBanter({ workers: 1 });
	const admin = (method, path, body) =>
		banter.request(method, `/v1/admin/widgets${path}`, { headers: ADMIN, body });

	it("lists an organization's widgets, including the first one of a new store", async () => {
		const first = (await admin("GET", "")).json.widgets[0];
		const shop = (await admin("POST", "", { name: "The shop" })).json;
		await admin("PUT", `/${shop.id}`, { enabled: false });
		const { stdout } = await expectTool(banter, 0, "widget", "list");
		assert.equal(stdout, `${first.widget_id}  on  \n${shop.widget_id}  off  The shop\n`);
	});

	it("lists those of another organization, and fails for an unknown one", async () => {
		const org = await addOrg(banter, "Another firm");
		const { stdout } = await expectTool(banter, 0, "widget", "list", "--org", org);
		assert.match(stdout, /^wid_[0-9A-Za-z]{22} {2}on {2}\n$/);
		assert.equal((await expectTool(banter, 0, "widget", "list", "--org", NOBODY)).stdout, "");
	});

	it("lists more than a page of them", async () => {
		const peer = await connectToStore(banter);
		await fillOrganization(peer, 2 * PAGE);
		peer.close();
		const { stdout } = await expectTool(banter, 0, "widget", "list");
		const lines = listed(stdout);
		assert.equal(lines.filter((line) => line.startsWith("wid_0000000")).length, 2 * PAGE);
		assert.equal(new Set(lines).size, lines.length);
	});

	it("reports errors of the command line", async () => {
		await expectTool(banter, 64, "widget");
		await expectTool(banter, 64, "widget", "add");
		await expectTool(banter, 64, "widget", "list", "--org", "nonsense");
	});
});

describe("banter setup", () => {
	const banter = useBanter({ workers: 1 });
	const dir = mkdtempSync(join(tmpdir(), "banter-first-"));
	after(() => rmSync(dir, { recursive: true }));

	/** Answers: the model's key and address, the sites, then the user. */
	function setup(...said) {
		const answers = ["any key", `${banter.stubUrl}/v1`, "https://a.example", ...said];
		const args = ["setup", "--config", dir, "--socket", join(banter.dir, "data", "store.sock")];
		const input = answers.map((line) => `${line}\n`).join("");
		return startProgram(join(BUILD, "banter"), args, baseEnvironment(), { input }).ended;
	}

	it("creates no user if none is wanted or the answers are invalid", async () => {
		assert.equal((await setup("")).status, 0);
		const wrong = await setup("jane");
		assert.equal(wrong.status, 64, wrong.stderr);
		const short = await setup("jane@example.com", "short");
		assert.equal(short.status, 65, short.stderr);
		assert.equal((await expectTool(banter, 0, "user", "list")).stdout, "");
	});

	it("asks only for the first user", async () => {
		const { status, stdout, stderr } = await setup("jane@example.com", PASSWORD);
		assert.equal(status, 0, stderr);
		assert.match(stdout, /^added jane@example\.com, an owner$/m);
		assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
		await logIn(banter, { email: "jane@example.com", password: PASSWORD });
		const again = await setup();
		assert.equal(again.status, 0, again.stderr);
		assert.doesNotMatch(again.stderr, /first dashboard user/);
	});
});
