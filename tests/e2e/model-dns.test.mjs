// The model server's name: a name server without a response, and names with several addresses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { Banter, freePort, TIME_FACTOR, times, until, withBanter } from "./harness.mjs";
import { NameServer, whyNoNamespaces } from "./name-server.mjs";
import { DeadAddress, Relay } from "./relay.mjs";

/** A banter whose workers use this name server. */
class BanterWithNames extends Banter {
	constructor(names, options) {
		super(options);
		this.names = names;
	}

	daemon(name, args, env) {
		const daemon = super.daemon(name, args, env);
		if (name === "masterd")
			[daemon.program, daemon.args] = this.names.command(daemon.program, daemon.args);
		return daemon;
	}
}

/** Runs body(banter, names, port) with a model at http://model.test:port. stub: the port of the stub */
async function withNames(body, env = {}, stub = undefined) {
	const names = new NameServer();
	await names.start();
	const port = await freePort();
	const banter = new BanterWithNames(names, {
		workers: 1,
		stub: ["--port", String(stub ?? port)],
		env: { OPENAI_BASE_URL: `http://model.test:${port}/v1`, ...env },
	});
	await withBanter(banter, () => body(banter, names, port)).finally(() => names.stop());
}

async function assertReply(banter, session = "s") {
	const { json, text } = await banter.chat(session, "[[tokens=3]]");
	assert.equal(json?.message, "t0 t1 t2", text);
}

describe("the model server's name", { skip: whyNoNamespaces(), concurrency: true }, () => {
	it("a pending lookup delays no other request", () =>
		withNames(
			async (banter, names) => {
				names.silent = true;
				const waiting = banter.chat("waits", "[[tokens=1]] waits");
				await until("the resolver was asked", () => names.asked > 0);
				names.silent = false;
				const others = await times(5, (i) => banter.chat(`other-${i}`, "[[tokens=3]]"));
				for (const answer of others) assert.equal(answer.json?.message, "t0 t1 t2", answer.text);
				// Their result serves the first one too, before its own lookup is repeated.
				assert.equal((await waiting).json?.message, "t0");
			},
			{ OPENAI_CONNECT_TIMEOUT_MS: "25000" },
		));

	it("a lookup without an end does not delay the shutdown", () =>
		withNames(
			async (banter, names) => {
				names.silent = true;
				assertError(await banter.chat("first", "[[tokens=1]]"), 504);
				// Its thread is still waiting.
				const cut = banter.chat("second", "[[tokens=1]]");
				const before = names.asked;
				await until("the resolver was asked again", () => names.asked > before);
				// Fails if masterd or a worker must be killed.
				await banter.stop();
				const answer = await cut.catch((error) => error);
				assert.ok(answer instanceof Error || answer.status >= 500);
			},
			{ OPENAI_CONNECT_TIMEOUT_MS: String(500 * TIME_FACTOR), DRAIN_TIMEOUT_MS: "300" },
		));

	for (const [what, addresses] of [
		["IPv6 refuses, IPv4 works", { "::1": undefined, "127.0.0.1": Relay }],
		["IPv6 is dead, IPv4 works", { "::1": DeadAddress, "127.0.0.1": Relay }],
		["IPv4 refuses, IPv6 works", { "127.0.0.1": undefined, "::1": Relay }],
		["IPv4 is dead, IPv6 works", { "127.0.0.1": DeadAddress, "::1": Relay }],
		["the first address is dead", { "127.0.0.1": DeadAddress, "127.0.0.2": Relay }],
		["the first address refuses", { "127.0.0.1": undefined, "127.0.0.2": Relay }],
	])
		it(`${what}: the address that works is used, and the request is sent once`, async () => {
			const stub = await freePort();
			const env = { OPENAI_CONNECT_TIMEOUT_MS: String(6000 * TIME_FACTOR) };
			const body = async (banter, names, port) => {
				names.addresses = Object.keys(addresses);
				const servers = Object.entries(addresses).filter(([, kind]) => kind);
				const open = [];
				try {
					for (const [host, kind] of servers) open.push(await kind.open(port, host, stub));
					await assertReply(banter);
					assert.equal((await banter.model("stats")).calls, 1);
				} finally {
					for (const server of open) await server.stop();
				}
			};
			await withNames(body, env, stub);
		});

	it("a model that moves to another address is found there", async () => {
		const stub = await freePort();
		const body = async (banter, names, port) => {
			const before = await Relay.open(port, "127.0.0.1", stub);
			await assertReply(banter);
			before.stop();
			const after = await Relay.open(port, "127.0.0.2", stub);
			names.addresses = ["127.0.0.2"];
			const isFound = async () => (await banter.chat("s", "[[tokens=1]]")).status === 200;
			await until("it is found", isFound).finally(() => after.stop());
			assert.equal((await banter.model("stats")).calls, 2);
		};
		await withNames(body, { OPENAI_BREAKER_FAILURES: "0" }, stub);
	});
});
