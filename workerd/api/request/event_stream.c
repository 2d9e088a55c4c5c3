#include "workerd/api/request/event_stream.h"

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/request/request_context.h"
#include "workerd/http/message/negotiate.h"

#define NDJSON "application/x-ndjson"
#define SSE    "text/event-stream"

/* ms that a browser's EventSource waits before it reconnects. */
#define RETRY "retry: 1000\n"

bool
event_stream_prefers_sse(const struct http_request *req)
{
	return negotiate_prefers_type(http_header(req, "accept"), SSE, NDJSON);
}

static void
event_stream_is_over(struct event_stream *s)
{
	void (*over)(void *) = s->over;

	must(over != NULL);
	s->over = NULL;
	LIST_REMOVE(s, link);
	over(s->arg);
}

/* Runs twice within the longest silence allowed. */
static void
event_stream_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct event_stream *s = arg;

	(void)fd;
	(void)what;
	if (s->over != NULL && --s->ticks == 0) {
		event_stream_is_over(s);
		return;
	}
	if (s->spoke)
		s->spoke = false;
	else if (s->silent != NULL)
		s->silent(s);
	else
		event_stream_write(s, slice_str(s->sse ? ":\n\n" : "{\"type\":\"ping\"}\n"));
}

static void
event_stream_start_heartbeat(struct event_stream *s)
{
	s->heartbeat = event_new(s->api->turns->base, -1, EV_PERSIST, event_stream_on_tick, s);
	must(s->heartbeat != NULL && event_add(s->heartbeat, s->api->stream_heartbeat) == 0);
}

void
event_stream_write(struct event_stream *s, struct slice bytes)
{
	(void)reply_stream_write(s->x, bytes);
	s->spoke = true;
}

void
event_stream_send_headers(struct http_exchange *x)
{
	reply_start(x, 200);
	reply_header_str(x, "Cache-Control", "no-store, no-transform");
	reply_header_str(x, "X-Accel-Buffering", "no");
}

static void
event_stream_send_head(struct event_stream *s)
{
	struct http_exchange *x = s->x;

	event_stream_send_headers(x);
	reply_stream_begin(x, s->sse ? SSE "; charset=utf-8" : NDJSON "; charset=utf-8");
	request_context_stream_begin(x, s->gauge != NULL ? s->gauge : &s->api->worker->streams);
	s->begun = true;
	if (s->sse)
		(void)reply_stream_write(x, slice_str(RETRY));
}

void
event_stream_begin(struct event_stream *s)
{
	event_stream_send_head(s);
	if (s->sse)
		event_stream_start_heartbeat(s);
}

/* Ticks of a stream's life, at least one. */
static unsigned
event_stream_ticks(const struct api *api)
{
	unsigned every_ms = api->settings->event_stream_silence_ms / 2;

	return api->draining || every_ms > STREAM_LIFE_MS ? 1 : STREAM_LIFE_MS / every_ms;
}

void
event_stream_begin_endless(struct event_stream *s, void (*over)(void *arg), void *arg)
{
	event_stream_send_head(s);
	s->over = over;
	s->arg = arg;
	s->ticks = event_stream_ticks(s->api);
	LIST_INSERT_HEAD(&s->api->endless_streams, s, link);
	event_stream_start_heartbeat(s);
}

/* Begins an event behind its id, if it has one. */
static struct json_writer
event_stream_open_data(struct event_stream *s, struct buf *out, const char *type)
{
	struct json_writer j = json_writer(out);

	if (s->sse)
		must(buf_append_str(out, "data: ") == 0);
	json_write_open(&j, NULL, '{');
	if (type != NULL)
		json_write_str(&j, "type", slice_str(type));
	return j;
}

struct json_writer
event_stream_open(struct event_stream *s, const uint64_t *id, const char *type)
{
	struct buf *out = api_scratch(s->api);

	if (s->sse && id != NULL)
		must(buf_append_str(out, "id: ") == 0 && buf_append_number(out, *id) == 0 &&
		    buf_append_str(out, "\n") == 0);
	return event_stream_open_data(s, out, type);
}

struct json_writer
event_stream_open_as(struct event_stream *s, struct slice id, const char *type)
{
	struct buf *out = api_scratch(s->api);

	if (s->sse && id.len > 0)
		must(buf_append_str(out, "id: ") == 0 && buf_append(out, id.p, id.len) == 0 &&
		    buf_append_str(out, "\n") == 0);
	return event_stream_open_data(s, out, type);
}

struct slice
event_stream_close(struct event_stream *s, struct json_writer *j)
{
	json_write_close(j, '}');
	must(!j->failed && buf_append_str(j->out, s->sse ? "\n\n" : "\n") == 0);
	s->spoke = true;
	return buf_slice(j->out);
}

void
event_stream_send(struct event_stream *s, struct json_writer *j)
{
	(void)reply_stream_write(s->x, event_stream_close(s, j));
}

void
event_stream_clear(struct event_stream *s)
{
	if (s->heartbeat != NULL)
		event_free(s->heartbeat);
	if (s->over != NULL)
		LIST_REMOVE(s, link);
	s->heartbeat = NULL;
	s->over = NULL;
}

void
event_streams_drain(struct api *api)
{
	struct event_stream *s;

	api->draining = true;
	while ((s = LIST_FIRST(&api->endless_streams)) != NULL)
		event_stream_is_over(s);
}
