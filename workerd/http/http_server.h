/*
 * The HTTP/1.1 server of one worker: its connections, and the requests on them.
 *
 * The worker adopts descriptors with http_server_adopt(); the event loop calls the connections; a complete
 * request goes to the handler as a struct http_exchange; the handler replies with the functions of
 * reply.h, at once or later. Once per loop turn, after the loop's callbacks, the worker calls
 * http_server_turn_end():
 *
 *	while (!done) {
 *		event_base_loop(base, EVLOOP_ONCE);
 *		http_server_turn_end(server);
 *		… then everything else that is flushed once per turn (handlers may have queued there)
 *	}
 *
 * There each connection sends all replies of the turn in one write, and closed connections are freed. So
 * no function that a handler calls frees an exchange, and handlers are called from the loop only, never
 * from within a reply function or from turn_end.
 *
 * All memory is bounded by struct http_limits. An idle connection holds no buffers.
 */
#ifndef WORKERD_HTTP_HTTP_SERVER_H
#define WORKERD_HTTP_HTTP_SERVER_H

#include "workerd/http/http_config.h"

struct http_server;
struct tls;

/* Aborts if libevent has no memory. Free with http_server_free() before the event base. */
struct http_server *http_server_new(const struct http_server_config *config);

/* Rejected connections (config.admit) that may be open at a time to receive their 503. More are closed
 * without a reply, so that a flood of them costs next to nothing. */
#define HTTP_REJECTED_MAX 256

/*
 * Takes over fd, a connected non-blocking stream socket; number names it in log lines. 0, or -1 with errno
 * (ENOMEM and similar); fd is closed in that case too.
 */
[[gnu::warn_unused_result]] int http_server_adopt(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);

/*
 * The same for a connection that begins with a PROXY header (message/proxy_header.h), which announces the client that
 * it comes from; peer is the proxy. It is refused, and reset, if config.may_announce says no, if the header is
 * invalid, and if it is incomplete after limits.head_timeout. What follows the header is served as if the client had
 * connected itself, with TLS if the server has it; but it never counts as loopback.
 */
[[gnu::warn_unused_result]] int http_server_adopt_proxied(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);

/* Connections adopted from now on speak TLS; tls must have a certificate, and outlive the server. */
void http_server_use_tls(struct http_server *s, struct tls *tls);

/* To be called once per turn of the loop: see above. */
void http_server_turn_end(struct http_server *s);

/*
 * Closes idle connections from now on (after serving a next request that is already in the kernel), and
 * all others after their current reply, which says Connection: close. WebSockets are closed with code 1001
 * and have linger_timeout to reply to it. A connection without a request yet, adopted before or after
 * this call, has linger_timeout to send it, after the full handshake_timeout; the same time counts for a PROXY header.
 */
void http_server_drain(struct http_server *s);

/* The number of connections, and of requests that the handler or a reply is busy with. */
size_t http_server_connections(const struct http_server *s);
size_t http_server_exchanges(const struct http_server *s);

/* Closes everything; calls on_close for each exchange without a complete reply. */
void http_server_free(struct http_server *s);

/* Overwrites an exchange's body, and the memory into which sockets are read: it contained a secret, and the
 * handler has copied what it needs. */
void http_server_wipe_body(struct http_exchange *x);

#endif
