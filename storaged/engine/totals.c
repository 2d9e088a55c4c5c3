/*
 * The counts of organizations.
 */
#include "storaged/engine/totals.h"

#include "proto/base/log.h"
#include "storaged/engine/checksum.h"

int
totals_get(struct txn *t, const struct id *org, struct msg_totals_record *totals)
{
	struct key key = key_id(org);
	int rc;

	if (t->totals.known && id_equal(&t->totals.org, org)) {
		*totals = t->totals.record;
		return 0;
	}
	rc = txn_get_record(t, TABLE_TOTALS, &key, totals);
	if (rc != MDB_NOTFOUND)
		return rc;
	*totals = (struct msg_totals_record){.v = RECORD_VERSION};
	return 0;
}

/* Writes the cached counts to the table. */
static int
totals_write(struct txn *t)
{
	struct key key = key_id(&t->totals.org);

	if (!t->totals.changed)
		return 0;
	t->totals.changed = false;
	/* Erased data leaves no trace here either. */
	if (t->totals.record.conversations == 0 && t->totals.record.messages == 0)
		return txn_del(t, TABLE_TOTALS, &key);
	return txn_put_record(t, TABLE_TOTALS, &key, &t->totals.record);
}

/* Caches the counts of this organization, and writes those of the one before. */
static int
totals_keep(struct txn *t, const struct id *org)
{
	struct msg_totals_record record;
	int rc;

	if (t->totals.known && id_equal(&t->totals.org, org))
		return 0;
	rc = totals_get(t, org, &record);
	if (rc == 0)
		rc = totals_write(t);
	if (rc != 0)
		return rc;
	t->totals.known = true;
	t->totals.org = *org;
	t->totals.record = record;
	return 0;
}

static void
totals_change(uint64_t *count, int64_t by, const struct id *org)
{
	if (by >= 0 || *count >= -(uint64_t)by) {
		*count += (uint64_t)by;
		return;
	}
	log_event(LOG_ERROR, "totals_wrong", L_ID("org", org), L_UINT("count", *count),
	    L_INT("change", by));
	*count = 0;
}

int
totals_add(struct txn *t, const struct id *org, int64_t conversations, int64_t messages)
{
	int rc;

	if (conversations == 0 && messages == 0)
		return 0;
	rc = totals_keep(t, org);
	if (rc != 0)
		return rc;
	totals_change(&t->totals.record.conversations, conversations, org);
	totals_change(&t->totals.record.messages, messages, org);
	t->totals.changed = true;
	txn_before_commit(t, totals_write);
	t->changes++;
	return 0;
}

/* Conversations that are read before the log is held again. */
#define STEP 4096u

static void
totals_count_one(
    struct slice conversation, const struct id *org, struct msg_totals_record *totals)
{
	struct msg_conversation_record r;

	if (record_decode(conversation, MSG_CONVERSATION_RECORD, &r) != WIRE_OK ||
	    !id_equal(&r.org, org))
		return;
	totals->conversations++;
	totals->messages += r.messages;
}

/* Adds the conversations of an organization; unreadable ones are not counted. */
static int
totals_count(struct txn *t, const struct id *org, struct msg_totals_record *totals)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CONVERSATIONS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (unsigned n = 1; rc == 0; n++) {
		totals_count_one(w.value, org, totals);
		if (n % STEP == 0)
			rc = env_hold_log(t->env);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* If only a record's key is damaged, its checksum is right with the key of the organization that it belongs
 * to. *org is unchanged if none fits. */
static int
totals_find_owner(struct txn *t, struct slice stored, struct id *org)
{
	const struct key all = {0};
	struct slice value;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_ORGS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0 && !checksum_remove(TABLE_TOTALS, w.key, stored, &value))
		rc = walk_next(&w);
	if (rc == 0)
		*org = key_front(w.key);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the record at the walk. *org: the organization that it belongs to. */
static int
totals_remove_damaged(struct txn *t, struct walk *w, struct id *org)
{
	int rc = 0;

	*org = key_front(w->key);
	/* txn.h has removed the checksum. */
	if (w->value.len > 0)
		rc = totals_find_owner(
		    t, (struct slice){w->value.p, w->value.len + CHECKSUM_LEN}, org);
	return rc == 0 ? walk_delete(w) : rc;
}

/* Removes the first damaged record. Not by its key: a damaged one may be out of order, so that a lookup does
 * not find it. */
static int
totals_take_damaged(struct txn *t, struct id *org)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_TOTALS, &all);

	t->unchecked = true;
	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0 && !(w.damaged && key_fits(TABLE_TOTALS, w.key)))
		rc = walk_next(&w);
	if (rc == 0)
		rc = totals_remove_damaged(t, &w, org);
	t->unchecked = false;
	walk_close(&w);
	return rc;
}

static int
totals_repair_next(struct txn *t)
{
	int rc = totals_take_damaged(t, &t->totals.org);

	t->totals.record = (struct msg_totals_record){.v = RECORD_VERSION};
	if (rc == 0)
		rc = totals_count(t, &t->totals.org, &t->totals.record);
	if (rc != 0)
		return rc;
	t->totals.changed = true;
	log_event(LOG_NOTICE, "totals_repaired", L_ID("org", &t->totals.org),
	    L_UINT("conversations", t->totals.record.conversations));
	return totals_write(t);
}

void
totals_repair(struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	while (rc == 0)
		rc = totals_repair_next(&t);
	if (rc == MDB_NOTFOUND)
		rc = txn_commit(&t);
	txn_abort(&t);
	if (rc != 0)
		env_work_failed("totals_not_repaired", rc, NULL);
}
