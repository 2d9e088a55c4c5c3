/*
 * The server of one worker: the list of its connections, the list of those to look at when the turn ends,
 * and what they share (timeouts, the Date line, the buffers to read and parse into).
 */
#include "workerd/http/http_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/http/conn_events.h"
#include "workerd/http/proxied.h"
#include "workerd/http/request.h"

const struct http_limits http_limits_default = {
    .head_max = 16 * 1024,
    .body_max = 1024 * 1024,
    .output_max = 256 * 1024,
    .reply_max = 16 * 1024 * 1024,
    .held_max = 256 * 1024 * 1024,
    .message_max = 64 * 1024,
    .frames_max = 4096,
    .pings_missed = 2,
    .handshake_timeout = 10000,
    .head_timeout = 10000,
    .body_timeout = 30000,
    .idle_timeout = 75000,
    .ping_interval = 30000,
    .stall_timeout = 30000,
    .linger_timeout = 1000,
    .linger_times = 30,
    .linger_max = 24 * 1024 * 1024, /* the longest streamed body */
};

/*
 * A common timeout is a queue in the event base instead of a place in its heap, so that setting one costs
 * the same with 10,000 connections as with one. libevent recognizes equal ones.
 */
static const struct timeval *
http_server_timeout(struct event_base *base, unsigned ms)
{
	struct timeval tv = clock_timeval(ms);
	const struct timeval *common = event_base_init_common_timeout(base, &tv);

	must(common != NULL);
	return common;
}

static void http_server_on_drain(evutil_socket_t fd, short what, void *arg);

struct http_server *
http_server_new(const struct http_server_config *config)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	const struct http_limits *limits = &config->limits;

	must(config->handle != NULL && limits->head_max <= SCRATCH_SIZE);
	s->config = *config;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->touched);
	TAILQ_INIT(&s->proxied);
	s->timeouts[TIMER_HANDSHAKE] =
	    http_server_timeout(config->base, limits->handshake_timeout);
	must(evtimer_assign(&s->drain, config->base, http_server_on_drain, s) == 0);
	s->timeouts[TIMER_HEAD] = http_server_timeout(config->base, limits->head_timeout);
	s->timeouts[TIMER_BODY] = http_server_timeout(config->base, limits->body_timeout);
	s->timeouts[TIMER_IDLE] = http_server_timeout(config->base, limits->idle_timeout);
	s->timeouts[TIMER_PING] = http_server_timeout(config->base, limits->ping_interval);
	s->timeouts[TIMER_STALL] = http_server_timeout(config->base, limits->stall_timeout);
	s->timeouts[TIMER_LINGER] = http_server_timeout(config->base, limits->linger_timeout);
	return s;
}

void
http_server_use_tls(struct http_server *s, struct tls *tls)
{
	s->tls = tls;
}

/* Closes a connection at once, without a reply. */
static void
http_server_reset(int fd)
{
	struct io io;

	io_init_plain(&io, fd);
	io_reset(&io);
}

int
http_server_adopt(struct http_server *s, int fd, uint64_t number, const struct http_peer *peer)
{
	uint64_t slot = 0;
	bool admitted = s->config.admit == NULL || s->config.admit(peer, &slot, s->config.ctx);
	struct http_conn *c;

	if (!admitted && s->rejected == HTTP_REJECTED_MAX) {
		http_server_reset(fd);
		return 0;
	}
	c = conn_new(s, fd, number, peer);
	c->slot = slot;
	c->rejected = !admitted;
	TAILQ_INSERT_TAIL(&s->all, c, all);
	s->connections++;
	s->rejected += c->rejected;
	if (conn_start(c) == -1) {
		int error = errno;

		conn_free(c);
		errno = error;
		return -1;
	}
	if (c->rejected)
		request_refuse_rejected(c);
	return 0;
}

int
http_server_adopt_proxied(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer)
{
	return proxied_begin(s, fd, number, peer, http_server_adopt);
}

/* An on_close may reply to other exchanges and so touch other connections: repeat until none is left. */
static void
http_server_end_touched(struct http_server *s)
{
	struct http_conn *c;

	while ((c = TAILQ_FIRST(&s->touched)) != NULL) {
		TAILQ_REMOVE(&s->touched, c, touched_entry);
		c->touched = false;
		conn_turn_end(c);
		if (c->state == CONN_DYING)
			conn_free(c);
	}
}

/* The connection whose buffers hold most; NULL without connections. */
static struct http_conn *
http_server_heaviest(struct http_server *s)
{
	struct http_conn *c, *most = NULL;

	TAILQ_FOREACH (c, &s->all, all)
		if (most == NULL || c->held > most->held)
			most = c;
	return most;
}

/* Clients that each keep their limits may hold too much together, such as a thousand that ask for long
 * histories and read none: drops one connection. Whether it found one to drop. */
static bool
http_server_drop_heaviest(struct http_server *s)
{
	struct http_conn *most;

	if (s->held <= s->config.limits.held_max || !s->heavy)
		return false;
	most = http_server_heaviest(s);
	s->heavy = most != NULL && most->held > CONN_HELD_LITTLE;
	if (!s->heavy)
		return false;
	conn_drop(most, "too_much_held");
	return true;
}

void
http_server_turn_end(struct http_server *s)
{
	do
		http_server_end_touched(s);
	while (http_server_drop_heaviest(s));
	s->touched_n = 0;
}

/* Drains as many connections as a turn may have, then lets the turn end. */
static void
http_server_on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	struct http_conn *c;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < TOUCHED_MAX && (c = s->drain_next) != NULL; i++) {
		s->drain_next = TAILQ_NEXT(c, all);
		conn_drain(c);
	}
	if (s->drain_next == NULL)
		return;
	event_active(&s->drain, EV_TIMEOUT, 0);
	event_base_loopbreak(s->config.base);
}

void
http_server_drain(struct http_server *s)
{
	s->draining = true;
	s->drain_next = TAILQ_FIRST(&s->all);
	proxied_drain(s);
	http_server_on_drain(-1, 0, s);
}

size_t
http_server_connections(const struct http_server *s)
{
	return s->connections;
}

size_t
http_server_exchanges(const struct http_server *s)
{
	return s->exchanges;
}

void
http_server_free(struct http_server *s)
{
	struct http_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->all)) != NULL)
		conn_free(c);
	proxied_clear(s);
	event_del(&s->drain);
	free(s);
}

/* The body lies in the connection's own buffer, which is not constant. Behind the end of a chunked one are
 * remains of its chunks. */
void
http_server_wipe_body(struct http_exchange *x)
{
	struct http_server *s = x->conn->server;
	struct buf *in = &x->conn->in;

	if (x->body.len > 0) {
		explicit_bzero((uint8_t *)(uintptr_t)x->body.p, x->body.len);
		explicit_bzero(in->mem + in->end, in->cap - in->end);
	}
	explicit_bzero(s->scratch, sizeof(s->scratch));
}
