// Settings: all problems at once, without secrets, and open-chat-widget's names.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { BUILD, baseEnvironment, DEADLINE_MS, WIDGET_KEY, withBanter } from "./harness.mjs";

const EX_CONFIG = 78;
const GOOD = {
	OPENAI_API_KEY: "sk-of-the-model",
	WIDGET_API_KEY: WIDGET_KEY,
	ADMIN_API_KEY: "an-admin-key-that-is-long-enough",
	DASHBOARD_PASSWORD: "a password nobody may see",
	CORS_ORIGIN: "https://example.com,https://www.example.com:8443",
};

/** Runs a program until it exits. */
function run(name, args, env) {
	return new Promise((resolve) => {
		const child = spawn(join(BUILD, name), args, {
			env: { ...baseEnvironment(), ...env },
			stdio: ["ignore", "ignore", "pipe"],
			timeout: DEADLINE_MS,
		});
		let stderr = "";
		child.stderr.on("data", (piece) => {
			stderr += piece;
		});
		child.on("close", (code, signal) => resolve({ code, signal, stderr }));
	});
}

describe("settings", () => {
	const dir = mkdtempSync(join(tmpdir(), "banter-settings-"));
	after(() => rmSync(dir, { recursive: true }));
	const DATA_DIR = join(dir, "data");

	it("all problems are reported at once without secrets, with exit status 78", async () => {
		const { code, stderr } = await run("masterd", [], {
			DATA_DIR,
			APP_ENV: "production",
			PORT: "70000",
			WORKERS: "many",
			WIDGET_API_KEY: "short-widget-secret",
			ADMIN_API_KEY: "short-admin-secret",
			OPENAI_BASE_URL: "ftp://model.example",
			RATE_LIMIT_MAX_REQUESTS: "0",
			CORS_ORIGIN: "*",
		});
		assert.equal(code, EX_CONFIG);
		for (const name of [
			"PORT",
			"WORKERS",
			"OPENAI_API_KEY",
			"WIDGET_API_KEY",
			"ADMIN_API_KEY",
			"OPENAI_BASE_URL",
			"RATE_LIMIT_MAX_REQUESTS",
			"CORS_ORIGIN",
		])
			assert.match(stderr, new RegExp(`\\b${name}\\b`));
		for (const shown of ["70000", "many", "ftp://model.example"])
			assert.ok(stderr.includes(shown), shown);
		for (const secret of ["short-widget-secret", "short-admin-secret"])
			assert.ok(!stderr.includes(secret), `${secret} is shown`);
	});

	const refused = [
		["PORT", "0"],
		["PORT", "65536"],
		["PORT", "40 00"],
		["PORT", "4000x"],
		["PORT", "-1"],
		["APP_ENV", "staging"],
		["LISTEN", "localhost"],
		["LISTEN", "127.0.0.1:99999"],
		["WORKERS", "0"],
		["ADMIN_API_KEY", "only-twenty-three-chars"],
		["WIDGET_API_KEY_OLD", "only-twenty-three-chars"],
		["ADMIN_API_KEY_OLD", "only-twenty-three-chars"],
		["MAX_HISTORY_MESSAGES", "0"],
		["MAX_HISTORY_MESSAGES", "1001"],
		["RATE_LIMIT_WINDOW_MS", "1e3"],
		["CORS_ORIGIN", "https://example.com/path"],
		["CORS_ORIGIN", "example.com"],
		["OPENAI_BASE_URL", "not a url"],
		["MODEL_SERVERS", "local=not-a-url"],
		["MODEL_SERVER_KEYS", "nobody=key"],
	];
	for (const [name, value] of refused)
		it(`${name}=${value} is refused by name`, async () => {
			const { code, stderr } = await run("masterd", ["--check"], {
				...GOOD,
				DATA_DIR,
				[name]: value,
			});
			assert.equal(code, EX_CONFIG);
			assert.match(stderr, new RegExp(`\\b${name}\\b`));
		});

	const weak = [
		["OPENAI_API_KEY", undefined],
		["WIDGET_API_KEY", undefined],
		["WIDGET_API_KEY", "only-twenty-three-chars"],
		["CORS_ORIGIN", "*"],
		["CORS_ORIGIN", undefined],
	];
	for (const [name, value] of weak) {
		it(`production refuses ${name}=${value ?? "(unset)"}, development accepts it`, async () => {
			const env = { ...GOOD, DATA_DIR, [name]: value };
			if (value === undefined) delete env[name];
			const production = await run("masterd", ["--check"], { ...env, APP_ENV: "production" });
			assert.equal(production.code, EX_CONFIG);
			assert.match(production.stderr, new RegExp(`\\b${name}\\b`));
			const development = await run("masterd", ["--check"], { ...env, APP_ENV: "development" });
			assert.equal(development.code, 0, development.stderr);
		});
	}

	for (const name of ["masterd", "storaged"]) {
		it(`${name} --check: exits 0 for valid settings and starts nothing`, async () => {
			const { code, stderr } = await run(name, ["--check"], {
				...GOOD,
				DATA_DIR,
				APP_ENV: "production",
			});
			assert.equal(code, 0, stderr);
			for (const secret of Object.values(GOOD).slice(0, 4)) assert.ok(!stderr.includes(secret));
		});
	}

	it("storaged refuses its own invalid settings with 78 too", async () => {
		const { code, stderr } = await run("storaged", [], {
			DATA_DIR,
			STORE_MAX_BYTES: "much",
			LOG_LEVEL: "loud",
		});
		assert.equal(code, EX_CONFIG);
		assert.match(stderr, /\bSTORE_MAX_BYTES\b/);
		assert.match(stderr, /\bLOG_LEVEL\b/);
	});

	it("NODE_ENV is an alias of APP_ENV", async () => {
		const { code, stderr } = await run("masterd", ["--check"], {
			...GOOD,
			DATA_DIR,
			NODE_ENV: "production",
			CORS_ORIGIN: "*",
		});
		assert.equal(code, EX_CONFIG);
		assert.match(stderr, /\bCORS_ORIGIN\b/);
	});

	it("APP_ENV overrides NODE_ENV", async () => {
		const env = {
			...GOOD,
			DATA_DIR,
			NODE_ENV: "production",
			APP_ENV: "development",
			CORS_ORIGIN: "*",
		};
		assert.equal((await run("masterd", ["--check"], env)).code, 0);
	});

	it("an .env of open-chat-widget works unchanged; unused names are reported", async () => {
		const { code, stderr } = await run("masterd", ["--check"], {
			...GOOD,
			DATA_DIR,
			CONVEX_URL: "https://happy-otter-123.convex.cloud",
			NEXT_PUBLIC_BACKEND_URL: "https://chat.example.com",
		});
		assert.equal(code, 0, stderr);
		assert.match(stderr, /\bCONVEX_URL\b/);
		assert.match(stderr, /\bNEXT_PUBLIC_BACKEND_URL\b/);
	});

	it("a secret with an unreadable file is not treated as unset", async () => {
		const credentials = join(dir, "credentials");
		mkdirSync(credentials);
		const unreadable = ["OPENAI_API_KEY", "DASHBOARD_PASSWORD"];
		for (const name of unreadable) symlinkSync(name, join(credentials, name)); // to itself
		const { OPENAI_API_KEY, DASHBOARD_PASSWORD, ...others } = GOOD;
		const env = { ...others, APP_ENV: "production", CREDENTIALS_DIRECTORY: credentials };
		const { code, stderr } = await run("masterd", ["--check"], env);
		assert.equal(code, EX_CONFIG, stderr);
		assert.match(stderr, /^2 problems/);
		for (const name of unreadable)
			assert.match(stderr, new RegExp(`^  ${name} is not set: its file .* cannot be read: `, "m"));
	});

	it("secrets are also read from $CREDENTIALS_DIRECTORY", async () => {
		writeFileSync(join(dir, "WIDGET_API_KEY"), `${WIDGET_KEY}-from-a-file\n`);
		const env = { WIDGET_API_KEY: undefined, CREDENTIALS_DIRECTORY: dir };
		await withBanter({ env, workers: 1 }, async (banter) => {
			const headers = { "x-api-key": `${WIDGET_KEY}-from-a-file` };
			assert.equal((await banter.chat("s", "[[tokens=1]]", { headers })).status, 200);
			assert.equal((await banter.chat("s", "[[tokens=1]]")).status, 401);
		});
	});
});
