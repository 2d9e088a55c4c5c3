/*
 * GET /api/widget/{widgetId}/ws and, with a key, GET /v1/chat/ws: a visitor's WebSocket, from the upgrade to its end.
 */
#include "workerd/api/widget/widget_socket.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/visitor.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/chat/chat_page.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_handlers.h"
#include "workerd/api/widget/widget_sightings.h"
#include "workerd/api/widget/widget_visit.h"

/* Bytes of a User-Agent that are kept, as in PAGE_RECORD. */
#define BROWSER_MAX 512

/* The connection is closed after so many invalid frames in a row. */
#define REFUSED_MAX 20

/* Close code: the visitor token is invalid or expired. */
#define WS_SESSION_ENDED ((enum ws_code)4404)

struct widget_sockets {
	LIST_HEAD(, widget_socket) closing; /* connections ended; these wait for the store */
};

/* An upgrade that waits for the visitor's record. */
struct widget_opening {
	struct store_query q;
	struct widget_visit visit;
	struct widget_outlet out;
};

uint32_t
widget_socket_vouched(const struct widget_socket *s)
{
	return s->core.member.room != NULL ? live_room_vouched(&s->core.member) : s->vouched;
}

void
widget_socket_give_up(struct widget_socket *s)
{
	ws_close(s->out.ws, WS_TRY_AGAIN, chat_failure_message(TURN_STORE_DOWN));
}

/* retry_after_ms: when the frame may be sent again; 0: never. */
static void
widget_socket_refuse(struct widget_socket *s, const char *code, const char *message,
    struct slice client_id, unsigned retry_after_ms)
{
	widget_send_error_for_now(&s->out, code, message, client_id, retry_after_ms);
	if (++s->refused == REFUSED_MAX)
		ws_close(s->out.ws, WS_POLICY, "too many refused frames");
}

/* The same rate limits as over HTTP. 0, or in how many ms the frame is allowed. */
static unsigned
widget_socket_rate_take(struct widget_socket *s, enum widget_frame_kind kind)
{
	return kind != WIDGET_MESSAGE && kind != WIDGET_CONTACT
	    ? guard_chat_read_rate_take(s->core.api, s->x)
	    : guard_chat_rate_take(s->core.api, s->x);
}

/* The owners see it. It may be lost. */
static void
widget_socket_type(struct widget_socket *s)
{
	const struct msg_typing typing = {
	    .org = s->core.org, .widget = s->core.widget, .session = s->core.session};

	(void)!store_call(
	    s->core.api->store, MSG_TYPING, &typing, STORE_TIMEOUT_MS, NULL, NULL);
}

/* Stores the page, and keeps it for the next message: before the first one, there is no conversation. */
static void
widget_socket_set_page(struct widget_socket *s, const struct widget_frame *frame)
{
	struct msg_page_set set = {
	    .org = s->core.org, .widget = s->core.widget, .session = s->core.session};

	buf_reset(&s->page);
	chat_page_encode(frame->json, slice_str(s->browser), &s->page);
	set.page = buf_slice(&s->page);
	(void)!store_call(s->core.api->store, MSG_PAGE_SET, &set, STORE_TIMEOUT_MS, NULL, NULL);
}

/* Stores the context, and keeps it for the next message, as the page. */
static void
widget_socket_set_context(struct widget_socket *s, const struct widget_frame *frame)
{
	struct msg_context_set set = {
	    .org = s->core.org, .widget = s->core.widget, .session = s->core.session};

	buf_reset(&s->context);
	must(chat_context_encode(frame->context, &s->context));
	set.context = buf_slice(&s->context);
	(void)!store_call(
	    s->core.api->store, MSG_CONTEXT_SET, &set, STORE_TIMEOUT_MS, NULL, NULL);
}

/* A rating that the store refuses is ignored: it is not of a complete reply to this visitor. */
static void
widget_socket_rate(struct widget_socket *s, const struct widget_frame *frame)
{
	struct msg_rating_set rating = frame->rating;

	rating.org = s->core.org;
	rating.widget = s->core.widget;
	rating.session = s->core.session;
	(void)!store_call(
	    s->core.api->store, MSG_RATING_SET, &rating, STORE_TIMEOUT_MS, NULL, NULL);
}

static void
widget_socket_handle(struct widget_socket *s, struct widget_frame *frame)
{
	unsigned wait_ms = widget_socket_rate_take(s, frame->kind);

	if (wait_ms > 0) {
		widget_socket_refuse(
		    s, "rate_limited", "Too many requests", frame->id, wait_ms);
		return;
	}
	s->refused = 0;
	switch (frame->kind) {
	case WIDGET_MESSAGE:
		widget_replies_send(s, frame);
		break;
	case WIDGET_CONTACT:
		widget_identify(s, frame);
		break;
	case WIDGET_STOP:
		widget_replies_stop(s);
		break;
	case WIDGET_PAGE:
		widget_socket_set_page(s, frame);
		break;
	case WIDGET_CONTEXT:
		widget_socket_set_context(s, frame);
		break;
	case WIDGET_RATING:
		widget_socket_rate(s, frame);
		break;
	case WIDGET_TYPING:
		widget_socket_type(s);
		break;
	case WIDGET_PING:
		widget_send_type(&s->out, "pong");
		break;
	case WIDGET_STEPS:
		s->has_steps = true;
		widget_steps_read(s);
		break;
	case WIDGET_DECIDE:
		widget_steps_decide(s, &frame->decide);
		break;
	case WIDGET_HISTORY:
		widget_older_read(s, &frame->before);
		break;
	}
}

/*
 * Closes the connection of a visitor for whom nobody vouches any more, and who is not stored: the client comes back at
 * once, and gets the next token, as all other tabs of the visitor.
 */
static bool
widget_socket_renew(struct widget_socket *s)
{
	if (widget_socket_vouched(s) == 0 || visitor_is_young(&s->visitor, clock_wall_ms()))
		return false;
	ws_close(s->out.ws, WS_GOING_AWAY, "reconnect for a new token");
	return true;
}

static void
widget_socket_on_ping(void *arg)
{
	(void)widget_socket_renew(arg);
}

static void
widget_socket_on_message(void *arg, struct slice text)
{
	struct widget_socket *s = arg;
	struct widget_frame frame;
	const char *wrong = widget_frame_read(text, &frame);

	if (wrong == NULL)
		wrong = files_json_fit(s->core.api->settings, files_json_slice(&frame.files));
	metric_add(&s->core.api->worker->socket_messages, 1);
	if (widget_socket_renew(s)) {
		widget_frame_clear(&frame);
		return;
	}
	if (wrong != NULL)
		widget_socket_refuse(s, "invalid_message", wrong, frame.id, 0);
	else
		widget_socket_handle(s, &frame);
	widget_frame_clear(&frame);
}

/* Frees a socket whose connection has ended; sends: its waiting messages are sent first. */
static void
widget_socket_free(struct widget_socket *s, bool sends)
{
	LIST_REMOVE(s, closing);
	widget_replies_end(s, sends);
	buf_clear(&s->page);
	buf_clear(&s->context);
	buf_clear(&s->user_id);
	free(s->browser);
	free(s);
}

void
widget_socket_resume(struct widget_socket *s)
{
	widget_steps_go_on(s);
	if (s->out.ws == NULL)
		widget_socket_free(s, true);
	else
		widget_replies_next(s);
}

static void
widget_socket_on_closed(void *arg)
{
	struct widget_socket *s = arg;

	s->vouched = widget_socket_vouched(s);
	live_core_leave(&s->core);
	live_thread_clear(&s->history.thread);
	widget_older_end(s);
	widget_steps_end(s);
	(void)widget_operator_stop_typing(s);
	widget_replies_leave(s);
	s->out.ws = NULL;
	s->x = NULL;
	LIST_INSERT_HEAD(&s->core.api->widget_sockets->closing, s, closing);
	if (s->identification == NULL)
		widget_socket_free(s, true);
}

/* Whether the turn is of a message that was sent from here, or is queued here as well. */
static bool
widget_socket_is_own(struct widget_socket *s, const struct msg_live_turn *turn)
{
	if (id_is_zero(&turn->message))
		return widget_replies_rerun(s, turn);
	if (widget_replies_has(s, &turn->turn))
		return true;
	if (!widget_replies_is_sending(s, turn->client_id, turn->text))
		return false;
	widget_history_add(s, &turn->message, false);
	return true;
}

static void
widget_socket_on_turn(struct live_core *core, const struct msg_live_turn *turn)
{
	struct widget_socket *s = (struct widget_socket *)core;
	bool is_rerun = id_is_zero(&turn->message);

	if (widget_socket_is_own(s, turn))
		return;
	if (widget_replies_is_syncing(s)) {
		widget_replies_sync(s);
		return;
	}
	/* A sync may have found the message before this event arrived. */
	if (!is_rerun && !widget_history_has(s, &turn->message)) {
		widget_history_add(s, &turn->message, false);
		widget_send_message(&s->out,
		    &(struct msg_message_record){
			.id = turn->message, .role = MESSAGE_USER, .text = turn->text});
	}
	if (!id_is_zero(&turn->turn) && (is_rerun || !widget_history_has(s, &turn->turn)))
		widget_replies_join(s, &turn->turn);
}

static void
widget_socket_on_contact(struct live_core *core)
{
	struct widget_socket *s = (struct widget_socket *)core;

	if (!s->identified_here)
		widget_send_type(&s->out, "contact_info_saved");
	s->identified_here = false;
	s->is_identified = true;
}

static void
widget_socket_on_missed(struct live_core *core, const struct live_room_event *event)
{
	struct widget_socket *s = (struct widget_socket *)core;

	if (event->identified && !s->is_identified)
		widget_send_type(&s->out, "contact_info_saved");
	s->identified_here = false;
	s->is_identified = event->identified;
	if (event->erased)
		widget_replies_erased(s);
	else
		widget_replies_sync(s);
}

static void
widget_socket_on_changed(struct live_core *core)
{
	struct widget_socket *s = (struct widget_socket *)core;

	widget_replies_sync(s);
	if (s->has_steps)
		widget_steps_read(s);
}

static void
widget_socket_on_typing(struct live_core *core)
{
	widget_operator_start_typing((struct widget_socket *)core);
}

static void
widget_socket_on_gone(struct live_core *core)
{
	const struct widget_socket *s = (struct widget_socket *)core;

	ws_close(s->out.ws, WS_SESSION_ENDED, chat_failure_message(TURN_VISITOR_GONE));
}

static void
widget_socket_on_failed(struct live_core *core, uint16_t type, const union msg *m)
{
	(void)type;
	(void)m;
	widget_socket_give_up((struct widget_socket *)core);
}

static const struct live_renderer renderer = {
    .first = WIDGET_HISTORY_MESSAGES,
    .later = WIDGET_PAGE_MESSAGES,
    .page = widget_history_on_page,
    .finish = widget_history_on_end,
    .none = widget_history_on_none,
    .fail = widget_socket_on_failed,
    .changed = widget_socket_on_changed,
    .turn = widget_socket_on_turn,
    .typing = widget_socket_on_typing,
    .contact = widget_socket_on_contact,
    .missed = widget_socket_on_missed,
    .gone = widget_socket_on_gone,
};

/* The request is gone when the first page frame comes. */
static char *
widget_socket_copy_browser(const struct http_exchange *x)
{
	struct slice agent = http_header(x->req, "user-agent");
	size_t n = agent.len < BROWSER_MAX ? agent.len : BROWSER_MAX;
	char *copy = xcalloc(1, n + 1);

	if (n > 0)
		memcpy(copy, agent.p, n);
	return copy;
}

static struct widget_socket *
widget_socket_new(struct widget_opening *o)
{
	static const struct ws_events ws_events = {.message = widget_socket_on_message,
	    .ping = widget_socket_on_ping,
	    .closed = widget_socket_on_closed};
	const size_t n = strlen(o->visit.session) + 1;
	struct widget_socket *s = xcalloc(1, sizeof(*s) + n);

	memcpy(s->session, o->visit.session, n);
	s->core = (struct live_core){
	    .renderer = &renderer,
	    .api = o->q.api,
	    .org = o->visit.org,
	    .widget = o->visit.widget,
	    .session = slice_str(s->session),
	};
	s->token = o->visit.token;
	s->vouched = o->visit.vouched;
	s->visitor = o->visit.visitor;
	s->out = o->out;
	buf_init(&s->page, CHAT_PAGE_MAX);
	buf_init(&s->context, CHAT_CONTEXT_MAX);
	buf_init(&s->user_id, IDENTITY_USER_ID_MAX);
	TAILQ_INIT(&s->replies);
	if (!o->visit.by_key)
		s->client = connection_limit_client(
		    s->core.api, &request_context_of(o->q.x)->client.address);
	s->sender = request_context_of(o->q.x)->client.address;
	s->x = store_query_done(&o->q); /* frees o */
	s->browser = widget_socket_copy_browser(s->x);
	s->out.ws = ws_accept(s->x, &ws_events, s);
	request_context_stream_begin(s->x, &s->core.api->worker->sockets);
	return s;
}

static int
widget_socket_enter_room(struct widget_socket *s, const struct widget_visit *visit)
{
	const struct live_room_topic topic = widget_visit_topic(visit);

	return live_core_enter(&s->core, &topic);
}

/* Sends the first frames. */
static void
widget_socket_greet(struct widget_socket *s, const struct widget_visit *visit)
{
	widget_send_session(&s->out, widget_visit_token(visit), visit->identified);
	if (widget_socket_enter_room(s, visit) == -1) {
		widget_socket_give_up(s);
		return;
	}
	s->is_identified = visit->identified;
	s->has_history = visit->is_new;
	if (visit->resumed)
		widget_replies_sync(s);
}

static void
widget_socket_on_opened(void *arg, uint16_t type, const union msg *m)
{
	struct widget_opening *o = arg;
	struct widget_visit visit;

	if (widget_visit_goes_on(&o->q, &o->visit, type, m, widget_socket_on_opened))
		return;
	if (!widget_visit_opened(&o->visit, type, m)) {
		store_query_fail(&o->q, type, m);
		return;
	}
	visit = o->visit;
	widget_socket_greet(widget_socket_new(o), &visit);
}

void
handle_widget_socket(const struct api_call *c)
{
	struct widget_opening *o;
	struct widget_visit visit;

	if (!widget_visit_begin(c, &visit))
		return;
	widget_sightings_note(c);
	o = store_query_new(c, sizeof(*o), 0, "Widget not found");
	o->visit = visit;
	o->out.api = c->api;
	widget_outlet_read(&o->out, c->x->req->query);
	widget_visit_open(&o->q, &o->visit, widget_socket_on_opened);
}

struct widget_sockets *
widget_sockets_new(void)
{
	struct widget_sockets *sockets = xcalloc(1, sizeof(*sockets));

	LIST_INIT(&sockets->closing);
	return sockets;
}

void
widget_sockets_free(struct widget_sockets *sockets)
{
	struct widget_socket *s;

	while ((s = LIST_FIRST(&sockets->closing)) != NULL) {
		widget_identify_cancel(s);
		widget_socket_free(s, false);
	}
	free(sockets);
}

bool
widget_sockets_is_empty(const struct widget_sockets *sockets)
{
	return LIST_EMPTY(&sockets->closing);
}
