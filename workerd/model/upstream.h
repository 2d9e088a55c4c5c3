/*
 * Requests to the model server on the worker's event loop: by libcurl's multi interface, or, to an
 * address over plain HTTP/1.1, by connections of our own, which cost a fraction of it (upstream_plain.h).
 *
 * Connections are pooled; over https one HTTP/2 connection carries many requests. A breaker
 * (breaker.h) leaves a server alone that fails again and again. What one turn of the loop takes of
 * the answers is bounded, so that a server that floods holds up nobody. Knows HTTP, not what the
 * answers mean: that is openai.h's, and what to do about a failure is the turn's.
 *
 * One for each model server of a worker; used by its one thread.
 */
#ifndef WORKERD_MODEL_UPSTREAM_H
#define WORKERD_MODEL_UPSTREAM_H

#include <event2/event.h>

#include "proto/ipc/scoreboard.h"
#include "workerd/model/upstream_events.h"

struct upstream;
struct upstream_transfer;

/* The strings are copied. */
struct upstream_config {
	struct event_base *base;
	struct scoreboard_worker *board;
	const char *name;      /* of the server, for the log; NULL: none */
	const char *url;       /* of chat/completions */
	const char *key;       /* NULL: no Authorization header */
	const char *ca_bundle; /* a PEM file; NULL: the system's */
	const char *proxy;     /* NULL: what the environment says, as curl(1) reads it */
	unsigned connect_ms, first_byte_ms, idle_ms;
	unsigned rest_ms;          /* connections are closed so long after the last answer */
	unsigned breaker_failures; /* 0: it never opens */
	unsigned breaker_open_ms;
};

/* Aborts when libcurl cannot be set up. */
struct upstream *upstream_new(const struct upstream_config *config);

/* All transfers must have ended or been cancelled. */
void upstream_free(struct upstream *u);

/* Whether the breaker lets a question through now; if not, *wait_ms says when to come again. */
[[gnu::warn_unused_result]] bool upstream_admits(const struct upstream *u, unsigned *wait_ms);

/*
 * Posts a body and streams the answer to the events; upstream_admits() has just allowed it. Takes
 * over the body's memory (body is empty afterwards). total_ms bounds all of it, in milliseconds.
 * The question is sent once: what libcurl would send again by itself ends as UPSTREAM_STALE.
 */
struct upstream_transfer *upstream_post(struct upstream *u, struct buf *body, unsigned total_ms,
    const struct upstream_events *events, void *arg);

/* Ends a transfer; none of its events is called any more. The server sees the stream closed. */
void upstream_cancel(struct upstream_transfer *t);

#endif
