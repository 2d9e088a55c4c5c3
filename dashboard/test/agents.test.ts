import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent, AgentDefaults } from "../../workerd/api/openapi/openapi";
import { historyOf } from "../src/agents/turns";
import { fieldsOf, hostOf, knownModels, orNull, serverChoices } from "../src/agents/values";
import { numberOf } from "../src/ui/number-field";

const agent = (fields: Partial<Agent>): Agent =>
	({ id: "1", name: "A", key_name: null, model: null, base_url: "x", ...fields }) as Agent;

describe("an agent's form", () => {
	it("takes empty fields as those of the settings", () => {
		assert.equal(orNull(" \n"), null);
		assert.equal(orNull(" tea\n"), " tea\n");
		for (const text of ["", " ", "x", "1e999"]) assert.equal(numberOf(text), null, text);
		for (const text of ["0", "0.", "0.0"]) assert.equal(numberOf(text), 0, text);
		assert.equal(numberOf("0,7"), 0.7);
	});

	it("offers the servers of the settings, and the agent's own also if it is missing there", () => {
		const servers = [
			{ key_name: null, base_url: "https://api.example/v1" },
			{ key_name: "own", base_url: "http://127.0.0.1:11434/v1" },
		];
		const all = [
			{ value: "", host: "api.example", isMissing: false },
			{ value: "own", host: "127.0.0.1:11434", isMissing: false },
		];
		assert.deepEqual(serverChoices(servers, null), all);
		assert.deepEqual(serverChoices(servers, "own"), all);
		assert.deepEqual(serverChoices(servers, "old"), [
			...all,
			{ value: "old", host: null, isMissing: true },
		]);
		assert.equal(hostOf("no address"), "no address");
	});

	it("knows the models of the same server", () => {
		const defaults = { model: "m" } as AgentDefaults;
		const agents = [
			agent({ model: "b" }),
			agent({ model: "a" }),
			agent({ model: "b" }),
			agent({ model: "own-1", key_name: "own" }),
			agent({}),
		];
		assert.deepEqual(knownModels(agents, defaults, null), ["a", "b", "m"]);
		assert.deepEqual(knownModels(agents, defaults, "own"), ["own-1"]);
	});

	it("copies an agent without what only the server sets", () => {
		const copy = fieldsOf(agent({ model: "m", created_at: 1, updated_at: 2 }));
		assert.deepEqual(copy, { name: "A", key_name: null, model: "m" });
	});
});

describe("a test of an agent", () => {
	it("sends the turns before, without replies that have no text", () => {
		const turns = [
			{ question: "one", answer: "1", state: "done" },
			{ question: "two", answer: "", state: "failed" },
			{ question: "three", answer: "3 and", state: "stopped" },
		] as const;
		assert.deepEqual(historyOf(turns), [
			{ role: "user", content: "one" },
			{ role: "assistant", content: "1" },
			{ role: "user", content: "two" },
			{ role: "user", content: "three" },
			{ role: "assistant", content: "3 and" },
		]);
	});

	it("sends no more than the server takes", () => {
		const turns = Array.from({ length: 150 }, (_, i) => ({
			question: `q${i}`,
			answer: `a${i}`,
			state: "done" as const,
		}));
		const history = historyOf(turns);
		assert.equal(history.length, 200);
		assert.deepEqual(history[history.length - 1], { role: "assistant", content: "a149" });
	});
});
