#include "workerd/api/request/event_stream.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/request/event_poll.h"
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

bool
event_stream_prefers_ndjson(const struct http_request *req)
{
	return negotiate_prefers_type(http_header(req, "accept"), NDJSON, SSE);
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

void
event_stream_write_silence(struct event_stream *s)
{
	const char *line = s->over != NULL ? "{\"type\":\"ping\"}\n" : "\n";

	event_stream_write(s, slice_str(s->sse ? ":\n\n" : line));
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
		event_stream_write_silence(s);
}

static void
event_stream_start_heartbeat(struct event_stream *s)
{
	if (s->heartbeat != NULL)
		return;
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
	event_stream_start_heartbeat(s);
}

void
event_stream_wait(struct event_stream *s)
{
	s->spoke = true;
	event_stream_start_heartbeat(s);
}

/* Ticks of a stream's life, at least one. */
static unsigned
event_stream_ticks(const struct api *api)
{
	unsigned every_ms = api->settings->event_stream_silence_ms / 2;

	return api->draining || every_ms > STREAM_LIFE_MS ? 1 : STREAM_LIFE_MS / every_ms;
}

static void
event_stream_on_due(void *arg)
{
	struct event_stream *s = arg;

	if (s->over != NULL)
		event_stream_is_over(s);
}

void
event_stream_begin_endless(struct event_stream *s, void (*over)(void *arg), void *arg)
{
	s->over = over;
	s->arg = arg;
	LIST_INSERT_HEAD(&s->api->endless_streams, s, link);
	if (s->poll) {
		s->begun = true;
		s->gathered = event_poll_new(s->api, event_stream_on_due, s);
		return;
	}
	event_stream_send_head(s);
	s->ticks = event_stream_ticks(s->api);
	event_stream_start_heartbeat(s);
}

void
event_stream_limit(struct event_stream *s, uint64_t ms)
{
	const uint64_t ticks = 1 + ms / (s->api->settings->event_stream_silence_ms / 2);

	if (ticks < s->ticks)
		s->ticks = (unsigned)ticks;
}

void
event_stream_continue(struct event_stream *s, struct slice id)
{
	struct buf quoted;

	if (!s->poll)
		return;
	buf_init(&quoted, id.len + 2);
	must(buf_append_str(&quoted, "\"") == 0 && buf_append(&quoted, id.p, id.len) == 0 &&
	    buf_append_str(&quoted, "\"") == 0);
	event_poll_set_next(s->gathered, buf_slice(&quoted));
	buf_clear(&quoted);
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

	if (s->poll && id.len > 0)
		event_stream_continue(s, id);
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
	struct slice event = event_stream_close(s, j);

	if (s->poll)
		event_poll_add(s->gathered, event, s->busy);
	else
		(void)reply_stream_write(s->x, event);
}

/* Writes the event with its id. Nothing else of a frame is written again: it may be long. */
static int
event_stream_write_frame(
    const struct event_stream *s, uint64_t id, struct slice frame, struct buf *out)
{
	if (s->sse)
		return buf_printf(out, "id: %" PRIu64 "\ndata: ", id) == -1 ||
			buf_append(out, frame.p, frame.len) == -1
		    ? -1
		    : buf_append_str(out, "\n\n");
	must(frame.len > 0 && frame.p[frame.len - 1] == '}');
	if (buf_append(out, frame.p, frame.len - 1) == -1)
		return -1;
	return buf_printf(out, ",\"next\":%" PRIu64 "}\n", id);
}

/* Server-sent events may have an id without an event; the comment shows readers of lines that no data follows. */
void
event_stream_continue_at(struct event_stream *s, uint64_t id)
{
	const char *before = s->poll ? "" : s->sse ? "id: " : "{\"type\":\"ping\",\"next\":";
	const char *after = s->poll ? "" : s->sse ? "\n:\n\n" : "}\n";
	char next[64];
	int n = snprintf(next, sizeof(next), "%s%" PRIu64 "%s", before, id, after);
	struct slice text = {(const uint8_t *)next, (size_t)n};

	if (s->poll)
		event_poll_set_next(s->gathered, text);
	else if (id != s->at)
		event_stream_write(s, text);
	s->at = id;
}

void
event_stream_send_frame(struct event_stream *s, uint64_t id, struct slice frame, bool is_long)
{
	struct buf out;

	if (s->poll) {
		event_stream_continue_at(s, id);
		event_poll_add(s->gathered, frame, s->busy);
		return;
	}
	s->spoke = true;
	s->at = id;
	buf_init(&out, frame.len + 64);
	must(event_stream_write_frame(s, id, frame, &out) == 0);
	if (is_long && !s->replayed)
		(void)reply_stream_replay(s->x, buf_slice(&out));
	else
		(void)reply_stream_write(s->x, buf_slice(&out));
	s->replayed |= is_long;
	buf_clear(&out);
}

bool
event_stream_is_full(const struct event_stream *s)
{
	return s->poll && event_poll_is_full(s->gathered);
}

bool
event_stream_is_silent_poll(const struct event_stream *s)
{
	return s->poll && (s->gathered == NULL || event_poll_is_empty(s->gathered));
}

void
event_stream_end(struct event_stream *s)
{
	struct event_poll *gathered = s->gathered;
	struct http_exchange *x = s->x;

	x->data = NULL;
	x->on_close = NULL;
	s->gathered = NULL;
	event_stream_clear(s);
	if (gathered == NULL) {
		reply_stream_end(x);
		return;
	}
	event_poll_reply(gathered, x);
	event_poll_free(gathered);
}

void
event_stream_clear(struct event_stream *s)
{
	if (s->heartbeat != NULL)
		event_free(s->heartbeat);
	if (s->over != NULL)
		LIST_REMOVE(s, link);
	if (s->gathered != NULL)
		event_poll_free(s->gathered);
	s->heartbeat = NULL;
	s->over = NULL;
	s->gathered = NULL;
}

void
event_streams_drain(struct api *api)
{
	struct event_stream *s;

	api->draining = true;
	while ((s = LIST_FIRST(&api->endless_streams)) != NULL)
		event_stream_is_over(s);
}
