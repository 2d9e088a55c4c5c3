// HTTPS: accepted and refused protocols, session resumption at any worker, certificate changes
// during replies, and keys that only masterd can read.

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { Authority } from "./certs.mjs";
import { assertError, textOf, tlsOptions } from "./client.mjs";
import {
	BUILD,
	baseEnvironment,
	DEADLINE_MS,
	numbered,
	PASSWORD,
	until,
	useBanter,
	WIDGET_KEY,
	withBanter,
} from "./harness.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const authority = new Authority();
tlsOptions.ca = authority.pem;
const first = authority.issue("first");
const second = authority.issue("second");
const rsa = authority.issue("rsa", ["rsa:2048"]);
const ending = authority.issue("ending", undefined, 13);
const https = ({ cert, key }) => ({ TLS_CERT: cert, TLS_KEY: key });

/** A directory with a copy of this certificate, which can be replaced. */
function ownCopy(pair, name) {
	const dir = join(authority.dir, name);
	mkdirSync(dir, { mode: 0o700 });
	const copy = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
	exchangeFor(copy, pair);
	return copy;
}

function exchangeFor(copy, { cert, key }) {
	copyFileSync(cert, copy.cert);
	copyFileSync(key, copy.key);
}

/** An open TLS connection, or its error. The first ticket, if any, is in socket.ticket. */
function dial(port, options = {}) {
	return new Promise((resolve) => {
		const socket = connect({ port, host: "127.0.0.1", ca: authority.pem, ...options });
		socket.on("session", (ticket) => {
			socket.ticket ??= ticket;
		});
		socket.once("secureConnect", () => resolve(socket));
		socket.once("error", resolve);
	});
}

/** The name in the certificate that new connections see. */
async function servedName(port) {
	const socket = await dial(port);
	const { subject } = socket.getPeerCertificate();
	socket.destroy();
	return subject.CN;
}

describe("HTTPS", () => {
	const banter = useBanter({ env: https(first) });

	it("chat, stream, files and WebSockets work as over HTTP", async () => {
		const text = "x".repeat(3_900);
		const answer = await banter.chat("s", `[[echo]]${text}`);
		assert.equal(answer.json?.message, text, answer.text);
		const stream = await banter.stream("s", "[[tokens=40 delay=5]]");
		const events = await stream.rest();
		assert.equal(textOf(events).trim(), numbered(40));
		assert.equal(events.at(-1).type, "done");
		assert.equal((await banter.messages(answer.json.conversationId)).length, 4);
		const script = await banter.get("/widget/chat-widget.js");
		assert.equal(script.bytes.length, Number(script.headers["content-length"]));
		const visitor = await Visitor.open(banter, await makeWidget(banter), { stream: true });
		assert.equal(await visitor.ask("[[tokens=3]]"), "t0 t1 t2");
	});

	it("the scheme is https: Secure cookies, the document's server URL, our own origin", async () => {
		const body = { password: PASSWORD };
		const from = (origin) => ({ headers: { origin }, body });
		const good = await banter.request("POST", "/api/login", from(banter.url));
		assert.equal(good.status, 200, good.text);
		assert.match(good.headers["set-cookie"][0], /^__Host-banter_session=.*; Secure$/);
		const bad = await banter.request("POST", "/api/login", from(banter.url.replace("s:", ":")));
		assertError(bad, 403, undefined, "origin_not_allowed");
		const { json } = await banter.get("/v1/openapi.json");
		assert.equal(json.servers[0].url, banter.url);
	});

	it("sslscan finds nothing weaker than ECDHE with AEAD over TLS 1.2", async () => {
		const { stdout } = await promisify(execFile)(
			"sslscan",
			// sslscan treats a slow response as a refusal.
			["--xml=-", "--no-colour", `--timeout=${DEADLINE_MS / 1000}`, `127.0.0.1:${banter.port}`],
			{ timeout: 2 * DEADLINE_MS },
		);
		const attributesOf = (text) =>
			Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map((one) => one.slice(1)));
		const found = (element) =>
			stdout.match(new RegExp(`<${element} [^>]*>`, "g")).map((text) => attributesOf(text));
		const enabled = found("protocol").filter((one) => one.enabled === "1");
		const versions = enabled.map((one) => `${one.type} ${one.version}`);
		assert.deepEqual(versions, ["tls 1.2", "tls 1.3"]);
		const suites = found("cipher").map(({ sslversion, cipher }) => `${sslversion} ${cipher}`);
		assert.deepEqual(suites.sort(), [
			"TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256",
			"TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384",
			"TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305",
			"TLSv1.3 TLS_AES_128_GCM_SHA256",
			"TLSv1.3 TLS_AES_256_GCM_SHA384",
			"TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
		]);
		for (const { name } of found("group")) assert.match(name, /^(x25519|secp256r1) ?/);
		assert.deepEqual(found("renegotiation"), [{ supported: "0", secure: "0" }]);
		for (const { vulnerable } of found("heartbleed")) assert.equal(vulnerable, "0");
	});
});

describe("HTTPS sessions", () => {
	const banter = useBanter({ env: https(rsa) });

	for (const version of ["TLSv1.2", "TLSv1.3"])
		it(`a ticket of ${version} is valid at every worker, also at one that started later`, async () => {
			const only = { minVersion: version, maxVersion: version };
			const first = await dial(banter.port, only);
			// TLS 1.3 sends it after the handshake.
			const session = await until("a ticket", () => first.ticket);
			const sockets = [first];
			const isReusedBy = async (n) => {
				for (let i = 0; i < n; i++) {
					const socket = await dial(banter.port, { session, ...only });
					assert.equal(socket.isSessionReused(), true, `connection ${i}`);
					sockets.push(socket);
				}
			};
			await isReusedBy(12);
			const old = banter.workerPids().sort();
			const served = new Set(await banter.workersOf(sockets));
			assert.deepEqual([...served].sort(), old);
			await banter.killWorkers(old);
			await banter.ready();
			assert.ok(!banter.workerPids().some((pid) => old.includes(pid)));
			await isReusedBy(1);
			for (const socket of sockets) socket.destroy();
		});
});

describe("HTTPS certificates", () => {
	it("SIGHUP: new connections use the new one if it is valid, and a running stream continues", async () => {
		const pair = ownCopy(first, "reloaded");
		await withBanter({ env: { ...https(pair), DRAIN_TIMEOUT_MS: "100" } }, async (banter) => {
			const old = await dial(banter.port);
			await until("a ticket", () => old.ticket);
			const stream = await banter.stream("runs", "[[tokens=60 delay=50 hold-after=59]] runs");
			const { conversationId } = await stream.next();
			const text = (await stream.tokens(3)).join("");
			copyFileSync(second.key, pair.key);
			assert.equal((await banter.reload()).ev, "reload_refused");
			assert.equal(await servedName(banter.port), "first");
			exchangeFor(pair, second);
			assert.equal((await banter.reload()).ev, "reload_done");
			for (let i = 0; i < 6; i++) assert.equal(await servedName(banter.port), "second");
			// Its session started with a certificate that may have been replaced for a reason.
			const again = await dial(banter.port, { session: old.ticket });
			assert.equal(again.isSessionReused(), false);
			for (const socket of [old, again]) socket.destroy();
			await banter.release("runs");
			const events = await stream.rest();
			assert.equal((text + textOf(events)).trim(), numbered(60));
			assert.equal(events.at(-1).type, "done");
			assert.equal((await banter.messages(conversationId))[1][2], "complete");
		});
	});

	it("only masterd reads the files: a worker that starts later does not need them", async () => {
		const pair = ownCopy(first, "gone");
		assert.equal(statSync(pair.key).mode & 0o077, 0);
		await withBanter({ env: https(pair) }, async (banter) => {
			rmSync(pair.cert);
			rmSync(pair.key);
			const old = banter.workerPids();
			await banter.killWorkers(old);
			await banter.ready();
			for (let i = 0; i < 4; i++) assert.equal(await servedName(banter.port), "first");
			assert.ok(!banter.workerPids().some((pid) => old.includes(pid)));
		});
	});

	for (const [what, args, pair, expected, reason] of [
		["a key of another", [], { ...first, key: second.key }, 78, /TLS_KEY=.*is not the key of/],
		["no certificate", ["--check"], { ...first, cert: "/none" }, 78, /TLS_CERT=\/none: No such/],
		["no key", ["--check"], { cert: first.cert }, 78, /TLS_KEY is not set/],
		["one that expires soon", ["--check"], ending, 0, /TLS_CERT=.*: expires within two weeks\n/],
	])
		it(`${what}: ${["masterd", ...args].join(" ")} reports it and exits with ${expected}`, () => {
			const env = { ...baseEnvironment(), WIDGET_API_KEY: WIDGET_KEY, OPENAI_API_KEY: "key" };
			const { status, stderr } = spawnSync(join(BUILD, "masterd"), args, {
				env: { ...env, DATA_DIR: authority.dir, ...https(pair) },
				encoding: "utf8",
				timeout: DEADLINE_MS,
			});
			assert.equal(status, expected, stderr);
			assert.match(stderr, reason);
		});
});
