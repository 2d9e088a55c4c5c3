// `banter org`, `banter user` and `banter widget`. Their usage errors are in banter.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN, addOrg, addUser, fromElsewhere, logIn } from "./accounts.mjs";
import { useBanter } from "./harness.mjs";
import { adminExpect, connectToStore, fillOrganization } from "./organizations.mjs";
import { expectTool, feedTool, ORG, onTerminal, toolEnvironment } from "./tool.mjs";

const PASSWORD = "correct horse battery";
const PAGE = 200; // storaged/request/listing.h
const NOBODY = "0192f000-0000-7000-8000-000000000000";

/** The lines of a list without times. */
const listed = (stdout) =>
	stdout
		.split("\n")
		.slice(0, -1)
		.map((line) => line.replace(/ {2}(\d{4}-\d\d-\d\dT\S+|CREATED {18})/, ""));

describe("banter user", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" }, workers: 1 });
	const meOf = (headers) => banter.get("/v1/admin/me", headers);

	it("adds a user with a password from standard input, who can sign in", async () => {
		const args = ["user", "add", "Jane@example.com", "--name", " Jane Doe"];
		const added = await feedTool(banter, `${PASSWORD}\n`, 0, ...args);
		assert.equal(added.stdout, "added Jane@example.com, an owner\n");
		assert.ok(!added.stderr.includes(PASSWORD));
		await logIn(banter, { email: "jane@example.com", password: PASSWORD }, fromElsewhere());
	});

	it("adds the first one of an organization as owner, others as members, unless told otherwise", async () => {
		await addUser(banter, "joe@example.com");
		await addUser(banter, "jim@example.com", "--owner");
		const org = await addOrg(banter, "Other");
		await addUser(banter, "other@example.com", "--org", org);
		const users = async (...args) =>
			listed((await expectTool(banter, 0, "user", "list", ...args)).stdout);
		assert.deepEqual(await users(), [
			"E-MAIL            ROLE    NAME",
			"Jane@example.com  owner   Jane Doe",
			"joe@example.com   member  -",
			"jim@example.com   owner   -",
		]);
		assert.deepEqual((await users("--org", org)).slice(1), ["other@example.com  owner  -"]);
		const orgs = await expectTool(banter, 0, "org", "list");
		assert.deepEqual(listed(orgs.stdout), [
			`ID${" ".repeat(34)}  NAME`,
			`${ORG}  Default`,
			`${org}  Other`,
		]);
	});

	it("removes one, but not the last owner", async () => {
		const session = await logIn(
			banter,
			await addUser(banter, "leaves@example.com"),
			fromElsewhere(),
		);
		await expectTool(banter, 0, "user", "remove", "LEAVES@example.com");
		assert.equal((await meOf(session)).status, 401);
		await expectTool(banter, 0, "user", "remove", "jim@example.com");
		const { stderr } = await expectTool(banter, 65, "user", "remove", "jane@example.com");
		assert.match(stderr, /an organization needs an owner/);
	});

	for (const [what, status, error, password, ...args] of [
		["too short a password", 65, /at least 10 characters/, "short", "add", "x@example.com"],
		["too long a one", 65, /at most/, "x".repeat(1025), "add", "x@example.com"],
		["no password", 65, /at least 10 characters/, "", "passwd", "jane@example.com"],
		["an e-mail in use", 65, /has this e-mail/, PASSWORD, "add", "JANE@example.com"],
		["an unknown user", 66, /no such user/, PASSWORD, "passwd", "nobody@example.com"],
		["removing one", 66, /no such user/, "", "remove", "nobody@example.com"],
		["an unknown org", 66, /no such org/, PASSWORD, "add", "x@example.com", "--org", NOBODY],
		["listing an unknown org", 66, /no such org/, "", "list", "--org", NOBODY],
	])
		it(`refuses ${what}`, async () => {
			const { stderr } = await feedTool(banter, `${password}\n`, status, "user", ...args);
			assert.match(stderr, error);
		});

	it("asks for a password twice without echo, and again if it is invalid or differs", async () => {
		const ask = (...answers) =>
			onTerminal(toolEnvironment(banter), ["user", "add", "typed@example.com"], answers);
		const typed = await ask("short", PASSWORD, "something else", PASSWORD, PASSWORD);
		assert.equal(typed.status, 0, typed.stdout);
		assert.match(typed.stdout, /the password must have at least 10 characters/);
		assert.match(typed.stdout, /the two passwords are different; enter both again/);
		assert.ok(!typed.stdout.includes(PASSWORD), typed.stdout);
		await logIn(banter, { email: "typed@example.com", password: PASSWORD }, fromElsewhere());
	});
});

describe("banter widget", () => {
	const banter = useBanter({ workers: 1 });
	const list = async (...args) => (await expectTool(banter, 0, "widget", "list", ...args)).stdout;

	it("lists the widgets of an organization", async () => {
		const [first] = (await adminExpect(banter, 200, "GET", "widgets")).widgets;
		const members = { name: "The shop", enabled: false };
		const shop = await adminExpect(banter, 201, "POST", "widgets", members, ADMIN);
		assert.deepEqual(listed(await list()), [
			`WIDGET${" ".repeat(20)}  ENABLED  NAME`,
			`${first.widget_id}  yes      -`,
			`${shop.widget_id}  no       The shop`,
		]);
		const org = await addOrg(banter, "Another firm");
		assert.match(await list("--org", org), /\nwid_[0-9A-Za-z]{22} {2}yes {6}-\n$/);
		await expectTool(banter, 66, "widget", "list", "--org", NOBODY);
	});

	it("lists more than a page of them", async () => {
		const peer = await connectToStore(banter);
		await fillOrganization(peer, 2 * PAGE);
		peer.close();
		const lines = listed(await list());
		assert.equal(lines.filter((line) => line.startsWith("wid_0000000")).length, 2 * PAGE);
		assert.equal(new Set(lines).size, lines.length);
	});
});
