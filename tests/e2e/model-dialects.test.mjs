// A conversation with every server of tests/stub/dialects.json: with instructions, a temperature and a tool, none of which
// all of them take. Each message gets its reply; once it is known what a server does not take, after one call.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { assertError } from "./client.mjs";
import { ADMIN_KEY, BUILD, ROOT, withBanter } from "./harness.mjs";
import { AGENT, adminExpect } from "./organizations.mjs";

const DIALECTS = JSON.parse(readFileSync(join(ROOT, "tests/stub/dialects.json"), "utf8"));
const THOUGHT = /thought|think|reasoning/i;
const partsOf = ({ refuses = [] }) => refuses.map(({ part }) => part);

/** The seconds that an error of this dialect asks to wait; undefined: it does not say. */
const waitOf = ({ fails }) => {
	const { headers, body } = fails?.["429"] ?? {};
	return /\D7(s|000| seconds)?\b/.test(JSON.stringify([headers, body])) ? "7" : undefined;
};

const callsOf = async (banter) => (await banter.model("stats")).calls;

/** A message, which gets this reply after this number of calls. */
async function expectReply(banter, session, message, { text, status, calls = 1 }) {
	const before = await callsOf(banter);
	const reply = await banter.chat(session, message);
	assert.equal(reply.status, 200, `${message}: ${reply.text}`);
	assert.equal(reply.json.message, text, message);
	assert.equal(reply.json.status, status, message);
	assert.equal((await callsOf(banter)) - before, calls, `calls of ${message}`);
	return reply.json;
}

/** The first message shows what the server does not take. */
async function learn(banter, dialect) {
	const first = await banter.chat("s", "[[tokens=3]] hello");
	assert.equal(first.json?.message, "t0 t1 t2", first.text);
	const { body } = await banter.model("last");
	const parts = partsOf(dialect);
	if (parts.includes("tools")) assert.equal(body.tools, undefined);
	else assert.equal(body.tools.length, 1);
	if (parts.includes("temperature") || parts.includes("temperature>1"))
		assert.equal(body.temperature, undefined);
	else assert.equal(body.temperature, 1.5);
	assert.match(body.messages[0].content, /Sell tea\./);
}

for (const [name, dialect] of Object.entries(DIALECTS))
	describe(`a server of the kind ${name}`, () => {
		const run = (body) => {
			const env = { OPENAI_BREAKER_FAILURES: "0", OPENAI_MODEL: "banter-demo" };
			return withBanter({ workers: 1, env, stub: ["--dialect", name] }, async (banter) => {
				const purpose = "Sell tea.";
				const own = { escalation_instructions: "Refunds.", waiting_text: "Jane will come." };
				await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, {
					purpose,
					temperature: 1.5,
					...own,
				});
				await body(banter);
			});
		};

		it("gets a conversation with one call a message, and its errors are understood", () =>
			run(async (banter) => {
				await learn(banter, dialect);
				for (const n of [1, 2, 3])
					await expectReply(banter, "s", `[[tokens=${n}]] and`, {
						text: ["t0", "t0 t1", "t0 t1 t2"][n - 1],
					});
				const { messages } = (await banter.model("last")).body;
				assert.equal(messages.filter(({ role }) => role === "assistant").length, 3);
				assert.doesNotMatch(JSON.stringify(messages), THOUGHT);
				for (const [finish, status] of [
					["length", "length"],
					["content_filter", "filtered"],
				])
					await expectReply(banter, "s", `[[tokens=2 finish=${finish}]]`, {
						text: "t0 t1",
						status,
					});

				const failed = await banter.chat("failing", "[[fail=429]] now");
				assertError(failed, 503, undefined, "model_busy");
				if (waitOf(dialect)) assert.equal(failed.headers["retry-after"], waitOf(dialect));
				if (dialect.fails?.["400"])
					await expectReply(banter, "filtered", "[[fail=400]] now", {
						text: "Sorry, I cannot answer that. Please put it another way.",
						status: "filtered",
					});

				const { conversationId } = await expectReply(
					banter,
					"asks",
					'[[text="One moment." hand-over]] refund',
					{ text: "One moment.\n\nJane will come." },
				);
				const { conversation } = await banter.thread(conversationId);
				assert.equal(conversation.state, "waiting");
				if (!dialect.end || JSON.stringify(dialect.end).includes("$COMPLETION"))
					assert.ok(
						(await banter.metric('tokens_total{kind="completion"}')) > 0 ||
							partsOf(dialect).includes("stream_options"),
					);
			}));

		if (partsOf(dialect).includes("input>20000"))
			it("gets a shorter history if the conversation is too long", () =>
				run(async (banter) => {
					for (let i = 0; i < 8; i++) {
						const reply = await banter.chat("s", `${"x".repeat(3900)}\n\n[[tokens=2]] ${i}`);
						assert.equal(reply.json?.message, "t0 t1", reply.text);
					}
					const { messages } = (await banter.model("last")).body;
					assert.ok(messages.length >= 2 && messages.length < 12, `${messages.length} messages`);
				}));

		if (dialect.models)
			it("lists its models", () =>
				run(async (banter) => {
					const list = await fetch(`${banter.url}/v1/admin/models`, {
						headers: { "x-admin-api-key": ADMIN_KEY },
					});
					assert.deepEqual(await list.json(), { models: ["banter-demo"] });
				}));
	});

describe("the stand-in model", () => {
	const stub = (...args) => spawnSync(join(BUILD, "openai-stub"), args, { encoding: "utf8" });

	it("names its dialects, also if one is unknown", () => {
		const names = Object.keys(DIALECTS).join("\n");
		assert.equal(stub("--dialects").stdout.trim(), names);
		const { status, stderr } = stub("--dialect", "latin");
		assert.equal(status, 64);
		assert.match(stderr, /no dialect 'latin'/);
		assert.ok(stderr.includes(names));
	});
});
