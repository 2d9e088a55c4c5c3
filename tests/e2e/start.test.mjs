// Invalid settings, which the daemons refuse when they start, all at once and without secrets. Each setting by
// value: tests/unit/proto/settings; a store of a later schema: tests/unit/storaged/engine, tests/install.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BUILD, baseEnvironment, WIDGET_KEY } from "./harness.mjs";
import { startProgram, useDirectory } from "./tool.mjs";

const EX_CONFIG = 78;
const GOOD = {
	OPENAI_API_KEY: "sk-of-the-model",
	WIDGET_API_KEY: WIDGET_KEY,
	ADMIN_API_KEY: "an-admin-key-that-is-long-enough",
	DASHBOARD_PASSWORD: "a password nobody may see",
	CORS_ORIGIN: "https://example.com,https://www.example.com:8443",
	APP_ENV: "production",
};

const scratch = useDirectory();

/** Runs a daemon until it exits, and checks its status; resolves to its standard error. */
async function run(status, name, env, ...args) {
	const all = { ...baseEnvironment(), DATA_DIR: scratch("data"), ...env };
	const end = await startProgram(join(BUILD, name), args, all).ended;
	assert.equal(end.status, status, end.stderr);
	return end.stderr;
}

describe("settings", () => {
	it("all problems are reported at once without secrets", async () => {
		const shown = { PORT: "70000", WORKERS: "many", OPENAI_BASE_URL: "ftp://model.example" };
		const secrets = { WIDGET_API_KEY: "short-widget-secret", ADMIN_API_KEY: "short-admin-secret" };
		const others = { RATE_LIMIT_MAX_REQUESTS: "0", CORS_ORIGIN: "*" };
		const env = { APP_ENV: "production", ...shown, ...secrets, ...others };
		const stderr = await run(EX_CONFIG, "masterd", env);
		for (const name of ["OPENAI_API_KEY", ...Object.keys({ ...shown, ...secrets, ...others })])
			assert.match(stderr, new RegExp(`\\b${name}\\b`));
		for (const value of Object.values(shown)) assert.ok(stderr.includes(value), value);
		for (const value of Object.values(secrets)) assert.ok(!stderr.includes(value), value);
	});

	it("--check accepts valid ones, starts nothing, and names those that are not used", async () => {
		for (const name of ["masterd", "storaged"]) {
			const stderr = await run(0, name, { ...GOOD, CONVEX_URL: "https://x.example" }, "--check");
			for (const secret of Object.values(GOOD).slice(0, 4)) assert.ok(!stderr.includes(secret));
			if (name === "masterd") assert.match(stderr, /\bCONVEX_URL\b/);
		}
	});

	it("a secret with an unreadable file is not treated as unset", async () => {
		const credentials = scratch("credentials");
		mkdirSync(credentials);
		const unreadable = ["OPENAI_API_KEY", "DASHBOARD_PASSWORD"];
		for (const name of unreadable) symlinkSync(name, join(credentials, name)); // to itself
		const { OPENAI_API_KEY, DASHBOARD_PASSWORD, ...others } = GOOD;
		const env = { ...others, CREDENTIALS_DIRECTORY: credentials };
		const stderr = await run(EX_CONFIG, "masterd", env, "--check");
		assert.match(stderr, /^2 problems/);
		for (const name of unreadable)
			assert.match(stderr, new RegExp(`^  ${name} is not set: its file .* cannot be read: `, "m"));
	});
});
