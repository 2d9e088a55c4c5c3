/*
 * A request that waits for an answer of the store (or for another slow step, see store_query_wait()).
 *
 * A handler creates the query, asks, and ends it from the callback. A handler that needs more state
 * embeds a struct store_query as the first member of its own struct.
 *
 * If the client disconnects first, the query ends by itself; otherwise one of the functions below ends
 * it, which frees it.
 */
#ifndef WORKERD_API_REQUEST_STORE_QUERY_H
#define WORKERD_API_REQUEST_STORE_QUERY_H

#include "workerd/api/request/api_call.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/request/record_version.h"

/* The answer to one error of the store. */
struct store_refusal {
	enum store_error error;
	int status; /* 0 ends the list; a 429 says when to come back */
	const char *code, *message;
};

struct store_query {
	struct api *api;
	struct http_exchange *x;
	void *pending;                 /* what it waits for */
	void (*cancel)(void *pending); /* called if the client disconnects meanwhile */
	struct id org;
	const char *missing;                   /* message of the 404 for STORE_NOT_FOUND */
	const struct store_refusal *refusals;  /* further errors; may be NULL */
	void (*on_end)(struct store_query *q); /* frees what the owner added; may be NULL */
	bool client_left;                      /* why it ends, for on_end */
	bool streams; /* the answer has begun (reply_stream_begin()): an error breaks it off */
	struct buf out;                     /* the JSON answer so far */
	struct json_writer json;            /* writes to out */
	char etag[RECORD_VERSION_TAG_SIZE]; /* of the answer; empty: none */
};

/* A query of size bytes, zero behind the struct, whose answer has at most out_max bytes. */
void *store_query_new(
    const struct api_call *c, size_t size, size_t out_max, const char *missing);

/* Asks the store; fn gets the query as arg. If too many requests wait for the store already, answers
 * that and ends the query. */
void store_query_ask(
    struct store_query *q, enum msg_type type, const void *msg, store_answer_fn *fn);

/* The same for a list or numbers of the organization (store_call_read()). */
void store_query_read(
    struct store_query *q, enum msg_type type, const void *msg, store_answer_fn *fn);

/* Waits for something else than the store: cancel(pending) is called if the client disconnects before
 * the next wait begins or the query ends. */
void store_query_wait(struct store_query *q, void *pending, void (*cancel)(void *pending));

/* Ends the query with the JSON written so far: status 200, or another. */
void store_query_reply(struct store_query *q);
void store_query_reply_status(struct store_query *q, int status);

/* Ends it with what is in out, as content of this type. */
void store_query_reply_as(struct store_query *q, int status, const char *type);

/* Ends it with 204. */
void store_query_reply_empty(struct store_query *q);

/* Ends it with 204 if the store answers OK, else with the error. */
store_answer_fn store_query_on_ok;

/* Ends it with an error (reply_json_error()). */
void store_query_refuse(
    struct store_query *q, int status, const char *code, const char *message);

/* Ends it with the answer to a refusal of the store, or to a timeout (type 0). An answer that has begun is broken
 * off. */
void store_query_fail(struct store_query *q, uint16_t type, const union msg *m);

/* Whether a deletion succeeded. NOT_FOUND counts as success after a reconnect to the store, since the
 * first try may have deleted it and its answer been lost. */
bool store_query_removed(const struct store_query *q, uint16_t type, const union msg *m);

/* Ends it without an answer: the caller must answer the exchange. */
struct http_exchange *store_query_done(struct store_query *q);

#endif
