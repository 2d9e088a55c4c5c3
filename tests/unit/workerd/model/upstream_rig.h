/*
 * The model client with a model server that the test plays: both run in one thread, over loopback TCP,
 * and each turn of the loop lets both do what they can.
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

/* One connection of the server. */
struct rig_peer {
	int fd;
	unsigned requests; /* that began */
	bool reading;      /* a request whose head has arrived */
	size_t left;       /* bytes of its body that are missing */
	size_t sent;       /* of the response, when the server answers by itself */
};

static struct rig {
	struct event_base *base;
	struct scoreboard_worker board;
	struct upstream *upstream;
	size_t transfers;         /* that have neither ended nor been cancelled */
	int listener, fillers[2]; /* the latter fill the listener's queue */
	char url[64], head[4096]; /* of the last request */
	size_t accepted;          /* connections so far */
	struct rig_peer peers[RIG_PEERS_MAX];
	size_t peers_n;
	/* If not NULL, the server answers every request with this by itself, the last `repeat` bytes
	 * again and again. */
	const char *answer;
	size_t answer_len, repeat;
	bool closes; /* the connection, after the response */
	bool deaf;   /* the server neither accepts nor reads */
} rig;

/* What the caller of one transfer has heard. */
struct rig_call {
	struct upstream_transfer *transfer; /* NULL: ended or cancelled */
	int status;
	unsigned retry_after_ms;
	char body[64]; /* its beginning */
	size_t bytes;
	bool ended;
	enum upstream_end how;
	char detail[128];
	/* Cancelled in the callbacks, in the one for headers only if at_headers; may be itself. */
	struct rig_call *victim;
	bool at_headers;
};

static inline void
rig_cancel(struct rig_call *c)
{
	upstream_cancel(c->transfer);
	c->transfer = NULL;
	rig.transfers--;
}

static inline void
rig_cancel_victim(const struct rig_call *c)
{
	if (c->victim != NULL && c->victim->transfer != NULL)
		rig_cancel(c->victim);
}

static inline void
rig_on_headers(void *arg, const struct upstream_head *head, unsigned retry_after_ms)
{
	struct rig_call *c = arg;

	assert_non_null(c->transfer);
	c->status = head->status;
	c->retry_after_ms = retry_after_ms;
	if (c->at_headers)
		rig_cancel_victim(c);
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
	rig_cancel_victim(c);
}

static inline void
rig_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct rig_call *c = arg;

	assert_non_null(c->transfer);
	c->ended = true;
	c->how = how;
	c->transfer = NULL;
	rig.transfers--;
	(void)snprintf(c->detail, sizeof(c->detail), "%s", detail);
	rig_cancel_victim(c);
}

/* Reads what has arrived. The head comes in one piece, because it is short. false at the end of the
 * connection. */
static inline bool
rig_receive(struct rig_peer *p)
{
	char in[65536];
	const char *end, *length;
	ssize_t n = rig.deaf ? -1 : recv(p->fd, in, sizeof(in) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return n == -1 && (rig.deaf || errno == EAGAIN);
	if (!p->reading) {
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		length = strstr(in, "Content-Length: ");
		assert_true(end != NULL && length != NULL);
		(void)snprintf(rig.head, sizeof(rig.head), "%.*s", (int)(end + 4 - in), in);
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
rig_answer(struct rig_peer *p)
{
	for (;;) {
		size_t at = p->sent < rig.answer_len
		    ? p->sent
		    : rig.answer_len - rig.repeat + (p->sent - rig.answer_len) % rig.repeat;
		ssize_t n = send(
		    p->fd, rig.answer + at, rig.answer_len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return true;
		p->sent += (size_t)n;
		if (rig.repeat == 0 && p->sent == rig.answer_len)
			return false;
	}
}

/* Whether the connection stays open. */
static inline bool
rig_serve_peer(struct rig_peer *p)
{
	if (!rig_receive(p))
		return false;
	if (rig.answer == NULL || !p->reading || p->left > 0 || rig_answer(p))
		return true;
	p->reading = false;
	p->sent = 0;
	return !rig.closes;
}

/* One round: the server's part and one iteration of the client's loop. */
static inline void
rig_turn(void)
{
	int fd, on = 1;

	while (!rig.deaf && rig.peers_n < RIG_PEERS_MAX &&
	    (fd = accept4(rig.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		/* Otherwise a second piece waits for an acknowledgment. */
		assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
		rig.peers[rig.peers_n++] = (struct rig_peer){.fd = fd};
		rig.accepted++;
	}
	for (size_t i = 0; i < rig.peers_n;) {
		if (rig_serve_peer(&rig.peers[i])) {
			i++;
			continue;
		}
		closefd(&rig.peers[i].fd);
		rig.peers[i] = rig.peers[--rig.peers_n];
	}
	assert_int_not_equal(event_base_loop(rig.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
}

#define RIG_UNTIL(condition)                                                         \
	do {                                                                         \
		uint64_t end_ = clock_mono_ms() + RIG_LIMIT_MS;                      \
		while (!(condition)) {                                               \
			if (clock_mono_ms() > end_)                                  \
				fail_msg("line %d: never %s", __LINE__, #condition); \
			rig_turn();                                                  \
		}                                                                    \
	} while (0)

/* Closes the server's connections; with a reset (RST) if wanted. */
static inline void
rig_hang_up(bool reset)
{
	const struct linger at_once = {.l_onoff = reset};

	while (rig.peers_n > 0) {
		int *fd = &rig.peers[--rig.peers_n].fd;

		assert_int_equal(
		    setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		closefd(fd);
	}
}

/* Listens at another address. */
static inline void
rig_listen(const char *host, int backlog)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *a;
	struct sockaddr_in6 bound;
	socklen_t len = sizeof(bound);

	closefd(&rig.listener);
	assert_int_equal(getaddrinfo(host, "0", &hints, &a), 0);
	rig.listener = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_not_equal(rig.listener, -1);
	assert_int_equal(bind(rig.listener, a->ai_addr, a->ai_addrlen), 0);
	/* The port has the same place in a struct sockaddr_in. */
	assert_int_equal(getsockname(rig.listener, (struct sockaddr *)&bound, &len), 0);
	if (backlog != RIG_REFUSES)
		assert_int_equal(listen(rig.listener, backlog), 0);
	(void)snprintf(rig.url, sizeof(rig.url),
	    a->ai_family == AF_INET6 ? "http://[%s]:%u/v1/chat/completions"
				     : "http://%s:%u/v1/chat/completions",
	    host, ntohs(bound.sin6_port));
	freeaddrinfo(a);
}

/* A new client for rig.url; members of config that are 0 have defaults. */
static inline void
rig_start(struct upstream_config config)
{
	config.base = rig.base;
	config.board = &rig.board;
	config.url = rig.url;
	config.key = "key";
	config.connect_ms = config.connect_ms == 0 ? RIG_NEVER_MS : config.connect_ms;
	config.first_byte_ms = config.first_byte_ms == 0 ? RIG_NEVER_MS : config.first_byte_ms;
	config.idle_ms = config.idle_ms == 0 ? RIG_NEVER_MS : config.idle_ms;
	config.rest_ms = config.rest_ms == 0 ? RIG_NEVER_MS : config.rest_ms;
	upstream_free(rig.upstream);
	rig_hang_up(false);
	rig.upstream = upstream_new(&config);
}

static inline int
rig_set_up(void **state)
{
	(void)state;
	rig = (struct rig){.listener = -1, .fillers = {-1, -1}};
	log_open("test", LOG_ERROR);
	rig.base = event_base_new();
	assert_non_null(rig.base);
	rig_listen("127.0.0.1", RIG_PEERS_MAX);
	rig_start((struct upstream_config){0});
	return 0;
}

static inline int
rig_tear_down(void **state)
{
	(void)state;
	/* A failed test leaves transfers. */
	if (rig.transfers > 0)
		return -1;
	upstream_free(rig.upstream);
	rig_hang_up(false);
	closefd(&rig.listener);
	closefd(&rig.fillers[0]);
	closefd(&rig.fillers[1]);
	event_base_free(rig.base);
	return 0;
}

#define RIG_TEST(name) TEST_WITH(name, rig_set_up, rig_tear_down)

/* Sends a request with a body of len bytes. */
static inline void
rig_ask_with(struct rig_call *c, size_t len, unsigned total_ms)
{
	static const struct upstream_events events = {rig_on_headers, rig_on_data, rig_on_end};
	unsigned wait_ms;
	struct buf body;

	buf_init(&body, len);
	memset(buf_reserve(&body, len), '?', len);
	buf_commit(&body, len);
	assert_true(upstream_admits(rig.upstream, &wait_ms));
	c->transfer = upstream_post(rig.upstream, NULL, &body, total_ms, &events, c);
	rig.transfers++;
	assert_int_equal(buf_len(&body), 0);
}

static inline void
rig_ask(struct rig_call *c)
{
	*c = (struct rig_call){.status = 0};
	rig_ask_with(c, 8, RIG_NEVER_MS);
}

/* Waits until the server has read a request on its only connection. */
static inline struct rig_peer *
rig_request(void)
{
	struct rig_peer *p = &rig.peers[0];

	RIG_UNTIL(rig.peers_n == 1 && p->reading && p->left == 0);
	p->reading = false;
	return p;
}

/* Sends a short text, and waits until the client's side has it (SIOCOUTQ, tcp(7)). The client is not
 * run meanwhile. */
static inline void
rig_send(const struct rig_peer *p, const char *text)
{
	int left;

	assert_int_equal(send(p->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	while (ioctl(p->fd, SIOCOUTQ, &left) == 0 && left > 0)
		(void)poll(NULL, 0, 1);
}

/* Waits for the end of a transfer. */
static inline void
rig_expect(struct rig_call *c, enum upstream_end how, int status, const char *body)
{
	RIG_UNTIL(c->ended);
	if (c->how != how)
		fail_msg("ended as %d: %s", (int)c->how, c->detail);
	assert_int_equal(c->status, status);
	assert_int_equal(c->bytes, strlen(body));
	assert_memory_equal(c->body, body, strlen(body));
}

#endif
