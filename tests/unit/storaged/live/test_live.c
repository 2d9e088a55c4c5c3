/*
 * The live exchange: replies that one worker writes and others follow.
 */
#include "tests/unit/storaged/store_contents.h"

#include "storaged/turns/turn_join.h"
#include "tests/unit/unit.h"

static struct msg_turn_join
join_of(const struct msg_turn_begin *begin, uint32_t from)
{
	return (struct msg_turn_join){
	    .org = begin->org,
	    .widget = begin->widget,
	    .session = begin->session,
	    .turn = begin->turn,
	    .from = from,
	};
}

static void
ask_as(struct fixture *f, struct asker *asker, enum msg_type type, const void *msg,
    enum msg_type answer, union msg *m)
{
	uint64_t request = send_request(f, asker, type, msg);

	commit(f);
	expect_answer(f, asker, request, answer, m);
}

static void
ask_error_as(struct fixture *f, struct asker *asker, enum msg_type type, const void *msg,
    enum store_error code)
{
	uint64_t request = send_request(f, asker, type, msg);

	commit(f);
	expect_error(f, asker, request, code);
}

static void
expect_silence(struct asker *asker)
{
	assert_int_equal(buf_len(&asker->out), 0);
}

static void
expect_silence_all(struct fixture *f)
{
	expect_silence(&f->a);
	expect_silence(&f->b);
}

/* The next notification of a client: this one, about this turn. */
static void
expect_told(struct fixture *f, struct asker *asker, enum msg_type type, const struct id *turn)
{
	union msg m;

	expect_answer(f, asker, 0, type, &m);
	/* The turn is the first field of all of them. */
	assert_true(id_equal((const struct id *)&m, turn));
}

static void
expect_wanted(struct fixture *f, struct asker *asker, const struct id *turn, uint32_t from)
{
	union msg m;

	expect_answer(f, asker, 0, MSG_LIVE_WANTED, &m);
	assert_true(id_equal(&m.live_wanted.turn, turn));
	assert_int_equal(m.live_wanted.from, from);
}

static void
expect_text(struct fixture *f, struct asker *asker, const struct id *turn, uint32_t offset,
    const char *text)
{
	union msg m;

	expect_answer(f, asker, 0, MSG_LIVE_TEXT, &m);
	assert_true(id_equal(&m.live_text.turn, turn));
	assert_int_equal(m.live_text.offset, offset);
	assert_text(m.live_text.text, text);
}

static struct msg_turn_begin
open_turn(struct fixture *f, const char *session)
{
	struct msg_turn_begin begin = begin_of(session, "hello");

	begin.client_id = slice_str("m-1");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	return begin;
}

/* Expects to join an open reply of another client. */
static void
join_as(
    struct fixture *f, struct asker *asker, const struct msg_turn_begin *begin, uint32_t from)
{
	struct msg_turn_join join = join_of(begin, from);
	union msg m;

	ask_as(f, asker, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
	assert_true(id_equal(&m.turn_state.conversation, &begin->conversation));
	assert_true(id_equal(&m.turn_state.turn, &begin->turn));
	assert_int_equal(m.turn_state.open, 1);
	assert_int_equal(m.turn_state.own, 0);
}

/* An open turn of a that b follows. */
static struct msg_turn_begin
followed_turn(struct fixture *f, const char *session)
{
	struct msg_turn_begin begin = open_turn(f, session);

	join_as(f, &f->b, &begin, 0);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_silence_all(f);
	return begin;
}

static void
publish_as(struct fixture *f, struct asker *asker, const struct id *turn, uint32_t offset,
    const char *text)
{
	struct msg_live_publish piece = {
	    .turn = *turn, .offset = offset, .text = slice_str(text)};

	send_request(f, asker, MSG_LIVE_PUBLISH, &piece);
	commit(f);
}

static void
finish_as(struct fixture *f, struct asker *asker, const struct id *turn, const char *text)
{
	struct msg_turn_finish finish = finish_of(turn, text);

	ask_as(f, asker, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
}

STORE_TEST(a_closed_reply_is_answered_with_its_text)
{
	static const enum message_status statuses[] = {
	    MESSAGE_COMPLETE, MESSAGE_STOPPED, MESSAGE_INTERRUPTED};
	static const char *const sessions[] = {"s1", "s2", "s3"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct msg_turn_begin begin = open_turn(f, sessions[i]);
		struct msg_turn_finish finish = finish_of(&begin.turn, "hi there");
		struct msg_turn_join join = join_of(&begin, 3);
		union msg m;

		finish.status = (uint8_t)statuses[i];
		finish.prompt_tokens = 7;
		finish.completion_tokens = 2;
		ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
		ask_as(f, &f->b, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
		assert_true(id_equal(&m.turn_state.conversation, &begin.conversation));
		assert_true(id_equal(&m.turn_state.turn, &begin.turn));
		assert_int_equal(m.turn_state.open, 0);
		assert_int_equal(m.turn_state.own, 0);
		assert_int_equal(m.turn_state.status, statuses[i]);
		assert_text(m.turn_state.text, "hi there");
		assert_int_equal(m.turn_state.prompt_tokens, 7);
		assert_int_equal(m.turn_state.completion_tokens, 2);
	}
	assert_int_equal(f->live.turns.n, 0);
	expect_silence_all(f);
}

/* Only a damaged store has this. */
STORE_TEST(a_reply_without_a_message_is_answered_as_interrupted)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	struct key key = key_id(&begin.turn);
	struct txn t;
	union msg m;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_OPEN_TURNS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	ask_as(f, &f->b, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 0);
	assert_int_equal(m.turn_state.status, MESSAGE_INTERRUPTED);
	assert_int_equal(m.turn_state.text.len, 0);
}

STORE_TEST(the_writer_of_a_reply_does_not_follow_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	union msg m;

	ask(f, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 1);
	assert_int_equal(m.turn_state.own, 1);
	assert_true(id_equal(&m.turn_state.run, &begin.turn));
	assert_int_equal(f->live.turns.n, 0);
	expect_silence_all(f);
}

STORE_TEST(a_reply_is_its_sessions_alone)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join other_session = join_of(&begin, 0);
	struct msg_turn_join other_widget = other_session, other_org = other_session;
	struct msg_turn_join nothing = other_session;

	open_turn(f, "s2");
	other_session.session = slice_str("s2");
	other_widget.widget = id_new();
	other_org.org = id_new();
	nothing.turn = id_new();
	for (int closed = 0; closed < 2; closed++) {
		ask_error_as(f, &f->b, MSG_TURN_JOIN, &other_session, STORE_NOT_FOUND);
		ask_error_as(f, &f->b, MSG_TURN_JOIN, &other_widget, STORE_NOT_FOUND);
		ask_error_as(f, &f->b, MSG_TURN_JOIN, &other_org, STORE_NOT_FOUND);
		ask_error_as(f, &f->b, MSG_TURN_JOIN, &nothing, STORE_NOT_FOUND);
		/* The writer learns no more than others. */
		ask_error(f, MSG_TURN_JOIN, &other_session, STORE_NOT_FOUND);
		finish_as(f, &f->a, &begin.turn, "hi");
	}
	assert_int_equal(f->live.turns.n, 0);
	expect_silence_all(f);
}

STORE_TEST(a_turn_whose_conversation_is_gone_is_damaged)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	struct key key = key_id(&begin.conversation);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_CONVERSATIONS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	ask_error_as(f, &f->b, MSG_TURN_JOIN, &join, STORE_INTERNAL);
}

STORE_TEST(a_reply_that_cannot_be_ended_cannot_be_followed)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);

	join_as(f, &f->b, &begin, 0);
	expect_wanted(f, &f->a, &begin.turn, 0);
	damage(f, TABLE_TOTALS, &id_default_org);
	lose(f, &f->a);
	assert_false(TAILQ_EMPTY(&f->open.stuck));
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	ask_error_as(f, &f->b, MSG_TURN_JOIN, &join, STORE_INTERNAL);
	assert_int_equal(f->live.turns.n, 0);
}

STORE_TEST(there_are_only_so_many_followings)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1"), followed = followed_turn(f, "s2");
	struct msg_turn_join join = join_of(&begin, 0);
	size_t n = f->live.turns.n, own = f->b.client.follows[TOPIC_TURNS].n;

	f->live.turns.n = TOPICS_MAX;
	ask_error_as(f, &f->b, MSG_TURN_JOIN, &join, STORE_FULL);
	/* A followed reply may be joined again. */
	join_as(f, &f->b, &followed, 2);
	expect_wanted(f, &f->a, &followed.turn, 2);
	f->live.turns.n = n;
	f->b.client.follows[TOPIC_TURNS].n = TOPICS_CLIENT_MAX;
	ask_error_as(f, &f->b, MSG_TURN_JOIN, &join, STORE_FULL);
	f->b.client.follows[TOPIC_TURNS].n = own;
	join_as(f, &f->b, &begin, 0);
	assert_int_equal(f->live.turns.n, 2);
}

STORE_TEST(followers_get_pieces_and_then_the_end)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	publish_as(f, &f->a, &begin.turn, 0, "one ");
	expect_text(f, &f->b, &begin.turn, 0, "one ");
	publish_as(f, &f->a, &begin.turn, 4, "two");
	expect_text(f, &f->b, &begin.turn, 4, "two");
	expect_silence_all(f);
	finish_as(f, &f->a, &begin.turn, "one two");
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
	assert_int_equal(f->b.client.follows[TOPIC_TURNS].n, 0);
}

/* In one batch: the answer first, then all notifications, in their order. */
STORE_TEST(notifications_of_one_batch_keep_their_order)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	struct msg_live_publish missed = {.turn = begin.turn, .text = slice_str("missed ")};
	struct msg_live_publish piece = {
	    .turn = begin.turn, .offset = 7, .text = slice_str("seen")};
	struct msg_turn_finish finish = finish_of(&begin.turn, "missed seen");
	uint64_t r[2];

	send_request(f, &f->a, MSG_LIVE_PUBLISH, &missed);
	r[0] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	r[1] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	commit(f);
	expect_answer(f, &f->b, r[0], MSG_TURN_STATE, NULL);
	expect_text(f, &f->b, &begin.turn, 7, "seen");
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_answer(f, &f->a, r[1], MSG_OK, NULL);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
}

STORE_TEST(a_join_behind_the_end_in_one_batch_is_answered_by_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	uint64_t r[2];
	union msg m;

	r[0] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	r[1] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_OK, NULL);
	expect_answer(f, &f->b, r[1], MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 0);
	assert_text(m.turn_state.text, "hi");
	expect_silence_all(f);
}

STORE_TEST(a_follower_does_not_get_text_that_it_has)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");

	join_as(f, &f->b, &begin, 4);
	expect_wanted(f, &f->a, &begin.turn, 4);
	publish_as(f, &f->a, &begin.turn, 0, "abcd");
	expect_silence_all(f);
	publish_as(f, &f->a, &begin.turn, 2, "cdef");
	expect_text(f, &f->b, &begin.turn, 2, "cdef");
	/* A gap: the client will ask for the missing text. */
	publish_as(f, &f->a, &begin.turn, 8, "ij");
	expect_text(f, &f->b, &begin.turn, 8, "ij");
	join_as(f, &f->b, &begin, 6);
	expect_wanted(f, &f->a, &begin.turn, 6);
	publish_as(f, &f->a, &begin.turn, 6, "ghij");
	expect_text(f, &f->b, &begin.turn, 6, "ghij");
	publish_as(f, &f->a, &begin.turn, 8, "ij");
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 1);
}

/* A client that waits for its place in the text learns that there is none yet. */
STORE_TEST(an_empty_piece_is_handed_on)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	publish_as(f, &f->a, &begin.turn, 0, "");
	expect_text(f, &f->b, &begin.turn, 0, "");
	/* Earlier text changes nothing. */
	publish_as(f, &f->a, &begin.turn, 0, "abc");
	expect_text(f, &f->b, &begin.turn, 0, "abc");
	publish_as(f, &f->a, &begin.turn, 0, "");
	expect_text(f, &f->b, &begin.turn, 0, "");
	publish_as(f, &f->a, &begin.turn, 0, "abc");
	expect_silence_all(f);
}

STORE_TEST(pieces_without_followers_are_dropped)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct id nowhere = id_new();

	publish_as(f, &f->a, &begin.turn, 0, "hello");
	finish_as(f, &f->a, &begin.turn, "hello");
	/* It was under way when the turn ended, or was erased. */
	publish_as(f, &f->a, &begin.turn, 0, "hello");
	publish_as(f, &f->a, &nowhere, 0, "hello");
	expect_silence_all(f);
	assert_null(f->a.client.fault);
}

static void
tell_unsaved_as(struct fixture *f, struct asker *asker, const struct id *turn, bool full)
{
	struct msg_live_unsaved unsaved = {.turn = *turn, .full = full};

	send_request(f, asker, MSG_LIVE_UNSAVED, &unsaved);
	commit(f);
}

/* That is not an end: it is still followed. */
STORE_TEST(followers_are_told_that_the_end_is_not_stored)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1"), alone = open_turn(f, "s2");

	for (int full = 0; full < 2; full++) {
		union msg m;

		tell_unsaved_as(f, &f->a, &begin.turn, full);
		expect_answer(f, &f->b, 0, MSG_LIVE_UNSAVED, &m);
		assert_true(id_equal(&m.live_unsaved.turn, &begin.turn));
		assert_int_equal(m.live_unsaved.full, full);
	}
	tell_unsaved_as(f, &f->a, &alone.turn, true);
	expect_silence_all(f);
	finish_as(f, &f->a, &begin.turn, "one");
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	tell_unsaved_as(f, &f->a, &begin.turn, true);
	expect_silence_all(f);
	assert_null(f->a.client.fault);
}

STORE_TEST(saying_that_anothers_reply_is_not_stored_is_a_fault)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	tell_unsaved_as(f, &f->b, &begin.turn, true);
	assert_non_null(f->b.client.fault);
	expect_silence_all(f);
}

STORE_TEST(publishing_anothers_reply_is_a_fault)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	publish_as(f, &f->b, &begin.turn, 0, "forged");
	assert_non_null(f->b.client.fault);
	assert_null(f->a.client.fault);
	expect_silence_all(f);
}

STORE_TEST(publishing_an_unclaimed_reply_is_a_fault)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");

	store_restart(f, STORE_BYTES);
	publish_as(f, &f->a, &begin.turn, 0, "early");
	assert_non_null(f->a.client.fault);
}

STORE_TEST(publishing_beyond_the_longest_reply_is_a_fault)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	publish_as(f, &f->a, &begin.turn, TEXT_MAX - 1, "x");
	expect_text(f, &f->b, &begin.turn, TEXT_MAX - 1, "x");
	assert_null(f->a.client.fault);
	publish_as(f, &f->a, &begin.turn, TEXT_MAX - 1, "xy");
	assert_non_null(f->a.client.fault);
	expect_silence_all(f);
}

STORE_TEST(the_owner_is_notified_when_the_last_follower_leaves)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_leave leave = {begin.turn};

	ask_as(f, &f->b, MSG_TURN_LEAVE, &leave, MSG_OK, NULL);
	expect_told(f, &f->a, MSG_LIVE_UNWANTED, &begin.turn);
	/* To leave a reply that is not followed is harmless. */
	ask_as(f, &f->b, MSG_TURN_LEAVE, &leave, MSG_OK, NULL);
	ask(f, MSG_TURN_LEAVE, &leave, MSG_OK, NULL);
	publish_as(f, &f->a, &begin.turn, 0, "late");
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
	assert_true(LIST_EMPTY(&f->b.client.follows[TOPIC_TURNS].list));
}

STORE_TEST(a_client_that_leaves_does_not_affect_others)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_leave leave = {begin.turn};
	struct asker *c = xcalloc(1, sizeof(*c));

	asker_init(c);
	join_as(f, c, &begin, 0);
	asker_forget_frames(c);
	expect_wanted(f, &f->a, &begin.turn, 0);
	publish_as(f, &f->a, &begin.turn, 0, "for both");
	expect_text(f, &f->b, &begin.turn, 0, "for both");
	expect_text(f, c, &begin.turn, 0, "for both");
	ask_as(f, &f->b, MSG_TURN_LEAVE, &leave, MSG_OK, NULL);
	expect_silence_all(f);
	publish_as(f, &f->a, &begin.turn, 8, ", for one");
	expect_text(f, c, &begin.turn, 8, ", for one");
	expect_silence_all(f);
	/* The last one disconnects. */
	client_goes(f, c);
	expect_told(f, &f->a, MSG_LIVE_UNWANTED, &begin.turn);
	assert_int_equal(f->live.turns.n, 0);
	buf_clear(&c->out);
	free(c);
}

STORE_TEST(a_follower_that_takes_nothing_is_too_far_behind)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	buf_clear(&f->b.out);
	buf_init(&f->b.out, 10);
	finish_as(f, &f->a, &begin.turn, "its end does not fit");
	assert_string_equal(f->b.client.fault, "too far behind");
	assert_null(f->a.client.fault);
	expect_silence_all(f);
}

/* A slow client asks for the text again once it has read what is queued. Until then there is
 * room for its answers, and it keeps its connection and its own turns. */
STORE_TEST(a_follower_that_is_slow_misses_text_and_nothing_else)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");

	buf_clear(&f->b.out);
	buf_init(&f->b.out, LIVE_ROOM_LEFT + 4);
	publish_as(f, &f->a, &begin.turn, 0, "one two");
	expect_silence_all(f);
	publish_as(f, &f->a, &begin.turn, 7, " thr");
	expect_text(f, &f->b, &begin.turn, 7, " thr");
	join_as(f, &f->b, &begin, 0);
	expect_wanted(f, &f->a, &begin.turn, 0);
	publish_as(f, &f->a, &begin.turn, 0, "one two three");
	finish_as(f, &f->a, &begin.turn, "one two three");
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	assert_null(f->b.client.fault);
	expect_silence_all(f);
}

STORE_TEST(followers_are_told_the_end_when_the_owner_disconnects)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	union msg m;

	lose(f, &f->a);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
	ask_as(f, &f->b, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 0);
	assert_int_equal(m.turn_state.status, MESSAGE_INTERRUPTED);
}

STORE_TEST(an_owner_that_reconnects_learns_the_first_wanted_byte)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");

	publish_as(f, &f->a, &begin.turn, 0, "so far");
	expect_text(f, &f->b, &begin.turn, 0, "so far");
	client_goes(f, &f->a);
	expect_silence_all(f);
	ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	expect_wanted(f, &f->a, &begin.turn, 6);
	publish_as(f, &f->a, &begin.turn, 6, ", so good");
	expect_text(f, &f->b, &begin.turn, 6, ", so good");
	expect_silence_all(f);
}

STORE_TEST(a_reply_can_be_followed_before_it_is_claimed)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");

	store_restart(f, STORE_BYTES);
	join_as(f, &f->b, &begin, 3);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 1);
	ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	expect_wanted(f, &f->a, &begin.turn, 3);
	publish_as(f, &f->a, &begin.turn, 3, "more");
	expect_text(f, &f->b, &begin.turn, 3, "more");
	/* Further checkpoints change nothing. */
	ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	expect_silence_all(f);
}

STORE_TEST(followers_are_told_the_end_of_an_unclaimed_turn)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");

	store_restart(f, STORE_BYTES);
	join_as(f, &f->b, &begin, 0);
	assert_int_equal(open_turns_lose(&f->open, &f->open.found), 1);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
}

STORE_TEST(a_restarted_reply_has_no_followers)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1"), anew = begin;
	struct msg_turn_join join = join_of(&begin, 0);
	uint64_t request;
	union msg m;

	client_goes(f, &f->a);
	anew.turn = id_new();
	request = send_request(f, &f->a, MSG_TURN_BEGIN, &anew);
	commit(f);
	expect_answer(f, &f->a, request, MSG_TURN_BEGUN, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
	/* A client that joins again learns of the other run. */
	ask_as(f, &f->b, MSG_TURN_JOIN, &join, MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 1);
	assert_true(id_equal(&m.turn_state.run, &anew.turn));
	expect_wanted(f, &f->a, &begin.turn, 0);
}

STORE_TEST(a_follower_that_restarts_the_reply_stops_following)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1"), anew = begin;

	client_goes(f, &f->a);
	anew.turn = id_new();
	ask_as(f, &f->b, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
}

/* It joined before it knew that the turn is its own again. */
STORE_TEST(a_follower_that_claims_the_turn_follows_no_more)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");

	store_restart(f, STORE_BYTES);
	join_as(f, &f->a, &begin, 0);
	ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	expect_told(f, &f->a, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 0);
	assert_null(topics_find(&f->live.turns, &begin.turn));
}

/* The owner's claim follows the join in the same batch, over the same connection or another one. */
STORE_TEST(a_claim_and_a_join_in_one_batch_know_of_each_other)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	struct msg_turn_join join = join_of(&begin, 0);
	uint64_t r[4];
	union msg m;

	store_restart(f, STORE_BYTES);
	r[0] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	r[1] = send_request(f, &f->a, MSG_TURN_JOIN, &join);
	r[2] = send_request(f, &f->a, MSG_TURN_CHECKPOINT, &claim);
	r[3] = send_request(f, &f->a, MSG_TURN_JOIN, &join);
	commit(f);
	expect_answer(f, &f->b, r[0], MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.own, 0);
	expect_answer(f, &f->a, r[1], MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.own, 0);
	expect_answer(f, &f->a, r[2], MSG_OK, NULL);
	expect_answer(f, &f->a, r[3], MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.own, 1);
	expect_told(f, &f->a, MSG_LIVE_END, &begin.turn);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 1);
}

/* The old connection is closing when the new one joins. */
STORE_TEST(an_owner_that_joins_over_another_line_is_followed_by_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");

	/* b, who follows, becomes the owner by the same run. */
	ask_as(f, &f->b, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	join_as(f, &f->a, &begin, 0);
	expect_wanted(f, &f->b, &begin.turn, 0);
	publish_as(f, &f->b, &begin.turn, 0, "hi");
	expect_text(f, &f->a, &begin.turn, 0, "hi");
	expect_silence_all(f);
}

STORE_TEST(an_erased_reply_is_followed_no_more)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_conversation_erase erase = {id_default_org, begin.conversation};
	struct msg_turn_join join = join_of(&begin, 0);

	publish_as(f, &f->a, &begin.turn, 0, "so far");
	expect_text(f, &f->b, &begin.turn, 0, "so far");
	ask(f, MSG_CONVERSATION_ERASE, &erase, MSG_ERASED, NULL);
	/* Its writer is notified too. */
	expect_told(f, &f->a, MSG_LIVE_END, &begin.turn);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	publish_as(f, &f->a, &begin.turn, 6, " on its way");
	expect_silence_all(f);
	assert_null(f->a.client.fault);
	assert_int_equal(f->live.turns.n, 0);
	ask_error_as(f, &f->b, MSG_TURN_JOIN, &join, STORE_NOT_FOUND);
}

STORE_TEST(a_reply_erased_and_joined_in_one_batch_ends_at_once)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_conversation_erase erase = {id_default_org, begin.conversation};
	struct msg_turn_join join = join_of(&begin, 0);
	uint64_t r[3];

	r[0] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	r[1] = send_request(f, &f->a, MSG_CONVERSATION_ERASE, &erase);
	r[2] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	commit(f);
	expect_answer(f, &f->b, r[0], MSG_TURN_STATE, NULL);
	expect_error(f, &f->b, r[2], STORE_NOT_FOUND);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_answer(f, &f->a, r[1], MSG_ERASED, NULL);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_told(f, &f->a, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
}

STORE_TEST(a_reply_that_ended_before_it_was_erased_is_nobodys)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_finish finish = finish_of(&begin.turn, "so far");
	struct msg_conversation_erase erase = {id_default_org, begin.conversation};
	uint64_t r[2];

	r[0] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	r[1] = send_request(f, &f->b, MSG_CONVERSATION_ERASE, &erase);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_OK, NULL);
	expect_answer(f, &f->b, r[1], MSG_ERASED, NULL);
	expect_silence_all(f);
}

STORE_TEST(a_follower_stops_the_owner)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_stop stop = {begin.turn};
	struct msg_turn_finish finish = finish_of(&begin.turn, "so f");
	uint64_t request;

	ask_as(f, &f->b, MSG_TURN_STOP, &stop, MSG_OK, NULL);
	expect_told(f, &f->a, MSG_LIVE_STOP, &begin.turn);
	expect_silence_all(f);
	finish.status = MESSAGE_STOPPED;
	request = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	commit(f);
	expect_answer(f, &f->a, request, MSG_OK, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	EXPECT_MESSAGES(f, &begin.conversation, "cs", "hello", "so f");
}

STORE_TEST(only_followers_may_stop_a_reply)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_join join = join_of(&begin, 0);
	struct msg_turn_leave leave = {begin.turn};
	struct msg_turn_stop stop = {begin.turn};
	uint64_t r[5];

	ask_error_as(f, &f->b, MSG_TURN_STOP, &stop, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_STOP, &stop, STORE_NOT_FOUND);
	expect_silence_all(f);
	/* A join of the same batch counts. */
	r[0] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	r[1] = send_request(f, &f->b, MSG_TURN_STOP, &stop);
	r[2] = send_request(f, &f->b, MSG_TURN_LEAVE, &leave);
	r[3] = send_request(f, &f->b, MSG_TURN_STOP, &stop);
	r[4] = send_request(f, &f->a, MSG_TURN_STOP, &stop);
	commit(f);
	expect_answer(f, &f->b, r[0], MSG_TURN_STATE, NULL);
	expect_answer(f, &f->b, r[1], MSG_OK, NULL);
	expect_answer(f, &f->b, r[2], MSG_OK, NULL);
	expect_error(f, &f->b, r[3], STORE_NOT_FOUND);
	expect_error(f, &f->a, r[4], STORE_NOT_FOUND);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_told(f, &f->a, MSG_LIVE_STOP, &begin.turn);
	expect_told(f, &f->a, MSG_LIVE_UNWANTED, &begin.turn);
	expect_silence_all(f);
}

STORE_TEST(a_stop_waits_for_a_claim)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = open_turn(f, "s1");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	struct msg_turn_leave leave = {begin.turn};
	struct msg_turn_stop stop = {begin.turn};

	for (int leaves = 0; leaves < 2; leaves++) {
		store_restart(f, STORE_BYTES);
		join_as(f, &f->b, &begin, 0);
		ask_as(f, &f->b, MSG_TURN_STOP, &stop, MSG_OK, NULL);
		expect_silence_all(f);
		/* Also if the client that stopped it has left since. */
		if (leaves)
			ask_as(f, &f->b, MSG_TURN_LEAVE, &leave, MSG_OK, NULL);
		ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
		if (!leaves)
			expect_wanted(f, &f->a, &begin.turn, 0);
		expect_told(f, &f->a, MSG_LIVE_STOP, &begin.turn);
		expect_silence_all(f);
	}
	finish_as(f, &f->a, &begin.turn, "");
	expect_silence_all(f);
}

/* The stop was not meant for a restarted run. */
STORE_TEST(a_stop_ends_with_its_run)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1"), anew = begin;
	struct msg_turn_stop stop = {begin.turn};

	ask_as(f, &f->b, MSG_TURN_STOP, &stop, MSG_OK, NULL);
	expect_told(f, &f->a, MSG_LIVE_STOP, &begin.turn);
	client_goes(f, &f->a);
	anew.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
}

STORE_TEST(a_stop_behind_the_end_in_one_batch_does_nothing)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_turn_stop stop = {begin.turn};
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	uint64_t r[2];

	r[0] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	r[1] = send_request(f, &f->b, MSG_TURN_STOP, &stop);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_OK, NULL);
	expect_answer(f, &f->b, r[1], MSG_OK, NULL);
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
}

#define SMALL_BYTES (1024u * 1024)

/* The longest question. */
static struct msg_turn_begin
long_question(void)
{
	static char text[12001];
	struct msg_turn_begin begin;

	memset(text, 'x', sizeof(text) - 1);
	begin = begin_of("full", text);
	begin.history = 1;
	return begin;
}

/* Fills the store, so that there is no room for another such question. */
static void
fill(struct fixture *f)
{
	union msg m;
	enum msg_type type;

	do {
		struct msg_turn_begin begin = long_question();
		uint64_t request;

		request = send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		commit(f);
		type = take_answer(f, &f->a, request, &m);
	} while (type != MSG_ERROR);
	assert_int_equal(m.error.code, STORE_FULL);
}

/* Live messages need no room, and each is sent once if a batch is undone. */
STORE_TEST(live_messages_continue_on_a_full_store)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin, refused = long_question();
	struct msg_live_publish piece = {.text = slice_str("live")};
	struct msg_turn_join join;
	struct msg_turn_stop stop;
	uint64_t r[3];
	union msg m;

	store_restart(f, SMALL_BYTES);
	begin = open_turn(f, "s1");
	join = join_of(&begin, 0);
	stop.turn = piece.turn = begin.turn;
	fill(f);
	r[0] = send_request(f, &f->b, MSG_TURN_JOIN, &join);
	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	r[1] = send_request(f, &f->b, MSG_TURN_STOP, &stop);
	r[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &refused);
	commit(f);
	expect_answer(f, &f->b, r[0], MSG_TURN_STATE, &m);
	assert_int_equal(m.turn_state.open, 1);
	expect_answer(f, &f->b, r[1], MSG_OK, NULL);
	expect_text(f, &f->b, &begin.turn, 0, "live");
	expect_error(f, &f->a, r[2], STORE_FULL);
	expect_wanted(f, &f->a, &begin.turn, 0);
	expect_told(f, &f->a, MSG_LIVE_STOP, &begin.turn);
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 1);
}

/* If the end of a turn could not be stored, its followers are not told an end. */
STORE_TEST(an_end_that_is_undone_is_not_announced)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin, bad = begin_of("bad", "x");
	struct msg_turn_finish finish;
	struct msg_live_publish piece = {.text = slice_str("hi")};
	uint64_t r[2];
	char *text = xcalloc(1, TEXT_MAX + 1);

	store_restart(f, SMALL_BYTES);
	begin = followed_turn(f, "s1");
	fill(f);
	memset(text, 'x', TEXT_MAX);
	finish = finish_of(&begin.turn, text);
	piece.turn = begin.turn;
	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	r[0] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	commit(f);
	expect_error(f, &f->a, r[0], STORE_FULL);
	expect_text(f, &f->b, &begin.turn, 0, "hi");
	expect_silence_all(f);
	assert_int_equal(f->live.turns.n, 1);
	free(text);

	/* A batch that runs again without the request that failed halfway. */
	store_restart(f, STORE_BYTES);
	begin = followed_turn(f, "s2");
	bad.org = make_org(f);
	damage(f, TABLE_TOTALS, &bad.org);
	finish = finish_of(&begin.turn, "hi");
	piece.turn = begin.turn;
	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	r[0] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	r[1] = send_request(f, &f->b, MSG_TURN_BEGIN, &bad);
	assert_false(batch_is_open(&f->batch));
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_OK, NULL);
	expect_error(f, &f->b, r[1], STORE_INTERNAL);
	expect_text(f, &f->b, &begin.turn, 0, "hi");
	expect_told(f, &f->b, MSG_LIVE_END, &begin.turn);
	expect_silence_all(f);
}

STORE_TEST(what_is_only_told_needs_no_transaction)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = followed_turn(f, "s1");
	struct msg_live_publish piece = {.turn = begin.turn, .text = slice_str("hi")};
	struct msg_turn_leave leave = {begin.turn};
	uint64_t request;

	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	request = send_request(f, &f->b, MSG_TURN_LEAVE, &leave);
	assert_null(f->batch.txn.mdb);
	commit(f);
	expect_answer(f, &f->b, request, MSG_OK, NULL);
	expect_text(f, &f->b, &begin.turn, 0, "hi");
	expect_told(f, &f->a, MSG_LIVE_UNWANTED, &begin.turn);
	expect_silence_all(f);
}

TEST_MAIN(NULL, NULL)
