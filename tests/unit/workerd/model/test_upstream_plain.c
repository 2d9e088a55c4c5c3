/*
 * Questions over plain HTTP/1.1, without libcurl: a real upstream on a real event loop, and a server
 * that the test plays by itself, in the same thread, over loopback TCP. A test waits for a condition
 * by turning the loop, for ten seconds at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

#define WAIT_MS    60000
#define FOREVER_MS 600000

/* The condition may have effects: when it holds, it has been looked at once. */
#define WAIT_FOR(cond)                                                \
	do {                                                          \
		uint64_t until_ = clock_mono_ms() + WAIT_MS;          \
		bool held_;                                           \
		while (!(held_ = (cond)) && clock_mono_ms() < until_) \
			turn();                                       \
		assert_true(held_);                                   \
	} while (0)

/* A question, and what has become of it. */
struct asked {
	struct upstream_transfer *t;
	int status;
	unsigned retry_after_ms;
	struct buf body;
	bool cancel_at_data, over;
	enum upstream_end how;
	char detail[128];
};

static struct {
	struct event_base *base;
	struct event *tick;
	struct scoreboard_worker board;
	struct upstream *upstream;
	int listener;
	char url[128];
	struct buf seen; /* what the server has read last */
} rig;

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
turn(void)
{
	event_base_loop(rig.base, EVLOOP_ONCE);
}

static void
listen_on(const char *address)
{
	bool v6 = strchr(address, ':') != NULL;
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in a4 = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *a = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t len = v6 ? sizeof(a6) : sizeof(a4);
	int small = 4096;

	rig.listener = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_not_equal(rig.listener, -1);
	/* A long question fills it. */
	assert_int_equal(
	    setsockopt(rig.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(bind(rig.listener, a, len), 0);
	assert_int_equal(listen(rig.listener, 100), 0);
	assert_int_equal(getsockname(rig.listener, a, &len), 0);
	(void)snprintf(rig.url, sizeof(rig.url), "http://%s%s%s:%u/v1/chat/completions",
	    v6 ? "[" : "", address, v6 ? "]" : "", ntohs(v6 ? a6.sin6_port : a4.sin_port));
}

static struct upstream_config
config(void)
{
	return (struct upstream_config){
	    .base = rig.base,
	    .board = &rig.board,
	    .url = rig.url,
	    .key = "key",
	    .connect_ms = FOREVER_MS,
	    .first_byte_ms = FOREVER_MS,
	    .idle_ms = FOREVER_MS,
	    .rest_ms = FOREVER_MS,
	};
}

static void
start(void)
{
	struct upstream_config c = config();

	rig.upstream = upstream_new(&c);
	assert_non_null(rig.upstream->plain);
}

static int
set_up(void **state)
{
	static const struct timeval tick = {.tv_usec = 10000};

	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.base = event_base_new();
	assert_non_null(rig.base);
	rig.tick = event_new(rig.base, -1, EV_PERSIST, on_tick, NULL);
	assert_non_null(rig.tick);
	assert_int_equal(event_add(rig.tick, &tick), 0);
	buf_init(&rig.seen, 32u << 20);
	listen_on("127.0.0.1");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	/* A test that failed has left some; its own message is the one to be seen. */
	if (rig.upstream != NULL && rig.upstream->transfers > 0)
		return -1;
	upstream_free(rig.upstream);
	buf_clear(&rig.seen);
	closefd(&rig.listener);
	event_free(rig.tick);
	event_base_free(rig.base);
	return 0;
}

static void
on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct asked *q = arg;

	q->status = status;
	q->retry_after_ms = retry_after_ms;
}

static void
on_data(void *arg, struct slice piece)
{
	struct asked *q = arg;

	assert_int_equal(buf_append(&q->body, piece.p, piece.len), 0);
	if (!q->cancel_at_data)
		return;
	upstream_cancel(q->t);
	q->t = NULL;
}

static void
on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct asked *q = arg;

	q->t = NULL;
	q->over = true;
	q->how = how;
	(void)snprintf(q->detail, sizeof(q->detail), "%s", detail);
}

static void
ask_for(struct asked *q, size_t len, unsigned total_ms)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	struct buf question;
	uint8_t *p;

	*q = (struct asked){0};
	buf_init(&q->body, 32u << 20);
	buf_init(&question, 16u << 20);
	p = buf_reserve(&question, len);
	assert_non_null(p);
	memset(p, 'q', len);
	buf_commit(&question, len);
	q->t = upstream_post(rig.upstream, &question, total_ms, &events, q);
	assert_false(q->over);
	assert_int_equal(buf_len(&question), 0);
}

static void
ask(struct asked *q)
{
	ask_for(q, 8, FOREVER_MS);
}

static void
expect(struct asked *q, enum upstream_end how, int status, const char *body)
{
	WAIT_FOR(q->over);
	if (q->how != how)
		fail_msg("ended as %d: %s", (int)q->how, q->detail);
	assert_int_equal(q->status, status);
	assert_true(slice_eq_str(buf_slice(&q->body), body));
	buf_clear(&q->body);
}

/* The next connection; -1 if there is none. */
static int
accepted(void)
{
	return accept4(rig.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int
accept_one(void)
{
	int fd = -1;

	WAIT_FOR((fd = accepted()) != -1);
	return fd;
}

/* Reads what has come. false at the end of the connection. */
static bool
read_some(int fd)
{
	uint8_t bytes[65536];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		assert_int_equal(buf_append(&rig.seen, bytes, (size_t)n), 0);
	return n == -1 && errno == EAGAIN;
}

static bool
has_seen(const char *text)
{
	return memmem(buf_data(&rig.seen), buf_len(&rig.seen), text, strlen(text)) != NULL;
}

/* Reads a question whose body has so many bytes. */
static void
read_question(int fd, size_t len)
{
	const char *text;
	const uint8_t *end = NULL;

	buf_reset(&rig.seen);
	WAIT_FOR(read_some(fd) &&
	    (end = memmem(buf_data(&rig.seen), buf_len(&rig.seen), "\r\n\r\n", 4)) != NULL &&
	    (size_t)(buf_data(&rig.seen) + buf_len(&rig.seen) - end - 4) == len);
	text = (const char *)buf_data(&rig.seen);
	assert_int_equal(strncmp(text, "POST /v1/chat/completions HTTP/1.1\r\nHost: ", 42), 0);
	assert_true(has_seen("\r\nAuthorization: Bearer key\r\n"));
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
say_hello(int fd)
{
	say(fd,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5\r\nhello\r\n0\r\n\r\n");
}

/* Whether the other side has all that was said (SIOCOUTQ, tcp(7)): it need not be there at once. */
static bool
has_arrived(int fd)
{
	int left;

	assert_int_equal(ioctl(fd, SIOCOUTQ, &left), 0);
	return left == 0;
}

/* Ends it so that the other side gets a reset. */
static void
reset(int *fd)
{
	static const struct linger now = {.l_onoff = 1};

	assert_int_equal(setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	closefd(fd);
}

#define RIG_TEST(name) TEST_WITH(name, set_up, tear_down)

RIG_TEST(a_question_is_answered_in_pieces)
{
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
	WAIT_FOR(buf_len(&q.body) == 2);
	assert_int_equal(q.status, 200);
	/* It was sent whole, and is not sent again. */
	assert_null(q.t->body.mem);
	say(fd, "3\r\nllo\r\n");
	WAIT_FOR(buf_len(&q.body) == 5);
	say(fd, "0\r\n\r\n");
	expect(&q, UPSTREAM_DONE, 200, "hello");
	closefd(&fd);
}

RIG_TEST(an_error_has_its_status_and_when_to_come_again)
{
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say(fd, "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno");
	WAIT_FOR(q.over);
	assert_int_equal(q.retry_after_ms, 7000);
	expect(&q, UPSTREAM_DONE, 429, "no");
	closefd(&fd);
}

RIG_TEST(an_answer_may_last_to_the_connections_end)
{
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say(fd, "HTTP/1.0 200 OK\r\n\r\nhello");
	closefd(&fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
}

RIG_TEST(a_long_question_waits_for_its_reader)
{
	static const size_t len = 8u << 20;
	struct asked q;
	int fd;

	start();
	ask_for(&q, len, FOREVER_MS);
	fd = accept_one();
	/* The kernel takes no more: the rest is to wait here. */
	WAIT_FOR(q.t->plain != NULL && q.t->sent);
	read_question(fd, len);
	say_hello(fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
	closefd(&fd);
}

RIG_TEST(an_answer_that_comes_before_the_question_is_sent_ends_it)
{
	struct asked q;
	int fd;

	start();
	ask_for(&q, 8u << 20, FOREVER_MS);
	fd = accept_one();
	WAIT_FOR(q.t->sent);
	say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	expect(&q, UPSTREAM_DONE, 413, "");
	WAIT_FOR(!read_some(fd));
	closefd(&fd);
}

RIG_TEST(what_is_no_http_breaks_it)
{
	static const char *const answers[] = {
	    "hello\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
	};

	start();
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct asked q;
		int fd;

		ask(&q);
		fd = accept_one();
		read_question(fd, 8);
		say(fd, answers[i]);
		expect(&q, UPSTREAM_BROKEN, i == 0 ? 0 : 200, "");
		closefd(&fd);
	}
}

RIG_TEST(an_answer_that_is_cut_is_broken)
{
	start();
	for (int i = 0; i < 3; i++) {
		struct asked q;
		int fd;

		ask(&q);
		fd = accept_one();
		read_question(fd, 8);
		if (i > 0)
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
		if (i > 0)
			WAIT_FOR(buf_len(&q.body) == 5);
		if (i == 2)
			reset(&fd);
		closefd(&fd);
		expect(&q, UPSTREAM_BROKEN, i == 0 ? 0 : 200, i == 0 ? "" : "hello");
	}
}

RIG_TEST(a_flood_is_taken_in_shares_and_whole)
{
	static const size_t len = 4u << 20;
	static uint8_t bytes[65536];
	char head[128];
	size_t sent = 0;
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	(void)snprintf(
	    head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	say(fd, head);
	memset(bytes, 'x', sizeof(bytes));
	while (!q.over) {
		size_t before = buf_len(&q.body), n = len - sent;
		ssize_t r =
		    send(fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes), MSG_NOSIGNAL);

		if (r > 0)
			sent += (size_t)r;
		turn();
		assert_true(buf_len(&q.body) - before <= 160u * 1024);
	}
	assert_int_equal(q.how, UPSTREAM_DONE);
	assert_int_equal(buf_len(&q.body), len);
	buf_clear(&q.body);
	closefd(&fd);
}

RIG_TEST(a_connection_is_kept_for_the_next_question)
{
	int fd = -1;

	start();
	for (int i = 0; i < 5; i++) {
		struct asked q;

		ask(&q);
		if (i == 0)
			fd = accept_one();
		read_question(fd, 8);
		say_hello(fd);
		expect(&q, UPSTREAM_DONE, 200, "hello");
	}
	assert_int_equal(accepted(), -1);
	closefd(&fd);
}

RIG_TEST(a_connection_that_must_not_be_kept_is_closed)
{
	static const char *const answers[] = {
	    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	    /* Somebody else's answer follows. */
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
	};

	start();
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct asked q;
		int fd;

		ask(&q);
		fd = accept_one();
		read_question(fd, 8);
		say(fd, answers[i]);
		expect(&q, UPSTREAM_DONE, 200, "");
		WAIT_FOR(!read_some(fd));
		closefd(&fd);
	}
}

RIG_TEST(a_server_that_speaks_out_of_turn_is_left)
{
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say_hello(fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
	say(fd, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
	WAIT_FOR(!read_some(fd));
	closefd(&fd);
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say_hello(fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
	closefd(&fd);
}

/* What is there before the question is sent is not its answer. */
RIG_TEST(what_a_server_has_said_unasked_answers_no_question)
{
	struct asked q;
	int fd;

	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	say_hello(fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
	/* Without a turn, in which it would be noticed. */
	while (!has_arrived(fd))
		(void)poll(NULL, 0, 1);
	ask(&q);
	expect(&q, UPSTREAM_STALE, 0, "");
	WAIT_FOR(!read_some(fd));
	closefd(&fd);
}

/* The server closes it while nobody looks, or when the question is there already. */
RIG_TEST(a_kept_connection_that_has_died_is_stale)
{
	start();
	for (int i = 0; i < 3; i++) {
		struct asked q;
		int fd;

		ask(&q);
		fd = accept_one();
		read_question(fd, 8);
		say_hello(fd);
		expect(&q, UPSTREAM_DONE, 200, "hello");
		if (i == 0)
			reset(&fd);
		ask(&q);
		if (i > 0)
			read_question(fd, 8);
		if (i == 1)
			reset(&fd);
		closefd(&fd);
		expect(&q, UPSTREAM_STALE, 0, "");
	}
}

RIG_TEST(nobody_listens_no_connection)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct asked q;
	int bound;

	bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bound, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(bound, (struct sockaddr *)&a, &len), 0);
	/* That is nobody else's meanwhile, nor the client's own. */
	(void)snprintf(rig.url, sizeof(rig.url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
	start();
	ask(&q);
	expect(&q, UPSTREAM_CONNECT, 0, "");
	assert_string_equal(q.detail, strerror(ECONNREFUSED));
	closefd(&bound);
}

/* There is no way to a multicast address by TCP, which connect(2) says at once. */
RIG_TEST(an_address_without_a_way_is_told_by_the_loop)
{
	struct asked q;

	(void)snprintf(
	    rig.url, sizeof(rig.url), "http://255.255.255.255:9/v1/chat/completions");
	start();
	ask(&q);
	expect(&q, UPSTREAM_CONNECT, 0, "");
	/* And it can be given up before that. */
	ask(&q);
	upstream_cancel(q.t);
	turn();
	assert_false(q.over);
	buf_clear(&q.body);
}

RIG_TEST(an_ipv6_address_is_one_too)
{
	struct asked q;
	int fd;

	closefd(&rig.listener);
	listen_on("::1");
	start();
	ask(&q);
	fd = accept_one();
	read_question(fd, 8);
	assert_true(has_seen("\r\nHost: [::1]:"));
	say_hello(fd);
	expect(&q, UPSTREAM_DONE, 200, "hello");
	closefd(&fd);
}

RIG_TEST(a_cancelled_question_closes_its_connection)
{
	start();
	for (int i = 0; i < 2; i++) {
		struct asked q;
		int fd;

		ask(&q);
		q.cancel_at_data = i == 1;
		fd = accept_one();
		read_question(fd, 8);
		if (i == 0)
			upstream_cancel(q.t);
		else
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
		WAIT_FOR(!read_some(fd));
		assert_false(q.over);
		buf_clear(&q.body);
		closefd(&fd);
	}
}

/* One is needed again and again, the other is not. */
RIG_TEST(those_that_nobody_needs_are_closed)
{
	struct upstream_config c = config();
	struct asked q[2];
	int fds[2];
	bool open = true;

	c.rest_ms = 1000;
	rig.upstream = upstream_new(&c);
	for (int i = 0; i < 2; i++)
		ask(&q[i]);
	for (int i = 0; i < 2; i++) {
		fds[i] = accept_one();
		read_question(fds[i], 8);
	}
	/* The one that answers last is the next to be asked. */
	for (int i = 0; i < 2; i++) {
		say_hello(fds[i]);
		WAIT_FOR(q[0].over + q[1].over == i + 1);
	}
	for (int i = 0; i < 2; i++)
		expect(&q[i], UPSTREAM_DONE, 200, "hello");
	while (open) {
		ask(&q[1]);
		read_question(fds[1], 8);
		say_hello(fds[1]);
		expect(&q[1], UPSTREAM_DONE, 200, "hello");
		open = read_some(fds[0]);
	}
	WAIT_FOR(!read_some(fds[1]));
	for (int i = 0; i < 2; i++)
		closefd(&fds[i]);
}

static int
still_open(const int *fds, int n)
{
	int open = 0;

	for (int i = 0; i < n; i++)
		open += read_some(fds[i]);
	return open;
}

RIG_TEST(many_are_kept_but_not_all)
{
	enum { MANY = 80 };
	static struct asked q[MANY];
	int fds[MANY], open = 0;

	start();
	for (int i = 0; i < MANY; i++)
		ask(&q[i]);
	for (int i = 0; i < MANY; i++) {
		fds[i] = accept_one();
		read_question(fds[i], 8);
	}
	for (int i = 0; i < MANY; i++)
		say_hello(fds[i]);
	for (int i = 0; i < MANY; i++)
		expect(&q[i], UPSTREAM_DONE, 200, "hello");
	WAIT_FOR((open = still_open(fds, MANY)) <= 64);
	assert_int_equal(open, 64);
	for (int i = 0; i < MANY; i++)
		closefd(&fds[i]);
}

/* Which limit is short, and where the answer stands when it ends. */
static const struct {
	const char *name;
	unsigned first_byte_ms, idle_ms, total_ms;
	bool answered;
	const char *detail;
} limits[] = {
    {"first byte", 50, FOREVER_MS, FOREVER_MS, false, "no answer began in time"},
    {"idle", FOREVER_MS, 50, FOREVER_MS, true, "nothing came within the answer for too long"},
    {"total", FOREVER_MS, FOREVER_MS, 50, false, "the answer was not whole in time"},
    {"total, within the answer", FOREVER_MS, FOREVER_MS, 50, true,
	"the answer was not whole in time"},
};

RIG_TEST(each_limit_ends_it)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct upstream_config c = config();
		struct asked q;
		int fd;

		c.first_byte_ms = limits[i].first_byte_ms;
		c.idle_ms = limits[i].idle_ms;
		rig.upstream = upstream_new(&c);
		ask_for(&q, 8, limits[i].total_ms);
		fd = accept_one();
		if (limits[i].answered)
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
		WAIT_FOR(q.over);
		assert_int_equal(q.how, UPSTREAM_TIMEOUT);
		assert_string_equal(q.detail, limits[i].detail);
		WAIT_FOR(!read_some(fd));
		closefd(&fd);
		buf_clear(&q.body);
		upstream_free(rig.upstream);
		rig.upstream = NULL;
	}
}

/* Connections that nobody accepts fill the listener's queue; then the kernel leaves the next one
 * without an answer. */
RIG_TEST(a_connection_that_is_not_made_in_time_ends_it)
{
	struct upstream_config c = config();
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	struct asked q;
	int fds[8];

	assert_int_equal(listen(rig.listener, 0), 0);
	assert_int_equal(getsockname(rig.listener, (struct sockaddr *)&a, &len), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_int_not_equal(fds[i], -1);
		(void)connect(fds[i], (struct sockaddr *)&a, sizeof(a));
	}
	c.connect_ms = 50;
	rig.upstream = upstream_new(&c);
	ask(&q);
	expect(&q, UPSTREAM_TIMEOUT, 0, "");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		closefd(&fds[i]);
}

RIG_TEST(what_is_no_plain_address_goes_libcurls_way)
{
	static const char *const urls[] = {
	    "https://127.0.0.1/v1/chat/completions",
	    "http://localhost:1/v1/chat/completions",
	    "http://model.example/v1/chat/completions",
	    "http://user@127.0.0.1/v1/chat/completions",
	    "http://127.0.0.1:0/v1/chat/completions",
	    "http://127.0.0.1:65536/v1/chat/completions",
	    "http://127.0.0.1:/v1/chat/completions",
	    "http://127.0.0.1:80x/v1/chat/completions",
	    "http://127.1/v1/chat/completions",
	    "http://[::1/v1/chat/completions",
	    "http://[127.0.0.1]/v1/chat/completions",
	    "http://[]/v1/chat/completions",
	    "http:///v1/chat/completions",
	    "http://127.0.0.1/v1/chat/completions?version=1",
	    "http://127.0.0.1",
	};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct upstream_config c = config();

		c.url = urls[i];
		rig.upstream = upstream_new(&c);
		if (rig.upstream->plain != NULL)
			fail_msg("%s", urls[i]);
		upstream_free(rig.upstream);
		rig.upstream = NULL;
	}
}

RIG_TEST(a_proxy_is_libcurls_to_speak_to)
{
	struct upstream_config c = config();

	c.proxy = "http://127.0.0.1:1";
	rig.upstream = upstream_new(&c);
	assert_null(rig.upstream->plain);
	upstream_free(rig.upstream);
	c.proxy = NULL;
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	rig.upstream = upstream_new(&c);
	assert_null(rig.upstream->plain);
	upstream_free(rig.upstream);
	assert_int_equal(setenv("http_proxy", "", 1), 0);
	rig.upstream = upstream_new(&c);
	assert_non_null(rig.upstream->plain);
}

TEST_MAIN(NULL, NULL)
