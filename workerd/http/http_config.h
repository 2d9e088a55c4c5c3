/*
 * What the HTTP server asks of its user: limits and callbacks.
 */
#ifndef WORKERD_HTTP_HTTP_CONFIG_H
#define WORKERD_HTTP_HTTP_CONFIG_H

#include "proto/ipc/metrics.h"
#include "workerd/http/http_exchange.h"

struct event_base;

struct http_server_config {
	struct event_base *base;
	struct http_limits limits;
	void *ctx; /* passed to all callbacks */

	/* A complete request. Reply now, or keep x and reply later. Required. */
	void (*handle)(struct http_exchange *x, void *ctx);

	/* A new connection. false: reject it; it receives 503 and is closed. *slot is the user's to set;
	 * unless it is 0, release() gets it when an admitted connection ends. Both may be NULL. */
	bool (*admit)(const struct http_peer *peer, uint64_t *slot, void *ctx);
	void (*release)(uint64_t slot, void *ctx);

	/* Whether this peer may announce its client in a PROXY header. NULL: nobody may. */
	bool (*may_announce)(const struct http_peer *peer, void *ctx);
	/* A connection of http_server_adopt_proxied() was refused. May be NULL. */
	void (*proxy_refused)(enum metric_proxy why, void *ctx);

	/* The route of a request, asked once, when its head is complete. The result must outlive the
	 * exchange. NULL: only limits.body_max holds. */
	const struct http_route *(*route)(const struct http_request *req, void *ctx);

	size_t context_size; /* bytes that each exchange has at x->context */

	/* A new exchange, of an unreadable request too; the first callback for it. May be NULL. */
	void (*begin)(struct http_exchange *x, void *ctx);

	/* Adds header lines, each with its CRLF, to every reply, also to those of unreadable requests.
	 * Called by reply_start() after the status line. 0, or -1 when out is full. May be NULL. */
	int (*decorate)(struct http_exchange *x, struct buf *out, void *ctx);

	/* A reply is queued completely, or was given up by reply_abort() or because the client left (then
	 * after on_close): for counting and logging. May be NULL. */
	void (*replied)(struct http_exchange *x, void *ctx);
};

#endif
