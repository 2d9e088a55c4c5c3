/*
 * POST /v1/admin/conversations/{id}/transcript: the visitor gets the conversation by mail.
 */
#include "proto/base/log.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/mail_reader.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX 64 /* bytes of JSON */

struct transcript_query {
	struct store_query q;
	struct id conversation;
	char by[API_CALLER_SIZE];
};

static const struct store_refusal refusals[] = {
    {STORE_CONTACT_REQUIRED, 409, "no_address", "The visitor has no e-mail address"},
    {STORE_GONE, 409, "mails_stopped",
	"This address wants no mails, or the mail server has refused it"},
    {STORE_LIMIT, 409, "mailed_recently", "This address has got a mail a short time ago"},
    {.status = 0},
};

static void
transcripts_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct transcript_query *t = arg;

	if (type != MSG_OK) {
		store_query_fail(&t->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "transcript_sent", L_UINT("conn", t->q.x->number),
	    L_ID("conversation", &t->conversation), L_STR("by", t->by));
	json_write_open(&t->q.json, NULL, '{');
	json_write_bool(&t->q.json, "ok", true);
	json_write_close(&t->q.json, '}');
	store_query_reply_status(&t->q, 202);
}

void
handle_conversations_transcript(const struct api_call *c)
{
	struct msg_transcript_send send = {.org = c->org};
	struct transcript_query *t;

	if (!conversation_id_read(c, &send.conversation))
		return;
	if (!mail_reader_is_reached(c->api->settings)) {
		reply_json_error(c->x, 409, "mail_not_configured",
		    "This deployment sends no mails: set MAIL_URL");
		return;
	}
	t = store_query_new(c, sizeof(*t), ANSWER_MAX, conversation_id_missing);
	t->q.refusals = refusals;
	t->conversation = send.conversation;
	api_caller_name(c, t->by);
	send.mail = id_new();
	store_query_ask(&t->q, MSG_TRANSCRIPT_SEND, &send, transcripts_on_stored);
}
