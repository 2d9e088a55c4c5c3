/*
 * Exports pages of sources with their text, and the gaps of a conversation. Vectors are left out, since they are
 * computed again, and so are uploads that crawld has not read.
 */
#include "storaged/cli/export/export.h"

/* Collects the chunks of a page in env->list. */
static int
export_collect_chunks(struct export *e, const struct id *page)
{
	struct buf *list = &e->txn.env->list;
	struct key front = key_id(page);
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_CHUNKS, &front);

	buf_reset(list);
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w))
		if (w.damaged || wire_list_add(list, w.value) == -1) {
			rc = RECORD_DAMAGED;
			break;
		}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* A page whose source is gone is being removed. */
static int
export_find_source(struct export *e, const struct msg_source_page_record *page, bool *exists)
{
	struct key key = key_of_org(&page->org, &page->source);
	struct slice value;
	int rc = txn_get(&e->txn, TABLE_SOURCES, &key, &value);

	*exists = rc == 0;
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

static int
export_put_source_page(struct export *e, struct msg_source_page_record page)
{
	struct buf *record = &e->txn.env->record;
	int rc = 0;

	buf_reset(&e->txn.env->list);
	if (page.chunks > 0) /* else a page of another source may have its id, and chunks */
		rc = export_collect_chunks(e, &page.id);

	if (rc != 0)
		return rc;
	page.upload = (struct id){0};
	buf_reset(record);
	if (record_encode(record, MSG_SOURCE_PAGE_RECORD, &page) == -1)
		return RECORD_DAMAGED;
	return export_line(e, MSG_IMPORT_SOURCE_PAGE,
	    &(struct msg_import_source_page){
		.page = buf_slice(record), .text = buf_slice(&e->txn.env->list)});
}

int
export_source_page(struct export *e, struct slice key, struct slice value)
{
	struct msg_source_page_record page;
	int rc = RECORD_DAMAGED;
	bool exists;

	(void)key;
	if (record_decode(value, MSG_SOURCE_PAGE_RECORD, &page) == WIRE_OK) {
		if (e->org != NULL && !id_equal(e->org, &page.org))
			return 0;
		rc = export_find_source(e, &page, &exists);
		if (rc == 0 && !exists)
			return 0;
		if (rc == 0)
			rc = export_put_source_page(e, page);
	}
	if (rc != RECORD_DAMAGED)
		return rc;
	export_damaged(e, "a page of a source, with its text");
	return 0;
}

/* Writes the gap of an entry by conversation. */
static int
export_put_gap(struct export *e, struct slice entry)
{
	struct key key = key_of(entry);
	struct slice record;
	int rc = RECORD_DAMAGED;

	if (key_fits(TABLE_GAPS, entry))
		rc = txn_get(&e->txn, TABLE_GAPS, &key, &record);
	if (rc == 0)
		rc = export_line(e, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){.type = MSG_GAP_RECORD, .record = record});
	if (rc != RECORD_DAMAGED && rc != MDB_NOTFOUND)
		return rc;
	export_damaged(e, "an entry of %s", table_name(TABLE_GAPS));
	return 0;
}

int
export_gaps(struct export *e, const struct id *conversation)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_GAPS_BY_CONVERSATION, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = export_put_gap(e, w.value);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
