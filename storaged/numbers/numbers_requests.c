/*
 * Requests about numbers.
 */
#include "storaged/numbers/numbers_requests.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_rows.h"

/* Rows of a page, so that it delays other requests by less than 2 ms. */
#define ROWS_MAX 2000u

/* Adds the row where the walk stands; a damaged one is left out. False: the page is full. */
static bool
numbers_page_add(struct walk *w)
{
	struct env *env = w->txn->env;
	const struct numbers_key key = numbers_key_parts(w->key);
	struct msg_numbers_record record;
	struct msg_numbers_row row = {
	    .day = key.day, .hour = key.hour, .widget = key.widget, .agent = key.agent};

	if (record_read(w->value, TABLE_NUMBERS, MSG_NUMBERS_RECORD, &record) != 0)
		return true;
	row.counted = record.counted;
	row.kept = record.kept;
	buf_reset(&env->record);
	must(record_encode(&env->record, MSG_NUMBERS_ROW, &row) == 0);
	return buf_len(&env->list) + buf_len(&env->record) <= PAGE_BYTES &&
	    wire_list_add(&env->list, buf_slice(&env->record)) == 0;
}

/* Fills a page; *next is set to the first row that has no room. */
static int
numbers_page_fill(
    struct walk *w, const struct key *start, const struct key *end, struct slice *next)
{
	int rc = walk_from(w, start);

	for (unsigned n = 0; rc == 0; n++) {
		if (memcmp(w->key.p, end->b, end->len) >= 0)
			return 0;
		if (key_fits(TABLE_NUMBERS, w->key) &&
		    (n == ROWS_MAX || !numbers_page_add(w))) {
			*next = numbers_cursor(w->key);
			return 0;
		}
		rc = walk_next(w);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_numbers_read(struct txn *t, struct call *c)
{
	const struct msg_numbers_read *m = &c->m->numbers_read;
	struct key org = key_id(&m->org), end = key_numbers_day(&m->org, m->to);
	struct key start = key_numbers_day(&m->org, m->from);
	struct slice next = {0};
	struct walk w;
	int rc;

	if (m->cursor.len != 0 && m->cursor.len != NUMBERS_CURSOR_LEN)
		return call_refuse(c, STORE_INVALID, "invalid cursor");
	if (m->cursor.len != 0)
		start = key_numbers_at(&m->org, m->cursor);
	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_NUMBERS, &org);
	if (rc == 0)
		rc = numbers_page_fill(&w, &start, &end, &next);
	if (rc == 0)
		call_answer(c, MSG_NUMBERS_PAGE,
		    &(struct msg_numbers_page){.rows = buf_slice(&t->env->list), .next = next});
	walk_close(&w);
	return rc;
}

/* Adds up what is kept of a day, whose rows begin with front. */
static int
numbers_import_sum(struct txn *t, const struct key *front, struct counts *kept)
{
	struct numbers_row row;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, front);

	*kept = (struct counts){{0}};
	if (rc == 0)
		rc = walk_from(&w, front);
	for (; rc == 0; rc = walk_next(&w))
		if (numbers_row_read(w.value, &row))
			counts_add(kept, &row.of[NUMBERS_KEPT]);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The hours are unknown: what is missing is added to the first one. */
static int
numbers_import_raise(
    struct txn *t, const struct msg_kept_record *record, const struct counts *wanted)
{
	const struct numbers_place place = {
	    record->org, record->widget, record->agent, record->day * 24};
	struct key front =
	    key_numbers(&record->org, record->day, &record->widget, &record->agent, 0);
	int64_t change[COUNTS];
	struct counts kept;
	int rc;

	front.len--;
	rc = numbers_import_sum(t, &front, &kept);
	for (unsigned i = 0; i < COUNTS; i++)
		change[i] = wanted->n[i] > kept.n[i] ? (int64_t)(wanted->n[i] - kept.n[i]) : 0;
	return rc != 0 ? rc : numbers_row_change(t, &place, NUMBERS_KEPT, change);
}

int
numbers_import(struct txn *t, struct call *c, const struct msg_kept_record *record)
{
	struct counts wanted;
	int rc;

	if (record->v != RECORD_VERSION)
		return call_refuse(c, STORE_INVALID, "the numbers have an unknown version");
	if (!counts_read_text(&wanted, record->counts))
		return call_refuse(c, STORE_INVALID, "the counts are invalid");
	/* The table must show what this transaction has counted. */
	rc = numbers_write(t);
	if (rc == 0)
		rc = numbers_import_raise(t, record, &wanted);
	if (rc == 0)
		call_ok(c);
	return rc;
}
