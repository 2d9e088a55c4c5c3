/*
 * A request over HTTP/1.1 (RFC 9112). Only after a complete response is the connection used for another.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"

#define OUT_STEP 16384 /* bytes of a request's body that are copied at a time */

static void
upstream_http1_write_head(struct upstream_conn *c, const struct upstream_transfer *t)
{
	const struct upstream *u = c->upstream;
	const struct upstream_target *to = &u->target;

	must(buf_reserve(&c->out, 2 * OUT_STEP) != NULL &&
	    buf_printf(&c->out,
		"POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: banter/%s\r\n"
		"Content-Type: application/json\r\nAccept: text/event-stream\r\n"
		"Content-Length: %zu\r\n",
		c->forwarded ? to->url : to->path, to->authority, BANTER_VERSION,
		buf_len(&t->body)) == 0);
	if (c->forwarded && to->proxy_authorization != NULL)
		must(buf_printf(
			 &c->out, "Proxy-Authorization: %s\r\n", to->proxy_authorization) == 0);
	if (u->authorization != NULL)
		must(buf_printf(&c->out, "Authorization: %s\r\n", u->authorization) == 0);
	must(buf_append_str(&c->out, "\r\n") == 0);
}

/* Copies the next part of the body. */
static void
upstream_http1_write_body(struct upstream_conn *c, struct upstream_transfer *t)
{
	size_t left = buf_len(&t->body) - t->body_sent;

	if (left > OUT_STEP)
		left = OUT_STEP;
	must(buf_append(&c->out, buf_data(&t->body) + t->body_sent, left) == 0);
	t->body_sent += left;
}

/* Whether a kept connection is still open, and no data has come that would be taken for the response. */
static bool
upstream_http1_is_quiet(struct upstream_conn *c)
{
	if (c->used)
		upstream_io_read(c);
	return c->state == CONN_OPEN;
}

void
upstream_http1_send(struct upstream_conn *c)
{
	struct upstream_transfer *t = LIST_FIRST(&c->transfers);
	int result = 1;

	if (t == NULL)
		return;
	if (!t->begun) {
		if (!upstream_http1_is_quiet(c))
			return;
		t->begun = true;
		c->heard = false;
		upstream_http1_write_head(c, t);
		upstream_http1_write_body(c, t);
	}
	while (result == 1 && buf_len(&c->out) > 0) {
		size_t before = buf_len(&c->out);

		result = upstream_io_flush(c);
		t->sent = t->sent || buf_len(&c->out) < before;
		if (result == 1)
			upstream_http1_write_body(c, t);
	}
	if (result == -1)
		upstream_conn_fail(c, UPSTREAM_BROKEN, c->upstream->fault);
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
	upstream_response_reset(&c->response);
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
