/*
 * The output side of a connection, and how it ends.
 */
#include "workerd/http/conn.h"

#include <errno.h>

#include "proto/base/log.h"

size_t
conn_waiting(const struct http_conn *c)
{
	return buf_len(&c->out) + c->static_body.len;
}

void
conn_touch(struct http_conn *c)
{
	struct http_server *s = c->server;

	if (c->touched)
		return;
	c->touched = true;
	TAILQ_INSERT_TAIL(&s->touched, c, touched_entry);
	/* libevent keeps the other events for the next turn. */
	if (++s->touched_n == TOUCHED_MAX)
		event_base_loopbreak(s->config.base);
}

void
conn_drop(struct http_conn *c, const char *why)
{
	if (c->state == CONN_DYING)
		return;
	if (why != NULL)
		log_event(LOG_INFO, "conn_dropped", L_UINT("conn", c->number),
		    L_STR("why", why), L_UINT("waiting", conn_waiting(c)));
	c->state = CONN_DYING;
	conn_touch(c);
}

/* Removes n written bytes from the queued output. */
static void
conn_consume(struct http_conn *c, size_t n)
{
	size_t from_out = n < buf_len(&c->out) ? n : buf_len(&c->out);
	size_t from_static = n - from_out;

	buf_consume(&c->out, from_out);
	c->replay -= from_out < c->replay ? from_out : c->replay;
	if (from_static > 0)
		c->static_body = (struct slice){
		    c->static_body.p + from_static, c->static_body.len - from_static};
	c->stall_left -= n < c->stall_left ? n : c->stall_left;
}

void
conn_flush(struct http_conn *c)
{
	while (c->state != CONN_DYING && conn_waiting(c) > 0) {
		struct iovec iov[2];
		ssize_t n;
		int k = 0;

		/* An iovec cannot be const because it serves reading too; nothing is written here. */
		if (buf_len(&c->out) > 0)
			iov[k++] = (struct iovec){c->out.mem + c->out.start, buf_len(&c->out)};
		if (c->static_body.len > 0)
			iov[k++] = (struct iovec){
			    (void *)(uintptr_t)c->static_body.p, c->static_body.len};
		n = io_write(&c->io, iov, k);
		if (n == -1 && errno == EAGAIN) {
			c->blocked = true;
			return;
		}
		if (n == -1) {
			conn_drop(c, NULL);
			return;
		}
		conn_consume(c, (size_t)n);
	}
	c->blocked = false;
	buf_release(&c->out);
}

bool
conn_may_wait(struct http_conn *c)
{
	size_t max = c->server->config.limits.output_max;

	if (buf_len(&c->out) - c->replay > max)
		conn_flush(c);
	return buf_len(&c->out) - c->replay <= max;
}
