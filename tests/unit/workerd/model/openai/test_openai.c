/*
 * OpenAI's format: questions are valid JSON with the text unchanged, answers are read in all the
 * forms that servers send, and nothing malformed passes for an answer.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/openai.h"
#include "workerd/model/openai/openai_delta.h"

TEST(a_question_is_json_with_the_text_unchanged)
{
	static const char nasty[] =
	    "\"quotes\" \\ back\nline\ttab\x01\x7f \xe2\x80\xa8 \xf0\x9f\x8c\xb1";
	const struct openai_settings settings = {
	    .model = slice_str("gpt \"x\""), .system_prompt = slice_str(nasty)};
	json_t *root, *messages, *m;
	struct buf body;

	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&body, &settings), 0);
	assert_int_equal(openai_add_message(&body, MESSAGE_USER, slice_str(nasty)), 0);
	assert_int_equal(openai_add_message(&body, MESSAGE_ASSISTANT, slice_str("")), 0);
	assert_int_equal(openai_end(&body), 0);
	root = json_loadb(
	    (const char *)buf_data(&body), buf_len(&body), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "model")), "gpt \"x\"");
	assert_true(json_is_true(json_object_get(root, "stream")));
	messages = json_object_get(root, "messages");
	assert_int_equal(json_array_size(messages), 3);
	m = json_array_get(messages, 0);
	assert_string_equal(json_string_value(json_object_get(m, "role")), "system");
	assert_string_equal(json_string_value(json_object_get(m, "content")), nasty);
	m = json_array_get(messages, 1);
	assert_string_equal(json_string_value(json_object_get(m, "role")), "user");
	assert_string_equal(json_string_value(json_object_get(m, "content")), nasty);
	m = json_array_get(messages, 2);
	assert_string_equal(json_string_value(json_object_get(m, "role")), "assistant");
	/* What was not asked for is not named. */
	assert_int_equal(json_object_size(root), 3);
	json_decref(root);
	buf_clear(&body);
}

/* Literals that are not to be cut into \x escapes by what follows. */
#define FFFD     "\xef\xbf\xbd"
#define SEEDLING "\xf0\x9f\x8c\xb1"

/* An event with one choice, whose delta has these members. */
#define DELTA(members) \
	"{\"choices\":[{\"index\":0,\"delta\":{" members "},\"finish_reason\":null}]}"

struct expected {
	const char *name, *data;
	int kind;
	const char *text;
	bool finish;
};

TEST(a_question_names_what_is_set)
{
	static const struct {
		uint32_t thousandths;
		double read;
	} temperatures[] = {
	    {0, 0.0}, {5, 0.005}, {70, 0.07}, {700, 0.7}, {1999, 1.999}, {2000, 2}};

	for (size_t i = 0; i < ARRAY_LEN(temperatures); i++) {
		const struct openai_settings settings = {
		    .model = slice_str("m"),
		    .max_completion_tokens = 77,
		    .temperature = {true, temperatures[i].thousandths},
		    .usage = true,
		};
		double temperature = -1;
		json_int_t tokens = 0;
		int usage = 0;
		struct buf body;
		json_t *root;

		buf_init(&body, OPENAI_BODY_MAX);
		assert_int_equal(openai_begin(&body, &settings), 0);
		assert_int_equal(openai_end(&body), 0);
		root = json_loadb((const char *)buf_data(&body), buf_len(&body),
		    JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		assert_int_equal(json_unpack(root, "{s:F, s:I, s:{s:b}}", "temperature",
				     &temperature, "max_completion_tokens", &tokens,
				     "stream_options", "include_usage", &usage),
		    0);
		assert_true(temperature == temperatures[i].read);
		assert_int_equal(tokens, 77);
		assert_true(usage);
		json_decref(root);
		buf_clear(&body);
	}
}

static void
check(const struct expected *e)
{
	size_t len = strlen(e->data);
	uint8_t *exact = malloc(len + (len == 0)); /* so that a sanitizer sees a read past it */
	struct utf8_reassembly halves = {.len = 0};
	struct openai_delta d;

	assert_non_null(exact);
	memcpy(exact, e->data, len);
	openai_delta_read(&halves, (struct slice){exact, len}, &d);
	if ((int)d.kind != e->kind || !slice_eq_str(d.text, e->text) ||
	    d.has_finish != e->finish)
		fail_msg("%s: kind %d, text %.*s, finish %d", e->name, (int)d.kind,
		    (int)d.text.len, (const char *)d.text.p, d.has_finish);
	openai_delta_clear(&d);
	free(exact);
}

static void
check_all(const struct expected *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&cases[i]);
}

TEST(the_events_of_every_server_are_read)
{
	static const struct expected cases[] = {
	    {"the end", "[DONE]", OPENAI_DONE, "", false},
	    {"the end, with white space", " [DONE]\n", OPENAI_DONE, "", false},
	    {"a sign of life", "", OPENAI_NOTHING, "", false},
	    {"a sign of life of white space", " \n", OPENAI_NOTHING, "", false},
	    {"OpenAI, the first",
		"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		"\"model\":\"gpt\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp\","
		"\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\","
		"\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,"
		"\"obfuscation\":\"x\"}",
		OPENAI_NOTHING, "", false},
	    {"OpenAI, a token",
		"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		"\"model\":\"gpt\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp\","
		"\"choices\":[{\"index\":0,\"delta\":{\"content\":\" Hi\"},\"logprobs\":null,"
		"\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"abc\"}",
		OPENAI_TEXT, " Hi", false},
	    {"OpenAI, the last",
		"{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
		OPENAI_NOTHING, "", true},
	    {"Azure, the first: no choices, but a filter's findings",
		"{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\","
		"\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":"
		"{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}",
		OPENAI_NOTHING, "", false},
	    {"Azure, a token",
		"{\"choices\":[{\"content_filter_offsets\":{\"check_offset\":1},"
		"\"content_filter_results\":{\"hate\":{\"filtered\":false}},\"delta\":"
		"{\"content\":\"Hi\"},\"finish_reason\":null,\"index\":0}]}",
		OPENAI_TEXT, "Hi", false},
	    {"Azure, the filter's offsets: no delta",
		"{\"choices\":[{\"content_filter_offsets\":{\"check_offset\":1},"
		"\"finish_reason\":null,\"index\":0}]}",
		OPENAI_NOTHING, "", false},
	    {"Ollama, a token",
		"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		"\"model\":\"llama3\",\"system_fingerprint\":\"fp_ollama\",\"choices\":[{"
		"\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
		"\"finish_reason\":null}]}",
		OPENAI_TEXT, "Hi", false},
	    {"vLLM, a token",
		"{\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
		"\"Hi\","
		"\"reasoning_content\":null},\"logprobs\":null,\"finish_reason\":null,"
		"\"token_ids\":null}],\"prompt_token_ids\":null}",
		OPENAI_TEXT, "Hi", false},
	    {"vLLM, the last: text with it, and a stop_reason",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"end\"},"
		"\"finish_reason\":\"length\",\"stop_reason\":null}]}",
		OPENAI_TEXT, "end", true},
	    {"llama.cpp, the last: timings",
		"{\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"delta\":{}}],"
		"\"created\":1,\"timings\":{\"prompt_ms\":31.5,\"predicted_per_second\":6e1}}",
		OPENAI_NOTHING, "", true},
	    {"OpenRouter, a token",
		"{\"id\":\"gen-1\",\"provider\":\"X\",\"choices\":[{\"index\":0,\"delta\":{"
		"\"role\":\"assistant\",\"content\":\"Hi\",\"reasoning\":null,"
		"\"reasoning_details\":[]},\"finish_reason\":null,"
		"\"native_finish_reason\":null,\"logprobs\":null}]}",
		OPENAI_TEXT, "Hi", false},
	    {"content null", DELTA("\"content\":null"), OPENAI_NOTHING, "", false},
	    {"content of another type", DELTA("\"content\":7"), OPENAI_NOTHING, "", false},
	    {"content in escapes", DELTA("\"content\":\"\\ud83c\\udf31\\u00e4\\n\\/\\\"\""),
		OPENAI_TEXT, SEEDLING "\xc3\xa4\n/\"", false},
	    {"content that is NUL and DEL", DELTA("\"content\":\"\\u007f\x7f\""), OPENAI_TEXT,
		"\x7f\x7f", false},
	    {"content in parts",
		DELTA("\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\","
		      "\"thinking\":[{\"type\":\"text\",\"text\":\"x\"}]},7,"
		      "{\"type\":\"output_text\",\"text\":\"b\"},{\"type\":\"text\"},"
		      "{\"type\":\"refusal\",\"refusal\":\"c\"},{\"type\":\"reference\"}]"),
		OPENAI_TEXT, "abc", false},
	    {"content in no parts", DELTA("\"content\":[]"), OPENAI_NOTHING, "", false},
	    {"a refusal", DELTA("\"refusal\":\"I can't\""), OPENAI_TEXT, "I can't", false},
	    {"a refusal beside content", DELTA("\"refusal\":\"no\",\"content\":\"yes, \""),
		OPENAI_TEXT, "yes, no", false},
	    {"reasoning",
		DELTA("\"reasoning_content\":\"hm\",\"reasoning\":\"hm\",\"thinking\":\"hm\""),
		OPENAI_NOTHING, "", false},
	    {"a tool call",
		DELTA("\"content\":null,\"tool_calls\":[{\"index\":0,\"function\":"
		      "{\"name\":\"f\",\"arguments\":\"{}\"}}]"),
		OPENAI_NOTHING, "", false},
	    {"a finish_reason that is none",
		"{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"\"}]}",
		OPENAI_TEXT, "x", false},
	    {"a finish_reason of another type",
		"{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":1}]}",
		OPENAI_TEXT, "x", false},
	    {"another answer of several",
		"{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"},"
		"\"finish_reason\":\"stop\"}]}",
		OPENAI_NOTHING, "", false},
	    {"ours behind another",
		"{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"},"
		"\"finish_reason\":\"stop\"},{\"index\":0,\"delta\":{\"content\":\"ours\"}}]}",
		OPENAI_TEXT, "ours", false},
	    {"an error that is null",
		"{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"x\"}}]}", OPENAI_TEXT,
		"x", false},
	    {"pretty-printed",
		"{\n  \"choices\": [\n{ \"delta\" :\t{ \"content\": \"x\" } }\r\n] }",
		OPENAI_TEXT, "x", false},
	};

	check_all(cases, ARRAY_LEN(cases));
}

TEST(errors_are_read_in_every_form)
{
	static const struct expected cases[] = {
	    {"OpenAI",
		"{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\","
		"\"param\":null,\"code\":null}}",
		OPENAI_ERROR, "overloaded", false},
	    {"Ollama", "{\"error\":\"plain words\"}", OPENAI_ERROR, "plain words", false},
	    {"vLLM",
		"{\"object\":\"error\",\"message\":\"too long\",\"type\":\"BadRequestError\","
		"\"param\":null,\"code\":400}",
		OPENAI_ERROR, "too long", false},
	    {"Google", "[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":\"X\"}}]",
		OPENAI_ERROR, "quota", false},
	    {"OpenRouter, beside a choice",
		"{\"id\":\"gen-1\",\"error\":{\"code\":502,\"message\":\"gone\"},\"choices\":[{"
		"\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}",
		OPENAI_ERROR, "gone", false},
	    {"OpenRouter, within a choice",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":"
		"\"error\",\"error\":{\"code\":502,\"message\":\"gone\"}}]}",
		OPENAI_ERROR, "gone", false},
	    {"no message but a code", "{\"error\":{\"code\":\"overloaded\"}}", OPENAI_ERROR,
		"overloaded", false},
	    {"a message of another type", "{\"error\":{\"message\":{},\"type\":\"t\"}}",
		OPENAI_ERROR, "t", false},
	    {"nothing said", "{\"error\":{}}", OPENAI_ERROR, "no message", false},
	    {"only true", "{\"error\":true}", OPENAI_ERROR, "no message", false},
	    {"a number", "{\"error\":502}", OPENAI_ERROR, "no message", false},
	    {"bad bytes in it", "{\"error\":\"a\xff \\ud83d\"}", OPENAI_ERROR,
		"a" FFFD " " FFFD, false},
	    {"no error: false", "{\"error\":false}", OPENAI_NOTHING, "", false},
	    {"no error: zero", "{\"error\":0}", OPENAI_NOTHING, "", false},
	    {"no error: empty", "{\"error\":\"\"}", OPENAI_NOTHING, "", false},
	};

	check_all(cases, ARRAY_LEN(cases));
}

TEST(nothing_malformed_passes_for_an_event)
{
	static const struct expected cases[] = {
	    {"no object", "[]", OPENAI_BAD, "", false},
	    {"a list of something", "[{\"choices\":[]}]", OPENAI_BAD, "", false},
	    {"a string", "\"x\"", OPENAI_BAD, "", false},
	    {"garbage", "garbage", OPENAI_BAD, "", false},
	    {"cut off", "{\"choices\":[{\"delta\":{\"content\":\"Hi\"}}", OPENAI_BAD, "",
		false},
	    {"more behind it", "{\"choices\":[]}x", OPENAI_BAD, "", false},
	    {"the same member twice", "{\"a\":1,\"a\":2}", OPENAI_BAD, "", false},
	    {"the same broken member twice", "{\"a\xff\":1,\"a\xff\":2}", OPENAI_BAD, "",
		false},
	    {"a bare control character", DELTA("\"content\":\"a\nb\""), OPENAI_BAD, "", false},
	    {"bad bytes outside of strings", "{\"choices\":\xff[]}", OPENAI_BAD, "", false},
	    {"no escape", DELTA("\"content\":\"\\x41\""), OPENAI_BAD, "", false},
	    {"half an escape", DELTA("\"content\":\"\\ud8\""), OPENAI_BAD, "", false},
	    {"a bad byte escaped", DELTA("\"content\":\"\\\xff\""), OPENAI_BAD, "", false},
	    {"a real number without bounds", "{\"a\":1e999}", OPENAI_BAD, "", false},
	    {"not a number", "{\"a\":NaN}", OPENAI_BAD, "", false},
	    {"choices of another type", "{\"choices\":{}}", OPENAI_NOTHING, "", false},
	    {"a choice of another type", "{\"choices\":[7]}", OPENAI_NOTHING, "", false},
	    {"a delta of another type", "{\"choices\":[{\"delta\":[]}]}", OPENAI_NOTHING, "",
		false},
	    {"a delta that is null", "{\"choices\":[{\"delta\":null}]}", OPENAI_NOTHING, "",
		false},
	};

	check_all(cases, ARRAY_LEN(cases));
}

TEST(what_is_no_text_is_repaired)
{
	static const struct expected cases[] = {
	    {"a byte that is none", DELTA("\"content\":\"a\xff\""), OPENAI_TEXT, "a" FFFD,
		false},
	    {"bytes of several kinds", DELTA("\"content\":\"\xe2\x82 \x80 \xff \xc0\x80 \""),
		OPENAI_TEXT, FFFD " " FFFD " " FFFD " " FFFD FFFD " ", false},
	    {"a lone high surrogate", DELTA("\"content\":\"a\\ud83d b\""), OPENAI_TEXT,
		"a" FFFD " b", false},
	    {"a lone low surrogate", DELTA("\"content\":\"\\uDE00\""), OPENAI_TEXT, FFFD,
		false},
	    {"a pair the wrong way round", DELTA("\"content\":\"\\ude00\\ud83d.\""),
		OPENAI_TEXT, FFFD FFFD ".", false},
	    {"two high ones and a low one", DELTA("\"content\":\"\\ud83c\\ud83c\\udf31\""),
		OPENAI_TEXT, FFFD SEEDLING, false},
	    {"a high one, and an escape that is no surrogate",
		DELTA("\"content\":\"\\ud83c\\u0041\""), OPENAI_TEXT, FFFD "A", false},
	    {"a backslash before what looks like one", DELTA("\"content\":\"\xff\\\\ud83d\""),
		OPENAI_TEXT, FFFD "\\ud83d", false},
	    {"a pair of three bytes each", DELTA("\"content\":\"\xed\xa0\xbc\xed\xbc\xb1\""),
		OPENAI_TEXT, SEEDLING, false},
	    {"beside what needs no repair",
		DELTA("\"content\":\"\\u007f\x7f\\u00e4\xc3\xa4\\ud83c\\udf31\xff\""),
		OPENAI_TEXT, "\x7f\x7f\xc3\xa4\xc3\xa4" SEEDLING FFFD, false},
	    {"in another member",
		"{\"id\":\"\\ud83d\xff\",\"choices\":[{\"delta\":"
		"{\"content\":\"x\x7f\"}}]}",
		OPENAI_TEXT, "x\x7f", false},
	    {"an integer beyond 64 bits",
		"{\"created\":99999999999999999999999,\"choices\":[{\"delta\":"
		"{\"content\":\"x\"}}]}",
		OPENAI_TEXT, "x", false},
	};

	check_all(cases, ARRAY_LEN(cases));
}

/* Reads one event after the other, as the events of one answer; out gets all text. */
static void
read_answer(const char *const *contents, struct buf *out)
{
	struct utf8_reassembly halves = {.len = 0};
	struct slice rest;

	for (; *contents != NULL; contents++) {
		struct openai_delta d;
		struct buf event;

		buf_init(&event, 1024);
		assert_int_equal(buf_printf(&event, DELTA("\"content\":\"%s\""), *contents), 0);
		openai_delta_read(&halves, buf_slice(&event), &d);
		assert_int_equal(d.kind, d.text.len > 0 ? OPENAI_TEXT : OPENAI_NOTHING);
		assert_int_equal(buf_append(out, d.text.p, d.text.len), 0);
		openai_delta_clear(&d);
		buf_clear(&event);
	}
	rest = utf8_reassembly_end(&halves);
	assert_int_equal(buf_append(out, rest.p, rest.len), 0);
}

TEST(a_character_may_come_in_two_events)
{
	static const struct {
		const char *contents[5], *text;
	} cases[] = {
	    {{"a\\ud83c", "\\udf31b"}, "a" SEEDLING "b"},
	    {{"\\ud83c", "", "\\udf31"}, SEEDLING},
	    {{"\xf0\x9f", "\x8c\xb1"}, SEEDLING},
	    {{"\xf0", "\x9f", "\x8c", "\xb1"}, SEEDLING},
	    {{"a\xc3", "\xa4"}, "a\xc3\xa4"},
	    {{"\\ud83c", "\xed\xbc\xb1"}, SEEDLING},
	    {{"\\ud83c", "b"}, FFFD "b"},
	    {{"\\ud83c", "\\ud83c", "\\udf31"}, FFFD SEEDLING},
	    {{"\xf0\x9f", "b"}, FFFD "b"},
	    {{"\xf0\x9f", "\\udf31"}, FFFD FFFD},
	    {{"a\\ud83c"}, "a" FFFD},
	    {{"a\xf0\x9f\x8c"}, "a" FFFD},
	    {{"\\udf31", "a"}, FFFD "a"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, 1024);
		read_answer(cases[i].contents, &out);
		if (!slice_eq_str(buf_slice(&out), cases[i].text))
			fail_msg("case %zu: %.*s", i, (int)buf_len(&out),
			    (const char *)buf_data(&out));
		buf_clear(&out);
	}
}

/* What waits is the answer's: other events neither see nor lose it. */
TEST(a_half_waits_while_other_events_come)
{
	static const char *const others[] = {
	    "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
	    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
	    "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}",
	    "{\"error\":\"said \xff\"}",
	    "no JSON",
	    "",
	};
	struct utf8_reassembly halves = {.len = 0};
	struct openai_delta d;

	openai_delta_read(&halves, slice_str(DELTA("\"content\":\"\\ud83c\"")), &d);
	assert_int_equal(d.kind, OPENAI_NOTHING);
	openai_delta_clear(&d);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		openai_delta_read(&halves, slice_str(others[i]), &d);
		assert_true(d.kind != OPENAI_TEXT);
		openai_delta_clear(&d);
	}
	openai_delta_read(&halves, slice_str(DELTA("\"content\":\"\\udf31\"")), &d);
	assert_int_equal(d.kind, OPENAI_TEXT);
	assert_true(slice_eq_str(d.text, SEEDLING));
	openai_delta_clear(&d);
	assert_int_equal(utf8_reassembly_end(&halves).len, 0);
}

TEST(usage_is_read_whatever_it_is)
{
	static const struct {
		const char *usage;
		bool has;
		uint32_t prompt, completion;
	} cases[] = {
	    {"{\"prompt_tokens\":12,\"completion_tokens\":7,\"total_tokens\":19}", true, 12, 7},
	    {"{\"prompt_tokens\":12,\"completion_tokens\":7,\"prompt_tokens_details\":"
	     "{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":3}}",
		true, 12, 7},
	    {"null", false, 0, 0},
	    {"[]", false, 0, 0},
	    {"7", false, 0, 0},
	    {"{}", true, 0, 0},
	    {"{\"prompt_tokens\":null,\"completion_tokens\":\"7\"}", true, 0, 0},
	    {"{\"prompt_tokens\":12.0,\"completion_tokens\":7.9}", true, 12, 7},
	    {"{\"prompt_tokens\":-1,\"completion_tokens\":-0.5}", true, 0, 0},
	    {"{\"prompt_tokens\":4294967295,\"completion_tokens\":4294967296}", true,
		UINT32_MAX, UINT32_MAX},
	    {"{\"prompt_tokens\":99999999999999999999,\"completion_tokens\":1e300}", true,
		UINT32_MAX, UINT32_MAX},
	    {"{\"prompt_tokens\":true,\"completion_tokens\":{}}", true, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct utf8_reassembly halves = {.len = 0};
		struct openai_delta d;
		struct buf event;

		buf_init(&event, 1024);
		assert_int_equal(
		    buf_printf(&event, "{\"choices\":[],\"usage\":%s}", cases[i].usage), 0);
		openai_delta_read(&halves, buf_slice(&event), &d);
		if (d.kind != OPENAI_NOTHING || d.has_usage != cases[i].has ||
		    d.prompt_tokens != cases[i].prompt ||
		    d.completion_tokens != cases[i].completion)
			fail_msg("%s: kind %d, %u and %u", cases[i].usage, (int)d.kind,
			    d.prompt_tokens, d.completion_tokens);
		openai_delta_clear(&d);
		buf_clear(&event);
	}
}

TEST(an_error_answers_message_is_found_and_cut)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
	    {"{\"error\":{\"message\":\"too many requests\"}}", "too man"},
	    {"{\"error\":\"exactly\"}", "exactly"},
	    {"{\"error\":\"seven \xc3\xa4\"}", "seven "},
	    {"{\"error\":\"\xe2\x82 \\ud83d\"}", FFFD " " FFFD},
	    {"{\"message\":\"gateway\"}", "gateway"},
	    {"{\"detail\":\"so it\"}", "so it"},
	    {"{\"detail\":[{\"msg\":\"x\"}]}", ""},
	    {"[{\"error\":{\"message\":\"quota\"}}]", "quota"},
	    {"{\"error\":{}}", ""},
	    {"{}", ""},
	    {"<html>", ""},
	    {"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char message[8];

		openai_error_message(slice_str(cases[i].body), message, sizeof(message));
		assert_string_equal(message, cases[i].message);
	}
}

TEST_MAIN(NULL, NULL)
