/*
 * The text of a passage is never taken from an index: what is not here, as it was found, is not quoted.
 */
#include "storaged/content/passages.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/content/source_pages.h"

/* Bytes of a passage's URL: that of a page with an anchor. */
#define URL_MAX 2304u

/* Answers and pages that one request looks at: behind them, the content is too long to be read as a whole. */
#define LOOKS_MAX 4000u

/* Collects passages. */
struct passages {
	struct txn *t;
	struct buf ref, url;
	unsigned looks;
	bool full; /* one did not fit, or there are too many to look at */
};

static void
content_passages_init(struct passages *p, struct txn *t)
{
	*p = (struct passages){.t = t};
	buf_init(&p->ref, 256);
	buf_init(&p->url, URL_MAX);
	buf_reset(&t->env->list);
}

static void
content_passages_clear(struct passages *p)
{
	buf_clear(&p->ref);
	buf_clear(&p->url);
}

static void
content_passages_add(
    struct passages *p, const struct msg_passage_ref *ref, const struct msg_passage *passage)
{
	struct buf *list = &p->t->env->list;
	struct msg_passage item = *passage;

	buf_reset(&p->ref);
	must(record_encode(&p->ref, MSG_PASSAGE_REF, ref) == 0);
	item.ref = buf_slice(&p->ref);
	if (buf_len(list) + 32 + item.ref.len + item.title.len + item.url.len +
		item.heading.len + item.text.len >
	    PAGE_BYTES)
		p->full = true;
	else
		must(record_add(list, MSG_PASSAGE, &item) == 0);
}

/* The address of a place in a page. */
static struct slice
content_passages_url(struct passages *p, struct slice url, struct slice anchor)
{
	const uint8_t *fragment;

	if (anchor.len == 0)
		return url;
	fragment = memchr(url.p, '#', url.len);
	if (fragment != NULL)
		url.len = (size_t)(fragment - url.p);
	buf_reset(&p->url);
	must(buf_append(&p->url, url.p, url.len) == 0 && buf_append(&p->url, "#", 1) == 0 &&
	    buf_append(&p->url, anchor.p, anchor.len) == 0);
	return buf_slice(&p->url);
}

static void
content_passages_add_chunk(struct passages *p, const struct msg_passage_ref *ref,
    const struct msg_source_page_record *page, const struct msg_chunk_record *chunk)
{
	content_passages_add(p, ref,
	    &(struct msg_passage){
		.title = page->title,
		.url = content_passages_url(p, page->url, chunk->anchor),
		.heading = chunk->heading,
		.text = chunk->text,
	    });
}

static int
content_passages_read_chunk(
    struct passages *p, const struct id *org, const struct msg_passage_ref *ref)
{
	struct key key = key_piece(&ref->id, ref->index);
	struct msg_source_record source;
	struct msg_source_page_record page;
	struct msg_chunk_record chunk;
	int rc = source_find(p->t, org, &ref->source, &source);

	if (rc == 0 && !source.enabled)
		return 0;
	if (rc == 0)
		rc = source_page_find(p->t, org, &ref->source, &ref->id, &page);
	if (rc == 0 && ref->index >= page.chunks)
		return 0;
	if (rc == 0)
		rc = txn_get_record(p->t, TABLE_CHUNKS, &key, &chunk);
	if (rc == 0 && hash_equal(&chunk.hash, &ref->hash))
		content_passages_add_chunk(p, ref, &page, &chunk);
	return rc;
}

static void
content_passages_add_answer(
    struct passages *p, const struct msg_passage_ref *ref, const struct msg_answer_record *r)
{
	content_passages_add(
	    p, ref, &(struct msg_passage){.title = r->question, .text = r->text});
}

static int
content_passages_read_answer(
    struct passages *p, const struct id *org, const struct msg_passage_ref *ref)
{
	struct key key = key_of_org(org, &ref->id);
	struct msg_answer_record r;
	int rc = txn_get_record(p->t, TABLE_ANSWERS, &key, &r);

	if (rc == 0 && r.published)
		content_passages_add_answer(p, ref, &r);
	return rc;
}

/* Answers with what was collected. */
static void
content_passages_answer(struct passages *p, struct call *c, bool too_long)
{
	struct msg_passages answer = {.too_long = too_long};

	if (too_long)
		buf_reset(&p->t->env->list);
	answer.passages = buf_slice(&p->t->env->list);
	call_answer(c, MSG_PASSAGES, &answer);
}

int
handle_passages_read(struct txn *t, struct call *c)
{
	const struct msg_passages_read *m = &c->m->passages_read;
	struct slice wanted = m->wanted, item;
	struct passages p;
	int rc = 0;

	content_passages_init(&p, t);
	while (rc == 0 && wire_list_next(&wanted, &item)) {
		struct msg_passage_ref ref;

		must(record_decode(item, MSG_PASSAGE_REF, &ref) == WIRE_OK);
		rc = ref.kind == PASSAGE_ANSWER
		    ? content_passages_read_answer(&p, &m->org, &ref)
		    : content_passages_read_chunk(&p, &m->org, &ref);
		/* A damaged passage is not quoted; the others are. */
		if (txn_survives(rc))
			rc = 0;
	}
	if (rc == 0)
		content_passages_answer(&p, c, false);
	content_passages_clear(&p);
	return rc;
}

/* Whether the ids of a request's sources have this one. */
static bool
content_passages_wants_source(const struct msg_content_read *m, const struct id *source)
{
	if (m->knowledge == KNOWLEDGE_ALL)
		return true;
	for (size_t at = 0; at + sizeof(source->b) <= m->sources.len; at += sizeof(source->b))
		if (memcmp(m->sources.p + at, source->b, sizeof(source->b)) == 0)
			return true;
	return false;
}

/* The ids of the wanted, enabled sources, and the bytes of their text. */
struct wanted_sources {
	struct id ids[SOURCES_OF_ORG_MAX];
	uint32_t chunks[SOURCES_OF_ORG_MAX];
	size_t n;
	uint64_t bytes;
};

static int
content_passages_find_sources(
    struct txn *t, const struct msg_content_read *m, struct wanted_sources *wanted)
{
	struct key front = key_id(&m->org);
	struct msg_source_state_record state;
	struct msg_source_record source;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SOURCES, &front);

	wanted->n = wanted->bytes = 0;
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && wanted->n < ARRAY_LEN(wanted->ids); rc = walk_next(&w)) {
		if (record_read(w.value, TABLE_SOURCES, &source) != 0 || !source.enabled ||
		    !content_passages_wants_source(m, &source.id))
			continue;
		rc = source_find_state(t, &m->org, &source.id, &state);
		if (rc == 0 && state.chunks > 0) {
			wanted->chunks[wanted->n] = state.chunks;
			wanted->ids[wanted->n++] = source.id;
			wanted->bytes += state.bytes;
		} else if (rc != 0 && !txn_survives(rc)) {
			break;
		}
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds the published answers, and their bytes to *bytes, until these are too many. */
static int
content_passages_add_answers(
    struct passages *p, const struct msg_content_read *m, uint64_t *bytes)
{
	struct key front = key_id(&m->org);
	struct msg_answer_record r;
	struct walk w;
	int rc = walk_open(&w, p->t, TABLE_ANSWERS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && *bytes <= m->bytes_max && !p->full; rc = walk_next(&w)) {
		p->full = p->looks++ == LOOKS_MAX;
		if (record_read(w.value, TABLE_ANSWERS, &r) != 0 || !r.published)
			continue;
		*bytes += r.question.len + r.text.len;
		content_passages_add_answer(
		    p, &(struct msg_passage_ref){.kind = PASSAGE_ANSWER, .id = r.id}, &r);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
content_passages_add_page(struct passages *p, const struct msg_source_page_record *page)
{
	struct msg_passage_ref ref = {
	    .kind = PASSAGE_CHUNK, .source = page->source, .id = page->id};
	struct key front = key_id(&page->id);
	struct msg_chunk_record chunk;
	struct walk w;
	int rc = walk_open(&w, p->t, TABLE_CHUNKS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && !p->full; rc = walk_next(&w)) {
		if (!key_fits(TABLE_CHUNKS, w.key) ||
		    record_read(w.value, TABLE_CHUNKS, &chunk) != 0)
			continue;
		ref.index = piece_place(w.key);
		ref.hash = chunk.hash;
		content_passages_add_chunk(p, &ref, page, &chunk);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* chunks: of the source; behind its last one, no page is looked at. */
static int
content_passages_add_source(
    struct passages *p, const struct id *org, const struct id *source, uint32_t chunks)
{
	struct key front = key_of_org(org, source);
	struct msg_source_page_record page;
	struct walk w;
	int rc = walk_open(&w, p->t, TABLE_SOURCE_PAGES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && !p->full && chunks > 0) {
		p->full = p->looks++ >= LOOKS_MAX;
		if (record_read(w.value, TABLE_SOURCE_PAGES, &page) == 0 && page.chunks > 0) {
			rc = content_passages_add_page(p, &page);
			chunks -= page.chunks < chunks ? page.chunks : chunks;
		}
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_content_read(struct txn *t, struct call *c)
{
	const struct msg_content_read *m = &c->m->content_read;
	struct wanted_sources wanted = {.n = 0};
	struct passages p;
	int rc = 0;

	content_passages_init(&p, t);
	if (m->knowledge != KNOWLEDGE_NONE) {
		rc = content_passages_find_sources(t, m, &wanted);
		if (rc == 0 && wanted.bytes <= m->bytes_max)
			rc = content_passages_add_answers(&p, m, &wanted.bytes);
	}
	if (wanted.bytes <= m->bytes_max)
		for (size_t i = 0; i < wanted.n && rc == 0 && !p.full; i++)
			rc = content_passages_add_source(
			    &p, &m->org, &wanted.ids[i], wanted.chunks[i]);
	if (rc == 0)
		content_passages_answer(&p, c, p.full || wanted.bytes > m->bytes_max);
	content_passages_clear(&p);
	return rc;
}
