/*
 * GET /v1/admin/events: the change feed of an organization as server-sent events.
 *
 * An event's id is the number of its row, so that an EventSource resumes behind it; a new one, which cannot set
 * the header, by the parameter lastEventId. During a long silence, the stream gets the number of its position
 * without an event: a proxy sees traffic, and a client that resumes days later names a row that is still kept.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/ipc/change_names.h"
#include "workerd/api/events/event_feed.h"
#include "workerd/api/events/events_handlers.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/guard/guard_watch.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/event_stream.h"
#include "workerd/api/request/json_writer.h"

/* A client that resumes gets more only while it has less than this to take. */
#define ROOM_BYTES ((size_t)64 << 10)

/* Numbers of rows are below 2^53. */
#define NUMBER_DIGITS_MAX 16

struct change_stream {
	struct event_reader reader; /* first */
	struct event_stream out;
	struct guard_watch *watch; /* of the caller's session or key */
};

/* Frees a stream that the feed has left already. The caller must end the exchange. */
static struct http_exchange *
change_stream_done(struct change_stream *s)
{
	struct http_exchange *x = s->out.x;

	x->on_close = NULL;
	x->data = NULL;
	guard_watch_free(s->watch);
	event_stream_clear(&s->out);
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
	bool begun = s->out.begun;
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

/* The position without an event: an EventSource keeps the id and reports nothing (HTML, section 9.2.6). */
static void
change_stream_send_position(struct event_stream *out)
{
	const struct change_stream *s = out->x->data;
	struct buf *text = api_scratch(out->api);

	must(buf_printf(text, "id: %" PRIu64 "\n\n", event_feed_position(&s->reader)) == 0);
	event_stream_write(out, buf_slice(text));
}

static void
change_stream_begun(struct event_reader *r)
{
	struct change_stream *s = (struct change_stream *)r;

	event_stream_begin(&s->out);
	change_stream_send_position(&s->out);
}

static void
change_stream_row(struct event_reader *r, const struct msg_change_record *row)
{
	struct change_stream *s = (struct change_stream *)r;
	struct json_writer j = event_stream_open(&s->out, &row->seq, NULL);

	json_write_uint(&j, "seq", row->seq);
	json_write_str(&j, "kind", slice_str(change_kind_name(row->kind)));
	json_write_id(&j, "id", &row->id);
	if (!id_is_zero(&row->conversation))
		json_write_id(&j, row->kind == CHANGE_PAGE ? "sourceId" : "conversationId",
		    &row->conversation);
	json_write_str(&j, "change", slice_str(change_what_name(row->what)));
	if (change_period_name(row->what) != NULL)
		json_write_str(&j, "period", slice_str(change_period_name(row->what)));
	event_stream_send(&s->out, &j);
	metric_add(&s->out.api->worker->events_sent, 1);
}

static bool
change_stream_has_room(const struct event_reader *r)
{
	const struct change_stream *s = (const struct change_stream *)r;

	return reply_stream_waiting(s->out.x) < ROOM_BYTES;
}

static void
change_stream_gone(struct event_reader *r, uint64_t newest)
{
	struct change_stream *s = (struct change_stream *)r;
	struct buf *out = api_scratch(s->out.api);
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

/* Reads what the client asks for. False: answered with 400. */
static bool
change_stream_read_query(const struct api_call *c, struct event_reader *r)
{
	struct slice last = http_header(c->x->req, "last-event-id");
	uint8_t text[PARAMETER_MAX], number[PARAMETER_MAX];
	struct slice kinds = parameter_read(c->x->req->query, "kinds", text);

	/* An EventSource reconnects with the address that it was opened with: the header is newer. */
	if (last.p == NULL)
		last = parameter_read(c->x->req->query, "lastEventId", number);

	if (kinds.p != NULL && !change_kinds_read(kinds, &r->kinds)) {
		api_reply_invalid_query(c,
		    "kinds must be a list such as message,reply; the names are in the OpenAPI "
		    "document");
		return false;
	}
	r->resumes = last.p != NULL;
	if (r->resumes && !parameter_digits(last, NUMBER_DIGITS_MAX, &r->at)) {
		api_reply_invalid_query(c,
		    "Last-Event-ID (or lastEventId) must be the id of an event: at most 16 "
		    "digits");
		return false;
	}
	return true;
}

/* HEAD has the header of GET and no events. */
static void
change_stream_answer_head(const struct api_call *c)
{
	event_stream_send_headers(c->x);
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
	*s = (struct change_stream){
	    .reader = reader,
	    .out = {.api = c->api,
		.x = c->x,
		.sse = true,
		.gauge = &c->api->worker->event_streams,
		.silent = change_stream_send_position},
	};
	s->watch = guard_watch_new(c, change_stream_on_unauthorized, s);
	/* An EventSource that shuts down its side will not read on. */
	c->x->eof_is_end = true;
	c->x->data = s;
	c->x->on_close = change_stream_on_client_gone;
	event_feed_join(c->api->events, &s->reader);
}
