/*
 * Appends status line, header, body and chunks to the connection's output. Nothing in here frees anything:
 * a failure marks the connection, and the end of the turn frees it.
 */
#include "workerd/http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/log.h"
#include "workerd/http/body_conn.h"
#include "workerd/http/conn.h"

/* Hexadecimal length and two CRLF around it all. */
#define CHUNK_FRAME 12u

/* Most heads are shorter, with their body if that is short too: one allocation holds them. */
#define HEAD_USUAL 512u

const char *
reply_status_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {101, "Switching Protocols"},
	    {200, "OK"},
	    {201, "Created"},
	    {202, "Accepted"},
	    {204, "No Content"},
	    {302, "Found"},
	    {303, "See Other"},
	    {304, "Not Modified"},
	    {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {410, "Gone"},
	    {411, "Length Required"},
	    {412, "Precondition Failed"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {422, "Unprocessable Content"},
	    {426, "Upgrade Required"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {502, "Bad Gateway"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	    {507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* NULL when the client has left. */
static struct buf *
reply_output(struct http_exchange *x)
{
	return x->conn->state == CONN_DYING ? NULL : &x->conn->out;
}

/* Drops the connection after a failed append, because a part of a reply is useless. */
static void
reply_check(struct http_exchange *x, int appended)
{
	if (appended == -1)
		conn_drop(x->conn, "answer_too_large");
}

static void
reply_put(struct http_exchange *x, struct slice s)
{
	struct buf *out = reply_output(x);

	if (out != NULL)
		reply_check(x, buf_append(out, s.p, s.len));
}

static void
reply_put_str(struct http_exchange *x, const char *s)
{
	reply_put(x, slice_str(s));
}

static void
reply_put_number(struct http_exchange *x, size_t n)
{
	struct buf *out = reply_output(x);

	if (out != NULL)
		reply_check(x, buf_append_number(out, n));
}

static bool
reply_is_head(const struct http_exchange *x)
{
	return x->method == HTTP_HEAD;
}

/* Replies without body and length (RFC 9110, sections 8.6 and 6.4.1). */
static bool
reply_is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static void
reply_finish(struct http_exchange *x)
{
	x->phase = REPLY_DONE;
	conn_touch(x->conn);
}

void
reply_start(struct http_exchange *x, int status)
{
	struct http_server *s = x->conn->server;
	struct buf *out = reply_output(x);

	must(x->phase == REPLY_NONE && status >= 100 && status <= 599);
	x->phase = REPLY_HEAD;
	x->status = status;
	if (out == NULL)
		return;
	reply_check(x, buf_reserve(out, HEAD_USUAL) == NULL ? -1 : 0);
	reply_put_str(x, "HTTP/1.1 ");
	reply_put_number(x, (size_t)status);
	reply_put_str(x, " ");
	reply_put_str(x, reply_status_reason(status));
	reply_put_str(x, "\r\n");
	reply_put_str(x, date_line(&s->date));
	if (s->config.decorate != NULL)
		reply_check(x, s->config.decorate(x, out, s->config.ctx));
}

/* Whether the value has no control character but tabs. */
static bool
reply_is_field_value(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
			return false;
	return true;
}

void
reply_header(struct http_exchange *x, const char *name, struct slice value)
{
	must(x->phase == REPLY_HEAD);
	if (!reply_is_field_value(value)) {
		log_event(LOG_ERROR, "header_left_out", L_UINT("conn", x->number),
		    L_STR("name", name));
		return;
	}
	reply_put_str(x, name);
	reply_put_str(x, ": ");
	reply_put(x, value);
	reply_put_str(x, "\r\n");
}

void
reply_header_str(struct http_exchange *x, const char *name, const char *value)
{
	reply_header(x, name, slice_str(value));
}

void
reply_header_fmt(struct http_exchange *x, const char *name, const char *fmt, ...)
{
	char value[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		log_event(LOG_ERROR, "header_left_out", L_UINT("conn", x->number),
		    L_STR("name", name));
	else
		reply_header(x, name, (struct slice){(const uint8_t *)value, (size_t)n});
}

/* Ends the header. last: the connection can serve no other request. */
static void
reply_end_header(struct http_exchange *x, bool last)
{
	struct http_conn *c = x->conn;

	/* The rest of a streamed body may still come. */
	c->refused |= body_left(c) > 0;
	if (last || !x->keep_alive || c->refused || c->server->draining) {
		c->close_after = true;
		reply_put_str(x, "Connection: close\r\n\r\n");
	} else if (x->minor_version == 0) {
		reply_put_str(x, "Connection: keep-alive\r\n\r\n");
	} else {
		reply_put_str(x, "\r\n");
	}
}

/* Writes the header of a reply with a body of len bytes. Whether the body is to be sent. */
static bool
reply_whole_header(struct http_exchange *x, const char *content_type, size_t len)
{
	must(x->phase == REPLY_HEAD);
	if (reply_is_bodiless(x->status)) {
		reply_end_header(x, false);
		return false;
	}
	if (content_type != NULL)
		reply_header_str(x, "Content-Type", content_type);
	reply_put_str(x, "Content-Length: ");
	reply_put_number(x, len);
	reply_put_str(x, "\r\n");
	reply_end_header(x, false);
	return !reply_is_head(x);
}

void
reply_body(struct http_exchange *x, const char *content_type, struct slice body)
{
	if (reply_whole_header(x, content_type, body.len)) {
		reply_put(x, body);
		x->sent = body.len;
	}
	reply_finish(x);
}

void
reply_static(struct http_exchange *x, const char *content_type, struct slice body)
{
	if (reply_whole_header(x, content_type, body.len)) {
		x->conn->static_body = body;
		x->sent = body.len;
	}
	reply_finish(x);
}

void
reply_empty(struct http_exchange *x)
{
	reply_body(x, NULL, (struct slice){NULL, 0});
}

void
reply_error_text(struct http_exchange *x, const char *code, struct slice message)
{
	struct buf json;

	/* A cache may otherwise serve a 404 for an object that exists by then (RFC 9111, 4.2.2). */
	reply_header_str(x, "Cache-Control", "no-store");
	/* JSON escapes a byte to six bytes at most. */
	buf_init(&json, 128 + 6 * message.len);
	must(buf_append_str(&json, "{\"error\":\"") == 0 && json_escape(&json, message) == 0 &&
	    buf_append_str(&json, "\",\"code\":\"") == 0 &&
	    json_escape(&json, slice_str(code)) == 0 && buf_append_str(&json, "\"}") == 0);
	reply_body(x, "application/json; charset=utf-8", buf_slice(&json));
	buf_clear(&json);
}

void
reply_error_body(struct http_exchange *x, const char *code, const char *message)
{
	reply_error_text(x, code, slice_str(message));
}

void
reply_json_error(struct http_exchange *x, int status, const char *code, const char *message)
{
	reply_start(x, status);
	reply_error_body(x, code, message);
}

void
reply_too_many_connections(struct http_exchange *x)
{
	reply_start(x, 503);
	reply_header_str(x, "Retry-After", "10");
	reply_error_body(x, "too_many_connections", "Too many connections from your address");
}

void
reply_stream_begin(struct http_exchange *x, const char *content_type)
{
	must(x->phase == REPLY_HEAD && !reply_is_bodiless(x->status));
	if (content_type != NULL)
		reply_header_str(x, "Content-Type", content_type);
	x->chunked = x->minor_version == 1;
	if (x->chunked)
		reply_put_str(x, "Transfer-Encoding: chunked\r\n");
	reply_end_header(x, !x->chunked);
	x->conn->unframed = !x->chunked;
	x->phase = REPLY_STREAM;
	conn_touch(x->conn);
}

void
reply_upgrade(struct http_exchange *x)
{
	struct http_conn *c = x->conn;

	must(x->phase == REPLY_HEAD && x->status == 101);
	reply_put_str(x, "\r\n");
	x->phase = REPLY_STREAM;
	if (c->state == CONN_ANSWER)
		c->state = CONN_UPGRADED;
	/* Frames may have come with the request or before the reply. */
	c->read_again = true;
	conn_touch(c);
}

/* Writes the line before a chunk's bytes. Without printf, as each token of a stream is a chunk. Returns its length,
 * at most CHUNK_FRAME - 2. */
static size_t
reply_chunk_line(uint8_t *p, size_t len)
{
	size_t n = 1;

	for (size_t rest = len; (rest >>= 4) > 0;)
		n++;
	for (size_t i = n; i-- > 0; len >>= 4)
		p[i] = (uint8_t) "0123456789abcdef"[len & 15];
	p[n++] = '\r';
	p[n++] = '\n';
	return n;
}

/* Appends a piece as one chunk; an empty one would end the stream. */
static void
reply_put_chunk(struct http_exchange *x, struct buf *out, struct slice piece)
{
	uint8_t *p = buf_reserve(out, piece.len + CHUNK_FRAME);
	size_t n = 0;

	if (p == NULL) {
		reply_check(x, -1);
		return;
	}
	if (x->chunked)
		n = reply_chunk_line(p, piece.len);
	must(slice_copy(piece, p + n, piece.len));
	n += piece.len;
	if (x->chunked) {
		p[n++] = '\r';
		p[n++] = '\n';
	}
	buf_commit(out, n);
	x->sent += piece.len;
}

size_t
reply_stream_waiting(const struct http_exchange *x)
{
	return conn_waiting(x->conn);
}

int
reply_stream_write(struct http_exchange *x, struct slice piece)
{
	struct http_conn *c = x->conn;

	must(x->phase == REPLY_STREAM);
	/* A piece is queued whole, however long: a long piece does not mean a slow client. */
	if (c->state != CONN_DYING && !conn_may_wait(c))
		conn_drop(c, "slow_reader");
	if (c->state != CONN_DYING && piece.len > 0 && !reply_is_head(x))
		reply_put_chunk(x, &c->out, piece);
	conn_touch(c);
	return c->state == CONN_DYING ? -1 : 0;
}

int
reply_stream_replay(struct http_exchange *x, struct slice piece)
{
	struct http_conn *c = x->conn;
	int alive;

	must(!x->replayed);
	x->replayed = true;
	alive = reply_stream_write(x, piece);
	/* Includes the little that is queued before it: a head and a line or two. */
	c->replay = buf_len(&c->out);
	return alive;
}

void
reply_stream_end(struct http_exchange *x)
{
	must(x->phase == REPLY_STREAM);
	if (x->chunked && !reply_is_head(x))
		reply_put_str(x, "0\r\n\r\n");
	reply_finish(x);
}

void
reply_stream_end_with(struct http_exchange *x, struct slice last)
{
	struct buf *out = reply_output(x);

	must(x->phase == REPLY_STREAM);
	if (out != NULL && last.len > 0 && !reply_is_head(x))
		reply_put_chunk(x, out, last);
	reply_stream_end(x);
}

void
reply_probe(struct http_exchange *x)
{
	if (x->minor_version == 0 || reply_is_head(x))
		return;
	if (x->phase == REPLY_NONE)
		reply_put_str(x, "HTTP/1.1 100 Continue\r\n\r\n");
	else if (x->phase == REPLY_STREAM && x->chunked)
		reply_put_str(x, "0");
	conn_touch(x->conn);
}

void
reply_abort(struct http_exchange *x)
{
	must(x->phase != REPLY_DONE);
	conn_drop(x->conn, NULL);
	reply_finish(x);
}

bool
reply_is_complete(const struct http_exchange *x)
{
	return x->phase == REPLY_DONE;
}
