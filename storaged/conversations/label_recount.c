/*
 * All counts are added up in memory, and then compared with the table.
 */
#include "storaged/conversations/label_recount.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/conversations/labels.h"

/* Conversations that are read before the log is held again. */
#define STEP 4096u

/* What one entry of the table must be. */
struct label_sum {
	struct key key;
	enum label_kind kind;
	struct id label;
	uint64_t conversations;
	bool stored;
};

struct recount {
	struct txn *t;
	void *sums; /* a tree of struct label_sum: see tsearch(3) */
	struct id org;
	int rc;
};

static int
label_recount_compare(const void *a, const void *b)
{
	const struct key *x = &((const struct label_sum *)a)->key;
	const struct key *y = &((const struct label_sum *)b)->key;

	return x->len == y->len ? memcmp(x->b, y->b, x->len) : x->len < y->len ? -1 : 1;
}

/* The sum of a key; NULL: there is none. */
static struct label_sum *
label_recount_find(const struct recount *r, struct slice key)
{
	const struct label_sum wanted = {.key = key_of(key)};
	struct label_sum *const *found = tfind(&wanted, &r->sums, label_recount_compare);

	return found == NULL ? NULL : *found;
}

/* label_count_fn */
static int
label_recount_add(void *arg, enum label_kind kind, const struct id *label)
{
	struct recount *r = arg;
	struct key key = key_of_org(&r->org, label);
	struct label_sum *sum = label_recount_find(r, key_slice(&key));

	if (sum == NULL) {
		sum = xcalloc(1, sizeof(*sum));
		*sum = (struct label_sum){.key = key, .kind = kind, .label = *label};
		must(tsearch(sum, &r->sums, label_recount_compare) != NULL);
	}
	sum->conversations++;
	return 0;
}

/* Adds up the next conversations; unreadable ones are not counted. MDB_NOTFOUND: there are no more. */
static int
label_recount_read(struct recount *r, struct walk *w)
{
	struct msg_conversation_record record;
	struct labels labels;
	int rc = 0;

	for (unsigned n = 0; rc == 0 && n < STEP; n++) {
		if (record_decode(w->value, MSG_CONVERSATION_RECORD, &record) == WIRE_OK) {
			labels_of(&record, &labels);
			r->org = record.org;
			(void)labels_each_count(&record.widget, &labels, label_recount_add, r);
		}
		rc = walk_next(w);
	}
	return rc;
}

static int
label_recount_read_all(struct recount *r)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, r->t, TABLE_CONVERSATIONS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		rc = label_recount_read(r, &w);
		if (rc == 0)
			rc = env_hold_log(r->t->env);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Whether the entry at the walk is as it must be; then it is marked as stored. */
static bool
label_recount_is_right(const struct recount *r, const struct walk *w)
{
	struct label_sum *sum =
	    key_fits(TABLE_LABEL_COUNTS, w->key) ? label_recount_find(r, w->key) : NULL;
	struct msg_label_count_record record;

	if (sum == NULL || w->damaged ||
	    record_decode(w->value, MSG_LABEL_COUNT_RECORD, &record) != WIRE_OK)
		return false;
	sum->stored = record.kind == sum->kind && id_equal(&record.label, &sum->label) &&
	    record.conversations == sum->conversations;
	return sum->stored;
}

/* Removes the entries that are wrong. */
static int
label_recount_clean(struct recount *r)
{
	const struct key all = {0};
	struct key right = {0}; /* the last one that stays */
	struct walk w;
	int rc = walk_open(&w, r->t, TABLE_LABEL_COUNTS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		if (label_recount_is_right(r, &w)) {
			right = key_of(w.key);
			rc = walk_next(&w);
			continue;
		}
		rc = walk_delete(&w);
		if (rc == 0)
			rc = walk_from(&w, &right);
		if (rc == 0 && right.len > 0 && slice_eq(w.key, key_slice(&right)))
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Writes a sum that is not stored. */
static void
label_recount_put(const void *node, VISIT visit, void *arg)
{
	const struct label_sum *sum = *(struct label_sum *const *)node;
	struct recount *r = arg;
	const struct msg_label_count_record record = {.v = RECORD_VERSION,
	    .kind = (uint8_t)sum->kind,
	    .label = sum->label,
	    .conversations = sum->conversations};

	if ((visit == postorder || visit == leaf) && !sum->stored && r->rc == 0)
		r->rc = txn_put_record(r->t, TABLE_LABEL_COUNTS, &sum->key, &record);
}

static int
label_recount_all(struct txn *t)
{
	struct recount r = {.t = t};

	r.rc = label_recount_read_all(&r);
	if (r.rc == 0)
		r.rc = label_recount_clean(&r);
	if (r.rc == 0)
		twalk_r(r.sums, label_recount_put, &r);
	tdestroy(r.sums, free);
	return r.rc;
}

void
label_recount(struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_DELETE);

	if (rc == 0)
		rc = label_recount_all(&t);
	if (rc == 0)
		rc = txn_commit(&t);
	txn_abort(&t);
	if (rc == 0)
		log_event(LOG_NOTICE, "labels_counted");
	else
		env_work_failed("labels_not_counted", rc, NULL);
}

void
label_recount_missing(struct env *env)
{
	size_t counts = 0, conversations = 0;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc == 0)
		rc = txn_count(&t, TABLE_LABEL_COUNTS, &counts);
	if (rc == 0)
		rc = txn_count(&t, TABLE_CONVERSATIONS, &conversations);
	txn_abort(&t);
	/* Each conversation has a count: of its widget, or of its state. */
	if (rc == 0 && counts == 0 && conversations > 0)
		label_recount(env);
}
