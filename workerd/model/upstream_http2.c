/*
 * Requests over HTTP/2 (RFC 9113), framed by nghttp2.
 *
 * Its callbacks may close the connection, but not delete the session: upstream_settle() does.
 */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

#define LENGTH_SIZE 24    /* bytes of a number in text */
#define OUT_ENOUGH  16384 /* bytes that are sent in one call */

/* Bytes that may be under way on a connection; for one stream it is the default, 65,535. With that, a
 * hundred streams to a distant server would wait for each other. */
#define WINDOW (1 << 20)

static struct upstream_transfer *
upstream_http2_transfer(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

/* nghttp2 checks that it has three digits. */
static int
upstream_http2_read_status(struct upstream_transfer *t, const uint8_t *value)
{
	int status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + value[2] - '0';

	t->head = (struct upstream_head){.status = status};
	return status < 100 || status > 599 ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

static int
upstream_http2_on_field(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
    void *arg)
{
	struct upstream_transfer *t = upstream_http2_transfer(session, frame->hd.stream_id);

	(void)flags;
	(void)arg;
	if (t == NULL || t->answered)
		return 0;
	t->head_bytes += name_len + value_len;
	if (t->head_bytes > RESPONSE_HEAD_MAX)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (name_len == 7 && memcmp(name, ":status", 7) == 0)
		return upstream_http2_read_status(t, value);
	upstream_head_read_field(
	    &t->head, (struct slice){name, name_len}, (struct slice){value, value_len});
	return 0;
}

/* Requests wait for the connection's settings, of which a later frame may have more. */
static void
upstream_http2_on_settings(struct upstream_conn *c)
{
	uint32_t limit = nghttp2_session_get_remote_settings(
	    c->http2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (limit > UPSTREAM_STREAMS_MAX)
		limit = UPSTREAM_STREAMS_MAX;
	/* A request then waits in nghttp2 for more. */
	if (limit == 0)
		limit = 1;
	c->upstream->expected = limit;
	upstream_conn_settle(c, limit);
}

static int
upstream_http2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct upstream_conn *c = arg;
	struct upstream_transfer *t;

	/* GOAWAY has closed it, if it had no streams; the same data may hold further frames. */
	if (c->state == CONN_CLOSED)
		return 0;
	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		upstream_http2_on_settings(c);
	if (frame->hd.type == NGHTTP2_GOAWAY) {
		c->retiring = true;
		upstream_pool_sort(c);
	}
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	t = upstream_http2_transfer(session, frame->hd.stream_id);
	if (t == NULL || t->cancelled || t->is_over)
		return 0;
	t->whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	/* An interim response is followed by another head. */
	if (frame->hd.type == NGHTTP2_HEADERS && !t->answered && t->head.status >= 200)
		upstream_transfer_answered(t, &t->head);
	/* The server needs no more of the request, but does not have to say so. */
	if (t->whole && t->body_sent < buf_len(&t->body))
		upstream_transfer_over(t, UPSTREAM_DONE, "");
	return 0;
}

static int
upstream_http2_on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
    const uint8_t *p, size_t n, void *arg)
{
	struct upstream_transfer *t = upstream_http2_transfer(session, stream);

	(void)flags;
	(void)arg;
	if (t != NULL && !t->cancelled && !t->is_over)
		upstream_transfer_data(t, (struct slice){p, n});
	return 0;
}

static int
upstream_http2_on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct upstream_transfer *t = upstream_http2_transfer(session, frame->hd.stream_id);

	(void)arg;
	if (t != NULL && frame->hd.type == NGHTTP2_HEADERS)
		t->sent = true;
	return 0;
}

/* RFC 9113, section 8.7: REFUSED_STREAM, and a stream above the last one that GOAWAY names, for which
 * nghttp2 reports the same, was not processed. */
static void
upstream_http2_end(struct upstream_transfer *t, uint32_t code)
{
	struct upstream *u = t->upstream;

	if (t->whole && code == NGHTTP2_NO_ERROR) {
		upstream_transfer_over(t, UPSTREAM_DONE, "");
	} else if (!t->sent || (code == NGHTTP2_REFUSED_STREAM && t->head_bytes == 0)) {
		upstream_transfer_over(
		    t, UPSTREAM_STALE, "the server returned the request unread");
	} else if (t->head_bytes > RESPONSE_HEAD_MAX) {
		upstream_transfer_over(t, UPSTREAM_BROKEN, RESPONSE_HEAD_FAULT);
	} else {
		snprintf(u->fault, sizeof(u->fault), "the server reset the stream: %s",
		    nghttp2_http2_strerror(code));
		upstream_transfer_over(t, UPSTREAM_BROKEN, u->fault);
	}
}

static int
upstream_http2_on_end(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
	struct upstream_conn *c = arg;
	struct upstream_transfer *t = upstream_http2_transfer(session, stream);

	if (t != NULL) {
		upstream_conn_forget(t);
		upstream_http2_end(t, code);
	}
	upstream_conn_done(c);
	return 0;
}

static nghttp2_session_callbacks *
upstream_http2_callbacks(void)
{
	static nghttp2_session_callbacks *all;

	if (all != NULL)
		return all;
	must(nghttp2_session_callbacks_new(&all) == 0);
	nghttp2_session_callbacks_set_on_header_callback(all, upstream_http2_on_field);
	nghttp2_session_callbacks_set_on_frame_recv_callback(all, upstream_http2_on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, upstream_http2_on_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(all, upstream_http2_on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(all, upstream_http2_on_end);
	return all;
}

void
upstream_http2_start(struct upstream_conn *c)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, RESPONSE_HEAD_MAX},
	};

	must(nghttp2_session_client_new(&c->http2, upstream_http2_callbacks(), c) == 0 &&
	    nghttp2_submit_settings(
		c->http2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) == 0 &&
	    nghttp2_session_set_local_window_size(c->http2, NGHTTP2_FLAG_NONE, 0, WINDOW) == 0);
	upstream_conn_send_soon(c);
}

void
upstream_http2_clear(struct upstream_conn *c)
{
	nghttp2_session_del(c->http2);
}

static ssize_t
upstream_http2_read_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
    uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct upstream_transfer *t = upstream_http2_transfer(session, stream);
	size_t left;

	(void)source;
	(void)arg;
	if (t == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	left = buf_len(&t->body) - t->body_sent;
	if (left <= size)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else
		left = size;
	memcpy(out, buf_data(&t->body) + t->body_sent, left);
	t->body_sent += left;
	return (ssize_t)left;
}

static nghttp2_nv
upstream_http2_field(const char *name, const char *value, uint8_t flags)
{
	return (nghttp2_nv){
	    .name = (uint8_t *)(uintptr_t)name,
	    .namelen = strlen(name),
	    .value = (uint8_t *)(uintptr_t)value,
	    .valuelen = strlen(value),
	    .flags = flags | NGHTTP2_NV_FLAG_NO_COPY_NAME,
	};
}

static const char *
upstream_http2_length(const struct upstream_transfer *t, char out[static LENGTH_SIZE])
{
	snprintf(out, LENGTH_SIZE, "%zu", buf_len(&t->body));
	return out;
}

void
upstream_http2_add(struct upstream_conn *c, struct upstream_transfer *t)
{
	const struct upstream *u = c->upstream;
	const nghttp2_data_provider body = {.read_callback = upstream_http2_read_body};
	char length[LENGTH_SIZE];
	const nghttp2_nv own[] = {
	    upstream_http2_field(":method", "POST", 0),
	    upstream_http2_field(":scheme", "https", 0),
	    upstream_http2_field(":authority", u->target.authority, 0),
	    upstream_http2_field(":path", t->path, 0),
	    upstream_http2_field("user-agent", "banter/" BANTER_VERSION, 0),
	    upstream_http2_field("content-type", "application/json", 0),
	    upstream_http2_field("accept", "text/event-stream", 0),
	    upstream_http2_field("accept-encoding", "identity", 0),
	    upstream_http2_field("content-length", upstream_http2_length(t, length), 0),
	    /* Never part of a compressed table (RFC 7541, section 7.1.3). */
	    upstream_http2_field("authorization",
		u->authorization == NULL ? "" : u->authorization, NGHTTP2_NV_FLAG_NO_INDEX),
	};
	nghttp2_nv fields[ARRAY_LEN(own) + MODEL_HEADERS_MAX];
	size_t n = ARRAY_LEN(own) - (u->authorization == NULL);

	memcpy(fields, own, n * sizeof(own[0]));
	for (size_t i = 0; i < u->headers_n; i++)
		fields[n++] = upstream_http2_field(
		    u->headers[i].lower, u->headers[i].value, NGHTTP2_NV_FLAG_NO_INDEX);

	t->stream = nghttp2_submit_request(c->http2, NULL, fields, n, &body, t);
	must(t->stream > 0);
}

/* With a limit of 0 nghttp2 keeps requests that were not sent, also cancelled ones. */
static bool
upstream_http2_permits_none(const struct upstream_conn *c)
{
	return nghttp2_session_get_remote_settings(
		   c->http2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) == 0;
}

void
upstream_http2_drop(struct upstream_conn *c, struct upstream_transfer *t)
{
	if (LIST_EMPTY(&c->transfers) && upstream_http2_permits_none(c)) {
		upstream_conn_close(c);
		return;
	}
	nghttp2_session_set_stream_user_data(c->http2, t->stream, NULL);
	must(nghttp2_submit_rst_stream(
		 c->http2, NGHTTP2_FLAG_NONE, t->stream, NGHTTP2_CANCEL) == 0);
	upstream_conn_send_soon(c);
}

void
upstream_http2_ping(struct upstream_conn *c)
{
	must(nghttp2_submit_ping(c->http2, NGHTTP2_FLAG_NONE, NULL) == 0);
	upstream_http2_send(c);
}

/* Writes frames until there are enough for one call. false: the connection has failed, or ended with the stream
 * that a frame has closed. */
static bool
upstream_http2_write(struct upstream_conn *c)
{
	const uint8_t *frame;
	ssize_t n = 1;

	while (n > 0 && buf_len(&c->out) < OUT_ENOUGH) {
		n = nghttp2_session_mem_send(c->http2, &frame);
		if (n > 0 && !upstream_io_write(c, frame, (size_t)n))
			return false;
	}
	must(n >= 0);
	return c->state == CONN_OPEN;
}

void
upstream_http2_send(struct upstream_conn *c)
{
	while (upstream_io_flush(c) && upstream_http2_write(c) && buf_len(&c->out) > 0)
		continue;
}

void
upstream_http2_received(struct upstream_conn *c, struct slice in)
{
	ssize_t n = nghttp2_session_mem_recv(c->http2, in.p, in.len);

	if (n < 0) {
		upstream_conn_fail(c, UPSTREAM_BROKEN, nghttp2_strerror((int)n));
		return;
	}
	if (c->state == CONN_OPEN && nghttp2_session_want_write(c->http2))
		upstream_http2_send(c);
	/* After an error of the protocol, which nghttp2 has reported to the server. */
	if (c->state == CONN_OPEN && !nghttp2_session_want_read(c->http2))
		upstream_conn_fail(c, UPSTREAM_BROKEN, "the response is not valid HTTP/2");
}

const char *
upstream_http2_version(void)
{
	return nghttp2_version(0)->version_str;
}
