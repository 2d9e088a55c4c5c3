/*
 * Answers: the bytes of status line, header, body and chunks, appended to the connection's output.
 * Nothing in here frees anything: a failure marks the connection, the end of the turn does the
 * rest.
 */
#include "workerd/http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/log.h"
#include "workerd/http/conn_internal.h"

/* Hexadecimal length and two CRLF around it all. */
#define CHUNK_FRAME 12u

const char *
http_status_reason(int status)
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
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* Where the answer goes; NULL when its client is gone already. */
static struct buf *
output(struct http_exchange *x)
{
	return x->conn->state == CONN_DYING ? NULL : &x->conn->out;
}

/* What an append that failed leads to: half an answer is none. */
static void
check(struct http_exchange *x, int appended)
{
	if (appended == -1)
		conn_drop(x->conn, "answer_too_large");
}

static void
put(struct http_exchange *x, struct slice s)
{
	struct buf *out = output(x);

	if (out != NULL)
		check(x, buf_append(out, s.p, s.len));
}

static bool
is_head(const struct http_exchange *x)
{
	return x->method == HTTP_HEAD;
}

/* RFC 9110, sections 8.6 and 6.4.1: these have no body and need no length. */
static bool
is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static void
end(struct http_exchange *x)
{
	x->phase = REPLY_DONE;
	server_touch(x->conn);
}

void
reply_start(struct http_exchange *x, int status)
{
	struct http_server *s = x->conn->server;
	struct buf *out = output(x);

	must(x->phase == REPLY_NONE && status >= 100 && status <= 599);
	x->phase = REPLY_HEAD;
	x->status = status;
	if (out == NULL)
		return;
	check(x,
	    buf_printf(out, "HTTP/1.1 %d %s\r\n%s", status, http_status_reason(status),
		server_date(s)));
	if (s->config.decorate != NULL)
		check(x, s->config.decorate(x, out, s->config.ctx));
}

/* Whether the value can stand in a header line: no control character but the tab. */
static bool
is_field_value(struct slice value)
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
	if (!is_field_value(value)) {
		log_event(LOG_ERROR, "header_left_out", L_UINT("conn", x->number),
		    L_STR("name", name));
		return;
	}
	put(x, slice_str(name));
	put(x, slice_str(": "));
	put(x, value);
	put(x, slice_str("\r\n"));
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

/* Ends the header; last means that the connection can serve no other request after this. */
static void
end_header(struct http_exchange *x, bool last)
{
	struct http_conn *c = x->conn;

	if (last || !x->keep_alive || c->refused || c->server->draining) {
		c->close_after = true;
		put(x, slice_str("Connection: close\r\n\r\n"));
	} else if (x->minor_version == 0) {
		put(x, slice_str("Connection: keep-alive\r\n\r\n"));
	} else {
		put(x, slice_str("\r\n"));
	}
}

/* The header of a whole answer with a body of len bytes; whether the body itself is to follow. */
static bool
whole_header(struct http_exchange *x, const char *content_type, size_t len)
{
	must(x->phase == REPLY_HEAD);
	if (is_bodiless(x->status)) {
		end_header(x, false);
		return false;
	}
	if (content_type != NULL)
		reply_header_str(x, "Content-Type", content_type);
	reply_header_fmt(x, "Content-Length", "%zu", len);
	end_header(x, false);
	return !is_head(x);
}

void
reply_body(struct http_exchange *x, const char *content_type, struct slice body)
{
	if (whole_header(x, content_type, body.len)) {
		put(x, body);
		x->sent = body.len;
	}
	end(x);
}

void
reply_static(struct http_exchange *x, const char *content_type, struct slice body)
{
	if (whole_header(x, content_type, body.len)) {
		x->conn->lent = body;
		x->sent = body.len;
	}
	end(x);
}

void
reply_empty(struct http_exchange *x)
{
	reply_body(x, NULL, (struct slice){NULL, 0});
}

void
reply_error_body(struct http_exchange *x, const char *code, const char *message)
{
	struct buf json;

	/* Else a cache may keep a 404, say, for what is there by then (RFC 9111, section 4.2.2). */
	reply_header_str(x, "Cache-Control", "no-store");
	/* An escaped byte has six at most. */
	buf_init(&json, 64 + 6 * 400);
	must(buf_append_str(&json, "{\"error\":\"") == 0 &&
	    json_escape(&json, slice_str(message)) == 0 &&
	    buf_append_str(&json, "\",\"code\":\"") == 0 &&
	    json_escape(&json, slice_str(code)) == 0 && buf_append_str(&json, "\"}") == 0);
	reply_body(x, "application/json; charset=utf-8", buf_slice(&json));
	buf_clear(&json);
}

void
reply_json_error(struct http_exchange *x, int status, const char *code, const char *message)
{
	reply_start(x, status);
	reply_error_body(x, code, message);
}

void
reply_turn_away(struct http_exchange *x)
{
	reply_start(x, 503);
	reply_header_str(x, "Retry-After", "10");
	reply_error_body(
	    x, "too_many_connections", "There are too many connections from your address");
}

void
reply_stream_begin(struct http_exchange *x, const char *content_type)
{
	must(x->phase == REPLY_HEAD && !is_bodiless(x->status));
	if (content_type != NULL)
		reply_header_str(x, "Content-Type", content_type);
	x->chunked = x->minor_version == 1;
	if (x->chunked)
		put(x, slice_str("Transfer-Encoding: chunked\r\n"));
	end_header(x, !x->chunked);
	x->conn->unframed = !x->chunked;
	x->phase = REPLY_STREAM;
	server_touch(x->conn);
}

void
reply_upgrade(struct http_exchange *x)
{
	struct http_conn *c = x->conn;

	must(x->phase == REPLY_HEAD && x->status == 101);
	put(x, slice_str("\r\n"));
	x->phase = REPLY_STREAM;
	if (c->state == CONN_ANSWER)
		c->state = CONN_UPGRADED;
	/* Frames may have come behind the request or during the wait for the answer. */
	c->again = true;
	server_touch(c);
}

/* Appends a piece as one chunk; an empty one would end the stream. */
static void
put_chunk(struct http_exchange *x, struct buf *out, struct slice piece)
{
	uint8_t *p = buf_reserve(out, piece.len + CHUNK_FRAME);
	size_t n = 0;

	if (p == NULL) {
		check(x, -1);
		return;
	}
	if (x->chunked)
		n = (size_t)snprintf((char *)p, CHUNK_FRAME, "%zx\r\n", piece.len);
	memcpy(p + n, piece.p, piece.len);
	n += piece.len;
	if (x->chunked) {
		p[n++] = '\r';
		p[n++] = '\n';
	}
	buf_commit(out, n);
	x->sent += piece.len;
}

int
reply_stream_write(struct http_exchange *x, struct slice piece)
{
	struct http_conn *c = x->conn;

	must(x->phase == REPLY_STREAM);
	/* A piece is taken whole, however long: who sends much at once makes no slow client. */
	if (c->state != CONN_DYING && !conn_may_wait(c))
		conn_drop(c, "slow_reader");
	if (c->state != CONN_DYING && piece.len > 0 && !is_head(x))
		put_chunk(x, &c->out, piece);
	server_touch(c);
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
	/* What waits before it counts for it from now on: a head and a line or two. */
	c->replay = buf_len(&c->out);
	return alive;
}

void
reply_stream_end(struct http_exchange *x)
{
	must(x->phase == REPLY_STREAM);
	if (x->chunked && !is_head(x))
		put(x, slice_str("0\r\n\r\n"));
	end(x);
}

void
reply_stream_end_with(struct http_exchange *x, struct slice last)
{
	struct buf *out = output(x);

	must(x->phase == REPLY_STREAM);
	if (out != NULL && last.len > 0 && !is_head(x))
		put_chunk(x, out, last);
	reply_stream_end(x);
}

void
reply_abort(struct http_exchange *x)
{
	must(x->phase != REPLY_DONE);
	conn_drop(x->conn, NULL);
	end(x);
}

bool
reply_is_whole(const struct http_exchange *x)
{
	return x->phase == REPLY_DONE;
}
