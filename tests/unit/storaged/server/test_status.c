/*
 * The status of the store: its file and its tables; status.scenario has the rest.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include "storaged/content/sources.h"
#include "tests/unit/storaged/store_fixture.h"

/* Sends a request as the banter command. The slices live as long as the answer. */
static struct msg_status
status(struct fixture *f)
{
	uint64_t request;
	union msg m;

	request = send_request(f, &f->tool, MSG_STATUS_GET, &(struct msg_status_get){});
	commit(f);
	expect_answer(f, &f->tool, request, MSG_STATUS, &m);
	return m.status;
}

static struct msg_table_status
table_status(const struct msg_status *s, enum table table)
{
	struct msg_table_status t;

	list_item(s->tables, table, MSG_TABLE_STATUS, &t);
	assert_text(t.name, table_name(table));
	return t;
}

STORE_TEST(the_store_and_its_tables_are_described)
{
	uint64_t now = clock_wall_ms();
	struct msg_status s = status(f);

	assert_int_equal(s.pid, getpid());
	assert_text(s.program, "banter " BANTER_VERSION);
	assert_int_equal(s.schema, SCHEMA_VERSION);
	assert_int_equal(s.max_bytes, STORE_BYTES);
	assert_true(s.started_at > 0 && s.started_at <= now);
	assert_true(s.recent_ms >= 1000 && s.recent_ms < ACTIVITY_SECONDS * 1000);
	assert_int_equal(list_len(s.tables), TABLES);
	assert_int_equal(table_status(&s, TABLE_META).entries, 3);
	assert_int_equal(table_status(&s, TABLE_MESSAGES).entries, 0);
	assert_int_equal(table_status(&s, TABLE_MESSAGES).bytes, 0);
	assert_int_equal(s.peers.len, 0);
	chat(f, "s1", "q", "a");
	s = status(f);
	assert_int_equal(table_status(&s, TABLE_CONVERSATIONS).entries, 1);
	assert_int_equal(table_status(&s, TABLE_MESSAGES).entries, 2);
	assert_true(table_status(&s, TABLE_MESSAGES).bytes > 0);
}

/* Counts the free pages in LMDB's own list, whose entries begin with their number of pages. */
static uint64_t
free_bytes(struct fixture *f)
{
	MDB_cursor *cursor;
	uint64_t n = 0;
	MDB_val k, v;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(mdb_cursor_open(t.mdb, 0, &cursor), 0);
	while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
		size_t pages;

		memcpy(&pages, v.mv_data, sizeof(pages));
		n += pages;
	}
	mdb_cursor_close(cursor);
	txn_abort(&t);
	return n * 4096;
}

STORE_TEST(used_and_free_bytes_are_the_whole_file)
{
	struct msg_visitor_erase gone = {
	    .org = id_default_org, .widget = id_default_widget, .session = slice_str("goes")};
	char *text = xcalloc(1, 100001);
	struct msg_status full, s;
	struct stat st;

	memset(text, 'x', 100000);
	for (int i = 0; i < 40; i++) {
		chat(f, "stays", "q", "a");
		chat(f, "goes", "q", text);
	}
	full = status(f);
	assert_true(full.used_bytes > 40 * 100000 && full.used_bytes <= full.file_bytes);
	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, NULL);
	s = status(f);
	assert_true(s.used_bytes < full.used_bytes - 40 * 100000);
	assert_int_equal(s.used_bytes + free_bytes(f), s.file_bytes);
	assert_int_equal(stat(path_in(f->dir, "data.mdb"), &st), 0);
	assert_int_equal(s.file_bytes, st.st_size);
	free(text);
}

TEST(commits_of_the_last_seconds_count_older_ones_do_not)
{
	struct activity a;
	uint64_t second;
	uint32_t ms, n;

	/* Repeats if the next second began in between. */
	do {
		activity_init(&a);
		second = clock_mono_ms() / 1000;
		a.started_mono = (second - 100) * 1000;
		a.second = second - 3;
		/* Within the last ten seconds; in the last of them; and after them. */
		a.recent[(second - 3) % ACTIVITY_SECONDS] = 5;
		a.recent[(second - 9) % ACTIVITY_SECONDS] = 7;
		a.recent[(second - 11) % ACTIVITY_SECONDS] = 100;
		n = activity_recent(&a, &ms);
	} while (clock_mono_ms() / 1000 != second);
	assert_int_equal(n, 12);
	assert_true(ms >= 9000 && ms < 10000);
	assert_int_equal(a.second, second - 3);
}

TEST(after_a_long_silence_nothing_counts)
{
	struct activity a;
	uint32_t ms;

	activity_init(&a);
	a.second -= 1000;
	for (size_t i = 0; i < ACTIVITY_SECONDS; i++)
		a.recent[i] = 1;
	assert_int_equal(activity_recent(&a, &ms), 0);
	activity_commit(&a);
	assert_int_equal(activity_recent(&a, &ms), 1);
	assert_int_equal(a.commits, 1);
	assert_true(ms >= 1000);
}

/* At the bound, all are in the sums; beyond it, they tell that some are not. */
STORE_TEST(the_states_of_sources_are_summed_up_to_a_bound)
{
	const uint32_t states = 3;
	struct source_sums sums;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (uint32_t i = 1; i <= states; i++) {
		const struct source_share none = {0}, read = {true, PAGE_READ, i, 0};
		struct id source = {0};

		source.b[0] = (uint8_t)i;
		assert_int_equal(source_state_begin(&t, &id_default_org, &source), 0);
		assert_int_equal(source_count(&t, &id_default_org, &source, &none, &read), 0);
	}
	assert_int_equal(source_sum(&t, states - 1, &sums), 0);
	assert_false(sums.complete);
	assert_int_equal(sums.read, 2);
	assert_int_equal(sums.chunks, 1 + 2);
	assert_int_equal(source_sum(&t, states, &sums), 0);
	assert_true(sums.complete);
	assert_int_equal(sums.read, 3);
	assert_int_equal(sums.chunks, 1 + 2 + 3);
	txn_abort(&t);
}

TEST_MAIN(NULL, NULL)
