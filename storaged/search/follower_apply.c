/*
 * Records that do not decode are left out: they are damaged in the store, too.
 */
#include "storaged/search/follower_apply.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "storaged/search/marks.h"

/* What a row of the feed is about. False: nothing that can be found. */
static bool
follower_wanted_of(const struct msg_change_record *row, struct msg_index_wanted *wanted)
{
	*wanted = (struct msg_index_wanted){.org = row->org,
	    .conversation = row->conversation,
	    .id = row->id,
	    .place = row->place};
	switch (row->kind) {
	case CHANGE_MESSAGE:
	case CHANGE_REPLY:
	case CHANGE_RATING:
		wanted->kind = INDEX_MESSAGE;
		return true;
	case CHANGE_CONVERSATION:
		wanted->kind = INDEX_CONVERSATION;
		wanted->conversation = row->id;
		return true;
	case CHANGE_CONTACT:
		wanted->kind = INDEX_CONTACT;
		return true;
	case CHANGE_NOTE:
		wanted->kind = INDEX_NOTE;
		return true;
	default:
		return false;
	}
}

void
follower_want(struct buf *wanted, struct slice rows)
{
	struct msg_index_wanted one;
	struct msg_change_record row;
	struct slice item;
	struct buf encoded;

	buf_init(&encoded, 1024);
	while (wire_list_next(&rows, &item)) {
		if (record_decode(item, MSG_CHANGE_RECORD, &row) != WIRE_OK ||
		    !follower_wanted_of(&row, &one))
			continue;
		buf_reset(&encoded);
		must(record_encode(&encoded, MSG_INDEX_WANTED, &one) == 0);
		must(wire_list_add(wanted, buf_slice(&encoded)) == 0);
	}
	buf_clear(&encoded);
}

void
follower_wanted_done(struct buf *wanted, uint32_t n)
{
	struct slice rest = buf_slice(wanted), item;

	while (n > 0 && wire_list_next(&rest, &item))
		n--;
	buf_consume(wanted, buf_len(wanted) - rest.len);
}

static int
follower_apply_conversation(struct index *ix, const struct msg_index_item *item)
{
	struct msg_conversation_record record;

	if (item->record.len == 0)
		return index_erase(ix, &item->id);
	if (record_decode(item->record, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		return 0;
	return index_put_parent(ix,
	    &(struct index_parent){.id = record.id,
		.org = record.org,
		.widget = record.widget,
		.contact = record.contact,
		.state = record.state,
		.tags = record.tags});
}

static int
follower_remove(struct index *ix, const struct msg_index_item *item)
{
	return index_remove(ix, &item->conversation, &item->id);
}

static int
follower_apply_message(struct index *ix, const struct msg_index_item *item)
{
	struct msg_message_record record;
	struct marks marks;

	if (item->record.len == 0)
		return follower_remove(ix, item);
	if (record_decode(item->record, MSG_MESSAGE_RECORD, &record) != WIRE_OK)
		return 0;
	marks_of_message(&record, &marks);
	return index_put(ix,
	    &(struct index_document){.kind = INDEX_MESSAGE,
		.parent = item->conversation,
		.id = record.id,
		.at = record.created_at,
		.text = record.text,
		.marks = marks_slice(&marks)});
}

static int
follower_apply_note(struct index *ix, const struct msg_index_item *item)
{
	struct msg_note_record record;

	if (item->record.len == 0)
		return follower_remove(ix, item);
	if (record_decode(item->record, MSG_NOTE_RECORD, &record) != WIRE_OK)
		return 0;
	return index_put(ix,
	    &(struct index_document){.kind = INDEX_NOTE,
		.parent = item->conversation,
		.id = record.id,
		.at = record.created_at,
		.text = record.text});
}

static int
follower_put_contact(struct index *ix, const struct msg_contact_record *contact)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "%.*s\n%.*s\n%.*s", (int)contact->name.len,
	    (const char *)contact->name.p, (int)contact->email.len,
	    (const char *)contact->email.p, (int)contact->phone.len,
	    (const char *)contact->phone.p);

	must(n >= 0 && (size_t)n < sizeof(text));
	if (index_put_parent(ix,
		&(struct index_parent){.id = contact->id,
		    .org = contact->org,
		    .contact = contact->id,
		    .state = INDEX_NO_STATE,
		    .tags = slice_str("")}) != 0)
		return -1;
	return index_put(ix,
	    &(struct index_document){.kind = INDEX_CONTACT,
		.parent = contact->id,
		.id = contact->id,
		.at = contact->created_at,
		.text = {(const uint8_t *)text, (size_t)n}});
}

static int
follower_apply_contact(struct index *ix, const struct msg_index_item *item)
{
	struct msg_contact_record record;

	if (item->record.len == 0)
		return index_erase(ix, &item->id);
	if (record_decode(item->record, MSG_CONTACT_RECORD, &record) != WIRE_OK)
		return 0;
	return follower_put_contact(ix, &record);
}

int
follower_apply(struct index *ix, struct slice items)
{
	static int (*const apply[])(struct index *, const struct msg_index_item *) = {
	    [INDEX_CONVERSATION] = follower_apply_conversation,
	    [INDEX_MESSAGE] = follower_apply_message,
	    [INDEX_CONTACT] = follower_apply_contact,
	    [INDEX_NOTE] = follower_apply_note,
	};
	struct msg_index_item item;
	struct slice encoded;

	while (wire_list_next(&items, &encoded)) {
		must(record_decode(encoded, MSG_INDEX_ITEM, &item) == WIRE_OK);
		if (apply[item.kind](ix, &item) != 0)
			return -1;
	}
	return 0;
}
