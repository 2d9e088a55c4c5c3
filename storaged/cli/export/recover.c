/*
 * The indexes are read in their order into a list that is sorted by conversations.
 */
#include "storaged/cli/export/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/conversations/conversations.h"

struct recover_entry {
	struct id conversation, org, widget, contact;
	uint64_t updated_at;
	struct slice session; /* in the map */
};

/* Takes what an entry of a table says. */
typedef void recover_fn(void *arg, struct slice key, struct slice value);

/* Walks over the intact entries of a table whose keys begin with front. */
static int
recover_walk(
    struct txn *t, enum table table, const struct key *front, recover_fn *take, void *arg)
{
	struct walk w;
	int rc = walk_open(&w, t, table, front);

	if (rc == 0)
		rc = walk_from(&w, front);
	for (; rc == 0; rc = walk_next(&w))
		if (!w.damaged && key_fits(table, w.key))
			take(arg, w.key, w.value);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
recover_compare(const void *a, const void *b)
{
	const struct recover_entry *x = a, *y = b;

	return memcmp(x->conversation.b, y->conversation.b, sizeof(x->conversation.b));
}

/* NULL: no index of owners has it. */
static struct recover_entry *
recover_find(const struct recover_index *index, const struct id *conversation)
{
	const struct recover_entry wanted = {.conversation = *conversation};

	if (index->n == 0)
		return NULL;
	return bsearch(&wanted, index->of, index->n, sizeof(index->of[0]), recover_compare);
}

/* The time in a cursor (schema.h). */
static uint64_t
recover_time(struct slice cursor)
{
	uint64_t inverted = 0;

	for (size_t i = 0; i < sizeof(inverted); i++)
		inverted = inverted << 8 | cursor.p[i];
	return ~inverted;
}

/* conversations_by_widget. */
static void
recover_owner(void *arg, struct slice key, [[gnu::unused]] struct slice value)
{
	struct recover_index *index = arg;
	struct recover_entry *e;

	if (index->n == index->room) {
		index->room = index->room == 0 ? 1024 : 2 * index->room;
		index->of = xreallocarray(index->of, index->room, sizeof(index->of[0]));
	}
	e = &index->of[index->n++];
	*e = (struct recover_entry){.conversation = activity_conversation(key),
	    .updated_at = recover_time(activity_cursor(key))};
	org_key_parts((struct slice){key.p, 2 * sizeof(struct id)}, &e->org, &e->widget);
}

/* conversations_by_contact. */
static void
recover_contact(void *arg, struct slice key, [[gnu::unused]] struct slice value)
{
	struct id id = activity_conversation(key), org;
	struct recover_entry *e = recover_find(arg, &id);

	if (e != NULL)
		org_key_parts((struct slice){key.p, 2 * sizeof(struct id)}, &org, &e->contact);
}

/* conversations_by_session: its key begins with organization and widget. */
static void
recover_session(void *arg, struct slice key, struct slice value)
{
	const size_t front = 2 * sizeof(struct id);
	struct slice session = {key.p + front, key.len - front};
	struct id id = value.len == sizeof(id) ? key_front(value) : (struct id){0};
	struct recover_entry *e = recover_find(arg, &id);

	if (e != NULL && memcmp(key.p, e->org.b, sizeof(id.b)) == 0 &&
	    memcmp(key.p + sizeof(id.b), e->widget.b, sizeof(id.b)) == 0 && utf8_valid(session))
		e->session = session;
}

static int
recover_read_indexes(struct recover_index *index, struct txn *t)
{
	const struct key all = {0};
	int rc = recover_walk(t, TABLE_CONVERSATIONS_BY_WIDGET, &all, recover_owner, index);

	if (index->n > 1)
		qsort(index->of, index->n, sizeof(index->of[0]), recover_compare);
	if (rc == 0)
		rc = recover_walk(
		    t, TABLE_CONVERSATIONS_BY_SESSION, &all, recover_session, index);
	if (rc == 0)
		rc = recover_walk(
		    t, TABLE_CONVERSATIONS_BY_CONTACT, &all, recover_contact, index);
	return rc;
}

/* messages, of the conversation. */
static void
recover_message(void *arg, struct slice key, struct slice value)
{
	struct msg_conversation_record *record = arg;
	struct msg_message_record message;

	record->next_seq = message_seq(key) + 1;
	if (record_decode(value, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
		return;
	/* The place of its reply stays empty. */
	if (message.status == MESSAGE_HANDED)
		record->next_seq++;
	if (record->messages++ == 0 && message.created_at < record->updated_at)
		record->created_at = message.created_at;
	if (message.text.len > 0)
		record->last_message = utf8_prefix(message.text, LAST_MESSAGE_UNITS);
	record->status = message.role != MESSAGE_USER
	    ? (uint8_t)conversation_status_of((enum message_status)message.status)
	    : CONVERSATION_ANY;
}

static struct slice
recover_name_session(struct recovered *r, const struct id *id)
{
	char text[ID_TEXT_LEN + 1];

	id_format(id, text);
	(void)snprintf(r->session, sizeof(r->session), "recovered-%s", text);
	return slice_str(r->session);
}

int
recover_conversation(
    struct recover_index *index, struct txn *t, const struct id *id, struct recovered *r)
{
	const struct recover_entry *e;
	struct key messages = key_id(id);
	int rc = index->known ? 0 : recover_read_indexes(index, t);

	index->known = true;
	if (rc != 0)
		return rc;
	e = recover_find(index, id);
	if (e == NULL)
		return MDB_NOTFOUND;
	r->record = (struct msg_conversation_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = e->org,
	    .widget = e->widget,
	    .session = e->session.len > 0 ? e->session : recover_name_session(r, id),
	    .created_at = e->updated_at,
	    .updated_at = e->updated_at,
	    .next_seq = 1,
	    .contact = e->contact,
	};
	return recover_walk(t, TABLE_MESSAGES, &messages, recover_message, &r->record);
}

void
recover_clear(struct recover_index *index)
{
	free(index->of);
	*index = (struct recover_index){0};
}
