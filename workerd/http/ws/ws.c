/*
 * The lifetime of a WebSocket: received bytes go through a reader to the user; what the user sends is queued
 * in the connection's output until the end of the turn.
 *
 *	OPEN ──▶ CLOSING ──▶ CLOSED
 *
 * CLOSING: our close frame is queued or sent, and we wait for the peer's; other messages are ignored.
 * CLOSED: the closing handshake is complete or given up; the connection goes to CONN_CLOSING, and the
 * exchange ends with the turn. In every state the connection may be lost; then x->on_close is called.
 */
#include "workerd/http/ws/ws.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/http/conn.h"
#include "workerd/http/reply.h"
#include "workerd/http/request.h"
#include "workerd/http/ws/ws_frames.h"
#include "workerd/http/ws/ws_handshake.h"

/* The period of limits.frames_max. */
#define FRAMES_MS 10000u

enum ws_state { WS_OPEN, WS_CLOSING, WS_CLOSED };

struct ws {
	struct http_exchange *x;
	const struct ws_events *events;
	void *arg;
	struct ws_reader reader;
	uint64_t window_ms;  /* when the count of idle frames began */
	unsigned unanswered; /* pings */
	enum ws_state state;
	bool closed_called; /* events.closed was */
};

/* Calls events.closed once. */
static void
ws_call_closed(struct ws *ws)
{
	if (ws->closed_called)
		return;
	ws->closed_called = true;
	ws->events->closed(ws->arg);
}

static void
ws_free(struct ws *ws)
{
	ws->x->conn->protocol = NULL;
	ws_reader_clear(&ws->reader);
	free(ws);
}

/* The connection is lost. */
static void
ws_on_close(struct http_exchange *x)
{
	struct ws *ws = x->data;

	ws_call_closed(ws);
	ws_free(ws);
}

/* Enters a later state; the end of the turn does the rest. */
static void
ws_enter(struct ws *ws, enum ws_state state)
{
	struct http_conn *c = ws->x->conn;

	ws->state = state;
	if (ws->state == WS_CLOSED && c->state == CONN_UPGRADED)
		c->state = CONN_CLOSING;
	conn_touch(c);
}

static void
ws_put(struct ws *ws, enum ws_opcode opcode, struct slice payload)
{
	struct http_conn *c = ws->x->conn;

	if (c->state == CONN_DYING)
		return;
	if (ws_frame_write(&c->out, opcode, payload) == -1)
		conn_drop(c, "answer_too_large");
	conn_touch(c);
}

static void
ws_put_close(struct ws *ws, unsigned code, const char *reason)
{
	uint8_t payload[WS_CONTROL_MAX];
	size_t len = code == 0 ? 0 : ws_close_payload(payload, code, slice_str(reason));

	ws_put(ws, WS_CLOSE, (struct slice){payload, len});
}

/* Whether one more frame may be queued; drops the connection if its peer is too slow. */
static bool
ws_may_send(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (ws->state != WS_OPEN || c->state == CONN_DYING)
		return false;
	if (!conn_may_wait(c))
		conn_drop(c, "slow_reader");
	return c->state != CONN_DYING;
}

static int
ws_send_message(struct ws *ws, enum ws_opcode opcode, struct slice payload)
{
	if (!ws_may_send(ws))
		return -1;
	ws_put(ws, opcode, payload);
	ws->x->sent += payload.len;
	return ws->x->conn->state == CONN_DYING ? -1 : 0;
}

int
ws_send(struct ws *ws, struct slice text)
{
	return ws_send_message(ws, WS_TEXT, text);
}

int
ws_send_binary(struct ws *ws, struct slice bytes)
{
	return ws_send_message(ws, WS_BINARY, bytes);
}

int
ws_send_replay(struct ws *ws, struct slice text)
{
	struct http_conn *c = ws->x->conn;
	int alive;

	alive = ws_send(ws, text);
	/* Includes what is queued before it. */
	c->replay = buf_len(&c->out);
	return alive;
}

void
ws_close(struct ws *ws, enum ws_code code, const char *reason)
{
	if (ws->state != WS_OPEN)
		return;
	ws_put_close(ws, code, reason);
	ws_enter(ws, WS_CLOSING);
}

static void
ws_send_pong(struct ws *ws, struct slice payload)
{
	if (ws_may_send(ws))
		ws_put(ws, WS_PONG, payload);
}

/* The peer closes, or replies to our close. */
static void
ws_take_close(struct ws *ws, unsigned code)
{
	if (ws->state == WS_OPEN)
		ws_put_close(ws, code, "");
	ws_enter(ws, WS_CLOSED);
}

/* Closes after an error of the peer, without waiting for its close (RFC 6455, section 7.1.7). */
static void
ws_fail(struct ws *ws, unsigned code, const char *why)
{
	log_event(LOG_DEBUG, "ws_failed", L_UINT("conn", ws->x->number), L_UINT("code", code),
	    L_STR("why", why));
	if (ws->state == WS_OPEN)
		ws_put_close(ws, code, why);
	ws_enter(ws, WS_CLOSED);
}

static void
ws_take_item(struct ws *ws, enum ws_got got, const struct ws_item *item)
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
		ws_send_pong(ws, item->payload);
		break;
	case WS_GOT_PONG:
		ws->unanswered = 0;
		break;
	case WS_GOT_CLOSE:
		ws_take_close(ws, item->code);
		break;
	case WS_GOT_ERROR:
		ws_fail(ws, item->code, item->why);
		break;
	case WS_GOT_NOTHING:
		break;
	}
}

/* The timeout of a message begins after the end of the previous one. */
static void
ws_restart_body_timer(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (c->timer_on == TIMER_BODY && !ws->reader.begun)
		c->timer_on = TIMER_NONE;
}

static void
ws_take(void *arg, struct slice bytes)
{
	struct ws *ws = arg;
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
		ws_restart_body_timer(ws);
		ws_take_item(ws, got, &item);
	}
}

static void
ws_ended(void *arg)
{
	ws_enter(arg, WS_CLOSED);
}

static enum conn_timer
ws_timer(const void *arg)
{
	const struct ws *ws = arg;

	if (ws->state != WS_OPEN)
		return TIMER_LINGER;
	return ws_reader_waits(&ws->reader) ? TIMER_BODY : TIMER_PING;
}

static void
ws_ping(struct ws *ws)
{
	struct http_conn *c = ws->x->conn;

	if (ws->unanswered >= c->server->config.limits.pings_missed) {
		conn_drop(c, "no_pong");
		return;
	}
	if (ws->events->ping != NULL)
		ws->events->ping(ws->arg);
	if (ws->state != WS_OPEN)
		return;
	ws->unanswered++;
	ws_put(ws, WS_PING, (struct slice){NULL, 0});
}

static void
ws_expired(void *arg, enum conn_timer timer)
{
	struct ws *ws = arg;

	if (timer == TIMER_PING)
		ws_ping(ws);
	else if (timer == TIMER_BODY)
		ws_fail(ws, WS_POLICY, "message timeout");
	else
		conn_drop(ws->x->conn, NULL);
}

static void
ws_drain(void *arg)
{
	ws_close(arg, WS_GOING_AWAY, "restarting");
}

static void
ws_turn_end(void *arg)
{
	struct ws *ws = arg;
	struct http_conn *c = ws->x->conn;

	if (ws->state == WS_OPEN || c->state == CONN_DYING)
		return;
	ws_call_closed(ws);
	if (ws->state != WS_CLOSED)
		return;
	ws->x->phase = REPLY_DONE;
	ws_free(ws);
	request_end(c);
}

static const struct conn_protocol ws_protocol = {
    .take = ws_take,
    .ended = ws_ended,
    .expired = ws_expired,
    .timer = ws_timer,
    .drain = ws_drain,
    .turn_end = ws_turn_end,
};

static void
ws_put_head(struct http_exchange *x)
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

	ws->x = x;
	ws->events = events;
	ws->arg = arg;
	ws_reader_init(&ws->reader, s->config.limits.message_max, s->config.limits.frames_max,
	    events->binary != NULL);
	ws_put_head(x);
	x->data = ws;
	x->on_close = ws_on_close;
	c->protocol = &ws_protocol;
	c->protocol_arg = ws;
	if (s->draining)
		ws_drain(ws);
	return ws;
}
