// Real proxies in front, with the configurations that are offered as examples (systemd/proxies),
// changed only in their addresses and certificates: TLS, streams that are not held back, and the
// clients' own addresses.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Authority } from "./certs.mjs";
import { openStream, request, textOf, tlsOptions } from "./client.mjs";
import { Daemon, ROOT } from "./daemon.mjs";
import { ADMIN_KEY, freePort, PASSWORD, until, useBanter, WIDGET_KEY } from "./harness.mjs";

const authority = new Authority();
tlsOptions.ca = authority.pem;
const { cert, key } = authority.issue("localhost");

const VISITOR = "127.0.0.3";

/** nginx's own frame around a site. */
const nginxFrame = (dir, site) => `
	daemon off;
	${process.getuid() === 0 ? "user root;" : ""}
	pid ${dir}/pid;
	error_log stderr;
	events {}
	http {
		access_log off;
		${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`).join("\n")}
		${site}
	}`;

const PROXIES = {
	nginx: {
		example: "nginx.conf",
		args: (dir) => ["-p", dir, "-c", join(dir, "nginx.conf")],
		adapt: (text, at) =>
			nginxFrame(
				at.dir,
				text
					.replace(/listen 443 /, `listen 127.0.0.1:${at.port} `)
					.replace(/listen \[::\]:443 .*/, "")
					.replace(/\/etc\/letsencrypt\S*fullchain\.pem/, cert)
					.replace(/\/etc\/letsencrypt\S*privkey\.pem/, key),
			),
	},
	haproxy: {
		example: "haproxy.cfg",
		args: (dir) => ["-db", "-f", join(dir, "haproxy.cfg")],
		adapt: (text, at) => {
			writeFileSync(join(at.dir, "both.pem"), readFileSync(cert) + readFileSync(key));
			return text
				.replace(/bind :443,:::443 v6only/, `bind 127.0.0.1:${at.port}`)
				.replace(/\/etc\/haproxy\/certs\S*/, join(at.dir, "both.pem"));
		},
	},
	caddy: {
		example: "Caddyfile",
		args: (dir) => ["run", "--config", join(dir, "Caddyfile"), "--adapter", "caddyfile"],
		adapt: (text, at) =>
			`{\n\tadmin off\n\tauto_https off\n}\n${text
				.replace(/^chat\.example\.com/m, `https://localhost:${at.port}`)
				.replace(/^\treverse_proxy/m, `\tbind 127.0.0.1\n\ttls ${cert} ${key}\n\treverse_proxy`)}`,
	},
};

/** Where the program is, or why it is not. */
function find(name) {
	const places = [join(ROOT, "build/tools", name), `/usr/sbin/${name}`, `/usr/bin/${name}`];
	const path = places.find((one) => existsSync(one));
	if (!path) return { reason: `${name} is not there: make deps FOR=test` };
	const { status, stderr } = spawnSync(path, [name === "caddy" ? "version" : "-v"]);
	return status === 0 ? { path } : { reason: `${name} does not run: ${stderr}` };
}

for (const [name, proxy] of Object.entries(PROXIES)) {
	const { path, reason } = find(name);
	describe(`behind ${name}`, { skip: reason ?? false }, () => {
		const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
		const dir = mkdtempSync(join(tmpdir(), `banter-${name}-`));
		let daemon;
		let url;

		before(async () => {
			const port = await freePort();
			url = `https://localhost:${port}`;
			const text = readFileSync(join(ROOT, "systemd/proxies", proxy.example), "utf8")
				.replaceAll("127.0.0.1:4000", `127.0.0.1:${banter.port}`)
				.replaceAll("server_name chat.example.com", "server_name localhost");
			writeFileSync(join(dir, proxy.example), proxy.adapt(text, { dir, port }));
			mkdirSync(join(dir, "logs"));
			const env = { PATH: process.env.PATH, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
			daemon = new Daemon(path, proxy.args(dir), env, banter.log);
			daemon.start();
			await until(`${name} answers`, async () => {
				if (!daemon.running) throw new Error(banter.log.tail());
				return (await get("/health").catch(() => null))?.status === 200;
			});
		});
		after(async () => {
			await daemon.stop();
			rmSync(dir, { recursive: true });
		});

		const get = (page, headers = {}) =>
			request(url, "GET", page, { headers, from: page === "/health" ? undefined : VISITOR });
		const stream = (sessionId, message) =>
			openStream(url, "/v1/chat/stream", { "x-api-key": WIDGET_KEY }, { sessionId, message });

		it("tokens come while the reply is still being written", async () => {
			const one = await stream("unbuffered", "[[tokens=5 hang-after=3]]");
			assert.deepEqual(await one.tokens(3), ["t0 ", "t1 ", "t2 "]);
			one.leave();
		});

		it("a whole reply comes whole, and what it said is stored", async () => {
			const one = await stream("whole", "[[tokens=200 delay=1]]");
			const events = await one.rest();
			assert.equal(events.at(-1).type, "done");
			assert.equal(textOf(events).trim(), events.at(-1).message);
			const { messages } = await banter.threadOf("whole");
			assert.equal(messages.at(-1).content, events.at(-1).message);
		});

		it("the visitor's address is the visitor's own, whatever it claims", async () => {
			const id = `who-${name}`;
			await get("/v1/openapi.json", { "x-forwarded-for": "6.6.6.6", "x-request-id": id });
			const line = await banter.log.waitFor(`request ${id}`, (one) => one.request === id);
			assert.equal(line.client, VISITOR);
		});

		it("the session's cookie is for HTTPS only", async () => {
			const body = { password: PASSWORD };
			const { status, headers } = await request(url, "POST", "/api/login", { body });
			assert.equal(status, 200);
			assert.match(headers["set-cookie"][0], /; Secure/);
		});

		it("metrics are not open to those who come through it", async () => {
			assert.equal((await get("/metrics")).status, 401);
			assert.equal((await get("/metrics", { "x-admin-api-key": ADMIN_KEY })).status, 200);
		});

		it("a large body is refused by us, with our answer", async () => {
			const headers = { "x-api-key": WIDGET_KEY };
			const body = { sessionId: "large", message: "x".repeat(300_000) };
			const answer = await request(url, "POST", "/v1/chat", { headers, body });
			assert.equal(answer.status, 413);
			assert.equal(answer.json.code, "body_too_large");
		});
	});
}
