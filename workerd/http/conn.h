/*
 * The HTTP/1.1 server of one worker: its connections, and the requests on them.
 *
 * Who calls whom: the worker adopts descriptors with http_server_adopt(); the loop calls the
 * connections; a whole request goes to the handler as a struct http_exchange; the handler
 * answers it with the functions of reply.h, at once or later. Once per loop turn, after the loop's
 * callbacks, the worker calls http_server_turn_end():
 *
 *	while (!done) {
 *		event_base_loop(base, EVLOOP_ONCE);
 *		http_server_turn_end(server);
 *		… then whatever else is flushed per turn (the handlers may have queued there)
 *	}
 *
 * All that is answered in a turn leaves each connection in one write there, and what died in the
 * turn is freed there. So nothing that a handler calls ever frees an exchange under it, and
 * handlers are called from the loop only, never from within a reply function or from turn_end.
 *
 * Everything is bounded: struct http_limits. An idle connection holds no buffers.
 */
#ifndef WORKERD_HTTP_CONN_H
#define WORKERD_HTTP_CONN_H

#include "workerd/http/parse.h"

struct event_base;
struct tls;
struct http_server;
struct http_conn;
struct http_exchange;

struct http_limits {
	size_t head_max; /* bytes of request line and fields; over it: 414 or 431 */
	size_t body_max; /* bytes of any body, whatever its route says; over it: 413 */
	/* Bytes of a stream that may wait before one more piece is taken; without a replay's. */
	size_t output_max;
	/* Bytes of one whole answer, except those lent to reply_static(); of a last piece. */
	size_t answer_max;
	/* Bytes that the buffers of all connections may take together; over it those that have most are
	 * dropped, one with up to 64 KiB never. */
	size_t held_max;
	size_t message_max; /* bytes of a WebSocket's message that comes; over it: 1009 */
	/* Frames that may come on a WebSocket in ten seconds without ending a message: fragments,
	 * pings, pongs; over it: 1008. */
	unsigned frames_max;
	unsigned
	    pings_missed; /* a WebSocket that owes so many pongs when the next ping is due is cut */
	/* Milliseconds. */
	unsigned handshake_timeout; /* of TLS, from the accept */
	/* From the first byte (or the accept, or the end of the handshake) to the end of the head. */
	unsigned head_timeout;
	/* From there to the end of the body; for a WebSocket's message from its first byte to its last. */
	unsigned body_timeout;
	unsigned idle_timeout;  /* between an answer and the next request */
	unsigned ping_interval; /* of a WebSocket */
	unsigned stall_timeout; /* the client takes less than 16 KiB of what waits for it */
	/* How long the end waits for what is on its way: for what a refused client still sends, and
	 * in a draining server for the first request of a connection, and for a WebSocket's answer to
	 * our close. */
	unsigned linger_timeout;
	/* So often a refused client has another linger_timeout if it has sent something in the one
	 * before: it will look at its answer only when it has sent all. Not in a draining server, nor
	 * one that config.arrived has refused. */
	unsigned linger_times;
	/* Bytes of a refused client that are read and thrown away meanwhile; more wait unread. */
	size_t linger_max;
};

/* 16 KiB, 1 MiB, 256 KiB, 16 MiB, 256 MiB; 64 KiB, 4096, 2; 10 s, 10 s, 30 s, 75 s, 30 s, 30 s, 1 s,
 * 30, 16 MiB. */
extern const struct http_limits http_limits_default;

/* Where a connection comes from. */
struct http_peer {
	struct slice
	    address; /* 4 or 16 bytes in network order, or none (a Unix socket); copied */
	uint16_t port;
	bool loopback; /* accepted on a loopback listener */
};

/* What a request is about, as the server's user reads it from the head: part of a struct of its
 * own, which tells it more. */
struct http_route {
	size_t body_max; /* bytes of a body; limits.body_max counts too */
};

/*
 * One request and its answer. It lives until the handler has answered it (reply.h says by which
 * calls) or, when the client has gone before, until on_close has returned. It is the handler's to
 * fill data and on_close; everything else is to be read only.
 *
 * What the request said (req and body) is there until the end of the loop turn in which its answer has
 * begun as a stream, for thousands of streams may last for minutes. From then on req is an empty
 * request, and what stands here is left.
 *
 * Made also for requests that could not be read or were not waited for (400, 408, 413, 414, 417, 431, 501, 505): these never
 * reach the handler, but decorate and answered see them; then req may hold only a part, see
 * http_parse(), and a 408 holds none.
 */
struct http_exchange {
	const struct http_request *req;
	const struct http_route *route; /* NULL if the head could not be read */
	struct slice body;
	struct slice client; /* the peer's address: 4 or 16 bytes, or none */
	uint16_t client_port;
	bool loopback;
	bool tls;       /* came encrypted */
	uint8_t method; /* enum http_method, and the next two: as in the request */
	uint8_t minor_version;
	bool keep_alive;
	uint64_t number; /* of the connection, for log lines */

	void *
	    context; /* config.context_size bytes, zero at first, the user's for the whole life */
	void *data; /* the handler's own */
	/* The client is gone before the answer's end: forget x. May touch other exchanges, but must
	 * not answer this one. Called from http_server_turn_end() or http_server_free(). */
	void (*on_close)(struct http_exchange *x);

	int status;    /* of the answer; 0 until it has begun */
	uint64_t sent; /* bytes of the answer's body so far, without chunk framing */

	/* reply.c's and conn.c's own */
	struct http_conn *conn;
	enum { REPLY_NONE, REPLY_HEAD, REPLY_STREAM, REPLY_DONE } phase;
	bool chunked;
	bool replayed; /* reply_stream_replay() was called */
};

struct http_server_config {
	struct event_base *base;
	struct http_limits limits;
	void *ctx; /* handed to all of these */

	/* A request has come whole. Answer now, or keep x and answer later. Required. */
	void (*handle)(struct http_exchange *x, void *ctx);

	/* A connection has come. false: there are too many like it; it is answered 503 and closed.
	 * *place is the user's to set, and is told to left() when a connection that was let in ends,
	 * unless it is 0. Both may be NULL. */
	bool (*arrived)(const struct http_peer *peer, uint64_t *place, void *ctx);
	void (*left)(uint64_t place, void *ctx);

	/* What the request is about, asked once, when its head is there. The result must outlive the
	 * exchange. NULL: nobody asks, and limits.body_max holds for all. */
	const struct http_route *(*route)(const struct http_request *req, void *ctx);

	size_t context_size; /* bytes that each exchange has at x->context */

	/* An exchange has been made, one of an unreadable request too; comes before all else that is
	 * asked about it. May be NULL. */
	void (*begin)(struct http_exchange *x, void *ctx);

	/* Adds header lines, each with its CRLF, to every answer, also to those of unreadable
	 * requests: called by reply_start() when the status line is written. 0, or -1 when out is
	 * full. May be NULL. */
	int (*decorate)(struct http_exchange *x, struct buf *out, void *ctx);

	/* An answer has been queued whole, or was given up by reply_abort() or by the client's
	 * leaving (then after on_close): for counting and logging. May be NULL. */
	void (*answered)(struct http_exchange *x, void *ctx);
};

/* Aborts if libevent has no memory. Free with http_server_free() before the event base. */
struct http_server *http_server_new(const struct http_server_config *config);

/* Connections that config.arrived refuses and that may be under way to their end at a time; those
 * beyond are cut without an answer, so that a flood of them costs next to nothing. */
#define HTTP_TURNED_AWAY_MAX 256

/*
 * Takes over fd, a connected non-blocking stream socket; number names it in log lines. 0, or -1
 * with errno (ENOMEM and the like): fd is closed then too.
 */
[[gnu::warn_unused_result]] int http_server_adopt(
    struct http_server *s, int fd, uint64_t number, const struct http_peer *peer);

/* Connections adopted from now on speak TLS; tls must have an identity, and outlive the server. */
void http_server_use_tls(struct http_server *s, struct tls *tls);

/* Once per turn of the loop: see above. */
void http_server_turn_end(struct http_server *s);

/*
 * From now on idle connections are closed (one whose next request lies in the kernel already is
 * still served), all others after the answer they are at, which says Connection: close. WebSockets
 * are closed with 1001 and have linger_timeout to answer. One that
 * has not had a request yet, adopted before or after this, has linger_timeout to send it, and
 * before that its whole time for the handshake.
 */
void http_server_drain(struct http_server *s);

/* How many there are: connections, and requests at the handler or being answered. */
size_t http_server_connections(const struct http_server *s);
size_t http_server_exchanges(const struct http_server *s);

/* Closes everything; on_close is called for what was not answered. */
void http_server_free(struct http_server *s);

#endif
