/*
 * A page of the feed. Its cost is bounded by the rows that it looks at, also if a filter matches few.
 */
#include "storaged/changes/changes_read.h"

#include "proto/base/basics.h"
#include "storaged/changes/changes.h"

/* Rows of a page, at most, and rows that one request may look at (about 0.3 µs each). */
#define PAGE_ROWS 1000u
#define LOOKS_MAX 4096u

/* Whether the reader can go on behind this row. */
static int
changes_read_check(struct txn *t, uint64_t after, uint64_t newest, bool *kept)
{
	struct key key = key_change(after);
	struct slice row;
	int rc = 0;

	*kept = after == newest;
	if (*kept)
		return 0;
	/* The row itself may be damaged. */
	rc = txn_get(t, TABLE_CHANGES, &key, &row);
	*kept = rc == 0 || rc == RECORD_DAMAGED;
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

static bool
changes_read_matches(const struct msg_changes_read *m, const struct msg_change_record *row)
{
	if (row->kind == CHANGE_FEED)
		return false;
	if (m->kinds != 0 && (row->kind >= 32 || (m->kinds & UINT32_C(1) << row->kind) == 0))
		return false;
	return id_is_zero(&m->org) || id_equal(&m->org, &row->org);
}

/* Adds the row at the walk if it matches. A damaged one is left out: its change is lost to readers. */
static void
changes_read_add(const struct walk *w, const struct msg_changes_read *m, uint32_t *listed)
{
	struct msg_change_record row;

	if (record_read(w->value, TABLE_CHANGES, MSG_CHANGE_RECORD, &row) != 0 ||
	    !changes_read_matches(m, &row))
		return;
	must(wire_list_add(&w->txn->env->list, w->value) == 0);
	++*listed;
}

/* Fills the page from the rows behind `after`. */
static int
changes_read_gather(
    struct walk *w, const struct msg_changes_read *m, struct msg_changes_page *page)
{
	const uint32_t limit = call_limit(m->limit, PAGE_ROWS);
	struct key at = key_change(m->after + 1);
	uint32_t listed = 0, looks = 0;
	int rc = walk_from(w, &at);

	page->next = m->after;
	for (; rc == 0 && listed < limit && looks < LOOKS_MAX; rc = walk_next(w), looks++) {
		changes_read_add(w, m, &listed);
		if (key_fits(TABLE_CHANGES, w->key))
			page->next = change_seq(w->key);
	}
	page->more = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
changes_read_page(
    struct txn *t, const struct msg_changes_read *m, struct msg_changes_page *page)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	if (rc == 0)
		rc = changes_read_gather(&w, m, page);
	walk_close(&w);
	return rc;
}

int
handle_changes_read(struct txn *t, struct call *c)
{
	struct msg_changes_read m = c->m->changes_read;
	struct msg_changes_page page = {0};
	bool kept = true;
	int rc = changes_newest(t, &page.newest);

	if (rc != 0)
		return rc;
	buf_reset(&t->env->list);
	if (m.newest)
		m.after = page.newest;
	rc = changes_read_check(t, m.after, page.newest, &kept);
	if (rc == 0 && kept)
		rc = changes_read_page(t, &m, &page);
	if (rc != 0)
		return rc;
	page.gone = !kept;
	page.changes = buf_slice(&t->env->list);
	if (m.follow && kept && !page.more)
		call_follow_changes(c, page.next);
	call_answer(c, MSG_CHANGES_PAGE, &page);
	return 0;
}
