// Models that speak other formats than OpenAI's, as their makers document them: what a request of each has, and the bytes of
// its answers. A gateway translates them. Each answer is [status, headers, body].

const sse = { "content-type": "text/event-stream" };
const json = { "content-type": "application/json" };
const lines = (events, end = "\n\n") =>
	events.map((event) => `data: ${JSON.stringify(event)}${end}`).join("");

/** https://docs.anthropic.com/en/api/messages-streaming and …/errors */
const anthropic = (() => {
	const named = (...events) =>
		events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
	const start = {
		type: "message_start",
		message: {
			...{ id: "msg_1", type: "message", role: "assistant", model: "claude", content: [] },
			...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 25, output_tokens: 1 } },
		},
	};
	const block = (index, content_block, ...deltas) => [
		{ type: "content_block_start", index, content_block },
		{ type: "ping" },
		...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
		{ type: "content_block_stop", index },
	];
	const written = (index, pieces) =>
		block(
			index,
			{ type: "text", text: "" },
			...pieces.map((text) => ({ type: "text_delta", text })),
		);
	const end = (stop_reason) => [
		{
			type: "message_delta",
			delta: { stop_reason, stop_sequence: null },
			usage: { output_tokens: 12 },
		},
		{ type: "message_stop" },
	];
	const error = (type, message) => ({ type: "error", error: { type, message } });
	const failed = (status, type, message, more = {}) => [
		status,
		{ ...json, ...more },
		JSON.stringify(error(type, message)),
	];
	const overloaded = error("overloaded_error", "Overloaded");
	return {
		messagesOf: ({ messages }) => messages.map(({ role }) => role),
		isAsked: ({ system, tools }) => /tea/.test(JSON.stringify(system)) && tools.length === 1,
		said: (...pieces) => [200, sse, named(start, ...written(0, pieces), ...end("end_turn"))],
		cut: (...pieces) => [200, sse, named(start, ...written(0, pieces), ...end("max_tokens"))],
		thought: (thought, ...pieces) => [
			200,
			sse,
			named(
				start,
				...block(
					0,
					{ type: "thinking", thinking: "", signature: "" },
					{ type: "thinking_delta", thinking: thought },
					{ type: "signature_delta", signature: "EqQBCgIYAhIM" },
				),
				...written(1, pieces),
				...end("end_turn"),
			),
		],
		called: (name, ...pieces) => [
			200,
			sse,
			named(
				start,
				...written(0, pieces),
				...block(
					1,
					{ type: "tool_use", id: "toolu_1", name, input: {} },
					{ type: "input_json_delta", partial_json: "" },
					{ type: "input_json_delta", partial_json: "{}" },
				),
				...end("tool_use"),
			),
		],
		busy: failed(429, "rate_limit_error", "This request would exceed your rate limit.", {
			"retry-after": "7",
		}),
		overloaded: failed(529, "overloaded_error", "Overloaded"),
		overloadedInStream: [200, sse, named(overloaded)],
		brokenOff: (...pieces) => [200, sse, named(start, ...written(0, pieces), overloaded)],
		tooLong: failed(
			400,
			"invalid_request_error",
			"prompt is too long: 208310 tokens > 200000 maximum",
		),
		unpaid: failed(
			400,
			"invalid_request_error",
			"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
		),
		// The gateway reports "refusal" as an ordinary end.
		empty: [200, sse, named(start, ...end("refusal"))],
	};
})();

/** https://ai.google.dev/api/generate-content and …/gemini-api/docs/troubleshooting */
const google = (() => {
	const usageMetadata = { promptTokenCount: 25, candidatesTokenCount: 12, totalTokenCount: 37 };
	const chunk = (parts, finishReason) => ({
		candidates: [{ content: { parts, role: "model" }, index: 0, ...finishReason }],
		...{ usageMetadata, modelVersion: "gemini" },
	});
	const crlf = "\r\n\r\n";
	const stream = (pieces, finishReason, more = []) => [
		200,
		sse,
		lines(
			[
				...pieces.map((text) => chunk([{ text }])),
				...more,
				chunk([{ text: "" }], { finishReason }),
			],
			crlf,
		),
	];
	const failed = (code, status, message, details) => [
		code,
		json,
		JSON.stringify({ error: { code, message, status, details } }),
	];
	return {
		messagesOf: ({ contents }) =>
			contents.map(({ role }) => (role === "model" ? "assistant" : role)),
		isAsked: ({ systemInstruction, tools }) =>
			/tea/.test(JSON.stringify(systemInstruction)) && tools.length === 1,
		said: (...pieces) => stream(pieces, "STOP"),
		cut: (...pieces) => stream(pieces, "MAX_TOKENS"),
		thought: (thought, ...pieces) => {
			const [status, headers, body] = stream(pieces, "STOP");
			return [status, headers, lines([chunk([{ text: thought, thought: true }])], crlf) + body];
		},
		called: (name, ...pieces) =>
			stream(pieces, "STOP", [chunk([{ functionCall: { name, args: {} } }])]),
		busy: failed(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", [
			{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" },
		]),
		overloaded: failed(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
		tooLong: failed(
			400,
			"INVALID_ARGUMENT",
			"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
		),
		filtered: stream([], "SAFETY"),
	};
})();

/** https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference and …/concepts/content-filter */
const azure = (() => {
	const content_filter_results = { hate: { filtered: false, severity: "safe" } };
	const chunk = (delta, finish_reason = null) => ({
		...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o" },
		choices: [{ index: 0, delta, finish_reason, logprobs: null, content_filter_results }],
	});
	const stream = (pieces, finish, more = []) => [
		200,
		sse,
		`${lines([
			{
				...{ id: "", object: "", created: 0, model: "", choices: [] },
				prompt_filter_results: [{ prompt_index: 0, content_filter_results }],
			},
			chunk({ role: "assistant", content: "", refusal: null }),
			...pieces.map((content) => chunk({ content })),
			...more,
			chunk({}, finish),
			{
				...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o" },
				choices: [],
				usage: { prompt_tokens: 25, completion_tokens: 12, total_tokens: 37 },
			},
		])}data: [DONE]\n\n`,
	];
	const failed = (status, error, more = {}) => [
		status,
		{ ...json, ...more },
		JSON.stringify({ error }),
	];
	const call = (call) => chunk({ tool_calls: [{ index: 0, ...call }] });
	return {
		messagesOf: ({ messages }) => messages.slice(1).map(({ role }) => role),
		isAsked: ({ messages, tools }) =>
			messages[0].role === "system" && /tea/.test(messages[0].content) && tools.length === 1,
		said: (...pieces) => stream(pieces, "stop"),
		cut: (...pieces) => stream(pieces, "length"),
		thought: (thought, ...pieces) =>
			stream(pieces, "stop", [chunk({ reasoning_content: thought })]),
		called: (name, ...pieces) =>
			stream(pieces, "tool_calls", [
				call({ id: "call_1", type: "function", function: { name, arguments: "" } }),
				call({ function: { arguments: "{}" } }),
			]),
		busy: failed(
			429,
			{
				code: "429",
				message: "Requests have exceeded the rate limit. Please retry after 7 seconds.",
			},
			{ "retry-after": "7" },
		),
		overloaded: failed(503, { code: "ServiceUnavailable", message: "The service is unavailable." }),
		tooLong: failed(400, {
			message:
				"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000.",
			...{ type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
		}),
		filtered: failed(400, {
			message:
				"The response was filtered due to the prompt triggering our content management policy.",
			...{ type: null, param: "prompt", code: "content_filter", status: 400 },
			innererror: { code: "ResponsibleAIPolicyViolation" },
		}),
	};
})();

export const MAKERS = { anthropic, google, "azure-openai": azure };
