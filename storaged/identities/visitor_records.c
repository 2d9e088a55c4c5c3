/*
 * Visitors in the store.
 */
#include "storaged/identities/visitor_records.h"

#include "proto/base/clock.h"
#include "storaged/identities/indexes.h"
#include "storaged/identities/returns.h"

#include <string.h>

struct visitor_session
visitor_session(const struct id *visitor)
{
	struct visitor_session session = {VISITOR_SESSION};

	id_format(visitor, session.s + strlen(VISITOR_SESSION));
	return session;
}

bool
visitor_of_session(struct slice session, struct id *visitor)
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	if (session.len != n + ID_TEXT_LEN || memcmp(session.p, VISITOR_SESSION, n) != 0)
		return false;
	return id_parse((struct slice){session.p + n, ID_TEXT_LEN}, visitor) == 0;
}

/* Reads a visitor, without a contact that was deleted. */
static int
visitor_get(struct txn *t, const struct key *key, struct msg_visitor_record *visitor)
{
	struct msg_contact_record contact;
	struct key contact_key;
	int rc = txn_get_record(t, TABLE_VISITORS, key, visitor);

	if (rc != 0 || id_is_zero(&visitor->contact))
		return rc;
	contact_key = key_of_org(&visitor->org, &visitor->contact);
	rc = txn_get_record(t, TABLE_CONTACTS, &contact_key, &contact);
	if (rc == MDB_NOTFOUND) {
		visitor->contact = (struct id){0};
		return 0;
	}
	return rc;
}

int
visitor_by_token(struct txn *t, const struct hash256 *token, struct msg_visitor_record *visitor)
{
	struct key key = key_hash(token);
	struct msg_return_record r;
	int rc = visitor_get(t, &key, visitor);

	if (rc != MDB_NOTFOUND)
		return rc;
	rc = return_find(t, token, RETURN_TOKEN, clock_wall_ms(), &r);
	return rc != 0 ? rc : visitor_by_id(t, &r.visitor, visitor);
}

/* The key in visitors of the visitor with this id. */
static int
visitor_key_of_id(struct txn *t, const struct id *id, struct key *key)
{
	struct key by_id = key_id(id);
	struct slice token;
	int rc = txn_get(t, TABLE_VISITORS_BY_ID, &by_id, &token);

	if (rc != 0)
		return rc;
	if (!key_fits(TABLE_VISITORS, token))
		return RECORD_DAMAGED;
	*key = key_of(token);
	return 0;
}

int
visitor_by_id(struct txn *t, const struct id *id, struct msg_visitor_record *visitor)
{
	struct key key;
	int rc = visitor_key_of_id(t, id, &key);

	if (rc != 0)
		return rc;
	rc = visitor_get(t, &key, visitor);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
visitor_id_taken(struct txn *t, const struct id *id, bool *taken)
{
	struct key key;
	int rc = visitor_key_of_id(t, id, &key);

	*taken = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
visitor_put(struct txn *t, const struct msg_visitor_record *visitor)
{
	struct key key = key_hash(&visitor->token);

	return index_put_record(t, TABLE_VISITORS, &key, NULL, visitor);
}

int
visitor_drop_key(struct txn *t, const struct key *key, const struct id *visitor)
{
	struct key by_id = key_id(visitor);
	int rc = txn_del(t, TABLE_VISITORS, key);

	if (rc == 0)
		rc = returns_remove_all(t, visitor);
	return rc != 0 ? rc : txn_del(t, TABLE_VISITORS_BY_ID, &by_id);
}

int
visitor_drop(struct txn *t, const struct id *visitor)
{
	struct key key;
	int rc = visitor_key_of_id(t, visitor, &key);

	if (rc == 0)
		rc = visitor_drop_key(t, &key, visitor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
