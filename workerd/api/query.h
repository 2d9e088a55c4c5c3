/*
 * A request that waits for the store: made by its handler, which asks the store and answers from
 * what it says. A handler that needs more of its own puts it behind a struct query at the front of
 * its struct.
 *
 * A client that goes meanwhile ends it; otherwise query_reply(), query_fail() or the caller's own
 * answer to query_done() does.
 */
#ifndef WORKERD_API_QUERY_H
#define WORKERD_API_QUERY_H

#include "workerd/api/api.h"
#include "workerd/api/json_text.h"

struct query {
	struct api *api;
	struct http_exchange *x;
	struct store_call *store;
	struct id org;
	const char *missing; /* what a 404 says when the store knows no such thing */
	struct buf out;      /* a JSON answer on its way */
	struct json_text json;
};

/* One of size bytes, the rest of them zero, whose answer has at most out_max bytes. */
void *query_new(const struct api_call *c, size_t size, size_t out_max, const char *missing);

/* Asks the store; fn gets the query. When the store cannot take the question now, that is answered
 * and the query is gone. */
void query_ask(struct query *q, enum msg_type type, const void *msg, store_answer_fn *fn);

/* Ends it with what it has written, as a 200. */
void query_reply(struct query *q);

/* Ends it with the answer to a refusal of the store, or to its silence (type 0). */
void query_fail(struct query *q, uint16_t type, const union msg *m);

/* Ends it without an answer: the exchange is the caller's. */
struct http_exchange *query_done(struct query *q);

#endif
