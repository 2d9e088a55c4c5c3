// A model that floods delays no other client: each loop iteration reads a bounded amount.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until, withBanter } from "./harness.mjs";
import { nghttpx, whyMissing, withModelProxy } from "./model-proxy.mjs";

const FLOODS = 6;
const MANY = 24; // take longer than a short reply at its own pace
const TOKENS = 40_000;
// Between two responses to another client the model may send what fits into all socket buffers and
// some iterations; without a bound it would send everything.
const BETWEEN = (FLOODS * TOKENS) / 2;
const ANSWERS = 20; // to somebody else, in the midst of it
const WHOLE = new RegExp(`^t0 t1 .* t${TOKENS - 1}$`);

/** This many concurrent floods while body() runs. */
async function flooding(banter, n, body) {
	let over = false;
	const flood = async (_, i) => {
		for (let round = 0; !over; round++) {
			const message = `[[tokens=${TOKENS} delay=0]] ${i}`;
			const answer = await banter.chat(`flood-${i}-${round}`, message);
			assert.equal(answer.status, 200, answer.text.slice(0, 200));
			assert.match(answer.json.message, WHOLE);
		}
	};
	const floods = Promise.all(Array.from({ length: n }, flood));
	await Promise.race([floods, body()]).finally(() => {
		over = true;
	});
	await floods;
}

/** Floods a worker while /health is requested repeatedly. */
async function flood(banter) {
	const sent = async () => (await banter.model("stats")).tokens;
	let answers = 0;
	let before = 0;
	// If more arrived between two responses, this process may not have been scheduled: such samples
	// are ignored.
	const told = () => `/health is answered in the midst of it (${answers} times)`;
	await flooding(banter, FLOODS, () =>
		until(told, async () => {
			assert.equal((await banter.get("/health")).status, 200);
			const now = await sent();
			if (now > before && now - before < BETWEEN) answers++;
			before = now;
			return answers >= ANSWERS;
		}),
	);
}

describe("a model that sends at full speed", () => {
	it("over HTTP/1.1: others are served meanwhile, and each reply is complete", () =>
		withBanter({ workers: 1 }, flood));

	it("over HTTP/2: the same", { skip: whyMissing("nghttpx") }, () =>
		withModelProxy(nghttpx, { workers: 1 }, ({ banter }) => flood(banter)),
	);

	it("a slow reply completes beside it", () =>
		withBanter({ workers: 1 }, (banter) =>
			flooding(banter, MANY, async () => {
				const slow = await banter.stream("slow", "[[tokens=20 delay=10]] slow");
				assert.equal((await slow.rest()).at(-1).type, "done");
			}),
		));
});
