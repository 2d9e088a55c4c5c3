/*
 * The indexes of records: the entry of a record is found by something that the record contains, and leads to the record.
 * Those of conversations and of pages are kept by conversations/ and content/, with what else depends on them.
 */
#ifndef STORAGED_IDENTITIES_INDEXES_H
#define STORAGED_IDENTITIES_INDEXES_H

#include "storaged/engine/txn.h"

struct index {
	enum table records;
	enum table table; /* of the entries */
	/* The key of a record's entry; false: the record has none. */
	bool (*key)(const void *record, struct key *key);
	bool
	    by_id; /* the value is the record's id, and the key begins with its organization; else it is the record's key */
	enum due_kind due; /* of the table due: the kind of its rows; else 0 */
};

/* The next index of a table's records; after: NULL for the first. NULL: there are no more. */
const struct index *index_next(enum table records, const struct index *after);

/* The index with rows of this kind in the table due; NULL: such rows are no index. */
const struct index *index_of_due(uint8_t kind);

/* The value of the entry of the record with this key. */
struct slice index_value(const struct index *index, struct slice record_key);

/* The key of the record that an entry leads to; false: the value is invalid. */
[[nodiscard]] bool index_target(
    const struct index *index, struct slice key, struct slice value, struct key *record_key);

/*
 * Stores a record and moves its index entries, or removes both. before: the record that is stored, NULL if there is none;
 * after: NULL to remove it. The slices of both may lie in the map.
 */
[[gnu::warn_unused_result]] int index_put_record(struct txn *t, enum table table,
    const struct key *key, const void *before, const void *after);

/* Keys that are also made to check a record. False: its e-mail is too long; its phone has no digit, or the contact is found by
 * its user id alone; no operator has to decide about the step. */
bool index_key_of_email(struct slice email, struct key *key); /* of a user */
bool index_key_user(const void *record, struct key *key);
bool index_key_contact_email(const void *record, struct key *key);
bool index_key_contact_phone(const void *record, struct key *key);
bool index_key_step_open(const void *record, struct key *key);

#endif
