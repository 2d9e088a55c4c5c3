/*
 * Storing and removing pages. What the stored record says is read before the first change, which makes its slices
 * invalid.
 */
#include "storaged/content/source_pages.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "storaged/changes/change_answer.h"
#include "storaged/changes/changes.h"
#include "storaged/content/chunks.h"
#include "storaged/content/upload_records.h"

static struct key
source_page_key(const struct msg_source_page_record *r)
{
	return key_source_page(&r->org, &r->source, &r->id);
}

static struct key
source_page_url_key(const struct id *org, const struct id *source, struct slice url)
{
	const struct hash256 hash = secret_hash(url);

	return key_source_page_url(org, source, &hash);
}

int
source_page_find(struct txn *t, const struct id *org, const struct id *source,
    const struct id *page, struct msg_source_page_record *r)
{
	struct key key = key_source_page(org, source, page);

	return txn_get_record(t, TABLE_SOURCE_PAGES, &key, r);
}

int
source_page_of_url(struct txn *t, const struct id *org, const struct id *source,
    struct slice url, struct id *page)
{
	struct key key = source_page_url_key(org, source, url);
	struct slice value;
	int rc = txn_get(t, TABLE_SOURCE_PAGES_BY_URL, &key, &value);

	if (rc != 0)
		return rc;
	if (value.len != sizeof(page->b))
		return RECORD_DAMAGED;
	*page = key_front(value);
	return 0;
}

int
source_page_add_change(
    struct txn *t, const struct msg_source_page_record *r, enum change_what what)
{
	return change_add(t, &r->org, CHANGE_PAGE, &r->id, &r->source, what);
}

int
source_page_check_new(struct txn *t, struct call *c, const struct msg_source_record *source,
    const struct id *page)
{
	const struct id org = source->org, id = source->id;
	const uint32_t most = source->pages_max == 0 ? PAGES_OF_SOURCE_MAX : source->pages_max;
	struct msg_source_state_record state;
	bool exist;
	int rc = source_find_state(t, &org, &id, &state);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (source_pages_counted(&state) >= most)
		return call_refuse(
		    c, STORE_LIMIT, "the source has as many pages as it may have");
	rc = chunks_exist(t, page, &exist);
	if (rc == 0 && exist)
		return call_refuse(c, STORE_INVALID, "another page has this id");
	return rc;
}

struct source_page_place
source_page_place_of(const struct msg_source_page_record *r)
{
	struct source_page_place place = {0};

	if (r == NULL)
		return place;
	place.share = source_share_of(r);
	place.by_url = source_page_url_key(&r->org, &r->source, r->url);
	return place;
}

int
source_page_store(struct txn *t, const struct msg_source_page_record *r,
    const struct source_page_place *before)
{
	const struct source_page_place after = source_page_place_of(r);
	struct key key = source_page_key(r);
	const struct id org = r->org, source = r->source, page = r->id;
	bool stays = before->share.exists &&
	    slice_eq(key_slice(&before->by_url), key_slice(&after.by_url));
	int rc = txn_put_record(t, TABLE_SOURCE_PAGES, &key, r);

	if (rc == 0 && before->share.exists && !stays)
		rc = txn_del(t, TABLE_SOURCE_PAGES_BY_URL, &before->by_url);
	if (rc == 0 && !stays)
		rc = txn_put(t, TABLE_SOURCE_PAGES_BY_URL, &after.by_url,
		    (struct slice){page.b, sizeof(page.b)});
	return rc != 0 ? rc : source_count(t, &org, &source, &before->share, &after.share);
}

/* A page that is being stored. */
struct source_page_change {
	struct msg_source_page_record page;
	struct msg_source_page_record
	    stored; /* before the first change; its slices are invalid then */
	struct slice chunks;
	struct id done; /* the upload that was read; zero: none */
	bool text;      /* chunks replace the stored ones */
	bool imported;
	bool fresh;
	bool visible; /* owners, or the index, must read it again */
};

static const char *
source_page_fault(const struct msg_source_page_record *r)
{
	if (r->v != RECORD_VERSION)
		return "the page has an unknown version";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->source))
		return "a page needs an id, an organization and a source";
	return r->url.len == 0 ? "a page needs an address" : NULL;
}

static bool
source_page_has_versions(struct slice chunks)
{
	struct msg_chunk_record chunk;
	struct slice item;

	while (wire_list_next(&chunks, &item)) {
		must(record_decode(item, MSG_CHUNK_RECORD, &chunk) == WIRE_OK);
		if (chunk.v != RECORD_VERSION)
			return false;
	}
	return true;
}

/* Whether owners, or the index, must read the page again because of its record. */
static bool
source_page_differs(
    const struct msg_source_page_record *a, const struct msg_source_page_record *b)
{
	return a->state != b->state || a->reason != b->reason || !slice_eq(a->url, b->url) ||
	    !slice_eq(a->title, b->title) || !slice_eq(a->detail, b->detail) ||
	    !slice_eq(a->language, b->language) || !hash_equal(&a->hash, &b->hash);
}

/* Refuses a page whose upload is another one by now, or that was removed while its upload was read. */
static int
source_page_check_upload(struct call *c, const struct source_page_change *change)
{
	const struct id *done = &change->done;
	const struct id *waits = &change->stored.upload;

	if (id_is_zero(done))
		return 0;
	if (change->fresh)
		return call_refuse(c, STORE_STALE, "the page was removed");
	if (!id_is_zero(waits) && !id_equal(waits, done))
		return call_refuse(c, STORE_STALE, "the page has another upload by now");
	return 0;
}

/* Refuses a page that contradicts the store, and reads the stored one. */
static int
source_page_check(struct txn *t, struct call *c, struct source_page_change *change)
{
	const struct msg_source_page_record *page = &change->page;
	struct msg_source_record source;
	struct id other;
	bool exist = false;
	int rc = source_need(t, c, &page->org, &page->source, &source);

	if (rc != 0)
		return rc;
	rc = source_page_of_url(t, &page->org, &page->source, page->url, &other);
	if (rc == 0 && !id_equal(&other, &page->id))
		return call_refuse(c, change->imported ? STORE_INVALID : STORE_EXISTS,
		    "another page has this address");
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	rc = source_page_find(t, &page->org, &page->source, &page->id, &change->stored);
	change->fresh = rc == MDB_NOTFOUND;
	if (rc == 0 || change->fresh)
		rc = source_page_check_upload(c, change);
	/* A page with a text that is not there was removed since crawld has read it: it would never be read again. */
	if (rc == 0 && change->fresh && !change->text && page->state == PAGE_READ)
		return call_refuse(c, STORE_STALE, "the page was removed");
	/* The owner may have lowered pages_max after the pages came. */
	if (change->imported)
		source.pages_max = 0;
	if (rc == 0 && change->fresh)
		return source_page_check_new(t, c, &source, &page->id);
	if (rc == 0 && change->stored.chunks == 0 && change->text)
		rc = chunks_exist(t, &page->id, &exist);
	return rc == 0 && exist ? call_refuse(c, STORE_INVALID, "another page has this id")
				: rc;
}

/* Sets what the sender cannot choose, except the counts of a new text. */
static void
source_page_keep(struct source_page_change *change)
{
	struct msg_source_page_record *page = &change->page;
	const struct msg_source_page_record *stored = &change->stored;

	bool done = !id_is_zero(&change->done);

	page->chunks = change->fresh ? 0 : stored->chunks;
	page->bytes = change->fresh ? 0 : stored->bytes;
	page->upload = (struct id){0};
	if (!change->fresh && !done)
		page->upload = stored->upload;
	change->visible =
	    change->fresh || change->imported || done || source_page_differs(page, stored);
	if (change->imported)
		return;
	page->created_at = change->fresh ? clock_wall_ms() : stored->created_at;
	page->updated_at =
	    change->fresh ? page->created_at : clock_wall_after(stored->updated_at);
}

/* Stores the text, and sets what the page has of it. */
static int
source_page_put_text(struct txn *t, struct call *c, struct source_page_change *change)
{
	struct chunks_result text;
	int rc;

	if (!change->text)
		return 0;
	rc = chunks_replace(t, &change->page.id, change->chunks, &text);
	change->page.chunks = text.chunks;
	change->page.bytes = text.bytes;
	if (text.changed)
		call_change_text(c);
	change->visible |= text.changed;
	return rc;
}

/* Removes the upload that was read, unless it belongs to another page. */
static int
source_page_end_upload(struct txn *t, const struct source_page_change *change)
{
	struct msg_upload_record r;
	int rc;

	if (id_is_zero(&change->done))
		return 0;
	rc = upload_find(t, &change->done, &r);
	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&r.page, &change->page.id)))
		return 0;
	return rc != 0 && !txn_survives(rc) ? rc : upload_remove(t, &change->done);
}

static int
source_page_put(struct txn *t, struct call *c, struct source_page_change *change)
{
	const struct source_page_place before =
	    source_page_place_of(change->fresh ? NULL : &change->stored);
	enum change_what what = change->imported ? CHANGE_IMPORTED
	    : change->fresh                      ? CHANGE_CREATED
						 : CHANGE_CHANGED;
	int rc;

	source_page_keep(change);
	rc = source_page_put_text(t, c, change);
	if (rc == 0)
		rc = source_page_store(t, &change->page, &before);
	if (rc == 0)
		rc = source_page_end_upload(t, change);
	if (rc != 0 || !change->visible)
		return rc;
	return source_page_add_change(t, &change->page, what);
}

/* Checks the page and stores it. bytes: its record. */
static int
source_page_take(
    struct txn *t, struct call *c, struct slice bytes, struct source_page_change *change)
{
	const char *fault;
	int rc;

	if (record_decode(bytes, MSG_SOURCE_PAGE_RECORD, &change->page) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no page");
	fault = source_page_fault(&change->page);
	if (fault == NULL && !source_page_has_versions(change->chunks))
		fault = "a chunk has an unknown version";
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = source_page_check(t, c, change);
	if (rc == 0)
		rc = source_page_put(t, c, change);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Pages that wait were not visited, and others are stored again when the owner has decided. A page that is dropped has a text,
 * too: an empty one. */
static void
source_page_count_visit(struct call *c, const struct source_page_change *change)
{
	const struct msg_source_page_record *page = &change->page;

	if (!change->fresh && page->fetched_at == change->stored.fetched_at)
		return;
	if (change->text && page->state != PAGE_UNREAD)
		call_count_visit(c, REASON_NONE);
	else if (page->reason != REASON_NONE && page->reason < PAGE_REASONS)
		call_count_visit(c, page->reason);
	else if (page->state == PAGE_READ)
		call_count_visit(c, VISIT_UNCHANGED);
}

int
handle_source_page_put(struct txn *t, struct call *c)
{
	const struct msg_source_page_put *m = &c->m->source_page_put;
	struct source_page_change change = {
	    .chunks = m->chunks, .text = m->text, .done = m->upload};
	int rc = source_page_take(t, c, m->page, &change);

	if (rc == 0)
		source_page_count_visit(c, &change);
	return rc;
}

int
handle_import_source_page(struct txn *t, struct call *c)
{
	const struct msg_import_source_page *m = &c->m->import_source_page;
	struct source_page_change change = {.chunks = m->text, .text = true, .imported = true};

	return source_page_take(t, c, m->page, &change);
}

int
source_page_drop(struct txn *t, const struct msg_source_page_record *r, size_t *removed)
{
	const struct source_page_place place = source_page_place_of(r);
	const struct id id = r->id, upload = r->upload;
	bool has_text =
	    r->chunks > 0; /* else a page of another source may have its id, and chunks */
	struct key key = source_page_key(r);
	int rc = txn_del(t, TABLE_SOURCE_PAGES, &key);

	if (rc == 0)
		rc = txn_del(t, TABLE_SOURCE_PAGES_BY_URL, &place.by_url);
	if (rc == 0 && has_text)
		rc = chunks_remove(t, &id, removed);
	if (rc == 0 && !id_is_zero(&upload))
		rc = upload_remove(t, &upload);
	*removed += 2;
	return rc;
}

/* Removes a page, and counts. */
static int
source_page_remove(struct txn *t, const struct msg_source_page_record *page)
{
	const struct source_share before = source_share_of(page), none = {0};
	const struct msg_source_page_record r = {
	    .id = page->id, .org = page->org, .source = page->source};
	size_t unused = 0;
	int rc = source_page_drop(t, page, &unused);

	if (rc == 0)
		rc = source_count(t, &r.org, &r.source, &before, &none);
	return rc != 0 ? rc : source_page_add_change(t, &r, CHANGE_DELETED);
}

int
handle_source_page_delete(struct txn *t, struct call *c)
{
	const struct msg_source_page_delete *m = &c->m->source_page_delete;
	struct msg_source_record source;
	struct msg_source_page_record page;
	int rc = source_find(t, &m->org, &m->source, &source);

	if (rc == 0)
		rc = source_page_find(t, &m->org, &m->source, &m->page, &page);
	if (rc == 0)
		rc = source_page_remove(t, &page);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return change_answer(t, c, MSG_OK, &(struct msg_ok){});
}
