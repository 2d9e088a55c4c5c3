/*
 * First the other contact's conversations move, some per request; with the last ones its fields do, and it is
 * removed. Its visitors without a conversation read as visitors without a contact then, as after a deletion.
 */
#include "storaged/records/contact_merge.h"

#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/records/contacts.h"

static void
contact_merge_field(struct slice *field, struct slice other)
{
	if (field->len == 0)
		*field = other;
}

/* The contact as it is to become, encoded into t->env->text: its texts may lie in the map, where the first
 * change makes them invalid. */
static int
contact_merge_encode(
    struct txn *t, const union record *stored, const struct msg_contact_record *other)
{
	struct msg_contact_record merged = stored->contact;

	contact_merge_field(&merged.name, other->name);
	contact_merge_field(&merged.email, other->email);
	contact_merge_field(&merged.phone, other->phone);
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

/* Both contacts exist, and are not the same. */
static int
contact_merge_step(struct txn *t, struct call *c, bool *left)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	union record contact, other;
	int rc = contact_move_some(t, &m->org, &m->other, &m->contact, left);

	if (rc != 0 || *left)
		return rc;
	rc = contact_merge_find(t, c, &m->contact, &contact);
	if (rc == 0)
		rc = contact_merge_find(t, c, &m->other, &other);
	return rc != 0 ? rc : contact_merge_fields(t, &contact, &other);
}

int
handle_contact_merge(struct txn *t, struct call *c)
{
	const struct msg_contact_merge *m = &c->m->contact_merge;
	struct key key = key_of_org(&m->org, &m->contact);
	union record unused;
	bool left = false;
	int rc;

	if (id_equal(&m->contact, &m->other))
		return call_refuse(c, STORE_INVALID, "a contact cannot be merged with itself");
	rc = contact_merge_find(t, c, &m->contact, &unused);
	if (rc == 0)
		rc = contact_merge_find(t, c, &m->other, &unused);
	if (rc == 0)
		rc = contact_merge_step(t, c, &left);
	if (rc != 0)
		return rc;
	if (!left)
		return record_answer(t, c, &contact_kind, &key);
	call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
	return 0;
}
