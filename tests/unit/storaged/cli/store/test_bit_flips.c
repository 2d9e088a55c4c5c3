/*
 * A single bit of a store's file changes: `banter verify` finds it in every key, value and checksum, and
 * anywhere else if it changes what can be read. In a backup, it finds every bit.
 */
#include <sys/mman.h>

#include "tests/unit/storaged/store_contents.h"

#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/files/backup_sum.h"
#include "storaged/cli/store/snapshot.h"
#include "storaged/cli/store/store_check.h"
#include "storaged/engine/checksum.h"

#define SESSIONS     60
#define RANDOM_FLIPS 400

/* Bytes of an entry in the file. */
struct place {
	size_t at, len;
};

struct flips {
	struct fixture *f;
	char path[160]; /* a copy of the store */
	int fd, silent; /* of the copy, and of /dev/null */
	size_t size;
	struct place *places; /* of all keys and values */
	size_t n;
	struct contents before;
	uint64_t random;
};

/* The same numbers in every run: a multiplicative generator (Knuth, MMIX). */
static size_t
below(struct flips *t, size_t bound)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(t->random >> 33) % bound;
}

/* A page begins with its number. */
static struct place
place_of(const uint8_t *p, size_t len)
{
	size_t within = (uintptr_t)p % PAGE_SIZE, page;

	memcpy(&page, p - within, sizeof(page));
	return (struct place){page * PAGE_SIZE + within, len};
}

static void
find_places(struct flips *t)
{
	const struct key all = {0};
	struct walk w;
	struct txn txn;

	assert_int_equal(txn_begin(&txn, &t->f->env, TXN_READ), 0);
	for (enum table i = 0; i < TABLES; i++) {
		assert_int_equal(walk_open(&w, &txn, i, &all), 0);
		for (int rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w)) {
			t->places = xreallocarray(t->places, t->n + 2, sizeof(*t->places));
			t->places[t->n++] = place_of(w.key.p, w.key.len);
			t->places[t->n++] = place_of(w.value.p, w.value.len + CHECKSUM_LEN);
		}
		walk_close(&w);
	}
	txn_abort(&txn);
}

/* A store with short and long messages, a running reply, a login and erased data. */
static void
fill_store(struct fixture *f)
{
	struct msg_turn_begin begin = begin_of("running", "question");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "a piece of the reply");
	char session[16], text[6000];

	for (unsigned i = 0; i < SESSIONS; i++) {
		snprintf(session, sizeof(session), "s%u", i);
		memset(text, 'x', sizeof(text));
		text[i % 20 == 0 ? sizeof(text) - 1 : 10 * i] = '\0';
		chat(f, session, text, "answer");
	}
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
}

static int
setup(void **state)
{
	struct flips *t = xcalloc(1, sizeof(*t));
	struct fixture *f;
	char command[400];
	void *fixture;

	fixture_setup(&fixture);
	f = t->f = fixture;
	fill_store(f);
	find_places(t);
	contents_take(f, &t->before);
	snprintf(t->path, sizeof(t->path), "%s/s", f->dir);
	snprintf(command, sizeof(command), "cp %s/data.mdb %s", f->dir, t->path);
	assert_int_equal(system(command), 0);
	t->fd = open(t->path, O_RDWR | O_CLOEXEC);
	t->size = (size_t)lseek(t->fd, 0, SEEK_END);
	t->silent = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct flips *t = *state;
	void *fixture = t->f;

	closefd(&t->fd);
	closefd(&t->silent);
	contents_clear(&t->before);
	free(t->places);
	free(t);
	return fixture_teardown(&fixture);
}

static void
flip(const struct flips *t, size_t bit)
{
	uint8_t byte;

	assert_int_equal(pread(t->fd, &byte, 1, (off_t)(bit / 8)), 1);
	byte ^= (uint8_t)(1u << bit % 8);
	assert_int_equal(pwrite(t->fd, &byte, 1, (off_t)(bit / 8)), 1);
}

/* The status of a check in a child process. Its messages are not printed. */
static int
run_silently(struct flips *t, int (*run)(struct flips *))
{
	int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)}, status;

	fflush(NULL);
	dup2(t->silent, STDOUT_FILENO);
	dup2(t->silent, STDERR_FILENO);
	status = run(t);
	dup2(saved[0], STDOUT_FILENO);
	dup2(saved[1], STDERR_FILENO);
	closefd(&saved[0]);
	closefd(&saved[1]);
	return status;
}

static int
verify(struct flips *t)
{
	struct store_check check = {.path = t->path, .quiet = true};

	return store_check_run(&check);
}

static bool
is_found(struct flips *t)
{
	return run_silently(t, verify) != 0;
}

static bool
table_is_changed(struct flips *t, struct txn *txn, enum table table)
{
	struct buf now;
	bool changed;

	buf_init(&now, CONTENTS_MAX);
	changed = contents_of_table(txn, table, &now) != 0 ||
	    !slice_eq(buf_slice(&now), buf_slice(&t->before.table[table]));
	buf_clear(&now);
	return changed;
}

/* Runs in a child process, because it may crash. */
static int
compare(void *arg)
{
	struct flips *t = arg;
	struct snapshot s;
	struct txn txn;
	bool changed = snapshot_open(&s, t->path) != 0;

	if (changed)
		return true;
	changed = txn_begin(&txn, &s.env, TXN_READ) != 0;
	txn.unchecked = true;
	for (enum table i = TABLE_META + 1; i < TABLES && !changed; i++)
		changed = table_is_changed(t, &txn, i);
	txn_abort(&txn);
	snapshot_close(&s);
	return changed;
}

static int
compare_in_child(struct flips *t)
{
	return subprocess_run(t->path, compare, NULL, t);
}

TEST_WITH(every_bit_of_an_entry_is_covered, setup, teardown)
{
	struct flips *t = *state;

	assert_false(is_found(t));
	for (size_t i = 0; i < t->n; i++) {
		size_t bit = 8 * t->places[i].at + below(t, 8 * t->places[i].len);

		flip(t, bit);
		if (!is_found(t))
			fail_msg(
			    "bit %zu of the file, in entry %zu, is not covered", bit, i / 2);
		flip(t, bit);
	}
	assert_false(is_found(t));
}

TEST_WITH(a_bit_that_changes_the_contents_is_found, setup, teardown)
{
	struct flips *t = *state;
	unsigned changed = 0;

	for (size_t i = 0; i < RANDOM_FLIPS; i++) {
		size_t bit = below(t, 8 * t->size);
		bool differs;

		flip(t, bit);
		differs = run_silently(t, compare_in_child) != 0;
		changed += differs;
		if (differs && !is_found(t))
			fail_msg(
			    "bit %zu of the file changes the contents and is not found", bit);
		flip(t, bit);
	}
	assert_true(changed > RANDOM_FLIPS / 10);
}

/* Every bit of the last line, and many of the pages. */
TEST_WITH(every_bit_of_a_backup_is_covered, setup, teardown)
{
	struct flips *t = *state;
	struct file_sum sum;
	char line[BACKUP_SUM_LEN];
	void *bytes = mmap(NULL, t->size, PROT_READ, MAP_SHARED, t->fd, 0);

	assert_int_equal(backup_sum_check(t->fd), BACKUP_SUM_NONE);
	file_sum_init(&sum);
	file_sum_add(&sum, bytes, t->size);
	backup_sum_line(&sum, line);
	file_sum_clear(&sum);
	munmap(bytes, t->size);
	assert_int_equal(pwrite(t->fd, line, sizeof(line), (off_t)t->size), sizeof(line));
	assert_int_equal(backup_sum_check(t->fd), BACKUP_SUM_RIGHT);
	assert_false(is_found(t));
	for (size_t i = 0; i < 8 * BACKUP_SUM_LEN + RANDOM_FLIPS; i++) {
		bool of_line = i < 8 * BACKUP_SUM_LEN;
		size_t bit = of_line ? 8 * t->size + i : below(t, 8 * t->size);

		flip(t, bit);
		assert_int_equal(backup_sum_check(t->fd), BACKUP_SUM_WRONG);
		if (i % 100 == 0)
			assert_true(is_found(t));
		flip(t, bit);
	}
	assert_int_equal(ftruncate(t->fd, (off_t)t->size + BACKUP_SUM_LEN - 1), 0);
	assert_int_equal(backup_sum_check(t->fd), BACKUP_SUM_WRONG);
}

TEST_MAIN(NULL, NULL)
