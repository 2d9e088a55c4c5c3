/*
 * Messages with a client message id: sent again, they are answered with the state of their reply,
 * and stored once.
 */
#include "tests/unit/storaged/store_contents.h"

#include "storaged/turns/turns.h"
#include "tests/unit/unit.h"

/* A message with a client message id. */
static struct msg_turn_begin
named(const char *session, const char *text, const char *client_id)
{
	struct msg_turn_begin begin = begin_of(session, text);

	begin.client_id = slice_str(client_id);
	return begin;
}

/* The same message, sent again by a client that had no answer: the worker's ids are new. */
static struct msg_turn_begin
again(const struct msg_turn_begin *begin)
{
	struct msg_turn_begin repeated = *begin;

	repeated.conversation = id_new();
	repeated.message = id_new();
	repeated.turn = id_new();
	return repeated;
}

static void
ask_as(struct fixture *f, struct asker *asker, enum msg_type type, const void *msg,
    enum msg_type answer, union msg *m)
{
	uint64_t request = send_request(f, asker, type, msg);

	commit(f);
	expect_answer(f, asker, request, answer, m);
}

/* Expects that the turn is open, for this run, written by another worker (or, own, by the
 * sender). */
static void
expect_open(
    const union msg *m, const struct msg_turn_begin *begin, const struct id *run, bool own)
{
	const struct msg_turn_state *state = &m->turn_state;

	assert_true(id_equal(&state->conversation, &begin->conversation));
	assert_true(id_equal(&state->turn, &begin->turn));
	assert_int_equal(state->open, 1);
	assert_int_equal(state->own, own);
	assert_true(id_equal(&state->run, run));
	assert_int_equal(state->status, 0);
	assert_int_equal(state->text.len, 0);
}

static void
expect_closed(const union msg *m, const struct msg_turn_begin *begin,
    enum message_status status, const char *text)
{
	const struct msg_turn_state *state = &m->turn_state;

	assert_true(id_equal(&state->conversation, &begin->conversation));
	assert_true(id_equal(&state->turn, &begin->turn));
	assert_int_equal(state->open, 0);
	assert_int_equal(state->own, 0);
	assert_true(id_is_zero(&state->run));
	assert_int_equal(state->status, status);
	assert_text(state->text, text);
}

/* Expects that the sender is to write the reply, whose question is the last of the history. */
static void
expect_begun(const union msg *m, const struct msg_turn_begin *first)
{
	const struct msg_turn_begun *begun = &m->turn_begun;
	struct msg_message_record question;

	assert_true(id_equal(&begun->conversation, &first->conversation));
	assert_true(id_equal(&begun->turn, &first->turn));
	list_item(begun->history, list_len(begun->history) - 1, MSG_MESSAGE_RECORD, &question);
	assert_true(id_equal(&question.id, &first->message));
}

static struct msg_client_id_record
record_of(struct fixture *f, const struct id *conversation, const char *name)
{
	struct key key = key_client_id(conversation, slice_str(name));
	struct msg_client_id_record record;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(
	    txn_get_record(&t, TABLE_CLIENT_IDS, &key, MSG_CLIENT_ID_RECORD, &record), 0);
	txn_abort(&t);
	return record;
}

STORE_TEST(a_name_is_stored_with_its_message)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_client_id_record record;
	union msg m;

	chat(f, "s1", "before", "it");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.turn, &begin.turn));
	record = record_of(f, &m.turn_begun.conversation, "m-1");
	assert_int_equal(record.seq, 3);
	assert_true(id_equal(&record.turn, &begin.turn));
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 1);
}

STORE_TEST(the_longest_name_is_a_key)
{
	char name[CLIENT_ID_MAX + 1];
	struct msg_turn_begin begin, repeated;
	union msg m;

	memset(name, 'n', CLIENT_ID_MAX);
	name[CLIENT_ID_MAX] = '\0';
	begin = named("s1", "hello", name);
	repeated = again(&begin);
	ask(*state, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(*state, MSG_TURN_BEGIN, &repeated, MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, true);
}

STORE_TEST(a_message_without_a_name_is_always_new)
{
	struct fixture *f = *state;
	struct msg_turn_begin one = begin_of("s1", "hello"), two = again(&one);

	ask(f, MSG_TURN_BEGIN, &one, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &two, MSG_TURN_BEGUN, NULL);
	EXPECT_MESSAGES(f, &one.conversation, "cc", "hello", "hello");
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 0);
}

STORE_TEST(a_name_is_of_one_conversation)
{
	struct fixture *f = *state;
	struct msg_turn_begin one = named("s1", "hello", "m-1"), two = named("s2", "hi", "m-1");
	struct msg_turn_begin other_widget = named("s1", "ho", "m-1");
	union msg m;

	other_widget.widget = id_new();
	ask(f, MSG_TURN_BEGIN, &one, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &two, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &two);
	ask(f, MSG_TURN_BEGIN, &other_widget, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &other_widget);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 3);
}

STORE_TEST(another_text_under_the_same_name_is_a_conflict)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_turn_begin other = again(&begin);
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	struct contents before;

	other.text = slice_str("hello!");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	contents_take(f, &before);
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_CONFLICT);
	/* Also for the worker that writes the reply, and for the very request that began it. */
	other.turn = begin.turn;
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_CONFLICT);
	contents_expect(f, &before);
	contents_clear(&before);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_CONFLICT);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi");
}

/* A worker gives each turn a new id, so a correct one never sends this. */
STORE_TEST(a_turn_that_began_under_another_name_is_refused)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello"), other = begin;

	other.client_id = slice_str("m-1");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_INVALID);
	other.session = slice_str("s2");
	ask_error(f, MSG_TURN_BEGIN, &other, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 0);
}

STORE_TEST(a_request_repeated_by_its_worker_continues_the_turn)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	/* Over a new connection too, which owns the turn then. */
	ask_as(f, &f->b, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	assert_true(TAILQ_EMPTY(&f->a.client.turns));
	assert_false(TAILQ_EMPTY(&f->b.client.turns));
	ask_as(f, &f->b, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi");
	assert_int_equal(stored_totals(f).messages, 2);
}

STORE_TEST(a_reply_that_is_written_is_told_of)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1"), repeated = again(&begin);
	struct contents before;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	contents_take(f, &before);
	ask_as(f, &f->b, MSG_TURN_BEGIN, &repeated, MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, false);
	ask(f, MSG_TURN_BEGIN, &repeated, MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, true);
	contents_expect(f, &before);
	contents_clear(&before);
	assert_true(TAILQ_EMPTY(&f->b.client.turns));
	assert_int_equal(f->live.turns.n, 0);
}

STORE_TEST(a_reply_that_is_whole_is_the_answer)
{
	static const enum message_status statuses[] = {MESSAGE_COMPLETE, MESSAGE_STOPPED};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct msg_turn_begin begin = named(i == 0 ? "s1" : "s2", "hello", "m-1");
		struct msg_turn_begin repeated = again(&begin);
		struct msg_turn_finish finish = finish_of(&begin.turn, "hi there");
		struct contents before;
		union msg m;

		finish.status = (uint8_t)statuses[i];
		finish.prompt_tokens = 7;
		finish.completion_tokens = 2;
		ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
		ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
		contents_take(f, &before);
		ask(f, MSG_TURN_BEGIN, &repeated, MSG_TURN_STATE, &m);
		expect_closed(&m, &begin, statuses[i], "hi there");
		assert_int_equal(m.turn_state.prompt_tokens, 7);
		assert_int_equal(m.turn_state.completion_tokens, 2);
		contents_expect(f, &before);
		contents_clear(&before);
		assert_int_equal(f->open.n, 0);
	}
}

STORE_TEST(the_same_name_twice_in_a_batch_is_one_message)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1"), repeated = again(&begin);
	struct msg_turn_begin by_other = again(&begin), other_text = again(&begin);
	uint64_t r[4];
	union msg m;

	other_text.text = slice_str("hello?");
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	r[1] = send_request(f, &f->a, MSG_TURN_BEGIN, &repeated);
	r[2] = send_request(f, &f->b, MSG_TURN_BEGIN, &by_other);
	r[3] = send_request(f, &f->b, MSG_TURN_BEGIN, &other_text);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	expect_answer(f, &f->a, r[1], MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, true);
	expect_answer(f, &f->b, r[2], MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, false);
	expect_error(f, &f->b, r[3], STORE_CONFLICT);
	EXPECT_MESSAGES(f, &begin.conversation, "c", "hello");
	assert_int_equal(f->open.n, 1);
}

/* A turn with some text whose worker has disconnected. */
static struct msg_turn_begin
broken_off(struct fixture *f, const char *session, bool interrupted)
{
	struct msg_turn_begin begin = named(session, "hello", "m-1");
	struct msg_turn_checkpoint first = piece_of(&begin.turn, 0, "half ");
	struct msg_turn_checkpoint second = piece_of(&begin.turn, 5, "an answer");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &first, MSG_OK, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &second, MSG_OK, NULL);
	if (interrupted)
		lose(f, &f->a);
	else
		client_goes(f, &f->a);
	return begin;
}

/* Another worker restarts it and finishes it. */
static void
heal(struct fixture *f, const struct msg_turn_begin *first)
{
	struct msg_turn_begin anew = again(first);
	struct msg_turn_checkpoint piece = piece_of(&first->turn, 0, "a whole");
	struct msg_turn_finish finish = finish_of(&first->turn, "a whole answer");
	union msg m;

	piece.run = finish.run = anew.turn;
	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, &m);
	expect_begun(&m, first);
	assert_int_equal(f->open.n, 1);
	assert_true(TAILQ_EMPTY(&f->open.lost));
	assert_false(TAILQ_EMPTY(&f->b.client.turns));
	ask_as(f, &f->b, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	ask_as(f, &f->b, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &first->conversation, "cc", "hello", "a whole answer");
	assert_int_equal(stored_totals(f).messages, 2);
	assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
	assert_int_equal(f->open.n, 0);
}

STORE_TEST(an_interrupted_reply_is_restarted_in_its_place)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true);

	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half an answer");
	heal(f, &begin);
}

STORE_TEST(a_lost_reply_is_restarted_before_it_is_interrupted)
{
	struct msg_turn_begin begin = broken_off(*state, "s1", false);

	heal(*state, &begin);
}

STORE_TEST(a_reply_that_its_worker_interrupted_is_restarted)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_turn_finish finish = finish_of(&begin.turn, "half");

	finish.status = MESSAGE_INTERRUPTED;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	heal(f, &begin);
}

/* The earlier text stays until the new run has some. */
STORE_TEST(earlier_text_is_kept_until_there_is_more)
{
	struct fixture *f = *state;

	for (int interrupted = 0; interrupted < 2; interrupted++) {
		struct msg_turn_begin begin =
		    broken_off(f, interrupted ? "s1" : "s2", interrupted);
		struct msg_turn_begin anew = again(&begin), third = again(&begin);
		struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
		struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "new");

		claim.run = anew.turn;
		ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
		ask_as(f, &f->b, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
		assert_int_equal(table_count(f, TABLE_PARTIALS), 1);
		lose(f, &f->b);
		EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half an answer");

		piece.run = third.turn;
		ask_as(f, &f->b, MSG_TURN_BEGIN, &third, MSG_TURN_BEGUN, NULL);
		ask_as(f, &f->b, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
		lose(f, &f->b);
		EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "new");
	}
	assert_int_equal(stored_totals(f).messages, 4);
}

/* For example, its model was down. */
STORE_TEST(a_run_without_text_keeps_the_earlier_text)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_finish finish = finish_of(&begin.turn, "");

	finish.status = MESSAGE_INTERRUPTED;
	finish.run = anew.turn;
	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	/* Also when the end is repeated. */
	for (int i = 0; i < 2; i++) {
		ask_as(f, &f->b, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
		EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half an answer");
		assert_int_equal(f->open.n, 0);
	}
	heal(f, &begin);
}

/* Nor does a run that is stopped: the visitor has read that text. A repeated stop, or one by
 * another run, is answered with it. */
STORE_TEST(a_stop_without_text_keeps_the_earlier_text)
{
	struct fixture *f = *state;

	for (int lost = 0; lost < 2; lost++) {
		struct msg_turn_begin begin = broken_off(f, lost ? "s1" : "s2", true);
		struct msg_turn_begin anew = again(&begin);
		struct msg_turn_finish stop = finish_of(&begin.turn, "");
		union msg m;

		stop.status = MESSAGE_STOPPED;
		stop.run = anew.turn;
		ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
		if (lost)
			lose(f, &f->b);
		for (int i = 0; i < 2; i++) {
			ask_as(f, &f->b, MSG_TURN_FINISH, &stop, MSG_TURN_STATE, &m);
			expect_closed(&m, &begin, MESSAGE_STOPPED, "half an answer");
			EXPECT_MESSAGES(
			    f, &begin.conversation, "cs", "hello", "half an answer");
		}
		assert_int_equal(f->open.n, 0);
		assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
		stop.run = begin.turn;
		ask(f, MSG_TURN_FINISH, &stop, MSG_TURN_STATE, &m);
		expect_closed(&m, &begin, MESSAGE_STOPPED, "half an answer");
	}
}

STORE_TEST(a_first_run_that_is_stopped_without_text_is_empty)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_turn_finish stop = finish_of(&begin.turn, "");
	union msg m;

	stop.status = MESSAGE_STOPPED;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &stop, MSG_TURN_STATE, &m);
	expect_closed(&m, &begin, MESSAGE_STOPPED, "");
	EXPECT_MESSAGES(f, &begin.conversation, "cs", "hello", "");
}

/* Only a damaged store has this. */
STORE_TEST(a_reply_without_a_message_is_restarted)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct key key = key_id(&begin.turn);
	struct txn t;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_OPEN_TURNS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
	open_turns_release(&f->open, &begin.turn);
	heal(f, &begin);
}

STORE_TEST(the_history_of_a_restarted_turn_ends_with_its_question)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin, anew;
	union msg m;

	chat(f, "s1", "before", "it");
	begin = named("s1", "hello", "m-1");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	begin.conversation = m.turn_begun.conversation;
	lose(f, &f->a);
	chat(f, "s1", "later", "on");
	anew = again(&begin);
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	assert_int_equal(list_len(m.turn_begun.history), 3);
}

STORE_TEST(of_two_restarts_in_one_batch_one_wins)
{
	struct fixture *f = *state;

	for (int interrupted = 0; interrupted < 2; interrupted++) {
		struct msg_turn_begin begin =
		    broken_off(f, interrupted ? "s1" : "s2", interrupted);
		struct msg_turn_begin one = again(&begin), two = again(&begin);
		struct msg_turn_begin three = again(&begin);
		uint64_t r[3];
		union msg m;

		r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &one);
		r[1] = send_request(f, &f->b, MSG_TURN_BEGIN, &two);
		r[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &three);
		commit(f);
		expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, &m);
		expect_begun(&m, &begin);
		expect_answer(f, &f->b, r[1], MSG_TURN_STATE, &m);
		expect_open(&m, &begin, &one.turn, false);
		expect_answer(f, &f->a, r[2], MSG_TURN_STATE, &m);
		expect_open(&m, &begin, &one.turn, true);
		lose(f, &f->a);
	}
}

STORE_TEST(a_worker_that_came_back_in_the_same_batch_keeps_its_turn)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", false), repeated = again(&begin);
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	uint64_t r[2];
	union msg m;

	r[0] = send_request(f, &f->a, MSG_TURN_CHECKPOINT, &claim);
	r[1] = send_request(f, &f->b, MSG_TURN_BEGIN, &repeated);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_OK, NULL);
	expect_answer(f, &f->b, r[1], MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, false);
}

/* Its worker may come back. */
STORE_TEST(after_a_restart_an_open_reply_is_waited_for)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1"), repeated = again(&begin);
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	store_restart(f, STORE_BYTES);
	ask(f, MSG_TURN_BEGIN, &repeated, MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &begin.turn, false);
	/* The request of the worker that wrote it claims it. */
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	assert_true(TAILQ_EMPTY(&f->open.found));
}

STORE_TEST(a_repeated_restart_happens_once)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_begin late = begin;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, &m);
	expect_begun(&m, &begin);
	assert_int_equal(f->open.n, 1);
	/* The first run's worker continues: it learns that another one writes. */
	ask_as(f, &f->b, MSG_TURN_BEGIN, &late, MSG_TURN_STATE, &m);
	expect_open(&m, &begin, &anew.turn, false);
}

STORE_TEST(there_are_only_so_many_open_turns)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_begin first = begin_of("s2", "hello");
	size_t n = f->open.n;

	f->open.n = OPEN_TURNS_MAX;
	ask_error(f, MSG_TURN_BEGIN, &anew, STORE_FULL);
	ask_error(f, MSG_TURN_BEGIN, &first, STORE_FULL);
	f->open.n = n;
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
}

STORE_TEST(a_run_that_was_replaced_changes_nothing)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_checkpoint stale = piece_of(&begin.turn, 14, " more");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	struct msg_turn_finish end = finish_of(&begin.turn, "half an answer more");
	struct msg_turn_begin unnamed = begin;
	struct contents before;

	unnamed.client_id = (struct slice){0};
	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	contents_take(f, &before);
	ask_error(f, MSG_TURN_CHECKPOINT, &stale, STORE_TAKEN);
	ask_error(f, MSG_TURN_CHECKPOINT, &claim, STORE_TAKEN);
	ask_error(f, MSG_TURN_FINISH, &end, STORE_TAKEN);
	ask_error(f, MSG_TURN_BEGIN, &unnamed, STORE_TAKEN);
	contents_expect(f, &before);
	contents_clear(&before);
	/* It still belongs to the other worker. */
	assert_true(TAILQ_EMPTY(&f->a.client.turns));
	assert_false(TAILQ_EMPTY(&f->b.client.turns));
}

/* A piece that was under way when the connection broke is sent over the next one, but another
 * run has written meanwhile, and has broken off too: the two texts are not mixed. With its whole
 * text it is accepted. */
STORE_TEST(a_piece_is_not_put_behind_another_runs_text)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_checkpoint old = piece_of(&begin.turn, 14, " more");
	struct msg_turn_checkpoint new = piece_of(&begin.turn, 0, "quite another text");
	struct msg_turn_checkpoint all = piece_of(&begin.turn, 0, "half an answer more");

	new.run = anew.turn;
	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	ask_as(f, &f->b, MSG_TURN_CHECKPOINT, &new, MSG_OK, NULL);
	lose(f, &f->b);
	ask_error(f, MSG_TURN_CHECKPOINT, &old, STORE_INVALID);
	assert_int_equal(f->open.n, 0);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "quite another text");
	ask(f, MSG_TURN_CHECKPOINT, &all, MSG_OK, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half an answer more");
}

STORE_TEST(a_closed_reply_is_put_right_by_any_run)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = broken_off(f, "s1", true), anew = again(&begin);
	struct msg_turn_checkpoint old = piece_of(&begin.turn, 0, "half an answer more");
	struct msg_turn_checkpoint new = piece_of(&begin.turn, 0, "new");
	struct msg_turn_finish end = finish_of(&begin.turn, "half an answer more");

	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	lose(f, &f->b);
	ask(f, MSG_TURN_CHECKPOINT, &old, MSG_OK, NULL);
	/* It belongs to that run now. */
	new.run = anew.turn;
	ask_error(f, MSG_TURN_CHECKPOINT, &new, STORE_TAKEN);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half an answer more");
	end.run = anew.turn;
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	/* Closed for good: no request changes it, and a run with another text learns so. */
	ask(f, MSG_TURN_CHECKPOINT, &old, MSG_OK, NULL);
	end.run = begin.turn;
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	end.text = slice_str("something else");
	ask_error(f, MSG_TURN_FINISH, &end, STORE_TAKEN);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "half an answer more");
}

static void
damage_name(
    struct fixture *f, const struct id *conversation, uint64_t seq, const struct id *turn)
{
	struct key key = key_client_id(conversation, slice_str("m-1"));
	struct msg_client_id_record record = {.v = RECORD_VERSION, .seq = seq, .turn = *turn};
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(
	    txn_put_record(&t, TABLE_CLIENT_IDS, &key, MSG_CLIENT_ID_RECORD, &record), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
}

STORE_TEST(a_name_that_leads_nowhere_costs_only_who_uses_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1"), repeated = again(&begin);
	struct msg_turn_begin other = named("s1", "hello", "m-2");
	struct id nowhere = id_new();

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	damage_name(f, &begin.conversation, 7, &begin.turn);
	ask_error(f, MSG_TURN_BEGIN, &repeated, STORE_INTERNAL);
	damage_name(f, &begin.conversation, 1, &nowhere);
	ask_error(f, MSG_TURN_BEGIN, &repeated, STORE_INTERNAL);
	ask(f, MSG_TURN_BEGIN, &other, MSG_TURN_BEGUN, NULL);
	assert_true(f->env.writable);
}

/* A turn that could not be ended. */
STORE_TEST(a_stuck_reply_is_restarted_if_possible)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = named("s1", "hello", "m-1");
	struct msg_totals_record totals;
	struct key key = key_id(&id_default_org);
	struct txn t;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	totals = stored_totals(f);
	damage(f, TABLE_TOTALS, &id_default_org);
	lose(f, &f->a);
	assert_false(TAILQ_EMPTY(&f->open.stuck));
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put_record(&t, TABLE_TOTALS, &key, MSG_TOTALS_RECORD, &totals), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = false;
	heal(f, &begin);
}

TEST_MAIN(NULL, NULL)
