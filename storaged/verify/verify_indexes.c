/*
 * Checks that each record has its index entry, and each entry its record.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>
#include <string.h>

int
verify_indexed(struct checker *c, const struct index *index, const void *record,
    struct slice record_key, const char *what)
{
	struct slice there;
	struct key key;
	int rc;

	if (!index->key(record, &key))
		return 0;
	rc = txn_get(c->txn, index->table, &key, &there);
	if (rc == MDB_NOTFOUND ||
	    (rc == 0 && !slice_eq(there, index_value(index, record_key)))) {
		verify_found(c, index->table, "%s %s", what,
		    rc == 0 ? "has an index entry of another record"
			    : "is missing in this index");
		rc = 0;
	}
	return rc;
}

/* A row that ends a conversation's being snoozed: the conversation has the same time. */
static int
verify_wake(struct checker *c, struct slice row, struct slice value)
{
	struct msg_conversation_record r;
	struct slice record;
	struct id org, id;
	struct key key;
	int rc;

	org_key_parts(value, &org, &id);
	key = key_id(&id);
	rc = txn_get(c->txn, TABLE_CONVERSATIONS, &key, &record);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	/* Its own table reports a record that does not decode. */
	if (rc == 0 && record_decode(record, MSG_CONVERSATION_RECORD, &r) != WIRE_OK)
		return 0;
	if (rc == MDB_NOTFOUND || !id_equal(&r.org, &org) || r.snoozed_until != due_time(row))
		verify_found(c, TABLE_DUE,
		    "conversation %s is not snoozed until the time of its row",
		    verify_id_text(&id).s);
	return 0;
}

/* A row of the table due that is no index: its value leads to what its key names, which may be gone. */
static int
verify_due(struct checker *c, struct slice key, struct slice value)
{
	const size_t id = sizeof(struct id);

	if (!key_fits(TABLE_USERS, value) ||
	    memcmp(key.p + key.len - id, value.p + id, id) != 0) {
		verify_found(c, TABLE_DUE, "a row of kind %u does not lead to what it names",
		    due_kind(key));
		return 0;
	}
	return due_kind(key) == DUE_WAKE ? verify_wake(c, key, value) : 0;
}

/* arg: struct index. */
static int
verify_index_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct index *index = arg;
	struct key target, right;
	struct slice bytes;
	union msg record;
	int rc;

	if (index->table == TABLE_DUE)
		index = index_of_due(due_kind(key));
	if (index == NULL)
		return verify_due(c, key, value);
	if (!index_target(index, key, value, &target)) {
		verify_found(c, index->table,
		    "an entry has %zu bytes, which are an invalid value", value.len);
		return 0;
	}
	rc = txn_get(c->txn, index->records, &target, &bytes);
	if (rc == MDB_NOTFOUND) {
		verify_found(c, index->table, "an entry leads to a record missing in %s",
		    table_name(index->records));
		return 0;
	}
	/* Its own table reports a record that does not decode. */
	if (rc != 0 || record_decode(bytes, table_record(index->records), &record) != WIRE_OK)
		return rc;
	if (!index->key(&record, &right) || !slice_eq(key, key_slice(&right)))
		verify_found(c, index->table, "an entry does not match its record in %s",
		    table_name(index->records));
	return 0;
}

int
verify_index(struct checker *c, const struct index *index)
{
	struct index copy = *index;

	/* One walk checks the rows of all kinds. */
	if (index->table == TABLE_DUE && index->due != DUE_AWAY)
		return 0;
	return verify_table(c, index->table, verify_index_entry, &copy);
}

int
verify_named(struct checker *c, enum table table, const char *what, const char *names,
    enum table in, const struct key *key)
{
	struct id id;
	int rc;

	if (verify_has(c, in, key, &rc) || rc != 0)
		return rc;
	memcpy(id.b, key->b + key->len - sizeof(id.b), sizeof(id.b));
	verify_found(
	    c, table, "%s %s %s, which does not exist", what, names, verify_id_text(&id).s);
	return 0;
}

struct record_name
verify_record_name(const char *kind, const struct id *id)
{
	struct record_name name;

	(void)snprintf(name.s, sizeof(name.s), "%s %s", kind, verify_id_text(id).s);
	return name;
}
