/*
 * The parts of a reply: status, header, framing; whole, streamed, to HEAD, aborted.
 */
#include <string.h>

#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_reply_has_status_date_decoration_type_and_length)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "GET /hello?q=1 HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\n\r\n");
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
	assert_int_equal(memcmp(buf_data(&cl.in) + 48, " GMT\r\n", 6), 0);
	assert_true(client_has(&cl, "\r\nX-Frame-Options: DENY\r\n"));
	assert_true(client_has(&cl, "\r\nAccess-Control-Allow-Origin: https://o\r\n"));
	assert_true(client_has(&cl, "\r\nX-Query: q=1\r\n"));
	assert_true(client_has(&cl, "\r\nContent-Type: text/plain\r\n"));
	assert_true(client_has(&cl, "\r\nContent-Length: 5\r\n"));
	assert_false(client_has(&cl, "Connection:"));
	assert_int_equal(rig.answered, 1);
	client_close(&cl);
}

RIG_TEST(the_handler_sees_the_address_of_the_client)
{
	struct client cl;

	rig_open(&cl);
	client_keep(&cl);
	assert_int_equal(rig.kept[0]->client.len, 4);
	assert_int_equal(rig.kept[0]->client.p[0], 192);
	assert_int_equal(rig.kept[0]->client_port, 4711);
	assert_true(rig.kept[0]->loopback);
	assert_int_equal(rig.kept[0]->number, 1);
	assert_int_equal(http_server_exchanges(rig.server), 1);
	reply_start(rig.kept[0], 200);
	reply_empty(rig.kept[0]);
	WAIT_FOR(client_has(&cl, "Content-Length: 0\r\n\r\n"));
	assert_int_equal(http_server_exchanges(rig.server), 0);
	client_close(&cl);
}

RIG_TEST(a_stream_is_chunked_and_sent_in_one_write_per_turn)
{
	struct client cl;
	uint8_t *first;

	rig_open(&cl);
	client_stream(&cl, "application/x-ndjson");
	WAIT_FOR(client_ends_with(&cl, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_false(client_has(&cl, "Content-Length"));
	buf_reset(&cl.in);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("a")), 0);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("")), 0);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("0123456789abcdefg")), 0);
	first = rig_conn()->out.mem;
	assert_non_null(first);
	client_read(&cl);
	assert_int_equal(buf_len(&cl.in), 0);
	http_server_turn_end(rig.server);
	assert_true(client_gets(&cl, "1\r\na\r\n11\r\n0123456789abcdefg\r\n"));
	assert_null(rig_conn()->out.mem);
	assert_int_equal(rig.kept[0]->sent, 18);
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_ends_with(&cl, "g\r\n0\r\n\r\n"));
	client_send(&cl, HELLO);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);
}

RIG_TEST(a_streaming_connection_costs_little)
{
	struct client cl;
	struct http_conn *c;
	size_t cost;

	rig_open(&cl);
	client_send(&cl,
	    "POST /keep HTTP/1.1\r\nHost: chat.example.org\r\n"
	    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
	    "Accept: */*\r\nAccept-Language: en-GB,en;q=0.9\r\nX-Api-Key: 0123456789\r\n"
	    "Accept-Encoding: gzip, deflate, br\r\nContent-Type: application/json\r\n"
	    "Origin: https://shop.example.org\r\nSec-Fetch-Site: cross-site\r\n"
	    "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nContent-Length: 4\r\n\r\n"
	    "body");
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "application/x-ndjson");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("token")), 0);
	WAIT_FOR(client_ends_with(&cl, "5\r\ntoken\r\n"));
	c = rig_conn();
	assert_null(c->box->req);
	cost = sizeof(*c) + sizeof(*c->box) + c->in.cap + c->out.cap;
	print_message("idle: %zu bytes, streaming: %zu bytes\n", sizeof(*c), cost);
	assert_true(cost < 768);
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_ends_with(&cl, "0\r\n\r\n"));
	client_close(&cl);
}

RIG_TEST(a_stream_gives_back_its_request_and_keeps_the_next_one)
{
	const struct http_exchange *x;
	struct client cl;

	rig_open(&cl);
	client_send(&cl,
	    "POST /keep?query HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
	    "GET /hello?next HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	x = rig.kept[0];
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	/* Whoever began the stream may still read it, up to the end of the turn. */
	assert_true(slice_eq_str(x->body, "body"));
	assert_true(slice_eq_str(http_header(x->req, "host"), "a"));
	http_server_turn_end(rig.server);
	assert_int_equal(x->body.len, 0);
	assert_null(http_header(x->req, "host").p);
	assert_int_equal(x->req->target.len + x->req->path.len + x->req->query.len, 0);
	assert_int_equal(x->method, HTTP_POST);
	assert_int_equal(x->minor_version, 1);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("token")), 0);
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_true(client_has(&cl, "5\r\ntoken\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	assert_true(client_has(&cl, "X-Query: next\r\n"));
	client_close(&cl);
}

RIG_TEST(head_gets_only_the_header)
{
	struct client cl;

	rig.big = slice_str("static");
	rig_open(&cl);
	client_send(&cl, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_ends_with(&cl, "Content-Length: 5\r\n\r\n"));
	client_send(&cl, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_ends_with(&cl, "Content-Length: 6\r\n\r\n"));
	client_send(&cl, "HEAD /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("piece")), 0);
	reply_stream_end_with(rig.kept[0], slice_str("last piece"));
	WAIT_FOR(client_ends_with(&cl, "chunked\r\n\r\n"));
	client_send(&cl, HELLO);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(client_count(&cl, "HTTP/1.1 200 OK"), 4);
	assert_false(client_has(&cl, "piece"));
	assert_false(client_has(&cl, "static"));
	client_close(&cl);
}

RIG_TEST(no_content_has_no_length)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 204 No Content\r\n", 25), 0);
	assert_int_equal(client_count(&cl, "Content-Length"), 1);
	client_close(&cl);
}

RIG_TEST(an_aborted_reply_drops_the_connection_without_on_close)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	client_open(&cl);
	client_stream(&cl, "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("half")), 0);
	WAIT_FOR(client_ends_with(&cl, "half\r\n"));
	reply_abort(rig.kept[0]);
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_ends_with(&cl, "half\r\n"));
	assert_int_equal(rig.closed, 0);
	assert_int_equal(rig.answered, 2);
	client_close(&cl);
}

RIG_TEST(a_header_value_cannot_break_out_of_its_line)
{
	struct client cl;

	rig_open(&cl);
	client_keep(&cl);
	rig_quiet();
	reply_start(rig.kept[0], 200);
	reply_header_str(rig.kept[0], "X-Bad", "a\r\nX-Evil: b");
	reply_header_str(rig.kept[0], "X-Bad", "a\nX-Evil: b");
	reply_header(rig.kept[0], "X-Bad", (struct slice){(const uint8_t *)"a\0b", 3});
	reply_header_fmt(rig.kept[0], "X-Bad", "%0300d", 1);
	reply_header_fmt(rig.kept[0], "X-Good", "%d\t%s", 12, "\xc3\xa9");
	rig_loud();
	reply_empty(rig.kept[0]);
	WAIT_FOR(client_has(&cl, "\r\n\r\n"));
	assert_false(client_has(&cl, "X-Bad"));
	assert_false(client_has(&cl, "X-Evil"));
	assert_true(client_has(&cl, "\r\nX-Good: 12\t\xc3\xa9\r\n"));
	client_close(&cl);
}

RIG_TEST(large_replies_pass_a_slow_socket_complete_and_in_order)
{
	static char text[3000000];
	struct client cl;

	memset(text, 'l', sizeof(text));
	rig.big = (struct slice){(uint8_t *)text, sizeof(text)};
	rig_start();
	client_open_with(&cl, 8192);
	client_send(&cl,
	    "GET /big HTTP/1.1\r\nHost: a\r\n\r\n" HELLO
	    "GET /bigcopy HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(rig_conn()->blocked);
	assert_int_equal(rig.handled, 1);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello") && buf_len(&cl.in) > 6000000);
	assert_int_equal(client_count(&cl, "\r\n\r\nlllll"), 2);
	assert_int_equal(client_count(&cl, "lHTTP/1.1 200 OK"), 2);
	assert_int_equal(client_count(&cl, "\r\n\r\nhello"), 2);
	WAIT_FOR(rig_conn()->out.mem == NULL);
	client_close(&cl);
}

RIG_TEST(a_reply_over_the_limit_drops_the_connection)
{
	static char text[2000];
	struct client cl;

	rig.limits.answer_max = 1000;
	rig.limits.output_max = 500;
	memset(text, 'l', sizeof(text));
	rig.big = (struct slice){(uint8_t *)text, sizeof(text)};
	rig_open(&cl);
	rig_quiet();
	client_send(&cl, "GET /bigcopy HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	client_open(&cl);
	client_stream(&cl, NULL);
	reply_stream_end_with(rig.kept[0], rig.big);
	WAIT_FOR(client_at_end(&cl));
	rig_loud();
	assert_int_equal(buf_len(&cl.in), 0);
	assert_int_equal(rig.closed, 0);
	client_close(&cl);
}

TEST_MAIN(NULL, NULL)
