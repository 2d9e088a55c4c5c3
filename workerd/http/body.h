/*
 * The body of a request whose route is streamed: the handler is called when the head is complete, and takes the
 * body in pieces. Between two pieces the client waits, in its kernel and ours, so that a long body needs no more
 * memory than a piece.
 *
 * The handler may reply at any time. If it has not taken the whole body then, the connection is closed after the
 * reply, as after a refusal.
 */
#ifndef WORKERD_HTTP_BODY_H
#define WORKERD_HTTP_BODY_H

#include "workerd/http/http_exchange.h"

/* Bytes of the body that were not taken yet. */
uint64_t http_body_left(const struct http_exchange *x);

/* Takes the next n bytes: at least one, at most http_body_left() and HTTP_BODY_PIECE_MAX. on_close is called in place of fn if the client
 * leaves first. */
void http_body_take(struct http_exchange *x, size_t n, http_body_fn *fn, void *arg);

#endif
