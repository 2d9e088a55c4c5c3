/*
 * How a request to a model server proceeds and ends (upstream.h).
 */
#ifndef WORKERD_MODEL_UPSTREAM_EVENTS_H
#define WORKERD_MODEL_UPSTREAM_EVENTS_H

#include "proto/base/buf.h"

enum upstream_end {
	UPSTREAM_DONE,    /* the response is complete */
	UPSTREAM_CONNECT, /* no connection: nothing was sent */
	UPSTREAM_STALE,   /* a reused connection was closed, or the server returned the request
			     unread (HTTP/2): no response; a new connection may work */
	UPSTREAM_TIMEOUT, /* one of the timeouts */
	UPSTREAM_BROKEN,  /* the connection broke, or the response is not valid HTTP */
};

/*
 * Callbacks of a transfer. headers and data may call upstream_cancel(), but must not start a transfer.
 * end comes last and may start one.
 */
struct upstream_events {
	/* Status line and headers have arrived. retry_after_ms: 0 without Retry-After. */
	void (*headers)(void *arg, int status, unsigned retry_after_ms);
	/* A piece of the body, valid during the call. */
	void (*data)(void *arg, struct slice piece);
	/* The transfer is freed after this call. detail is a sentence for the log. */
	void (*end)(void *arg, enum upstream_end how, const char *detail);
};

#endif
