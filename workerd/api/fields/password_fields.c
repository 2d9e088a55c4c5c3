/*
 * Passwords are read, and never written.
 */
#include "workerd/api/fields/password_fields.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/password.h"

/* The value's text; empty if it cannot be a password. */
static struct slice
password_fields_text_of(const json_t *value)
{
	if (!json_is_string(value) || json_string_length(value) > PASSWORD_MAX)
		return (struct slice){0};
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

static bool
password_fields_read_password(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice text = password_fields_text_of(value);

	(void)f;
	(void)in;
	if (text.len > 0)
		*(struct slice *)at = text;
	return text.len > 0;
}

static bool
password_fields_read_new(const struct field *f, json_t *value, struct fields *in, void *at)
{
	return password_problem(password_fields_text_of(value)) == NULL &&
	    password_fields_read_password(f, value, in, at);
}

static void
password_fields_bound(const struct field *f, struct field_refusal *refusal)
{
	(void)f;
	refusal->min = PASSWORD_NEW_MIN;
	refusal->max = PASSWORD_MAX;
}

const struct field_kind field_password = {sizeof(struct slice), password_fields_read_password,
    REASON_PASSWORD, NULL, password_fields_bound};
const struct field_kind field_password_new = {sizeof(struct slice), password_fields_read_new,
    REASON_PASSWORD_NEW, NULL, password_fields_bound};
