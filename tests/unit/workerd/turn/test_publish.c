/*
 * Replies of this worker that other workers follow: published once per loop iteration while they
 * are followed, completely before their end; and stopped by another worker.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

static void
tell_wanted(struct stage *s, const struct turn_ids *ids, uint32_t from)
{
	struct msg_live_wanted wanted = {.turn = ids->message, .from = from};

	store_tell(s, MSG_LIVE_WANTED, &wanted);
}

static void
tell_unwanted(struct stage *s, const struct turn_ids *ids)
{
	store_tell(s, MSG_LIVE_UNWANTED, &(struct msg_live_unwanted){.turn = ids->message});
}

static void
expect_piece(struct stage *s, const struct turn_ids *ids, uint32_t offset, const char *text)
{
	union msg m;

	assert_int_equal(store_expect(s, MSG_LIVE_PUBLISH, &m), 0);
	assert_true(id_equal(&m.live_publish.turn, &ids->message));
	assert_int_equal(m.live_publish.offset, offset);
	assert_int_equal(m.live_publish.text.len, strlen(text));
	assert_memory_equal(m.live_publish.text.p, text, strlen(text));
}

static void
expect_unsaved(struct stage *s, const struct turn_ids *ids, bool full)
{
	union msg m;

	assert_int_equal(store_expect(s, MSG_LIVE_UNSAVED, &m), 0);
	assert_true(id_equal(&m.live_unsaved.turn, &ids->message));
	assert_int_equal(m.live_unsaved.full, full);
}

STAGE_TEST(nothing_is_published_that_nobody_wants)
{
	struct stage *s = *state;
	struct recorder e;

	stage_stream(s, &e);
	model_say(s, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	store_expect_nothing(s);
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "one");
	expect_done(s, &e, MESSAGE_COMPLETE, "one");
	recorder_clear(&e);
}

STAGE_TEST(a_wanted_reply_is_published_from_where_it_is_wanted)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	model_say(s, "one ");
	STAGE_UNTIL(s, e.tokens == 1);
	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "one ");
	model_say(s, "two ");
	expect_piece(s, &ids, 4, "two ");
	/* Another follower has some of it. */
	tell_wanted(s, &ids, 2);
	expect_piece(s, &ids, 2, "e two ");
	/* And one has more than there is: of another run. */
	tell_wanted(s, &ids, 100);
	expect_piece(s, &ids, 8, "");
	tell_unwanted(s, &ids);
	model_say(s, "three");
	STAGE_UNTIL(s, e.tokens == 3);
	store_expect_nothing(s);
	model_end(s);
	store_take_finish(s, MESSAGE_COMPLETE, "one two three");
	recorder_clear(&e);
}

/* Who asks knows another run's text, and its length may fall anywhere in this one's. */
STAGE_TEST(no_piece_begins_within_a_character)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	model_say(s, "a€😀");
	STAGE_UNTIL(s, e.tokens == 1);
	for (uint32_t from = 7; from > 4; from--) {
		tell_wanted(s, &ids, from);
		expect_piece(s, &ids, 4, "😀");
	}
	tell_wanted(s, &ids, 3);
	expect_piece(s, &ids, 1, "€😀");
	tell_wanted(s, &ids, 8);
	expect_piece(s, &ids, 8, "");
	recorder_clear(&e);
}

/* So that a follower knows that there is no text yet. */
STAGE_TEST(a_reply_without_text_says_so_when_it_is_wanted)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids;

	recorder_begin(s, &e, NULL);
	store_accept(s);
	ids = store_take_begin(s, 0);
	model_expect(s);
	/* Who asks has some text of an older run. */
	tell_wanted(s, &ids, 7);
	expect_piece(s, &ids, 0, "");
	store_expect_nothing(s);
	model_answer(s);
	model_say(s, "one");
	expect_piece(s, &ids, 0, "one");
	recorder_clear(&e);
}

/* What came in one loop turn is one piece, with the end right behind it. */
STAGE_TEST(all_of_a_reply_is_published_before_its_end)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	model_send(s,
	    "data: {\"choices\":[{\"delta\":{\"content\":\"one \"}}]}\n\n"
	    "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n"
	    "data: [DONE]\n\n");
	expect_piece(s, &ids, 0, "one two");
	store_take_finish(s, MESSAGE_COMPLETE, "one two");
	expect_done(s, &e, MESSAGE_COMPLETE, "one two");
	recorder_clear(&e);
}

/* The store ends the following with the reply; it needs no text after its end. */
STAGE_TEST(a_reply_that_is_wanted_at_its_end_is_not_published)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);
	uint64_t finish;

	model_say(s, "one");
	model_end(s);
	finish = store_expect(s, MSG_TURN_FINISH, NULL);
	tell_wanted(s, &ids, 0);
	store_expect_nothing(s);
	/* The store did not take it: it is open still. */
	store_refuse(s, finish, STORE_FULL);
	expect_piece(s, &ids, 0, "one");
	expect_unsaved(s, &ids, true);
	store_take_finish(s, MESSAGE_COMPLETE, "one");
	STAGE_UNTIL(s, turn_service_running(&s->turns) == 0);
	assert_true(LIST_EMPTY(&s->turns.followed));
	tell_wanted(s, &ids, 0);
	tell_unwanted(s, &ids);
	store_tell(s, MSG_LIVE_STOP, &(struct msg_live_stop){.turn = ids.message});
	store_expect_nothing(s);
	recorder_clear(&e);
}

/* Those who follow it are told as those who listen here; and who comes while it is tried again, too. */
STAGE_TEST(a_reply_that_the_store_does_not_take_is_told_of)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	model_say(s, "one");
	expect_piece(s, &ids, 0, "one");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_FULL);
	expect_failure(s, &e, TURN_STORE_FULL);
	expect_piece(s, &ids, 3, "");
	expect_unsaved(s, &ids, true);
	tell_unwanted(s, &ids);
	store_expect_nothing(s);
	tell_wanted(s, &ids, 1);
	expect_piece(s, &ids, 1, "ne");
	expect_unsaved(s, &ids, true);
	tell_unwanted(s, &ids);
	store_take_finish(s, MESSAGE_COMPLETE, "one");
	STAGE_UNTIL(s, turn_service_running(&s->turns) == 0);
	recorder_clear(&e);
}

STAGE_TEST(a_reply_that_the_store_fails_to_take_is_told_of)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	model_say(s, "one");
	model_end(s);
	store_refuse(s, store_expect(s, MSG_TURN_FINISH, NULL), STORE_INTERNAL);
	expect_failure(s, &e, TURN_STORE_DOWN);
	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "one");
	expect_unsaved(s, &ids, false);
	recorder_clear(&e);
}

/* storaged sends the followers again after a reconnect. */
STAGE_TEST(a_new_line_wants_nothing_yet)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	store_accept(s);
	store_answer(s, store_expect(s, MSG_TURN_CHECKPOINT, NULL), MSG_OK, &(struct msg_ok){});
	model_say(s, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	store_expect_nothing(s);
	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "one");
	recorder_clear(&e);
}

/* Without a line there is nobody to publish to; it is made up when there is. */
STAGE_TEST(what_could_not_be_published_is_made_up)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	channel_close(&s->store);
	model_say(s, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	store_accept(s);
	store_answer(s, store_expect(s, MSG_TURN_CHECKPOINT, NULL), MSG_OK, &(struct msg_ok){});
	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "one");
	recorder_clear(&e);
}

/* Pieces of other replies wait for a store that does not read, up to the line's bound. */
STAGE_TEST(a_full_line_is_made_up_for)
{
	static char text[512 * 1024 + 1];
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);
	struct msg_live_publish others = {.turn = id_new()};
	struct frame f;
	union msg m;

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	memset(text, 'x', sizeof(text) - 1);
	others.text = slice_str(text);
	while (store_send(s->turns.store, MSG_LIVE_PUBLISH, &others) == 0)
		continue;
	model_say(s, "one ");
	STAGE_UNTIL(s, e.tokens == 1);
	model_say(s, "two");
	STAGE_UNTIL(s, e.tokens == 2);
	STAGE_UNTIL(
	    s, store_has_request(s, &f, &m) && id_equal(&m.live_publish.turn, &ids.message));
	/* From where it stopped. */
	assert_int_equal(f.type, MSG_LIVE_PUBLISH);
	assert_int_equal(m.live_publish.offset, 0);
	assert_true(m.live_publish.text.len == 4 || m.live_publish.text.len == 7);
	if (m.live_publish.text.len == 4)
		expect_piece(s, &ids, 4, "two");
	recorder_clear(&e);
}

STAGE_TEST(a_reply_is_stopped_from_elsewhere)
{
	struct stage *s = *state;
	struct recorder e;
	struct turn_ids ids = stage_stream(s, &e);

	tell_wanted(s, &ids, 0);
	expect_piece(s, &ids, 0, "");
	model_say(s, "one ");
	expect_piece(s, &ids, 0, "one ");
	store_tell(s, MSG_LIVE_STOP, &(struct msg_live_stop){.turn = ids.message});
	STAGE_UNTIL(s, model_is_left(s));
	store_take_finish(s, MESSAGE_STOPPED, "one");
	expect_done(s, &e, MESSAGE_STOPPED, "one");
	recorder_clear(&e);
}

TEST_MAIN(NULL, NULL)
