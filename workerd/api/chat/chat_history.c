/*
 * GET /v1/chat/history: the messages of a session, for a page that was reloaded, and the id of the reply
 * that is being written, which the page can resume.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_viewer.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/store_query.h"

#define LIMIT_MAX 200
/* Bytes of a page: the longest of the store with each byte escaped, and the JSON around the texts with a
 * picture. */
#define PAGE_MAX (6u * 786432 + LIMIT_MAX * 4096)

struct history_query {
	struct store_query q;
	enum live_viewer viewer;
	bool sources; /* the client wants to know what replies are based on */
};

/* Leaves out the active reply: if it was interrupted and runs again, its old text is still stored. */
static void
chat_history_write_message(
    struct history_query *h, struct slice item, const struct msg_message_page *page)
{
	struct json_writer *j = &h->q.json;
	struct msg_message_record r;

	must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
	if (id_equal(&r.id, &page->active))
		return;
	json_write_open(j, NULL, '{');
	json_write_id(j, "id", &r.id);
	live_author_write(j, &r, page->people, h->viewer);
	json_write_str(j, "content", r.text);
	files_json_write(j, r.files);
	structure_json_write(j, &r);
	json_write_uint(j, "createdAt", r.created_at);
	json_write_str(j, "status", names_message_status(r.status));
	if (h->sources && r.role == MESSAGE_ASSISTANT)
		sources_json_write(j, r.sources, r.text);
	json_write_close(j, '}');
}

static void
chat_history_write_conversation(struct json_writer *j, struct slice item)
{
	struct msg_conversation_record r;

	must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	json_write_id(j, "conversationId", &r.id);
}

static void
chat_history_write_page(struct history_query *h, const struct msg_message_page *page)
{
	struct json_writer *j = &h->q.json;
	struct slice list = page->messages, item;

	json_write_open(j, NULL, '{');
	chat_history_write_conversation(j, page->conversation);
	json_write_open(j, "messages", '[');
	while (wire_list_next(&list, &item))
		chat_history_write_message(h, item, page);
	json_write_close(j, ']');
	json_write_id_or_null(j, "active", &page->active);
	paging_write_next_seq(j, page->next);
	json_write_close(j, '}');
}

/* A session without messages. */
static void
chat_history_write_nothing(struct json_writer *j)
{
	json_write_open(j, NULL, '{');
	json_write_null(j, "conversationId");
	json_write_open(j, "messages", '[');
	json_write_close(j, ']');
	json_write_null(j, "active");
	json_write_null(j, "nextCursor");
	json_write_close(j, '}');
}

static void
chat_history_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct history_query *h = arg;
	struct store_query *q = &h->q;

	if (type == MSG_MESSAGE_PAGE && m->message_page.conversation.len > 0) {
		chat_history_write_page(h, &m->message_page);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		chat_history_write_nothing(&q->json);
	} else {
		store_query_fail(q, type, m);
		return;
	}
	store_query_reply(q);
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
	struct history_query *h;
	struct paging paging;
	const char *wrong = paging_read(c->x->req->query, &rule, &paging);

	ask.session = parameter_read(c->x->req->query, "sessionId", session);
	if (wrong == NULL && !client_id_is_valid(ask.session))
		wrong = chat_session_wrong;
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	ask.limit = paging.limit;
	if (paging.has_cursor)
		ask.from = paging_seq(&paging);
	h = store_query_new(c, sizeof(*h), PAGE_MAX, NULL);
	h->viewer = chat_viewer_read(c->x->req->query);
	h->sources = parameter_is(c->x->req->query, "sources", "1");
	store_query_ask(&h->q, MSG_SESSION_HISTORY, &ask, chat_history_on_page);
}
