/*
 * Migrations: all steps into a new file, which replaces the old one in one step; a failure or a kill leaves the
 * old store unchanged. Most steps here exist only in this test.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "storaged/engine/env_tables.h"
#include "storaged/engine/page_tree.h"
#include "storaged/open/migrate_file.h"
#include "tests/unit/storaged/old_schema.h"
#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/storaged/store_copy.h"

#define STORE "data.mdb"
#define PART  "data.mdb.migrating"

/* The store's earlier schema, which the steps of this test change, and the schemas that they make. */
#define THIS      13
#define COPY      "data-schema13.mdb"
#define NEXT_COPY "data-schema14.mdb"
_Static_assert(THIS == SCHEMA_VERSION, "the steps of this test come after the released ones");

/* Bytes of a text that needs pages of its own. */
#define LONG_TEXT (OLD_VALUE_MAX - 1000)

/* A bit for each step that ran. */
static unsigned steps;
enum { FIRST = 1, SECOND = 2 };

/* Changes conversations whose status is `from`, or all (CONVERSATION_ANY). In all these schemas
 * the status is followed by fields that are empty. */
static int
put_with_status(struct migration *m, struct slice key, struct slice value,
    enum conversation_status from, enum conversation_status to)
{
	uint8_t bytes[4096];
	uint8_t *status =
	    bytes + value.len - 1 - old_schema_added_after(2, TABLE_CONVERSATIONS);

	if (!key_fits(TABLE_CONVERSATIONS, key) || value.len == 0 || value.len > sizeof(bytes))
		return RECORD_DAMAGED;
	memcpy(bytes, value.p, value.len);
	if (from == CONVERSATION_ANY || *status == from)
		*status = (uint8_t)to;
	return migrate_put(m, TABLE_CONVERSATIONS, key, (struct slice){bytes, value.len});
}

static int
first_step(struct migration *m, enum table table, struct slice key, struct slice value)
{
	steps |= FIRST;
	if (table != TABLE_CONVERSATIONS)
		return migrate_put(m, table, key, value);
	return put_with_status(m, key, value, CONVERSATION_ANY, CONVERSATION_STOPPED);
}

static int
second_step(struct migration *m, enum table table, struct slice key, struct slice value)
{
	steps |= SECOND;
	if (table != TABLE_CONVERSATIONS)
		return migrate_put(m, table, key, value);
	return put_with_status(m, key, value, CONVERSATION_STOPPED, CONVERSATION_INTERRUPTED);
}

static int
kill_process([[gnu::unused]] struct migration *m, [[gnu::unused]] enum table table,
    [[gnu::unused]] struct slice key, [[gnu::unused]] struct slice value)
{
	kill(getpid(), SIGKILL);
	return RECORD_DAMAGED;
}

static const struct migrations to_next = {
    THIS + 1, (migrate_step_fn *const[]){[THIS] = first_step}};
static const struct migrations to_later = {
    THIS + 2, (migrate_step_fn *const[]){[THIS] = first_step, [THIS + 1] = second_step}};
static const struct migrations killed = {
    THIS + 2, (migrate_step_fn *const[]){[THIS] = first_step, [THIS + 1] = kill_process}};

static int
open_file(const struct fixture *f, const char *name, int flags)
{
	int fd = open(path_in(f->dir, name), flags | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	return fd;
}

static void
make_file(const struct fixture *f, const char *name, size_t len)
{
	static const char rubbish[100000];
	int fd = open_file(f, name, O_WRONLY | O_CREAT);

	assert_int_equal(write(fd, rubbish, len), len);
	closefd(&fd);
}

static void
remove_file(const struct fixture *f, const char *name)
{
	assert_int_equal(unlink(path_in(f->dir, name)), 0);
}

/* -1: it does not exist. */
static int64_t
file_size(const struct fixture *f, const char *name)
{
	struct stat st;

	return stat(path_in(f->dir, name), &st) == 0 ? (int64_t)st.st_size : -1;
}

static void
expect_no_file(const struct fixture *f, const char *name)
{
	assert_int_equal(file_size(f, name), -1);
}

/* The hash of the store's file. */
static struct hash256
content(const struct fixture *f)
{
	size_t len = (size_t)file_size(f, STORE);
	uint8_t *bytes = xcalloc(1, len);
	int fd = open_file(f, STORE, O_RDONLY);
	struct hash256 hash;

	assert_int_equal(read(fd, bytes, len), len);
	hash = secret_hash((struct slice){bytes, len});
	closefd(&fd);
	free(bytes);
	return hash;
}

static void
expect_content(const struct fixture *f, const struct hash256 *before)
{
	struct hash256 now = content(f);

	assert_memory_equal(&now, before, sizeof(now));
}

static void
open_within(struct fixture *f, const struct migrations *migrations, uint64_t max_bytes)
{
	steps = 0;
	assert_int_equal(
	    env_open_with(&f->env, f->dir, max_bytes, organization_make_default, migrations),
	    0);
	store_serve(f);
	f->damaged = true; /* `banter verify` does not know the new version */
}

static void
migrate_store(struct fixture *f, const struct migrations *migrations)
{
	open_within(f, migrations, STORE_BYTES);
}

/* The status of a migration that must fail and change nothing. */
static void
expect_refused(const struct fixture *f, int status)
{
	struct hash256 before = content(f);
	struct env env;

	assert_int_equal(
	    env_open_with(&env, f->dir, STORE_BYTES, organization_make_default, &to_next),
	    status);
	env_close(&env);
	expect_content(f, &before);
}

/* How a process ends that migrates the store. */
static int
migrate_in_child(const struct fixture *f, const struct migrations *migrations)
{
	struct env env;
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(env_open_with(
		    &env, f->dir, STORE_BYTES, organization_make_default, migrations));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* A process dies in the second step. */
static void
kill_migration(const struct fixture *f)
{
	struct hash256 before = content(f);

	assert_true(was_killed(migrate_in_child(f, &killed)));
	expect_content(f, &before);
	assert_int_not_equal(file_size(f, PART), -1);
}

static void
expect_schema(struct fixture *f, uint64_t expected)
{
	uint64_t version;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(env_tables_version(&t, &version), 0);
	txn_abort(&t);
	assert_int_equal(version, expected);
}

/* The copy is a whole store of schema THIS with two messages, in one file, for its owner alone. */
static void
expect_copy(const struct fixture *f)
{
	const char *path = path_in(f->dir, COPY);
	char name[] = META_VERSION;
	MDB_val key = {sizeof(name) - 1, name}, value;
	struct stat st;
	MDB_stat entries;
	MDB_env *mdb;
	MDB_txn *txn;
	MDB_dbi dbi;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(mdb_env_create(&mdb), 0);
	assert_int_equal(mdb_env_set_maxdbs(mdb, TABLES), 0);
	assert_int_equal(
	    mdb_env_open(mdb, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600), 0);
	assert_int_equal(mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, table_name(TABLE_META), 0, &dbi), 0);
	assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
	assert_int_equal(value.mv_size, 2 + CHECKSUM_LEN);
	assert_memory_equal(value.mv_data, "13", 2);
	assert_int_equal(mdb_dbi_open(txn, table_name(TABLE_MESSAGES), 0, &dbi), 0);
	assert_int_equal(mdb_stat(txn, dbi, &entries), 0);
	assert_int_equal(entries.ms_entries, 2);
	mdb_txn_abort(txn);
	mdb_env_close(mdb);
	expect_no_file(f, PART);
}

/* A closed store with one conversation. */
static struct id
closed_store(struct fixture *f)
{
	struct id conversation = chat(f, "s1", "q", "a");

	store_close(f);
	return conversation;
}

static void
add_record(struct fixture *f, enum msg_type type, const void *record)
{
	struct msg_import_record import = {.type = (uint16_t)type};
	struct buf bytes;

	buf_init(&bytes, RECORD_MAX);
	assert_int_equal(record_encode(&bytes, type, record), 0);
	import.record = buf_slice(&bytes);
	copy_request(f, MSG_IMPORT_RECORD, &import);
	buf_clear(&bytes);
}

/* The settings of a new widget are a field that older schemas do not have. */
static void
clear_settings(struct fixture *f)
{
	struct key key = key_of_org(&id_default_org, &id_default_widget);
	struct msg_widget_record r;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_get_record(&t, TABLE_WIDGETS, &key, &r), 0);
	r.settings = (struct slice){0};
	assert_int_equal(txn_put_record(&t, TABLE_WIDGETS, &key, &r), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Each table to whose records a schema added fields has some. Full pages, and values that have pages of
 * their own. */
static void
fill_store(struct fixture *f)
{
	struct msg_user_record user = {.v = RECORD_VERSION,
	    .id = {.b = "user"},
	    .org = id_default_org,
	    .email = slice_str("ann@example.com"),
	    .read_until = clock_wall_ms(),
	    .password = slice_str("x")};
	struct msg_contact_record contact = {.v = RECORD_VERSION,
	    .id = {.b = "contact"},
	    .org = id_default_org,
	    .phone = slice_str("123")};
	struct msg_key_record key = {.v = RECORD_VERSION,
	    .id = {.b = "key"},
	    .org = id_default_org,
	    .key = {.b = "hash"},
	    .kind = KEY_WIDGET,
	    .hint = slice_str("x7Qe"),
	    .created_at = clock_wall_ms()};
	char *text = xcalloc(1, LONG_TEXT + 1);
	uint64_t request;

	clear_settings(f);
	request =
	    send_request(f, &f->a, MSG_READ_ALL, &(struct msg_read_all){.org = id_default_org});
	commit(f);
	expect_answer(f, &f->a, request, MSG_OK, NULL);
	add_record(f, MSG_USER_RECORD, &user);
	add_record(f, MSG_CONTACT_RECORD, &contact);
	add_record(f, MSG_KEY_RECORD, &key);
	for (size_t i = 0; i < 300; i++) {
		char session[16];

		snprintf(session, sizeof(session), "s%zu", i);
		memset(text, 'x', LONG_TEXT);
		text[i % 10 == 0 ? LONG_TEXT : i] = '\0';
		chat(f, session, text, "a");
	}
	free(text);
}

STORE_TEST(a_store_of_each_older_schema_keeps_its_contents)
{
	static const char *const copies[SCHEMA_VERSION] = {NULL, "data-schema1.mdb",
	    "data-schema2.mdb", "data-schema3.mdb", "data-schema4.mdb", "data-schema5.mdb",
	    "data-schema6.mdb", "data-schema7.mdb", "data-schema8.mdb", "data-schema9.mdb",
	    "data-schema10.mdb", "data-schema11.mdb", "data-schema12.mdb"};
	/* Stores without marks get the time of the migration: all conversations are read then. */
	static const bool kept[TABLES] = {[TABLE_ORGS] = true, [TABLE_USERS] = true};
	struct contents before;

	clock_freeze_wall(1800000000000);
	fill_store(f);
	contents_take(f, &before);
	for (unsigned schema = 1; schema < SCHEMA_VERSION; schema++) {
		make_old_schema(f, schema);
		f->damaged = true;
		store_close(f);
		f->damaged = false;
		/* The bound holds the old store only. */
		store_open(f, 1 << 20);
		expect_schema(f, SCHEMA_VERSION);
		contents_expect(f, &before, schema < 3 ? NULL : kept);
		assert_int_not_equal(file_size(f, copies[schema]), -1);
		store_restart(f, STORE_BYTES);
	}
	clock_freeze_wall(0);
	contents_clear(&before);
}

STORE_TEST(a_step_changes_every_record)
{
	static const char *const sessions[] = {"a", "b", "c"};
	struct id conversations[ARRAY_LEN(sessions)];

	for (size_t i = 0; i < ARRAY_LEN(sessions); i++)
		conversations[i] = chat(f, sessions[i], "q", "a");
	store_close(f);
	migrate_store(f, &to_next);
	expect_schema(f, THIS + 1);
	for (size_t i = 0; i < ARRAY_LEN(sessions); i++) {
		EXPECT_MESSAGES(f, &conversations[i], "cc", "q", "a");
		assert_int_equal(
		    conversation_record(f, &conversations[i]).status, CONVERSATION_STOPPED);
	}
}

STORE_TEST(all_steps_run_in_their_order)
{
	struct id conversation = closed_store(f);

	migrate_store(f, &to_later);
	expect_schema(f, THIS + 2);
	assert_int_equal(steps, FIRST | SECOND);
	assert_int_equal(
	    conversation_record(f, &conversation).status, CONVERSATION_INTERRUPTED);
	expect_copy(f);
	expect_no_file(f, NEXT_COPY);
}

STORE_TEST(a_store_of_a_later_schema_runs_only_the_later_steps)
{
	closed_store(f);
	migrate_store(f, &to_next);
	store_close(f);
	migrate_store(f, &to_later);
	expect_schema(f, THIS + 2);
	assert_int_equal(steps, SECOND);
	assert_int_not_equal(file_size(f, NEXT_COPY), -1);
}

STORE_TEST(a_new_store_needs_no_step)
{
	store_close(f);
	remove_file(f, STORE);
	migrate_store(f, &killed);
	expect_schema(f, THIS + 2);
	assert_int_equal(table_count(f, TABLE_ORGS), 1);
}

STORE_TEST(a_migration_of_thousands_of_records_fits_into_a_full_store)
{
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
	open_within(f, &to_next, 65536);
	assert_int_equal(f->open.n, TURNS);
}

STORE_TEST(the_old_store_is_kept_once)
{
	closed_store(f);
	migrate_store(f, &to_next);
	chat(f, "s1", "q2", "a2");
	expect_copy(f);
	remove_file(f, COPY);
	store_close(f);
	migrate_store(f, &to_next);
	expect_no_file(f, COPY);
}

STORE_TEST(files_of_earlier_tries_are_replaced)
{
	closed_store(f);
	make_file(f, COPY, 100000);
	make_file(f, PART, 100000);
	migrate_store(f, &to_next);
	expect_copy(f);
}

/* The meta page of a snapshot has the number of its last page behind the page's head (16 bytes),
 * four numbers (24) and the roots of two trees (48 each). */
STORE_TEST(a_store_with_a_lost_page_is_migrated_as_well)
{
	MDB_envinfo info;
	size_t last;
	int fd = open_file(f, STORE, O_RDWR);

	chat(f, "s1", "q", "a");
	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	last = info.me_last_pgno + 1;
	assert_int_equal(ftruncate(fd, (off_t)((last + 1) * PAGE_SIZE)), 0);
	closefd(&fd);
	overwrite_file(
	    f, info.me_last_txnid % 2 * PAGE_SIZE + 16 + 24 + 2 * 48, &last, sizeof(last));
	store_close(f);
	migrate_store(f, &to_next);
	expect_copy(f);
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

/* With so many bytes free, the migration is not started, and what an earlier try left is removed. */
static void
expect_no_room(const struct fixture *f, uint64_t bytes)
{
	make_file(f, PART, 0);
	bytes_free = bytes;
	expect_refused(f, EX_IOERR);
	bytes_free = UINT64_MAX;
	expect_no_file(f, COPY);
	expect_no_file(f, PART);
}

/* A store with mostly free pages, as after erasures: only the used ones are written again. */
STORE_TEST(a_migration_is_not_begun_without_room_for_all_of_it)
{
	const struct key key = key_meta("large");
	const uint64_t spare = 2 * MIGRATE_FILE_COMMIT_BYTES;
	struct id conversation;
	char *text = xcalloc(1, 256 << 10);
	uint64_t bytes;

	memset(text, 'x', (256 << 10) - 1);
	put_entry(f, TABLE_META, key, text);
	delete_entry(f, TABLE_META, key);
	free(text);
	conversation = closed_store(f);
	bytes = (uint64_t)file_size(f, STORE);
	expect_no_room(f, 0);
	expect_no_room(f, spare + bytes / 8);
	bytes_free = spare + bytes / 2;
	migrate_store(f, &to_next);
	bytes_free = UINT64_MAX;
	assert_true((uint64_t)file_size(f, STORE) < bytes / 2);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
}

/* Else each start on a full disk would read the whole store. */
STORE_TEST(the_room_is_checked_before_the_pages)
{
	struct id conversation = chat(f, "s1", "q", "a");
	const struct key key = key_message(&conversation, 1);

	damage_page(f, TABLE_MESSAGES, &key);
	store_close(f);
	bytes_free = 0;
	expect_refused(f, EX_IOERR);
	bytes_free = UINT64_MAX;
	expect_refused(f, EX_DATAERR);
	store_open(f, STORE_BYTES);
}

/* The number of the first page of a table; 0: it has none. */
static size_t
first_page(const struct fixture *f, enum table table)
{
	struct page_tree tree;
	MDB_envinfo info;
	size_t page;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	assert_int_equal(page_tree_open(&tree, f->env.mdb, info.me_last_txnid, NULL, NULL), 0);
	page = tree.table[table]->depth == 0 ? 0 : tree.table[table]->page;
	page_tree_close(&tree);
	return page;
}

/* Random bytes, and another page of the same file. */
STORE_TEST(a_store_with_a_wrong_first_page_of_a_table_is_not_migrated)
{
	uint8_t good[PAGE_SIZE], random[PAGE_SIZE], other[PAGE_SIZE];
	size_t pages[TABLES];
	int fd = open_file(f, STORE, O_RDONLY);
	unsigned tried = 0;

	fill_store(f);
	for (enum table i = 0; i < TABLES; i++)
		pages[i] = first_page(f, i);
	store_close(f);
	assert_int_equal(
	    pread(fd, other, PAGE_SIZE, (off_t)(pages[TABLE_USERS] * PAGE_SIZE)), PAGE_SIZE);
	for (enum table i = 0; i < TABLES; i++) {
		if (pages[i] == 0 || i == TABLE_USERS)
			continue;
		assert_int_equal(
		    pread(fd, good, PAGE_SIZE, (off_t)(pages[i] * PAGE_SIZE)), PAGE_SIZE);
		secret_random(random, sizeof(random));
		overwrite_file(f, pages[i] * PAGE_SIZE, random, sizeof(random));
		expect_refused(f, EX_DATAERR);
		overwrite_file(f, pages[i] * PAGE_SIZE, other, sizeof(other));
		expect_refused(f, EX_DATAERR);
		overwrite_file(f, pages[i] * PAGE_SIZE, good, sizeof(good));
		tried++;
	}
	closefd(&fd);
	assert_in_range(tried, 10, TABLES);
	migrate_store(f, &to_next);
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

STORE_TEST(a_migration_on_a_full_disk_changes_nothing)
{
	struct id conversation = closed_store(f);

	signal(SIGXFSZ, SIG_IGN);
	set_file_limit(16384);
	for (int i = 0; i < 2; i++) {
		expect_refused(f, EX_IOERR);
		expect_no_file(f, COPY);
		expect_no_file(f, PART);
	}
	set_file_limit(RLIM_INFINITY);
	migrate_store(f, &to_next);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	expect_copy(f);
}

STORE_TEST(a_step_that_fails_changes_nothing)
{
	const struct key misfit = {.len = 3, .b = "xyz"};
	struct id conversation;

	put_entry(f, TABLE_CONVERSATIONS, misfit, "x");
	f->damaged = true;
	conversation = closed_store(f);
	for (int i = 0; i < 2; i++) {
		expect_refused(f, EX_DATAERR);
		expect_no_file(f, COPY);
		expect_no_file(f, PART);
	}
	/* The version that wrote it repairs it. */
	store_open(f, STORE_BYTES);
	delete_entry(f, TABLE_CONVERSATIONS, misfit);
	store_close(f);
	migrate_store(f, &to_next);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
}

STORE_TEST(a_killed_migration_is_done_again)
{
	struct id conversation = closed_store(f);

	kill_migration(f);
	migrate_store(f, &to_next);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	expect_copy(f);
}

STORE_TEST(every_start_removes_what_a_killed_migration_left)
{
	closed_store(f);
	kill_migration(f);
	store_open(f, STORE_BYTES);
	expect_no_file(f, PART);
	expect_no_file(f, PART "-lock");
}

/* The calls that change the disk, from this one on: the process dies before it. 0: never. */
static unsigned kill_at;

static void
count_call(void)
{
	if (kill_at > 0 && --kill_at == 0)
		kill(getpid(), SIGKILL);
}

/* Replace the C library's functions, also for LMDB. */
int
fdatasync(int fd)
{
	count_call();
	return (int)syscall(SYS_fdatasync, fd);
}

/* The file system cannot sync directories. */
static bool fsync_is_invalid;

int
fsync(int fd)
{
	count_call();
	if (fsync_is_invalid) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int
linkat(int dir, const char *from, int to_dir, const char *to, int flags)
{
	count_call();
	return (int)syscall(SYS_linkat, dir, from, to_dir, to, flags);
}

int
renameat(int dir, const char *from, int to_dir, const char *to)
{
	count_call();
	return (int)syscall(SYS_renameat2, dir, from, to_dir, to, 0);
}

/* After each kill the store is the old one or complete. The steps ran in the other process. */
STORE_TEST(a_migration_can_be_killed_at_any_time)
{
	enum { CALLS = 6 }; /* a commit, a link, the directory, two names, the directory */
	struct id conversation = closed_store(f);
	struct hash256 before = content(f);
	bool renamed = false;
	unsigned n;

	for (n = 1; !renamed; n++) {
		kill_at = n;
		assert_true(was_killed(migrate_in_child(f, &to_next)));
		renamed = file_size(f, PART) == -1;
		if (!renamed)
			expect_content(f, &before);
	}
	kill_at = 0;
	assert_int_equal(n, CALLS + 1);
	migrate_store(f, &to_next);
	assert_int_equal(steps, 0);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	expect_copy(f);
}

STORE_TEST(a_file_system_that_cannot_sync_directories_is_accepted)
{
	closed_store(f);
	fsync_is_invalid = true;
	migrate_store(f, &to_next);
	fsync_is_invalid = false;
	expect_copy(f);
}

/* The limit holds what malloc() gets, not the store's file. */
static int
migrate_with_memory(const struct fixture *f, rlim_t bytes)
{
	struct rlimit limit;
	struct env env;
	int status;
	pid_t pid = fork();

#ifdef BANTER_SANITIZED
	bytes = RLIM_INFINITY; /* sanitizers keep memory that was freed */
#endif
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		assert_int_equal(getrlimit(RLIMIT_DATA, &limit), 0);
		limit.rlim_cur = bytes;
		assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
		_exit(env_open(&env, f->dir, STORE_BYTES, organization_make_default));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

STORE_TEST(a_migration_needs_less_memory_than_the_store_has_bytes)
{
	enum { CHATS = 4000, MEMORY = 24 << 20 };
	char *text = xcalloc(1, LONG_TEXT + 1);

	store_restart(f, 4 * STORE_BYTES);
	memset(text, 'x', LONG_TEXT);
	for (size_t i = 0; i < CHATS; i++)
		chat(f, "s", text, "a");
	free(text);
	make_old_schema(f, 1);
	f->damaged = true;
	store_close(f);
	f->damaged = false;
	assert_true(file_size(f, STORE) > 3 * (int64_t)MEMORY);
	assert_int_equal(migrate_with_memory(f, MEMORY), 0);
	store_open(f, STORE_BYTES);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 2 * CHATS);
}

STORE_TEST(a_damaged_record_stays_damaged)
{
	struct id conversation = chat(f, "s1", "q", "a");
	struct key key = key_message(&conversation, 1);
	struct slice value;
	struct txn t;

	flip_bit(f, TABLE_MESSAGES, &key);
	f->damaged = true;
	store_close(f);
	migrate_store(f, &to_next);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(txn_get(&t, TABLE_MESSAGES, &key, &value), RECORD_DAMAGED);
	txn_abort(&t);
}

STORE_TEST(a_store_of_a_later_schema_is_refused)
{
	store_close(f);
	migrate_store(f, &to_later);
	store_close(f);
	expect_refused(f, EX_CONFIG);
	migrate_store(f, &to_later);
}

/* Changes what meta says, in the open store. */
static void
put_meta(struct fixture *f, const char *name, const char *text)
{
	struct key key = key_meta(name);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	if (text == NULL)
		assert_int_equal(txn_del(&t, TABLE_META, &key), 0);
	else
		assert_int_equal(txn_put(&t, TABLE_META, &key, slice_str(text)), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static bool
has_lineage(struct fixture *f)
{
	struct key key = key_meta(META_LINEAGE);
	struct slice value;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	rc = txn_get(&t, TABLE_META, &key, &value);
	txn_abort(&t);
	return rc == 0;
}

static void
expect_foreign(const struct fixture *f, int status)
{
	struct hash256 before = content(f);
	struct env env;

	assert_int_equal(
	    env_open(&env, f->dir, STORE_BYTES, organization_make_default), status);
	env_close(&env);
	expect_content(f, &before);
}

STORE_TEST(a_store_of_another_lineage_is_refused_in_every_schema)
{
	static const char *const versions[] = {"4", "8", "9", "10", "11", "12", "13", "14"};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		put_meta(f, META_VERSION, versions[i]);
		put_meta(f, META_LINEAGE, "0123456789abcdef");
		f->damaged = true;
		store_close(f);
		expect_foreign(f, EX_CONFIG);
		expect_no_file(f, "data-schema4.mdb");
		remove_file(f, STORE);
		store_open(f, STORE_BYTES);
	}
}

/* Stores of releases before there was a name. */
STORE_TEST(a_store_without_a_lineage_gets_it_if_its_records_are_ours)
{
	chat(f, "s1", "q", "a");
	assert_true(has_lineage(f));
	put_meta(f, META_LINEAGE, NULL);
	store_restart(f, STORE_BYTES);
	assert_true(has_lineage(f));
	make_old_schema(f, 5);
	f->damaged = true;
	store_close(f);
	f->damaged = false;
	store_open(f, STORE_BYTES);
	assert_true(has_lineage(f));
}

/* An unreleased version had other records under the number 4, and others under that of today. */
STORE_TEST(a_store_without_a_lineage_whose_records_are_not_ours_is_unchanged)
{
	static const char *const versions[] = {"4", "7", "8"};
	static const enum table tables[] = {TABLE_AGENTS, TABLE_WIDGETS, TABLE_MESSAGES};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct key key = key_message(&id_default_org, 1);
		struct txn t;

		if (tables[i] != TABLE_MESSAGES)
			key = key_of_org(&id_default_org, &id_default_agent);
		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		assert_int_equal(
		    txn_put(&t, tables[i], &key,
			slice_str("\1another record, with other fields, of another "
				  "version of the program")),
		    0);
		assert_int_equal(txn_commit(&t), 0);
		put_meta(f, META_VERSION, versions[i]);
		put_meta(f, META_LINEAGE, NULL);
		f->damaged = true;
		store_close(f);
		expect_foreign(f, EX_DATAERR);
		expect_no_file(f, "data-schema4.mdb");
		remove_file(f, STORE);
		store_open(f, STORE_BYTES);
	}
}

/* Schema 1 has no checksums. */
static void
put_unchecked(struct fixture *f, enum table table, struct key key, const char *bytes)
{
	char copy[64];
	MDB_val k = {key.len, key.b}, v = {strlen(bytes), memcpy(copy, bytes, strlen(bytes))};
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(f->env.mdb, NULL, 0, &txn), 0);
	assert_int_equal(mdb_put(txn, f->env.dbi[table], &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
}

static int
read_message(struct fixture *f, const struct id *conversation, uint64_t seq)
{
	const struct key key = key_message(conversation, seq);
	struct slice value;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	rc = txn_get(&t, TABLE_MESSAGES, &key, &value);
	txn_abort(&t);
	return rc;
}

STORE_TEST(one_bad_record_of_the_first_schema_becomes_a_damaged_one)
{
	static const char *const bad[] = {"", "\1", "\1 half of a record"};
	struct id conversation = chat(f, "s1", "q", "a");

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		make_old_schema(f, 1);
		put_unchecked(f, TABLE_MESSAGES, key_message(&conversation, 1), bad[i]);
		f->damaged = true;
		store_close(f);
		f->damaged = false;
		store_open(f, STORE_BYTES);
		assert_int_equal(read_message(f, &conversation, 1), RECORD_DAMAGED);
		assert_int_equal(read_message(f, &conversation, 2), 0);
		f->damaged = true;
		store_close(f);
		remove_file(f, STORE);
		f->damaged = false;
		store_open(f, STORE_BYTES);
		conversation = chat(f, "s1", "q", "a");
	}
}

STORE_TEST(a_store_of_the_first_schema_without_a_readable_message_is_refused)
{
	struct id conversation = chat(f, "s1", "q", "a");

	make_old_schema(f, 1);
	put_unchecked(f, TABLE_MESSAGES, key_message(&conversation, 1), "\1another");
	put_unchecked(f, TABLE_MESSAGES, key_message(&conversation, 2), "\1another");
	f->damaged = true;
	store_close(f);
	expect_foreign(f, EX_DATAERR);
	remove_file(f, STORE);
	store_open(f, STORE_BYTES);
}

/* Of a waiting conversation that a person has had before. */
STORE_TEST(an_older_conversation_waits_since_its_last_activity)
{
	struct id conversation = chat(f, "s1", "q", "a");

	for (unsigned schema = 3; schema < 8; schema++)
		for (unsigned state = STATE_OPEN; state <= STATE_RESOLVED; state++) {
			const bool waits = state == STATE_WAITING;
			struct key key = key_id(&conversation);
			struct msg_conversation_record record =
			    conversation_record(f, &conversation);
			struct txn t;

			record.state = (uint8_t)state;
			record.operator_name = slice_str("Ann");
			record.operator_at = 1000;
			assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
			assert_int_equal(
			    txn_put_record(&t, TABLE_CONVERSATIONS, &key, &record), 0);
			assert_int_equal(txn_commit(&t), 0);
			make_old_schema(f, schema);
			f->damaged = true;
			store_close(f);
			store_open(f, STORE_BYTES);
			record = conversation_record(f, &conversation);
			assert_int_equal(record.state, state);
			assert_int_equal(record.operator_at, waits ? record.updated_at : 1000);
		}
}

TEST_MAIN(NULL, NULL)
