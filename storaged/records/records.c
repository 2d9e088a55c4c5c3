/*
 * One way for all kinds. A record is read, checked and only then stored, so that a request that is
 * refused has changed nothing.
 */
#include "storaged/records/records.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/records/organizations.h"
#include "storaged/request/listing.h"

#define BEGINS_AS_ALL(type)                                                            \
	_Static_assert(offsetof(struct msg_##type, id) == offsetof(union thing, id) && \
		offsetof(struct msg_##type, org) == offsetof(union thing, org),        \
	    "version, id, organization")

BEGINS_AS_ALL(agent_record);
BEGINS_AS_ALL(widget_record);
BEGINS_AS_ALL(contact_record);
BEGINS_AS_ALL(user_record);

/* A message that has nothing but a record. */
struct one {
	struct slice record;
};

_Static_assert(sizeof(struct msg_agent) == sizeof(struct one), "nothing but a record");
_Static_assert(sizeof(struct msg_widget) == sizeof(struct one), "nothing but a record");
_Static_assert(sizeof(struct msg_contact) == sizeof(struct one), "nothing but a record");
_Static_assert(sizeof(struct msg_user) == sizeof(struct one), "nothing but a record");

const char *
thing_fault(uint8_t v, const struct id *id, const struct id *org)
{
	if (v != RECORD_VERSION)
		return "the record is of an unknown version";
	if (id_is_zero(id) || id_is_zero(org))
		return "a record needs its id and its organization";
	return NULL;
}

static struct key
key_of_thing(const union thing *r)
{
	return key_of_org(&r->org, &r->id);
}

/* The time that a record has there. */
static uint64_t *
moment(union thing *r, size_t offset)
{
	return (void *)((char *)r + offset);
}

/* -- reading ------------------------------------------------------------------------------ */

int
thing_find(struct txn *t, const struct thing_kind *kind, const struct id *org,
    const struct id *id, union thing *r)
{
	struct key key = key_of_org(org, id);

	return txn_get_record(t, kind->table, &key, kind->record, r);
}

int
thing_answer(
    struct txn *t, struct call *c, const struct thing_kind *kind, const struct key *key)
{
	struct one one;
	int rc = txn_get(t, kind->table, key, &one.record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, kind->missing);
	if (rc == 0)
		call_answer(c, kind->answer, &one);
	return rc;
}

int
thing_get(struct txn *t, struct call *c, const struct thing_kind *kind, const struct id *org,
    const struct id *id)
{
	struct key key = key_of_org(org, id);

	return thing_answer(t, c, kind, &key);
}

/* -- making and changing ------------------------------------------------------------------ */

static void
keep(const struct thing_kind *kind, union thing *r, const union thing *there, bool fresh)
{
	if (kind->keep != NULL)
		kind->keep(r, there, fresh);
}

static int
check(struct txn *t, struct call *c, const struct thing_kind *kind, const union thing *r,
    enum store_error clash)
{
	return kind->check == NULL ? 0 : kind->check(t, c, r, clash);
}

int
thing_store(struct txn *t, const struct thing_kind *kind, const union thing *r,
    const union thing *there)
{
	struct key key = key_of_thing(r);

	if (kind->store != NULL)
		return kind->store(t, r, there);
	return txn_put_record(t, kind->table, &key, kind->record, r);
}

static int
make(struct txn *t, struct call *c, const struct thing_kind *kind, union thing *r)
{
	int rc = organization_check(t, c, &r->org);

	if (rc == 0)
		rc = check(t, c, kind, r, STORE_EXISTS);
	if (rc == 0)
		rc = listing_check_room(t, c, kind->table, &r->org, kind->most, kind->too_many);
	if (rc != 0)
		return rc;
	keep(kind, r, NULL, true);
	*moment(r, kind->created_at) = *moment(r, kind->updated_at) = clock_wall_ms();
	return thing_store(t, kind, r, NULL);
}

static int
change(struct txn *t, struct call *c, const struct thing_kind *kind, bool fresh,
    struct slice stored, union thing *r)
{
	const uint64_t read_at = *moment(r, kind->updated_at);
	union thing there;
	uint64_t stored_at;
	int rc = record_read(stored, kind->table, kind->record, &there);

	if (rc != 0)
		return rc;
	stored_at = *moment(&there, kind->updated_at);
	*moment(r, kind->created_at) = *moment(&there, kind->created_at);
	*moment(r, kind->updated_at) = stored_at;
	keep(kind, r, &there, fresh);
	if (record_equals(t, kind->record, r, stored))
		return 0;
	if (fresh)
		return call_refuse(c, STORE_EXISTS, "another one has this id");
	rc = call_check_read(c, read_at, stored_at);
	if (rc == 0)
		rc = check(t, c, kind, r, STORE_EXISTS);
	if (rc != 0)
		return rc;
	*moment(r, kind->updated_at) = clock_wall_after(stored_at);
	return thing_store(t, kind, r, &there);
}

/* All of thing_put() but the answer. */
static int
put(struct txn *t, struct call *c, const struct thing_kind *kind, bool fresh,
    struct slice record, union thing *r)
{
	struct slice stored;
	const char *fault;
	struct key key;
	int rc;

	if (record_decode(record, kind->record, r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "there is no record");
	fault = thing_fault(r->v, &r->id, &r->org);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	key = key_of_thing(r);
	rc = txn_get(t, kind->table, &key, &stored);
	if (rc == 0)
		return change(t, c, kind, fresh, stored, r);
	if (rc != MDB_NOTFOUND)
		return rc;
	return fresh ? make(t, c, kind, r) : call_refuse(c, STORE_NOT_FOUND, kind->missing);
}

int
thing_put(struct txn *t, struct call *c, const struct thing_kind *kind, bool fresh,
    struct slice record, union thing *r)
{
	int rc = put(t, c, kind, fresh, record, r);

	return rc != 0 ? rc : thing_get(t, c, kind, &r->org, &r->id);
}

int
thing_create(struct txn *t, struct call *c, const struct thing_kind *kind, struct slice record)
{
	union thing r;
	int rc = put(t, c, kind, true, record, &r);

	if (rc == 0)
		call_ok(c);
	return rc;
}

int
thing_import(struct txn *t, struct call *c, const struct thing_kind *kind, const union thing *r)
{
	const char *fault = thing_fault(r->v, &r->id, &r->org);
	union thing there;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = check(t, c, kind, r, STORE_INVALID);
	if (rc != 0)
		return rc;
	/* What has no indexes takes the place of one that cannot be read, too. */
	rc = MDB_NOTFOUND;
	if (kind->store != NULL)
		rc = thing_find(t, kind, &r->org, &r->id, &there);
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = thing_store(t, kind, r, rc == 0 ? &there : NULL);
	if (rc == 0)
		call_ok(c);
	return rc;
}
