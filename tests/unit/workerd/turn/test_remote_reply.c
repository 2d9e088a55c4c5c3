/*
 * Replies that another worker writes: storaged forwards their text, says when to request their
 * state again, and learns when no listener is left here.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

/* A reply of another worker's. */
struct other {
	struct turn_ids ids;
	struct id run;
};

static struct other
other_new(void)
{
	struct turn_ids ids = {.conversation = id_new(), .message = id_new()};

	return (struct other){.ids = ids, .run = ids.message};
}

static struct msg_turn_state
other_open(const struct other *o)
{
	return state_open(&o->ids, &o->run, false);
}

static void
tell_text(struct stage *s, const struct other *o, size_t offset, const char *text)
{
	struct msg_live_text piece = {
	    .turn = o->ids.message, .offset = (uint32_t)offset, .text = slice_str(text)};

	store_tell(s, MSG_LIVE_TEXT, &piece);
}

static void
tell_end(struct stage *s, const struct other *o)
{
	store_tell(s, MSG_LIVE_END, &(struct msg_live_end){.turn = o->ids.message});
}

/* e follows it from its beginning. */
static void
follow(struct stage *s, struct recorder *e, const struct other *o)
{
	struct msg_turn_state open = other_open(o);

	recorder_join(s, e, &o->ids.message, 0);
	if (s->store.fd == -1)
		store_accept(s);
	store_take_join(s, &open);
	STAGE_UNTIL(s, e->starts == 1);
}

static void
expect_leave(struct stage *s, const struct other *o)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_TURN_LEAVE, &m);

	assert_true(id_equal(&m.turn_leave.turn, &o->ids.message));
	store_answer(s, request, MSG_OK, &(struct msg_ok){});
}

static void
expect_no_follows(struct stage *s)
{
	STAGE_UNTIL(s, TAILQ_EMPTY(&s->turns.remote));
	assert_int_equal(s->board.turns_followed, 0);
}

STAGE_TEST(another_workers_reply_is_heard_as_it_comes)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_COMPLETE, "one two");
	struct recorder e;

	follow(s, &e, &o);
	assert_int_equal(s->board.turns_followed, 1);
	assert_int_equal(s->board.turns_joined, 1);
	assert_true(id_equal(&e.ids.message, &o.ids.message));
	tell_text(s, &o, 0, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	tell_text(s, &o, 3, " two\n");
	STAGE_UNTIL(s, e.tokens == 2);
	assert_int_equal(e.ends, 0);
	tell_end(s, &o);
	assert_int_equal(store_take_join(s, &over), 8);
	expect_done(s, &e, MESSAGE_COMPLETE, "one two");
	expect_text(&e.text, "one two\n");
	expect_no_follows(s);
	/* storaged has closed it. */
	store_expect_nothing(s);
	recorder_clear(&e);
}

/* What the last piece did not bring, the store's text does. */
STAGE_TEST(the_rest_of_a_reply_comes_with_its_end)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_STOPPED, "one two");
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "one");
	tell_end(s, &o);
	assert_int_equal(store_take_join(s, &over), 3);
	expect_done(s, &e, MESSAGE_STOPPED, "one two");
	expect_text(&e.text, "one two");
	recorder_clear(&e);
}

STAGE_TEST(a_followed_reply_that_breaks_off_is_interrupted)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_INTERRUPTED, "on");
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "one");
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_failure(s, &e, TURN_INTERRUPTED);
	expect_text(&e.text, "one");
	expect_no_follows(s);
	recorder_clear(&e);
}

STAGE_TEST(a_followed_reply_may_be_erased)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct recorder e;

	follow(s, &e, &o);
	tell_end(s, &o);
	store_refuse(s, store_expect(s, MSG_TURN_JOIN, NULL), STORE_NOT_FOUND);
	expect_failure(s, &e, TURN_ERASED);
	expect_no_follows(s);
	recorder_clear(&e);
}

static void
tell_unsaved(struct stage *s, const struct other *o, bool full)
{
	store_tell(s, MSG_LIVE_UNSAVED,
	    &(struct msg_live_unsaved){.turn = o->ids.message, .full = full});
}

/* Nobody knows when it will be stored. */
STAGE_TEST(a_followed_reply_that_is_not_stored_is_not_waited_for)
{
	static const enum turn_failure failures[] = {TURN_STORE_DOWN, TURN_STORE_FULL};
	struct stage *s = *state;

	for (size_t full = 0; full < ARRAY_LEN(failures); full++) {
		struct other o = other_new();
		struct msg_turn_state open = other_open(&o);
		struct recorder e, stop;

		follow(s, &e, &o);
		recorder_stop(s, &stop, &o.ids.message);
		store_take_join(s, &open);
		store_answer(
		    s, store_expect(s, MSG_TURN_STOP, NULL), MSG_OK, &(struct msg_ok){});
		tell_text(s, &o, 0, "one");
		tell_unsaved(s, &o, full);
		expect_failure(s, &e, failures[full]);
		expect_failure(s, &stop, failures[full]);
		expect_text(&e.text, "one");
		expect_leave(s, &o);
		expect_no_follows(s);
		tell_unsaved(s, &o, full);
		store_expect_nothing(s);
		recorder_clear(&e);
		recorder_clear(&stop);
	}
}

/* It is said again to who asks again. */
STAGE_TEST(that_a_reply_is_not_stored_is_not_heard_while_it_is_asked_for)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 4, "two");
	tell_unsaved(s, &o, true);
	store_take_join(s, &open);
	store_expect_nothing(s);
	assert_int_equal(e.ends, 0);
	tell_text(s, &o, 0, "one two");
	tell_unsaved(s, &o, true);
	expect_failure(s, &e, TURN_STORE_FULL);
	expect_text(&e.text, "one two");
	recorder_clear(&e);
}

/* Where it begins is known when the text is here; all that it wants is in one token. */
STAGE_TEST(a_place_in_a_followed_text_is_waited_for)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder third, far;

	recorder_join(s, &third, &o.ids.message, 3);
	store_accept(s);
	assert_int_equal(store_take_join(s, &open), 0);
	recorder_join(s, &far, &o.ids.message, 99);
	assert_int_equal(store_take_join(s, &open), 0);
	store_expect_nothing(s);
	assert_int_equal(third.starts + far.starts, 0);
	tell_text(s, &o, 0, "aß€😀");
	STAGE_UNTIL(s, third.starts == 1 && far.starts == 1);
	assert_int_equal(third.position, 3);
	expect_text(&third.text, "😀");
	assert_int_equal(far.position, 5);
	expect_text(&far.text, "");
	tell_text(s, &o, 10, "!");
	STAGE_UNTIL(s, far.tokens == 1);
	expect_text(&third.text, "😀!");
	expect_text(&far.text, "!");
	recorder_clear(&third);
	recorder_clear(&far);
}

/* Who names a place in it may have heard another run's text. */
STAGE_TEST(no_place_in_a_reply_begun_anew_is_believed)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open;
	struct recorder first, second;

	o.run = id_new();
	open = other_open(&o);
	recorder_join(s, &first, &o.ids.message, 3);
	store_accept(s);
	store_take_join(s, &open);
	STAGE_UNTIL(s, first.starts == 1);
	tell_text(s, &o, 0, "another");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &o.ids.message, 3);
	store_take_join(s, &open);
	STAGE_UNTIL(s, second.tokens == 1);
	assert_int_equal(first.position + second.position, 0);
	expect_text(&first.text, "another");
	expect_text(&second.text, "another");
	recorder_clear(&first);
	recorder_clear(&second);
}

/* The other worker says that there is no text yet. */
STAGE_TEST(an_empty_piece_tells_that_there_is_no_text)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	recorder_join(s, &e, &o.ids.message, 3);
	store_accept(s);
	store_take_join(s, &open);
	tell_text(s, &o, 0, "");
	STAGE_UNTIL(s, e.starts == 1);
	assert_int_equal(e.position, 0);
	assert_int_equal(e.tokens, 0);
	recorder_clear(&e);
}

STAGE_TEST(who_never_started_hears_all_at_the_end)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_COMPLETE, "one two");
	struct recorder e;

	recorder_join(s, &e, &o.ids.message, 4);
	store_accept(s);
	store_take_join(s, &open);
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_done(s, &e, MESSAGE_COMPLETE, "one two");
	assert_int_equal(e.position, 4);
	expect_text(&e.text, "two");
	recorder_clear(&e);
}

STAGE_TEST(a_second_listener_is_given_what_is_here)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder first, second;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "one ");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &o.ids.message, 2);
	/* No more is asked for than is missing. */
	assert_int_equal(store_take_join(s, &open), 4);
	STAGE_UNTIL(s, second.tokens == 1);
	assert_int_equal(second.position, 2);
	tell_text(s, &o, 4, "two");
	STAGE_UNTIL(s, second.tokens == 2);
	expect_text(&first.text, "one two");
	expect_text(&second.text, "e two");
	assert_int_equal(s->board.turns_followed, 1);
	/* The last who leaves ends it. */
	recorder_leave(&first);
	store_expect_nothing(s);
	recorder_leave(&second);
	expect_leave(s, &o);
	expect_no_follows(s);
	recorder_clear(&first);
	recorder_clear(&second);
}

STAGE_TEST(what_is_here_already_is_dropped)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "one");
	tell_text(s, &o, 0, "one");
	tell_text(s, &o, 1, "ne");
	tell_text(s, &o, 0, "on");
	tell_text(s, &o, 1, "ne two");
	STAGE_UNTIL(s, e.tokens == 2);
	expect_text(&e.text, "one two");
	recorder_clear(&e);
}

STAGE_TEST(a_missing_piece_is_asked_for)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "one");
	tell_text(s, &o, 4, "two");
	tell_text(s, &o, 7, " three");
	/* Until the store has answered nothing is taken. */
	assert_int_equal(store_take_join(s, &open), 3);
	tell_text(s, &o, 3, " two three");
	STAGE_UNTIL(s, e.tokens == 2);
	expect_text(&e.text, "one two three");
	store_expect_nothing(s);
	recorder_clear(&e);
}

STAGE_TEST(what_is_being_asked_is_not_asked_twice)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 4, "two");
	tell_end(s, &o);
	store_take_join(s, &open);
	store_expect_nothing(s);
	recorder_clear(&e);
}

/* It overlaps with what is here and is not the same. */
STAGE_TEST(no_piece_begins_within_a_character)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "abc");
	tell_text(s, &o, 2, "€uro");
	assert_int_equal(store_take_join(s, &open), 3);
	tell_text(s, &o, 3, "d");
	STAGE_UNTIL(s, e.tokens == 2);
	expect_text(&e.text, "abcd");
	recorder_clear(&e);
}

STAGE_TEST(a_followed_text_has_a_bound)
{
	static char half[TURN_REPLY_MAX / 2 + 1];
	struct stage *s = *state;
	struct other o = other_new();
	struct recorder e;

	memset(half, 'x', sizeof(half) - 1);
	follow(s, &e, &o);
	tell_text(s, &o, 0, half);
	STAGE_UNTIL(s, e.tokens == 1);
	tell_text(s, &o, TURN_REPLY_MAX / 2, half);
	STAGE_UNTIL(s, e.tokens == 2);
	tell_text(s, &o, TURN_REPLY_MAX, "y");
	expect_failure(s, &e, TURN_TOO_LONG);
	expect_leave(s, &o);
	expect_no_follows(s);
	recorder_clear(&e);
}

STAGE_TEST(what_comes_of_other_replies_is_passed_over)
{
	struct stage *s = *state;
	struct other o = other_new(), unknown = other_new();
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &unknown, 0, "what");
	tell_end(s, &unknown);
	/* Nor is there such news. */
	store_tell(s, MSG_OK, &(struct msg_ok){});
	store_expect_nothing(s);
	assert_int_equal(e.tokens + e.ends, 0);
	recorder_clear(&e);
}

/* The text so far is invalid: listeners must ask again. */
STAGE_TEST(a_reply_that_is_begun_anew_elsewhere_is_interrupted)
{
	struct stage *s = *state;
	struct other o = other_new(), anew = {.ids = o.ids, .run = id_new()};
	struct msg_turn_state open = other_open(&anew);
	struct recorder e;

	follow(s, &e, &o);
	tell_text(s, &o, 0, "one");
	tell_end(s, &o);
	store_take_join(s, &open);
	expect_failure(s, &e, TURN_INTERRUPTED);
	expect_leave(s, &o);
	expect_no_follows(s);
	recorder_clear(&e);
}

STAGE_TEST(a_reply_that_is_begun_anew_here_is_interrupted)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state own = state_open(&o.ids, &o.run, true);
	struct recorder e;

	follow(s, &e, &o);
	tell_end(s, &o);
	store_take_join(s, &own);
	expect_failure(s, &e, TURN_INTERRUPTED);
	expect_leave(s, &o);
	recorder_clear(&e);
}

/* A new run is joined when those who hear the old one know that it is void. */
STAGE_TEST(two_runs_of_a_reply_are_not_mixed)
{
	struct stage *s = *state;
	struct other o = other_new(), anew = {.ids = o.ids, .run = id_new()};
	struct msg_turn_state open = other_open(&anew);
	struct recorder first, second;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "old");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &o.ids.message, 0);
	/* The second's, and then that of the follow, whose end that answer tells. */
	store_take_join(s, &open);
	assert_int_equal(store_take_join(s, &open), 3);
	expect_failure(s, &first, TURN_INTERRUPTED);
	assert_int_equal(second.starts, 0);
	expect_leave(s, &o);
	assert_int_equal(store_take_join(s, &open), 0);
	tell_text(s, &anew, 0, "new");
	STAGE_UNTIL(s, second.tokens == 1);
	expect_text(&second.text, "new");
	recorder_clear(&first);
	recorder_clear(&second);
}

/* It was begun anew, and ended, before this worker asked: who heard the old text is not told that this
 * was all; who only waits for the end hears it. */
STAGE_TEST(a_reply_of_another_text_is_not_the_end_of_what_was_heard)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_COMPLETE, "new one");
	struct recorder first, second, stop;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "old");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_join(s, &second, &o.ids.message, 1);
	store_take_join(s, &open);
	STAGE_UNTIL(s, second.tokens == 1);
	recorder_stop(s, &stop, &o.ids.message);
	store_take_join(s, &open);
	store_answer(s, store_expect(s, MSG_TURN_STOP, NULL), MSG_OK, &(struct msg_ok){});
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_failure(s, &first, TURN_INTERRUPTED);
	expect_failure(s, &second, TURN_INTERRUPTED);
	expect_text(&first.text, "old");
	expect_done(s, &stop, MESSAGE_COMPLETE, "new one");
	expect_no_follows(s);
	recorder_clear(&first);
	recorder_clear(&second);
	recorder_clear(&stop);
}

/* A message sent again, whose reply another worker writes. */
STAGE_TEST(a_repeated_message_follows_its_reply)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder e;

	recorder_begin(s, &e, "client-id");
	store_accept(s);
	store_answer(s, store_expect(s, MSG_TURN_BEGIN, NULL), MSG_TURN_STATE, &open);
	assert_int_equal(store_take_join(s, &open), 0);
	STAGE_UNTIL(s, e.starts == 1);
	tell_text(s, &o, 0, "text");
	STAGE_UNTIL(s, e.tokens == 1);
	assert_int_equal(s->board.turns_running, 0);
	recorder_clear(&e);
}

static uint64_t
expect_stop(struct stage *s, const struct other *o)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_TURN_STOP, &m);

	assert_true(id_equal(&m.turn_stop.turn, &o->ids.message));
	return request;
}

STAGE_TEST(another_workers_reply_is_stopped_through_the_store)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_STOPPED, "one");
	struct recorder first, stop;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "one");
	recorder_stop(s, &stop, &o.ids.message);
	store_take_join(s, &open);
	store_answer(s, expect_stop(s, &o), MSG_OK, &(struct msg_ok){});
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_done(s, &stop, MESSAGE_STOPPED, "one");
	expect_done(s, &first, MESSAGE_STOPPED, "one");
	assert_int_equal(stop.starts + stop.tokens, 0);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* How the reply is will be known first: it may be over. */
STAGE_TEST(a_stop_waits_for_what_is_being_asked)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder first, stop;
	uint64_t join;

	follow(s, &first, &o);
	tell_end(s, &o);
	join = store_expect(s, MSG_TURN_JOIN, NULL);
	recorder_stop(s, &stop, &o.ids.message);
	store_take_join(s, &open);
	store_expect_nothing(s);
	store_answer(s, join, MSG_TURN_STATE, &open);
	expect_stop(s, &o);
	store_expect_nothing(s);
	recorder_clear(&first);
	recorder_clear(&stop);
}

/* The store forgot it with the line; it is asked for again as soon as it follows again. */
STAGE_TEST(a_stop_outlives_the_line)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder stop;

	recorder_stop(s, &stop, &o.ids.message);
	store_accept(s);
	store_take_join(s, &open);
	store_answer(s, expect_stop(s, &o), MSG_OK, &(struct msg_ok){});
	store_accept(s);
	store_take_join(s, &open);
	expect_stop(s, &o);
	assert_int_equal(stop.ends, 0);
	recorder_clear(&stop);
}

/* The stop applies to the reply, whichever run writes it. */
STAGE_TEST(a_stop_outlives_the_run)
{
	struct stage *s = *state;
	struct other o = other_new(), anew = {.ids = o.ids, .run = id_new()};
	struct msg_turn_state open = other_open(&o), open_anew = other_open(&anew);
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_STOPPED, "new");
	struct recorder first, stop;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "one");
	STAGE_UNTIL(s, first.tokens == 1);
	recorder_stop(s, &stop, &o.ids.message);
	store_take_join(s, &open);
	store_answer(s, expect_stop(s, &o), MSG_OK, &(struct msg_ok){});
	tell_end(s, &o);
	assert_int_equal(store_take_join(s, &open_anew), 3);
	expect_failure(s, &first, TURN_INTERRUPTED);
	store_take_join(s, &open_anew);
	expect_leave(s, &o);
	/* The following has ended with that leaving. */
	store_refuse(s, expect_stop(s, &o), STORE_NOT_FOUND);
	store_take_join(s, &open_anew);
	store_answer(s, expect_stop(s, &o), MSG_OK, &(struct msg_ok){});
	assert_int_equal(stop.ends, 0);
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_done(s, &stop, MESSAGE_STOPPED, "new");
	expect_no_follows(s);
	recorder_clear(&first);
	recorder_clear(&stop);
}

STAGE_TEST(a_stop_elsewhere_is_not_taken_back_by_who_leaves)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_STOPPED, "one");
	struct recorder stop;

	recorder_stop(s, &stop, &o.ids.message);
	store_accept(s);
	recorder_leave(&stop);
	store_take_join(s, &open);
	store_answer(s, expect_stop(s, &o), MSG_OK, &(struct msg_ok){});
	tell_end(s, &o);
	store_take_join(s, &over);
	expect_no_follows(s);
	assert_int_equal(stop.ends, 0);
	recorder_clear(&stop);
}

STAGE_TEST(a_new_line_follows_again_from_what_is_here)
{
	struct stage *s = *state;
	struct other o = other_new(), p = other_new();
	struct msg_turn_state open = other_open(&o);
	struct msg_turn_state over = state_over(&p.ids, MESSAGE_COMPLETE, "p");
	struct recorder e, f;

	follow(s, &e, &o);
	follow(s, &f, &p);
	tell_text(s, &o, 0, "one");
	STAGE_UNTIL(s, e.tokens == 1);
	store_accept(s);
	assert_int_equal(store_take_join(s, &open), 3);
	assert_int_equal(store_take_join(s, &over), 0);
	expect_done(s, &f, MESSAGE_COMPLETE, "p");
	tell_text(s, &o, 3, " two");
	STAGE_UNTIL(s, e.tokens == 2);
	expect_text(&e.text, "one two");
	recorder_clear(&e);
	recorder_clear(&f);
}

STAGE_TEST(a_store_that_stays_away_ends_the_following)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct recorder e;

	follow(s, &e, &o);
	closefd(&s->store_listener);
	channel_close(&s->store);
	expect_failure(s, &e, TURN_STORE_DOWN);
	expect_no_follows(s);
	recorder_clear(&e);
}

/* The store hears of the leaving after the question, whose answer says that we follow. */
STAGE_TEST(a_following_that_the_store_has_ended_is_asked_for_again)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder first, second;
	uint64_t join;

	follow(s, &first, &o);
	recorder_join(s, &second, &o.ids.message, 0);
	stage_turn(s);
	recorder_leave(&first);
	join = store_expect(s, MSG_TURN_JOIN, NULL);
	expect_leave(s, &o);
	store_answer(s, join, MSG_TURN_STATE, &open);
	assert_int_equal(store_take_join(s, &open), 0);
	tell_text(s, &o, 0, "text");
	STAGE_UNTIL(s, second.tokens == 1);
	recorder_clear(&first);
	recorder_clear(&second);
}

/* The question said how much was here, and the text that was is gone with its end; the store would
 * spare us what it thinks that we have. */
STAGE_TEST(a_text_that_ended_while_it_was_asked_for_is_asked_for_again)
{
	struct stage *s = *state;
	struct other o = other_new(), anew = {.ids = o.ids, .run = id_new()};
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_INTERRUPTED, "old text");
	struct msg_turn_state open = other_open(&anew);
	struct recorder first, second;
	uint64_t join;
	union msg m;

	follow(s, &first, &o);
	tell_text(s, &o, 0, "old text");
	STAGE_UNTIL(s, first.tokens == 1);
	tell_end(s, &o);
	join = store_expect(s, MSG_TURN_JOIN, NULL);
	recorder_join(s, &second, &o.ids.message, 0);
	store_answer(s, join, MSG_TURN_STATE, &over);
	join = store_expect(s, MSG_TURN_JOIN, &m);
	assert_int_equal(m.turn_join.from, 8);
	expect_failure(s, &first, TURN_INTERRUPTED);
	store_answer(s, join, MSG_TURN_STATE, &open);
	assert_int_equal(store_take_join(s, &open), 0);
	tell_text(s, &anew, 0, "new");
	STAGE_UNTIL(s, second.tokens == 1);
	expect_text(&second.text, "new");
	recorder_clear(&first);
	recorder_clear(&second);
}

STAGE_TEST(who_leaves_while_it_is_asked_for_ends_the_question)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state over = state_over(&o.ids, MESSAGE_COMPLETE, "x");
	uint64_t join;
	struct recorder e;

	follow(s, &e, &o);
	tell_end(s, &o);
	join = store_expect(s, MSG_TURN_JOIN, NULL);
	recorder_leave(&e);
	expect_leave(s, &o);
	expect_no_follows(s);
	store_answer(s, join, MSG_TURN_STATE, &over);
	store_expect_nothing(s);
	assert_int_equal(e.ends, 0);
	recorder_clear(&e);
}

/* Each listener may be the last, in any of its calls. */
STAGE_TEST(the_last_may_leave_within_a_call)
{
	struct stage *s = *state;

	for (enum recorder_call call = AT_START; call <= AT_TOKEN; call++) {
		struct other o = other_new();
		struct msg_turn_state open = other_open(&o);
		struct recorder e;

		recorder_join(s, &e, &o.ids.message, 0);
		e.drops_at = call;
		e.drops = &e;
		if (s->store.fd == -1)
			store_accept(s);
		store_take_join(s, &open);
		if (call == AT_TOKEN)
			tell_text(s, &o, 0, "text");
		expect_leave(s, &o);
		expect_no_follows(s);
		assert_int_equal(e.starts, 1);
		assert_int_equal(e.tokens, call == AT_TOKEN);
		recorder_clear(&e);
	}
}

STAGE_TEST(one_of_those_who_wait_may_end_another)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct msg_turn_state open = other_open(&o);
	struct recorder ears[3];
	unsigned starts = 0;

	for (size_t i = 0; i < ARRAY_LEN(ears); i++) {
		recorder_join(s, &ears[i], &o.ids.message, 1);
		ears[i].drops_at = AT_START;
		ears[i].drops = &ears[(i + 1) % ARRAY_LEN(ears)];
		if (i == 0)
			store_accept(s);
		store_take_join(s, &open);
	}
	store_expect_nothing(s);
	tell_text(s, &o, 0, "text");
	STAGE_UNTIL(s, ears[0].starts + ears[1].starts + ears[2].starts > 1);
	store_expect_nothing(s);
	for (size_t i = 0; i < ARRAY_LEN(ears); i++) {
		starts += ears[i].starts;
		recorder_clear(&ears[i]);
	}
	/* The newest starts first and ends the oldest, which would be the last. */
	assert_int_equal(starts, 2);
}

/* The end of one ends another's last listener. */
STAGE_TEST(one_followed_reply_may_end_another)
{
	struct stage *s = *state;
	struct other o = other_new(), p = other_new();
	struct recorder e, f;

	follow(s, &e, &o);
	follow(s, &f, &p);
	e.drops_at = f.drops_at = AT_END;
	e.drops = &f;
	f.drops = &e;
	turn_service_interrupt(&s->turns);
	assert_int_equal(e.ends + f.ends, 1);
	expect_no_follows(s);
	recorder_clear(&e);
	recorder_clear(&f);
}

STAGE_TEST(a_drain_cuts_what_is_followed)
{
	struct stage *s = *state;
	struct other o = other_new();
	struct recorder e;

	follow(s, &e, &o);
	/* It is no turn of ours that a drain would wait for. */
	assert_int_equal(turn_service_running(&s->turns), 0);
	turn_service_interrupt(&s->turns);
	expect_failure(s, &e, TURN_SHUTDOWN);
	expect_leave(s, &o);
	expect_no_follows(s);
	recorder_clear(&e);
}

/* Nothing is told when the process ends (the stage's teardown), and nothing is lost. */
STAGE_TEST(a_process_may_end_while_it_follows)
{
	struct stage *s = *state;
	static struct recorder e, asks;
	struct other o = other_new();
	struct id unknown = id_new();

	follow(s, &e, &o);
	recorder_join(s, &asks, &unknown, 0);
	stage_turn(s);
}

TEST_MAIN(NULL, NULL)
