/*
 * The recount replaces what is counted, and leaves what is kept. A walk reads a chunk of a table; what it counts
 * is written after it, since nothing may change during a walk. With a commit log, a transaction that has become
 * large is committed between two chunks. If the recount ends there, the numbers are not noted as right, and the
 * next start counts again from the beginning.
 */
#include "storaged/numbers/numbers_recount.h"

#include "proto/base/log.h"
#include "storaged/engine/garbage.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_rows.h"

/* Records that a walk reads at once, and bytes of them. */
#define CHUNK       4096u
#define CHUNK_BYTES ((size_t)16 << 20)

/* What META_NUMBERS has: with 1, tokens were not counted by model. */
#define COUNTED_MODELS 2

struct recount {
	struct txn *t;
	uint64_t messages;
	/* The conversation of the messages that are read. */
	struct id conversation, org, widget;
	bool known;
};

/* Reads one record; the walk stands there. */
typedef int recount_fn(struct recount *r, const struct walk *w);

int
numbers_are_right(struct txn *t, bool *right)
{
	struct key key = key_meta(META_NUMBERS);
	struct slice value;
	int rc = txn_get(t, TABLE_META, &key, &value);

	*right = rc == 0 && value.len == 1 && value.p[0] >= COUNTED_MODELS;
	return txn_survives(rc) ? 0 : rc;
}

int
numbers_owner(struct txn *t, const struct id *conversation, struct id *org, struct id *widget)
{
	struct key key = key_id(conversation), erased = key_erased(conversation);
	struct msg_conversation_record record;
	struct slice value;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &record);

	*org = record.org;
	*widget = record.widget;
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = txn_get(t, TABLE_META, &erased, &value);
	if (rc == 0 && !garbage_owner(value, org, widget))
		rc = MDB_NOTFOUND;
	return rc;
}

/* Between two chunks. */
static int
numbers_recount_go_on(struct recount *r)
{
	int rc = env_hold_log(r->t->env);

	if (rc != 0 || txn_log_bytes(r->t) < LOG_STEP_BYTES)
		return rc;
	rc = txn_commit(r->t);
	return rc != 0 ? rc : txn_begin(r->t, r->t->env, TXN_WRITE);
}

/* Reads at most CHUNK records after *at, which becomes the last one's key. MDB_NOTFOUND: the table
 * ends. */
static int
numbers_recount_chunk(struct recount *r, enum table table, struct key *at, recount_fn *fn)
{
	const struct key all = {0};
	size_t bytes = 0;
	struct walk w;
	int rc = walk_open(&w, r->t, table, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && at->len > 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	for (unsigned n = 0; rc == 0 && n < CHUNK && bytes < CHUNK_BYTES; n++) {
		*at = key_of(w.key);
		bytes += w.value.len;
		if (key_fits(table, w.key))
			rc = fn(r, &w);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc;
}

static int
numbers_recount_table(struct recount *r, enum table table, recount_fn *fn)
{
	struct key at = {0};
	int rc = 0, written = 0;

	while (rc == 0 && written == 0) {
		rc = numbers_recount_chunk(r, table, &at, fn);
		written = numbers_write(r->t);
		if (rc == 0 && written == 0)
			written = numbers_recount_go_on(r);
	}
	return written != 0 || rc == MDB_NOTFOUND ? written : rc;
}

/* Removes what was counted; the row stays if something is kept. MDB_NOTFOUND: no row is left. */
static int
numbers_recount_empty_next(struct txn *t, struct key *at)
{
	const struct key all = {0};
	struct numbers_row row;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && at->len > 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	if (rc == 0)
		*at = key_of(w.key);
	if (rc == 0 && !numbers_row_read(w.value, &row))
		rc = walk_delete(&w);
	walk_close(&w);
	if (rc != 0)
		return rc;
	row.of[NUMBERS_COUNTED] = (struct counts){{0}};
	row.models[NUMBERS_COUNTED] = (struct model_tokens){.n = 0};
	return numbers_row_put(t, at, &row);
}

static int
numbers_recount_empty(struct recount *r)
{
	struct key at = {0};
	int rc = 0;

	for (unsigned n = 0; rc == 0; n++) {
		rc = numbers_recount_empty_next(r->t, &at);
		if (rc == 0 && n % CHUNK == 0)
			rc = numbers_recount_go_on(r);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
numbers_recount_conversation(struct recount *r, const struct walk *w)
{
	struct msg_conversation_record record;

	if (record_decode(w->value, MSG_CONVERSATION_RECORD, &record) == WIRE_OK)
		numbers_change_conversation(r->t, NULL, &record);
	return 0;
}

/* Finds the organization and the widget of the next messages. */
static int
numbers_recount_find_owner(struct recount *r, const struct id *conversation)
{
	int rc;

	if (id_equal(conversation, &r->conversation))
		return 0;
	rc = numbers_owner(r->t, conversation, &r->org, &r->widget);
	r->conversation = *conversation;
	r->known = rc == 0;
	return txn_survives(rc) ? 0 : rc;
}

static int
numbers_recount_message(struct recount *r, const struct walk *w)
{
	struct id conversation = key_front(w->key);
	struct msg_message_record record;
	int rc = numbers_recount_find_owner(r, &conversation);

	if (rc != 0 || !r->known ||
	    record_decode(w->value, MSG_MESSAGE_RECORD, &record) != WIRE_OK)
		return rc;
	r->messages++;
	numbers_change_message(r->t, &r->org, &r->widget, message_seq(w->key), NULL, &record);
	return 0;
}

static int
numbers_recount_all(struct recount *r)
{
	static const uint8_t counted = COUNTED_MODELS;
	struct key key = key_meta(META_NUMBERS);
	int rc = numbers_recount_empty(r);

	if (rc == 0)
		rc =
		    numbers_recount_table(r, TABLE_CONVERSATIONS, numbers_recount_conversation);
	if (rc == 0)
		rc = numbers_recount_table(r, TABLE_MESSAGES, numbers_recount_message);
	return rc != 0 ? rc : txn_put(r->t, TABLE_META, &key, (struct slice){&counted, 1});
}

static void
numbers_recount(struct env *env)
{
	struct txn t;
	struct recount r = {.t = &t};
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc == 0)
		rc = numbers_recount_all(&r);
	if (rc == 0)
		rc = txn_commit(&t);
	txn_abort(&t);
	if (rc != 0)
		env_work_failed("numbers_not_counted", rc, NULL);
	else if (r.messages > 0)
		log_event(LOG_NOTICE, "numbers_counted", L_UINT("messages", r.messages));
}

/* A message of an erased conversation is removed. */
static int
numbers_on_erased(struct txn *t, const struct id *org, const struct id *widget, uint64_t seq,
    const struct msg_message_record *message)
{
	if (message == NULL)
		return numbers_distrust(t);
	numbers_keep_message(t, org, widget, seq, message);
	return 0;
}

void
numbers_start(struct env *env)
{
	struct txn t;
	bool right = false;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc == 0)
		rc = numbers_are_right(&t, &right);
	txn_abort(&t);
	if (rc == 0 && !right)
		numbers_recount(env);
	env->erased = numbers_on_erased;
}
