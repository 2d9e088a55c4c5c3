/*
 * Limits of the live exchange, set by hand, and its use of transactions. Everything else is in the
 * scenarios next to this file.
 */
#include <endian.h>

#include "tests/unit/storaged/store_visitors.h"

static struct msg_turn_join
open_turn(struct fixture *f, const char *session)
{
	struct msg_turn_begin begin = begin_of(session, "hello");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	return (struct msg_turn_join){
	    .org = begin.org,
	    .widget = begin.widget,
	    .session = begin.session,
	    .turn = begin.turn,
	};
}

/* Client b sends a request and gets this answer, or an error. */
static void
ask_as_b(struct fixture *f, enum msg_type type, const void *msg, enum msg_type answer,
    enum store_error error)
{
	uint64_t request = send_request(f, &f->b, type, msg);

	commit(f);
	if (answer == MSG_ERROR)
		expect_error(f, &f->b, request, error);
	else
		expect_answer(f, &f->b, request, answer, NULL);
}

STORE_TEST(the_number_of_followed_replies_is_limited)
{
	struct fixture *f = *state;
	struct msg_turn_join join = open_turn(f, "s1"), followed = open_turn(f, "s2");
	size_t *total = &f->live.turns.n, *own = &f->b.client.follows[TOPIC_TURNS].n;

	ask_as_b(f, MSG_TURN_JOIN, &followed, MSG_TURN_STATE, 0);
	*total = TOPICS_MAX;
	ask_as_b(f, MSG_TURN_JOIN, &join, MSG_ERROR, STORE_FULL);
	/* A followed reply may be joined again. */
	ask_as_b(f, MSG_TURN_JOIN, &followed, MSG_TURN_STATE, 0);
	*total = 1;
	*own = TOPICS_CLIENT_MAX;
	ask_as_b(f, MSG_TURN_JOIN, &join, MSG_ERROR, STORE_FULL);
	*own = 1;
	ask_as_b(f, MSG_TURN_JOIN, &join, MSG_TURN_STATE, 0);
	assert_int_equal(*total, 2);
}

STORE_TEST(the_number_of_visitors_that_a_client_follows_is_limited)
{
	const struct id widget = {{1}};
	struct fixture *f = *state;
	struct topics *rooms = &f->live.rooms;
	struct msg_visitor_follow follow, another;
	struct id visitor = {{0}};

	make_widget(f, PUBLIC_ID);
	follow.token = make_guest(f, PUBLIC_ID).token;
	another.token = make_guest(f, PUBLIC_ID).token;
	ask(f, MSG_VISITOR_FOLLOW, &follow, MSG_VISITOR_STATE, NULL);
	for (uint32_t i = 1; i < TOPICS_CLIENT_MAX; i++) {
		memcpy(visitor.b + 12, &(uint32_t){htobe32(i)}, 4);
		rooms_follow(rooms, &f->a.client, &visitor, &widget);
	}
	assert_int_equal(f->a.client.follows[TOPIC_VISITORS].n, TOPICS_CLIENT_MAX);
	/* It may follow again the visitor that it follows; and another client may. */
	ask(f, MSG_VISITOR_FOLLOW, &follow, MSG_VISITOR_STATE, NULL);
	ask_as_b(f, MSG_VISITOR_FOLLOW, &follow, MSG_VISITOR_STATE, 0);
	ask_error(f, MSG_VISITOR_FOLLOW, &another, STORE_FULL);
	rooms_end_widget(rooms, &widget);
	assert_int_equal(rooms->n, 2);
	buf_reset(&f->a.out);
	ask(f, MSG_VISITOR_FOLLOW, &another, MSG_VISITOR_STATE, NULL);
}

STORE_TEST(live_messages_need_no_transaction)
{
	struct fixture *f = *state;
	struct msg_turn_join join = open_turn(f, "s1");
	struct msg_live_publish piece = {.turn = join.turn, .text = slice_str("hi")};
	struct msg_turn_leave leave = {join.turn};

	ask_as_b(f, MSG_TURN_JOIN, &join, MSG_TURN_STATE, 0);
	send_request(f, &f->a, MSG_LIVE_PUBLISH, &piece);
	send_request(f, &f->b, MSG_TURN_LEAVE, &leave);
	assert_null(f->batch.txn.mdb);
	commit(f);
	expect_answer(f, &f->b, f->requests, MSG_OK, NULL);
	expect_answer(f, &f->b, 0, MSG_LIVE_TEXT, NULL);
	expect_answer(f, &f->a, 0, MSG_LIVE_WANTED, NULL);
	expect_answer(f, &f->a, 0, MSG_LIVE_UNWANTED, NULL);
}

TEST_MAIN(NULL, NULL)
