/*
 * One connection to the model server:
 *
 *	DIALING ──▶ SECURING (https) ──▶ OPEN ──▶ CLOSED
 *
 * It ends when the server closes it or does not answer a ping, when it is idle for too long, or too old.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

#define OUT_MAX 65536

/* An HTTP/2 connection that was silent for a tick gets a ping, and is dead after another one. */
#define TICK_MS 5000

static void upstream_conn_on_event(evutil_socket_t fd, short what, void *arg);

void
upstream_conn_watch(struct upstream_conn *c, short what)
{
	if (c->watching == what)
		return;
	must(c->state != CONN_CLOSED);
	if (c->watching != 0)
		event_del(&c->event);
	must(event_assign(&c->event, c->upstream->base, c->fd, (short)(what | EV_PERSIST),
		 upstream_conn_on_event, c) == 0 &&
	    event_add(&c->event, NULL) == 0);
	c->watching = what;
}

void
upstream_conn_send_soon(struct upstream_conn *c)
{
	event_active(&c->event, EV_WRITE, 0);
}

/* For the state that begins: a time limit for opening, idle, or the next tick. */
static void
upstream_conn_set_timer(struct upstream_conn *c)
{
	const struct upstream *u = c->upstream;
	struct timeval in = clock_timeval(!c->settled ? u->connect_ms
		: c->streams == 0                     ? u->rest_ms
						      : TICK_MS);

	if (!c->settled || c->streams == 0 || c->http2 != NULL)
		evtimer_add(&c->timer, &in);
	else
		evtimer_del(&c->timer);
}

static void
upstream_conn_tick(struct upstream_conn *c)
{
	/* What was cancelled has not been sent, or not been accepted. */
	if (LIST_EMPTY(&c->transfers)) {
		upstream_conn_close(c);
		return;
	}
	if (!c->lively && c->pinged) {
		upstream_conn_fail(c, UPSTREAM_BROKEN, "the server does not answer pings");
		return;
	}
	c->pinged = !c->lively;
	c->lively = false;
	if (c->pinged)
		upstream_http2_ping(c);
	if (c->state == CONN_OPEN)
		upstream_conn_set_timer(c);
}

static void
upstream_conn_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_conn *c = arg;
	struct upstream *u = c->upstream;

	(void)fd;
	(void)what;
	u->inside = true;
	if (!c->settled)
		upstream_conn_refused(c, true, "no connection was made in time");
	else if (c->streams == 0)
		upstream_conn_close(c);
	else
		upstream_conn_tick(c);
	u->inside = false;
	upstream_settle(u);
}

struct upstream_conn *
upstream_conn_new(struct upstream *u)
{
	struct upstream_conn *c = xcalloc(1, sizeof(*c));

	c->upstream = u;
	c->fd = -1;
	c->opened_ms = clock_mono_ms();
	LIST_INIT(&c->transfers);
	buf_init(&c->out, OUT_MAX);
	upstream_response_init(&c->response);
	LIST_INSERT_HEAD(&u->busy, c, link);
	u->opening++;
	must(evtimer_assign(&c->timer, u->base, upstream_conn_on_timer, c) == 0);
	upstream_conn_set_timer(c);
	return c;
}

void
upstream_conn_open(struct upstream *u)
{
	struct upstream_conn *c = upstream_conn_new(u);

	c->dial = upstream_dial_start(u->dialer, c);
}

void
upstream_conn_settle(struct upstream_conn *c, size_t limit)
{
	if (!c->settled)
		c->upstream->opening--;
	c->settled = true;
	c->limit = limit;
	upstream_conn_set_timer(c);
	upstream_pool_sort(c);
}

/* Until the server's settings have arrived, an HTTP/2 connection carries one request. */
static void
upstream_conn_opened(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;

	c->state = CONN_OPEN;
	c->limit = 1;
	upstream_conn_watch(c, EV_READ);
	if (c->tls == NULL || !upstream_tls_chose_http2(c)) {
		u->expected = 1;
		upstream_conn_settle(c, 1);
		return;
	}
	if (u->expected == 1)
		u->expected = UPSTREAM_STREAMS_MAX;
	upstream_tls_keep_buffers(c);
	upstream_http2_start(c);
	upstream_pool_sort(c);
}

void
upstream_conn_secure(struct upstream_conn *c)
{
	switch (upstream_tls_handshake(c)) {
	case TLS_DONE:
		upstream_conn_opened(c);
		break;
	case TLS_WAIT:
		(void)upstream_io_flush(c);
		break;
	case TLS_END:
		upstream_conn_refused(c, false, "the server closed the connection");
		break;
	case TLS_FAILED:
		upstream_conn_refused(c, false, c->upstream->fault);
		break;
	}
}

void
upstream_conn_dialed(struct upstream_conn *c, int fd, bool forwarded)
{
	struct upstream *u = c->upstream;

	c->fd = fd;
	c->forwarded = forwarded;
	if (!u->target.proxy_tls) {
		upstream_dial_free(c->dial);
		c->dial = NULL;
	}
	if (!u->target.tls) {
		upstream_conn_opened(c);
	} else if (u->tls == NULL) {
		upstream_conn_refused(
		    c, false, "the certificates of OPENAI_CA_BUNDLE cannot be read");
	} else {
		c->state = CONN_SECURING;
		upstream_tls_start(c);
		upstream_conn_secure(c);
	}
}

void
upstream_conn_refused(struct upstream_conn *c, bool timeout, const char *detail)
{
	struct upstream *u = c->upstream;

	if (detail != u->fault)
		snprintf(u->fault, sizeof(u->fault), "%s", detail);
	upstream_conn_fail(c, UPSTREAM_BROKEN, u->fault);
	if (!timeout)
		upstream_pool_refused(u, u->fault);
}

void
upstream_conn_close(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;

	must(LIST_EMPTY(&c->transfers));
	if (c->state == CONN_CLOSED)
		return;
	upstream_io_say_goodbye(c);
	c->state = CONN_CLOSED;
	if (c->watching != 0)
		event_del(&c->event);
	evtimer_del(&c->timer);
	if (!c->settled)
		u->opening--;
	upstream_pool_sort(c);
}

void
upstream_conn_free(struct upstream_conn *c)
{
	must(!evtimer_pending(&c->timer, NULL));
	LIST_REMOVE(c, link);
	upstream_dial_free(c->dial);
	upstream_http2_clear(c);
	upstream_tls_clear(c);
	closefd(&c->fd);
	buf_wipe(&c->out);
	upstream_response_clear(&c->response);
	free(c);
}

void
upstream_conn_forget(struct upstream_transfer *t)
{
	LIST_REMOVE(t, of_conn);
	t->conn = NULL;
}

/* A kept connection that died before anything came: the server closed it before it read the request. */
static enum upstream_end
upstream_conn_end_of(const struct upstream_conn *c, const struct upstream_transfer *t,
    enum upstream_end how, const char **detail)
{
	if (c->used && (!c->heard || !t->sent)) {
		*detail = "a kept connection had died";
		return UPSTREAM_STALE;
	}
	return t->sent ? how : UPSTREAM_CONNECT;
}

void
upstream_conn_fail(struct upstream_conn *c, enum upstream_end how, const char *detail)
{
	bool opening = c->state == CONN_OPEN && !c->settled;
	struct upstream_transfer *t;

	while ((t = LIST_FIRST(&c->transfers)) != NULL) {
		const char *why = detail;
		enum upstream_end end = upstream_conn_end_of(c, t, how, &why);

		upstream_conn_forget(t);
		upstream_transfer_over(t, end, why);
	}
	upstream_conn_close(c);
	if (opening)
		upstream_pool_refused(c->upstream, detail);
}

void
upstream_conn_add(struct upstream_conn *c, struct upstream_transfer *t)
{
	t->conn = c;
	LIST_INSERT_HEAD(&c->transfers, t, of_conn);
	if (c->streams++ == 0) {
		c->heard = c->lively = c->pinged = false;
		if (c->settled)
			upstream_conn_set_timer(c);
	}
	if (c->http2 != NULL)
		upstream_http2_add(c, t);
	upstream_pool_sort(c);
	upstream_conn_send_soon(c);
}

void
upstream_conn_done(struct upstream_conn *c)
{
	c->used = true;
	if (--c->streams == 0 && c->settled)
		upstream_conn_set_timer(c);
	upstream_pool_sort(c);
}

void
upstream_conn_drop(struct upstream_transfer *t)
{
	struct upstream_conn *c = t->conn;

	upstream_conn_forget(t);
	if (c->http2 == NULL)
		upstream_conn_close(c);
	else
		upstream_http2_drop(c, t);
}

static void
upstream_conn_write(struct upstream_conn *c)
{
	if (c->state == CONN_SECURING)
		(void)upstream_io_flush(c);
	else if (c->http2 == NULL)
		upstream_http1_send(c);
	else
		upstream_http2_send(c);
}

static void
upstream_conn_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_conn *c = arg;
	struct upstream *u = c->upstream;

	(void)fd;
	u->inside = true;
	if (what & EV_READ)
		upstream_io_read(c);
	if ((what & EV_WRITE) && c->state != CONN_CLOSED)
		upstream_conn_write(c);
	u->inside = false;
	upstream_settle(u);
	if (u->after_event != NULL)
		u->after_event(u->after_event_arg);
}
