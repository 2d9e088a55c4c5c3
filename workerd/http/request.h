/*
 * From the received bytes of a connection to an exchange at the handler, or to a refusal.
 */
#ifndef WORKERD_HTTP_REQUEST_H
#define WORKERD_HTTP_REQUEST_H

#include "workerd/http/conn.h"

/* Handles what is in `in`: passes a complete request to the handler, refuses it, or enters BODY. false
 * when more bytes are needed. */
bool request_take(struct http_conn *c);

/* Bytes that may be read now for the request that is being received. */
size_t request_wanted(const struct http_conn *c);

/* Replies with an error status of the server's own, and closes the connection afterwards. */
void request_refuse(struct http_conn *c, const struct http_request *req, int status);

/* Refuses a client that speaks plain HTTP to a TLS port. */
void request_refuse_plain(struct http_conn *c);

/* Refuses a connection that config.admit rejected. */
void request_refuse_rejected(struct http_conn *c);

/* Frees the memory of the request, because its reply is a stream, which may last. */
void request_release(struct http_conn *c);

/* Ends and frees the exchange, whether its reply is complete or not. */
void request_end(struct http_conn *c);

#endif
