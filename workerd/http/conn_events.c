/*
 * One connection in the loop: its socket, its state and its timer. request.c interprets the bytes.
 *
 * The loop calls conn_on_event() and conn_on_timer(); both do only what is new (read, write, parse, call
 * the handler) and touch the connection. conn_turn_end() does the rest once per turn: one write, the step
 * to the next request, and conn_settle(), the only place where events and timer are set. A connection that
 * fails anywhere is marked DYING and freed after that.
 *
 * While there is an exchange that is not upgraded nothing is read, except pieces of a streamed body. So the slices of its request stay
 * valid, and a client that sends ahead fills its own kernel's buffers and not ours.
 */
#include "workerd/http/conn_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/body_conn.h"
#include "workerd/http/reply.h"
#include "workerd/http/request.h"
#include "workerd/http/tls.h"

/* A client that takes less than this within the stall timeout, and not all that is queued, is dropped:
 * it may have megabytes queued, and one segment now and then must not keep them for days. */
#define STALL_STEP 16384u

/* Replies to pipelined requests are collected for one write up to this size; then they are written, and the
 * next request is not read before the socket has taken them. */
#define PIPELINE_MAX 65536u

/* Bytes that are read from a WebSocket per turn: at most a few thousand messages, so that other connections
 * have their turn. */
#define UPGRADED_STEP 16384u

static void conn_on_event(evutil_socket_t fd, short what, void *arg);
static void conn_on_timer(evutil_socket_t fd, short what, void *arg);
static void conn_settle(struct http_conn *c);
static enum conn_timer conn_wanted_timer(const struct http_conn *c);

struct http_conn *
conn_new(struct http_server *s, int fd, uint64_t number, const struct http_peer *peer)
{
	const struct http_limits *limits = &s->config.limits;
	struct http_conn *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->number = number;
	must(slice_copy(peer->address, c->address, sizeof(c->address)));
	c->address_len = (uint8_t)peer->address.len;
	c->port = peer->port;
	c->loopback = peer->loopback;
	c->unannounced = peer->unannounced;
	if (s->tls != NULL)
		io_init_tls(&c->io, fd, s->tls);
	else
		io_init_plain(&c->io, fd);
	/* A head, a body, and what is read beyond the end of a chunked body. */
	buf_init(&c->in, 2 * limits->head_max + limits->body_max);
	buf_init(&c->out, limits->output_max + limits->reply_max);
	http_parser_init(&c->parser, limits->head_max);
	return c;
}

int
conn_start(struct http_conn *c)
{
	struct event_base *base = c->server->config.base;

	must(event_assign(&c->event, base, c->io.fd, EV_READ | EV_PERSIST, conn_on_event, c) ==
	    0);
	must(event_assign(&c->timer, base, -1, 0, conn_on_timer, c) == 0);
	conn_settle(c);
	if (c->state != CONN_DYING)
		return 0;
	errno = ENOMEM;
	return -1;
}

static void
conn_unlink(struct http_conn *c)
{
	struct http_server *s = c->server;

	if (c->touched)
		TAILQ_REMOVE(&s->touched, c, touched_entry);
	if (s->drain_next == c)
		s->drain_next = TAILQ_NEXT(c, all);
	TAILQ_REMOVE(&s->all, c, all);
	s->connections--;
	s->rejected -= c->rejected;
	s->held -= c->held;
	if (c->slot != 0)
		s->config.release(c->slot, s->config.ctx);
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
	conn_unlink(c);
	if (event_initialized(&c->event)) {
		event_del(&c->event);
		event_del(&c->timer);
	}
	/* A truncated body must not look complete. */
	if (c->unframed)
		io_reset(&c->io);
	else
		io_close(&c->io);
	buf_clear(&c->in);
	buf_clear(&c->out);
	body_end(c);
	free(c);
}

/* After a reply: back to IDLE or HEAD, or to CLOSING. */
static void
conn_after_reply(struct http_conn *c)
{
	if (!c->refused)
		buf_consume(&c->in, c->need);
	body_end(c);
	buf_release(&c->in);
	http_parser_init(&c->parser, c->server->config.limits.head_max);
	c->need = 0;
	c->served = true;
	c->timer_on = TIMER_NONE;
	c->state = buf_len(&c->in) > 0 ? CONN_HEAD : CONN_IDLE;
	if (c->close_after || c->server->draining || (c->eof && c->state == CONN_IDLE))
		c->state = CONN_CLOSING;
}

/* Ends an exchange whose reply is complete; whether there was one. */
static bool
conn_finish_reply(struct http_conn *c)
{
	if (c->state != CONN_ANSWER || c->box->x.phase != REPLY_DONE)
		return false;
	request_end(c);
	conn_after_reply(c);
	return true;
}

/* Handles the requests in `in` for as long as the handler replies at once; these replies share writes of
 * bounded size. */
static void
conn_advance(struct http_conn *c)
{
	for (;;) {
		(void)conn_finish_reply(c);
		if (c->state > CONN_BODY)
			return;
		if (c->static_body.len > 0 || buf_len(&c->out) >= PIPELINE_MAX)
			conn_flush(c);
		if (c->blocked || c->state == CONN_DYING)
			return;
		if (buf_len(&c->in) == 0 || !request_take(c))
			break;
	}
	if (!c->eof)
		return;
	/* The request is incomplete, and no more bytes will come. */
	buf_clear(&c->in);
	c->state = CONN_CLOSING;
}

/* Reading has failed: the client has left, or breaks TLS. */
static void
conn_read_failed(struct http_conn *c)
{
	if (errno == EPROTOTYPE) {
		/* A rejected connection has its reply already. */
		if (c->box == NULL)
			request_refuse_plain(c);
		return;
	}
	if (errno == EPROTO)
		log_event(LOG_DEBUG, "tls_failed", L_UINT("conn", c->number),
		    L_STR("why", c->io.why));
	conn_drop(c, NULL);
}

/* Reads up to n bytes into the server's scratch. Returns their number; 0 when there is nothing now. */
static size_t
conn_read_scratch(struct http_conn *c, size_t n)
{
	ssize_t got = io_read(&c->io, c->server->scratch, n < SCRATCH_SIZE ? n : SCRATCH_SIZE);

	if (got > 0)
		return (size_t)got;
	if (got == 0)
		c->eof = true;
	else if (errno != EAGAIN)
		conn_read_failed(c);
	return 0;
}

/* Reads the rest of a request, and no more than it may have. */
static void
conn_read_request(struct http_conn *c)
{
	size_t wanted = request_wanted(c);
	size_t n;

	c->read_again = false;
	if (c->eof || wanted == 0)
		return;
	n = conn_read_scratch(c, wanted);
	if (n > 0 && buf_append(&c->in, c->server->scratch, n) == -1)
		conn_drop(c, "no_memory");
	/* The transport may hold more than we asked for, and the socket would not report it. */
	c->read_again = n == wanted;
}

/* Reads what is missing in a piece of a streamed body, and gives it to the handler when it is complete. */
static void
conn_read_piece(struct http_conn *c)
{
	size_t wanted = body_wanted(c);
	size_t n = wanted == 0 ? 0 : conn_read_scratch(c, wanted);

	c->read_again = n > 0 && n == (wanted < SCRATCH_SIZE ? wanted : SCRATCH_SIZE);
	if (n > 0 && body_add(c, (struct slice){c->server->scratch, n}) == -1)
		conn_drop(c, "no_memory");
	else if (c->state == CONN_RECEIVE && body_wanted(c) == 0)
		body_deliver(c, false);
	else if (c->eof)
		conn_drop(c, NULL);
}

/*
 * The client has shut down its side, or closed its socket: only the answer to what we send next tells which.
 * The handler may send nothing for minutes.
 */
static void
conn_client_ended(struct http_conn *c)
{
	c->eof = true;
	if (c->box->x.eof_is_end || body_is_cut(c)) {
		conn_drop(c, NULL);
		return;
	}
	reply_probe(&c->box->x);
	io_keep_alive(&c->io);
}

/*
 * Input during a reply. EOF may be a half-close (RFC 9112, section 9.6): keep replying. A reset means that
 * the client has left. Bytes belong to the next request and wait in the kernel. EPROTOTYPE comes from a
 * client that was rejected before its handshake and speaks plain HTTP: it gets the reply that is queued.
 */
static void
conn_peek(struct http_conn *c)
{
	int n;

	if (c->eof || c->input_waits) {
		if (io_is_cut(&c->io))
			conn_drop(c, NULL);
		return;
	}
	n = io_peek(&c->io);
	if (n == 0)
		conn_client_ended(c);
	else if (n == 1)
		c->input_waits = c->read_again = true;
	else if (errno != EAGAIN && errno != EPROTOTYPE)
		conn_read_failed(c);
}

/* Moves the bytes that came with the upgrade request into the server's scratch. */
static size_t
conn_take_early(struct http_conn *c)
{
	size_t n = buf_len(&c->in);

	must(n <= SCRATCH_SIZE);
	memcpy(c->server->scratch, buf_data(&c->in), n);
	buf_clear(&c->in);
	return n;
}

static void
conn_read_upgraded(struct http_conn *c)
{
	bool early = buf_len(&c->in) > 0;
	size_t n;

	/* Upgraded in this turn: its user may still read the request. */
	if (c->need > 0)
		return;
	n = early ? conn_take_early(c) : conn_read_scratch(c, UPGRADED_STEP);
	c->read_again = early || n == UPGRADED_STEP;
	if (n > 0)
		c->protocol->take(c->protocol_arg, (struct slice){c->server->scratch, n});
	else if (c->eof && c->state == CONN_UPGRADED)
		c->protocol->ended(c->protocol_arg);
}

static void
conn_read_lingering(struct http_conn *c)
{
	size_t n = conn_read_scratch(c, SCRATCH_SIZE);

	c->lingered += n;
	c->linger_received |= n > 0;
	if (c->eof)
		conn_drop(c, NULL);
}

/* Whether a client that keeps sending gets another timeout; a rejected one must make room for the next. */
static bool
conn_lingers_on(struct http_conn *c)
{
	bool received = c->state == CONN_LINGER && c->linger_received;

	c->linger_received = false;
	return received && !c->rejected && !c->server->draining &&
	    c->lingers++ < c->server->config.limits.linger_times;
}

static void
conn_read(struct http_conn *c)
{
	switch ((enum conn_state)c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
	case CONN_BODY:
		conn_read_request(c);
		break;
	case CONN_ANSWER:
		conn_peek(c);
		break;
	case CONN_RECEIVE:
		conn_read_piece(c);
		break;
	case CONN_UPGRADED:
		conn_read_upgraded(c);
		break;
	case CONN_LINGER:
		conn_read_lingering(c);
		break;
	case CONN_CLOSING:
	case CONN_DYING:
		break;
	}
}

static void
conn_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)fd;
	conn_touch(c);
	if ((what & EV_WRITE) || ((what & EV_READ) && c->io.write_wants_read))
		conn_flush(c);
	if ((what & EV_READ) || c->io.read_wants_write)
		conn_read(c);
	conn_advance(c);
}

static void
conn_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_request none = {.method = HTTP_OTHER};
	struct http_conn *c = arg;
	enum conn_timer timer = (enum conn_timer)c->timer_on;

	(void)fd;
	(void)what;
	conn_touch(c);
	c->timer_on = TIMER_NONE;
	/* What it waited for may have come in this turn, before conn_settle() could stop it. */
	if (timer == TIMER_NONE || timer != conn_wanted_timer(c))
		return;
	if (timer == TIMER_STALL && c->stall_left == 0)
		return;
	if (timer == TIMER_LINGER && conn_lingers_on(c))
		return;
	if (timer == TIMER_STALL)
		conn_drop(c, "stalled");
	else if (c->state == CONN_UPGRADED)
		c->protocol->expired(c->protocol_arg, timer);
	else if (c->state == CONN_RECEIVE)
		body_deliver(c, true);
	else if ((timer == TIMER_HEAD || timer == TIMER_BODY) && buf_len(&c->in) > 0)
		request_refuse(c, &none, 408);
	else
		conn_drop(c, NULL);
}

/* The last reply is sent. A client that still sends must not get a reset, which could overtake the reply:
 * shut down our side and read on until the client closes, or until the linger timeout (RFC 9112, section
 * 9.6). */
static void
conn_linger(struct http_conn *c)
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

/* The events that this state waits for. */
static short
conn_wanted_events(const struct http_conn *c)
{
	short want = 0;

	if (c->state <= CONN_BODY && !c->blocked && !c->eof)
		want = EV_READ;
	if (c->state == CONN_ANSWER || c->state == CONN_RECEIVE)
		want = EV_READ;
	if (c->state == CONN_UPGRADED && !c->blocked && !c->eof)
		want = EV_READ;
	/* Over the limit it only waits for the timeout: closing at once would send a reset. */
	if (c->state == CONN_LINGER && c->lingered < c->server->config.limits.linger_max)
		want = EV_READ;
	if (want != 0 && c->io.read_wants_write)
		want = EV_WRITE;
	/* An event that stays: only a change, to a reset, is news. Writing detects it too. */
	if (c->state == CONN_ANSWER && (c->eof || c->input_waits))
		want = c->blocked ? 0 : EV_READ | EV_ET;
	if (c->blocked)
		want |= c->io.write_wants_read ? EV_READ : EV_WRITE;
	return want;
}

static enum conn_timer
conn_wanted_timer(const struct http_conn *c)
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
	case CONN_RECEIVE:
		return TIMER_BODY;
	case CONN_LINGER:
		return TIMER_LINGER;
	case CONN_UPGRADED:
		return c->protocol->timer(c->protocol_arg);
	case CONN_ANSWER: /* the handler has timeouts of its own */
	case CONN_CLOSING:
	case CONN_DYING:
		break;
	}
	return TIMER_NONE;
}

static int
conn_watch(struct http_conn *c, short want)
{
	struct event_base *base = c->server->config.base;

	if (want == c->watching)
		return 0;
	event_del(&c->event);
	c->watching = 0;
	if (want == 0)
		return 0;
	must(event_assign(
		 &c->event, base, c->io.fd, (short)(want | EV_PERSIST), conn_on_event, c) == 0);
	if (event_add(&c->event, NULL) == -1)
		return -1;
	c->watching = want;
	return 0;
}

static int
conn_set_timer(struct http_conn *c, enum conn_timer timer)
{
	bool restart = timer == TIMER_STALL && c->stall_left == 0;
	size_t waiting = conn_waiting(c);

	if (timer == c->timer_on && !restart)
		return 0;
	c->timer_on = (uint8_t)timer;
	if (timer == TIMER_NONE)
		return event_del(&c->timer);
	if (timer == TIMER_STALL)
		c->stall_left = waiting < STALL_STEP ? waiting : STALL_STEP;
	return event_add(&c->timer, c->server->timeouts[timer]);
}

static void
conn_settle(struct http_conn *c)
{
	if (conn_watch(c, conn_wanted_events(c)) == -1 ||
	    conn_set_timer(c, conn_wanted_timer(c)) == -1) {
		conn_drop(c, "no_events");
		return;
	}
	/* Handlers are called from the loop only: input that is here already gets an event. */
	if (c->read_again && !c->blocked &&
	    (c->state <= CONN_BODY || c->state == CONN_RECEIVE || c->state == CONN_UPGRADED))
		event_active(&c->event, EV_READ, 0);
}

/* Counts the memory of its buffers. */
static void
conn_count_held(struct http_conn *c)
{
	struct http_server *s = c->server;

	s->held -= c->held;
	c->held = c->in.cap + c->out.cap + body_held(c);
	s->held += c->held;
	s->heavy |= c->held > CONN_HELD_LITTLE;
}

void
conn_turn_end(struct http_conn *c)
{
	if (!c->blocked)
		conn_flush(c);
	if (conn_finish_reply(c) && buf_len(&c->in) > 0)
		c->read_again = true;
	if (c->box != NULL && c->box->x.phase == REPLY_STREAM && c->need > 0)
		request_release(c);
	if (c->protocol != NULL)
		c->protocol->turn_end(c->protocol_arg);
	if (c->state == CONN_CLOSING && conn_waiting(c) == 0)
		conn_linger(c);
	if (c->state != CONN_DYING)
		conn_settle(c);
	conn_count_held(c);
}

void
conn_drain(struct http_conn *c)
{
	if (c->state == CONN_UPGRADED)
		c->protocol->drain(c->protocol_arg);
	if (c->state != CONN_IDLE)
		return;
	/* A new client's first request is probably on its way: conn_settle() sets a short timeout. */
	if (c->served && io_peek(&c->io) == 1)
		c->read_again = true;
	else if (c->served)
		c->state = CONN_CLOSING;
	conn_touch(c);
}
