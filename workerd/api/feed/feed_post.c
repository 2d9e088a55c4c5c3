#include "workerd/api/feed/feed_post.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/chat/chat_page.h"
#include "workerd/api/feed/feed_handlers.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/steps/step_json.h"
#include "workerd/api/widget/widget_older.h"
#include "workerd/api/widget/widget_settings.h"

/* Bytes of the answer: a page of older messages, each byte escaped, and the JSON around them. */
#define ANSWER_MAX (6u * 786432 + 64u * 2048)

static const struct store_refusal refusals[] = {
    {STORE_GONE, 404, "session_not_found", "The session is unknown: begin a new one"},
    {.status = 0},
};

void
feed_post_accept(struct feed_post *p, const struct id *reply)
{
	struct json_writer *j = &p->q.json;

	must(buf_append_str(&p->q.out, "]") == 0);
	j->comma = true;
	if (reply != NULL)
		json_write_id_or_null(j, "reply", reply);
	json_write_close(j, '}');
	store_query_reply_status(&p->q, 202);
}

/* It may be lost, as over a WebSocket; a rating that the store refuses is ignored. */
static void
feed_post_on_told(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (type == MSG_OK || type == MSG_ERROR)
		feed_post_accept(p, NULL);
	else
		store_query_fail(&p->q, type, m);
}

static void
feed_post_type(struct feed_post *p)
{
	const struct msg_typing typing = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session)};

	store_query_ask(&p->q, MSG_TYPING, &typing, feed_post_on_told);
}

static void
feed_post_set_page(struct feed_post *p)
{
	struct msg_page_set set = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session)};

	chat_page_encode(p->frame.json, http_header(p->q.x->req, "user-agent"), &p->page);
	set.page = buf_slice(&p->page);
	store_query_ask(&p->q, MSG_PAGE_SET, &set, feed_post_on_told);
}

static void
feed_post_set_context(struct feed_post *p)
{
	struct msg_context_set set = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session)};

	set.context = buf_slice(&p->context);
	store_query_ask(&p->q, MSG_CONTEXT_SET, &set, feed_post_on_told);
}

static void
feed_post_rate(struct feed_post *p)
{
	struct msg_rating_set rating = p->frame.rating;

	rating.org = p->visit.org;
	rating.widget = p->visit.widget;
	rating.session = slice_str(p->visit.session);
	store_query_ask(&p->q, MSG_RATING_SET, &rating, feed_post_on_told);
}

static void
feed_post_on_steps(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(&p->q, type, m);
		return;
	}
	widget_send_steps(&p->out, m->record_page.records);
	feed_post_accept(p, NULL);
}

static void
feed_post_read_steps(struct feed_post *p)
{
	const struct msg_step_list list = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .limit = STEP_JSON_MAX};

	store_query_ask(&p->q, MSG_STEP_LIST, &list, feed_post_on_steps);
}

static void
feed_post_on_decided(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (widget_send_decided(&p->out, type, m))
		feed_post_accept(p, NULL);
	else
		store_query_fail(&p->q, type, m);
}

static void
feed_post_decide(struct feed_post *p)
{
	struct msg_step_decide decide = p->frame.decide;

	decide.org = p->visit.org;
	decide.widget = p->visit.widget;
	decide.session = slice_str(p->visit.session);
	if (p->visit.by_key)
		decide.user_id = p->frame.who.user_id;
	store_query_ask(&p->q, MSG_STEP_DECIDE, &decide, feed_post_on_decided);
}

static void
feed_post_on_older(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (store_refused(type, m, STORE_STALE))
		store_query_refuse(&p->q, 404, "not_found", WIDGET_OLDER_UNKNOWN);
	else if (widget_older_send(&p->out, &p->frame.before, type, m))
		feed_post_accept(p, NULL);
	else
		store_query_fail(&p->q, type, m);
}

static struct msg_session_history
feed_post_history(const struct feed_post *p)
{
	return (struct msg_session_history){.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .limit = 1};
}

static void
feed_post_read_older(struct feed_post *p)
{
	const struct msg_session_history common = feed_post_history(p);
	struct msg_session_history ask = widget_older_ask(&p->frame.before);

	ask.org = common.org;
	ask.widget = common.widget;
	ask.session = common.session;
	store_query_ask(&p->q, MSG_SESSION_HISTORY, &ask, feed_post_on_older);
}

/* The visitor sees in the feed how the reply ends. */
static void
feed_post_stop(struct feed_post *p, const struct id *reply)
{
	static const struct turn_sink sink = {.start = NULL};
	const struct reply_ref ref = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .message = *reply};
	struct turn_listener *l = turn_stop(p->out.api->turns, &ref, &sink, p);

	if (l == NULL) {
		store_query_fail(&p->q, 0, NULL);
		return;
	}
	turn_leave(l);
	feed_post_accept(p, NULL);
}

static void
feed_post_on_running(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (store_refused(type, m, STORE_NOT_FOUND) ||
	    (type == MSG_MESSAGE_PAGE && id_is_zero(&m->message_page.active)))
		feed_post_accept(p, NULL);
	else if (type == MSG_MESSAGE_PAGE)
		feed_post_stop(p, &m->message_page.active);
	else
		store_query_fail(&p->q, type, m);
}

static void
feed_post_find_running(struct feed_post *p)
{
	const struct msg_session_history ask = feed_post_history(p);

	store_query_ask(&p->q, MSG_SESSION_HISTORY, &ask, feed_post_on_running);
}

static void
feed_post_on_contact(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (store_refused(type, m, STORE_INVALID)) {
		contact_details_refuse(
		    &p->q, CONTACT_DETAILS_LONG_EMAIL, &contact_details_long_email);
	} else if (store_refused(type, m, STORE_BLOCKED)) {
		store_query_refuse(&p->q, 403, chat_failure_code(TURN_BLOCKED),
		    chat_failure_message(TURN_BLOCKED));
	} else if (type == MSG_RECORD) {
		widget_send_type(&p->out, "contact_info_saved");
		feed_post_accept(p, NULL);
	} else {
		store_query_fail(&p->q, type, m);
	}
}

static void
feed_post_submit(struct feed_post *p, const struct contact_details *contact)
{
	struct msg_contact_submit submit = {.token = p->visit.token,
	    .fresh_id = id_new(),
	    .name = contact->value[CONTACT_DETAILS_NAME],
	    .email = contact->value[CONTACT_DETAILS_EMAIL],
	    .phone = contact->value[CONTACT_DETAILS_PHONE],
	    .user_id = p->frame.who.user_id,
	    .org = p->visit.org,
	    .widget = p->visit.widget,
	    .visitor = p->visit.visitor,
	    .vouched = p->visit.vouched,
	    .sender = ip_client_prefix(&request_context_of(p->q.x)->client.address)};

	if (p->visit.by_key)
		submit.session = slice_str(p->visit.session);
	store_query_ask(&p->q, MSG_CONTACT_SUBMIT, &submit, feed_post_on_contact);
}

/* The site says who the visitor is, and proves it. */
static void
feed_post_identify(struct feed_post *p)
{
	struct contact_details contact;
	const char *wrong = contact_details_read_proved(&p->frame.who, &contact);

	if (!p->is_proved)
		store_query_refuse(&p->q, 422, IDENTITY_INVALID,
		    p->visit.by_key ? IDENTITY_UNPROVED_BY_KEY : IDENTITY_UNPROVED);
	else if (wrong != NULL)
		contact_details_refuse(&p->q, wrong, &contact);
	else
		feed_post_submit(p, &contact);
}

static void
feed_post_take_contact(struct feed_post *p)
{
	struct contact_details contact;
	const char *wrong;

	if (identity_has_proof(&p->frame.who)) {
		feed_post_identify(p);
		return;
	}
	if (p->takes == 0 && !p->visit.by_key) {
		store_query_refuse(&p->q, 409, "contact_not_asked", CONTACT_DETAILS_NOT_ASKED);
		return;
	}
	wrong = p->visit.by_key ? contact_details_read_any(&p->frame.who, &contact)
				: contact_details_read(&p->frame.who, p->takes,
				      p->visit.identified ? 0 : p->required, &contact);
	if (wrong != NULL)
		contact_details_refuse(&p->q, wrong, &contact);
	else
		feed_post_submit(p, &contact);
}

static void
feed_post_handle(struct feed_post *p)
{
	switch (p->frame.kind) {
	case WIDGET_MESSAGE:
		feed_message_send(p);
		break;
	case WIDGET_CONTACT:
		feed_post_take_contact(p);
		break;
	case WIDGET_STOP:
		feed_post_find_running(p);
		break;
	case WIDGET_TYPING:
		feed_post_type(p);
		break;
	case WIDGET_PAGE:
		feed_post_set_page(p);
		break;
	case WIDGET_CONTEXT:
		feed_post_set_context(p);
		break;
	case WIDGET_RATING:
		feed_post_rate(p);
		break;
	case WIDGET_PING:
		widget_send_type(&p->out, "pong");
		feed_post_accept(p, NULL);
		break;
	case WIDGET_STEPS:
		feed_post_read_steps(p);
		break;
	case WIDGET_DECIDE:
		feed_post_decide(p);
		break;
	case WIDGET_HISTORY:
		feed_post_read_older(p);
		break;
	}
}

static void
feed_post_on_opened(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	if (widget_visit_goes_on(&p->q, &p->visit, type, m, feed_post_on_opened))
		return;
	if (widget_visit_opened(&p->visit, type, m))
		feed_post_handle(p);
	else
		store_query_fail(&p->q, type, m);
}

static void
feed_post_on_end(struct store_query *q)
{
	struct feed_post *p = (struct feed_post *)q;

	feed_message_clear(p);
	widget_frame_clear(&p->frame);
	buf_clear(&p->page);
	buf_clear(&p->context);
}

/* Before the first message there is no conversation that could have a page, so the message may carry it. */
static void
feed_post_read_page(struct feed_post *p)
{
	const json_t *page = json_object_get(p->frame.json, "page");

	if (p->frame.kind == WIDGET_MESSAGE && json_is_object(page))
		chat_page_encode(page, http_header(p->q.x->req, "user-agent"), &p->page);
}

/* What the widget asks of a visitor. */
static void
feed_post_read_widget(struct feed_post *p, struct slice record)
{
	struct msg_widget_record widget;

	must(record_decode(record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	p->takes = widget_settings_taken(&widget);
	p->required = widget_settings_required(&widget);
	p->is_proved = identity_is_proved(&widget, &p->frame.who);
}

static void
feed_post_on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct msg_widget_record widget;
	struct feed_post *p = arg;

	if (!msg_read_record(type, m, MSG_WIDGET_RECORD, &widget)) {
		store_query_fail(&p->q, type, m);
		return;
	}
	p->is_proved = identity_is_proved(&widget, &p->frame.who);
	if (!p->is_proved && p->frame.kind != WIDGET_CONTACT)
		p->frame.who = (struct identity){0};
	feed_post_handle(p);
}

/* A session of a key: an identity is proved by the secret of the organization's first widget. A message with one that
 * proves nothing is sent without it: the frame "identify" was refused. */
static void
feed_post_handle_by_key(struct feed_post *p)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = p->visit.org, .id = p->visit.widget};

	if (identity_has_proof(&p->frame.who))
		store_query_ask(&p->q, MSG_RECORD_GET, &get, feed_post_on_widget);
	else
		feed_post_handle(p);
}

/* Takes over the frame. */
static struct feed_post *
feed_post_new(const struct api_call *c, const struct widget_visit *visit,
    const struct widget_frame *frame)
{
	struct feed_post *p = store_query_new(c, sizeof(*p), ANSWER_MAX, "Widget not found");

	p->visit = *visit;
	p->q.refusals = refusals;
	p->q.on_end = feed_post_on_end;
	p->frame = *frame;
	p->out = (struct widget_outlet){.api = c->api, .posted = &p->q.out};
	widget_outlet_read(&p->out, c->x->req->query);
	buf_init(&p->page, CHAT_PAGE_MAX);
	buf_init(&p->context, CHAT_CONTEXT_MAX);
	feed_post_read_page(p);
	must(chat_context_encode(p->frame.context, &p->context));
	if (!visit->by_key)
		feed_post_read_widget(p, c->widget_record);
	p->source = connection_limit_key(c->api, &request_context_of(c->x)->client.address);
	/* With a key, it is the site's server. */
	if (!visit->by_key)
		p->client =
		    connection_limit_client(c->api, &request_context_of(c->x)->client.address);
	json_write_open(&p->q.json, NULL, '{');
	must(buf_append_str(&p->q.out, "\"frames\":[") == 0);
	return p;
}

/* Reads who sends a frame, if it says so. One that is invalid proves nothing. */
static void
feed_post_read_identity(struct widget_frame *frame)
{
	if (identity_read(json_object_get(frame->json, "identity"), &frame->who) != NULL)
		frame->who = (struct identity){0};
}

/* Returns what is wrong, or NULL. A message may carry a context and an identity, as a page; a decision an identity. */
static const char *
feed_post_read(struct slice text, struct widget_frame *frame)
{
	const char *wrong = widget_frame_read(text, frame);
	struct buf context;

	if (wrong == NULL && (frame->kind == WIDGET_MESSAGE || frame->kind == WIDGET_DECIDE))
		feed_post_read_identity(frame);
	if (wrong != NULL || frame->kind != WIDGET_MESSAGE)
		return wrong;
	frame->context = json_object_get(frame->json, "context");
	buf_init(&context, CHAT_CONTEXT_MAX);
	if (!chat_context_encode(frame->context, &context))
		wrong = chat_context_wrong;
	buf_clear(&context);
	return wrong;
}

/* The same rate limits as over a WebSocket. */
static bool
feed_post_is_admitted(const struct api_call *c, enum widget_frame_kind kind)
{
	struct api_call call = *c;

	return (kind == WIDGET_MESSAGE || kind == WIDGET_CONTACT
		       ? guard_chat_rate(&call)
		       : guard_chat_read_rate(&call)) == GUARD_NEXT;
}

void
handle_widget_post(const struct api_call *c)
{
	struct widget_frame frame;
	const char *wrong = feed_post_read(c->x->body, &frame);
	struct widget_visit visit;
	struct feed_post *p;

	if (wrong == NULL)
		wrong = files_json_fit(c->api->settings, files_json_slice(&frame.files));
	if (wrong != NULL)
		reply_json_error(c->x, 400, "invalid_message", wrong);
	if (wrong != NULL || !feed_post_is_admitted(c, frame.kind) ||
	    !widget_visit_begin(c, &visit)) {
		widget_frame_clear(&frame);
		return;
	}
	p = feed_post_new(c, &visit, &frame);
	if (visit.by_key)
		feed_post_handle_by_key(p);
	else
		widget_visit_return(&p->q, &p->visit, feed_post_on_opened);
}
