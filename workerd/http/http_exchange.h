/*
 * The types that the HTTP server shares with its user: limits, the peer of a connection, and a request
 * with its reply (struct http_exchange).
 */
#ifndef WORKERD_HTTP_HTTP_EXCHANGE_H
#define WORKERD_HTTP_HTTP_EXCHANGE_H

#include "workerd/http/message/http_parse.h"

struct http_conn;

struct http_limits {
	size_t head_max; /* bytes of request line and header; over it: 414 or 431 */
	size_t body_max; /* bytes of any body, whatever its route allows; over it: 413 */
	/* Bytes of a stream that may be queued when one more piece is added; a replay does not count. */
	size_t output_max;
	/* Bytes of a whole reply, except the body of reply_static(); bytes of a stream's last piece. */
	size_t reply_max;
	/* Bytes of the buffers of all connections. Over it the connections that hold most are dropped;
	 * one that holds up to 64 KiB is never dropped. */
	size_t held_max;
	size_t
	    message_max; /* bytes of a received WebSocket message; over it: close code 1009 */
	/* Frames of a WebSocket in ten seconds that end no message (fragments, pings, pongs); over it:
	 * close code 1008. */
	unsigned frames_max;
	unsigned pings_missed; /* unanswered pings after which a WebSocket is dropped */
	/* Timeouts in milliseconds. */
	unsigned handshake_timeout; /* of TLS, from the accept */
	/* From the first byte (or the accept, or the end of the handshake) to the end of the head. */
	unsigned head_timeout;
	/* From there to the end of the body; for a WebSocket message from its first byte to its last. */
	unsigned body_timeout;
	unsigned idle_timeout;  /* between a reply and the next request */
	unsigned ping_interval; /* of a WebSocket */
	unsigned stall_timeout; /* the client takes less than 16 KiB of the queued output */
	/* How long a closing connection reads on: what a refused client still sends; in a draining
	 * server the first request of a connection; the peer's reply to our WebSocket close. */
	unsigned linger_timeout;
	/* How many more linger_timeouts a refused client gets as long as it keeps sending: it looks at
	 * its reply only after it has sent everything. Not in a draining server, and not for a
	 * connection that config.admit rejected. */
	unsigned linger_times;
	/* Bytes of a refused client that are read and discarded meanwhile; more stay in the kernel. */
	size_t linger_max;
};

/* 16 KiB, 1 MiB, 256 KiB, 16 MiB, 256 MiB; 64 KiB, 4096, 2; 10 s, 10 s, 30 s, 75 s, 30 s, 30 s, 1 s,
 * 30, 24 MiB. */
extern const struct http_limits http_limits_default;

/* Where a connection comes from. */
struct http_peer {
	struct slice
	    address; /* 4 or 16 bytes in network order, or none (a Unix socket); copied */
	uint16_t port;
	bool loopback;    /* accepted on a loopback listener */
	bool unannounced; /* of a proxy whose PROXY header names no client */
};

/* Takes a piece of a streamed body (body.h), which is borrowed. Called from the loop, never from within
 * http_body_take(). piece.p is NULL if it has not come within limits.body_timeout: reply 408. */
typedef void http_body_fn(void *arg, struct slice piece);

#define HTTP_BODY_PIECE_MAX (1024u * 1024) /* bytes */

/* What the server must know of a request's route. The user embeds it in a struct of its own. */
struct http_route {
	size_t body_max; /* bytes of a body; limits.body_max holds too, unless it is streamed */
	/* The handler is called before the body has come, and takes it in pieces (body.h): x->body is empty. A request
	 * without Content-Length is refused with 411, as its length must be known. */
	bool streamed;
};

/*
 * One request and its reply. It lives until the handler has replied (reply.h says by which calls) or,
 * if the client leaves first, until on_close has returned. The handler may set data and on_close;
 * everything else is read-only.
 *
 * The request (req and body) is valid until the end of the loop turn in which its reply begins as a
 * stream, because thousands of streams may last for minutes. After that req is an empty request, and the
 * copies in this struct stay.
 *
 * Also made for requests that are refused before they are read (400, 408, 411, 413, 414, 417, 431, 501, 505).
 * These never reach the handler, but decorate and replied see them; req then holds what was parsed (see
 * http_parse()), nothing for 408.
 */
struct http_exchange {
	const struct http_request *req;
	const struct http_route *route; /* NULL if the head could not be read */
	struct slice body;
	struct slice client; /* the peer's address: 4 or 16 bytes, or none */
	uint16_t client_port;
	bool loopback;
	bool unannounced; /* as in struct http_peer */
	bool tls;
	uint8_t method; /* enum http_method, and the next two: copies of the request's */
	uint8_t minor_version;
	bool keep_alive;
	uint64_t number; /* of the connection, for log lines */

	void *context; /* config.context_size bytes, zero at first, for the user */
	void *data;    /* the handler's own */
	/* The client has left before the end of the reply: drop all references to x. May touch other
	 * exchanges, but must not reply to this one. Called from http_server_turn_end() or
	 * http_server_free(). */
	void (*on_close)(struct http_exchange *x);

	/* Set by the handler: a client that shuts down its side has left. Otherwise it gets the reply. */
	bool eof_is_end;

	int status;    /* of the reply; 0 until it begins */
	uint64_t sent; /* bytes of the reply's body so far, without chunk framing */

	/* private to the server */
	struct http_conn *conn;
	enum { REPLY_NONE, REPLY_HEAD, REPLY_STREAM, REPLY_DONE } phase;
	bool chunked;
	bool replayed; /* reply_stream_replay() was called */
};

#endif
