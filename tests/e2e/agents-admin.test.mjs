// Agents in the admin API: their fields, the defaults from the settings, and the test of an agent,
// which stores nothing.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { getRecord, putRecord } from "../faults/records.mjs";
import { ADMIN } from "./accounts.mjs";
import { assertError, openStream } from "./client.mjs";
import { until, useBanter } from "./harness.mjs";
import {
	AGENT,
	adminExpect,
	adminRequest,
	assertFields,
	connectToStore,
	NOBODY,
	ORG,
} from "./organizations.mjs";

const LOCAL = "http://127.0.0.1:9/v1";

const OPEN = {
	purpose: null,
	custom_instructions: null,
	escalation_instructions: null,
	restricted_topics: null,
	model: null,
	temperature: null,
	max_output_tokens: null,
	key_name: null,
	enabled: true,
};

const CHOSEN = {
	name: "Support",
	purpose: "You help.\n\tAlways.",
	custom_instructions: "Be short.",
	escalation_instructions: "Say the number.",
	restricted_topics: "Politics 🗳",
	model: "llama3:8b",
	temperature: 0.125,
	max_output_tokens: 10_000_000,
	key_name: "local",
	base_url: LOCAL,
	enabled: false,
};

const WRONG = {
	name: ["", "  ", "x".repeat(101), null, 1, "a\nb"],
	purpose: ["x".repeat(8001), 1, "\u0000"],
	custom_instructions: ["x".repeat(8001)],
	escalation_instructions: ["x".repeat(4001)],
	restricted_topics: ["x".repeat(4001), []],
	model: ["modèle", "x".repeat(257), 1],
	temperature: [-0.1, 2.001, 0.0001, "1"],
	max_output_tokens: [0, 10_000_001, 1.5],
	key_name: ["other", 1],
	base_url: ["https://elsewhere.example/v1", 1],
	enabled: [0],
	api_key: ["secret"],
};

describe("agents", () => {
	const banter = useBanter({
		env: {
			MODEL_SERVERS: `local=${LOCAL}, other-one=https://model.example/v1`,
			MODEL_SERVER_KEYS: "local=a-key-that-nobody-is-shown",
			OPENAI_TEMPERATURE: "0.5",
			OPENAI_MAX_COMPLETION_TOKENS: "99",
			SYSTEM_PROMPT: "Be kind.",
		},
	});

	it("a new service has one, which uses the settings; the list shows their values", async () => {
		const { agents, defaults, servers, nextCursor } = await adminExpect(
			banter,
			200,
			"GET",
			"agents",
		);
		const [{ id, organization_id, name, base_url, created_at, updated_at, ...rest }] = agents;
		assert.deepEqual([id, organization_id, agents.length, nextCursor], [AGENT, ORG, 1, null]);
		assert.deepEqual(rest, OPEN);
		assert.ok(name.length > 0 && created_at === updated_at);
		assert.equal(base_url, `${banter.stubUrl}/v1`);
		assert.deepEqual(defaults, {
			purpose: "Be kind.",
			model: "gpt-4.1-mini",
			temperature: 0.5,
			max_output_tokens: 99,
			base_url,
		});
		assert.deepEqual(servers, [
			{ key_name: null, base_url },
			{ key_name: "local", base_url: LOCAL },
			{ key_name: "other-one", base_url: "https://model.example/v1" },
		]);
	});

	it("a new one needs a name; chosen values are stored and can be reset", async () => {
		assertFields(await adminRequest(banter, "POST", "agents", {}), ["name"]);
		const plain = await adminExpect(banter, 201, "POST", "agents", { name: "Plain" });
		for (const [name, value] of Object.entries(OPEN)) assert.deepEqual(plain[name], value, name);
		const made = await adminExpect(banter, 201, "POST", "agents", CHOSEN);
		for (const [name, value] of Object.entries(CHOSEN)) assert.deepEqual(made[name], value, name);
		assert.deepEqual(await adminExpect(banter, 200, "GET", `agents/${made.id}`), made);
		const back = await adminExpect(banter, 200, "PUT", `agents/${made.id}`, OPEN);
		for (const [name, value] of Object.entries(OPEN)) assert.deepEqual(back[name], value, name);
		assert.equal(back.name, "Support");
		assert.equal(back.base_url, `${banter.stubUrl}/v1`);
	});

	it("a change keeps unnamed members and accepts the object as read", async () => {
		const made = await adminExpect(banter, 201, "POST", "agents", CHOSEN);
		const changed = await adminExpect(banter, 200, "PUT", `agents/${made.id}`, { temperature: 0 });
		assert.deepEqual({ ...changed, updated_at: 0 }, { ...made, temperature: 0, updated_at: 0 });
		assert.deepEqual(await adminExpect(banter, 200, "PUT", `agents/${made.id}`, changed), changed);
	});

	it("422 for each invalid member, and for several at once", async () => {
		for (const [name, values] of Object.entries(WRONG))
			for (const value of values)
				assertFields(await adminRequest(banter, "POST", "agents", { name: "A", [name]: value }), [
					name,
				]);
		const wrong = Object.fromEntries(
			Object.entries(WRONG).map(([name, values]) => [name, values[0]]),
		);
		const { base_url, ...most } = wrong; // of no server none can be said to be wrong
		assertFields(await adminRequest(banter, "POST", "agents", wrong), Object.keys(most));
		assertFields(await adminRequest(banter, "PUT", `agents/${AGENT}`, wrong), Object.keys(most));
	});

	it("the error for an unknown server lists the known ones", async () => {
		const { json } = await adminRequest(banter, "POST", "agents", { name: "A", key_name: "none" });
		assert.match(json.fields.key_name, /: local, other-one$/);
	});

	it("base_url must match its server", async () => {
		const fits = { name: "A", key_name: "local", base_url: LOCAL };
		const made = await adminExpect(banter, 201, "POST", "agents", fits);
		const moved = { key_name: "other-one", base_url: LOCAL };
		assertFields(await adminRequest(banter, "PUT", `agents/${made.id}`, moved), ["base_url"]);
		await adminExpect(banter, 200, "PUT", `agents/${made.id}`, { key_name: "other-one" });
	});

	it("one used by a widget cannot be deleted, any other can", async () => {
		assertError(await adminRequest(banter, "DELETE", `agents/${AGENT}`), 409, undefined, "in_use");
		const { id } = await adminExpect(banter, 201, "POST", "agents", { name: "Gone" });
		assert.equal((await adminRequest(banter, "DELETE", `agents/${id}`)).status, 204);
		assertError(await adminRequest(banter, "GET", `agents/${id}`), 404, "Agent not found");
	});

	it("400 and 404", async () => {
		for (const [method, path, body] of [
			["GET", NOBODY],
			["PUT", NOBODY, {}],
			["DELETE", NOBODY],
			["POST", `${NOBODY}/test`, { message: "x" }],
		]) {
			assertError(
				await adminRequest(banter, method, `agents/${path}`, body),
				404,
				"Agent not found",
			);
			const wrong = `agents/${path.replace(NOBODY, "x")}`;
			assertError(await adminRequest(banter, method, wrong, body), 400, "Invalid agentId");
		}
		for (const path of ["agents", `agents/${AGENT}/test`])
			assertError(await adminRequest(banter, "POST", path, "[]"), 400, "Invalid request payload");
	});

	it("no response and no log line contains a model server's key", async () => {
		const { text } = await adminRequest(banter, "GET", "agents");
		assert.doesNotMatch(text, /nobody-is-shown/);
		assert.ok(banter.log.lines.every((line) => !line.text.includes("nobody-is-shown")));
	});
});

describe("a server that was removed from the settings", () => {
	const banter = useBanter({ env: { MODEL_SERVERS: undefined }, workers: 1 });
	let peer;

	before(async () => {
		peer = await connectToStore(banter);
	});
	after(() => peer.close());

	it("is shown without an address, and the agent can be changed", async () => {
		const ids = { org: ORG.replaceAll("-", ""), id: AGENT.replaceAll("-", "") };
		const agent = await getRecord(peer, "agent", ids);
		await putRecord(peer, "agent", { ...agent, key_name: "gone" });
		const shown = await adminExpect(banter, 200, "GET", `agents/${AGENT}`);
		assert.deepEqual([shown.key_name, shown.base_url], ["gone", null]);
		assertFields(await adminRequest(banter, "PUT", `agents/${AGENT}`, { temperature: 1 }), [
			"key_name",
		]);
		const mended = await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { key_name: null });
		assert.equal(mended.base_url, `${banter.stubUrl}/v1`);
	});
});

describe("a test of an agent", () => {
	const banter = useBanter({ env: { SYSTEM_PROMPT: "Be kind." } });
	const test = (body, headers = {}, id = AGENT) =>
		openStream(banter.url, `/v1/admin/agents/${id}/test`, { ...ADMIN, ...headers }, body);

	it("streams like a chat, with the stored agent", async () => {
		const { id } = await adminExpect(banter, 201, "POST", "agents", {
			name: "A",
			purpose: "Be short.",
		});
		for (const [agent, system] of [
			[AGENT, "Be kind."],
			[id, "Be short."],
		]) {
			const stream = await test({ message: "[[tokens=3]]" }, {}, agent);
			assert.match(stream.headers["content-type"], /^application\/x-ndjson/);
			const events = await stream.rest();
			assert.deepEqual(
				events.map(({ type }) => type),
				["start", "token", "token", "token", "done"],
			);
			assert.deepEqual(await banter.modelSaw(), [
				["system", system],
				["user", "[[tokens=3]]"],
			]);
		}
	});

	it("also as server-sent events", async () => {
		const stream = await test({ message: "[[tokens=2]]" }, { accept: "text/event-stream" });
		assert.match(stream.headers["content-type"], /^text\/event-stream/);
		assert.equal((await stream.rest()).at(-1).message, "t0 t1");
	});

	it("with a history and with changes that are not stored", async () => {
		const stored = await adminExpect(banter, 200, "GET", `agents/${AGENT}`);
		const stream = await test({
			message: "[[tokens=1]] and now?",
			history: [
				{ role: "user", content: "hello" },
				{ role: "assistant", content: "hi" },
			],
			agent: { purpose: "Be loud.", model: "other-model", temperature: 1.5, enabled: false },
		});
		await stream.rest();
		const { body } = await banter.model("last");
		assert.equal(body.model, "other-model");
		assert.equal(body.temperature, 1.5);
		assert.deepEqual(await banter.modelSaw(), [
			["system", "Be loud."],
			["user", "hello"],
			["assistant", "hi"],
			["user", "[[tokens=1]] and now?"],
		]);
		assert.deepEqual(await adminExpect(banter, 200, "GET", `agents/${AGENT}`), stored);
	});

	it("leaves nothing in the store", async () => {
		await (await test({ message: "[[tokens=3]]" })).rest();
		assert.equal((await banter.conversations()).total, 0);
	});

	it("a disabled agent can be tested", async () => {
		const made = await adminExpect(banter, 201, "POST", "agents", { name: "Off", enabled: false });
		const events = await (await test({ message: "[[tokens=1]]" }, {}, made.id)).rest();
		assert.equal(events.at(-1).type, "done");
	});

	it("422 names all invalid members of body, agent and history", async () => {
		const path = `agents/${AGENT}/test`;
		for (const [body, names] of [
			[{}, ["message"]],
			[{ message: "" }, ["message"]],
			[{ message: "x".repeat(4001) }, ["message"]],
			[{ message: "x", history: {} }, ["history"]],
			[{ message: "x", history: Array(201).fill({ role: "user", content: "x" }) }, ["history"]],
			[
				{ history: [{ role: "system", content: "" }, 1, { role: "user", content: "x", id: 1 }] },
				["message", "history.0.role", "history.0.content", "history.1", "history.2.id"],
			],
			[
				{ message: "x", agent: { temperature: 3, key_name: "none", id: NOBODY, x: 1 }, y: 1 },
				["agent.temperature", "agent.key_name", "agent.id", "agent.x", "y"],
			],
		])
			assertFields(await adminRequest(banter, "POST", path, body), names);
	});

	it("the model's failures are the same as in a chat", async () => {
		const post = (message) => adminRequest(banter, "POST", `agents/${AGENT}/test`, { message });
		assertError(await post("[[fail=401]]"), 502, undefined, "model_failed");
		assertError(await post("[[fail=429 retry-after=30]]"), 503, undefined, "model_busy");
		const broken = await test({ message: "[[tokens=3 error-after=2]]" });
		assert.equal((await broken.rest()).at(-1).type, "error");
	});

	it("a client that disconnects ends it", async () => {
		const stream = await test({ message: "[[tokens=1000000 delay=5]]" });
		await stream.tokens(2);
		assert.equal((await banter.model("stats")).active, 1);
		stream.leave();
		await until(
			"the model is asked no more",
			async () => (await banter.model("stats")).active === 0,
		);
	});
});
