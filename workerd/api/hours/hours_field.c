#include "workerd/api/hours/hours_field.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/hours/hours.h"

#define NAME_UNITS 64 /* of a member that is wrong, in UTF-16 code units */
#define PATH_BYTES 256

static const char *const days[] = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL};

/* Why a fault is one; max and choices are those of the reason. */
static const struct field_refusal refusals[] = {
    [HOURS_UNKNOWN] = {.reason = REASON_UNKNOWN},
    [HOURS_TIMEZONE] = {.reason = REASON_TIMEZONE},
    [HOURS_WEEKLY] = {.reason = REASON_LIST, .max = HOURS_INTERVALS_MAX},
    [HOURS_OBJECT] = {.reason = REASON_INTERVAL},
    [HOURS_DAY] = {.reason = REASON_CHOICE, .choices = days},
    [HOURS_FROM] = {.reason = REASON_TIME_FROM},
    [HOURS_TO] = {.reason = REASON_TIME_TO},
    [HOURS_EMPTY] = {.reason = REASON_INTERVAL_EMPTY},
    [HOURS_OVERLAP] = {.reason = REASON_INTERVALS_OVERLAP},
    [HOURS_HOLIDAYS] = {.reason = REASON_LIST, .max = HOURS_HOLIDAYS_MAX},
    [HOURS_DATE] = {.reason = REASON_DATE},
    [HOURS_DATE_TWICE] = {.reason = REASON_DATE_TWICE},
};

/* The body, and the name of the member in it. */
struct hours_field_errors {
	struct fields *in;
	const char *name;
};

static void
hours_field_refuse(void *arg, const char *member, enum hours_fault fault)
{
	const struct hours_field_errors *e = arg;
	const struct slice last = utf8_prefix(slice_str(member), NAME_UNITS);
	char path[PATH_BYTES];

	(void)snprintf(
	    path, sizeof(path), "%s.%.*s", e->name, (int)last.len, (const char *)last.p);
	fields_refuse_for(e->in, path, &refusals[fault]);
}

static bool
hours_field_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct hours_field_errors errors = {in, f->name};
	struct hours h;

	if (!json_is_object(value))
		return false;
	if (!hours_read(value, &h, hours_field_refuse, &errors))
		return true;
	buf_reset(&in->hours_made);
	hours_write(&h, &in->hours_made);
	hours_clear(&h);
	*(struct slice *)at = buf_slice(&in->hours_made);
	return true;
}

static void
hours_field_write(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	if (json->len == 0)
		json_write_null(j, f->name);
	else
		json_write_json(j, f->name, *json);
}

const struct field_kind field_hours = {
    sizeof(struct slice), hours_field_read, REASON_OBJECT, hours_field_write, NULL};
