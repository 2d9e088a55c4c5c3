/*
 * Rows of the table mentions.
 */
#include "storaged/conversations/mentions.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/changes/changes.h"

/* Bytes of a note's mentions, as in messages.def. */
#define NOTE_MENTIONS_MAX 320u

bool
mention_next(struct slice *mentions, struct id *user)
{
	if (mentions->len < sizeof(user->b))
		return false;
	memcpy(user->b, mentions->p, sizeof(user->b));
	mentions->p += sizeof(user->b);
	mentions->len -= sizeof(user->b);
	return true;
}

/* A note's mentions, outside of the map. */
static struct slice
mentions_copy(const struct msg_note_record *note, uint8_t copy[static NOTE_MENTIONS_MAX])
{
	must(slice_copy(note->mentions, copy, NOTE_MENTIONS_MAX));
	return (struct slice){copy, note->mentions.len};
}

static int
mention_announce(struct txn *t, const struct msg_mention_record *r, enum change_what what)
{
	return change_add(t, &r->org, CHANGE_MENTION, &r->user, &r->conversation, what);
}

/* Removes the oldest row of a user who has more than MENTIONS_MAX. */
static int
mentions_trim(struct txn *t, const struct id *org, const struct id *user)
{
	struct key front = key_of_org(org, user), oldest;
	size_t n = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MENTIONS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w))
		if (n++ == 0)
			oldest = key_of(w.key);
	walk_close(&w);
	if (rc != MDB_NOTFOUND)
		return rc;
	return n <= MENTIONS_MAX ? 0 : txn_del(t, TABLE_MENTIONS, &oldest);
}

static int
mention_put(struct txn *t, const struct msg_mention_record *r, enum change_what what)
{
	struct key key = key_mention(&r->org, &r->user, &r->note);
	int rc = txn_put_record(t, TABLE_MENTIONS, &key, r);

	if (rc == 0)
		rc = mentions_trim(t, &r->org, &r->user);
	return rc != 0 ? rc : mention_announce(t, r, what);
}

/* Adds a row, unless it is there, or the user does not exist. */
static int
mention_add(struct txn *t, const struct msg_mention_record *r, enum change_what what)
{
	struct key user = key_of_org(&r->org, &r->user),
		   key = key_mention(&r->org, &r->user, &r->note);
	struct slice value;
	int rc = txn_get(t, TABLE_USERS, &user, &value);

	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	rc = txn_get(t, TABLE_MENTIONS, &key, &value);
	return rc == MDB_NOTFOUND ? mention_put(t, r, what) : rc;
}

int
mentions_add(struct txn *t, const struct msg_note_record *note, enum change_what what)
{
	struct msg_mention_record r = {.v = RECORD_VERSION,
	    .org = note->org,
	    .note = note->id,
	    .conversation = note->conversation};
	const struct id author = note->author;
	uint8_t copy[NOTE_MENTIONS_MAX];
	struct slice mentions = mentions_copy(note, copy);
	int rc = 0;

	while (rc == 0 && mention_next(&mentions, &r.user))
		if (!id_equal(&r.user, &author))
			rc = mention_add(t, &r, what);
	return rc;
}

/* Removes the rows of a note with these mentions, which do not lie in the map; announce: tells the users' pages. */
static int
mentions_drop(struct txn *t, struct msg_mention_record *r, struct slice mentions, bool announce)
{
	struct slice row;
	int rc = 0;

	while (rc == 0 && mention_next(&mentions, &r->user)) {
		struct key key = key_mention(&r->org, &r->user, &r->note);

		rc = announce ? txn_get(t, TABLE_MENTIONS, &key, &row) : 0;
		if (rc == MDB_NOTFOUND) {
			rc = 0;
			continue;
		}
		if (rc == 0 || rc == RECORD_DAMAGED)
			rc = txn_del(t, TABLE_MENTIONS, &key);
		if (rc == 0 && announce)
			rc = mention_announce(t, r, CHANGE_DELETED);
	}
	return rc;
}

static int
mentions_drop_note(struct txn *t, const struct msg_note_record *note, bool announce)
{
	struct msg_mention_record r = {
	    .org = note->org, .note = note->id, .conversation = note->conversation};
	uint8_t copy[NOTE_MENTIONS_MAX];

	return mentions_drop(t, &r, mentions_copy(note, copy), announce);
}

int
mentions_remove(struct txn *t, const struct msg_note_record *note)
{
	return mentions_drop_note(t, note, true);
}

int
mentions_erase_conversation(struct txn *t, const struct id *conversation)
{
	struct key front = key_id(conversation);
	struct msg_note_record note;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NOTES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		if (record_read(w.value, TABLE_NOTES, &note) == 0)
			rc = mentions_drop_note(t, &note, false);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
mentions_erase_user(struct txn *t, const struct id *org, const struct id *user)
{
	struct key front = key_of_org(org, user);

	return txn_del_all(t, TABLE_MENTIONS, &front);
}

int
mentions_count_unread(struct txn *t, const struct id *org, const struct id *user, uint32_t *n)
{
	struct key front = key_of_org(org, user);
	struct msg_mention_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MENTIONS, &front);

	*n = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w))
		if (record_read(w.value, TABLE_MENTIONS, &r) == 0 && r.read_at == 0)
			(*n)++;
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Whether the note is here and mentions the user, who is here, too. */
static int
mention_is_known(struct txn *t, const struct msg_mention_record *r, bool *known)
{
	struct key user = key_of_org(&r->org, &r->user),
		   note = key_of_org(&r->conversation, &r->note);
	struct msg_note_record record;
	struct slice value, mentions;
	struct id one;
	int rc = txn_get(t, TABLE_USERS, &user, &value);

	*known = false;
	if (rc == 0)
		rc = txn_get_record(t, TABLE_NOTES, &note, &record);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	mentions = record.mentions;
	while (!*known && mention_next(&mentions, &one))
		*known = id_equal(&one, &r->user) && id_equal(&record.org, &r->org);
	return 0;
}

int
mention_import(struct txn *t, struct call *c, const struct msg_mention_record *r)
{
	struct key key = key_mention(&r->org, &r->user, &r->note);
	struct msg_mention_record stored;
	bool known;
	int rc = mention_is_known(t, r, &known);

	if (rc == 0 && known) {
		rc = txn_get_record(t, TABLE_MENTIONS, &key, &stored);
		/* The user may have read it since the export. */
		if (rc == 0 && stored.read_at >= r->read_at)
			known = false;
		rc = txn_survives(rc) ? 0 : rc;
	}
	if (rc == 0 && known)
		rc = mention_put(t, r, CHANGE_IMPORTED);
	if (rc == 0)
		call_ok(c);
	return rc;
}
