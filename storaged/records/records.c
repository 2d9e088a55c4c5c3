/*
 * A record is read and checked completely before the first change, so a refused request changes nothing.
 */
#include "storaged/records/records.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/changes/change_answer.h"
#include "storaged/changes/changes.h"
#include "storaged/mail/mails.h"
#include "storaged/records/organizations.h"

#define RECORD_BEGINS_ALIKE(type)                                                       \
	_Static_assert(offsetof(struct msg_##type, id) == offsetof(union record, id) && \
		offsetof(struct msg_##type, org) == offsetof(union record, org),        \
	    "version, id, organization")

RECORD_BEGINS_ALIKE(agent_record);
RECORD_BEGINS_ALIKE(widget_record);
RECORD_BEGINS_ALIKE(contact_record);
RECORD_BEGINS_ALIKE(user_record);
RECORD_BEGINS_ALIKE(webhook_record);
RECORD_BEGINS_ALIKE(tag_record);
RECORD_BEGINS_ALIKE(snippet_record);
RECORD_BEGINS_ALIKE(block_record);
RECORD_BEGINS_ALIKE(invitation_record);
RECORD_BEGINS_ALIKE(source_record);
RECORD_BEGINS_ALIKE(answer_record);
RECORD_BEGINS_ALIKE(gap_record);
RECORD_BEGINS_ALIKE(tool_record);

const char *
record_fault(uint8_t v, const struct id *id, const struct id *org)
{
	if (v != RECORD_VERSION)
		return "the record has an unknown version";
	if (id_is_zero(id) || id_is_zero(org))
		return "a record needs an id and an organization";
	return NULL;
}

int
record_check_name(struct txn *t, struct call *c, enum table table, const union record *r,
    size_t name_at, enum store_error clash)
{
	const struct slice *name = (const void *)((const char *)r + name_at);
	struct key front = key_id(&r->org);
	union record other;
	const struct slice *taken = (const void *)((const char *)&other + name_at);
	struct walk w;
	int rc;

	if (name->len == 0)
		return call_refuse(c, STORE_INVALID, "the record needs a name");
	rc = walk_open(&w, t, table, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = record_read(w.value, table, &other);
		if (rc == 0 && !id_equal(&other.id, &r->id) && slice_eq(*taken, *name))
			break;
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	if (rc == 0)
		return call_refuse(c, clash, "another record has this name");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static struct key
record_key(const union record *r)
{
	return key_of_org(&r->org, &r->id);
}

/* A time in the record, by its offset. */
static uint64_t *
record_time(union record *r, size_t offset)
{
	return (void *)((char *)r + offset);
}

int
record_find(struct txn *t, const struct record_kind *kind, const struct id *org,
    const struct id *id, union record *r)
{
	struct key key = key_of_org(org, id);

	return txn_get_record(t, kind->table, &key, r);
}

int
record_answer(
    struct txn *t, struct call *c, const struct record_kind *kind, const struct key *key)
{
	struct msg_record answer;
	union record r;
	int rc = txn_get(t, kind->table, key, &answer.record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, kind->missing);
	/* The receiver's decoder does not know the kind, so it does not check the bytes. */
	if (rc == 0)
		rc = record_read(answer.record, kind->table, &r);
	if (rc == 0)
		call_answer(c, MSG_RECORD, &answer);
	return rc;
}

static void
record_keep(
    const struct record_kind *kind, union record *r, const union record *stored, bool fresh)
{
	if (kind->keep != NULL)
		kind->keep(r, stored, fresh);
}

static int
record_check(struct txn *t, struct call *c, const struct record_kind *kind,
    const union record *r, enum store_error clash)
{
	return kind->check == NULL ? 0 : kind->check(t, c, r, clash);
}

/* After the record was stored or removed. */
static int
record_changed(const struct record_kind *kind, struct call *c, int rc)
{
	if (rc == 0 && kind->changed != NULL)
		kind->changed(c);
	return rc;
}

int
record_store(struct txn *t, const struct record_kind *kind, const union record *r,
    const union record *stored)
{
	struct key key = record_key(r);

	if (kind->store != NULL)
		return kind->store(t, r, stored);
	return txn_put_record(t, kind->table, &key, r);
}

int
record_add_change(
    struct txn *t, const struct record_kind *kind, const union record *r, enum change_what what)
{
	return change_add(t, &r->org, kind->change, &r->id, NULL, what);
}

static int
record_check_room(
    struct txn *t, struct call *c, const struct record_kind *kind, const struct id *org)
{
	if (kind->check_room != NULL)
		return kind->check_room(t, c, org);
	if (kind->max == 0)
		return 0;
	return listing_check_room(t, c, kind->table, org, kind->max, kind->too_many);
}

int
record_create(struct txn *t, struct call *c, const struct record_kind *kind, union record *r)
{
	int rc = organization_check(t, c, &r->org);

	if (rc == 0)
		rc = record_check(t, c, kind, r, STORE_EXISTS);
	if (rc == 0)
		rc = record_check_room(t, c, kind, &r->org);
	if (rc != 0)
		return rc;
	record_keep(kind, r, NULL, true);
	*record_time(r, kind->created_at) = *record_time(r, kind->updated_at) = clock_wall_ms();
	if (kind->begin != NULL)
		rc = kind->begin(t, r);
	if (rc == 0)
		rc = record_changed(kind, c, record_store(t, kind, r, NULL));
	return rc != 0 ? rc : record_add_change(t, kind, r, CHANGE_CREATED);
}

static int
record_replace(struct txn *t, struct call *c, const struct record_kind *kind, bool fresh,
    struct slice bytes, union record *r)
{
	const uint64_t read_at = *record_time(r, kind->updated_at);
	union record stored;
	uint64_t stored_at;
	int rc = record_read(bytes, kind->table, &stored);

	if (rc != 0)
		return rc;
	stored_at = *record_time(&stored, kind->updated_at);
	*record_time(r, kind->created_at) = *record_time(&stored, kind->created_at);
	*record_time(r, kind->updated_at) = stored_at;
	record_keep(kind, r, &stored, fresh);
	if (record_equals(t, kind->table, r, bytes))
		return 0;
	if (fresh)
		return call_refuse(c, STORE_EXISTS, "another record has this id");
	rc = call_check_read(c, read_at, stored_at);
	if (rc == 0)
		rc = record_check(t, c, kind, r, STORE_EXISTS);
	if (rc != 0)
		return rc;
	*record_time(r, kind->updated_at) = clock_wall_after(stored_at);
	rc = record_store(t, kind, r, &stored);
	if (rc == 0)
		rc = record_add_change(t, kind, r, CHANGE_CHANGED);
	if (rc == 0 && kind->replaced != NULL)
		kind->replaced(c, r, &stored);
	return record_changed(kind, c, rc);
}

/* Why the request is invalid; NULL: it is valid, and *r is its record. */
static const char *
record_put_fault(
    const struct record_kind *kind, const struct msg_record_put *m, union record *r)
{
	const char *refused = m->fresh ? kind->no_create : kind->no_replace;

	if (refused != NULL)
		return refused;
	if (record_decode(m->record, table_record(kind->table), r) != WIRE_OK)
		return "the record is invalid";
	return record_fault(r->v, &r->id, &r->org);
}

static int
record_create_with_mail(
    struct txn *t, struct call *c, const struct record_kind *kind, union record *r)
{
	const struct slice bytes = c->m->record_put.mail;
	const struct id id = r->id, org = r->org;
	struct msg_mail_record mail;
	const char *fault = bytes.len == 0 ? NULL : mails_fault(bytes, &mail);
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	if (bytes.len > 0 &&
	    (kind->table != TABLE_INVITATIONS || mail.kind != MAIL_INVITATION ||
		!id_equal(&mail.about, &id) || !id_equal(&mail.org, &org)))
		return call_refuse(c, STORE_INVALID, "the mail is about something else");
	rc = record_create(t, c, kind, r);
	return rc != 0 || bytes.len == 0 ? rc : mails_add(t, c, &mail);
}

int
record_put(struct txn *t, struct call *c, const struct record_kind *kind)
{
	const struct msg_record_put *m = &c->m->record_put;
	union record r;
	const char *fault = record_put_fault(kind, m, &r);
	struct slice bytes;
	struct key key;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	key = record_key(&r);
	rc = txn_get(t, kind->table, &key, &bytes);
	if (rc == 0)
		rc = record_replace(t, c, kind, m->fresh, bytes, &r);
	else if (rc == MDB_NOTFOUND)
		rc = m->fresh ? record_create_with_mail(t, c, kind, &r)
			      : call_refuse(c, STORE_NOT_FOUND, kind->missing);
	return rc != 0 ? rc : record_answer(t, c, kind, &key);
}

int
record_import(
    struct txn *t, struct call *c, const struct record_kind *kind, const union record *r)
{
	const char *fault = record_fault(r->v, &r->id, &r->org);
	bool looks = kind->store != NULL || kind->replaced != NULL;
	union record stored, own = *r;
	int rc;

	/* Its mail is not imported. */
	if (kind->table == TABLE_INVITATIONS && own.invitation.mail == 1 + MAIL_WAITING)
		own.invitation.mail = 0;
	r = &own;
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = record_check(t, c, kind, r, STORE_INVALID);
	if (rc != 0)
		return rc;
	/* A record without indexes can replace a damaged one. */
	rc = looks ? record_find(t, kind, &r->org, &r->id, &stored) : MDB_NOTFOUND;
	if (rc == 0) {
		rc = record_store(t, kind, r, &stored);
		if (rc == 0 && kind->replaced != NULL)
			kind->replaced(c, r, &stored);
	} else if (rc == MDB_NOTFOUND) {
		rc = record_store(t, kind, r, NULL);
	}
	rc = record_changed(kind, c, rc);
	if (rc == 0)
		rc = record_add_change(t, kind, r, CHANGE_IMPORTED);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
record_delete(struct txn *t, struct call *c, const struct record_kind *kind)
{
	const struct msg_record_delete *m = &c->m->record_delete;
	struct key key = key_of_org(&m->org, &m->id);
	union record r;
	bool left = false;
	int rc = record_find(t, kind, &m->org, &m->id, &r);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, kind->missing);
	/* A damaged record without indexes can be removed: its key is enough. */
	if (rc == RECORD_DAMAGED && kind->store == NULL) {
		r = (union record){.id = m->id, .org = m->org};
		rc = 0;
	}
	if (rc == 0)
		rc = kind->remove != NULL ? kind->remove(t, c, &r, &left)
					  : txn_del(t, kind->table, &key);
	rc = record_changed(kind, c, rc);
	if (rc == 0 && !left)
		rc = record_add_change(t, kind, &r, CHANGE_DELETED);
	if (rc != 0)
		return rc;
	if (!left)
		return change_answer(t, c, MSG_OK, &(struct msg_ok){});
	call_answer(c, MSG_UNFINISHED, &(struct msg_unfinished){});
	return 0;
}
