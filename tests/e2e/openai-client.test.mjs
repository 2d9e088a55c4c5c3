// OpenAI's own client reads what the stand-in model sends: chats in every dialect, the Responses API, errors and lists. So
// what the other tests prove about banter, they prove with streams of the right form.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BUILD, baseEnvironment, Daemon, Log, ROOT, until } from "./daemon.mjs";

const DIALECTS = JSON.parse(readFileSync(join(ROOT, "tests/stub/dialects.json"), "utf8"));
const tooOld = Number(process.versions.node.split(".")[0]) < 20;
const skip = tooOld && "openai 6 needs Node 20";
const TOOL = {
	name: "hand_over",
	description: "Asks a person.",
	parameters: { type: "object", properties: {} },
};

/** A client of a stand-in model with these arguments, in each test of a describe(). */
function useClient(...args) {
	const stub = new Daemon(
		join(BUILD, "openai-stub"),
		["--port", "0", "--script", "delay=0", ...args],
		baseEnvironment(),
		new Log(),
	);
	const used = {};
	before(async () => {
		if (tooOld) return;
		const { default: OpenAI } = await import("openai");
		stub.start();
		const address = await until("the stub model's address", () =>
			stub.stdout.map((line) => /listening on (\S+)/.exec(line)).find(Boolean),
		);
		used.client = new OpenAI({ apiKey: "key", baseURL: address[1], maxRetries: 0 });
	});
	after(async () => {
		if (!tooOld) await stub.stop();
	});
	return used;
}

const model = "banter-demo";
const said = (content) => [{ role: "user", content }];

describe("OpenAI's client and a chat", { skip }, () => {
	for (const [name, dialect] of Object.entries(DIALECTS))
		describe(`in the dialect ${name}`, () => {
			const used = useClient("--dialect", name);
			const parts = (dialect.refuses ?? []).map(({ part }) => part);
			const chat = (message, more) =>
				used.client.chat.completions.create({
					model,
					messages: said(message),
					stream: true,
					...(parts.includes("stream_options") ? {} : { stream_options: { include_usage: true } }),
					...more,
				});

			it("reads the text, and the reason and the usage at its end", async () => {
				let text = "";
				let usage;
				const reasons = [];
				for await (const chunk of await chat("[[tokens=3 finish=length]]")) {
					const delta = chunk.choices?.[0]?.delta?.content;
					if (typeof delta === "string") text += delta;
					if (chunk.choices?.[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
					usage = chunk.usage ?? usage;
				}
				assert.match(text, /t0 t1 t2/);
				assert.deepEqual(reasons, [dialect.finish?.length ?? "length"]);
				const reports = !dialect.end || JSON.stringify(dialect.end).includes("$COMPLETION");
				if (reports && !parts.includes("stream_options")) assert.equal(usage.completion_tokens, 3);
			});

			it("reads the error of a limit and of a refused part", async () => {
				const { RateLimitError } = await import("openai");
				if (dialect.fails?.["429"]?.status !== 200)
					await assert.rejects(chat("[[fail=429]]"), RateLimitError);
				if (parts.includes("tools"))
					await assert.rejects(
						chat("hi", { tools: [{ type: "function", function: TOOL }] }),
						({ status }) => status >= 400,
					);
			});

			if (!parts.includes("tools"))
				it("reads the call of a tool", async () => {
					let called = "";
					for await (const chunk of await chat("[[tokens=1 hand-over]]", {
						tools: [{ type: "function", function: TOOL }],
					}))
						for (const { function: call } of chunk.choices?.[0]?.delta?.tool_calls ?? [])
							called += call.name ?? "";
					assert.equal(called, TOOL.name);
				});
		});
});

describe("OpenAI's client and the Responses API", { skip }, () => {
	const used = useClient();
	const respond = (input, more) =>
		used.client.responses.stream({ model, input: said(input), store: false, ...more });

	it("reads the events in their order, and the response at the end", async () => {
		let text = "";
		const types = [];
		const stream = respond("[[tokens=3]]");
		for await (const event of stream) {
			types.push(event.type);
			if (event.type === "response.output_text.delta") text += event.delta;
		}
		assert.equal(text, "t0 t1 t2 ");
		assert.equal(types[0], "response.created");
		assert.equal(types.at(-1), "response.completed");
		const response = await stream.finalResponse();
		assert.equal(response.output_text, "t0 t1 t2 ");
		assert.equal(response.usage.output_tokens, 3);
	});

	it("reads difficult text, an end at a limit, and the call of a tool", async () => {
		const difficult = await respond("[[unicode tokens=15]]").finalResponse();
		assert.match(difficult.output_text, /日本語.*</s);
		const cut = await respond("[[tokens=2 finish=length]]").finalResponse();
		assert.deepEqual(
			[cut.status, cut.incomplete_details.reason],
			["incomplete", "max_output_tokens"],
		);
		const calls = await respond("[[tokens=1 hand-over]]", {
			tools: [{ type: "function", strict: false, ...TOOL }],
		}).finalResponse();
		assert.deepEqual(
			calls.output.filter(({ type }) => type === "function_call").map(({ name }) => name),
			[TOOL.name],
		);
	});

	it("reads an error within the stream", async () => {
		const failed = respond("[[tokens=5 error-after=2]]").finalResponse();
		await assert.rejects(failed, ({ type, code }) => type === "error" && code === "server_error");
	});
});

describe("OpenAI's client", { skip }, () => {
	const used = useClient("--key", "key");

	it("lists the models, and embeds texts", async () => {
		const models = await used.client.models.list();
		assert.deepEqual(
			models.data.map(({ id }) => id),
			["banter-demo"],
		);
		const { data } = await used.client.embeddings.create({
			model,
			input: ["tea", "coffee"],
			encoding_format: "float",
		});
		assert.deepEqual(
			data.map(({ index }) => index),
			[0, 1],
		);
		assert.ok(data[0].embedding.length > 0);
	});

	it("refuses a wrong key as OpenAI does", async () => {
		const { AuthenticationError } = await import("openai");
		const other = used.client.withOptions({ apiKey: "another" });
		await assert.rejects(other.models.list(), AuthenticationError);
	});
});
