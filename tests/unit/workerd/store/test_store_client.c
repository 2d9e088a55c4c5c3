/*
 * The client of storaged: requests with and without a timeout, messages without a reply, and
 * unsolicited messages; across disconnects.
 */
#include "tests/unit/unit.h"
#include "tests/unit/workerd/turn/turn_stage.h"

/* The events of a listener. */
struct news {
	unsigned connected, lost, n;
	uint16_t type;
	struct id turn;
	struct store_client *store;
	bool asks; /* makes a request on disconnect */
	int sent;  /* what store_send() returned on disconnect */
	unsigned answers;
	uint16_t answer, error;
};

static void
on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct news *news = arg;

	assert_true((type == 0) == (m == NULL));
	news->answers++;
	news->answer = type;
	news->error = type == MSG_ERROR ? m->error.code : 0;
}

static void
ask(struct news *news, unsigned timeout_ms)
{
	struct msg_ping ping = {};

	assert_non_null(store_call(news->store, MSG_PING, &ping, timeout_ms, on_answer, news));
}

static void
on_connected(void *arg)
{
	struct news *news = arg;

	news->connected++;
}

static void
on_lost(void *arg)
{
	struct news *news = arg;

	news->lost++;
	if (news->asks)
		ask(news, STORE_TIMEOUT_MS);
}

static void
on_lost_send(void *arg)
{
	const struct msg_live_publish piece = {.turn = id_new(), .text = slice_str("text")};
	struct news *news = arg;

	news->sent = store_send(news->store, MSG_LIVE_PUBLISH, &piece);
}

static void
on_news(void *arg, uint16_t type, const union msg *m)
{
	struct news *news = arg;

	news->n++;
	news->type = type;
	news->turn = m->live_end.turn;
}

static const struct store_events events = {
    .connected = on_connected, .lost = on_lost, .notification = on_news};

static void
listen_to(struct stage *s, const struct store_events *e, struct news *news)
{
	*news = (struct news){.store = s->turns.store};
	store_client_listen(s->turns.store, e, news);
}

static void
answer_ping(struct stage *s)
{
	store_answer(s, store_expect(s, MSG_PING, NULL), MSG_OK, &(struct msg_ok){});
}

/* Answers the request, once. */
static void
expect_ok(struct stage *s, struct news *news)
{
	answer_ping(s);
	STAGE_UNTIL(s, news->answers == 1);
	assert_int_equal(news->answer, MSG_OK);
}

static void
answer_pong(struct stage *s)
{
	store_answer(s, store_expect(s, MSG_PING, NULL), MSG_PONG, &(struct msg_pong){});
}

STAGE_TEST(unsolicited_messages_go_to_listeners)
{
	struct stage *s = *state;
	struct news news;
	struct msg_live_end end = {.turn = id_new()};

	listen_to(s, &events, &news);
	store_accept(s);
	assert_int_equal(news.connected, 1);
	ask(&news, STORE_TIMEOUT_MS);
	store_notify(s, MSG_LIVE_END, &end);
	STAGE_UNTIL(s, news.n == 1);
	assert_int_equal(news.type, MSG_LIVE_END);
	assert_true(id_equal(&news.turn, &end.turn));
	assert_int_equal(news.answers, 0);
	answer_ping(s);
	STAGE_UNTIL(s, news.answers == 1);
	assert_int_equal(news.n, 1);
}

static void
ask_numbers(struct news *news, uint8_t org, uint32_t n)
{
	const struct msg_numbers_read read = {.org.b = {org}, .from = n};

	assert_non_null(store_call_read(news->store, &read.org, MSG_NUMBERS_READ, &read,
	    STORE_TIMEOUT_MS, on_answer, news));
}

/* The next request reads numbers of this organization; its id. */
static uint64_t
expect_numbers(struct stage *s, uint8_t org, uint32_t n)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_NUMBERS_READ, &m);

	assert_int_equal(m.numbers_read.org.b[0], org);
	assert_int_equal(m.numbers_read.from, n);
	return request;
}

/* An organization that reads much waits for itself: others do not wait for all of it. */
STAGE_TEST(numbers_of_one_organization_leave_turns_to_the_others)
{
	struct stage *s = *state;
	struct news news;
	uint64_t first;

	listen_to(s, &events, &news);
	store_accept(s);
	for (uint32_t n = 0; n < 5; n++)
		ask_numbers(&news, 1, n);
	ask_numbers(&news, 2, 0);
	ask(&news, STORE_TIMEOUT_MS);
	first = expect_numbers(s, 1, 0);
	(void)expect_numbers(s, 2, 0);
	expect_ok(s, &news);
	store_answer(s, first, MSG_ERROR, &(struct msg_error){.code = STORE_INTERNAL});
	STAGE_UNTIL(s, news.answers == 2);
	(void)expect_numbers(s, 1, 1);
}

/* Requests that chats need are of the same types, and wait for no place. */
STAGE_TEST(who_reads_much_is_refused_and_its_chats_are_not)
{
	const struct msg_message_list list = {.org.b = {1}, .limit = 1};
	struct stage *s = *state;
	struct news news;
	uint32_t n = 0;
	union msg m;

	listen_to(s, &events, &news);
	store_accept(s);
	while (store_call_read(
		   news.store, &list.org, MSG_MESSAGE_LIST, &list, 0, on_answer, &news) != NULL)
		n++;
	/* One is sent, and 128 wait. */
	assert_int_equal(n, 129);
	assert_int_equal(s->board.reads_refused, 1);
	assert_int_equal(news.answers, 0);
	ask_numbers(&news, 2, 0);
	assert_non_null(store_call(news.store, MSG_MESSAGE_LIST, &list, 0, on_answer, &news));
	(void)store_expect(s, MSG_MESSAGE_LIST, &m);
	(void)expect_numbers(s, 2, 0);
	store_answer(s, store_expect(s, MSG_MESSAGE_LIST, &m), MSG_ERROR,
	    &(struct msg_error){.code = STORE_INTERNAL});
	STAGE_UNTIL(s, news.answers == 1);
	/* It waited for none, so its answer gives none. */
	assert_null(store_call_read(
	    news.store, &list.org, MSG_MESSAGE_LIST, &list, 0, on_answer, &news));
}

STAGE_TEST(all_listeners_get_the_same_events)
{
	static const struct store_events only_news = {.notification = on_news};
	struct stage *s = *state;
	struct news first, second, third;
	struct msg_live_end end = {.turn = id_new()};

	listen_to(s, &events, &first);
	listen_to(s, &only_news, &second);
	listen_to(s, &events, &third);
	store_accept(s);
	store_notify(s, MSG_LIVE_END, &end);
	STAGE_UNTIL(s, third.n == 1);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 1);
	assert_true(id_equal(&second.turn, &end.turn));
	assert_int_equal(third.connected, 1);
	store_accept(s);
	STAGE_UNTIL(s, third.lost == 1 && third.connected == 2);
	assert_int_equal(first.lost, 1);
	assert_int_equal(second.lost + second.connected, 0);
}

STAGE_TEST(a_message_without_a_reply_needs_a_connection)
{
	struct stage *s = *state;
	struct msg_live_publish piece = {.turn = id_new(), .text = slice_str("text")};
	union msg m;

	assert_int_equal(store_send(s->turns.store, MSG_LIVE_PUBLISH, &piece), -1);
	store_accept(s);
	assert_int_equal(store_send(s->turns.store, MSG_LIVE_PUBLISH, &piece), 0);
	assert_int_equal(store_expect(s, MSG_LIVE_PUBLISH, &m), 0);
	assert_true(slice_eq_str(m.live_publish.text, "text"));
	assert_int_equal(store_send(s->turns.store, MSG_LIVE_PUBLISH, &piece), 0);
	store_accept(s);
	store_expect_nothing(s);
}

STAGE_TEST(a_request_without_a_timeout_survives_a_reconnect)
{
	struct stage *s = *state;
	struct news news, limited = {.store = s->turns.store};

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	ask(&limited, 1);
	store_expect(s, MSG_PING, NULL);
	store_expect(s, MSG_PING, NULL);
	STAGE_UNTIL(s, limited.answers == 1);
	assert_int_equal(limited.answer, 0);
	store_accept(s);
	assert_int_equal(news.answers, 0);
	expect_ok(s, &news);
}

/* The first of three is the cause: it alone is in flight again, and the others are sent after it. */
STAGE_TEST(a_request_on_which_storaged_died_twice_is_refused_and_others_are_answered)
{
	struct stage *s = *state;
	struct news poisoned, others;

	listen_to(s, &events, &poisoned);
	listen_to(s, &events, &others);
	store_accept(s);
	ask(&poisoned, 0);
	ask(&others, 0);
	ask(&others, 0);
	for (int i = 0; i < 3; i++)
		store_expect(s, MSG_PING, NULL);
	store_accept(s);
	ask(&others, 0);
	store_expect(s, MSG_PING, NULL);
	store_expect_nothing(s);
	assert_int_equal(poisoned.answers, 0);
	store_accept(s);
	assert_int_equal(poisoned.answers, 1);
	assert_int_equal(poisoned.error, STORE_POISONED);
	for (unsigned i = 1; i <= 3; i++) {
		answer_ping(s);
		STAGE_UNTIL(s, others.answers == i);
		assert_int_equal(others.answer, MSG_OK);
	}
	store_expect_nothing(s);
}

/* storaged closes connections when its log does not answer. */
STAGE_TEST(a_request_that_the_same_process_does_not_answer_is_repeated_until_it_does)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	for (int i = 0; i < 5; i++) {
		store_expect(s, MSG_PING, NULL);
		s->instance--;
		store_accept(s);
		assert_int_equal(news.answers, 0);
	}
	expect_ok(s, &news);
}

STAGE_TEST(a_storaged_that_says_that_it_leaves_did_not_die_on_a_request)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	for (int i = 0; i < 5; i++) {
		store_expect(s, MSG_PING, NULL);
		store_notify(s, MSG_LEAVING, &(struct msg_leaving){});
		store_accept(s);
		assert_int_equal(news.answers, 0);
	}
	expect_ok(s, &news);
	assert_int_equal(news.n, 0);
}

/* An owner whose log does not answer: it lives, but cannot know what became of the request. */
STAGE_TEST(a_storaged_that_leaves_in_doubt_did_not_die_on_a_request_and_may_have_executed_it)
{
	struct stage *s = *state;
	struct msg_read_all read = {.org = id_new()};
	struct news news, once;

	listen_to(s, &events, &news);
	listen_to(s, &events, &once);
	store_accept(s);
	ask(&news, 0);
	assert_non_null(store_call(s->turns.store, MSG_READ_ALL, &read, 0, on_answer, &once));
	store_expect(s, MSG_PING, NULL);
	store_expect(s, MSG_READ_ALL, NULL);
	for (int i = 0; i < 5; i++) {
		store_notify(s, MSG_LEAVING, &(struct msg_leaving){.in_doubt = 1});
		store_accept(s);
		assert_int_equal(once.answers, 1);
		assert_int_equal(once.answer, 0);
		store_expect(s, MSG_PING, NULL);
		assert_int_equal(news.answers, 0);
	}
	store_expect_nothing(s);
	store_accept(s);
	expect_ok(s, &news);
}

/* The store moves to and fro between two machines, as when the network between them and PostgreSQL fails. */
STAGE_TEST(a_request_is_not_refused_while_a_storaged_that_did_not_answer_it_is_seen_again)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	for (int i = 0; i < 6; i++) {
		store_expect(s, MSG_PING, NULL);
		if (i % 2 == 1)
			s->instance -= 2;
		store_accept(s);
		assert_int_equal(news.answers, 0);
	}
	expect_ok(s, &news);
}

STAGE_TEST(a_request_that_must_not_be_executed_twice_is_repeated_only_if_storaged_has_left)
{
	struct stage *s = *state;
	struct msg_read_all read = {.org = id_new()};
	struct news news;

	listen_to(s, &events, &news);
	assert_non_null(store_call(s->turns.store, MSG_READ_ALL, &read, 0, on_answer, &news));
	store_accept(s);
	store_expect(s, MSG_READ_ALL, NULL);
	store_notify(s, MSG_LEAVING, &(struct msg_leaving){});
	store_accept(s);
	store_expect(s, MSG_READ_ALL, NULL);
	assert_int_equal(news.answers, 0);
	store_accept(s);
	assert_int_equal(news.answers, 1);
	assert_int_equal(news.answer, 0);
	store_expect_nothing(s);
}

/* As by a proxy that has no store behind it. The worker does not try more often than each 50 ms. */
STAGE_TEST(a_connection_that_is_closed_at_once_is_not_one_to_the_store)
{
	struct stage *s = *state;
	struct news news;
	uint64_t start = clock_mono_ms();
	const unsigned attempts = 8;

	listen_to(s, &events, &news);
	ask(&news, 0);
	for (unsigned i = 0; i < attempts; i++) {
		int fd = stage_accept(s, s->store_listener);

		closefd(&fd);
	}
	assert_true(clock_mono_ms() - start >= (attempts - 1) * 50);
	assert_int_equal(news.connected + news.lost, 0);
	store_accept(s);
	expect_ok(s, &news);
}

/* As of a storaged that is not the owner. */
STAGE_TEST(a_store_that_greets_but_answers_no_ping_receives_no_requests)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	ask(&news, 0);
	for (int i = 0; i < 3; i++) {
		store_greet(s);
		store_expect(s, MSG_PING, NULL);
		store_expect_nothing(s);
	}
	assert_int_equal(news.connected, 0);
	store_accept(s);
	answer_ping(s);
	STAGE_UNTIL(s, news.answers == 1);
}

/* The other connection is to another process: the store has moved. */
STAGE_TEST(a_silent_connection_is_kept_until_another_one_is_up)
{
	struct stage *s = *state;
	struct news news;
	struct channel silent;

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	store_expect(s, MSG_PING, NULL);
	silent = s->store;
	s->store = (struct channel){.fd = -1};
	s->instance++;
	store_greet(s);
	assert_int_equal(news.lost, 0);
	answer_pong(s);
	STAGE_UNTIL(s, news.lost == 1 && news.connected == 2);
	answer_ping(s);
	STAGE_UNTIL(s, news.answers == 1);
	channel_close(&silent);
}

/* A call in flight that must not be executed twice. Its end makes another request, as each listener's does. */
static void
on_end_ask(void *arg, uint16_t type, const union msg *m)
{
	(void)type;
	(void)m;
	ask(arg, 0);
}

/* Each PING that storaged receives now; answers them in their order. */
static void
expect_pings_once(struct stage *s, struct news *news, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		answer_ping(s);
		STAGE_UNTIL(s, news->answers == i);
		assert_int_equal(news->answer, MSG_OK);
		assert_false(store_client_repeated(news->store));
	}
	store_expect_nothing(s);
}

STAGE_TEST(
    requests_that_are_made_when_a_connection_is_replaced_are_sent_once_behind_earlier_ones)
{
	struct stage *s = *state;
	struct msg_read_all read = {.org = id_new()};
	struct msg_budget_list check = {.org = id_new()};
	struct news news, earlier = {.store = s->turns.store};
	struct channel silent;

	listen_to(s, &events, &news);
	store_accept(s);
	assert_non_null(store_call(news.store, MSG_READ_ALL, &read, 0, on_end_ask, &news));
	store_expect(s, MSG_READ_ALL, NULL);
	silent = s->store;
	s->store = (struct channel){.fd = -1};
	s->instance++;
	/* In the output of a connection that nobody reads. */
	assert_non_null(
	    store_call(news.store, MSG_BUDGET_LIST, &check, 0, on_answer, &earlier));
	news.asks = true;
	store_greet(s);
	answer_pong(s);
	STAGE_UNTIL(s, news.lost == 1 && news.connected == 2);
	store_answer(s, store_expect(s, MSG_BUDGET_LIST, NULL), MSG_OK, &(struct msg_ok){});
	STAGE_UNTIL(s, earlier.answers == 1);
	expect_pings_once(s, &news, 2);
	channel_close(&silent);
}

STAGE_TEST(a_request_that_is_made_when_another_one_is_refused_is_sent_once)
{
	struct stage *s = *state;
	struct news poisoned;

	listen_to(s, &events, &poisoned);
	store_accept(s);
	assert_non_null(store_call(poisoned.store, MSG_BUDGET_LIST,
	    &(struct msg_budget_list){.org = id_new()}, 0, on_end_ask, &poisoned));
	store_expect(s, MSG_BUDGET_LIST, NULL);
	store_accept(s);
	store_expect(s, MSG_BUDGET_LIST, NULL);
	store_accept(s);
	expect_pings_once(s, &poisoned, 1);
}

STAGE_TEST(a_message_without_a_reply_is_not_sent_while_a_connection_is_replaced)
{
	static const struct store_events sends = {.lost = on_lost_send};
	struct stage *s = *state;
	struct news news;
	struct channel silent;

	listen_to(s, &events, &news);
	listen_to(s, &sends, &news);
	store_accept(s);
	silent = s->store;
	s->store = (struct channel){.fd = -1};
	s->instance++;
	store_greet(s);
	answer_pong(s);
	STAGE_UNTIL(s, news.lost == 1 && news.connected == 2);
	assert_int_equal(news.sent, -1);
	store_expect_nothing(s);
	channel_close(&silent);
}

STAGE_TEST(a_silent_connection_that_answers_is_used_and_the_attempt_to_replace_it_ends)
{
	struct stage *s = *state;
	struct news news;
	struct channel slow;
	uint64_t request;

	listen_to(s, &events, &news);
	store_accept(s);
	ask(&news, 0);
	request = store_expect(s, MSG_PING, NULL);
	slow = s->store;
	s->store = (struct channel){.fd = -1};
	store_greet(s);
	answer_pong(s);
	assert_int_equal(channel_send(&slow, MSG_OK, request, &(struct msg_ok){}), 0);
	assert_int_equal(channel_flush(&slow), CHANNEL_DONE);
	STAGE_UNTIL(s, news.answers == 1);
	STAGE_UNTIL(s, channel_read(&s->store) == CHANNEL_CLOSED);
	assert_int_equal(news.lost, 0);
	channel_close(&slow);
}

STAGE_TEST(a_dead_connection_to_the_same_process_is_replaced)
{
	struct stage *s = *state;
	struct news news;
	struct channel dead;

	listen_to(s, &events, &news);
	store_accept(s);
	dead = s->store;
	s->store = (struct channel){.fd = -1};
	store_greet(s);
	answer_pong(s);
	STAGE_UNTIL(s, news.lost == 1 && news.connected == 2);
	channel_close(&dead);
}

STAGE_TEST(a_request_beyond_16384_is_refused_until_one_is_answered)
{
	struct stage *s = *state;
	struct msg_ping ping = {};
	struct news news = {.store = s->turns.store};

	for (int i = 0; i < 16384; i++)
		ask(&news, 0);
	assert_null(store_call(s->turns.store, MSG_PING, &ping, 0, on_answer, &news));
	store_accept(s);
	for (unsigned i = 1; i <= 3; i++) {
		answer_ping(s);
		STAGE_UNTIL(s, news.answers == i);
		ask(&news, 0);
		assert_null(store_call(s->turns.store, MSG_PING, &ping, 0, on_answer, &news));
	}
}

STAGE_TEST(a_lost_connection_is_reported_once_and_a_request_made_then_is_sent_on_the_next)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	news.asks = true;
	store_accept(s);
	assert_int_equal(news.lost, 0);
	store_accept(s);
	assert_int_equal(news.lost, 1);
	answer_ping(s);
	STAGE_UNTIL(s, news.answers == 1);
	closefd(&s->store_listener);
	channel_close(&s->store);
	STAGE_UNTIL(s, news.lost == 2);
	/* Failed reconnects are not reported. */
	for (int i = 0; i < 200; i++)
		stage_turn(s);
	assert_int_equal(news.lost, 2);
	assert_int_equal(news.connected, 2);
}

STAGE_TEST(a_reply_to_a_cancelled_request_is_dropped)
{
	struct stage *s = *state;
	struct msg_ping ping = {};

	store_accept(s);
	assert_non_null(
	    store_call(s->turns.store, MSG_PING, &ping, STORE_TIMEOUT_MS, NULL, NULL));
	answer_ping(s);
	STAGE_UNTIL(s, s->board.store.buckets[0] > 0 || s->board.store.sum_ns > 0);
}

/* A message that only workers may send closes the connection. */
STAGE_TEST(a_protocol_error_closes_the_connection)
{
	struct stage *s = *state;
	struct news news;

	listen_to(s, &events, &news);
	store_accept(s);
	store_notify(s, MSG_TURN_LEAVE, &(struct msg_turn_leave){.turn = id_new()});
	STAGE_UNTIL(s, news.lost == 1);
	assert_int_equal(news.n, 0);
}

TEST_MAIN(NULL, NULL)
