// `banter setup`: random keys at the first start, then questions and checks, and the first user.

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { logIn } from "./accounts.mjs";
import { BUILD, baseEnvironment, useBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { expectTool, onTerminal, startProgram, useDirectory } from "./tool.mjs";

const KEY = "key-of-the-stub-model";
const SITE = "https://a.example";
const RANDOM = ["WIDGET_API_KEY", "ADMIN_API_KEY", "DASHBOARD_PASSWORD"];

const scratch = useDirectory();

/** Runs `banter setup` on a directory with these lines of input. */
function startSetup(dir, answers, args = [], { env = {}, program = "banter" } = {}) {
	const input = answers.map((line) => `${line}\n`).join("");
	const all = ["setup", "--config", dir, ...args];
	const environment = { ...baseEnvironment(), ...env };
	return startProgram(resolve(BUILD, program), all, environment, { input }).ended;
}

/** The same, and checks the exit status. */
async function setup(status, ...args) {
	const end = await startSetup(...args);
	assert.equal(end.status, status, end.stdout + end.stderr);
	return end;
}

const firstStart = (dir) => setup(0, dir, [], ["--first-start"]);

const read = (dir, name) => readFileSync(join(dir, name), "utf8");
const secret = (dir, name) => read(dir, join("credentials", name));
const mode = (...path) => (statSync(join(...path)).mode & 0o777).toString(8);

/** The lines of banter.env without comments. */
function settings(dir) {
	return read(dir, "banter.env")
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"));
}

/** A directory after its first start, with these settings. */
async function configured(name, lines) {
	const dir = scratch(name);
	await firstStart(dir);
	writeFileSync(join(dir, "banter.env"), lines.join("\n"));
	return dir;
}

describe("the first start", () => {
	const dir = scratch("first");

	it("creates random keys that only root can read, and names their place", async () => {
		const { stdout } = await firstStart(dir);
		const modes = [mode(dir), mode(dir, "credentials"), mode(dir, "banter.env")];
		assert.deepEqual(modes, ["755", "700", "644"]);
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
		const secrets = () => RANDOM.map((name) => secret(dir, name));
		const before = secrets();
		writeFileSync(join(dir, "banter.env"), "WORKERS=3\n");
		const { stdout, stderr } = await firstStart(dir);
		assert.deepEqual([stdout, stderr, secrets()], ["", "", before]);
		assert.equal(read(dir, "banter.env"), "WORKERS=3\n");
	});

	it("fails where it cannot write", async () => {
		const file = scratch("file");
		writeFileSync(file, "");
		const { stderr } = await setup(66, file, [], ["--first-start"]);
		assert.ok(stderr.includes(file), stderr);
	});
});

describe("banter setup", () => {
	const banter = useBanter({ workers: 1, stub: ["--key", KEY] });
	const dir = scratch("asked");
	const model = () => `${banter.stubUrl}/v1`;

	it("writes the answers and checks the model", async () => {
		const { stdout, stderr } = await setup(0, dir, [KEY, model(), SITE, ""]);
		assert.match(stdout, /^The model gpt-4\.1-mini at .* answers\.$/m);
		assert.equal(secret(dir, "OPENAI_API_KEY"), KEY);
		assert.deepEqual(settings(dir).sort(), [
			"APP_ENV=production",
			`CORS_ORIGIN=${SITE}`,
			`OPENAI_BASE_URL=${model()}`,
			"TRUSTED_PROXIES=127.0.0.1,::1",
		]);
		assert.ok(!`${stdout}${stderr}`.includes(KEY), "the key is shown");
	});

	it("asks for the model of another server, among those that it has, and not for OpenAI's", async () => {
		const other = scratch("model");
		const { stdout, stderr } = await setup(0, other, [KEY, model(), SITE, "banter-demo"]);
		assert.match(stderr, /The model server has: banter-demo$/m);
		assert.match(stdout, /^The model banter-demo at .* answers\.$/m);
		assert.ok(settings(other).includes("OPENAI_MODEL=banter-demo"));
		// A server without a list, a wrong key, and none that answers.
		for (const [key, url, error] of [
			[
				KEY,
				`${banter.stubUrl}/no`,
				/The model server names no models: .* has no list of models \(status 404/m,
			],
			["wrong", model(), /The model server names no models: .* refuses the key \(status 401/m],
			[KEY, "http://127.0.0.1:1/v1", /The model server names no models: No answer from /m],
		]) {
			const dir = scratch(`model-${url.length}-${key.length}`);
			const end = await startSetup(dir, [key, url, SITE, ""]);
			assert.match(end.stderr, error);
		}
		// OpenAI's own: there is no fourth question. Its key is refused, or it cannot be reached.
		const openai = await startSetup(scratch("openai"), [KEY, "https://api.openai.com/v1", SITE]);
		assert.doesNotMatch(openai.stderr, /The model server|ended before/);
	});

	it("takes the model from an option", async () => {
		const other = scratch("model-option");
		const keyFile = scratch("key-of-model");
		writeFileSync(keyFile, KEY);
		const all = ["--model-key-file", keyFile, "--model-url", model(), "--sites", SITE];
		await setup(0, other, [], [...all, "--model", "banter-demo"]);
		assert.ok(settings(other).includes("OPENAI_MODEL=banter-demo"));
	});

	it("keeps settings that were not answered, from its files and not from the environment", async () => {
		const kept = read(dir, "banter.env").replace(SITE, "https://b.example");
		const env = { OPENAI_API_KEY: "another key" };
		for (const site of ["https://b.example", ""]) {
			await setup(0, dir, ["", "", site, ""], [], { env });
			assert.equal(read(dir, "banter.env"), kept);
		}
		assert.equal(secret(dir, "OPENAI_API_KEY"), KEY);
	});

	it("appends to a file without a final newline, and reads quotes", async () => {
		const lines = ["APP_ENV=production", `OPENAI_BASE_URL="${model()}"`, "#CORS_ORIGINS=no"];
		const other = await configured("short", lines);
		await setup(0, other, [KEY, "", SITE, ""]);
		assert.equal(read(other, "banter.env"), [...lines, `CORS_ORIGIN=${SITE}`, ""].join("\n"));
	});

	it("--check asks nothing, writes nothing, and reports settings and model", async () => {
		const names = ["banter.env", ...readdirSync(join(dir, "credentials"))];
		const content = () => names.map((name) => (name === "banter.env" ? read : secret)(dir, name));
		const before = content();
		const { stdout, stderr } = await setup(0, dir, [], ["--check"]);
		assert.equal(stderr, "");
		assert.match(stdout, /^The settings are good\.\nThe model gpt-4\.1-mini at .* answers\.\n$/);
		assert.deepEqual(content(), before);
		await setup(66, scratch("missing"), [], ["--check"]);
	});

	it("--check reports each daemon's errors and then does not call the model", async () => {
		const tls = ["TLS_CERT=/nonexistent", "TLS_KEY=/nonexistent"];
		const lines = [`OPENAI_BASE_URL=${model()}`, "STORE_MAX_BYTES=lots", ...tls, "PORT=80", ""];
		const other = await configured("wrong twice", lines);
		writeFileSync(join(other, "credentials", "OPENAI_API_KEY"), KEY);
		const { stdout, stderr } = await setup(78, other, [], ["--check"]);
		assert.match(stderr, /STORE_MAX_BYTES=lots/, "storaged's");
		assert.match(stderr, /TLS_CERT=\/nonexistent/, "masterd's");
		assert.match(stderr, /PORT in banter.env has no effect: .* banter.socket/);
		assert.doesNotMatch(stdout, /answers/);
	});

	it("--check --json reports each check, and exits with the same status", async () => {
		const check = async (status, from) => {
			const { stdout } = await setup(status, from, [], ["--check", "--json"]);
			const { ok, checks } = JSON.parse(stdout);
			assert.equal(ok, status === 0);
			return checks.map((c) => [c.name, c.ok, c.exit_status, c.messages.join("\n")]);
		};
		const good = await check(0, dir);
		assert.deepEqual(good.slice(0, 2), [
			["storaged", true, 0, ""],
			["masterd", true, 0, "The settings are good."],
		]);
		assert.deepEqual(good[2].slice(0, 3), ["model", true, 0]);
		assert.match(good[2][3], /^The model gpt-4\.1-mini at .* answers\.$/);
		const other = await configured("wrong as JSON", ["STORE_MAX_BYTES=lots", "WORKERS=zero"]);
		const wrong = await check(78, other);
		assert.deepEqual(
			wrong.map(([name, ok, status]) => [name, ok, status]),
			[
				["storaged", false, 78],
				["masterd", false, 78],
			],
		);
		assert.match(wrong[0][3], /^STORE_MAX_BYTES=lots: /m);
		assert.match(wrong[1][3], /^WORKERS=zero: /m);
	});

	for (const [what, answers, status, error] of [
		["a key that the model refuses", () => ["wrong", model(), SITE, ""], 77, /refuses the key/],
		["no answer", () => [KEY, "http://127.0.0.1:1/v1", SITE, ""], 69, /No answer from http:/],
		[
			"an unknown model",
			() => [KEY, `${banter.stubUrl}/no`, SITE, ""],
			78,
			/answers 404 for the model gpt/,
		],
	])
		it(`reports ${what}`, async () => {
			const { stderr } = await setup(status, scratch(what), answers());
			assert.match(stderr, error);
		});

	/** Invalid answers, by the index of their question. */
	const INVALID = [
		["two words", 0, /banter: model-key: must not contain spaces$/m],
		["x".repeat(5000), 0, /: at most 4094 bytes are allowed$/m],
		["model.example", 1, /banter: model-url: must be an http:\/\/ or https:\/\/ URL/],
		['http://model.example/"', 1, /banter: model-url: must not contain quotes/],
		["x.example", 2, /banter: sites: /],
		["*", 2, /banter: sites: production requires the exact origins/],
	];

	it("asks again after each invalid answer", async () => {
		const other = scratch("again");
		const valid = [KEY, model(), SITE];
		const lines = valid.flatMap((line, i) => [
			...INVALID.filter(([, question]) => question === i).map(([answer]) => answer),
			line,
		]);
		const { stderr } = await setup(0, other, [...lines, 'a "model"', ""]);
		assert.match(stderr, /banter: model: must not contain quotes/);
		for (const [, , error] of INVALID) assert.match(stderr, error);
		assert.equal(secret(other, "OPENAI_API_KEY"), KEY);
		assert.ok(settings(other).includes(`CORS_ORIGIN=${SITE}`));
	});

	it("writes nothing if the input ends before all answers are valid", async () => {
		const other = scratch("ended");
		await firstStart(other);
		const before = settings(other);
		for (const [answers, error] of [
			[[], /^/],
			[["", ""], /model-key: required in production/],
			[[KEY, model()], /^/],
			[[KEY, model(), "x.example"], /sites: must be/],
			[Array(30).fill("two words"), /banter: too many invalid answers/],
		]) {
			const { stderr } = await setup(65, other, answers);
			assert.match(stderr, error);
			assert.match(
				stderr,
				/banter: (standard input ended before this question|too many).*\nbanter: no settings were changed\n$/,
			);
			assert.deepEqual([settings(other), secret(other, "OPENAI_API_KEY")], [before, ""]);
		}
	});

	it("takes answers from options and files, asks nothing, and keeps the others", async () => {
		const other = scratch("options");
		const keyFile = scratch("key");
		writeFileSync(keyFile, `${KEY}\n`);
		const all = ["--model-key-file", keyFile, "--model-url", model(), "--sites", SITE];
		const { stderr } = await setup(0, other, [], all);
		assert.equal(stderr, "");
		await setup(0, other, [], ["--sites", "https://b.example", "--no-restart"]);
		assert.equal(secret(other, "OPENAI_API_KEY"), KEY);
		assert.deepEqual(settings(other).sort(), [
			"APP_ENV=production",
			"CORS_ORIGIN=https://b.example",
			`OPENAI_BASE_URL=${model()}`,
			"TRUSTED_PROXIES=127.0.0.1,::1",
		]);
	});

	const file = scratch("answers");
	for (const [what, text, status, error, ...args] of [
		["an invalid answer", "sites=*\nmodel-url=x", 78, /model-url: must.*\nbanter: sites: prod/],
		["a missing key", `sites=${SITE}`, 78, /model-key: required in production/],
		["a line without a value", `# a comment\n\nsites`, 65, /, line 3: must be NAME=VALUE/],
		["an unknown name", "site=x", 65, /, line 1: site is not an answer/],
		["an answer given twice", "sites=x", 64, /sites is given twice/, "--sites", SITE],
		["an invalid restart", "restart=maybe\nmodel-key=k", 78, /restart: must be yes or no/],
		["a missing file", "", 66, /No such file/, "--model-key-file", "/nonexistent"],
		["--check with answers", "sites=x", 64, /take no answers/, "--check"],
		["a restart without a service", "", 64, /there is no service to restart/, "--restart"],
		["both restarts", "", 64, /exclude each other/, "--restart", "--no-restart"],
		[
			"a user without storaged",
			`model-key=k\nsites=${SITE}\nowner-email=a@b.example`,
			69,
			/storaged is not running/,
		],
	])
		it(`refuses ${what}, and writes nothing`, async () => {
			writeFileSync(file, text);
			const other = scratch(what);
			await firstStart(other);
			const before = settings(other);
			const { stderr } = await setup(status, other, [], ["--answers", file, ...args]);
			assert.match(stderr, error);
			assert.deepEqual([settings(other), secret(other, "OPENAI_API_KEY")], [before, ""]);
		});

	it("refuses an invalid file of settings, and too long a directory", async () => {
		const other = await configured("binary", ["WORKERS=3", "\0", ""]);
		const { stderr } = await setup(78, other, ["", "", SITE, ""]);
		assert.match(stderr, /is not a settings file/);
		assert.match((await setup(78, `/${"x/".repeat(3000)}`, [])).stderr, /too long/);
	});

	it("does not echo the key on a terminal", async () => {
		const args = ["setup", "--config", dir];
		const { status, stdout } = await onTerminal(baseEnvironment(), args, [KEY, model(), SITE, ""]);
		assert.equal(status, 0, stdout);
		assert.match(stdout, /answers\./);
		assert.ok(stdout.includes(SITE), "the terminal shows the other answers");
		assert.ok(!stdout.includes(KEY), stdout);
	});

	it("reports an incomplete installation", async () => {
		const program = scratch("alone");
		cpSync(join(BUILD, "banter"), program);
		const { stderr } = await setup(72, dir, ["", "", SITE, ""], [], { program });
		assert.match(stderr, /storaged was not found/);
	});
});

describe("banter setup with a running store", () => {
	const PASSWORD = "correct horse battery";
	const banter = useBanter({ workers: 1 });
	const dir = scratch("users");

	/** Answers: the model's key and address, the sites, then the user and the tokens a day. */
	function setupWith(status, ...answers) {
		const all = ["any-key", `${banter.stubUrl}/v1`, SITE, "", ...answers];
		return setup(status, dir, all, ["--socket", socket()]);
	}
	const socket = () => join(banter.dir, "data", "store.sock");
	const users = async () =>
		JSON.parse((await expectTool(banter, 0, "user", "list", "--json")).stdout).map(
			({ email, role }) => `${email} ${role}`,
		);

	it("creates no user if none is wanted or the answers are invalid", async () => {
		await setupWith(0, "", "");
		const { stderr } = await setupWith(65, "jane");
		assert.match(stderr, /banter: owner-email: must be an e-mail address/);
		assert.match((await setupWith(65, "jane@example.com", "short")).stderr, /at least 10/);
		assert.deepEqual(await users(), []);
	});

	it("asks only for the first user, again after invalid answers", async () => {
		const answers = ["jane", "jane@example.com", "short", PASSWORD, ""];
		const { stdout, stderr } = await setupWith(0, ...answers);
		assert.match(stdout, /^added jane@example\.com, an owner$/m);
		assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
		await logIn(banter, { email: "jane@example.com", password: PASSWORD });
		assert.doesNotMatch((await setupWith(0, "")).stderr, /first dashboard user/);
	});

	it("asks for the most tokens a day until there is a budget, and changes none", async () => {
		const budgets = async () => (await adminExpect(banter, 200, "GET", "budgets")).organization;
		assert.equal((await budgets()) ?? null, null);
		const { stdout, stderr } = await setupWith(0, "many", "0", "4000000001", "2000000");
		assert.match(stderr, /banter: daily-tokens: must be a whole number of tokens from 1/);
		assert.match(stdout, /^set a budget of 2000000 tokens a day$/m);
		assert.equal((await budgets()).dailyTokens, 2_000_000);
		assert.doesNotMatch((await setupWith(0)).stderr, /tokens that replies may use/);
		const again = await setup(0, dir, [], ["--daily-tokens", "5", "--socket", socket()]);
		assert.match(again.stdout, /There is already a budget; it was not changed\./);
		assert.equal((await budgets()).dailyTokens, 2_000_000);
	});

	it("takes the first user from a file, also when there is one already", async () => {
		const file = scratch("answers-of-user");
		const answers = [
			"model-key=any-key",
			`model-url=${banter.stubUrl}/v1`,
			`sites=${SITE}`,
			"owner-email=jim@example.com",
		];
		const run = async (status, ...lines) => {
			writeFileSync(file, [...answers, ...lines].join("\n"));
			return setup(status, scratch("user"), [], ["--answers", file, "--socket", socket()]);
		};
		await expectTool(banter, 0, "user", "add", "other@example.com", "--owner", "--generate");
		await expectTool(banter, 0, "user", "remove", "jane@example.com");
		assert.match((await run(64)).stderr, /belong together/);
		assert.match((await run(78, "owner-password=short")).stderr, /owner-password: must have/);
		const { stdout } = await run(0, `owner-password=${PASSWORD}`);
		assert.match(stdout, /already has a user; jim@example\.com was not added/);
		assert.deepEqual(await users(), ["other@example.com owner"]);
	});
});
