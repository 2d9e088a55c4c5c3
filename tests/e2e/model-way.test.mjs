// The connection to the model: trusted certificates and proxies.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer as createTcpServer } from "node:net";
import { join as path } from "node:path";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import { Authority } from "./certs.mjs";
import { assertError } from "./client.mjs";
import { ForwardProxy, join } from "./forward-proxy.mjs";
import { BUILD, freePort, numbered, TIME_FACTOR, times, withBanter } from "./harness.mjs";
import { SocksProxy } from "./socks-proxy.mjs";
import { startProgram } from "./tool.mjs";

const authority = new Authority();
const stranger = new Authority();

const own = authority.issue("model");
const read = ({ cert, key }) => ({ cert: readFileSync(cert), key: readFileSync(key) });

/** Runs body(banter, model) with the stub as the model, behind TLS, without ALPN, with this certificate. */
async function withModel(env, body, { isTls = true, files = own, host = "localhost" } = {}) {
	const [model, port] = [await freePort(), await freePort()];
	const server = createServer(read(files), (socket) => join(socket, connect(model, "127.0.0.1")));
	server.on("tlsClientError", () => {});
	const address = host === "localhost" ? "127.0.0.1" : host.replace(/[[\]]/g, "");
	await once(server.listen(port, address), "listening");
	const at = isTls ? `${host}:${port}` : `127.0.0.1:${model}`;
	const all = { OPENAI_BASE_URL: `${isTls ? "https" : "http"}://${at}/v1`, ...env };
	try {
		const options = { workers: 1, env: all, stub: ["--port", String(model)] };
		await withBanter(options, (banter) => body(banter, at));
	} finally {
		server.close();
	}
}

async function assertReply(banter, session = "s", tokens = 3) {
	const answer = await banter.chat(session, `[[tokens=${tokens}]]`);
	assert.equal(answer.json?.message, numbered(tokens), answer.text);
}

/** Asserts that no request reaches the model. */
async function assertFails(banter) {
	assertError(await banter.chat("s", "[[tokens=3]]"), 502, undefined, "model_failed");
	assert.equal((await banter.model("stats")).calls, 0);
}

describe("the model server's certificate", () => {
	for (const setting of ["OPENAI_CA_BUNDLE", "SSL_CERT_FILE"]) {
		const env = { [setting]: authority.file };

		for (const host of ["localhost", "127.0.0.1", "[::1]"])
			it(`is trusted if it is for ${host} and signed by the authority in ${setting}`, () =>
				withModel(env, (banter) => assertReply(banter), { host }));

		for (const [what, reason, how] of [
			[
				"is signed by another authority",
				/unable to get local issuer certificate/,
				{ files: stranger.issue("model") },
			],
			[
				"is self-signed",
				/self-signed certificate/,
				{ files: { cert: stranger.file, key: stranger.key } },
			],
			["has expired", /expired/, { files: authority.issue("old", undefined, -1) }],
			[
				"is for another name",
				/mismatch/,
				{ files: authority.issue("other", undefined, 30, "subjectAltName=DNS:localhos.t") },
			],
			["is for another address", /mismatch/, { host: "127.0.0.2" }],
		])
			it(`is refused if it ${what} (${setting}); the log says so`, () =>
				withModel(
					env,
					async (banter) => {
						await assertFails(banter);
						const { detail } = banter.log.lines.find((line) => line.ev === "model_refused");
						assert.match(detail, reason);
					},
					how,
				));
	}

	it("is checked against the system's authorities by default, which do not include ours", () =>
		withModel({}, assertFails));
});

describe("a TLS handshake with the model", () => {
	for (const [what, bytes, status, detail] of [
		["that is not answered times out", "", 504, /time/],
		["that another protocol answers fails", "SSH-2.0-OpenSSH_9.2\r\n", 502, /TLS/],
		["that the server ends fails", undefined, 502, /closed/],
	])
		it(what, async () => {
			const server = createTcpServer((socket) => {
				socket.on("error", () => {});
				if (bytes === undefined) socket.end();
				else socket.write(bytes);
			});
			await once(server.listen(0, "127.0.0.1"), "listening");
			const OPENAI_BASE_URL = `https://localhost:${server.address().port}/v1`;
			const env = { OPENAI_BASE_URL, OPENAI_CONNECT_TIMEOUT_MS: String(1000 * TIME_FACTOR) };
			await withBanter({ workers: 1, env }, async (banter) => {
				assertError(await banter.chat("s", "hello"), status);
				assert.match(banter.log.lines.find((line) => line.ev === "model_refused").detail, detail);
			}).finally(() => server.close());
		});
});

describe("a proxy to the model", () => {
	const NOTHING = "http://127.0.0.1:1";
	/** Runs body(banter, model) with a model behind the proxy. */
	async function through(proxy, isTls, settings, body) {
		const env = settings(`127.0.0.1:${await proxy.start()}`);
		try {
			await withModel({ OPENAI_CA_BUNDLE: authority.file, ...env }, body, { isTls });
		} finally {
			proxy.stop();
		}
	}

	for (const [what, isTls, settings] of [
		["OPENAI_PROXY", true, (at) => ({ OPENAI_PROXY: `http://${at}` })],
		["HTTPS_PROXY", true, (at) => ({ HTTPS_PROXY: `http://${at}` })],
		["https_proxy", true, (at) => ({ https_proxy: at })],
		["ALL_PROXY", true, (at) => ({ ALL_PROXY: `http://${at}` })],
		["OPENAI_PROXY", false, (at) => ({ OPENAI_PROXY: `http://${at}` })],
		["http_proxy", false, (at) => ({ http_proxy: `http://${at}` })],
		[
			"OPENAI_PROXY, rather than HTTPS_PROXY,",
			true,
			(at) => ({ OPENAI_PROXY: `http://${at}`, HTTPS_PROXY: NOTHING }),
		],
	])
		it(`${what} is used for an ${isTls ? "https" : "http"} model; over TLS it does not see the key`, () => {
			const proxy = new ForwardProxy();
			return through(proxy, isTls, settings, async (banter, model) => {
				await times(2, (i) => assertReply(banter, `s-${i}`));
				assert.ok(proxy.requests.length >= 1);
				for (const { method, target, headers } of proxy.requests) {
					assert.equal(method, isTls ? "CONNECT" : "POST");
					assert.equal(target, isTls ? model : `http://${model}/v1/chat/completions`);
					if (isTls) assert.equal(headers.authorization, undefined);
				}
			});
		});

	for (const [what, settings] of [
		["HTTPS_PROXY", (at) => ({ HTTPS_PROXY: `http://${at}`, NO_PROXY: "example.com,localhost" })],
		["OPENAI_PROXY", (at) => ({ OPENAI_PROXY: `http://${at}`, NO_PROXY: "*" })],
	])
		it(`${what} is not used for a host in NO_PROXY`, () => {
			const proxy = new ForwardProxy();
			return through(proxy, true, settings, async (banter) => {
				await assertReply(banter);
				assert.deepEqual(proxy.requests, []);
			});
		});

	for (const [scheme, make] of [
		["http", (login) => new ForwardProxy(login)],
		["https", (login) => new ForwardProxy(login, read(own))],
		["socks5", (login) => new SocksProxy(login)],
		["socks5h", (login) => new SocksProxy(login)],
	])
		for (const isTls of [true, false]) {
			const what = `${scheme}:// to an ${isTls ? "https" : "http"} model`;

			it(`${what}: only it receives its user name and password, and over TLS it does not see the key`, () => {
				const proxy = make("user:p@ss");
				const settings = (at) => ({ OPENAI_PROXY: `${scheme}://user:p%40ss@${at}` });
				return through(proxy, isTls, settings, async (banter, model) => {
					await times(20, (i) => assertReply(banter, `s-${i}`, 3000));
					const { login, target } = proxy.requests.at(-1);
					assert.equal(login, "user:p@ss");
					const port = /:\d+$/.exec(model)[0];
					if (scheme === "socks5") assert.equal(target, `127.0.0.1${port}`);
					else assert.ok(target.includes(model), target);
					if (isTls) assert.doesNotMatch(proxy.seen, /key-of-the-stub-model|HTTP/);
				});
			});

			it(`${what}: a wrong password fails and is not logged`, () => {
				const proxy = make("user:p@ss");
				const settings = (at) => ({ OPENAI_PROXY: `${scheme}://user:hushhush@${at}` });
				return through(proxy, isTls, settings, async (banter) => {
					await assertFails(banter);
					assert.ok(!banter.log.tail(10_000).includes("hushhush"));
				});
			});
		}

	it("that is unreachable is a failure; the model is not called directly", async () => {
		const OPENAI_PROXY = `http://127.0.0.1:${await freePort()}`;
		await withBanter({ workers: 1, env: { OPENAI_PROXY } }, assertFails);
	});

	it("is used by workerd --check-model, with the same authority", async () => {
		const proxy = new ForwardProxy();
		const OPENAI_PROXY = `http://127.0.0.1:${await proxy.start()}`;
		try {
			await withModel({ OPENAI_CA_BUNDLE: authority.file }, async (banter, model) => {
				const check = (env) => {
					const all = { ...banter.environment(), ...env };
					return startProgram(path(BUILD, "workerd"), ["--check-model"], all).ended;
				};
				assert.equal((await check({ OPENAI_CA_BUNDLE: stranger.file })).status, 69);
				const { status, stdout, stderr } = await check({ OPENAI_PROXY });
				assert.equal(status, 0, stderr);
				assert.match(stdout, /answers\.$/m);
				assert.equal(proxy.requests.map(({ target }) => target).join(), model);
				assert.equal((await banter.model("stats")).calls, 1);
			});
		} finally {
			proxy.stop();
		}
	});
});
