/*
 * Templates of requests: which ones are accepted, and that a value changes nothing but its place.
 */
#include <jansson.h>

#include "proto/base/utf8.h"
#include "tests/unit/unit.h"
#include "workerd/tools/tool_arguments.h"
#include "workerd/tools/tool_result.h"
#include "workerd/tools/tool_template.h"

static void
assert_slice(struct slice s, const char *text)
{
	char copy[2 * TOOL_RESULT_MAX];

	assert_true(slice_copy_text(s, copy, sizeof(copy)));
	assert_string_equal(copy, text);
}

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"id\":{},\"n\":{}}}"

static json_t *
load(const char *json)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static bool
check(enum tool_place place, const char *text, char *why)
{
	json_t *schema = load(SCHEMA), *headers;
	bool valid;

	*why = '\0';
	if (place == TOOL_IN_URL) {
		valid = tool_template_check_url(slice_str(text), schema, why);
	} else if (place == TOOL_IN_BODY) {
		valid = tool_template_check_body(slice_str(text), schema, why);
	} else {
		headers = load(text);
		valid = tool_template_check_headers(headers, schema, why);
		json_decref(headers);
	}
	json_decref(schema);
	return valid;
}

static const struct {
	enum tool_place place;
	const char *text, *why; /* NULL: valid */
} templates[] = {
    {TOOL_IN_URL, "https://shop.example/orders/{{args.id}}?mail={{visitor.email}}", NULL},
    {TOOL_IN_URL, "http://[::1]:80/{{args.id}}", NULL},
    {TOOL_IN_URL, "https://shop.example?{{args.id}}", NULL},
    {TOOL_IN_URL, "https://{{args.id}}.example/", "its host cannot have names, or a user"},
    {TOOL_IN_URL, "https://shop.example{{args.id}}/", "its host cannot have names, or a user"},
    {TOOL_IN_URL, "https://a@shop.example/", "its host cannot have names, or a user"},
    {TOOL_IN_URL, "https:///x", "it has no host"},
    {TOOL_IN_URL, "https://shop.example/{{args.other}}", "there is no argument other"},
    {TOOL_IN_URL, "https://shop.example/{{visitor}}", "the name {{visitor}} is unknown"},
    {TOOL_IN_URL, "https://shop.example/{{args.id", "{{ needs a name and }}"},
    {TOOL_IN_URL, "https://shop.example/{{}}", "{{ needs a name and }}"},
    {TOOL_IN_URL, "https://shop.example/{{secret}}", "the secret cannot be a part of the URL"},
    {TOOL_IN_HEADER,
	"{\"Authorization\":\"Bearer {{secret}}\",\"X-User\":\"{{visitor.user_id}}\"}", NULL},
    {TOOL_IN_HEADER, "{\"Host\":\"a\"}", "the header Host cannot be set"},
    {TOOL_IN_HEADER, "{\"a b\":\"a\"}", "the header a b cannot be set"},
    {TOOL_IN_HEADER, "{\"A\":\"a\\r\\nB: c\"}", "the header A must be a line of text"},
    {TOOL_IN_HEADER, "{\"A\":1}", "the header A must be a line of text"},
    {TOOL_IN_HEADER, "[]", "they must be an object of at most 16 texts"},
    {TOOL_IN_BODY, "{\"a\":{\"b\":\"{{args.id}}\",\"c\":\"no. {{args.n}}\"}}", NULL},
    {TOOL_IN_BODY, "{\"a\":{{args.id}}}",
	"it must be JSON: string or '}' expected near '{', line 1"},
    {TOOL_IN_BODY, "{\"{{args.id}}\" : 1}", "a name cannot be the name of a member"},
    {TOOL_IN_BODY, "\"\\\\{{args.id}}\"", "a name cannot follow a backslash"},
};

TEST(a_template_is_accepted_or_refused_with_a_reason)
{
	char why[TOOL_WHY_MAX];

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		assert_int_equal(check(templates[i].place, templates[i].text, why),
		    templates[i].why == NULL);
		assert_string_equal(why, templates[i].why == NULL ? "" : templates[i].why);
	}
}

#define PATH  "https://a.example/o/{{args.id}}/x?q={{args.n}}"
#define ALONE "https://a.example/{{args.id}}{{args.n}}"

static const struct {
	enum tool_place place;
	const char *text, *arguments, *out, *why; /* out NULL: refused */
} written[] = {
    {TOOL_IN_URL, PATH, "{\"id\":\"a/../b?c#d%2e\",\"n\":\"&x=\xc3\xa4 +\"}",
	"https://a.example/o/a%2F..%2Fb%3Fc%23d%252e/x?q=%26x%3D%C3%A4%20%2B", ""},
    {TOOL_IN_URL, PATH, "{\"id\":7,\"n\":true}", "https://a.example/o/7/x?q=true", ""},
    {TOOL_IN_URL, PATH, "{\"id\":7}", "https://a.example/o/7/x?q=", ""},
    {TOOL_IN_URL, PATH, "{}", NULL, "\"args.id\" is missing"},
    {TOOL_IN_URL, PATH, "{\"id\":\"\"}", NULL, "\"args.id\" is missing"},
    {TOOL_IN_URL, PATH, "{\"id\":\"..\"}", NULL,
	"a part of the path cannot be \".\" or \"..\""},
    {TOOL_IN_URL, ALONE, "{\"id\":\".\",\"n\":\".\"}", NULL,
	"a part of the path cannot be \".\" or \"..\""},
    {TOOL_IN_URL, ALONE, "{\"id\":\".\",\"n\":\"5\"}", "https://a.example/.5", ""},
    {TOOL_IN_URL, PATH, "{\"id\":[1]}", NULL, "\"args.id\" must be a text or a number"},
    {TOOL_IN_HEADER, "no {{args.id}}", "{\"id\":\"a\\r\\nX: y\"}", NULL,
	"\"args.id\" must be one line of text"},
    {TOOL_IN_HEADER, "Bearer {{secret}} {{visitor.verified}}", "{}", "Bearer s\"1 false", ""},
    {TOOL_IN_HEADER, "{{visitor.user_id}}", "{\"user_id\":\"7\"}", NULL,
	"the visitor has not signed in on the website"},
    {TOOL_IN_BODY, "{\"a\":\"{{args.id}}\",\"b\":\"{{args.n}}\"}",
	"{\"id\":[1,{\"a\":2}],\"n\":null}", "{\"a\":[1,{\"a\":2}],\"b\":null}", ""},
    {TOOL_IN_BODY, "{\"a\":\"{{args.id}}\"}", "{}", "{\"a\":null}", ""},
    {TOOL_IN_BODY, "{\"a\":\"x{{args.id}}\",\"b\":\"{{args.id}}y\"}",
	"{\"id\":\"\\\",\\\"c\\\":\\\"\"}",
	"{\"a\":\"x\\\",\\\"c\\\":\\\"\",\"b\":\"\\\",\\\"c\\\":\\\"y\"}", ""},
    {TOOL_IN_BODY, "[\"{{secret}}\",\"\\\"{{args.id}}\"]", "{\"id\":5}",
	"[\"s\\\"1\",\"\\\"5\"]", ""},
    {TOOL_IN_TEXT, "{{args.n}} for {{args.id}}", "{\"id\":\"a\\n\\\"b\\\"\",\"n\":1.5}",
	"1.5 for a\n\"b\"", ""},
    {TOOL_IN_TEXT, "for {{args.id}}", "{\"id\":\"a\\u0007\"}", NULL,
	"\"args.id\" must be one line of text"},
    {TOOL_IN_TEXT, "for {{args.id}}", "{\"id\":\"05\\u202e\"}", NULL,
	"\"args.id\" must not change the direction of the text"},
    {TOOL_IN_TEXT, "for {{args.id}}", "{\"id\":\"\\u2067x\"}", NULL,
	"\"args.id\" must not change the direction of the text"},
    {TOOL_IN_TEXT, "for {{args.id}}", "{\"id\":\"\\u2026\"}", "for \xe2\x80\xa6", ""},
};

TEST(values_are_encoded_by_their_place)
{
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		json_t *arguments = load(written[i].arguments);
		const struct tool_values values = {
		    .arguments = arguments, .secret = slice_str("s\"1")};
		char why[TOOL_WHY_MAX] = "";
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(tool_template_write(slice_str(written[i].text),
				     written[i].place, &values, &out, why),
		    written[i].out != NULL);
		assert_string_equal(why, written[i].why);
		if (written[i].out != NULL)
			assert_slice(buf_slice(&out), written[i].out);
		buf_clear(&out);
		json_decref(arguments);
	}
}

static const struct {
	const char *text, *read; /* NULL: none */
} arguments[] = {
    {"", "{}"},
    {" null ", "{}"},
    {"\"\"", "{}"},
    {"{\"a\":1}", "{\"a\":1}"},
    {"\"{\\\"a\\\":1}\"", "{\"a\":1}"},
    {"{\"a\":[1,2,],}", "{\"a\":[1,2]}"},
    {"{\"a\":\",}\",\n}", "{\"a\":\",}\"}"},
    {"\"{\\\"a\\\":1,}\"", "{\"a\":1}"},
    {"[1]", NULL},
    {"{\"a\":", NULL},
    {"1", NULL},
};

TEST(arguments_are_read_as_models_write_them)
{
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		json_t *read = tool_arguments_read(slice_str(arguments[i].text));
		char *text = read == NULL ? NULL : json_dumps(read, JSON_COMPACT);

		if (arguments[i].read == NULL)
			assert_null(text);
		else
			assert_string_equal(text, arguments[i].read);
		free(text);
		json_decref(read);
	}
}

static const struct {
	const char *answer, *pointers, *result; /* NULL: not JSON */
} results[] = {
    {"{\"a\": {\"b\": [1, 2]}, \"c\": 3}", "", "{\"a\":{\"b\":[1,2]},\"c\":3}"},
    {"{\"a\":{\"b\":[1,2]},\"c\":3}", "[\"/a/b/1\",\"/c\",\"/d\",\"/a/b/x\"]",
	"{\"/a/b/1\":2,\"/c\":3}"},
    {"{\"a/b\":{\"~\":1}}", "[\"/a~1b/~0\"]", "{\"/a~1b/~0\":1}"},
    {"\"see [S1] and [hand_over] [Sx] [12]\"", "",
	"\"see \\u005bS1] and \\u005bhand_over] [Sx] [12]\""},
    {"<html>", "", NULL},
    {"", "", NULL},
};

TEST(a_result_has_the_parts_that_are_named_and_no_marks)
{
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct buf out;

		buf_init(&out, TOOL_RESULT_MAX);
		assert_int_equal(tool_result_write(slice_str(results[i].answer),
				     slice_str(results[i].pointers), &out),
		    results[i].result != NULL);
		if (results[i].result != NULL)
			assert_slice(buf_slice(&out), results[i].result);
		buf_clear(&out);
	}
}

TEST(a_long_result_is_cut_at_the_end_of_a_character)
{
	char answer[3 * TOOL_RESULT_MAX];
	struct buf out;

	for (size_t shift = 0; shift < 3; shift++) {
		memset(answer, 'x', sizeof(answer));
		answer[0] = '"';
		for (size_t i = 1 + shift; i + 3 < sizeof(answer); i += 3)
			memcpy(answer + i, "\xe2\x82\xac", 3);
		answer[sizeof(answer) - 1] = '"';
		buf_init(&out, TOOL_RESULT_MAX);
		assert_true(
		    tool_result_write((struct slice){(const uint8_t *)answer, sizeof(answer)},
			slice_str(""), &out));
		assert_true(utf8_valid(buf_slice(&out)));
		assert_in_range(buf_len(&out), TOOL_RESULT_MAX - 20, TOOL_RESULT_MAX);
		buf_clear(&out);
	}
}

TEST_MAIN(NULL, NULL)
