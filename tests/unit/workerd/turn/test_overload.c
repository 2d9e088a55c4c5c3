/*
 * When too many requests wait for storaged: new ones are refused, and those that need storaged to
 * continue fail at once.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

/* Fills the queue so that no small request fits either. */
static void
crowd(struct stage *s)
{
	static char text[TURN_REPLY_MAX];
	struct msg_turn_finish large = {.text = {(const uint8_t *)text, sizeof(text)}};

	memset(text, 'x', sizeof(text));
	while (store_call(s->turns.store, MSG_TURN_FINISH, &large, 0, NULL, NULL) != NULL)
		continue;
}

STAGE_TEST(nobody_is_taken_on)
{
	struct stage *s = *state;
	struct id message = id_new();
	struct reply_ref reference = reference_to(&message);
	struct turn_request request = {
	    .session = slice_str("visitor"),
	    .text = slice_str("hello"),
	    .client_id = slice_str("client-id"),
	};

	crowd(s);
	assert_null(turn_begin(&s->turns, &request, &recorder_sink, NULL));
	request.client_id.len = 0;
	assert_null(turn_begin(&s->turns, &request, &recorder_sink, NULL));
	assert_null(turn_join(&s->turns, &reference, 0, &recorder_sink, NULL));
	assert_null(turn_stop(&s->turns, &reference, &recorder_sink, NULL));
	assert_true(LIST_EMPTY(&s->turns.running));
	assert_true(LIST_EMPTY(&s->turns.lookups));
	assert_int_equal(s->board.turns_running, 0);
}

STAGE_TEST(who_has_to_ask_again_is_told)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state running = state_open(&ids, &ids.message, true);
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	store_take_join(s, &running);
	crowd(s);
	expect_failure(s, &e, TURN_STORE_DOWN);
	assert_true(LIST_EMPTY(&s->turns.lookups));
	recorder_clear(&e);
}

STAGE_TEST(who_sent_a_message_again_is_told)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct msg_turn_state running = state_open(&ids, &ids.message, false);
	uint64_t begin;
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	begin = store_expect(s, MSG_TURN_BEGIN, NULL);
	crowd(s);
	store_answer(s, begin, MSG_TURN_STATE, &running);
	expect_failure(s, &e, TURN_STORE_DOWN);
	assert_true(LIST_EMPTY(&s->turns.running));
	assert_true(LIST_EMPTY(&s->turns.lookups));
	recorder_clear(&e);
}

STAGE_TEST(who_follows_a_reply_is_told)
{
	struct stage *s = *state;
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};
	struct id run = id_new();
	struct msg_turn_state running = state_open(&ids, &run, false);
	struct recorder e;

	recorder_join(s, &e, &ids.message, 0);
	store_accept(s);
	store_take_join(s, &running);
	STAGE_UNTIL(s, e.starts == 1);
	crowd(s);
	store_tell(s, MSG_LIVE_END, &(struct msg_live_end){.turn = ids.message});
	expect_failure(s, &e, TURN_STORE_DOWN);
	assert_true(TAILQ_EMPTY(&s->turns.remote));
	recorder_clear(&e);
}

/* Its text waits here until there is room. */
STAGE_TEST(a_running_reply_is_stopped_all_the_same)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	crowd(s);
	store_tell(s, MSG_LIVE_STOP, &(struct msg_live_stop){.turn = ids.message});
	STAGE_UNTIL(s, model_is_left(s));
	expect_failure(s, &e, TURN_STORE_DOWN);
	assert_int_equal(turn_service_running(&s->turns), 1);
	recorder_clear(&e);
}

TEST_MAIN(NULL, NULL)
