/*
 * A request that waits for the store, or for a password that is hashed: made by its handler, which
 * asks and answers from what it hears. A handler that needs more of its own puts it behind a struct
 * query at the front of its struct.
 *
 * A client that goes meanwhile ends it; otherwise query_reply(), query_fail() or the caller's own
 * answer to query_done() does.
 */
#ifndef WORKERD_API_REQUEST_STORE_QUERY_H
#define WORKERD_API_REQUEST_STORE_QUERY_H

#include "workerd/api/api.h"
#include "workerd/api/fields/json_text.h"
#include "workerd/api/guard/hasher.h"

/* What a refusal of the store means to the client. */
struct query_refusal {
	enum store_error error;
	int status; /* 0: the last of a list */
	const char *code, *message;
};

struct query {
	struct api *api;
	struct http_exchange *x;
	struct store_call *store; /* what it waits for: one of the two */
	struct hasher_job *job;
	hasher_done_fn *hashed;
	struct id org;
	const char *missing; /* what a 404 says when the store knows no such thing */
	const struct query_refusal
	    *refusals; /* further ones that query_fail() knows; may be NULL */
	void (*on_end)(
	    struct query *q); /* what is left to be done when it ends, however; or NULL */
	struct buf out;       /* a JSON answer on its way */
	struct json_text json;
};

/* One of size bytes, the rest of them zero, whose answer has at most out_max bytes. */
void *query_new(const struct api_call *c, size_t size, size_t out_max, const char *missing);

/* Asks the store; fn gets the query. When the store cannot take the question now, that is answered
 * and the query is gone. */
void query_ask(struct query *q, enum msg_type type, const void *msg, store_answer_fn *fn);

/* The same of the hasher (hasher.h): whether the password is that of the text, and the hash of a new
 * one. A verdict of PASSWORD_UNCHECKED, or no text, is answered here: fn gets others only. */
void query_verify(
    struct query *q, struct slice password, struct slice text, hasher_done_fn *fn);
void query_hash(struct query *q, struct slice password, hasher_done_fn *fn);

/* Ends it with what it has written, as a 200. */
void query_reply(struct query *q);

/* The same with another status. */
void query_reply_status(struct query *q, int status);

/* Ends it with 204. */
void query_reply_empty(struct query *q);

/* Ends it with an error (reply_json_error()). */
void query_refuse(struct query *q, int status, const char *code, const char *message);

/* Ends it with the answer to a refusal of the store, or to its silence (type 0). */
void query_fail(struct query *q, uint16_t type, const union msg *m);

/* Whether the store says that it has removed what it was asked to, or that this is gone after the
 * request was sent before: that may have removed it, and its answer was lost with the line. */
bool query_removed(const struct query *q, uint16_t type, const union msg *m);

/* Ends it without an answer: the exchange is the caller's. */
struct http_exchange *query_done(struct query *q);

#endif
