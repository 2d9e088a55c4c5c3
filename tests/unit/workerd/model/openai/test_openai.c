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

static int
add_message(struct openai_request *request, const char *message)
{
	if (*message == 'p')
		return openai_add_picture(request, "image/png", slice_str(message + 1));
	return openai_add_message(request,
	    *message == 'u'       ? MESSAGE_USER
		: *message == 'a' ? MESSAGE_ASSISTANT
				  : MESSAGE_OPERATOR,
	    slice_str(message + 1));
}

/* The messages of a request: u, a or o for the role, then the text; or p and the bytes of a picture. */
static void
expect_messages_of(
    const struct openai_settings *as, const char *const messages[], const char *expected)
{
	struct openai_settings settings = *as;
	const char *start = as->responses ? "{\"model\":\"m\",\"stream\":true,\"input\":["
					  : "{\"model\":\"m\",\"stream\":true,\"messages\":[";
	struct slice json = json_text(expected);
	struct openai_request request;
	struct buf body;
	struct slice rest;
	size_t coded = 0;

	settings.model = slice_str("m");
	settings.system_prompt = slice_str("S");
	buf_init(&body, OPENAI_BODY_MAX);
	assert_int_equal(openai_begin(&request, &body, &settings), 0);
	for (; *messages != NULL; messages++) {
		assert_int_equal(add_message(&request, *messages), 0);
		if (**messages == 'p')
			coded += 4 * ((strlen(*messages + 1) + 2) / 3);
	}
	assert_int_equal(openai_end(&request), 0);
	assert_int_equal(request.coded, coded);
	rest =
	    (struct slice){buf_data(&body) + strlen(start), buf_len(&body) - strlen(start) - 2};
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
		expect_messages_of(
		    &(struct openai_settings){.instructions = cases[i].instructions},
		    cases[i].messages, cases[i].expected);
}

#define TEXT(text) "{'type':'text','text':'" text "'}"
#define PICTURE(data)                                                         \
	"{'type':'image_url','image_url':{'url':'data:image/png;base64," data \
	"','detail':'low'}}"
#define IN_TEXT(text) "{'type':'input_text','text':'" text "'}"
#define IN_PICTURE(data) \
	"{'type':'input_image','image_url':'data:image/png;base64," data "','detail':'low'}"

TEST(pictures_stand_behind_the_text_of_their_message)
{
	static const struct {
		struct openai_settings settings;
		const char *messages[8], *expected;
	} cases[] = {
	    {{.pictures = PICTURES_LOW}, {"u1", "pA", "a2", "u3", "pAB", "pABC"},
		"{'role':'system','content':'S'},"
		"{'role':'user','content':[" TEXT("1") "," PICTURE(
		    "QQ==") "]},"
			    "{'role':'assistant','content':'2'},"
			    "{'role':'user','content':[" TEXT("3") "," PICTURE(
				"QUI=") "," PICTURE("QUJD") "]}"},
	    /* Joined messages, with a picture of the first, the last, and each */
	    {{.pictures = PICTURES_LOW}, {"u1", "pA", "u2", "u3"},
		"{'role':'system','content':'S'},{'role':'user','content':[" TEXT(
		    "1") "," PICTURE("QQ==") "," TEXT("2\\n\\n3") "]}"},
	    {{.pictures = PICTURES_LOW}, {"u1", "u2", "pA"},
		"{'role':'system','content':'S'},{'role':'user','content':[" TEXT(
		    "1\\n\\n2") "," PICTURE("QQ==") "]}"},
	    {{.pictures = PICTURES_LOW}, {"u1", "pA", "u2", "pA"},
		"{'role':'system','content':'S'},{'role':'user','content':[" TEXT(
		    "1") "," PICTURE("QQ==") "," TEXT("2") "," PICTURE("QQ==") "]}"},
	    {{.pictures = PICTURES_LOW, .instructions = OPENAI_IN_FIRST}, {"u1", "pA", "a2"},
		"{'role':'user','content':[" TEXT("S\\n\\n1") "," PICTURE(
		    "QQ==") "]},{'role':'assistant','content':'2'}"},
	    {{.pictures = PICTURES_LOW, .instructions = OPENAI_IN_FIRST}, {NULL},
		"{'role':'user','content':[" TEXT("S") "]}"},
	    {{.pictures = PICTURES_LOW, .instructions = OPENAI_DEVELOPER}, {"a1", "u2", "o3"},
		"{'role':'developer','content':'S'},{'role':'user','content':[" TEXT(
		    "2") "]},{'role':'assistant','content':'3'}"},
	    {{.pictures = PICTURES_LOW, .responses = true}, {"u1", "pA", "u2", "a3", "u4"},
		"{'role':'system','content':'S'},{'role':'user','content':[" IN_TEXT(
		    "1") "," IN_PICTURE("QQ==") "," IN_TEXT("2") "]},"
								 "{'role':'assistant','content'"
								 ":'3'},{'role':'user','"
								 "content':[" IN_TEXT(
								     "4") "]}"},
	    {{.responses = true}, {"u1", "a2"},
		"{'role':'system','content':'S'},{'role':'user','content':'1'},"
		"{'role':'assistant','content':'2'}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_messages_of(&cases[i].settings, cases[i].messages, cases[i].expected);
}

TEST(a_picture_that_does_not_fit_is_refused)
{
	static const uint8_t picture[1024];
	const struct openai_settings settings = {.pictures = PICTURES_AUTO};
	struct openai_request request;
	struct buf body;

	buf_init(&body, 1024);
	assert_int_equal(openai_begin(&request, &body, &settings), 0);
	assert_int_equal(openai_add_message(&request, MESSAGE_USER, slice_str("")), 0);
	assert_int_equal(
	    openai_add_picture(&request, "image/png", (struct slice){picture, sizeof(picture)}),
	    -1);
	buf_clear(&body);
}

TEST_MAIN(NULL, NULL)
