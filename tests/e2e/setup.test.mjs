// `banter setup`: random keys at the first start, then questions and checks.

import assert from "node:assert/strict";
import {
	cpSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { BUILD, baseEnvironment, until, useBanter } from "./harness.mjs";
import { expectTool, startProgram } from "./tool.mjs";

const KEY = "key-of-the-stub-model";
const RANDOM = ["WIDGET_API_KEY", "ADMIN_API_KEY", "DASHBOARD_PASSWORD"];

const scratch = mkdtempSync(join(tmpdir(), "banter-setup-"));
after(() => rmSync(scratch, { recursive: true }));

/** Runs `banter setup` on a directory; answers: the lines of input. */
function setup(dir, answers, args = [], env = {}) {
	const all = ["setup", "--config", dir, ...args];
	const input = answers.map((line) => `${line}\n`).join("");
	return startProgram(join(BUILD, "banter"), all, { ...baseEnvironment(), ...env }, { input })
		.ended;
}

function firstStart(dir) {
	return setup(dir, [], ["--first-start"]);
}

const read = (dir, name) => readFileSync(join(dir, name), "utf8");
const secret = (dir, name) => read(dir, join("credentials", name));
const mode = (...path) => (statSync(join(...path)).mode & 0o777).toString(8);

/** The lines of banter.env without comments. */
function settings(dir) {
	return read(dir, "banter.env")
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"));
}

describe("the first start", () => {
	const dir = join(scratch, "first");

	it("creates random keys that only root can read, and names their place", async () => {
		const { status, stdout, stderr } = await firstStart(dir);
		assert.equal(status, 0, stderr);
		assert.deepEqual(
			[mode(dir), mode(dir, "credentials"), mode(dir, "banter.env")],
			["755", "700", "644"],
		);
		for (const name of RANDOM) {
			assert.match(secret(dir, name), /^[A-Za-z0-9_-]{43}$/);
			assert.equal(mode(dir, "credentials", name), "600");
			assert.ok(stdout.includes(join(dir, "credentials", name)), stdout);
			assert.ok(!stdout.includes(secret(dir, name)), "a key is shown");
		}
		assert.equal(new Set(RANDOM.map((name) => secret(dir, name))).size, 3);
		assert.equal(secret(dir, "OPENAI_API_KEY"), "");
	});

	it("creates a file of all settings except secrets, with two of them set", () => {
		assert.deepEqual(settings(dir), ["APP_ENV=production", "TRUSTED_PROXIES=127.0.0.1,::1"]);
		const env = read(dir, "banter.env");
		for (const name of ["CORS_ORIGIN", "OPENAI_BASE_URL", "WORKERS", "LOG_LEVEL"])
			assert.match(env, new RegExp(`^#${name}=`, "m"));
		assert.doesNotMatch(env, /^#?(OPENAI_API_KEY|DASHBOARD_PASSWORD|DATA_DIR)=/m);
	});

	it("keeps existing files unchanged", async () => {
		const before = RANDOM.map((name) => secret(dir, name));
		writeFileSync(join(dir, "banter.env"), "WORKERS=3\n");
		assert.deepEqual(await firstStart(dir), { status: 0, signal: null, stdout: "", stderr: "" });
		assert.deepEqual(
			RANDOM.map((name) => secret(dir, name)),
			before,
		);
		assert.equal(read(dir, "banter.env"), "WORKERS=3\n");
	});

	it("fails where it cannot write", async () => {
		writeFileSync(join(scratch, "file"), "");
		const { status, stderr } = await firstStart(join(scratch, "file"));
		assert.notEqual(status, 0);
		assert.ok(stderr.includes(join(scratch, "file")), stderr);
	});
});

describe("banter setup", () => {
	const banter = useBanter({ workers: 1, stub: ["--key", KEY] });
	const dir = join(scratch, "asked");
	const model = () => `${banter.stubUrl}/v1`;

	it("writes the answers and checks the model", async () => {
		const { status, stdout, stderr } = await setup(dir, [KEY, model(), "https://a.example"]);
		assert.equal(status, 0, stderr);
		assert.match(stdout, /^The model gpt-4\.1-mini at .* answers\.$/m);
		assert.equal(secret(dir, "OPENAI_API_KEY"), KEY);
		assert.deepEqual(settings(dir).sort(), [
			"APP_ENV=production",
			"CORS_ORIGIN=https://a.example",
			`OPENAI_BASE_URL=${model()}`,
			"TRUSTED_PROXIES=127.0.0.1,::1",
		]);
		assert.ok(!`${stdout}${stderr}`.includes(KEY), "the key is shown");
	});

	it("keeps unanswered settings and changes only its own lines", async () => {
		const kept = read(dir, "banter.env").replace("https://a.example", "https://b.example");
		const { status, stderr } = await setup(dir, ["", "", "https://b.example"]);
		assert.equal(status, 0, stderr);
		assert.equal(read(dir, "banter.env"), kept);
		assert.equal(secret(dir, "OPENAI_API_KEY"), KEY);
	});

	it("appends to a file without a final newline, and reads quotes", async () => {
		const other = join(scratch, "short");
		await firstStart(other);
		const lines = ["APP_ENV=production", `OPENAI_BASE_URL="${model()}"`, "#CORS_ORIGINS=no"];
		writeFileSync(join(other, "banter.env"), lines.join("\n"));
		const { status, stderr } = await setup(other, [KEY, "", "https://c.example"]);
		assert.equal(status, 0, stderr);
		const all = [...lines, "CORS_ORIGIN=https://c.example", ""];
		assert.equal(read(other, "banter.env"), all.join("\n"));
	});

	it("--check asks nothing, writes nothing, and reports settings and model", async () => {
		const names = ["banter.env", ...readdirSync(join(dir, "credentials"))];
		const content = () => names.map((name) => (name === "banter.env" ? read : secret)(dir, name));
		const before = content();
		const { status, stdout, stderr } = await setup(dir, [], ["--check"]);
		assert.deepEqual([status, stderr], [0, ""]);
		assert.match(stdout, /^The settings are good\.\nThe model gpt-4\.1-mini at .* answers\.\n$/);
		assert.deepEqual(content(), before);

		const other = join(scratch, "unchecked");
		assert.equal((await setup(other, [], ["--check"])).status, 66);
		await firstStart(other);
		const { status: wrong, stderr: problems } = await setup(other, [], ["--check"]);
		assert.equal(wrong, 78);
		assert.match(problems, /OPENAI_API_KEY is not set/);
		const both = await setup(dir, [], ["--check", "--first-start"]);
		assert.equal(both.status, 64);
	});

	it("--check reports each daemon's errors and then does not call the model", async () => {
		const other = join(scratch, "wrong twice");
		await firstStart(other);
		writeFileSync(join(other, "credentials", "OPENAI_API_KEY"), KEY);
		const tls = ["TLS_CERT=/nonexistent", "TLS_KEY=/nonexistent"];
		const lines = [`OPENAI_BASE_URL=${model()}`, "STORE_MAX_BYTES=lots", ...tls];
		writeFileSync(join(other, "banter.env"), `${lines.join("\n")}\n`);
		const { status, stdout, stderr } = await setup(other, [], ["--check"]);
		assert.equal(status, 78, stderr);
		assert.match(stderr, /STORE_MAX_BYTES=lots/, "storaged's");
		assert.match(stderr, /TLS_CERT=\/nonexistent/, "masterd's");
		assert.doesNotMatch(stdout, /answers/);
	});

	it("uses its files, not a key in the environment", async () => {
		const env = { OPENAI_API_KEY: "another key" };
		const { status, stderr } = await setup(dir, ["", "", ""], [], env);
		assert.equal(status, 0, stderr);
	});

	const refused = [
		["a key that the model refuses", ["wrong", "", ""], 77, /refuses the key/],
		["sites that are no origins", [KEY, "", "example.com"], 78, /CORS_ORIGIN=example\.com/],
		["any site whatever", ["", "", "*"], 78, /CORS_ORIGIN=\*/],
		[
			"a model that cannot be reached",
			["", "http://127.0.0.1:1/v1", "https://a.example"],
			69,
			/No answer from http:\/\/127\.0\.0\.1:1/,
		],
		["what would be two lines of the file", ["", "", "a\\b"], 65, /cannot be written/],
	];
	for (const [what, answers, expected, why] of refused)
		it(`refuses ${what}`, async () => {
			const { status, stderr } = await setup(dir, answers);
			assert.equal(status, expected, stderr);
			assert.match(stderr, why);
		});

	it("does not echo the key on a terminal", async () => {
		const command = `${join(BUILD, "banter")} setup --config ${dir}`;
		const person = startProgram("script", ["-qec", command, "/dev/null"], baseEnvironment(), {
			input: null,
		});
		const answers = [KEY, model(), "https://a.example"];
		for (const [i, answer] of answers.entries()) {
			// Each question ends with its prompt; input typed earlier is echoed by the terminal.
			await until("a question", () => person.said.stdout.split("> ").length > i + 1);
			person.stdin.write(`${answer}\n`);
		}
		const { status, stdout } = await person.ended;
		assert.equal(status, 0, stdout);
		assert.match(stdout, /answers\./);
		assert.ok(stdout.includes("https://a.example"), "the terminal shows the other answers");
		assert.ok(!stdout.includes(KEY), stdout);
	});

	const wrong = [
		["an answer without end", dir, [KEY, "x".repeat(5000)], 65, /the answer is too long/],
		["a directory with too long a name", `/${"x/".repeat(3000)}`, [], 78, /too long/],
	];
	for (const [what, where, answers, expected, why] of wrong)
		it(`refuses ${what}`, async () => {
			const { status, stderr } = await setup(where, answers);
			assert.equal(status, expected, stderr);
			assert.match(stderr, why);
		});

	it("refuses an invalid file of settings", async () => {
		const other = join(scratch, "binary");
		await firstStart(other);
		writeFileSync(join(other, "banter.env"), "WORKERS=3\n\0\n");
		const { status, stderr } = await setup(other, ["", "", "https://a.example"]);
		assert.equal(status, 78);
		assert.match(stderr, /is not a settings file/);
	});

	it("reports an incomplete installation", async () => {
		const alone = join(scratch, "alone");
		cpSync(join(BUILD, "banter"), alone);
		const end = await startProgram(alone, ["setup", "--config", dir], baseEnvironment(), {
			input: "\n\nhttps://a.example\n",
		}).ended;
		assert.equal(end.status, 72, end.stderr);
		assert.match(end.stderr, /storaged was not found/);
	});

	it("does not finish without a key", async () => {
		const { status, stderr } = await setup(join(scratch, "no key"), ["", "", "https://a.example"]);
		assert.equal(status, 78);
		assert.match(stderr, /OPENAI_API_KEY is not set/);
	});

	it("names a model that the server does not know", async () => {
		const url = `${banter.stubUrl}/nowhere`;
		const { status, stderr } = await setup(dir, [KEY, url, "https://a.example"]);
		assert.equal(status, 78, stderr);
		assert.match(stderr, /answers 404 for the model gpt-4\.1-mini/);
	});

	it("banter status does not mention keys without an installation", async () => {
		const { stdout } = await expectTool(banter, 0, "status");
		assert.doesNotMatch(stdout, /credentials/);
	});
});
