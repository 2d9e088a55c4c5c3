/*
 * Reads CSV as it arrives (RFC 4180): each row becomes a JSON object with the names of the first row, in lower case and
 * with "_" between words. Fields are separated by commas, semicolons or tabs, whichever the first row has.
 */
#ifndef STORAGED_CLI_FOREIGN_CSV_ROWS_H
#define STORAGED_CLI_FOREIGN_CSV_ROWS_H

#include <jansson.h>

#include "proto/base/buf.h"

#define CSV_ROW_MAX    ((size_t)8 << 20)
#define CSV_FIELDS_MAX 1024

/* row: its texts are UTF-8. It belongs to csv_rows. */
typedef void csv_row_fn(void *arg, json_t *row);

struct csv_rows {
	csv_row_fn *found;
	void *arg;
	struct buf row; /* the fields that have arrived, one after the other */
	size_t ends[CSV_FIELDS_MAX];
	size_t fields;
	struct buf line;     /* the first row, until the separator is known */
	uint8_t separator;   /* 0: not known yet */
	bool quoted, closed; /* closed: behind a quote, which may be half of a pair */
	char *names[CSV_FIELDS_MAX];
	size_t names_n;
	const char *fault;
};

void csv_rows_init(struct csv_rows *c, csv_row_fn *found, void *arg);
void csv_rows_clear(struct csv_rows *c);

/* As json_objects_feed() and json_objects_end(). */
[[gnu::warn_unused_result]] int csv_rows_feed(struct csv_rows *c, struct slice bytes);
[[gnu::warn_unused_result]] int csv_rows_end(struct csv_rows *c);

#endif
