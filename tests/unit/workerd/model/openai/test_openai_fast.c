/*
 * The short way for usual events: the tokens of every server take it, nothing else does, and
 * jansson reads the same in what does.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/openai/openai_fast.h"

#define DELTA(members) "{\"choices\":[{\"delta\":{" members "}}]}"

/* Reads a copy of exact size, so that a sanitizer sees a read past it. */
static bool
read_usual(const char *data, struct buf *content, bool *has_finish)
{
	size_t len = strlen(data);
	uint8_t *exact = malloc(len + (len == 0));
	struct openai_fast u;
	struct buf unescaped;
	bool taken;

	assert_non_null(exact);
	memcpy(exact, data, len);
	buf_init(&unescaped, len);
	taken = openai_fast_read((struct slice){exact, len}, &unescaped, &u);
	if (taken)
		assert_int_equal(buf_append(content, u.content.p, u.content.len), 0);
	*has_finish = u.has_finish;
	buf_clear(&unescaped);
	free(exact);
	return taken;
}

TEST(the_tokens_of_every_server_take_it)
{
	static const struct {
		const char *name, *data, *content;
		bool finish;
	} cases[] = {
	    {"OpenAI, a token",
		"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		"\"model\":\"gpt\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp\","
		"\"choices\":[{\"index\":0,\"delta\":{\"content\":\" Hi\"},\"logprobs\":null,"
		"\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"abc\"}",
		" Hi", false},
	    {"OpenAI, the first",
		"{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\","
		"\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}]}",
		"", false},
	    {"OpenAI, the last",
		"{\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
		"\"finish_reason\":\"stop\"}]}",
		"", true},
	    {"vLLM",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\","
		"\"reasoning_content\":null},\"logprobs\":null,\"finish_reason\":null,"
		"\"token_ids\":null}],\"prompt_token_ids\":null}",
		"Hi", false},
	    {"OpenRouter",
		"{\"provider\":\"X\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
		"\"assistant\",\"content\":\"Hi\",\"reasoning\":null},"
		"\"native_finish_reason\":null}]}",
		"Hi", false},
	    {"spaces, as Python writes them",
		"{\"created\": -12, \"choices\": [ { \"delta\": { \"content\" : \"Hi\" } } ] }",
		"Hi", false},
	    {"line ends", "{\r\n\t\"choices\":[\n{\"delta\":{\"content\":\"Hi\"}}]\n}", "Hi",
		false},
	    {"characters", DELTA("\"content\":\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1\""),
		"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1", false},
	    {"escapes", DELTA("\"content\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t.\""),
		"\"\\/\b\f\n\r\t.", false},
	    {"numbered escapes", DELTA("\"content\":\"\\u0041\\u00e4\\u07FF\\u20ac\\uffff\""),
		"A\xc3\xa4\xdf\xbf\xe2\x82\xac\xef\xbf\xbf", false},
	    {"a finish_reason that is empty",
		"{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"\"}]}", "Hi",
		false},
	    {"words",
		"{\"a\":true,\"b\":false,\"c\":null,\"d\":0,\"e\":-0,\"f\":"
		"999999999999999999}",
		"", false},
	    {"content that is no string", DELTA("\"content\":7"), "", false},
	    {"errors that are null",
		"{\"error\":null,\"choices\":[{\"error\":null,\"delta\":{\"content\":\"Hi\"}}]"
		"}",
		"Hi", false},
	    {"nothing", "{}", "", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf content;
		bool finish;

		buf_init(&content, 256);
		if (!read_usual(cases[i].data, &content, &finish) ||
		    !slice_eq_str(buf_slice(&content), cases[i].content) ||
		    finish != cases[i].finish)
			fail_msg("%s", cases[i].name);
		buf_clear(&content);
	}
}

TEST(nothing_else_takes_it)
{
	static const char *const cases[] = {
	    /* JSON, but another's matter */
	    "[]",
	    "7",
	    "{\"choices\":[]}",
	    "{\"choices\":null}",
	    "{\"choices\":[7]}",
	    "{\"choices\":[{\"delta\":null}]}",
	    "{\"choices\":[{},{}]}",
	    "{\"choices\":[{\"index\":1}]}",
	    "{\"choices\":[{\"index\":\"0\"}]}",
	    "{\"choices\":[{\"error\":\"null\"}]}",
	    "{\"choices\":[{\"error\":1}]}",
	    "{\"error\":\"null\"}",
	    "{\"error\":true}",
	    "{\"object\":\"error\"}",
	    "{\"usage\":{}}",
	    "{\"a\":[]}",
	    "{\"a\":1.5}",
	    "{\"a\":1e5}",
	    "{\"a\":1234567890123456789}",
	    "{\"a\":\"\\n\"}",
	    "{\"\\n\":1}",
	    DELTA("\"content\":[]"),
	    DELTA("\"refusal\":\"no\""),
	    DELTA("\"role\":\"\\n\""),
	    DELTA("\"content\":\"\\ud83c\\udf31\""),
	    /* no JSON */
	    "",
	    "{",
	    "}",
	    "{}}",
	    "{} ",
	    "{}x",
	    "{\"a\"}",
	    "{\"a\":}",
	    "{\"a\":1,}",
	    "{,}",
	    "{a:1}",
	    "{\"a\":\"b}",
	    "{\"a\":\"\\",
	    "{\"a\":-}",
	    "{\"a\":01}",
	    "{\"a\":-01}",
	    "{\"a\":1-2}",
	    "{\"a\":nul}",
	    "{\"a\":nulll}",
	    "{\"a\":1 2}",
	    "{\"a\":1,\"a\":1}",
	    "{\"choices\":[{}]",
	    "{\"choices\":[{}",
	    "{\"choices\":[{}],\"choices\":[{}]}",
	    "{\"choices\":[{\"delta\":{},\"delta\":{}}]}",
	    DELTA("\"content\":\"a\",\"content\":\"b\""),
	    DELTA("\"content\":\"a\nb\""),
	    DELTA("\"content\":\"\\\n\""),
	    DELTA("\"content\":\"\\x\""),
	    DELTA("\"content\":\"\\u12\""),
	    DELTA("\"content\":\"\\u12g4\""),
	    DELTA("\"content\":\"\\ud83c\""),
	    DELTA("\"content\":\"\xff\""),
	    "{\"\xff\":1}",
	    "{\"a\":\x01}",
	    "\xef\xbb\xbf{}",
	    /* more members than anybody has */
	    "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
	    "\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1,\"s\":1,\"t\":1,"
	    "\"u\":1,\"v\":1,\"w\":1,\"x\":1,\"y\":1}",
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf content;
		bool finish;

		buf_init(&content, 256);
		if (read_usual(cases[i], &content, &finish))
			fail_msg("%s", cases[i]);
		buf_clear(&content);
	}
}

/* An event changed in each byte to each of the signs that mean something: whatever is still taken
 * is read alike on both ways. */
TEST(both_ways_read_the_same)
{
	static const char event[] =
	    "{\"id\":\"c\",\"n\":-10,\"object\":\"x\",\"choices\":[{\"index\":0,\"delta\":"
	    "{\"role\":null,\"content\":\"a\\n\\u00e4\xc3\xa4\"},\"finish_reason\":\"e\"}],"
	    "\"error\":null}";
	static const char signs[] = "{}[]:,\"\\ \n019-+.eEnultrfasd\x01\x7f\x80\xc3\xff";
	unsigned taken = 0;

	for (size_t at = 0; at < sizeof(event) - 1; at++)
		for (size_t i = 0; i < sizeof(signs); i++) {
			struct utf8_reassembly a = {.len = 0}, b = {.len = 0};
			struct openai_delta one, other;
			struct openai_fast u;
			struct buf unescaped;
			uint8_t data[sizeof(event) - 1];
			struct slice s = {data, sizeof(data)};

			memcpy(data, event, sizeof(data));
			data[at] = (uint8_t)signs[i];
			buf_init(&unescaped, sizeof(data));
			taken += openai_fast_read(s, &unescaped, &u);
			buf_clear(&unescaped);
			openai_delta_read(&a, s, &one);
			openai_delta_read_tree(&b, s, &other);
			if (one.kind != other.kind || one.has_finish != other.has_finish ||
			    one.has_usage != other.has_usage ||
			    !slice_eq(one.text, other.text) || a.len != b.len)
				fail_msg("%zu: %.*s", at, (int)sizeof(data), (char *)data);
			openai_delta_clear(&one);
			openai_delta_clear(&other);
		}
	assert_true(taken > 500);
}

TEST_MAIN(NULL, NULL)
