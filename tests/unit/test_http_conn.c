/*
 * Connections: a real server on a real event loop, spoken to over loopback TCP in the same
 * thread. Each test waits for a condition (bytes, the end, a state) by turning the loop, for ten
 * seconds at most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "workerd/http/conn_internal.h"
#include "workerd/http/reply.h"

#define WAIT_MS  10000
#define HELLO    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define HELLO10  "GET /hello HTTP/1.0\r\n\r\n"
#define KEPT_MAX 8

static struct event_base *base;
static struct http_server *server;
static struct event *tick;

/* What the handler has seen and kept. */
static struct http_exchange *kept[KEPT_MAX];
static size_t n_kept;
static size_t handled, closed, answered;
static char last_body[256];
static struct slice big;

/* The client's end. */
struct client {
	int fd;
	struct buf in;
	bool eof;
	bool reset;
};

static void
on_close(struct http_exchange *x)
{
	assert_ptr_equal(x->data, &handled);
	closed++;
}

static void
keep(struct http_exchange *x)
{
	assert_true(n_kept < KEPT_MAX);
	x->data = &handled;
	x->on_close = on_close;
	kept[n_kept++] = x;
}

static void
handle(struct http_exchange *x, void *ctx)
{
	struct slice path = x->req->path;

	assert_ptr_equal(ctx, &server);
	handled++;
	if (slice_eq_str(path, "/keep")) {
		keep(x);
	} else if (slice_eq_str(path, "/echo")) {
		(void)snprintf(last_body, sizeof(last_body), "%.*s", (int)x->body.len,
		    (const char *)x->body.p);
		reply_start(x, 200);
		reply_body(x, "text/plain", x->body);
	} else if (slice_eq_str(path, "/empty")) {
		reply_start(x, 204);
		reply_empty(x);
	} else if (slice_eq_str(path, "/big")) {
		reply_start(x, 200);
		reply_static(x, "text/plain", big);
	} else if (slice_eq_str(path, "/bigcopy")) {
		reply_start(x, 200);
		reply_body(x, "text/plain", big);
	} else if (slice_eq_str(path, "/abort")) {
		keep(x);
		n_kept--;
		reply_abort(x);
	} else {
		reply_start(x, 200);
		reply_header(x, "X-Query", x->req->query);
		reply_body(x, "text/plain", slice_str("hello"));
	}
}

static size_t
body_limit(const struct http_request *req, void *ctx)
{
	assert_ptr_equal(ctx, &server);
	return slice_eq_str(req->path, "/echo") ? 100000 : 10;
}

/* What the api does for CORS: depends on the request, also on one that could not be read. */
static int
decorate(struct http_exchange *x, struct buf *out, void *ctx)
{
	struct slice origin = http_header(x->req, "origin");

	assert_ptr_equal(ctx, &server);
	if (buf_append_str(out, "X-Frame-Options: DENY\r\n") == -1)
		return -1;
	if (origin.p != NULL)
		reply_header(x, "Access-Control-Allow-Origin", origin);
	return 0;
}

static void
on_answered(struct http_exchange *x, void *ctx)
{
	(void)x;
	assert_ptr_equal(ctx, &server);
	answered++;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
start(const struct http_limits *limits)
{
	struct http_server_config config = {
	    .base = base,
	    .limits = *limits,
	    .ctx = &server,
	    .handle = handle,
	    .body_limit = body_limit,
	    .decorate = decorate,
	    .answered = on_answered,
	};

	server = http_server_new(&config);
}

static void
stop(void)
{
	http_server_free(server);
	server = NULL;
}

static int
set_up(void **state)
{
	static const struct timeval every = {.tv_usec = 2000};

	(void)state;
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	event_add(tick, &every);
	n_kept = handled = closed = answered = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	stop();
	event_free(tick);
	event_base_free(base);
	return 0;
}

/* A connected pair over loopback; the server's side is non-blocking. */
static void
tcp_pair(int *mine, int *its, int buffer)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(sin);

	assert_int_not_equal(listener, -1);
	if (buffer != 0)
		assert_int_equal(
		    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	*mine = socket(AF_INET, SOCK_STREAM, 0);
	if (buffer != 0)
		assert_int_equal(
		    setsockopt(*mine, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(connect(*mine, (struct sockaddr *)&sin, sizeof(sin)), 0);
	*its = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_int_not_equal(*its, -1);
	close(listener);
	assert_int_equal(fd_nonblock(*mine), 0);
}

static void
client_open_with(struct client *cl, int buffer)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	struct http_peer peer = {.address = {address, 4}, .port = 4711, .loopback = true};
	int its;

	*cl = (struct client){.fd = -1};
	buf_init(&cl->in, 64 * 1024 * 1024);
	tcp_pair(&cl->fd, &its, buffer);
	assert_int_equal(http_server_adopt(server, its, 1, &peer), 0);
}

static void
client_open(struct client *cl)
{
	client_open_with(cl, 0);
}

static void
client_close(struct client *cl)
{
	closefd(&cl->fd);
	buf_clear(&cl->in);
}

static void
client_send_bytes(struct client *cl, const char *p, size_t len)
{
	assert_int_equal(send(cl->fd, p, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
client_send(struct client *cl, const char *text)
{
	client_send_bytes(cl, text, strlen(text));
}

static void
client_read(struct client *cl)
{
	ssize_t n;
	char bytes[65536];

	if (cl->eof || cl->reset)
		return;
	n = recv(cl->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		assert_int_equal(buf_append(&cl->in, bytes, (size_t)n), 0);
	else if (n == 0)
		cl->eof = true;
	else if (errno == ECONNRESET)
		cl->reset = true;
}

/* One turn of the loop, as the worker makes it; the tick ends it if nothing else does. */
static void
turn(void)
{
	event_base_loop(base, EVLOOP_ONCE);
	http_server_turn_end(server);
}

/* Turns the loop until the condition holds. */
#define WAIT_FOR(cond)                                       \
	do {                                                 \
		uint64_t until_ = clock_mono_ms() + WAIT_MS; \
		while (!(cond) && clock_mono_ms() < until_)  \
			turn();                              \
		assert_true(cond);                           \
	} while (0)

static bool
has(struct client *cl, const char *text)
{
	client_read(cl);
	return memmem(buf_data(&cl->in), buf_len(&cl->in), text, strlen(text)) != NULL;
}

static size_t
count(struct client *cl, const char *text)
{
	const uint8_t *p, *from;
	size_t n = 0;

	client_read(cl);
	from = buf_data(&cl->in);
	for (;;) {
		p = memmem(from, buf_len(&cl->in) - (size_t)(from - buf_data(&cl->in)), text,
		    strlen(text));
		if (p == NULL)
			return n;
		n++;
		from = p + 1;
	}
}

static bool
ends_with(struct client *cl, const char *text)
{
	size_t len = strlen(text);

	client_read(cl);
	return buf_len(&cl->in) >= len &&
	    memcmp(buf_data(&cl->in) + buf_len(&cl->in) - len, text, len) == 0;
}

static size_t
received(struct client *cl)
{
	client_read(cl);
	return buf_len(&cl->in);
}

static bool
at_end(struct client *cl)
{
	client_read(cl);
	return cl->eof;
}

static struct http_conn *
only_conn(void)
{
	assert_int_equal(http_server_connections(server), 1);
	return TAILQ_FIRST(&server->all);
}

/* -- answers ------------------------------------------------------------------------------- */

static void
an_answer_has_status_date_decoration_type_and_length(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /hello?q=1 HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\n\r\n");
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
	assert_int_equal(memcmp(buf_data(&cl.in) + 48, " GMT\r\n", 6), 0);
	assert_true(has(&cl, "\r\nX-Frame-Options: DENY\r\n"));
	assert_true(has(&cl, "\r\nAccess-Control-Allow-Origin: https://o\r\n"));
	assert_true(has(&cl, "\r\nX-Query: q=1\r\n"));
	assert_true(has(&cl, "\r\nContent-Type: text/plain\r\n"));
	assert_true(has(&cl, "\r\nContent-Length: 5\r\n"));
	assert_false(has(&cl, "Connection:"));
	assert_int_equal(answered, 1);
	client_close(&cl);
}

static void
the_handler_sees_where_the_client_is(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	assert_int_equal(kept[0]->client.len, 4);
	assert_int_equal(kept[0]->client.p[0], 192);
	assert_int_equal(kept[0]->client_port, 4711);
	assert_true(kept[0]->loopback);
	assert_int_equal(kept[0]->number, 1);
	assert_int_equal(http_server_exchanges(server), 1);
	reply_start(kept[0], 200);
	reply_empty(kept[0]);
	WAIT_FOR(has(&cl, "Content-Length: 0\r\n\r\n"));
	assert_int_equal(http_server_exchanges(server), 0);
	client_close(&cl);
}

static void
a_connection_serves_many_requests_and_holds_nothing_between(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	for (size_t i = 1; i <= 20; i++) {
		client_send(&cl, HELLO);
		WAIT_FOR(count(&cl, "\r\n\r\nhello") == i);
		assert_null(only_conn()->in.mem);
		assert_null(only_conn()->out.mem);
		assert_null(only_conn()->box);
		assert_int_equal(only_conn()->state, CONN_IDLE);
	}
	assert_true(sizeof(struct http_conn) < 700);
	client_close(&cl);
	WAIT_FOR(http_server_connections(server) == 0);
}

static void
pipelined_requests_are_answered_in_their_order_in_one_write(void **state)
{
	char text[2048] = "";
	struct client cl;
	size_t len = 0;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "GET /hello?%d. HTTP/1.1\r\nHost: a\r\n\r\n", i);
	client_send(&cl, text);
	/* The requests lie in the kernel as one piece: one turn takes and answers all. */
	WAIT_FOR(handled > 0);
	assert_int_equal(handled, 20);
	WAIT_FOR(count(&cl, "\r\n\r\nhello") == 20);
	for (int i = 0, at = 0; i < 20; i++) {
		const uint8_t *p;
		char query[24];

		(void)snprintf(query, sizeof(query), "X-Query: %d.\r\n", i);
		p = memmem(
		    buf_data(&cl.in) + at, buf_len(&cl.in) - (size_t)at, query, strlen(query));
		assert_non_null(p);
		at = (int)(p - buf_data(&cl.in));
	}
	client_close(&cl);
}

static void
a_pipelined_request_waits_for_the_end_of_the_answer_before_it(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl,
	    "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n" HELLO
	    "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	client_send(&cl, HELLO);
	WAIT_FOR(only_conn()->deaf);
	assert_int_equal(handled, 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "text/plain");
	assert_int_equal(reply_stream_write(kept[0], slice_str("slow")), 0);
	WAIT_FOR(has(&cl, "4\r\nslow\r\n"));
	assert_int_equal(handled, 1);
	reply_stream_end(kept[0]);
	/* Nothing is handled in turn_end itself. */
	http_server_turn_end(server);
	assert_int_equal(handled, 1);
	WAIT_FOR(n_kept == 2);
	assert_int_equal(handled, 3);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	reply_start(kept[1], 204);
	reply_empty(kept[1]);
	WAIT_FOR(handled == 4);
	WAIT_FOR(count(&cl, "\r\n\r\nhello") == 2);
	client_close(&cl);
}

static void
a_stream_is_chunked_and_what_comes_in_a_turn_goes_in_one_write(void **state)
{
	struct client cl;
	uint8_t *first;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "application/x-ndjson");
	WAIT_FOR(ends_with(&cl, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	assert_false(has(&cl, "Content-Length"));
	buf_reset(&cl.in);
	assert_int_equal(reply_stream_write(kept[0], slice_str("a")), 0);
	assert_int_equal(reply_stream_write(kept[0], slice_str("")), 0);
	assert_int_equal(reply_stream_write(kept[0], slice_str("0123456789abcdefg")), 0);
	first = only_conn()->out.mem;
	assert_non_null(first);
	client_read(&cl);
	assert_int_equal(buf_len(&cl.in), 0);
	http_server_turn_end(server);
	client_read(&cl);
	assert_true(ends_with(&cl, "1\r\na\r\n11\r\n0123456789abcdefg\r\n"));
	assert_null(only_conn()->out.mem);
	assert_int_equal(kept[0]->sent, 18);
	reply_stream_end(kept[0]);
	WAIT_FOR(ends_with(&cl, "g\r\n0\r\n\r\n"));
	client_send(&cl, HELLO);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);
}

static void
a_streaming_connection_costs_little(void **state)
{
	struct client cl;
	struct http_conn *c;
	size_t cost;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl,
	    "POST /keep HTTP/1.1\r\nHost: chat.example.org\r\n"
	    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
	    "Accept: */*\r\nAccept-Language: en-GB,en;q=0.9\r\nX-Api-Key: 0123456789\r\n"
	    "Accept-Encoding: gzip, deflate, br\r\nContent-Type: application/json\r\n"
	    "Origin: https://shop.example.org\r\nSec-Fetch-Site: cross-site\r\n"
	    "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nContent-Length: 4\r\n\r\n"
	    "body");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "application/x-ndjson");
	assert_int_equal(reply_stream_write(kept[0], slice_str("token")), 0);
	WAIT_FOR(ends_with(&cl, "5\r\ntoken\r\n"));
	c = only_conn();
	cost = sizeof(*c) + sizeof(*c->box) +
	    c->box->req.n_headers * sizeof(struct http_header) + c->in.cap + c->out.cap;
	print_message("idle: %zu bytes, streaming: %zu bytes\n", sizeof(*c), cost);
	assert_true(cost < 3072);
	reply_stream_end(kept[0]);
	WAIT_FOR(ends_with(&cl, "0\r\n\r\n"));
	client_close(&cl);
}

static void
head_gets_the_header_alone(void **state)
{
	struct client cl;

	(void)state;
	big = slice_str("static");
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(ends_with(&cl, "Content-Length: 5\r\n\r\n"));
	client_send(&cl, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(ends_with(&cl, "Content-Length: 6\r\n\r\n"));
	client_send(&cl, "HEAD /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "text/plain");
	assert_int_equal(reply_stream_write(kept[0], slice_str("piece")), 0);
	reply_stream_end_with(kept[0], slice_str("last piece"));
	WAIT_FOR(ends_with(&cl, "chunked\r\n\r\n"));
	client_send(&cl, HELLO);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(count(&cl, "HTTP/1.1 200 OK"), 4);
	assert_false(has(&cl, "piece"));
	assert_false(has(&cl, "static"));
	client_close(&cl);
}

static void
no_content_has_no_length(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 204 No Content\r\n", 25), 0);
	assert_int_equal(count(&cl, "Content-Length"), 1);
	client_close(&cl);
}

static void
http_1_0_closes_unless_asked_to_stay(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, HELLO10);
	WAIT_FOR(at_end(&cl));
	assert_true(has(&cl, "Connection: close\r\n"));
	assert_true(ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	assert_true(has(&cl, "Connection: keep-alive\r\n"));
	client_send(&cl, HELLO10);
	WAIT_FOR(at_end(&cl));
	assert_int_equal(count(&cl, "\r\n\r\nhello"), 2);
	client_close(&cl);
}

static void
http_1_0_gets_a_stream_that_ends_with_the_connection(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "text/plain");
	assert_int_equal(reply_stream_write(kept[0], slice_str("one ")), 0);
	assert_int_equal(reply_stream_write(kept[0], slice_str("two")), 0);
	reply_stream_end(kept[0]);
	WAIT_FOR(at_end(&cl));
	assert_true(ends_with(&cl, "Connection: close\r\n\r\none two"));
	assert_false(has(&cl, "chunked"));
	client_close(&cl);
}

static bool
was_reset(struct client *cl)
{
	client_read(cl);
	return cl->reset;
}

/* Its end would be the good end of the body otherwise. */
static void
a_cut_stream_of_http_1_0_ends_in_a_reset(void **state)
{
	static char text[3000000];
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.stall_timeout = 50;
	start(&limits);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.0\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "text/plain");
	assert_int_equal(reply_stream_write(kept[0], slice_str("half")), 0);
	WAIT_FOR(ends_with(&cl, "half"));
	reply_abort(kept[0]);
	WAIT_FOR(was_reset(&cl));
	client_close(&cl);

	/* Answered to the end, but never taken: cut by the stall time-out. */
	memset(text, 't', sizeof(text));
	log_open("test", (enum log_level)0);
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /keep HTTP/1.0\r\n\r\n");
	WAIT_FOR(n_kept == 2);
	reply_start(kept[1], 200);
	reply_stream_begin(kept[1], "text/plain");
	reply_stream_end_with(kept[1], (struct slice){(uint8_t *)text, sizeof(text)});
	WAIT_FOR(http_server_connections(server) == 0);
	WAIT_FOR(was_reset(&cl));
	log_open("test", LOG_WARN);
	client_close(&cl);
}

static void
connection_close_is_obeyed(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	assert_true(has(&cl, "Connection: close\r\n"));
	assert_int_equal(http_server_connections(server), 0);
	client_close(&cl);
}

static void
an_aborted_answer_cuts_the_connection_without_on_close(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], "text/plain");
	assert_int_equal(reply_stream_write(kept[0], slice_str("half")), 0);
	WAIT_FOR(ends_with(&cl, "half\r\n"));
	reply_abort(kept[0]);
	WAIT_FOR(at_end(&cl));
	assert_true(ends_with(&cl, "half\r\n"));
	assert_int_equal(closed, 0);
	assert_int_equal(answered, 2);
	client_close(&cl);
}

static void
a_header_value_cannot_break_out_of_its_line(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	log_open("test", (enum log_level)0);
	reply_start(kept[0], 200);
	reply_header_str(kept[0], "X-Bad", "a\r\nX-Evil: b");
	reply_header_str(kept[0], "X-Bad", "a\nX-Evil: b");
	reply_header(kept[0], "X-Bad", (struct slice){(const uint8_t *)"a\0b", 3});
	reply_header_fmt(kept[0], "X-Bad", "%0300d", 1);
	reply_header_fmt(kept[0], "X-Good", "%d\t%s", 12, "\xc3\xa9");
	log_open("test", LOG_WARN);
	reply_empty(kept[0]);
	WAIT_FOR(has(&cl, "\r\n\r\n"));
	assert_false(has(&cl, "X-Bad"));
	assert_false(has(&cl, "X-Evil"));
	assert_true(has(&cl, "\r\nX-Good: 12\t\xc3\xa9\r\n"));
	client_close(&cl);
}

/* -- bodies -------------------------------------------------------------------------------- */

static void
a_body_arrives_whole_however_it_is_split(void **state)
{
	static const char text[] =
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world" HELLO;
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		size_t before = handled;

		buf_reset(&cl.in);
		last_body[0] = '\0';
		client_send_bytes(&cl, text, cut);
		WAIT_FOR(handled > before || buf_len(&only_conn()->in) == cut);
		client_send_bytes(&cl, text + cut, sizeof(text) - 1 - cut);
		WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
		assert_string_equal(last_body, "hello world");
		assert_int_equal(count(&cl, "HTTP/1.1 200"), 2);
	}
	client_close(&cl);
}

static void
a_large_body_is_taken_up_to_the_limit_of_its_route(void **state)
{
	static char text[100000 + 128];
	struct client cl;
	size_t head;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	head = (size_t)snprintf(text, sizeof(text),
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	memset(text + head, 'b', 100000);
	for (size_t at = 0; at < head + 100000;) {
		ssize_t n = send(cl.fd, text + at, head + 100000 - at, MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		turn();
	}
	WAIT_FOR(received(&cl) > 100000);
	assert_int_equal(handled, 1);
	assert_true(has(&cl, "Content-Length: 100000\r\n"));
	WAIT_FOR(only_conn()->in.mem == NULL);
	client_close(&cl);
}

static void
a_body_over_the_limit_is_refused_and_the_client_reads_the_answer(void **state)
{
	char junk[4096];
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	memset(junk, 'x', sizeof(junk));
	client_send(&cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\nContent-Length: 8192\r\n\r\n");
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(at_end(&cl));
	assert_true(has(&cl, "HTTP/1.1 413 "));
	assert_true(has(&cl, "Connection: close\r\n"));
	assert_true(has(&cl, "X-Frame-Options: DENY\r\n"));
	assert_true(has(&cl, "Access-Control-Allow-Origin: https://o\r\n"));
	assert_true(ends_with(
	    &cl, "{\"error\":\"Request body too large\",\"code\":\"body_too_large\"}"));
	assert_int_equal(handled, 0);
	/* It is still being listened to, so that what the client goes on sending resets nothing. */
	assert_int_equal(only_conn()->state, CONN_LINGER);
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(only_conn()->lingered >= sizeof(junk));
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(http_server_connections(server) == 0);
	assert_false(cl.reset);
	client_close(&cl);
}

static void
lingering_is_bounded_in_bytes_and_in_time(void **state)
{
	struct http_limits limits = http_limits_default;
	char junk[4096];
	struct client cl;

	(void)state;
	limits.linger_max = 8192;
	limits.linger_timeout = 1000;
	start(&limits);
	memset(junk, 'x', sizeof(junk));
	client_open(&cl);
	client_send(&cl, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	client_send_bytes(&cl, junk, sizeof(junk));
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(only_conn()->lingered == limits.linger_max);
	/* More is not read, but does not end it either: the client may not have read its answer. */
	client_send_bytes(&cl, junk, sizeof(junk));
	for (int i = 0; i < 5; i++)
		turn();
	assert_int_equal(only_conn()->lingered, limits.linger_max);
	WAIT_FOR(http_server_connections(server) == 0);
	client_close(&cl);
	stop();

	limits.linger_timeout = 30;
	start(&limits);
	client_open(&cl);
	client_send(&cl, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	WAIT_FOR(http_server_connections(server) == 0);
	client_close(&cl);
}

static void
expect_continue_is_answered_before_the_body(void **state)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
	    "Expect: 100-continue\r\n\r\n");
	WAIT_FOR(ends_with(&cl, go_on));
	assert_int_equal(handled, 0);
	client_send(&cl, "body");
	WAIT_FOR(ends_with(&cl, "\r\n\r\nbody"));
	/* Not when the body has come along, and not to HTTP/1.0. */
	client_send(&cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
	    "Expect: 100-continue\r\n\r\nBODY");
	WAIT_FOR(ends_with(&cl, "\r\n\r\nBODY"));
	client_send(
	    &cl, "POST /echo HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	WAIT_FOR(only_conn()->state == CONN_BODY);
	client_send(&cl, "last");
	WAIT_FOR(ends_with(&cl, "\r\n\r\nlast"));
	assert_int_equal(count(&cl, "100 Continue"), 1);
	client_close(&cl);

	/* Too large a body is refused instead. */
	client_open(&cl);
	client_send(&cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
	    "Expect: 100-continue\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 413 ", 13), 0);
	client_close(&cl);
}

/* -- bad requests -------------------------------------------------------------------------- */

static void
every_bad_request_gets_its_answer_and_the_end(void **state)
{
	static const struct {
		const char *text;
		const char *status;
	} table[] = {
	    {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
	    {"GET / HTTP/1.1\n", "HTTP/1.1 400 "},
	    {"\x16\x03\x01\x02", "HTTP/1.1 400 "},
	    {"GET / HTTP/3.0\r\n", "HTTP/1.1 505 "},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 501 "},
	    /* Smuggling: what follows must never be taken for a request. */
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: "
	     "0\r\n\r\n" HELLO,
		"HTTP/1.1 400 "},
	};

	(void)state;
	start(&http_limits_default);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct client cl;

		client_open(&cl);
		client_send(&cl, table[i].text);
		WAIT_FOR(at_end(&cl));
		assert_int_equal(
		    memcmp(buf_data(&cl.in), table[i].status, strlen(table[i].status)), 0);
		assert_true(has(&cl, "Connection: close\r\n"));
		assert_true(has(&cl, "X-Frame-Options: DENY\r\n"));
		assert_true(has(&cl, "\r\n\r\n{\"error\":\""));
		assert_int_equal(count(&cl, "HTTP/1.1"), 1);
		assert_int_equal(handled, 0);
		client_close(&cl);
	}
}

static void
heads_over_the_limit_are_refused(void **state)
{
	char text[20000];
	struct client cl;

	(void)state;
	start(&http_limits_default);
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	client_open(&cl);
	client_send_bytes(&cl, text, sizeof(text));
	WAIT_FOR(at_end(&cl));
	assert_true(has(&cl, "HTTP/1.1 414 "));
	client_close(&cl);

	memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX:", 27);
	client_open(&cl);
	client_send_bytes(&cl, text, sizeof(text));
	WAIT_FOR(at_end(&cl));
	assert_true(has(&cl, "HTTP/1.1 431 "));
	client_close(&cl);
	assert_int_equal(handled, 0);
}

static void
a_good_request_before_a_bad_one_is_answered(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, HELLO "BAD\r\n\r\n" HELLO);
	WAIT_FOR(at_end(&cl));
	assert_int_equal(count(&cl, "HTTP/1.1 200 "), 1);
	assert_int_equal(count(&cl, "HTTP/1.1 400 "), 1);
	assert_int_equal(handled, 1);
	client_close(&cl);
}

/* -- clients that leave, and slow ones ----------------------------------------------------- */

static void
a_half_closed_client_gets_its_answer(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, HELLO HELLO);
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(at_end(&cl));
	assert_int_equal(count(&cl, "\r\n\r\nhello"), 2);
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(n_kept == 1 && only_conn()->eof);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	assert_int_equal(reply_stream_write(kept[0], slice_str("late")), 0);
	WAIT_FOR(has(&cl, "late"));
	reply_stream_end(kept[0]);
	WAIT_FOR(at_end(&cl));
	assert_true(ends_with(&cl, "0\r\n\r\n"));
	assert_int_equal(closed, 0);
	assert_int_equal(http_server_connections(server), 0);
	client_close(&cl);
}

static void
half_a_request_and_the_end_is_no_request(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
	WAIT_FOR(only_conn()->state == CONN_BODY);
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	assert_int_equal(handled, 0);
	client_close(&cl);
}

/* Closes so that the server's side gets a reset. */
static void
client_reset(struct client *cl)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(cl->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	client_close(cl);
}

static void
a_reset_is_told_by_on_close_while_the_handler_thinks(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	client_reset(&cl);
	WAIT_FOR(closed == 1);
	assert_int_equal(answered, 1);
	assert_int_equal(http_server_connections(server), 0);
}

static void
a_client_that_left_is_noticed_by_writing_and_never_inside_a_call(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	client_close(&cl);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	while (closed == 0) {
		size_t before = closed;

		(void)reply_stream_write(kept[0], slice_str("tick"));
		assert_int_equal(closed, before);
		turn();
	}
	assert_int_equal(closed, 1);
	assert_int_equal(http_server_connections(server), 0);
}

/* Ends the stream of another exchange, kept[1]. */
static void
end_the_other(struct http_exchange *x)
{
	(void)x;
	assert_int_equal(reply_stream_write(kept[1], slice_str("the other left")), 0);
	reply_stream_end(kept[1]);
}

static void
one_turn_end_serves_all_even_what_on_close_sends(void **state)
{
	struct client a, b;

	(void)state;
	start(&http_limits_default);
	client_open(&a);
	client_send(&a, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	client_open(&b);
	client_send(&b, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 2);
	for (size_t i = 0; i < 2; i++) {
		reply_start(kept[i], 200);
		reply_stream_begin(kept[i], NULL);
		assert_int_equal(reply_stream_write(kept[i], slice_str("both")), 0);
	}
	http_server_turn_end(server);
	assert_true(ends_with(&a, "4\r\nboth\r\n"));
	assert_true(ends_with(&b, "4\r\nboth\r\n"));

	kept[0]->on_close = end_the_other;
	client_reset(&a);
	WAIT_FOR(http_server_connections(server) == 1);
	/* No turn was made between the one that noticed and this. */
	assert_true(ends_with(&b, "the other left\r\n0\r\n\r\n"));
	client_close(&b);
}

static void
a_slow_reader_over_the_bound_is_dropped(void **state)
{
	static char piece[1000];
	struct client cl;
	size_t written = 0;

	(void)state;
	memset(piece, 'p', sizeof(piece));
	start(&http_limits_default);
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	log_open("test", (enum log_level)0);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	while (reply_stream_write(kept[0], (struct slice){(uint8_t *)piece, 1000}) == 0) {
		written += 1000;
		assert_true(written < 64u * 1024 * 1024);
		assert_true(buf_len(&only_conn()->out) <=
		    http_limits_default.output_max + sizeof(piece) + 64);
		if (written % 64000 == 0)
			turn();
	}
	log_open("test", LOG_WARN);
	assert_true(written >= http_limits_default.output_max);
	/* Told later, and more writes change nothing. */
	assert_int_equal(closed, 0);
	assert_int_equal(reply_stream_write(kept[0], slice_str("more")), -1);
	assert_int_equal(closed, 0);
	http_server_turn_end(server);
	assert_int_equal(closed, 1);
	assert_int_equal(http_server_connections(server), 0);
	client_close(&cl);
}

static void
a_long_piece_to_a_reader_that_keeps_up_passes_a_small_bound(void **state)
{
	static char text[300000];
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	memset(text, 't', sizeof(text));
	limits.output_max = 8192;
	start(&limits);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	for (size_t at = 0; at < sizeof(text); at += 50000) {
		assert_int_equal(
		    reply_stream_write(kept[0], (struct slice){(uint8_t *)text + at, 50000}),
		    0);
		WAIT_FOR(received(&cl) > at + 50000);
	}
	reply_stream_end(kept[0]);
	WAIT_FOR(ends_with(&cl, "0\r\n\r\n"));
	client_close(&cl);
}

static void
a_last_piece_of_any_length_waits_for_a_slow_reader(void **state)
{
	static char text[3000000];
	struct slice last = {(uint8_t *)text, sizeof(text)};
	struct client cl;

	(void)state;
	memset(text, 't', sizeof(text));
	start(&http_limits_default);
	client_open_with(&cl, 8192);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	/* As much as a stream may have waiting, and then the end. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(reply_stream_write(kept[0], (struct slice){last.p, 60000}), 0);
	reply_stream_end_with(kept[0], last);
	turn();
	assert_true(buf_len(&only_conn()->out) > http_limits_default.output_max);
	WAIT_FOR(ends_with(&cl, "t\r\n0\r\n\r\n"));
	assert_int_equal(count(&cl, "\r\n2dc6c0\r\nt"), 1);
	assert_true(buf_len(&cl.in) > sizeof(text) + 240000);
	assert_int_equal(closed, 0);

	/* The connection serves on; and an empty piece makes no second end. */
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(n_kept == 2);
	reply_start(kept[1], 200);
	reply_stream_begin(kept[1], NULL);
	reply_stream_end_with(kept[1], slice_str(""));
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	assert_true(has(&cl, "chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	client_close(&cl);
}

static void
large_answers_pass_a_slow_socket_whole_and_in_order(void **state)
{
	static char text[3000000];
	struct client cl;

	(void)state;
	memset(text, 'l', sizeof(text));
	big = (struct slice){(uint8_t *)text, sizeof(text)};
	start(&http_limits_default);
	client_open_with(&cl, 8192);
	client_send(&cl,
	    "GET /big HTTP/1.1\r\nHost: a\r\n\r\n" HELLO
	    "GET /bigcopy HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	WAIT_FOR(only_conn()->blocked);
	assert_int_equal(handled, 1);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello") && buf_len(&cl.in) > 6000000);
	assert_int_equal(count(&cl, "\r\n\r\nlllll"), 2);
	assert_int_equal(count(&cl, "lHTTP/1.1 200 OK"), 2);
	assert_int_equal(count(&cl, "\r\n\r\nhello"), 2);
	WAIT_FOR(only_conn()->out.mem == NULL);
	client_close(&cl);
}

static void
an_answer_over_the_limit_drops_the_connection(void **state)
{
	static char text[2000];
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.answer_max = 1000;
	limits.output_max = 500;
	memset(text, 'l', sizeof(text));
	big = (struct slice){(uint8_t *)text, sizeof(text)};
	start(&limits);
	client_open(&cl);
	log_open("test", (enum log_level)0);
	client_send(&cl, "GET /bigcopy HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 200);
	reply_stream_begin(kept[0], NULL);
	reply_stream_end_with(kept[0], big);
	WAIT_FOR(at_end(&cl));
	log_open("test", LOG_WARN);
	assert_int_equal(buf_len(&cl.in), 0);
	assert_int_equal(closed, 0);
	client_close(&cl);
}

/* -- time ---------------------------------------------------------------------------------- */

static void
a_slow_head_gets_408_and_a_silent_client_nothing(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.head_timeout = 40;
	start(&limits);
	client_open(&cl);
	WAIT_FOR(at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	client_close(&cl);

	/* A byte now and then does not win time. */
	client_open(&cl);
	for (size_t i = 0; i < 16 && !at_end(&cl); i++) {
		(void)send(cl.fd, &HELLO[i], 1, MSG_NOSIGNAL);
		for (uint64_t until = clock_mono_ms() + 20; clock_mono_ms() < until;)
			turn();
	}
	WAIT_FOR(at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 408 ", 13), 0);
	assert_true(has(&cl, "Connection: close\r\n"));
	assert_int_equal(handled, 0);
	client_close(&cl);
}

static void
a_slow_body_gets_408(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.body_timeout = 40;
	limits.head_timeout = 2 * WAIT_MS;
	start(&limits);
	client_open(&cl);
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow");
	WAIT_FOR(at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 408 ", 13), 0);
	assert_int_equal(handled, 0);
	client_close(&cl);
}

static void
an_idle_connection_is_closed_silently_after_its_time(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.idle_timeout = 40;
	limits.head_timeout = 2 * WAIT_MS;
	start(&limits);
	client_open(&cl);
	client_send(&cl, HELLO);
	WAIT_FOR(at_end(&cl));
	assert_true(ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);
}

static void
a_handler_may_take_longer_than_any_of_them(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client cl;
	uint64_t until;

	(void)state;
	limits.head_timeout = limits.body_timeout = limits.idle_timeout = limits.stall_timeout =
	    20;
	start(&limits);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	for (until = clock_mono_ms() + 80; clock_mono_ms() < until;)
		turn();
	assert_int_equal(closed, 0);
	reply_start(kept[0], 200);
	reply_empty(kept[0]);
	WAIT_FOR(has(&cl, "Content-Length: 0\r\n"));
	client_close(&cl);
}

/* Lets the time pass without a turn of the loop. */
static void
miss(unsigned ms)
{
	for (uint64_t until = clock_mono_ms() + ms; clock_mono_ms() <= until;)
		continue;
}

static void
what_comes_in_the_turn_of_its_time_out_is_not_too_late(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client cl;

	(void)state;
	limits.head_timeout = limits.idle_timeout = limits.body_timeout = 20;
	start(&limits);
	client_open(&cl);
	client_send(&cl, HELLO);
	miss(40);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nhello"));
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
	miss(40);
	WAIT_FOR(only_conn()->state == CONN_BODY);
	client_send(&cl, "body");
	miss(40);
	WAIT_FOR(ends_with(&cl, "\r\n\r\nbody"));
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	miss(40);
	WAIT_FOR(n_kept == 1);
	reply_start(kept[0], 204);
	reply_empty(kept[0]);
	WAIT_FOR(has(&cl, "HTTP/1.1 204 "));
	assert_int_equal(handled, 3);
	client_close(&cl);
}

static void
a_client_that_takes_nothing_is_dropped_and_one_that_takes_a_little_is_not(void **state)
{
	static char text[3000000];
	struct http_limits limits = http_limits_default;
	struct client cl;
	uint64_t begun;

	(void)state;
	memset(text, 'l', sizeof(text));
	big = (struct slice){(uint8_t *)text, sizeof(text)};
	limits.stall_timeout = 100;
	start(&limits);
	log_open("test", (enum log_level)0);
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(handled == 1 && http_server_connections(server) == 0);
	client_close(&cl);
	log_open("test", LOG_WARN);

	/* All of it takes longer than the time-out, but never stands still for so long. */
	client_open_with(&cl, 16384);
	client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	begun = clock_mono_ms();
	while (clock_mono_ms() < begun + 400) {
		uint64_t next = clock_mono_ms() + 10;

		client_read(&cl);
		while (clock_mono_ms() < next)
			turn();
	}
	assert_true(only_conn()->blocked);
	WAIT_FOR(received(&cl) > sizeof(text));
	client_close(&cl);
}

static void
a_client_that_takes_a_segment_now_and_then_is_dropped(void **state)
{
	static char text[3000000];
	struct http_limits limits = http_limits_default;
	struct client cl;
	uint64_t until = clock_mono_ms() + WAIT_MS;
	char bytes[512];

	(void)state;
	big = (struct slice){(uint8_t *)text, sizeof(text)};
	limits.stall_timeout = 300;
	start(&limits);
	log_open("test", (enum log_level)0);
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(handled == 1);
	/* 8 KB in each time-out: some progress always, but half of what is asked for. */
	while (http_server_connections(server) > 0 && clock_mono_ms() < until) {
		uint64_t next = clock_mono_ms() + 20;

		(void)recv(cl.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		while (clock_mono_ms() < next)
			turn();
	}
	log_open("test", LOG_WARN);
	assert_int_equal(http_server_connections(server), 0);
	client_close(&cl);
}

/* -- draining and the end ------------------------------------------------------------------ */

static void
draining_closes_the_idle_and_lets_the_others_finish(void **state)
{
	struct client idle, busy, coming;

	(void)state;
	start(&http_limits_default);
	client_open(&idle);
	client_send(&idle, HELLO);
	WAIT_FOR(ends_with(&idle, "\r\n\r\nhello"));
	client_open(&busy);
	client_send(&busy, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	client_open(&coming);
	client_send(&coming, HELLO); /* lies in the kernel when the draining begins */
	http_server_drain(server);
	WAIT_FOR(at_end(&idle));
	WAIT_FOR(at_end(&coming));
	assert_true(ends_with(&coming, "Connection: close\r\n\r\nhello"));
	assert_int_equal(http_server_connections(server), 1);
	assert_int_equal(http_server_exchanges(server), 1);
	reply_start(kept[0], 200);
	reply_body(kept[0], "text/plain", slice_str("at last"));
	WAIT_FOR(at_end(&busy));
	assert_true(ends_with(&busy, "Connection: close\r\n\r\nat last"));
	assert_int_equal(http_server_connections(server), 0);
	client_close(&idle);
	client_close(&busy);
	client_close(&coming);
}

static void
draining_waits_a_little_for_a_first_request(void **state)
{
	struct http_limits limits = http_limits_default;
	struct client early, late, silent[2];

	(void)state;
	start(&limits);
	client_open(&early);
	turn();
	http_server_drain(server);
	turn();
	client_open(&late);
	turn();
	assert_int_equal(http_server_connections(server), 2);
	client_send(&early, HELLO);
	client_send(&late, HELLO);
	WAIT_FOR(at_end(&early) && at_end(&late));
	assert_true(ends_with(&early, "Connection: close\r\n\r\nhello"));
	assert_true(ends_with(&late, "Connection: close\r\n\r\nhello"));
	client_close(&early);
	client_close(&late);
	stop();

	limits.linger_timeout = 30;
	limits.head_timeout = 2 * WAIT_MS;
	start(&limits);
	client_open(&silent[0]);
	turn();
	http_server_drain(server);
	client_open(&silent[1]);
	for (size_t i = 0; i < 2; i++) {
		WAIT_FOR(at_end(&silent[i]));
		assert_int_equal(buf_len(&silent[i].in), 0);
		client_close(&silent[i]);
	}
	assert_int_equal(http_server_connections(server), 0);
}

static void
freeing_the_server_tells_those_who_wait(void **state)
{
	struct client cl;

	(void)state;
	start(&http_limits_default);
	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(n_kept == 1);
	stop();
	assert_int_equal(closed, 1);
	assert_int_equal(answered, 1);
	client_close(&cl);
}

static void
four_hundred_connections_are_served_in_parallel(void **state)
{
	enum { N = 400 };
	static struct client cl[N];

	(void)state;
	start(&http_limits_default);
	for (size_t i = 0; i < N; i++)
		client_open(&cl[i]);
	for (size_t round = 1; round <= 3; round++) {
		for (size_t i = 0; i < N; i++)
			client_send(&cl[i], HELLO);
		for (size_t i = 0; i < N; i++)
			WAIT_FOR(count(&cl[i], "\r\n\r\nhello") == round);
	}
	for (size_t i = 0; i < N; i++)
		client_close(&cl[i]);
	WAIT_FOR(http_server_connections(server) == 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_has_status_date_decoration_type_and_length),
	    TEST(the_handler_sees_where_the_client_is),
	    TEST(a_connection_serves_many_requests_and_holds_nothing_between),
	    TEST(pipelined_requests_are_answered_in_their_order_in_one_write),
	    TEST(a_pipelined_request_waits_for_the_end_of_the_answer_before_it),
	    TEST(a_stream_is_chunked_and_what_comes_in_a_turn_goes_in_one_write),
	    TEST(a_streaming_connection_costs_little),
	    TEST(head_gets_the_header_alone),
	    TEST(no_content_has_no_length),
	    TEST(http_1_0_closes_unless_asked_to_stay),
	    TEST(http_1_0_gets_a_stream_that_ends_with_the_connection),
	    TEST(a_cut_stream_of_http_1_0_ends_in_a_reset),
	    TEST(connection_close_is_obeyed),
	    TEST(an_aborted_answer_cuts_the_connection_without_on_close),
	    TEST(a_header_value_cannot_break_out_of_its_line),
	    TEST(a_body_arrives_whole_however_it_is_split),
	    TEST(a_large_body_is_taken_up_to_the_limit_of_its_route),
	    TEST(a_body_over_the_limit_is_refused_and_the_client_reads_the_answer),
	    TEST(lingering_is_bounded_in_bytes_and_in_time),
	    TEST(expect_continue_is_answered_before_the_body),
	    TEST(every_bad_request_gets_its_answer_and_the_end),
	    TEST(heads_over_the_limit_are_refused),
	    TEST(a_good_request_before_a_bad_one_is_answered),
	    TEST(a_half_closed_client_gets_its_answer),
	    TEST(half_a_request_and_the_end_is_no_request),
	    TEST(a_reset_is_told_by_on_close_while_the_handler_thinks),
	    TEST(a_client_that_left_is_noticed_by_writing_and_never_inside_a_call),
	    TEST(one_turn_end_serves_all_even_what_on_close_sends),
	    TEST(a_slow_reader_over_the_bound_is_dropped),
	    TEST(a_long_piece_to_a_reader_that_keeps_up_passes_a_small_bound),
	    TEST(a_last_piece_of_any_length_waits_for_a_slow_reader),
	    TEST(large_answers_pass_a_slow_socket_whole_and_in_order),
	    TEST(an_answer_over_the_limit_drops_the_connection),
	    TEST(a_slow_head_gets_408_and_a_silent_client_nothing),
	    TEST(a_slow_body_gets_408),
	    TEST(an_idle_connection_is_closed_silently_after_its_time),
	    TEST(a_handler_may_take_longer_than_any_of_them),
	    TEST(what_comes_in_the_turn_of_its_time_out_is_not_too_late),
	    TEST(a_client_that_takes_nothing_is_dropped_and_one_that_takes_a_little_is_not),
	    TEST(a_client_that_takes_a_segment_now_and_then_is_dropped),
	    TEST(draining_closes_the_idle_and_lets_the_others_finish),
	    TEST(draining_waits_a_little_for_a_first_request),
	    TEST(freeing_the_server_tells_those_who_wait),
	    TEST(four_hundred_connections_are_served_in_parallel),
	};

	log_open("test", LOG_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
