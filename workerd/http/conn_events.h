/*
 * Connections in the event loop: reading, timers, and the step from request to request.
 */
#ifndef WORKERD_HTTP_CONN_EVENTS_H
#define WORKERD_HTTP_CONN_EVENTS_H

#include "workerd/http/conn.h"

struct http_conn *conn_new(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);

/* Adds the events. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int conn_start(struct http_conn *c);

/* Writes, takes the next step, and sets events and timer. The caller frees a connection that is DYING. */
void conn_turn_end(struct http_conn *c);

/* Draining has begun. */
void conn_drain(struct http_conn *c);

/* Frees it at once, and takes it out of the server's lists; calls on_close if its exchange has no complete
 * reply. */
void conn_free(struct http_conn *c);

#endif
