/*
 * POST /v1/channels/{id}/receipts: how far a message has come in the other chat. The answer has what is stored of the message now,
 * which is further if the report is late.
 */
#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/channels/channel_query.h"
#include "workerd/api/channels/channels_handlers.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/names.h"
#include "workerd/webhooks/channel_session.h"

#define REASON_MAX 200 /* UTF-16 code units */

struct receipt_query {
	struct channel_query query; /* first */
	struct msg_receipt_set set;
	char sessions[CHANNEL_SESSION_SIZE];
};

static const struct store_refusal refusals[] = {
    {STORE_NOT_FOUND, 404, "message_not_found",
	"The channel was sent no message with this messageId in this conversationId"},
    {.status = 0},
};

static bool
channel_receipt_read_id(const json_t *body, const char *name, struct id *id)
{
	return id_parse(json_read_member(body, name), id) == 0 && !id_is_zero(id);
}

/* The state with this word; RECEIPT_NONE: there is none. */
static uint8_t
channel_receipt_state(struct slice word)
{
	uint8_t state = RECEIPT_READ;

	while (state > RECEIPT_NONE && !slice_eq_str(word, receipt_state_words[state]))
		state--;
	return state;
}

static const char *
channel_receipt_read_reason(const json_t *body, struct msg_receipt_set *set)
{
	const json_t *value = json_object_get(body, "reason");

	set->reason = json_read_string(value);
	if (value == NULL || json_is_null(value))
		return NULL;
	if (set->reason.p == NULL || !utf8_is_line(set->reason) ||
	    utf8_utf16_len(set->reason) > REASON_MAX)
		return "reason must be one line of at most 200 characters";
	return set->reason.len > 0 && set->state != RECEIPT_FAILED
	    ? "reason must be given with the state failed only"
	    : NULL;
}

/* Returns what is wrong, or NULL. The slices are the body's. */
static const char *
channel_receipt_read(const json_t *body, struct msg_receipt_set *set)
{
	if (body == NULL)
		return "the body must be a JSON object in valid UTF-8 with conversationId, messageId "
		       "and state";
	if (!channel_receipt_read_id(body, "conversationId", &set->conversation))
		return "conversationId must be that of the delivery";
	if (!channel_receipt_read_id(body, "messageId", &set->message))
		return "messageId must be the id of the delivery's message";
	set->state = channel_receipt_state(json_read_member(body, "state"));
	if (set->state == RECEIPT_NONE)
		return "state must be sent, delivered, read or failed";
	return channel_receipt_read_reason(body, set);
}

static void
channel_receipt_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct receipt_query *r = arg;
	struct json_writer *j = &r->query.q.json;
	struct msg_message_receipt receipt;

	if (!msg_read_record(type, m, MSG_MESSAGE_RECEIPT, &receipt)) {
		store_query_fail(&r->query.q, type, m);
		return;
	}
	json_write_open(j, NULL, '{');
	json_write_id(j, "conversationId", &r->set.conversation);
	json_write_id(j, "messageId", &r->set.message);
	admin_json_write_receipt(j, &receipt);
	json_write_close(j, '}');
	store_query_reply(&r->query.q);
}

static void
channel_receipt_on_found(struct channel_query *q)
{
	struct receipt_query *r = (struct receipt_query *)q;
	json_t *body = json_read_object(q->q.x->body);
	const char *wrong = channel_receipt_read(body, &r->set);

	if (wrong != NULL) {
		json_decref(body);
		channel_query_refuse_body(q, wrong);
		return;
	}
	q->q.refusals = refusals;
	channel_session_front(r->sessions, &q->channel);
	r->set.org = q->q.org;
	r->set.sessions = slice_str(r->sessions);
	store_query_ask(&q->q, MSG_RECEIPT_SET, &r->set, channel_receipt_on_stored);
	json_decref(body);
}

void
handle_channel_receipt(const struct api_call *c)
{
	channel_query_start(c, sizeof(struct receipt_query), channel_receipt_on_found, NULL);
}
