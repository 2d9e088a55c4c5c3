/*
 * The server of one worker: the list of its connections, the list of those to be looked at when
 * the turn ends, and what they share (time-outs, the Date, the buffers to read and parse into).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/http/conn_internal.h"
#include "workerd/http/ws_frames.h"

/* A connection whose buffers take no more is not what makes them too much together. */
#define HELD_LITTLE 65536u

const struct http_limits http_limits_default = {
    .head_max = 16 * 1024,
    .body_max = 1024 * 1024,
    .output_max = 256 * 1024,
    .answer_max = 16 * 1024 * 1024,
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
    .linger_max = 16 * 1024 * 1024,
};

/*
 * A common timeout is a queue in the event base instead of a place in its heap, so that setting
 * one costs the same with 10,000 connections as with one. libevent knows equal ones again.
 */
static const struct timeval *
common_timeout(struct event_base *base, unsigned ms)
{
	struct timeval tv = clock_timeval(ms);
	const struct timeval *common = event_base_init_common_timeout(base, &tv);

	must(common != NULL);
	return common;
}

struct http_server *
http_server_new(const struct http_server_config *config)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	const struct http_limits *limits = &config->limits;

	must(config->handle != NULL && limits->head_max <= SCRATCH_SIZE);
	s->config = *config;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->touched);
	s->timeouts[TIMER_HANDSHAKE] = common_timeout(config->base, limits->handshake_timeout);
	s->timeouts[TIMER_HEAD] = common_timeout(config->base, limits->head_timeout);
	s->timeouts[TIMER_BODY] = common_timeout(config->base, limits->body_timeout);
	s->timeouts[TIMER_IDLE] = common_timeout(config->base, limits->idle_timeout);
	s->timeouts[TIMER_PING] = common_timeout(config->base, limits->ping_interval);
	s->timeouts[TIMER_STALL] = common_timeout(config->base, limits->stall_timeout);
	s->timeouts[TIMER_LINGER] = common_timeout(config->base, limits->linger_timeout);
	return s;
}

void
http_server_use_tls(struct http_server *s, struct tls *tls)
{
	s->tls = tls;
}

static void
cut(int fd)
{
	struct io io;

	io_init_plain(&io, fd);
	io_reset(&io);
}

int
http_server_adopt(struct http_server *s, int fd, uint64_t number, const struct http_peer *peer)
{
	uint64_t place = 0;
	bool welcome =
	    s->config.arrived == NULL || s->config.arrived(peer, &place, s->config.ctx);
	struct http_conn *c;

	if (!welcome && s->turned_away == HTTP_TURNED_AWAY_MAX) {
		cut(fd);
		return 0;
	}
	c = conn_new(s, fd, number, peer);
	c->place = place;
	c->turned_away = !welcome;
	TAILQ_INSERT_TAIL(&s->all, c, all);
	s->connections++;
	s->turned_away += c->turned_away;
	if (conn_start(c) == -1) {
		int error = errno;

		conn_free(c);
		errno = error;
		return -1;
	}
	if (c->turned_away)
		request_turn_away(c);
	return 0;
}

void
server_touch(struct http_conn *c)
{
	if (c->touched)
		return;
	c->touched = true;
	TAILQ_INSERT_TAIL(&c->server->touched, c, touched_entry);
}

void
server_weigh(struct http_conn *c)
{
	struct http_server *s = c->server;

	s->held -= c->held;
	c->held = c->in.cap + c->out.cap;
	s->held += c->held;
	s->heavy |= c->held > HELD_LITTLE;
}

void
server_forget(struct http_conn *c)
{
	if (c->touched)
		TAILQ_REMOVE(&c->server->touched, c, touched_entry);
	TAILQ_REMOVE(&c->server->all, c, all);
	c->server->connections--;
	c->server->turned_away -= c->turned_away;
	c->server->held -= c->held;
	if (c->place != 0)
		c->server->config.left(c->place, c->server->config.ctx);
}

/* An on_close may answer other exchanges and so touch other connections: until none is left. */
static void
look_at_touched(struct http_server *s)
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

/* The one whose buffers take most; NULL: there is none. */
static struct http_conn *
heaviest(struct http_server *s)
{
	struct http_conn *c, *most = NULL;

	TAILQ_FOREACH (c, &s->all, all)
		if (most == NULL || c->held > most->held)
			most = c;
	return most;
}

/* Clients who each keep to their bounds may have too much together, such as a thousand who ask for all
 * that was said and read none of it: drops one. Whether there was one to be dropped. */
static bool
relieve(struct http_server *s)
{
	struct http_conn *most;

	if (s->held <= s->config.limits.held_max || !s->heavy)
		return false;
	most = heaviest(s);
	s->heavy = most != NULL && most->held > HELD_LITTLE;
	if (!s->heavy)
		return false;
	conn_drop(most, "too_much_held");
	return true;
}

void
http_server_turn_end(struct http_server *s)
{
	do
		look_at_touched(s);
	while (relieve(s));
}

void
http_server_drain(struct http_server *s)
{
	struct http_conn *c;

	s->draining = true;
	TAILQ_FOREACH (c, &s->all, all)
		conn_drain(c);
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
	ws_writer_free(s->ws_writer);
	free(s);
}

/* IMF-fixdate (RFC 9110, section 5.6.7), in English whatever the locale. */
const char *
server_date(struct http_server *s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (now == s->date_second)
		return s->date;
	s->date_second = now;
	must(gmtime_r(&now, &tm) != NULL);
	(void)snprintf(s->date, sizeof(s->date),
	    "Date: %.3s, %02u %.3s %04u %02u:%02u:%02u GMT\r\n", days + 3 * tm.tm_wday,
	    (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return s->date;
}
