/*
 * First the other contact's conversations move, some per request; with the last ones its fields do, and it is
 * removed. Its visitors without a conversation read as visitors without a contact then, as after a deletion.
 *
 * Until then the other contact names the one to which it moves, and no other merge may begin with it: the first
 * of two opposite merges wins. The contact that stays lists the last ones that it has replaced, so that a
 * merge whose answer was lost can be repeated.
 */
#include "storaged/records/contacts.h"

#include <string.h>

#include "proto/base/clock.h"
#include "storaged/changes/changes.h"

/* Contacts that a contact lists. */
#define MERGED_MAX 8u

static void
contact_merge_field(struct slice *field, struct slice other)
{
	if (field->len == 0)
		*field = other;
}

/* The list of merged contacts with one more; the oldest goes if it is full. */
static struct slice
contact_merge_list(struct slice merged, const struct id *other, struct id list[MERGED_MAX])
{
	size_t n = merged.len / sizeof(*other), skip = n < MERGED_MAX ? 0 : n - MERGED_MAX + 1;

	for (size_t i = skip; i < n; i++)
		memcpy(&list[i - skip], merged.p + i * sizeof(*other), sizeof(*other));
	list[n - skip] = *other;
	return (struct slice){list[0].b, (n - skip + 1) * sizeof(*other)};
}

/* Whether another contact became this one. */
static bool
contact_merge_is_done(const struct msg_contact_record *contact, const struct id *other)
{
	const struct slice list = contact->merged;

	for (size_t at = 0; at + sizeof(*other) <= list.len; at += sizeof(*other))
		if (memcmp(list.p + at, other, sizeof(*other)) == 0)
			return true;
	return false;
}

/* The contact as it is to become, encoded into t->env->text: its texts may lie in the map, where the first
 * change makes them invalid. */
static int
contact_merge_encode(
    struct txn *t, const union record *stored, const struct msg_contact_record *other)
{
	struct msg_contact_record merged = stored->contact;
	struct id list[MERGED_MAX];

	merged.merged = contact_merge_list(merged.merged, &other->id, list);
	contact_merge_field(&merged.name, other->name);
	contact_merge_field(&merged.email, other->email);
	contact_merge_field(&merged.phone, other->phone);
	contact_merge_field(&merged.user_id, other->user_id);
	merged.updated_at = clock_wall_after(merged.updated_at);
	buf_reset(&t->env->text);
	return record_encode(&t->env->text, MSG_CONTACT_RECORD, &merged) == -1 ? RECORD_DAMAGED
									       : 0;
}

/* Moves the fields. The other contact goes first: an e-mail belongs to one contact. */
static int
contact_merge_fields(struct txn *t, const union record *stored, const union record *other)
{
	const struct id org = other->org, id = other->id;
	struct contact_keys keys, before;
	union record merged;
	int rc = contact_merge_encode(t, stored, &other->contact);

	if (rc == 0)
		rc = contact_index_keys_of(&other->contact, &keys);
	if (rc == 0)
		rc = contact_index_keys_of(&stored->contact, &before);
	if (rc == 0)
		rc = contact_drop(t, &org, &id, &keys);
	if (rc == 0 &&
	    record_decode(buf_slice(&t->env->text), MSG_CONTACT_RECORD, &merged) != WIRE_OK)
		rc = RECORD_DAMAGED;
	if (rc == 0)
		rc = contact_put(t, &merged.contact, &before);
	if (rc == 0)
		rc = change_add(t, &org, CHANGE_CONTACT, &id, NULL, CHANGE_DELETED);
	return rc != 0 ? rc
		       : change_add(t, &org, CHANGE_CONTACT, &merged.id, NULL, CHANGE_MERGED);
}

static int
contact_merge_find(struct txn *t, struct call *c, const struct id *id, union record *r)
{
	int rc = record_find(t, &contact_kind, &c->m->contact_merge.org, id, r);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, contact_kind.missing) : rc;
}

/* Refuses a contact whose conversations move to another one than this. */
static int
contact_merge_check(struct txn *t, struct call *c, const struct msg_contact_record *contact,
    const struct id *to)
{
	struct msg_contact_record target;
	int rc;

	if (id_is_zero(&contact->merging) || (to != NULL && id_equal(&contact->merging, to)))
		return 0;
	rc = contact_find(t, &contact->org, &contact->merging, &target);
	if (rc == 0)
		return call_refuse(
		    c, STORE_BUSY, "the contact is being merged into another one");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Notes to which contact the conversations of the other one move. */
static int
contact_merge_mark(struct txn *t, struct call *c, const union record *other)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	struct key key = key_of_org(&m->org, &m->other);
	struct msg_contact_record marked = other->contact;

	if (id_equal(&marked.merging, &m->contact))
		return 0;
	marked.merging = m->contact;
	return txn_put_record(t, TABLE_CONTACTS, &key, &marked);
}

/* Both contacts exist, and are not the same. */
static int
contact_merge_step(struct txn *t, struct call *c, bool *left)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	union record contact, other;
	int rc = contact_move_some(t, &m->org, &m->other, &m->contact, left);

	if (rc == 0)
		rc = contact_merge_find(t, c, &m->other, &other);
	if (rc != 0 || *left)
		return rc != 0 ? rc : contact_merge_mark(t, c, &other);
	rc = contact_merge_find(t, c, &m->contact, &contact);
	return rc != 0 ? rc : contact_merge_fields(t, &contact, &other);
}

/* *done: the contacts have been merged before. */
static int
contact_merge_check_both(struct txn *t, struct call *c, bool *done)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	union record contact, other;
	int rc = contact_merge_find(t, c, &m->contact, &contact);

	if (rc == 0)
		rc = record_find(t, &contact_kind, &m->org, &m->other, &other);
	*done = rc == MDB_NOTFOUND && contact_merge_is_done(&contact.contact, &m->other);
	if (*done)
		return 0;
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, contact_kind.missing);
	if (rc == 0)
		rc = contact_merge_check(t, c, &contact.contact, NULL);
	return rc != 0 ? rc : contact_merge_check(t, c, &other.contact, &m->contact);
}

int
handle_contact_merge(struct txn *t, struct call *c)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	struct key key = key_of_org(&m->org, &m->contact);
	bool left = false, done;
	int rc;

	if (id_equal(&m->contact, &m->other))
		return call_refuse(c, STORE_INVALID, "a contact cannot be merged with itself");
	rc = contact_merge_check_both(t, c, &done);
	if (rc == 0 && !done)
		rc = contact_merge_step(t, c, &left);
	if (rc != 0)
		return rc;
	if (!left)
		return record_answer(t, c, &contact_kind, &key);
	call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
	return 0;
}
