// PROXY_LISTEN: connections that begin with a PROXY header. Proxies connect from 127.0.0.1, others from 127.0.0.2. All
// forms of the header: tests/unit/workerd/http/message/test_proxy_header.c; waiting for it:
// tests/unit/workerd/http/proxied.scenario.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Authority } from "./certs.mjs";
import { openStream, RawConnection, request, tlsOptions } from "./client.mjs";
import { Daemon, ROOT } from "./daemon.mjs";
import { freePort, until, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { findProxy } from "./programs.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const PROXY = "127.0.0.1";
const ANYBODY = "127.0.0.2";
const VISITOR = "127.0.0.3";

const authority = new Authority();
tlsOptions.ca = authority.pem;
const { cert, key } = authority.issue("localhost");

const port = await freePort(); // for proxies
const SETTINGS = { TRUSTED_PROXIES: PROXY, PROXY_LISTEN: `127.0.0.1:${port}` };

/** Opens a connection that announces a client in a header of version 1. */
async function announce(client, from = PROXY) {
	const raw = await RawConnection.connect(port, "127.0.0.1", from);
	const family = client.includes(":") ? "TCP6" : "TCP4";
	await raw.write(`PROXY ${family} ${client} ${client} 40000 443\r\n`);
	return raw;
}

const get = (path, fields = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
const post = (path, body) =>
	`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
	`Content-Length: ${body.length}\r\n\r\n${body}`;

/** The response to one request of a client, on a connection of its own. */
async function ask(client, bytes) {
	const raw = await announce(client);
	await raw.write(bytes);
	const answer = await raw.response();
	raw.close();
	return answer;
}

/** Whether a connection ends without a byte, perhaps before it is known to be open. */
async function isReset(open) {
	try {
		const raw = await open();
		return (await raw.closed()).length === 0;
	} catch (error) {
		return error.code === "ECONNRESET";
	}
}

describe("a connection to PROXY_LISTEN", () => {
	const banter = useBanter({ env: SETTINGS });

	it("is its client's in the log, whatever the client's own headers claim", async () => {
		const claim = "X-Forwarded-For: 6.6.6.6\r\nX-Request-Id: announced\r\n";
		assert.equal((await ask("203.0.113.7", get("/health", claim))).status, 200);
		const { client } = await banter.log.waitFor("it", (line) => line.request === "announced");
		assert.equal(client, "203.0.113.7");
	});

	it("is its proxy's if that announces nobody, whatever the client's own headers claim", async () => {
		const local = Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex");
		for (const [id, header] of [
			["unknown", "PROXY UNKNOWN\r\n"],
			["local", local],
		]) {
			const raw = await RawConnection.connect(port, "127.0.0.1", PROXY);
			await raw.write(header);
			await raw.write(get("/health", `X-Forwarded-For: 6.6.6.6\r\nX-Request-Id: ${id}\r\n`));
			assert.equal((await raw.response()).status, 200);
			raw.close();
			const { client } = await banter.log.waitFor("it", (line) => line.request === id);
			assert.equal(client, PROXY);
		}
	});

	it("never counts as one from this machine", async () => {
		assert.equal((await ask("127.0.0.1", get("/metrics"))).status, 401);
		assert.equal((await ask("::1", get("/metrics"))).status, 401);
		const local = await RawConnection.connect(port);
		await local.write(`PROXY UNKNOWN\r\n${get("/metrics")}`);
		assert.equal((await local.response()).status, 401);
		local.close();
	});

	it("is reset, logged and counted if its peer is no trusted proxy, or sends no header", async () => {
		const refused = (reason) => banter.metric(`proxy_refused_total{reason="${reason}"}`);
		assert.ok(await isReset(() => announce("203.0.113.7", ANYBODY)));
		assert.equal(await refused("untrusted"), 1);
		const { from, why } = await banter.log.waitFor("it", ({ ev }) => ev === "proxy_refused");
		assert.deepEqual([from, why], [ANYBODY, "not in TRUSTED_PROXIES"]);
		const direct = async () => {
			const raw = await RawConnection.connect(port);
			await raw.write(get("/health"));
			return raw;
		};
		assert.ok(await isReset(direct));
		assert.equal(await refused("invalid"), 1);
		assert.equal(await refused("timeout"), 0);
	});

	it("other addresses expect no header, and refuse one", async () => {
		const raw = await RawConnection.connect(banter.port);
		await raw.write(`PROXY UNKNOWN\r\n${get("/health")}`);
		assert.equal((await raw.response()).status, 400);
		raw.close();
		assert.equal((await banter.get("/health")).status, 200);
	});
});

describe("limits of announced clients", () => {
	const ONE = "2001:db8:0:1::1";
	const SAME = "2001:db8:0:1:ffff::2"; // in the same /64
	const OTHER = "2001:db8:0:2::1";

	it("count connections, by the /64 of IPv6", () =>
		withBanter({ env: { ...SETTINGS, MAX_CONNECTIONS_PER_ADDRESS: "2" } }, async () => {
			const open = [];
			const knock = async (client) => {
				const raw = await announce(client);
				open.push(raw);
				await raw.write(get("/health"));
				return (await raw.response()).status;
			};
			for (const [client, status] of [
				[ONE, 200],
				[SAME, 200],
				[ONE, 503],
				[SAME, 503],
				[OTHER, 200],
				["203.0.113.7", 200],
				["203.0.113.7", 200],
				["203.0.113.7", 503],
				["203.0.113.8", 200],
			])
				assert.equal(await knock(client), status, client);
			for (const raw of open) raw.close();
		}));

	it("count requests and wrong passwords, by the /64 of IPv6", () => {
		const strict = {
			...SETTINGS,
			RATE_LIMIT_MAX_REQUESTS: "2",
			RATE_LIMIT_WINDOW_MS: "86400000",
			LOGIN_FAILURES: "2",
			LOGIN_PENALTY_MS: "3600000",
			LOGIN_PENALTY_MAX_MS: "3600000",
		};
		return withBanter({ env: strict }, async () => {
			for (const [path, body] of [
				["/v1/chat", "{}"],
				["/api/login", '{"password":"wrong"}'],
			])
				for (const [client, status] of [
					[ONE, 401],
					[SAME, 401],
					[ONE, 429],
					[SAME, 429],
					[OTHER, 401],
					["203.0.113.7", 401],
				])
					assert.equal((await ask(client, post(path, body))).status, status, `${path} ${client}`);
		});
	});
});

/** Runs a proxy that forwards TCP. */
class Front {
	constructor(path, log) {
		Object.assign(this, { path, log });
		this.dir = mkdtempSync(join(tmpdir(), "banter-proxy-"));
	}

	/** @param {(at: { dir: string, port: number }) => { args: string[], files: Record<string, string> }} configure */
	async start(configure) {
		const own = await freePort();
		const { args, files } = configure({ dir: this.dir, port: own });
		this.url = `https://localhost:${own}`;
		for (const [name, text] of Object.entries(files)) writeFileSync(join(this.dir, name), text);
		const env = { PATH: process.env.PATH, HOME: this.dir };
		this.daemon = new Daemon(this.path, args, env, this.log);
		this.daemon.start();
		await until("the proxy answers", async () => {
			if (!this.daemon.running) throw new Error(this.log.tail());
			return (await request(this.url, "GET", "/health").catch(() => null)) !== null;
		});
	}

	async stop() {
		await this.daemon?.stop();
		rmSync(this.dir, { recursive: true });
	}
}

const NGINX_STREAM = join(ROOT, "build/tools/ngx_stream_module.so");

/** The example, with other addresses and this version of the protocol. */
const haproxy = (send) => (at) => ({
	args: ["-db", "-f", join(at.dir, "haproxy.cfg")],
	files: {
		"haproxy.cfg": readFileSync(join(ROOT, "systemd/proxies/haproxy-tcp.cfg"), "utf8")
			.replace(/bind .*/, `bind 127.0.0.1:${at.port}`)
			.replace("127.0.0.1:4001 send-proxy-v2 check", `127.0.0.1:${port} ${send} check inter 200ms`),
	},
});

const nginx = (at) => ({
	args: ["-p", at.dir, "-c", join(at.dir, "nginx.conf")],
	files: {
		"nginx.conf": `
			load_module "${NGINX_STREAM}";
			daemon off;
			${process.getuid() === 0 ? "user root;" : ""}
			pid ${at.dir}/pid;
			error_log stderr;
			events {}
			stream {
				server {
					listen 127.0.0.1:${at.port};
					proxy_pass 127.0.0.1:${port};
					proxy_protocol on;
				}
			}`,
	},
});

/** The program, or why its proxy cannot run. */
function findStreams() {
	const found = findProxy("nginx");
	if (!found.path || existsSync(NGINX_STREAM)) return found;
	return { reason: "build/tools has no stream module for nginx: make deps FOR=test" };
}

describe("HTTPS of banter behind a proxy that forwards TCP", () => {
	for (const [name, { path, reason }, configure] of [
		["HAProxy with send-proxy", findProxy("haproxy"), haproxy("send-proxy")],
		["HAProxy with send-proxy-v2", findProxy("haproxy"), haproxy("send-proxy-v2")],
		["nginx's stream module", findStreams(), nginx],
	])
		describe(name, { skip: reason ?? false }, () => {
			const banter = useBanter({ env: { ...SETTINGS, TLS_CERT: cert, TLS_KEY: key }, https: true });
			const front = new Front(path, banter.log);
			before(() => front.start(configure));
			after(() => front.stop());

			it("knows each visitor's address, for requests and WebSockets", async () => {
				const visit = (id) => ({ "x-request-id": id, "x-forwarded-for": "6.6.6.6" });
				const options = { headers: visit("page"), from: VISITOR };
				const { status } = await request(front.url, "GET", "/v1/openapi.json", options);
				assert.equal(status, 200);
				const widget = await makeWidget(banter);
				const visitor = await Visitor.open(front, widget, {
					from: VISITOR,
					headers: visit("socket"),
				});
				assert.equal(await visitor.ask("[[echo]] hello"), "hello");
				await visitor.close();
				for (const id of ["page", "socket"]) {
					const line = await banter.log.waitFor(id, (one) => one.request === id && one.client);
					assert.equal(line.client, VISITOR);
				}
			});

			it("forwards tokens while the reply is running", async () => {
				const headers = { "x-api-key": WIDGET_KEY };
				const body = { sessionId: "tcp", message: "[[tokens=20 hold-after=3]] by TCP" };
				const one = await openStream(front.url, "/v1/chat/stream", headers, body);
				assert.deepEqual(await one.tokens(3), ["t0 ", "t1 ", "t2 "]);
				await banter.release("by TCP");
				assert.equal((await one.rest()).at(-1).type, "done");
			});

			if (name.startsWith("HAProxy"))
				it("its own checks are no refusals", async () => {
					const accepted = () => banter.metric("connections_accepted_total");
					const before = await accepted();
					let own = 0;
					await until("it checks", async () => (await accepted()) > before + ++own + 2);
					assert.equal(await banter.metric("proxy_refused_total"), 0);
				});
		});
});
