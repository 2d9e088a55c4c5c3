/*
 * Lists are bounded in items, bytes and entries that are looked at, so that no request delays others.
 */
#include "storaged/content/source_reading.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/content/source_pages.h"
#include "storaged/identities/match_keys.h"

/* Pages of an answer, and pages that one request may look at. */
#define PAGES_MAX 500u
#define LOOKS_MAX 2000u

/* Bytes of addresses and titles that one request searches. */
#define SEARCHED_MAX ((size_t)128 << 10)

/* Items of a page of CONTENT_LIST. */
#define ITEMS_MAX 2000u

/* Bytes of a folded address or title; the rest of a longer one is not searched. */
#define FOLDED_TEXT_MAX 8192u

/* What a list of pages is filtered by. */
struct source_filter {
	unsigned state; /* enum page_state and one more; 0: any */
	uint8_t text[FOLDED_MAX];
	size_t len;
	bool nothing; /* no page can have the text */
};

static struct source_filter
source_filter_of(const struct msg_source_page_list *m)
{
	struct source_filter f = {.state = m->state};

	if (match_fold_text(m->search, f.text, sizeof(f.text), &f.len) == -1)
		f.nothing = true;
	return f;
}

static bool
source_filter_finds(const struct source_filter *f, struct slice text)
{
	uint8_t folded[FOLDED_TEXT_MAX];
	size_t len;

	return match_fold_text(text, folded, sizeof(folded), &len) == 0 && len >= f->len &&
	    memmem(folded, len, f->text, f->len) != NULL;
}

static bool
source_filter_passes(const struct source_filter *f, const struct msg_source_page_record *r)
{
	if (f->nothing || (f->state != 0 && r->state != f->state - 1))
		return false;
	return f->len == 0 || source_filter_finds(f, r->url) ||
	    source_filter_finds(f, r->title);
}

/* Fills the list with pages behind the cursor; *next: the last one that was looked at, if there are more. */
static int
source_page_list_fill(struct txn *t, const struct msg_source_page_list *m, struct id *next)
{
	const struct source_filter filter = source_filter_of(m);
	const uint32_t most = call_limit(m->limit, PAGES_MAX);
	struct key front = key_of_org(&m->org, &m->source);
	struct key at = key_source_page(&m->org, &m->source, &m->cursor);
	struct buf *list = &t->env->list;
	struct id last = m->cursor;
	struct walk w;
	uint32_t n = 0;
	size_t searched = 0;
	int rc = walk_open(&w, t, TABLE_SOURCE_PAGES, &front);

	if (rc == 0)
		rc = walk_from(&w, &at);
	if (rc == 0 && slice_eq(w.key, key_slice(&at)))
		rc = walk_next(&w);
	for (uint32_t looks = 0; rc == 0; looks++, rc = walk_next(&w)) {
		struct msg_source_page_record r = {.url = {0}};
		bool passes = record_read(w.value, TABLE_SOURCE_PAGES, &r) == 0 &&
		    source_filter_passes(&filter, &r);

		if (n == most || looks == LOOKS_MAX || searched > SEARCHED_MAX ||
		    (passes && buf_len(list) + 4 + w.value.len > PAGE_BYTES)) {
			*next = last;
			break;
		}
		last = key_back(w.key);
		if (passes)
			must(wire_list_add(list, w.value) == 0);
		n += passes;
		searched += filter.len > 0 ? r.url.len + r.title.len : 0;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_source_page_list(struct txn *t, struct call *c)
{
	const struct msg_source_page_list *m = &c->m->source_page_list;
	struct msg_source_pages answer = {0};
	struct msg_source_record source;
	int rc = source_need(t, c, &m->org, &m->source, &source);

	buf_reset(&t->env->list);
	if (rc == 0)
		rc = source_page_list_fill(t, m, &answer.next);
	if (rc != 0)
		return rc;
	answer.pages = buf_slice(&t->env->list);
	call_answer(c, MSG_SOURCE_PAGES, &answer);
	return 0;
}

/* The vector of a chunk; empty: it has none. */
static int
source_text_vector(
    struct txn *t, const struct id *page, const struct hash256 *hash, struct slice *vector)
{
	struct key key = key_vector(page, hash);
	int rc = txn_get(t, TABLE_VECTORS, &key, vector);

	if (rc != 0)
		*vector = (struct slice){0};
	return txn_survives(rc) ? 0 : rc;
}

/* Adds the chunk where the walk stands; *fits: whether the list had room. */
static int
source_text_add(struct walk *w, const struct msg_source_text_read *m, bool *fits)
{
	struct buf *list = &w->txn->env->list;
	struct msg_chunk_item item = {.chunk = w->value};
	struct msg_chunk_record chunk;
	int rc = 0;

	*fits = true;
	if (!key_fits(TABLE_CHUNKS, w->key) || record_read(w->value, TABLE_CHUNKS, &chunk) != 0)
		return 0;
	item.index = piece_place(w->key);
	if (m->vectors)
		rc = source_text_vector(w->txn, &m->page, &chunk.hash, &item.vector);
	if (rc != 0)
		return rc;
	*fits = buf_len(list) + 16 + item.chunk.len + item.vector.len <= PAGE_BYTES;
	if (*fits)
		must(record_add(list, MSG_CHUNK_ITEM, &item) == 0);
	return 0;
}

/* Fills the list with chunks; *next: the first one that did not fit, or 0. */
static int
source_text_fill(struct txn *t, const struct msg_source_text_read *m, uint32_t *next)
{
	struct key front = key_id(&m->page), at = key_piece(&m->page, m->from);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHUNKS, &front);

	if (rc == 0)
		rc = walk_from(&w, &at);
	while (rc == 0) {
		bool fits;

		rc = source_text_add(&w, m, &fits);
		if (rc == 0 && !fits) {
			*next = piece_place(w.key);
			break;
		}
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_source_text_read(struct txn *t, struct call *c)
{
	const struct msg_source_text_read *m = &c->m->source_text_read;
	struct key key = key_source_page(&m->org, &m->source, &m->page);
	struct msg_source_text answer = {0};
	struct msg_source_record source;
	struct msg_source_page_record page;
	int rc = source_need(t, c, &m->org, &m->source, &source);

	buf_reset(&t->env->list);
	if (rc == 0)
		rc = txn_get(t, TABLE_SOURCE_PAGES, &key, &answer.page);
	if (rc == 0)
		rc = record_read(answer.page, TABLE_SOURCE_PAGES, &page);
	/* A damaged page is never quoted; searchd would ask for it again and again. */
	if (txn_survives(rc))
		return call_refuse(c, STORE_NOT_FOUND, "no such page");
	if (rc == 0 && page.chunks > 0)
		rc = source_text_fill(t, m, &answer.next);
	if (rc != 0)
		return rc;
	answer.chunks = buf_slice(&t->env->list);
	call_answer(c, MSG_SOURCE_TEXT, &answer);
	return 0;
}

/* A reading of all content. */
struct content_reading {
	struct txn *t;
	struct id source; /* that was looked up last; zero: none */
	bool exists;      /* that source */
	unsigned items;
};

static void
content_list_add(struct content_reading *reading, const struct msg_content_item *item)
{
	must(record_add(&reading->t->env->list, MSG_CONTENT_ITEM, item) == 0);
	reading->items++;
}

static int
content_list_page(struct content_reading *reading, const struct walk *w)
{
	struct msg_source_page_record r;
	struct msg_source_record source;
	int rc = 0;

	if (record_read(w->value, TABLE_SOURCE_PAGES, &r) != 0 || r.chunks == 0)
		return 0;
	if (!id_equal(&reading->source, &r.source)) {
		rc = source_find(reading->t, &r.org, &r.source, &source);
		reading->source = r.source;
		reading->exists = rc == 0;
	}
	if (reading->exists)
		content_list_add(reading,
		    &(struct msg_content_item){
			.kind = PASSAGE_CHUNK,
			.org = r.org,
			.source = r.source,
			.id = r.id,
			.hash = r.hash,
			.updated_at = r.updated_at,
		    });
	return txn_survives(rc) ? 0 : rc;
}

static int
content_list_answer(struct content_reading *reading, const struct walk *w)
{
	struct msg_answer_record r;

	if (record_read(w->value, TABLE_ANSWERS, &r) == 0 && r.published)
		content_list_add(reading,
		    &(struct msg_content_item){
			.kind = PASSAGE_ANSWER,
			.org = r.org,
			.id = r.id,
			.updated_at = r.updated_at,
		    });
	return 0;
}

static const struct {
	enum table table;
	int (*read)(struct content_reading *, const struct walk *);
} readings[] = {
    {TABLE_SOURCE_PAGES, content_list_page},
    {TABLE_ANSWERS, content_list_answer},
};

/* Reads a table from a key on; *next gets the key behind the page, or length 0 at the end. */
static int
content_list_read(
    struct content_reading *reading, size_t which, const struct key *from, struct key *next)
{
	const enum table table = readings[which].table;
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, reading->t, table, &all);

	next->len = 0;
	if (rc == 0)
		rc = walk_from(&w, from);
	for (unsigned looks = 0; rc == 0; looks++) {
		if (reading->items == ITEMS_MAX || looks == LOOKS_MAX) {
			*next = key_of(w.key);
			break;
		}
		if (!w.damaged && key_fits(table, w.key))
			rc = readings[which].read(reading, &w);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The cursor is a byte and a key. False: it is not one of ours. */
static bool
content_list_cursor(struct slice cursor, size_t *which, struct key *from)
{
	*which = 0;
	*from = (struct key){0};
	if (cursor.len == 0)
		return true;
	*which = cursor.p[0];
	from->len = cursor.len - 1;
	return slice_copy((struct slice){cursor.p + 1, from->len}, from->b, sizeof(from->b)) &&
	    *which < ARRAY_LEN(readings);
}

int
handle_content_list(struct txn *t, struct call *c)
{
	struct content_reading reading = {.t = t};
	struct msg_content_page answer = {0};
	struct key from, next = {0};
	uint8_t cursor[64];
	size_t which;
	int rc;

	if (!content_list_cursor(c->m->content_list.cursor, &which, &from))
		return call_refuse(c, STORE_INVALID, "not a cursor of this reading");
	buf_reset(&t->env->list);
	rc = content_list_read(&reading, which, &from, &next);
	if (rc != 0)
		return rc;
	if (next.len > 0 || which + 1 < ARRAY_LEN(readings)) {
		must(next.len < sizeof(cursor));
		cursor[0] = (uint8_t)(next.len > 0 ? which : which + 1);
		memcpy(cursor + 1, next.b, next.len);
		answer.next = (struct slice){cursor, 1 + next.len};
	}
	answer.items = buf_slice(&t->env->list);
	call_answer(c, MSG_CONTENT_PAGE, &answer);
	return 0;
}

/* Reads an answer, if it is published. */
static int
content_see_answer(struct txn *t, const struct key *key, struct msg_content_seen *seen)
{
	struct msg_answer_record r;
	struct slice record;
	int rc = txn_get(t, TABLE_ANSWERS, key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_ANSWERS, &r);
	if (rc == 0 && r.published) {
		seen->searched = 1;
		seen->answer = record;
	}
	return rc;
}

int
handle_content_see(struct txn *t, struct call *c)
{
	const struct msg_content_see *m = &c->m->content_see;
	struct key key = key_of_org(&m->org, &m->id);
	struct msg_content_seen seen = {0};
	struct msg_source_record source;
	int rc;

	if (m->kind == PASSAGE_ANSWER) {
		rc = content_see_answer(t, &key, &seen);
	} else {
		rc = source_find(t, &m->org, &m->id, &source);
		seen.searched = rc == 0 && source.enabled;
	}
	/* What is damaged is not searched. */
	if (rc != 0 && !txn_survives(rc))
		return rc;
	call_answer(c, MSG_CONTENT_SEEN, &seen);
	return 0;
}
