/*
 * Clients that leave during a reply, and clients that do not take their output.
 */
#include "tests/unit/workerd/http/http_rig.h"

CLIENT_TEST(a_reset_calls_on_close_before_the_reply)
{
	client_keep(cl);
	client_reset(cl);
	WAIT_FOR(rig.closed == 1);
	assert_int_equal(rig.answered, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

/* No reply is written. The client's kernel answers what is sent to a closed socket with a reset. */
CLIENT_TEST(a_client_that_closes_during_a_silent_reply_is_detected)
{
	client_keep(cl);
	client_close(cl);
	WAIT_FOR(rig.closed == 1);

	cl = client_open();
	client_stream(cl, NULL);
	WAIT_FOR(client_has(cl, "chunked\r\n\r\n"));
	client_close(cl);
	WAIT_FOR(rig.closed == 2);

	/* It has shut down its side before, or sent the next request. */
	for (int next = 0; next < 2; next++) {
		cl = client_open();
		client_keep(cl);
		if (next)
			client_send(cl, HELLO);
		else
			shutdown(cl->fd, SHUT_WR);
		WAIT_FOR(next ? rig_conn()->input_waits : rig_conn()->eof);
		client_reset(cl);
		WAIT_FOR(rig.closed == (size_t)(3 + next));
	}
	assert_int_equal(http_server_connections(rig.server), 0);
}

CLIENT_TEST(a_half_closed_client_has_left_if_the_handler_says_so)
{
	struct http_exchange *x = client_stream(cl, NULL);

	x->eof_is_end = true;
	shutdown(cl->fd, SHUT_WR);
	WAIT_FOR(rig.closed == 1);
}

CLIENT_TEST(a_closed_connection_is_detected_by_writing_and_never_inside_a_call)
{
	struct http_exchange *x = client_keep(cl);

	client_close(cl);
	stream_begin(x, NULL);
	while (rig.closed == 0) {
		(void)reply_stream_write(x, slice_str("tick"));
		assert_int_equal(rig.closed, 0);
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
	stream_write(rig.kept[1], "the other left");
	reply_stream_end(rig.kept[1]);
}

CLIENT_TEST(one_turn_end_sends_also_what_on_close_queues)
{
	struct client *other;

	client_stream(cl, NULL);
	other = client_open();
	client_stream(other, NULL);
	stream_write(rig.kept[0], "both");
	stream_write(rig.kept[1], "both");
	http_server_turn_end(rig.server);
	assert_true(client_gets(cl, "4\r\nboth\r\n"));
	assert_true(client_gets(other, "4\r\nboth\r\n"));

	rig.kept[0]->on_close = end_the_other;
	client_reset(cl);
	WAIT_FOR_CONNECTIONS(1);
	/* No turn between detection and this. */
	assert_true(client_gets(other, "the other left\r\n0\r\n\r\n"));
}

RIG_TEST(a_slow_reader_over_the_limit_is_dropped)
{
	struct slice piece = rig_text('p', 1000);
	struct http_exchange *x;
	size_t written = 0;

	rig_start();
	cl = client_open_with(4096);
	x = client_stream(cl, NULL);
	rig_quiet();
	while (reply_stream_write(x, piece) == 0) {
		written += piece.len;
		assert_true(written < 64u * 1024 * 1024);
		assert_true(buf_len(&rig_conn()->out) <=
		    http_limits_default.output_max + piece.len + 64);
		if (written % 64000 == 0)
			rig_turn();
	}
	assert_true(written >= http_limits_default.output_max);
	/* Reported later; more writes change nothing. */
	assert_int_equal(reply_stream_write(x, slice_str("more")), -1);
	assert_int_equal(rig.closed, 0);
	http_server_turn_end(rig.server);
	assert_int_equal(rig.closed, 1);
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(a_long_piece_to_a_fast_reader_may_exceed_the_limit)
{
	struct slice piece = rig_text('t', 50000);
	struct http_exchange *x;

	rig.limits.output_max = 8192;
	rig_open();
	x = client_stream(cl, NULL);
	for (size_t n = 1; n <= 6; n++) {
		assert_int_equal(reply_stream_write(x, piece), 0);
		WAIT_FOR(client_received(cl) > n * piece.len);
	}
	reply_stream_end(x);
	WAIT_FOR(client_ends_with(cl, "0\r\n\r\n"));
}

RIG_TEST(a_last_piece_of_any_length_is_queued_for_a_slow_reader)
{
	struct slice last = rig_text('t', 3000000);
	struct http_exchange *x;

	rig_start();
	cl = client_open_with(8192);
	x = client_stream(cl, NULL);
	/* As much as a stream may queue, and then the end. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(reply_stream_write(x, (struct slice){last.p, 60000}), 0);
	reply_stream_end_with(x, last);
	rig_turn();
	assert_true(buf_len(&rig_conn()->out) > http_limits_default.output_max);
	WAIT_FOR(client_ends_with(cl, "t\r\n0\r\n\r\n"));
	assert_int_equal(client_count(cl, "\r\n2dc6c0\r\nt"), 1);
	assert_true(buf_len(&cl->in) > last.len + 240000);
	assert_int_equal(rig.closed, 0);

	/* The connection serves the next request; an empty last piece does not end the stream
	 * twice. */
	client_send(cl, GET("/keep") HELLO);
	x = rig_kept();
	stream_begin(x, NULL);
	reply_stream_end_with(x, slice_str(""));
	WAIT_FOR(client_ends_with(cl, ANSWER));
	assert_true(client_has(cl, "chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

/* A stream that begins with a long replay, to a client that takes almost nothing. */
static struct http_exchange *
open_with_replay(struct slice replay)
{
	struct http_exchange *x;

	rig_start();
	cl = client_open_with(4096);
	x = client_stream(cl, NULL);
	stream_write(x, "start");
	assert_int_equal(reply_stream_replay(x, replay), 0);
	http_server_turn_end(rig.server);
	assert_true(buf_len(&rig_conn()->out) > http_limits_default.output_max);
	return x;
}

/* Writes pieces of 1000 bytes, one per turn, until one is refused. Returns their number. */
static size_t
pieces_taken(struct http_exchange *x, size_t most)
{
	struct slice piece = rig_text('p', 1000);
	size_t n = 0;

	while (n < most && reply_stream_write(x, piece) == 0) {
		http_server_turn_end(rig.server);
		n++;
	}
	return n;
}

RIG_TEST(a_replay_does_not_count_for_the_limit_of_later_pieces)
{
	struct http_exchange *x = open_with_replay(rig_text('t', 3000000));

	assert_int_equal(pieces_taken(x, 200), 200);
	reply_stream_end(x);
	WAIT_FOR(client_ends_with(cl, "p\r\n0\r\n\r\n"));
	assert_int_equal(client_count(cl, "\r\n2dc6c0\r\nt"), 1);
	assert_int_equal(client_count(cl, "\r\n3e8\r\np"), 200);
	assert_int_equal(rig_conn()->replay, 0);
	assert_int_equal(rig.closed, 0);
}

RIG_TEST(pieces_after_a_replay_have_their_limit)
{
	struct http_exchange *x = open_with_replay(rig_text('t', 1000000));
	size_t limit = http_limits_default.output_max;

	rig_quiet();
	assert_in_range(pieces_taken(x, 10000) * 1000, limit - 2000, limit + 2000);
	http_server_turn_end(rig.server);
	assert_int_equal(rig.closed, 1);
}

CLIENT_TEST(a_replay_to_a_client_that_left_fails)
{
	struct http_exchange *x = client_stream(cl, NULL);

	x->on_close = NULL;
	conn_drop(rig_conn(), NULL);
	assert_int_equal(reply_stream_replay(x, slice_str("replay")), -1);
	http_server_turn_end(rig.server);
	assert_int_equal(http_server_connections(rig.server), 0);
}

/* A client that takes nothing of a reply of len bytes. */
static struct client *
open_deaf(size_t len)
{
	size_t connections = http_server_connections(rig.server) + 1;
	struct client *deaf = client_open_with(4096);

	rig.big = rig_text('d', len);
	client_send(deaf, GET("/bigcopy"));
	WAIT_FOR(
	    rig.answered == connections || http_server_connections(rig.server) < connections);
	return deaf;
}

RIG_TEST(the_connection_with_most_output_is_dropped_over_the_total_limit)
{
	struct client *deaf, *most, *last;

	rig.limits.held_max = 2400000;
	rig_open();
	client_send(cl, HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	deaf = open_deaf(400000);
	most = open_deaf(1500000);
	assert_int_equal(http_server_connections(rig.server), 3);
	rig_quiet();
	last = open_deaf(700000);
	WAIT_FOR_CONNECTIONS(3);
	/* The others get their complete replies. */
	WAIT_FOR(client_received(deaf) > 400000 && client_received(last) > 700000);
	client_send(cl, HELLO);
	WAIT_FOR(client_count(cl, ANSWER) == 2);
	WAIT_FOR(client_at_end(most) || client_was_reset(most));
	assert_true(buf_len(&most->in) < 1500000);
	client_close(deaf);
	client_close(last);
	client_close(cl);
	WAIT_FOR_CONNECTIONS(0);
	assert_int_equal(rig.server->held, 0);
}

RIG_TEST(connections_with_little_output_are_never_dropped_for_the_total_limit)
{
	struct client *little[6];

	rig.limits.held_max = 65536;
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(little); i++)
		little[i] = open_deaf(30000);
	assert_true(rig.server->held > rig.limits.held_max);
	/* And they do not protect a connection with much output. */
	rig_quiet();
	open_deaf(400000);
	WAIT_FOR_CONNECTIONS(ARRAY_LEN(little));
	for (size_t i = 0; i < ARRAY_LEN(little); i++)
		WAIT_FOR(client_received(little[i]) > 30000);
}

TEST_MAIN(NULL, NULL)
