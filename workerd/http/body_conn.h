/*
 * The connection's side of a streamed body (body.h). Private to the HTTP server.
 */
#ifndef WORKERD_HTTP_BODY_CONN_H
#define WORKERD_HTTP_BODY_CONN_H

#include "workerd/http/conn.h"

/* Waits for the next n bytes (body.h). */
void body_take(struct http_conn *c, size_t n, http_body_fn *fn, void *arg);

/* The head of a request with a streamed body is complete: takes what has come of the body out of `in`. */
void body_begin(struct http_conn *c, const struct http_request *req, size_t head_len);

/* Bytes of it that the handler has not taken. */
uint64_t body_left(const struct http_conn *c);

/* Whether a part of it is missing if no more bytes come. */
bool body_is_cut(const struct http_conn *c);

/* Bytes of memory. */
size_t body_held(const struct http_conn *c);

/* RECEIVE: adds bytes that have come; 0, or -1 without memory. */
[[gnu::warn_unused_result]] int body_add(struct http_conn *c, struct slice bytes);

/* RECEIVE: bytes that are missing in the piece. */
size_t body_wanted(const struct http_conn *c);

/* Gives the complete piece to the handler; late: it did not come in time. */
void body_deliver(struct http_conn *c, bool late);

/* The reply is complete. */
void body_end(struct http_conn *c);

#endif
