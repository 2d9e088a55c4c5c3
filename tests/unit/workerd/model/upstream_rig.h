/*
 * The model client with a model server that the test plays: both run in one thread, over loopback TCP,
 * and each turn of the loop lets both do what they can.
 *
 * rig_run_tests() runs every test twice: without libcurl, and by libcurl (upstream.h).
 */
#ifndef TESTS_UNIT_WORKERD_MODEL_UPSTREAM_RIG_H
#define TESTS_UNIT_WORKERD_MODEL_UPSTREAM_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "tests/unit/unit.h"
#include "workerd/model/upstream.h"

#define RIG_LIMIT_MS  30000 /* a condition that does not hold by then has failed */
#define RIG_NEVER_MS  600000
#define RIG_PEERS_MAX 512
#define RIG_REFUSES   (-1) /* a backlog: the server does not listen */

#define OK        "HTTP/1.1 200 OK\r\n"
#define CHUNKED   OK "Transfer-Encoding: chunked\r\n\r\n"
#define RIG_HELLO CHUNKED "5\r\nhello\r\n0\r\n\r\n"

/* A query in the URL makes the client use libcurl. */
static bool rig_by_libcurl;

/* One connection of the server. */
struct rig_peer {
	int fd;
	unsigned requests; /* that began */
	bool reading;      /* a request whose head has arrived */
	size_t left;       /* bytes of its body that are missing */
	size_t sent;       /* of the response, when the server answers by itself */
};

struct rig {
	struct event_base *base;
	struct scoreboard_worker board;
	struct upstream *upstream;
	int listener, fillers[2]; /* the latter fill the listener's queue */
	char url[64], head[4096]; /* of the last request */
	struct rig_peer peers[RIG_PEERS_MAX];
	size_t peers_n;
	/* If not NULL, the server answers every request with this by itself, the last `repeat` bytes
	 * again and again. */
	const char *answer;
	size_t answer_len, repeat;
	bool closes; /* the connection, after the response */
	bool deaf;   /* the server neither accepts nor reads */
};

/* What the caller of one transfer has heard. */
struct rig_call {
	struct upstream_transfer *transfer; /* NULL: ended or cancelled */
	int status;
	unsigned retry_after_ms;
	char body[64]; /* its beginning */
	size_t bytes;
	bool cancels_at_data, ended;
	enum upstream_end how;
	char detail[128];
};

static inline void
rig_cancel(struct rig_call *c)
{
	upstream_cancel(c->transfer);
	c->transfer = NULL;
}

static inline void
rig_on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct rig_call *c = arg;

	assert_non_null(c->transfer);
	c->status = status;
	c->retry_after_ms = retry_after_ms;
}

static inline void
rig_on_data(void *arg, struct slice piece)
{
	struct rig_call *c = arg;

	assert_non_null(c->transfer);
	assert_int_not_equal(c->status, 0);
	assert_int_not_equal(piece.len, 0);
	if (c->bytes + piece.len < sizeof(c->body))
		memcpy(c->body + c->bytes, piece.p, piece.len);
	c->bytes += piece.len;
	if (c->cancels_at_data)
		rig_cancel(c);
}

static inline void
rig_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct rig_call *c = arg;

	assert_non_null(c->transfer);
	c->ended = true;
	c->how = how;
	c->transfer = NULL;
	(void)snprintf(c->detail, sizeof(c->detail), "%s", detail);
}

static const struct upstream_events rig_events = {rig_on_headers, rig_on_data, rig_on_end};

/* Reads what has arrived. The head comes in one piece, because it is short. false at the end of the
 * connection. */
static inline bool
rig_receive(struct rig *r, struct rig_peer *p)
{
	char in[65536];
	const char *end, *length;
	ssize_t n = r->deaf ? -1 : recv(p->fd, in, sizeof(in) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return n == -1 && (r->deaf || errno == EAGAIN);
	if (!p->reading) {
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		length = strstr(in, "Content-Length: ");
		assert_true(end != NULL && length != NULL);
		(void)snprintf(r->head, sizeof(r->head), "%.*s", (int)(end + 4 - in), in);
		p->left = strtoul(length + strlen("Content-Length: "), NULL, 10);
		p->requests++;
		p->reading = true;
		n -= end + 4 - in;
	}
	assert_true((size_t)n <= p->left);
	p->left -= (size_t)n;
	return true;
}

/* Sends what the socket takes of the automatic response. Whether there is more. */
static inline bool
rig_answer(struct rig *r, struct rig_peer *p)
{
	for (;;) {
		size_t at = p->sent < r->answer_len
		    ? p->sent
		    : r->answer_len - r->repeat + (p->sent - r->answer_len) % r->repeat;
		ssize_t n = send(
		    p->fd, r->answer + at, r->answer_len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return true;
		p->sent += (size_t)n;
		if (r->repeat == 0 && p->sent == r->answer_len)
			return false;
	}
}

/* Whether the connection stays open. */
static inline bool
rig_serve_peer(struct rig *r, struct rig_peer *p)
{
	if (!rig_receive(r, p))
		return false;
	if (r->answer == NULL || !p->reading || p->left > 0 || rig_answer(r, p))
		return true;
	p->reading = false;
	p->sent = 0;
	return !r->closes;
}

/* One round: the server's part and one iteration of the client's loop. */
static inline void
rig_turn(struct rig *r)
{
	int fd, on = 1;

	while (!r->deaf && r->peers_n < RIG_PEERS_MAX &&
	    (fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		/* Otherwise a second piece waits for an acknowledgment. */
		assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
		r->peers[r->peers_n++] = (struct rig_peer){.fd = fd};
	}
	for (size_t i = 0; i < r->peers_n;) {
		if (rig_serve_peer(r, &r->peers[i])) {
			i++;
			continue;
		}
		closefd(&r->peers[i].fd);
		r->peers[i] = r->peers[--r->peers_n];
	}
	assert_int_not_equal(event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
}

#define RIG_UNTIL(r, condition)                                                      \
	do {                                                                         \
		uint64_t end_ = clock_mono_ms() + RIG_LIMIT_MS;                      \
		while (!(condition)) {                                               \
			if (clock_mono_ms() > end_)                                  \
				fail_msg("line %d: never %s", __LINE__, #condition); \
			rig_turn(r);                                                 \
		}                                                                    \
	} while (0)

/* Closes the server's connections; with a reset (RST) if wanted. */
static inline void
rig_hang_up(struct rig *r, bool reset)
{
	const struct linger at_once = {.l_onoff = reset};

	while (r->peers_n > 0) {
		int *fd = &r->peers[--r->peers_n].fd;

		assert_int_equal(
		    setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		closefd(fd);
	}
}

static inline void
rig_listen(struct rig *r, const char *host, int backlog)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *a;
	struct sockaddr_in6 bound;
	socklen_t len = sizeof(bound);

	assert_int_equal(getaddrinfo(host, "0", &hints, &a), 0);
	r->listener = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_not_equal(r->listener, -1);
	assert_int_equal(bind(r->listener, a->ai_addr, a->ai_addrlen), 0);
	/* The port has the same place in a struct sockaddr_in. */
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&bound, &len), 0);
	if (backlog != RIG_REFUSES)
		assert_int_equal(listen(r->listener, backlog), 0);
	(void)snprintf(r->url, sizeof(r->url),
	    a->ai_family == AF_INET6 ? "http://[%s]:%u/v1/chat/completions"
				     : "http://%s:%u/v1/chat/completions",
	    host, ntohs(bound.sin6_port));
	freeaddrinfo(a);
}

/* A client for r->url; members of config that are 0 have defaults. */
static inline void
rig_start(struct rig *r, struct upstream_config config)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "%s%s", r->url, rig_by_libcurl ? "?by=libcurl" : "");
	config.base = r->base;
	config.board = &r->board;
	config.url = url;
	config.key = "key";
	config.connect_ms = config.connect_ms == 0 ? RIG_NEVER_MS : config.connect_ms;
	config.first_byte_ms = config.first_byte_ms == 0 ? RIG_NEVER_MS : config.first_byte_ms;
	config.idle_ms = config.idle_ms == 0 ? RIG_NEVER_MS : config.idle_ms;
	config.rest_ms = config.rest_ms == 0 ? RIG_NEVER_MS : config.rest_ms;
	upstream_free(r->upstream);
	r->upstream = upstream_new(&config);
}

/* A server; the client is started with rig_start(). */
static inline struct rig *
rig_new_server(const char *host, int backlog)
{
	struct rig *r = aligned_alloc(_Alignof(struct rig), sizeof(*r));

	assert_non_null(r);
	memset(r, 0, sizeof(*r));
	r->fillers[0] = r->fillers[1] = -1;
	log_open("test", LOG_ERROR);
	rig_listen(r, host, backlog);
	r->base = event_base_new();
	assert_non_null(r->base);
	return r;
}

static inline struct rig *
rig_new(struct upstream_config config)
{
	struct rig *r = rig_new_server("127.0.0.1", RIG_PEERS_MAX);

	rig_start(r, config);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	upstream_free(r->upstream);
	rig_hang_up(r, false);
	closefd(&r->listener);
	closefd(&r->fillers[0]);
	closefd(&r->fillers[1]);
	event_base_free(r->base);
	free(r);
}

/* Sends a request with a body of len bytes. */
static inline void
rig_ask_with(struct rig *r, struct rig_call *c, size_t len, unsigned total_ms,
    const struct upstream_events *events)
{
	unsigned wait_ms;
	struct buf body;

	buf_init(&body, len);
	memset(buf_reserve(&body, len), '?', len);
	buf_commit(&body, len);
	assert_true(upstream_admits(r->upstream, &wait_ms));
	c->transfer = upstream_post(r->upstream, &body, total_ms, events, c);
	assert_int_equal(buf_len(&body), 0);
	assert_false(c->ended);
}

static inline void
rig_ask(struct rig *r, struct rig_call *c)
{
	*c = (struct rig_call){.status = 0};
	rig_ask_with(r, c, 8, RIG_NEVER_MS, &rig_events);
}

/* Waits until the server has read a request on its only connection. */
static inline struct rig_peer *
rig_request(struct rig *r)
{
	struct rig_peer *p = &r->peers[0];

	RIG_UNTIL(r, r->peers_n == 1 && p->reading && p->left == 0);
	p->reading = false;
	return p;
}

/* Whether the client's side of the connection has all that was sent (SIOCOUTQ, tcp(7)). */
static inline bool
rig_has_arrived(const struct rig_peer *p)
{
	int left;

	assert_int_equal(ioctl(p->fd, SIOCOUTQ, &left), 0);
	return left == 0;
}

/* Sends a short text. The client is not run meanwhile. */
static inline void
rig_send(struct rig_peer *p, const char *text)
{
	assert_int_equal(send(p->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	while (!rig_has_arrived(p))
		(void)poll(NULL, 0, 1);
}

/* Waits for the end of a transfer. */
static inline void
rig_expect(
    struct rig *r, struct rig_call *c, enum upstream_end how, int status, const char *body)
{
	RIG_UNTIL(r, c->ended);
	if (c->how != how)
		fail_msg("ended as %d: %s", (int)c->how, c->detail);
	assert_int_equal(c->status, status);
	assert_int_equal(c->bytes, strlen(body));
	assert_memory_equal(c->body, body, strlen(body));
}

static inline int
rig_run_tests(void)
{
	int failed = cmocka_run_group_tests_name("without libcurl", unit_tests, NULL, NULL);

	rig_by_libcurl = true;
	return failed + cmocka_run_group_tests_name("by libcurl", unit_tests, NULL, NULL);
}

#endif
