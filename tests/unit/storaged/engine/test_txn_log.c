/*
 * Transactions of a store with a commit log: what the log gets.
 */
#include <endian.h>

#include "storaged/conversations/conversations.h"
#include "storaged/numbers/numbers_rows.h"
#include "tests/unit/storaged/store_mirror.h"

#define KEYS         60u
#define TRANSACTIONS 300u
#define LONGEST      6000u /* some values need overflow pages */

static const enum table tables[] = {TABLE_CONVERSATIONS, TABLE_PARTIALS, TABLE_LOGINS};

/* The same numbers in every run: a multiplicative generator (Knuth, MMIX). */
static uint64_t random_state;

static uint32_t
below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % bound;
}

/* Keys of two bytes, so that there are fronts with some keys. */
static struct key
some_key(void)
{
	const uint8_t bytes[] = {(uint8_t)('a' + below(6)), (uint8_t)('a' + below(KEYS / 6))};

	return key_of((struct slice){bytes, sizeof(bytes)});
}

static struct slice
some_value(void)
{
	static uint8_t bytes[LONGEST];

	memset(bytes, 'a' + (int)below(26), sizeof(bytes));
	return (struct slice){bytes, below(8) == 0 ? below(LONGEST) : below(40)};
}

static void
delete_in_walk(struct txn *t, enum table table)
{
	const struct key all = {0}, from = some_key();
	struct walk w;
	int rc;

	assert_int_equal(walk_open(&w, t, table, &all), 0);
	rc = walk_from(&w, &from);
	for (unsigned n = below(3); rc == 0 && n > 0; n--) {
		assert_int_equal(walk_delete(&w), 0);
		rc = walk_from(&w, &from);
	}
	walk_close(&w);
}

/* A key behind all others. */
static void
append_one(struct txn *t, enum table table)
{
	static uint64_t last;
	uint64_t number = htobe64(++last);
	uint8_t bytes[2 + sizeof(number)] = {'z', 'z'};
	struct key key;

	memcpy(bytes + 2, &number, sizeof(number));
	key = key_of((struct slice){bytes, sizeof(bytes)});
	assert_int_equal(txn_append(t, table, &key, some_value()), 0);
}

static void
change_something(struct txn *t)
{
	enum table table = tables[below(ARRAY_LEN(tables))];
	struct key key = some_key();

	switch (below(8)) {
	case 0:
		assert_int_equal(txn_del(t, table, &key), 0);
		break;
	case 1:
		delete_in_walk(t, table);
		break;
	case 2:
		key.len = 1;
		assert_int_equal(txn_del_all(t, table, &key), 0);
		break;
	case 3:
		append_one(t, table);
		break;
	default:
		assert_int_equal(txn_put(t, table, &key, some_value()), 0);
		break;
	}
}

/* What is no conversation must not be verified. */
static void
remove_all(struct fixture *f)
{
	const struct key all = {0};
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_DELETE), 0);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		assert_int_equal(txn_del_all(&t, tables[i], &all), 0);
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(the_write_sets_of_any_changes_make_an_equal_store)
{
	struct mirror *m = mirror_start(f);

	random_state = 1;
	for (unsigned i = 0; i < TRANSACTIONS; i++) {
		struct txn t;

		assert_int_equal(
		    txn_begin(&t, &f->env, below(2) == 0 ? TXN_WRITE : TXN_DELETE), 0);
		for (unsigned n = 1 + below(30); n > 0; n--)
			change_something(&t);
		if (below(4) == 0)
			txn_abort(&t);
		else
			assert_int_equal(txn_commit(&t), 0);
		if (i % 20 == 0)
			mirror_expect_equal(f, m);
	}
	mirror_expect_equal(f, m);
	remove_all(f);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

STORE_TEST(a_transaction_without_changes_is_not_appended)
{
	struct mirror *m = mirror_start(f);
	struct key key = some_key();
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_LOGINS, &key), 0); /* there is none */
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put_unlogged(&t, TABLE_LOGINS, &key, slice_str("v")), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(m->appends, 0);
	remove_all(f);
	mirror_stop(f, m);
}

STORE_TEST(the_changes_of_an_aborted_transaction_are_not_appended_with_the_next)
{
	struct mirror *m = mirror_start(f);
	struct key key = some_key();
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_LOGINS, &key, slice_str("aborted")), 0);
	txn_abort(&t);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(m->appends, 0);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

STORE_TEST(an_append_that_fails_leaves_the_store_unchanged)
{
	struct mirror *m = mirror_start(f);
	struct key key = some_key();
	struct txn t;

	m->fails = true;
	for (int deletes = 0; deletes < 2; deletes++) {
		assert_int_equal(txn_begin(&t, &f->env, deletes ? TXN_DELETE : TXN_WRITE), 0);
		assert_int_equal(txn_put(&t, TABLE_LOGINS, &key, slice_str("v")), 0);
		assert_int_equal(txn_commit(&t), COMMIT_LOG_LOST);
	}
	assert_int_equal(m->appends, 2);
	mirror_expect_equal(f, m);
	assert_true(f->env.writable);
	mirror_stop(f, m);
}

/* Nothing of it may be answered: neither done nor refused. */
STORE_TEST(a_batch_whose_append_fails_has_no_answer)
{
	struct mirror *m = mirror_start(f);
	const struct msg_turn_begin begin = begin_of("session", "question");

	m->fails = true;
	send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	send_request(f, &f->b, MSG_PING, &(struct msg_ping){});
	assert_int_equal(batch_end(&f->batch), COMMIT_LOG_LOST);
	forget_frames(f);
	assert_int_equal(buf_len(&f->a.out), 0);
	assert_int_equal(buf_len(&f->b.out), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 0);
	assert_int_equal(f->open.n, 0);
	mirror_expect_equal(f, m);
	m->fails = false;
	chat(f, "session", "question", "answer");
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

/* The store's own work must not take the loss of the log for damage, which it would not try again. */
STORE_TEST(work_that_the_log_did_not_get_is_done_later)
{
	struct mirror *m = mirror_start(f);
	const struct msg_turn_begin begin = begin_of("another", "question");
	struct id conversation;

	/* More than one step of the garbage collection. */
	for (unsigned i = 0; i <= GARBAGE_STEP; i++)
		conversation = chat(f, "session", "question", "answer");
	ask(f, MSG_CONVERSATION_ERASE,
	    &(struct msg_conversation_erase){
		.org = id_default_org, .conversation = conversation},
	    MSG_ERASED, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	client_goes(f, &f->a);
	m->fails = true;
	assert_int_equal(garbage_step(&f->env), GARBAGE_STUCK);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_STUCK);
	store_time_save(&f->env, true);
	assert_true(f->env.writable);
	m->fails = false;
	sweep(f);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	assert_int_equal(f->open.n, 0);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

/* A store that is full refuses writes, and does not find out after the log has them. */
STORE_TEST(a_write_that_does_not_fit_is_not_appended)
{
	static uint8_t value[LONGEST];
	struct mirror *m = mirror_start(f);
	unsigned refused = 0;

	for (unsigned i = 0; refused < 100; i++) {
		struct id id = {{0}};
		struct key key;
		size_t appends = m->appends;
		struct txn t;
		int rc = txn_begin(&t, &f->env, TXN_WRITE);

		/* Of few pages and many, so that the last ones fit in any way. */
		for (unsigned n = 1 + i % 40; rc == 0 && n > 0; n--) {
			memcpy(id.b, &i, sizeof(i));
			id.b[15] = (uint8_t)n;
			key = key_id(&id);
			rc = txn_put(
			    &t, TABLE_LOGINS, &key, (struct slice){value, sizeof(value)});
		}
		if (rc == 0)
			rc = txn_commit(&t);
		else
			txn_abort(&t);
		assert_true(rc == 0 || rc == MDB_MAP_FULL);
		assert_int_equal(m->appends, appends + (rc == 0));
		refused += rc != 0;
	}
	mirror_expect_equal(f, m);
	remove_all(f);
	put_entry(f, TABLE_META, key_meta("some"), "value");
	delete_entry(f, TABLE_META, key_meta("some"));
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

/* All that a store with old contents does at its start and in its maintenance is in the log. */
STORE_TEST(whatever_a_store_does_is_in_the_log)
{
	struct mirror *m = mirror_start(f);

	for (int i = 0; i < 3; i++)
		chat(f, "session", "question", "answer");
	store_restart(f, STORE_BYTES);
	mirror_expect_equal(f, m);
	f->env.writable = false;
	f->env.freed_pages_hidden = true;
	env_probe(&f->env);
	mirror_expect_equal(f, m);
	label_recount(&f->env);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

#define MANY         20000u
#define MANY_WIDGETS 500u

/* A conversation of one of many widgets, in an hour of its own. */
static void
put_conversation(struct txn *t, unsigned i)
{
	struct id widget = {{0}};
	char session[16];
	const uint64_t at = (uint64_t)(i + 1) * CLOCK_HOUR_MS;
	int n = snprintf(session, sizeof(session), "s%u", i);
	unsigned w = 1 + below(MANY_WIDGETS);

	memcpy(widget.b, &w, sizeof(w));
	assert_int_equal(conversation_put(t,
			     &(struct msg_conversation_record){.v = RECORD_VERSION,
				 .id = id_new(),
				 .org = id_default_org,
				 .widget = widget,
				 .session = {(const uint8_t *)session, (size_t)n},
				 .created_at = at,
				 .updated_at = at,
				 .next_seq = 1},
			     NULL, 0),
	    0);
}

static void
put_many_conversations(struct fixture *f)
{
	struct txn t;

	for (unsigned i = 0; i < MANY; i++) {
		if (i % 500 == 0)
			assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		put_conversation(&t, i);
		if (i % 500 == 499)
			assert_int_equal(txn_commit(&t), 0);
	}
}

static void
distrust_numbers(struct fixture *f)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(numbers_distrust(&t), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Each must be acknowledged within seconds, or the next owner fails at the same. */
STORE_TEST(no_transaction_of_a_recount_is_large)
{
	struct mirror *m = mirror_start(f);
	const struct key all = {0};
	struct contents before;
	struct txn t;
	size_t appends;

	random_state = 2;
	put_many_conversations(f);
	mirror_expect_equal(f, m);
	contents_take(f, &before);

	m->largest = 0;
	appends = m->appends;
	distrust_numbers(f);
	numbers_start(&f->env);
	assert_true(m->appends > appends + 2);
	assert_in_range(m->largest, 1, 2 * LOG_STEP_BYTES);
	mirror_expect_equal(f, m);

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del_all(&t, TABLE_LABEL_COUNTS, &all), 0);
	assert_int_equal(txn_commit(&t), 0);
	m->largest = 0;
	label_recount_missing(&f->env);
	assert_in_range(m->largest, 1, 100 * 1024);
	m->largest = 0;
	label_recount(&f->env);
	assert_int_equal(m->largest, 0); /* nothing differs */
	mirror_expect_equal(f, m);

	contents_expect(f, &before, NULL);
	contents_clear(&before);
	mirror_stop(f, m);
}

/* The other machines' entries are right, and stay. */
STORE_TEST(a_label_count_that_is_damaged_is_counted_again_and_others_are_not_written)
{
	struct mirror *m = mirror_start(f);
	const struct key all = {0}, none = key_of_org(&id_default_org, &id_default_org);
	struct key first;
	struct txn t;

	random_state = 4;
	put_many_conversations(f);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(txn_first(&t, TABLE_LABEL_COUNTS, &all, &first), 0);
	txn_abort(&t);
	flip_bit(f, TABLE_LABEL_COUNTS, &first);
	f->damaged = false;
	put_entry(f, TABLE_LABEL_COUNTS, none, "no count");
	m->largest = 0;
	label_recount(&f->env);
	assert_in_range(m->largest, 1, 1024);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

/* The numbers were counted in part: the next start counts again. */
STORE_TEST(a_recount_that_loses_the_log_is_repeated)
{
	struct mirror *m = mirror_start(f);
	struct contents before;

	random_state = 3;
	put_many_conversations(f);
	contents_take(f, &before);
	distrust_numbers(f);
	m->fails_after = m->appends + 2;
	numbers_start(&f->env);
	assert_int_equal(m->appends, m->fails_after);
	m->fails_after = 0;
	store_restart(f, STORE_BYTES);
	contents_expect(f, &before, NULL);
	contents_clear(&before);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

/* A batch ends before the text of its replies is too much for one row of the log. */
STORE_TEST(a_batch_ends_when_its_changes_are_large)
{
	static char text[200000];
	static struct id turns[60];
	struct mirror *m = mirror_start(f);
	size_t n = 0;

	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		char session[16];
		struct msg_turn_begin begin;

		snprintf(session, sizeof(session), "s%zu", i);
		begin = begin_of(session, "question");
		turns[i] = begin.turn;
		ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	}
	for (; n < ARRAY_LEN(turns) && batch_is_open(&f->batch); n++)
		send_request(f, &f->a, MSG_TURN_FINISH,
		    &(struct msg_turn_finish){
			.turn = turns[n], .run = turns[n], .text = slice_str(text)});
	commit(f);
	assert_in_range(n, 1, 1 + BATCH_LOG_BYTES / sizeof(text));
	assert_in_range(m->largest, BATCH_LOG_BYTES, BATCH_LOG_BYTES + 2 * sizeof(text));
	buf_reset(&f->a.out);
	for (; n < ARRAY_LEN(turns); n++)
		ask(f, MSG_TURN_FINISH,
		    &(struct msg_turn_finish){
			.turn = turns[n], .run = turns[n], .text = slice_str(text)},
		    MSG_OK, NULL);
	mirror_expect_equal(f, m);
	mirror_stop(f, m);
}

TEST_MAIN(NULL, NULL)
