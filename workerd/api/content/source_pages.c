/*
 * /v1/admin/sources/{id}/pages: the pages of a source, and the text of one.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/page_reasons.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define LIST_MAX   (14u * 1024 * 1024) /* bytes of JSON */
#define SEARCH_MAX 254                 /* bytes, as in SOURCE_PAGE_LIST */

#define AT(member) offsetof(struct msg_source_page_record, member)

static void
source_pages_write_reason(const struct field *f, const void *at, struct json_writer *j)
{
	const char *name = page_reason_name(*(const uint8_t *)at);

	if (name == NULL)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, slice_str(name));
}

static void
source_pages_write_number(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_uint(j, f->name, *(const uint32_t *)at);
}

static const struct field_kind reason_kind = {
    sizeof(uint8_t), NULL, REASON_FIXED, source_pages_write_reason, NULL};
static const struct field_kind number_kind = {
    sizeof(uint32_t), NULL, REASON_FIXED, source_pages_write_number, NULL};

/* Only for writing. */
static const struct field page_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"url", &field_line, AT(url), FIELD_FIXED, 0, 0, NULL},
    {"title", &field_line, AT(title), FIELD_NULLABLE, 0, 0, NULL},
    {"state", &field_choice, AT(state), FIELD_FIXED, 0, 0, page_state_words},
    {"reason", &reason_kind, AT(reason), FIELD_FIXED, 0, 0, NULL},
    {"detail", &field_line, AT(detail), FIELD_NULLABLE, 0, 0, NULL},
    {"language", &field_line, AT(language), FIELD_NULLABLE, 0, 0, NULL},
    {"type", &field_line, AT(type), FIELD_NULLABLE, 0, 0, NULL},
    {"fetchedAt", &field_moment, AT(fetched_at), FIELD_FIXED, 0, 0, NULL},
    {"changedAt", &field_moment, AT(changed_at), FIELD_FIXED, 0, 0, NULL},
    {"nextAt", &field_moment, AT(next_at), FIELD_FIXED, 0, 0, NULL},
    {"chunks", &number_kind, AT(chunks), FIELD_FIXED, 0, 0, NULL},
    {"bytes", &number_kind, AT(bytes), FIELD_FIXED, 0, 0, NULL},
    {"createdAt", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updatedAt", &field_time, AT(updated_at), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

static const struct field passage_fields[] = {
    {"heading", &field_line, offsetof(struct msg_chunk_record, heading), FIELD_NULLABLE, 0, 0,
	NULL},
    {"anchor", &field_line, offsetof(struct msg_chunk_record, anchor), FIELD_NULLABLE, 0, 0,
	NULL},
    {"language", &field_line, offsetof(struct msg_chunk_record, language), FIELD_NULLABLE, 0, 0,
	NULL},
    {"text", &field_text, offsetof(struct msg_chunk_record, text), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

static void
source_pages_write_item(struct json_writer *j, struct slice item, const void *ctx)
{
	struct msg_source_page_record page;

	(void)ctx;
	must(record_decode(item, MSG_SOURCE_PAGE_RECORD, &page) == WIRE_OK);
	json_write_open(j, NULL, '{');
	fields_write(j, page_fields, &page);
	json_write_close(j, '}');
}

static void
source_pages_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_SOURCE_PAGES) {
		store_query_fail(q, type, m);
		return;
	}
	list_frame_open(
	    &q->json, "pages", m->source_pages.pages, source_pages_write_item, NULL);
	paging_write_next_id(&q->json, &m->source_pages.next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

/* Reads the filters. NULL, or a sentence that says what would be valid. text holds what is searched for. */
static const char *
source_pages_read_filters(
    struct slice query, uint8_t text[SEARCH_MAX], struct msg_source_page_list *list)
{
	uint8_t value[PARAMETER_MAX];
	struct slice state = parameter_read(query, "state", value);

	for (uint8_t i = 0; page_state_words[i] != NULL; i++)
		if (slice_eq_str(state, page_state_words[i]))
			list->state = (uint8_t)(i + 1);
	if (state.p != NULL && list->state == 0)
		return "state must be waiting, read or unread";
	list->search = parameter_read_form(query, "q", text, SEARCH_MAX);
	if (list->search.p != NULL && list->search.len == 0)
		return "q must be a part of an address or a title, of at most 254 bytes";
	return NULL;
}

void
handle_source_pages_list(const struct api_call *c)
{
	struct msg_source_page_list list = {.org = c->org};
	uint8_t text[SEARCH_MAX];
	struct paging paging;
	const char *wrong;

	if (!api_path_id(c, "Invalid sourceId", &list.source))
		return;
	wrong = paging_read(c->x->req->query, &paging_by_id, &paging);
	if (wrong == NULL)
		wrong = source_pages_read_filters(c->x->req->query, text, &list);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	list.cursor = paging_id(&paging);
	list.limit = paging.limit;
	store_query_read(
	    store_query_new(c, sizeof(struct store_query), LIST_MAX, "Source not found"),
	    MSG_SOURCE_PAGE_LIST, &list, source_pages_on_list);
}

/* A request about one page. */
struct source_page_query {
	struct store_query q;
	struct id source, page;
	bool begun; /* the page's own members are written */
	char by[API_CALLER_SIZE];
};

/* NULL: an id is invalid, and 400 was sent. */
static struct source_page_query *
source_page_query_new(const struct api_call *c, const char *missing)
{
	struct source_page_query *q;
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct id source, page;

	if (!api_path_id(c, "Invalid sourceId", &source))
		return NULL;
	if (id_parse(router_capture(&c->match, 1, text), &page) == -1 || id_is_zero(&page)) {
		api_reply_invalid(
		    c, "Invalid pageId", "the id must be a UUID, as returned by the list");
		return NULL;
	}
	q = store_query_new(c, sizeof(*q), LIST_MAX, missing);
	q->source = source;
	q->page = page;
	api_caller_name(c, q->by);
	return q;
}

static void
source_pages_write_passages(struct json_writer *j, struct slice items)
{
	struct msg_chunk_item item;
	struct msg_chunk_record chunk;
	struct slice record;

	while (wire_list_next(&items, &record)) {
		must(record_decode(record, MSG_CHUNK_ITEM, &item) == WIRE_OK &&
		    record_decode(item.chunk, MSG_CHUNK_RECORD, &chunk) == WIRE_OK);
		json_write_open(j, NULL, '{');
		json_write_uint(j, "index", item.index);
		fields_write(j, passage_fields, &chunk);
		json_write_close(j, '}');
	}
}

static void
source_pages_begin(struct source_page_query *q, struct slice record)
{
	struct msg_source_page_record page;

	must(record_decode(record, MSG_SOURCE_PAGE_RECORD, &page) == WIRE_OK);
	q->begun = true;
	json_write_open(&q->q.json, NULL, '{');
	fields_write(&q->q.json, page_fields, &page);
	json_write_open(&q->q.json, "passages", '[');
}

static void source_pages_on_text(void *arg, uint16_t type, const union msg *m);

static void
source_pages_ask_text(struct source_page_query *q, uint32_t from)
{
	const struct msg_source_text_read read = {
	    .org = q->q.org, .source = q->source, .page = q->page, .from = from};

	store_query_ask(&q->q, MSG_SOURCE_TEXT_READ, &read, source_pages_on_text);
}

static void
source_pages_on_text(void *arg, uint16_t type, const union msg *m)
{
	struct source_page_query *q = arg;

	if (type != MSG_SOURCE_TEXT) {
		store_query_fail(&q->q, type, m);
		return;
	}
	if (!q->begun)
		source_pages_begin(q, m->source_text.page);
	source_pages_write_passages(&q->q.json, m->source_text.chunks);
	if (m->source_text.next != 0) {
		source_pages_ask_text(q, m->source_text.next);
		return;
	}
	json_write_close(&q->q.json, ']');
	json_write_close(&q->q.json, '}');
	store_query_reply(&q->q);
}

void
handle_source_pages_get(const struct api_call *c)
{
	struct source_page_query *q = source_page_query_new(c, "Page not found");

	if (q != NULL)
		source_pages_ask_text(q, 0);
}

static void
source_pages_on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct source_page_query *q = arg;

	if (!store_query_removed(&q->q, type, m)) {
		store_query_fail(&q->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "page_deleted", L_UINT("conn", q->q.x->number),
	    L_ID("org", &q->q.org), L_ID("source", &q->source), L_ID("page", &q->page),
	    L_STR("by", q->by));
	store_query_reply_empty(&q->q);
}

/* The source exists: a page that does not is deleted. */
static void
source_pages_on_source(void *arg, uint16_t type, const union msg *m)
{
	struct source_page_query *q = arg;
	const struct msg_source_page_delete delete = {
	    .org = q->q.org, .source = q->source, .page = q->page};

	if (type == MSG_RECORD)
		store_query_ask(
		    &q->q, MSG_SOURCE_PAGE_DELETE, &delete, source_pages_on_deleted);
	else
		store_query_fail(&q->q, type, m);
}

void
handle_source_pages_delete(const struct api_call *c)
{
	struct source_page_query *q = source_page_query_new(c, "Source not found");
	struct msg_record_get get = {.kind = MSG_SOURCE_RECORD, .org = c->org};

	if (q == NULL)
		return;
	get.id = q->source;
	store_query_ask(&q->q, MSG_RECORD_GET, &get, source_pages_on_source);
}
