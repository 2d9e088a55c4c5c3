/*
 * Connections that wait for their PROXY header, before they are connections of the server
 * (http_server_adopt_proxied()). Private to the HTTP server.
 */
#ifndef WORKERD_HTTP_PROXIED_H
#define WORKERD_HTTP_PROXIED_H

#include <stdint.h>

struct http_peer;
struct http_server;

/* http_server_adopt() */
typedef int proxied_adopt_fn(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);

/* What http_server_adopt_proxied() does; adopt gets the connection behind its header. */
[[gnu::warn_unused_result]] int proxied_begin(struct http_server *s, int fd, uint64_t number,
    const struct http_peer *peer, proxied_adopt_fn *adopt);

/* The server drains: headers that have not come get linger_timeout. */
void proxied_drain(struct http_server *s);

/* Closes them all. */
void proxied_clear(struct http_server *s);

#endif
