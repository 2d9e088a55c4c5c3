/*
 * A conversation as it happens, for its owners: GET …/events, a stream of server-sent events; POST …/typing, which
 * the visitor sees; and POST …/presence, which the other owners see.
 */
#include "workerd/api/inbox/conversation_live.h"

#include "proto/base/basics.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/live/live_follower.h"
#include "workerd/api/request/store_query.h"

void
handle_conversations_events(const struct api_call *c)
{
	struct live_follow follow = {.viewer = VIEWER_OWNER, .sse = true};

	if (conversation_id_read(c, &follow.conversation))
		live_follower_start(c, &follow);
}

static void
conversation_live_on_told(void *arg, uint16_t type, const union msg *m)
{
	if (type == MSG_OK)
		store_query_reply_empty(arg);
	else
		store_query_fail(arg, type, m);
}

void
handle_conversations_typing(const struct api_call *c)
{
	static const struct store_refusal refusals[] = {
	    {STORE_CONFLICT, 409, "not_taken", "Take the conversation over first"},
	    {0},
	};
	struct msg_typing typing = {.org = c->org};
	struct store_query *q;

	if (!conversation_id_read(c, &typing.conversation))
		return;
	typing.operator= api_operator(c);
	q = store_query_new(c, sizeof(*q), 0, conversation_id_missing);
	q->refusals = refusals;
	store_query_ask(q, MSG_TYPING, &typing, conversation_live_on_told);
}

#define PRESENCE_MAX 512 /* bytes of an OPERATOR_PRESENCE, as in PRESENCE */

static const struct field presence_fields[] = {
    {"doing", &field_choice, offsetof(struct msg_operator_presence, doing), FIELD_REQUIRED, 0,
	0, operator_doing_words},
    {.name = NULL},
};

static void
conversation_live_tell_presence(const struct api_call *c, const struct id *conversation,
    const struct msg_operator_presence *presence)
{
	struct msg_presence tell = {.org = c->org, .conversation = *conversation};
	struct buf record;

	buf_init(&record, PRESENCE_MAX);
	must(record_encode(&record, MSG_OPERATOR_PRESENCE, presence) == 0);
	tell.operator= buf_slice(&record);
	store_query_ask(
	    store_query_new(c, sizeof(struct store_query), 0, conversation_id_missing),
	    MSG_PRESENCE, &tell, conversation_live_on_told);
	buf_clear(&record);
}

void
handle_conversations_presence(const struct api_call *c)
{
	struct msg_operator_presence presence = {
	    .operator= api_operator(c), .name = c->user_name};
	struct id conversation;
	struct fields in;

	if (!conversation_id_read(c, &conversation) || !fields_body(c, &in))
		return;
	fields_read(&in, presence_fields, true, &presence);
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		conversation_live_tell_presence(c, &conversation, &presence);
	fields_clear(&in);
}
