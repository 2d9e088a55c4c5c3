/*
 * Sends one delivery. For a chat, the conversation is read first: if nobody waits any more, nothing is sent. For a channel,
 * the message too: only those to its own people are sent.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/webhooks/channel_session.h"
#include "workerd/webhooks/webhook_body.h"
#include "workerd/webhooks/webhook_endpoint.h"

struct webhook_sending {
	struct webhook_endpoint *endpoint;
	struct webhook_delivery *delivery;
	struct webhook_post *post; /* one of these two */
	struct store_call *call;
};

/* Ends the sending with its result. */
static void
webhook_send_end(struct webhook_sending *s, const struct webhook_result *result)
{
	struct webhook_endpoint *e = s->endpoint;
	struct webhook_delivery *d = s->delivery;

	d->sending = NULL;
	free(s);
	webhook_endpoint_sent(e, d, result);
}

static void
webhook_send_on_result(void *arg, const struct webhook_result *result)
{
	webhook_send_end(arg, result);
}

static void
webhook_send_post(struct webhook_sending *s, struct slice body)
{
	const struct webhook_endpoint *e = s->endpoint;
	char delivery[WEBHOOK_DELIVERY_SIZE];
	struct webhook_request request = {.url = e->url, .delivery = delivery, .body = body};

	webhook_request_sign(&request, &e->record);
	webhook_body_delivery(delivery, &e->record.id, s->delivery->record.n);
	s->post = webhook_post_start(e->engine->poster, &request, webhook_send_on_result, s);
}

static void
webhook_send_event(struct webhook_sending *s)
{
	struct buf body;

	buf_init(&body, WEBHOOK_BODY_MAX);
	webhook_body_event(&body, &s->endpoint->record, &s->delivery->record);
	webhook_send_post(s, buf_slice(&body));
	buf_clear(&body);
}

static void
webhook_send_waiting(
    struct webhook_sending *s, const struct msg_conversation_record *conversation)
{
	enum webhook_format format = (enum webhook_format)s->endpoint->record.format;
	struct buf body;

	buf_init(&body, WEBHOOK_BODY_MAX);
	webhook_body_waiting(&body, format, conversation);
	webhook_send_post(s, buf_slice(&body));
	buf_clear(&body);
}

static const struct webhook_result nothing_to_say = {.skipped = true};
static const struct webhook_result unknown = {.error = "the store did not answer"};

/* Finds the message of an event in a list. False: it is not there, or the person has written it. */
static bool
webhook_send_find_message(
    struct slice messages, const struct id *id, struct msg_message_record *r)
{
	struct slice item;

	while (wire_list_next(&messages, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, r) == WIRE_OK);
		if (id_equal(&r->id, id))
			return r->role != MESSAGE_USER;
	}
	return false;
}

static void
webhook_send_channel(struct webhook_sending *s,
    const struct msg_conversation_record *conversation, struct slice messages)
{
	const struct msg_webhook_record *webhook = &s->endpoint->record;
	const struct msg_delivery_record *d = &s->delivery->record;
	const bool is_state = d->kind == CHANGE_CONVERSATION;
	const struct slice to = channel_session_peer(conversation->session, &webhook->id);
	struct msg_message_record message;
	struct buf body;

	if (to.p == NULL ||
	    (!is_state && !webhook_send_find_message(messages, &d->object, &message))) {
		webhook_send_end(s, &nothing_to_say);
		return;
	}
	buf_init(&body, WEBHOOK_CHANNEL_BODY_MAX);
	webhook_body_channel(&body, webhook, d, conversation, to, is_state ? NULL : &message);
	webhook_send_post(s, buf_slice(&body));
	buf_clear(&body);
}

/* The conversation of an event for a chat or a channel. */
static void
webhook_send_on_conversation(void *arg, uint16_t type, const union msg *m)
{
	struct webhook_sending *s = arg;
	struct msg_conversation_record conversation;

	s->call = NULL;
	if (type == MSG_MESSAGE_PAGE &&
	    record_decode(m->message_page.conversation, MSG_CONVERSATION_RECORD,
		&conversation) == WIRE_OK) {
		if (s->endpoint->record.format == WEBHOOK_CHANNEL)
			webhook_send_channel(s, &conversation, m->message_page.messages);
		else if (conversation.state == STATE_WAITING)
			webhook_send_waiting(s, &conversation);
		else
			webhook_send_end(s, &nothing_to_say);
		return;
	}
	webhook_send_end(s,
	    store_refused(type, m, STORE_NOT_FOUND) || store_refused(type, m, STORE_STALE)
		? &nothing_to_say
		: &unknown);
}

static void
webhook_send_ask_conversation(struct webhook_sending *s)
{
	const struct msg_delivery_record *d = &s->delivery->record;
	struct msg_message_list ask = {
	    .org = s->endpoint->record.org,
	    .conversation = d->conversation,
	    .backwards = 1,
	    .limit = 1,
	};

	if (d->kind != CHANGE_CONVERSATION)
		ask.around = d->object;

	s->call = store_call(s->endpoint->engine->store, MSG_MESSAGE_LIST, &ask,
	    STORE_TIMEOUT_MS, webhook_send_on_conversation, s);
	/* The queue of requests is full: the event waits for its next try. */
	if (s->call == NULL)
		webhook_send_on_conversation(s, 0, NULL);
}

void
webhook_send(struct webhook_endpoint *e, struct webhook_delivery *d)
{
	struct webhook_sending *s = xcalloc(1, sizeof(*s));

	s->endpoint = e;
	s->delivery = d;
	d->sending = s;
	fair_slots_take(&e->engine->in_flight, &e->record.org);
	if (e->record.format == WEBHOOK_JSON)
		webhook_send_event(s);
	else
		webhook_send_ask_conversation(s);
}

void
webhook_send_cancel(struct webhook_delivery *d)
{
	struct webhook_sending *s = d->sending;

	if (s == NULL)
		return;
	fair_slots_give(&s->endpoint->engine->in_flight, &s->endpoint->record.org);
	if (s->post != NULL)
		webhook_post_cancel(s->post);
	if (s->call != NULL)
		store_call_forget(s->call);
	free(s);
	d->sending = NULL;
}
