/*
 * A byte at a time. The separator is the one that the first line has most.
 */
#include "storaged/cli/foreign/csv_rows.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Bytes of the first row, at most. */
#define CSV_HEAD_MAX ((size_t)64 << 10)

void
csv_rows_init(struct csv_rows *c, csv_row_fn *found, void *arg)
{
	*c = (struct csv_rows){.found = found, .arg = arg};
	buf_init(&c->row, CSV_ROW_MAX);
	buf_init(&c->line, CSV_HEAD_MAX);
}

void
csv_rows_clear(struct csv_rows *c)
{
	buf_clear(&c->row);
	buf_clear(&c->line);
	for (size_t i = 0; i < c->names_n; i++)
		free(c->names[i]);
	c->names_n = 0;
}

static int
csv_rows_fail(struct csv_rows *c, const char *fault)
{
	c->fault = fault;
	return -1;
}

static struct slice
csv_rows_field(const struct csv_rows *c, size_t i)
{
	size_t from = i == 0 ? 0 : c->ends[i - 1];

	return (struct slice){buf_data(&c->row) + from, c->ends[i] - from};
}

/* "First Name" becomes "first_name". */
static char *
csv_rows_name(struct slice field)
{
	char *name = xcalloc(field.len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < field.len; i++) {
		uint8_t b = field.p[i];

		if (b >= 'A' && b <= 'Z')
			name[n++] = (char)(b | 0x20);
		else if ((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b >= 0x80)
			name[n++] = (char)b;
		else if (n > 0 && name[n - 1] != '_')
			name[n++] = '_';
	}
	while (n > 0 && name[n - 1] == '_')
		n--;
	name[n] = '\0';
	return name;
}

/* Appends a field as UTF-8. One that is not is taken for Windows-1252, which spreadsheets write. */
static void
csv_rows_decode(struct buf *out, struct slice field)
{
	static const uint16_t high[32] = {0x20ac, 0xfffd, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
	    0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0xfffd, 0x17d, 0xfffd, 0xfffd, 0x2018,
	    0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153,
	    0xfffd, 0x17e, 0x178};
	bool valid = utf8_valid(field);

	for (size_t i = 0; i < field.len; i++) {
		uint8_t b = field.p[i], c[4];
		uint32_t code = b >= 0x80 && b < 0xa0 ? high[b - 0x80] : b;

		must(buf_append(out, valid ? &b : c, valid ? 1 : utf8_encode(code, c)) == 0);
	}
}

/* The row as an object; empty fields are left out. */
static void
csv_rows_pass_on(struct csv_rows *c)
{
	json_t *row = json_object();
	size_t n = c->fields < c->names_n ? c->fields : c->names_n;
	struct buf text;

	buf_init(&text, 3 * CSV_ROW_MAX);
	for (size_t i = 0; i < n; i++) {
		struct slice field = csv_rows_field(c, i);

		if (field.len == 0)
			continue;
		buf_reset(&text);
		csv_rows_decode(&text, field);
		(void)json_object_set_new_nocheck(row, c->names[i],
		    json_stringn_nocheck((const char *)buf_data(&text), buf_len(&text)));
	}
	buf_clear(&text);
	if (json_object_size(row) > 0)
		c->found(c->arg, row);
	json_decref(row);
}

static int
csv_rows_end_field(struct csv_rows *c)
{
	if (c->fields == CSV_FIELDS_MAX)
		return csv_rows_fail(c, "a row has too many fields");
	c->ends[c->fields++] = buf_len(&c->row);
	c->closed = false;
	return 0;
}

static int
csv_rows_end_row(struct csv_rows *c)
{
	if (csv_rows_end_field(c) == -1)
		return -1;
	if (c->names_n == 0 && buf_len(&c->row) > CSV_HEAD_MAX)
		return csv_rows_fail(c, "its first row is too long");
	if (c->names_n > 0)
		csv_rows_pass_on(c);
	else
		for (; c->names_n < c->fields; c->names_n++) {
			struct buf text;

			buf_init(&text, 3 * CSV_HEAD_MAX);
			csv_rows_decode(&text, csv_rows_field(c, c->names_n));
			c->names[c->names_n] = csv_rows_name(buf_slice(&text));
			buf_clear(&text);
		}
	buf_reset(&c->row);
	c->fields = 0;
	return 0;
}

static int
csv_rows_take(struct csv_rows *c, uint8_t b)
{
	bool empty = buf_len(&c->row) == (c->fields == 0 ? 0 : c->ends[c->fields - 1]);

	if (c->quoted) {
		c->quoted = b != '"';
		c->closed = b == '"';
	} else if (b == '"' && (empty || c->closed)) {
		bool pair = c->closed;

		c->quoted = true;
		c->closed = false;
		if (pair && buf_append(&c->row, "\"", 1) == -1)
			return csv_rows_fail(c, "a row is too long");
		return 0;
	} else if (b == c->separator) {
		return csv_rows_end_field(c);
	} else if (b == '\n') {
		return csv_rows_end_row(c);
	} else if (b == '\r') {
		return 0;
	}
	if (c->closed && b == '"')
		return 0;
	if (b == '\0')
		b = ' ';
	return buf_append(&c->row, &b, 1) == -1 ? csv_rows_fail(c, "a row is too long") : 0;
}

static uint8_t
csv_rows_choose_separator(struct slice head)
{
	static const char separators[] = ",;\t";
	size_t most = 0;
	uint8_t best = ',';

	for (const char *s = separators; *s != '\0'; s++) {
		size_t n = 0;

		for (size_t i = 0; i < head.len; i++)
			n += head.p[i] == (uint8_t)*s;
		if (n > most) {
			most = n;
			best = (uint8_t)*s;
		}
	}
	return best;
}

static int
csv_rows_begin(struct csv_rows *c)
{
	struct slice head = buf_slice(&c->line);
	int rc = 0;

	if (head.len >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0) {
		head.p += 3;
		head.len -= 3;
	}
	c->separator = csv_rows_choose_separator(head);
	for (size_t i = 0; rc == 0 && i < head.len; i++)
		rc = csv_rows_take(c, head.p[i]);
	buf_reset(&c->line);
	return rc;
}

int
csv_rows_feed(struct csv_rows *c, struct slice s)
{
	for (size_t i = 0; i < s.len && c->fault == NULL; i++) {
		if (c->separator != 0) {
			(void)!csv_rows_take(c, s.p[i]);
			continue;
		}
		if (buf_append(&c->line, &s.p[i], 1) == -1)
			return csv_rows_fail(c, "its first row is too long");
		if (s.p[i] == '\n')
			(void)!csv_rows_begin(c);
	}
	return c->fault == NULL ? 0 : -1;
}

int
csv_rows_end(struct csv_rows *c)
{
	if (c->fault == NULL && c->separator == 0)
		(void)!csv_rows_begin(c);
	if (c->fault == NULL && c->quoted)
		return csv_rows_fail(c, "its end is missing: a quote is open");
	if (c->fault == NULL && (buf_len(&c->row) > 0 || c->fields > 0))
		(void)!csv_rows_end_row(c);
	return c->fault == NULL ? 0 : -1;
}
