/*
 * Keys are string literals of this program and need no escaping, except in json_write_member().
 */
#include "workerd/api/request/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/json_escape.h"

struct json_writer
json_writer(struct buf *out)
{
	return (struct json_writer){.out = out};
}

static void
json_writer_put(struct json_writer *j, const char *s)
{
	if (buf_append_str(j->out, s) == -1)
		j->failed = true;
}

/* Writes the comma and the key before a value. */
static void
json_writer_lead(struct json_writer *j, const char *key)
{
	if (j->comma)
		json_writer_put(j, ",");
	j->comma = true;
	if (key == NULL)
		return;
	json_writer_put(j, "\"");
	json_writer_put(j, key);
	json_writer_put(j, "\":");
}

void
json_write_open(struct json_writer *j, const char *key, char bracket)
{
	json_writer_lead(j, key);
	json_writer_put(j, bracket == '{' ? "{" : "[");
	j->comma = false;
}

void
json_write_close(struct json_writer *j, char bracket)
{
	json_writer_put(j, bracket == '}' ? "}" : "]");
	j->comma = true;
}

/* A string. */
static void
json_writer_quote(struct json_writer *j, struct slice text)
{
	json_writer_put(j, "\"");
	if (json_escape(j->out, text) == -1)
		j->failed = true;
	json_writer_put(j, "\"");
}

void
json_write_str(struct json_writer *j, const char *key, struct slice text)
{
	json_writer_lead(j, key);
	json_writer_quote(j, text);
}

void
json_write_id(struct json_writer *j, const char *key, const struct id *id)
{
	char text[ID_TEXT_LEN + 1];

	id_format(id, text);
	json_write_str(j, key, slice_str(text));
}

void
json_write_uint(struct json_writer *j, const char *key, uint64_t n)
{
	json_writer_lead(j, key);
	if (buf_append_number(j->out, n) == -1)
		j->failed = true;
}

void
json_write_bool(struct json_writer *j, const char *key, bool b)
{
	json_writer_lead(j, key);
	json_writer_put(j, b ? "true" : "false");
}

void
json_write_null(struct json_writer *j, const char *key)
{
	json_writer_lead(j, key);
	json_writer_put(j, "null");
}

void
json_write_json(struct json_writer *j, const char *key, struct slice json)
{
	json_writer_lead(j, key);
	if (buf_append(j->out, json.p, json.len) == -1)
		j->failed = true;
}

void
json_write_id_or_null(struct json_writer *j, const char *key, const struct id *id)
{
	if (id_is_zero(id))
		json_write_null(j, key);
	else
		json_write_id(j, key, id);
}

/* A number without needless decimals; one has a point. */
static void
json_writer_put_decimal(struct json_writer *j, const char *key, char *text)
{
	size_t len = strlen(text);

	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[--len] = '\0';
	json_writer_lead(j, key);
	json_writer_put(j, text);
}

void
json_write_thousandths(struct json_writer *j, const char *key, uint32_t n)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%" PRIu32 ".%03" PRIu32, n / 1000, n % 1000);
	json_writer_put_decimal(j, key, text);
}

void
json_write_millionths(struct json_writer *j, const char *key, uint64_t n)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, n / 1000000, n % 1000000);
	json_writer_put_decimal(j, key, text);
}

void
json_write_open_named(struct json_writer *j, struct slice key, char bracket)
{
	json_writer_lead(j, NULL);
	json_writer_quote(j, key);
	json_writer_put(j, ":");
	j->comma = false;
	json_write_open(j, NULL, bracket);
}

void
json_write_member(struct json_writer *j, struct slice key, struct slice text)
{
	json_writer_lead(j, NULL);
	json_writer_quote(j, key);
	json_writer_put(j, ":");
	json_writer_quote(j, text);
}
