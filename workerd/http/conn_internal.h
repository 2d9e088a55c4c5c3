/*
 * What server.c, conn.c, request.c, reply.c and ws.c share of a server and its connections. For these
 * alone; everybody else sees conn.h.
 */
#ifndef WORKERD_HTTP_CONN_INTERNAL_H
#define WORKERD_HTTP_CONN_INTERNAL_H

#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "workerd/http/conn.h"
#include "workerd/http/io.h"

/*
 *	IDLE ──▶ HEAD ──▶ BODY ──▶ ANSWER ──▶ IDLE | HEAD …
 *	           │        │        ├──▶ UPGRADED
 *	           │        │        │       │
 *	           └────────┴────────┴───────┴──▶ CLOSING ──▶ LINGER ──▶ DYING
 *
 * and from everywhere to DYING, when the client is gone or out of bounds.
 */
enum conn_state {
	CONN_IDLE,     /* between requests, or in the handshake before the first; no buffers */
	CONN_HEAD,     /* a request has begun */
	CONN_BODY,     /* its head is good; its body is coming */
	CONN_ANSWER,   /* there is an exchange */
	CONN_UPGRADED, /* it has become a WebSocket */
	CONN_CLOSING,  /* answered for the last time; what is queued goes out */
	CONN_LINGER,   /* our side is shut; what still comes is thrown away */
	CONN_DYING,    /* freed at the end of the turn */
};

/* What the connection's one timer is set for. */
enum conn_timer {
	TIMER_NONE,
	TIMER_HANDSHAKE,
	TIMER_HEAD,
	TIMER_BODY,
	TIMER_IDLE,
	TIMER_PING,
	TIMER_STALL,
	TIMER_LINGER,
};
#define TIMERS (TIMER_LINGER + 1)

struct http_conn {
	TAILQ_ENTRY(http_conn) all;
	TAILQ_ENTRY(http_conn) touched_entry;
	struct http_server *server;
	struct io io;
	struct event event;
	struct event timer;
	struct http_parser parser;
	struct buf in;
	struct buf out;
	size_t replay;            /* bytes at the front of out that output_max does not count */
	struct slice lent;        /* body bytes of reply_static() that follow those of out */
	struct exchange_box *box; /* in ANSWER and UPGRADED */
	struct ws *ws;            /* in UPGRADED */
	const struct http_route
	    *route; /* of the request that is coming, once its head is there */
	size_t
	    need; /* BODY, ANSWER, UPGRADED: bytes of the request in `in`, 0 once it is forgotten */
	size_t lingered;   /* LINGER: bytes thrown away */
	unsigned lingers;  /* LINGER: times that it had another time-out */
	size_t held;       /* bytes that its buffers take, as the server has counted them */
	size_t stall_left; /* bytes to be taken before the stall timer starts anew */
	uint64_t number;
	uint64_t place; /* what config.arrived has set */
	uint8_t address[16];
	uint8_t address_len;
	uint8_t state;    /* enum conn_state */
	uint8_t timer_on; /* enum conn_timer */
	short watching;   /* events that `event` is added for; 0: not added */
	uint16_t port;
	bool loopback;
	bool touched;     /* in the server's list for this turn's end */
	bool served;      /* has had an answer */
	bool eof;         /* the client has ended its side */
	bool deaf;        /* ANSWER: more has come; it waits in the kernel */
	bool refused;     /* the last answer came before the request was whole */
	bool close_after; /* the answer has said Connection: close */
	bool unframed;    /* the body that is going out ends where the connection does */
	bool blocked;     /* the socket takes no more now */
	bool turned_away; /* config.arrived has refused it */
	bool heard;       /* LINGER: something has come since the timer began */
	bool again;       /* there may be input that no event will announce */
};

/* An exchange with its request, which is memory of its own, and the user's context. */
struct exchange_box {
	struct http_exchange x;
	struct http_request *req; /* NULL: it is forgotten */
	_Alignas(max_align_t) uint8_t context[];
};

#define SCRATCH_SIZE (64u * 1024)
#define DATE_SIZE    40

struct http_server {
	struct http_server_config config;
	struct tls *tls;                        /* NULL: connections are plain */
	const struct timeval *timeouts[TIMERS]; /* libevent's common timeouts: O(1) each */
	TAILQ_HEAD(conn_all, http_conn) all;
	TAILQ_HEAD(conn_touched, http_conn) touched;
	size_t connections;
	size_t exchanges;
	size_t turned_away; /* connections */
	size_t held;        /* of all connections */
	bool heavy;         /* one of them may hold so much that it is worth to be dropped */
	bool draining;
	struct ws_writer *ws_writer; /* NULL: there has been no WebSocket yet */
	time_t date_second;
	char date[DATE_SIZE];                         /* "Date: …" CRLF, of date_second */
	struct http_header headers[HTTP_HEADERS_MAX]; /* where requests are parsed into */
	uint8_t scratch[SCRATCH_SIZE];                /* where sockets are read into */
};

/* server.c */

/* The Date line of now. */
const char *server_date(struct http_server *s);
/* Has the connection looked at when the turn ends. */
void server_touch(struct http_conn *c);
/* Counts what its buffers take now. */
void server_weigh(struct http_conn *c);
/* Takes a connection that is being freed out of the lists and the count. */
void server_forget(struct http_conn *c);

/* conn.c */

struct http_conn *conn_new(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);
/* Registers the events. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int conn_start(struct http_conn *c);
/* Flushes, moves on, and sets events and timer right; leaves DYING ones to the caller. */
void conn_turn_end(struct http_conn *c);
/* Writes what is queued as far as the socket takes it. */
void conn_flush(struct http_conn *c);
/* To be freed at the end of the turn; why goes to the log, NULL for the ordinary. */
void conn_drop(struct http_conn *c, const char *why);
/* Whether more of a stream may wait; what waits is tried on the socket before it is said to be too
 * much, for many pieces in one turn make no slow client. */
[[gnu::warn_unused_result]] bool conn_may_wait(struct http_conn *c);
/* Draining has begun. */
void conn_drain(struct http_conn *c);
/* Frees it at once; on_close is called if its exchange was not answered. */
void conn_free(struct http_conn *c);

/* request.c */

/* Makes of the bytes in `in` what can be made of them: an exchange at the handler, a refusal, or
 * BODY. false when more bytes are needed. */
bool request_take(struct http_conn *c);
/* The connection's own answer to what is no good request; it is its last one. */
void request_refuse(struct http_conn *c, const struct http_request *req, int status);
/* The same for a client that speaks plain HTTP where TLS is spoken. */
void request_refuse_plain(struct http_conn *c);
/* The same for a new connection that is one too many. */
void request_turn_away(struct http_conn *c);
/* The answer is a stream, which may last: gives back the memory of what the request said. */
void request_forget(struct http_conn *c);
/* The exchange is over, however it ended: forgets it. */
void request_end(struct http_conn *c);

/* reply.c */

/* Ends the header of a 101; the connection is UPGRADED then. */
void reply_upgrade(struct http_exchange *x);

#endif
