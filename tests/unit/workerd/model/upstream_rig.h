/*
 * A rig for the line to the model: a real one, and at its other end a server of the test's own on
 * the same loop, pumped turn by turn. The server reads questions and answers them with what the test
 * has chosen, as fast as its sockets take it.
 */
#ifndef TESTS_UNIT_WORKERD_MODEL_UPSTREAM_RIG_H
#define TESTS_UNIT_WORKERD_MODEL_UPSTREAM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/model/upstream.h"

#define RIG_LIMIT_MS  30000 /* what has not come by then will not come */
#define RIG_PEERS_MAX 512

/* One connection of the server. */
struct rig_peer {
	int fd;
	bool asked;  /* the question's head has come */
	size_t left; /* of its body */
	size_t sent; /* of the answer */
};

struct rig {
	struct event_base *base;
	struct scoreboard_worker board;
	struct upstream *upstream;
	int listener;
	char url[64];
	struct rig_peer peers[RIG_PEERS_MAX];
	size_t peers_n;
	/* what each question is answered with, head included; empty: nothing */
	const char *answer;
	size_t answer_len,
	    repeat;  /* the last repeat bytes again and again, 0: the answer ends */
	bool closes; /* the connection, behind the answer */
	bool reads;  /* the questions */
};

/* What a test hears of one transfer. */
struct rig_call {
	struct rig *rig;
	struct upstream_transfer *transfer; /* NULL once it has ended */
	int status;
	size_t bytes;
	bool ended;
	enum upstream_end how;
};

static inline void
rig_on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct rig_call *c = arg;

	(void)retry_after_ms;
	assert_false(c->ended);
	c->status = status;
}

static inline void
rig_on_data(void *arg, struct slice piece)
{
	struct rig_call *c = arg;

	assert_false(c->ended);
	assert_int_not_equal(c->status, 0);
	c->bytes += piece.len;
}

static inline void
rig_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct rig_call *c = arg;

	assert_non_null(detail);
	assert_false(c->ended);
	c->ended = true;
	c->how = how;
	c->transfer = NULL;
}

static const struct upstream_events rig_events = {rig_on_headers, rig_on_data, rig_on_end};

static inline void
rig_accept(struct rig *r)
{
	int fd;

	while (r->peers_n < RIG_PEERS_MAX &&
	    (fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		r->peers[r->peers_n++] = (struct rig_peer){.fd = fd};
	}
}

/* Sends what the socket takes of the answer. False when there is no more to come. */
static inline bool
rig_answer(struct rig *r, struct rig_peer *p)
{
	while (r->answer_len > 0) {
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
	return true;
}

/* Takes note of a piece of a question; the head comes in one piece, as it is short. */
static inline void
rig_take(struct rig_peer *p, char *in, size_t n)
{
	const char *end, *length;

	if (!p->asked) {
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		length = strstr(in, "Content-Length: ");
		assert_non_null(end);
		assert_non_null(length);
		p->left = strtoul(length + strlen("Content-Length: "), NULL, 10);
		n -= (size_t)(end + 4 - in);
	}
	p->asked = true;
	assert_true(n <= p->left);
	p->left -= n;
}

/* One look at one connection: false when it is over. */
static inline bool
rig_serve_peer(struct rig *r, struct rig_peer *p)
{
	char in[65536];
	ssize_t n = r->reads ? recv(p->fd, in, sizeof(in) - 1, MSG_DONTWAIT) : -1;

	if (n == 0)
		return false;
	if (n > 0)
		rig_take(p, in, (size_t)n);
	if (!p->asked || p->left > 0 || rig_answer(r, p))
		return true;
	*p = (struct rig_peer){.fd = p->fd};
	return !r->closes;
}

static inline void
rig_serve(struct rig *r)
{
	rig_accept(r);
	for (size_t i = 0; i < r->peers_n;) {
		if (rig_serve_peer(r, &r->peers[i])) {
			i++;
			continue;
		}
		closefd(&r->peers[i].fd);
		r->peers[i] = r->peers[--r->peers_n];
	}
}

static inline void
rig_hang_up(struct rig *r)
{
	while (r->peers_n > 0)
		closefd(&r->peers[--r->peers_n].fd);
}

/* What stands behind the path. With a query libcurl is asked for what is done without it otherwise. */
static const char *rig_query = "";

static inline void
rig_listen(struct rig *r, int backlog)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_not_equal(r->listener, -1);
	assert_int_equal(bind(r->listener, (const struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(listen(r->listener, backlog), 0);
	snprintf(
	    r->url, sizeof(r->url), "http://127.0.0.1:%u/%s", ntohs(in.sin_port), rig_query);
}

static inline struct rig *
rig_new(int backlog, struct upstream_config config)
{
	struct rig *r = aligned_alloc(_Alignof(struct rig), sizeof(*r));

	assert_non_null(r);
	memset(r, 0, sizeof(*r));
	log_open("test", LOG_ERROR);
	r->reads = true;
	rig_listen(r, backlog);
	r->base = config.base = event_base_new();
	assert_non_null(r->base);
	config.url = r->url;
	config.board = &r->board;
	config.connect_ms = config.connect_ms == 0 ? 10000 : config.connect_ms;
	config.first_byte_ms = config.first_byte_ms == 0 ? 60000 : config.first_byte_ms;
	config.idle_ms = config.idle_ms == 0 ? 60000 : config.idle_ms;
	config.rest_ms = config.rest_ms == 0 ? 60000 : config.rest_ms;
	r->upstream = upstream_new(&config);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	upstream_free(r->upstream);
	rig_hang_up(r);
	closefd(&r->listener);
	event_base_free(r->base);
	free(r);
}

/* Asks, with a question of so many bytes. */
static inline void
rig_ask(struct rig *r, struct rig_call *c, size_t len, unsigned total_ms)
{
	unsigned wait_ms;
	struct buf body;

	buf_init(&body, len);
	memset(buf_reserve(&body, len), '?', len);
	buf_commit(&body, len);
	*c = (struct rig_call){.rig = r};
	assert_true(upstream_admits(r->upstream, &wait_ms));
	c->transfer = upstream_post(r->upstream, &body, total_ms, &rig_events, c);
}

/* One round of the worker's loop. */
static inline void
rig_turn(struct rig *r)
{
	rig_serve(r);
	assert_int_not_equal(event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
}

#define RIG_UNTIL(r, condition)                                            \
	do {                                                               \
		uint64_t end_ = clock_mono_ms() + RIG_LIMIT_MS;            \
		while (!(condition)) {                                     \
			if (clock_mono_ms() > end_)                        \
				fail_msg("never came to: %s", #condition); \
			rig_turn(r);                                       \
		}                                                          \
	} while (0)

#endif
