/*
 * POST /v1/admin/conversations/{id}/takeover and /handback: a person answers in place of the model, and
 * returns the conversation to it. A body is optional.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/inbox/holder.h"
#include "workerd/api/inbox/operator_handlers.h"

/* A body of these requests. */
struct operator_wish {
	struct slice name;
	uint8_t force;
};

static const struct field takeover_fields[] = {
    {"name", &field_line, offsetof(struct operator_wish, name), FIELD_NULLABLE, 1, 100, NULL},
    {"force", &field_flag, offsetof(struct operator_wish, force), FIELD_OPTIONAL, 0, 1, NULL},
    {.name = NULL},
};

static const struct field handback_fields[] = {
    {"force", &field_flag, offsetof(struct operator_wish, force), FIELD_OPTIONAL, 0, 1, NULL},
    {.name = NULL},
};

struct operator_query {
	struct store_query q;
	struct id conversation;
	const char *event; /* for the log */
	char by[API_CALLER_SIZE];
};

static void
operators_on_holder(void *arg, uint16_t type, const union msg *m)
{
	struct operator_query *o = arg;

	if (type != MSG_HOLDER) {
		store_query_fail(&o->q, type, m);
		return;
	}
	if (m->holder.granted)
		log_event(LOG_NOTICE, o->event, L_UINT("conn", o->q.x->number),
		    L_ID("conversation", &o->conversation), L_STR("by", o->by));
	holder_reply(&o->q, &m->holder);
}

/* Reads the body, if there is one. False: answered. */
static bool
operators_read(const struct api_call *c, const struct field *table, struct fields *in,
    struct operator_wish *wish)
{
	*in = (struct fields){0};
	*wish = (struct operator_wish){.force = 0};
	if (c->x->body.len == 0)
		return true;
	if (!fields_body(c, in))
		return false;
	fields_read(in, table, true, wish);
	if (fields_wrong(in).len == 0)
		return true;
	fields_reply_wrong(c->api, c->x, in);
	fields_clear(in);
	return false;
}

static struct operator_query *
operators_new_query(const struct api_call *c, const struct id *conversation, const char *event)
{
	struct operator_query *o =
	    store_query_new(c, sizeof(*o), HOLDER_MAX, conversation_id_missing);

	o->conversation = *conversation;
	o->event = event;
	api_caller_name(c, o->by);
	return o;
}

void
handle_conversations_takeover(const struct api_call *c)
{
	struct msg_takeover ask = {.org = c->org, .operator= api_operator(c)};
	struct operator_wish wish;
	struct operator_query *o;
	struct fields in;

	if (!conversation_id_read(c, &ask.conversation) ||
	    !operators_read(c, takeover_fields, &in, &wish))
		return;
	ask.name = wish.name;
	ask.force = wish.force;
	o = operators_new_query(c, &ask.conversation, "conversation_taken_over");
	store_query_ask(&o->q, MSG_TAKEOVER, &ask, operators_on_holder);
	fields_clear(&in);
}

void
handle_conversations_handback(const struct api_call *c)
{
	struct msg_handback ask = {.org = c->org, .operator= api_operator(c)};
	struct operator_wish wish;
	struct operator_query *o;
	struct fields in;

	if (!conversation_id_read(c, &ask.conversation) ||
	    !operators_read(c, handback_fields, &in, &wish))
		return;
	ask.force = wish.force;
	o = operators_new_query(c, &ask.conversation, "conversation_handed_back");
	store_query_ask(&o->q, MSG_HANDBACK, &ask, operators_on_holder);
	fields_clear(&in);
}
