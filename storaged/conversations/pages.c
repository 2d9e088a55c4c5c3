/*
 * The table pages.
 */
#include "storaged/conversations/pages.h"

int
page_put(struct txn *t, const struct id *conversation, struct slice page, uint64_t now,
    bool *changed)
{
	struct key key = key_id(conversation);
	struct msg_page_record r, there;
	struct slice stored;
	int rc;

	*changed = false;
	if (page.len == 0 || record_decode(page, MSG_PAGE_RECORD, &r) != WIRE_OK)
		return 0;
	rc = txn_get(t, TABLE_PAGES, &key, &stored);
	if (rc != 0 && !txn_survives(rc))
		return rc;
	r.v = RECORD_VERSION;
	r.conversation = *conversation;
	if (rc == 0 && record_read(stored, TABLE_PAGES, &there) == 0) {
		r.at = there.at;
		if (record_equals(t, TABLE_PAGES, &r, stored))
			return 0;
	}
	*changed = true;
	r.at = now;
	return txn_put_record(t, TABLE_PAGES, &key, &r);
}

int
page_get(struct txn *t, const struct id *conversation, struct slice *page)
{
	struct key key = key_id(conversation);
	struct msg_page_record r;
	int rc = txn_get(t, TABLE_PAGES, &key, page);

	if (rc == 0)
		rc = record_read(*page, TABLE_PAGES, &r);
	if (rc != 0)
		*page = (struct slice){0};
	return txn_survives(rc) ? 0 : rc;
}

int
page_import(struct txn *t, struct call *c, const struct msg_page_record *r)
{
	struct key key = key_id(&r->conversation);
	struct slice conversation;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc == 0)
		rc = txn_put_record(t, TABLE_PAGES, &key, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}
