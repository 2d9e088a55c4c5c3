/*
 * /v1/admin/conversations: the list, newest activity first; one conversation with its messages; deletion.
 *
 * A whole conversation is read from the store page by page, and its JSON is written as the pages arrive.
 * A request for one page gets one page of the store.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/conversation_json.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define PAGE_LIMIT 1000
/* Bytes of a conversation's JSON, below the longest answer (http_limits). Further messages are left out,
 * and the answer has "truncated":true. */
#define THREAD_MAX (14u * 1024 * 1024)

/* A request for a page of the list. Its two ends are cursors: `first` is that of the row where the page begins in
 * the store's order, and `next` is empty if nothing follows in that order. */
struct conversations_list {
	struct store_query q;
	bool newer; /* the page has the rows before the cursor */
	bool has_cursor;
	uint8_t cursor[CURSOR_MAX];
};

static void
conversations_write_cursors(
    struct conversations_list *l, const struct msg_conversation_page *page)
{
	struct json_writer *j = &l->q.json;
	struct slice given = {l->cursor, l->has_cursor ? CURSOR_MAX : 0};
	struct slice first = page->first.len > 0 ? page->first : given;

	paging_write_next(j, l->newer ? first : page->next);
	/* A page without a cursor begins with the newest row. */
	if (!l->has_cursor)
		first = (struct slice){0};
	paging_write(j, "previousCursor", l->newer ? page->next : first);
}

static void
conversations_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct conversations_list *l = arg;
	const struct msg_conversation_page *page;

	if (type != MSG_CONVERSATION_PAGE) {
		store_query_fail(&l->q, type, m);
		return;
	}
	page = &m->conversation_page;
	json_write_open(&l->q.json, NULL, '{');
	conversation_json_write_list(&l->q.json, page, l->newer);
	json_write_uint(&l->q.json, "total", page->total);
	conversations_write_cursors(l, page);
	json_write_close(&l->q.json, '}');
	store_query_reply(&l->q);
}

/* A parameter that is an id. False: it is given and invalid. */
static bool
conversations_read_id_parameter(struct slice query, const char *name, struct id *id)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	return value.p == NULL || (id_parse(value, id) == 0 && !id_is_zero(id));
}

/* The parameter status. False: it is given and invalid. */
static bool
conversations_read_status(struct slice query, uint8_t *status)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, "status", text);

	if (value.p == NULL)
		return true;
	for (size_t i = CONVERSATION_ANY + 1; conversation_status_words[i] != NULL; i++)
		if (slice_eq_str(value, conversation_status_words[i])) {
			*status = (uint8_t)i;
			return true;
		}
	return false;
}

/* Adds the state of this name to the set. */
static bool
conversations_add_state(struct slice name, uint8_t *states)
{
	for (enum conversation_state state = STATE_OPEN; state <= STATE_RESOLVED; state++)
		if (slice_eq(name, names_word(conversation_state_words, (uint8_t)state))) {
			*states |= (uint8_t)(1u << state);
			return true;
		}
	return false;
}

/* The parameter state: names with commas between. False: it is given and invalid. */
static bool
conversations_read_states(struct slice query, uint8_t *states)
{
	uint8_t text[PARAMETER_MAX];
	struct slice rest = parameter_read(query, "state", text);
	const uint8_t *comma;

	if (rest.p == NULL)
		return true;
	do {
		struct slice name = rest;

		comma = rest.len == 0 ? NULL : memchr(rest.p, ',', rest.len);
		if (comma != NULL) {
			name.len = (size_t)(comma - rest.p);
			rest = (struct slice){comma + 1, rest.len - name.len - 1};
		}
		if (!conversations_add_state(name, states))
			return false;
	} while (comma != NULL);
	return true;
}

/* The parameter assignedTo: a user's id, "me", or "nobody". False: it is given and invalid. */
static bool
conversations_read_assigned(
    const struct api_call *c, struct slice query, struct msg_conversation_list *list)
{
	list->assigned = c->user;
	if (parameter_is(query, "assignedTo", "me"))
		return !id_is_zero(&c->user);
	list->assigned = (struct id){{0}};
	list->unassigned = parameter_is(query, "assignedTo", "nobody");
	return list->unassigned != 0 ||
	    conversations_read_id_parameter(query, "assignedTo", &list->assigned);
}

/* A parameter that is true, if it is given. False: it has another value. */
static bool
conversations_read_true(struct slice query, const char *name, uint8_t *is)
{
	uint8_t text[PARAMETER_MAX];

	*is = parameter_is(query, name, "true");
	return *is != 0 || parameter_read(query, name, text).p == NULL;
}

/* Those that are snoozed are not listed by their state. */
static bool
conversations_read_snoozed(struct slice query, struct msg_conversation_list *list)
{
	if (!conversations_read_true(query, "snoozed", &list->snoozed))
		return false;
	if (list->snoozed == 0 && list->states != 0)
		list->snoozed = 2;
	return true;
}

/* Reads the filters. NULL, or a sentence that says what would be valid. */
static const char *
conversations_read_filter(const struct api_call *c, struct msg_conversation_list *list)
{
	struct slice query = c->x->req->query;

	if (!conversations_read_id_parameter(query, "widgetId", &list->widget))
		return "widgetId must be a widget's id";
	if (!conversations_read_id_parameter(query, "contactId", &list->contact))
		return "contactId must be a contact's id";
	if (!conversations_read_status(query, &list->status))
		return "status must be active, complete, stopped or interrupted";
	if (!conversations_read_states(query, &list->states))
		return "state must be open, waiting, person or resolved, or some of them with "
		       "commas";
	if (!conversations_read_id_parameter(query, "tag", &list->tag))
		return "tag must be a tag's id";
	if (!conversations_read_assigned(c, query, list))
		return "assignedTo must be a user's id, nobody, or, for a user, me";
	if (!conversations_read_true(query, "unread", &list->unread))
		return "unread must be true, if it is given";
	if (!conversations_read_snoozed(query, list))
		return "snoozed must be true, if it is given";
	return NULL;
}

/* Reads where the page begins. NULL, or a sentence that says what would be valid. */
static const char *
conversations_read_place(
    struct slice query, const struct paging *paging, struct conversations_list *l)
{
	l->has_cursor = paging->has_cursor;
	memcpy(l->cursor, paging->cursor, sizeof(l->cursor));
	if (paging->has_cursor) {
		uint8_t text[PARAMETER_MAX];

		return parameter_read(query, "newer", text).p == NULL
		    ? NULL
		    : "cursor and newer exclude each other";
	}
	if (!paging_read_other(query, "newer", CURSOR_MAX, l->cursor, &l->newer))
		return "newer must be the previousCursor of a page";
	l->has_cursor = l->newer;
	return NULL;
}

void
handle_conversations_list(const struct api_call *c)
{
	/* The cursor is the store's own. */
	static const struct paging_rule rule = {
	    .limit_default = 100,
	    .limit_max = 200,
	    .cursor_len = CURSOR_MAX,
	    .wrong_limit = "limit must be a whole number from 1 to 200",
	};
	struct msg_conversation_list list = {.org = c->org, .reader = c->user};
	struct conversations_list place = {0}, *l;
	struct paging paging;
	const char *wrong = paging_read(c->x->req->query, &rule, &paging);

	if (wrong == NULL)
		wrong = conversations_read_place(c->x->req->query, &paging, &place);
	if (wrong == NULL)
		wrong = conversations_read_filter(c, &list);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	l = store_query_new(c, sizeof(*l), THREAD_MAX, conversation_id_missing);
	l->newer = place.newer;
	l->has_cursor = place.has_cursor;
	memcpy(l->cursor, place.cursor, sizeof(l->cursor));
	list.limit = paging.limit;
	list.newer = l->newer;
	if (l->has_cursor)
		list.cursor = (struct slice){l->cursor, CURSOR_MAX};
	store_query_read(&l->q, MSG_CONVERSATION_LIST, &list, conversations_on_list);
}

struct thread {
	struct store_query q;
	struct id conversation, reader;
	uint32_t page;  /* messages of the requested page; 0: all messages */
	bool backwards; /* the page ends before `from` (0: with the newest message) */
	struct id
	    around; /* the page has this message in its middle; zero: it begins at `from` */
	uint64_t from;
	struct id active; /* the newest reply that is being written; zero: none */
	bool truncated;   /* the answer is too long for all of them */
};

static void conversations_on_thread_page(void *arg, uint16_t type, const union msg *m);

static void
conversations_thread_ask(struct thread *t, uint64_t from)
{
	struct msg_message_list list = {
	    .org = t->q.org,
	    .conversation = t->conversation,
	    .from = from,
	    .backwards = t->backwards,
	    .around = t->around,
	    .limit = t->page == 0 ? PAGE_LIMIT : t->page,
	    .inbox = true,
	    .reader = t->reader,
	};

	store_query_read(&t->q, MSG_MESSAGE_LIST, &list, conversations_on_thread_page);
}

/* start and next: where the messages before and behind the page are. */
static void
conversations_thread_end(struct thread *t, uint64_t start, uint64_t next)
{
	struct json_writer *j = &t->q.json;

	json_write_close(j, ']');
	if (t->page != 0) {
		json_write_id_or_null(j, "active", &t->active);
		paging_write_seq(j, "previousCursor", start);
		paging_write_next_seq(j, t->backwards ? t->from : next);
	}
	if (t->truncated) {
		log_event(LOG_WARN, "thread_truncated", L_ID("conversation", &t->conversation));
		json_write_bool(j, "truncated", true);
	}
	json_write_close(j, '}');
	store_query_reply(&t->q);
}

static void
conversations_thread_add(struct thread *t, struct slice messages)
{
	struct msg_message_record r;
	struct slice item;

	while (!t->truncated && wire_list_next(&messages, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		t->truncated = buf_len(&t->q.out) + 6 * r.text.len > THREAD_MAX;
		if (!t->truncated)
			admin_json_write_message(&t->q.json, &r);
	}
}

static void
conversations_on_thread_page(void *arg, uint16_t type, const union msg *m)
{
	struct thread *t = arg;
	uint64_t next;

	if (store_refused(type, m, STORE_STALE)) {
		store_query_refuse(
		    &t->q, 404, "message_not_found", "The conversation has no such message");
		return;
	}
	if (type != MSG_MESSAGE_PAGE || m->message_page.conversation.len == 0) {
		store_query_fail(&t->q, type, m);
		return;
	}
	next = m->message_page.next;
	t->active = m->message_page.active;
	if (buf_len(&t->q.out) == 0) {
		json_write_open(&t->q.json, NULL, '{');
		conversation_json_write_opened(&t->q.json, "conversation", &m->message_page);
		json_write_open(&t->q.json, "messages", '[');
	}
	conversations_thread_add(t, m->message_page.messages);
	if (next != 0 && t->page == 0 && !t->truncated)
		conversations_thread_ask(t, next);
	else
		conversations_thread_end(t, m->message_page.start, next);
}

/* Reads where the page begins, if that is not `cursor`. NULL, or a sentence that says what would be valid. */
static const char *
conversations_read_thread_place(
    struct slice query, const struct paging *paging, struct thread *place)
{
	uint8_t text[PARAMETER_MAX], before[PAGING_SEQ_LEN];
	bool latest = parameter_is(query, "latest", "true"), is_before;

	if (!latest && parameter_read(query, "latest", text).p != NULL)
		return "latest must be true, if it is given";
	if (!paging_read_other(query, "before", sizeof(before), before, &is_before))
		return "before must be the previousCursor of a page";
	if (!conversations_read_id_parameter(query, "around", &place->around))
		return "around must be a message's id";
	if (paging->has_cursor + latest + is_before + !id_is_zero(&place->around) > 1)
		return "only one of cursor, before, latest and around may be given";
	place->backwards = latest || is_before;
	place->from = paging->has_cursor ? paging_seq(paging)
	    : is_before                  ? paging_seq_of(before)
	    : latest                     ? 0
					 : 1;
	if (paging->has_limit || paging->has_cursor || place->backwards ||
	    !id_is_zero(&place->around))
		place->page = paging->limit;
	return NULL;
}

void
handle_conversations_get(const struct api_call *c)
{
	static const struct paging_rule rule = {
	    .limit_default = 100,
	    .limit_max = PAGE_LIMIT,
	    .cursor_len = PAGING_SEQ_LEN,
	    .wrong_limit = "limit must be a whole number from 1 to 1000",
	};
	const char *wrong;
	struct paging paging;
	struct thread place = {0}, *t;
	struct id id;

	if (!conversation_id_read(c, &id))
		return;
	wrong = paging_read(c->x->req->query, &rule, &paging);
	if (wrong == NULL)
		wrong = conversations_read_thread_place(c->x->req->query, &paging, &place);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	t = store_query_new(c, sizeof(*t), THREAD_MAX + 65536, conversation_id_missing);
	t->conversation = id;
	t->reader = c->user;
	t->page = place.page;
	t->backwards = place.backwards;
	t->around = place.around;
	t->from = place.from;
	conversations_thread_ask(t, t->from);
}

struct deletion {
	struct store_query q;
	struct id conversation;
};

static void
conversations_on_erased(void *arg, uint16_t type, const union msg *m)
{
	struct deletion *d = arg;
	struct http_exchange *x;

	if (type != MSG_ERASED) {
		store_query_fail(&d->q, type, m);
		return;
	}
	if (!store_query_removed(&d->q, type, m)) {
		reply_json_error(
		    store_query_done(&d->q), 404, "not_found", conversation_id_missing);
		return;
	}
	log_event(LOG_NOTICE, "conversation_deleted", L_UINT("conn", d->q.x->number),
	    L_ID("conversation", &d->conversation), L_UINT("messages", m->erased.messages));
	x = store_query_done(&d->q);
	reply_start(x, 204);
	reply_empty(x);
}

void
handle_conversations_delete(const struct api_call *c)
{
	struct msg_conversation_erase erase = {.org = c->org};
	struct deletion *d;

	if (!conversation_id_read(c, &erase.conversation))
		return;
	d = store_query_new(c, sizeof(*d), 0, conversation_id_missing);
	d->conversation = erase.conversation;
	store_query_ask(&d->q, MSG_CONVERSATION_ERASE, &erase, conversations_on_erased);
}
