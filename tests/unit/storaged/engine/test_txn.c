/*
 * Transactions: the cursors that a write keeps between lookups, changes and walks have no visible
 * effect. Everything is compared with a model that has no cursors.
 */
#include "tests/unit/storaged/store_fixture.h"

#define KEYS         400u
#define TRANSACTIONS 120u
#define STEPS        300u
#define LONGEST      6000u /* some values need overflow pages */

static const enum table tables[] = {TABLE_CONVERSATIONS, TABLE_PARTIALS, TABLE_LOGINS};

/* The expected contents: for each key, the length of its value, which repeats one byte. */
struct model {
	struct {
		bool there;
		size_t len;
		uint8_t byte;
	} of[ARRAY_LEN(tables)][KEYS];
};

struct run {
	struct txn t;
	struct model model;
	uint64_t random;
};

/* The same numbers in every run: a multiplicative generator (Knuth, MMIX). */
static uint32_t
below(struct run *r, uint32_t bound)
{
	r->random = r->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->random >> 33) % bound;
}

static struct key
key_of_number(uint32_t number)
{
	struct id id = {{0}};

	id.b[14] = (uint8_t)(number >> 8);
	id.b[15] = (uint8_t)number;
	return key_id(&id);
}

static uint32_t
number_of_key(struct slice key)
{
	assert_int_equal(key.len, sizeof(struct id));
	return (uint32_t)key.p[14] << 8 | key.p[15];
}

static void
expect_as_put(const struct run *r, size_t table, uint32_t number, struct slice value)
{
	assert_true(r->model.of[table][number].there);
	assert_int_equal(value.len, r->model.of[table][number].len);
	for (size_t i = 0; i < value.len; i++)
		assert_int_equal(value.p[i], r->model.of[table][number].byte);
}

static void
look_up(struct run *r, size_t table, uint32_t number)
{
	struct key key = key_of_number(number);
	struct slice value;
	int rc = txn_get(&r->t, tables[table], &key, &value);

	assert_int_equal(rc, r->model.of[table][number].there ? 0 : MDB_NOTFOUND);
	if (rc == 0)
		expect_as_put(r, table, number, value);
}

static void
put(struct run *r, size_t table, uint32_t number)
{
	static uint8_t bytes[LONGEST];
	struct key key = key_of_number(number);
	size_t len = below(r, below(r, 20) == 0 ? LONGEST : 700);
	uint8_t byte = (uint8_t)below(r, 256);

	memset(bytes, byte, len);
	assert_int_equal(txn_put(&r->t, tables[table], &key, (struct slice){bytes, len}), 0);
	r->model.of[table][number].there = true;
	r->model.of[table][number].len = len;
	r->model.of[table][number].byte = byte;
}

static void
take_away(struct run *r, size_t table, uint32_t number)
{
	struct key key = key_of_number(number);

	assert_int_equal(txn_del(&r->t, tables[table], &key), 0);
	r->model.of[table][number].there = false;
}

/* The first key of the model at or behind number; KEYS if there is none. */
static uint32_t
next_there(const struct run *r, size_t table, uint32_t number)
{
	while (number < KEYS && !r->model.of[table][number].there)
		number++;
	return number;
}

/* Walks on from some key. Lookups in between must not move the walk. */
static void
walk_on(struct run *r, size_t table, uint32_t number, uint32_t steps)
{
	struct key all = {0}, at = key_of_number(number);
	struct walk w;
	int rc;

	assert_int_equal(walk_open(&w, &r->t, tables[table], &all), 0);
	for (rc = walk_from(&w, &at); steps > 0; steps--, rc = walk_next(&w)) {
		number = next_there(r, table, number);
		assert_int_equal(rc, number == KEYS ? MDB_NOTFOUND : 0);
		if (rc != 0)
			break;
		assert_int_equal(number_of_key(w.key), number);
		expect_as_put(r, table, number, w.value);
		look_up(r, table, below(r, KEYS));
		number++;
	}
	walk_close(&w);
}

static void
delete_by_walk(struct run *r, size_t table, uint32_t number, uint32_t steps)
{
	struct key all = {0}, at = key_of_number(number);
	struct walk w;

	assert_int_equal(walk_open(&w, &r->t, tables[table], &all), 0);
	for (; steps > 0 && walk_from(&w, &at) == 0; steps--) {
		r->model.of[table][number_of_key(w.key)].there = false;
		assert_int_equal(walk_delete(&w), 0);
	}
	walk_close(&w);
}

static void
step(struct run *r)
{
	size_t table = below(r, ARRAY_LEN(tables));
	uint32_t number = below(r, KEYS), what = below(r, 100);

	if (what < 40)
		put(r, table, number);
	else if (what < 65)
		take_away(r, table, number);
	else if (what < 88)
		look_up(r, table, number);
	else if (what < 97)
		walk_on(r, table, number, below(r, 60));
	else
		delete_by_walk(r, table, number, below(r, 80));
}

static void
compare_all(struct run *r)
{
	for (size_t table = 0; table < ARRAY_LEN(tables); table++) {
		for (uint32_t number = 0; number < KEYS; number++)
			look_up(r, table, number);
		walk_on(r, table, 0, KEYS + 1);
	}
}

STORE_TEST(what_a_write_sees_and_leaves_is_what_it_did)
{
	struct run *r = xcalloc(1, sizeof(*r));
	struct model before;

	f->damaged = true; /* these are no records */
	for (uint32_t i = 0; i < TRANSACTIONS; i++) {
		before = r->model;
		assert_int_equal(txn_begin(&r->t, &f->env, TXN_WRITE), 0);
		for (uint32_t n = below(r, STEPS); n > 0; n--)
			step(r);
		if (below(r, 4) == 0) {
			txn_abort(&r->t);
			r->model = before;
		} else {
			assert_int_equal(txn_commit(&r->t), 0);
		}
		assert_int_equal(txn_begin(&r->t, &f->env, TXN_READ), 0);
		compare_all(r);
		txn_abort(&r->t);
	}
	free(r);
}

TEST_MAIN(NULL, NULL)
