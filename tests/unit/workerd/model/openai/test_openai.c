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
	struct buf body;

	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&body, settings), 0);
	if (message != NULL) {
		assert_int_equal(
		    openai_add_message(&body, MESSAGE_USER, slice_str(message)), 0);
		assert_int_equal(
		    openai_add_message(&body, MESSAGE_ASSISTANT, slice_str("")), 0);
	}
	assert_int_equal(openai_end(&body), 0);
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

TEST_MAIN(NULL, NULL)
