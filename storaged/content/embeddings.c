/*
 * The worker walks the pages of an organization with a cursor, and those of all organizations to find out which of them
 * have chunks without vectors. Each answer looks at a bounded number of chunks, so that a pass over a large store delays
 * no other request.
 */
#include "storaged/content/embeddings.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/content/chunks.h"
#include "storaged/content/source_pages.h"

/* Chunks of an answer, and pages and chunks that one request looks at. */
#define CHUNKS_MAX 256u
#define ORGS_MAX   64u
#define LOOKS_MAX  1000u

/* A cursor: the key of a page, and the index of its next chunk. */
#define PAGE_KEY_LEN (3 * sizeof(struct id))
#define CURSOR_LEN   (PAGE_KEY_LEN + 4)

static const char not_a_cursor[] = "not a cursor of this reading";

int
handle_embedding_lease(struct txn *t, struct call *c)
{
	const struct msg_embedding_lease *m = &c->m->embedding_lease;
	struct msg_embedding_leased answer = {0};

	(void)t;
	if (m->leave) {
		lease_leave(c->embedding, c->from);
		call_change_text(c);
	} else {
		answer.granted = lease_ask(c->embedding, c->from, &m->lease);
	}
	call_answer(c, MSG_EMBEDDING_LEASED, &answer);
	return 0;
}

/* A search for chunks without a vector, or for the organizations that have any. */
struct embedding_search {
	struct txn *t;
	struct slice model;
	uint32_t most, n, looks; /* of chunks, or of organizations */
	bool orgs;
	bool skip;          /* nothing more of this organization is wanted */
	struct slice known; /* ids of organizations that are left out */
	struct id source;   /* that was looked up last; zero: none */
	bool searched;      /* whether that source is */
	struct key at;      /* of the current page */
	uint32_t from;      /* its next chunk */
	bool full;
};

/* Whether a chunk has a vector of the model. A damaged one is computed again. */
static int
embedding_exists(
    struct embedding_search *s, const struct id *page, const struct hash256 *hash, bool *exists)
{
	struct key key = key_vector(page, hash);
	struct msg_vector_record r;
	int rc = txn_get_record(s->t, TABLE_VECTORS, &key, &r);

	*exists = rc == 0 && slice_eq(r.model, s->model);
	return txn_survives(rc) ? 0 : rc;
}

/* Adds an organization once. */
static void
embedding_add_org(struct embedding_search *s, const struct id *org)
{
	s->full = s->n == s->most;
	if (s->full)
		return;
	must(buf_append(&s->t->env->list, org->b, sizeof(org->b)) == 0);
	s->n++;
	s->skip = true;
}

static void
embedding_add_chunk(struct embedding_search *s, const struct msg_source_page_record *page,
    const struct msg_chunk_record *chunk)
{
	struct buf *list = &s->t->env->list;

	s->full = s->n == s->most ||
	    buf_len(list) + 128 + page->title.len + chunk->heading.len + chunk->text.len >
		PAGE_BYTES;
	if (s->full)
		return;
	must(record_add(list, MSG_EMBEDDING_CHUNK,
		 &(struct msg_embedding_chunk){
		     .org = page->org,
		     .source = page->source,
		     .page = page->id,
		     .hash = chunk->hash,
		     .title = page->title,
		     .heading = chunk->heading,
		     .text = chunk->text,
		 }) == 0);
	s->n++;
}

static int
embedding_look_at_chunk(
    struct embedding_search *s, const struct walk *w, const struct msg_source_page_record *page)
{
	struct msg_chunk_record chunk;
	bool exists;
	int rc;

	if (!key_fits(TABLE_CHUNKS, w->key) || record_read(w->value, TABLE_CHUNKS, &chunk) != 0)
		return 0;
	s->from = piece_place(w->key);
	s->full = s->looks++ == LOOKS_MAX;
	if (s->full)
		return 0;
	rc = embedding_exists(s, &page->id, &chunk.hash, &exists);
	if (rc == 0 && !exists && s->orgs)
		embedding_add_org(s, &page->org);
	else if (rc == 0 && !exists)
		embedding_add_chunk(s, page, &chunk);
	return rc;
}

static int
embedding_look_at_chunks(struct embedding_search *s, const struct msg_source_page_record *page)
{
	struct key front = key_id(&page->id), at = key_piece(&page->id, s->from);
	struct walk w;
	int rc = walk_open(&w, s->t, TABLE_CHUNKS, &front);

	if (rc == 0)
		rc = walk_from(&w, &at);
	while (rc == 0) {
		rc = embedding_look_at_chunk(s, &w, page);
		if (rc == 0 && (s->full || s->skip))
			break;
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static bool
embedding_is_known(const struct embedding_search *s, const struct id *org)
{
	for (size_t i = 0; i + sizeof(org->b) <= s->known.len; i += sizeof(org->b))
		if (memcmp(s->known.p + i, org->b, sizeof(org->b)) == 0)
			return true;
	return false;
}

static int
embedding_look_at_page(struct embedding_search *s, const struct walk *w)
{
	struct msg_source_page_record page;
	struct msg_source_record source;
	int rc = 0;

	if (record_read(w->value, TABLE_SOURCE_PAGES, &page) != 0)
		return 0;
	s->skip = embedding_is_known(s, &page.org);
	if (s->skip)
		return 0;
	if (!id_equal(&s->source, &page.source)) {
		rc = source_find(s->t, &page.org, &page.source, &source);
		s->source = page.source;
		s->searched = rc == 0 && source.enabled;
	}
	if (rc != 0 || !s->searched || page.chunks == 0)
		return txn_survives(rc) ? 0 : rc;
	return embedding_look_at_chunks(s, &page);
}

/* Goes to the next page, or to that of the next organization. */
static int
embedding_go_on(struct embedding_search *s, struct walk *w)
{
	struct id org = key_front(w->key), last;
	struct key end;

	if (!s->skip)
		return walk_next(w);
	s->skip = false;
	memset(last.b, 0xff, sizeof(last.b));
	end = key_source_page(&org, &last, &last);
	return walk_from(w, &end);
}

/* Looks at pages of those that begin with the bytes of front, from s->at on, until the answer is full. */
static int
embedding_search(struct embedding_search *s, const struct key *front)
{
	const struct key from = s->at;
	struct walk w;
	int rc = walk_open(&w, s->t, TABLE_SOURCE_PAGES, front);

	if (rc == 0)
		rc = walk_from(&w, &from);
	/* The page of the cursor may be gone. */
	if (rc == 0 && !slice_eq(w.key, key_slice(&from)))
		s->from = 0;
	while (rc == 0) {
		s->at = key_of(w.key);
		s->full = s->looks++ >= LOOKS_MAX;
		if (!s->full && key_fits(TABLE_SOURCE_PAGES, w.key))
			rc = embedding_look_at_page(s, &w);
		if (rc == 0 && s->full)
			break;
		s->from = 0;
		if (rc == 0)
			rc = embedding_go_on(s, &w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Goes to a cursor; an empty one is the front. False: it is not one of ours. */
static bool
embedding_read_cursor(struct embedding_search *s, struct slice cursor, const struct key *front)
{
	s->at = *front;
	if (cursor.len == 0)
		return true;
	if (cursor.len != CURSOR_LEN || memcmp(cursor.p, front->b, front->len) != 0)
		return false;
	s->at = key_of((struct slice){cursor.p, PAGE_KEY_LEN});
	for (size_t i = PAGE_KEY_LEN; i < CURSOR_LEN; i++)
		s->from = s->from << 8 | cursor.p[i];
	return true;
}

static struct slice
embedding_write_cursor(const struct embedding_search *s, uint8_t cursor[CURSOR_LEN])
{
	if (!s->full || s->at.len != PAGE_KEY_LEN)
		return (struct slice){0};
	memcpy(cursor, s->at.b, PAGE_KEY_LEN);
	for (size_t i = 0; i < 4; i++)
		cursor[PAGE_KEY_LEN + i] = (uint8_t)(s->from >> (24 - 8 * i));
	return (struct slice){cursor, CURSOR_LEN};
}

int
handle_embedding_next(struct txn *t, struct call *c)
{
	const struct msg_embedding_next *m = &c->m->embedding_next;
	const struct key front = key_id(&m->org);
	struct embedding_search s = {
	    .t = t, .model = m->model, .most = call_limit(m->limit, CHUNKS_MAX)};
	struct msg_embedding_work answer = {0};
	uint8_t cursor[CURSOR_LEN];
	int rc;

	if (!embedding_read_cursor(&s, m->cursor, &front))
		return call_refuse(c, STORE_INVALID, not_a_cursor);
	buf_reset(&t->env->list);
	rc = embedding_search(&s, &front);
	if (rc != 0)
		return rc;
	answer.chunks = buf_slice(&t->env->list);
	answer.next = embedding_write_cursor(&s, cursor);
	call_answer(c, MSG_EMBEDDING_WORK, &answer);
	return 0;
}

int
handle_embedding_find(struct txn *t, struct call *c)
{
	const struct msg_embedding_find *m = &c->m->embedding_find;
	const struct key all = {0};
	struct embedding_search s = {
	    .t = t,
	    .model = m->model,
	    .most = call_limit(m->limit, ORGS_MAX),
	    .orgs = true,
	    .known = m->known,
	};
	struct msg_embedding_orgs answer = {0};
	uint8_t cursor[CURSOR_LEN];
	int rc;

	if (!embedding_read_cursor(&s, m->cursor, &all))
		return call_refuse(c, STORE_INVALID, not_a_cursor);
	buf_reset(&t->env->list);
	rc = embedding_search(&s, &all);
	if (rc != 0)
		return rc;
	answer.orgs = buf_slice(&t->env->list);
	answer.next = embedding_write_cursor(&s, cursor);
	call_answer(c, MSG_EMBEDDING_ORGS, &answer);
	return 0;
}

/* The page whose vectors are being stored: vectors of a page come one after the other. */
struct vector_page {
	struct id org, source, page;
	bool known, stored;
	struct chunk_hashes hashes;
};

/* Adds the row of the last page, and forgets it. */
static int
embedding_page_end(struct txn *t, struct vector_page *p)
{
	const struct msg_source_page_record row = {
	    .id = p->page, .org = p->org, .source = p->source};
	int rc = p->stored ? source_page_add_change(t, &row, CHANGE_CHANGED) : 0;

	chunk_hashes_clear(&p->hashes);
	*p = (struct vector_page){.known = false};
	return rc;
}

/* Reads the hashes of a page; none, if it does not exist. */
static int
embedding_page_begin(struct txn *t, struct vector_page *p, const struct msg_vector_item *item)
{
	struct msg_source_record source;
	struct msg_source_page_record page;
	int rc = source_find(t, &item->org, &item->source, &source);

	p->known = true;
	p->org = item->org;
	p->source = item->source;
	p->page = item->page;
	if (rc == 0)
		rc = source_page_find(t, &item->org, &item->source, &item->page, &page);
	if (rc == 0 && page.chunks > 0)
		return chunk_hashes_load(t, &item->page, &p->hashes);
	return txn_survives(rc) ? 0 : rc;
}

static bool
embedding_page_is(const struct vector_page *p, const struct msg_vector_item *item)
{
	return p->known && id_equal(&p->page, &item->page) &&
	    id_equal(&p->source, &item->source) && id_equal(&p->org, &item->org);
}

static int
embedding_put_vector(struct txn *t, struct vector_page *p, const struct msg_vector_item *item)
{
	struct key key = key_vector(&item->page, &item->hash);
	int rc = 0;

	if (!embedding_page_is(p, item))
		rc = embedding_page_end(t, p);
	if (rc == 0 && !p->known)
		rc = embedding_page_begin(t, p, item);
	if (rc != 0 || !chunk_hashes_have(&p->hashes, &item->hash))
		return rc;
	p->stored = true;
	return txn_put(t, TABLE_VECTORS, &key, item->vector);
}

/* Whether there are no more vectors than EMBEDDING_NEXT hands out, all of this model: their pages are read. */
static bool
embedding_vectors_are_of(struct slice list, struct slice model)
{
	struct msg_vector_item item;
	struct msg_vector_record r;
	struct slice bytes;
	unsigned n = 0;

	while (wire_list_next(&list, &bytes)) {
		must(record_decode(bytes, MSG_VECTOR_ITEM, &item) == WIRE_OK);
		if (n++ == CHUNKS_MAX ||
		    record_decode(item.vector, MSG_VECTOR_RECORD, &r) != WIRE_OK ||
		    r.v != RECORD_VERSION || !slice_eq(r.model, model))
			return false;
	}
	return true;
}

int
handle_vectors_put(struct txn *t, struct call *c)
{
	const struct msg_vectors_put *m = &c->m->vectors_put;
	struct vector_page page = {.known = false};
	struct slice list = m->vectors, bytes;
	int rc = 0, end;

	if (!lease_is_held(c->embedding, c->from, &m->lease))
		return call_refuse(c, STORE_TAKEN, "another worker stores vectors");
	if (!embedding_vectors_are_of(list, m->model))
		return call_refuse(c, STORE_INVALID, "a vector is invalid");
	while (rc == 0 && wire_list_next(&list, &bytes)) {
		struct msg_vector_item item;

		must(record_decode(bytes, MSG_VECTOR_ITEM, &item) == WIRE_OK);
		rc = embedding_put_vector(t, &page, &item);
	}
	if (rc != 0)
		page.stored = false;
	end = embedding_page_end(t, &page);
	if (rc == 0)
		rc = end;
	if (rc == 0)
		call_ok(c);
	return rc;
}
