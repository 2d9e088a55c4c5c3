/*
 * Requests to the model server, by libcurl's multi interface on the worker's event loop. The only
 * file that includes curl.h is upstream.c.
 *
 * Connections are pooled; over https one HTTP/2 connection carries many requests. Knows HTTP, not
 * what the answers mean: that is openai.h's, and what to do about a failure is the turn's.
 */
#ifndef WORKERD_CHAT_UPSTREAM_H
#define WORKERD_CHAT_UPSTREAM_H

#include <event2/event.h>

#include "proto/buf.h"

struct upstream;
struct upstream_transfer;

struct upstream_config {
	struct event_base *base;
	const char *url; /* of chat/completions */
	const char *key; /* NULL: no Authorization header */
	unsigned connect_ms, first_byte_ms, idle_ms;
};

enum upstream_end {
	UPSTREAM_DONE,    /* the answer came whole */
	UPSTREAM_CONNECT, /* no connection: nothing was asked */
	UPSTREAM_TIMEOUT, /* one of the time limits */
	UPSTREAM_BROKEN,  /* the connection broke, or what came is no HTTP */
};

/*
 * What happens to a transfer. headers and data are called while libcurl runs: they may call
 * upstream_cancel(), but must not start a transfer. end is called last, when starting one is fine.
 */
struct upstream_events {
	/* The status line and headers have come. retry_after_ms: 0 when the server names no time. */
	void (*headers)(void *arg, int status, unsigned retry_after_ms);
	/* A piece of the body, valid during the call. */
	void (*data)(void *arg, struct slice piece);
	/* detail is a sentence for the log. The transfer is gone after this. */
	void (*end)(void *arg, enum upstream_end how, const char *detail);
};

/* The config's strings are copied. Aborts when libcurl cannot be set up. */
struct upstream *upstream_new(const struct upstream_config *config);

/* All transfers must have ended or been cancelled. */
void upstream_free(struct upstream *u);

/*
 * Posts a body and streams the answer to the events. Takes over the body's memory (body is empty
 * afterwards). total_ms bounds all of it, in milliseconds.
 */
struct upstream_transfer *upstream_post(struct upstream *u, struct buf *body, unsigned total_ms,
    const struct upstream_events *events, void *arg);

/* Ends a transfer; none of its events is called any more. The server sees the stream closed. */
void upstream_cancel(struct upstream_transfer *t);

/*
 * Tells that fd now belongs to somebody else. libcurl 7.88 can close a socket without saying so;
 * whoever gets a new descriptor by other means calls this, so that a stale watch on its number is
 * dropped.
 */
void upstream_fd_is_new(struct upstream *u, int fd);

#endif
