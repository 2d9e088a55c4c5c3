/*
 * Mentions: each is of a user who exists, by a note that mentions the user; and each user whom a note mentions has a
 * row, unless the user is the author, is gone, or has as many rows as are kept.
 */
#include "storaged/conversations/mentions.h"
#include "storaged/verify/verify_internal.h"

/* Whether a note mentions a user other than its author. */
static bool
verify_note_mentions(const struct msg_note_record *note, const struct id *user)
{
	struct slice mentions = note->mentions;
	struct id one;

	while (mention_next(&mentions, &one))
		if (id_equal(&one, user))
			return !id_equal(user, &note->author);
	return false;
}

/* verify_records.c reports a note that does not decode. */
static int
verify_mention_note(struct checker *c, const char *name, const struct msg_mention_record *r)
{
	struct key key = key_of_org(&r->conversation, &r->note);
	struct msg_note_record note;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_NOTES, &key, &value);

	if (rc == MDB_NOTFOUND || rc == RECORD_DAMAGED)
		return verify_named(c, TABLE_MENTIONS, name, "is of note", TABLE_NOTES, &key);
	if (rc == 0 && record_decode(value, MSG_NOTE_RECORD, &note) == WIRE_OK &&
	    !verify_note_mentions(&note, &r->user))
		verify_found(c, TABLE_MENTIONS, "%s is of a note without it", name);
	return rc;
}

static int
verify_mention(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id note = key_back(key);
	struct record_name name = verify_record_name("a mention by note", &note);
	struct msg_mention_record r;
	struct key right;
	int rc;

	(void)arg;
	if (!verify_record(c, TABLE_MENTIONS, name.s, value, &r))
		return 0;
	right = key_mention(&r.org, &r.user, &r.note);
	if (!slice_eq(key, key_slice(&right))) {
		verify_found(c, TABLE_MENTIONS, "%s has other ids than its key", name.s);
		return 0;
	}
	right = key_of_org(&r.org, &r.user);
	rc = verify_named(c, TABLE_MENTIONS, name.s, "is of user", TABLE_USERS, &right);
	return rc != 0 ? rc : verify_mention_note(c, name.s, &r);
}

/* Whether a user has as many rows as are kept: older ones are gone. */
static int
verify_mentions_are_full(struct checker *c, const struct key *user, bool *full)
{
	size_t n = 0;
	struct walk w;
	int rc = walk_open(&w, c->txn, TABLE_MENTIONS, user);

	if (rc == 0)
		rc = walk_from(&w, user);
	for (; rc == 0; rc = walk_next(&w))
		n++;
	walk_close(&w);
	*full = n >= MENTIONS_MAX;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Reports a user whom a note mentions, and who has no row. */
static int
verify_mentioned(struct checker *c, const struct msg_note_record *note, const struct id *user)
{
	struct key key = key_mention(&note->org, user, &note->id),
		   of_user = key_of_org(&note->org, user);
	bool full;
	int rc;

	if (id_equal(user, &note->author) || verify_has(c, TABLE_MENTIONS, &key, &rc) ||
	    rc != 0)
		return id_equal(user, &note->author) ? 0 : rc;
	if (!verify_has(c, TABLE_USERS, &of_user, &rc) || rc != 0)
		return rc;
	rc = verify_mentions_are_full(c, &of_user, &full);
	if (rc == 0 && !full)
		verify_found(c, TABLE_NOTES, "note %s mentions user %s, who has no row of it",
		    verify_id_text(&note->id).s, verify_id_text(user).s);
	return rc;
}

/* arg: the checker that reports. */
static int
verify_note_mentioned(struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct checker *c = arg;
	struct msg_note_record note;
	struct slice mentions;
	struct id user;
	int rc = 0;

	(void)quiet;
	(void)key;
	if (record_decode(value, MSG_NOTE_RECORD, &note) != WIRE_OK)
		return 0;
	mentions = note.mentions;
	while (rc == 0 && mention_next(&mentions, &user))
		rc = verify_mentioned(c, &note, &user);
	return rc;
}

int
verify_mentions(struct checker *c)
{
	struct verify_result unused;
	struct checker quiet = verify_quietly(c, &unused);
	int rc = verify_table(c, TABLE_MENTIONS, verify_mention, NULL);

	return rc != 0 ? rc : verify_table(&quiet, TABLE_NOTES, verify_note_mentioned, c);
}
