/*
 * Reads the widget for its secret, then submits the contact. A repeated request finds the contact by its user id.
 */
#include "workerd/api/chat/chat_identify.h"

#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX 1024u

struct chat_identification {
	struct store_query q; /* first */
	struct api_call call;
	struct chat_body body;
	bool only_checks;
	chat_identified_fn *then;
};

static void
chat_identify_on_end(struct store_query *q)
{
	chat_body_clear(&((struct chat_identification *)q)->body);
}

static void
chat_identify_go_on(struct chat_identification *i)
{
	const struct api_call call = i->call;
	struct chat_body body = i->body;
	chat_identified_fn *then = i->then;

	i->body = (struct chat_body){0};
	(void)store_query_done(&i->q);
	then(&call, &body);
	chat_body_clear(&body);
}

static void
chat_identify_on_submitted(void *arg, uint16_t type, const union msg *m)
{
	struct chat_identification *i = arg;

	if (store_refused(type, m, STORE_INVALID))
		contact_details_refuse(
		    &i->q, CONTACT_DETAILS_LONG_EMAIL, &contact_details_long_email);
	else if (store_refused(type, m, STORE_BLOCKED))
		store_query_refuse(&i->q, 403, chat_failure_code(TURN_BLOCKED),
		    chat_failure_message(TURN_BLOCKED));
	else if (type == MSG_RECORD)
		chat_identify_go_on(i);
	else
		store_query_fail(&i->q, type, m);
}

static void
chat_identify_submit(struct chat_identification *i, const struct contact_details *contact)
{
	const struct msg_contact_submit submit = {
	    .org = i->call.org,
	    .widget = i->call.widget,
	    .session = i->body.session,
	    .fresh_id = id_new(),
	    .name = contact->value[CONTACT_DETAILS_NAME],
	    .email = contact->value[CONTACT_DETAILS_EMAIL],
	    .phone = contact->value[CONTACT_DETAILS_PHONE],
	    .user_id = i->body.identity.user_id,
	    .sender = ip_client_prefix(&request_context_of(i->q.x)->client.address),
	};

	store_query_ask(&i->q, MSG_CONTACT_SUBMIT, &submit, chat_identify_on_submitted);
}

static void
chat_identify_on_widget(void *arg, uint16_t type, const union msg *m)
{
	struct chat_identification *i = arg;
	struct msg_widget_record widget;
	struct contact_details contact;
	const char *wrong;

	if (!msg_read_record(type, m, MSG_WIDGET_RECORD, &widget)) {
		store_query_fail(&i->q, type, m);
		return;
	}
	wrong = contact_details_read_proved(&i->body.identity, &contact);
	if (!identity_is_proved(&widget, &i->body.identity))
		store_query_refuse(&i->q, 422, IDENTITY_INVALID, IDENTITY_UNPROVED_BY_KEY);
	else if (wrong != NULL)
		contact_details_refuse(&i->q, wrong, &contact);
	else if (i->only_checks)
		chat_identify_go_on(i);
	else
		chat_identify_submit(i, &contact);
}

static void
chat_identify_begin(const struct api_call *c, struct chat_body *body, bool only_checks,
    chat_identified_fn *then)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = c->org, .id = c->widget};
	struct chat_identification *i;

	if (!identity_has_proof(&body->identity)) {
		then(c, body);
		chat_body_clear(body);
		return;
	}
	i = store_query_new(c, sizeof(*i), ANSWER_MAX, "Widget not found");
	i->q.on_end = chat_identify_on_end;
	i->call = *c;
	i->body = *body;
	i->only_checks = only_checks;
	i->then = then;
	*body = (struct chat_body){0};
	store_query_ask(&i->q, MSG_RECORD_GET, &get, chat_identify_on_widget);
}

void
chat_identify(const struct api_call *c, struct chat_body *body, chat_identified_fn *then)
{
	chat_identify_begin(c, body, false, then);
}

void
chat_identify_check(const struct api_call *c, struct chat_body *body, chat_identified_fn *then)
{
	chat_identify_begin(c, body, true, then);
}
