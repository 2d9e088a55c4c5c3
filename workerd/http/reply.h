/*
 * Answers to a struct http_exchange.
 *
 *	whole:    reply_start(), reply_header()…, reply_body() | reply_static() | reply_error_body()
 *	streamed: reply_start(), reply_header()…, reply_stream_begin(),
 *	          reply_stream_write() | reply_stream_replay()…,
 *	          reply_stream_end() | reply_stream_end_with()
 *
 * The call in the last place ends the exchange: its pointer must not be used after it. Date,
 * Connection and the framing (Content-Length, Transfer-Encoding) are written here; HEAD gets the
 * same header as GET and no body; answers of 204 and 304 have neither body nor length.
 *
 * Nothing is sent before http_server_turn_end(), except when a stream's bound makes it necessary.
 * A connection that fails in here is dropped at the end of the turn, and on_close is called then,
 * never inside these calls. Calls in a wrong order are bugs of the caller and abort.
 */
#ifndef WORKERD_HTTP_REPLY_H
#define WORKERD_HTTP_REPLY_H

#include "workerd/http/conn.h"

/* The status line, the Date, and what the server's decorate adds. 100 <= status <= 599. */
void reply_start(struct http_exchange *x, int status);

/*
 * One header line. A value with a control character in it is left out and logged: nothing that a
 * client sent can break out of its line. The printf form holds values to 255 bytes (longer: left
 * out and logged).
 */
void reply_header(struct http_exchange *x, const char *name, struct slice value);
void reply_header_str(struct http_exchange *x, const char *name, const char *value);
[[gnu::format(printf, 3, 4)]] void reply_header_fmt(
    struct http_exchange *x, const char *name, const char *fmt, ...);

/* Ends the answer with this body, which is copied. content_type NULL: none. A body that does not
 * fit into limits.answer_max drops the connection (logged: pages should have been smaller). */
void reply_body(struct http_exchange *x, const char *content_type, struct slice body);

/* As reply_body(), but the body is not copied: it must outlive the server. */
void reply_static(struct http_exchange *x, const char *content_type, struct slice body);

/* Ends the answer without a body: 204, 304, or Content-Length: 0. */
void reply_empty(struct http_exchange *x);

/* Ends the answer with {"error":"message","code":"code"}, both UTF-8 and under 200 bytes, and with
 * Cache-Control: no-store. */
void reply_error_body(struct http_exchange *x, const char *code, const char *message);

/* reply_start() and reply_error_body() in one. */
void reply_json_error(
    struct http_exchange *x, int status, const char *code, const char *message);

/* The whole answer to who has too many connections: 503, come again in ten seconds. */
void reply_turn_away(struct http_exchange *x);

/* Begins a body of unknown length: chunked (RFC 9112, section 7.1); for a client of HTTP/1.0 the
 * end of the connection ends it. */
void reply_stream_begin(struct http_exchange *x, const char *content_type);

/*
 * Queues a piece of the body, as one chunk. 0, or -1 when the client is gone or so slow that over
 * limits.output_max waits for it already: nothing more can be sent, on_close will be called.
 */
int reply_stream_write(struct http_exchange *x, struct slice piece);

/*
 * The same for what was there before the stream began, once in a stream: limits.output_max does not
 * count while it waits, so that a client that came back late, and slowly, gets all it missed. The
 * stall time-out holds, and limits.answer_max as for reply_body().
 */
int reply_stream_replay(struct http_exchange *x, struct slice piece);

void reply_stream_end(struct http_exchange *x);

/*
 * The same after a last piece, for which limits.output_max does not count: since nothing can follow
 * it, it waits whole for a client of any speed, bounded by limits.answer_max (over it: as
 * reply_body()) and the stall time-out.
 */
void reply_stream_end_with(struct http_exchange *x, struct slice last);

/* Gives the answer up in any phase: the connection is cut, so that the client sees that the body
 * is not whole (for a client of HTTP/1.0 by a reset). Ends the exchange without on_close. */
void reply_abort(struct http_exchange *x);

/* Whether the answer was queued to its end; else its client has left before. For config.answered. */
bool reply_is_whole(const struct http_exchange *x);

/* "Not Found" for 404; "Unknown" for a status that has no name here. */
const char *http_status_reason(int status);

#endif
