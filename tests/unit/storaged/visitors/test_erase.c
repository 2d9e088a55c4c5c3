/*
 * Erasing from a store with a page that kills the process, and from full stores. Everything else is in erase.scenario.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/storaged/store_contents.h"

static union msg
erase_session(struct fixture *f, const char *session)
{
	const struct msg_visitor_erase erase = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(session),
	};
	union msg m;

	ask(f, MSG_VISITOR_ERASE, &erase, MSG_ERASED, &m);
	return m;
}

/* Whole turns, one for each of these sessions, in one batch. False: the store is full, and has none of
 * them. */
static bool
store_turns(struct fixture *f, const char (*sessions)[16], size_t n, struct slice answer)
{
	uint64_t first = f->requests + 1;
	bool stored = true;

	for (size_t i = 0; i < n && batch_is_open(&f->batch); i++) {
		struct msg_turn_begin begin = begin_of(sessions[i], "question");
		struct msg_turn_finish finish = finish_of(&begin.turn, "");

		finish.text = answer;
		begin.history = 1;
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		if (batch_is_open(&f->batch))
			send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	}
	commit(f);
	for (; first <= f->requests; first++) {
		union msg m;

		if (take_answer(f, &f->a, first, &m) != MSG_ERROR)
			continue;
		assert_int_equal(m.error.code, STORE_FULL);
		stored = false;
	}
	return stored;
}

#define LONG_REPLIES (2 * GARBAGE_STEP)
#define LEFT         (2 * LONG_REPLIES - GARBAGE_STEP) /* messages, after the request */

/* Erases a long conversation, of which most is left then. */
static struct id
erase_long(struct fixture *f)
{
	const struct msg_conversation_list list = {.org = id_default_org};
	struct msg_conversation_record record;
	char sessions[LONG_REPLIES][16];
	union msg m;

	for (size_t i = 0; i < LONG_REPLIES; i++)
		snprintf(sessions[i], sizeof(sessions[i]), "goes");
	assert_true(store_turns(f, sessions, LONG_REPLIES, slice_str("answer")));
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	list_item(m.conversation_page.conversations, 0, MSG_CONVERSATION_RECORD, &record);
	erase_session(f, "goes");
	assert_int_equal(table_count(f, TABLE_META), 2);
	return record.id;
}

/* How often a removal was started and failed. */
static uint8_t
tries_of(struct fixture *f, const struct id *conversation)
{
	struct key key = key_erased(conversation);
	struct slice value;

	assert_int_equal(get_entry(f, TABLE_META, &key, &value), 0);
	return value.len == 0 ? 0 : value.p[0];
}

/* Makes the page of a record unreadable, as on a bad disk. */
static void
lock_page(struct fixture *f, enum table table, const struct key *key)
{
	struct slice value;
	union {
		const uint8_t *in;
		void *out;
	} page;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	page.in = value.p - (uintptr_t)value.p % 4096;
	assert_int_equal(mprotect(page.out, 4096, PROT_NONE), 0);
}

/* Starts storaged with an unreadable page that kills it. True: the garbage collection finished. */
static bool
survives(struct fixture *f, const struct key *key)
{
	pid_t pid;
	int status;

	store_close(f);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		const struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		store_open(f, STORE_BYTES);
		/* As if a change, not a lookup, met the page. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		lock_page(f, TABLE_MESSAGES, key);
		_exit(garbage_step(&f->env) == GARBAGE_STUCK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	store_open(f, STORE_BYTES);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Most starts can serve in spite of the bad page; once it is readable, the garbage is removed. */
STORE_TEST(a_page_that_kills_the_process_does_not_end_every_start)
{
	static const bool expected[] = {false, false, true, false, true, true, true, false};
	struct id id = erase_long(f);
	struct key first_left = key_message(&id, GARBAGE_STEP + 1);

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(survives(f, &first_left), expected[i]);
		assert_int_equal(tries_of(f, &id), i + 1);
	}
	for (unsigned n = ARRAY_LEN(expected); n < 15; n++) {
		assert_int_equal(sweep(f), 1);
		assert_int_equal(f->env.garbage.stuck_n, 1);
		assert_int_equal(table_count(f, TABLE_MESSAGES), LEFT);
		store_restart(f, STORE_BYTES);
	}
	assert_int_equal(garbage_step(&f->env), GARBAGE_MORE);
	assert_int_equal(tries_of(f, &id), 0);
	sweep(f);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 0);
	assert_int_equal(table_count(f, TABLE_META), 1);
}

#define FULL_BYTES (4u * 1024 * 1024)

/* Fills the store with turns of "goes", each in a batch with turns of so many others, so that its entries
 * are scattered over all pages. Its replies have this length. */
static void
fill(struct fixture *f, size_t others, size_t text_len)
{
	char sessions[64][16] = {"goes"}, *text = xcalloc(1, text_len + 1);
	unsigned n = 0;

	store_restart(f, FULL_BYTES);
	memset(text, 'x', text_len);
	do
		for (size_t i = 1; i <= others; i++)
			snprintf(sessions[i], sizeof(sessions[i]), "s%u", n++ % 250);
	while (store_turns(f, sessions, 1 + others, slice_str(text)));
	/* And one at a time, until not even the smallest fits. */
	do
		snprintf(sessions[0], sizeof(sessions[0]), "more%u", n++);
	while (store_turns(f, sessions, 1, slice_str("x")));
	free(text);
	assert_false(f->env.writable);
}

/* Erases from a full store, and writes on. */
static void
erase_from_full(struct fixture *f, size_t others, size_t text_len)
{
	struct contents rest;
	union msg m;

	fill(f, others, text_len);
	m = erase_session(f, "goes");
	assert_int_equal(m.erased.conversations, 1);
	assert_true(m.erased.messages > 10);
	m = erase_session(f, "goes");
	assert_int_equal(m.erased.conversations, 0);
	assert_int_equal(m.erased.messages, 0);
	sweep(f);

	contents_take(f, &rest);
	store_restart(f, FULL_BYTES);
	contents_expect(f, &rest);
	contents_clear(&rest);
	/* Others can use the room that it made, if only after the next probe. */
	f->env.writable = false;
	env_probe(&f->env);
	assert_true(f->env.writable);
	chat(f, "goes", "there is", "room again");
}

STORE_TEST(a_scattered_conversation_can_be_erased_from_a_full_store)
{
	erase_from_full(f, 30, 300);
}

STORE_TEST(a_conversation_of_large_messages_can_be_erased_from_a_full_store)
{
	erase_from_full(f, 0, TEXT_MAX);
}

/* Pages of the reserve that deletions used do not become room for writes. Otherwise, one day, nothing could
 * be erased. */
STORE_TEST(writes_do_not_use_the_reserve)
{
	char erased[16], session[1][16];
	MDB_envinfo info;

	fill(f, 30, 300);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(erased, sizeof(erased), "s%u", i);
		erase_session(f, erased);
		f->env.writable = false;
		f->env.probes_ignored = 0;
		env_probe(&f->env);
		snprintf(session[0], sizeof(session[0]), "t%u", i);
		while (store_turns(f, session, 1, slice_str("x")))
			;
	}
	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	assert_true((info.me_last_pgno + 1) * 4096 <= FULL_BYTES + 256 * 1024);
	erase_session(f, "goes");
}

STORE_TEST(a_full_store_can_be_emptied_by_erasing)
{
	struct msg_conversation_list list = {.org = id_default_org};

	fill(f, 30, 300);
	for (;;) {
		struct msg_conversation_erase erase = {.org = id_default_org};
		struct msg_conversation_record record;
		union msg m;

		ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
		if (m.conversation_page.total == 0)
			break;
		list_item(
		    m.conversation_page.conversations, 0, MSG_CONVERSATION_RECORD, &record);
		erase.conversation = record.id;
		ask(f, MSG_CONVERSATION_ERASE, &erase, MSG_ERASED, &m);
		assert_int_equal(m.erased.conversations, 1);
		sweep(f);
	}
	/* Only the records of a new store are left. */
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_META && i != TABLE_ORGS && i != TABLE_AGENTS &&
		    i != TABLE_WIDGETS && i != TABLE_WIDGETS_BY_PUBLIC)
			assert_int_equal(table_count(f, i), 0);
}

TEST_MAIN(NULL, NULL)
