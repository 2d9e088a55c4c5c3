/*
 * Validation of names and phone numbers; proto/base/email.h validates e-mails.
 */
#include "workerd/api/identity/contact_details.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/utf8.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/request/store_query.h"

#define NAME_MAX_UNITS  200
#define PHONE_MAX_BYTES 64
#define DIGITS_MIN      3
#define DIGITS_MAX      20

const char *const contact_details_fields[CONTACT_FIELDS] = {"name", "email", "phone"};

const struct contact_details contact_details_long_email = {
    .wrong = {[CONTACT_DETAILS_EMAIL] = CONTACT_DETAILS_LONG_EMAIL}};

static bool
contact_details_is_name(struct slice s)
{
	return utf8_is_line(s) && utf8_utf16_len(s) <= NAME_MAX_UNITS;
}

/* Digits with the usual separators, and optionally one "+" before the first digit. */
static bool
contact_details_is_phone(struct slice s)
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
    {CONTACT_NAME, contact_details_is_name, "name must be one line of at most 200 characters",
	"name is required"},
    {CONTACT_EMAIL, email_valid, "email must look like name@example.com", "email is required"},
    {CONTACT_PHONE, contact_details_is_phone,
	"phone must have 3 to 20 digits; spaces and - . / ( ) are allowed, and a leading +",
	"phone is required"},
};

/* The error of a field, or NULL. */
static const char *
contact_details_fault(size_t i, struct slice value, unsigned required)
{
	if (value.len == 0)
		return (required & rules[i].field) != 0 ? rules[i].missing : NULL;
	return rules[i].is_valid(value) ? NULL : rules[i].wrong;
}

const char *
contact_details_read(const struct identity *given, unsigned collects, unsigned required,
    struct contact_details *contact)
{
	const struct slice texts[CONTACT_FIELDS] = {given->name, given->email, given->phone};
	const char *wrong = NULL;
	bool any = false;

	*contact = (struct contact_details){0};
	for (size_t i = CONTACT_FIELDS; i-- > 0;) {
		if ((collects & rules[i].field) == 0)
			continue;
		contact->value[i] = utf8_trim(texts[i]);
		contact->wrong[i] = contact_details_fault(i, contact->value[i], required);
		any = any || contact->value[i].len > 0;
		if (contact->wrong[i] != NULL)
			wrong = contact->wrong[i];
	}
	return any || wrong != NULL ? wrong : "enter at least one of the requested details";
}

const char *
contact_details_read_any(const struct identity *given, struct contact_details *contact)
{
	return contact_details_read(
	    given, CONTACT_NAME | CONTACT_EMAIL | CONTACT_PHONE, 0, contact);
}

const char *
contact_details_read_proved(const struct identity *given, struct contact_details *contact)
{
	const char *wrong = contact_details_read_any(given, contact);

	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->value[i].len > 0)
			return wrong;
	return NULL;
}

void
contact_details_write_wrong(struct json_writer *j, const struct contact_details *contact)
{
	json_write_open(j, "fields", '{');
	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->wrong[i] != NULL)
			json_write_str(
			    j, contact_details_fields[i], slice_str(contact->wrong[i]));
	json_write_close(j, '}');
}

void
contact_details_refuse(
    struct store_query *q, const char *message, const struct contact_details *contact)
{
	struct buf out;
	struct json_writer j;

	buf_init(&out, 4096);
	j = json_writer(&out);
	json_write_open(&j, NULL, '{');
	json_write_str(&j, "error", slice_str(message));
	json_write_str(&j, "code", slice_str("invalid_contact_info"));
	contact_details_write_wrong(&j, contact);
	json_write_close(&j, '}');
	must(!j.failed);
	api_reply_json(store_query_done(q), 422, buf_slice(&out));
	buf_clear(&out);
}
