/*
 * WebSocket (RFC 6455) on a connection of the HTTP server: what an exchange becomes that is upgraded.
 * Framing is wslay's; the handshake, the limits and the connection's life are ours.
 *
 * An upgraded exchange lives as long as its connection, as a stream does: config.answered sees its
 * end, x->context stays, x->req is forgotten. Who asks for no binary messages has one closed with 1003.
 * What is sent leaves in http_server_turn_end(), all of a turn in one write.
 *
 * The connection is closed with 1009 for a message over limits.message_max, 1007 for text that is no
 * UTF-8, 1002 for what breaks the protocol, 1001 when the server drains, and 1008 for over
 * limits.frames_max frames that end no message, or a message that takes over limits.body_timeout to
 * come; it is cut when the peer has not answered limits.pings_missed pings, takes less of what waits
 * than limits.stall_timeout wants, or leaves over limits.output_max waiting. While it takes nothing,
 * nothing is read from it either.
 */
#ifndef WORKERD_HTTP_WS_H
#define WORKERD_HTTP_WS_H

#include "workerd/http/conn.h"

/* Close codes (RFC 6455, section 7.4.1). */
enum ws_code {
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_PROTOCOL_ERROR = 1002,
	WS_UNSUPPORTED = 1003,
	WS_BAD_TEXT = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009,
	WS_INTERNAL = 1011,
	WS_TRY_AGAIN = 1013,
};

struct ws;

struct ws_events {
	/* A whole message, valid UTF-8, of limits.message_max bytes at most; borrowed. */
	void (*message)(void *arg, struct slice text);
	/* The same of any bytes. NULL: not wanted. */
	void (*binary)(void *arg, struct slice bytes);
	/* Called once, last: the connection is gone, or is being closed and brings nothing more. ws must
	 * not be used from here on. Never called from within the functions below. */
	void (*closed)(void *arg);
};

/* Whether a request asks to become a WebSocket of version 13 (RFC 6455, section 4.2.1). If not, it was
 * answered: 426 with Upgrade and Sec-WebSocket-Version, or 400 that says what is wrong. What it asks
 * for besides, extensions and subprotocols, it does not get. */
[[gnu::warn_unused_result]] bool ws_check(struct http_exchange *x);

/*
 * Answers 101 to a request that ws_check() has let through, at once or later; instead of
 * reply_start(). x->on_close and x->data are its own from now on. Frames that came behind the request
 * are read after it. In a draining server it is closed with 1001 at once.
 */
struct ws *ws_accept(struct http_exchange *x, const struct ws_events *events, void *arg);

/* Queues a text message. 0, or -1 when it is being closed, or so slow that over limits.output_max waits
 * for it already: events.closed will be called. */
int ws_send(struct ws *ws, struct slice text);

/* The same as a binary message. */
int ws_send_binary(struct ws *ws, struct slice bytes);

/* The same as ws_send() for a message that may be longer than limits.output_max, such as a history, or one
 * of many that come faster than they are taken: what waits with it counts for that no more.
 * limits.answer_max holds, and the stall time-out. */
int ws_send_replay(struct ws *ws, struct slice text);

/* Sends what is queued, then the close, and waits a bounded time for the peer's; reason is UTF-8 of 123
 * bytes at most. events.closed is called at the end of the turn. */
void ws_close(struct ws *ws, enum ws_code code, const char *reason);

#endif
