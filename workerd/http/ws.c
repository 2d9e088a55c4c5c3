/*
 * A WebSocket's life on its connection: what comes goes through a reader to the user, what the user
 * sends waits in the connection's output for the end of the turn.
 *
 *	OPEN ──▶ CLOSING ──▶ CLOSED
 *
 * CLOSING: our close is on its way and the peer's is waited for; nothing else that comes counts.
 * CLOSED: both are said, or one that needs no other; the connection goes its way (CONN_CLOSING) and
 * the exchange ends with the turn. From everywhere the connection may be lost instead, which
 * x->on_close tells.
 */
#include "workerd/http/ws.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/http/reply.h"
#include "workerd/http/ws_frames.h"
#include "workerd/http/ws_internal.h"

/* In this time, limits.frames_max. */
#define FRAMES_MS 10000u

enum ws_state { WS_OPEN, WS_CLOSING, WS_CLOSED };

struct ws {
	struct http_exchange *x;
	const struct ws_events *events;
	void *arg;
	struct ws_reader reader;
	uint64_t window_ms;  /* when the reader began to count idle frames */
	unsigned unanswered; /* pings */
	enum ws_state state;
	bool told; /* events.closed was called */
};

/* -- life ---------------------------------------------------------------------------------- */

/* The user hears of the end once, and nothing after it. */
static void
tell_closed(struct ws *ws)
{
	if (ws->told)
		return;
	ws->told = true;
	ws->events->closed(ws->arg);
}

static void
ws_free(struct ws *ws)
{
	ws->x->conn->ws = NULL;
	ws_reader_clear(&ws->reader);
	free(ws);
}

/* The connection is lost. */
static void
on_close(struct http_exchange *x)
{
	struct ws *ws = x->data;

	tell_closed(ws);
	ws_free(ws);
}

/* Enters state, which is no earlier one, and has the turn's end see to what follows. */
static void
step(struct ws *ws, enum ws_state state)
{
	struct http_conn *c = ws->x->conn;

	ws->state = state;
	if (ws->state == WS_CLOSED && c->state == CONN_UPGRADED)
		c->state = CONN_CLOSING;
	server_touch(c);
}

static void
put_head(struct http_exchange *x)
{
	char accept[WS_ACCEPT_SIZE];

	ws_handshake_accept(x->req, accept);
	reply_start(x, 101);
	reply_header_str(x, "Upgrade", "websocket");
	reply_header_str(x, "Connection", "Upgrade");
	reply_header_str(x, "Sec-WebSocket-Accept", accept);
	reply_upgrade(x);
}

struct ws *
ws_accept(struct http_exchange *x, const struct ws_events *events, void *arg)
{
	struct http_conn *c = x->conn;
	struct http_server *s = c->server;
	struct ws *ws = xcalloc(1, sizeof(*ws));

	if (s->ws_writer == NULL)
		s->ws_writer = ws_writer_new();
	ws->x = x;
	ws->events = events;
	ws->arg = arg;
	ws_reader_init(&ws->reader, s->config.limits.message_max, s->config.limits.frames_max,
	    events->binary != NULL);
	put_head(x);
	x->data = ws;
	x->on_close = on_close;
	c->ws = ws;
	if (s->draining)
		ws_drain(ws);
	return ws;
}

/* -- sending ------------------------------------------------------------------------------- */

static void
put(struct ws *ws, enum ws_opcode opcode, struct slice payload)
{
	struct http_conn *c = ws->x->conn;

	if (c->state == CONN_DYING)
		return;
	if (ws_writer_put(c->server->ws_writer, &c->out, opcode, payload) == -1)
		conn_drop(c, "answer_too_large");
	server_touch(c);
}

static void
put_close(struct ws *ws, unsigned code, const char *reason)
{
	uint8_t payload[WS_CONTROL_MAX];
	size_t len = code == 0 ? 0 : ws_close_payload(payload, code, slice_str(reason));

	put(ws, WS_CLOSE, (struct slice){payload, len});
}

/* Whether the connection can take one more frame; if it cannot, it is lost. */
static bool
may_send(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (ws->state != WS_OPEN || c->state == CONN_DYING)
		return false;
	if (!conn_may_wait(c))
		conn_drop(c, "slow_reader");
	return c->state != CONN_DYING;
}

static int
send_message(struct ws *ws, enum ws_opcode opcode, struct slice payload)
{
	if (!may_send(ws))
		return -1;
	put(ws, opcode, payload);
	ws->x->sent += payload.len;
	return ws->x->conn->state == CONN_DYING ? -1 : 0;
}

int
ws_send(struct ws *ws, struct slice text)
{
	return send_message(ws, WS_TEXT, text);
}

int
ws_send_binary(struct ws *ws, struct slice bytes)
{
	return send_message(ws, WS_BINARY, bytes);
}

int
ws_send_replay(struct ws *ws, struct slice text)
{
	struct http_conn *c = ws->x->conn;
	int alive;

	alive = ws_send(ws, text);
	/* What waits before it counts for it from now on. */
	c->replay = buf_len(&c->out);
	return alive;
}

void
ws_close(struct ws *ws, enum ws_code code, const char *reason)
{
	if (ws->state != WS_OPEN)
		return;
	put_close(ws, code, reason);
	step(ws, WS_CLOSING);
}

/* -- receiving ----------------------------------------------------------------------------- */

static void
answer_ping(struct ws *ws, struct slice payload)
{
	if (may_send(ws))
		put(ws, WS_PONG, payload);
}

/* The peer has closed, or answers our close. */
static void
take_close(struct ws *ws, unsigned code)
{
	if (ws->state == WS_OPEN)
		put_close(ws, code, "");
	step(ws, WS_CLOSED);
}

/* What the peer did ends it (RFC 6455, section 7.1.7): it hears why, and is not waited for. */
static void
fail(struct ws *ws, unsigned code, const char *why)
{
	log_event(LOG_DEBUG, "ws_failed", L_UINT("conn", ws->x->number), L_UINT("code", code),
	    L_STR("why", why));
	if (ws->state == WS_OPEN)
		put_close(ws, code, why);
	step(ws, WS_CLOSED);
}

static void
take_item(struct ws *ws, enum ws_got got, const struct ws_item *item)
{
	switch (got) {
	case WS_GOT_TEXT:
		if (ws->state == WS_OPEN)
			ws->events->message(ws->arg, item->payload);
		break;
	case WS_GOT_BINARY:
		if (ws->state == WS_OPEN)
			ws->events->binary(ws->arg, item->payload);
		break;
	case WS_GOT_PING:
		answer_ping(ws, item->payload);
		break;
	case WS_GOT_PONG:
		ws->unanswered = 0;
		break;
	case WS_GOT_CLOSE:
		take_close(ws, item->code);
		break;
	case WS_GOT_WRONG:
		fail(ws, item->code, item->why);
		break;
	case WS_GOT_NOTHING:
		break;
	}
}

/* The time for a message counts from where the one before it has ended. */
static void
restart_body_timer(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (c->timer_on == TIMER_BODY && !ws->reader.begun)
		c->timer_on = TIMER_NONE;
}

void
ws_take(struct ws *ws, struct slice bytes)
{
	struct http_conn *c = ws->x->conn;
	uint64_t now = clock_mono_ms();
	struct ws_item item;
	enum ws_got got;

	if (now - ws->window_ms >= FRAMES_MS) {
		ws->window_ms = now;
		ws->reader.idle = 0;
	}
	while (c->state == CONN_UPGRADED &&
	    (got = ws_reader_next(&ws->reader, &bytes, &item)) != WS_GOT_NOTHING) {
		restart_body_timer(ws);
		take_item(ws, got, &item);
	}
}

void
ws_at_end(struct ws *ws)
{
	step(ws, WS_CLOSED);
}

/* -- time ---------------------------------------------------------------------------------- */

enum conn_timer
ws_timer(const struct ws *ws)
{
	if (ws->state != WS_OPEN)
		return TIMER_LINGER;
	return ws_reader_waits(&ws->reader) ? TIMER_BODY : TIMER_PING;
}

static void
ping(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (ws->unanswered >= c->server->config.limits.pings_missed) {
		conn_drop(c, "no_pong");
		return;
	}
	ws->unanswered++;
	put(ws, WS_PING, (struct slice){NULL, 0});
}

void
ws_out_of_time(struct ws *ws, enum conn_timer why)
{
	if (why == TIMER_PING)
		ping(ws);
	else if (why == TIMER_BODY)
		fail(ws, WS_POLICY, "a message that did not end in time");
	else
		conn_drop(ws->x->conn, NULL);
}

void
ws_drain(struct ws *ws)
{
	ws_close(ws, WS_GOING_AWAY, "restarting");
}

void
ws_turn_end(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (ws->state == WS_OPEN || c->state == CONN_DYING)
		return;
	tell_closed(ws);
	if (ws->state != WS_CLOSED)
		return;
	ws->x->phase = REPLY_DONE;
	ws_free(ws);
	request_end(c);
}
