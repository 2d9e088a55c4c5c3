// How the daemons start: invalid settings, which they refuse all at once and without secrets, and masterd's listening
// sockets. Each setting by value: tests/unit/proto/settings; a store of a later schema: tests/unit/storaged/engine.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RawConnection, request } from "./client.mjs";
import { BUILD, baseEnvironment, freePort, until, WIDGET_KEY, withBanter } from "./harness.mjs";
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

// Executes the program in its arguments with a listening socket on descriptor 3, as systemd does.
// Perl, because Node accepts connections on every socket that it listens on.
const ACTIVATE = `
	use Socket; use POSIX ();
	$^F = 255;
	my $port = shift;
	my $s;
	socket($s, PF_INET, SOCK_STREAM, 0) && bind($s, pack_sockaddr_in($port, INADDR_LOOPBACK)) &&
		listen($s, 128) or die "$!";
	POSIX::dup2(fileno($s), 3) or die "$!";
	$ENV{LISTEN_FDS} = 1;
	$ENV{LISTEN_PID} = $$;
	exec @ARGV;`;

describe("listening", () => {
	it("an inherited socket overrides LISTEN, and connections from before the start are served", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const port = await freePort();
			const other = await freePort();
			const args = ["-e", ACTIVATE, String(port), banter.masterd.program];
			const env = { ...banter.masterd.env, LISTEN: `127.0.0.1:${other}` };
			const activated = banter.daemon("/usr/bin/perl", args, env);
			activated.start();
			const early = await until("the socket is there", () =>
				RawConnection.connect(port).catch(() => null),
			);
			await early.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.deepEqual((await early.response()).json, { status: "ok" });
			early.close();
			assert.equal((await request(`http://127.0.0.1:${port}`, "GET", "/health")).status, 200);
			await assert.rejects(request(`http://127.0.0.1:${other}`, "GET", "/health"), {
				code: "ECONNREFUSED",
			});
			const unused = /ev=setting_unused name=LISTEN help="[^"]*edit banter.socket/;
			assert.ok(banter.log.lines.some((line) => unused.test(line.text)));
			assert.deepEqual(await activated.stop(), { code: 0, signal: null });
		}));

	it("an inherited socket named proxy expects the PROXY header, and PROXY_LISTEN opens others", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const port = await freePort();
			const other = await freePort();
			const args = ["-e", ACTIVATE, String(port), banter.masterd.program];
			const env = { ...banter.masterd.env, LISTEN: undefined, LISTEN_FDNAMES: "proxy" };
			const activated = (more) => banter.daemon("/usr/bin/perl", args, { ...env, ...more });

			const useless = activated({});
			useless.start();
			assert.equal((await useless.ended).code, 71);
			const why = /inherited_unusable fd=3 why="its name is proxy, and TRUSTED_PROXIES is not set"/;
			assert.ok(banter.log.lines.some((line) => why.test(line.text)));

			const trusting = activated({
				TRUSTED_PROXIES: "127.0.0.1",
				PROXY_LISTEN: `127.0.0.1:${other}`,
			});
			trusting.start();
			for (const [at, client] of [
				[port, "203.0.113.7"],
				[other, "203.0.113.8"],
			]) {
				const raw = await until("the socket is there", () =>
					RawConnection.connect(at).catch(() => null),
				);
				await raw.write(`PROXY TCP4 ${client} 192.0.2.1 1 443\r\n`);
				await raw.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: ann\r\n\r\n");
				assert.deepEqual((await raw.response()).json, { status: "ok" });
				raw.close();
				await banter.log.waitFor("the request", (line) => line.client === client);
			}
			assert.deepEqual(await trusting.stop(), { code: 0, signal: null });
		}));

	it("masterd exits at once if the port is in use, and names the address and the process", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const second = banter.daemon("masterd", [], banter.masterd.env);
			const position = banter.log.lines.length;
			second.start();
			const { code } = await second.ended;
			assert.notEqual(code, 0);
			const words = banter.log.lines
				.slice(position)
				.map((line) => line.text)
				.join("\n");
			const holder = `pid=${banter.masterd.pid} program=masterd help="stop this process, or`;
			assert.match(words, new RegExp(`:${banter.port}\\b.* ${holder}`));
			assert.equal((await banter.get("/health")).status, 200);
		}));
});
