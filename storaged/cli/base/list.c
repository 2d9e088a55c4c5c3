/*
 * The objects of a list are complete before it is printed, because the widths depend on all of them.
 */
#include "storaged/cli/base/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/units.h"

#define LIST_LINE_MAX 65536 /* far more than the fields of any record */

void
list_init(struct list *list, const struct list_column *columns)
{
	*list = (struct list){columns, json_array()};
	must(list->objects != NULL);
}

void
list_add(struct list *list, json_t *object)
{
	must(json_array_append_new(list->objects, object) == 0);
}

/* The text of a value in the table; temporary holds it if it is not a string. */
static const char *
list_value_text(const json_t *value, struct units_text *temporary)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_INTEGER:
		*temporary = units_time((uint64_t)json_integer_value(value));
		return temporary->text;
	default:
		never("a value that is not in any list");
	}
}

/* Characters of UTF-8. */
static size_t
list_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* The text of a column in an object; NULL: in the heading. */
static const char *
list_cell(const struct list_column *c, const json_t *object, struct units_text *temporary)
{
	const char *text = c->heading;

	if (object != NULL)
		text = list_value_text(json_object_get(object, c->member), temporary);
	/* An empty cell looks as if something was left out. */
	return *text == '\0' ? "-" : text;
}

static void
list_measure(const struct list *list, const json_t *object, size_t widths[LIST_COLUMNS_MAX])
{
	struct units_text temporary;

	for (size_t i = 0; list->columns[i].heading != NULL; i++) {
		size_t width = list_width(list_cell(&list->columns[i], object, &temporary));

		if (width > widths[i])
			widths[i] = width;
	}
}

/* The last column is not padded, so that no line ends with spaces. */
static void
list_print_row(const struct list *list, const json_t *object, const size_t *widths)
{
	struct units_text temporary;
	struct buf line;

	buf_init(&line, LIST_LINE_MAX);
	for (size_t i = 0; list->columns[i].heading != NULL; i++) {
		const char *text = list_cell(&list->columns[i], object, &temporary);
		bool last = list->columns[i + 1].heading == NULL;
		size_t pad = last ? 0 : widths[i] + 2 - list_width(text);

		must(buf_printf(&line, "%s%*s", text, (int)pad, "") == 0);
	}
	console_print("%.*s", (int)buf_len(&line), (const char *)buf_data(&line));
	buf_clear(&line);
}

static void
list_print_table(const struct list *list)
{
	size_t widths[LIST_COLUMNS_MAX] = {0}, i;
	const json_t *object;

	list_measure(list, NULL, widths);
	json_array_foreach (list->objects, i, object) {
		list_measure(list, object, widths);
	}
	list_print_row(list, NULL, widths);
	json_array_foreach (list->objects, i, object) {
		list_print_row(list, object, widths);
	}
}

json_t *
list_text(const char *path)
{
	char *copy = xstrdup(path);
	json_t *text;

	for (char *c = copy; !utf8_valid(slice_str(path)) && *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	text = json_string(copy);
	free(copy);
	return text;
}

void
list_print_json(json_t *value)
{
	char *text;

	must(value != NULL);
	text = json_dumps(value, JSON_COMPACT);
	must(text != NULL);
	puts(text);
	free(text);
	json_decref(value);
}

int
list_finish(struct list *list, int status, bool json)
{
	if (status == 0 && json)
		list_print_json(json_incref(list->objects));
	else if (status == 0)
		list_print_table(list);
	json_decref(list->objects);
	return status;
}
