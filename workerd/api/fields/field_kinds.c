/*
 * The types of members: what is valid, and how it is written.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/network.h"
#include "proto/base/utf8.h"
#include "proto/settings/settings.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/json_read.h"

#define ORIGIN_MAX 255 /* bytes: of the longest host name */

_Static_assert(FIELDS_MADE_MAX == 8192, "REASON_ORIGINS names it");

static bool
field_string_of(const json_t *value, struct slice *s)
{
	*s = json_read_string(value);
	return s->p != NULL;
}

static bool
field_is_long_enough(const struct field *f, size_t len)
{
	return len >= f->min && len <= f->max;
}

/* The empty text means null where the field allows null. */
static bool
field_put_text(const struct field *f, struct slice s, size_t len, void *at)
{
	bool none = s.len == 0 && f->rule == FIELD_NULLABLE;

	if (!none && !field_is_long_enough(f, len))
		return false;
	*(struct slice *)at = s;
	return true;
}

static bool
field_line_of(const json_t *value, struct slice *s)
{
	if (!field_string_of(value, s) || !utf8_is_line(*s))
		return false;
	*s = utf8_trim(*s);
	return true;
}

static bool
field_read_line(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	return field_line_of(value, &s) && field_put_text(f, s, utf8_utf16_len(s), at);
}

static bool
field_read_text(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	if (!field_string_of(value, &s) || utf8_has_control(s, "\t\n\r"))
		return false;
	if (utf8_trim(s).len == 0)
		s.len = 0;
	return field_put_text(f, s, utf8_utf16_len(s), at);
}

static void
field_write_text(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *s = at;

	if (s->len == 0 && f->rule == FIELD_NULLABLE)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, *s);
}

const struct field_kind field_line = {
    sizeof(struct slice), field_read_line, REASON_LINE, field_write_text, NULL};
const struct field_kind field_text = {
    sizeof(struct slice), field_read_text, REASON_TEXT, field_write_text, NULL};

static bool
field_read_ascii(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	/* Only ASCII has as many bytes as code points. */
	return field_line_of(value, &s) && utf8_utf16_len(s) == s.len &&
	    field_put_text(f, s, s.len, at);
}

const struct field_kind field_ascii = {
    sizeof(struct slice), field_read_ascii, REASON_ASCII, field_write_text, NULL};

static bool
field_read_email(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	return field_line_of(value, &s) && (s.len == 0 || email_valid(s)) &&
	    field_put_text(f, s, s.len, at);
}

static bool
field_has_digit(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (isdigit(s.p[i]))
			return true;
	return false;
}

static bool
field_read_phone(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	return field_line_of(value, &s) && (s.len == 0 || field_has_digit(s)) &&
	    field_put_text(f, s, s.len, at);
}

const struct field_kind field_email = {
    sizeof(struct slice), field_read_email, REASON_EMAIL, field_write_text, NULL};
const struct field_kind field_phone = {
    sizeof(struct slice), field_read_phone, REASON_PHONE, field_write_text, NULL};

static bool
field_read_color(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)f;
	(void)in;
	if (!field_string_of(value, &s) || (s.len != 4 && s.len != 7) || s.p[0] != '#')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!isxdigit(s.p[i]))
			return false;
	*(struct slice *)at = s;
	return true;
}

const struct field_kind field_color = {
    sizeof(struct slice), field_read_color, REASON_COLOR, field_write_text, NULL};

/* Whether it has only characters of origins; origin_normalize() checks the rest. */
static bool
field_is_address_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum(s.p[i]) && (s.p[i] == '\0' || strchr("-._~:/[]+", s.p[i]) == NULL))
			return false;
	return s.len <= ORIGIN_MAX;
}

/* A port as a browser writes it. */
static bool
field_is_port(const char *text)
{
	const char *wrong;

	(void)strtonum(text, 1, UINT16_MAX, &wrong);
	return wrong == NULL && *text != '0';
}

/* Labels with single dots between them, or an IPv6 address in brackets. */
static bool
field_is_host(struct slice host)
{
	struct ip_address address;
	bool in_word = false;

	if (host.p[0] == '[')
		return host.p[host.len - 1] == ']' &&
		    ip_parse((struct slice){host.p + 1, host.len - 2}, &address) == 0;
	for (size_t i = 0; i < host.len; i++) {
		if (host.p[i] == '.' ? !in_word
				     : !isalnum(host.p[i]) && strchr("-_", host.p[i]) == NULL)
			return false;
		in_word = host.p[i] != '.';
	}
	return in_word;
}

/* Whether it has a valid host and, if any, a valid port. */
static bool
field_is_site(const char *origin)
{
	const char *host = strstr(origin, "://") + 3;
	const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
	const char *port = strchr(bracket == NULL ? host : bracket, ':');
	struct slice name = slice_str(host);

	if (port != NULL)
		name.len = (size_t)(port - host);
	return name.len > 0 && field_is_host(name) && (port == NULL || field_is_port(port + 1));
}

/* Appends one origin to made; false if it is invalid or there is no room. */
static bool
field_add_origin(const json_t *value, struct buf *made)
{
	struct slice s;
	char *origin;
	bool ok;

	if (!field_string_of(value, &s) || !field_is_address_text(s))
		return false;
	origin = origin_normalize(json_string_value(value));
	ok = origin != NULL && field_is_site(origin) &&
	    (buf_len(made) == 0 || buf_append_str(made, " ") == 0) &&
	    buf_append_str(made, origin) == 0;
	free(origin);
	return ok;
}

/* Resets `made`: origins are the only kind that builds text, and an object has one such field. */
static bool
field_read_origins(const struct field *f, json_t *value, struct fields *in, void *at)
{
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	buf_reset(&in->made);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!field_add_origin(json_array_get(value, i), &in->made))
			return false;
	*(struct slice *)at = buf_slice(&in->made);
	return true;
}

static void
field_write_origins(const struct field *f, const void *at, struct json_writer *j)
{
	struct slice rest = *(const struct slice *)at;

	if (rest.len == 0) {
		json_write_null(j, f->name);
		return;
	}
	json_write_open(j, f->name, '[');
	while (rest.len > 0) {
		const uint8_t *space = memchr(rest.p, ' ', rest.len);
		size_t len = space == NULL ? rest.len : (size_t)(space - rest.p);
		size_t step = len + (space != NULL);

		json_write_str(j, NULL, (struct slice){rest.p, len});
		rest = (struct slice){rest.p + step, rest.len - step};
	}
	json_write_close(j, ']');
}

const struct field_kind field_origins = {
    sizeof(struct slice), field_read_origins, REASON_ORIGINS, field_write_origins, NULL};

/* Whether the list has the id. */
static bool
field_has_id(const struct buf *ids, const struct id *id)
{
	const uint8_t *p = buf_data(ids);

	for (size_t at = 0; at < buf_len(ids); at += sizeof(id->b))
		if (memcmp(p + at, id->b, sizeof(id->b)) == 0)
			return true;
	return false;
}

static bool
field_add_id(const json_t *value, struct buf *made)
{
	struct slice s;
	struct id id;

	if (!field_string_of(value, &s) || id_parse(s, &id) == -1 || id_is_zero(&id))
		return false;
	return field_has_id(made, &id) || buf_append(made, id.b, sizeof(id.b)) == 0;
}

static bool
field_read_ids(const struct field *f, json_t *value, struct fields *in, void *at)
{
	if (!json_is_array(value) || json_array_size(value) > f->max ||
	    json_array_size(value) < f->min)
		return false;
	buf_reset(&in->ids_made);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!field_add_id(json_array_get(value, i), &in->ids_made))
			return false;
	*(struct slice *)at = buf_slice(&in->ids_made);
	return true;
}

static void
field_write_ids(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *ids = at;
	struct id id;

	json_write_open(j, f->name, '[');
	for (size_t i = 0; i + sizeof(id.b) <= ids->len; i += sizeof(id.b)) {
		memcpy(id.b, ids->p + i, sizeof(id.b));
		json_write_id(j, NULL, &id);
	}
	json_write_close(j, ']');
}

const struct field_kind field_ids = {
    sizeof(struct slice), field_read_ids, REASON_IDS, field_write_ids, NULL};

static bool
field_read_flag(const struct field *f, json_t *value, struct fields *in, void *at)
{
	uint8_t *bits = at;

	(void)in;
	if (!json_is_boolean(value))
		return false;
	*bits = (uint8_t)(json_is_true(value) ? *bits | f->max : *bits & ~f->max);
	return true;
}

static void
field_write_flag(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_bool(j, f->name, (*(const uint8_t *)at & f->max) != 0);
}

const struct field_kind field_flag = {
    sizeof(uint8_t), field_read_flag, REASON_FLAG, field_write_flag, NULL};

static bool
field_read_choice(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	if (!field_string_of(value, &s))
		return false;
	for (uint8_t i = 0; f->choices[i] != NULL; i++)
		if (slice_eq_str(s, f->choices[i])) {
			*(uint8_t *)at = i;
			return true;
		}
	return false;
}

static void
field_write_choice(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_str(j, f->name, slice_str(f->choices[*(const uint8_t *)at]));
}

const struct field_kind field_choice = {
    sizeof(uint8_t), field_read_choice, REASON_CHOICE, field_write_choice, NULL};

static bool
field_read_count(const struct field *f, json_t *value, struct fields *in, void *at)
{
	double n = json_number_value(value);

	(void)in;
	if (!json_is_number(value) || n < f->min || n > f->max || n != (uint32_t)n)
		return false;
	*(uint32_t *)at = (uint32_t)n;
	return true;
}

static void
field_write_count(const struct field *f, const void *at, struct json_writer *j)
{
	uint32_t n = *(const uint32_t *)at;

	if (n == 0)
		json_write_null(j, f->name);
	else
		json_write_uint(j, f->name, n);
}

const struct field_kind field_count = {
    sizeof(uint32_t), field_read_count, REASON_COUNT, field_write_count, NULL};

/* Decimals are rarely exact as doubles, so compare with a tolerance. */
static bool
field_read_decimal(const struct field *f, json_t *value, struct fields *in, void *at)
{
	const double almost = 1e-6;
	double thousandths = json_number_value(value) * 1000;
	uint32_t whole;

	(void)in;
	if (!json_is_number(value) || !(thousandths > f->min - almost) ||
	    !(thousandths < f->max + almost))
		return false;
	whole = (uint32_t)(thousandths + 0.5);
	if (thousandths < whole - almost || thousandths > whole + almost)
		return false;
	*(uint32_t *)at = whole + 1;
	return true;
}

static void
field_write_decimal(const struct field *f, const void *at, struct json_writer *j)
{
	uint32_t n = *(const uint32_t *)at;

	if (n == 0)
		json_write_null(j, f->name);
	else
		json_write_thousandths(j, f->name, n - 1);
}

static void
field_decimal_bounds(const struct field *f, struct field_refusal *refusal)
{
	refusal->min = f->min / 1000.0;
	refusal->max = f->max / 1000.0;
}

const struct field_kind field_decimal = {sizeof(uint32_t), field_read_decimal, REASON_DECIMAL,
    field_write_decimal, field_decimal_bounds};

static void
field_write_time(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_uint(j, f->name, *(const uint64_t *)at);
}

const struct field_kind field_time = {
    sizeof(uint64_t), NULL, REASON_FIXED, field_write_time, NULL};

static void
field_write_moment(const struct field *f, const void *at, struct json_writer *j)
{
	if (*(const uint64_t *)at == 0)
		json_write_null(j, f->name);
	else
		field_write_time(f, at, j);
}

const struct field_kind field_moment = {
    sizeof(uint64_t), NULL, REASON_FIXED, field_write_moment, NULL};

static bool
field_read_at(const struct field *f, json_t *value, struct fields *in, void *at)
{
	/* Whole numbers up to here are exact as doubles. */
	const double most = 9007199254740991.0;
	double n = json_number_value(value);

	(void)f;
	(void)in;
	if (!json_is_number(value) || n < 1 || n > most || n != (double)(uint64_t)n)
		return false;
	*(uint64_t *)at = (uint64_t)n;
	return true;
}

const struct field_kind field_at = {
    sizeof(uint64_t), field_read_at, REASON_TIME_AT, field_write_moment, NULL};

static bool
field_read_id(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;
	struct id id;

	(void)f;
	(void)in;
	if (!field_string_of(value, &s) || id_parse(s, &id) == -1 || id_is_zero(&id))
		return false;
	*(struct id *)at = id;
	return true;
}

static void
field_write_id(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_id_or_null(j, f->name, at);
}

const struct field_kind field_id = {
    sizeof(struct id), field_read_id, REASON_ID, field_write_id, NULL};

static bool
field_read_object(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)f;
	(void)in;
	if (!json_is_object(value))
		return false;
	*(json_t **)at = value;
	return true;
}

const struct field_kind field_object = {
    sizeof(json_t *), field_read_object, REASON_OBJECT, NULL, NULL};

static bool
field_read_list(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)in;
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	*(json_t **)at = value;
	return true;
}

const struct field_kind field_list = {
    sizeof(json_t *), field_read_list, REASON_LIST, NULL, NULL};
