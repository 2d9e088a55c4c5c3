/*
 * Requests about uploads. The sender may repeat its last piece, whose answer it has not received.
 */
#include "storaged/content/uploads.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/content/source_pages.h"
#include "storaged/content/upload_records.h"

/* A piece that is being stored. */
struct upload_piece {
	struct msg_upload_record record; /* the stored one, or a new one */
	bool fresh;
	bool repeated; /* it is stored already */
	bool completes;
	/* Of one that completes the upload: */
	struct msg_source_page_record page;
	struct source_page_place before;
	struct id replaced; /* the upload that the page had; zero: none */
};

static const char *
upload_fault(const struct msg_source_upload *m)
{
	if (id_is_zero(&m->upload) || id_is_zero(&m->page))
		return "an upload needs its id and that of a page";
	if (m->url.len == 0)
		return "an upload needs an address or a name";
	if (m->offset + m->piece.len > m->total)
		return "the piece ends behind the upload";
	return m->piece.len == 0 && m->total > 0 ? "the piece is empty" : NULL;
}

/* Reads the upload that the piece belongs to, and refuses a piece that is not its next one. */
static int
upload_check_piece(struct txn *t, struct call *c, struct upload_piece *piece)
{
	const struct msg_source_upload *m = &c->m->source_upload;
	struct msg_upload_record *r = &piece->record;
	int rc = upload_find(t, &m->upload, r);

	piece->fresh = rc == MDB_NOTFOUND;
	if (piece->fresh) {
		*r = (struct msg_upload_record){.v = RECORD_VERSION,
		    .org = m->org,
		    .source = m->source,
		    .total = m->total,
		    .begun_at = clock_wall_ms()};
		rc = 0;
	}
	if (rc != 0)
		return rc;
	if (!id_equal(&r->org, &m->org) || !id_equal(&r->source, &m->source) ||
	    r->total != m->total)
		return call_refuse(c, STORE_INVALID, "another upload has this id");
	piece->repeated = !piece->fresh && m->offset + m->piece.len == r->received;
	if (!piece->repeated && m->offset != r->received)
		return call_refuse(c, STORE_INVALID, "this is not the next piece");
	piece->completes = !piece->repeated && m->offset + m->piece.len == m->total;
	r->title = m->title;
	r->type = m->type;
	return 0;
}

/* Finds the page that a complete upload belongs to, or makes its record. */
static int
upload_check_page(struct txn *t, struct call *c, const struct msg_source_record *source,
    struct upload_piece *piece)
{
	const struct msg_source_upload *m = &c->m->source_upload;
	struct msg_source_page_record *page = &piece->page;
	struct id id = {{0}};
	int rc = source_page_of_url(t, &m->org, &m->source, m->url, &id);

	if (rc == 0)
		rc = source_page_find(t, &m->org, &m->source, &id, page);
	else if (rc == MDB_NOTFOUND) {
		*page = (struct msg_source_page_record){.v = RECORD_VERSION,
		    .id = m->page,
		    .org = m->org,
		    .source = m->source,
		    .url = m->url,
		    .created_at = clock_wall_ms()};
		rc = source_page_find(
		    t, &m->org, &m->source, &m->page, &(struct msg_source_page_record){0});
		if (rc == 0)
			return call_refuse(c, STORE_INVALID, "another page has this id");
		if (rc == MDB_NOTFOUND)
			rc = source_page_check_new(t, c, source, &m->page);
		if (rc != 0)
			return rc;
		piece->before = source_page_place_of(NULL);
		return 0;
	}
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	piece->before = source_page_place_of(page);
	piece->replaced = page->upload;
	return 0;
}

/* Makes the upload the waiting content of its page. The page keeps its text until crawld has read the upload. */
static int
upload_give_to_page(struct txn *t, struct call *c, struct upload_piece *piece)
{
	const struct msg_source_upload *m = &c->m->source_upload;
	struct msg_source_page_record *page = &piece->page;
	const struct msg_source_page_record row = {
	    .id = page->id, .org = m->org, .source = m->source};
	bool fresh = !piece->before.share.exists;
	int rc;

	page->upload = m->upload;
	page->type = m->type;
	if (m->title.len > 0)
		page->title = m->title;
	if (page->state == PAGE_UNREAD) {
		page->state = PAGE_WAITING;
		page->reason = REASON_NONE;
		page->detail = (struct slice){0};
	}
	page->next_at = 0;
	page->updated_at = clock_wall_after(page->updated_at);
	piece->record.page = page->id;
	rc = source_page_store(t, page, &piece->before);
	if (rc == 0)
		rc = source_wants_crawl(t, &m->org, &m->source);
	if (rc == 0 && !id_is_zero(&piece->replaced) && !id_equal(&piece->replaced, &m->upload))
		rc = upload_remove(t, &piece->replaced);
	if (rc == 0)
		rc = source_page_add_change(t, &row, fresh ? CHANGE_CREATED : CHANGE_CHANGED);
	call_change_sources(c);
	return rc;
}

static int
upload_store_piece(struct txn *t, struct call *c, struct upload_piece *piece)
{
	const struct msg_source_upload *m = &c->m->source_upload;
	struct key key = key_piece(&m->upload, m->offset);
	int rc = 0;

	if (piece->completes) /* first: its record may have slices in the map */
		rc = upload_give_to_page(t, c, piece);
	if (rc == 0 && m->piece.len > 0)
		rc = txn_put(t, TABLE_UPLOAD_PIECES, &key, m->piece);
	piece->record.received += (uint32_t)m->piece.len;
	return rc != 0 ? rc : upload_put(t, &m->upload, &piece->record);
}

int
handle_source_upload(struct txn *t, struct call *c)
{
	const struct msg_source_upload *m = &c->m->source_upload;
	const char *fault = upload_fault(m);
	struct upload_piece piece = {.fresh = false};
	struct msg_source_record source;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = source_need(t, c, &m->org, &m->source, &source);
	if (rc == 0 && source.kind != SOURCE_FILES && source.kind != SOURCE_PUSHED)
		return call_refuse(c, STORE_INVALID, "a source of this kind takes no uploads");
	if (rc == 0)
		rc = upload_check_piece(t, c, &piece);
	if (rc == 0 && piece.completes)
		rc = upload_check_page(t, c, &source, &piece);
	if (rc == 0 && !piece.repeated)
		rc = upload_store_piece(t, c, &piece);
	if (rc != 0)
		return rc;
	call_answer(c, MSG_SOURCE_UPLOADED,
	    &(struct msg_source_uploaded){
		.complete = !id_is_zero(&piece.record.page), .page = piece.record.page});
	return 0;
}

/* The bytes from an offset to the end of the piece that has it. */
static int
upload_read_from(struct txn *t, const struct id *upload, uint32_t offset, struct slice *bytes)
{
	struct key front = key_id(upload);
	struct walk w;
	uint32_t skip = 0;
	int rc = walk_open(&w, t, TABLE_UPLOAD_PIECES, &front);

	if (rc == 0) {
		struct key behind = key_piece(upload, offset + 1);

		rc = walk_before(&w, &behind);
	}
	if (rc == 0 && !key_fits(TABLE_UPLOAD_PIECES, w.key))
		rc = RECORD_DAMAGED;
	if (rc == 0)
		skip = offset - piece_place(w.key);
	if (rc == 0 && (w.damaged || skip >= w.value.len))
		rc = RECORD_DAMAGED;
	if (rc == 0)
		*bytes = (struct slice){w.value.p + skip, w.value.len - skip};
	walk_close(&w);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
handle_upload_read(struct txn *t, struct call *c)
{
	const struct msg_upload_read *m = &c->m->upload_read;
	struct msg_upload_piece answer = {0};
	struct msg_upload_record r;
	struct msg_source_record source;
	int rc = upload_find(t, &m->upload, &r);

	if (rc == 0 && id_is_zero(&r.page))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		rc = source_find(t, &r.org, &r.source, &source);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such upload");
	if (rc == 0 && m->offset < r.total)
		rc = upload_read_from(t, &m->upload, m->offset, &answer.piece);
	if (rc != 0)
		return rc;
	answer.total = r.total;
	answer.title = r.title;
	answer.type = r.type;
	call_answer(c, MSG_UPLOAD_PIECE, &answer);
	return 0;
}
