// systemd/models/README.md: each block is accepted as it stands, and its server gets the requests that the page promises: the
// host is replaced, and the path, the query and all headers are what the real one would receive.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { codeBlocks, read } from "../documents.mjs";
import { BUILD, withBanter } from "./harness.mjs";
import { AGENT, adminExpect } from "./organizations.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";
import { startProgram, useDirectory } from "./tool.mjs";

const KEY = "THE-KEY";
const BEARER = { authorization: `Bearer ${KEY}` };

/** Each block by its server's name: the address of a reply, and the headers beside those of every request. */
const EXPECTED = {
	openai: ["https://api.openai.com/v1/chat/completions", BEARER],
	azure: ["https://RESOURCE.openai.azure.com/openai/v1/chat/completions", { "api-key": KEY }],
	"azure-classic": [
		"https://RESOURCE.openai.azure.com/openai/deployments/DEPLOYMENT/chat/completions?api-version=2024-10-21",
		{ "api-key": KEY },
	],
	mistral: ["https://api.mistral.ai/v1/chat/completions", BEARER],
	gemini: ["https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", BEARER],
	anthropic: [
		"http://127.0.0.1:8787/v1/chat/completions",
		{ ...BEARER, "x-portkey-provider": "anthropic" },
	],
	openrouter: [
		"https://openrouter.ai/api/v1/chat/completions",
		{ ...BEARER, "http-referer": "https://www.example.com", "x-title": "Example shop" },
	],
	groq: ["https://api.groq.com/openai/v1/chat/completions", BEARER],
	deepseek: ["https://api.deepseek.com/chat/completions", BEARER],
	ollama: ["http://127.0.0.1:11434/v1/chat/completions", {}],
	vllm: ["http://127.0.0.1:8000/v1/chat/completions", BEARER],
	llama: ["http://127.0.0.1:8080/v1/chat/completions", {}],
	guarded: [
		"https://llm.example.com/v1/chat/completions",
		{
			...BEARER,
			"cf-access-client-id": "THE-ID.access",
			"cf-access-client-secret": "THE-SECRET",
		},
	],
};

/** Headers of every request. */
const USUAL = ["host", "user-agent", "content-type", "accept", "accept-encoding", "content-length"];

/** The path of a request and its further headers, in the order in which they came. */
function requestOf(head) {
	const [line, ...fields] = head.split("\r\n");
	const pairs = fields.map((field) => {
		const colon = field.indexOf(": ");
		return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
	});
	return {
		path: line.split(" ")[1],
		names: pairs.map(([name]) => name),
		further: Object.fromEntries(pairs.filter(([name]) => !USUAL.includes(name))),
	};
}

const blocks = codeBlocks(read("systemd/models/README.md"))
	.filter(({ language }) => language === "json")
	.map(({ text }) => text);

describe("the page of model servers", () => {
	const path = useDirectory();
	const file = path("model-servers.json");
	const env = { MODEL_SERVERS_FILE: file };
	const put = (text) => writeFileSync(file, text, { mode: 0o600 });
	const keyFile = (name) => writeFileSync(path(name), `${KEY}\n`, { mode: 0o600 });

	it("has a block for each server", () => {
		const names = blocks.flatMap((text) => JSON.parse(text).map(({ name }) => name));
		assert.deepEqual(names, Object.keys(EXPECTED));
	});

	for (const text of blocks) {
		const [server, ...others] = JSON.parse(text);
		const { name, url } = server;

		it(`gives ${name} requests to its address, with its headers alone`, async () => {
			assert.deepEqual(others, []);
			const [address, headers] = EXPECTED[name];
			if (server.keyFile) keyFile(server.keyFile);
			put(text);
			const settings = { PATH: process.env.PATH, DATA_DIR: path(), ...env };
			const check = await startProgram(join(BUILD, "masterd"), ["--check"], settings).ended;
			assert.equal(check.status, 0, check.stderr);
			assert.doesNotMatch(check.stderr, /MODEL_SERVERS_FILE/, "no warning either");
			assert.ok(address.startsWith(new URL(url).origin.replace("resource.", "RESOURCE.")), url);

			await new ScriptedModel(() => [answer("hi"), "keep"]).run(async (model) => {
				const { origin } = new URL(model.url);
				put(JSON.stringify([{ ...server, url: url.replace(/^https?:\/\/[^/]+/, origin) }]));
				await withBanter({ workers: 1, env }, async (banter) => {
					const all = { ...banter.environment(), OPENAI_BASE_URL: model.url };
					const asked = await startProgram(join(BUILD, "workerd"), ["--check-model"], all).ended;
					assert.equal(asked.status, 0, asked.stderr);
					assert.equal(asked.stdout.match(/answers\.$/gm).length, 2, asked.stdout);
					await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { key_name: name });
					assert.equal((await banter.chat("s", "Hello")).json?.message, "hi");
				});
				// The check has asked the default server before.
				const [, checked, replied, ...more] = model.heads.map(requestOf);
				assert.deepEqual(more, []);
				for (const request of [checked, replied]) {
					assert.equal(request.path, address.replace(/^https?:\/\/[^/]+/, ""));
					assert.deepEqual(request.further, headers);
					assert.equal(new Set(request.names).size, request.names.length, "none is sent twice");
				}
			});
		});
	}
});
