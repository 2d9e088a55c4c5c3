#include "workerd/api/widget/widget_visit.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/room_id.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"

/* A token that is too long is ignored, as an unknown one is. */
static void
widget_visit_read_token(struct slice query, struct widget_visit *v)
{
	uint8_t text[PARAMETER_MAX];
	struct slice token = parameter_read(query, "token", text);

	if (!slice_copy_text(token, v->given, sizeof(v->given)))
		v->given[0] = '\0';
	token = parameter_read(query, "back", text);
	v->back = token.len > 0 ? secret_hash(token) : (struct hash256){0};
}

static void
widget_visit_read_widget(struct slice record, struct widget_visit *v)
{
	struct msg_widget_record widget;

	must(record_decode(record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	must(slice_copy_text(widget.public_id, v->public_id, sizeof(v->public_id)));
	v->org = widget.org;
	v->widget = widget.id;
	v->generation = widget.generation;
}

static bool
widget_visit_read_session(const struct api_call *c, struct widget_visit *v)
{
	uint8_t text[PARAMETER_MAX];
	struct slice session = parameter_read(c->x->req->query, "sessionId", text);

	if (!client_id_is_valid(session)) {
		api_reply_invalid_query(c, chat_session_wrong);
		return false;
	}
	must(slice_copy_text(session, v->session, sizeof(v->session)));
	v->org = c->org;
	v->widget = c->widget;
	return true;
}

bool
widget_visit_begin(const struct api_call *c, struct widget_visit *v)
{
	*v = (struct widget_visit){.by_key = c->widget_record.len == 0};
	if (v->by_key)
		return widget_visit_read_session(c, v);
	widget_visit_read_token(c->x->req->query, v);
	widget_visit_read_widget(c->widget_record, v);
	return true;
}

static void
widget_visit_ask(struct store_query *q, struct widget_visit *v, store_answer_fn *fn)
{
	const struct hash256 *secret = &q->api->login_secret;
	const struct visitor_token_place place = {v->widget, v->generation};
	const uint64_t now = clock_wall_ms();
	struct slice given = slice_str(v->given);
	enum visitor_token_state state;
	struct msg_visitor_open ask = {.public_id = slice_str(v->public_id), .back = v->back};

	if (hash_is_zero(secret)) {
		store_query_ask(q, MSG_LOGIN_SECRET_GET, &(struct msg_login_secret_get){}, fn);
		return;
	}
	if (given.len > 0)
		ask.token = secret_hash(given);
	state = visitor_token_check(secret, &place, now, given, &ask.visitor);
	if (state == VISITOR_TOKEN_OLD) {
		ask.visitor = visitor_token_next(secret, &place, now, given, v->next);
		ask.next = secret_hash(slice_str(v->next));
	}
	if (state != VISITOR_TOKEN_INVALID)
		ask.vouched = v->generation + 1;
	if (v->may_begin) {
		ask.fresh_id = visitor_token_new(secret, &place, v->fresh);
		ask.fresh_token = secret_hash(slice_str(v->fresh));
	}
	store_query_ask(q, MSG_VISITOR_OPEN, &ask, fn);
}

void
widget_visit_return(struct store_query *q, struct widget_visit *v, store_answer_fn *fn)
{
	widget_visit_ask(q, v, fn);
}

/* Whether the session has a conversation. */
static void
widget_visit_find(struct store_query *q, const struct widget_visit *v, store_answer_fn *fn)
{
	const struct msg_session_history ask = {
	    .org = v->org, .widget = v->widget, .session = slice_str(v->session), .limit = 1};

	store_query_ask(q, MSG_SESSION_HISTORY, &ask, fn);
}

void
widget_visit_open(struct store_query *q, struct widget_visit *v, store_answer_fn *fn)
{
	v->may_begin = true;
	if (v->by_key)
		widget_visit_find(q, v, fn);
	else
		widget_visit_ask(q, v, fn);
}

/* A session without a conversation may have a contact, which waits for the first message. */
bool
widget_visit_goes_on(struct store_query *q, struct widget_visit *v, uint16_t type,
    const union msg *m, store_answer_fn *fn)
{
	struct msg_visitor_open ask = {0};

	if (type == MSG_LOGIN_SECRET) {
		api_use_login_secret(q->api, &m->login_secret.secret);
		widget_visit_ask(q, v, fn);
		return true;
	}
	if (!v->by_key || v->is_new || !store_refused(type, m, STORE_NOT_FOUND))
		return false;
	v->is_new = true;
	ask.token = room_hash_of_session(&v->org, &v->widget, slice_str(v->session));
	store_query_ask(q, MSG_VISITOR_OPEN, &ask, fn);
	return true;
}

static bool
widget_visit_has_contact(const struct widget_visit *v, const union msg *m)
{
	struct msg_conversation_record conversation;
	struct msg_visitor_record visitor;

	if (v->is_new)
		return record_decode(m->visitor_opened.visitor, MSG_VISITOR_RECORD, &visitor) ==
		    WIRE_OK &&
		    !id_is_zero(&visitor.contact);
	return record_decode(m->message_page.conversation, MSG_CONVERSATION_RECORD,
		   &conversation) == WIRE_OK &&
	    !id_is_zero(&conversation.contact);
}

static bool
widget_visit_found(struct widget_visit *v, uint16_t type, const union msg *m)
{
	bool known = type == (v->is_new ? MSG_VISITOR_OPENED : MSG_MESSAGE_PAGE);

	v->resumed = true;
	v->identified = known && widget_visit_has_contact(v, m);
	return known || (v->is_new && store_refused(type, m, STORE_NOT_FOUND));
}

static void
widget_visit_set_session(struct widget_visit *v)
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	memcpy(v->session, VISITOR_SESSION, n);
	id_format(&v->visitor, v->session + n);
}

bool
widget_visit_opened(struct widget_visit *v, uint16_t type, const union msg *m)
{
	struct msg_visitor_record visitor;
	struct hash256 given, fresh;

	if (v->by_key)
		return widget_visit_found(v, type, m);
	if (type != MSG_VISITOR_OPENED || m->visitor_opened.visitor.len == 0)
		return false;
	must(record_decode(m->visitor_opened.visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	v->resumed = m->visitor_opened.resumed;
	v->is_new = !v->resumed;
	v->identified = !id_is_zero(&visitor.contact);
	v->visitor = visitor.id;
	v->token = visitor.token;
	given = secret_hash(slice_str(v->given));
	fresh = secret_hash(slice_str(v->fresh));
	v->is_given = hash_equal(&v->token, &given);
	v->is_fresh = hash_equal(&v->token, &fresh);
	if (visitor.created_at == 0)
		v->vouched = visitor.generation + 1;
	widget_visit_set_session(v);
	return true;
}

const char *
widget_visit_token(const struct widget_visit *v)
{
	if (v->by_key)
		return v->session;
	return v->is_given ? v->given : v->is_fresh ? v->fresh : v->next;
}

struct live_room_topic
widget_visit_topic(const struct widget_visit *v)
{
	const struct slice session = slice_str(v->session);

	if (!v->by_key)
		return (struct live_room_topic){
		    .room = v->visitor,
		    .token = v->token,
		    .org = v->org,
		    .widget = v->widget,
		    .vouched = v->vouched,
		};
	return (struct live_room_topic){
	    .room = room_id_of_session(&v->org, &v->widget, session),
	    .org = v->org,
	    .widget = v->widget,
	    .session = session,
	};
}
