/*
 * Replies that were begun earlier and run here or have ended: found through storaged, received
 * from any position by any number of listeners, which may leave at any time.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

/* 1, 2, 3 and 4 bytes; 1, 1, 1 and 2 units. */
#define MIXED "aß€😀"

STAGE_TEST(a_reply_that_is_over_is_heard_at_once)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, MIXED);
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	assert_int_equal(store_take_join(s, &over), 0);
	expect_done(s, &e, MESSAGE_COMPLETE, MIXED);
	assert_int_equal(e.starts, 1);
	expect_text(&e.text, MIXED);
	assert_true(id_equal(&e.ids.message, &ids.message));
	assert_true(id_equal(&e.ids.conversation, &ids.conversation));
	assert_int_equal(e.reply.prompt_tokens, 7);
	assert_int_equal(e.reply.completion_tokens, 9);
	assert_int_equal(s->board.turns_joined, 1);
	recorder_clear(&e);
}

STAGE_TEST(a_listener_begins_at_a_whole_character)
{
	static const struct {
		size_t after, position;
		const char *rest;
	} cases[] = {{0, 0, MIXED}, {1, 1, "ß€😀"}, {2, 2, "€😀"}, {3, 3, "😀"}, {4, 3, "😀"},
	    {5, 5, ""}, {6, 5, ""}, {SIZE_MAX, 5, ""}};
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, MIXED);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct recorder e;

		recorder_join(s, &e, &ids.message, cases[i].after);
		if (i == 0)
			store_accept(s);
		store_take_join(s, &over);
		expect_done(s, &e, MESSAGE_COMPLETE, MIXED);
		assert_int_equal(e.position, cases[i].position);
		expect_text(&e.text, cases[i].rest);
		recorder_clear(&e);
	}
}

STAGE_TEST(what_broke_off_is_heard_and_then_that_it_did)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_INTERRUPTED, "half a");
	struct recorder e;

	recorder_join(s, &e, &ids.message, 5);
	store_accept(s);
	store_take_join(s, &over);
	expect_failure(s, &e, TURN_INTERRUPTED);
	expect_text(&e.text, "a");
	recorder_clear(&e);
}

STAGE_TEST(a_stopped_reply_without_text_is_done)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_STOPPED, "");
	struct recorder e;

	recorder_join(s, &e, &ids.message, 3);
	store_accept(s);
	store_take_join(s, &over);
	expect_done(s, &e, MESSAGE_STOPPED, "");
	assert_int_equal(e.starts, 1);
	assert_int_equal(e.position, 0);
	recorder_clear(&e);
}

STAGE_TEST(anothers_reply_is_unknown)
{
	struct stage *s = *state;
	struct id message = id_new();
	struct recorder e;

	recorder_join(s, &e, &message, 0);
	store_accept(s);
	store_refuse(s, store_expect(s, MSG_TURN_JOIN, NULL), STORE_NOT_FOUND);
	expect_failure(s, &e, TURN_NOT_FOUND);
	assert_int_equal(e.starts, 0);
	assert_int_equal(s->board.turns_joined, 0);
	recorder_clear(&e);
}

STAGE_TEST(a_store_that_cannot_say_is_down)
{
	struct stage *s = *state;
	struct id message = id_new();
	struct recorder e;

	recorder_join(s, &e, &message, 0);
	store_accept(s);
	store_refuse(s, store_expect(s, MSG_TURN_JOIN, NULL), STORE_INTERNAL);
	expect_failure(s, &e, TURN_STORE_DOWN);
	recorder_clear(&e);
}

STAGE_TEST(who_leaves_before_the_answer_hears_nothing)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, "x");
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	stage_turn(s);
	recorder_leave(&e);
	assert_true(LIST_EMPTY(&s->turns.lookups));
	store_take_join(s, &over);
	store_expect_nothing(s);
	assert_int_equal(e.starts + e.ends, 0);
	recorder_clear(&e);
}

STAGE_TEST(a_running_reply_is_heard_from_any_place_on)
{
	struct stage *s = *state;
	struct recorder first, second, third;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);

	model_say(s, "one ");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.tokens == 1);
	expect_text(&second.text, "one ");
	recorder_join(s, &third, &ids.message, 2);
	store_take_join(s, &running);
	STAGE_UNTIL(s, third.tokens == 1);
	assert_int_equal(third.position, 2);
	assert_int_equal(s->board.turns_joined, 2);
	model_say(s, "two");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "one two");
	expect_done(s, &first, MESSAGE_COMPLETE, "one two");
	expect_done(s, &second, MESSAGE_COMPLETE, "one two");
	expect_done(s, &third, MESSAGE_COMPLETE, "one two");
	expect_text(&first.text, "one two");
	expect_text(&second.text, "one two");
	expect_text(&third.text, "e two");
	recorder_clear(&first);
	recorder_clear(&second);
	recorder_clear(&third);
}

/* Who joins is told at once where it is; who asked hears of it when the model answers. */
STAGE_TEST(a_reply_is_joined_before_the_model_answers)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct msg_turn_state running;
	struct turn_ids ids;

	recorder_begin(s, &first, NULL);
	store_accept(s);
	ids = store_take_begin(s, 0);
	model_expect(s);
	running = state_open(&ids, &ids.message, true);
	recorder_join(s, &second, &ids.message, 4);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.starts == 1);
	assert_int_equal(second.position, 0);
	assert_int_equal(first.starts, 0);
	model_answer(s);
	model_say(s, "text");
	STAGE_UNTIL(s, first.tokens == 1 && second.tokens == 1);
	assert_int_equal(first.starts, 1);
	assert_int_equal(second.starts, 1);
	recorder_clear(&first);
	recorder_clear(&second);
}

/* On a new line the store knows it again when it is claimed, which comes after the question. */
STAGE_TEST(a_reply_that_runs_here_is_not_looked_for_elsewhere)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, false);

	model_say(s, "text");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.tokens == 1);
	assert_true(TAILQ_EMPTY(&s->turns.remote));
	recorder_clear(&first);
	recorder_clear(&second);
}

/* It ended while the store's answer was on its way. */
STAGE_TEST(a_reply_that_just_ended_is_asked_for_again)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	struct msg_turn_state over = state_over(&ids, MESSAGE_COMPLETE, "x");
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	store_take_join(s, &running);
	store_take_join(s, &running);
	store_take_join(s, &over);
	expect_done(s, &e, MESSAGE_COMPLETE, "x");
	assert_int_equal(s->board.turns_joined, 1);
	recorder_clear(&e);
}

/* An older run of it is still here, which could not store its end. */
STAGE_TEST(another_run_of_a_reply_is_not_it)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct id run = id_new();
	struct msg_turn_state running = state_open(&ids, &run, true);

	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	store_take_join(s, &running);
	assert_int_equal(second.starts, 0);
	recorder_leave(&second);
	recorder_clear(&first);
	recorder_clear(&second);
}

STAGE_TEST(a_reply_that_is_asked_for_too_often_is_given_up)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	uint64_t began = clock_mono_ms();
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	while (e.ends == 0) {
		struct frame f;
		union msg m;

		assert_true(clock_mono_ms() < began + STAGE_LIMIT_MS);
		stage_turn(s);
		if (store_has_request(s, &f, &m))
			store_answer(s, f.request, MSG_TURN_STATE, &running);
	}
	expect_failure(s, &e, TURN_STORE_DOWN);
	recorder_clear(&e);
}

/* The end of the reply is told to those who come while the store does not take it. */
STAGE_TEST(who_joins_a_reply_that_is_not_stored_hears_why)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);

	model_say(s, "text");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_FULL);
	expect_failure(s, &first, TURN_STORE_FULL);
	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	expect_failure(s, &second, TURN_STORE_FULL);
	expect_text(&second.text, "text");
	recorder_clear(&first);
	recorder_clear(&second);
}

STAGE_TEST(a_drain_ends_those_who_still_ask)
{
	struct stage *s = *state;
	struct id message = id_new();
	struct recorder e;

	recorder_join(s, &e, &message, 0);
	store_accept(s);
	turn_service_interrupt(&s->turns);
	expect_failure(s, &e, TURN_SHUTDOWN);
	recorder_clear(&e);
}

#define EARS 3

/* One of the listeners ends itself or another at one of its calls. All but the start are made to all
 * of them in one go. */
static void
leave_within_a_call(struct stage *s, enum recorder_call call, size_t who, size_t whom)
{
	struct recorder ears[EARS];
	struct turn_ids ids = stage_stream(s, &ears[0]);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);

	model_say(s, "a");
	for (size_t i = 1; i < EARS; i++) {
		recorder_join(s, &ears[i], &ids.message, 0);
		ears[i].drops_at = i == who && call == AT_START ? call : AT_NOTHING;
		ears[i].drops = &ears[whom];
		store_take_join(s, &running);
		STAGE_UNTIL(s, ears[i].listener == NULL || ears[i].starts == 1);
	}
	ears[who].drops = &ears[whom];
	ears[who].drops_at = call;
	model_say(s, "b");
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "ab");
	STAGE_UNTIL(s, turn_service_running(&s->turns) == 0);
	for (size_t i = 0; i < EARS; i++) {
		assert_null(ears[i].listener);
		if (i != whom)
			expect_done(s, &ears[i], MESSAGE_COMPLETE, "ab");
		recorder_clear(&ears[i]);
	}
}

STAGE_TEST(any_listener_may_leave_within_any_call)
{
	struct stage *s = *state;

	for (size_t who = 0; who < EARS; who++) {
		for (size_t whom = 0; whom < EARS; whom++) {
			leave_within_a_call(s, AT_TOKEN, who, whom);
			leave_within_a_call(s, AT_END, who, whom);
			/* The first of them has started before it could say whom. */
			if (who > 0 && whom <= who)
				leave_within_a_call(s, AT_START, who, whom);
		}
	}
}

/* The others were told that it was not; whoever came later hears the end. */
STAGE_TEST(a_reply_that_is_stored_after_all_is_done)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	uint64_t finish;

	model_say(s, "one");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_FULL);
	expect_failure(s, &first, TURN_STORE_FULL);
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.starts == 1);
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	expect_done(s, &second, MESSAGE_COMPLETE, "one");
	assert_int_equal(s->board.turns[METRIC_TURN_COMPLETE], 1);
	assert_int_equal(s->board.turns[METRIC_TURN_STORE_FULL], 0);
	recorder_clear(&first);
	recorder_clear(&second);
}

/* It failed for another reason, which still counts. */
STAGE_TEST(a_broken_reply_that_is_stored_after_all_is_none_the_better)
{
	struct stage *s = *state;
	struct recorder first, second;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	uint64_t finish;

	model_say(s, "one");
	STAGE_UNTIL(s, first.tokens == 1);
	closefd(&s->model);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_FULL);
	expect_failure(s, &first, TURN_MODEL_DOWN);
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	recorder_join(s, &second, &ids.message, 0);
	store_take_join(s, &running);
	STAGE_UNTIL(s, second.starts == 1);
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	expect_failure(s, &second, TURN_MODEL_DOWN);
	recorder_clear(&first);
	recorder_clear(&second);
}

TEST_MAIN(NULL, NULL)
