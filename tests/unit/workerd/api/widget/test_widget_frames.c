/*
 * Frames of visitors over a widget's WebSocket: which are valid, the errors of others, and the rules for
 * contact details.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/widget/widget_frame.h"

#define TEXT_MAX 32768

static void
assert_text(const char *name, struct slice value, const char *want)
{
	if (!slice_eq_str(value, want == NULL ? "" : want))
		fail_msg("%s: %.*s is not %s", name, (int)value.len, (const char *)value.p,
		    want == NULL ? "empty" : want);
}

/* An error, and the id for the error frame. Each error begins with a field's name. */
static void
expect_frame(const char *text, const char *error, const char *id)
{
	struct slice json = json_text(text);
	struct widget_frame frame;
	const char *wrong = widget_frame_read(json, &frame);

	if ((wrong == NULL) != (error == NULL) ||
	    (wrong != NULL && strncmp(wrong, error, strlen(error)) != 0))
		fail_msg("%s: %s", text, wrong == NULL ? "accepted" : wrong);
	assert_text(text, frame.id, id);
	widget_frame_clear(&frame);
	json_text_free(json);
}

TEST(valid_frames_are_read)
{
	static const struct {
		const char *text;
		enum widget_frame_kind kind;
		const char *content, *id, *name, *email, *phone;
	} cases[] = {
	    {"{'type':'message','content':'hi'}", WIDGET_MESSAGE, .content = "hi"},
	    {"{'type':'person','content':'Help','id':'p'}", WIDGET_MESSAGE, .content = "Help",
		.id = "p"},
	    {"{'type':'person','content':null}", WIDGET_MESSAGE,
		.content = "I would like to talk to a person."},
	    {"{'content':' hi ','id':'a.B:1_-','type':'message'}", WIDGET_MESSAGE,
		.content = " hi ", .id = "a.B:1_-"},
	    {" {'type':'message','content':'\\u20ac','id':null,'more':[1]}\n", WIDGET_MESSAGE,
		.content = "\xe2\x82\xac"},
	    {"{'type':'contact_info','name':'J','email':'j@x','phone':'1'}", WIDGET_CONTACT,
		.name = "J", .email = "j@x", .phone = "1"},
	    {"{'type':'contact_info','email':null,'name':''}", WIDGET_CONTACT, .id = NULL},
	    {"{'type':'contact_info'}", WIDGET_CONTACT, .id = NULL},
	    {"{'type':'stop','content':1}", WIDGET_STOP, .id = NULL},
	    {"{'type':'typing'}", WIDGET_TYPING, .id = NULL},
	    {"{'type':'ping'}", WIDGET_PING, .id = NULL},
	    {"{'type':'history','before':'01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77'}",
		WIDGET_HISTORY, .id = NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice json = json_text(cases[i].text);
		struct widget_frame frame;

		assert_null(widget_frame_read(json, &frame));
		assert_int_equal(frame.kind, cases[i].kind);
		assert_text(cases[i].text, frame.content, cases[i].content);
		assert_text(cases[i].text, frame.id, cases[i].id);
		assert_text(cases[i].text, frame.who.name, cases[i].name);
		assert_text(cases[i].text, frame.who.email, cases[i].email);
		assert_text(cases[i].text, frame.who.phone, cases[i].phone);
		widget_frame_clear(&frame);
		assert_null(frame.json);
		json_text_free(json);
	}
}

TEST(invalid_frames_have_an_error)
{
	static const struct {
		const char *error, *texts[9];
	} cases[] = {
	    {"a frame",
		{"", "hello", "'message'", "[]", "null", "{'type':'message','content':'a'} x",
		    "{'type':'message','type':'stop'}", "{'type':'message','content':'\xff'}"}},
	    {"type",
		{"{}", "{'type':null}", "{'type':1}", "{'type':'Message'}",
		    "{'type':'session'}"}},
	    {"content",
		{"{'type':'message'}", "{'type':'message','content':null}",
		    "{'type':'message','content':7}", "{'type':'message','content':''}"}},
	    {"id",
		{"{'type':'message','content':'a','id':''}",
		    "{'type':'message','content':'a','id':'a b'}",
		    "{'type':'message','content':'a','id':1}"}},
	    {"name", {"{'type':'contact_info','name':1}"}},
	    {"before",
		{"{'type':'history'}", "{'type':'history','before':'x'}",
		    "{'type':'history','before':"
		    "'00000000-0000-0000-0000-000000000000'}"}},
	    {"context", {"{'type':'context'}", "{'type':'context','context':[]}"}},
	    {"email", {"{'type':'contact_info','email':[]}"}},
	    {"phone", {"{'type':'contact_info','phone':{}}"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (const char *const *text = cases[i].texts; *text != NULL; text++)
			expect_frame(*text, cases[i].error, NULL);
	expect_frame("{'type':'message','content':'','id':'x'}", "content", "x");
}

/* Length counts UTF-16 code units: a character of four bytes is two. */
TEST(a_message_has_at_most_4000_characters)
{
	static const struct {
		const char *character;
		size_t n;
		const char *error;
	} cases[] = {{"a", 4000, NULL}, {"a", 4001, "content"}, {"\xe2\x82\xac", 4000, NULL},
	    {"\xf0\x9f\x8c\xb1", 2000, NULL}, {"\xf0\x9f\x8c\xb1", 2001, "content"}};
	static char text[TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n =
		    (size_t)snprintf(text, sizeof(text), "{'type':'message','content':'");

		for (size_t k = 0; k < cases[i].n; k++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", cases[i].character);
		snprintf(text + n, sizeof(text) - n, "'}");
		expect_frame(text, cases[i].error, NULL);
	}
}

#define ALL (CONTACT_NAME | CONTACT_EMAIL | CONTACT_PHONE)

/* test_email.c and test_utf8.c have more invalid e-mails and names. */
TEST(details_are_trimmed_and_validated)
{
	enum { NAME = 1, EMAIL = 2, PHONE = 4, NONE_GIVEN = 8 };
	static const struct {
		unsigned collects;
		const char *given[CONTACT_FIELDS], *read[CONTACT_FIELDS]; /* NULL: as given */
		unsigned wrong;
	} cases[] = {
	    /* Fields that are not collected are ignored. */
	    {CONTACT_NAME, {"\u2028Ada Lovelace\n"}, {"Ada Lovelace"}, 0},
	    {CONTACT_EMAIL, {"Ada", "ada@example.com", "no phone"}, {"", NULL, ""}, 0},
	    {ALL, {" Ada ", "\tada@example.com\n", "\u00a0+1 (234) 5"},
		{"Ada", "ada@example.com", "+1 (234) 5"}, 0},
	    {ALL, {"  ", "", "123"}, {""}, 0},
	    {ALL, {"  "}, {""}, NONE_GIVEN},
	    {0, {"Ada", "a@b", "123"}, {"", "", ""}, NONE_GIVEN},
	    {ALL, {"a\nb", "c", "123"}, {NULL}, NAME | EMAIL},
	    {CONTACT_NAME, {"\xf0\x9f\x8c\xb1"}, {NULL}, 0},
	    {ALL, {"Ada\x7f"}, {NULL}, NAME},
	    {ALL, {"", "a@b"}, {NULL}, 0},
	    {ALL, {"", "a"}, {NULL}, EMAIL},
	    {ALL, {"", "", "112"}, {NULL}, 0},
	    {ALL, {"", "", "+49 (0)30/123-45.6"}, {NULL}, 0},
	    {ALL, {"", "", "(+49) 30 123"}, {NULL}, 0},
	    {ALL, {"", "", "12345678901234567890"}, {NULL}, 0},
	    {ALL, {"", "", "123456789012345678901"}, {NULL}, PHONE},
	    {ALL, {"", "", "12"}, {NULL}, PHONE},
	    {ALL, {"", "", "++1234"}, {NULL}, PHONE},
	    {ALL, {"", "", "1+234"}, {NULL}, PHONE},
	    {ALL, {"", "", "12a4"}, {NULL}, PHONE},
	    {ALL, {"", "", "\uff11\uff12\uff13"}, {NULL}, PHONE},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *given = cases[i].given;
		const struct identity frame = {.name = slice_str(given[0]),
		    .email = slice_str(given[1] == NULL ? "" : given[1]),
		    .phone = slice_str(given[2] == NULL ? "" : given[2])};
		struct contact_details contact;
		const char *wrong =
		    contact_details_read(&frame, cases[i].collects, 0, &contact);
		const char *first = NULL;

		for (size_t k = CONTACT_FIELDS; k-- > 0;) {
			const char *field = contact_details_fields[k];
			const char *read = cases[i].read[k];

			assert_text(field, contact.value[k], read == NULL ? given[k] : read);
			assert_int_equal(
			    contact.wrong[k] != NULL, (cases[i].wrong & 1u << k) != 0);
			if (contact.wrong[k] == NULL)
				continue;
			assert_memory_equal(contact.wrong[k], field, strlen(field));
			first = contact.wrong[k];
		}
		if (cases[i].wrong == NONE_GIVEN)
			assert_true(wrong != NULL && first == NULL);
		else
			assert_ptr_equal(wrong, first);
	}
}

TEST(each_required_detail_that_is_missing_has_an_error)
{
	static const struct {
		unsigned required;
		const char *given[CONTACT_FIELDS], *wrong[CONTACT_FIELDS];
	} cases[] = {
	    {0, {"Jane", "", ""}, {NULL}},
	    {ALL, {"Jane", "", " "}, {NULL, "email is required", "phone is required"}},
	    {CONTACT_EMAIL, {"Jane", "", ""}, {NULL, "email is required", NULL}},
	    {CONTACT_EMAIL, {"", "a@b", ""}, {NULL}},
	    {CONTACT_NAME, {"", "", ""}, {"name is required", NULL, NULL}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *given = cases[i].given;
		const struct identity frame = {.name = slice_str(given[0]),
		    .email = slice_str(given[1]),
		    .phone = slice_str(given[2])};
		struct contact_details contact;
		const char *wrong =
		    contact_details_read(&frame, ALL, cases[i].required, &contact);
		bool any = false;

		for (size_t k = 0; k < CONTACT_FIELDS; k++) {
			assert_text("error",
			    slice_str(contact.wrong[k] == NULL ? "" : contact.wrong[k]),
			    cases[i].wrong[k] == NULL ? "" : cases[i].wrong[k]);
			any = any || cases[i].wrong[k] != NULL;
		}
		assert_int_equal(wrong != NULL, any);
	}
}

TEST(a_name_has_at_most_200_characters)
{
	uint8_t text[201];
	struct contact_details contact;

	memset(text, 'x', sizeof(text));
	for (size_t n = 200; n <= 201; n++) {
		const struct identity frame = {.name = {text, n}};

		assert_true(
		    (contact_details_read(&frame, ALL, 0, &contact) == NULL) == (n == 200));
	}
}

TEST_MAIN(NULL, NULL)
