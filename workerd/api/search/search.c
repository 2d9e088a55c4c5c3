/*
 * GET /v1/admin/search: messages, contacts and notes that match, newest first.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/search/search_handlers.h"
#include "workerd/search/search_client.h"

#define ANSWER_MAX (1024u * 1024)

/* Digits of a time: they fit into 64 bits. */
#define TIME_DIGITS_MAX 16

static const char *const kinds[] = {
    [INDEX_CONVERSATION] = "conversation",
    [INDEX_MESSAGE] = "message",
    [INDEX_CONTACT] = "contact",
    [INDEX_NOTE] = "note",
};

static const char *const states[] = {
    [STATE_OPEN] = "open",
    [STATE_WAITING] = "waiting",
    [STATE_PERSON] = "person",
    [STATE_RESOLVED] = "resolved",
};

static void
search_write_part(struct json_writer *j, struct slice text, bool match)
{
	if (text.len == 0)
		return;
	json_write_open(j, NULL, '{');
	json_write_str(j, "text", text);
	json_write_bool(j, "match", match);
	json_write_close(j, '}');
}

static size_t
search_mark(struct slice marks, size_t at)
{
	return (size_t)marks.p[at] | (size_t)marks.p[at + 1] << 8;
}

/* The snippet in parts: matches, and what is between them. An ellipsis shows what was left out. */
static void
search_write_snippet(struct json_writer *j, const struct msg_search_hit *hit)
{
	static const char ellipsis[] = "\u2026";
	struct slice text = hit->snippet;
	size_t at = 0;

	json_write_open(j, "snippet", '[');
	if (hit->cut & 1)
		search_write_part(j, slice_str(ellipsis), false);
	for (size_t i = 0; i + 4 <= hit->marks.len; i += 4) {
		size_t start = search_mark(hit->marks, i), end = search_mark(hit->marks, i + 2);

		must(at <= start && start <= end && end <= text.len);
		search_write_part(j, (struct slice){text.p + at, start - at}, false);
		search_write_part(j, (struct slice){text.p + start, end - start}, true);
		at = end;
	}
	search_write_part(j, (struct slice){text.p + at, text.len - at}, false);
	if (hit->cut & 2)
		search_write_part(j, slice_str(ellipsis), false);
	json_write_close(j, ']');
}

static void
search_write_hit(struct json_writer *j, struct slice item, const void *ctx)
{
	struct msg_search_hit hit;

	(void)ctx;
	must(record_decode(item, MSG_SEARCH_HIT, &hit) == WIRE_OK);
	json_write_open(j, NULL, '{');
	json_write_str(j, "kind", slice_str(kinds[hit.kind]));
	json_write_id(j, "id", &hit.id);
	json_write_id_or_null(j, "conversationId", &hit.conversation);
	json_write_uint(j, "at", hit.at);
	search_write_snippet(j, &hit);
	json_write_close(j, '}');
}

/* 503 with the reason; 400 for a query without words. */
static void
search_refuse(struct store_query *q, const struct msg_error *error)
{
	char reason[257] = "searchd does not answer";

	if (error != NULL) {
		must(error->detail.len < sizeof(reason));
		memcpy(reason, error->detail.p, error->detail.len);
		reason[error->detail.len] = '\0';
	}
	if (error != NULL && error->code == STORE_INVALID)
		store_query_refuse(q, 400, "invalid_request", reason);
	else
		store_query_refuse(q, 503, "search_unavailable", reason);
}

static void
search_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_SEARCH_PAGE) {
		search_refuse(q, type == MSG_ERROR ? &m->error : NULL);
		return;
	}
	list_frame_open(&q->json, "results", m->search_page.hits, search_write_hit, NULL);
	paging_write_next_seq(&q->json, m->search_page.next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

/* A parameter that is an id. False: it is given and invalid. */
static bool
search_read_id(struct slice query, const char *name, struct id *id)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	return value.p == NULL || (id_parse(value, id) == 0 && !id_is_zero(id));
}

/* A parameter that is a time in ms since 1970. False: it is given and invalid. */
static bool
search_read_time(struct slice query, const char *name, uint64_t *ms)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	return value.p == NULL || parameter_digits(value, TIME_DIGITS_MAX, ms);
}

static bool
search_read_state(struct slice query, uint8_t *state)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, "state", text);

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (slice_eq_str(value, states[i]))
			*state = (uint8_t)(i + 1);
	return value.p == NULL || *state != 0;
}

/* Reads all parameters but limit and cursor. NULL, or a sentence that says what would be valid. text holds the
 * query. */
static const char *
search_read(struct slice query, uint8_t text[PARAMETER_MAX], struct msg_search *search)
{
	search->query = parameter_read(query, "q", text);
	/* As forms write a space; a plus sign separates words, too. */
	for (size_t i = 0; i < search->query.len; i++)
		if (text[i] == '+')
			text[i] = ' ';
	if (search->query.len == 0)
		return "q must be what to search for, of at most 256 bytes";
	if (!search_read_id(query, "widgetId", &search->widget))
		return "widgetId must be a widget's id";
	if (!search_read_id(query, "contactId", &search->contact))
		return "contactId must be a contact's id";
	if (!search_read_id(query, "tag", &search->tag))
		return "tag must be a tag's id";
	if (!search_read_state(query, &search->state))
		return "state must be open, waiting, person or resolved";
	if (!search_read_time(query, "from", &search->from) ||
	    !search_read_time(query, "to", &search->to))
		return "from and to must be times in milliseconds since 1970";
	return NULL;
}

static void
search_cancel(void *call)
{
	search_call_forget(call);
}

static void
search_ask(const struct api_call *c, const struct msg_search *search)
{
	struct store_query *q = store_query_new(c, sizeof(*q), ANSWER_MAX, NULL);
	struct search_call *call = search_call(c->api->search, search, search_on_answer, q);

	if (call != NULL)
		store_query_wait(q, call, search_cancel);
	else
		store_query_refuse(q, 503, "search_unavailable", "too many searches wait");
}

void
handle_search(const struct api_call *c)
{
	static const struct paging_rule rule = {
	    .limit_default = 20,
	    .limit_max = 100,
	    .cursor_len = PAGING_SEQ_LEN,
	    .wrong_limit = "limit must be a whole number from 1 to 100",
	};
	struct msg_search search = {.org = c->org};
	uint8_t text[PARAMETER_MAX];
	struct paging paging;
	const char *wrong = paging_read(c->x->req->query, &rule, &paging);

	if (wrong == NULL)
		wrong = search_read(c->x->req->query, text, &search);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	search.limit = paging.limit;
	search.cursor = paging_seq(&paging);
	search_ask(c, &search);
}
