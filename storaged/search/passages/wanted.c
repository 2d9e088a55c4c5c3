/*
 * A list in an array.
 */
#include "storaged/search/passages/wanted.h"

#include <stdlib.h>

#include "proto/base/basics.h"

void
wanted_clear(struct wanted_list *list)
{
	free(list->items);
	*list = (struct wanted_list){0};
}

const struct wanted *
wanted_next(const struct wanted_list *list)
{
	return list->at < list->n ? &list->items[list->at] : NULL;
}

static void
wanted_add(struct wanted_list *list, const struct wanted *wanted)
{
	if ((list->n & (list->n - 1)) == 0) /* room for powers of two */
		list->items = xreallocarray(
		    list->items, list->n == 0 ? 1 : 2 * list->n, sizeof(*list->items));
	list->items[list->n++] = *wanted;
}

/* Whether an item erases what another one is about. */
static bool
wanted_erases(const struct wanted *item, const struct wanted *wanted)
{
	const struct id *source = wanted->kind == WANTED_PAGE ? &wanted->source : &wanted->id;

	return item->kind == WANTED_SOURCE && item->deleted && wanted->kind != WANTED_ANSWER &&
	    id_equal(&item->id, source) && id_equal(&item->org, &wanted->org);
}

static bool
wanted_is(const struct wanted *item, const struct wanted *wanted)
{
	return item->kind == wanted->kind && item->deleted == wanted->deleted &&
	    id_equal(&item->id, &wanted->id) && id_equal(&item->org, &wanted->org) &&
	    (item->kind != WANTED_PAGE || id_equal(&item->source, &wanted->source));
}

/* Later rows of the same page bring nothing new: what is read is its state after all of them. A source's deletion
 * is not found by reading; it erases what was written before, so that rows behind it are not repeated ones. */
static bool
wanted_has(const struct wanted_list *list, const struct wanted *wanted)
{
	for (size_t i = list->n; i > list->at; i--) {
		const struct wanted *item = &list->items[i - 1];

		if (wanted_is(item, wanted))
			return true;
		if (wanted_erases(item, wanted))
			return false;
	}
	return false;
}

/* False: the row is about something else. */
static bool
wanted_of_row(const struct msg_change_record *row, struct wanted *wanted)
{
	*wanted = (struct wanted){.org = row->org, .source = row->conversation, .id = row->id};
	switch (row->kind) {
	case CHANGE_SOURCE:
		wanted->kind = WANTED_SOURCE;
		wanted->deleted = row->what == CHANGE_DELETED;
		return true;
	case CHANGE_PAGE:
		wanted->kind = WANTED_PAGE;
		return true;
	case CHANGE_ANSWER:
		wanted->kind = WANTED_ANSWER;
		return true;
	default:
		return false;
	}
}

void
wanted_add_rows(struct wanted_list *list, struct slice rows)
{
	struct msg_change_record row;
	struct wanted wanted;
	struct slice item;

	while (wire_list_next(&rows, &item))
		if (record_decode(item, MSG_CHANGE_RECORD, &row) == WIRE_OK &&
		    wanted_of_row(&row, &wanted) && !wanted_has(list, &wanted))
			wanted_add(list, &wanted);
}

void
wanted_add_items(struct wanted_list *list, struct slice items, struct id *last)
{
	struct msg_content_item item;
	struct slice encoded;

	while (wire_list_next(&items, &encoded)) {
		if (record_decode(encoded, MSG_CONTENT_ITEM, &item) != WIRE_OK)
			continue;
		if (item.kind == PASSAGE_CHUNK && !id_equal(&item.source, last))
			wanted_add(list,
			    &(struct wanted){
				.kind = WANTED_SOURCE, .org = item.org, .id = item.source});
		*last = item.source;
		wanted_add(list,
		    &(struct wanted){
			.kind = item.kind == PASSAGE_CHUNK ? WANTED_PAGE : WANTED_ANSWER,
			.org = item.org,
			.source = item.source,
			.id = item.id,
			.hash = item.hash});
	}
}

void
wanted_add_page(struct wanted_list *list, const struct passages_page *page)
{
	wanted_add(list,
	    &(struct wanted){.kind = page->kind == PASSAGE_CHUNK ? WANTED_PAGE : WANTED_ANSWER,
		.org = page->org,
		.source = page->source,
		.id = page->id});
}
