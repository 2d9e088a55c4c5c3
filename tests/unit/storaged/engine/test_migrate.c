/*
 * Migrations: a copy first, then all steps in one transaction; a failure leaves the old store unchanged.
 * No released version has another schema yet, so the steps here exist only in this test. They are also the
 * example for the first real one.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"
#include "tests/unit/unit.h"

/* Calls change for each entry of a table, which may put another value there. */
static int
change_each(struct txn *t, enum table table,
    int (*change)(struct txn *t, const struct key *key, struct slice old))
{
	const struct key all = {0};
	struct key at = {0};
	struct walk w;

	for (;;) {
		struct slice old = {0};
		int rc = walk_open(&w, t, table, &all);

		if (rc == 0)
			rc = walk_from(&w, &at);
		if (rc == 0 && at.len > 0 && slice_eq(w.key, key_slice(&at)))
			rc = walk_next(&w);
		if (rc == 0 && !key_fits(table, w.key))
			rc = RECORD_DAMAGED;
		if (rc == 0) {
			at = key_of(w.key);
			old = w.value;
		}
		walk_close(&w);
		if (rc == 0)
			rc = change(t, &at, old);
		if (rc != 0)
			return rc == MDB_NOTFOUND ? 0 : rc;
	}
}

/* In both schemas the last byte of a conversation's record is its state. */
static int
set_state(struct txn *t, const struct key *key, struct slice old)
{
	uint8_t record[4096];

	if (old.len == 0 || old.len > sizeof(record))
		return RECORD_DAMAGED;
	memcpy(record, old.p, old.len);
	record[old.len - 1] = CONVERSATION_STOPPED;
	return txn_put(t, TABLE_CONVERSATIONS, key, (struct slice){record, old.len});
}

static int
from_1_to_2(struct txn *t)
{
	return change_each(t, TABLE_CONVERSATIONS, set_state);
}

/* Fails unless the step before it has run. */
static int
from_2_to_3(struct txn *t)
{
	const struct key first = {0};
	struct msg_conversation_record record;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CONVERSATIONS, &first);

	if (rc == 0)
		rc = walk_from(&w, &first);
	if (rc == 0)
		rc =
		    record_read(w.value, TABLE_CONVERSATIONS, MSG_CONVERSATION_RECORD, &record);
	walk_close(&w);
	if (rc == MDB_NOTFOUND)
		return 0;
	return rc == 0 && record.state != CONVERSATION_STOPPED ? RECORD_DAMAGED : rc;
}

static int
kill_process(struct txn *t)
{
	(void)t;
	kill(getpid(), SIGKILL);
	return RECORD_DAMAGED;
}

static const struct migrations to_2 = {2, (migrate_step_fn *const[]){NULL, from_1_to_2}};
static const struct migrations to_3 = {
    3, (migrate_step_fn *const[]){NULL, from_1_to_2, from_2_to_3}};
static const struct migrations killed = {
    3, (migrate_step_fn *const[]){NULL, from_1_to_2, kill_process}};

static void
path_in(const struct fixture *f, const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", f->dir, name);
}

static bool
exists(const struct fixture *f, const char *name)
{
	char path[160];

	path_in(f, name, path);
	return access(path, F_OK) == 0;
}

/* The bytes of a file. */
static struct buf
file_content(const struct fixture *f, const char *name)
{
	char path[160];
	struct buf content;
	ssize_t n;
	int fd;

	path_in(f, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	buf_init(&content, STORE_BYTES);
	do {
		uint8_t *p = buf_reserve(&content, 65536);

		assert_non_null(p);
		n = read(fd, p, 65536);
		assert_int_not_equal(n, -1);
		buf_commit(&content, (size_t)n);
	} while (n > 0);
	closefd(&fd);
	return content;
}

/* Opens the store with migrations to a version that `banter verify` does not know. */
static void
migrates_to(struct fixture *f, const struct migrations *migrations)
{
	assert_int_equal(
	    env_open_with(&f->env, f->dir, STORE_BYTES, organization_make_default, migrations),
	    0);
	store_serve(f);
	f->damaged = true;
}

static void
migrates(struct fixture *f)
{
	migrates_to(f, &to_2);
}

static uint64_t
schema_of(struct fixture *f)
{
	uint64_t version;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(env_version(&t, &version), 0);
	txn_abort(&t);
	return version;
}

STORE_TEST(a_step_changes_every_record)
{
	struct fixture *f = *state;
	struct id conversations[3];

	for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
		const char session[2] = {(char)('a' + i), '\0'};

		conversations[i] = chat(f, session, "q", "a");
		assert_int_equal(
		    conversation_record(f, &conversations[i]).state, CONVERSATION_COMPLETE);
	}
	store_close(f);
	migrates(f);
	assert_int_equal(schema_of(f), 2);
	for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
		EXPECT_MESSAGES(f, &conversations[i], "cc", "q", "a");
		assert_int_equal(
		    conversation_record(f, &conversations[i]).state, CONVERSATION_STOPPED);
	}
}

STORE_TEST(all_steps_run_in_their_order)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	store_close(f);
	migrates_to(f, &to_3);
	assert_int_equal(schema_of(f), 3);
	assert_true(exists(f, "data-schema1.mdb"));
	assert_false(exists(f, "data-schema2.mdb"));
}

STORE_TEST(a_store_in_between_runs_only_the_later_steps)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	store_close(f);
	migrates_to(f, &to_2);
	store_close(f);
	migrates_to(f, &to_3);
	assert_int_equal(schema_of(f), 3);
	assert_true(exists(f, "data-schema2.mdb"));
}

STORE_TEST(a_new_store_needs_no_step)
{
	struct fixture *f = *state;
	char path[160];

	store_close(f);
	path_in(f, "data.mdb", path);
	assert_int_equal(unlink(path), 0);
	migrates_to(f, &killed);
	assert_int_equal(schema_of(f), 3);
	assert_int_equal(table_count(f, TABLE_ORGS), 1);
}

STORE_TEST(a_migration_of_thousands_of_records_fits_into_a_full_store)
{
	struct fixture *f = *state;
	enum { TURNS = 3000 };
	uint64_t first = f->requests + 1;

	for (size_t i = 0; i < TURNS; i++) {
		char session[16];
		struct msg_turn_begin begin;

		snprintf(session, sizeof(session), "s%zu", i);
		begin = begin_of(session, "question");
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		if (i % 500 == 499)
			commit(f);
	}
	for (; first <= f->requests; first++)
		expect_answer(f, &f->a, first, MSG_TURN_BEGUN, NULL);
	store_close(f);
	/* A bound that was exceeded long ago: the map is as large as its contents. */
	assert_int_equal(
	    env_open_with(&f->env, f->dir, 65536, organization_make_default, &to_2), 0);
	store_serve(f);
	f->damaged = true;
	assert_int_equal(f->open.n, TURNS);
}

/* The copy is a whole store of schema 1, in one file, for its owner alone. */
static void
expect_copy(const struct fixture *f, size_t messages)
{
	char name[] = META_VERSION, path[160];
	MDB_val key = {sizeof(name) - 1, name}, value;
	struct stat st;
	MDB_stat entries;
	MDB_env *mdb;
	MDB_txn *txn;
	MDB_dbi dbi;

	path_in(f, "data-schema1.mdb", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(mdb_env_create(&mdb), 0);
	assert_int_equal(mdb_env_set_maxdbs(mdb, TABLES), 0);
	assert_int_equal(
	    mdb_env_open(mdb, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600), 0);
	assert_int_equal(mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, table_name(TABLE_META), 0, &dbi), 0);
	assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
	assert_int_equal(value.mv_size, 1);
	assert_memory_equal(value.mv_data, "1", 1);
	assert_int_equal(mdb_dbi_open(txn, table_name(TABLE_MESSAGES), 0, &dbi), 0);
	assert_int_equal(mdb_stat(txn, dbi, &entries), 0);
	assert_int_equal(entries.ms_entries, messages);
	mdb_txn_abort(txn);
	mdb_env_close(mdb);
}

STORE_TEST(the_old_store_is_kept_beside_the_new_one)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	store_close(f);
	migrates(f);
	chat(f, "s1", "q2", "a2");
	expect_copy(f, 2);
	assert_false(exists(f, "data-schema1.mdb.part"));
}

STORE_TEST(a_migrated_store_is_not_migrated_again)
{
	struct fixture *f = *state;
	char path[160];

	store_close(f);
	migrates(f);
	path_in(f, "data-schema1.mdb", path);
	assert_int_equal(unlink(path), 0);
	store_close(f);
	migrates(f);
	assert_false(exists(f, "data-schema1.mdb"));
}

STORE_TEST(files_of_earlier_tries_are_replaced)
{
	static const char *const names[] = {"data-schema1.mdb", "data-schema1.mdb.part"};
	static const char rubbish[100000];
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	store_close(f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[160];
		int fd;

		path_in(f, names[i], path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, rubbish, sizeof(rubbish)), sizeof(rubbish));
		closefd(&fd);
	}
	migrates(f);
	expect_copy(f, 2);
	assert_false(exists(f, names[1]));
}

/* The meta page of a snapshot has the number of its last page behind the page's head (16 bytes),
 * four numbers (24) and the roots of two trees (48 each). */
STORE_TEST(a_store_with_a_lost_page_is_copied_as_well)
{
	const size_t page_size = 4096, at = 16 + 24 + 2 * 48;
	struct fixture *f = *state;
	MDB_envinfo info;
	char path[160];
	size_t last;
	int fd;

	chat(f, "s1", "q", "a");
	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	last = info.me_last_pgno + 1;
	path_in(f, "data.mdb", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)((last + 1) * page_size)), 0);
	assert_int_equal(
	    pwrite(fd, &last, sizeof(last), (off_t)(info.me_last_txnid % 2 * page_size + at)),
	    sizeof(last));
	closefd(&fd);
	f->damaged = true;
	store_close(f);
	migrates(f);
	expect_copy(f, 2);
}

static int
status_of_opening(const struct fixture *f)
{
	struct env env;
	int status = env_open_with(&env, f->dir, STORE_BYTES, organization_make_default, &to_2);

	env_close(&env);
	return status;
}

static void
expect_content(const struct fixture *f, const struct buf *before)
{
	struct buf now = file_content(f, "data.mdb");

	assert_true(slice_eq(buf_slice(&now), buf_slice(before)));
	buf_clear(&now);
}

/* Replaces the C library's function: the free space of every file system, in blocks of one byte. */
static uint64_t bytes_free = UINT64_MAX;

int
statvfs(const char *path, struct statvfs *out)
{
	struct stat st;

	*out = (struct statvfs){.f_frsize = 1, .f_blocks = UINT64_MAX, .f_bavail = bytes_free};
	return stat(path, &st);
}

/* The size of a file in the data directory; -1: it does not exist. */
static int64_t
size_of(const struct fixture *f, const char *name)
{
	char path[160];
	struct stat st;

	path_in(f, name, path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* Uses many pages, and frees them. */
static void
free_pages(struct fixture *f)
{
	static uint8_t text[256 << 10];
	const struct key key = {.len = 3, .b = "xyz"};
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(
	    txn_put(&t, TABLE_CONVERSATIONS, &key, (struct slice){text, sizeof(text)}), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_CONVERSATIONS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Restores the contents of the store's file, and removes the copy. */
static void
put_back(const struct fixture *f, const struct buf *content)
{
	char path[160];
	int fd;

	path_in(f, "data-schema1.mdb", path);
	assert_int_equal(unlink(path), 0);
	path_in(f, "data.mdb", path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    write(fd, buf_data(content), buf_len(content)), (ssize_t)buf_len(content));
	closefd(&fd);
}

/* With so many bytes free, the copy is not started, and the incomplete one of an earlier try is
 * removed. */
static void
expect_no_copy(const struct fixture *f, uint64_t bytes, const struct buf *before)
{
	char path[160];
	int fd;

	path_in(f, "data-schema1.mdb.part", path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	closefd(&fd);
	bytes_free = bytes;
	assert_int_equal(status_of_opening(f), EX_IOERR);
	bytes_free = UINT64_MAX;
	expect_content(f, before);
	assert_int_equal(size_of(f, "data-schema1.mdb"), -1);
	assert_int_equal(size_of(f, "data-schema1.mdb.part"), -1);
}

/* A store with mostly free pages, as after erasures: only the used ones are copied. */
STORE_TEST(the_copy_is_not_begun_without_room_for_all_of_it)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;
	int64_t bytes;

	free_pages(f);
	store_close(f);
	before = file_content(f, "data.mdb");
	expect_no_copy(f, 0, &before);
	migrates(f);
	bytes = size_of(f, "data-schema1.mdb");
	assert_true(bytes > 0 && bytes < (int64_t)buf_len(&before) / 2);

	/* The same store again: the size of its copy is the space that it needs. */
	store_close(f);
	put_back(f, &before);
	expect_no_copy(f, (uint64_t)bytes - 1, &before);
	bytes_free = (uint64_t)bytes;
	migrates(f);
	bytes_free = UINT64_MAX;
	assert_int_equal(size_of(f, "data-schema1.mdb"), bytes);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	buf_clear(&before);
}

/* Makes the file system full, for this process. */
static void
set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

STORE_TEST(without_room_for_the_copy_nothing_is_changed)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;

	store_close(f);
	before = file_content(f, "data.mdb");
	signal(SIGXFSZ, SIG_IGN);
	set_file_limit(16384);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_of_opening(f), EX_IOERR);
		expect_content(f, &before);
		assert_false(exists(f, "data-schema1.mdb"));
		assert_false(exists(f, "data-schema1.mdb.part"));
	}
	set_file_limit(RLIM_INFINITY);
	migrates(f);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	expect_copy(f, 2);
	buf_clear(&before);
}

STORE_TEST(a_migration_that_fails_changes_nothing)
{
	const struct key unfit = {.len = 3, .b = "xyz"};
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_CONVERSATIONS, &unfit, slice_str("x")), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	store_close(f);
	before = file_content(f, "data.mdb");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_of_opening(f), EX_DATAERR);
		expect_content(f, &before);
		expect_copy(f, 2);
	}
	buf_clear(&before);
	/* Once it is repaired, by the version that wrote it, it is migrated. */
	store_open(f, STORE_BYTES);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_CONVERSATIONS, &unfit), 0);
	assert_int_equal(txn_commit(&t), 0);
	store_close(f);
	migrates(f);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
}

STORE_TEST(a_migration_that_is_killed_is_done_again)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;
	struct env env;
	int status;
	pid_t pid;

	store_close(f);
	before = file_content(f, "data.mdb");
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(env_open_with(
		    &env, f->dir, STORE_BYTES, organization_make_default, &killed));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_content(f, &before);
	buf_clear(&before);
	migrates(f);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
}

STORE_TEST(a_store_of_a_later_schema_is_refused)
{
	struct fixture *f = *state;
	struct buf before;

	store_close(f);
	migrates_to(f, &to_3);
	store_close(f);
	before = file_content(f, "data.mdb");
	assert_int_equal(status_of_opening(f), EX_CONFIG);
	expect_content(f, &before);
	buf_clear(&before);
	migrates_to(f, &to_3);
}

TEST_MAIN(NULL, NULL)
