/*
 * Messages that are sent again, and replies that are restarted: storaged keeps the client's ids
 * and says whether the reply has ended, is being written, or is to be restarted; a worker that
 * lost a reply to another run does not touch it. And the start of a reply, also after a retry to
 * the model.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

/* Waits for the beginning of a message with a client's id; what it is called. */
static uint64_t
expect_named_begin(struct stage *s, struct id *run)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_TURN_BEGIN, &m);

	assert_true(slice_eq_str(m.turn_begin.client_id, "client-id"));
	*run = m.turn_begin.turn;
	return request;
}

STAGE_TEST(a_message_whose_reply_is_over_is_answered_from_the_store)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, "the text");
	struct id run;
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_answer(s, expect_named_begin(s, &run), MSG_TURN_STATE, &over);
	expect_done(s, &e, MESSAGE_COMPLETE, "the text");
	expect_text(&e.text, "the text");
	assert_int_equal(e.starts, 1);
	assert_true(id_equal(&e.ids.message, &ids.message));
	/* It did not become a turn. */
	assert_int_equal(turn_service_running(&s->turns), 0);
	assert_int_equal(s->board.turns_running, 0);
	assert_int_equal(s->board.turns[METRIC_TURN_COMPLETE], 0);
	assert_int_equal(s->board.turns_joined, 1);
	assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
	recorder_clear(&e);
}

STAGE_TEST(a_message_whose_reply_runs_here_joins_it)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	struct id run;

	model_say(s, "some ");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_begin(s, &second, "client-id");
	store_answer(s, expect_named_begin(s, &run), MSG_TURN_STATE, &running);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.tokens == 1);
	model_say(s, "text");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "some text");
	expect_done(s, &second, MESSAGE_COMPLETE, "some text");
	expect_text(&second.text, "some text");
	assert_int_equal(s->board.turns[METRIC_TURN_COMPLETE], 1);
	recorder_clear(&first);
	recorder_clear(&second);
}

STAGE_TEST(nobody_is_told_when_who_repeated_it_has_left)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, "x");
	uint64_t request;
	struct id run;
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	request = expect_named_begin(s, &run);
	recorder_leave(&e);
	store_answer(s, request, MSG_TURN_STATE, &over);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	assert_int_equal(e.starts + e.ends, 0);
	recorder_clear(&e);
}

/* storaged never answers this. */
STAGE_TEST(a_message_without_an_id_is_never_a_repeated_one)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state running = state_open(&ids, &ids.message, false);
	struct recorder e;

	recorder_begin(s, &e, NULL);
	store_accept(s);
	store_answer(s, store_expect(s, MSG_TURN_BEGIN, NULL), MSG_TURN_STATE, &running);
	expect_failure(s, &e, TURN_STORE_DOWN);
	store_take_finish(s, MESSAGE_INTERRUPTED, "");
	recorder_clear(&e);
}

STAGE_TEST(the_same_id_with_another_text_is_a_conflict)
{
	struct stage *s = *state;
	struct id run;
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_refuse(s, expect_named_begin(s, &run), STORE_CONFLICT);
	expect_failure(s, &e, TURN_CONFLICT);
	assert_int_equal(s->board.turns[METRIC_TURN_CONFLICT], 1);
	assert_true(LIST_EMPTY(&s->turns.running));
	store_expect_nothing(s);
	recorder_clear(&e);
}

STAGE_TEST(a_full_store_takes_no_message)
{
	struct stage *s = *state;
	struct id run;
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_refuse(s, expect_named_begin(s, &run), STORE_FULL);
	expect_failure(s, &e, TURN_STORE_FULL);
	assert_true(LIST_EMPTY(&s->turns.running));
	recorder_clear(&e);
}

/* Its id is the old one from now on, and the run is what we called it. */
STAGE_TEST(an_interrupted_reply_is_begun_anew_in_its_place)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_begun begun = {.conversation = ids.conversation, .turn = ids.message};
	struct msg_turn_state running;
	struct recorder e, second;
	uint64_t finish;
	struct id run;
	union msg m;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_answer(s, expect_named_begin(s, &run), MSG_TURN_BEGUN, &begun);
	model_expect(s);
	model_answer(s);
	model_say(s, "anew");
	STAGE_UNTIL(s, e.tokens == 1);
	assert_true(id_equal(&e.ids.message, &ids.message));
	assert_int_equal(s->board.turns_resumed, 1);
	/* It is found by that id, and by no other; from its beginning on, as who names a place may have
	 * heard another text. */
	running = state_open(&ids, &run, true);
	recorder_join(s, &second, &ids.message, 3);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.tokens == 1);
	assert_int_equal(second.position, 0);
	expect_text(&second.text, "anew");
	model_end(s);
	finish = store_expect(s, MSG_TURN_FINISH, &m);
	assert_true(id_equal(&m.turn_finish.turn, &ids.message));
	assert_true(id_equal(&m.turn_finish.run, &run));
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	expect_done(s, &e, MESSAGE_COMPLETE, "anew");
	expect_done(s, &second, MESSAGE_COMPLETE, "anew");
	recorder_clear(&e);
	recorder_clear(&second);
}

/* A message with a client's id whose listener has been told that the store is down. */
static uint64_t
wait_too_long(struct stage *s, struct recorder *e)
{
	uint64_t request;
	struct id run;

	recorder_begin(s, e, "client-id");
	store_accept(s);
	request = expect_named_begin(s, &run);
	expect_failure(s, e, TURN_STORE_DOWN);
	assert_int_equal(turn_service_running(&s->turns), 1);
	return request;
}

STAGE_TEST(a_turn_that_was_begun_too_late_is_closed)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_begun begun = {.conversation = ids.conversation, .turn = ids.message};
	uint64_t request, finish;
	struct recorder e;
	union msg m;

	request = wait_too_long(s, &e);
	store_answer(s, request, MSG_TURN_BEGUN, &begun);
	finish = store_expect(s, MSG_TURN_FINISH, &m);
	assert_true(id_equal(&m.turn_finish.turn, &ids.message));
	assert_int_equal(m.turn_finish.status, MESSAGE_INTERRUPTED);
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	assert_int_equal(s->board.turns[METRIC_TURN_STORE_DOWN], 1);
	assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
	recorder_clear(&e);
}

STAGE_TEST(a_state_that_comes_too_late_changes_nothing)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, "x");
	struct recorder e;

	store_answer(s, wait_too_long(s, &e), MSG_TURN_STATE, &over);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	assert_int_equal(s->board.turns[METRIC_TURN_STORE_DOWN], 1);
	assert_int_equal(e.starts, 0);
	recorder_clear(&e);
}

static void
expect_taken(struct stage *s, struct recorder *e)
{
	expect_failure(s, e, TURN_INTERRUPTED);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	assert_int_equal(s->board.turns[METRIC_TURN_TAKEN], 1);
	store_expect_nothing(s);
}

/* Its worker was believed dead while it was suspended. */
STAGE_TEST(a_reply_that_another_run_writes_is_given_up_at_its_checkpoint)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);
	uint64_t checkpoint;
	union msg m;

	model_say(s, "text");
	checkpoint = store_expect(s, MSG_TURN_CHECKPOINT, &m);
	assert_true(id_equal(&m.turn_checkpoint.turn, &ids.message));
	assert_true(id_equal(&m.turn_checkpoint.run, &ids.message));
	store_refuse(s, checkpoint, STORE_TAKEN);
	expect_taken(s, &e);
	STAGE_UNTIL(s, model_is_left(s));
	recorder_clear(&e);
}

STAGE_TEST(a_reply_that_another_run_writes_is_given_up_at_its_end)
{
	struct stage *s = *state;
	struct recorder e;

	stage_stream(s, &e);
	model_say(s, "text");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_TAKEN);
	expect_taken(s, &e);
	recorder_clear(&e);
}

STAGE_TEST(a_claim_on_a_new_line_names_the_run)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_begun begun = {.conversation = ids.conversation, .turn = ids.message};
	struct id run;
	struct recorder e;
	union msg m;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_answer(s, expect_named_begin(s, &run), MSG_TURN_BEGUN, &begun);
	model_expect(s);
	store_accept(s);
	store_expect(s, MSG_TURN_CHECKPOINT, &m);
	assert_true(id_equal(&m.turn_checkpoint.turn, &ids.message));
	assert_true(id_equal(&m.turn_checkpoint.run, &run));
	recorder_clear(&e);
}

/* A place in the text is the same while it comes and when it is stored. */
STAGE_TEST(white_space_before_a_reply_is_no_part_of_it)
{
	struct stage *s = *state;
	struct recorder e;

	stage_stream(s, &e);
	model_say(s, " \\n");
	model_say(s, "\\t  one ");
	model_say(s, " two ");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "one  two");
	expect_done(s, &e, MESSAGE_COMPLETE, "one  two");
	expect_text(&e.text, "one  two ");
	recorder_clear(&e);
}

/* The first answer broke off within its first character. */
STAGE_TEST(an_answer_begins_with_nothing_of_the_one_before)
{
	struct stage *s = *state;
	struct recorder e;

	recorder_begin(s, &e, NULL);
	store_accept(s);
	store_take_begin(s, 0);
	model_expect(s);
	model_answer(s);
	model_say(s, "\xe2\x82");
	STAGE_UNTIL(s, e.starts == 1);
	model_expect(s);
	model_answer(s);
	model_say(s, "one");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "one");
	expect_done(s, &e, MESSAGE_COMPLETE, "one");
	expect_text(&e.text, "one");
	recorder_clear(&e);
}

TEST_MAIN(NULL, NULL)
