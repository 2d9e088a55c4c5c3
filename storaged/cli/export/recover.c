/*
 * Each source is a walk that fills some fields of the record.
 */
#include "storaged/cli/export/recover.h"

#include <stdio.h>

#include "proto/base/utf8.h"
#include "storaged/conversations/conversations.h"

/* Takes what an entry says about the conversation. True: nothing more is needed from this table. */
typedef bool recover_fn(struct recovered *r, struct slice key, struct slice value);

/* Walks over the intact entries of a table whose keys begin with front. MDB_NOTFOUND: none was enough. */
static int
recover_walk(struct txn *t, enum table table, const struct key *front, recover_fn *take,
    struct recovered *r)
{
	struct walk w;
	int rc = walk_open(&w, t, table, front);

	if (rc == 0)
		rc = walk_from(&w, front);
	while (rc == 0 && (w.damaged || !key_fits(table, w.key) || !take(r, w.key, w.value)))
		rc = walk_next(&w);
	walk_close(&w);
	return rc;
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

static bool
recover_names(const struct recovered *r, struct slice key)
{
	struct id id = activity_conversation(key);

	return id_equal(&id, &r->record.id);
}

/* conversations_by_widget. */
static bool
recover_owner(struct recovered *r, struct slice key, [[gnu::unused]] struct slice value)
{
	if (!recover_names(r, key))
		return false;
	org_key_parts(
	    (struct slice){key.p, 2 * sizeof(struct id)}, &r->record.org, &r->record.widget);
	r->record.updated_at = recover_time(activity_cursor(key));
	return true;
}

/* conversations_by_contact. */
static bool
recover_contact(struct recovered *r, struct slice key, [[gnu::unused]] struct slice value)
{
	struct id org;

	if (!recover_names(r, key))
		return false;
	org_key_parts((struct slice){key.p, 2 * sizeof(struct id)}, &org, &r->record.contact);
	return true;
}

/* conversations_by_session, of the widget. */
static bool
recover_session(struct recovered *r, struct slice key, struct slice value)
{
	const size_t front = 2 * sizeof(struct id);
	struct slice session = {key.p + front, key.len - front};
	struct key id = key_id(&r->record.id);

	if (!slice_eq(value, key_slice(&id)) || !utf8_valid(session))
		return false;
	r->record.session = session;
	return true;
}

/* messages, of the conversation. */
static bool
recover_message(struct recovered *r, struct slice key, struct slice value)
{
	struct msg_conversation_record *record = &r->record;
	struct msg_message_record message;

	record->next_seq = message_seq(key) + 1;
	if (record_decode(value, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
		return false;
	if (record->messages++ == 0 && message.created_at < record->updated_at)
		record->created_at = message.created_at;
	if (message.text.len > 0)
		record->last_message = utf8_prefix(message.text, LAST_MESSAGE_UNITS);
	record->state = message.role == MESSAGE_ASSISTANT
	    ? (uint8_t)conversation_state_of((enum message_status)message.status)
	    : CONVERSATION_ANY;
	return false;
}

static void
recover_name_session(struct recovered *r)
{
	char text[ID_TEXT_LEN + 1];

	id_format(&r->record.id, text);
	(void)snprintf(r->session, sizeof(r->session), "recovered-%s", text);
	r->record.session = slice_str(r->session);
}

int
recover_conversation(struct txn *t, const struct id *id, struct recovered *r)
{
	const struct key all = {0};
	struct key messages = key_id(id), widget;
	int rc;

	*r = (struct recovered){.record = {.v = RECORD_VERSION, .id = *id, .next_seq = 1}};
	rc = recover_walk(t, TABLE_CONVERSATIONS_BY_WIDGET, &all, recover_owner, r);
	if (rc != 0)
		return rc;
	r->record.created_at = r->record.updated_at;
	widget = key_of_org(&r->record.org, &r->record.widget);
	rc = recover_walk(t, TABLE_CONVERSATIONS_BY_SESSION, &widget, recover_session, r);
	if (rc == MDB_NOTFOUND)
		recover_name_session(r);
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = recover_walk(t, TABLE_CONVERSATIONS_BY_CONTACT, &all, recover_contact, r);
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = recover_walk(t, TABLE_MESSAGES, &messages, recover_message, r);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
