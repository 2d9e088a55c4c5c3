// Real proxies with the example configurations of systemd/proxies, changed only in addresses and
// certificates: TLS, unbuffered streams, WebSockets, and client addresses.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { Authority } from "./certs.mjs";
import { fromAddress, openStream, request, textOf, tlsOptions } from "./client.mjs";
import { Daemon, Log, ROOT } from "./daemon.mjs";
import { EchoServer, frame, OP, RawWebSocket } from "./frames.mjs";
import {
	ADMIN_KEY,
	freePort,
	LONG,
	numbered,
	PASSWORD,
	until,
	useBanter,
	WIDGET_KEY,
} from "./harness.mjs";
import { findProxy } from "./programs.mjs";
import { makeWidget, said, socketUrl, summary, Visitor } from "./visitors.mjs";

const authority = new Authority();
tlsOptions.ca = authority.pem;
const { cert, key } = authority.issue("localhost");

const VISITOR = "127.0.0.3";

const PING_MS = 30_000; // of every banter (workerd/http/http_server.c)
const LONGEST_MS = 120_000; // that any of the examples lets a connection be silent
const TIME_OUT_S = 8; // of a proxy in a test of them
const SILENCE_MS = 1.5 * 1000 * TIME_OUT_S;
/** Long enough for a ping that is late by seconds, and for its response. */
const OFTEN_MS = 2500;

/** The nginx configuration around a site. */
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
		timeouts: /(?<=proxy_read_timeout )(\d+)s/g,
		args: (dir) => ["-p", dir, "-c", join(dir, "nginx.conf")],
		adapt: (text, at) =>
			nginxFrame(
				at.dir,
				text
					.replace(/listen 80;/, `listen 127.0.0.1:${at.plain};`)
					.replace(/listen 443 /, `listen 127.0.0.1:${at.port} `)
					.replace(/listen \[::\]:.*/g, "")
					.replace(/\/etc\/letsencrypt\S*fullchain\.pem/, cert)
					.replace(/\/etc\/letsencrypt\S*privkey\.pem/, key),
			),
	},
	haproxy: {
		example: "haproxy.cfg",
		timeouts: /(?<=timeout (?:client|server|tunnel) )(\d+)s/g,
		args: (dir) => ["-db", "-f", join(dir, "haproxy.cfg")],
		adapt: (text, at) => {
			writeFileSync(join(at.dir, "both.pem"), readFileSync(cert) + readFileSync(key));
			return text
				.replace(/bind :80,:::80 v6only/, `bind 127.0.0.1:${at.plain}`)
				.replace(/bind :443,:::443 v6only/, `bind 127.0.0.1:${at.port}`)
				.replace(/\/etc\/haproxy\/certs\S*/g, join(at.dir, "both.pem"));
		},
	},
	caddy: {
		example: "Caddyfile", // which has no time-outs, and nor has Caddy
		args: (dir) => ["run", "--config", join(dir, "Caddyfile"), "--adapter", "caddyfile"],
		adapt: (text, at) =>
			`{\n\tadmin off\n\tauto_https off\n}\n${text
				.replace(/^chat\.example\.com/m, `https://localhost:${at.port}`)
				.replace(/^(\t(?:#.*\n\t)*reverse_proxy)/m, `\tbind 127.0.0.1\n\ttls ${cert} ${key}\n$1`)}`,
	},
};

const exampleOf = (proxy) => readFileSync(join(ROOT, "systemd/proxies", proxy.example), "utf8");

/** Runs a proxy with its example configuration in front of a port. */
class Front {
	/** @param {(text: string) => string} change what is different in the example */
	constructor(name, path, log, change = (text) => text) {
		Object.assign(this, { name, path, log, change, proxy: PROXIES[name] });
		this.dir = mkdtempSync(join(tmpdir(), `banter-${name}-`));
	}

	async start(behind) {
		const port = await freePort();
		const plain = await freePort();
		this.url = `https://localhost:${port}`;
		this.plainUrl = `http://localhost:${plain}`;
		const text = this.change(exampleOf(this.proxy))
			.replaceAll("127.0.0.1:4000", `127.0.0.1:${behind}`)
			.replaceAll("server_name chat.example.com", "server_name localhost");
		const { dir } = this;
		writeFileSync(join(dir, this.proxy.example), this.proxy.adapt(text, { dir, port, plain }));
		mkdirSync(join(dir, "logs"));
		const env = { PATH: process.env.PATH, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
		this.daemon = new Daemon(this.path, this.proxy.args(dir), env, this.log);
		this.daemon.start();
		await until(`${this.name} answers`, async () => {
			if (!this.daemon.running) throw new Error(this.log.tail());
			return (await request(this.url, "GET", "/health").catch(() => null)) !== null;
		});
	}

	async stop() {
		await this.daemon?.stop();
		rmSync(this.dir, { recursive: true });
	}
}

// All concurrently: they mostly wait.
describe("a proxy", { concurrency: true }, () => {
	for (const [name, proxy] of Object.entries(PROXIES)) {
		const { path, reason } = findProxy(name);
		describe(`behind ${name}`, { skip: reason ?? false, concurrency: 1 }, () => {
			const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
			const front = new Front(name, path, banter.log);
			let widget;

			before(async () => {
				await front.start(banter.port);
				widget = await makeWidget(banter);
			});
			after(() => front.stop());

			const get = (page, headers = {}) =>
				request(front.url, "GET", page, { headers, from: VISITOR });
			const stream = (sessionId, message) =>
				openStream(
					front.url,
					"/v1/chat/stream",
					{ "x-api-key": WIDGET_KEY },
					{ sessionId, message },
				);
			const visitor = (options) => Visitor.open(front, widget, { from: VISITOR, ...options });

			it("forwards tokens while the reply is running, and all of it", async () => {
				const one = await stream("unbuffered", "[[tokens=200 hold-after=3]] by HTTP");
				assert.deepEqual(await one.tokens(3), ["t0 ", "t1 ", "t2 "]);
				await banter.release("by HTTP");
				const events = await one.rest();
				const { type, message } = events.at(-1);
				assert.deepEqual([type, `t0 t1 t2 ${textOf(events)}`.trim()], ["done", message]);
				const { messages } = await banter.threadOf("unbuffered");
				assert.equal(messages.at(-1).content, message);
			});

			it("passes the visitor's real address, whatever the visitor claims", async () => {
				const claim = (id) => ({ "x-forwarded-for": "6.6.6.6", "x-request-id": id });
				await get("/v1/openapi.json", claim("page"));
				await (await visitor({ headers: claim("socket") })).close();
				for (const [id, status] of [
					["page", "200"],
					["socket", "101"],
				]) {
					const line = await banter.log.waitFor(`request ${id}`, (one) => one.request === id);
					assert.deepEqual([line.status, line.client], [status, VISITOR]);
				}
			});

			// Caddy does it by itself, unless a test turns its automatic HTTPS off.
			if (name !== "caddy")
				it("redirects from port 80 to HTTPS, with path and query", async () => {
					const { status, headers } = await request(front.plainUrl, "GET", "/login?next=%2F");
					assert.equal(status, 301);
					assert.match(headers.location, /^https:\/\/localhost(:\d+)?\/login\?next=%2F$/);
				});

			it("leads to a Secure session cookie", async () => {
				const body = { password: PASSWORD };
				const { status, headers } = await request(front.url, "POST", "/api/login", { body });
				assert.equal(status, 200);
				assert.match(headers["set-cookie"][0], /; Secure/);
			});

			it("gives no access to the metrics", async () => {
				assert.equal((await get("/metrics")).status, 401);
				assert.equal((await get("/metrics", { "x-admin-api-key": ADMIN_KEY })).status, 200);
			});

			it("forwards a body of unknown length as it comes", async () => {
				const direct = new Front(name, path, banter.log, (text) =>
					text.replace(/proxy_pass .*/, "$&\n\t\tproxy_request_buffering off;"),
				);
				await direct.start(banter.port);
				const session = http2.connect(direct.url, { ca: authority.pem });
				const sent = session.request({
					":method": "POST",
					":path": "/v1/chat",
					"x-api-key": WIDGET_KEY,
					"content-type": "application/json",
				});
				sent.write('{"sessionId":"h2",');
				sent.end('"message":"[[tokens=2]]"}');
				const [answer] = await once(sent, "response");
				assert.equal(answer[":status"], 200);
				assert.equal((await json(sent)).message, "t0 t1");
				session.close();
				await once(session, "close");
				await direct.stop();
			});

			it("forwards a WebSocket's tokens while the reply is running, and lets its visitor return", async () => {
				const one = await visitor({ stream: true });
				one.say("[[tokens=5 hold-after=3]] größer 🌍");
				const first = [await one.next(), await one.next(), await one.next()];
				const tokens = ["t0 ", "t1 "].map((token) => ["token", token]);
				assert.deepEqual(first.map(summary), [["typing_start"], ...tokens]);
				await banter.release("größer");
				await one.upTo("typing_stop");
				await one.close();
				const other = await one.again({ from: VISITOR });
				const question = "[[tokens=5 hold-after=3]] größer 🌍";
				assert.deepEqual(said(other.history), [
					["user", question],
					["assistant", numbered(5)],
				]);
			});

			it("forwards WebSockets within HTTP/2, where supported", async () => {
				const session = http2.connect(front.url, { ca: authority.pem, ...fromAddress(VISITOR) });
				const [settings] = await once(session, "remoteSettings");
				if (!settings.enableConnectProtocol) {
					session.destroy();
					return assert.notEqual(name, "haproxy"); // browsers use HTTP/1.1 then
				}
				const { pathname, search } = new URL(socketUrl(front, widget));
				const upgraded = session.request({
					":method": "CONNECT",
					":protocol": "websocket",
					":path": `${pathname}${search}`,
					"sec-websocket-version": "13",
				});
				assert.equal((await once(upgraded, "response"))[0][":status"], 200);
				const line = new RawWebSocket({ upgraded });
				line.send(frame(OP.text, JSON.stringify({ type: "message", content: "[[echo]] two" })));
				await line.count(4);
				const said = line.got.map(([, text]) => JSON.parse(text));
				assert.deepEqual(said.slice(1).map(summary), [
					["typing_start"],
					["message", "two"],
					["typing_stop"],
				]);
				line.close();
				session.close();
				await once(session, "close");
			});

			if (LONG)
				it("keeps a WebSocket open that is silent for longer than any timeout", async () => {
					const one = await visitor();
					await pause(LONGEST_MS + PING_MS);
					assert.equal(await one.ask("[[echo]] still here"), "still here");
					await one.close();
				});
		});

		describe(`timeouts of ${name}`, { skip: reason ?? false, concurrency: true }, () => {
			it("are at least twice our ping interval", () => {
				const source = readFileSync(join(ROOT, "workerd/http/http_server.c"), "utf8");
				assert.equal(Number(/\.ping_interval = (\d+),/.exec(source)[1]), PING_MS);
				const found = proxy.timeouts ? [...exampleOf(proxy).matchAll(proxy.timeouts)] : [];
				assert.equal(found.length > 0, proxy.timeouts !== undefined);
				for (const [, seconds] of found) {
					assert.ok(seconds * 1000 >= 2 * PING_MS, `${seconds} s`);
					assert.ok(seconds * 1000 <= LONGEST_MS, `${seconds} s`);
				}
			});

			/**
			 * A silent WebSocket through the proxy with short timeouts, to a server with this ping
			 * interval.
			 */
			async function withSilent(pingMs, body) {
				const echo = new EchoServer(undefined, pingMs);
				const log = new Log();
				const front = new Front(name, path, log, (text) =>
					proxy.timeouts ? text.replace(proxy.timeouts, `${TIME_OUT_S}s`) : text,
				);
				await echo.start();
				try {
					await front.start(echo.plain.port);
					const url = front.url.replace(/^http/, "ws");
					const socket = new WebSocket(url, { ca: authority.pem });
					await once(socket, "open");
					await body(socket);
					socket.terminate();
				} finally {
					await front.stop();
					await echo.stop();
				}
			}

			it("do not close a silent WebSocket with pings", () =>
				withSilent(OFTEN_MS, async (socket) => {
					const said = [];
					socket.on("message", (data) => said.push(data.toString()));
					await pause(SILENCE_MS);
					assert.equal(socket.readyState, WebSocket.OPEN);
					socket.send("still here");
					await until("what was sent comes back", () => said.length > 0);
					assert.deepEqual(said, ["still here"]);
				}));

			if (proxy.timeouts)
				it("close one without pings", () =>
					withSilent(PING_MS, (socket) =>
						until("it is closed", () => socket.readyState === WebSocket.CLOSED),
					));
		});
	}
});
