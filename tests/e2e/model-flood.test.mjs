// A model that floods delays no other client: each loop iteration reads a bounded amount.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LONG_REPLIES, times, until, withBanter } from "./harness.mjs";
import { nghttpx, whyMissing, withModelProxy } from "./model-proxy.mjs";

const FLOODS = 6;
const TOKENS = 40_000;
// Between two responses to another client the model may send what fits into all socket buffers and some
// iterations; without a bound it would send everything.
const BETWEEN = (FLOODS * TOKENS) / 2;
const ANSWERS = 20; // to another client during the floods
const WHOLE = new RegExp(`^t0 t1 .* t${TOKENS - 1}$`);

/** Floods a worker, whose replies must be complete, while /health is requested repeatedly. */
async function flood(banter) {
	let over = false;
	const floods = times(FLOODS, async (i) => {
		for (let round = 0; !over; round++) {
			const answer = await banter.chat(`flood-${i}-${round}`, `[[tokens=${TOKENS} delay=0]] ${i}`);
			assert.equal(answer.status, 200, answer.text.slice(0, 200));
			assert.match(answer.json.message, WHOLE);
		}
	});
	let answers = 0;
	let before = 0;
	// If more arrived between two responses, this process may not have been scheduled: such samples are ignored.
	const served = until(
		() => `/health is answered during the floods (${answers} times)`,
		async () => {
			assert.equal((await banter.get("/health")).status, 200);
			const now = (await banter.model("stats")).tokens;
			if (now > before && now - before < BETWEEN) answers++;
			before = now;
			return answers >= ANSWERS;
		},
	);
	await Promise.race([floods, served]).finally(() => {
		over = true;
	});
	await floods;
}

describe("a model that sends at full speed", () => {
	it("over HTTP/1.1: others are served meanwhile, and each reply is complete", () =>
		withBanter({ workers: 1, env: LONG_REPLIES }, flood));

	it("over HTTP/2: the same", { skip: whyMissing("nghttpx") }, () =>
		withModelProxy(nghttpx, { workers: 1, env: LONG_REPLIES }, ({ banter }) => flood(banter)),
	);
});
