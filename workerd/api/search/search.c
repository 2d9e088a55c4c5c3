/*
 * GET /v1/admin/search: messages, contacts and notes that match, newest first. searchd finds them; the store knows
 * whose conversations they are.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/conversation_json.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/search/search_handlers.h"
#include "workerd/search/search_client.h"

#define ANSWER_MAX (1024u * 1024)
#define HITS_MAX   100u
#define PAGE_MAX   131072u /* bytes of hits, as in messages.def */

/* Digits of a time: they fit into 64 bits. */
#define TIME_DIGITS_MAX 16

static const char *const kinds[] = {
    [INDEX_CONVERSATION] = "conversation",
    [INDEX_MESSAGE] = "message",
    [INDEX_CONTACT] = "contact",
    [INDEX_NOTE] = "note",
};

/* As in SEARCH: one more than enum conversation_state. */
static const char *const states[] = {
    [1 + STATE_OPEN] = "open",
    [1 + STATE_WAITING] = "waiting",
    [1 + STATE_PERSON] = "person",
    [1 + STATE_RESOLVED] = "resolved",
};

/* As in the messages of a conversation. */
static const char *const ratings[] = {[RATING_UP] = "up", [RATING_DOWN] = "down"};

/* A search that waits. */
struct search_query {
	struct store_query q;
	struct buf hits; /* copied from searchd's answer */
	uint64_t next;
};

/* The conversations of the hits. */
struct search_visitors {
	size_t n;
	struct msg_conversation_record of[HITS_MAX];
	struct slice faces[HITS_MAX];
};

static void
search_on_end(struct store_query *q)
{
	buf_clear(&((struct search_query *)q)->hits);
}

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

/* Whose conversation it is; null for a contact, and if the conversation does not exist any more. */
static void
search_write_visitor(
    struct json_writer *j, const struct search_visitors *all, const struct id *conversation)
{
	for (size_t i = 0; i < all->n; i++)
		if (id_equal(&all->of[i].id, conversation)) {
			conversation_json_write_visitor(
			    j, "visitor", &all->of[i], all->faces[i]);
			return;
		}
	json_write_null(j, "visitor");
}

static void
search_write_hit(struct json_writer *j, struct slice item, const void *visitors)
{
	struct msg_search_hit hit;

	must(record_decode(item, MSG_SEARCH_HIT, &hit) == WIRE_OK);
	json_write_open(j, NULL, '{');
	json_write_str(j, "kind", slice_str(kinds[hit.kind]));
	json_write_id(j, "id", &hit.id);
	json_write_id_or_null(j, "conversationId", &hit.conversation);
	json_write_uint(j, "at", hit.at);
	search_write_visitor(j, visitors, &hit.conversation);
	search_write_snippet(j, &hit);
	json_write_close(j, '}');
}

static void
search_reply(struct search_query *s, const struct search_visitors *visitors)
{
	struct store_query *q = &s->q;

	list_frame_open(&q->json, "results", buf_slice(&s->hits), search_write_hit, visitors);
	paging_write_next_seq(&q->json, s->next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

static void
search_on_visitors(void *arg, uint16_t type, const union msg *m)
{
	struct search_query *s = arg;
	struct search_visitors visitors = {.n = 0};
	struct slice records, faces, record;

	if (type != MSG_CONVERSATION_PAGE) {
		store_query_fail(&s->q, type, m);
		return;
	}
	records = m->conversation_page.conversations;
	faces = m->conversation_page.faces;
	while (visitors.n < HITS_MAX && wire_list_next(&records, &record) &&
	    wire_list_next(&faces, &visitors.faces[visitors.n])) {
		must(record_decode(record, MSG_CONVERSATION_RECORD, &visitors.of[visitors.n]) ==
		    WIRE_OK);
		visitors.n++;
	}
	search_reply(s, &visitors);
}

/* Appends an id, unless it is zero or there already. */
static void
search_add_id(struct buf *ids, const struct id *id)
{
	struct slice list = buf_slice(ids);

	for (size_t at = 0; at < list.len; at += sizeof(id->b))
		if (memcmp(list.p + at, id->b, sizeof(id->b)) == 0)
			return;
	if (!id_is_zero(id))
		must(buf_append(ids, id->b, sizeof(id->b)) == 0);
}

/* Asks the store whose conversations the hits are of. */
static void
search_ask_for_visitors(struct search_query *s)
{
	const struct search_visitors nobody = {.n = 0};
	struct msg_conversation_lookup lookup = {.org = s->q.org};
	struct slice hits = buf_slice(&s->hits), item;
	struct msg_search_hit hit;
	struct buf ids;

	buf_init(&ids, HITS_MAX * sizeof(hit.conversation.b));
	while (wire_list_next(&hits, &item)) {
		must(record_decode(item, MSG_SEARCH_HIT, &hit) == WIRE_OK);
		search_add_id(&ids, &hit.conversation);
	}
	lookup.ids = buf_slice(&ids);
	if (lookup.ids.len == 0)
		search_reply(s, &nobody);
	else
		store_query_ask(&s->q, MSG_CONVERSATION_LOOKUP, &lookup, search_on_visitors);
	buf_clear(&ids);
}

/* 503 with the reason; 400 for a query without words. */
static void
search_refuse(struct store_query *q, const struct msg_error *error)
{
	char reason[257] = "searchd does not answer";

	if (error != NULL)
		must(slice_copy_text(error->detail, reason, sizeof(reason)));
	if (error != NULL && error->code == STORE_INVALID)
		store_query_refuse(q, 400, "invalid_request", reason);
	else
		store_query_refuse(q, 503, "search_unavailable", reason);
}

static void
search_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct search_query *s = arg;

	if (type != MSG_SEARCH_PAGE) {
		search_refuse(&s->q, type == MSG_ERROR ? &m->error : NULL);
		return;
	}
	must(buf_append(&s->hits, m->search_page.hits.p, m->search_page.hits.len) == 0);
	s->next = m->search_page.next;
	search_ask_for_visitors(s);
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

/* A parameter that is one of these names; *out gets its place. False: it is given and invalid. */
static bool
search_read_name(
    struct slice query, const char *name, const char *const names[], size_t n, uint8_t *out)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, name, text);

	for (size_t i = 0; value.p != NULL && i < n; i++)
		if (names[i] != NULL && slice_eq_str(value, names[i])) {
			*out = (uint8_t)i;
			return true;
		}
	return value.p == NULL;
}

/* The end of a reply; a complete one cannot be searched for. */
static bool
search_read_status(struct slice query, uint8_t *status)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, "status", text);

	for (uint8_t s = MESSAGE_STOPPED; value.p != NULL && s <= MESSAGE_WAITING; s++)
		if (message_status_is_of_reply(s) && slice_eq(value, names_message_status(s))) {
			*status = s;
			return true;
		}
	return value.p == NULL;
}

static bool
search_read_unanswered(struct slice query, uint8_t *unanswered)
{
	uint8_t text[PARAMETER_MAX];

	*unanswered = parameter_is(query, "unanswered", "true");
	return *unanswered != 0 || parameter_read(query, "unanswered", text).p == NULL;
}

/* What selects replies alone. */
static const char *
search_read_reply(struct slice query, struct msg_search *search)
{
	if (!search_read_name(query, "rating", ratings, ARRAY_LEN(ratings), &search->rating))
		return "rating must be up or down";
	if (!search_read_status(query, &search->status))
		return "status must be stopped, interrupted, length or filtered";
	if (!search_read_unanswered(query, &search->unanswered))
		return "unanswered must be true, if it is given";
	if (!search_read_id(query, "agentId", &search->agent))
		return "agentId must be an agent's id";
	return NULL;
}

static bool
search_is_for_replies(const struct msg_search *search)
{
	return search->rating != 0 || search->status != 0 || search->unanswered != 0 ||
	    !id_is_zero(&search->agent);
}

/* Reads all parameters but limit and cursor. NULL, or a sentence that says what would be valid. text holds the
 * query. */
static const char *
search_read(struct slice query, uint8_t text[PARAMETER_MAX], struct msg_search *search)
{
	const char *wrong = search_read_reply(query, search);

	if (wrong != NULL)
		return wrong;
	search->query = parameter_read(query, "q", text);
	/* As forms write a space; a plus sign separates words, too. */
	for (size_t i = 0; i < search->query.len; i++)
		if (text[i] == '+')
			text[i] = ' ';
	if (search->query.len == 0 &&
	    (search->query.p != NULL || !search_is_for_replies(search)))
		return "q must be what to search for, of at most 256 bytes; it may be left out "
		       "with rating, status, unanswered or agentId";
	if (!search_read_id(query, "widgetId", &search->widget))
		return "widgetId must be a widget's id";
	if (!search_read_id(query, "contactId", &search->contact))
		return "contactId must be a contact's id";
	if (!search_read_id(query, "tag", &search->tag))
		return "tag must be a tag's id";
	if (!search_read_name(query, "state", states, ARRAY_LEN(states), &search->state))
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
	struct search_query *s = store_query_new(c, sizeof(*s), ANSWER_MAX, NULL);
	struct search_call *call;

	s->q.on_end = search_on_end;
	buf_init(&s->hits, PAGE_MAX);
	call = search_call(c->api->search, search, search_on_answer, s);
	if (call != NULL)
		store_query_wait(&s->q, call, search_cancel);
	else
		store_query_refuse(&s->q, 503, "search_unavailable", "too many searches wait");
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
