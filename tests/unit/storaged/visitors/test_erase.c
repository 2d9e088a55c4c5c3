/*
 * Erasing: afterwards every table is byte by byte as if the conversation had never been, whatever
 * it had, and whatever happened to the batch.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/storaged/store_everything.h"
#include "tests/unit/unit.h"

static struct msg_conversation_erase
erase_of(const struct id *conversation)
{
	return (struct msg_conversation_erase){
	    .org = id_default_org, .conversation = *conversation};
}

static struct msg_visitor_erase
erase_visitor(const char *session)
{
	return (struct msg_visitor_erase){
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(session),
	};
}

static void
expect_erased(const union msg *m, uint64_t conversations, uint64_t messages)
{
	assert_int_equal(m->erased.conversations, conversations);
	assert_int_equal(m->erased.messages, messages);
}

/* Client a receives LIVE_END for n of its turns. */
static void
expect_ends(struct fixture *f, unsigned n)
{
	while (n-- > 0)
		expect_answer(f, &f->a, 0, MSG_LIVE_END, NULL);
	assert_int_equal(buf_len(&f->a.out), 0);
}

/* Erases a conversation with n messages: few enough for one step. */
static void
erase(struct fixture *f, const struct id *conversation, uint64_t messages)
{
	struct msg_conversation_erase gone = erase_of(conversation);
	union msg m;

	ask(f, MSG_CONVERSATION_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 1, messages);
	assert_int_equal(table_count(f, TABLE_META), 1);
}

/* A turn of this client with a first piece of its reply. */
static struct msg_turn_begin
open_turn(struct fixture *f, struct asker *asker, const char *session)
{
	struct msg_turn_begin begin = begin_of(session, "still open");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "so far ");
	char name[ID_TEXT_LEN + 1];
	uint64_t r[2];

	id_format(&begin.turn, name);
	begin.client_id = slice_str(name);
	r[0] = send_request(f, asker, MSG_TURN_BEGIN, &begin);
	r[1] = send_request(f, asker, MSG_TURN_CHECKPOINT, &piece);
	commit(f);
	expect_answer(f, asker, r[0], MSG_TURN_BEGUN, NULL);
	expect_answer(f, asker, r[1], MSG_OK, NULL);
	begin.client_id = (struct slice){0};
	return begin;
}

/* A conversation with replies in each state; client b runs it. It has 5 questions and 3 replies. */
static struct id
make_colourful(struct fixture *f, const char *session)
{
	struct id conversation = chat(f, session, "question", "answer");
	struct msg_turn_begin stopped = begin_of(session, "stop");
	struct msg_turn_finish stop = finish_of(&stopped.turn, "stopp");
	struct msg_turn_begin again;
	struct msg_turn_checkpoint more;
	uint64_t r;

	stop.status = MESSAGE_STOPPED;
	stopped.client_id = slice_str("a name");
	ask(f, MSG_TURN_BEGIN, &stopped, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &stop, MSG_OK, NULL);
	/* Interrupted, and taken up again: a message and an open turn. */
	again = open_turn(f, &f->b, session);
	lose(f, &f->b);
	more = piece_of(&again.turn, 0, "so far and on");
	r = send_request(f, &f->b, MSG_TURN_CHECKPOINT, &more);
	commit(f);
	expect_answer(f, &f->b, r, MSG_OK, NULL);
	open_turn(f, &f->b, session);
	open_turn(f, &f->b, session);
	return conversation;
}

STORE_TEST(an_erased_conversation_leaves_no_trace)
{
	struct fixture *f = *state;
	struct contents before;
	struct id gone;

	chat(f, "stays", "q", "a");
	open_turn(f, &f->a, "stays");
	contents_take(f, &before);
	gone = make_colourful(f, "goes");
	assert_int_equal(conversation_record(f, &gone).messages, 8);
	assert_int_equal(f->open.n, 4);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 5);
	erase(f, &gone, 8);
	contents_expect(f, &before);
	assert_int_equal(f->open.n, 1);
	assert_true(TAILQ_EMPTY(&f->b.client.turns));
	assert_int_equal(stored_totals(f).conversations, 1);
	contents_clear(&before);
}

/* Except what a new store contains. */
static void
expect_empty(struct fixture *f)
{
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_META && i != TABLE_ORGS && i != TABLE_AGENTS &&
		    i != TABLE_WIDGETS && i != TABLE_WIDGETS_BY_PUBLIC)
			assert_int_equal(table_count(f, i), 0);
}

STORE_TEST(the_last_conversation_leaves_an_empty_store)
{
	struct fixture *f = *state;
	struct id gone = make_colourful(f, "goes");

	erase(f, &gone, 8);
	expect_empty(f);
	assert_int_equal(f->open.n, 0);
}

STORE_TEST(an_interrupted_reply_goes_too)
{
	struct fixture *f = *state;
	struct contents before;
	struct msg_turn_begin begin;

	chat(f, "stays", "q", "a");
	contents_take(f, &before);
	begin = open_turn(f, &f->a, "goes");
	lose(f, &f->a);
	erase(f, &begin.conversation, 2);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(erasing_again_finds_nothing)
{
	struct fixture *f = *state;
	struct id gone = chat(f, "goes", "q", "a");
	struct msg_conversation_erase again = erase_of(&gone);
	struct msg_visitor_erase visitor = erase_visitor("goes");
	struct msg_message_list list = {.org = id_default_org, .conversation = gone};
	union msg m;

	erase(f, &gone, 2);
	ask(f, MSG_CONVERSATION_ERASE, &again, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	ask(f, MSG_VISITOR_ERASE, &visitor, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	ask_error(f, MSG_MESSAGE_LIST, &list, STORE_NOT_FOUND);
}

STORE_TEST(a_visitor_goes_with_all_that_there_is)
{
	struct fixture *f = *state;
	struct msg_visitor_erase gone = erase_visitor("visitor");
	struct msg_turn_begin other_widget = begin_of("visitor", "hello");
	struct msg_turn_begin other_org = begin_of("visitor", "hello");
	struct contents before;
	union msg m;

	other_widget.widget = id_new();
	other_org.org = make_org(f);
	ask(f, MSG_TURN_BEGIN, &other_widget, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &other_org, MSG_TURN_BEGUN, NULL);
	chat(f, "visito", "q", "a");
	chat(f, "visitor1", "q", "a");
	contents_take(f, &before);
	make_colourful(f, "visitor");
	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 1, 8);
	contents_expect(f, &before);
	contents_clear(&before);
}

/* A widget's visitor is erased whatever widget the request names. */
STORE_TEST(a_widget_s_visitor_goes_with_its_token)
{
	struct fixture *f = *state;
	struct everything e = make_everything(f);
	const struct visitor_session session = visitor_session(&e.visitor);
	struct msg_visitor_erase foreign = erase_visitor(session.s);
	struct msg_visitor_erase gone = erase_visitor(session.s);
	struct msg_visitor_follow follow = {.token = e.visitor_token};
	uint64_t followed;
	union msg m;

	foreign.org = e.org;
	ask(f, MSG_VISITOR_ERASE, &foreign, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	followed = send_request(f, &f->b, MSG_VISITOR_FOLLOW, &follow);
	commit(f);
	expect_answer(f, &f->b, followed, MSG_VISITOR_STATE, NULL);

	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 1, 2);
	assert_int_equal(table_count(f, TABLE_VISITORS), 0);
	assert_int_equal(table_count(f, TABLE_VISITORS_BY_ID), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_WIDGET), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 0);
	/* The contact stays. */
	assert_int_equal(table_count(f, TABLE_CONTACTS), 1);
	ask_error(f, MSG_VISITOR_FOLLOW, &follow, STORE_GONE);
	expect_answer(f, &f->b, 0, MSG_LIVE_VISITOR_END, NULL);
	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
}

STORE_TEST(a_visitor_who_never_wrote_goes_too)
{
	struct fixture *f = *state;
	struct everything e = make_everything(f);
	struct msg_visitor_open open = {.public_id = slice_str("wid_everything"),
	    .fresh_token = secret_hash(slice_str("silent")),
	    .fresh_id = id_new()};
	const struct visitor_session session = visitor_session(&open.fresh_id);
	struct msg_visitor_erase gone = erase_visitor(session.s);
	union msg m;

	(void)e;
	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, NULL);
	assert_int_equal(table_count(f, TABLE_VISITORS), 2);
	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	assert_int_equal(m.erased.visitor, 1);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
	ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, &m);
	assert_int_equal(m.erased.visitor, 0);
}

STORE_TEST(another_organizations_is_as_if_it_did_not_exist)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "visitor", "q", "a");
	struct msg_conversation_erase foreign = erase_of(&conversation);
	struct msg_visitor_erase visitor = erase_visitor("visitor");
	struct contents before;
	union msg m;

	foreign.org = visitor.org = id_new();
	contents_take(f, &before);
	ask(f, MSG_CONVERSATION_ERASE, &foreign, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	ask(f, MSG_VISITOR_ERASE, &visitor, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(a_worker_that_still_writes_is_told)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, &f->a, "goes");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 7, "more");
	struct msg_turn_finish finish = finish_of(&begin.turn, "so far more");

	erase(f, &begin.conversation, 1);
	expect_ends(f, 1);
	ask_error(f, MSG_TURN_CHECKPOINT, &piece, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_FINISH, &finish, STORE_NOT_FOUND);
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
	assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
	/* When the worker disconnects, there is no turn to interrupt. */
	lose(f, &f->a);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 0);
}

STORE_TEST(a_visitor_who_comes_back_is_new)
{
	struct fixture *f = *state;
	struct id gone = chat(f, "visitor", "q", "a"), back;

	erase(f, &gone, 2);
	back = chat(f, "visitor", "hello again", "hello");
	assert_false(id_equal(&gone, &back));
	EXPECT_MESSAGES(f, &back, "cc", "hello again", "hello");
	assert_int_equal(conversation_record(f, &back).next_seq, 3);
}

STORE_TEST(what_began_in_the_same_batch_goes_too)
{
	struct fixture *f = *state;
	struct msg_turn_begin first = begin_of("goes", "one"), second = begin_of("goes", "two");
	struct msg_turn_begin after = begin_of("goes", "three");
	struct msg_turn_finish finish = finish_of(&first.turn, "uno");
	struct msg_turn_checkpoint piece = piece_of(&second.turn, 0, "du");
	struct msg_conversation_erase gone = erase_of(&first.conversation);
	struct contents before;
	uint64_t r[5];
	union msg m;

	contents_take(f, &before);
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &first);
	r[1] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	r[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &second);
	r[3] = send_request(f, &f->a, MSG_TURN_CHECKPOINT, &piece);
	r[4] = send_request(f, &f->b, MSG_CONVERSATION_ERASE, &gone);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->a, r[1], MSG_OK, NULL);
	expect_answer(f, &f->a, r[2], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->a, r[3], MSG_OK, NULL);
	expect_answer(f, &f->b, r[4], MSG_ERASED, &m);
	expect_erased(&m, 1, 3);
	expect_ends(f, 1);
	contents_expect(f, &before);
	assert_int_equal(f->open.n, 0);

	/* A turn that begins later in the same batch is stored and claimed. */
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &first);
	r[1] = send_request(f, &f->b, MSG_CONVERSATION_ERASE, &gone);
	r[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &after);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->b, r[1], MSG_ERASED, NULL);
	expect_answer(f, &f->a, r[2], MSG_TURN_BEGUN, NULL);
	expect_ends(f, 1);
	EXPECT_MESSAGES(f, &after.conversation, "c", "three");
	assert_int_equal(f->open.n, 1);
	assert_false(TAILQ_EMPTY(&f->a.client.turns));
	contents_clear(&before);
}

STORE_TEST(a_batch_that_runs_again_erases_once)
{
	struct fixture *f = *state;
	struct msg_turn_begin bad = begin_of("bad", "x");
	struct msg_conversation_erase erasure;
	struct contents before;
	struct id gone;
	uint64_t r[2];
	union msg m;

	/* The totals of its organization are read after its conversation was written. */
	bad.org = make_org(f);
	damage(f, TABLE_TOTALS, &bad.org);
	chat(f, "stays", "q", "a");
	contents_take(f, &before);
	gone = make_colourful(f, "goes");
	erasure = erase_of(&gone);
	r[0] = send_request(f, &f->a, MSG_CONVERSATION_ERASE, &erasure);
	r[1] = send_request(f, &f->b, MSG_TURN_BEGIN, &bad);
	assert_false(batch_is_open(&f->batch));
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_ERASED, &m);
	expect_erased(&m, 1, 8);
	expect_error(f, &f->b, r[1], STORE_INTERNAL);
	contents_expect(f, &before);
	assert_int_equal(f->open.n, 0);
	contents_clear(&before);
}

/* A damaged message is removed, too; only its turn stays, for `banter verify`. */
STORE_TEST(a_message_that_cannot_be_read_keeps_nothing)
{
	struct fixture *f = *state;
	struct id damaged = make_colourful(f, "damaged");
	struct key key = key_message(&damaged, 2);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_MESSAGES, &key, slice_str("damaged")), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	erase(f, &damaged, 8);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 0);
	assert_int_equal(table_count(f, TABLE_TOTALS), 0);
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
	assert_int_equal(f->open.n, 0);
}

/* Opens n turns, and finishes the first of them. */
static void
open_many(struct fixture *f, const char *session, size_t n, size_t finished)
{
	uint64_t first = f->requests + 1;

	for (size_t i = 0; i < n; i++) {
		struct msg_turn_begin begin = begin_of(session, "question");
		struct msg_turn_finish finish = finish_of(&begin.turn, "answer");

		begin.history = 1;
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		if (i < finished)
			send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	}
	commit(f);
	while (first <= f->requests) {
		union msg m;

		assert_int_not_equal(take_answer(f, &f->a, first++, &m), MSG_ERROR);
	}
}

/* More messages and more open turns than are removed at a time, among those of others. */
STORE_TEST(the_longest_conversation_goes_whole)
{
	struct fixture *f = *state;
	struct msg_visitor_erase goes = erase_visitor("goes"), also = erase_visitor("also");
	struct contents before;
	union msg m;

	chat(f, "stays", "q", "a");
	contents_take(f, &before);
	for (int i = 0; i < 6; i++) {
		open_many(f, "goes", 300, 200);
		open_many(f, "also", 10, 0);
	}
	ask(f, MSG_VISITOR_ERASE, &goes, MSG_ERASED, &m);
	expect_erased(&m, 1, 3000);
	expect_ends(f, 600);
	assert_int_equal(f->open.n, 60);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 60);
	ask(f, MSG_VISITOR_ERASE, &also, MSG_ERASED, &m);
	expect_erased(&m, 1, 60);
	expect_ends(f, 60);
	/* The request itself did the first step. */
	assert_int_equal(sweep(f), 3000 / GARBAGE_STEP);
	contents_expect(f, &before);
	contents_clear(&before);
}

/* A long conversation of this session, each of its messages with a name. Returns its last turn. */
static struct msg_turn_begin
make_long(struct fixture *f, const char *session, size_t replies)
{
	struct msg_turn_begin begin;
	char name[ID_TEXT_LEN + 1];

	for (size_t i = 0; i < replies; i++) {
		struct msg_turn_finish finish;

		begin = begin_of(session, "question");
		begin.history = 1;
		id_format(&begin.turn, name);
		begin.client_id = slice_str(name);
		finish = finish_of(&begin.turn, "answer");
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		send_request(f, &f->a, MSG_TURN_FINISH, &finish);
		if (f->a.n + 2 > ARRAY_LEN(f->a.frames) || i + 1 == replies)
			commit(f);
	}
	buf_reset(&f->a.out);
	begin.client_id = (struct slice){0};
	return begin;
}

static struct id
conversation_of(struct fixture *f, const struct msg_turn_begin *begin)
{
	struct msg_session_history history = {
	    .org = begin->org, .widget = begin->widget, .session = begin->session, .limit = 1};
	struct msg_conversation_record record;
	union msg m;

	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(
	    record_decode(m.message_page.conversation, MSG_CONVERSATION_RECORD, &record),
	    WIRE_OK);
	return record.id;
}

#define LONG_REPLIES (2 * GARBAGE_STEP)

static struct id
erase_long_of(struct fixture *f, const char *session, struct msg_turn_begin *last)
{
	struct msg_conversation_erase gone;
	struct id id;
	union msg m;

	*last = make_long(f, session, LONG_REPLIES);
	id = conversation_of(f, last);
	gone = erase_of(&id);
	ask(f, MSG_CONVERSATION_ERASE, &gone, MSG_ERASED, &m);
	expect_erased(&m, 1, 2 * LONG_REPLIES);
	return id;
}

/* Erases a long conversation, of which most is left then. */
static struct id
erase_long(struct fixture *f, struct msg_turn_begin *last)
{
	struct id id = erase_long_of(f, "goes", last);

	assert_int_equal(table_count(f, TABLE_META), 2);
	return id;
}

STORE_TEST(what_is_left_of_a_long_conversation_goes_in_steps)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct contents before;
	size_t messages;

	chat(f, "stays", "q", "a");
	contents_take(f, &before);
	erase_long(f, &last);
	messages = table_count(f, TABLE_MESSAGES);
	assert_int_equal(messages, 2 + 2 * LONG_REPLIES - GARBAGE_STEP);
	while (garbage_step(&f->env) == GARBAGE_MORE) {
		assert_true(messages - table_count(f, TABLE_MESSAGES) <= GARBAGE_STEP);
		messages = table_count(f, TABLE_MESSAGES);
		expect_whole(f);
	}
	contents_expect(f, &before);
	assert_int_equal(table_count(f, TABLE_META), 1);
	contents_clear(&before);
}

/* As if the process were killed after each step. */
STORE_TEST(what_is_left_goes_after_a_new_start)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct contents before;

	chat(f, "stays", "q", "a");
	contents_take(f, &before);
	erase_long(f, &last);
	do
		store_restart(f, STORE_BYTES);
	while (garbage_step(&f->env) == GARBAGE_MORE);
	contents_expect(f, &before);
	assert_int_equal(table_count(f, TABLE_META), 1);
	contents_clear(&before);
}

STORE_TEST(what_is_left_cannot_be_read)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct id id = erase_long(f, &last);
	struct msg_conversation_erase again = erase_of(&id);
	struct msg_message_list list = {.org = id_default_org, .conversation = id};
	struct msg_session_history history = {
	    .org = last.org, .widget = last.widget, .session = last.session};
	struct msg_turn_join join = {
	    .org = last.org, .widget = last.widget, .session = last.session, .turn = last.turn};
	struct msg_turn_checkpoint piece = piece_of(&last.turn, 0, "more");
	struct msg_turn_finish finish = finish_of(&last.turn, "answer");
	struct msg_conversation_list all = {.org = id_default_org};
	union msg m;

	ask_error(f, MSG_MESSAGE_LIST, &list, STORE_NOT_FOUND);
	ask_error(f, MSG_SESSION_HISTORY, &history, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_JOIN, &join, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_CHECKPOINT, &piece, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_FINISH, &finish, STORE_NOT_FOUND);
	ask(f, MSG_CONVERSATION_LIST, &all, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(m.conversation_page.total, 0);
	ask(f, MSG_CONVERSATION_ERASE, &again, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	assert_int_equal(stored_totals(f).messages, 0);
}

/* The request that began a turn is repeated: its answer was lost. */
STORE_TEST(a_turn_of_what_is_left_begins_elsewhere)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct id id = erase_long(f, &last);
	struct msg_turn_finish finish = finish_of(&last.turn, "hello");
	struct msg_turn_begin taken = begin_of("another", "hello");
	union msg m;

	taken.conversation = id;
	ask_error(f, MSG_TURN_BEGIN, &taken, STORE_INVALID);
	last.text = slice_str("hello again");
	last.history = 30;
	ask(f, MSG_TURN_BEGIN, &last, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &last.conversation));
	assert_int_equal(list_len(m.turn_begun.history), 1);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	sweep(f);
	EXPECT_MESSAGES(f, &last.conversation, "cc", "hello again", "hello");
	assert_int_equal(table_count(f, TABLE_MESSAGES), 2);
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
	ask(f, MSG_TURN_BEGIN, &taken, MSG_TURN_BEGUN, NULL);
}

STORE_TEST(an_import_waits_for_what_is_left)
{
	struct fixture *f = *state;
	struct msg_conversation_record record;
	struct msg_import_conversation import;
	struct msg_turn_begin last;
	struct buf b;

	record = (struct msg_conversation_record){.v = RECORD_VERSION,
	    .id = erase_long(f, &last),
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("goes"),
	    .next_seq = 1};
	buf_init(&b, RECORD_MAX);
	assert_int_equal(record_encode(&b, MSG_CONVERSATION_RECORD, &record), 0);
	import.conversation = buf_slice(&b);
	f->a.role = ROLE_TOOL;
	ask_error(f, MSG_IMPORT_CONVERSATION, &import, STORE_INVALID);
	sweep(f);
	ask(f, MSG_IMPORT_CONVERSATION, &import, MSG_OK, NULL);
	f->a.role = ROLE_WORKER;
	buf_clear(&b);
}

/* A damaged entry belongs to no conversation, and blocks nothing else. */
STORE_TEST(an_unreadable_entry_of_what_is_left_stays)
{
	struct fixture *f = *state;
	struct key key = key_meta(META_ERASED "0 nobody");
	struct msg_turn_begin last;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_META, &key, (struct slice){0}), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	assert_int_equal(sweep(f), 0);
	erase_long_of(f, "goes", &last);
	assert_true(sweep(f) > 0);
	expect_empty(f);
	assert_int_equal(table_count(f, TABLE_META), 2);
	assert_true(f->env.writable);
}

/* The first message that the request itself has not removed. */
static struct key
first_left(const struct id *conversation)
{
	return key_message(conversation, GARBAGE_STEP + 1);
}

#define LEFT (2 * LONG_REPLIES - GARBAGE_STEP)

/* Other conversations are removed, before and after it, and those erased later. */
STORE_TEST(a_damaged_page_of_what_is_left_stops_nothing_else)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct id stuck;
	struct key key;

	erase_long_of(f, "before", &last);
	make_long(f, "between", 100);
	stuck = erase_long_of(f, "stuck", &last);
	make_long(f, "and between", 100);
	erase_long_of(f, "after", &last);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 400 + 3 * LEFT);
	key = first_left(&stuck);
	damage_page(f, TABLE_MESSAGES, &key);

	assert_true(sweep(f) > 2 * LEFT / GARBAGE_STEP);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 400 + LEFT);
	assert_int_equal(table_count(f, TABLE_META), 2);
	assert_int_equal(f->env.garbage.stuck_n, 1);
	assert_memory_equal(&f->env.garbage.stuck[0], &stuck, sizeof(stuck));
	assert_int_equal(sweep(f), 0);

	erase_long_of(f, "later", &last);
	assert_true(sweep(f) > 0);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 400 + LEFT);
	assert_int_equal(f->env.garbage.stuck_n, 1);
	assert_true(f->env.writable);
}

/* A turn of a stuck conversation belongs to no client, and its id stays taken. */
STORE_TEST(what_is_stuck_cannot_be_read)
{
	struct fixture *f = *state;
	struct msg_turn_begin last, taken = begin_of("another", "hello");
	struct id stuck = erase_long(f, &last);
	struct msg_turn_finish finish = finish_of(&last.turn, "answer");
	struct key key = first_left(&stuck);

	damage_page(f, TABLE_MESSAGES, &key);
	sweep(f);
	assert_int_equal(f->env.garbage.stuck_n, 1);
	ask_error(f, MSG_TURN_FINISH, &finish, STORE_NOT_FOUND);
	taken.conversation = stuck;
	ask_error(f, MSG_TURN_BEGIN, &taken, STORE_INVALID);
}

/* How often a removal was started and failed. */
static uint8_t
tries_of(struct fixture *f, const struct id *conversation)
{
	struct key key = key_erased(conversation);
	struct slice value;
	struct txn t;
	uint8_t tries;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(txn_get(&t, TABLE_META, &key, &value), 0);
	tries = value.len == 0 ? 0 : value.p[0];
	txn_abort(&t);
	return tries;
}

/* Makes the page of a record unreadable, as on a bad disk. */
static void
lock_page(struct fixture *f, enum table table, const struct key *key)
{
	struct slice value;
	struct txn t;
	union {
		const uint8_t *in;
		void *out;
	} page;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(txn_get(&t, table, key, &value), 0);
	page.in = value.p - (uintptr_t)value.p % 4096;
	txn_abort(&t);
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

		/* Die like a daemon, not like a test. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		store_open(f, STORE_BYTES);
		lock_page(f, TABLE_MESSAGES, key);
		_exit(garbage_step(&f->env) == GARBAGE_STUCK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	store_open(f, STORE_BYTES);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Most starts can serve in spite of the bad page; once it is readable, the garbage is removed. */
STORE_TEST(a_page_that_is_death_does_not_end_every_start)
{
	static const bool expected[] = {false, false, true, false, true, true, true, false};
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct id id = erase_long(f, &last);
	struct key key = first_left(&id);

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(survives(f, &key), expected[i]);
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

/* If the list of erased conversations is damaged, garbage collection stops. */
STORE_TEST(a_damaged_list_of_what_is_left_ends_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin last;
	struct id id = erase_long(f, &last);
	struct key key = key_erased(&id);

	damage_page(f, TABLE_META, &key);
	assert_int_equal(garbage_step(&f->env), GARBAGE_NONE);
	assert_true(f->env.garbage.given_up);
	assert_int_equal(f->env.garbage.stuck_n, 0);
}

STORE_TEST(turns_that_nobody_has_claimed_yet_go_too)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, &f->a, "goes");

	store_restart(f, STORE_BYTES);
	assert_int_equal(f->open.n, 1);
	erase(f, &begin.conversation, 1);
	assert_true(TAILQ_EMPTY(&f->open.found));
	assert_int_equal(f->open.n, 0);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
}

STORE_TEST(turns_that_are_lost_go_too)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, &f->a, "goes");

	open_turns_lose(&f->open, &f->a.client.turns);
	erase(f, &begin.conversation, 1);
	assert_true(TAILQ_EMPTY(&f->open.lost));
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 0);
}

/* Its turn could not be ended, but is removed with its conversation. */
STORE_TEST(a_turn_that_is_stuck_goes_too)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, &f->a, "goes");
	struct msg_totals_record totals = stored_totals(f);
	struct key key = key_id(&id_default_org);
	struct txn t;

	damage(f, TABLE_TOTALS, &id_default_org);
	lose(f, &f->a);
	assert_false(TAILQ_EMPTY(&f->open.stuck));
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put_record(&t, TABLE_TOTALS, &key, MSG_TOTALS_RECORD, &totals), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = false;
	erase(f, &begin.conversation, 1);
	assert_true(TAILQ_EMPTY(&f->open.stuck));
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
}

#define FULL_BYTES (4u * 1024 * 1024)

/* Whole turns, one for each of these sessions, in one batch. False: the store is full, and none of
 * them is there. */
static bool
store_turns(struct fixture *f, const char (*sessions)[16], size_t n, struct slice answer)
{
	uint64_t first = f->requests + 1;
	bool stored = true;

	for (size_t i = 0; i < n && batch_is_open(&f->batch); i++) {
		struct msg_turn_begin begin = begin_of(sessions[i], "question");
		struct msg_turn_finish finish = finish_of(&begin.turn, "");

		finish.text = answer;
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

/* Fills the store with a turn of "goes" beside others' turns, so that its entries are scattered
 * over all pages, the texts of its replies so long. */
static void
fill(struct fixture *f, size_t others, size_t text_len)
{
	char sessions[64][16], *text = xcalloc(1, text_len + 1);
	unsigned n = 0;

	memset(text, 'x', text_len);
	do {
		snprintf(sessions[0], sizeof(sessions[0]), "goes");
		for (size_t i = 1; i <= others; i++)
			snprintf(sessions[i], sizeof(sessions[i]), "s%u", n++ % 250);
	} while (store_turns(f, sessions, 1 + others, slice_str(text)));
	/* And one at a time, until not even the smallest fits. */
	do
		snprintf(sessions[0], sizeof(sessions[0]), "more%u", n++);
	while (store_turns(f, sessions, 1, slice_str("x")));
	free(text);
}

/* Erases from a full store, and writes on. */
static void
erase_from_full(struct fixture *f, size_t others, size_t text_len)
{
	struct msg_visitor_erase goes = erase_visitor("goes");
	struct contents rest;
	union msg m;

	store_restart(f, FULL_BYTES);
	fill(f, others, text_len);
	assert_false(f->env.writable);
	ask(f, MSG_VISITOR_ERASE, &goes, MSG_ERASED, &m);
	assert_int_equal(m.erased.conversations, 1);
	assert_true(m.erased.messages > 10);
	ask(f, MSG_VISITOR_ERASE, &goes, MSG_ERASED, &m);
	expect_erased(&m, 0, 0);
	sweep(f);

	contents_take(f, &rest);
	store_restart(f, FULL_BYTES);
	contents_expect(f, &rest);
	contents_clear(&rest);
	/* The room that it made is there for others, be it after the next probe. */
	f->env.writable = false;
	env_probe(&f->env);
	assert_true(f->env.writable);
	chat(f, "goes", "there is", "room again");
}

STORE_TEST(a_scattered_conversation_can_be_erased_from_a_full_store)
{
	erase_from_full(*state, 30, 300);
}

STORE_TEST(a_conversation_of_great_messages_can_be_erased_from_a_full_store)
{
	erase_from_full(*state, 0, TEXT_MAX);
}

/* However often a little is erased and written again: what deletions have taken of the reserve does
 * not become room for writes, or one day nothing could be erased any more. */
STORE_TEST(writes_do_not_eat_the_reserve)
{
	struct fixture *f = *state;
	struct msg_visitor_erase goes = erase_visitor("goes");
	char little[16], session[1][16];
	MDB_envinfo info;

	store_restart(f, FULL_BYTES);
	fill(f, 30, 300);
	for (unsigned i = 0; i < 40; i++) {
		struct msg_visitor_erase gone;

		snprintf(little, sizeof(little), "s%u", i);
		gone = erase_visitor(little);
		ask(f, MSG_VISITOR_ERASE, &gone, MSG_ERASED, NULL);
		f->env.writable = false;
		f->env.probes_ignored = 0;
		env_probe(&f->env);
		snprintf(session[0], sizeof(session[0]), "t%u", i);
		while (store_turns(f, session, 1, slice_str("x")))
			;
	}
	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	assert_true((info.me_last_pgno + 1) * 4096 <= FULL_BYTES + 256 * 1024);
	ask(f, MSG_VISITOR_ERASE, &goes, MSG_ERASED, NULL);
}

STORE_TEST(a_full_store_can_be_emptied_by_erasing)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {.org = id_default_org};
	union msg m;

	store_restart(f, FULL_BYTES);
	fill(f, 30, 300);
	for (;;) {
		struct msg_conversation_record record;
		struct msg_conversation_erase gone;

		ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
		if (m.conversation_page.total == 0)
			break;
		list_item(
		    m.conversation_page.conversations, 0, MSG_CONVERSATION_RECORD, &record);
		gone = erase_of(&record.id);
		ask(f, MSG_CONVERSATION_ERASE, &gone, MSG_ERASED, &m);
		assert_int_equal(m.erased.conversations, 1);
		sweep(f);
	}
	expect_empty(f);
}

TEST_MAIN(NULL, NULL)
