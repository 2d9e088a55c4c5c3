#include "workerd/api/feed/feed.h"

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/visitor.h"
#include "workerd/api/feed/feed_handlers.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

/* How long an operator's typing is shown to clients that do not know operators. */
#define TYPING_SHOWN_MS 6000

/* A request that waits for the visitor's record. */
struct feed_opening {
	struct store_query q;
	struct widget_visit visit;
	struct widget_outlet out;
	struct live_place place;
	bool sse, poll;
};

static void
feed_free(struct feed *f)
{
	live_core_leave(&f->core);
	feed_reply_leave(f);
	if (f->typing_timer != NULL)
		event_free(f->typing_timer);
	event_stream_clear(&f->stream);
	free(f);
}

static void
feed_on_client_gone(struct http_exchange *x)
{
	feed_free(x->data);
}

void
feed_end(void *arg)
{
	struct feed *f = arg;

	event_stream_end(&f->stream);
	feed_free(f);
}

void
feed_fail(struct live_core *core, uint16_t type, const union msg *m)
{
	struct feed *f = (struct feed *)core;
	struct http_exchange *x = f->stream.x;

	if (!event_stream_is_silent_poll(&f->stream)) {
		feed_end(f);
		return;
	}
	x->data = NULL;
	x->on_close = NULL;
	feed_free(f);
	api_reply_store_failure(x, type, m);
}

static void
feed_on_typing_timer(evutil_socket_t fd, short what, void *arg)
{
	struct feed *f = arg;

	(void)fd;
	(void)what;
	feed_forget_typing(f);
	widget_send_type(&f->out, "typing_stop");
}

static void
feed_start_typing_timer(struct feed *f)
{
	struct timeval in = clock_timeval(TYPING_SHOWN_MS);

	if (f->typing_timer == NULL)
		f->typing_timer = evtimer_new(f->out.api->turns->base, feed_on_typing_timer, f);
	must(f->typing_timer != NULL && evtimer_add(f->typing_timer, &in) == 0);
}

void
feed_forget_typing(struct feed *f)
{
	f->place.operator_typing = false;
	if (f->typing_timer != NULL)
		(void)evtimer_del(f->typing_timer);
}

/* A reply that is being written shows typing already. */
static void
feed_on_operator_typing(struct live_core *core)
{
	struct feed *f = (struct feed *)core;
	bool typed = f->place.operator_typing;

	if (f->listener != NULL || f->place.typing)
		return;
	if (f->out.operators) {
		widget_send_operator_typing(&f->out);
		return;
	}
	feed_start_typing_timer(f);
	f->place.operator_typing = true;
	if (!typed)
		widget_send_type(&f->out, "typing_start");
}

static void
feed_on_contact(struct live_core *core)
{
	struct feed *f = (struct feed *)core;

	if (f->place.identified)
		return;
	f->place.identified = true;
	widget_send_type(&f->out, "contact_info_saved");
}

static void
feed_on_changed(struct live_core *core)
{
	feed_sync((struct feed *)core);
}

static void
feed_on_missed(struct live_core *core, const struct live_room_event *event)
{
	if (event->identified)
		feed_on_contact(core);
	feed_on_changed(core);
}

/* A reply is written again: the next request must know it, too, if this feed ends before that reply does. One at
 * place.next is in the page that comes next, and would come twice if it were noted. */
static void
feed_expect(struct feed *f, uint64_t position)
{
	f->place.told = false;
	if (position == 0 || position >= f->place.next)
		return;
	if (live_place_note(&f->place, position, true))
		event_stream_continue_at(&f->stream, live_place_number(&f->place));
	else if (f->restarted == 0 || position < f->restarted)
		f->restarted = position;
}

static void
feed_on_turn(struct live_core *core, const struct msg_live_turn *turn)
{
	struct feed *f = (struct feed *)core;

	if (id_is_zero(&turn->message))
		feed_expect(f, turn->seq);
	feed_sync(f);
}

static void
feed_on_gone(struct live_core *core)
{
	feed_end(core);
}

static const struct live_renderer renderer = {
    .first = FEED_HISTORY_MESSAGES,
    .later = FEED_PAGE_MESSAGES,
    .settled = true,
    .page = feed_sync_on_page,
    .finish = feed_sync_on_end,
    .none = feed_sync_on_none,
    .fail = feed_fail,
    .changed = feed_on_changed,
    .turn = feed_on_turn,
    .typing = feed_on_operator_typing,
    .contact = feed_on_contact,
    .missed = feed_on_missed,
    .gone = feed_on_gone,
};

/* Continues where the client is, or begins with the session. */
static void
feed_greet(struct feed *f)
{
	bool known = f->visit.identified;

	if (f->place.next != 0) {
		event_stream_continue_at(&f->stream, live_place_number(&f->place));
		if (f->place.operator_typing)
			feed_start_typing_timer(f);
		if (known)
			feed_on_contact(&f->core);
	} else {
		f->place.identified = known;
		f->place.next = f->visit.is_new ? 1 : 0;
		widget_send_session(&f->out, widget_visit_token(&f->visit), known);
	}
	if (f->visit.resumed)
		feed_sync(f);
}

static void
feed_begin(struct feed *f)
{
	event_stream_begin_endless(&f->stream, feed_end, f);
	if (f->visit.vouched != 0)
		event_stream_limit(
		    &f->stream, visitor_young_ms(&f->visit.visitor, clock_wall_ms()));
	if (f->stream.x->method == HTTP_HEAD)
		feed_end(f);
	else
		feed_greet(f);
}

static void
feed_enter(struct feed *f)
{
	const struct live_room_topic topic = widget_visit_topic(&f->visit);
	struct http_exchange *x = f->stream.x;

	if (live_core_enter(&f->core, &topic) == 0) {
		feed_begin(f);
		return;
	}
	x->data = NULL;
	x->on_close = NULL;
	feed_free(f);
	api_reply_store_failure(x, 0, NULL);
}

/* A place belongs to the session that the client had. */
static struct feed *
feed_new(struct feed_opening *o)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->out = o->out;
	f->out.stream = &f->stream;
	f->out.place = &f->place;
	f->visit = o->visit;
	f->core = (struct live_core){
	    .renderer = &renderer,
	    .api = f->out.api,
	    .org = f->visit.org,
	    .widget = f->visit.widget,
	    .session = slice_str(f->visit.session),
	};
	if (f->visit.resumed && (f->visit.is_given || f->visit.by_key))
		f->place = o->place;
	f->stream = (struct event_stream){.api = o->out.api, .sse = o->sse, .poll = o->poll};
	f->stream.x = store_query_done(&o->q);
	f->stream.x->data = f;
	f->stream.x->on_close = feed_on_client_gone;
	f->stream.x->eof_is_end = true;
	return f;
}

static void
feed_on_opened(void *arg, uint16_t type, const union msg *m)
{
	struct feed_opening *o = arg;

	if (widget_visit_goes_on(&o->q, &o->visit, type, m, feed_on_opened))
		return;
	if (widget_visit_opened(&o->visit, type, m))
		feed_enter(feed_new(o));
	else
		store_query_fail(&o->q, type, m);
}

/* Last-Event-ID takes precedence: an EventSource adds it to the URL that it was given. */
static bool
feed_read_place(const struct api_call *c, struct live_place *place)
{
	uint8_t text[PARAMETER_MAX];
	struct slice after = http_header(c->x->req, "last-event-id");

	if (after.p == NULL)
		after = parameter_read(c->x->req->query, "after", text);
	*place = (struct live_place){0};
	return after.p == NULL || live_place_parse(after, place);
}

static void
feed_open(const struct api_call *c, bool sse, bool poll)
{
	struct feed_opening *o;
	struct widget_visit visit;
	struct live_place place;

	if (!feed_read_place(c, &place)) {
		api_reply_invalid_query(c, "after must be next of an earlier answer");
		return;
	}
	if (!widget_visit_begin(c, &visit))
		return;
	o = store_query_new(c, sizeof(*o), 0, "Widget not found");
	o->visit = visit;
	o->place = place;
	o->sse = sse;
	o->poll = poll;
	o->out.api = c->api;
	widget_outlet_read(&o->out, c->x->req->query);
	widget_visit_open(&o->q, &o->visit, feed_on_opened);
}

void
handle_widget_events(const struct api_call *c)
{
	feed_open(c, !event_stream_prefers_ndjson(c->x->req), false);
}

void
handle_widget_frames(const struct api_call *c)
{
	feed_open(c, false, true);
}
