/*
 * Members of bodies: which values each kind accepts, the errors of others, and that written values can be
 * sent back.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/admin/agent_fields.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/widget/widget_fields.h"

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
	    .line = slice_str("line"),
	    .color = slice_str("#fff"),
	    .time = 1732260000000,
	    .read_at = 1732260000001,
	};
}

/* The members of an object after this body was read into it, or the errors. */
static void
read_and_tell(const char *body, bool fresh, struct buf *out)
{
	struct thing thing = default_thing();
	struct fields in;
	struct json_writer j = json_writer(out);

	assert_null(fields_parse(slice_str(body), &in));
	fields_read(&in, table, fresh, &thing);
	if (in.n_wrong > 0) {
		assert_int_equal(
		    buf_append(out, fields_wrong(&in).p, fields_wrong(&in).len), 0);
	} else {
		assert_int_equal(fields_wrong(&in).len, 0);
		fields_write(&j, table, &thing);
	}
	fields_clear(&in);
}

static void
assert_read(const char *member, const char *written)
{
	char body[512];
	struct buf out;

	buf_init(&out, 65536);
	snprintf(body, sizeof(body), "{%s}", member);
	read_and_tell(body, false, &out);
	assert_int_equal(buf_append(&out, "", 1), 0);
	if (strstr((const char *)buf_data(&out), written) == NULL)
		fail_msg("%s: %s", member, (const char *)buf_data(&out));
	buf_clear(&out);
}

TEST(valid_values_are_stored)
{
	static const char *const cases[][2] = {
	    {"\"line\":\"abcde\"", "\"line\":\"abcde\""},
	    {"\"line\":\" \\u00a0a b\\u3000\"", "\"line\":\"a b\""},
	    {"\"line\":\"\\ud83d\\ude00abc\"",
		"\"line\":\"\xf0\x9f\x98\x80"
		"abc\""},
	    {"\"text\":\"a\\nb\\tc\"", "\"text\":\"a\\nb\\tc\""},
	    {"\"text\":\" a \"", "\"text\":\" a \""},
	    {"\"text\":\" \\n \"", "\"text\":null"},
	    {"\"text\":\"\"", "\"text\":null"},
	    {"\"text\":null", "\"text\":null"},
	    {"\"ascii\":\"a b~!\"", "\"ascii\":\"a b~!\""},
	    {"\"email\":\" Ann@x.org\"", "\"email\":\"Ann@x.org\""},
	    {"\"email\":\"\"", "\"email\":null"},
	    {"\"phone\":\"+1 (2) 3\"", "\"phone\":\"+1 (2) 3\""},
	    {"\"color\":\"#AbCdEf\"", "\"color\":\"#AbCdEf\""},
	    {"\"color\":\"#012\"", "\"color\":\"#012\""},
	    {"\"origins\":[]", "\"origins\":null"},
	    {"\"origins\":null", "\"origins\":null"},
	    {"\"origins\":[\"HTTPS://Example.com:443\",\"http://[::1]:80\"]",
		"\"origins\":[\"https://example.com\",\"http://[::1]\"]"},
	    {"\"origins\":[\"http://localhost:3000\"]", "[\"http://localhost:3000\"]"},
	    {"\"one\":true", "\"one\":true,\"two\":false"},
	    {"\"two\":true", "\"one\":false,\"two\":true"},
	    {"\"size\":\"large\"", "\"size\":\"large\""},
	    {"\"count\":2", "\"count\":2"},
	    {"\"count\":4000000000", "\"count\":4000000000"},
	    {"\"count\":2.0", "\"count\":2,"},
	    {"\"count\":3e2", "\"count\":300,"},
	    {"\"count\":null", "\"count\":null"},
	    {"\"decimal\":0", "\"decimal\":0,"},
	    {"\"decimal\":0.7", "\"decimal\":0.7,"},
	    {"\"decimal\":1.005", "\"decimal\":1.005,"},
	    {"\"decimal\":2.0", "\"decimal\":2,"},
	    {"\"decimal\":null", "\"decimal\":null"},
	    {"\"id\":\"01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77\"",
		"\"id\":\"01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77\""},
	    {"\"list\":[1,2]", "\"time\""},
	    {"\"list\":null", "\"time\""},
	    {"\"object\":{}", "\"time\""},
	    /* A written object may be sent back. */
	    {"\"time\":1732260000000,\"fixed\":null", "\"time\":1732260000000"},
	    {"\"read_at\":1732260000001", "\"read_at\":1732260000001"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_read(cases[i][0], cases[i][1]);
}

TEST(errors_say_what_would_be_valid)
{
	static const char *const cases[][2] = {
	    {"\"line\":1", "\"line\":\"must be a line of 1 to 5 characters\""},
	    {"\"line\":\"\"", "\"line\":\"must be"},
	    {"\"line\":\"  \"", "\"line\":\"must be"},
	    {"\"line\":\"abcdef\"", "\"line\":\"must be"},
	    {"\"line\":\"\\ud83d\\ude00\\ud83d\\ude00ab\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\nb\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\u0000\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\u007f\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\u0085\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\u2028b\"", "\"line\":\"must be"},
	    {"\"line\":\"a\\u2029b\"", "\"line\":\"must be"},
	    {"\"line\":null", "\"line\":\"must be a line of 1 to 5 characters\""},
	    {"\"text\":\"abcdef\"",
		"\"text\":\"must be a text of 1 to 5 characters, or null\""},
	    {"\"text\":\"a\\u0000\"", "\"text\":\"must be"},
	    {"\"text\":\"a\\u001b\"", "\"text\":\"must be"},
	    {"\"ascii\":\"\\u00e9\"", "\"ascii\":\"must be a line of 1 to 5 characters of"},
	    {"\"ascii\":\"abcdef\"", "\"ascii\":\"must be"},
	    {"\"email\":\"ann\"", "\"email\":\"must be an e-mail address"},
	    {"\"email\":\"@x.org\"", "\"email\":\"must be"},
	    {"\"email\":\"a@\"", "\"email\":\"must be"},
	    {"\"email\":\"a@b@c\"", "\"email\":\"must be"},
	    {"\"email\":\"a b@c\"", "\"email\":\"must be"},
	    {"\"email\":\"a@.c\"", "\"email\":\"must be"},
	    {"\"email\":\"a@c.\"", "\"email\":\"must be"},
	    {"\"email\":\"a@b..c\"", "\"email\":\"must be"},
	    {"\"email\":\"a@example.org2\"", "\"email\":\"must be"},
	    {"\"phone\":\"none\"", "\"phone\":\"must be a phone number"},
	    {"\"phone\":\"1234567890123\"", "\"phone\":\"must be"},
	    {"\"color\":\"red\"", "\"color\":\"must be a color such as #6366f1 or #fff\""},
	    {"\"color\":\"#ffff\"", "\"color\":\"must be"},
	    {"\"color\":\"#ggg\"", "\"color\":\"must be"},
	    {"\"color\":\"fff0\"", "\"color\":\"must be"},
	    {"\"color\":\"#\\u0000ff\"", "\"color\":\"must be"},
	    {"\"origins\":\"https://a.org\"", "\"origins\":\"must be a list of at most 2"},
	    {"\"origins\":[\"https://a\",\"https://b\",\"https://c\"]",
		"\"origins\":\"must be"},
	    {"\"origins\":[\"https://a.org/\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"a.org\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"*\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a b\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a\\u0000\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a\\n\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a:0\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a:65536\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a:0443\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a..b\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://.a\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a.\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://a]\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://[zz]\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://[1.2.3.4\"]", "\"origins\":\"must be"},
	    {"\"origins\":[\"https://[\"]", "\"origins\":\"must be"},
	    {"\"origins\":[null]", "\"origins\":\"must be"},
	    {"\"one\":1", "\"one\":\"must be true or false\""},
	    {"\"one\":null", "\"one\":\"must be true or false\""},
	    {"\"size\":\"huge\"", "\"size\":\"must be small or large\""},
	    {"\"size\":0", "\"size\":\"must be"},
	    {"\"count\":1",
		"\"count\":\"must be a whole number from 2 to 4000000000, or null\""},
	    {"\"count\":2.5", "\"count\":\"must be"},
	    {"\"count\":true", "\"count\":\"must be"},
	    {"\"count\":99999999999999999999999", "\"count\":\"must be"},
	    {"\"count\":-1e300", "\"count\":\"must be"},
	    {"\"count\":\"2\"", "\"count\":\"must be"},
	    {"\"count\":-1", "\"count\":\"must be"},
	    {"\"count\":4000000001", "\"count\":\"must be"},
	    {"\"decimal\":2.001", "\"decimal\":\"must be a number from 0 to 2"},
	    {"\"decimal\":-0.001", "\"decimal\":\"must be"},
	    {"\"decimal\":0.0005", "\"decimal\":\"must be"},
	    {"\"decimal\":1e300", "\"decimal\":\"must be"},
	    {"\"decimal\":\"1\"", "\"decimal\":\"must be"},
	    {"\"id\":\"x\"", "\"id\":\"must be an id\""},
	    {"\"id\":\"00000000-0000-0000-0000-000000000000\"", "\"id\":\"must be"},
	    {"\"object\":[]", "\"object\":\"must be an object\""},
	    {"\"list\":{}", "\"list\":\"must be a list of at most 2 items, or null\""},
	    {"\"list\":[1,2,3]", "\"list\":\"must be"},
	    {"\"fixed\":\"01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77\"",
		"\"fixed\":\"cannot be changed\""},
	    {"\"time\":1", "\"time\":\"cannot be changed\""},
	    {"\"read_at\":1732260000000", "\"read_at\":\"is outdated"},
	    {"\"other\":1", "\"other\":\"is unknown\""},
	    {"\"a\\\"b\":1", "\"a\\\"b\":\"is unknown\""},
	    {"\"line\":1,\"one\":1,\"x\":1",
		"\"line\":\"must be a line of 1 to 5 characters\",\"one\":\"must be true or "
		"false\",\"x\":\"is unknown\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_read(cases[i][0], cases[i][1]);
}

TEST(a_new_object_needs_all_required_members)
{
	struct buf out;

	buf_init(&out, 65536);
	read_and_tell("{}", true, &out);
	assert_true(
	    slice_eq_str(buf_slice(&out), "\"line\":\"must be a line of 1 to 5 characters\""));
	buf_reset(&out);
	read_and_tell("{\"line\":\"a\",\"time\":1732260000000}", true, &out);
	assert_true(
	    slice_eq_str(buf_slice(&out), "\"time\":\"is set by the server: leave it out\""));
	buf_clear(&out);
}

TEST(a_change_keeps_members_that_are_not_given)
{
	struct thing thing = default_thing();
	struct fields in;

	thing.flags = 3;
	assert_null(fields_parse(slice_str("{\"two\":false}"), &in));
	fields_read(&in, table, false, &thing);
	assert_int_equal(in.n_wrong, 0);
	assert_int_equal(thing.flags, 1);
	assert_true(slice_eq_str(thing.line, "line"));
	assert_true(fields_has(&in, "two") && !fields_has(&in, "one"));
	fields_clear(&in);
}

TEST(stored_values_may_be_sent_back)
{
	struct thing thing = default_thing();
	struct fields in;

	thing.line = slice_str("too long by now");
	assert_null(fields_parse(slice_str("{\"line\":\"too long by now\"}"), &in));
	fields_read(&in, table, false, &thing);
	assert_int_equal(in.n_wrong, 0);
	assert_true(slice_eq_str(thing.line, "too long by now"));
	fields_clear(&in);
}

TEST(a_member_has_one_error)
{
	struct thing thing = default_thing();
	struct fields in;

	assert_null(fields_parse(slice_str("{\"line\":1}"), &in));
	fields_read(&in, table, false, &thing);
	fields_refuse(&in, "line", "other");
	fields_refuse(&in, "size", "does not go with line");
	fields_refuse(&in, "size", "again");
	assert_true(slice_eq_str(fields_wrong(&in),
	    "\"line\":\"must be a line of 1 to 5 characters\","
	    "\"size\":\"does not go with line\""));
	fields_clear(&in);
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

static bool
counts_units(const struct field *f)
{
	return f->kind == &field_line || f->kind == &field_text;
}

static bool
counts_bytes(const struct field *f)
{
	return f->kind == &field_ascii || f->kind == &field_phone;
}

/* A body in which every text has the maximum length, in characters of the most bytes. */
static void
put_longest(struct buf *body, const struct field *members)
{
	const char *before = "{";

	for (const struct field *f = members; f->name != NULL; f++) {
		if (f->rule == FIELD_FIXED || (!counts_units(f) && !counts_bytes(f)))
			continue;
		assert_int_equal(buf_printf(body, "%s\"%s\":\"", before, f->name), 0);
		for (uint32_t i = 0; i < f->max; i++)
			assert_int_equal(buf_append_str(body, counts_units(f) ? "€" : "1"), 0);
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
