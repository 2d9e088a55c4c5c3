/*
 * GET /v1/chat/steps and POST /v1/chat/steps/{stepId}/decision: what waits for the visitor's decision, and the decision.
 */
#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_identify.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/steps/step_json.h"

#define STEP_BYTES (6u * 2048 + 2048)

static void
chat_steps_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	json_write_open(&q->json, NULL, '{');
	step_json_write_list(&q->json, m->record_page.records);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

void
handle_chat_steps(const struct api_call *c)
{
	struct msg_step_list list = {
	    .org = c->org, .widget = c->widget, .limit = STEP_JSON_MAX};
	uint8_t session[PARAMETER_MAX];

	list.session = parameter_read(c->x->req->query, "sessionId", session);
	if (!client_id_is_valid(list.session)) {
		api_reply_invalid_query(c, chat_session_wrong);
		return;
	}
	store_query_ask(store_query_new(c, sizeof(struct store_query),
			    (STEP_JSON_MAX + 1) * STEP_BYTES, "Step not found"),
	    MSG_STEP_LIST, &list, chat_steps_on_list);
}

static void
chat_steps_on_decided(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct msg_step_record r;

	if (type != MSG_STEP_DECIDED) {
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->step_decided.step, MSG_STEP_RECORD, &r) == WIRE_OK);
	json_write_open(&q->json, NULL, '{');
	if (!m->step_decided.granted) {
		json_write_str(&q->json, "error",
		    slice_str("This step waits for another decision, or for none any more"));
		json_write_str(&q->json, "code", slice_str("step_changed"));
	}
	json_write_open(&q->json, "step", '{');
	step_json_write_members(&q->json, &r);
	json_write_close(&q->json, '}');
	json_write_close(&q->json, '}');
	store_query_reply_status(q, m->step_decided.granted ? 200 : 409);
}

/* The step and the body are valid. */
static void
chat_steps_decide(const struct api_call *c, const struct chat_body *body)
{
	static const struct store_refusal refusals[] = {
	    {STORE_DENIED, 403, "step_other_user", STEP_JSON_OTHER_USER},
	    {.status = 0},
	};
	struct msg_step_decide decide = {.org = c->org,
	    .widget = c->widget,
	    .session = body->session,
	    .user_id = body->identity.user_id};
	struct store_query *q =
	    store_query_new(c, sizeof(struct store_query), 2 * STEP_BYTES, "Step not found");
	uint8_t text[ROUTER_CAPTURE_MAX];

	q->refusals = refusals;
	must(id_parse(router_capture(&c->match, 0, text), &decide.step) == 0);
	must(step_json_read(body->json, &decide) == NULL);
	store_query_ask(q, MSG_STEP_DECIDE, &decide, chat_steps_on_decided);
}

void
handle_chat_decide(const struct api_call *c)
{
	struct msg_step_decide decide;
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct chat_body body;
	const char *wrong;

	if (id_parse(router_capture(&c->match, 0, text), &decide.step) != 0) {
		api_reply_invalid(c, "Invalid stepId", "stepId must be a step's id");
		return;
	}
	wrong = chat_body_read_session(c->x->body, &body);
	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return;
	}
	wrong = step_json_read(body.json, &decide);
	if (wrong == NULL)
		wrong = identity_read_proved(
		    json_object_get(body.json, "identity"), &body.identity);
	if (wrong == NULL) {
		chat_identify_check(c, &body, chat_steps_decide);
		return;
	}
	api_reply_invalid_body(c, wrong);
	chat_body_clear(&body);
}
