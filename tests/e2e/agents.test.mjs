// Agents in use: instructions, model and server. The model servers are stubs that report their requests. Servers
// that fail: tests/unit/workerd/turn/servers.scenario.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { assertError, openStream, request } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { BUILD, baseEnvironment, freePort, until, WIDGET_KEY, withBanter } from "./harness.mjs";
import { ADMIN, AGENT, adminExpect, assertFields, NOBODY } from "./organizations.mjs";
import { startProgram } from "./tool.mjs";
import { said } from "./visitors.mjs";

const SSE = "text/event-stream";
/** On a busy machine, responses may take longer than this: for tests in which the model never responds. */
const SHORT_TIMEOUTS = { OPENAI_FIRST_BYTE_TIMEOUT_MS: "500", OPENAI_BREAKER_FAILURES: "0" };
const contract = new Contract();
const SYSTEM_PROMPT = " You are the shop's assistant.\n";
/** Distinguished by their lengths, which is all that the stub reports. */
const KEYS = { one: "sk-of-server-one", two: "sk-of-the-second-server" };

/** A banter with the additional model servers one and two. */
async function withServers({ env = {}, ...options }, body) {
	const ports = { one: await freePort(), two: await freePort() };
	const urls = { one: `http://127.0.0.1:${ports.one}`, two: `http://127.0.0.1:${ports.two}` };
	const settings = {
		SYSTEM_PROMPT,
		MODEL_SERVERS: `one=${urls.one}/v1,two=${urls.two}/v1`,
		MODEL_SERVER_KEYS: `one=${KEYS.one},two=${KEYS.two}`,
		...env,
	};
	await withBanter({ workers: 1, ...options, env: settings }, async (banter) => {
		const servers = {};
		for (const [name, url] of Object.entries(urls)) {
			const args = ["--port", String(ports[name]), "--script", "delay=0"];
			const daemon = banter.daemon("openai-stub", args, baseEnvironment());
			daemon.start();
			const isListening = () => daemon.stdout.some((line) => line.includes("listening on"));
			await until("the other model server", isListening);
			const asked = async (what) => (await request(url, "GET", `/stub/${what}`)).json;
			servers[name] = { url, daemon, asked };
		}
		await body(banter, servers);
	});
}

/** Changes the agent that replies to chats with a key. */
function changeAgent(banter, fields) {
	return adminExpect(banter, 200, "PUT", `agents/${AGENT}`, fields);
}

const lineOf = (banter, event) => banter.log.waitFor(event, ({ ev }) => ev === event);

/** What the agent has spent, as the numbers count it, for these models. */
async function spent(banter, names) {
	const { rows } = await banter.adminGet("/v1/admin/numbers?by=agent");
	const row = rows.find(({ agentId }) => agentId === AGENT) ?? { models: [], tokensOut: 0 };
	assert.deepEqual(
		row.models.map(({ model }) => model),
		names,
	);
	return row;
}

async function assertUnavailable(banter) {
	const answer = await banter.chat("unavailable", "[[tokens=1]] hi");
	assertError(answer, 503, undefined, "model_unavailable");
}

const systemPrompt = ({ body }) => body.messages.find(({ role }) => role === "system").content;

describe("an agent", () => {
	it("sets the instructions, model and server immediately; the settings provide the rest", () =>
		withServers({ workers: 2 }, async (banter, { one, two }) => {
			assert.equal((await banter.chat("by-the-settings", "[[tokens=1]] hi")).status, 200);
			const usual = await banter.model("last");
			assert.equal(systemPrompt(usual), SYSTEM_PROMPT);
			assert.equal(usual.body.model, "gpt-4.1-mini");
			assert.ok(!("temperature" in usual.body));
			assert.equal(usual.body.max_completion_tokens, 4096);

			await changeAgent(banter, {
				purpose: "Sell tea.",
				custom_instructions: "Be brief.",
				restricted_topics: "Coffee.",
				model: "tea-1",
				temperature: 0.5,
				max_output_tokens: 77,
				key_name: "one",
			});
			assert.equal((await banter.chat("by-the-agent", "[[tokens=1]] hi")).status, 200);
			const { body, headers } = await one.asked("last");
			assert.equal(headers.authorization, `Bearer ${KEYS.one}`.length);
			const topics = "\n\n## Topics to stay away from\n\nCoffee.";
			const prompt = `Sell tea.\n\n## Instructions\n\nBe brief.${topics}`;
			assert.equal(systemPrompt({ body }), prompt);
			const { model, temperature, max_completion_tokens: max } = body;
			assert.deepEqual([model, temperature, max], ["tea-1", 0.5, 77]);

			await changeAgent(banter, { purpose: null, key_name: "two", temperature: 0 });
			assert.equal((await banter.chat("by-the-agent", "[[tokens=1]] again")).status, 200);
			const again = await two.asked("last");
			assert.equal(again.headers.authorization, `Bearer ${KEYS.two}`.length);
			assert.ok(systemPrompt(again).startsWith(`${SYSTEM_PROMPT}\n\n## Instructions`));
			assert.equal(again.body.temperature, 0);
			assert.equal((await banter.model("stats")).calls, 1);
			assert.equal((await one.asked("stats")).calls, 1);
		}));

	it("adds members to the request, and names who is asked next; the preview tells what a server refuses", () =>
		withServers({ workers: 1 }, async (banter, { one, two }) => {
			const fallbacks = [{ key_name: "two", model: "tea-2" }];
			const extra = { top_p: 0.1, metadata: { shop: "tea" } };
			const own = { reasoningEffort: "low", extra, keepThoughts: true, fallbacks };
			await changeAgent(banter, { key_name: "one", model: "tea-1", temperature: 0.5, ...own });
			const agent = await banter.adminGet(`/v1/admin/agents/${AGENT}`);
			for (const [name, value] of Object.entries(own)) assert.deepEqual(agent[name], value, name);
			const fails = "[[fail=503 tokens=2]] who answers?";
			const failed = await banter.chat("falls-back", fails);
			assert.equal(failed.status, 503, "both fail, and the last one is retried");
			const { body } = await two.asked("last");
			assert.deepEqual(
				[body.model, body.top_p, body.metadata, body.reasoning_effort],
				["tea-2", 0.1, { shop: "tea" }, "low"],
			);
			assert.equal((await one.asked("stats")).calls, 1);
			assert.ok((await banter.metric("model_fallbacks_total")) >= 1);
			const answer = await banter.chat("refuses", "[[no-stream-options=400 tokens=2]] hello");
			assert.equal(answer.json.message, "t0 t1");
			const path = `/v1/admin/agents/${AGENT}/prompt`;
			const options = { headers: ADMIN, body: { agent: { extra: { ...extra, seed: 1 } } } };
			const { json } = await contract.drive(banter, 200, "POST", path, options);
			assert.deepEqual([json.leftOut, json.request.seed], [["stream_options"], 1]);
			for (const wrong of [
				{ extra: { model: "x" } },
				{ extra: [] },
				{ fallbacks: [{ url: "x" }] },
				{ fallbacks: [{ key_name: "gone" }] },
			])
				await adminExpect(banter, 422, "PUT", `agents/${AGENT}`, wrong);
		}));

	it("that falls back to another model: the numbers count the tokens for the model that wrote the reply", () =>
		withServers({ workers: 1 }, async (banter, { one }) => {
			const { tokensOut } = await spent(banter, []);
			assert.equal(tokensOut, 0);
			const own = {
				key_name: "one",
				model: "tea-1",
				fallbacks: [{ key_name: "two", model: "tea-2" }],
			};
			await changeAgent(banter, own);
			assert.equal((await banter.chat("own", "[[tokens=3]] hi")).status, 200);
			await spent(banter, ["tea-1"]);
			assert.deepEqual(await one.daemon.stop(), { code: 0, signal: null });
			const { json } = await banter.chat("falls-back", "[[tokens=5]] hi");
			assert.equal(json.message, "t0 t1 t2 t3 t4");
			const { models } = await spent(banter, ["tea-1", "tea-2"]);
			assert.deepEqual(
				models.map(({ tokensOut }) => tokensOut),
				[3, 5],
			);
			// The agent's model of today changes nothing of that.
			await changeAgent(banter, { model: "tea-3" });
			assert.deepEqual((await spent(banter, ["tea-1", "tea-2"])).models, models);
		}));

	it("whose server was removed from the settings is unavailable, and the log says what to change", () =>
		withServers({}, async (banter) => {
			await changeAgent(banter, { key_name: "two" });
			assert.deepEqual(await banter.masterd.stop(), { code: 0, signal: null });
			delete banter.masterd.env.MODEL_SERVERS;
			delete banter.masterd.env.MODEL_SERVER_KEYS;
			banter.masterd.start();
			await banter.ready();
			await assertUnavailable(banter);
			const line = await lineOf(banter, "model_server_unknown");
			assert.equal(line.server, "two");
			assert.match(line.detail, /MODEL_SERVERS/);
		}));
});

describe("a preview of a prompt", () => {
	const path = `/v1/admin/agents/${AGENT}/prompt`;
	const preview = (banter, status, body, headers = ADMIN) =>
		contract.drive(banter, status, "POST", path, { headers, body });

	it("is what the model then receives, with changes that are not stored", () =>
		withServers({}, async (banter, { one }) => {
			const context = { plan: "`premium`" };
			const agent = {
				purpose: "Sell tea.",
				escalation_instructions: "When asked.",
				temperature: 0.25,
				key_name: "one",
			};
			const { json } = await preview(banter, 200, { agent, context });
			assert.equal((await banter.adminGet(`/v1/admin/agents/${AGENT}`)).purpose, null);
			await changeAgent(banter, agent);
			const message = "[[tokens=1]] hi";
			const headers = { "x-api-key": WIDGET_KEY };
			const body = { sessionId: "preview", message, context };
			await contract.drive(banter, 200, "POST", "/v1/chat", { headers, body });
			const asked = (await one.asked("last")).body;
			assert.deepEqual(asked.messages.pop(), { role: "user", content: message });
			assert.deepEqual(json, {
				prompt: systemPrompt({ body: asked }),
				request: asked,
				leftOut: [],
			});
			assert.match(json.prompt, /^Sell tea\.[\s\S]*When asked\.[\s\S]*u0060premium/);
			const stored = await preview(banter, 200, { context });
			assert.deepEqual(stored.json, json);
			assert.equal((await one.asked("stats")).calls, 1);
		}));

	it("names all invalid members, and shows an agent whose server is missing", () =>
		withBanter({ workers: 1 }, async (banter) => {
			assertFields(
				await preview(banter, 422, {
					agent: { temperature: 3, key_name: "three" },
					context: { long: "x".repeat(2048) },
					other: 1,
				}),
				["agent.temperature", "agent.key_name", "context", "other"],
			);
			await preview(banter, 400, "[]");
			await preview(banter, 413, undefined, { ...ADMIN, "content-length": "524289" });
			const none = path.replace(AGENT, NOBODY);
			await contract.drive(banter, 404, "POST", none, { headers: ADMIN, body: {} });
			assert.equal((await preview(banter, 200, {})).json.request.model, "gpt-4.1-mini");
		}));
});

describe("the models of a server", () => {
	const list = (banter, status, query = "") =>
		contract.drive(banter, status, "GET", `/v1/admin/models${query}`, { headers: ADMIN });

	it("are those that it names itself, asked with its own key", () =>
		withServers({}, async (banter, { one }) => {
			assert.deepEqual((await list(banter, 200)).json.models, ["banter-demo"]);
			assert.deepEqual((await list(banter, 200, "?server=one")).json.models, ["banter-demo"]);
			await one.daemon.stop();
			const { json } = await list(banter, 502, "?server=one");
			assert.equal(json.code, "model_unreachable");
			for (const query of ["?server=three", "?server="]) await list(banter, 404, query);
		}));

	/** A server that answers every request so, and a banter that uses it. */
	async function withAnswers(answer, body, more = {}) {
		const requests = [];
		const server = createServer((request, response) => {
			requests.push({ url: request.url, key: request.headers.authorization });
			answer(response);
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const url = `http://127.0.0.1:${server.address().port}/v1`;
		const env = { MODEL_SERVERS: `own=${url}`, MODEL_SERVER_KEYS: `own=${KEYS.one}`, ...more };
		try {
			await withBanter({ workers: 1, env }, (banter) => body(banter, requests));
		} finally {
			server.closeAllConnections();
			server.close();
		}
	}

	for (const [what, status, code, answer] of [
		["refuses the key", 502, "model_key_refused", (r) => r.writeHead(401).end("{}")],
		["has no list", 502, "model_failed", (r) => r.writeHead(404).end()],
		["redirects", 502, "model_failed", (r) => r.writeHead(302, { location: "/" }).end()],
		["sends something else", 502, "model_failed", (r) => r.end('{"data":{}}')],
		["sends no JSON", 502, "model_failed", (r) => r.end("models")],
		["sends too much", 502, "model_unreachable", (r) => r.end("x".repeat(2 * 1024 * 1024))],
		["does not answer", 504, "model_timeout", () => {}],
	])
		it(`the error says so if the server ${what}`, () =>
			withAnswers(
				answer,
				async (banter, requests) => {
					const { json } = await list(banter, status, "?server=own");
					assert.equal(json.code, code);
					assert.ok(!json.error.includes(KEYS.one));
					assert.deepEqual(requests, [{ url: "/v1/models", key: `Bearer ${KEYS.one}` }]);
				},
				status === 504 ? SHORT_TIMEOUTS : {},
			));

	for (const [what, body] of [
		["an array alone", [{ id: "b" }, { id: "a" }]],
		["names alone", { object: "list", data: ["b", "a"] }],
		["other members", { models: [{ name: "b", size: 1 }, { model: "a" }] }],
		[
			"a byte order mark and a large number",
			'\ufeff{"data":[{"id":"b","created":99999999999999999999},{"id":"a"}]}',
		],
	])
		it(`may have another form: ${what}`, () =>
			withAnswers(
				(response) => response.end(typeof body === "string" ? body : JSON.stringify(body)),
				async (banter) =>
					assert.deepEqual((await list(banter, 200, "?server=own")).json.models, ["a", "b"]),
			));

	it("are sorted, without what is no name", () => {
		const data = [{ id: "b" }, { id: "a" }, {}, 1, { id: 2 }, { id: "x".repeat(257) }, { id: "" }];
		const answer = (response) => response.end(JSON.stringify({ data }));
		return withAnswers(answer, async (banter) => {
			assert.deepEqual((await list(banter, 200, "?server=own")).json.models, ["a", "b"]);
		});
	});
});

describe("a test of an agent", () => {
	const path = `/v1/admin/agents/${AGENT}/test`;

	it("streams what a visitor would receive, with changes that are not stored", () =>
		withServers({}, async (banter, { one }) => {
			const brief = { enabled: false, custom_instructions: "Be brief." };
			const stored = await changeAgent(banter, brief);
			const stream = await openStream(banter.url, path, ADMIN, {
				message: "[[tokens=5]] and now?",
				history: [{ role: "user", content: "hello" }],
				agent: { purpose: "Sell tea.", key_name: "one", model: "tea-2", temperature: 1.5 },
			});
			assert.match(stream.headers["content-type"], /^application\/x-ndjson/);
			assert.equal((await stream.tokens(5)).join(""), "t0 t1 t2 t3 t4 ");
			assert.equal((await stream.rest()).at(-1).type, "done");
			const { body } = await one.asked("last");
			assert.deepEqual([body.model, body.temperature], ["tea-2", 1.5]);
			assert.deepEqual(said(body.messages), [
				["system", "Sell tea.\n\n## Instructions\n\nBe brief."],
				["user", "hello\n\n[[tokens=5]] and now?"],
			]);
			assert.equal((await banter.conversations()).total, 0);
			assert.equal(await banter.metric('turns_total{outcome="trial"}'), 1);
			assert.deepEqual((await banter.adminGet("/v1/admin/agents")).agents, [stored]);
		}));

	it("has the same errors as a chat, and names all invalid members", () =>
		withServers({ env: SHORT_TIMEOUTS }, async (banter) => {
			const send = (status, body, { headers = {}, id = AGENT } = {}) =>
				contract.drive(banter, status, "POST", `/v1/admin/agents/${id}/test`, {
					headers: { ...ADMIN, ...headers },
					body,
				});
			for (const [status, message, code] of [
				[200, "[[unicode]]"],
				[200, "[[tokens=3 error-after=2]]"],
				[502, "[[fail=401]]", "model_failed"],
				[503, "[[fail=429 retry-after=30]]", "model_busy"],
				[504, "[[fail=hang]]", "model_timeout"],
			])
				for (const headers of [{}, { accept: SSE }]) {
					const { json } = await send(status, { message }, { headers });
					if (status !== 200) assert.equal(json.code, code);
				}
			await send(400, "[]");
			await send(413, undefined, { headers: { "content-length": "524289" } });
			const message = "x";
			await send(400, { message }, { id: "no-id" });
			await send(404, { message }, { id: NOBODY });
			const turn = { role: "user", content: "x" };
			for (const [body, names] of [
				[{}, ["message"]],
				[{ message: "" }, ["message"]],
				[{ message: "x".repeat(4001) }, ["message"]],
				[{ message, history: {} }, ["history"]],
				[{ message, history: Array(201).fill(turn) }, ["history"]],
				[
					{ history: [{ role: "system", content: "" }, 1, { ...turn, id: 1 }] },
					["message", "history.0.role", "history.0.content", "history.1", "history.2.id"],
				],
				[
					{ message, agent: { temperature: 3, key_name: "none", id: NOBODY, x: 1 }, y: 1 },
					["agent.temperature", "agent.key_name", "agent.id", "agent.x", "y"],
				],
			])
				assertFields(await send(422, body), names);
			contract.assertComplete("agents");
		}));
});

it("workerd --check-model checks each server and fails with the first error", () =>
	withServers({}, async (banter, { one, two }) => {
		const env = banter.environment(`${banter.stubUrl}/v1`);
		const check = () => startProgram(`${BUILD}/workerd`, ["--check-model"], env).ended;
		const good = await check();
		assert.equal(good.status, 0, good.stderr);
		assert.equal(good.stdout.match(/answers\.$/gm).length, 3);
		for (const server of [one, two]) assert.equal((await server.asked("stats")).calls, 1);
		await one.daemon.stop();
		const bad = await check();
		assert.equal(bad.status, 69);
		assert.equal(bad.stdout.match(/answers\.$/gm).length, 2);
		assert.ok(bad.stderr.includes(one.url), bad.stderr);
		for (const key of Object.values(KEYS))
			assert.ok(!(good.stdout + good.stderr + bad.stdout + bad.stderr).includes(key));
	}));
