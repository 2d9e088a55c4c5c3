/*
 * Replies to a struct http_exchange.
 *
 *	whole:    reply_start(), reply_header()…, reply_body() | reply_static() | reply_error_body()
 *	streamed: reply_start(), reply_header()…, reply_stream_begin(),
 *	          reply_stream_write() | reply_stream_replay()…,
 *	          reply_stream_end() | reply_stream_end_with()
 *
 * The last call ends the exchange: its pointer must not be used afterwards. These functions write Date,
 * Connection and the framing (Content-Length, Transfer-Encoding); a reply to HEAD has the header of GET
 * and no body; replies of 204 and 304 have neither body nor length.
 *
 * Nothing is sent before http_server_turn_end(), except when a stream reaches its limit. A connection that
 * fails in here is dropped at the end of the turn, and on_close is called then, never inside these calls.
 * Calls in a wrong order are bugs of the caller and abort.
 */
#ifndef WORKERD_HTTP_REPLY_H
#define WORKERD_HTTP_REPLY_H

#include "workerd/http/http_exchange.h"

/* Writes the status line, Date, and the header lines of config.decorate. 100 <= status <= 599. */
void reply_start(struct http_exchange *x, int status);

/*
 * Writes a header line. A value with a control character is left out and logged, so that nothing that a
 * client sent can break out of its line. reply_header_fmt() leaves out and logs values over 255 bytes.
 */
void reply_header(struct http_exchange *x, const char *name, struct slice value);
void reply_header_str(struct http_exchange *x, const char *name, const char *value);
[[gnu::format(printf, 3, 4)]] void reply_header_fmt(
    struct http_exchange *x, const char *name, const char *fmt, ...);

/* Ends the reply with this body, which is copied. content_type NULL: none. A body over limits.reply_max
 * drops the connection, and is logged. */
void reply_body(struct http_exchange *x, const char *content_type, struct slice body);

/* Like reply_body(), but does not copy the body, which must outlive the server. */
void reply_static(struct http_exchange *x, const char *content_type, struct slice body);

/* Ends the reply without a body: 204, 304, or Content-Length: 0. */
void reply_empty(struct http_exchange *x);

/* Ends the reply with {"error":"message","code":"code"}, both UTF-8 and under 200 bytes, and with
 * Cache-Control: no-store. */
void reply_error_body(struct http_exchange *x, const char *code, const char *message);
void reply_error_text(struct http_exchange *x, const char *code, struct slice message);

/* reply_start() and reply_error_body() in one. */
void reply_json_error(
    struct http_exchange *x, int status, const char *code, const char *message);

/* The complete reply to an address with too many connections: 503, Retry-After: 10. */
void reply_too_many_connections(struct http_exchange *x);

/* Begins a body of unknown length: chunked (RFC 9112, section 7.1); for a client of HTTP/1.0 the
 * end of the connection ends it. */
void reply_stream_begin(struct http_exchange *x, const char *content_type);

/*
 * Queues a piece of the body as one chunk. 0, or -1 when the client has left, or is so slow that over
 * limits.output_max is queued already: nothing more can be sent, and on_close will be called.
 */
int reply_stream_write(struct http_exchange *x, struct slice piece);

/* Bytes of the stream that the client has still to take. */
size_t reply_stream_waiting(const struct http_exchange *x);

/*
 * Like reply_stream_write(), for the text from before the stream began, once per stream. limits.output_max
 * does not count it, so that a client that resumes late on a slow line gets all that it missed. The stall
 * timeout holds, and limits.reply_max as for reply_body().
 */
int reply_stream_replay(struct http_exchange *x, struct slice piece);

void reply_stream_end(struct http_exchange *x);

/*
 * Ends the stream after a last piece, which limits.output_max does not count because nothing follows it.
 * limits.reply_max holds as for reply_body(), and the stall timeout.
 */
void reply_stream_end_with(struct http_exchange *x, struct slice last);

/*
 * Sends bytes that mean nothing, where HTTP/1.1 has such: 100 Continue before the reply (RFC 9110, section
 * 15.2), a leading zero of the next chunk's size (RFC 9112, section 7.1). A client that has closed its socket
 * answers them with a reset; one that has only shut down its side skips them.
 */
void reply_probe(struct http_exchange *x);

/* Gives the reply up in any phase: drops the connection, so that the client sees that the body is
 * incomplete (a client of HTTP/1.0 by a reset). Ends the exchange without on_close. */
void reply_abort(struct http_exchange *x);

/* Ends the header of a 101; the connection is UPGRADED then. For ws.c. */
void reply_upgrade(struct http_exchange *x);

/* Whether the reply was queued completely; else its client left earlier. For config.replied. */
bool reply_is_complete(const struct http_exchange *x);

/* "Not Found" for 404; "Unknown" for a status that has no name here. */
const char *reply_status_reason(int status);

#endif
