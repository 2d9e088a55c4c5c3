/*
 * A connection and the server that it belongs to: their state, and what the files above change in it.
 * Private to the HTTP server (conn_events.c, request.c, reply.c, http_server.c, ws/).
 */
#ifndef WORKERD_HTTP_CONN_H
#define WORKERD_HTTP_CONN_H

#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "workerd/http/date.h"
#include "workerd/http/http_config.h"
#include "workerd/http/io.h"
#include "workerd/http/message/chunked.h"

/*
 *	IDLE ──▶ HEAD ──▶ BODY ──▶ ANSWER ──▶ IDLE | HEAD …
 *	           │        │        ├──▶ RECEIVE ──▶ ANSWER
 *	           │        │        ├──▶ UPGRADED
 *	           │        │        │       │
 *	           └────────┴────────┴───────┴──▶ CLOSING ──▶ LINGER ──▶ DYING
 *
 * and from every state to DYING, when the client has left or breaks a limit.
 */
enum conn_state {
	CONN_IDLE,    /* between requests, or in the handshake before the first; no buffers */
	CONN_HEAD,    /* a request has begun */
	CONN_BODY,    /* its head is valid; the body is incomplete */
	CONN_ANSWER,  /* there is an exchange */
	CONN_RECEIVE, /* there is one, and its handler waits for a piece of the body (body.h) */
	CONN_UPGRADED, /* it speaks another protocol now (WebSocket) */
	CONN_CLOSING,  /* the last reply is queued; the rest of the output goes out */
	CONN_LINGER,   /* our side is shut down; input is discarded */
	CONN_DYING,    /* freed at the end of the turn */
};

/* The purpose of the connection's one timer. */
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

/* The protocol of an upgraded connection. arg is conn->protocol_arg. */
struct conn_protocol {
	/* Received bytes. Called from the loop only, as handlers are. */
	void (*take)(void *arg, struct slice bytes);
	/* The peer has shut down its side. */
	void (*ended)(void *arg);
	/* The timer that timer() asked for has expired. */
	void (*expired)(void *arg, enum conn_timer timer);
	enum conn_timer (*timer)(const void *arg);
	/* The server drains. */
	void (*drain)(void *arg);
	/* The turn ends. May end the exchange and free arg. */
	void (*turn_end)(void *arg);
};

/* A streamed body that was not taken completely (body.h). */
struct streamed_body {
	struct buf come;  /* bytes that have come and were not taken */
	uint64_t left;    /* bytes that were not taken */
	size_t piece;     /* RECEIVE: bytes that the handler waits for, */
	http_body_fn *fn; /* and where it takes them */
	void *arg;
	bool expects_continue; /* the client waits for 100 (Continue) */
};

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
	size_t replay;             /* bytes at the front of out that output_max ignores */
	struct slice static_body;  /* of reply_static(), sent after out */
	struct conn_exchange *box; /* in ANSWER, RECEIVE and UPGRADED */
	const struct conn_protocol *protocol; /* in UPGRADED, else NULL */
	void *protocol_arg;
	const struct http_route *route; /* of the request that is being read */
	/* BODY, ANSWER, UPGRADED: bytes of the request in `in`; 0 after request_release(). While a chunked
	 * body comes, its decoded bytes so far. */
	size_t need;
	struct chunked chunks;          /* BODY: if the body is chunked */
	struct streamed_body *streamed; /* ANSWER and RECEIVE: NULL for other bodies */
	size_t lingered;                /* LINGER: bytes discarded */
	unsigned lingers;               /* LINGER: how often its timeout was extended */
	size_t held;                    /* bytes of its buffers, as counted in server->held */
	size_t stall_left; /* bytes that the client must take before the stall timer restarts */
	uint64_t number;
	uint64_t slot; /* set by config.admit */
	uint8_t address[16];
	uint8_t address_len;
	uint8_t state;    /* enum conn_state */
	uint8_t timer_on; /* enum conn_timer */
	short watching;   /* events that `event` is added for; 0: not added */
	uint16_t port;
	bool loopback;
	bool unannounced;
	bool touched;         /* in the server's list for the end of the turn */
	bool served;          /* it has had a reply */
	bool eof;             /* the client has shut down its side */
	bool input_waits;     /* ANSWER: there is more input, which stays in the kernel */
	bool chunked;         /* BODY: the coding of the body */
	bool refused;         /* the last reply began before the request was complete */
	bool close_after;     /* the reply has said Connection: close */
	bool unframed;        /* the end of the connection ends the body that is being sent */
	bool blocked;         /* the socket takes no more now */
	bool rejected;        /* by config.admit */
	bool linger_received; /* LINGER: input has come since the timer began */
	bool read_again;      /* there may be input that no event will announce */
};

/* An exchange with its request, which is separate memory, and the user's context. */
struct conn_exchange {
	struct http_exchange x;
	struct http_request *req; /* NULL after request_release() */
	_Alignas(max_align_t) uint8_t context[];
};

/* Connections with events after which a turn of the loop ends: thousands of clients that leave at once must not
 * delay the others, nor what the turn has queued. */
#define TOUCHED_MAX 256u

#define SCRATCH_SIZE (64u * 1024)

/* One line a second about refused PROXY headers, so that a flood of them cannot fill the log. */
struct proxied_log {
	uint64_t next_ms; /* clock_mono_ms() */
	size_t hidden;    /* refusals since the last line */
};

/* A connection that holds no more bytes is not worth dropping to save memory. */
#define CONN_HELD_LITTLE 65536u

struct http_server {
	struct http_server_config config;
	struct tls *tls;                        /* NULL: connections are plain */
	const struct timeval *timeouts[TIMERS]; /* libevent's common timeouts: O(1) each */
	TAILQ_HEAD(conn_all, http_conn) all;
	TAILQ_HEAD(conn_touched, http_conn) touched;
	TAILQ_HEAD(conn_proxied, proxied)
	proxied; /* they wait for a PROXY header; counted as connections */
	struct proxied_log proxied_log;
	size_t touched_n; /* connections that were put into it since the last turn */
	size_t connections;
	size_t exchanges;
	size_t rejected; /* open connections that config.admit rejected */
	size_t held;     /* bytes of the buffers of all connections */
	bool heavy;      /* a connection may hold enough to be worth dropping */
	bool draining;
	struct event drain;           /* drains the next connections */
	struct http_conn *drain_next; /* NULL: none is left */
	struct date date;
	struct http_header headers[HTTP_HEADERS_MAX]; /* requests are parsed into it */
	uint8_t scratch[SCRATCH_SIZE];                /* sockets are read into it */
};

/* Bytes that the client has still to take. */
size_t conn_waiting(const struct http_conn *c);

/* Puts the connection into the list for the end of the turn. */
void conn_touch(struct http_conn *c);

/* Writes the queued output as far as the socket takes it. */
void conn_flush(struct http_conn *c);

/* Marks the connection to be freed at the end of the turn. why is logged; NULL for a normal end. */
void conn_drop(struct http_conn *c, const char *why);

/* Whether one more piece of a stream may be queued. Tries to write before it says no, because many pieces
 * in one turn do not mean that the client is slow. */
[[gnu::warn_unused_result]] bool conn_may_wait(struct http_conn *c);

#endif
