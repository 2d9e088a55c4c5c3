/*
 * Links that nobody opens are removed when a further token of their visitor is stored, or with the visitor.
 */
#include "storaged/identities/returns.h"

#include "storaged/identities/indexes.h"

int
return_find(struct txn *t, const struct hash256 *token, enum return_kind kind, uint64_t now,
    struct msg_return_record *r)
{
	const struct key key = key_hash(token);
	int rc = txn_get_record(t, TABLE_RETURNS, &key, r);

	if (rc != 0)
		return rc;
	if (r->kind != kind ||
	    (kind == RETURN_LINK && now > r->created_at &&
		now - r->created_at >= RETURN_LINK_MS))
		return MDB_NOTFOUND;
	return 0;
}

int
return_remove(struct txn *t, const struct msg_return_record *r)
{
	const struct key key = key_hash(&r->token);

	return index_put_record(t, TABLE_RETURNS, &key, r, NULL);
}

/* What a visitor has of a kind. */
struct returns_of_kind {
	size_t n;
	struct msg_return_record oldest;
};

static void
returns_count(struct returns_of_kind *all, const struct msg_return_record *r)
{
	struct returns_of_kind *of = &all[r->kind];

	if (of->n++ == 0 || r->created_at < of->oldest.created_at)
		of->oldest = *r;
}

/* Counts the visitor's tokens by kind. The records have no slices. */
static int
returns_collect(struct txn *t, const struct id *visitor, struct returns_of_kind *all)
{
	const struct key front = key_id(visitor);
	struct msg_return_record r;
	struct key key;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_RETURNS_OF_VISITOR, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		if (w.damaged || !key_fits(TABLE_RETURNS, w.value))
			continue;
		key = key_of(w.value);
		if (txn_get_record(t, TABLE_RETURNS, &key, &r) == 0)
			returns_count(all, &r);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
return_add(struct txn *t, const struct msg_return_record *r)
{
	struct returns_of_kind all[RETURN_KINDS] = {0};
	const struct key key = key_hash(&r->token);
	int rc = returns_collect(t, &r->visitor, all);

	if (rc == 0 && all[r->kind].n >= RETURNS_MAX)
		rc = return_remove(t, &all[r->kind].oldest);
	return rc != 0 ? rc : index_put_record(t, TABLE_RETURNS, &key, NULL, r);
}

int
returns_remove_all(struct txn *t, const struct id *visitor)
{
	const struct key front = key_id(visitor);
	struct slice value;
	struct key entry, key;
	int rc;

	while ((rc = txn_first(t, TABLE_RETURNS_OF_VISITOR, &front, &entry)) == 0) {
		rc = txn_get(t, TABLE_RETURNS_OF_VISITOR, &entry, &value);
		if (rc == 0 && key_fits(TABLE_RETURNS, value)) {
			key = key_of(value);
			rc = txn_del(t, TABLE_RETURNS, &key);
		}
		if (rc == 0 || txn_survives(rc))
			rc = txn_del(t, TABLE_RETURNS_OF_VISITOR, &entry);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}
