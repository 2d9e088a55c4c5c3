/*
 * What conn.c and the files of WebSocket share. Everybody else sees ws.h.
 */
#ifndef WORKERD_HTTP_WS_INTERNAL_H
#define WORKERD_HTTP_WS_INTERNAL_H

#include "workerd/http/conn_internal.h"
#include "workerd/http/ws.h"

/* ws_handshake.c */

#define WS_ACCEPT_SIZE 29 /* 20 bytes in base64, and the NUL */

/* The value of Sec-WebSocket-Accept for a request that ws_check() has let through. */
void ws_handshake_accept(const struct http_request *req, char accept[WS_ACCEPT_SIZE]);

/* ws.c: what conn.c calls for a connection in UPGRADED, which has a ws. */

/* Bytes have come. From the loop only, as handlers are called. */
void ws_take(struct ws *ws, struct slice bytes);
/* The peer has ended its side. */
void ws_at_end(struct ws *ws);
/* Its time is up: for the rest of a message (TIMER_BODY), for the next ping (TIMER_PING), or for the
 * peer's close (TIMER_LINGER). */
void ws_out_of_time(struct ws *ws, enum conn_timer why);
/* The timer that it waits for. */
enum conn_timer ws_timer(const struct ws *ws);
/* The server drains. */
void ws_drain(struct ws *ws);
/* The turn ends: tells the user that it is being closed, and when it is, ends the exchange; ws is
 * freed then. */
void ws_turn_end(struct ws *ws);

#endif
