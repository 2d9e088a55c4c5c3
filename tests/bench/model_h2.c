/*
 * The streams of one connection. The stub writes HTTP/1.1: a request is translated into that, and a reply from it.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/bench/model.h"

#define CONCURRENT_MAX 128
#define OUT_MAX        ((size_t)64 << 10) /* collect no more before these are sent */
#define HEAD_MAX       ((size_t)32 << 10)

static struct model_reply *
reply_of(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct model_reply *r = model_reply_new(arg);

	r->stream = frame->hd.stream_id;
	must(nghttp2_session_set_stream_user_data(session, r->stream, r) == 0);
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
	struct model_reply *r = reply_of(session, frame->hd.stream_id);
	struct slice n = {name, name_len};

	(void)flags;
	(void)arg;
	if (slice_eq_str(n, ":method"))
		snprintf(r->method, sizeof(r->method), "%s", (const char *)value);
	else if (slice_eq_str(n, ":path"))
		snprintf(r->path, sizeof(r->path), "%s", (const char *)value);
	else if (name[0] != ':' && !slice_eq_str(n, "host") &&
	    !slice_eq_str(n, "content-length"))
		putf(&r->head, "%s: %.*s\r\n", (const char *)name, (int)value_len,
		    (const char *)value);
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
    void *arg)
{
	struct model_reply *r = reply_of(session, stream);

	(void)flags;
	(void)arg;
	put(&r->body, p, n);
	return 0;
}

static void
begin_reply(struct model_reply *r)
{
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request request = {.headers = headers};
	struct http_parser parser;
	struct buf text = put_start(), body = r->body;
	size_t used;
	int status;

	r->body = put_start();
	putf(&text, "%s %s HTTP/1.1\r\nhost: localhost\r\n", r->method, r->path);
	put_slice(&text, buf_slice(&r->head));
	put_str(&text, "\r\n");
	http_parser_init(&parser, HEAD_MAX);
	must(http_parse(&parser, buf_slice(&text), &request, &used, &status) == HTTP_OK);
	model_reply_begin(r, &request, buf_slice(&body));
	buf_clear(&text);
	buf_clear(&body);
	buf_clear(&r->head);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	bool is_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	(void)arg;
	if (is_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		begin_reply(reply_of(session, frame->hd.stream_id));
	return 0;
}

static int
on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *arg)
{
	struct model_reply *r = reply_of(session, stream);

	(void)error;
	(void)arg;
	if (r != NULL)
		model_reply_free(r);
	return 0;
}

static ssize_t
read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size, uint32_t *flags,
    nghttp2_data_source *source, void *arg)
{
	struct model_reply *r = reply_of(session, stream);
	size_t n = buf_len(&r->body) < size ? buf_len(&r->body) : size;

	(void)source;
	(void)arg;
	if (n == 0 && !r->ended)
		return NGHTTP2_ERR_DEFERRED;
	memcpy(to, buf_data(&r->body), n);
	buf_consume(&r->body, n);
	buf_release(&r->body);
	if (r->ended && buf_len(&r->body) == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define FIELD(name, value)                                                                 \
	{                                                                                  \
		(uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), strlen(name), \
		    strlen(value), 0                                                       \
	}

static void
submit_head(struct model_reply *r)
{
	int status = r->response.head.status;
	char text[8];
	nghttp2_nv fields[] = {FIELD(":status", text),
	    FIELD("content-type", status == 200 ? "text/event-stream" : "application/json")};
	nghttp2_data_provider provider = {.read_callback = read_body};

	fields[0].valuelen = (size_t)snprintf(text, sizeof(text), "%d", status);
	must(nghttp2_submit_response(
		 r->conn->h2, r->stream, fields, ARRAY_LEN(fields), &provider) == 0);
}

void
model_h2_put(struct model_reply *r, struct slice in)
{
	enum response_result result;
	struct slice piece;

	do {
		result = upstream_response_read(&r->response, &in, &piece);
		if (result == RESPONSE_HEAD)
			submit_head(r);
		else if (result == RESPONSE_PIECE)
			put_slice(&r->body, piece);
	} while (result == RESPONSE_HEAD || result == RESPONSE_PIECE);
	must(result != RESPONSE_BAD);
	r->ended = result == RESPONSE_WHOLE;
	/* Fails if the stream is not waiting for data. */
	(void)nghttp2_session_resume_data(r->conn->h2, r->stream);
}

void
model_h2_open(struct model_conn *c)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, CONCURRENT_MAX}};
	nghttp2_session_callbacks *callbacks;

	must(nghttp2_session_callbacks_new(&callbacks) == 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	must(nghttp2_session_server_new(&c->h2, callbacks, c) == 0);
	nghttp2_session_callbacks_del(callbacks);
	must(nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) ==
	    0);
	model_conn_touch(c);
}

int
model_h2_feed(struct model_conn *c, struct slice in)
{
	return nghttp2_session_mem_recv(c->h2, in.p, in.len) == (ssize_t)in.len ? 0 : -1;
}

int
model_h2_collect(struct model_conn *c)
{
	const uint8_t *p;
	ssize_t n = 0;

	while (buf_len(&c->out) < OUT_MAX && (n = nghttp2_session_mem_send(c->h2, &p)) > 0)
		put(&c->out, p, (size_t)n);
	return n < 0 ? -1 : 0;
}
