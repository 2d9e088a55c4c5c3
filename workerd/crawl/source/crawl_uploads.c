/*
 * Reading files and pages that were uploaded. The upload stays in the store until the text is stored in its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/document/document.h"
#include "workerd/crawl/fetch/fetch_fields.h"
#include "workerd/crawl/source/crawl_internal.h"

static void crawl_uploads_read(struct crawl *c);

static void
crawl_uploads_on_done(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;

	/* STALE: another upload came meanwhile, which the next crawl reads. */
	(void)!crawl_refused(c, type, m, 1u << STORE_STALE);
	crawl_go_on(c);
}

/* Ends an upload that cannot be read. The page's last good text stays. */
static void
crawl_uploads_fail(struct crawl *c, enum page_reason reason, struct slice detail)
{
	struct msg_source_page_record r = page_record(c->page);

	r.reason = (uint8_t)reason;
	r.detail = detail;
	if (r.state != PAGE_READ)
		r.state = PAGE_UNREAD;
	r.fetched_at = clock_wall_after(r.fetched_at);
	page_update(c->page, &r);
	crawl_call(c, MSG_SOURCE_PAGE_PUT,
	    &(struct msg_source_page_put){
		.page = buf_slice(&c->page->record), .upload = r.upload},
	    crawl_uploads_on_done);
}

/* The last part of a name such as "docs/prices.pdf". */
static struct slice
crawl_uploads_name(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slice_str(slash != NULL && slash[1] != '\0' ? slash + 1 : url);
}

static void
crawl_uploads_hold(struct crawl *c, struct document *doc)
{
	struct msg_source_page_record r = page_record(c->page);
	struct hash256 hash = document_hash(doc);

	if (!hash_equal(&r.hash, &hash))
		r.changed_at = clock_wall_after(r.fetched_at);
	r.fetched_at = clock_wall_after(r.fetched_at);
	r.state = PAGE_READ;
	r.reason = REASON_NONE;
	r.detail = (struct slice){0};
	r.title = c->upload_title[0] != '\0' ? slice_str(c->upload_title)
	    : doc->title.len > 0             ? doc->title
				 : utf8_prefix(crawl_uploads_name(c->page->url), 200);
	r.type = slice_str(c->type);
	r.hash = hash;
	page_update(c->page, &r);
	c->page->document = doc;
	block_counts_add(c->blocks, c->page, doc);
	c->held_pages[c->held++] = c->page;
	c->held_bytes += buf_len(&doc->bytes);
	c->counted_read++;
	c->counted_changed++;
}

static void
crawl_uploads_on_document(void *arg, struct document *doc)
{
	struct crawl *c = arg;

	c->extraction = NULL;
	c->page->visited = true;
	c->looked_at++;
	if (doc->reason != REASON_NONE) {
		crawl_uploads_fail(c, doc->reason, doc->detail);
		document_free(doc);
		extraction_pool_run(c->tools.extraction);
		return;
	}
	crawl_uploads_hold(c, doc);
	crawl_go_on(c);
}

static void
crawl_uploads_extract(struct crawl *c)
{
	struct extraction_job job = {
	    .bytes = buf_slice(&c->upload),
	    .type = slice_str(c->type),
	    .charset = slice_str(c->charset),
	    .url = slice_str(""),
	};

	if (strncmp(c->page->url, "http", 4) == 0)
		job.url = slice_str(c->page->url);
	c->extraction =
	    extraction_start(c->tools.extraction, &job, crawl_uploads_on_document, c);
	buf_clear(&c->upload);
}

/* Reads a media type such as "Text/HTML; charset=utf-8", as in a response. */
static void
crawl_uploads_set_type(struct crawl *c, struct slice type)
{
	struct fetch_response as_response = {.status = 0};
	char line[sizeof("content-type: ") + FETCH_TYPE_MAX];
	int n = snprintf(
	    line, sizeof(line), "content-type: %.*s", (int)type.len, (const char *)type.p);

	must(n > 0 && (size_t)n < sizeof(line));
	fetch_fields_take(&as_response, slice_str(line), NULL);
	memcpy(c->type, as_response.type, sizeof(c->type));
	memcpy(c->charset, as_response.charset, sizeof(c->charset));
}

static void
crawl_uploads_on_piece(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;
	struct slice piece, title;

	if (crawl_refused(c, type, m, 1u << STORE_NOT_FOUND)) {
		c->page->visited = true; /* it was replaced or removed meanwhile */
		crawl_go_on(c);
		return;
	}
	piece = m->upload_piece.piece;
	title = m->upload_piece.title;
	if (buf_len(&c->upload) == 0) {
		free(c->upload_title);
		c->upload_title = slice_strdup(title);
		crawl_uploads_set_type(c, m->upload_piece.type);
	}
	if (buf_append(&c->upload, piece.p, piece.len) != 0)
		crawl_uploads_fail(c, REASON_SIZE, slice_str("it is too long"));
	else if (piece.len > 0 && buf_len(&c->upload) < m->upload_piece.total)
		crawl_uploads_read(c);
	else
		crawl_uploads_extract(c);
}

/* Reads the next piece. */
static void
crawl_uploads_read(struct crawl *c)
{
	crawl_call(c, MSG_UPLOAD_READ,
	    &(struct msg_upload_read){
		.upload = page_record(c->page).upload, .offset = (uint32_t)buf_len(&c->upload)},
	    crawl_uploads_on_piece);
}

void
crawl_step_uploads(struct crawl *c)
{
	if (c->pauses && c->looked_at > 0) {
		crawl_end_turn(c);
		return;
	}
	if (c->held == CRAWL_HELD_MAX || c->held_bytes > CRAWL_HELD_BYTES) {
		c->phase = CRAWL_PUT;
		return;
	}
	while (c->at < page_set_count(c->pages)) {
		struct page *page = page_set_at(c->pages, c->at++);
		struct msg_source_page_record r = page_record(page);

		if (id_is_zero(&r.upload) || page->visited)
			continue;
		c->page = page;
		buf_clear(&c->upload);
		crawl_uploads_read(c);
		return;
	}
	c->phase = c->held > 0 ? CRAWL_PUT : CRAWL_REMOVE;
}
