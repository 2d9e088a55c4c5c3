/*
 * Stored visitors of widgets: each has a record by its token's hash, and an index entry by its id. The
 * requests of visitors are in storaged/visitors.
 */
#ifndef STORAGED_IDENTITIES_VISITOR_RECORDS_H
#define STORAGED_IDENTITIES_VISITOR_RECORDS_H

#include "storaged/engine/txn.h"

/* A visitor's session, as text. */
struct visitor_session {
	char s[sizeof(VISITOR_SESSION) + ID_TEXT_LEN];
};

struct visitor_session visitor_session(const struct id *visitor);

/* Reads the visitor's id from its session (VISITOR_SESSION); false: the session of an API client. */
bool visitor_of_session(struct slice session, struct id *visitor);

/*
 * Looks a visitor up by its token or its id, whether its token is valid or not. 0, MDB_NOTFOUND or
 * RECORD_DAMAGED. A visitor that never wrote may still name a deleted contact, because no index leads from
 * a contact to such visitors; these functions return it without that contact.
 */
[[gnu::warn_unused_result]] int visitor_by_token(
    struct txn *t, const struct hash256 *token, struct msg_visitor_record *visitor);
[[gnu::warn_unused_result]] int visitor_by_id(
    struct txn *t, const struct id *id, struct msg_visitor_record *visitor);

/* Sets *taken if a visitor has this id. */
[[gnu::warn_unused_result]] int visitor_id_taken(
    struct txn *t, const struct id *id, bool *taken);

/* Stores a visitor with its index entry. */
[[gnu::warn_unused_result]] int visitor_put(
    struct txn *t, const struct msg_visitor_record *visitor);

/* Removes the visitor with this key in visitors and this id. */
[[gnu::warn_unused_result]] int visitor_drop_key(
    struct txn *t, const struct key *key, const struct id *visitor);

/* Removes the visitor with this id, if it exists. */
[[gnu::warn_unused_result]] int visitor_drop(struct txn *t, const struct id *visitor);

#endif
