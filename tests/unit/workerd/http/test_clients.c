/*
 * Clients that leave during a reply, and clients that do not take their output.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_reset_calls_on_close_before_the_reply)
{
	struct client cl;

	rig_open(&cl);
	client_keep(&cl);
	client_reset(&cl);
	WAIT_FOR(rig.closed == 1);
	assert_int_equal(rig.answered, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(a_closed_connection_is_detected_by_writing_and_never_inside_a_call)
{
	struct client cl;

	rig_open(&cl);
	client_keep(&cl);
	client_close(&cl);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], NULL);
	while (rig.closed == 0) {
		size_t before = rig.closed;

		(void)reply_stream_write(rig.kept[0], slice_str("tick"));
		assert_int_equal(rig.closed, before);
		rig_turn();
	}
	assert_int_equal(rig.closed, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

/* Ends the stream of another exchange, kept[1]. */
static void
end_the_other(struct http_exchange *x)
{
	(void)x;
	assert_int_equal(reply_stream_write(rig.kept[1], slice_str("the other left")), 0);
	reply_stream_end(rig.kept[1]);
}

RIG_TEST(one_turn_end_sends_also_what_on_close_queues)
{
	struct client a, b;

	rig_open(&a);
	client_keep(&a);
	client_open(&b);
	client_keep(&b);
	for (size_t i = 0; i < 2; i++) {
		reply_start(rig.kept[i], 200);
		reply_stream_begin(rig.kept[i], NULL);
		assert_int_equal(reply_stream_write(rig.kept[i], slice_str("both")), 0);
	}
	http_server_turn_end(rig.server);
	assert_true(client_gets(&a, "4\r\nboth\r\n"));
	assert_true(client_gets(&b, "4\r\nboth\r\n"));

	rig.kept[0]->on_close = end_the_other;
	client_reset(&a);
	WAIT_FOR(http_server_connections(rig.server) == 1);
	/* No turn between detection and this. */
	assert_true(client_gets(&b, "the other left\r\n0\r\n\r\n"));
	client_close(&b);
}

RIG_TEST(a_slow_reader_over_the_limit_is_dropped)
{
	static char piece[1000];
	struct client cl;
	size_t written = 0;

	memset(piece, 'p', sizeof(piece));
	rig_start();
	client_open_with(&cl, 4096);
	client_keep(&cl);
	rig_quiet();
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], NULL);
	while (reply_stream_write(rig.kept[0], (struct slice){(uint8_t *)piece, 1000}) == 0) {
		written += 1000;
		assert_true(written < 64u * 1024 * 1024);
		assert_true(buf_len(&rig_conn()->out) <=
		    http_limits_default.output_max + sizeof(piece) + 64);
		if (written % 64000 == 0)
			rig_turn();
	}
	rig_loud();
	assert_true(written >= http_limits_default.output_max);
	/* Reported later; more writes change nothing. */
	assert_int_equal(rig.closed, 0);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("more")), -1);
	assert_int_equal(rig.closed, 0);
	http_server_turn_end(rig.server);
	assert_int_equal(rig.closed, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
	client_close(&cl);
}

RIG_TEST(a_long_piece_to_a_fast_reader_may_exceed_the_limit)
{
	static char text[300000];
	struct client cl;

	memset(text, 't', sizeof(text));
	rig.limits.output_max = 8192;
	rig_open(&cl);
	client_stream(&cl, NULL);
	for (size_t at = 0; at < sizeof(text); at += 50000) {
		assert_int_equal(reply_stream_write(
				     rig.kept[0], (struct slice){(uint8_t *)text + at, 50000}),
		    0);
		WAIT_FOR(client_received(&cl) > at + 50000);
	}
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_ends_with(&cl, "0\r\n\r\n"));
	client_close(&cl);
}

RIG_TEST(a_last_piece_of_any_length_is_queued_for_a_slow_reader)
{
	static char text[3000000];
	struct slice last = {(uint8_t *)text, sizeof(text)};
	struct client cl;

	memset(text, 't', sizeof(text));
	rig_start();
	client_open_with(&cl, 8192);
	client_stream(&cl, NULL);
	/* As much as a stream may queue, and then the end. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    reply_stream_write(rig.kept[0], (struct slice){last.p, 60000}), 0);
	reply_stream_end_with(rig.kept[0], last);
	rig_turn();
	assert_true(buf_len(&rig_conn()->out) > http_limits_default.output_max);
	WAIT_FOR(client_ends_with(&cl, "t\r\n0\r\n\r\n"));
	assert_int_equal(client_count(&cl, "\r\n2dc6c0\r\nt"), 1);
	assert_true(buf_len(&cl.in) > sizeof(text) + 240000);
	assert_int_equal(rig.closed, 0);

	/* The connection serves the next request; an empty last piece does not end the stream
	 * twice. */
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(rig.n_kept == 2);
	reply_start(rig.kept[1], 200);
	reply_stream_begin(rig.kept[1], NULL);
	reply_stream_end_with(rig.kept[1], slice_str(""));
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_true(client_has(&cl, "chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	client_close(&cl);
}

/* A stream that begins with a long replay, to a client that takes almost nothing. */
static void
open_with_replay(struct client *cl, struct slice replay)
{
	rig_start();
	client_open_with(cl, 4096);
	client_stream(cl, NULL);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("start")), 0);
	assert_int_equal(reply_stream_replay(rig.kept[0], replay), 0);
	http_server_turn_end(rig.server);
	assert_true(buf_len(&rig_conn()->out) > http_limits_default.output_max);
}

/* Writes pieces of 1000 bytes, one per turn, until one is refused. Returns their number. */
static size_t
pieces_taken(size_t most)
{
	static char piece[1000];
	size_t n = 0;

	memset(piece, 'p', sizeof(piece));
	while (n < most &&
	    reply_stream_write(rig.kept[0], (struct slice){(uint8_t *)piece, 1000}) == 0) {
		http_server_turn_end(rig.server);
		n++;
	}
	return n;
}

RIG_TEST(a_replay_does_not_count_for_the_limit_of_later_pieces)
{
	static char text[3000000];
	struct client cl;

	memset(text, 't', sizeof(text));
	open_with_replay(&cl, (struct slice){(uint8_t *)text, sizeof(text)});
	assert_int_equal(pieces_taken(200), 200);
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_ends_with(&cl, "p\r\n0\r\n\r\n"));
	assert_int_equal(client_count(&cl, "\r\n2dc6c0\r\nt"), 1);
	assert_int_equal(client_count(&cl, "\r\n3e8\r\np"), 200);
	assert_int_equal(rig_conn()->replay, 0);
	assert_int_equal(rig.closed, 0);
	client_close(&cl);
}

RIG_TEST(pieces_after_a_replay_have_their_limit)
{
	static char text[1000000];
	struct client cl;
	size_t taken;

	memset(text, 't', sizeof(text));
	open_with_replay(&cl, (struct slice){(uint8_t *)text, sizeof(text)});
	rig_quiet();
	taken = pieces_taken(10000);
	rig_loud();
	assert_true(taken * 1000 >= http_limits_default.output_max - 2000);
	assert_true(taken * 1000 <= http_limits_default.output_max + 2000);
	http_server_turn_end(rig.server);
	assert_int_equal(rig.closed, 1);
	client_close(&cl);
}

RIG_TEST(a_replay_to_a_client_that_left_fails)
{
	struct client cl;

	rig_open(&cl);
	client_stream(&cl, NULL);
	rig.kept[0]->on_close = NULL;
	conn_drop(rig_conn(), NULL);
	assert_int_equal(reply_stream_replay(rig.kept[0], slice_str("replay")), -1);
	http_server_turn_end(rig.server);
	assert_int_equal(http_server_connections(rig.server), 0);
	client_close(&cl);
}

/* A client that takes nothing of a reply of len bytes. */
static void
open_deaf(struct client *cl, size_t len)
{
	static uint8_t bytes[2000000];
	size_t connections = http_server_connections(rig.server);

	rig.big = (struct slice){bytes, len};
	client_open_with(cl, 4096);
	client_send(cl, "GET /bigcopy HTTP/1.1\r\nHost: a\r\n\r\n");
	connections++;
	WAIT_FOR(
	    rig.answered == connections || http_server_connections(rig.server) < connections);
}

RIG_TEST(the_connection_with_most_output_is_dropped_over_the_total_limit)
{
	struct client quick, deaf, most, last;

	rig.limits.held_max = 2400000;
	rig_open(&quick);
	client_send(&quick, HELLO);
	WAIT_FOR(client_ends_with(&quick, "\r\n\r\nhello"));
	open_deaf(&deaf, 400000);
	open_deaf(&most, 1500000);
	assert_int_equal(http_server_connections(rig.server), 3);
	rig_quiet();
	open_deaf(&last, 700000);
	WAIT_FOR(http_server_connections(rig.server) == 3);
	rig_loud();
	/* The others get their complete replies. */
	WAIT_FOR(client_received(&deaf) > 400000 && client_received(&last) > 700000);
	client_send(&quick, HELLO);
	WAIT_FOR(client_count(&quick, "\r\n\r\nhello") == 2);
	WAIT_FOR((client_read(&most), most.eof || most.reset));
	assert_true(buf_len(&most.in) < 1500000);
	client_close(&deaf);
	client_close(&most);
	client_close(&last);
	client_close(&quick);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	assert_int_equal(rig.server->held, 0);
}

RIG_TEST(connections_with_little_output_are_never_dropped_for_the_total_limit)
{
	struct client cl[8], most;

	rig.limits.held_max = 65536;
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cl); i++)
		open_deaf(&cl[i], 30000);
	assert_true(rig.server->held > rig.limits.held_max);
	/* And they do not protect a connection with much output. */
	rig_quiet();
	open_deaf(&most, 400000);
	WAIT_FOR(http_server_connections(rig.server) == ARRAY_LEN(cl));
	rig_loud();
	client_close(&most);
	for (size_t i = 0; i < ARRAY_LEN(cl); i++) {
		WAIT_FOR(client_received(&cl[i]) > 30000);
		client_close(&cl[i]);
	}
}

TEST_MAIN(NULL, NULL)
