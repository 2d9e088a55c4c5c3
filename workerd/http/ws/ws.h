/*
 * WebSocket (RFC 6455) on a connection of the HTTP server: what an upgraded exchange becomes. wslay parses
 * the frames; the handshake, the limits and the lifetime are ours.
 *
 * An upgraded exchange lives as long as its connection, as a stream does: config.replied is called at the
 * end, x->context stays, x->req is released. Output is sent in http_server_turn_end(), all of a turn in one
 * write.
 *
 * The connection is closed with
 *	1001 when the server drains
 *	1002 for a protocol error
 *	1003 for a binary message without a handler
 *	1007 for text that is not UTF-8
 *	1008 for over limits.frames_max frames that end no message, or a message that takes longer than
 *	     limits.body_timeout
 *	1009 for a message over limits.message_max.
 * It is dropped when the peer has not answered limits.pings_missed pings, takes less of the queued output
 * than limits.stall_timeout demands, or leaves over limits.output_max queued. While the peer takes no
 * output, nothing is read from it.
 */
#ifndef WORKERD_HTTP_WS_WS_H
#define WORKERD_HTTP_WS_WS_H

#include "workerd/http/http_exchange.h"
#include "workerd/http/ws/ws_code.h"

struct ws;

struct ws_events {
	/* A complete text message, valid UTF-8, of at most limits.message_max bytes; borrowed. */
	void (*message)(void *arg, struct slice text);
	/* A complete binary message. NULL: binary messages are refused. */
	void (*binary)(void *arg, struct slice bytes);
	/* Before each ping, about every 30 s; NULL: nothing. */
	void (*ping)(void *arg);
	/* Called once, last: the connection is closed, or is being closed and delivers no more messages. ws
	 * must not be used afterwards. Never called from within the functions below. */
	void (*closed)(void *arg);
};

/*
 * Replies 101 to a request that ws_handshake_check() has accepted, at once or later; instead of
 * reply_start(). Takes over x->on_close and x->data. Frames that came with the request are read
 * afterwards. In a draining server the WebSocket is closed with 1001 at once.
 */
struct ws *ws_accept(struct http_exchange *x, const struct ws_events *events, void *arg);

/* Queues a text message. 0, or -1 when the WebSocket is being closed, or the peer is so slow that over
 * limits.output_max is queued already: events.closed will be called. */
int ws_send(struct ws *ws, struct slice text);

/* Like ws_send(), for a binary message. */
int ws_send_binary(struct ws *ws, struct slice bytes);

/* Like ws_send(), for a message that may be longer than limits.output_max, such as a history, or one of
 * many that are produced faster than the peer takes them: neither it nor what is queued before it counts
 * for that limit. limits.reply_max and the stall timeout hold. */
int ws_send_replay(struct ws *ws, struct slice text);

/* Sends what is queued, then the close frame, and waits limits.linger_timeout for the peer's; reason is
 * UTF-8 of at most 123 bytes. events.closed is called at the end of the turn. */
void ws_close(struct ws *ws, enum ws_code code, const char *reason);

#endif
