/*
 * OpenAI's format: questions are valid JSON with the text unchanged, answers are read in all the
 * forms that servers send, and nothing malformed passes for an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "proto/basics.h"
#include "workerd/chat/openai.h"
#include "workerd/chat/openai_delta.h"

static void
a_question_is_json_with_the_text_unchanged(void **state)
{
	static const char nasty[] =
	    "\"quotes\" \\ back\nline\ttab\x01\x7f \xe2\x80\xa8 \xf0\x9f\x8c\xb1";
	json_t *root, *messages, *m;
	struct buf body;

	(void)state;
	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&body, slice_str("gpt \"x\""), slice_str(nasty)), 0);
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
	json_decref(root);
	buf_clear(&body);
}

static void
events_are_read_in_every_form(void **state)
{
	static const struct {
		const char *data;
		int kind;
		const char *text;
		bool finish;
	} cases[] = {
	    {"[DONE]", OPENAI_DONE, "", false},
	    {"{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\","
	     "\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}]}",
		OPENAI_NOTHING, "", false},
	    {"{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}",
		OPENAI_TEXT, "Hi", false},
	    {"{\"choices\":[{\"delta\":{\"content\":\"\\ud83c\\udf31\"}}]}", OPENAI_TEXT,
		"\xf0\x9f\x8c\xb1", false},
	    {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", OPENAI_NOTHING, "",
		true},
	    {"{\"choices\":[{\"delta\":{\"content\":\"end\"},\"finish_reason\":\"length\"}]}",
		OPENAI_TEXT, "end", true},
	    {"{\"choices\":[{\"delta\":{\"content\":null}}]}", OPENAI_NOTHING, "", false},
	    {"{\"choices\":[],\"usage\":null}", OPENAI_NOTHING, "", false},
	    {"{\"error\":{\"message\":\"overloaded\"}}", OPENAI_ERROR, "overloaded", false},
	    {"{\"error\":\"plain words\"}", OPENAI_ERROR, "plain words", false},
	    {"{\"error\":{}}", OPENAI_ERROR, "no message", false},
	    {"{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"x\"}}]}", OPENAI_TEXT, "x",
		false},
	    {"{\"choices\":[{\"delta\":{\"content\":\"a\xff\"}}]}", OPENAI_TEXT,
		"a\xef\xbf\xbd", false},
	    {"{\"choices\":{}}", OPENAI_NOTHING, "", false},
	    {"{\"choices\":[7]}", OPENAI_NOTHING, "", false},
	    {"", OPENAI_BAD, "", false},
	    {"[]", OPENAI_BAD, "", false},
	    {"garbage", OPENAI_BAD, "", false},
	    {"{\"choices\":[{\"delta\":{\"content\":\"Hi\"}}", OPENAI_BAD, "", false},
	    {"{\"a\":1,\"a\":2}", OPENAI_BAD, "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct openai_delta d;

		openai_delta_read(slice_str(cases[i].data), &d);
		if ((int)d.kind != cases[i].kind || !slice_eq_str(d.text, cases[i].text) ||
		    d.has_finish != cases[i].finish)
			fail_msg("%s: kind %d, text %.*s, finish %d", cases[i].data,
			    (int)d.kind, (int)d.text.len, (const char *)d.text.p, d.has_finish);
		openai_delta_clear(&d);
	}
}

static void
usage_is_read_and_bounded(void **state)
{
	struct openai_delta d;

	(void)state;
	openai_delta_read(slice_str("{\"choices\":[],\"usage\":{\"prompt_tokens\":12,"
				    "\"completion_tokens\":99999999999,\"total_tokens\":1}}"),
	    &d);
	assert_true(d.has_usage);
	assert_int_equal(d.prompt_tokens, 12);
	assert_int_equal(d.completion_tokens, UINT32_MAX);
	openai_delta_clear(&d);
}

static void
an_error_answers_message_is_found_and_cut(void **state)
{
	char message[8];

	(void)state;
	openai_error_message(slice_str("{\"error\":{\"message\":\"too many requests\"}}"),
	    message, sizeof(message));
	assert_string_equal(message, "too man");
	openai_error_message(slice_str("<html>"), message, sizeof(message));
	assert_string_equal(message, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_json_with_the_text_unchanged),
	    cmocka_unit_test(events_are_read_in_every_form),
	    cmocka_unit_test(usage_is_read_and_bounded),
	    cmocka_unit_test(an_error_answers_message_is_found_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
