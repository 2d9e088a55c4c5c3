/*
 * The parts of the model client, for its own files; all others include upstream.h.
 *
 *	upstream.c           settings, circuit breaker, start and end of transfers
 *	upstream_target.c    what the URL and the proxy say
 *	upstream_transfer.c  one request: timeouts, and its result for the circuit breaker
 *	upstream_pool.c      which connection carries which request
 *	upstream_conn.c      one connection: how it opens, carries requests, and ends
 *	upstream_io.c        its bytes
 *	upstream_dial.c      libcurl opens the TCP connection, also through proxies
 *	upstream_tls.c       OpenSSL secures it
 *	upstream_http1.c     a request over HTTP/1.1
 *	upstream_response.c  the parser for its response
 *	upstream_http2.c     requests over HTTP/2, by nghttp2
 *
 * Callbacks of the loop run with u->inside set: nothing is freed then. upstream_settle() frees what has
 * ended, calls the end events, and gives waiting requests their connections.
 */
#ifndef WORKERD_MODEL_UPSTREAM_INTERNAL_H
#define WORKERD_MODEL_UPSTREAM_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/types.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "proto/base/clock.h"
#include "proto/settings/setting_values.h"
#include "workerd/model/breaker.h"
#include "workerd/model/upstream_events.h"
#include "workerd/model/upstream_response.h"
#include "workerd/model/upstream_target.h"

/* The usual limit of streams on an HTTP/2 connection (RFC 9113, section 6.5.2, recommends no less). */
#define UPSTREAM_STREAMS_MAX 100

/* Bytes that one read may bring: of many records, which fill the second buffer one at a time. */
#define UPSTREAM_READ_MAX   65536
#define UPSTREAM_RECORD_MAX 16384

struct nghttp2_session;
struct upstream_dialer;
struct upstream_dial;

enum upstream_conn_state { CONN_DIALING, CONN_SECURING, CONN_OPEN, CONN_CLOSED };

struct upstream_conn {
	struct upstream *upstream;
	enum upstream_conn_state state;
	struct upstream_dial *dial; /* while DIALING; longer if libcurl passes on the bytes */
	int fd;
	SSL *tls;                      /* NULL: not encrypted */
	struct nghttp2_session *http2; /* NULL: HTTP/1.1 */
	struct event event, timer;
	short watching;
	bool forwarded;         /* by a proxy: requests name the whole URL */
	bool settled;           /* it is known how many requests it can carry */
	bool retiring;          /* it gets no further requests */
	bool has_room, resting; /* as upstream_pool_sort() found it */
	bool used;              /* a response has come over it */
	bool heard;          /* data has come since the request, on HTTP/2 since it was idle */
	bool lively, pinged; /* HTTP/2: data has come, a ping was sent, since the last tick */
	size_t limit;        /* of requests at a time */
	size_t streams;      /* that the server has not seen end; HTTP/1.1: 0 or 1 */
	uint64_t opened_ms;
	struct slice in;                   /* received, but not decrypted yet */
	struct buf out;                    /* not sent yet; encrypted where needed */
	struct upstream_response response; /* HTTP/1.1 */
	LIST_HEAD(, upstream_transfer) transfers;
	LIST_ENTRY(upstream_conn) link;
};

struct upstream {
	struct event_base *base;
	char *name, *authorization; /* NULL: none */
	char *ca_bundle;            /* NULL: the system's */
	struct upstream_header {
		char *name, *value;
		char *lower; /* the name for HTTP/2 (RFC 9113, section 8.2.1) */
	} headers[MODEL_HEADERS_MAX];
	size_t headers_n;
	struct upstream_target target;
	struct upstream_dialer *dialer;
	SSL_CTX *tls;                   /* NULL: http */
	struct ssl_session_st *session; /* to resume */
	unsigned connect_ms, first_byte_ms, idle_ms, rest_ms, age_ms;
	struct breaker breaker;
	/* Connections that are opening or full, that have room, and that are closed. */
	LIST_HEAD(upstream_conns, upstream_conn) busy, ready, closed;
	size_t opening;  /* of the busy ones, those that are not settled */
	size_t resting;  /* of the ready ones, those without a request */
	size_t expected; /* the requests that a new connection will carry */
	bool inside;
	void (*after_event)(void *arg);
	void *after_event_arg;
	size_t transfers;
	TAILQ_HEAD(, upstream_transfer)
	pending; /* for a connection; the longest waiting first */
	size_t pending_n;
	TAILQ_HEAD(, upstream_transfer) ended; /* ended or cancelled */
	char fault[256];                       /* the detail of a connection's last failure */
	uint8_t received[UPSTREAM_READ_MAX], record[UPSTREAM_RECORD_MAX];
};

struct upstream_transfer {
	struct upstream *upstream;
	struct upstream_conn *conn; /* NULL: it waits for one, or is over */
	const struct upstream_events *events;
	void *arg;
	const char *path; /* borrowed */
	struct buf body;  /* of the request */
	size_t body_sent; /* or in the connection's buffer */
	struct event silence;
	uint64_t activity_ms; /* when data last arrived */
	uint64_t until_ms;    /* total timeout */
	int32_t stream;       /* HTTP/2 */
	/* The head of the response; HTTP/2. */
	struct upstream_head head;
	size_t head_bytes;
	bool whole;    /* HTTP/2: the response is complete */
	bool begun;    /* HTTP/1.1: the request is being sent */
	bool sent;     /* the request, or a part of it */
	bool probe;    /* of the breaker */
	bool judged;   /* the breaker knows the result */
	bool answered; /* the response's headers have arrived */
	bool cancelled;
	bool is_over; /* with the following result */
	enum upstream_end how;
	const char *detail;
	enum { QUEUE_NONE, QUEUE_PENDING, QUEUE_ENDED } queue; /* the list that link is in */
	TAILQ_ENTRY(upstream_transfer) link;
	LIST_ENTRY(upstream_transfer) of_conn;
};

/* Not while u->inside. */
void upstream_settle(struct upstream *u);

/* Queues a transfer for upstream_settle(). */
void upstream_add_ended(struct upstream_transfer *t);

/* Takes over the memory of body. */
struct upstream_transfer *upstream_transfer_new(
    struct upstream *u, struct buf *body, unsigned total_ms);
void upstream_transfer_free(struct upstream_transfer *t);

/* The transfer ends without a result for the breaker. */
void upstream_transfer_abandon(struct upstream_transfer *t);

/* What comes from the server: the head of the response, a piece of the body, and the end, whose detail is
 * kept by reference. The connection forgets the transfer before it reports the end. */
void upstream_transfer_answered(struct upstream_transfer *t, const struct upstream_head *head);
static inline void
upstream_transfer_data(struct upstream_transfer *t, struct slice piece)
{
	t->activity_ms = clock_mono_ms();
	t->events->data(t->arg, piece);
}
void upstream_transfer_over(
    struct upstream_transfer *t, enum upstream_end how, const char *detail);

/* A transfer waits for a connection, or no longer. */
void upstream_pool_add_pending(struct upstream_transfer *t);
void upstream_pool_remove_pending(struct upstream_transfer *t);

/* Gives pending transfers to connections, and opens further ones. */
void upstream_pool_dispatch(struct upstream *u);

/* The connection can carry more or fewer requests than before: sorts it in again, or closes it. */
void upstream_pool_sort(struct upstream_conn *c);

/* No connection could be made: those that wait for it end. */
void upstream_pool_refused(struct upstream *u, const char *detail);

/* Starts to open a connection; it will call upstream_pool_sort(). */
void upstream_conn_open(struct upstream *u);

/* One that is not connected yet. */
struct upstream_conn *upstream_conn_new(struct upstream *u);

/* Closes it; upstream_settle() frees it. It must have no transfers. */
void upstream_conn_close(struct upstream_conn *c);
void upstream_conn_free(struct upstream_conn *c);

/* It is of no further use: ends its transfers and closes it. how: of those whose request was sent. */
void upstream_conn_fail(struct upstream_conn *c, enum upstream_end how, const char *detail);

/* How a dial ends: connected, with the descriptor taken over, or refused, or out of time. forwarded: a proxy
 * forwards the requests, so they must name the whole URL (RFC 9112, section 3.2.2). */
void upstream_conn_dialed(struct upstream_conn *c, int fd, bool forwarded);
void upstream_conn_refused(struct upstream_conn *c, bool timeout, const char *detail);

/* It is known how many requests the connection can carry at a time. */
void upstream_conn_settle(struct upstream_conn *c, size_t limit);

/* A request's stream has ended. */
void upstream_conn_done(struct upstream_conn *c);

/* Gives the connection a transfer, whose request it sends later, from the loop. */
void upstream_conn_add(struct upstream_conn *c, struct upstream_transfer *t);

/* The connection forgets a transfer whose end is known. */
void upstream_conn_forget(struct upstream_transfer *t);

/* The same for a transfer that ends early: the server sees the stream or the connection closed. */
void upstream_conn_drop(struct upstream_transfer *t);

/* EV_READ, or EV_READ | EV_WRITE. */
void upstream_conn_watch(struct upstream_conn *c, short what);

/* Takes the handshake one step further. */
void upstream_conn_secure(struct upstream_conn *c);

/* The loop will call upstream_http1_send() or upstream_http2_send(). */
void upstream_conn_send_soon(struct upstream_conn *c);

/* Adds bytes to c->out, encrypted where needed: a frame or a record at a time, until there are enough for one
 * call of upstream_io_flush(). false: the connection has failed. */
[[gnu::warn_unused_result]] bool upstream_io_write(
    struct upstream_conn *c, const void *p, size_t n);

/* Sends c->out. true: all of it is sent. false: the loop goes on when there is room, or the connection has
 * failed. */
bool upstream_io_flush(struct upstream_conn *c);

/* Receives into u->received, and passes on what has come. */
void upstream_io_read(struct upstream_conn *c);

/* Whether data has arrived that is not read yet. */
bool upstream_io_has_data(const struct upstream_conn *c);

/* Says that the connection ends, if it can be said at once. */
void upstream_io_say_goodbye(struct upstream_conn *c);

struct upstream_dialer *upstream_dialer_new(struct upstream *u);
void upstream_dialer_free(struct upstream_dialer *d);

/* Opens a TCP connection to the target, through a proxy where one is set. */
struct upstream_dial *upstream_dial_start(struct upstream_dialer *d, struct upstream_conn *c);
/* The end of a dial or, behind an https proxy, of its connection. */
void upstream_dial_free(struct upstream_dial *d);

/* As recv(2) and send(2), for a connection to an https proxy. */
ssize_t upstream_dial_receive(struct upstream_dial *d, void *p, size_t n);
ssize_t upstream_dial_send(struct upstream_dial *d, const void *p, size_t n);

/* ca_bundle NULL: the system's authorities. Logs and returns NULL if it cannot be read. */
SSL_CTX *upstream_tls_new(struct upstream *u, const char *ca_bundle);
void upstream_tls_free(struct upstream *u);

/* Prepares the handshake; says that the connection ends; frees its part. */
void upstream_tls_start(struct upstream_conn *c);
void upstream_tls_end(struct upstream_conn *c);
void upstream_tls_clear(struct upstream_conn *c);

enum upstream_tls_result { TLS_DONE, TLS_WAIT, TLS_END, TLS_FAILED };

/* TLS_DONE: the connection is secured. TLS_WAIT: more must arrive. TLS_FAILED: the fault is in u->fault. */
enum upstream_tls_result upstream_tls_handshake(struct upstream_conn *c);

/* Decrypts one record of c->in into u->record. */
enum upstream_tls_result upstream_tls_read(struct upstream_conn *c, struct slice *record);

/* Encrypts into c->out. false: OpenSSL has failed. */
bool upstream_tls_write(struct upstream_conn *c, const void *p, size_t n);

bool upstream_tls_chose_http2(const struct upstream_conn *c);

/* Keeps OpenSSL's buffers, 17 KiB, between two reads: for a connection with many streams. */
void upstream_tls_keep_buffers(struct upstream_conn *c);

/* How each version of HTTP carries requests; called by upstream_conn.c. */
void upstream_http1_send(struct upstream_conn *c);
void upstream_http1_received(struct upstream_conn *c, struct slice in);
/* The server has closed the connection. */
void upstream_http1_closed(struct upstream_conn *c);

void upstream_http2_start(struct upstream_conn *c);
void upstream_http2_clear(struct upstream_conn *c);
void upstream_http2_add(struct upstream_conn *c, struct upstream_transfer *t);
void upstream_http2_send(struct upstream_conn *c);
void upstream_http2_received(struct upstream_conn *c, struct slice in);
void upstream_http2_drop(struct upstream_conn *c, struct upstream_transfer *t);
void upstream_http2_ping(struct upstream_conn *c);

#endif
