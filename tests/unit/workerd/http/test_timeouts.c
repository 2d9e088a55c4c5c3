/*
 * Timeouts: every wait for a client ends, and only the client's silence counts.
 */
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

/* Runs the loop for this time, for tests of what must not happen meanwhile. */
static void
turn_for(unsigned ms)
{
	for (uint64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		rig_turn();
}

RIG_TEST(a_silent_client_is_closed_without_a_reply)
{
	rig.limits.head_timeout = 40;
	rig_open();
	WAIT_FOR_END(cl);
	assert_int_equal(buf_len(&cl->in), 0);
}

RIG_TEST(a_slow_head_gets_408_and_single_bytes_do_not_extend_its_timeout)
{
	rig.limits.head_timeout = 40;
	rig_open();
	for (size_t i = 0; i < 16 && !client_at_end(cl); i++) {
		(void)send(cl->fd, &HELLO[i], 1, MSG_NOSIGNAL);
		if (i == 0)
			client_arrives(cl);
		turn_for(20);
	}
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 408 "));
	assert_true(client_has(cl, "Connection: close\r\n"));
	assert_int_equal(rig.handled, 0);
}

RIG_TEST(a_slow_body_gets_408)
{
	rig.limits.body_timeout = 40;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_open();
	client_send(cl, POST("/echo", "10") "slow");
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 408 "));
	assert_int_equal(rig.handled, 0);
}

RIG_TEST(an_idle_connection_is_closed_silently_after_its_time)
{
	rig.limits.idle_timeout = 40;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_open();
	client_send(cl, HELLO);
	WAIT_FOR_END(cl);
	assert_true(client_ends_with(cl, ANSWER));
}

RIG_TEST(a_handler_may_take_longer_than_all_timeouts)
{
	struct http_exchange *x;

	rig.limits.head_timeout = rig.limits.body_timeout = rig.limits.idle_timeout =
	    rig.limits.stall_timeout = 20;
	rig_open();
	x = client_keep(cl);
	turn_for(80);
	assert_int_equal(rig.closed, 0);
	answer(x, "hello");
	WAIT_FOR(client_ends_with(cl, ANSWER));
}

/* Sends a text and lets the timeout pass without a turn of the loop. */
static void
send_late(const char *text)
{
	client_send(cl, text);
	client_arrives(cl);
	for (uint64_t until = clock_mono_ms() + 40; clock_mono_ms() <= until;)
		continue;
}

RIG_TEST(input_in_the_turn_of_its_timeout_is_in_time)
{
	rig.limits.head_timeout = rig.limits.idle_timeout = rig.limits.body_timeout = 20;
	rig_open();
	/* Only this turn may handle it: in others the timeout would really expire. */
	send_late(HELLO);
	WAIT_FOR(rig.handled == 1);
	assert_true(client_gets(cl, ANSWER));
	send_late(POST("/echo", "4"));
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	send_late("body");
	WAIT_FOR(rig.handled == 2);
	assert_true(client_gets(cl, "\r\n\r\nbody"));
	send_late(GET("/keep"));
	answer(rig_kept(), "late");
	WAIT_FOR(client_ends_with(cl, "\r\n\r\nlate"));
	assert_int_equal(rig.handled, 3);
}

/* Takes a little at a time until len bytes have come or the connection is dropped. Returns the
 * longest time without reading. */
static uint64_t
take_slowly(size_t len)
{
	uint64_t longest = 0;

	while (client_received(cl) < len && http_server_connections(rig.server) == 1) {
		uint64_t last = clock_mono_ms(), ms;

		turn_for(20);
		ms = clock_mono_ms() - last;
		longest = ms > longest ? ms : longest;
	}
	return longest;
}

/* A client that asks for 3 MB and reads nothing yet. */
static void
open_big(int buffer)
{
	size_t handled = rig.handled;

	cl = client_open_with(buffer);
	client_send(cl, GET("/big"));
	WAIT_FOR(rig.handled > handled);
}

RIG_TEST(a_client_that_takes_nothing_is_dropped_and_a_slow_one_is_not)
{
	uint64_t begun;

	rig.big = rig_text('l', 3000000);
	rig.limits.stall_timeout = 1000;
	rig_start();
	rig_quiet();
	open_big(4096);
	WAIT_FOR_CONNECTIONS(0);

	/* Everything takes longer than the timeout, but no pause does, except on a busy machine:
	 * then try again. */
	for (bool late = true; late;) {
		open_big(16384);
		begun = clock_mono_ms();
		late = take_slowly(rig.big.len + 1) > rig.limits.stall_timeout / 2;
		if (!late) {
			assert_true(client_received(cl) > rig.big.len);
			assert_true(clock_mono_ms() - begun > rig.limits.stall_timeout);
		}
		client_close(cl);
		WAIT_FOR_CONNECTIONS(0);
	}
}

RIG_TEST(a_client_that_takes_a_segment_now_and_then_is_dropped)
{
	uint64_t until = clock_mono_ms() + WAIT_MS;
	char bytes[512];

	rig.big = rig_text('l', 3000000);
	rig.limits.stall_timeout = 300;
	rig_start();
	rig_quiet();
	open_big(4096);
	/* 8 KB per timeout: always some progress, but half of what is required. */
	while (http_server_connections(rig.server) > 0 && clock_mono_ms() < until) {
		(void)recv(cl->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		turn_for(20);
	}
	assert_int_equal(http_server_connections(rig.server), 0);
}

TEST_MAIN(NULL, NULL)
