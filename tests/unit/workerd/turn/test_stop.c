/*
 * Stopping a reply in any state: it ends at once with its text so far, the model's connection is
 * closed, and all listeners learn that it was stopped.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

/* A stop whose reply runs here, as the store says. */
static void
stop_here(struct stage *s, struct recorder *e, const struct turn_ids *ids)
{
	struct msg_turn_state running = state_open(ids, &ids->message, true);

	recorder_stop(s, e, &ids->message);
	store_take_join(s, &running);
}

static void
expect_stopped(struct stage *s, struct recorder *e, const char *text)
{
	expect_done(s, e, MESSAGE_STOPPED, text);
	assert_int_equal(s->board.turns[METRIC_TURN_STOPPED], 1);
	assert_int_equal(s->board.turns[METRIC_TURN_COMPLETE], 0);
	assert_int_equal(turn_service_running(&s->turns), 0);
}

STAGE_TEST(a_running_reply_is_stopped)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);

	model_say(s, "some text ");
	STAGE_UNTIL(s, first.tokens == 1);
	stop_here(s, &stop, &ids);
	/* Before the store has its end. */
	STAGE_UNTIL(s, model_is_left(s));
	assert_int_equal(stop.ends + first.ends, 0);
	store_take_finish(s, MESSAGE_STOPPED, "some text");
	expect_stopped(s, &stop, "some text");
	expect_stopped(s, &first, "some text");
	/* It hears the end and nothing else, and is no listener. */
	assert_int_equal(stop.starts + stop.tokens, 0);
	assert_int_equal(s->board.turns_joined, 0);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* Its text stays as it came, which is not at all. */
STAGE_TEST(a_reply_is_stopped_before_the_model_answers)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids;

	recorder_begin(s, &first, NULL);
	store_accept(s);
	ids = store_take_begin(s, 0);
	model_expect(s);
	stop_here(s, &stop, &ids);
	STAGE_UNTIL(s, model_is_left(s));
	store_take_finish(s, MESSAGE_STOPPED, "");
	expect_stopped(s, &stop, "");
	expect_stopped(s, &first, "");
	assert_int_equal(first.starts, 0);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* The store has some from a run before: that is what is kept, and what all hear. */
STAGE_TEST(a_reply_begun_anew_is_stopped_before_its_first_word)
{
	struct stage *s = *state;
	struct recorder first, later, stop;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	struct msg_turn_state over = state_over(&ids, MESSAGE_STOPPED, "half €");
	uint64_t finish;

	recorder_join(s, &later, &ids.message, 3);
	store_take_join(s, &running);
	STAGE_UNTIL(s, later.starts == 1);
	stop_here(s, &stop, &ids);
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	store_answer(s, finish, MSG_TURN_STATE, &over);
	expect_stopped(s, &first, "half €");
	expect_stopped(s, &later, "half €");
	expect_stopped(s, &stop, "half €");
	expect_text(&first.text, "half €");
	expect_text(&later.text, "half €");
	assert_int_equal(later.position, 0);
	recorder_clear(&first);
	recorder_clear(&later);
	recorder_clear(&stop);
}

STAGE_TEST(a_reply_is_stopped_while_its_history_is_fetched)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids;
	uint64_t list;

	recorder_begin(s, &first, NULL);
	store_accept(s);
	ids = store_take_begin(s, 7);
	list = store_expect(s, MSG_MESSAGE_LIST, NULL);
	stop_here(s, &stop, &ids);
	store_take_finish(s, MESSAGE_STOPPED, "");
	expect_stopped(s, &stop, "");
	/* The stop comes too late. */
	store_answer(s, list, MSG_MESSAGE_PAGE, &(struct msg_message_page){});
	store_expect_nothing(s);
	assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
	recorder_clear(&first);
	recorder_clear(&stop);
}

STAGE_TEST(a_reply_is_stopped_while_it_waits_to_ask_again)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids;

	recorder_begin(s, &first, NULL);
	store_accept(s);
	ids = store_take_begin(s, 0);
	model_expect(s);
	model_send(s, "HTTP/1.1 429 No\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n");
	STAGE_UNTIL(s, s->board.model_errors[METRIC_MODEL_ERROR_BUSY] == 1);
	stop_here(s, &stop, &ids);
	store_take_finish(s, MESSAGE_STOPPED, "");
	expect_stopped(s, &stop, "");
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* The stop's answer overtakes the turn's own. */
STAGE_TEST(a_stop_that_comes_before_the_beginning_is_not_lost)
{
	struct stage *s = *state;
	struct msg_turn_begun begun;
	struct recorder first, stop;
	struct turn_ids ids;
	uint64_t request;
	union msg m;

	recorder_begin(s, &first, NULL);
	store_accept(s);
	request = store_expect(s, MSG_TURN_BEGIN, &m);
	ids = (struct turn_ids){
	    .conversation = m.turn_begin.conversation, .message = m.turn_begin.turn};
	stop_here(s, &stop, &ids);
	store_expect_nothing(s);
	begun = (struct msg_turn_begun){.conversation = ids.conversation, .turn = ids.message};
	store_answer(s, request, MSG_TURN_BEGUN, &begun);
	store_take_finish(s, MESSAGE_STOPPED, "");
	expect_stopped(s, &stop, "");
	expect_stopped(s, &first, "");
	assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
	recorder_clear(&first);
	recorder_clear(&stop);
}

STAGE_TEST(a_stop_that_comes_too_late_hears_the_end)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	uint64_t finish;
	union msg m;

	model_say(s, "all");
	model_end(s);
	finish = store_expect(s, MSG_TURN_FINISH, &m);
	recorder_stop(s, &stop, &ids.message);
	store_take_join(s, &running);
	store_expect_nothing(s);
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	expect_done(s, &stop, MESSAGE_COMPLETE, "all");
	expect_done(s, &first, MESSAGE_COMPLETE, "all");
	assert_int_equal(s->board.turns[METRIC_TURN_STOPPED], 0);
	recorder_clear(&first);
	recorder_clear(&stop);
}

STAGE_TEST(a_stop_of_a_reply_that_is_over_hears_how_it_ended)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state complete = state_over(&ids, MESSAGE_COMPLETE, "x");
	struct msg_turn_state interrupted = state_over(&ids, MESSAGE_INTERRUPTED, "x");
	struct recorder e;

	recorder_stop(s, &e, &ids.message);
	store_accept(s);
	store_take_join(s, &complete);
	expect_done(s, &e, MESSAGE_COMPLETE, "x");
	assert_int_equal(e.starts, 0);
	recorder_clear(&e);
	recorder_stop(s, &e, &ids.message);
	store_take_join(s, &interrupted);
	expect_failure(s, &e, TURN_INTERRUPTED);
	recorder_clear(&e);
}

/* A reply whose conversation is deleted under the stop. */
STAGE_TEST(a_stopped_reply_may_be_erased)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);

	stop_here(s, &stop, &ids);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_NOT_FOUND);
	expect_failure(s, &stop, TURN_ERASED);
	expect_failure(s, &first, TURN_ERASED);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* Another worker had begun it anew, while this one stood still: that one is to stop it. */
STAGE_TEST(a_stop_goes_on_to_who_writes_the_reply_now)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);
	struct id run = id_new();
	struct msg_turn_state anew = state_open(&ids, &run, false);
	struct msg_turn_state over = state_over(&ids, MESSAGE_STOPPED, "new");
	union msg m;

	stop_here(s, &stop, &ids);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_TAKEN);
	expect_failure(s, &first, TURN_INTERRUPTED);
	store_take_join(s, &anew);
	store_answer(s, store_expect(s, MSG_TURN_STOP, &m), MSG_OK, &(struct msg_ok){});
	assert_int_equal(stop.ends, 0);
	store_tell(s, MSG_LIVE_END, &(struct msg_live_end){.turn = ids.message});
	store_take_join(s, &over);
	expect_done(s, &stop, MESSAGE_STOPPED, "new");
	assert_int_equal(s->board.turns[METRIC_TURN_TAKEN], 1);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* The reply is stopped also if nobody waits for it any more. */
STAGE_TEST(who_asked_for_the_stop_may_leave)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);

	stop_here(s, &stop, &ids);
	STAGE_UNTIL(s, model_is_left(s));
	recorder_leave(&stop);
	store_take_finish(s, MESSAGE_STOPPED, "");
	expect_stopped(s, &first, "");
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* Nor does it wait for the store to say where the reply is. */
STAGE_TEST(a_stop_is_not_taken_back_by_who_leaves)
{
	struct stage *s = *state;
	struct recorder first, stop;
	struct turn_ids ids = stage_stream(s, &first);
	struct msg_turn_state running = state_open(&ids, &ids.message, true);

	model_say(s, "one");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_stop(s, &stop, &ids.message);
	recorder_leave(&stop);
	store_take_join(s, &running);
	STAGE_UNTIL(s, model_is_left(s));
	store_take_finish(s, MESSAGE_STOPPED, "one");
	expect_stopped(s, &first, "one");
	assert_int_equal(stop.ends, 0);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* One that nobody waits for any more ends like the others. */
STAGE_TEST(a_stop_that_was_left_ends_in_time)
{
	struct stage *s = *state;
	struct id unknown = id_new();
	struct recorder stop;

	recorder_stop(s, &stop, &unknown);
	store_accept(s);
	recorder_leave(&stop);
	assert_false(LIST_EMPTY(&s->turns.lookups));
	store_refuse(s, store_expect(s, MSG_TURN_JOIN, NULL), STORE_NOT_FOUND);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.lookups));
	recorder_stop(s, &stop, &unknown);
	recorder_leave(&stop);
	turn_service_interrupt(&s->turns);
	assert_true(LIST_EMPTY(&s->turns.lookups));
	recorder_stop(s, &stop, &unknown);
	recorder_leave(&stop);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.lookups));
	assert_int_equal(stop.ends, 0);
	recorder_clear(&stop);
}

STAGE_TEST(a_drain_cuts_a_running_reply)
{
	struct stage *s = *state;
	struct recorder e;

	stage_stream(s, &e);
	model_say(s, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	turn_service_interrupt(&s->turns);
	STAGE_UNTIL(s, model_is_left(s));
	store_take_finish(s, MESSAGE_INTERRUPTED, "one");
	expect_failure(s, &e, TURN_SHUTDOWN);
	assert_int_equal(turn_service_running(&s->turns), 0);
	recorder_clear(&e);
}

/* Those neither whose message the store has not even taken. */
STAGE_TEST(a_drain_tells_of_the_cut_without_the_store)
{
	struct stage *s = *state;
	struct recorder cut, begun;

	stage_stream(s, &cut);
	recorder_begin(s, &begun, NULL);
	store_expect(s, MSG_TURN_BEGIN, NULL);
	turn_service_interrupt(&s->turns);
	store_expect(s, MSG_TURN_FINISH, NULL);
	assert_int_equal(cut.ends + begun.ends, 0);
	turn_service_report_shutdown(&s->turns);
	expect_failure(s, &cut, TURN_SHUTDOWN);
	expect_failure(s, &begun, TURN_SHUTDOWN);
	recorder_clear(&cut);
	recorder_clear(&begun);
}

/* Its next attempt may be seconds away. */
STAGE_TEST(a_drain_stores_at_once_what_could_not_be_stored)
{
	struct stage *s = *state;
	struct recorder e;

	stage_stream(s, &e);
	model_say(s, "one");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_FULL);
	expect_failure(s, &e, TURN_STORE_FULL);
	turn_service_interrupt(&s->turns);
	/* And leaves alone what is on its way already. */
	turn_service_interrupt(&s->turns);
	store_take_finish(s, MESSAGE_COMPLETE, "one");
	STAGE_UNTIL(s, turn_service_running(&s->turns) == 0);
	store_expect_nothing(s);
	recorder_clear(&e);
}

/* A request that storaged does not answer times out: the request for a reply, a stop, and a
 * begin. */
STAGE_TEST(what_the_store_never_answers_fails_in_time)
{
	struct stage *s = *state;
	struct recorder first, join, stop, late_stop, named, unnamed;
	struct turn_ids ids = stage_stream(s, &first);
	struct id unknown = id_new();

	stop_here(s, &late_stop, &ids);
	store_expect(s, MSG_TURN_FINISH, NULL);
	recorder_join(s, &join, &unknown, 0);
	recorder_stop(s, &stop, &unknown);
	recorder_begin(s, &named, "client-id");
	recorder_begin(s, &unnamed, NULL);
	expect_failure(s, &late_stop, TURN_STORE_DOWN);
	expect_failure(s, &join, TURN_STORE_DOWN);
	expect_failure(s, &stop, TURN_STORE_DOWN);
	expect_failure(s, &named, TURN_STORE_DOWN);
	expect_failure(s, &unnamed, TURN_STORE_DOWN);
	assert_true(LIST_EMPTY(&s->turns.lookups));
	recorder_clear(&first);
}

TEST_MAIN(NULL, NULL)
