/*
 * The parts of the model client, for its own files; all others include upstream.h.
 *
 *	upstream.c           settings, circuit breaker, start and end of transfers
 *	upstream_transfer.c  one request: libcurl's easy handle, its callbacks, timeouts
 *	upstream_backlog.c   shares each loop iteration fairly over the transfers
 *	upstream_engine.c    libcurl's multi handles: driving them, the connection pool
 *	upstream_sockets.c   the sockets of libcurl, in an epoll set of their own
 *	upstream_plain.c     plain HTTP/1.1 to an IP address, without libcurl
 *	upstream_response.c  the parser for its responses
 *
 * Only these files include curl.h. Rules that libcurl 7.88 imposes:
 *	- libcurl must not be called from its callbacks: there upstream_cancel() only marks the transfer,
 *	  and upstream_settle() ends it afterwards;
 *	- libcurl may close a socket without a callback, see upstream_sockets.c;
 *	- a resolver thread must not delay the end of the process: CURLOPT_QUICK_EXIT;
 *	- HTTP/2 streams must not be paused: an engine whose streams have a backlog is not driven until
 *	  the backlog is gone, and meanwhile the data stays in the kernel;
 *	- data of an HTTP/2 stream may stay in libcurl until more arrives: libcurl is called again;
 *	- a new request iterates over all open connections of its multi handle: so there are several
 *	  handles, each with a bounded number of transfers (measured: tests/bench/upstream.c).
 */
#ifndef WORKERD_MODEL_UPSTREAM_INTERNAL_H
#define WORKERD_MODEL_UPSTREAM_INTERNAL_H

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "workerd/model/breaker.h"
#include "workerd/model/upstream_events.h"

/* A token's event is about 250 bytes; libcurl's default of 16 KiB would be most of an open stream's
 * memory. With the minimum, 1 KiB, libcurl 7.88 stalls HTTP/2 streams under a flood
 * (model-flood.test.mjs, model-http2.test.mjs). */
#define UPSTREAM_RECEIVE_BUFFER 4096u

struct upstream_plain;
struct upstream_plain_conn;

/* A socket that libcurl waits for. */
struct upstream_socket {
	int fd;
	uint32_t serial; /* distinguishes it from an earlier socket with the same number */
	struct upstream_engine *engine;
	struct event *recheck; /* drives it once more; NULL: not needed yet */
	short what;            /* EV_READ, EV_WRITE: what libcurl waits for */
	short ready; /* what was deferred; if not 0, it is in the engine's deferred list */
	TAILQ_ENTRY(upstream_socket) link;
};

/* One multi handle with its connections. */
struct upstream_engine {
	struct upstream *upstream;
	CURLM *multi;
	struct event *timer; /* libcurl's */
	struct event *idle;  /* frees an engine without transfers */
	int last_fd;         /* the last socket that it was driven for */
	size_t transfers;
	size_t backlogged; /* of them, those with a backlog */
	/* While backlogged > 0 it is not driven: its timer ended, or these sockets became ready, oldest
	 * first. */
	bool timer_due;
	TAILQ_HEAD(, upstream_socket) deferred;
	LIST_ENTRY(upstream_engine) link;
};

struct upstream {
	struct event_base *base;
	struct curl_slist *headers;
	char *name, *url, *ca_bundle, *proxy;
	bool tls;
	bool http1;        /* the last response came over HTTP/1.x */
	uint64_t activity; /* counts libcurl's callbacks about responses */
	unsigned connect_ms, first_byte_ms, idle_ms, rest_ms;
	struct breaker breaker;
	struct upstream_plain *plain;         /* NULL: requests go through libcurl */
	LIST_HEAD(, upstream_engine) engines; /* oldest first */
	/* upstream_sockets.c; unused without libcurl */
	int epoll;
	struct event *epoll_ready;
	struct upstream_socket **sockets; /* by descriptor */
	size_t sockets_len;
	uint32_t last_serial;

	bool inside;        /* callbacks run, perhaps from libcurl: no transfer may be freed */
	size_t share;       /* bytes of responses that this loop iteration may still process */
	uint64_t iteration; /* counts the shares */
	struct event *next_iteration;
	size_t transfers;
	TAILQ_HEAD(, upstream_transfer)
	waiting; /* for their share; the longest waiting first */
	TAILQ_HEAD(, upstream_transfer)
	ended; /* ended or cancelled; freed by upstream_settle() */
};

struct upstream_transfer {
	struct upstream *upstream;
	struct upstream_engine *engine;
	CURL *easy;                        /* NULL: without libcurl */
	struct upstream_plain_conn *plain; /* then, until the response is complete */
	uint64_t until_ms; /* total timeout without libcurl, which keeps its own; else 0 */
	const struct upstream_events *events;
	void *arg;
	struct buf body;    /* of the request */
	struct buf backlog; /* received data of an HTTP/2 stream */
	struct event silence;
	uint64_t activity_ms; /* when data last arrived */
	uint64_t iteration;   /* in which taken bytes were processed */
	size_t taken;
	bool http2;
	bool buffered; /* waiting with a backlog; otherwise paused */
	bool sent;     /* the request, or a part of it */
	bool resend;   /* libcurl was about to send it a second time */
	bool probe;    /* of the breaker */
	bool judged;   /* the breaker knows the result */
	bool answered; /* the response's headers have arrived */
	bool cancelled;
	bool is_over; /* with the following result; a backlog may be left */
	enum upstream_end how;
	const char *detail;
	enum { QUEUE_NONE, QUEUE_WAITING, QUEUE_ENDED } queue; /* the list that link is in */
	TAILQ_ENTRY(upstream_transfer) link;
};

/* Frees the transfers that have ended or were cancelled. Not while u->inside. */
void upstream_settle(struct upstream *u);

/* Queues a transfer for upstream_settle(). */
void upstream_add_ended(struct upstream_transfer *t);

/* An engine with room for a transfer; a new one if there is none. */
struct upstream_engine *upstream_engine_for_transfer(struct upstream *u);
void upstream_engine_free(struct upstream_engine *e);

void upstream_engine_add(struct upstream_engine *e, struct upstream_transfer *t);
void upstream_engine_remove(struct upstream_engine *e, struct upstream_transfer *t);

/* The engine's transfers have no backlog any more: drives it for what was deferred. */
void upstream_engine_resume(struct upstream_engine *e);

/* A socket is ready, or its recheck timer ended: EV_READ, EV_WRITE, EV_TIMEOUT. */
void upstream_engine_on_socket(struct upstream_socket *s, short what);

void upstream_sockets_init(struct upstream *u);
void upstream_sockets_clear(struct upstream *u);

/* CURLMOPT_SOCKETFUNCTION; engine is a struct upstream_engine. */
int upstream_sockets_update(CURL *easy, curl_socket_t fd, int what, void *engine, void *unused);

/* The socket with this number, NULL if libcurl does not wait for one. */
struct upstream_socket *upstream_sockets_find(const struct upstream *u, int fd);

/* Drives the socket again after delay, unless it is driven before; NULL: not any more. */
void upstream_sockets_recheck(struct upstream_socket *s, const struct timeval *delay);

/* Removes the sockets of an engine. */
void upstream_sockets_remove_engine(const struct upstream_engine *e);

/* Takes over the memory of body. */
struct upstream_transfer *upstream_transfer_new(
    struct upstream *u, struct buf *body, unsigned total_ms);
void upstream_transfer_free(struct upstream_transfer *t);

/* The transfer ends without a result for the breaker. */
void upstream_transfer_abandon(struct upstream_transfer *t);

/* The response's head has arrived. sent: bytes of the request's body that were sent. */
void upstream_transfer_answered(
    struct upstream_transfer *t, long status, uint64_t retry_after_s, size_t sent);

/* Nothing more will arrive. A backlog is delivered first. */
void upstream_transfer_over(
    struct upstream_transfer *t, enum upstream_end how, const char *detail);

/* libcurl has finished the transfer. */
void upstream_transfer_finished(struct upstream_transfer *t, CURLcode code);

enum upstream_backlog {
	BACKLOG_NONE,  /* delivered */
	BACKLOG_KEPT,  /* delivered in a later loop iteration */
	BACKLOG_PAUSE, /* libcurl keeps it and must pause the transfer */
	BACKLOG_FULL,
};

/* Delivers a piece that libcurl received, or keeps it. */
[[gnu::warn_unused_result]] enum upstream_backlog upstream_backlog_take(
    struct upstream_transfer *t, struct slice piece);

/* Without libcurl: bytes that may be read now. 0: the transfer waits for upstream_plain_resume(). What is
 * read is given to upstream_backlog_deliver(); if unread data may be left, call upstream_backlog_wait(). */
[[gnu::warn_unused_result]] size_t upstream_backlog_admits(struct upstream_transfer *t);
void upstream_backlog_wait(struct upstream_transfer *t);
void upstream_backlog_deliver(struct upstream_transfer *t, struct slice piece);

/* Discards a transfer's backlog. */
void upstream_backlog_clear(struct upstream_transfer *t);

/* Timer callback: a loop iteration after the share was used up. */
void upstream_backlog_on_iteration(evutil_socket_t fd, short what, void *arg);

/*
 * Plain HTTP/1.1 without libcurl, for a model server on this machine or network: http, an IP address, no
 * proxy. Everything else goes through libcurl. With libcurl a stream takes 12 KiB for its easy handle and
 * connection and one more poll(2) per token; here it is a descriptor, an event and a parser (make bench).
 *
 * NULL if the URL or the proxy needs libcurl. key may be NULL.
 */
struct upstream_plain *upstream_plain_new(struct upstream *u, const char *url, const char *key);
void upstream_plain_free(struct upstream_plain *p);

/* Sends a transfer's request on a kept connection or a new one. The loop reports what happens. */
void upstream_plain_send(struct upstream_plain *p, struct upstream_transfer *t);

/* Reads data that had to wait. Called by the loop, with u->inside. */
void upstream_plain_resume(struct upstream_plain_conn *c);

/* The transfer is freed: closes its connection if it still has one. */
void upstream_plain_release(struct upstream_transfer *t);

bool upstream_plain_is_connecting(const struct upstream_plain_conn *c);

#endif
