/*
 * How a request to a model server proceeds and ends (upstream.h).
 */
#ifndef WORKERD_MODEL_UPSTREAM_EVENTS_H
#define WORKERD_MODEL_UPSTREAM_EVENTS_H

#include "workerd/http/message/retry_after.h"

enum upstream_end {
	UPSTREAM_DONE,    /* the response is complete */
	UPSTREAM_CONNECT, /* no connection: nothing was sent */
	UPSTREAM_STALE,   /* a reused connection was closed, or the server returned the request
			     unread (HTTP/2): no response; a new connection may work */
	UPSTREAM_TIMEOUT, /* one of the timeouts */
	UPSTREAM_BROKEN,  /* the connection broke, or the response is not valid HTTP */
};

/* Whether a status is about the server. 408 and 429 mean that it is overloaded; other 4xx only that this request is wrong. */
static inline bool
upstream_status_failed(int status)
{
	return status >= 500 || status == 408 || status == 429;
}

#define UPSTREAM_TYPE_MAX 48 /* bytes of a media type that are kept, with the NUL */

/* What is needed of a response's head. */
struct upstream_head {
	int status;
	bool encoded; /* the body is compressed, for example */
	/* The media type in lower case, without parameters; empty: the server sends none. */
	char type[UPSTREAM_TYPE_MAX];
	struct retry_after retry_after;
};

/*
 * Callbacks of a transfer. headers and data may call upstream_cancel(), but must not start a transfer.
 * end comes last and may start one.
 */
struct upstream_events {
	/* Status line and headers have arrived; head is valid during the call. retry_after_ms: when the next
	 * request is allowed, at most an hour; 0: the server does not say it. */
	void (*headers)(void *arg, const struct upstream_head *head, unsigned retry_after_ms);
	/* A piece of the body, valid during the call. */
	void (*data)(void *arg, struct slice piece);
	/* The transfer is freed after this call. detail is a sentence for the log. */
	void (*end)(void *arg, enum upstream_end how, const char *detail);
};

#endif
