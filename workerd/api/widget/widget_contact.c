/*
 * Validation of names and phone numbers; proto/base/email.h validates e-mails.
 */
#include "workerd/api/widget/widget_contact.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/utf8.h"
#include "workerd/api/request/json_writer.h"

#define NAME_MAX_UNITS  200
#define PHONE_MAX_BYTES 64
#define DIGITS_MIN      3
#define DIGITS_MAX      20

const char *const widget_contact_fields[CONTACT_FIELDS] = {"name", "email", "phone"};

const struct widget_contact widget_contact_long_email = {
    .wrong = {[WIDGET_CONTACT_EMAIL] = WIDGET_CONTACT_LONG_EMAIL}};

static bool
widget_contact_is_name(struct slice s)
{
	return utf8_is_line(s) && utf8_utf16_len(s) <= NAME_MAX_UNITS;
}

/* Digits with the usual separators, and optionally one "+" before the first digit. */
static bool
widget_contact_is_phone(struct slice s)
{
	unsigned digits = 0, pluses = 0;

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
	bool (*is_valid)(struct slice);
	const char *wrong, *missing;
} rules[CONTACT_FIELDS] = {
    {CONTACT_NAME, widget_contact_is_name, "name must be one line of at most 200 characters",
	"name is required"},
    {CONTACT_EMAIL, email_valid, "email must look like name@example.com", "email is required"},
    {CONTACT_PHONE, widget_contact_is_phone,
	"phone must have 3 to 20 digits; spaces and - . / ( ) are allowed, and a leading +",
	"phone is required"},
};

/* The error of a field, or NULL. */
static const char *
widget_contact_fault(size_t i, struct slice value, unsigned required)
{
	if (value.len == 0)
		return (required & rules[i].field) != 0 ? rules[i].missing : NULL;
	return rules[i].is_valid(value) ? NULL : rules[i].wrong;
}

const char *
widget_contact_read(const struct widget_frame *frame, unsigned collects, unsigned required,
    struct widget_contact *contact)
{
	const struct slice given[CONTACT_FIELDS] = {frame->name, frame->email, frame->phone};
	const char *wrong = NULL;
	bool any = false;

	*contact = (struct widget_contact){0};
	for (size_t i = CONTACT_FIELDS; i-- > 0;) {
		if ((collects & rules[i].field) == 0)
			continue;
		contact->value[i] = utf8_trim(given[i]);
		contact->wrong[i] = widget_contact_fault(i, contact->value[i], required);
		any = any || contact->value[i].len > 0;
		if (contact->wrong[i] != NULL)
			wrong = contact->wrong[i];
	}
	return any || wrong != NULL ? wrong : "enter at least one of the requested details";
}

const char *
widget_contact_read_proved(const struct widget_frame *frame, struct widget_contact *contact)
{
	const unsigned all = CONTACT_NAME | CONTACT_EMAIL | CONTACT_PHONE;
	const char *wrong = widget_contact_read(frame, all, 0, contact);

	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->value[i].len > 0)
			return wrong;
	return NULL;
}

void
widget_contact_write_wrong(struct json_writer *j, const struct widget_contact *contact)
{
	json_write_open(j, "fields", '{');
	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->wrong[i] != NULL)
			json_write_str(
			    j, widget_contact_fields[i], slice_str(contact->wrong[i]));
	json_write_close(j, '}');
}
