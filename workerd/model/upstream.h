/*
 * The client for a model server, on the worker's event loop. libcurl opens the connections, also through
 * proxies; OpenSSL secures them; nghttp2 and our own reader of HTTP/1.1 carry the requests.
 *
 * Connections are pooled; over https one HTTP/2 connection carries many requests. A circuit
 * breaker (breaker.h) stops requests to a server that keeps failing. Each loop iteration processes
 * a bounded amount of response data, so one fast server cannot starve the others. This module
 * knows HTTP, not the content of responses (openai/) and not whether to retry (retry_policy.h).
 *
 * One for each model server of a worker; used by one thread.
 */
#ifndef WORKERD_MODEL_UPSTREAM_H
#define WORKERD_MODEL_UPSTREAM_H

#include <event2/event.h>

#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings_servers.h"
#include "workerd/model/upstream_events.h"

struct upstream;
struct upstream_transfer;

/* The strings are copied. */
struct upstream_config {
	struct event_base *base;
	struct scoreboard_worker *board;
	const char *name; /* server's name for the log; NULL: none */
	const char *url;  /* of the chat/completions endpoint */
	const char *key;  /* NULL: no Authorization header, except a user in the URL */
	/* Of each request, beside those of the client itself; with "Authorization" or "api-key", the URL's user is
	 * not sent. */
	const struct model_header *headers;
	size_t headers_n;
	const char *proxy; /* NULL: from the environment, as in curl(1) */
	/* PEM file with authorities for the server and an https proxy; NULL: the system's */
	const char *ca_bundle;
	unsigned connect_ms, first_byte_ms, idle_ms;
	unsigned rest_ms;          /* idle connections are closed after this time */
	unsigned age_ms;           /* older ones get no requests; 0: an hour */
	unsigned breaker_failures; /* 0: the breaker never opens */
	unsigned breaker_open_ms;
	/* Called after each event of a connection, of which thousands may be ready in a loop iteration: to send
	 * on what it has brought. It may cancel transfers. NULL: none. */
	void (*after_event)(void *arg);
	void *after_event_arg;
};

/* Aborts if libcurl cannot be initialized. */
struct upstream *upstream_new(const struct upstream_config *config);

/* All transfers must have ended or been cancelled. */
void upstream_free(struct upstream *u);

/* The version of the library for HTTP/2. */
const char *upstream_http2_version(void);

/* Whether the breaker allows a request now; if not, *wait_ms is the time to wait. */
[[gnu::warn_unused_result]] bool upstream_admits(const struct upstream *u, unsigned *wait_ms);

/*
 * Sends a request and passes the response to the events; call upstream_admits() first. path: with its query, valid
 * until the transfer has ended; NULL: that of the server's URL. Takes over the body's memory: body, which must not be
 * empty, is empty afterwards. total_ms is the timeout for the
 * whole response. The request is sent once; UPSTREAM_STALE says that it may be sent again.
 */
struct upstream_transfer *upstream_post(struct upstream *u, const char *path, struct buf *body,
    unsigned total_ms, const struct upstream_events *events, void *arg);

/*
 * Reports how a response with status 200 began, for the circuit breaker: 200, or the status that an error in it
 * stands for. Only the first report counts; without one, the end of the response does.
 */
void upstream_judge(struct upstream_transfer *t, int status);

/* Ends a transfer without calling its events. The server sees the stream closed. */
void upstream_cancel(struct upstream_transfer *t);

#endif
