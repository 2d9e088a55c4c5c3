/*
 * Private notes of conversations.
 */
#include "proto/base/clock.h"
#include "storaged/changes/change_answer.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/mentions.h"
#include "storaged/inbox/inbox.h"
#include "storaged/keys/keys.h"
#include "storaged/records/users.h"
#include "storaged/request/listing.h"

static const char note_missing[] = "no such note";

/* Why a note cannot be stored; NULL: it can. */
static const char *
note_fault(const struct msg_note_record *r)
{
	if (r->v != RECORD_VERSION || id_is_zero(&r->id))
		return "the note has an unknown version, or no id";
	if (r->mentions.len % sizeof(struct id) != 0)
		return "the note's mentions are no ids";
	return r->text.len == 0 ? "a note needs a text" : NULL;
}

static struct key
note_key(const struct msg_note_record *r)
{
	return key_of_org(&r->conversation, &r->id);
}

static int
note_answer(struct txn *t, struct call *c, const struct key *key)
{
	struct msg_note_record r;
	struct slice record;
	int rc = txn_get(t, TABLE_NOTES, key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_NOTES, &r);
	if (rc == 0)
		call_answer(c, MSG_RECORD, &(struct msg_record){.record = record});
	return rc;
}

static int
note_add_change(struct txn *t, const struct msg_note_record *r, enum change_what what)
{
	return change_add(t, &r->org, CHANGE_NOTE, &r->id, &r->conversation, what);
}

/* Fills in the author's name as it is now: the user or the key may be renamed or removed later. */
static int
note_find_author(struct txn *t, const struct call *c, struct msg_note_record *r)
{
	const struct id *key = &c->m->note_add.key;
	struct msg_user_record user;
	struct msg_key_record by_key;
	int rc = MDB_NOTFOUND;

	if (!id_is_zero(&r->author)) {
		rc = user_find(t, &r->org, &r->author, &user);
		if (rc == 0)
			r->author_name = user.name.len > 0 ? user.name : user.email;
	} else if (!id_is_zero(key)) {
		rc = key_find(t, &r->org, key, &by_key);
		if (rc == 0)
			r->author_name = by_key.name;
	}
	return txn_survives(rc) ? 0 : rc;
}

/* Refuses a note that mentions a user who does not exist. */
static int
note_check_mentions(struct txn *t, struct call *c, const struct msg_note_record *r)
{
	struct slice mentions = r->mentions;
	struct msg_user_record record;
	struct id user;
	int rc = 0;

	while (rc == 0 && mention_next(&mentions, &user))
		rc = user_find(t, &r->org, &user, &record);
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_CONFLICT, user_missing) : rc;
}

/* A repeated request finds its note. */
static int
note_add(struct txn *t, struct call *c, struct msg_note_record *r)
{
	struct key key = note_key(r);
	struct slice stored;
	int rc = txn_get(t, TABLE_NOTES, &key, &stored);

	if (rc != MDB_NOTFOUND)
		return rc;
	rc = listing_check_room(t, c, TABLE_NOTES, &r->conversation, NOTES_MAX,
	    "the conversation has too many notes");
	if (rc != 0)
		return rc;
	rc = note_check_mentions(t, c, r);
	if (rc != 0)
		return rc;
	r->created_at = clock_wall_ms();
	rc = note_find_author(t, c, r);
	if (rc != 0)
		return rc;
	rc = txn_put_record(t, TABLE_NOTES, &key, r);
	if (rc == 0)
		rc = note_add_change(t, r, CHANGE_CREATED);
	return rc != 0 ? rc : mentions_add(t, r, CHANGE_CREATED);
}

int
handle_note_add(struct txn *t, struct call *c)
{
	struct msg_conversation_record conversation;
	struct msg_note_record r;
	const char *fault;
	struct key key;
	int rc;

	if (record_decode(c->m->note_add.note, MSG_NOTE_RECORD, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no note");
	fault = note_fault(&r);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = inbox_find(t, c, &r.org, &r.conversation, &conversation);
	if (rc == 0)
		rc = note_add(t, c, &r);
	if (rc != 0)
		return rc;
	key = note_key(&r);
	return note_answer(t, c, &key);
}

int
handle_note_list(struct txn *t, struct call *c)
{
	const struct msg_note_list *m = &c->m->note_list;
	struct listing l = listing_of(TABLE_NOTES, &m->conversation, &m->cursor, m->limit);
	struct msg_conversation_record conversation;
	int rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);

	return rc != 0 ? rc : listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

int
handle_note_delete(struct txn *t, struct call *c)
{
	const struct msg_note_delete *m = &c->m->note_delete;
	struct key key = key_of_org(&m->conversation, &m->note);
	struct msg_conversation_record conversation;
	struct msg_note_record note;
	int rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);

	if (rc == 0)
		rc = txn_get_record(t, TABLE_NOTES, &key, &note);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, note_missing);
	if (rc != 0 && rc != RECORD_DAMAGED)
		return rc;
	if (!id_is_zero(&m->author) &&
	    (rc == RECORD_DAMAGED || !id_equal(&m->author, &note.author)))
		return call_refuse(c, STORE_DENIED, "the note is of another author");
	/* A damaged note can be removed: its key is enough. */
	rc = rc == 0 ? mentions_remove(t, &note) : 0;
	if (rc == 0)
		rc = txn_del(t, TABLE_NOTES, &key);
	if (rc == 0)
		rc = change_add(
		    t, &m->org, CHANGE_NOTE, &m->note, &m->conversation, CHANGE_DELETED);
	return rc != 0 ? rc : change_answer(t, c, MSG_OK, &(struct msg_ok){});
}

/* Stores an imported note and its mentions; those of another version of it are removed. */
static int
note_replace(struct txn *t, const struct msg_note_record *r)
{
	struct msg_note_record stored;
	struct key key = note_key(r);
	int rc = txn_get_record(t, TABLE_NOTES, &key, &stored);

	if (rc == 0 && !slice_eq(stored.mentions, r->mentions))
		rc = mentions_remove(t, &stored);
	if (rc == 0 || txn_survives(rc))
		rc = txn_put_record(t, TABLE_NOTES, &key, r);
	return rc != 0 ? rc : mentions_add(t, r, CHANGE_IMPORTED);
}

int
note_import(struct txn *t, struct call *c, const struct msg_note_record *r)
{
	const char *fault = note_fault(r);
	struct msg_conversation_record conversation;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = inbox_find(t, c, &r->org, &r->conversation, &conversation);
	if (rc == 0)
		rc = note_replace(t, r);
	if (rc == 0)
		rc = note_add_change(t, r, CHANGE_IMPORTED);
	if (rc == 0)
		call_ok(c);
	return rc;
}
