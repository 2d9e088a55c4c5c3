/*
 * Sources: their states, which count their pages; the pages, each with an entry of its address; and uploads. Pages
 * whose source is gone, but not its state, are being removed (content/content_garbage.h).
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "storaged/verify/verify_internal.h"

#define PAGES_FIRST_CAPACITY 256u

/* Pages of different sources may have the same id, if at most one of them has chunks: that one comes first. */
static int
verify_content_pages_compare(const void *a, const void *b)
{
	const struct content_page *one = a, *other = b;
	int order = memcmp(one->page.b, other->page.b, sizeof(one->page.b));

	return order != 0 ? order
			  : (one->chunks < other->chunks) - (one->chunks > other->chunks);
}

/* Whether the key is that of the address of a page with this id. NULL: there is no such page. */
static const struct content_page *
verify_content_pages_find(
    const struct content_pages *pages, const struct id *id, struct slice key, bool *matches)
{
	size_t first = 0, end = pages->n;

	*matches = false;
	while (first < end) {
		size_t middle = (first + end) / 2;

		if (memcmp(pages->of[middle].page.b, id->b, sizeof(id->b)) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	for (size_t i = first; i < pages->n && id_equal(&pages->of[i].page, id); i++) {
		const struct content_page *page = &pages->of[i];
		struct key right = key_source_page_url(&page->org, &page->source, &page->url);

		*matches |= slice_eq(key, key_slice(&right));
	}
	return first < pages->n && id_equal(&pages->of[first].page, id) ? &pages->of[first]
									: NULL;
}

static void
verify_content_pages_add(struct content_pages *pages, const struct content_page *page)
{
	if (pages->n == pages->capacity) {
		pages->capacity =
		    pages->capacity == 0 ? PAGES_FIRST_CAPACITY : 2 * pages->capacity;
		pages->of = xreallocarray(pages->of, pages->capacity, sizeof(*pages->of));
	}
	pages->of[pages->n++] = *page;
}

/* What the pages of a source add up to. */
struct content_sums {
	uint64_t of[PAGE_UNREAD + 1]; /* by their state */
	uint64_t chunks, bytes;
};

static int
verify_content_sum(
    struct checker *c, const struct id *org, const struct id *source, struct content_sums *sums)
{
	struct key front = key_of_org(org, source);
	struct msg_source_page_record r;
	struct walk w;
	int rc = walk_open(&w, c->txn, TABLE_SOURCE_PAGES, &front);

	*sums = (struct content_sums){0};
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		if (record_decode(w.value, MSG_SOURCE_PAGE_RECORD, &r) != WIRE_OK)
			continue;
		sums->of[r.state]++;
		sums->chunks += r.chunks;
		sums->bytes += r.bytes;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
verify_content_count(
    struct checker *c, const char *name, const char *what, uint64_t counted, uint64_t there)
{
	if (counted != there)
		verify_found(c, TABLE_SOURCE_STATES, "%s counts %llu %s, and has %llu", name,
		    (unsigned long long)counted, what, (unsigned long long)there);
}

static int
verify_source_state(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id org, source;
	struct record_name name;
	struct msg_source_state_record r;
	struct content_sums sums;
	struct key of = key_of(key);
	int rc;

	(void)arg;
	org_key_parts(key, &org, &source);
	name = verify_record_name("the state of source", &source);
	if (!verify_record(c, TABLE_SOURCE_STATES, name.s, value, &r))
		return 0;
	if (!id_equal(&r.org, &org) || !id_equal(&r.source, &source))
		verify_found(c, TABLE_SOURCE_STATES, "%s has other ids than its key", name.s);
	if (!verify_has(c, TABLE_SOURCES, &of, &rc)) /* it is being removed */
		return rc;
	rc = verify_content_sum(c, &org, &source, &sums);
	verify_content_count(c, name.s, "waiting pages", r.waiting, sums.of[PAGE_WAITING]);
	verify_content_count(c, name.s, "pages that were read", r.read, sums.of[PAGE_READ]);
	verify_content_count(c, name.s, "pages that were not", r.unread, sums.of[PAGE_UNREAD]);
	verify_content_count(c, name.s, "chunks", r.chunks, sums.chunks);
	verify_content_count(c, name.s, "bytes", r.bytes, sums.bytes);
	return rc;
}

/* Whether the upload that a page names is one of this page. */
static int
verify_page_upload(
    struct checker *c, const char *name, const struct msg_source_page_record *page)
{
	struct key key = key_id(&page->upload);
	struct msg_upload_record r;
	struct slice value;
	int rc;

	if (id_is_zero(&page->upload))
		return 0;
	rc = txn_get(c->txn, TABLE_UPLOADS, &key, &value);
	if (rc == MDB_NOTFOUND) {
		verify_found(
		    c, TABLE_SOURCE_PAGES, "%s has an upload that does not exist", name);
		return 0;
	}
	if (rc == 0 && record_decode(value, MSG_UPLOAD_RECORD, &r) == WIRE_OK &&
	    !id_equal(&r.page, &page->id))
		verify_found(c, TABLE_SOURCE_PAGES, "%s has the upload of another page", name);
	return rc;
}

/* Whether the entry of a page's address leads to it. */
static int
verify_page_url(struct checker *c, const char *name, const struct content_page *page)
{
	struct key key = key_source_page_url(&page->org, &page->source, &page->url);
	struct slice value;
	int rc = txn_get(c->txn, TABLE_SOURCE_PAGES_BY_URL, &key, &value);

	if (rc == MDB_NOTFOUND)
		verify_found(c, TABLE_SOURCE_PAGES_BY_URL, "%s is missing in this index", name);
	else if (rc == 0 &&
	    !slice_eq(value, (struct slice){page->page.b, sizeof(page->page.b)}))
		verify_found(c, TABLE_SOURCE_PAGES_BY_URL,
		    "%s has an index entry of another page", name);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* arg: the pages found so far. */
static int
verify_source_page(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct content_pages *pages = arg;
	struct id id = key_back(key);
	struct record_name name = verify_record_name("page", &id);
	struct key source = key_of((struct slice){key.p, 2 * sizeof(struct id)}), right;
	struct msg_source_page_record r;
	struct content_page page;
	int rc;

	if (!verify_record(c, TABLE_SOURCE_PAGES, name.s, value, &r))
		return 0;
	right = key_source_page(&r.org, &r.source, &r.id);
	if (!slice_eq(key, key_slice(&right))) {
		verify_found(c, TABLE_SOURCE_PAGES, "%s has other ids than its key", name.s);
		return 0;
	}
	page =
	    (struct content_page){r.id, r.org, r.source, secret_hash(r.url), r.chunks, r.bytes};
	verify_content_pages_add(pages, &page);
	rc = verify_page_url(c, name.s, &page);
	if (rc == 0)
		rc = verify_page_upload(c, name.s, &r);
	return rc != 0 ? rc
		       : verify_named(c, TABLE_SOURCE_PAGES, name.s, "is of source",
			     TABLE_SOURCE_STATES, &source);
}

/* arg: the pages. */
static int
verify_source_page_url(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct content_page *page = NULL;
	bool matches = false;
	struct id id;

	if (value.len == sizeof(id.b)) {
		id = key_front(value);
		page = verify_content_pages_find(arg, &id, key, &matches);
	}
	if (page == NULL)
		verify_found(c, TABLE_SOURCE_PAGES_BY_URL,
		    "an entry leads to a page missing in %s", table_name(TABLE_SOURCE_PAGES));
	else if (!matches)
		verify_found(c, TABLE_SOURCE_PAGES_BY_URL,
		    "an entry does not match its page in %s", table_name(TABLE_SOURCE_PAGES));
	return 0;
}

/* Whether a complete upload belongs to a page that names it. */
static int
verify_upload_page(
    struct checker *c, const char *name, const struct id *id, const struct msg_upload_record *r)
{
	struct key key = key_source_page(&r->org, &r->source, &r->page);
	struct msg_source_page_record page;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_SOURCE_PAGES, &key, &value);

	if (r->received != r->total)
		verify_found(c, TABLE_UPLOADS, "%s is complete, but has %u of %u bytes", name,
		    r->received, r->total);
	if (rc == MDB_NOTFOUND)
		verify_found(
		    c, TABLE_UPLOADS, "%s belongs to a page that does not exist", name);
	else if (rc == 0 && record_decode(value, MSG_SOURCE_PAGE_RECORD, &page) == WIRE_OK &&
	    !id_equal(&page.upload, id))
		verify_found(
		    c, TABLE_UPLOADS, "%s belongs to a page that has another one", name);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The pieces of an upload follow each other. */
static void
verify_upload_pieces(struct children *pieces, const char *name, const struct id *id,
    const struct msg_upload_record *r)
{
	uint32_t end = 0;

	for (; verify_children_at(pieces, id); verify_children_next(pieces)) {
		if (piece_place(pieces->walk.key) != end)
			verify_found(pieces->c, TABLE_UPLOAD_PIECES,
			    "%s has a piece at byte %u, not at %u", name,
			    piece_place(pieces->walk.key), end);
		end = piece_place(pieces->walk.key) + (uint32_t)pieces->walk.value.len;
	}
	if (end != r->received)
		verify_found(pieces->c, TABLE_UPLOAD_PIECES, "%s has %u bytes, not %u", name,
		    end, r->received);
}

/* arg: the walk over the pieces. */
static int
verify_upload(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct children *pieces = arg;
	struct id id = key_back(key);
	struct record_name name = verify_record_name("upload", &id);
	struct msg_upload_record r;

	verify_children_seek(pieces, &id);
	if (!verify_record(c, TABLE_UPLOADS, name.s, value, &r)) {
		while (verify_children_at(pieces, &id))
			verify_children_next(pieces);
		return verify_children_failed(pieces);
	}
	verify_upload_pieces(pieces, name.s, &id, &r);
	if (verify_children_failed(pieces) != 0 || id_is_zero(&r.page))
		return verify_children_failed(pieces);
	return verify_upload_page(c, name.s, &id, &r);
}

static int
verify_uploads(struct checker *c)
{
	struct children pieces;
	int rc, end;

	verify_children_open(&pieces, c, TABLE_UPLOAD_PIECES, "pieces of upload");
	rc = verify_table(c, TABLE_UPLOADS, verify_upload, &pieces);
	if (rc == 0)
		verify_children_seek(&pieces, NULL);
	end = verify_children_close(&pieces);
	return rc != 0 ? rc : end;
}

static void
verify_unique_pages(struct checker *c, struct content_pages *pages)
{
	if (pages->n > 0)
		qsort(pages->of, pages->n, sizeof(*pages->of), verify_content_pages_compare);
	for (size_t i = 1; i < pages->n; i++)
		if (id_equal(&pages->of[i - 1].page, &pages->of[i].page) &&
		    pages->of[i].chunks > 0)
			verify_found(c, TABLE_SOURCE_PAGES, "two sources have a page %s",
			    verify_id_text(&pages->of[i].page).s);
}

int
verify_content(struct checker *c)
{
	struct content_pages pages = {0};
	int rc = verify_table(c, TABLE_SOURCE_STATES, verify_source_state, NULL);

	if (rc == 0)
		rc = verify_table(c, TABLE_SOURCE_PAGES, verify_source_page, &pages);
	verify_unique_pages(c, &pages);
	if (rc == 0)
		rc = verify_table(c, TABLE_SOURCE_PAGES_BY_URL, verify_source_page_url, &pages);
	if (rc == 0)
		rc = verify_texts(c, &pages);
	if (rc == 0)
		rc = verify_uploads(c);
	free(pages.of);
	return rc;
}
