/*
 * /v1/admin/conversations: the list with the newest activity first, and one thread.
 *
 * A thread comes from the store page by page; its JSON is put together as the pages come.
 */
#include <stdlib.h>

#include "proto/basics.h"
#include "proto/log.h"
#include "workerd/api/api.h"
#include "workerd/api/json_text.h"

#define LIST_DEFAULT 100
#define LIST_MAX     200
#define PAGE_LIMIT   1000
/* Bytes of a thread's JSON, kept under what one whole answer may have (http_limits). Messages
 * beyond are left out, and the answer says so. */
#define THREAD_MAX (14u * 1024 * 1024)

/* A request that waits for the store. */
struct query {
	struct api *api;
	struct http_exchange *x;
	struct store_call *store;
	struct id org;
	/* of a thread */
	struct id conversation;
	struct buf out;
	struct json_text json;
	bool truncated;
};

static void
query_free(struct query *q)
{
	buf_clear(&q->out);
	free(q);
}

static void
on_client_gone(struct http_exchange *x)
{
	struct query *q = x->data;

	store_call_forget(q->store);
	query_free(q);
}

/* The exchange is the caller's to answer; the query is still the caller's to free. */
static struct http_exchange *
query_done(struct query *q)
{
	q->x->on_close = NULL;
	q->x->data = NULL;
	return q->x;
}

static void
query_fail(struct query *q, uint16_t type, const union msg *m)
{
	struct http_exchange *x = query_done(q);

	if (store_refused(type, m, STORE_NOT_FOUND))
		reply_json_error(x, 404, "not_found", "Conversation not found");
	else
		api_reply_store_failure(x, type, m);
	query_free(q);
}

/* Asks the store; when it cannot take the question now, answers and frees q. */
static void
query_ask(struct query *q, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	q->store = store_call(q->api->store, type, msg, STORE_TIMEOUT_MS, fn, q);
	if (q->store == NULL)
		query_fail(q, 0, NULL);
}

static struct query *
query_new(const struct api_call *c, size_t out_max)
{
	struct query *q = xcalloc(1, sizeof(*q));

	*q = (struct query){.api = c->api, .x = c->x, .org = c->org};
	buf_init(&q->out, out_max);
	q->json = json_text(&q->out);
	c->x->data = q;
	c->x->on_close = on_client_gone;
	return q;
}

/* -- JSON --------------------------------------------------------------------------------- */

static void
write_conversation(struct json_text *j, const char *key, struct slice item)
{
	struct msg_conversation_record r;

	must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	json_open(j, key, '{');
	json_id(j, "_id", &r.id);
	json_uint(j, "_creationTime", r.created_at);
	json_str(j, "sessionId", r.session);
	json_uint(j, "createdAt", r.created_at);
	json_uint(j, "updatedAt", r.updated_at);
	json_str(j, "lastMessage", r.last_message);
	json_close(j, '}');
}

static void
write_message(struct json_text *j, const struct msg_message_record *r)
{
	static const char *const roles[] = {
	    [MESSAGE_USER] = "user", [MESSAGE_ASSISTANT] = "assistant"};
	static const char *const statuses[] = {[MESSAGE_COMPLETE] = "complete",
	    [MESSAGE_STOPPED] = "stopped",
	    [MESSAGE_INTERRUPTED] = "interrupted"};

	json_open(j, NULL, '{');
	json_id(j, "_id", &r->id);
	json_uint(j, "_creationTime", r->created_at);
	json_str(j, "role", slice_str(roles[r->role]));
	json_str(j, "content", r->text);
	json_uint(j, "createdAt", r->created_at);
	json_str(
	    j, "status", slice_str(statuses[r->status < 3 ? r->status : MESSAGE_INTERRUPTED]));
	json_close(j, '}');
}

/* -- the list ----------------------------------------------------------------------------- */

static void
on_list(void *arg, uint16_t type, const union msg *m)
{
	struct query *q = arg;
	struct slice list, item;

	if (type != MSG_CONVERSATION_PAGE) {
		query_fail(q, type, m);
		return;
	}
	json_open(&q->json, NULL, '{');
	json_open(&q->json, "conversations", '[');
	list = m->conversation_page.conversations;
	while (wire_list_next(&list, &item))
		write_conversation(&q->json, NULL, item);
	json_close(&q->json, ']');
	json_uint(&q->json, "total", m->conversation_page.total);
	json_close(&q->json, '}');
	must(!q->json.failed);
	api_reply_json(query_done(q), 200, buf_slice(&q->out));
	query_free(q);
}

/* The value of a parameter of the query string, as it stands there; p is NULL without one. */
static struct slice
query_parameter(struct slice query, const char *name)
{
	size_t n = slice_str(name).len;

	while (query.len > 0) {
		size_t len = 0;

		while (len < query.len && query.p[len] != '&')
			len++;
		if (len > n && query.p[n] == '=' &&
		    slice_eq_str((struct slice){query.p, n}, name))
			return (struct slice){query.p + n + 1, len - n - 1};
		len += len < query.len;
		query.p += len;
		query.len -= len;
	}
	return (struct slice){0};
}

/* limit=…, or 0 when it is not from 1 to LIST_MAX. */
static uint32_t
list_limit(const struct http_request *req)
{
	struct slice text = query_parameter(req->query, "limit");
	uint32_t n = 0;

	if (text.p == NULL)
		return LIST_DEFAULT;
	if (text.len == 0 || text.len > 3)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(text.p[i] - '0');
	}
	return n <= LIST_MAX ? n : 0;
}

void
handle_conversations_list(const struct api_call *c)
{
	struct msg_conversation_list list = {.org = c->org, .limit = list_limit(c->x->req)};

	if (list.limit == 0) {
		api_reply_invalid(c->api, c->x, "Invalid query parameters",
		    "limit must be a whole number from 1 to 200");
		return;
	}
	query_ask(query_new(c, THREAD_MAX), MSG_CONVERSATION_LIST, &list, on_list);
}

/* -- one thread --------------------------------------------------------------------------- */

static void on_thread_page(void *arg, uint16_t type, const union msg *m);

static void
thread_ask(struct query *q, uint64_t from)
{
	struct msg_message_list list = {
	    .org = q->org,
	    .conversation = q->conversation,
	    .from = from,
	    .limit = PAGE_LIMIT,
	};

	query_ask(q, MSG_MESSAGE_LIST, &list, on_thread_page);
}

static void
thread_end(struct query *q)
{
	json_close(&q->json, ']');
	if (q->truncated) {
		log_event(LOG_WARN, "thread_truncated", L_ID("conversation", &q->conversation));
		json_bool(&q->json, "truncated", true);
	}
	json_close(&q->json, '}');
	must(!q->json.failed);
	api_reply_json(query_done(q), 200, buf_slice(&q->out));
	query_free(q);
}

static void
thread_add(struct query *q, struct slice messages)
{
	struct msg_message_record r;
	struct slice item;

	while (!q->truncated && wire_list_next(&messages, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		q->truncated = buf_len(&q->out) + 6 * r.text.len > THREAD_MAX;
		if (!q->truncated)
			write_message(&q->json, &r);
	}
}

static void
on_thread_page(void *arg, uint16_t type, const union msg *m)
{
	struct query *q = arg;

	if (type != MSG_MESSAGE_PAGE || m->message_page.conversation.len == 0) {
		query_fail(q, type, m);
		return;
	}
	if (buf_len(&q->out) == 0) {
		json_open(&q->json, NULL, '{');
		write_conversation(&q->json, "conversation", m->message_page.conversation);
		json_open(&q->json, "messages", '[');
	}
	thread_add(q, m->message_page.messages);
	if (m->message_page.next != 0 && !q->truncated)
		thread_ask(q, m->message_page.next);
	else
		thread_end(q);
}

void
handle_conversations_get(const struct api_call *c)
{
	struct query *q;
	struct id id;

	if (id_parse(c->match.captures[0], &id) == -1) {
		api_reply_invalid(c->api, c->x, "Invalid conversationId",
		    "conversationId must be a UUID, as the list of conversations gives it");
		return;
	}
	q = query_new(c, THREAD_MAX + 65536);
	q->conversation = id;
	thread_ask(q, 1);
}
