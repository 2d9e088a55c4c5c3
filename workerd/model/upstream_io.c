/*
 * The bytes of a connection: received, decrypted and passed on; encrypted and sent.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "workerd/model/upstream_internal.h"

/* What one loop iteration reads of all connections together, and of a stream at least. So a server that
 * floods does not starve the others, and none waits behind thousands of large reads. */
#define ITERATION_BYTES  (512u * 1024)
#define STREAM_BYTES_MIN 4096u
#define FLOOD_MAX        ((size_t)1 << 20) /* of one connection to an https proxy */

static ssize_t
upstream_io_send(struct upstream_conn *c)
{
	const uint8_t *p = buf_data(&c->out);
	size_t n = buf_len(&c->out);

	return c->dial != NULL ? upstream_dial_send(c->dial, p, n)
			       : send(c->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t
upstream_io_receive(struct upstream_conn *c, void *p, size_t n)
{
	return c->dial != NULL ? upstream_dial_receive(c->dial, p, n) : recv(c->fd, p, n, 0);
}

/* The last call, by errno. */
static bool
upstream_io_must_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* Fails with the reason in errno, or because the server has closed the connection. */
static void
upstream_io_failed(struct upstream_conn *c, ssize_t n)
{
	const char *detail = n == 0 ? "the server closed the connection" : strerror(errno);

	if (c->state == CONN_SECURING)
		upstream_conn_refused(c, false, detail);
	else
		upstream_conn_fail(c, UPSTREAM_BROKEN, detail);
}

bool
upstream_io_write(struct upstream_conn *c, const void *p, size_t n)
{
	if (c->tls == NULL ? buf_append(&c->out, p, n) == 0 : upstream_tls_write(c, p, n))
		return true;
	upstream_conn_fail(c, UPSTREAM_BROKEN, "the request cannot be encrypted");
	return false;
}

bool
upstream_io_flush(struct upstream_conn *c)
{
	while (buf_len(&c->out) > 0) {
		ssize_t n = upstream_io_send(c);

		if (n == -1 && upstream_io_must_wait()) {
			upstream_conn_watch(c, EV_READ | EV_WRITE);
			return false;
		}
		if (n == -1) {
			upstream_io_failed(c, n);
			return false;
		}
		buf_consume(&c->out, (size_t)n);
	}
	buf_clear(&c->out);
	upstream_conn_watch(c, EV_READ);
	return true;
}

bool
upstream_io_has_data(const struct upstream_conn *c)
{
	uint8_t first;

	return recv(c->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
upstream_io_say_goodbye(struct upstream_conn *c)
{
	if (c->tls == NULL)
		return;
	upstream_tls_end(c);
	if (buf_len(&c->out) > 0)
		(void)upstream_io_send(c);
}

/* The server has closed its side. */
static void
upstream_io_closed(struct upstream_conn *c)
{
	if (c->http2 == NULL)
		upstream_http1_closed(c);
	else
		upstream_conn_fail(c, UPSTREAM_BROKEN, "the server closed the connection");
}

static void
upstream_io_pass_on(struct upstream_conn *c, struct slice in)
{
	if (c->http2 == NULL)
		upstream_http1_received(c, in);
	else
		upstream_http2_received(c, in);
}

static void
upstream_io_decrypt(struct upstream_conn *c, struct slice in)
{
	enum upstream_tls_result result = TLS_DONE;
	struct slice record;

	c->in = in;
	if (c->state == CONN_SECURING)
		upstream_conn_secure(c);
	while (c->state == CONN_OPEN && result == TLS_DONE) {
		result = upstream_tls_read(c, &record);
		if (result == TLS_DONE)
			upstream_io_pass_on(c, record);
		else if (result == TLS_END)
			upstream_io_closed(c);
		else if (result == TLS_FAILED)
			upstream_conn_fail(c, UPSTREAM_BROKEN, c->upstream->fault);
	}
	/* New keys are acknowledged (RFC 8446, section 4.6.3). */
	if (c->state == CONN_OPEN && buf_len(&c->out) > 0)
		(void)upstream_io_flush(c);
}

static size_t
upstream_io_share(const struct upstream_conn *c)
{
	size_t all = c->upstream->transfers,
	       one = all == 0 ? UPSTREAM_READ_MAX : ITERATION_BYTES / all;

	if (one < STREAM_BYTES_MIN)
		one = STREAM_BYTES_MIN;
	if (c->streams > 1)
		one *= c->streams;
	return one < UPSTREAM_READ_MAX ? one : UPSTREAM_READ_MAX;
}

void
upstream_io_read(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;
	size_t most = upstream_io_share(c), left = FLOOD_MAX;

	do {
		ssize_t n = upstream_io_receive(c, u->received, most);

		if (n == -1 && upstream_io_must_wait())
			return;
		/* Without the end that TLS defines, a response may have been cut off. */
		if (n == 0 && c->tls == NULL) {
			upstream_io_closed(c);
			return;
		}
		if (n <= 0) {
			upstream_io_failed(c, n);
			return;
		}
		c->heard = c->lively = true;
		if (c->tls == NULL)
			upstream_io_pass_on(c, (struct slice){u->received, (size_t)n});
		else
			upstream_io_decrypt(c, (struct slice){u->received, (size_t)n});
		left -= (size_t)n;
		/* libcurl may hold data that the socket no longer has; after a flood the socket has more too. */
	} while (c->dial != NULL && c->state != CONN_CLOSED && left >= most);
}
