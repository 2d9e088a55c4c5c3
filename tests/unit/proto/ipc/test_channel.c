/*
 * A channel over a real socket pair: hellos, pipelined messages, frames split at any byte, and a
 * peer that violates the protocol.
 */
#include <sys/socket.h>

#include "proto/ipc/channel.h"
#include "tests/unit/unit.h"

static struct pair {
	struct channel worker, store;
} p;
/* What the store receives. */
static struct frame f;
static union msg m;

FIXTURE(set_up)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	channel_open(&p.worker, fds[0], ROLE_WORKER, ROLE_STORE, WIRE_FRAME_MAX);
	channel_open(&p.store, fds[1], ROLE_STORE, ROLE_WORKER | ROLE_TOOL, WIRE_FRAME_MAX);
}

FIXTURE(tear_down)
{
	channel_close(&p.worker);
	channel_close(&p.store);
}

/* Sends everything that the worker has queued; the store takes no message yet. */
static void
carry(void)
{
	assert_int_equal(channel_flush(&p.worker), CHANNEL_DONE);
	assert_int_equal(channel_read(&p.store), CHANNEL_DONE);
}

/* Sends the first n bytes that the worker has queued. */
static void
carry_bytes(size_t n)
{
	assert_int_equal(write(p.worker.fd, buf_data(&p.worker.out), n), n);
	buf_consume(&p.worker.out, n);
	assert_int_equal(channel_read(&p.store), CHANNEL_DONE);
}

static void
queue(enum msg_type type, uint64_t request, const void *msg)
{
	assert_int_equal(channel_send(&p.worker, type, request, msg), 0);
}

static void
expect_next(enum wire_result result)
{
	assert_int_equal(channel_next(&p.store, &f, &m), result);
}

static void
expect_request(uint64_t request)
{
	expect_next(WIRE_OK);
	assert_int_equal(f.request, request);
}

FIXTURE_TEST(messages_come_in_order_after_the_hello)
{
	for (uint64_t i = 1; i <= 100; i++)
		queue(MSG_PING, i, &m);
	carry();
	for (uint64_t i = 1; i <= 100; i++) {
		expect_request(i);
		assert_int_equal(f.type, MSG_PING);
	}
	expect_next(WIRE_MORE);
	assert_int_equal(p.store.peer, ROLE_WORKER);
	assert_int_equal(p.store.peer_pid, getpid());
}

FIXTURE_TEST(a_stream_split_at_every_byte_is_the_same_stream)
{
	struct msg_login_check check = {0};
	enum wire_result r;
	size_t got = 0;

	for (uint64_t i = 1; i <= 3; i++)
		queue(MSG_LOGIN_CHECK, i, &check);
	while (buf_len(&p.worker.out) > 0) {
		carry_bytes(1);
		while ((r = channel_next(&p.store, &f, &m)) == WIRE_OK)
			assert_int_equal(f.request, ++got);
		assert_int_equal(r, WIRE_MORE);
	}
	assert_int_equal(got, 3);
}

FIXTURE_TEST(large_messages_pass)
{
	static uint8_t text[524288];
	struct msg_turn_finish finish = {.text = {text, sizeof(text)}};
	enum wire_result r = WIRE_MORE;

	memset(text, 'x', sizeof(text));
	queue(MSG_TURN_FINISH, 1, &finish);
	while (r == WIRE_MORE) {
		assert_int_not_equal(channel_flush(&p.worker), CHANNEL_FAILED);
		assert_int_equal(channel_read(&p.store), CHANNEL_DONE);
		r = channel_next(&p.store, &f, &m);
	}
	assert_int_equal(r, WIRE_OK);
	assert_true(slice_eq(m.turn_finish.text, finish.text));
}

/* Reads until nothing more arrives; returns how many messages that were. */
static size_t
read_on_and_take(struct msg_login_check *taken, size_t room)
{
	size_t n = 0;

	assert_int_equal(channel_read_more(&p.store), CHANNEL_DONE);
	while (channel_next(&p.store, &f, &m) == WIRE_OK) {
		assert_true(n < room);
		taken[n++] = m.login_check;
	}
	return n;
}

FIXTURE_TEST(messages_in_use_do_not_move_while_more_is_read)
{
	struct msg_turn_begin begin = {
	    .session = slice_str("visitor"), .text = slice_str("hi")};
	struct msg_login_check check = {0}, taken[16];
	union msg first;
	size_t sent = 0, got = 0, before;

	queue(MSG_TURN_BEGIN, 1, &begin);
	carry();
	assert_int_equal(channel_next(&p.store, &f, &first), WIRE_OK);
	/* Until the room behind the first message is used up, which is large. */
	do {
		before = got;
		check.token.b[0] = (uint8_t)++sent;
		queue(MSG_LOGIN_CHECK, sent, &check);
		assert_int_equal(channel_flush(&p.worker), CHANNEL_DONE);
		got += read_on_and_take(taken, ARRAY_LEN(taken));
		assert_true(slice_eq_str(first.turn_begin.session, "visitor"));
		assert_true(slice_eq_str(first.turn_begin.text, "hi"));
		assert_true(got == before || taken[0].token.b[0] == check.token.b[0]);
	} while (got > before);
	assert_true(got > 1000);
	/* The last one was left to an ordinary read. */
	carry();
	expect_request(sent);
	expect_next(WIRE_MORE);
}

FIXTURE_TEST(half_a_frame_survives_freeing_unused_memory)
{
	struct msg_login_check check = {.token = {{7}}};

	queue(MSG_PING, 1, &m);
	queue(MSG_LOGIN_CHECK, 2, &check);
	carry_bytes(buf_len(&p.worker.out) - 9);
	expect_request(1);
	expect_next(WIRE_MORE);
	channel_free_unused(&p.store);
	channel_free_unused(&p.worker);
	carry();
	expect_request(2);
	assert_int_equal(m.login_check.token.b[0], 7);
}

TEST(a_missing_second_or_wrong_hello_is_refused)
{
	static const struct {
		bool first; /* in place of the right one; else after it */
		enum msg_type type;
		struct msg_hello hello;
	} cases[] = {
	    {true, MSG_PING, {0}},
	    {true, MSG_HELLO, {.version = WIRE_VERSION + 1, .role = ROLE_WORKER}},
	    {true, MSG_HELLO, {.version = WIRE_VERSION, .role = ROLE_MASTER}},
	    {true, MSG_HELLO, {.version = WIRE_VERSION, .role = ROLE_STORE}},
	    {true, MSG_HELLO, {.version = WIRE_VERSION, .role = 0}},
	    {true, MSG_HELLO, {.version = WIRE_VERSION, .role = 3}},
	    {false, MSG_HELLO, {.version = WIRE_VERSION, .role = ROLE_WORKER}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_up(NULL);
		if (cases[i].first)
			buf_reset(&p.worker.out);
		queue(cases[i].type, 0, &cases[i].hello);
		carry();
		expect_next(WIRE_FORBIDDEN);
		tear_down(NULL);
	}
}

FIXTURE_TEST(a_close_is_reported_after_the_last_message)
{
	queue(MSG_PING, 9, &m);
	carry();
	channel_close(&p.worker);
	assert_int_equal(channel_read(&p.store), CHANNEL_CLOSED);
	expect_request(9);
}

FIXTURE_TEST(the_queue_for_a_slow_peer_is_bounded)
{
	char text[60000];
	struct msg_turn_finish finish = {.text = {(const uint8_t *)text, sizeof(text)}};
	int sent = 0;

	memset(text, 'x', sizeof(text));
	while (sent < 100 && channel_send(&p.worker, MSG_TURN_FINISH, 1, &finish) == 0)
		sent++;
	assert_in_range(sent, 10, 17);
}

TEST_MAIN(NULL, NULL)
