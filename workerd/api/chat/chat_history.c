/*
 * GET /v1/chat/history: what a session has said and heard, for a page that was loaded again; and the
 * reply that is being written right now, which the page can resume.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/fields/message_names.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/store_query.h"

#define LIMIT_MAX 200
/* Bytes of a page: what the store sends at most, all of it escaped, and what stands around the
 * texts. */
#define PAGE_MAX (6u * 786432 + LIMIT_MAX * 256)

/* A reply that was interrupted and is being written anew has its old text stored; it is not among
 * the messages before it ends, as any other that is being written. */
static void
write_message(struct json_text *j, struct slice item, const struct id *active)
{
	struct msg_message_record r;

	must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
	if (id_equal(&r.id, active))
		return;
	json_open(j, NULL, '{');
	json_id(j, "id", &r.id);
	json_str(j, "role", message_role_text(r.role));
	json_str(j, "content", r.text);
	json_uint(j, "createdAt", r.created_at);
	json_str(j, "status", message_status_text(r.status));
	json_close(j, '}');
}

static void
write_conversation(struct json_text *j, struct slice item)
{
	struct msg_conversation_record r;

	must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	json_id(j, "conversationId", &r.id);
}

static void
write_page(struct json_text *j, const struct msg_message_page *page)
{
	struct slice list = page->messages, item;

	json_open(j, NULL, '{');
	write_conversation(j, page->conversation);
	json_open(j, "messages", '[');
	while (wire_list_next(&list, &item))
		write_message(j, item, &page->active);
	json_close(j, ']');
	json_id_or_none(j, "active", &page->active);
	paging_write_next_seq(j, page->next);
	json_close(j, '}');
}

/* Of a session that has said nothing yet. */
static void
write_nothing(struct json_text *j)
{
	json_open(j, NULL, '{');
	json_none(j, "conversationId");
	json_open(j, "messages", '[');
	json_close(j, ']');
	json_none(j, "active");
	json_none(j, "nextCursor");
	json_close(j, '}');
}

static void
on_page(void *arg, uint16_t type, const union msg *m)
{
	struct query *q = arg;

	if (type == MSG_MESSAGE_PAGE && m->message_page.conversation.len > 0) {
		write_page(&q->json, &m->message_page);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		write_nothing(&q->json);
	} else {
		query_fail(q, type, m);
		return;
	}
	query_reply(q);
}

void
handle_chat_history(const struct api_call *c)
{
	static const struct paging_rule rule = {
	    .limit_default = 100,
	    .limit_max = LIMIT_MAX,
	    .cursor_len = PAGING_SEQ_LEN,
	    .wrong_limit = "limit must be a whole number from 1 to 200",
	};
	struct msg_session_history ask = {.org = c->org, .widget = c->widget};
	uint8_t session[PARAMETER_MAX];
	struct paging paging;
	const char *wrong = paging_read(c->x->req->query, &rule, &paging);

	ask.session = parameter_read(c->x->req->query, "sessionId", session);
	if (wrong == NULL && !is_client_id(ask.session))
		wrong = chat_session_wrong;
	if (wrong != NULL) {
		api_reply_invalid(c->api, c->x, "Invalid query parameters", wrong);
		return;
	}
	ask.limit = paging.limit;
	if (paging.has_cursor)
		ask.from = paging_seq(&paging);
	query_ask(query_new(c, sizeof(struct query), PAGE_MAX, NULL), MSG_SESSION_HISTORY, &ask,
	    on_page);
}
