/*
 * A connection in RECEIVE: it reads bytes of a body until the piece that its handler waits for is complete. The
 * request's own bytes stay where they are, in `in`, because its slices point to them.
 */
#include "workerd/http/body_conn.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

uint64_t
body_left(const struct http_conn *c)
{
	return c->streamed == NULL ? 0 : c->streamed->left;
}

/* RFC 9110, section 10.1.1: to a client that waits for it, once the body is wanted. */
static void
body_continue(struct http_conn *c)
{
	struct streamed_body *body = c->streamed;

	if (body->expects_continue && buf_len(&body->come) == 0 &&
	    buf_append_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n") == -1)
		conn_drop(c, "output_full");
	body->expects_continue = false;
}

void
body_take(struct http_conn *c, size_t n, http_body_fn *fn, void *arg)
{
	struct streamed_body *body = c->streamed;

	must(body != NULL && n > 0 && n <= body->left && n <= HTTP_BODY_PIECE_MAX);
	if (c->state == CONN_DYING)
		return;
	must(c->state == CONN_ANSWER);
	body->piece = n;
	body->fn = fn;
	body->arg = arg;
	c->state = CONN_RECEIVE;
	c->input_waits = false;
	/* The transport may hold bytes that no event will announce, or the piece may be here already. */
	c->read_again = true;
	body_continue(c);
	conn_touch(c);
}

void
body_begin(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	size_t come = buf_len(&c->in) - head_len;
	uint8_t *to = c->in.mem + c->in.start + head_len;

	if (req->content_length == 0)
		return;
	if (come > req->content_length)
		come = (size_t)req->content_length;
	c->streamed = xcalloc(1, sizeof(*c->streamed));
	c->streamed->left = req->content_length;
	c->streamed->expects_continue = req->expect_continue && req->minor_version == 1;
	buf_init(&c->streamed->come, HTTP_BODY_PIECE_MAX + SCRATCH_SIZE);
	must(buf_append(&c->streamed->come, to, come) == 0);
	/* What follows the body is the next request. */
	memmove(to, to + come, buf_len(&c->in) - head_len - come);
	buf_truncate(&c->in, buf_len(&c->in) - come);
}

size_t
body_wanted(const struct http_conn *c)
{
	size_t have = buf_len(&c->streamed->come);

	return have < c->streamed->piece ? c->streamed->piece - have : 0;
}

int
body_add(struct http_conn *c, struct slice bytes)
{
	return buf_append(&c->streamed->come, bytes.p, bytes.len);
}

void
body_deliver(struct http_conn *c, bool late)
{
	struct streamed_body *body = c->streamed;
	struct slice piece = {buf_data(&body->come), body->piece};
	http_body_fn *fn = body->fn;

	body->fn = NULL;
	c->state = CONN_ANSWER;
	if (late) {
		fn(body->arg, (struct slice){0});
		return;
	}
	body->left -= piece.len;
	fn(body->arg, piece);
	buf_consume(&body->come, piece.len);
	buf_release(&body->come);
}

bool
body_is_cut(const struct http_conn *c)
{
	return body_left(c) > 0 && c->streamed->left > buf_len(&c->streamed->come);
}

size_t
body_held(const struct http_conn *c)
{
	return c->streamed == NULL ? 0 : sizeof(*c->streamed) + c->streamed->come.cap;
}

void
body_end(struct http_conn *c)
{
	if (c->streamed != NULL)
		buf_clear(&c->streamed->come);
	free(c->streamed);
	c->streamed = NULL;
}
