/*
 * Frames of visitors over a widget's WebSocket: which are valid, the errors of others, and the rules for
 * contact details.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/widget/widget_contact.h"
#include "workerd/api/widget/widget_frame.h"

#define TEXT_MAX 32768

static void
assert_text(struct slice value, const char *want)
{
	if (want == NULL ? value.len != 0 : !slice_eq_str(value, want))
		fail_msg("%.*s is not %s", (int)value.len, (const char *)value.p,
		    want == NULL ? "empty" : want);
}

/* Memory of the exact size lets a sanitizer detect reads beyond it. */
static const char *
read_exactly(const char *text, struct widget_frame *frame)
{
	size_t n = strlen(text);
	uint8_t *exact = test_malloc(n + (n == 0));
	const char *wrong;

	memcpy(exact, text, n);
	wrong = widget_frame_read((struct slice){exact, n}, frame);
	test_free(exact);
	return wrong;
}

TEST(valid_frames_are_read)
{
	static const struct {
		const char *text;
		enum widget_frame_kind kind;
		const char *content, *id, *name, *email, *phone;
	} cases[] = {
	    {"{\"type\":\"message\",\"content\":\"hi\"}", WIDGET_MESSAGE, .content = "hi"},
	    {"{\"content\":\" hi \",\"id\":\"a.B:1_-\",\"type\":\"message\"}", WIDGET_MESSAGE,
		.content = " hi ", .id = "a.B:1_-"},
	    {" {\"type\":\"message\",\"content\":\"\\u20ac\",\"id\":null,\"more\":[1]}\n",
		WIDGET_MESSAGE, .content = "\xe2\x82\xac"},
	    {"{\"type\":\"contact_info\",\"name\":\"J\",\"email\":\"j@x\",\"phone\":\"1\"}",
		WIDGET_CONTACT, .name = "J", .email = "j@x", .phone = "1"},
	    {"{\"type\":\"contact_info\",\"email\":null,\"name\":\"\"}", WIDGET_CONTACT,
		.content = NULL},
	    {"{\"type\":\"contact_info\"}", WIDGET_CONTACT, .content = NULL},
	    {"{\"type\":\"stop\",\"content\":1}", WIDGET_STOP, .content = NULL},
	};
	struct widget_frame frame;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *wrong = read_exactly(cases[i].text, &frame);

		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		assert_int_equal(frame.kind, cases[i].kind);
		assert_text(frame.content, cases[i].content);
		assert_text(frame.id, cases[i].id);
		assert_text(frame.name, cases[i].name);
		assert_text(frame.email, cases[i].email);
		assert_text(frame.phone, cases[i].phone);
		widget_frame_clear(&frame);
		assert_null(frame.json);
	}
}

/* Each error begins with the field's name. */
TEST(invalid_frames_have_an_error)
{
	static const struct {
		const char *text, *why, *id;
	} cases[] = {
	    {"", "a frame", NULL},
	    {"hello", "a frame", NULL},
	    {"\"message\"", "a frame", NULL},
	    {"[]", "a frame", NULL},
	    {"null", "a frame", NULL},
	    {"{\"type\":\"message\",\"content\":\"a\"} x", "a frame", NULL},
	    {"{\"type\":\"message\",\"type\":\"stop\"}", "a frame", NULL},
	    {"{\"type\":\"message\",\"content\":\"\xff\"}", "a frame", NULL},
	    {"{}", "type", NULL},
	    {"{\"type\":null}", "type", NULL},
	    {"{\"type\":1}", "type", NULL},
	    {"{\"type\":\"Message\"}", "type", NULL},
	    {"{\"type\":\"session\"}", "type", NULL},
	    {"{\"type\":\"message\"}", "content", NULL},
	    {"{\"type\":\"message\",\"content\":null}", "content", NULL},
	    {"{\"type\":\"message\",\"content\":7}", "content", NULL},
	    {"{\"type\":\"message\",\"content\":\"\"}", "content", NULL},
	    {"{\"type\":\"message\",\"content\":\"\",\"id\":\"x\"}", "content", "x"},
	    {"{\"type\":\"message\",\"content\":\"a\",\"id\":\"\"}", "id", NULL},
	    {"{\"type\":\"message\",\"content\":\"a\",\"id\":\"a b\"}", "id", NULL},
	    {"{\"type\":\"message\",\"content\":\"a\",\"id\":1}", "id", NULL},
	    {"{\"type\":\"contact_info\",\"name\":1}", "name", NULL},
	    {"{\"type\":\"contact_info\",\"email\":[]}", "email", NULL},
	    {"{\"type\":\"contact_info\",\"phone\":{}}", "phone", NULL},
	};
	struct widget_frame frame;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *wrong = read_exactly(cases[i].text, &frame);

		if (wrong == NULL || strncmp(wrong, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s: %s", cases[i].text, wrong == NULL ? "taken" : wrong);
		assert_text(frame.id, cases[i].id);
		widget_frame_clear(&frame);
	}
}

/* Length counts UTF-16 code units: a character of four bytes is two. */
TEST(a_message_has_at_most_4000_characters)
{
	static const struct {
		const char *character;
		size_t n;
		bool good;
	} cases[] = {{"a", 4000, true}, {"a", 4001, false}, {"\xe2\x82\xac", 4000, true},
	    {"\xf0\x9f\x8c\xb1", 2000, true}, {"\xf0\x9f\x8c\xb1", 2001, false}};
	static char text[TEXT_MAX];
	struct widget_frame frame;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = (size_t)snprintf(
		    text, sizeof(text), "{\"type\":\"message\",\"content\":\"");

		for (size_t k = 0; k < cases[i].n; k++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", cases[i].character);
		snprintf(text + n, sizeof(text) - n, "\"}");
		assert_true((read_exactly(text, &frame) == NULL) == cases[i].good);
		widget_frame_clear(&frame);
	}
}

#define ALL (CONTACT_NAME | CONTACT_EMAIL | CONTACT_PHONE)

static struct slice
text_of(const char *s)
{
	return s == NULL ? (struct slice){0} : slice_str(s);
}

TEST(details_are_trimmed_and_uncollected_fields_ignored)
{
	static const struct {
		unsigned collects;
		const char *given[CONTACT_FIELDS], *taken[CONTACT_FIELDS];
	} cases[] = {
	    {CONTACT_NAME,
		{"\xe2\x80\xa8"
		 "Ada Lovelace\n"},
		{"Ada Lovelace"}},
	    {ALL, {" Ada ", "\tada@example.com\n", "\xc2\xa0+1 (234) 5"},
		{"Ada", "ada@example.com", "+1 (234) 5"}},
	    {CONTACT_EMAIL, {"Ada", "ada@example.com", "no phone"},
		{NULL, "ada@example.com", NULL}},
	    {ALL, {"  ", NULL, "123"}, {NULL, NULL, "123"}},
	    {CONTACT_NAME, {"\xf0\x9f\x8c\xb1", NULL, NULL}, {"\xf0\x9f\x8c\xb1", NULL, NULL}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct widget_frame frame = {.name = text_of(cases[i].given[0]),
		    .email = text_of(cases[i].given[1]),
		    .phone = text_of(cases[i].given[2])};
		struct widget_contact contact;

		assert_null(widget_contact_read(&frame, cases[i].collects, &contact));
		for (size_t k = 0; k < CONTACT_FIELDS; k++) {
			assert_text(contact.value[k], cases[i].taken[k]);
			assert_null(contact.wrong[k]);
		}
	}
}

TEST(details_are_validated)
{
	static const struct {
		const char *given[CONTACT_FIELDS];
		bool good;
	} cases[] = {
	    {{"Ada Lovelace", NULL, NULL}, true},
	    {{"Ada\nLovelace", NULL, NULL}, false},
	    {{"Ada\x7f", NULL, NULL}, false},
	    {{"Ada\xc2\x85Lovelace", NULL, NULL}, false},     /* U+0085 */
	    {{"Ada\xe2\x80\xa8Lovelace", NULL, NULL}, false}, /* U+2028 */
	    {{"Ada\xe2\x80\xa9Lovelace", NULL, NULL}, false}, /* U+2029 */
	    {{NULL, "a@b.c", NULL}, true},
	    {{NULL, "a+b.c@sub.example.com", NULL}, true},
	    {{NULL, "\xc3\xa9@\xc3\xa9.fr", NULL}, true},
	    {{NULL, "a", NULL}, false},
	    {{NULL, "@", NULL}, false},
	    {{NULL, "@b.c", NULL}, false},
	    {{NULL, "a@", NULL}, false},
	    {{NULL, "a@b", NULL}, true},
	    {{NULL, "a@.b", NULL}, false},
	    {{NULL, "a@b.", NULL}, false},
	    {{NULL, "a@b..c", NULL}, false},
	    {{NULL, "a@b@c.d", NULL}, false},
	    {{NULL, "a b@c.d", NULL}, false},
	    {{NULL, "<a@b.c>", NULL}, false},
	    {{NULL, "a@b.c,d@e.f", NULL}, false},
	    {{NULL, NULL, "112"}, true},
	    {{NULL, NULL, "+49 (0)30/123-45.6"}, true},
	    {{NULL, NULL, "(+49) 30 123"}, true},
	    {{NULL, NULL, "12"}, false},
	    {{NULL, NULL, "++1234"}, false},
	    {{NULL, NULL, "1+234"}, false},
	    {{NULL, NULL, "12345678901234567890"}, true},
	    {{NULL, NULL, "123456789012345678901"}, false},
	    {{NULL, NULL, "12a4"}, false},
	    {{NULL, NULL, "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93"}, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct widget_frame frame = {.name = text_of(cases[i].given[0]),
		    .email = text_of(cases[i].given[1]),
		    .phone = text_of(cases[i].given[2])};
		struct widget_contact contact;
		const char *wrong = widget_contact_read(&frame, ALL, &contact);

		if ((wrong == NULL) != cases[i].good)
			fail_msg("case %zu: %s", i, wrong == NULL ? "taken" : wrong);
		for (size_t k = 0; k < CONTACT_FIELDS; k++) {
			const char *field = widget_contact_fields[k];
			bool is_wrong = cases[i].given[k] != NULL && !cases[i].good;

			assert_true((contact.wrong[k] != NULL) == is_wrong);
			if (is_wrong)
				assert_memory_equal(contact.wrong[k], field, strlen(field));
		}
	}
}

TEST(details_have_length_limits)
{
	static const struct {
		size_t local, label;
		bool good;
	} cases[] = {{64, 63, true}, {65, 63, false}};
	char text[300];
	struct widget_contact contact;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct widget_frame frame = {0};
		size_t n = cases[i].local + 1 + cases[i].label;

		memset(text, 'x', sizeof(text));
		text[cases[i].local] = '@';
		memcpy(text + n, ".de", 3);
		frame.email = (struct slice){(const uint8_t *)text, n + 3};
		assert_true(
		    (widget_contact_read(&frame, ALL, &contact) == NULL) == cases[i].good);
	}
	for (size_t n = 200; n <= 201; n++) {
		struct widget_frame frame = {.name = {(const uint8_t *)text, n}};

		memset(text, 'x', sizeof(text));
		assert_true((widget_contact_read(&frame, ALL, &contact) == NULL) == (n == 200));
	}
}

TEST(all_invalid_fields_are_named)
{
	const struct widget_frame frame = {
	    .name = slice_str("a\nb"), .email = slice_str("c"), .phone = slice_str("123")};
	const struct widget_frame empty = {.name = slice_str(" ")};
	struct widget_contact contact;
	const char *wrong;

	wrong = widget_contact_read(&frame, ALL, &contact);
	assert_ptr_equal(wrong, contact.wrong[0]);
	assert_non_null(contact.wrong[0]);
	assert_non_null(contact.wrong[1]);
	assert_null(contact.wrong[2]);
	assert_non_null(widget_contact_read(&empty, ALL, &contact));
	assert_null(contact.wrong[0]);
	/* No collected field is given. */
	assert_non_null(widget_contact_read(&frame, 0, &contact));
	assert_null(contact.wrong[0]);
}

TEST_MAIN(NULL, NULL)
