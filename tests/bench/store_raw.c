/*
 * The raw LMDB loop. It writes the same records in the same order as storaged/turns and
 * storaged/conversations do for a question and a reply; main() compares the tables at the end.
 */
#include "tests/bench/store_raw.h"

#include <err.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/conversations/conversations.h"

#define MAP_BYTES ((size_t)64 << 30) /* like STORE_MAX_BYTES */

/* Maxima for one append: puts and deletions, and bytes of its records. */
#define OPS_EACH   8u
#define BYTES_EACH ((size_t)4096)

/* One put or deletion. */
struct op {
	enum table table;
	bool deletes;
	struct key key;
	size_t at, len; /* the value, in raw.values */
};

static void
check(int rc, const char *what)
{
	if (rc != 0)
		errx(EX_IOERR, "%s: %s", what, mdb_strerror(rc));
}

MDB_env *
raw_env_open(const char *dir, bool read_only)
{
	MDB_env *env;

	check(mdb_env_create(&env), "mdb_env_create");
	check(mdb_env_set_maxdbs(env, TABLES), "mdb_env_set_maxdbs");
	if (!read_only)
		check(mdb_env_set_mapsize(env, MAP_BYTES), "mdb_env_set_mapsize");
	check(mdb_env_open(env, dir, MDB_NOTLS | (read_only ? MDB_RDONLY : 0), 0600), dir);
	return env;
}

uint64_t
raw_env_commits(MDB_env *env)
{
	MDB_envinfo info;

	check(mdb_env_info(env, &info), "mdb_env_info");
	return info.me_last_txnid;
}

void
raw_env_count(MDB_env *env, struct table_counts *counts)
{
	MDB_txn *txn;

	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "mdb_txn_begin");
	for (enum table i = 0; i < TABLES; i++) {
		MDB_stat stat;
		MDB_dbi dbi;

		check(mdb_dbi_open(txn, table_name(i), 0, &dbi), table_name(i));
		check(mdb_stat(txn, dbi, &stat), table_name(i));
		counts->of[i] = stat.ms_entries;
	}
	mdb_txn_abort(txn);
}

void
raw_open(struct raw *r, const char *dir)
{
	MDB_txn *txn;

	*r = (struct raw){.env = raw_env_open(dir, false)};
	r->ops = xcalloc((size_t)SLOTS_MAX * OPS_EACH, sizeof(*r->ops));
	buf_init(&r->values, SLOTS_MAX * BYTES_EACH);
	check(mdb_txn_begin(r->env, NULL, 0, &txn), "mdb_txn_begin");
	for (enum table i = 0; i < TABLES; i++)
		check(mdb_dbi_open(txn, table_name(i), MDB_CREATE, &r->dbi[i]), table_name(i));
	check(mdb_txn_commit(txn), "mdb_txn_commit");
}

void
raw_close(struct raw *r)
{
	mdb_env_close(r->env);
	free(r->ops);
	buf_clear(&r->values);
}

void
raw_load(struct raw *r, size_t slots, unsigned turns)
{
	load_init(&r->load, slots, turns);
	r->next = 0;
}

static struct op *
add_op(struct raw *r, enum table table, struct key key)
{
	struct op *op = &r->ops[r->n_ops++];

	*op = (struct op){.table = table, .key = key, .at = buf_len(&r->values)};
	return op;
}

static void
add_bytes(struct raw *r, enum table table, struct key key, struct slice value)
{
	struct op *op = add_op(r, table, key);

	must(buf_append(&r->values, value.p, value.len) == 0);
	op->len = value.len;
}

static void
add_record(
    struct raw *r, enum table table, struct key key, enum msg_type type, const void *record)
{
	struct op *op = add_op(r, table, key);

	must(record_encode(&r->values, type, record) == 0);
	op->len = buf_len(&r->values) - op->at;
}

static void
add_deletion(struct raw *r, enum table table, struct key key)
{
	add_op(r, table, key)->deletes = true;
}

/* Moves the entries in the lists by activity; before: 0 for none. */
static void
move_activity(struct raw *r, const struct slot *slot, uint64_t before)
{
	const struct id *org = &id_default_org, *widget = &id_default_widget;

	if (before != 0)
		add_deletion(r, TABLE_CONVERSATIONS_BY_ACTIVITY,
		    key_activity(org, before, &slot->conversation));
	add_bytes(r, TABLE_CONVERSATIONS_BY_ACTIVITY,
	    key_activity(org, r->now, &slot->conversation), (struct slice){0});
	if (before != 0)
		add_deletion(r, TABLE_CONVERSATIONS_BY_WIDGET,
		    key_activity_of(org, widget, before, &slot->conversation));
	add_bytes(r, TABLE_CONVERSATIONS_BY_WIDGET,
	    key_activity_of(org, widget, r->now, &slot->conversation), (struct slice){0});
}

/* Writes the conversation's new record, its indexes, and the totals, like conversation_add(). */
static void
add_conversation(struct raw *r, struct slot *slot, enum append kind)
{
	struct key key = key_id(&slot->conversation);
	bool fresh = slot->messages == 1;
	uint64_t before = slot->updated_at;
	struct msg_conversation_record record = {
	    .v = RECORD_VERSION,
	    .id = slot->conversation,
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .status = kind == APPEND_QUESTION ? CONVERSATION_ACTIVE : CONVERSATION_COMPLETE,
	    .session = slice_str(slot->session),
	    .updated_at = r->now,
	    .next_seq = slot->messages + (kind == APPEND_QUESTION ? 2 : 1),
	    .messages = slot->messages,
	    .last_message = utf8_prefix(load_text(kind), LAST_MESSAGE_UNITS),
	};
	struct msg_totals_record totals = {.v = RECORD_VERSION};

	if (fresh)
		slot->created_at = r->now;
	record.created_at = slot->created_at;
	slot->updated_at = r->now;
	add_record(r, TABLE_CONVERSATIONS, key, MSG_CONVERSATION_RECORD, &record);
	if (fresh)
		add_bytes(r, TABLE_CONVERSATIONS_BY_SESSION,
		    key_session(&id_default_org, &id_default_widget, record.session),
		    key_slice(&key));
	if (fresh || before != r->now)
		move_activity(r, slot, fresh ? 0 : before);
	totals.conversations = r->conversations += fresh;
	totals.messages = ++r->messages;
	add_record(r, TABLE_TOTALS, key_id(&id_default_org), MSG_TOTALS_RECORD, &totals);
}

static void
add_message(struct raw *r, const struct slot *slot, enum append kind)
{
	struct msg_message_record record = {
	    .v = RECORD_VERSION,
	    .id = slot->message,
	    .role = kind == APPEND_QUESTION ? MESSAGE_USER : MESSAGE_ASSISTANT,
	    .status = MESSAGE_COMPLETE,
	    .created_at = r->now,
	    .prompt_tokens = kind == APPEND_QUESTION ? 0 : 300,
	    .completion_tokens = kind == APPEND_QUESTION ? 0 : 150,
	    .text = load_text(kind),
	};

	add_record(r, TABLE_MESSAGES, key_message(&slot->conversation, slot->messages),
	    MSG_MESSAGE_RECORD, &record);
}

static void
add_open_turn(struct raw *r, const struct slot *slot)
{
	struct msg_turn_record turn = {
	    .v = RECORD_VERSION,
	    .org = id_default_org,
	    .conversation = slot->conversation,
	    .seq = slot->messages + 1,
	};
	struct msg_open_turn_record open = {
	    .v = RECORD_VERSION,
	    .started_at = r->now,
	    .conversation = slot->conversation,
	    .run = slot->turn,
	};

	add_record(r, TABLE_TURNS, key_id(&slot->turn), MSG_TURN_RECORD, &turn);
	add_record(r, TABLE_OPEN_TURNS, key_id(&slot->turn), MSG_OPEN_TURN_RECORD, &open);
}

static void
add_append(struct raw *r, struct slot *slot)
{
	enum append kind = slot_advance(slot);

	add_conversation(r, slot, kind);
	add_message(r, slot, kind);
	if (kind == APPEND_QUESTION)
		add_open_turn(r, slot);
	else
		add_deletion(r, TABLE_OPEN_TURNS, key_id(&slot->turn));
}

/* Prepares a batch with as many appends as there are slots, or the rest of the quota. Returns their
 * number. */
static size_t
make_batch(struct raw *r, const struct quota *quota)
{
	size_t n = 0, idle = 0;

	r->n_ops = 0;
	buf_reset(&r->values);
	r->now = clock_wall_ms();
	while (n < r->load.n && idle < r->load.n) {
		size_t i = r->next;

		r->next = (i + 1) % r->load.n;
		if (r->load.done[i] == quota->of[i]) {
			idle++;
			continue;
		}
		idle = 0;
		add_append(r, &r->load.slots[i]);
		r->load.done[i]++;
		n++;
	}
	return n;
}

/* LMDB takes a non-const pointer although it only reads the data. */
static MDB_val
to_val(const uint8_t *p, size_t len)
{
	union {
		const uint8_t *in;
		void *out;
	} u = {.in = p};

	return (MDB_val){.mv_size = len, .mv_data = u.out};
}

static void
commit_batch(struct raw *r)
{
	const uint8_t *values = buf_data(&r->values);
	MDB_txn *txn;

	check(mdb_txn_begin(r->env, NULL, 0, &txn), "mdb_txn_begin");
	for (size_t i = 0; i < r->n_ops; i++) {
		const struct op *op = &r->ops[i];
		MDB_val key = to_val(op->key.b, op->key.len);
		MDB_val value = to_val(values + op->at, op->len);

		if (op->deletes)
			check(mdb_del(txn, r->dbi[op->table], &key, NULL), "mdb_del");
		else
			check(mdb_put(txn, r->dbi[op->table], &key, &value, 0), "mdb_put");
	}
	check(mdb_txn_commit(txn), "mdb_txn_commit");
}

static uint64_t
cpu_now(void)
{
	struct timespec ts;

	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct raw_time
raw_run(struct raw *r, const struct quota *quota, struct durations *durations)
{
	struct raw_time sum = {0};
	size_t n;

	for (size_t i = 0; i < r->load.n; i++)
		r->load.done[i] = 0;
	while ((n = make_batch(r, quota)) > 0) {
		uint64_t cpu = cpu_now(), start = clock_mono_ns(), took;

		commit_batch(r);
		took = clock_mono_ns() - start;
		sum.ns += took;
		sum.cpu_ns += cpu_now() - cpu;
		for (size_t i = 0; i < n && durations != NULL; i++)
			durations_add(durations, took);
	}
	return sum;
}
