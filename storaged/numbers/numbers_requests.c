/*
 * Requests about numbers.
 */
#include "storaged/numbers/numbers_requests.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_rows.h"

/* Rows of a page, so that it delays other requests by less than 1 ms, here and at the worker that adds them up. */
#define ROWS_MAX 200u

/* Adds the row where the walk stands; a damaged one is left out. False: the page is full. */
static bool
numbers_page_add(struct walk *w)
{
	struct env *env = w->txn->env;
	const struct numbers_key key = numbers_key_parts(w->key);
	struct msg_numbers_record record;
	struct msg_numbers_row row = {
	    .day = key.day, .hour = key.hour, .widget = key.widget, .agent = key.agent};

	if (record_read(numbers_row_complete(w->value), TABLE_NUMBERS, &record) != 0)
		return true;
	row.counted = record.counted;
	row.kept = record.kept;
	row.counted_models = record.counted_models;
	row.kept_models = record.kept_models;
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
numbers_import_sum(struct txn *t, const struct key *front, struct numbers_row *sum)
{
	struct numbers_row row;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, front);

	*sum = (struct numbers_row){0};
	if (rc == 0)
		rc = walk_from(&w, front);
	for (; rc == 0; rc = walk_next(&w))
		if (numbers_row_read(w.value, &row))
			numbers_row_add(sum, &row);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int64_t
numbers_import_missing(uint64_t wanted, uint64_t kept)
{
	return wanted > kept ? (int64_t)(wanted - kept) : 0;
}

/* The tokens of one model, whose counts they are a part of. */
static int
numbers_import_raise_model(struct txn *t, const struct numbers_place *place,
    const struct model_use *wanted, const struct model_tokens *kept, int64_t change[COUNTS])
{
	int64_t part[COUNTS] = {0};
	struct model_use has = {.len = 0};

	for (unsigned i = 0; i < kept->n; i++)
		if (slice_eq(model_use_name(&kept->of[i]), model_use_name(wanted)))
			has = kept->of[i];
	part[COUNT_TOKENS_IN] = numbers_import_missing(wanted->in, has.in);
	part[COUNT_TOKENS_OUT] = numbers_import_missing(wanted->out, has.out);
	if (part[COUNT_TOKENS_IN] > change[COUNT_TOKENS_IN])
		part[COUNT_TOKENS_IN] = change[COUNT_TOKENS_IN];
	if (part[COUNT_TOKENS_OUT] > change[COUNT_TOKENS_OUT])
		part[COUNT_TOKENS_OUT] = change[COUNT_TOKENS_OUT];
	change[COUNT_TOKENS_IN] -= part[COUNT_TOKENS_IN];
	change[COUNT_TOKENS_OUT] -= part[COUNT_TOKENS_OUT];
	return numbers_row_change(t, place, NUMBERS_KEPT, part, model_use_name(wanted));
}

/* The hours are unknown: what is missing is added to the first one. */
static int
numbers_import_raise(struct txn *t, const struct msg_kept_record *record,
    const struct counts *wanted, const struct model_tokens *models)
{
	const struct numbers_place place = {
	    record->org, record->widget, record->agent, record->day * 24};
	struct key front =
	    key_numbers(&record->org, record->day, &record->widget, &record->agent, 0);
	int64_t change[COUNTS];
	struct numbers_row sum;
	int rc;

	front.len--;
	rc = numbers_import_sum(t, &front, &sum);
	for (unsigned i = 0; i < COUNTS; i++)
		change[i] = numbers_import_missing(wanted->n[i], sum.of[NUMBERS_KEPT].n[i]);
	for (unsigned i = 0; rc == 0 && i < models->n; i++)
		rc = numbers_import_raise_model(
		    t, &place, &models->of[i], &sum.models[NUMBERS_KEPT], change);
	return rc != 0 ? rc
		       : numbers_row_change(t, &place, NUMBERS_KEPT, change, (struct slice){0});
}

int
numbers_import(struct txn *t, struct call *c, const struct msg_kept_record *record)
{
	struct model_tokens models;
	struct counts wanted;
	int rc;

	if (record->v != RECORD_VERSION)
		return call_refuse(c, STORE_INVALID, "the numbers have an unknown version");
	if (!counts_read_text(&wanted, record->counts))
		return call_refuse(c, STORE_INVALID, "the counts are invalid");
	if (!model_tokens_read_text(&models, record->models))
		return call_refuse(c, STORE_INVALID, "the models are invalid");
	/* The table must show what this transaction has counted. */
	rc = numbers_write(t);
	if (rc == 0)
		rc = numbers_import_raise(t, record, &wanted, &models);
	if (rc == 0)
		call_ok(c);
	return rc;
}
