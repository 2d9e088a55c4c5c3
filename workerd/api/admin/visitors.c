/*
 * DELETE /v1/admin/visitors/{sessionId}: erases all data of a visitor.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/store_query.h"
#include "workerd/webhooks/channel_session.h"

#define ANSWER_MAX 128

static const char missing[] = "Visitor not found";

/* Answers how much was erased. The visitor's id must not be logged. */
static void
visitors_on_erased(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_ERASED) {
		store_query_fail(q, type, m);
		return;
	}
	if (!store_query_removed(q, type, m)) {
		reply_json_error(store_query_done(q), 404, "not_found", missing);
		return;
	}
	log_event(LOG_NOTICE, "visitor_deleted", L_UINT("conn", q->x->number),
	    L_UINT("conversations", m->erased.conversations),
	    L_UINT("messages", m->erased.messages));
	json_write_open(&q->json, NULL, '{');
	json_write_uint(&q->json, "conversations", m->erased.conversations);
	json_write_uint(&q->json, "messages", m->erased.messages);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

/* Whether it is a session id chosen by a client, or one of a widget's visitor, or of a person who writes by a channel. */
static bool
visitors_is_session(struct slice session)
{
	const size_t n = sizeof(VISITOR_SESSION) - 1;
	struct id visitor;

	if (client_id_is_valid(session) || channel_session_peer(session, NULL).p != NULL)
		return true;
	return session.len > n && memcmp(session.p, VISITOR_SESSION, n) == 0 &&
	    id_parse((struct slice){session.p + n, session.len - n}, &visitor) == 0;
}

/* The parameter widgetId, if it is given. False: it is invalid. */
static bool
visitors_read_widget(struct slice query, struct id *widget)
{
	uint8_t text[PARAMETER_MAX];
	struct slice given = parameter_read(query, "widgetId", text);

	return given.p == NULL || id_parse(given, widget) == 0;
}

/* A request that waits for the store. */
struct visitor_query {
	struct store_query q;
	size_t len;
	uint8_t session[ROUTER_CAPTURE_MAX];
};

static void
visitors_erase(struct visitor_query *e, const struct id *widget)
{
	struct msg_visitor_erase ask = {
	    .org = e->q.org,
	    .widget = *widget,
	    .session = {e->session, e->len},
	};

	store_query_ask(&e->q, MSG_VISITOR_ERASE, &ask, visitors_on_erased);
}

/* Without widgetId: the organization's first widget, which keyed chat belongs to. */
static void
visitors_on_org(void *arg, uint16_t type, const union msg *m)
{
	struct visitor_query *e = arg;
	struct msg_org_record org;

	if (type != MSG_ORG) {
		store_query_fail(&e->q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &org) == WIRE_OK);
	visitors_erase(e, &org.widget);
}

void
handle_visitors_delete(const struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct slice session = router_capture(&c->match, 0, text);
	struct id widget = {0};
	struct visitor_query *e;

	if (!visitors_is_session(session)) {
		api_reply_invalid(c, "Invalid sessionId", chat_session_wrong);
		return;
	}
	if (!visitors_read_widget(c->x->req->query, &widget)) {
		api_reply_invalid(c, "Invalid widgetId", "widgetId must be a UUID");
		return;
	}
	e = store_query_new(c, sizeof(*e), ANSWER_MAX, missing);
	must(slice_copy(session, e->session, sizeof(e->session)));
	e->len = session.len;
	if (id_is_zero(&widget))
		store_query_ask(
		    &e->q, MSG_ORG_GET, &(struct msg_org_get){.org = c->org}, visitors_on_org);
	else
		visitors_erase(e, &widget);
}
