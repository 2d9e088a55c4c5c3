/*
 * What the errors of model servers say: texts as servers and gateways send them.
 */
#include <jansson.h>

#include "proto/base/buf.h"
#include "tests/unit/unit.h"
#include "workerd/model/parts/part_memory.h"
#include "workerd/model/parts/refusal.h"

#define ALL                                                                            \
	(PART(USAGE) | PART(MAX_COMPLETION_TOKENS) | PART(TEMPERATURE) | PART(TOOLS) | \
	    PART(SYSTEM) | PART(REASONING_EFFORT))
#define FOLDED (PART(SYSTEM) | PART(DEVELOPER))

static const struct {
	int status;
	const char *body;
	uint32_t sent, named; /* 0: none */
} part_cases[] = {
    /* OpenAI */
    {400,
	"{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with "
	"this model. Use 'max_completion_tokens' "
	"instead.\",\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\"}}",
	PART(MAX_TOKENS) | PART(USAGE), PART(MAX_TOKENS)},
    {400,
	"{\"error\":{\"message\":\"Unsupported value: 'temperature' does not support 0.2 with "
	"this model. Only the default (1) value is "
	"supported.\",\"param\":\"temperature\",\"code\":\"unsupported_value\"}}",
	ALL, PART(TEMPERATURE)},
    {400,
	"{\"error\":{\"message\":\"Unsupported value: 'messages[0].role' does not support "
	"'system' with this "
	"model.\",\"param\":\"messages[0].role\",\"code\":\"unsupported_value\"}}",
	ALL, PART(SYSTEM)},
    {400,
	"{\"error\":{\"message\":\"Unrecognized request argument supplied: "
	"reasoning_effort\",\"param\":null}}",
	ALL, PART(REASONING_EFFORT)},
    {404,
	"{\"error\":{\"message\":\"tools is not supported in this model. For a list of "
	"supported models, refer to the documentation.\",\"param\":null}}",
	ALL, PART(TOOLS)},
    /* Mistral, and others by pydantic */
    {422,
	"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"],"
	"\"msg\":\"Extra inputs are not permitted\",\"input\":{\"include_usage\":true}}]}",
	ALL, PART(USAGE)},
    {422,
	"{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":["
	"\"body\",\"max_completion_tokens\"],\"msg\":\"Extra inputs are not "
	"permitted\",\"input\":300},{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_"
	"options\"],\"msg\":\"Extra inputs are not permitted\"}]}}",
	ALL, PART(MAX_COMPLETION_TOKENS) | PART(USAGE)},
    {422,
	"{\"detail\":[{\"loc\":[\"body\",\"messages\",0,\"role\"],\"msg\":\"Input should be "
	"'user' or 'assistant'\",\"type\":\"literal_error\",\"input\":\"system\"}]}",
	ALL, FOLDED},
    /* The parts in what it quotes were not refused. */
    {422,
	"{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\"],\"msg\":\"Value error, "
	"stream_options is not known here\",\"input\":{\"temperature\":1,\"tools\":[]}}]}",
	ALL, PART(USAGE)},
    {400,
	"{\"message\":\"temperature: not "
	"supported\",\"request\":{\"stream_options\":{},\"tools\":[]}}",
	ALL, PART(TEMPERATURE)},
    /* Google */
    {400,
	"[{\"error\":{\"code\":400,\"message\":\"Invalid JSON payload received. Unknown name "
	"\\\"stream_options\\\": Cannot find field.\",\"status\":\"INVALID_ARGUMENT\"}}]",
	ALL, PART(USAGE)},
    {400,
	"[{\"error\":{\"code\":400,\"message\":\"Function calling is not enabled for "
	"models/gemma-3-27b-it\",\"status\":\"INVALID_ARGUMENT\"}}]",
	ALL, PART(TOOLS)},
    {400,
	"[{\"error\":{\"code\":400,\"message\":\"Developer instruction is not enabled for "
	"models/gemma-3-27b-it\"}}]",
	ALL, PART(SYSTEM)},
    /* vLLM and templates */
    {400,
	"{\"object\":\"error\",\"message\":\"System role not "
	"supported\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}",
	ALL, FOLDED},
    {400,
	"{\"object\":\"error\",\"message\":\"Conversation roles must alternate "
	"user/assistant/user/assistant/...\"}",
	ALL, FOLDED},
    {400, "{\"message\":\"Only user and assistant roles are supported!\"}", ALL, FOLDED},
    {400,
	"{\"object\":\"error\",\"message\":\"\\\"auto\\\" tool choice requires "
	"--enable-auto-tool-choice and --tool-call-parser to be set\"}",
	ALL, PART(TOOLS)},
    /* llama.cpp, Ollama, OpenRouter, Bedrock, Groq, Together */
    {500,
	"{\"error\":{\"code\":500,\"message\":\"tools param requires --jinja "
	"flag\",\"type\":\"server_error\"}}",
	ALL, PART(TOOLS)},
    {400,
	"{\"error\":{\"message\":\"registry.ollama.ai/library/gemma:2b does not support "
	"tools\",\"type\":\"api_error\"}}",
	ALL, PART(TOOLS)},
    {400, "{\"error\":\"\\\"gemma3:4b\\\" does not support thinking\"}", ALL,
	PART(REASONING_EFFORT)},
    {404,
	"{\"error\":{\"message\":\"No endpoints found that support tool use. Try disabling "
	"\\\"hand_over\\\".\",\"code\":404}}",
	ALL, PART(TOOLS)},
    {400,
	"{\"message\":\"This model doesn't support system messages. Try again without system "
	"messages.\"}",
	ALL, FOLDED},
    {400, "{\"message\":\"This model doesn't support tool use in streaming mode.\"}", ALL,
	PART(TOOLS)},
    {400,
	"{\"error\":{\"message\":\"property 'stream_options' is "
	"unsupported\",\"type\":\"invalid_request_error\"}}",
	ALL, PART(USAGE)},
    {501, "Tool calling is not implemented", ALL, PART(TOOLS)},
    {405, "{\"error\":\"tools: method not allowed\"}", ALL, PART(TOOLS)},
    {500, "Error: unknown field `max_completion_tokens`, expected one of `model`, `messages`",
	ALL, PART(MAX_COMPLETION_TOKENS)},
    {400, "{\"error\":{\"message\":\"maxCompletionTokens is not allowed\"}}", ALL,
	PART(MAX_COMPLETION_TOKENS)},
    /* An error inside an error, as gateways send it */
    {400,
	"{\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"bad\\\",\\\"param\\\":"
	"\\\"temperature\\\"}}\"}}",
	ALL, PART(TEMPERATURE)},
    /* Only by the Responses API: OpenAI, Azure, GitHub, gateways */
    {404,
	"{\"error\":{\"message\":\"This model is only supported in v1/responses and not in "
	"v1/chat/completions.\",\"type\":\"invalid_request_error\",\"param\":\"model\"}}",
	ALL | PART(CHAT), PART(CHAT)},
    {400,
	"{\"error\":{\"message\":\"Function tools with reasoning_effort are not supported for "
	"gpt-5.4 in /v1/chat/completions. Please use /v1/responses "
	"instead.\",\"param\":\"reasoning_effort\"}}",
	ALL | PART(CHAT), PART(CHAT)},
    {400,
	"{\"error\":{\"code\":\"OperationNotSupported\",\"message\":\"The chatCompletion "
	"operation does not work with the specified model, gpt-5-codex.\"}}",
	ALL | PART(CHAT), PART(CHAT)},
    {400,
	"{\"error\":{\"message\":\"model gpt-5-codex is not accessible via the "
	"/chat/completions endpoint\",\"code\":\"unsupported_api_for_model\"}}",
	ALL | PART(CHAT), PART(CHAT)},
    {400, "{\"detail\":\"Unsupported: use the Responses API\"}", ALL | PART(CHAT), PART(CHAT)},
    {400, "{\"error\":\"temperature is not supported in /v1/responses\"}", ALL,
	PART(TEMPERATURE)},
    {400, "{\"error\":{\"param\":\"max_output_tokens\",\"message\":\"no\"}}", PART(MAX_TOKENS),
	PART(MAX_TOKENS)},
    /* Another form that is refused, too */
    {400, "{\"error\":\"Unexpected role developer\"}", PART(DEVELOPER), PART(DEVELOPER)},
    {422, "{\"detail\":[{\"loc\":[\"body\",\"max_tokens\"],\"msg\":\"no\"}]}", PART(MAX_TOKENS),
	PART(MAX_TOKENS)},
    /* Without a name */
    {422, "{\"detail\":\"Extra inputs are not permitted\"}", ALL,
	PART(USAGE) | PART(MAX_COMPLETION_TOKENS) | PART(REASONING_EFFORT)},
    /* Cut in its middle */
    {422,
	"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"],"
	"\"msg\":\"Extra inputs",
	ALL, PART(USAGE)},
    /* Perplexity, Moonshot, gateways with a status of their own */
    {400, "{\"error\":{\"message\":\"First message must be from user or tool\"}}", ALL, FOLDED},
    {400, "{\"error\":{\"message\":\"Sampling parameters are not supported\"}}", ALL,
	PART(TEMPERATURE)},
    {424, "{\"error\":{\"message\":\"Unknown parameter: 'stream_options'\"}}", ALL,
	PART(USAGE)},
    {502, "{\"error\":{\"message\":\"upstream: 400: temperature is not supported\"}}", ALL,
	PART(TEMPERATURE)},
    {502, "<html>Bad gateway. Tools and temperature</html>", ALL, 0},
    {403, "{\"error\":{\"message\":\"This key may not use tools\"}}", ALL, 0},
    /* Others */
    {400, "{\"error\":{\"message\":\"The response was filtered\"}}", ALL, 0},
    {400, "{\"error\":{\"message\":\"toolbox stools pretemperature temperatures_x\"}}",
	ALL & ~PART(TOOLS), 0},
    {400, "", ALL, 0},
    {400, "{\"error\":{\"message\":\"temperature\"}}", PART(USAGE), 0},
    {401, "{\"error\":{\"message\":\"temperature\"}}", ALL, 0},
    {429, "{\"error\":{\"message\":\"tools\"}}", ALL, 0},
    {503, "{\"error\":{\"message\":\"tools\"}}", ALL, 0},
};

TEST(errors_name_the_part_that_a_server_does_not_take)
{
	for (size_t i = 0; i < ARRAY_LEN(part_cases); i++) {
		const struct refusal_request request = {.sent = part_cases[i].sent};
		struct refused_parts named;
		enum refusal r = refusal_read(
		    part_cases[i].status, slice_str(part_cases[i].body), &request, &named);

		if (r != (part_cases[i].named == 0 ? REFUSAL_NONE : REFUSAL_PARTS) ||
		    named.parts != part_cases[i].named)
			fail_msg("%d %s: %d, parts %x, not %x", part_cases[i].status,
			    part_cases[i].body, r, named.parts, part_cases[i].named);
	}
}

static const struct {
	int status;
	const char *body;
} context_cases[] = {
    {400,
	"{\"error\":{\"message\":\"This model's maximum context length is 2048 tokens. "
	"However, your messages resulted in 3000 "
	"tokens.\",\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}"},
    {400,
	"{\"object\":\"error\",\"message\":\"The decoder prompt (length 5000) is longer than "
	"the maximum model length of 4096.\"}"},
    {400,
	"{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context "
	"size. try increasing the context size or enable context "
	"shift\",\"type\":\"exceed_context_size_error\"}}"},
    {500, "{\"error\":\"input length exceeds maximum context length\"}"},
    {400,
	"{\"error\":{\"message\":\"prompt is too long: 209000 tokens > 200000 "
	"maximum\",\"type\":\"invalid_request_error\"}}"},
    {400,
	"{\"error\":{\"message\":\"input length and `max_tokens` exceed context limit: 190000 "
	"+ 20000 > 200000, decrease input length or `max_tokens` and try again\"}}"},
    {400,
	"[{\"error\":{\"message\":\"The input token count (1200000) exceeds the maximum number "
	"of tokens allowed (1048576).\"}}]"},
    {422,
	"{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= "
	"4097. Given: 5000 `inputs` tokens\"}"},
    {400, "{\"message\":\"Input is too long for requested model.\"}"},
    {400,
	"{\"error\":\"This model's maximum prompt length is 131072 but the request contains "
	"537812 tokens.\"}"},
    {400,
	"{\"error\":{\"message\":\"Please reduce the length of the messages or "
	"completion.\",\"param\":\"messages\"}}"},
    {400, "{\"error\":{\"code\":\"1261\",\"message\":\"Prompt exceeds max length\"}}"},
    {400, "{\"error\":{\"message\":\"Prompt \xe8\xb6\x85\xe9\x95\xbf\"}}"},
    {400,
	"{\"error\":{\"message\":\"<400> InternalError.Algo.InvalidParameter: Range of input "
	"length should be [1, 30720]\"}}"},
    {400, "{\"error\":{\"message\":\"Your request exceeded model token limit: 8192\"}}"},
    {400, "{\"error\":{\"message\":\"prompt tokens too long\"}}"},
    {400,
	"{\"errors\":[{\"message\":\"the number of input tokens 9000 cannot exceed the total "
	"tokens limit 8192 for this model\"}]}"},
    {400, "{\"message\":\"Input tokens 9000 exceeds the maximum allowed of 8192\"}"},
    {422,
	"{\"error\":\"Input validation error: `inputs` must have less than 4095 tokens. Given: "
	"5000\"}"},
    {422, "{\"detail\":\"Prompt length 5000 is greater than max_seq_len 4096\"}"},
    {400, "{\"message\":\"Requested 9000 tokens, but the model only supports 8192\"}"},
    {400, "Request exceeds the maximum sequence length of the model"},
    {400, "{\"error\":\"Number of prompt tokens: 5000 exceeds model max length: 4096\"}"},
    {502, "{\"error\":{\"message\":\"the model is loaded with context length of 4096\"}}"},
    {413, "<html>Request Entity Too Large</html>"},
    {413, ""},
};

TEST(errors_say_that_the_messages_are_too_long)
{
	for (size_t i = 0; i < ARRAY_LEN(context_cases); i++) {
		const struct refusal_request request = {.sent = ALL};
		struct refused_parts named;

		if (refusal_read(context_cases[i].status, slice_str(context_cases[i].body),
			&request, &named) != REFUSAL_CONTEXT)
			fail_msg("%d %s", context_cases[i].status, context_cases[i].body);
	}
}

static const struct {
	enum refusal refusal;
	const char *body;
} output_cases[] = {
    /* vLLM, and before it */
    {REFUSAL_OUTPUT,
	"{\"message\":\"'max_tokens' or 'max_completion_tokens' is too large: 8000. This "
	"model's maximum context length is 4096 tokens and your request has 25 input "
	"tokens\"}"},
    {REFUSAL_OUTPUT,
	"{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 "
	"tokens. However, you requested 4108 tokens (12 in the messages, 4096 in the "
	"completion). "
	"Please reduce the length of the messages or completion.\"}"},
    /* OpenAI */
    {REFUSAL_MAXIMUM,
	"{\"error\":{\"message\":\"max_tokens is too large: 12288. This model supports at most "
	"4096 completion tokens, whereas you provided 12288.\",\"param\":\"max_tokens\"}}"},
    /* Groq */
    {REFUSAL_MAXIMUM,
	"{\"error\":{\"message\":\"`max_completion_tokens` must be less than or equal to "
	"`8192`\",\"type\":\"invalid_request_error\"}}"},
    /* Anthropic */
    {REFUSAL_MAXIMUM,
	"{\"error\":{\"message\":\"max_tokens: 12288 > 8192, which is the maximum allowed "
	"number "
	"of output tokens for claude-3-5-haiku\"}}"},
    /* SGLang */
    {REFUSAL_OUTPUT,
	"{\"message\":\"Requested token count exceeds the model's maximum context length of "
	"4096 "
	"tokens. You requested a total of 4121 tokens: 25 tokens from the input messages and "
	"4096 "
	"tokens for the completion.\"}"},
    /* gateways to Bedrock */
    {REFUSAL_OUTPUT,
	"{\"message\":\"The maximum tokens you requested exceeds the model limit of 2048.\"}"},
    /* Groq's limit of a minute, with 413 */
    {REFUSAL_OUTPUT,
	"{\"error\":{\"message\":\"Request too large for model `x` on tokens per minute (TPM): "
	"Limit "
	"8000, Requested 12400\"}}"},
    /* DeepSeek */
    {REFUSAL_MAXIMUM,
	"{\"error\":{\"message\":\"Invalid max_tokens value, the valid range of max_tokens is "
	"[1, 8192]\"}}"},
    /* Text Generation Inference */
    {REFUSAL_OUTPUT,
	"{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= "
	"4096. "
	"Given: 25 `inputs` tokens and 4096 `max_new_tokens`\"}"},
    {REFUSAL_MAXIMUM,
	"{\"message\":\"`max_completion_tokens` must be less than or equal to `2048`, the "
	"maximum "
	"value for `max_completion_tokens` is less than the `context_window` for this "
	"model\"}"},
    /* Alibaba, Cloudflare */
    {REFUSAL_MAXIMUM, "{\"message\":\"max_tokens must be at most 2048\"}"},
};

TEST(a_maximum_of_the_reply_that_is_too_large_is_halved)
{
	for (size_t i = 0; i < ARRAY_LEN(output_cases); i++) {
		const struct refusal_request request = {.sent = ALL, .may_halve = true};
		struct refused_parts named;

		if (refusal_read(400, slice_str(output_cases[i].body), &request, &named) !=
		    output_cases[i].refusal)
			fail_msg("%s", output_cases[i].body);
	}
}

TEST(a_maximum_that_was_not_sent_or_is_small_is_not_halved)
{
	const struct refusal_request small = {.sent = ALL},
				     without = {.sent = PART(TOOLS), .may_halve = true};
	struct refused_parts named;

	assert_int_equal(refusal_read(400, slice_str(output_cases[0].body), &small, &named),
	    REFUSAL_CONTEXT);
	assert_int_equal(refusal_read(400, slice_str(output_cases[1].body), &without, &named),
	    REFUSAL_CONTEXT);
	assert_int_equal(
	    refusal_read(400, slice_str(output_cases[3].body), &small, &named), REFUSAL_PARTS);
}

TEST(members_of_the_owners_own_are_named_one_by_one)
{
	static const struct {
		const char *body, *name;
	} cases[] = {
	    {"{\"error\":{\"message\":\"Unknown parameter: 'top_k'.\",\"param\":\"top_k\"}}",
		"top_k"},
	    {"{\"detail\":[{\"loc\":[\"body\",\"Safety.Settings\"],\"msg\":\"no\"},{\"loc\":["
	     "\"body\",\"seed\"]}]}",
		"seed"},
	    {"seed and top_k are unknown", "seed"},
	    {"the seedling is unknown, stream_options or not", NULL},
	};
	json_t *extra = json_loads("{\"top_k\":1,\"seed\":2,\"\":3}", 0, NULL);
	const struct refusal_request request = {
	    .sent = PART(EXTRA) | PART(USAGE), .extra = extra};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct refused_parts named;

		assert_int_equal(refusal_read(400, slice_str(cases[i].body), &request, &named),
		    REFUSAL_PARTS);
		assert_int_equal(named.members_n, cases[i].name != NULL);
		assert_int_equal(named.parts, cases[i].name == NULL ? PART(USAGE) : 0);
		if (cases[i].name != NULL)
			assert_true(refused_parts_has_member(&named, slice_str(cases[i].name)));
	}
	json_decref(extra);
}

TEST(a_memory_keeps_pairs_of_server_and_model_for_a_day)
{
	static struct part_memory m;
	const uint64_t a = part_memory_key(slice_str("s"), slice_str("m")),
		       b = part_memory_key(slice_str(""), slice_str("m"));
	const struct refused_parts tools = {.parts = PART(TOOLS)},
				   usage = {.parts = PART(USAGE)};
	struct refused_parts found = {0};

	assert_int_not_equal(a, b);
	assert_int_not_equal(a, part_memory_key(slice_str(""), slice_str("s")));
	part_memory_add(&m, a, 1000, &tools);
	part_memory_find(&m, b, 1000, &found);
	assert_int_equal(found.parts, 0);
	part_memory_add(&m, a, 2000, &usage);
	part_memory_find(&m, a, 24 * 3600 * 1000, &found);
	assert_int_equal(found.parts, PART(TOOLS) | PART(USAGE));
	found = (struct refused_parts){0};
	part_memory_find(&m, a, 24 * 3600 * 1000 + 1000, &found);
	assert_int_equal(found.parts, 0);
	/* Then it is asked again, and a new day begins. */
	part_memory_add(&m, a, 24 * 3600 * 1000 + 1000, &usage);
	part_memory_find(&m, a, 24 * 3600 * 1000 + 1000, &found);
	assert_int_equal(found.parts, PART(USAGE));
}

TEST(a_full_memory_forgets_the_oldest)
{
	static struct part_memory m;
	const struct refused_parts tools = {.parts = PART(TOOLS)};
	size_t kept = 0;

	for (uint64_t key = 1; key <= PART_MEMORY_MAX + 3; key++)
		part_memory_add(&m, key, 1000 + key, &tools);
	for (uint64_t key = 1; key <= PART_MEMORY_MAX + 3; key++) {
		struct refused_parts found = {0};

		part_memory_find(&m, key, 2000, &found);
		assert_int_equal(found.parts != 0, key > 3);
		kept += found.parts != 0;
	}
	assert_int_equal(kept, PART_MEMORY_MAX);
}

TEST(too_many_members_are_all_of_them)
{
	static struct part_memory m;
	struct refused_parts r = {0}, found = {0};
	char name[] = "a";

	for (; *name < 'a' + PART_MEMORY_MEMBERS; ++*name)
		refused_parts_add_member(&r, slice_str(name));
	assert_int_equal(r.parts, 0);
	assert_false(refused_parts_has_member(&r, slice_str("z")));
	part_memory_add(&m, 7, 1, &r);
	part_memory_find(&m, 7, 1, &found);
	assert_false(refused_parts_lacks(&found, &r));
	refused_parts_add_member(&r, slice_str("another"));
	assert_int_equal(r.parts, PART(EXTRA));
	assert_true(refused_parts_has_member(&r, slice_str("z")));
}

TEST_MAIN(NULL, NULL)
