/*
 * POST /v1/channels/{id}/messages: what a person writes by a channel. It is answered when the message is stored; the reply, like
 * what people write, goes to the adapter as a delivery (workerd/webhooks). So the reply has a listener that only waits for its end.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/channels/channel_body.h"
#include "workerd/api/channels/channel_query.h"
#include "workerd/api/channels/channels_handlers.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/request_context.h"
#include "workerd/webhooks/channel_session.h"

struct channel_message {
	struct channel_query query; /* first */
	struct channel_body body;
	char session[CHANNEL_SESSION_SIZE];
};

/* The reply, until it ends; the adapter may leave before that. */
struct channel_reply {
	struct api *api;
	struct http_exchange *x; /* NULL: it was answered, or the adapter has left */
};

static void
channel_message_on_client_gone(struct http_exchange *x)
{
	struct channel_reply *r = x->data;

	r->x = NULL;
}

/* Takes the exchange, which must be answered; NULL: it was. */
static struct http_exchange *
channel_message_take(struct channel_reply *r)
{
	struct http_exchange *x = r->x;

	r->x = NULL;
	if (x != NULL) {
		x->on_close = NULL;
		x->data = NULL;
	}
	return x;
}

/* The message is stored. */
static void
channel_message_accept(struct channel_reply *r, const struct turn_ids *ids)
{
	struct http_exchange *x = channel_message_take(r);
	struct buf *line = api_scratch(r->api);
	struct json_writer j;

	if (x == NULL)
		return;
	j = json_writer(line);
	json_write_open(&j, NULL, '{');
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "replyId", &ids->message);
	json_write_close(&j, '}');
	must(!j.failed);
	api_reply_json(x, 202, buf_slice(line));
}

static void
channel_message_on_stored(void *arg, const struct turn_ids *ids)
{
	channel_message_accept(arg, ids);
}

/* A reply that was begun before. */
static void
channel_message_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	(void)position;
	channel_message_accept(arg, ids);
}

static void
channel_message_on_token(void *arg, struct slice text)
{
	(void)arg;
	(void)text;
}

static void
channel_message_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	(void)reply;
	channel_message_accept(arg, ids);
	free(arg);
}

static void
channel_message_on_error(void *arg, const struct turn_error *error)
{
	struct channel_reply *r = arg;
	struct http_exchange *x = channel_message_take(r);

	free(r);
	if (x != NULL)
		chat_failure_reply(x, error);
}

static const struct turn_sink channel_sink = {.start = channel_message_on_start,
    .token = channel_message_on_token,
    .done = channel_message_on_done,
    .error = channel_message_on_error,
    .stored = channel_message_on_stored};

static void
channel_message_begin(struct channel_message *m)
{
	const struct turn_request request = {
	    .org = m->query.q.org,
	    .widget = m->query.widget,
	    .session = slice_str(m->session),
	    .text = buf_slice(&m->body.text),
	    .files = files_json_slice(&m->body.files),
	    .answer = buf_slice(&m->body.answer),
	    .client_id = m->body.id,
	    .context = buf_slice(&m->body.context),
	    .user_id = m->body.contact.user_id,
	    .name = request_context_of(m->query.q.x)->request_id,
	    .asks_person = m->body.asks_person,
	};
	struct channel_reply *r = xcalloc(1, sizeof(*r));
	enum turn_failure why;
	struct http_exchange *x;

	r->api = m->query.q.api;
	if (turn_begin(r->api->turns, &request, &channel_sink, r, &why) == NULL) {
		free(r);
		chat_failure_reply(
		    store_query_done(&m->query.q), &(struct turn_error){.failure = why});
		return;
	}
	x = store_query_done(&m->query.q);
	r->x = x;
	x->data = r;
	x->on_close = channel_message_on_client_gone;
}

static void
channel_message_on_contact(void *arg, uint16_t type, const union msg *answer)
{
	struct channel_message *m = arg;

	if (store_refused(type, answer, STORE_INVALID))
		contact_details_refuse(
		    &m->query.q, CONTACT_DETAILS_LONG_EMAIL, &contact_details_long_email);
	else if (type == MSG_RECORD)
		channel_message_begin(m);
	else
		store_query_fail(&m->query.q, type, answer);
}

static void
channel_message_submit(struct channel_message *m, const struct contact_details *contact)
{
	const struct msg_contact_submit submit = {
	    .org = m->query.q.org,
	    .widget = m->query.widget,
	    .session = slice_str(m->session),
	    .fresh_id = id_new(),
	    .name = contact->value[CONTACT_DETAILS_NAME],
	    .email = contact->value[CONTACT_DETAILS_EMAIL],
	    .phone = contact->value[CONTACT_DETAILS_PHONE],
	    .user_id = m->body.contact.user_id,
	};

	store_query_ask(&m->query.q, MSG_CONTACT_SUBMIT, &submit, channel_message_on_contact);
}

/* Each person has the limit that a visitor's address has: all come from the adapter's. */
static bool
channel_message_is_allowed(struct channel_message *m)
{
	struct api *api = m->query.q.api;
	const bool is_allowed =
	    guard_person_rate_take(api, m->query.q.x, slice_str(m->session));

	if (!is_allowed)
		guard_chat_refuse(api, store_query_done(&m->query.q));
	return is_allowed;
}

static bool
channel_message_has_any(const struct contact_details *contact)
{
	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->value[i].len > 0)
			return true;
	return false;
}

static void
channel_message_on_found(struct channel_query *q)
{
	struct channel_message *m = (struct channel_message *)q;
	const char *wrong = channel_body_read(q->q.x->body, &m->body);
	struct contact_details contact;

	if (wrong == NULL)
		wrong = files_json_fit(q->q.api->settings, files_json_slice(&m->body.files));
	if (wrong != NULL) {
		channel_query_refuse_body(q, wrong);
		return;
	}
	channel_session(m->session, &q->channel, m->body.peer);
	if (!channel_message_is_allowed(m))
		return;
	wrong = contact_details_read_proved(&m->body.contact, &contact);
	if (wrong != NULL)
		contact_details_refuse(&q->q, wrong, &contact);
	else if (m->body.contact.user_id.len > 0 || channel_message_has_any(&contact))
		channel_message_submit(m, &contact);
	else
		channel_message_begin(m);
}

static void
channel_message_on_end(struct store_query *q)
{
	channel_body_clear(&((struct channel_message *)q)->body);
}

void
handle_channel_message(const struct api_call *c)
{
	channel_query_start(c, sizeof(struct channel_message), channel_message_on_found,
	    channel_message_on_end);
}
