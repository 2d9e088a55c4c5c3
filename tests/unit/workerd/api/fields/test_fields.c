/*
 * Members of bodies: which values each kind accepts, the errors of others, and that written values can be
 * sent back.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/api/admin/agent_fields.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/webhooks/webhook_fields.h"
#include "workerd/api/widget/widget_fields.h"
#include "workerd/webhooks/webhook_notice.h"

static const char *const sizes[] = {"small", "large", NULL};

struct thing {
	struct slice line, text, ascii, email, phone, color, origins;
	uint8_t flags, size;
	uint32_t count, decimal;
	struct id id, fixed;
	uint64_t time, read_at;
	struct json_t *object, *list;
};

#define AT(member) offsetof(struct thing, member)

static const struct field table[] = {
    {"fixed", &field_id, AT(fixed), FIELD_FIXED, 0, 0, NULL},
    {"line", &field_line, AT(line), FIELD_REQUIRED, 1, 5, NULL},
    {"text", &field_text, AT(text), FIELD_NULLABLE, 1, 5, NULL},
    {"ascii", &field_ascii, AT(ascii), FIELD_NULLABLE, 1, 5, NULL},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 1, 12, NULL},
    {"phone", &field_phone, AT(phone), FIELD_NULLABLE, 1, 12, NULL},
    {"color", &field_color, AT(color), FIELD_OPTIONAL, 0, 0, NULL},
    {"origins", &field_origins, AT(origins), FIELD_NULLABLE, 0, 2, NULL},
    {"one", &field_flag, AT(flags), FIELD_OPTIONAL, 0, 1, NULL},
    {"two", &field_flag, AT(flags), FIELD_OPTIONAL, 0, 2, NULL},
    {"size", &field_choice, AT(size), FIELD_OPTIONAL, 0, 0, sizes},
    {"count", &field_count, AT(count), FIELD_NULLABLE, 2, 4000000000, NULL},
    {"decimal", &field_decimal, AT(decimal), FIELD_NULLABLE, 0, 2000, NULL},
    {"id", &field_id, AT(id), FIELD_OPTIONAL, 0, 0, NULL},
    {"object", &field_object, AT(object), FIELD_OPTIONAL, 0, 0, NULL},
    {"list", &field_list, AT(list), FIELD_NULLABLE, 0, 2, NULL},
    {"time", &field_time, AT(time), FIELD_FIXED, 0, 0, NULL},
    {"read_at", &field_time, AT(read_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

static struct thing
default_thing(void)
{
	return (struct thing){
	    .line = slice_str("was valid"),
	    .flags = 2,
	    .color = slice_str("#fff"),
	    .time = 1732260000000,
	    .read_at = 1732260000001,
	};
}

/* Reads a body into the default object. Returns the object's members, or the errors; both have '
 * in place of ". */
static const char *
read_and_tell(const char *body, bool fresh)
{
	static char text[65536];
	struct thing thing = default_thing();
	struct slice json = json_text(body);
	struct fields in;
	struct buf out;
	struct json_writer j = json_writer(&out);

	buf_init(&out, sizeof(text) - 1);
	assert_null(fields_parse(json, &in));
	fields_read(&in, table, fresh, &thing);
	assert_int_equal(in.n_wrong > 0, fields_wrong(&in).len > 0);
	if (in.n_wrong > 0)
		assert_int_equal(
		    buf_append(&out, fields_wrong(&in).p, fields_wrong(&in).len), 0);
	else
		fields_write(&j, table, &thing);
	(void)snprintf(
	    text, sizeof(text), "%.*s", (int)buf_len(&out), (const char *)buf_data(&out));
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '"' ? '\'' : *c;
	fields_clear(&in);
	json_text_free(json);
	buf_clear(&out);
	return text;
}

static void
expect_stored(const char *members, const char *written)
{
	char body[256];
	const char *told;

	(void)snprintf(body, sizeof(body), "{%s}", members);
	told = read_and_tell(body, false);
	if (strstr(told, written) == NULL)
		fail_msg("%s: %s", members, told);
}

TEST(valid_values_are_stored)
{
	static const char *const unchanged[] = {"'line':'abcde'", "'text':'a\\nb\\tc'",
	    "'text':' a '", "'text':null", "'ascii':'a b~!'", "'phone':'+1 (2) 3'",
	    "'color':'#AbCdEf'", "'color':'#012'", "'origins':null",
	    "'origins':['http://localhost:3000']", "'size':'large'", "'count':2",
	    "'count':4000000000", "'count':null", "'decimal':0", "'decimal':0.7",
	    "'decimal':1.005", "'decimal':null", "'id':'01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77'",
	    /* What was stored may be sent back. */
	    "'line':'was valid'", "'time':1732260000000", "'read_at':1732260000001",
	    "'fixed':null"};
	static const char *const cases[][2] = {
	    {"'line':' \\u00a0a b\\u3000'", "'line':'a b'"},
	    {"'line':'\\ud83d\\ude00abc'", "'line':'\U0001f600abc'"},
	    {"'text':' \\n '", "'text':null"},
	    {"'text':''", "'text':null"},
	    {"'email':' Ann@x.org'", "'email':'Ann@x.org'"},
	    {"'email':''", "'email':null"},
	    {"'origins':[]", "'origins':null"},
	    {"'origins':['HTTPS://Example.com:443','http://[::1]:80']",
		"'origins':['https://example.com','http://[::1]']"},
	    {"'one':true", "'one':true,'two':true"},
	    {"'two':false", "'one':false,'two':false"},
	    {"'count':2.0", "'count':2,"},
	    {"'count':3e2", "'count':300,"},
	    {"'decimal':2.0", "'decimal':2,"},
	    {"'list':[1,2]", "'time'"},
	    {"'list':null", "'time'"},
	    {"'object':{}", "'time'"},
	    {"", "'line':'was valid'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(unchanged); i++)
		expect_stored(unchanged[i], unchanged[i]);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_stored(cases[i][0], cases[i][1]);
}

/* test_email.c and test_utf8.c have more invalid e-mails and lines. */
TEST(errors_say_what_would_be_valid)
{
	static const struct {
		const char *member, *error /* its start */, *values[12];
	} cases[] = {
	    {"line", "must be a line of 1 to 5 characters'", {"1", "null", "''", "'  '"}},
	    {"line", "must be", {"'abcdef'", "'\\ud83d\\ude00\\ud83d\\ude00ab'"}},
	    {"line", "must be", {"'a\\nb'", "'a\\u0000'", "'a\\u2028b'"}},
	    {"text", "must be a text of 1 to 5 characters, or null'", {"'abcdef'"}},
	    {"text", "must be", {"'a\\u0000'", "'a\\u001b'"}},
	    {"ascii", "must be a line of 1 to 5 characters of A", {"'\\u00e9'", "'abcdef'"}},
	    {"email", "must be an e-mail address", {"'ann'", "'a@b@c'", "'a@example.org'"}},
	    {"phone", "must be a phone number", {"'none'", "'1234567890123'"}},
	    {"color", "must be a color such as #6366f1 or #fff'", {"'red'", "'#ffff'"}},
	    {"color", "must be", {"'#ggg'", "'fff0'", "'#\\u0000ff'"}},
	    {"origins", "must be a list of at most 2", {"'https://a.org'", "[null]"}},
	    {"origins", "must be", {"['https://a','https://b','https://c']"}},
	    {"origins", "must be", {"['https://a b']", "['https://a\\u0000']"}},
	    {"origins", "must be", {"['https://a\\n']", "['https://a.org/']", "['*']"}},
	    {"origins", "must be", {"['a.org']", "['https://a:0']", "['https://a:65536']"}},
	    {"origins", "must be", {"['https://a:0443']", "['https://a..b']"}},
	    {"origins", "must be", {"['https://.a']", "['https://a.']", "['https://a]']"}},
	    {"origins", "must be", {"['https://[zz]']", "['https://[1.2.3.4']"}},
	    {"origins", "must be", {"['https://[']"}},
	    {"one", "must be true or false'", {"1", "null"}},
	    {"size", "must be small or large'", {"'huge'", "0"}},
	    {"count", "must be a whole number from 2 to 4000000000, or null'", {"1", "2.5"}},
	    {"count", "must be", {"true", "99999999999999999999999", "-1e300"}},
	    {"count", "must be", {"'2'", "-1", "4000000001"}},
	    {"decimal", "must be a number from 0 to 2", {"2.001", "-0.001", "0.0005"}},
	    {"decimal", "must be", {"1e300", "'1'"}},
	    {"id", "must be an id'", {"'x'", "'00000000-0000-0000-0000-000000000000'"}},
	    {"object", "must be an object'", {"[]"}},
	    {"list", "must be a list of at most 2 items, or null'", {"{}", "[1,2,3]"}},
	    {"fixed", "cannot be changed'", {"'01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77'"}},
	    {"time", "cannot be changed'", {"1"}},
	    {"read_at", "is outdated", {"1732260000000"}},
	    {"other", "is unknown'", {"1"}},
	    {"a\\'b", "is unknown'", {"1"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (const char *const *value = cases[i].values; *value != NULL; value++) {
			char body[256], want[256];
			const char *told;

			(void)snprintf(
			    body, sizeof(body), "{'%s':%s}", cases[i].member, *value);
			(void)snprintf(
			    want, sizeof(want), "'%s':'%s", cases[i].member, cases[i].error);
			told = read_and_tell(body, false);
			if (strncmp(told, want, strlen(want)) != 0)
				fail_msg("%s: %s", body, told);
		}
}

TEST(all_errors_are_told)
{
	static const struct {
		const char *body;
		bool fresh;
		const char *errors;
	} cases[] = {
	    {"{'line':1,'one':1,'x':1}", false,
		"'line':'must be a line of 1 to 5 characters','one':'must be true or false',"
		"'x':'is unknown'"},
	    /* A new object needs all required members. */
	    {"{}", true, "'line':'must be a line of 1 to 5 characters'"},
	    {"{'line':'a','time':1732260000000}", true,
		"'time':'is set by the server: leave it out'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
		    read_and_tell(cases[i].body, cases[i].fresh), cases[i].errors);
}

TEST(a_member_has_one_error)
{
	struct thing thing = default_thing();
	struct fields in;

	assert_null(fields_parse(slice_str("{\"line\":1}"), &in));
	assert_true(fields_has(&in, "line") && !fields_has(&in, "size"));
	fields_read(&in, table, false, &thing);
	fields_refuse(&in, "line", REASON_TEXT);
	fields_refuse(&in, "size", REASON_OUTDATED);
	fields_refuse(&in, "size", REASON_TEXT);
	assert_true(slice_eq_str(fields_wrong(&in),
	    "\"line\":\"must be a line of 1 to 5 characters\","
	    "\"size\":\"is outdated: read it again, or leave it out\""));
	fields_clear(&in);
}

TEST(reasons_have_a_code_and_what_would_be_valid)
{
	struct thing thing = default_thing();
	struct fields in;

	assert_null(fields_parse(
	    slice_str("{\"line\":1,\"size\":1,\"count\":1,\"decimal\":9,\"list\":1,\"x\":1}"),
	    &in));
	fields_read(&in, table, false, &thing);
	assert_true(slice_eq_str(fields_reasons(&in),
	    "\"line\":{\"code\":\"line\",\"min\":1,\"max\":5},"
	    "\"size\":{\"code\":\"choice\",\"choices\":[\"small\",\"large\"]},"
	    "\"count\":{\"code\":\"count\",\"min\":2,\"max\":4000000000},"
	    "\"decimal\":{\"code\":\"decimal\",\"min\":0,\"max\":2},"
	    "\"list\":{\"code\":\"list\",\"max\":2},"
	    "\"x\":{\"code\":\"unknown\"}"));
	fields_clear(&in);
}

TEST(a_notice_of_a_webhook_has_a_code_if_it_is_a_known_one)
{
	const struct {
		const char *text, *code;
	} cases[] = {
	    {webhook_notice_text(WEBHOOK_NOTICE_GIVEN_UP), "\"notice_code\":\"given_up\""},
	    {webhook_notice_text(WEBHOOK_NOTICE_LOST), "\"notice_code\":\"lost\""},
	    {"Of an older version.", "\"notice_code\":null"},
	    {"", "\"notice\":null,\"notice_code\":null"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct msg_webhook_record webhook = {.notice = slice_str(cases[i].text)};
		struct buf out;
		struct json_writer j;

		buf_init(&out, 4096);
		j = json_writer(&out);
		fields_write(&j, webhook_fields, &webhook);
		assert_int_equal(buf_append(&out, "", 1), 0);
		if (strstr((const char *)buf_data(&out), cases[i].code) == NULL)
			fail_msg("%s", (const char *)buf_data(&out));
		buf_clear(&out);
	}
}

TEST(errors_of_inner_objects_have_a_prefix)
{
	static const struct field body[] = {
	    {"object", &field_object, AT(object), FIELD_REQUIRED, 0, 0, NULL},
	    {.name = NULL},
	};
	struct thing thing = default_thing();
	struct fields in;

	assert_null(fields_parse(
	    slice_str("{\"x\":1,\"object\":{\"line\":1,\"object\":1,\"x\":1}}"), &in));
	fields_read(&in, body, true, &thing);
	fields_enter(&in, thing.object, "object.");
	fields_read(&in, table, false, &thing);
	assert_true(slice_eq_str(fields_wrong(&in),
	    "\"x\":\"is unknown\","
	    "\"object.line\":\"must be a line of 1 to 5 characters\","
	    "\"object.object\":\"must be an object\","
	    "\"object.x\":\"is unknown\""));
	fields_clear(&in);
}

TEST(errors_of_unknown_members_are_bounded)
{
	struct thing thing = default_thing();
	struct fields in;
	struct buf body;

	buf_init(&body, 1 << 20);
	assert_int_equal(buf_append_str(&body, "{\"line\":\"a\""), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buf_printf(&body, ",\"%u%0*d\":1", i, 500, 0), 0);
	assert_int_equal(buf_append_str(&body, "}"), 0);
	assert_null(fields_parse(buf_slice(&body), &in));
	fields_read(&in, table, true, &thing);
	assert_int_equal(in.n_wrong, FIELDS_WRONG_MAX);
	assert_true(fields_wrong(&in).len < FIELDS_WRONG_MAX * (FIELDS_NAME_MAX + 24));
	fields_clear(&in);
	buf_clear(&body);
}

TEST(bodies_that_are_not_objects_are_refused)
{
	static const char *const bodies[] = {"", "null", "[]", "1", "\"a\"", "{", "{\"a\":1,}",
	    "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "{} x"};
	struct fields in;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (fields_parse(slice_str(bodies[i]), &in) == NULL)
			fail_msg("%s", bodies[i]);
}

/* A body in which every text has the maximum length, in characters of the most bytes. */
static void
put_longest(struct buf *body, const struct field *members)
{
	const char *before = "{";

	for (const struct field *f = members; f->name != NULL; f++) {
		bool units = f->kind == &field_line || f->kind == &field_text;
		bool bytes = f->kind == &field_ascii || f->kind == &field_phone;

		if (f->rule == FIELD_FIXED || (!units && !bytes))
			continue;
		assert_int_equal(buf_printf(body, "%s\"%s\":\"", before, f->name), 0);
		for (uint32_t i = 0; i < f->max; i++)
			assert_int_equal(buf_append_str(body, units ? "€" : "1"), 0);
		assert_int_equal(buf_append_str(body, "\""), 0);
		before = ",";
	}
	assert_int_equal(buf_append_str(body, "}"), 0);
}

TEST(the_longest_members_fit_into_the_record)
{
	static const struct {
		const struct field *table;
		enum msg_type record;
	} cases[] = {
	    {widget_fields, MSG_WIDGET_RECORD},
	    {agent_fields, MSG_AGENT_RECORD},
	    {contact_fields, MSG_CONTACT_RECORD},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		union {
			struct msg_widget_record widget;
			struct agent_shown agent;
			struct msg_contact_record contact;
		} thing = {0};
		struct buf body, record;
		struct fields in;

		buf_init(&body, 1 << 20);
		buf_init(&record, 98304);
		put_longest(&body, cases[i].table);
		assert_null(fields_parse(buf_slice(&body), &in));
		fields_read(&in, cases[i].table, true, &thing);
		assert_int_equal(in.n_wrong, 0);
		assert_int_equal(record_encode(&record, cases[i].record, &thing), 0);
		fields_clear(&in);
		buf_clear(&body);
		buf_clear(&record);
	}
}

TEST_MAIN(NULL, NULL)
