// A name server without a response delays only requests that wait for it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { Banter, freePort, TIME_FACTOR, times, until, withBanter } from "./harness.mjs";
import { NameServer, whyNoNamespaces } from "./name-server.mjs";

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

async function withNames(body, env = {}) {
	const names = new NameServer();
	await names.start();
	const port = await freePort();
	const banter = new BanterWithNames(names, {
		workers: 1,
		stub: ["--port", String(port)],
		env: { OPENAI_BASE_URL: `http://model.test:${port}/v1`, ...env },
	});
	await withBanter(banter, () => body(banter, names)).finally(() => names.stop());
}

describe("the model server's name", { skip: whyNoNamespaces() }, () => {
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
});
