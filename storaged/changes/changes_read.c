/*
 * A page of the feed. Its cost is bounded by the rows that it looks at, also if a filter matches few.
 */
#include "storaged/changes/changes_read.h"

#include "proto/base/basics.h"
#include "storaged/changes/changes.h"

/* Rows of a page, at most, and rows that one request may look at (about 0.2 µs each). */
#define PAGE_ROWS 1000u
#define LOOKS_MAX 4096u

struct page {
	const struct msg_changes_read *ask;
	struct msg_changes_page answer;
	uint32_t limit, listed, looks;
};

/* Whether an entry has the row with this number. One that is damaged may have it. */
static bool
changes_read_has(struct slice value, uint64_t seq)
{
	struct msg_changes_record entry;
	struct msg_change_record row;
	struct slice bytes;

	if (record_read(value, TABLE_CHANGES, &entry) != 0)
		return true;
	while (changes_next(&entry.rows, &bytes, &row))
		if (row.seq == seq)
			return true;
	return false;
}

/* Whether the reader can go on behind the row with this number. */
static int
changes_read_check(struct txn *t, uint64_t after, uint64_t newest, bool *kept)
{
	const struct key all = {0}, at = key_change(after);
	struct walk w;
	int rc;

	*kept = after == newest;
	if (*kept)
		return 0;
	rc = walk_open(&w, t, TABLE_CHANGES, &all);
	if (rc == 0)
		rc = walk_from(&w, &at);
	*kept = rc == 0 && changes_read_has(w.value, after);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
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

/* Adds the rows of an entry that match. False: the page is full, and next is the last row that was looked at. */
static bool
changes_read_add(struct page *page, struct buf *list, struct slice rows)
{
	struct msg_change_record row;
	struct slice bytes;

	while (changes_next(&rows, &bytes, &row)) {
		if (row.seq <= page->answer.next)
			continue;
		if (page->listed == page->limit || page->looks == LOOKS_MAX)
			return false;
		page->looks++;
		page->answer.next = row.seq;
		if (!changes_read_matches(page->ask, &row))
			continue;
		must(wire_list_add(list, bytes) == 0);
		page->listed++;
	}
	return true;
}

/* The changes of a damaged entry are lost to readers. */
static int
changes_read_gather(struct walk *w, struct page *page)
{
	const struct key at = key_change(page->ask->after + 1);
	struct msg_changes_record entry;
	int rc = walk_from(w, &at);

	for (; rc == 0; rc = walk_next(w)) {
		if (record_read(w->value, TABLE_CHANGES, &entry) != 0)
			continue;
		if (!changes_read_add(page, &w->txn->env->list, entry.rows)) {
			page->answer.more = true;
			return 0;
		}
	}
	/* Also behind rows that were left out. */
	page->answer.next = page->answer.newest;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
changes_read_page(struct txn *t, struct page *page)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	page->answer.next = page->ask->after;
	if (rc == 0)
		rc = changes_read_gather(&w, page);
	walk_close(&w);
	return rc;
}

int
handle_changes_read(struct txn *t, struct call *c)
{
	struct msg_changes_read m = c->m->changes_read;
	struct page page = {.ask = &m, .limit = call_limit(m.limit, PAGE_ROWS)};
	bool kept = true;
	int rc = changes_write(t);

	if (rc == 0)
		rc = changes_newest(t, &page.answer.newest);
	if (rc != 0)
		return rc;
	buf_reset(&t->env->list);
	if (m.newest)
		m.after = page.answer.newest;
	rc = changes_read_check(t, m.after, page.answer.newest, &kept);
	if (rc == 0 && kept)
		rc = changes_read_page(t, &page);
	if (rc != 0)
		return rc;
	page.answer.gone = !kept;
	page.answer.changes = buf_slice(&t->env->list);
	if (m.follow && kept && !page.answer.more)
		call_follow_changes(c, page.answer.next);
	call_answer(c, MSG_CHANGES_PAGE, &page.answer);
	return 0;
}
