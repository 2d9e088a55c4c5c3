/*
 * GET /v1/admin/events: the change feed of an organization as server-sent events.
 *
 * An event's id is the number of its row, so that an EventSource resumes behind it. During a long silence,
 * the stream gets the number of its position without an event: a proxy sees traffic, and a client that
 * resumes days later names a row that is still kept.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/ipc/change_names.h"
#include "workerd/api/events/event_feed.h"
#include "workerd/api/events/events_handlers.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/guard/guard_watch.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/request/request_context.h"

/* A client that resumes gets more only while it has less than this to take. */
#define ROOM_BYTES ((size_t)64 << 10)

/* ms that a browser's EventSource waits before it reconnects. */
#define RETRY "retry: 1000\n"

struct change_stream {
	struct event_reader reader; /* first */
	struct api *api;
	struct http_exchange *x;
	struct guard_watch *watch; /* of the caller's session or key */
	struct event *heartbeat;   /* NULL: it has not begun */
	bool spoke;                /* something was sent since the heartbeat's last tick */
};

/* Frees a stream that the feed has left already. The caller must end the exchange. */
static struct http_exchange *
change_stream_done(struct change_stream *s)
{
	struct http_exchange *x = s->x;

	x->on_close = NULL;
	x->data = NULL;
	guard_watch_free(s->watch);
	if (s->heartbeat != NULL)
		event_free(s->heartbeat);
	free(s);
	return x;
}

static void
change_stream_on_client_gone(struct http_exchange *x)
{
	struct change_stream *s = x->data;

	event_feed_leave(&s->reader);
	(void)change_stream_done(s);
}

/* Ends the answer as if the client had to reconnect; before it began, with 401. */
static void
change_stream_finish(struct change_stream *s, int status, const char *code, const char *message)
{
	bool begun = s->heartbeat != NULL;
	struct http_exchange *x = change_stream_done(s);

	if (begun)
		reply_stream_end(x);
	else
		reply_json_error(x, status, code, message);
}

static void
change_stream_on_unauthorized(void *arg)
{
	struct change_stream *s = arg;

	event_feed_leave(&s->reader);
	change_stream_finish(s, 401, "unauthorized", "Unauthorized");
}

/* A client that does not read is dropped by the connection; it resumes. */
static void
change_stream_send(struct change_stream *s, const struct buf *event)
{
	(void)reply_stream_write(s->x, buf_slice(event));
	s->spoke = true;
}

/* The position without an event: an EventSource keeps the id and reports nothing (HTML, section 9.2.6). */
static void
change_stream_send_position(struct change_stream *s, const char *before)
{
	struct buf *out = api_scratch(s->api);

	must(buf_printf(
		 out, "%sid: %" PRIu64 "\n\n", before, event_feed_position(&s->reader)) == 0);
	change_stream_send(s, out);
}

static void
change_stream_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct change_stream *s = arg;

	(void)fd;
	(void)what;
	if (!s->spoke)
		change_stream_send_position(s, "");
	else
		s->spoke = false;
}

static void
change_stream_start_heartbeat(struct change_stream *s)
{
	s->heartbeat = event_new(s->api->turns->base, -1, EV_PERSIST, change_stream_on_tick, s);
	must(s->heartbeat != NULL && event_add(s->heartbeat, s->api->stream_heartbeat) == 0);
}

static void
change_stream_send_head(struct http_exchange *x)
{
	reply_start(x, 200);
	reply_header_str(x, "Cache-Control", "no-store, no-transform");
	reply_header_str(x, "X-Accel-Buffering", "no");
}

static void
change_stream_begun(struct event_reader *r)
{
	struct change_stream *s = (struct change_stream *)r;
	struct http_exchange *x = s->x;

	change_stream_send_head(x);
	reply_stream_begin(x, "text/event-stream; charset=utf-8");
	request_context_stream_begin(x, &s->api->worker->event_streams);
	change_stream_start_heartbeat(s);
	change_stream_send_position(s, RETRY);
}

static void
change_stream_row(struct event_reader *r, const struct msg_change_record *row)
{
	struct change_stream *s = (struct change_stream *)r;
	struct buf *out = api_scratch(s->api);
	struct json_writer j = json_writer(out);

	must(buf_printf(out, "id: %" PRIu64 "\ndata: ", row->seq) == 0);
	json_write_open(&j, NULL, '{');
	json_write_uint(&j, "seq", row->seq);
	json_write_str(&j, "kind", slice_str(change_kind_name(row->kind)));
	json_write_id(&j, "id", &row->id);
	if (!id_is_zero(&row->conversation))
		json_write_id(&j, "conversationId", &row->conversation);
	json_write_str(&j, "change", slice_str(change_what_name(row->what)));
	json_write_close(&j, '}');
	must(!j.failed && buf_append_str(out, "\n\n") == 0);
	change_stream_send(s, out);
	metric_add(&s->api->worker->events_sent, 1);
}

static bool
change_stream_has_room(const struct event_reader *r)
{
	const struct change_stream *s = (const struct change_stream *)r;

	return reply_stream_waiting(s->x) < ROOM_BYTES;
}

static void
change_stream_gone(struct event_reader *r, uint64_t newest)
{
	struct change_stream *s = (struct change_stream *)r;
	struct buf *out = api_scratch(s->api);
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	json_write_str(
	    &j, "error", slice_str("These events are no longer kept: read everything again"));
	json_write_str(&j, "code", slice_str("events_gone"));
	json_write_uint(&j, "newest", newest);
	json_write_close(&j, '}');
	api_reply_json(change_stream_done(s), 410, buf_slice(out));
}

static void
change_stream_failed(struct event_reader *r, uint16_t type, const union msg *m)
{
	api_reply_store_failure(change_stream_done((struct change_stream *)r), type, m);
}

static void
change_stream_ended(struct event_reader *r)
{
	change_stream_finish((struct change_stream *)r, 503, "store_unavailable",
	    "The service is temporarily unavailable, please try again");
}

static const struct event_reader_ops reader_ops = {
    .begun = change_stream_begun,
    .row = change_stream_row,
    .has_room = change_stream_has_room,
    .gone = change_stream_gone,
    .failed = change_stream_failed,
    .ended = change_stream_ended,
};

/* Digits only, at most 2^53. */
static bool
change_stream_read_number(struct slice text, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*number = *number * 10 + (text.p[i] - '0');
	}
	return text.len > 0 && text.len <= 16;
}

/* Reads what the client asks for. False: answered with 400. */
static bool
change_stream_read_query(const struct api_call *c, struct event_reader *r)
{
	struct slice last = http_header(c->x->req, "last-event-id");
	uint8_t text[PARAMETER_MAX];
	struct slice kinds = parameter_read(c->x->req->query, "kinds", text);

	if (kinds.p != NULL && !change_kinds_read(kinds, &r->kinds)) {
		api_reply_invalid_query(c,
		    "kinds must be a list such as message,reply; the names are in the OpenAPI "
		    "document");
		return false;
	}
	r->resumes = last.p != NULL;
	if (r->resumes && !change_stream_read_number(last, &r->at)) {
		api_reply_invalid_query(
		    c, "Last-Event-ID must be the id of an event: at most 16 digits");
		return false;
	}
	return true;
}

/* HEAD has the header of GET and no events. */
static void
change_stream_answer_head(const struct api_call *c)
{
	change_stream_send_head(c->x);
	reply_body(c->x, "text/event-stream; charset=utf-8", (struct slice){0});
}

void
handle_events_get(const struct api_call *c)
{
	struct event_reader reader = {.ops = &reader_ops, .org = c->org};
	struct change_stream *s;

	if (!change_stream_read_query(c, &reader))
		return;
	if (c->x->method == HTTP_HEAD) {
		change_stream_answer_head(c);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct change_stream){.reader = reader, .api = c->api, .x = c->x};
	s->watch = guard_watch_new(c, change_stream_on_unauthorized, s);
	/* An EventSource that shuts down its side will not read on. */
	c->x->eof_is_end = true;
	c->x->data = s;
	c->x->on_close = change_stream_on_client_gone;
	event_feed_join(c->api->events, &s->reader);
}
