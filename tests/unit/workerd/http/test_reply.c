/*
 * The parts of a reply: status, header, framing; whole, streamed, to HEAD, aborted.
 */
#include <string.h>

#include "tests/unit/workerd/http/http_rig.h"

/* tests/http/corpus.def shows which requests are invalid. */
static const struct {
	const char *name, *request;
	size_t handled; /* requests that reach the handler */
	bool closes;    /* the server ends the connection */
	const char *begins, *ends;
	const char *has[5];
} cases[] = {
    {"status, date, decoration, type and length",
	"GET /hello?q=1 HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\n\r\n", 1, false,
	"HTTP/1.1 200 OK\r\nDate: ", ANSWER,
	{"\r\nAccess-Control-Allow-Origin: https://o\r\n", "\r\nX-Query: q=1\r\n",
	    "\r\nContent-Type: text/plain\r\n", "\r\nContent-Length: 5\r\n"}},
    {"HTTP/1.0 closes", GET10("/hello"), 1, true, "HTTP/1.1 200 OK\r\n", ANSWER, {NULL}},
    {"HTTP/1.0 with keep-alive goes on",
	"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET10("/hello"), 2, true,
	"HTTP/1.1 200 OK\r\n", ANSWER, {"\r\nConnection: keep-alive\r\n"}},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 0, true, "HTTP/1.1 400 Bad Request\r\n",
	"\"code\":\"bad_request\"}", {NULL}},
    {"TLS", "\x16\x03\x01\x02", 0, true, "HTTP/1.1 400 Bad Request\r\n",
	"\"code\":\"bad_request\"}", {NULL}},
    {"an expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 0, true,
	"HTTP/1.1 417 Expectation Failed\r\n", "\"code\":\"expectation_failed\"}", {NULL}},
    {"an unknown method", "BREW / HTTP/1.1\r\n", 0, true, "HTTP/1.1 501 Not Implemented\r\n",
	"\"code\":\"not_implemented\"}", {NULL}},
    {"a version", "GET / HTTP/3.0\r\n", 0, true, "HTTP/1.1 505 HTTP Version Not Supported\r\n",
	"\"code\":\"version_not_supported\"}", {NULL}},
    {"what follows two lengths is not a request (request smuggling)",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n" HELLO, 0,
	true, "HTTP/1.1 400 ", "\"code\":\"bad_request\"}", {NULL}},
    {"chunks over the limit of their route",
	"POST / HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\nTransfer-Encoding: chunked\r\n\r\n"
	"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n" HELLO,
	0, true, "HTTP/1.1 413 ", "\"code\":\"body_too_large\"}",
	{"\r\nAccess-Control-Allow-Origin: https://o\r\n"}},
    {"an invalid chunk", POST_CHUNKED("/echo") "5\r\nhello0\r\n\r\n" HELLO, 0, true,
	"HTTP/1.1 400 ", "\"code\":\"bad_request\"}", {NULL}},
    {"a transfer coding",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0, true,
	"HTTP/1.1 501 ", "\"code\":\"not_implemented\"}", {NULL}},
    {"an invalid request after a valid one", HELLO "BAD\r\n\r\n" HELLO, 1, true,
	"HTTP/1.1 200 OK\r\n", "\"code\":\"bad_request\"}", {"\r\n\r\nhelloHTTP/1.1 400 "}},
};

RIG_TEST(every_request_gets_its_reply)
{
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint8_t *date;

		print_message("%s\n", cases[i].name);
		rig.handled = rig.answered = 0;
		cl = client_open();
		client_send(cl, cases[i].request);
		WAIT_FOR(client_ends_with(cl, cases[i].ends) &&
		    client_at_end(cl) == cases[i].closes);
		assert_true(client_begins_with(cl, cases[i].begins));
		assert_true(client_has(cl, "\r\nX-Frame-Options: DENY\r\n"));
		for (size_t k = 0; cases[i].has[k] != NULL; k++)
			assert_true(client_has(cl, cases[i].has[k]));
		assert_int_equal(
		    client_count(cl, "\r\nConnection: close\r\n"), cases[i].closes);
		date = memmem(buf_data(&cl->in), buf_len(&cl->in), "Date: ", 6);
		assert_non_null(date);
		assert_memory_equal(
		    date + strlen("Date: Sun, 06 Nov 1994 08:49:37"), " GMT\r\n", 6);
		assert_int_equal(rig.handled, cases[i].handled);
		if (rig.handled == 0)
			assert_true(client_has(cl, "\r\n\r\n{\"error\":\""));
		assert_int_equal(rig.answered, client_count(cl, "HTTP/1.1 "));
	}
}

CLIENT_TEST(the_handler_sees_the_address_of_the_client)
{
	struct http_exchange *x = client_keep(cl);

	assert_int_equal(x->client.len, 4);
	assert_int_equal(x->client.p[0], 192);
	assert_int_equal(x->client_port, 4711);
	assert_true(x->loopback);
	assert_int_equal(x->number, 1);
	assert_int_equal(http_server_exchanges(rig.server), 1);
	reply_start(x, 200);
	reply_empty(x);
	WAIT_FOR(client_has(cl, "Content-Length: 0\r\n\r\n"));
	assert_int_equal(http_server_exchanges(rig.server), 0);
}

CLIENT_TEST(a_stream_is_chunked_and_sent_in_one_write_per_turn)
{
	struct http_exchange *x = client_stream(cl, "application/x-ndjson");

	WAIT_FOR(client_ends_with(cl, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_false(client_has(cl, "Content-Length"));
	stream_write(x, "a");
	stream_write(x, "");
	stream_write(x, "0123456789abcdefg");
	assert_non_null(rig_conn()->out.mem);
	assert_true(client_ends_with(cl, "chunked\r\n\r\n"));
	http_server_turn_end(rig.server);
	assert_true(client_gets(cl, "chunked\r\n\r\n1\r\na\r\n11\r\n0123456789abcdefg\r\n"));
	assert_null(rig_conn()->out.mem);
	assert_int_equal(x->sent, 18);
	reply_stream_end(x);
	WAIT_FOR(client_ends_with(cl, "g\r\n0\r\n\r\n"));
	client_send(cl, HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
}

CLIENT_TEST(a_streaming_connection_costs_little)
{
	struct http_exchange *x;
	struct http_conn *c;
	size_t cost;

	client_send(cl,
	    "POST /keep HTTP/1.1\r\nHost: chat.example.org\r\n"
	    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
	    "Accept-Encoding: gzip, deflate, br\r\nContent-Type: application/json\r\n"
	    "Origin: https://shop.example.org\r\nContent-Length: 4\r\n\r\nbody");
	x = rig_kept();
	stream_begin(x, "application/x-ndjson");
	stream_write(x, "token");
	WAIT_FOR(client_ends_with(cl, "5\r\ntoken\r\n"));
	c = rig_conn();
	assert_null(c->box->req);
	cost = sizeof(*c) + sizeof(*c->box) + c->in.cap + c->out.cap;
	print_message("idle: %zu bytes, streaming: %zu bytes\n", sizeof(*c), cost);
	assert_true(cost < 768);
}

static void
wipe(struct http_exchange *x)
{
	const struct buf *in = &x->conn->in;

	assert_true(slice_eq_str(x->body, "secret"));
	http_server_wipe_body(x);
	assert_memory_equal(x->body.p, "\0\0\0\0\0\0", 6);
	assert_null(memmem(in->mem, in->cap, "ret", 3));
	reply_start(x, 200);
	reply_body(x, "text/plain", slice_str("hello"));
}

CLIENT_TEST(a_body_that_is_wiped_is_in_no_buffer)
{
	const struct http_server *server = rig_conn()->server;

	rig.handle = wipe;
	client_send(cl, POST("/wipe", "6") "secret");
	WAIT_FOR(client_ends_with(cl, ANSWER));
	assert_null(memmem(server->scratch, sizeof(server->scratch), "secret", 6));
	client_send(cl, POST_CHUNKED("/wipe") "6\r\nsecret\r\n0\r\n\r\n");
	WAIT_FOR(client_count(cl, ANSWER) == 2);
}

CLIENT_TEST(a_stream_gives_back_its_request_and_keeps_the_next_one)
{
	struct http_exchange *x;

	client_send(cl, POST("/keep?query", "4") "body" GET("/hello?next"));
	x = rig_kept();
	stream_begin(x, "text/plain");
	/* Whoever began the stream may still read it, up to the end of the turn. */
	assert_true(slice_eq_str(x->body, "body"));
	assert_true(slice_eq_str(http_header(x->req, "host"), "a"));
	http_server_turn_end(rig.server);
	assert_int_equal(x->body.len, 0);
	assert_null(http_header(x->req, "host").p);
	assert_int_equal(x->req->target.len + x->req->path.len + x->req->query.len, 0);
	assert_int_equal(x->method, HTTP_POST);
	assert_int_equal(x->minor_version, 1);
	stream_write(x, "token");
	reply_stream_end(x);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	assert_true(client_has(cl, "5\r\ntoken\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	assert_true(client_has(cl, "X-Query: next\r\n"));
}

RIG_TEST(head_gets_only_the_header)
{
	struct http_exchange *x;

	rig.big = slice_str("static");
	rig_open();
	client_send(cl, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_ends_with(cl, "Content-Length: 5\r\n\r\n"));
	client_send(cl, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(client_ends_with(cl, "Content-Length: 6\r\n\r\n"));
	client_send(cl, "HEAD /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	x = rig_kept();
	stream_begin(x, "text/plain");
	stream_write(x, "piece");
	reply_stream_end_with(x, slice_str("last piece"));
	WAIT_FOR(client_ends_with(cl, "chunked\r\n\r\n"));
	client_send(cl, HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	assert_int_equal(client_count(cl, "HTTP/1.1 200 OK"), 4);
	assert_false(client_has(cl, "piece"));
	assert_false(client_has(cl, "static"));
}

CLIENT_TEST(no_content_has_no_length)
{
	client_send(cl, GET("/empty") HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	assert_true(client_begins_with(cl, "HTTP/1.1 204 No Content\r\n"));
	assert_int_equal(client_count(cl, "Content-Length"), 1);
}

CLIENT_TEST(an_aborted_reply_drops_the_connection_without_on_close)
{
	struct http_exchange *x;

	client_send(cl, GET("/abort"));
	WAIT_FOR_END(cl);
	assert_int_equal(buf_len(&cl->in), 0);

	cl = client_open();
	x = client_stream(cl, "text/plain");
	stream_write(x, "half");
	WAIT_FOR(client_ends_with(cl, "half\r\n"));
	reply_abort(x);
	WAIT_FOR_END(cl);
	assert_true(client_ends_with(cl, "half\r\n"));
	assert_int_equal(rig.closed, 0);
	assert_int_equal(rig.answered, 2);
}

CLIENT_TEST(a_header_value_cannot_break_out_of_its_line)
{
	struct http_exchange *x = client_keep(cl);

	rig_quiet();
	reply_start(x, 200);
	reply_header_str(x, "X-Bad", "a\r\nX-Evil: b");
	reply_header_str(x, "X-Bad", "a\nX-Evil: b");
	reply_header(x, "X-Bad", (struct slice){(const uint8_t *)"a\0b", 3});
	reply_header_fmt(x, "X-Bad", "%0300d", 1);
	reply_header_fmt(x, "X-Good", "%d\t%s", 12, "\xc3\xa9");
	reply_empty(x);
	WAIT_FOR(client_has(cl, "\r\n\r\n"));
	assert_false(client_has(cl, "X-Bad"));
	assert_false(client_has(cl, "X-Evil"));
	assert_true(client_has(cl, "\r\nX-Good: 12\t\xc3\xa9\r\n"));
}

RIG_TEST(large_replies_pass_a_slow_socket_complete_and_in_order)
{
	rig.big = rig_text('l', 3000000);
	rig_start();
	cl = client_open_with(8192);
	client_send(cl, GET("/big") HELLO GET("/bigcopy") HELLO);
	WAIT_FOR(rig_conn()->blocked);
	assert_int_equal(rig.handled, 1);
	WAIT_FOR(client_ends_with(cl, ANSWER) && buf_len(&cl->in) > 6000000);
	assert_int_equal(client_count(cl, "\r\n\r\nlllll"), 2);
	assert_int_equal(client_count(cl, "lHTTP/1.1 200 OK"), 2);
	assert_int_equal(client_count(cl, ANSWER), 2);
	WAIT_FOR(rig_conn()->out.mem == NULL);
}

RIG_TEST(a_reply_over_the_limit_drops_the_connection)
{
	rig.limits.reply_max = 1000;
	rig.limits.output_max = 500;
	rig.big = rig_text('l', 2000);
	rig_open();
	rig_quiet();
	client_send(cl, GET("/bigcopy"));
	WAIT_FOR_END(cl);
	assert_int_equal(buf_len(&cl->in), 0);

	cl = client_open();
	reply_stream_end_with(client_stream(cl, NULL), rig.big);
	WAIT_FOR_END(cl);
	assert_int_equal(buf_len(&cl->in), 0);
	assert_int_equal(rig.closed, 0);
}

TEST_MAIN(NULL, NULL)
