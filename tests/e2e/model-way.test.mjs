// The connection to the model: trusted certificates and proxies.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, createServer as createPlainServer } from "node:net";
import { join as path } from "node:path";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import { Authority } from "./certs.mjs";
import { assertError } from "./client.mjs";
import { ForwardProxy, join } from "./forward-proxy.mjs";
import { BUILD, freePort, TIME_FACTOR, withBanter } from "./harness.mjs";
import { startProgram } from "./tool.mjs";

const authority = new Authority();
const stranger = new Authority();

/** TLS in front of the stub, with a certificate of the test's authority for localhost. */
async function withTls(signer, host, body) {
	const [model, port] = [await freePort(), await freePort()];
	const { cert, key } = signer.issue("model");
	const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) =>
		join(socket, connect(model, "127.0.0.1")),
	);
	server.on("tlsClientError", () => {});
	await new Promise((done) => server.listen(port, host === "localhost" ? "127.0.0.1" : host, done));
	try {
		await body({ url: `https://${host}:${port}/v1`, port, stub: ["--port", String(model)] });
	} finally {
		server.close();
	}
}

describe("the model server's certificate", () => {
	const cases = [
		["is believed if the named authority vouches for it", authority, "localhost", 200],
		["is refused if another authority does", stranger, "localhost", 502],
		["is refused for another name", authority, "127.0.0.2", 502],
	];
	for (const [what, signer, host, status] of cases)
		for (const setting of ["OPENAI_CA_BUNDLE", "SSL_CERT_FILE"])
			it(`${what} (${setting})`, () =>
				withTls(signer, host, async ({ url, stub }) => {
					const env = { OPENAI_BASE_URL: url, [setting]: authority.file };
					await withBanter({ workers: 1, env, stub }, async (banter) => {
						const answer = await banter.chat("certificate", "[[tokens=2]]");
						if (status === 200) {
							assert.equal(answer.json?.message, "t0 t1", answer.text);
							return;
						}
						assertError(answer, status, undefined, "model_failed");
						assert.equal((await banter.model("stats")).calls, 0, "nothing was told");
						const { detail } = banter.log.lines.find((line) => line.ev === "model_refused");
						assert.match(detail, /certificate|SSL/);
					});
				}));

	it("is checked against the system's authorities by default, which do not include ours", () =>
		withTls(authority, "localhost", async ({ url, stub }) => {
			await withBanter({ workers: 1, env: { OPENAI_BASE_URL: url }, stub }, async (banter) => {
				assertError(await banter.chat("system", "[[tokens=2]]"), 502);
			});
		}));
});

describe("connecting to the model server", () => {
	for (const scheme of ["https", "http"])
		it(`${scheme}: a server that accepts and stays silent causes a timeout`, async () => {
			const sockets = new Set();
			const server = createPlainServer((socket) => {
				sockets.add(socket);
				socket.resume().on("error", () => {});
			});
			await new Promise((done) => server.listen(0, "127.0.0.1", done));
			// Over TLS no request has been sent yet: the connect timeout applies.
			const [short, long] = [String(500 * TIME_FACTOR), "60000"];
			const env = {
				OPENAI_BASE_URL: `${scheme}://127.0.0.1:${server.address().port}/v1`,
				OPENAI_CONNECT_TIMEOUT_MS: scheme === "https" ? short : long,
				OPENAI_FIRST_BYTE_TIMEOUT_MS: scheme === "https" ? long : short,
			};
			try {
				await withBanter({ workers: 1, env }, async (banter) => {
					assertError(await banter.chat("mute", "hello"), 504, undefined, "model_timeout");
					assert.equal(sockets.size, 1, "a time-out is not tried again");
				});
			} finally {
				for (const socket of sockets) socket.destroy();
				server.close();
			}
		});
});

describe("a proxy to the model", () => {
	const basic = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;

	/** One banter with an https model behind a proxy, another with an http model. */
	async function through({ proxy, tls, env }, body) {
		const port = await proxy.start();
		const settings = env(`127.0.0.1:${port}`);
		try {
			if (!tls) {
				const model = await freePort();
				const OPENAI_BASE_URL = `http://127.0.0.1:${model}/v1`;
				const stub = ["--port", String(model)];
				await withBanter({ workers: 1, env: { OPENAI_BASE_URL, ...settings }, stub }, (banter) =>
					body(banter, `127.0.0.1:${model}`),
				);
				return;
			}
			await withTls(authority, "localhost", async ({ url, port: tlsPort, stub }) => {
				const ours = { OPENAI_BASE_URL: url, OPENAI_CA_BUNDLE: authority.file, ...settings };
				await withBanter({ workers: 1, env: ours, stub }, (banter) =>
					body(banter, `localhost:${tlsPort}`),
				);
			});
		} finally {
			proxy.stop();
		}
	}

	const ways = [
		["OPENAI_PROXY", true, (at) => ({ OPENAI_PROXY: `http://${at}` })],
		["HTTPS_PROXY", true, (at) => ({ HTTPS_PROXY: `http://${at}` })],
		["https_proxy", true, (at) => ({ https_proxy: at })],
		["ALL_PROXY", true, (at) => ({ ALL_PROXY: `http://${at}` })],
		["OPENAI_PROXY", false, (at) => ({ OPENAI_PROXY: `http://${at}` })],
		["http_proxy", false, (at) => ({ http_proxy: `http://${at}` })],
	];
	for (const [name, tls, env] of ways)
		it(`${name} is used for an ${tls ? "https" : "http"} model; over TLS the proxy does not see the key`, async () => {
			const proxy = new ForwardProxy();
			await through({ proxy, tls, env }, async (banter, target) => {
				const answers = await Promise.all(
					["one", "two"].map((session) => banter.chat(session, "[[tokens=3]]")),
				);
				for (const answer of answers) assert.equal(answer.json?.message, "t0 t1 t2", answer.text);
				assert.ok(proxy.told.length >= 1);
				for (const { method, target: asked, headers } of proxy.told) {
					assert.equal(method, tls ? "CONNECT" : "POST");
					assert.equal(asked, tls ? target : `http://${target}/v1/chat/completions`);
					if (tls) assert.equal(headers.authorization, undefined);
				}
			});
		});

	const past = [
		["NO_PROXY", (at) => ({ HTTPS_PROXY: `http://${at}`, NO_PROXY: "example.com,localhost" })],
		["NO_PROXY, beside OPENAI_PROXY", (at) => ({ OPENAI_PROXY: `http://${at}`, NO_PROXY: "*" })],
	];
	for (const [name, env] of past)
		it(`${name} bypasses it`, async () => {
			const proxy = new ForwardProxy();
			await through({ proxy, tls: true, env }, async (banter) => {
				assert.equal((await banter.chat("past", "[[tokens=3]]")).json?.message, "t0 t1 t2");
				assert.deepEqual(proxy.told, []);
			});
		});

	it("OPENAI_PROXY overrides the environment's", async () => {
		const proxy = new ForwardProxy();
		const env = (at) => ({ OPENAI_PROXY: `http://${at}`, HTTPS_PROXY: "http://127.0.0.1:1" });
		await through({ proxy, tls: true, env }, async (banter) => {
			assert.equal((await banter.chat("wins", "[[tokens=3]]")).json?.message, "t0 t1 t2");
			assert.equal(proxy.told.length, 1);
		});
	});

	for (const tls of [true, false]) {
		const what = tls ? "https" : "http";
		it(`its user name and password are sent only to it (${what})`, async () => {
			const proxy = new ForwardProxy(basic);
			const env = (at) => ({ OPENAI_PROXY: `http://user:p%40ss@${at}` });
			await through({ proxy, tls, env }, async (banter) => {
				assert.equal((await banter.chat("named", "[[tokens=3]]")).json?.message, "t0 t1 t2");
				assert.equal(proxy.told.at(-1).headers["proxy-authorization"], basic);
			});
		});

		it(`a wrong password fails without disclosing it (${what})`, async () => {
			const proxy = new ForwardProxy(basic);
			const env = (at) => ({ OPENAI_PROXY: `http://user:hushhush@${at}` });
			await through({ proxy, tls, env }, async (banter) => {
				assertError(await banter.chat("wrong", "[[tokens=3]]"), 502);
				assert.equal((await banter.model("stats")).calls, 0);
				assert.ok(!banter.log.tail(10_000).includes("hushhush"));
			});
		});
	}

	it("an unreachable proxy is a failure; the model is not called directly", async () => {
		const env = { OPENAI_PROXY: `http://127.0.0.1:${await freePort()}` };
		await withBanter({ workers: 1, env }, async (banter) => {
			assertError(await banter.chat("gone", "[[tokens=3]]"), 502);
			assert.equal((await banter.model("stats")).calls, 0);
		});
	});
});

describe("workerd --check-model", () => {
	const check = (banter, env) => {
		const all = { ...banter.environment(), ...env };
		return startProgram(path(BUILD, "workerd"), ["--check-model"], all).ended;
	};

	it("uses the same authority and proxy", async () => {
		const proxy = new ForwardProxy();
		const OPENAI_PROXY = `http://127.0.0.1:${await proxy.start()}`;
		try {
			await withTls(authority, "localhost", async ({ url, port, stub }) => {
				const ours = { OPENAI_BASE_URL: url, OPENAI_CA_BUNDLE: authority.file };
				await withBanter({ workers: 1, env: ours, stub }, async (banter) => {
					assert.equal((await check(banter, { OPENAI_CA_BUNDLE: stranger.file })).status, 69);
					const { status, stdout, stderr } = await check(banter, { OPENAI_PROXY });
					assert.equal(status, 0, stderr);
					assert.match(stdout, /answers\.$/m);
					assert.deepEqual(
						proxy.told.map(({ target }) => target),
						[`localhost:${port}`],
					);
					assert.equal((await banter.model("stats")).calls, 1);
				});
			});
		} finally {
			proxy.stop();
		}
	});
});
