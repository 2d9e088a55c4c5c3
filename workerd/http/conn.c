/*
 * One connection: its socket, its state and its timer. What the bytes mean is request.c's.
 *
 * The loop calls on_event() and on_timer(); both only do what is new (read, write, parse, call the
 * handler) and touch the connection. What follows from it is done once, in conn_turn_end(): one
 * write, the step to the next request, and settle(), the only place where events and timer are
 * set. A connection that fails anywhere is marked DYING and freed by server.c after that.
 *
 * While there is an exchange that is no WebSocket nothing is read, so that the slices of its request stay where they
 * are and a client that sends ahead fills its own kernel's buffers and not ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/conn_internal.h"
#include "workerd/http/tls.h"
#include "workerd/http/ws_internal.h"

/* A client that takes less than this within the stall time-out, and not all, is dropped: it may
 * have some megabytes of ours waiting, and a segment now and then must not keep them for days. */
#define STALL_STEP 16384u

/* Answers to requests that came ahead wait together for one write up to this; then they are tried
 * on the socket, and the next request is not looked at before they are out. */
#define AHEAD_MAX 65536u

/* So much is read of a WebSocket in a turn: some thousand messages are in it at most, and then others
 * have theirs. */
#define FRAMES_STEP 16384u

/* -- life ---------------------------------------------------------------------------------- */

static void on_event(evutil_socket_t fd, short what, void *arg);
static void on_timer(evutil_socket_t fd, short what, void *arg);
static void settle(struct http_conn *c);
static enum conn_timer wanted_timer(const struct http_conn *c);

/* Bytes that the client has still to take. */
static size_t
waiting(const struct http_conn *c)
{
	return buf_len(&c->out) + c->lent.len;
}

struct http_conn *
conn_new(struct http_server *s, int fd, uint64_t number, const struct http_peer *peer)
{
	const struct http_limits *limits = &s->config.limits;
	struct http_conn *c = xcalloc(1, sizeof(*c));

	must(peer->address.len <= sizeof(c->address));
	c->server = s;
	c->number = number;
	if (peer->address.len > 0)
		memcpy(c->address, peer->address.p, peer->address.len);
	c->address_len = (uint8_t)peer->address.len;
	c->port = peer->port;
	c->loopback = peer->loopback;
	if (s->tls != NULL)
		io_init_tls(&c->io, fd, s->tls);
	else
		io_init_plain(&c->io, fd);
	buf_init(&c->in, limits->head_max + limits->body_max);
	buf_init(&c->out, limits->output_max + limits->answer_max);
	http_parser_init(&c->parser, limits->head_max);
	return c;
}

int
conn_start(struct http_conn *c)
{
	struct event_base *base = c->server->config.base;

	must(event_assign(&c->event, base, c->io.fd, EV_READ | EV_PERSIST, on_event, c) == 0);
	must(event_assign(&c->timer, base, -1, 0, on_timer, c) == 0);
	settle(c);
	if (c->state != CONN_DYING)
		return 0;
	errno = ENOMEM;
	return -1;
}

void
conn_free(struct http_conn *c)
{
	if (c->box != NULL) {
		struct http_exchange *x = &c->box->x;

		if (x->phase != REPLY_DONE && x->on_close != NULL)
			x->on_close(x);
		request_end(c);
	}
	server_forget(c);
	if (event_initialized(&c->event)) {
		event_del(&c->event);
		event_del(&c->timer);
	}
	/* What is cut must not look whole. */
	if (c->unframed)
		io_reset(&c->io);
	else
		io_close(&c->io);
	buf_clear(&c->in);
	buf_clear(&c->out);
	free(c);
}

void
conn_drop(struct http_conn *c, const char *why)
{
	if (c->state == CONN_DYING)
		return;
	if (why != NULL)
		log_event(LOG_INFO, "conn_dropped", L_UINT("conn", c->number),
		    L_STR("why", why), L_UINT("waiting", waiting(c)));
	c->state = CONN_DYING;
	server_touch(c);
}

/* -- writing ------------------------------------------------------------------------------- */

/* Takes n written bytes off what is queued. */
static void
sent(struct http_conn *c, size_t n)
{
	size_t from_out = n < buf_len(&c->out) ? n : buf_len(&c->out);
	size_t from_lent = n - from_out;

	buf_consume(&c->out, from_out);
	c->replay -= from_out < c->replay ? from_out : c->replay;
	if (from_lent > 0)
		c->lent = (struct slice){c->lent.p + from_lent, c->lent.len - from_lent};
	c->stall_left -= n < c->stall_left ? n : c->stall_left;
}

void
conn_flush(struct http_conn *c)
{
	while (c->state != CONN_DYING && waiting(c) > 0) {
		struct iovec iov[2];
		ssize_t n;
		int k = 0;

		/* iovec serves reading too and so cannot be const; nothing is written through it. */
		if (buf_len(&c->out) > 0)
			iov[k++] = (struct iovec){c->out.mem + c->out.start, buf_len(&c->out)};
		if (c->lent.len > 0)
			iov[k++] = (struct iovec){(void *)(uintptr_t)c->lent.p, c->lent.len};
		n = io_write(&c->io, iov, k);
		if (n == -1 && errno == EAGAIN) {
			c->blocked = true;
			return;
		}
		if (n == -1) {
			conn_drop(c, NULL);
			return;
		}
		sent(c, (size_t)n);
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

/* -- from request to request --------------------------------------------------------------- */

/* After an answer: back to the beginning, or to the end. */
static void
after_answer(struct http_conn *c)
{
	if (!c->refused)
		buf_consume(&c->in, c->need);
	buf_release(&c->in);
	http_parser_init(&c->parser, c->server->config.limits.head_max);
	c->need = 0;
	c->served = true;
	c->timer_on = TIMER_NONE;
	c->state = buf_len(&c->in) > 0 ? CONN_HEAD : CONN_IDLE;
	if (c->close_after || c->server->draining || (c->eof && c->state == CONN_IDLE))
		c->state = CONN_CLOSING;
}

/* Ends an answered exchange; whether there was one. */
static bool
finish_answer(struct http_conn *c)
{
	if (c->state != CONN_ANSWER || c->box->x.phase != REPLY_DONE)
		return false;
	request_end(c);
	after_answer(c);
	return true;
}

/* Takes requests out of `in` for as long as they are answered at once; their answers then leave
 * together, a bounded part at a time. */
static void
advance(struct http_conn *c)
{
	for (;;) {
		(void)finish_answer(c);
		if (c->state > CONN_BODY)
			return;
		if (c->lent.len > 0 || buf_len(&c->out) >= AHEAD_MAX)
			conn_flush(c);
		if (c->blocked || c->state == CONN_DYING)
			return;
		if (buf_len(&c->in) == 0 || !request_take(c))
			break;
	}
	if (!c->eof)
		return;
	/* No more will come, and there is no whole request. */
	buf_clear(&c->in);
	c->state = CONN_CLOSING;
}

/* -- reading ------------------------------------------------------------------------------- */

/* Reading has failed: the client is gone, or says what nobody understands. */
static void
unreadable(struct http_conn *c)
{
	if (errno == EPROTOTYPE) {
		/* One that is turned away has its answer already. */
		if (c->box == NULL)
			request_refuse_plain(c);
		return;
	}
	if (errno == EPROTO)
		log_event(LOG_DEBUG, "tls_failed", L_UINT("conn", c->number),
		    L_STR("why", c->io.why));
	conn_drop(c, NULL);
}

/* Reads up to n bytes into the server's scratch. The count; 0 when there is nothing to do now. */
static size_t
read_scratch(struct http_conn *c, size_t n)
{
	ssize_t got = io_read(&c->io, c->server->scratch, n < SCRATCH_SIZE ? n : SCRATCH_SIZE);

	if (got > 0)
		return (size_t)got;
	if (got == 0)
		c->eof = true;
	else if (errno != EAGAIN)
		unreadable(c);
	return 0;
}

/* Reads for the request that is coming, and no more than it may have. */
static void
read_request(struct http_conn *c)
{
	size_t most = c->state == CONN_BODY ? c->need : c->server->config.limits.head_max;
	size_t have = buf_len(&c->in);
	size_t n;

	c->again = false;
	if (c->eof || have >= most)
		return;
	n = read_scratch(c, most - have);
	if (n > 0 && buf_append(&c->in, c->server->scratch, n) == -1)
		conn_drop(c, "no_memory");
	/* A transport may hold more than it was asked for, and the socket would not tell. */
	c->again = n == most - have;
}

/*
 * Something has come during an answer. Its end means no more than that the client has said all
 * (RFC 9112, section 9.6: it may wait for its answer on a half-closed connection); a reset means
 * that it is gone. Bytes are the next request's and wait. Plain HTTP in place of a handshake, from a
 * client that was turned away unheard, gets the answer that it has.
 */
static void
peek(struct http_conn *c)
{
	int n = io_peek(&c->io);

	if (n == 0)
		c->eof = true;
	else if (n == 1)
		c->deaf = c->again = true;
	else if (errno != EAGAIN && errno != EPROTOTYPE)
		unreadable(c);
}

/* Takes what came behind the request that was upgraded, into the server's scratch. */
static size_t
take_early(struct http_conn *c)
{
	size_t n = buf_len(&c->in);

	must(n <= SCRATCH_SIZE);
	memcpy(c->server->scratch, buf_data(&c->in), n);
	buf_clear(&c->in);
	return n;
}

static void
read_frames(struct http_conn *c)
{
	bool early = buf_len(&c->in) > 0;
	size_t n;

	/* Upgraded in this very turn: the request is still there, for its user. */
	if (c->need > 0)
		return;
	n = early ? take_early(c) : read_scratch(c, FRAMES_STEP);
	c->again = early || n == FRAMES_STEP;
	if (n > 0)
		ws_take(c->ws, (struct slice){c->server->scratch, n});
	else if (c->eof && c->state == CONN_UPGRADED)
		ws_at_end(c->ws);
}

static void
read_lingering(struct http_conn *c)
{
	size_t n = read_scratch(c, SCRATCH_SIZE);

	c->lingered += n;
	c->heard |= n > 0;
	if (c->eof)
		conn_drop(c, NULL);
}

/* Whether a client that goes on sending has another time-out; one that was turned away must make room
 * for the next. */
static bool
lingers_on(struct http_conn *c)
{
	bool heard = c->state == CONN_LINGER && c->heard;

	c->heard = false;
	return heard && !c->turned_away && !c->server->draining &&
	    c->lingers++ < c->server->config.limits.linger_times;
}

static void
readable(struct http_conn *c)
{
	switch ((enum conn_state)c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
	case CONN_BODY:
		read_request(c);
		break;
	case CONN_ANSWER:
		peek(c);
		break;
	case CONN_UPGRADED:
		read_frames(c);
		break;
	case CONN_LINGER:
		read_lingering(c);
		break;
	case CONN_CLOSING:
	case CONN_DYING:
		break;
	}
}

/* -- the loop's calls ---------------------------------------------------------------------- */

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)fd;
	server_touch(c);
	if ((what & EV_WRITE) || ((what & EV_READ) && c->io.write_wants_read))
		conn_flush(c);
	if ((what & EV_READ) || c->io.read_wants_write)
		readable(c);
	advance(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_request none = {.method = HTTP_OTHER};
	struct http_conn *c = arg;
	enum conn_timer why = (enum conn_timer)c->timer_on;

	(void)fd;
	(void)what;
	server_touch(c);
	c->timer_on = TIMER_NONE;
	/* What it was set for may have come in this very turn, before settle() could unset it. */
	if (why == TIMER_NONE || why != wanted_timer(c))
		return;
	if (why == TIMER_STALL && c->stall_left == 0)
		return;
	if (why == TIMER_LINGER && lingers_on(c))
		return;
	if (why == TIMER_STALL)
		conn_drop(c, "stalled");
	else if (c->state == CONN_UPGRADED)
		ws_out_of_time(c->ws, why);
	else if ((why == TIMER_HEAD || why == TIMER_BODY) && buf_len(&c->in) > 0)
		request_refuse(c, &none, 408);
	else
		conn_drop(c, NULL);
}

/* -- the end of a turn --------------------------------------------------------------------- */

/* The last answer is out. Whoever still sends, and anyone may, must not get a reset for it, which
 * could overtake the answer: end our side and read on until the client has ended its own, or for a
 * while (RFC 9112, section 9.6). */
static void
close_gently(struct http_conn *c)
{
	c->unframed = false;
	if (c->eof) {
		conn_drop(c, NULL);
		return;
	}
	io_shutdown(&c->io);
	buf_clear(&c->in);
	c->state = CONN_LINGER;
}

/* Which events this state waits for. */
static short
wanted(const struct http_conn *c)
{
	short want = 0;

	if (c->state <= CONN_BODY && !c->blocked && !c->eof)
		want = EV_READ;
	if (c->state == CONN_ANSWER && !c->eof && !c->deaf)
		want = EV_READ;
	if (c->state == CONN_UPGRADED && !c->blocked && !c->eof)
		want = EV_READ;
	/* Over the bound it only waits for its time to end: closing at once would reset. */
	if (c->state == CONN_LINGER && c->lingered < c->server->config.limits.linger_max)
		want = EV_READ;
	if (want != 0 && c->io.read_wants_write)
		want = EV_WRITE;
	if (c->blocked)
		want |= c->io.write_wants_read ? EV_READ : EV_WRITE;
	return want;
}

static enum conn_timer
wanted_timer(const struct http_conn *c)
{
	if (c->io.opening)
		return TIMER_HANDSHAKE;
	if (c->blocked)
		return TIMER_STALL;
	switch ((enum conn_state)c->state) {
	case CONN_IDLE:
		if (c->served)
			return TIMER_IDLE;
		return c->server->draining ? TIMER_LINGER : TIMER_HEAD;
	case CONN_HEAD:
		return TIMER_HEAD;
	case CONN_BODY:
		return TIMER_BODY;
	case CONN_LINGER:
		return TIMER_LINGER;
	case CONN_UPGRADED:
		return ws_timer(c->ws);
	case CONN_ANSWER: /* the handler has its own bounds */
	case CONN_CLOSING:
	case CONN_DYING:
		break;
	}
	return TIMER_NONE;
}

static int
watch(struct http_conn *c, short want)
{
	struct event_base *base = c->server->config.base;

	if (want == c->watching)
		return 0;
	event_del(&c->event);
	c->watching = 0;
	if (want == 0)
		return 0;
	must(event_assign(&c->event, base, c->io.fd, (short)(want | EV_PERSIST), on_event, c) ==
	    0);
	if (event_add(&c->event, NULL) == -1)
		return -1;
	c->watching = want;
	return 0;
}

static int
set_timer(struct http_conn *c, enum conn_timer timer)
{
	bool restart = timer == TIMER_STALL && c->stall_left == 0;

	if (timer == c->timer_on && !restart)
		return 0;
	c->timer_on = (uint8_t)timer;
	if (timer == TIMER_NONE)
		return event_del(&c->timer);
	if (timer == TIMER_STALL)
		c->stall_left = waiting(c) < STALL_STEP ? waiting(c) : STALL_STEP;
	return event_add(&c->timer, c->server->timeouts[timer]);
}

static void
settle(struct http_conn *c)
{
	if (watch(c, wanted(c)) == -1 || set_timer(c, wanted_timer(c)) == -1) {
		conn_drop(c, "no_events");
		return;
	}
	/* Handlers are called from the loop only: what is here already gets an event of its own. */
	if (c->again && (c->state <= CONN_BODY || c->state == CONN_UPGRADED) && !c->blocked)
		event_active(&c->event, EV_READ, 0);
}

void
conn_turn_end(struct http_conn *c)
{
	if (!c->blocked)
		conn_flush(c);
	if (finish_answer(c) && buf_len(&c->in) > 0)
		c->again = true;
	if (c->box != NULL && c->box->x.phase == REPLY_STREAM && c->need > 0)
		request_forget(c);
	if (c->ws != NULL)
		ws_turn_end(c->ws);
	if (c->state == CONN_CLOSING && waiting(c) == 0)
		close_gently(c);
	if (c->state != CONN_DYING)
		settle(c);
	server_weigh(c);
}

void
conn_drain(struct http_conn *c)
{
	if (c->state == CONN_UPGRADED)
		ws_drain(c->ws);
	if (c->state != CONN_IDLE)
		return;
	/* A new client's first request is most likely on its way: settle() sets a short time. */
	if (c->served && io_peek(&c->io) == 1)
		c->again = true;
	else if (c->served)
		c->state = CONN_CLOSING;
	server_touch(c);
}
