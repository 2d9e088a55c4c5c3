/*
 * A turn whose conversation is deleted ends at once in any state, reports it to its listeners, and
 * stops its requests to storaged and the model.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/turn_stage.h"

/* A turn whose reply has begun to come, and whose next text is due to be kept: the number of the
 * checkpoint. */
static uint64_t
stream_up_to_a_checkpoint(struct stage *s)
{
	char piece[5001];

	memset(piece, 'x', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	store_accept(s);
	store_take_begin(s, 0);
	model_expect(s);
	model_answer(s);
	model_say(s, piece);
	return store_expect(s, MSG_TURN_CHECKPOINT, NULL);
}

/* The turn has ended and reported it; storaged receives nothing more about it. */
static void
expect_erased(struct stage *s)
{
	struct frame f;
	union msg m;

	STAGE_UNTIL(s, s->failed);
	assert_int_equal(s->failure, TURN_ERASED);
	assert_int_equal(turn_service_running(&s->turns), 0);
	assert_true(LIST_EMPTY(&s->turns.running));
	assert_int_equal(s->board.turns[METRIC_TURN_ERASED], 1);
	assert_int_equal(s->board.turns_running, 0);
	stage_turn(s);
	assert_false(store_has_request(s, &f, &m));
}

STAGE_TEST(a_reply_that_is_stored_is_done)
{
	struct stage *s = *state;
	uint64_t checkpoint, finish;
	union msg m;

	stage_begin(s);
	checkpoint = stream_up_to_a_checkpoint(s);
	store_answer(s, checkpoint, MSG_OK, &(struct msg_ok){});
	model_say(s, "end");
	model_send(s, "data: [DONE]\n\n");
	finish = store_expect(s, MSG_TURN_FINISH, &m);
	assert_int_equal(m.turn_finish.status, MESSAGE_COMPLETE);
	assert_int_equal(m.turn_finish.text.len, 5003);
	assert_false(s->done);
	store_answer(s, finish, MSG_OK, &(struct msg_ok){});
	STAGE_UNTIL(s, s->done);
	assert_int_equal(buf_len(&s->text), 5003);
}

STAGE_TEST(an_erased_turn_ends_at_its_next_checkpoint)
{
	struct stage *s = *state;
	uint64_t checkpoint;

	stage_begin(s);
	checkpoint = stream_up_to_a_checkpoint(s);
	assert_true(s->started && !s->failed);
	store_refuse(s, checkpoint, STORE_NOT_FOUND);
	expect_erased(s);
	/* The model need not go on. */
	STAGE_UNTIL(s, model_is_left(s));
}

STAGE_TEST(an_erased_turn_without_a_listener_ends_too)
{
	struct stage *s = *state;
	struct turn_listener *l = stage_begin(s);
	uint64_t checkpoint = stream_up_to_a_checkpoint(s);

	turn_leave(l);
	store_refuse(s, checkpoint, STORE_NOT_FOUND);
	STAGE_UNTIL(s, model_is_left(s));
	assert_int_equal(turn_service_running(&s->turns), 0);
	assert_false(s->failed);
}

STAGE_TEST(a_checkpoint_that_failed_otherwise_ends_nothing)
{
	struct stage *s = *state;
	uint64_t checkpoint;
	union msg m;

	stage_begin(s);
	checkpoint = stream_up_to_a_checkpoint(s);
	store_refuse(s, checkpoint, STORE_FULL);
	/* It is sent again, from the start. */
	store_expect(s, MSG_TURN_CHECKPOINT, &m);
	assert_int_equal(m.turn_checkpoint.offset, 0);
	assert_int_equal(m.turn_checkpoint.text.len, 5000);
	assert_false(s->failed);
}

STAGE_TEST(an_erased_reply_is_not_sent_again)
{
	struct stage *s = *state;
	uint64_t finish;

	stage_begin(s);
	store_accept(s);
	store_take_begin(s, 0);
	model_expect(s);
	model_answer(s);
	model_say(s, "short");
	model_send(s, "data: [DONE]\n\n");
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	store_refuse(s, finish, STORE_NOT_FOUND);
	expect_erased(s);
	assert_true(s->started);
}

/* The answer to the checkpoint comes when the end is on its way already. */
STAGE_TEST(the_end_need_not_wait_for_its_own_answer)
{
	struct stage *s = *state;
	uint64_t checkpoint, finish;

	stage_begin(s);
	checkpoint = stream_up_to_a_checkpoint(s);
	model_send(s, "data: [DONE]\n\n");
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	store_refuse(s, checkpoint, STORE_NOT_FOUND);
	expect_erased(s);
	store_refuse(s, finish, STORE_NOT_FOUND);
	stage_turn(s);
}

/* And the other way round: the turn waits for the checkpoint's answer before it is freed. */
STAGE_TEST(a_checkpoint_may_be_answered_after_the_end)
{
	struct stage *s = *state;
	uint64_t checkpoint, finish;

	stage_begin(s);
	checkpoint = stream_up_to_a_checkpoint(s);
	model_send(s, "data: [DONE]\n\n");
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	store_refuse(s, finish, STORE_NOT_FOUND);
	STAGE_UNTIL(s, s->failed);
	assert_int_equal(s->failure, TURN_ERASED);
	store_refuse(s, checkpoint, STORE_NOT_FOUND);
	STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	assert_int_equal(s->board.turns[METRIC_TURN_ERASED], 1);
}

STAGE_TEST(a_turn_that_is_erased_while_its_history_comes_asks_no_model)
{
	struct stage *s = *state;
	uint64_t list;

	stage_begin(s);
	store_accept(s);
	store_take_begin(s, 7);
	list = store_expect(s, MSG_MESSAGE_LIST, NULL);
	store_refuse(s, list, STORE_NOT_FOUND);
	expect_erased(s);
	assert_false(s->started);
	assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
}

/* A worker whose line to the store breaks claims its turns on the next one. */
STAGE_TEST(a_turn_that_was_erased_meanwhile_ends_when_it_is_claimed)
{
	struct stage *s = *state;
	uint64_t claim;
	union msg m;

	stage_begin(s);
	store_accept(s);
	store_take_begin(s, 0);
	model_expect(s);
	store_accept(s);
	claim = store_expect(s, MSG_TURN_CHECKPOINT, &m);
	assert_int_equal(m.turn_checkpoint.text.len, 0);
	store_refuse(s, claim, STORE_NOT_FOUND);
	expect_erased(s);
	assert_false(s->started);
	STAGE_UNTIL(s, model_is_left(s));
}

/* The model says nothing for long: no piece would find it out. */
STAGE_TEST(a_turn_that_is_erased_asks_when_it_is_told_of_an_end)
{
	struct stage *s = *state;
	struct msg_live_end end, other = {id_new()};
	uint64_t claim;
	union msg m;

	stage_begin(s);
	store_accept(s);
	end.turn = store_take_begin(s, 0).message;
	model_expect(s);
	store_tell(s, MSG_LIVE_END, &other);
	store_expect_nothing(s);
	store_tell(s, MSG_LIVE_END, &end);
	store_answer(s, store_expect(s, MSG_TURN_CHECKPOINT, NULL), MSG_OK, &(struct msg_ok){});
	store_expect_nothing(s);
	assert_false(s->failed);
	store_tell(s, MSG_LIVE_END, &end);
	claim = store_expect(s, MSG_TURN_CHECKPOINT, &m);
	assert_int_equal(m.turn_checkpoint.text.len, 0);
	store_refuse(s, claim, STORE_NOT_FOUND);
	expect_erased(s);
	STAGE_UNTIL(s, model_is_left(s));
}

TEST_MAIN(NULL, NULL)
