/*
 * The conversations are erased one by one, with their visitors, and the contact behind the last one, so that a request
 * that breaks off can be sent again. A conversation that joins the contact during the last step is only unlinked from
 * it.
 */
#include "workerd/api/admin/contact_erase.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define PAGE_LIMIT 200
#define ANSWER_MAX 128
#define LIST_MAX   786432u /* bytes, as in CONVERSATION_PAGE */

struct contact_erasure {
	struct store_query q;
	struct id contact;
	char by[API_CALLER_SIZE];
	struct buf page;   /* CONVERSATION_RECORDs */
	struct slice rest; /* of the page: still to be erased */
	struct id first;   /* of the page before; zero: there was none */
	struct id current; /* the conversation that is being erased */
	uint64_t conversations, messages;
};

static void contact_erase_next(struct contact_erasure *e);

static void
contact_erase_on_end(struct store_query *q)
{
	buf_clear(&((struct contact_erasure *)q)->page);
}

static void contact_erase_ask_delete(struct contact_erasure *e);

static void
contact_erase_on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct contact_erasure *e = arg;
	struct json_writer *j = &e->q.json;

	if (type == MSG_UNFINISHED) {
		contact_erase_ask_delete(e);
		return;
	}
	/* The contact was there when the erasure began. */
	if (type != MSG_OK && !store_refused(type, m, STORE_NOT_FOUND)) {
		store_query_fail(&e->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "contact_erased", L_UINT("conn", e->q.x->number),
	    L_ID("org", &e->q.org), L_ID("id", &e->contact),
	    L_UINT("conversations", e->conversations), L_UINT("messages", e->messages),
	    L_STR("by", e->by));
	json_write_open(j, NULL, '{');
	json_write_uint(j, "conversations", e->conversations);
	json_write_uint(j, "messages", e->messages);
	json_write_close(j, '}');
	store_query_reply(&e->q);
}

static void
contact_erase_ask_delete(struct contact_erasure *e)
{
	struct msg_record_delete delete = {
	    .kind = MSG_CONTACT_RECORD, .org = e->q.org, .id = e->contact};

	store_query_ask(&e->q, MSG_RECORD_DELETE, &delete, contact_erase_on_deleted);
}

/* The first conversation of the page; zero: the page is empty. */
static struct id
contact_erase_first(const struct contact_erasure *e)
{
	struct slice list = e->rest, item;
	struct msg_conversation_record r;

	if (!wire_list_next(&list, &item))
		return (struct id){0};
	must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r.id;
}

static void
contact_erase_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct contact_erasure *e = arg;
	struct id first;

	if (type != MSG_CONVERSATION_PAGE) {
		store_query_fail(&e->q, type, m);
		return;
	}
	buf_reset(&e->page);
	must(buf_append(&e->page, m->conversation_page.conversations.p,
		 m->conversation_page.conversations.len) == 0);
	e->rest = buf_slice(&e->page);
	first = contact_erase_first(e);
	if (id_is_zero(&first)) {
		contact_erase_ask_delete(e);
	} else if (id_equal(&first, &e->first)) {
		/* Without the contact, nobody could find what is left. */
		log_event(LOG_ERROR, "contact_erase_failed", L_ID("conversation", &first));
		store_query_refuse(&e->q, 500, "internal", "Internal server error");
	} else {
		e->first = first;
		contact_erase_next(e);
	}
}

static void
contact_erase_ask_list(struct contact_erasure *e)
{
	struct msg_conversation_list list = {
	    .org = e->q.org, .contact = e->contact, .limit = PAGE_LIMIT};

	store_query_ask(&e->q, MSG_CONVERSATION_LIST, &list, contact_erase_on_list);
}

static void
contact_erase_on_erased(void *arg, uint16_t type, const union msg *m)
{
	struct contact_erasure *e = arg;

	if (type != MSG_ERASED) {
		store_query_fail(&e->q, type, m);
		return;
	}
	e->conversations += m->erased.conversations;
	e->messages += m->erased.messages;
	contact_erase_next(e);
}

/* After an import, the session may name another widget's visitor (storaged/visitors/erase.c): then the conversation
 * is still there. */
static void
contact_erase_on_visitor_erased(void *arg, uint16_t type, const union msg *m)
{
	struct contact_erasure *e = arg;
	struct msg_conversation_erase erase = {.org = e->q.org, .conversation = e->current};

	if (type == MSG_ERASED && m->erased.conversations == 0)
		store_query_ask(&e->q, MSG_CONVERSATION_ERASE, &erase, contact_erase_on_erased);
	else
		contact_erase_on_erased(e, type, m);
}

/* Erases the next visitor of the page; behind the last one, looks for more. */
static void
contact_erase_next(struct contact_erasure *e)
{
	struct msg_conversation_record r;
	struct msg_visitor_erase erase;
	struct slice item;

	if (!wire_list_next(&e->rest, &item)) {
		contact_erase_ask_list(e);
		return;
	}
	must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	e->current = r.id;
	erase = (struct msg_visitor_erase){
	    .org = e->q.org, .widget = r.widget, .session = r.session};
	store_query_ask(&e->q, MSG_VISITOR_ERASE, &erase, contact_erase_on_visitor_erased);
}

static void
contact_erase_on_contact(void *arg, uint16_t type, const union msg *m)
{
	struct contact_erasure *e = arg;

	if (type == MSG_RECORD)
		contact_erase_ask_list(e);
	else
		store_query_fail(&e->q, type, m);
}

void
contact_erase(const struct api_call *c)
{
	struct msg_record_get get = {.kind = MSG_CONTACT_RECORD, .org = c->org};
	struct contact_erasure *e;

	if (!api_path_id(c, "Invalid contactId", &get.id))
		return;
	e = store_query_new(c, sizeof(*e), ANSWER_MAX, "Contact not found");
	e->contact = get.id;
	api_caller_name(c, e->by);
	buf_init(&e->page, LIST_MAX);
	e->q.on_end = contact_erase_on_end;
	store_query_ask(&e->q, MSG_RECORD_GET, &get, contact_erase_on_contact);
}
