// The model server's key is sent to that server only: causes every kind of failure, then searches
// all logs and responses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { times, WIDGET_KEY, withBanter } from "./harness.mjs";
import { haproxy, whyMissing, withModelProxy } from "./model-proxy.mjs";

const PATIENT = { OPENAI_FIRST_BYTE_TIMEOUT_MS: "1500", OPENAI_IDLE_TIMEOUT_MS: "1500" };

const FAILURES = [
	...[400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 504].map((status) => `fail=${status}`),
	...["fail=429 retry-after=60", "fail=hang", "fail=close", "fail=close rst", "cut-after=0"],
	...["cut-after=2", "cut-after=2 rst", "hang-after=2", "garbage-after=2", "error-after=0"],
	...["error-after=2", "no-stream-options=400", "huge=3000000", "no such directive"],
];

const KEYS = {
	"an ordinary key": "sk-proj-A1b2C3d4E5f6G7h8I9j0",
	"a key with quotes, signs and other letters": `s'k"\\{%s%n}&<k>=é漢🔑;--`,
	"a key with spaces": "two words and more",
	"a long key": `${"k".repeat(100)}-end`,
};

/** The key and its possible encodings. */
function disguises(key) {
	return [
		key,
		JSON.stringify(key).slice(1, -1),
		encodeURIComponent(key),
		Buffer.from(key).toString("base64").replace(/=+$/, ""),
	];
}

const withHttp2 = (options, body) => withModelProxy(haproxy, options, ({ banter }) => body(banter));

/** Searches all responses, the store and the log. */
async function assertHidden(banter, answers, key) {
	answers.push(await banter.get("/metrics"));
	const { conversations } = await banter.conversations();
	for (const { _id } of conversations)
		answers.push({ text: JSON.stringify(await banter.thread(_id)) });
	const said = answers.map((answer) => answer.text).join("\n");
	const written = banter.log.lines.map((line) => line.text).join("\n");
	for (const disguise of disguises(key)) {
		assert.ok(!said.includes(disguise), `answered: ${disguise}`);
		assert.ok(!written.includes(disguise), `logged: ${disguise}`);
	}
	assert.ok(!said.includes(WIDGET_KEY));
}

describe("the model server's key is in no log and no response", () => {
	const PATHS = ["/v1/chat", "/v1/chat/stream"];
	const ask = (banter, session, directives) =>
		times(2, (i) => banter.chat(session, `[[${directives}]]`, { path: PATHS[i] }));

	for (const [what, OPENAI_API_KEY] of Object.entries(KEYS)) {
		const env = { ...PATIENT, OPENAI_API_KEY };

		for (const [protocol, skip, run] of [
			["HTTP/1.1", false, withBanter],
			["HTTP/2", whyMissing("haproxy"), withHttp2],
		])
			it(`${what}: with any response of the model over ${protocol}`, { skip }, () => {
				const own = { ...env, OPENAI_BREAKER_FAILURES: "0", LOG_LEVEL: "debug" };
				return run({ env: own }, async (banter) => {
					const answers = await times(2 * FAILURES.length, (i) => {
						const echo = i % 2 === 0 ? "" : "echo-key";
						return ask(banter, `s-${i}`, `tokens=5 ${echo} ${FAILURES[Math.floor(i / 2)]}`);
					});
					// The stub did repeat it, and the log shows where it was.
					const isRedacted = ({ detail }) => detail?.includes("You sent 'Bearer [key]");
					assert.ok(banter.log.lines.some(isRedacted));
					await assertHidden(banter, answers.flat(), OPENAI_API_KEY);
				});
			});

		it(`${what}: with the model down and the breaker open`, () =>
			withBanter({ workers: 1, env: { ...env, OPENAI_BREAKER_FAILURES: "3" } }, async (banter) => {
				await banter.stub.stop();
				const answers = await ask(banter, "gone", "tokens=1");
				await banter.log.waitFor("the breaker", (line) => line.ev === "model_breaker");
				answers.push(...(await ask(banter, "alone", "tokens=1")));
				assert.ok(answers.some(({ json }) => json.code === "model_unavailable"));
				await assertHidden(banter, answers, OPENAI_API_KEY);
			}));
	}
});
