// A model that calls tools, in both of the model's APIs, and a shop that they ask.

import { Shop } from "../shop/shop.mjs";
import { withBanter } from "./harness.mjs";
import { AGENT, adminExpect } from "./organizations.mjs";
import { ScriptedModel } from "./scripted-model.mjs";

const events = (list) => {
	const body = `${list.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("")}`;
	return `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** A text in pieces of three characters. */
const pieces = (text) => text.match(/[\s\S]{1,3}/g) ?? [""];

/** The two APIs: a response with a text, one with calls, and the results in a request. */
export const DIALECTS = {
	chat: {
		say: (text) =>
			events([
				...pieces(text).map((content) => ({ choices: [{ index: 0, delta: { content } }] })),
				{
					choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
					usage: { prompt_tokens: 10, completion_tokens: 5 },
				},
				"[DONE]",
			]),
		call: (calls, text = "") =>
			events([
				...(text ? [{ choices: [{ index: 0, delta: { content: text } }] }] : []),
				...calls.flatMap(([name, args], index) => [
					{
						choices: [
							{
								index: 0,
								delta: {
									tool_calls: [
										{ index, id: `x${index}`, type: "function", function: { name, arguments: "" } },
									],
								},
							},
						],
					},
					...pieces(args).map((part) => ({
						choices: [
							{ index: 0, delta: { tool_calls: [{ index, function: { arguments: part } }] } },
						],
					})),
				]),
				{
					choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }],
					usage: { prompt_tokens: 10, completion_tokens: 5 },
				},
				"[DONE]",
			]),
		results: ({ messages }) =>
			messages.filter(({ role }) => role === "tool").map(({ content }) => JSON.parse(content)),
		names: ({ tools = [] }) => tools.map(({ function: { name } }) => name),
	},
	responses: {
		say: (text) =>
			events([
				...pieces(text).map((delta) => ({
					type: "response.output_text.delta",
					output_index: 0,
					delta,
				})),
				{
					type: "response.completed",
					response: { output: [], usage: { input_tokens: 10, output_tokens: 5 } },
				},
			]),
		call: (calls, text = "") =>
			events([
				...(text ? [{ type: "response.output_text.delta", output_index: 0, delta: text }] : []),
				...calls.flatMap(([name, args], i) => {
					const at = { output_index: i + 1 };
					const item = { type: "function_call", call_id: `c${i}`, name };
					return [
						{ type: "response.output_item.added", ...at, item: { ...item, arguments: "" } },
						...pieces(args).map((delta) => ({
							type: "response.function_call_arguments.delta",
							...at,
							delta,
						})),
						{ type: "response.output_item.done", ...at, item: { ...item, arguments: args } },
					];
				}),
				{
					type: "response.completed",
					response: { output: [], usage: { input_tokens: 10, output_tokens: 5 } },
				},
			]),
		results: ({ input }) =>
			input
				.filter(({ type }) => type === "function_call_output")
				.map(({ output }) => JSON.parse(output)),
		names: ({ tools = [] }) => tools.map(({ name }) => name),
	},
};

export const FIND = {
	name: "find_order",
	description: "Finds an order",
	arguments: {
		type: "object",
		properties: { order: { type: "string" } },
		required: ["order"],
	},
	result: ["/state"],
};

/** Changes the ledger of the shop. */
export const REFUND = {
	name: "refund",
	description: "Refunds an order",
	method: "post",
	class: "confirm",
	confirmation: "Refund {{args.amount}} for the order {{args.order}}",
	arguments: {
		type: "object",
		properties: { order: { type: "string" }, amount: { type: "number" } },
		required: ["order", "amount"],
	},
	result: ["/refunded"],
	timeoutMs: 1000,
};

/** A model that refunds for a question, and then says what it got. */
export const refunds =
	(amount = 12.5, text = "") =>
	(to, request) => {
		const results = to.results(request);
		return results.length === 0
			? to.call([["refund", JSON.stringify({ order: "1042", amount })]], text)
			: to.say(JSON.stringify(results.at(-1)));
	};

/** Runs body({banter, shop, tool, requests}) with a model that answers each request with step(request, n). */
export async function withTools(
	api,
	step,
	body,
	{ members = () => ({}), env = {}, workers = 1 } = {},
) {
	const shop = new Shop();
	await shop.start();
	const requests = [];
	const model = new ScriptedModel(({ body: text }) => {
		requests.push(JSON.parse(text));
		return [step(DIALECTS[api], requests.at(-1), requests.length), "keep"];
	});
	const settings = { OPENAI_API: api, TOOLS_ALLOW: "127.0.0.0/8", ...env };
	try {
		await model.run(() =>
			withBanter({ workers, env: { ...settings, OPENAI_BASE_URL: model.url } }, async (banter) => {
				const tool = await adminExpect(banter, 201, "POST", "tools", {
					...FIND,
					url: `${shop.url}/orders/{{args.order}}?customer=u-7`,
					...members(shop),
				});
				await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { tools: [tool.id] });
				await body({ banter, shop, tool, requests });
			}),
		);
	} finally {
		shop.stop();
	}
}

export const steps = async (banter, { conversationId }) =>
	(await adminExpect(banter, 200, "GET", `conversations/${conversationId}/steps`)).steps;
