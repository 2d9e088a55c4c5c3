#include "workerd/store/store_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#define PING_REQUEST 1 /* less than every request id of store_client.c */

static void
store_connection_end(struct store_connection *c, const char *why)
{
	c->events->on_end(c, why, c->arg);
}

static void
store_connection_ping(struct store_connection *c)
{
	/* With a full queue, storaged has enough to answer. */
	if (buf_room(&c->channel.out) < WIRE_FRAME_MAX)
		return;
	must(channel_send(&c->channel, MSG_PING, PING_REQUEST, &(struct msg_ping){}) == 0);
	c->pinged_ms = clock_mono_ms();
}

void
store_connection_flush(struct store_connection *c)
{
	switch (channel_flush(&c->channel)) {
	case CHANNEL_PENDING:
		event_add(c->writable, NULL);
		break;
	case CHANNEL_FAILED:
		store_connection_end(c, log_errno());
		break;
	default:
		break;
	}
}

static void
store_connection_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_connection_flush(arg);
}

/* A damaged store refuses a PING, and answers requests that read. */
static void
store_connection_take_pong(struct store_connection *c)
{
	c->pinged_ms = 0;
	if (c->up)
		return;
	c->up = true;
	c->patience_ms = STORE_SILENT_MS;
	c->events->on_up(c, c->arg);
}

static enum wire_result
store_connection_take_frames(struct store_connection *c)
{
	struct frame f = {0};
	union msg m;
	enum wire_result r;

	while ((r = channel_next(&c->channel, &f, &m)) == WIRE_OK) {
		if (f.request == PING_REQUEST)
			store_connection_take_pong(c);
		else if (c->up)
			c->events->on_frame(c, &f, &m, c->arg);
	}
	if (r != WIRE_MORE && c->up)
		log_event(LOG_ERROR, "store_protocol", L_STR("error", wire_result_name(r)),
		    L_STR("message", msg_name(f.type)));
	return r;
}

static void
store_connection_was_heard(struct store_connection *c)
{
	bool was_silent = c->silent;

	c->heard = true;
	c->silent = false;
	if (was_silent)
		c->events->on_heard(c, c->arg);
}

static void
store_connection_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct store_connection *c = arg;
	enum channel_io io = channel_read(&c->channel);
	int error = errno;

	(void)fd;
	(void)what;
	if (io == CHANNEL_DONE)
		store_connection_was_heard(c);
	if (store_connection_take_frames(c) != WIRE_MORE) {
		store_connection_end(c, "protocol error");
	} else if (io == CHANNEL_CLOSED) {
		store_connection_end(c, "closed by storaged");
	} else if (io != CHANNEL_DONE) {
		errno = error;
		store_connection_end(c, log_errno());
	}
}

static void
store_connection_on_silence(struct store_connection *c)
{
	bool was_silent = c->silent;

	c->silent = true;
	if (!c->up)
		store_connection_end(c, "no answer");
	else if (!was_silent)
		c->events->on_silent(c, c->arg);
}

static void
store_connection_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct store_connection *c = arg;

	(void)fd;
	(void)what;
	if (c->heard && c->up) {
		c->heard = false;
		c->pinged_ms = 0;
		return;
	}
	if (c->pinged_ms == 0) {
		store_connection_ping(c);
		store_connection_flush(c);
	} else if (clock_mono_ms() - c->pinged_ms >= c->patience_ms) {
		store_connection_on_silence(c);
	}
}

struct store_connection *
store_connection_open(struct event_base *base, const char *path, enum role role, size_t out_max,
    unsigned patience_ms, const struct store_connection_events *events, void *arg)
{
	const struct timeval each = clock_timeval(STORE_PING_MS);
	int fd = channel_connect(path);
	struct store_connection *c;

	if (fd == -1)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->events = events;
	c->arg = arg;
	c->patience_ms = patience_ms;
	channel_open(&c->channel, fd, role, ROLE_STORE, out_max);
	c->readable =
	    event_new(base, fd, EV_READ | EV_PERSIST, store_connection_on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, store_connection_on_writable, c);
	c->tick = event_new(base, -1, EV_PERSIST, store_connection_on_tick, c);
	must(c->readable != NULL && c->writable != NULL && c->tick != NULL);
	store_connection_ping(c);
	/* The first write in the loop, so that the owner knows the connection before its end. */
	must(event_add(c->readable, NULL) == 0 && event_add(c->writable, NULL) == 0 &&
	    event_add(c->tick, &each) == 0);
	return c;
}

void
store_connection_free(struct store_connection *c)
{
	if (c == NULL)
		return;
	event_free(c->readable);
	event_free(c->writable);
	event_free(c->tick);
	channel_close(&c->channel);
	free(c);
}
