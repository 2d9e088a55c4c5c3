/*
 * Timeouts: every wait for a client ends, and only the client's silence counts.
 */
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_slow_head_gets_408_and_a_silent_client_is_closed)
{
	struct client cl;

	rig.limits.head_timeout = 40;
	rig_open(&cl);
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	/* Single bytes do not extend the timeout. */
	client_open(&cl);
	for (size_t i = 0; i < 16 && !client_at_end(&cl); i++) {
		(void)send(cl.fd, &HELLO[i], 1, MSG_NOSIGNAL);
		if (i == 0)
			client_arrives(&cl);
		for (uint64_t until = clock_mono_ms() + 20; clock_mono_ms() < until;)
			rig_turn();
	}
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 408 ", 13), 0);
	assert_true(client_has(&cl, "Connection: close\r\n"));
	assert_int_equal(rig.handled, 0);
	client_close(&cl);
}

RIG_TEST(a_slow_body_gets_408)
{
	struct client cl;

	rig.limits.body_timeout = 40;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_open(&cl);
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow");
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 408 ", 13), 0);
	assert_int_equal(rig.handled, 0);
	client_close(&cl);
}

RIG_TEST(an_idle_connection_is_closed_silently_after_its_time)
{
	struct client cl;

	rig.limits.idle_timeout = 40;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_open(&cl);
	client_send(&cl, HELLO);
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);
}

RIG_TEST(a_handler_may_take_longer_than_all_timeouts)
{
	struct client cl;
	uint64_t until;

	rig.limits.head_timeout = rig.limits.body_timeout = rig.limits.idle_timeout =
	    rig.limits.stall_timeout = 20;
	rig_open(&cl);
	client_keep(&cl);
	for (until = clock_mono_ms() + 80; clock_mono_ms() < until;)
		rig_turn();
	assert_int_equal(rig.closed, 0);
	reply_start(rig.kept[0], 200);
	reply_empty(rig.kept[0]);
	WAIT_FOR(client_has(&cl, "Content-Length: 0\r\n"));
	client_close(&cl);
}

/* Lets the timeout pass without a turn of the loop; what was sent arrives before that. */
static void
miss(const struct client *cl, unsigned ms)
{
	client_arrives(cl);
	for (uint64_t until = clock_mono_ms() + ms; clock_mono_ms() <= until;)
		continue;
}

RIG_TEST(input_in_the_turn_of_its_timeout_is_in_time)
{
	struct client cl;

	rig.limits.head_timeout = rig.limits.idle_timeout = rig.limits.body_timeout = 20;
	rig_open(&cl);
	/* Only this turn may handle it: in others the timeout would really expire. */
	client_send(&cl, HELLO);
	miss(&cl, 40);
	WAIT_FOR(rig.handled == 1);
	assert_true(client_gets(&cl, "\r\n\r\nhello"));
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
	miss(&cl, 40);
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	client_send(&cl, "body");
	miss(&cl, 40);
	WAIT_FOR(rig.handled == 2);
	assert_true(client_gets(&cl, "\r\n\r\nbody"));
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	miss(&cl, 40);
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 204);
	reply_empty(rig.kept[0]);
	WAIT_FOR(client_has(&cl, "HTTP/1.1 204 "));
	assert_int_equal(rig.handled, 3);
	client_close(&cl);
}

/* Takes a little at a time until len bytes have come or the connection is dropped. Returns the
 * longest time without reading. */
static uint64_t
take_slowly(struct client *cl, size_t len)
{
	uint64_t longest = 0;

	while (client_received(cl) < len && http_server_connections(rig.server) == 1) {
		uint64_t last = clock_mono_ms(), ms = 0;

		while (ms < 20) {
			rig_turn();
			ms = clock_mono_ms() - last;
		}
		longest = ms > longest ? ms : longest;
	}
	return longest;
}

RIG_TEST(a_client_that_takes_nothing_is_dropped_and_a_slow_one_is_not)
{
	static char text[3000000];
	struct client cl;
	uint64_t begun;

	memset(text, 'l', sizeof(text));
	rig.big = (struct slice){(uint8_t *)text, sizeof(text)};
	rig.limits.stall_timeout = 1000;
	rig_start();
	rig_quiet();
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.handled == 1 && http_server_connections(rig.server) == 0);
	client_close(&cl);

	/* Everything takes longer than the timeout, but no pause does, except on a busy machine:
	 * then try again. */
	for (bool late = true; late;) {
		client_open_with(&cl, 16384);
		client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
		begun = clock_mono_ms();
		late = take_slowly(&cl, sizeof(text) + 1) > rig.limits.stall_timeout / 2;
		if (!late) {
			assert_true(client_received(&cl) > sizeof(text));
			assert_true(clock_mono_ms() - begun > rig.limits.stall_timeout);
		}
		client_close(&cl);
		WAIT_FOR(http_server_connections(rig.server) == 0);
	}
	rig_loud();
}

RIG_TEST(a_client_that_takes_a_segment_now_and_then_is_dropped)
{
	static char text[3000000];
	struct client cl;
	uint64_t until = clock_mono_ms() + WAIT_MS;
	char bytes[512];

	rig.big = (struct slice){(uint8_t *)text, sizeof(text)};
	rig.limits.stall_timeout = 300;
	rig_start();
	rig_quiet();
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.handled == 1);
	/* 8 KB per timeout: always some progress, but half of what is required. */
	while (http_server_connections(rig.server) > 0 && clock_mono_ms() < until) {
		uint64_t next = clock_mono_ms() + 20;

		(void)recv(cl.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		while (clock_mono_ms() < next)
			rig_turn();
	}
	rig_loud();
	assert_int_equal(http_server_connections(rig.server), 0);
	client_close(&cl);
}

TEST_MAIN(NULL, NULL)
