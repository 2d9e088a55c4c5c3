/*
 * The forms of names and phones; that of e-mails is proto/base/email.h's.
 */
#include "workerd/api/widget/widget_contact.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/utf8.h"

#define NAME_MAX_UNITS  200
#define PHONE_MAX_BYTES 64
#define DIGITS_MIN      3
#define DIGITS_MAX      20

const char *const widget_contact_fields[CONTACT_FIELDS] = {"name", "email", "phone"};

static bool
is_name(struct slice s)
{
	return utf8_is_line(s) && utf8_utf16_len(s) <= NAME_MAX_UNITS;
}

/* Digits, what people write between them, and one plus before all of them. */
static bool
is_phone(struct slice s)
{
	size_t digits = 0, pluses = 0;

	if (s.len > PHONE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (c == '+' && digits == 0 && pluses == 0)
			pluses++;
		else if (c == '\0' || strchr(" -./()", c) == NULL)
			return false;
	}
	return digits >= DIGITS_MIN && digits <= DIGITS_MAX;
}

static const struct {
	enum contact_field field;
	bool (*is_right)(struct slice);
	const char *wrong;
} forms[CONTACT_FIELDS] = {
    {CONTACT_NAME, is_name, "name must have at most 200 characters, on one line"},
    {CONTACT_EMAIL, email_valid, "email must look like name@example.com"},
    {CONTACT_PHONE, is_phone,
	"phone must have 3 to 20 digits, with spaces - . / ( ) between them and + before them"},
};

const char *
widget_contact_read(
    const struct widget_frame *frame, unsigned collects, struct widget_contact *contact)
{
	const struct slice given[CONTACT_FIELDS] = {frame->name, frame->email, frame->phone};
	const char *wrong = NULL;
	bool any = false;

	*contact = (struct widget_contact){0};
	for (size_t i = CONTACT_FIELDS; i-- > 0;) {
		struct slice value = utf8_trim(given[i]);

		if ((collects & forms[i].field) == 0 || value.len == 0)
			continue;
		any = true;
		contact->value[i] = value;
		if (forms[i].is_right(value))
			continue;
		contact->wrong[i] = forms[i].wrong;
		wrong = forms[i].wrong;
	}
	return any ? wrong : "give at least one of the details that are asked for";
}
