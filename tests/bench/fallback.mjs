// Part of make bench: how much later the first token of a reply comes when the agent's own model server refuses the connection
// and its fallback is asked. Blocks of messages to the fallback's server alone and of messages that fall back alternate; the
// model answers at once.

import { freePort, WIDGET_KEY, withBanter } from "../e2e/harness.mjs";
import { AGENT, adminExpect } from "../e2e/organizations.mjs";
import { Bench, fail, spread, verdict } from "./bench.mjs";

const GOAL_MS = 50;
const BLOCKS = 20;
const MESSAGES_EACH = 15;

const bench = new Bench("fallback", 120);
const refused = `http://127.0.0.1:${await freePort()}/v1`;

/** The time from the request to the first token, in ms. */
async function ask(banter, sessionId) {
	const began = performance.now();
	const response = await fetch(`${banter.url}/v1/chat/stream`, {
		method: "POST",
		headers: { "content-type": "application/json", "x-api-key": WIDGET_KEY },
		body: JSON.stringify({ sessionId, message: "[[tokens=3]] hello" }),
	});
	let text = "";
	let ms;
	for await (const piece of response.body) {
		text += Buffer.from(piece).toString("utf8");
		if (ms === undefined && text.includes('"type":"token"')) ms = performance.now() - began;
	}
	return ms ?? fail(`no token: ${text}`);
}

// The breaker would skip the server that refuses, after some failures.
const env = {
	MODEL_SERVERS: `refused=${refused}`,
	OPENAI_BREAKER_FAILURES: "0",
	RATE_LIMIT_MAX_REQUESTS: "1000000",
};
await withBanter({ workers: 1, env }, async (banter) => {
	const agents = {
		alone: { key_name: null, fallbacks: [] },
		fallback: { key_name: "refused", fallbacks: [{ key_name: null, model: "other" }] },
	};
	const times = { alone: [], fallback: [] };
	for (let block = 0; block < BLOCKS; block++) {
		const how = block % 2 === 0 ? "alone" : "fallback";
		await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, agents[how]);
		for (let i = 0; i <= MESSAGES_EACH; i++) {
			const ms = await ask(banter, `s-${block}-${i}`);
			if (i > 0) times[how].push(ms); // the agent has changed before the first one
		}
	}
	const counted = await banter.metric("model_fallbacks_total");
	if (counted !== (BLOCKS / 2) * (MESSAGES_EACH + 1)) fail(`${counted} fallbacks were counted`);
	const [alone, fallback] = [spread(times.alone), spread(times.fallback)];
	const more = fallback.median - alone.median;
	console.log(
		`first token after a refused connection: p50 ${fallback.median.toFixed(1)} ms, ${alone.median.toFixed(1)} without it: + ${more.toFixed(1)} ms (${verdict(more <= GOAL_MS, `${GOAL_MS} ms`)}); longest ${fallback.max.toFixed(1)} ms`,
	);
	bench.write({ alone, fallback, more });
});
process.exit(0);
