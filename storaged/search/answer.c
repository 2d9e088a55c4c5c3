/*
 * SEARCH: parses the query, searches the index and makes the snippets. FIND. SEARCH_STATUS_GET.
 */
#include "storaged/search/answer.h"

#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/search/marks.h"
#include "storaged/search/passages/find.h"
#include "storaged/search/text/snippet.h"

#define LIMIT_DEFAULT 20u
/* Bytes, as in messages.def. */
#define HITS_MAX  131072
#define FOUND_MAX 65536

/* A page that takes longer is short. */
#define BUDGET_MS 30

struct page {
	const struct query *query;
	struct buf hits, hit;
};

static int
answer_refuse(struct channel *channel, uint64_t request, enum store_error code, const char *why)
{
	return channel_send(channel, MSG_ERROR, request,
	    &(struct msg_error){.code = (uint16_t)code, .detail = slice_str(why)});
}

/* Writes the marks as pairs of numbers; returns their length. */
static size_t
answer_marks(const struct snippet *s, uint8_t out[4 * SNIPPET_MARKS_MAX])
{
	for (size_t i = 0; i < s->n_marks; i++) {
		const struct snippet_mark *mark = &s->marks[i];

		out[4 * i] = (uint8_t)mark->start;
		out[4 * i + 1] = (uint8_t)(mark->start >> 8);
		out[4 * i + 2] = (uint8_t)mark->end;
		out[4 * i + 3] = (uint8_t)(mark->end >> 8);
	}
	return 4 * s->n_marks;
}

static int
answer_add_hit(void *arg, const struct index_result *result)
{
	struct page *page = arg;
	struct snippet snippet;
	uint8_t marks[4 * SNIPPET_MARKS_MAX];
	struct msg_search_hit hit = {.kind = result->kind, .id = result->id, .at = result->at};

	snippet_make(&snippet, page->query, result->text);
	if (result->kind != INDEX_CONTACT)
		hit.conversation = result->parent;
	hit.cut = (uint8_t)((snippet.from_start ? 0 : 1) | (snippet.to_end ? 0 : 2));
	hit.snippet = snippet.text;
	hit.marks = (struct slice){marks, answer_marks(&snippet, marks)};
	buf_reset(&page->hit);
	must(record_encode(&page->hit, MSG_SEARCH_HIT, &hit) == 0);
	return wire_list_add(&page->hits, buf_slice(&page->hit));
}

static int
answer_page(struct follower *follower, struct index *ix, struct page *page,
    const struct msg_search *m, struct slice marks, struct channel *channel, uint64_t request)
{
	struct index_filter filter = {.org = m->org,
	    .marks = marks,
	    .widget = m->widget,
	    .contact = m->contact,
	    .tag = m->tag,
	    .state = m->state,
	    .from = m->from,
	    .to = m->to,
	    .before = m->cursor};
	struct msg_search_page answer;

	if (index_search(ix, page->query, &filter, m->limit != 0 ? m->limit : LIMIT_DEFAULT,
		BUDGET_MS, answer_add_hit, page, &answer.next) != 0) {
		follower_index_failed(follower);
		return answer_refuse(
		    channel, request, STORE_NOT_READY, "the search index failed");
	}
	answer.hits = buf_slice(&page->hits);
	return channel_send(channel, MSG_SEARCH_PAGE, request, &answer);
}

static int
answer_search(struct follower *follower, struct channel *channel, uint64_t request,
    const struct msg_search *m)
{
	const char *reason;
	struct index *ix = follower_index(follower, &reason);
	struct query query;
	struct page page = {.query = &query};
	struct marks marks;
	int rc;

	marks_of_search(m, &marks);
	switch (query_parse(&query, m->query)) {
	case QUERY_EMPTY:
		if (marks.len > 0)
			break;
		return answer_refuse(
		    channel, request, STORE_INVALID, "the query contains no word");
	case QUERY_LONG:
		return answer_refuse(
		    channel, request, STORE_INVALID, "the query contains too many words");
	case QUERY_OK:
		break;
	}
	if (ix == NULL)
		return answer_refuse(channel, request, STORE_NOT_READY, reason);
	buf_init(&page.hits, HITS_MAX);
	buf_init(&page.hit, 1024);
	rc = answer_page(follower, ix, &page, m, marks_slice(&marks), channel, request);
	buf_clear(&page.hits);
	buf_clear(&page.hit);
	return rc;
}

static int
answer_found(struct channel *channel, uint64_t request, const struct found *found)
{
	struct msg_found answer = {.coverage = found->coverage,
	    .chunks = (uint32_t)found->chunks,
	    .bytes = found->bytes};
	struct buf hits, hit;
	int rc;

	buf_init(&hits, FOUND_MAX);
	buf_init(&hit, 256);
	for (size_t i = 0; i < found->n; i++) {
		buf_reset(&hit);
		must(record_encode(&hit, MSG_PASSAGE_REF, &found->hits[i]) == 0);
		must(wire_list_add(&hits, buf_slice(&hit)) == 0);
	}
	answer.hits = buf_slice(&hits);
	rc = channel_send(channel, MSG_FOUND, request, &answer);
	buf_clear(&hits);
	buf_clear(&hit);
	return rc;
}

static int
answer_find(struct content_follower *content, struct channel *channel, uint64_t request,
    const struct msg_find *m)
{
	static struct found found;
	const char *reason;
	struct passages *ix = content_follower_index(content, &reason);

	if (ix == NULL)
		return answer_refuse(channel, request, STORE_NOT_READY, reason);
	if (find_passages(content, ix, m, &found) != 0) {
		content_follower_index_failed(content);
		return answer_refuse(
		    channel, request, STORE_NOT_READY, "the index of passages failed");
	}
	return answer_found(channel, request, &found);
}

static int
answer_status(const struct followers *followers, struct channel *channel, uint64_t request)
{
	struct msg_search_status status;

	follower_status(followers->inbox, &status);
	content_follower_status(followers->content, &status);
	status.pid = (uint32_t)getpid();
	status.program = slice_str("banter " BANTER_VERSION);
	return channel_send(channel, MSG_SEARCH_STATUS, request, &status);
}

int
answer_request(const struct followers *followers, struct channel *channel,
    const struct frame *f, const union msg *m)
{
	if (f->type == MSG_SEARCH)
		return answer_search(followers->inbox, channel, f->request, &m->search);
	if (f->type == MSG_FIND)
		return answer_find(followers->content, channel, f->request, &m->find);
	must(f->type == MSG_SEARCH_STATUS_GET);
	return answer_status(followers, channel, f->request);
}
