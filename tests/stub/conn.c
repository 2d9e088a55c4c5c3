/*
 * conn_pump() alone decides what a connection does next.
 */
#include "tests/stub/conn.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define HEAD_MAX  ((size_t)32 << 10)
#define BODY_MAX  ((size_t)32 << 20)
#define READ_SIZE 4096

/* A burst of huge tokens must not keep its memory; ordinary batches are far smaller. */
#define SCRATCH_KEEP ((size_t)256 << 10)

enum flush { FLUSH_DONE, FLUSH_BLOCKED, FLUSH_FAILED };

static void on_event(evutil_socket_t fd, short what, void *arg);

static void
watch(struct conn *c, short what)
{
	if (event_initialized(&c->ev)) {
		if ((event_get_events(&c->ev) & (EV_READ | EV_WRITE)) == what)
			return;
		event_del(&c->ev);
	}
	must(event_assign(
		 &c->ev, c->host->base, c->fd, (short)(what | EV_PERSIST), on_event, c) == 0 &&
	    event_add(&c->ev, NULL) == 0);
}

void
conn_open(struct conn_host *host, int fd)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->host = host;
	c->fd = fd;
	c->out = put_start();
	buf_init(&c->in, HEAD_MAX + BODY_MAX + READ_SIZE);
	LIST_INSERT_HEAD(&host->conns, c, link);
	host->service->stats.accepted++;
	watch(c, EV_READ);
}

void
conn_free(struct conn *c)
{
	const struct linger now = {.l_onoff = 1};

	/* An unfinished chat: the client disconnected. */
	if (c->chat != NULL)
		c->host->service->stats.disconnected++;
	chat_free(c->chat);
	pace_cancel(&c->host->pace, &c->pace);
	event_del(&c->ev);
	/* With a linger time of 0, close() resets the connection (socket(7), SO_LINGER). */
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	closefd(&c->fd);
	buf_clear(&c->in);
	buf_clear(&c->out);
	LIST_REMOVE(c, link);
	free(c);
}

/* Number of bytes that the kernel accepted; 0 if it accepts none now; -1 if the connection is closed. */
static ssize_t
conn_send_some(const struct conn *c, const uint8_t *p, size_t n)
{
	ssize_t sent;

	do
		sent = send(c->fd, p, n, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent == -1 && errno == EAGAIN)
		return 0;
	return sent;
}

static enum flush
flush(struct conn *c)
{
	while (buf_len(&c->out) > 0) {
		ssize_t n = conn_send_some(c, buf_data(&c->out), buf_len(&c->out));

		if (n <= 0)
			return n == 0 ? FLUSH_BLOCKED : FLUSH_FAILED;
		buf_consume(&c->out, (size_t)n);
	}
	buf_release(&c->out);
	return FLUSH_DONE;
}

/* Sends the host's scratch buffer and keeps the rest in out, which must be empty. The next flush()
 * detects a failed send. */
static void
conn_emit(struct conn *c)
{
	struct buf *b = &c->host->scratch;
	ssize_t n = 0;

	if (buf_len(b) == 0)
		return;
	n = conn_send_some(c, buf_data(b), buf_len(b));
	buf_consume(b, n < 0 ? 0 : (size_t)n);
	put_slice(&c->out, buf_slice(b));
	buf_reset(b);
	if (buf_spare(b) > SCRATCH_KEEP)
		buf_release(b);
}

/* Runs the chat's next step, which is due. */
static void
conn_step_chat(struct conn *c)
{
	enum chat_step step = chat_step(c->chat, &c->host->scratch);

	c->hanging = step == CHAT_HANG;
	c->ending = step == CHAT_END || step == CHAT_CUT;
	c->closing = step == CHAT_CUT || (step == CHAT_END && c->chat->close);
	c->reset = step == CHAT_CUT && c->chat->script.rst;
	conn_emit(c);
}

static void
conn_end_chat(struct conn *c)
{
	chat_free(c->chat);
	c->chat = NULL;
	c->ending = false;
}

/* Parses the request at the front of c->in. HTTP_OK if it is complete. */
static enum http_result
conn_parse(struct conn *c, struct http_request *request, struct slice *body, int *status)
{
	struct http_parser parser;
	enum http_result result;
	size_t head;

	if (buf_len(&c->in) < c->request)
		return HTTP_MORE;
	http_parser_init(&parser, HEAD_MAX);
	result = http_parse(&parser, buf_slice(&c->in), request, &head, status);
	if (result != HTTP_OK)
		return result;
	if (request->content_length > BODY_MAX) {
		*status = 413;
		return HTTP_BAD;
	}
	if (c->request == 0 && request->expect_continue)
		put_str(&c->host->scratch, "HTTP/1.1 100 Continue\r\n\r\n");
	c->request = head + (size_t)request->content_length;
	*body = (struct slice){buf_data(&c->in) + head, (size_t)request->content_length};
	return buf_len(&c->in) < c->request ? HTTP_MORE : HTTP_OK;
}

/* Takes the next request; false if there is none yet. */
static bool
conn_take_request(struct conn *c)
{
	struct buf *out = &c->host->scratch;
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request request = {.headers = headers};
	struct slice body;
	int status;

	switch (conn_parse(c, &request, &body, &status)) {
	case HTTP_MORE:
		conn_emit(c);
		return buf_len(&c->out) > 0;
	case HTTP_BAD:
		serve_bad(status, out);
		c->closing = true;
		break;
	case HTTP_OK:
		c->closing = !request.keep_alive;
		c->chat = serve_request(c->host->service, &request, body, out);
		if (c->chat != NULL)
			c->closing = false;
		buf_consume(&c->in, c->request);
		buf_release(&c->in);
		c->request = 0;
		break;
	}
	conn_emit(c);
	return true;
}

/* Continues until it has to wait: for bytes, for room in the socket, or for the chat's next step.
 * At most one step per call, so that a stream at full speed does not starve the others. False if
 * the connection is closed. */
[[gnu::warn_unused_result]] static bool
conn_pump(struct conn *c)
{
	struct pace *pace = &c->host->pace;
	bool stepped = false;

	for (;;) {
		enum flush flushed = flush(c);

		if (flushed == FLUSH_FAILED)
			return false;
		watch(c, flushed == FLUSH_BLOCKED ? EV_READ | EV_WRITE : EV_READ);
		if (flushed != FLUSH_DONE)
			return true;
		if (c->ending)
			conn_end_chat(c);
		if (c->closing)
			return false;
		if (c->chat == NULL) {
			if (!conn_take_request(c))
				return true;
		} else if (c->hanging) {
			return true;
		} else if (stepped || c->chat->due > clock_mono_ns()) {
			pace_at(pace, &c->pace, c->chat->due);
			return true;
		} else {
			conn_step_chat(c);
			stepped = true;
		}
	}
}

/* False if the peer has closed. A half-close counts as well: no client does that and still waits,
 * and tests must see at once that their client has disconnected. */
static bool
conn_read_some(struct conn *c)
{
	uint8_t *p = buf_reserve(&c->in, READ_SIZE);
	ssize_t n;

	if (p == NULL)
		return false;
	do
		n = recv(c->fd, p, READ_SIZE, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		buf_commit(&c->in, (size_t)n);
	return n > 0 || (n == -1 && errno == EAGAIN);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (((what & EV_READ) != 0 && !conn_read_some(c)) || !conn_pump(c))
		conn_free(c);
}

void
conn_due(struct pace_entry *e)
{
	struct conn *c = (struct conn *)(void *)((char *)e - offsetof(struct conn, pace));

	if (!conn_pump(c))
		conn_free(c);
}
