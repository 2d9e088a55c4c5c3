/*
 * /v1/admin/visitors: deleting all that there is of a visitor.
 */
#include "proto/log.h"
#include "workerd/api/chat_body.h"
#include "workerd/api/query.h"

#define ANSWER_MAX 128

static const char missing[] = "Visitor not found";

/* Says how much there was. The visitor's own id stays out of the log. */
static void
on_erased(void *arg, uint16_t type, const union msg *m)
{
	struct query *q = arg;

	if (type != MSG_ERASED) {
		query_fail(q, type, m);
		return;
	}
	if (m->erased.conversations == 0) {
		reply_json_error(query_done(q), 404, "not_found", missing);
		return;
	}
	log_event(LOG_NOTICE, "visitor_deleted", L_UINT("conn", q->x->number),
	    L_UINT("conversations", m->erased.conversations),
	    L_UINT("messages", m->erased.messages));
	json_open(&q->json, NULL, '{');
	json_uint(&q->json, "conversations", m->erased.conversations);
	json_uint(&q->json, "messages", m->erased.messages);
	json_close(&q->json, '}');
	query_reply(q);
}

void
handle_visitors_delete(const struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct msg_visitor_erase erase = {
	    .org = c->org,
	    .widget = id_default_widget,
	    .session = router_capture(&c->match, 0, text),
	};

	if (!is_client_id(erase.session)) {
		api_reply_invalid(c->api, c->x, "Invalid sessionId", chat_session_wrong);
		return;
	}
	query_ask(query_new(c, sizeof(struct query), ANSWER_MAX, missing), MSG_VISITOR_ERASE,
	    &erase, on_erased);
}
