/*
 * The model of make bench as hosted models are reached: the stub's replies, over TLS, with HTTP/2 or HTTP/1.1 as
 * the client chooses by ALPN. Bytes that are due in one turn of the loop leave a connection in one write.
 *
 * A proxy in front of the stub would cost more than the servers that are measured.
 */
#ifndef TESTS_BENCH_MODEL_H
#define TESTS_BENCH_MODEL_H

#include <sys/queue.h>

#include <event2/event_struct.h>
#include <nghttp2/nghttp2.h>

#include "tests/bench/link.h"
#include "tests/stub/pace.h"
#include "tests/stub/serve.h"
#include "workerd/model/upstream_response.h"

struct model {
	struct event_base *base;
	struct service service;
	struct pace pace;
	SSL_CTX *tls;
	struct buf scratch; /* bytes of a reply */
	TAILQ_HEAD(model_touched, model_conn) touched;
	struct event turn_end; /* sends what the touched connections have */
	uint64_t connections, handshakes;
};

struct model_conn {
	struct model *model;
	struct link link;
	struct event event;
	short watching;
	bool opened; /* the handshake is complete */
	bool touched, dead;
	nghttp2_session *h2; /* NULL: HTTP/1.1 */
	struct buf in;       /* of HTTP/1.1: the next request */
	struct buf out;
	LIST_HEAD(model_replies, model_reply) replies;
	TAILQ_ENTRY(model_conn) touched_entry;
};

/* A request, then its reply. */
struct model_reply {
	struct model_conn *conn;
	LIST_ENTRY(model_reply) link;
	struct chat *chat; /* NULL: the request is incomplete, or its reply has no steps */
	struct pace_entry pace;
	bool ended;

	/* Of HTTP/2: */
	int32_t stream;
	char method[8], path[256];
	struct buf head; /* fields of the request */
	struct buf body; /* of the request, then of the reply */
	struct upstream_response response;
};

struct model_reply *model_reply_new(struct model_conn *c);
void model_reply_free(struct model_reply *r);

/* Replies to the complete request. Its slices may point into what model_reply_put() changes. */
void model_reply_begin(
    struct model_reply *r, const struct http_request *request, struct slice body);

/* The loop sends what this connection has. */
void model_conn_touch(struct model_conn *c);

/* HTTP/2 (model_h2.c). Each returns -1 if the connection is broken. */
void model_h2_open(struct model_conn *c);
[[gnu::warn_unused_result]] int model_h2_feed(struct model_conn *c, struct slice in);
/* Adds what is to be sent to c->out. */
[[gnu::warn_unused_result]] int model_h2_collect(struct model_conn *c);
/* Takes bytes of a reply in HTTP/1.1's form. */
void model_h2_put(struct model_reply *r, struct slice in);

#endif
