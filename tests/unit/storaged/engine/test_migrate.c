/*
 * Stores of older schemas: what becomes of their records, what is kept aside, and that whatever
 * goes wrong on the way leaves the old store as it was. tests/e2e/migrate.test.mjs looks
 * from outside at a store that an older banter really wrote.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/engine/migrate.h"

/* -- schemas 1 and 2 --------------------------------------------------------------------- */

/* Makes an open turn's record one of schema 1: version, and when it began. */
static void
put_old_open_turn(struct txn *t, const struct id *turn, uint8_t started_at)
{
	const uint8_t record[9] = {1, started_at};
	struct key key = key_id(turn);

	assert_int_equal(
	    txn_put(t, TABLE_OPEN_TURNS, &key, (struct slice){record, sizeof(record)}), 0);
}

/* The same of schema 2: the conversation behind that. */
static void
put_open_turn_2(struct txn *t, const struct msg_turn_begin *begin, uint8_t started_at)
{
	uint8_t record[25] = {2, started_at};
	struct key key = key_id(&begin->turn);

	memcpy(record + 9, begin->conversation.b, sizeof(begin->conversation.b));
	assert_int_equal(
	    txn_put(t, TABLE_OPEN_TURNS, &key, (struct slice){record, sizeof(record)}), 0);
}

/* Cuts all records of a table to what they were in version 1: without their last bytes. */
static void
cut_records(struct txn *t, enum table table, size_t bytes)
{
	const struct key all = {0};
	struct key at = all;
	struct walk w;
	int rc;

	for (;;) {
		uint8_t record[4096];
		struct slice cut;

		assert_int_equal(walk_open(&w, t, table, &all), 0);
		rc = walk_from(&w, &at);
		if (rc == 0 && slice_eq(w.key, key_slice(&at)))
			rc = walk_next(&w);
		walk_close(&w);
		if (rc == MDB_NOTFOUND)
			return;
		assert_int_equal(rc, 0);
		at = key_of(w.key);
		/* One that a test has damaged. */
		if (w.value.p[0] != 2)
			continue;
		memcpy(record, w.value.p, w.value.len);
		record[0] = 1;
		cut = (struct slice){record, w.value.len - bytes};
		assert_int_equal(txn_put(t, table, &at, cut), 0);
	}
}

/* Before schema 4 the tables behind clients' ids were not there, conversations ended with their last
 * message, and logins with the time when they expire; their texts are empty in these tests. */
static void
write_version_3(struct fixture *f, struct txn *t)
{
	struct key key = key_meta(META_VERSION);

	cut_records(t, TABLE_CONVERSATIONS, 16 + 1);
	cut_records(t, TABLE_LOGINS, 16 + 16 + 4 + 4);
	for (enum table i = TABLE_CLIENT_IDS + 1; i < TABLES; i++)
		assert_int_equal(mdb_drop(t->mdb, f->env.dbi[i], 1), 0);
	assert_int_equal(txn_put(t, TABLE_META, &key, slice_str("3")), 0);
}

/* Before schema 3 there was no table of clients' ids. */
static void
write_old_version(struct fixture *f, struct txn *t, const char *version)
{
	struct key key = key_meta(META_VERSION);

	write_version_3(f, t);
	assert_int_equal(mdb_drop(t->mdb, f->env.dbi[TABLE_CLIENT_IDS], 1), 0);
	assert_int_equal(txn_put(t, TABLE_META, &key, slice_str(version)), 0);
}

/* Makes the store one of schema 1 in which these turns are open. */
static void
downgrade(struct fixture *f, const struct msg_turn_begin *open, size_t n)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (size_t i = 0; i < n; i++)
		put_old_open_turn(&t, &open[i].turn, (uint8_t)(i + 1));
	write_old_version(f, &t, "1");
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
}

/* And closes it. What is opened next has to be whole. */
static void
make_old(struct fixture *f, const struct msg_turn_begin *open, size_t n)
{
	downgrade(f, open, n);
	store_close(f);
	f->damaged = false;
}

/* Begins a turn and keeps a piece of its reply. */
static struct msg_turn_begin
open_turn(struct fixture *f, const char *session, const char *text)
{
	struct msg_turn_begin begin = begin_of(session, "question");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, text);

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	return begin;
}

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

/* What a store is like without being opened by storaged: the file, byte by byte. */
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

static void
migrates(struct fixture *f)
{
	store_open(f, STORE_BYTES);
	expect_whole(f);
}

/* And one of schema 3, closed. */
static void
make_old_3(struct fixture *f)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	write_version_3(f, &t);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	store_close(f);
	f->damaged = false;
}

/* And one of schema 2, closed. */
static void
make_old_2(struct fixture *f, const struct msg_turn_begin *open, size_t n)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (size_t i = 0; i < n; i++)
		put_open_turn_2(&t, &open[i], (uint8_t)(i + 1));
	write_old_version(f, &t, "2");
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	store_close(f);
	f->damaged = false;
}

/* -- what a step does -------------------------------------------------------------------- */

static void
open_turns_get_their_conversation(void **state)
{
	struct fixture *f = *state;
	struct msg_turn_begin open[2];
	struct id other = chat(f, "s0", "q", "a");

	open[0] = open_turn(f, "s1", "one");
	open[1] = open_turn(f, "s2", "two");
	make_old(f, open, 2);
	migrates(f);
	for (size_t i = 0; i < 2; i++) {
		struct key key = key_id(&open[i].turn);
		struct msg_open_turn_record record;
		struct txn t;

		assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
		assert_int_equal(
		    txn_get_record(&t, TABLE_OPEN_TURNS, &key, MSG_OPEN_TURN_RECORD, &record),
		    0);
		assert_int_equal(record.v, OPEN_TURN_VERSION);
		assert_int_equal(record.started_at, i + 1);
		assert_true(id_equal(&record.conversation, &open[i].conversation));
		assert_true(id_equal(&record.run, &open[i].turn));
		txn_abort(&t);
	}
	EXPECT_MESSAGES(f, &other, "cc", "q", "a");
	/* Nobody claims them. */
	assert_int_equal(open_turns_lose(&f->open, &f->open.found), 2);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	EXPECT_MESSAGES(f, &open[0].conversation, "ci", "question", "one");
	EXPECT_MESSAGES(f, &open[1].conversation, "ci", "question", "two");
}

static void
an_open_turn_without_a_place_is_dropped_with_its_pieces(void **state)
{
	static const char *const places[] = {NULL, "damaged"};
	struct fixture *f = *state;
	struct msg_turn_begin kept = open_turn(f, "s1", "one");

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct id homeless = id_new();
		struct key piece = key_partial(&homeless, 0), turn = key_id(&homeless);
		struct slice value;
		struct txn t;

		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		put_old_open_turn(&t, &homeless, 1);
		assert_int_equal(txn_put(&t, TABLE_PARTIALS, &piece, slice_str("x")), 0);
		if (places[i] != NULL)
			assert_int_equal(
			    txn_put(&t, TABLE_TURNS, &turn, slice_str(places[i])), 0);
		assert_int_equal(txn_commit(&t), 0);
		make_old(f, &kept, 1);
		store_open(f, STORE_BYTES);
		assert_int_equal(f->open.n, 1);
		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		assert_int_equal(txn_get(&t, TABLE_OPEN_TURNS, &turn, &value), MDB_NOTFOUND);
		assert_int_equal(txn_get(&t, TABLE_PARTIALS, &piece, &value), MDB_NOTFOUND);
		/* A damaged place is still there for whoever can repair it. */
		assert_int_equal(txn_get(&t, TABLE_TURNS, &turn, &value),
		    places[i] == NULL ? MDB_NOTFOUND : 0);
		assert_int_equal(txn_del(&t, TABLE_TURNS, &turn), 0);
		assert_int_equal(txn_commit(&t), 0);
		expect_whole(f);
	}
}

static void
an_open_turn_that_is_damaged_stays_open(void **state)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1", "one");

	damage(f, TABLE_OPEN_TURNS, &begin.turn);
	make_old(f, NULL, 0);
	migrates(f);
	lose(f, &f->a);
	open_turns_lose(&f->open, &f->open.found);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "question", "one");
}

static void
a_store_without_open_turns_is_migrated_too(void **state)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");

	make_old(f, NULL, 0);
	migrates(f);
	EXPECT_MESSAGES(f, &conversation, "cc", "q", "a");
	assert_true(exists(f, "data-schema1.mdb"));
}

static void
thousands_of_open_turns_fit_into_a_full_store(void **state)
{
	struct fixture *f = *state;
	enum { TURNS = 3000 };
	struct msg_turn_begin *open = xcalloc(TURNS, sizeof(*open));
	uint64_t first = f->requests + 1;

	for (size_t i = 0; i < TURNS; i++) {
		open[i] = begin_of("s1", "question");
		open[i].history = 1;
		send_request(f, &f->a, MSG_TURN_BEGIN, &open[i]);
		if (i % 500 == 499)
			commit(f);
	}
	for (; first <= f->requests; first++)
		expect_answer(f, &f->a, first, MSG_TURN_BEGUN, NULL);
	make_old(f, open, TURNS);
	/* A bound that was passed long ago: the map is as large as what is in it. */
	store_open(f, 65536);
	expect_whole(f);
	assert_int_equal(f->open.n, TURNS);
	free(open);
}

static void
open_turns_get_their_run(void **state)
{
	struct fixture *f = *state;
	struct msg_turn_begin open = open_turn(f, "s1", "one"), anew;
	struct msg_turn_checkpoint piece = piece_of(&open.turn, 3, " two");
	struct msg_open_turn_record record;
	struct key key = key_id(&open.turn);
	struct txn t;

	make_old_2(f, &open, 1);
	migrates(f);
	assert_int_equal(f->open.n, 1);
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(
	    txn_get_record(&t, TABLE_OPEN_TURNS, &key, MSG_OPEN_TURN_RECORD, &record), 0);
	txn_abort(&t);
	assert_int_equal(record.v, 3);
	assert_int_equal(record.started_at, 1);
	assert_true(id_equal(&record.conversation, &open.conversation));
	assert_true(id_equal(&record.run, &open.turn));
	assert_true(exists(f, "data-schema2.mdb"));
	/* Its worker goes on, and new messages may have names. */
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &open.conversation, "ci", "question", "one two");
	anew = begin_of("s1", "named");
	anew.client_id = slice_str("name");
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 1);
}

static void
an_open_turn_of_schema_2_that_is_damaged_stays_open(void **state)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1", "one");

	damage(f, TABLE_OPEN_TURNS, &begin.turn);
	make_old_2(f, NULL, 0);
	migrates(f);
	open_turns_lose(&f->open, &f->open.found);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "question", "one");
}

/* Both ways of having no place, as for schema 1. */
static void
an_open_turn_of_schema_2_without_a_place_is_dropped(void **state)
{
	static const char *const places[] = {NULL, "damaged"};
	struct fixture *f = *state;
	struct msg_turn_begin kept = open_turn(f, "s1", "one");

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct id homeless = id_new();
		struct key piece = key_partial(&homeless, 0), turn = key_id(&homeless);
		struct txn t;

		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		assert_int_equal(txn_put(&t, TABLE_OPEN_TURNS, &turn, slice_str("x")), 0);
		assert_int_equal(txn_put(&t, TABLE_PARTIALS, &piece, slice_str("x")), 0);
		if (places[i] != NULL)
			assert_int_equal(
			    txn_put(&t, TABLE_TURNS, &turn, slice_str(places[i])), 0);
		assert_int_equal(txn_commit(&t), 0);
		make_old_2(f, &kept, 1);
		store_open(f, STORE_BYTES);
		assert_int_equal(f->open.n, 1);
		assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 1);
		assert_int_equal(table_count(f, TABLE_PARTIALS), 1);
		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		assert_int_equal(txn_del(&t, TABLE_TURNS, &turn), 0);
		assert_int_equal(txn_commit(&t), 0);
		expect_whole(f);
	}
}

/* Begins a turn, and stays with it until it has ended like this; a letter as in expect_messages(), or
 * 'o' to leave it open, 'a' to open it again after an interruption. */
static struct id
turn_that(struct fixture *f, const char *session, char how)
{
	static const char letters[] = "csi";
	struct msg_turn_begin begin = begin_of(session, "question");
	struct msg_turn_finish finish = finish_of(&begin.turn, "answer");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "more");
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	if (how == 'o')
		return m.turn_begun.conversation;
	finish.status = how == 'a' ? (uint8_t)MESSAGE_INTERRUPTED
				   : (uint8_t)(strchr(letters, how) - letters);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	if (how == 'a')
		ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	return begin.conversation;
}

static void
conversations_get_their_state_and_their_place_in_the_widget_s_list(void **state)
{
	static const struct {
		const char *session, *turns; /* one after the other, as turn_that() has them */
		enum conversation_state expected;
	} cases[] = {
	    {"complete", "c", CONVERSATION_COMPLETE},
	    {"stopped", "cs", CONVERSATION_STOPPED},
	    {"interrupted", "ci", CONVERSATION_INTERRUPTED},
	    {"open", "co", CONVERSATION_ACTIVE},
	    {"again", "ca", CONVERSATION_ACTIVE},
	    {"the newest counts", "oc", CONVERSATION_COMPLETE},
	    {"of two", "oo", CONVERSATION_ACTIVE},
	};
	struct fixture *f = *state;
	struct id ids[ARRAY_LEN(cases)] = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (const char *how = cases[i].turns; *how != '\0'; how++) {
			struct id id = turn_that(f, cases[i].session, *how);

			if (how == cases[i].turns)
				ids[i] = id;
		}
	make_old_3(f);
	migrates(f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_conversation_record record = conversation_record(f, &ids[i]);

		assert_int_equal(record.v, 2);
		assert_int_equal(record.state, cases[i].expected);
		assert_true(id_is_zero(&record.contact));
		assert_text(record.session, cases[i].session);
	}
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_WIDGET), ARRAY_LEN(cases));
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 0);
	assert_true(exists(f, "data-schema3.mdb"));
}

static void
the_longest_conversation_record_is_migrated(void **state)
{
	struct fixture *f = *state;
	char session[SESSION_MAX + 1], text[1501];
	struct msg_conversation_record record;
	struct id id;

	memset(session, 's', SESSION_MAX);
	session[SESSION_MAX] = '\0';
	/* 500 UTF-16 units of three bytes each. */
	for (size_t i = 0; i < 1500; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[1500] = '\0';
	id = chat(f, session, "q", text);
	make_old_3(f);
	migrates(f);
	record = conversation_record(f, &id);
	assert_text(record.session, session);
	assert_text(record.last_message, text);
}

static void
a_conversation_that_is_damaged_stays_so(void **state)
{
	static const char *const damages[] = {"", "\1", "\1 is not long enough to be one",
	    "\1 has a session whose length goes far beyond: \xff\xff\xff\xff, and then some "
	    "more "
	    "bytes behind it so that there are enough"};
	struct fixture *f = *state;
	struct msg_turn_begin open = open_turn(f, "s1", "one");
	struct key key = key_id(&open.conversation);
	struct id other = chat(f, "s2", "q", "a");

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct slice value;
		struct txn t;

		assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
		assert_int_equal(
		    txn_put(&t, TABLE_CONVERSATIONS, &key, slice_str(damages[i])), 0);
		assert_int_equal(txn_commit(&t), 0);
		make_old_3(f);
		store_open(f, STORE_BYTES);
		assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
		assert_int_equal(txn_get(&t, TABLE_CONVERSATIONS, &key, &value), 0);
		assert_true(slice_eq_str(value, damages[i]));
		txn_abort(&t);
		EXPECT_MESSAGES(f, &other, "cc", "q", "a");
	}
	f->damaged = true;
}

/* All were by DASHBOARD_PASSWORD, and nothing of that is in what they are known by. */
static void
logins_end(void **state)
{
	struct fixture *f = *state;
	struct msg_login_create create = {
	    .org = id_default_org, .expires_at = clock_wall_ms() + 60000};
	const struct msg_login_list list = {.org = id_default_org};
	struct msg_login_check check;
	union msg m;

	for (uint8_t i = 0; i < 3; i++) {
		create.id = id_new();
		create.token = secret_hash((struct slice){&i, 1});
		ask(f, MSG_LOGIN_CREATE, &create, MSG_OK, NULL);
	}
	check.token = create.token;
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
	make_old_3(f);
	migrates(f);
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_LOGINS), 0);
	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), 0);
	ask(f, MSG_LOGIN_CREATE, &create, MSG_OK, NULL);
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
}

/* As a fresh one has it. */
static void
a_store_of_before_gets_the_default_organization(void **state)
{
	static const enum table tables[] = {
	    TABLE_ORGS, TABLE_AGENTS, TABLE_WIDGETS, TABLE_WIDGETS_BY_PUBLIC};
	struct fixture *f = *state;
	size_t fresh[ARRAY_LEN(tables)];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		fresh[i] = table_count(f, tables[i]);
	make_old_3(f);
	migrates(f);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		assert_int_equal(table_count(f, tables[i]), fresh[i]);
}

/* What is in these stores, and what was said of them, is in tests/e2e/migrate.test.mjs. */
static void
is_whole_afterwards(struct fixture *f, unsigned schema)
{
	const struct id elsewhere = {{0x01, 0x93, 0xe0, 0xa1, 0xc0, 0xde, 0x70, 0x00, 0x80,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0xbe, 0xef}};
	struct msg_conversation_list list = {.org = elsewhere};
	char command[240];
	union msg m;

	store_close(f);
	snprintf(command, sizeof(command),
	    "gzip -dc tests/faults/data/schema-%u.mdb.gz > %s/data.mdb", schema, f->dir);
	assert_int_equal(system(command), 0);
	migrates(f);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 16);
	assert_int_equal(table_count(f, TABLE_LOGINS), 0);
	assert_int_equal(f->open.n, 3);
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(m.conversation_page.total, 1);
	/* Whole again once its open turns are closed. */
	open_turns_lose(&f->open, &f->open.found);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
}

static void
a_store_that_schema_1_had_is_whole_afterwards(void **state)
{
	is_whole_afterwards(*state, 1);
}

static void
a_store_that_schema_2_had_is_whole_afterwards(void **state)
{
	is_whole_afterwards(*state, 2);
}

static void
a_store_that_schema_3_had_is_whole_afterwards(void **state)
{
	is_whole_afterwards(*state, 3);
}

/* -- the copy ---------------------------------------------------------------------------- */

/* The value of a key of meta in a single file, which is opened as `banter restore` would. */
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

static void
the_old_store_is_kept_beside_the_new_one(void **state)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	make_old(f, NULL, 0);
	migrates(f);
	chat(f, "s1", "q2", "a2");
	expect_copy(f, 2);
	assert_false(exists(f, "data-schema1.mdb.part"));
}

static void
a_migrated_store_is_not_migrated_again(void **state)
{
	struct fixture *f = *state;
	char path[160];

	make_old(f, NULL, 0);
	migrates(f);
	path_in(f, "data-schema1.mdb", path);
	assert_int_equal(unlink(path), 0);
	store_restart(f, STORE_BYTES);
	assert_false(exists(f, "data-schema1.mdb"));
}

static void
what_earlier_tries_left_is_replaced(void **state)
{
	static const char *const names[] = {"data-schema1.mdb", "data-schema1.mdb.part"};
	static const char rubbish[100000];
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	make_old(f, NULL, 0);
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
static void
a_store_with_a_lost_page_is_copied_as_well(void **state)
{
	const size_t page_size = 4096, at = 16 + 24 + 2 * 48;
	struct fixture *f = *state;
	MDB_envinfo info;
	char path[160];
	size_t last;
	int fd;

	chat(f, "s1", "q", "a");
	downgrade(f, NULL, 0);
	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	last = info.me_last_pgno + 1;
	path_in(f, "data.mdb", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)((last + 1) * page_size)), 0);
	assert_int_equal(
	    pwrite(fd, &last, sizeof(last), (off_t)(info.me_last_txnid % 2 * page_size + at)),
	    sizeof(last));
	closefd(&fd);
	store_restart(f, STORE_BYTES);
	expect_copy(f, 2);
}

/* -- what goes wrong --------------------------------------------------------------------- */

static int
status_of_opening(const struct fixture *f)
{
	struct env env;
	int status = env_open(&env, f->dir, STORE_BYTES, organization_make_default);

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

/* In place of the C library's: what every file system has free, in blocks of one byte. */
static uint64_t bytes_free = UINT64_MAX;

int
statvfs(const char *path, struct statvfs *out)
{
	struct stat st;

	*out = (struct statvfs){.f_frsize = 1, .f_blocks = UINT64_MAX, .f_bavail = bytes_free};
	return stat(path, &st);
}

/* A file that lies in dir; -1: none does. */
static int64_t
size_of(const struct fixture *f, const char *name)
{
	char path[160];
	struct stat st;

	path_in(f, name, path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* Many pages that hold something, and then no more. */
static void
free_pages(struct fixture *f)
{
	static uint8_t text[256 << 10];
	const struct key key = {.len = 3, .b = "xyz"};
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(
	    txn_put(&t, TABLE_OPEN_TURNS, &key, (struct slice){text, sizeof(text)}), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_OPEN_TURNS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Makes this again what is in the store's file, and removes the copy. */
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

/* Where so many bytes are free the copy is not begun, and what was left of one is gone. */
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

/* A store most of whose pages are free, because erasures have left them: only the others are
 * copied. */
static void
the_copy_is_not_begun_without_room_for_all_of_it(void **state)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;
	int64_t bytes;

	free_pages(f);
	make_old(f, NULL, 0);
	before = file_content(f, "data.mdb");
	expect_no_copy(f, 0, &before);
	migrates(f);
	bytes = size_of(f, "data-schema1.mdb");
	assert_true(bytes > 0 && bytes < (int64_t)buf_len(&before) / 2);

	/* The same store again: what its copy took is what is wanted. */
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

/* A file system without room, as far as this process can tell. */
static void
set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
without_room_for_the_copy_nothing_is_changed(void **state)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct buf before;

	make_old(f, NULL, 0);
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

/* Begins a transaction in a store of any schema, without migrating it. */
static bool
begin_as_it_is(struct env *env, const char *dir, struct txn *t)
{
	*env = (struct env){.max_bytes = STORE_BYTES};
	return mdb_env_create(&env->mdb) == 0 && mdb_env_set_maxdbs(env->mdb, 64) == 0 &&
	    mdb_env_open(env->mdb, dir, MDB_NOTLS, 0600) == 0 &&
	    txn_begin(t, env, TXN_WRITE) == 0 && env_open_tables(t, true) == 0;
}

static void
a_migration_that_fails_changes_nothing(void **state)
{
	const struct key none_of_ours = {.len = 3, .b = "xyz"};
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1", "one");
	struct buf before;
	struct env env;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_OPEN_TURNS, &none_of_ours, slice_str("x")), 0);
	assert_int_equal(txn_commit(&t), 0);
	make_old(f, &begin, 1);
	before = file_content(f, "data.mdb");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_of_opening(f), EX_DATAERR);
		expect_content(f, &before);
		expect_copy(f, 1);
	}
	buf_clear(&before);
	/* Repaired, it is migrated. */
	assert_true(begin_as_it_is(&env, f->dir, &t));
	assert_int_equal(txn_del(&t, TABLE_OPEN_TURNS, &none_of_ours), 0);
	assert_int_equal(txn_commit(&t), 0);
	env_close(&env);
	migrates(f);
	assert_int_equal(f->open.n, 1);
}

/* Comes as far as the commit. */
_Noreturn static void
migrate_and_die(const char *dir)
{
	struct env env;
	struct txn t;

	if (begin_as_it_is(&env, dir, &t) && migrate(&t, &known_migrations, 1) == 0)
		kill(getpid(), SIGKILL);
	_exit(1);
}

static void
a_migration_that_is_killed_is_done_again(void **state)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1", "one");
	struct buf before;
	int status;
	pid_t pid;

	make_old(f, &begin, 1);
	before = file_content(f, "data.mdb");
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		migrate_and_die(f->dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_content(f, &before);
	buf_clear(&before);
	migrates(f);
	assert_int_equal(f->open.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(open_turns_get_their_conversation),
	    STORE_TEST(an_open_turn_without_a_place_is_dropped_with_its_pieces),
	    STORE_TEST(an_open_turn_that_is_damaged_stays_open),
	    STORE_TEST(open_turns_get_their_run),
	    STORE_TEST(an_open_turn_of_schema_2_that_is_damaged_stays_open),
	    STORE_TEST(an_open_turn_of_schema_2_without_a_place_is_dropped),
	    STORE_TEST(a_store_without_open_turns_is_migrated_too),
	    STORE_TEST(thousands_of_open_turns_fit_into_a_full_store),
	    STORE_TEST(a_store_that_schema_1_had_is_whole_afterwards),
	    STORE_TEST(a_store_that_schema_2_had_is_whole_afterwards),
	    STORE_TEST(a_store_that_schema_3_had_is_whole_afterwards),
	    STORE_TEST(conversations_get_their_state_and_their_place_in_the_widget_s_list),
	    STORE_TEST(the_longest_conversation_record_is_migrated),
	    STORE_TEST(a_conversation_that_is_damaged_stays_so),
	    STORE_TEST(logins_end),
	    STORE_TEST(a_store_of_before_gets_the_default_organization),
	    STORE_TEST(the_old_store_is_kept_beside_the_new_one),
	    STORE_TEST(a_migrated_store_is_not_migrated_again),
	    STORE_TEST(what_earlier_tries_left_is_replaced),
	    STORE_TEST(a_store_with_a_lost_page_is_copied_as_well),
	    STORE_TEST(the_copy_is_not_begun_without_room_for_all_of_it),
	    STORE_TEST(without_room_for_the_copy_nothing_is_changed),
	    STORE_TEST(a_migration_that_fails_changes_nothing),
	    STORE_TEST(a_migration_that_is_killed_is_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
