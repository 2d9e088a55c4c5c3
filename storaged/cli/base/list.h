/*
 * Output of the banter command in two forms: for people, and as JSON for programs (--json).
 *
 * A list is a table with a heading, or one JSON array of objects. An object may have members that are not
 * in the table.
 */
#ifndef STORAGED_CLI_BASE_LIST_H
#define STORAGED_CLI_BASE_LIST_H

#include <stdbool.h>

#include <jansson.h>

#define LIST_COLUMNS_MAX 8

/* A column of the table. Numbers are times, ms since 1970. */
struct list_column {
	const char *heading;
	const char *member; /* of the object */
};

struct list {
	const struct list_column *columns; /* the last one has a NULL heading */
	json_t *objects;
};

void list_init(struct list *list, const struct list_column *columns);

/* Adds an object, whose reference the list takes. */
void list_add(struct list *list, json_t *object);

/* Prints the list, unless status says that it could not be read, and frees it. Returns status. */
int list_finish(struct list *list, int status, bool json);

/* A text that may come from outside, such as a path, as a string; bytes that are not UTF-8 become '?'. */
json_t *list_text(const char *text);

/* Prints one line of JSON; frees the value. */
void list_print_json(json_t *value);

#endif
