// A model that sends as fast as it can holds up nobody: what a loop turn takes of it is bounded.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { behind, lacking, nghttpx } from "./front.mjs";
import { withBanter } from "./harness.mjs";

const FLOODS = 6;
const MANY = 24; // take longer than a short reply at its own pace
const TOKENS = 40_000;
// Between two answers of the worker to somebody else the model may have sent what lies in the
// buffers of all connections and what some turns take; without a bound it sends all there is.
const BETWEEN = (FLOODS * TOKENS) / 2;

/** Floods a worker; /health is asked meanwhile, one request after the other. */
async function flood(banter) {
	let running = FLOODS;
	const floods = Array.from({ length: FLOODS }, (_, i) =>
		banter.chat(`flood-${i}`, `[[tokens=${TOKENS} delay=0]] ${i}`).finally(() => running--),
	);
	const sent = async () => (await banter.model("stats")).tokens;
	let answered = 0;
	let before = 0;
	let most = 0;
	while (running > 0) {
		assert.equal((await banter.get("/health")).status, 200);
		const now = await sent();
		if (now > 0 && now < FLOODS * TOKENS) answered++;
		most = Math.max(most, now - before);
		before = now;
	}
	assert.ok(answered >= 5, `/health was answered ${answered} times in the midst of it`);
	assert.ok(most < BETWEEN, `${most} tokens between two answers`);
	for (const answer of await Promise.all(floods)) {
		assert.equal(answer.status, 200, answer.text.slice(0, 200));
		assert.match(answer.json.message, new RegExp(`^t0 t1 .* t${TOKENS - 1}$`));
	}
}

describe("a model that floods", () => {
	it("over HTTP/1.1: others are answered meanwhile, and each reply is whole", () =>
		withBanter({ workers: 1 }, flood));

	it("over HTTP/2: the same", { skip: lacking("nghttpx") }, () =>
		behind(nghttpx, { workers: 1 }, ({ banter }) => flood(banter)),
	);

	it("a reply at its own pace comes to its end beside it", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const slow = await banter.stream("slow", "[[tokens=20 delay=10]] slow");
			const floods = Array.from({ length: MANY }, (_, i) =>
				banter.chat(`beside-${i}`, `[[tokens=${TOKENS} delay=0]] ${i}`),
			);
			const events = await slow.rest();
			assert.equal(events.at(-1).type, "done");
			const { completed } = await banter.model("stats");
			assert.ok(completed < MANY + 1, "before the floods were all through");
			for (const answer of await Promise.all(floods)) assert.equal(answer.status, 200);
		}));
});
