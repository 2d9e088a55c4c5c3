/*
 * conn_pump() alone decides what a connection does next.
 */
#include "tests/stub/conn.h"

#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

/* A burst of huge tokens must not keep its memory; ordinary batches are far smaller. */
#define SCRATCH_KEEP ((size_t)256 << 10)

/* Delay between the writes of split=N, so that a reader wakes up and reads one alone. */
#define SLICE_GAP_NS 100000u

static const char continue_answer[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum flush { FLUSH_DONE, FLUSH_SLICED, FLUSH_BLOCKED, FLUSH_FAILED };

static void on_event(evutil_socket_t fd, short what, void *arg);

static void
watch(struct conn *c, short what)
{
	if (event_initialized(&c->ev)) {
		if ((event_get_events(&c->ev) & (EV_READ | EV_WRITE)) == what)
			return;
		event_del(&c->ev);
	}
	if (event_assign(
		&c->ev, c->host->base, c->fd, (short)(what | EV_PERSIST), on_event, c) == -1 ||
	    event_add(&c->ev, NULL) == -1)
		errx(1, "cannot create a connection event");
}

void
conn_open(struct conn_host *host, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		err(1, "out of memory");
	c->host = host;
	c->fd = fd;
	LIST_INSERT_HEAD(&host->conns, c, link);
	host->service->stats.connections++;
	host->service->stats.accepted++;
	watch(c, EV_READ);
}

void
conn_free(struct conn *c)
{
	const struct linger now = {.l_onoff = 1};

	/* An unfinished chat: the client disconnected. */
	chat_free(c->chat, STATS_DISCONNECTED);
	pace_cancel(&c->host->pace, &c->pace);
	event_del(&c->ev);
	/* With a linger time of 0, close() resets the connection (socket(7), SO_LINGER). */
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	http_reader_clear(&c->in);
	bytes_clear(&c->out);
	LIST_REMOVE(c, link);
	c->host->service->stats.connections--;
	free(c);
}

/* Number of bytes that the kernel accepted, at most split; 0 if it accepts none now; -1 if the
 * connection is closed. */
static ssize_t
conn_send_some(const struct conn *c, const char *p, size_t n)
{
	ssize_t sent;

	if (c->split != 0 && n > c->split)
		n = c->split;
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
	while (c->sent < c->out.len) {
		ssize_t n = conn_send_some(c, c->out.p + c->sent, c->out.len - c->sent);

		if (n <= 0)
			return n == 0 ? FLUSH_BLOCKED : FLUSH_FAILED;
		c->sent += (size_t)n;
		/* Without a delay the reader would read several writes at once. */
		if (c->split != 0)
			return FLUSH_SLICED;
	}
	c->sent = 0;
	bytes_clear(&c->out);
	return FLUSH_DONE;
}

/* Sends the host's scratch buffer and keeps the rest in out, which must be empty. The next flush()
 * detects a failed send. */
static void
conn_emit(struct conn *c)
{
	struct bytes *b = &c->host->scratch;
	ssize_t n;

	if (b->len == 0)
		return;
	n = c->split != 0 ? 0 : conn_send_some(c, b->p, b->len);
	if (n < 0)
		n = 0;
	bytes_add(&c->out, b->p + n, b->len - (size_t)n);
	bytes_reset(b, SCRATCH_KEEP);
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
	chat_free(c->chat, chat_outcome(c->chat));
	c->chat = NULL;
	c->ending = false;
	c->split = 0;
}

/* Takes the next request from the reader; false if there is none yet. */
static bool
conn_take_request(struct conn *c)
{
	struct bytes *out = &c->host->scratch;
	enum http_result result = http_reader_parse(&c->in);

	if (result == HTTP_MORE) {
		if (http_reader_take_expect(&c->in))
			bytes_add_str(out, continue_answer);
		conn_emit(c);
		return c->out.len > 0;
	}
	if (result == HTTP_BAD) {
		serve_bad(&c->in, out);
		c->closing = true;
	} else {
		c->closing = c->in.close;
		c->chat = serve_request(c->host->service, &c->in, out);
		if (c->chat != NULL) {
			c->closing = false;
			c->split = c->chat->script.split;
		}
		http_reader_next(&c->in);
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
		if (flushed == FLUSH_SLICED)
			pace_soon(pace, &c->pace, SLICE_GAP_NS);
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
		} else if (stepped || c->chat->due > pace_now()) {
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
	size_t room;
	char *p = http_reader_space(&c->in, &room);
	ssize_t n;

	if (p == NULL)
		return false;
	do
		n = recv(c->fd, p, room, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		http_reader_added(&c->in, (size_t)n);
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
