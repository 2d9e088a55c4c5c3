/*
 * The upstream from within: what its files ask of each other.
 *
 *	upstream.c           the whole: its settings, the breaker, starting and ending transfers
 *	upstream_engine.c    libcurl's multi handles on the event loop: sockets, timers, the pool
 *	upstream_transfer.c  one request: libcurl's easy handle, its callbacks, its limits of silence
 *	upstream_backlog.c   what came beyond a loop turn's share, given out turn by turn
 *	upstream_plain.c     the other way, without libcurl: plain HTTP/1.1 to an address
 *	upstream_response.c    the answers that it reads
 *
 * For these alone, which are also the only ones that may include curl.h; everyone else includes
 * upstream.h. Rules that libcurl 7.88 imposes, and how they are kept:
 *	- no call into libcurl from its callbacks: upstream_cancel() within one only marks the
 *	  transfer, and upstream_settle() ends it afterwards;
 *	- a socket may vanish without a callback: watches stand in a table by descriptor, and a
 *	  descriptor that reappears has its old watch dropped first;
 *	- a resolver thread must not delay the end of the process: CURLOPT_QUICK_EXIT;
 *	- HTTP/2 streams must not be paused: an engine whose streams have a backlog is not driven until
 *	  that is gone, and the kernel's buffers do the rest;
 *	- what came for a stream of HTTP/2 may lie in libcurl until more comes: it is asked again;
 *	- a new request walks all open connections of its multi handle: there are several handles, of
 *	  a bounded number of transfers each (measured: tests/bench/upstream.c).
 */
#ifndef WORKERD_MODEL_UPSTREAM_INTERNAL_H
#define WORKERD_MODEL_UPSTREAM_INTERNAL_H

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "workerd/model/breaker.h"
#include "workerd/model/upstream_events.h"

/* A token's event is some 250 bytes; libcurl's default of 16 KiB would be most of what an open
 * stream costs. With its least, 1 KiB, libcurl 7.88 stalls streams of HTTP/2 that flood
 * (model-flood.test.mjs, model-http2.test.mjs). */
#define UPSTREAM_RECEIVE_BUFFER 4096u

/* A descriptor that libcurl wants to be told of. */
struct watch {
	int fd;
	struct engine *engine;
	struct event *event; /* with a time-out while it is to be looked at again */
	short what;          /* that libcurl waits for */
	short ready;         /* that was passed over; not 0: it is among its engine's */
	TAILQ_ENTRY(watch) link;
};

/* One multi handle with its connections. */
struct engine {
	struct upstream *upstream;
	CURLM *multi;
	struct event *timer; /* libcurl's */
	struct event *rest;  /* closes an engine that has nothing to do */
	int last_fd;         /* that it was driven for */
	size_t transfers;
	size_t behind; /* of them, those with a backlog */
	/* While it was not driven its timer ended, or these became ready; the longest ago first. */
	bool timer_due;
	TAILQ_HEAD(, watch) passed;
	LIST_ENTRY(engine) link;
};

TAILQ_HEAD(transfer_queue, upstream_transfer);

/* By descriptor, NULL: not watched. Shared by all upstreams of a loop: a number that one of them gets
 * may have been another's, which libcurl has closed without a word. */
struct watches {
	unsigned users;
	size_t len;
	struct watch **at;
};

struct upstream {
	struct event_base *base;
	struct curl_slist *headers;
	char *name, *url, *ca_bundle, *proxy;
	bool tls;
	bool http1;     /* its last answer came over HTTP/1.x */
	uint64_t heard; /* counts all that libcurl had to tell */
	unsigned connect_ms, first_byte_ms, idle_ms, rest_ms;
	struct breaker breaker;
	struct plain *plain;         /* NULL: questions go by libcurl */
	LIST_HEAD(, engine) engines; /* the oldest first */
	struct watches *watches;
	bool inside;  /* callbacks run, libcurl may be on the stack: no transfer may be freed */
	size_t share; /* bytes of answers that this loop turn may still take */
	uint64_t turn; /* how often there was a new share */
	struct event *next_turn;
	size_t transfers;
	struct transfer_queue behind; /* those that wait; who waits longest comes first */
	struct transfer_queue over;   /* ended or cancelled, to be freed by upstream_settle() */
};

struct upstream_transfer {
	struct upstream *upstream;
	struct engine *engine;
	CURL *easy;               /* NULL: it goes the plain way */
	struct plain_conn *plain; /* then, until its answer is whole */
	uint64_t until_ms;        /* and its total limit, which libcurl keeps by itself */
	const struct upstream_events *events;
	void *arg;
	struct buf question;
	struct buf backlog; /* of a stream of HTTP/2 */
	struct event silence;
	uint64_t heard_ms; /* when something last came */
	uint64_t turn;     /* in which so many bytes were taken */
	size_t taken;
	bool http2;
	bool keeps;    /* waits in the queue with a backlog, not paused */
	bool sent;     /* the question, or a part of it */
	bool resend;   /* libcurl was about to send it once more */
	bool probe;    /* of the breaker */
	bool judged;   /* the breaker knows how it ended */
	bool answered; /* the answer's headers have come */
	bool cancelled;
	bool ended; /* with what follows; its backlog may be left */
	enum upstream_end how;
	const char *detail;
	enum { QUEUE_NONE, QUEUE_BEHIND, QUEUE_OVER } queue; /* what link is in */
	TAILQ_ENTRY(upstream_transfer) link;
};

/* -- upstream.c -- */

/* Ends what has ended and frees what was cancelled. Not while anything is inside. */
void upstream_settle(struct upstream *u);

/* Puts a transfer among those that upstream_settle() ends. */
void upstream_over(struct upstream_transfer *t);

/* -- upstream_engine.c -- */

/* One with room for another transfer; a new one if there is none. */
struct engine *engine_for_transfer(struct upstream *u);
void engine_free(struct engine *e);

void engine_add(struct engine *e, struct upstream_transfer *t);
void engine_remove(struct engine *e, struct upstream_transfer *t);

/* Its transfers have no backlog any more: goes on with what it was not driven for. */
void engine_resume(struct engine *e);

/* -- upstream_transfer.c -- */

struct upstream_transfer *transfer_new(
    struct upstream *u, struct buf *question, unsigned total_ms);
void transfer_free(struct upstream_transfer *t);

/* It ends without having told anything of the server. */
void transfer_not_judged(struct upstream_transfer *t);

/* The head of its answer has come. asked: how many bytes of the question were sent. */
void transfer_answered(
    struct upstream_transfer *t, long status, uint64_t retry_after_s, size_t asked);

/* Nothing more will come; what came before is dealt with first. */
void transfer_over(struct upstream_transfer *t, enum upstream_end how, const char *detail);

/* libcurl is done with it. */
void transfer_finished(struct upstream_transfer *t, CURLcode code);

/* -- upstream_backlog.c -- */

enum backlog {
	BACKLOG_NONE,  /* the events have the piece */
	BACKLOG_KEPT,  /* they get it in a later turn of the loop */
	BACKLOG_PAUSE, /* libcurl is to keep it, and to pause the transfer */
	BACKLOG_TOO_MUCH,
};

/* Deals with a piece that has come. */
[[gnu::warn_unused_result]] enum backlog backlog_take(
    struct upstream_transfer *t, struct slice piece);

/* Of the plain way: how many bytes of a transfer may be read now. 0: it waits, and is not to be read
 * until plain_go_on(), when it may read a part. What is read is given; who leaves something unread
 * waits as well. */
[[gnu::warn_unused_result]] size_t backlog_admits(struct upstream_transfer *t);
void backlog_wait(struct upstream_transfer *t);
void backlog_give(struct upstream_transfer *t, struct slice piece);

/* Forgets what is kept of a transfer. */
void backlog_clear(struct upstream_transfer *t);

/* Called by the loop, a turn after the share was used up. */
void backlog_on_turn(evutil_socket_t fd, short what, void *arg);

#endif
