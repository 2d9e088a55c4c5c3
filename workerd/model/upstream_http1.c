/*
 * A request over HTTP/1.1 (RFC 9112). Only after a complete response is the connection used for another.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"

static void
upstream_http1_print_head(
    struct buf *out, const struct upstream_conn *c, const struct upstream_transfer *t)
{
	const struct upstream *u = c->upstream;
	const struct upstream_target *to = &u->target;

	must(buf_printf(out,
		 "POST %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: banter/%s\r\n"
		 "Content-Type: application/json\r\nAccept: text/event-stream\r\n"
		 "Accept-Encoding: identity\r\n"
		 "Content-Length: %zu\r\n",
		 c->forwarded ? to->origin : "", t->path, to->authority, BANTER_VERSION,
		 buf_len(&t->body)) == 0);
	if (c->forwarded && to->proxy_authorization != NULL)
		must(buf_printf(out, "Proxy-Authorization: %s\r\n", to->proxy_authorization) ==
		    0);
	if (u->authorization != NULL)
		must(buf_printf(out, "Authorization: %s\r\n", u->authorization) == 0);
	for (size_t i = 0; i < u->headers_n; i++)
		must(buf_printf(out, "%s: %s\r\n", u->headers[i].name, u->headers[i].value) ==
		    0);
	must(buf_append_str(out, "\r\n") == 0);
}

static bool
upstream_http1_write_head(struct upstream_conn *c, const struct upstream_transfer *t)
{
	struct buf head;
	bool ok;

	buf_init(&head, UPSTREAM_RECORD_MAX);
	must(buf_reserve(&head, UPSTREAM_RECORD_MAX) != NULL);
	upstream_http1_print_head(&head, c, t);
	ok = upstream_io_write(c, buf_data(&head), buf_len(&head));
	buf_wipe(&head);
	return ok;
}

/* false: the whole body is written, or the connection has failed. */
static bool
upstream_http1_write_next(struct upstream_conn *c, struct upstream_transfer *t)
{
	const uint8_t *p = buf_data(&t->body) + t->body_sent;
	size_t n = buf_len(&t->body) - t->body_sent;

	if (n > UPSTREAM_RECORD_MAX)
		n = UPSTREAM_RECORD_MAX;
	t->body_sent += n;
	return n > 0 && upstream_io_write(c, p, n);
}

/* Whether a kept connection is still open, and no data has come that would be taken for the response. */
static bool
upstream_http1_is_quiet(struct upstream_conn *c)
{
	if (c->used)
		upstream_io_read(c);
	return c->state == CONN_OPEN;
}

static bool
upstream_http1_begin(struct upstream_conn *c, struct upstream_transfer *t)
{
	if (!upstream_http1_is_quiet(c))
		return false;
	t->begun = true;
	c->heard = false;
	return upstream_http1_write_head(c, t) && upstream_http1_write_next(c, t);
}

void
upstream_http1_send(struct upstream_conn *c)
{
	struct upstream_transfer *t = LIST_FIRST(&c->transfers);

	if (t == NULL || (!t->begun && !upstream_http1_begin(c, t)))
		return;
	do
		t->sent = true;
	while (upstream_io_flush(c) && upstream_http1_write_next(c, t));
}

/* The response is complete. Data after it belongs to no request. */
static void
upstream_http1_done(struct upstream_conn *c, bool reusable)
{
	struct upstream_transfer *t = LIST_FIRST(&c->transfers);

	if (!reusable || !c->response.keep_alive || buf_len(&c->out) > 0 ||
	    t->body_sent < buf_len(&t->body))
		c->retiring = true;
	upstream_conn_forget(t);
	upstream_response_clear(&c->response);
	upstream_conn_done(c);
	upstream_transfer_over(t, UPSTREAM_DONE, "");
}

void
upstream_http1_received(struct upstream_conn *c, struct slice in)
{
	struct upstream_transfer *t = LIST_FIRST(&c->transfers);
	struct slice piece;

	if (t == NULL || !t->begun) {
		upstream_conn_fail(
		    c, UPSTREAM_BROKEN, "the server sent data without a request");
		return;
	}
	while (!t->cancelled && !t->is_over) {
		switch (upstream_response_read(&c->response, &in, &piece)) {
		case RESPONSE_MORE:
			return;
		case RESPONSE_HEAD:
			upstream_transfer_answered(t, &c->response.head);
			break;
		case RESPONSE_PIECE:
			upstream_transfer_data(t, piece);
			break;
		case RESPONSE_BAD:
			upstream_conn_fail(c, UPSTREAM_BROKEN,
			    c->response.read > RESPONSE_HEAD_MAX
				? RESPONSE_HEAD_FAULT
				: "the response is not valid HTTP");
			return;
		case RESPONSE_WHOLE:
			upstream_http1_done(c, in.len == 0);
			return;
		}
	}
}

void
upstream_http1_closed(struct upstream_conn *c)
{
	if (!LIST_EMPTY(&c->transfers) && upstream_response_ends_here(&c->response))
		upstream_http1_done(c, false);
	else
		upstream_conn_fail(c, UPSTREAM_BROKEN, "the server closed the connection");
}
