/*
 * API keys: one table by hash, and one by organization and id for lists.
 */
#include "storaged/keys/keys.h"

#include <string.h>

#include "proto/base/clock.h"
#include "storaged/identities/indexes.h"
#include "storaged/records/organizations.h"
#include "storaged/records/records.h"
#include "storaged/request/listing.h"

_Static_assert(KEYS_MAX <= LISTING_MAX, "KEY_PAGE has all of them");

static const char key_missing[] = "no such key";

static const char *
key_fault(const struct msg_key_record *r)
{
	if (hash_is_zero(&r->key))
		return "a key needs a hash";
	return record_fault(r->v, &r->id, &r->org);
}

/* Reads the hash from an entry of keys_by_org. */
static int
key_read_hash(struct slice value, struct hash256 *hash)
{
	if (value.len != sizeof(hash->b))
		return RECORD_DAMAGED;
	memcpy(hash->b, value.p, sizeof(hash->b));
	return 0;
}

/* Finds the hash of the key with this id. */
static int
key_find_hash(struct txn *t, const struct id *org, const struct id *id, struct hash256 *hash)
{
	struct key by_org = key_of_org(org, id);
	struct slice value;
	int rc = txn_get(t, TABLE_KEYS_BY_ORG, &by_org, &value);

	return rc != 0 ? rc : key_read_hash(value, hash);
}

int
key_find(
    struct txn *t, const struct id *org, const struct id *id, struct msg_key_record *record)
{
	struct hash256 hash;
	struct key key;
	int rc = key_find_hash(t, org, id, &hash);

	if (rc != 0)
		return rc;
	key = key_hash(&hash);
	return txn_get_record(t, TABLE_KEYS, &key, record);
}

static int
key_put(struct txn *t, const struct msg_key_record *r)
{
	struct key key = key_hash(&r->key);

	return index_put_record(t, TABLE_KEYS, &key, NULL, r);
}

/* Checks a new key, whose hash is unknown. */
static int
key_check_fresh(struct txn *t, struct call *c, const struct msg_key_record *r)
{
	struct hash256 hash;
	int rc = organization_check(t, c, &r->org);

	if (rc == 0)
		rc = key_find_hash(t, &r->org, &r->id, &hash);
	if (rc == 0)
		return call_refuse(c, STORE_EXISTS, "another key has this id");
	if (rc == MDB_NOTFOUND)
		rc = listing_check_room(t, c, TABLE_KEYS_BY_ORG, &r->org, KEYS_MAX,
		    "the organization has too many keys");
	return rc;
}

/* Refuses a key whose hash is known, unless the request is a repeat: the key may have been used since. */
static int
key_check_repeat(
    struct txn *t, struct call *c, struct slice stored, const struct msg_key_record *r)
{
	struct msg_key_record repeated = *r, there;
	int rc = record_read(stored, TABLE_KEYS, &there);

	if (rc != 0)
		return rc;
	repeated.used_at = there.used_at;
	if (!record_equals(t, TABLE_KEYS, &repeated, stored))
		return call_refuse(c, STORE_EXISTS, "this key exists already");
	return 0;
}

int
handle_key_create(struct txn *t, struct call *c)
{
	struct msg_key_record r;
	struct slice stored;
	const char *fault;
	struct key key;
	int rc;

	if (record_decode(c->m->key_create.key, MSG_KEY_RECORD, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the key is invalid");
	fault = key_fault(&r);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	key = key_hash(&r.key);
	rc = txn_get(t, TABLE_KEYS, &key, &stored);
	if (rc == 0) {
		rc = key_check_repeat(t, c, stored, &r);
	} else if (rc == MDB_NOTFOUND) {
		rc = key_check_fresh(t, c, &r);
		if (r.created_at == 0)
			r.created_at = clock_wall_ms();
		if (rc == 0)
			rc = key_put(t, &r);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* The list item of an entry of keys_by_org. */
static int
key_item(struct txn *t, struct slice value, struct slice *item)
{
	struct hash256 hash;
	struct key key;
	int rc = key_read_hash(value, &hash);

	if (rc != 0)
		return rc;
	key = key_hash(&hash);
	rc = txn_get(t, TABLE_KEYS, &key, item);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
handle_key_list(struct txn *t, struct call *c)
{
	const struct id all = {0};
	struct listing l = listing_of(TABLE_KEYS_BY_ORG, &c->m->key_list.org, &all, KEYS_MAX);

	l.item = key_item;
	return listing_answer(t, c, &l, MSG_KEY_PAGE);
}

/* Also true after the clock was set back. */
static bool
key_use_must_be_stored(const struct msg_key_record *r, uint64_t now)
{
	return now - r->used_at >= KEY_USED_MS;
}

int
handle_key_revoke(struct txn *t, struct call *c)
{
	const struct msg_key_revoke *m = &c->m->key_revoke;
	struct key by_org = key_of_org(&m->org, &m->key), key;
	struct hash256 hash;
	int rc = key_find_hash(t, &m->org, &m->key, &hash);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, key_missing);
	if (rc != 0)
		return rc;
	key = key_hash(&hash);
	rc = txn_del(t, TABLE_KEYS, &key);
	if (rc == 0)
		rc = txn_del(t, TABLE_KEYS_BY_ORG, &by_org);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_key_check(struct txn *t, struct call *c)
{
	struct key key = key_hash(&c->m->key_check.key);
	struct msg_key_record r;
	struct msg_org_record org;
	struct slice record;
	int rc = txn_get(t, TABLE_KEYS, &key, &record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, key_missing);
	if (rc == 0)
		rc = record_read(record, TABLE_KEYS, &r);
	if (rc == 0)
		rc = organization_find(t, &r.org, &org);
	if (rc == 0)
		call_answer(c, MSG_KEY, &(struct msg_key){.key = record, .widget = org.widget});
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
handle_key_used(struct txn *t, struct call *c)
{
	struct key key = key_hash(&c->m->key_used.key);
	uint64_t now = clock_wall_ms();
	struct msg_key_record r;
	int rc = txn_get_record(t, TABLE_KEYS, &key, &r);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, key_missing);
	if (rc == 0 && key_use_must_be_stored(&r, now)) {
		r.used_at = now;
		rc = txn_put_record(t, TABLE_KEYS, &key, &r);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Refuses a hash that belongs to another key. */
static int
key_check_hash(struct txn *t, struct call *c, const struct msg_key_record *r)
{
	struct key key = key_hash(&r->key);
	struct msg_key_record there;
	int rc = txn_get_record(t, TABLE_KEYS, &key, &there);

	if (rc == 0 && (!id_equal(&there.org, &r->org) || !id_equal(&there.id, &r->id)))
		return call_refuse(c, STORE_INVALID, "another key has this hash");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
key_import(struct txn *t, struct call *c, const struct msg_key_record *record)
{
	const char *fault = key_fault(record);
	struct hash256 before;
	struct key key;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = key_check_hash(t, c, record);
	if (rc == 0)
		rc = key_find_hash(t, &record->org, &record->id, &before);
	if (rc == 0 && !hash_equal(&before, &record->key)) {
		key = key_hash(&before);
		rc = txn_del(t, TABLE_KEYS, &key);
	}
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = key_put(t, record);
	if (rc == 0)
		call_ok(c);
	return rc;
}
