/*
 * Exports the numbers that an import cannot count again: of hand-overs and of erased conversations, one line
 * for each day of a widget and an agent. An import counts everything else from the messages.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/cli/export/export.h"
#include "storaged/numbers/numbers_rows.h"

/* Bytes of a KEPT_RECORD. */
#define LINE_BYTES 65536u

/* Writes the line of the last day. */
static int
export_numbers_day(struct export *e)
{
	struct export_numbers *n = &e->numbers;
	const struct numbers_key at = numbers_key_parts(key_slice(&n->key));
	struct msg_kept_record record = {.v = RECORD_VERSION,
	    .org = at.org,
	    .day = at.day,
	    .widget = at.widget,
	    .agent = at.agent};
	struct buf text, models, bytes;
	int rc;

	buf_init(&text, LINE_BYTES);
	buf_init(&models, MODEL_TOKENS_TEXT_MAX);
	buf_init(&bytes, LINE_BYTES);
	must(counts_write_text(&text, &n->kept) == 0);
	must(model_tokens_write_text(&models, &n->kept_models) == 0);
	record.counts = buf_slice(&text);
	record.models = buf_slice(&models);
	must(record_encode(&bytes, MSG_KEPT_RECORD, &record) == 0);
	rc = export_line(e, MSG_IMPORT_RECORD,
	    &(struct msg_import_record){.type = MSG_KEPT_RECORD, .record = buf_slice(&bytes)});
	buf_clear(&text);
	buf_clear(&models);
	buf_clear(&bytes);
	return rc;
}

int
export_numbers_end(struct export *e)
{
	static const struct counts nothing;
	struct export_numbers *n = &e->numbers;
	int rc = 0;

	if (n->key.len > 0 && memcmp(&n->kept, &nothing, sizeof(nothing)) != 0)
		rc = export_numbers_day(e);
	n->key.len = 0;
	n->kept = nothing;
	n->kept_models = (struct model_tokens){.n = 0};
	return rc;
}

/* Whether a row is of the same day, widget and agent as the rows before it. */
static bool
export_numbers_continue(const struct export_numbers *n, struct slice key)
{
	return n->key.len == key.len && memcmp(n->key.b, key.p, key.len - 1) == 0;
}

int
export_numbers_row(struct export *e, struct slice key, struct slice value)
{
	struct export_numbers *n = &e->numbers;
	struct numbers_row row;
	struct id org;
	int rc = 0;

	if (!key_fits(TABLE_NUMBERS, key) || !numbers_row_read(value, &row)) {
		export_damaged(e, "an entry of %s", table_name(TABLE_NUMBERS));
		return 0;
	}
	org = key_front(key);
	if (e->org != NULL && !id_equal(e->org, &org))
		return 0;
	if (!export_numbers_continue(n, key))
		rc = export_numbers_end(e);
	n->key = key_of(key);
	counts_add(&n->kept, &row.of[NUMBERS_KEPT]);
	model_tokens_add(&n->kept_models, &row.models[NUMBERS_KEPT]);
	return rc;
}
