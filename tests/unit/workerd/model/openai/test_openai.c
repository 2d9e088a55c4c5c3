/*
 * Requests to a model: the exact JSON, with the text unchanged.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/openai.h"

static void
expect_body(const struct openai_settings *settings, const char *message, const char *expected)
{
	struct slice json = json_text(expected);
	struct openai_request request;
	struct buf body;

	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&request, &body, settings), 0);
	if (message != NULL) {
		assert_int_equal(
		    openai_add_message(&request, MESSAGE_USER, slice_str(message)), 0);
		assert_int_equal(
		    openai_add_message(&request, MESSAGE_ASSISTANT, slice_str("")), 0);
	}
	assert_int_equal(openai_end(&request), 0);
	if (!slice_eq(buf_slice(&body), json))
		fail_msg("%.*s", (int)buf_len(&body), (const char *)buf_data(&body));
	buf_clear(&body);
	json_text_free(json);
}

TEST(a_request_has_the_messages_unchanged)
{
	static const char text[] =
	    "\"quotes\" \\ back\nline\ttab\x01\x7f \xe2\x80\xa8 \xf0\x9f\x8c\xb1";
#define ESCAPED "\\'quotes\\' \\\\ back\\nline\\ttab\\u0001\\u007f \\u2028 \xf0\x9f\x8c\xb1"

	expect_body(&(struct openai_settings){.model = slice_str("gpt \"x\""),
			.system_prompt = slice_str(text)},
	    text,
	    "{'model':'gpt \\'x\\'','stream':true,'messages':["
	    "{'role':'system','content':'" ESCAPED "'},"
	    "{'role':'user','content':'" ESCAPED "'},"
	    "{'role':'assistant','content':''}]}");
}

TEST(a_request_names_the_settings_that_are_given)
{
	static const struct {
		uint32_t thousandths;
		const char *text;
	} temperatures[] = {{0, "0.000"}, {5, "0.005"}, {70, "0.070"}, {700, "0.700"},
	    {1999, "1.999"}, {2000, "2.000"}};

	for (size_t i = 0; i < ARRAY_LEN(temperatures); i++) {
		char expected[256];

		(void)snprintf(expected, sizeof(expected),
		    "{'model':'m','stream':true,'stream_options':{'include_usage':true},"
		    "'max_completion_tokens':77,'temperature':%s,"
		    "'messages':[{'role':'system','content':''}]}",
		    temperatures[i].text);
		expect_body(&(struct openai_settings){.model = slice_str("m"),
				.max_completion_tokens = 77,
				.temperature = {true, temperatures[i].thousandths},
				.usage = true},
		    NULL, expected);
	}
}

/* The messages of a request: u, a or o for the role, then the text. */
static void
expect_messages(
    enum openai_instructions instructions, const char *const messages[], const char *expected)
{
	const struct openai_settings settings = {.model = slice_str("m"),
	    .system_prompt = slice_str("S"),
	    .instructions = instructions};
	static const char start[] = "{\"model\":\"m\",\"stream\":true,\"messages\":[";
	struct slice json = json_text(expected);
	struct openai_request request;
	struct buf body;
	struct slice rest;

	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&request, &body, &settings), 0);
	for (; *messages != NULL; messages++)
		assert_int_equal(openai_add_message(&request,
				     **messages == 'u'       ? MESSAGE_USER
					 : **messages == 'a' ? MESSAGE_ASSISTANT
							     : MESSAGE_OPERATOR,
				     slice_str(*messages + 1)),
		    0);
	assert_int_equal(openai_end(&request), 0);
	rest = (struct slice){
	    buf_data(&body) + sizeof(start) - 1, buf_len(&body) - (sizeof(start) - 1) - 2};
	if (!slice_eq(rest, json))
		fail_msg("%.*s", (int)rest.len, (const char *)rest.p);
	buf_clear(&body);
	json_text_free(json);
}

TEST(roles_alternate_and_begin_with_the_user)
{
	static const struct {
		enum openai_instructions instructions;
		const char *messages[8], *expected;
	} cases[] = {
	    {OPENAI_SYSTEM, {"u1", "a2", "u3"},
		"{'role':'system','content':'S'},{'role':'user','content':'1'},"
		"{'role':'assistant','content':'2'},{'role':'user','content':'3'}"},
	    {OPENAI_SYSTEM, {"u1", "u2", "a3", "o4", "u5", "u6", "u7"},
		"{'role':'system','content':'S'},{'role':'user','content':'1\\n\\n2'},"
		"{'role':'assistant','content':'3\\n\\n4'},"
		"{'role':'user','content':'5\\n\\n6\\n\\n7'}"},
	    {OPENAI_SYSTEM, {"a1", "o2", "u3"},
		"{'role':'system','content':'S'},{'role':'user','content':'3'}"},
	    {OPENAI_DEVELOPER, {"u1"},
		"{'role':'developer','content':'S'},{'role':'user','content':'1'}"},
	    {OPENAI_IN_FIRST, {"u1", "a2", "u3"},
		"{'role':'user','content':'S\\n\\n1'},{'role':'assistant','content':'2'},"
		"{'role':'user','content':'3'}"},
	    {OPENAI_IN_FIRST, {"a1", "u2"}, "{'role':'user','content':'S\\n\\n2'}"},
	    {OPENAI_IN_FIRST, {NULL}, "{'role':'user','content':'S'}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_messages(cases[i].instructions, cases[i].messages, cases[i].expected);
}

TEST_MAIN(NULL, NULL)
