/*
 * The export of another chat, from anybody: JSON, or CSV if it begins with "c". What is found does not depend on how the
 * bytes arrive, has ids, and its texts are UTF-8 that a message can have.
 */
#include "proto/base/basics.h"
#include "storaged/cli/foreign/csv_rows.h"
#include "storaged/cli/foreign/foreign_read.h"
#include "storaged/cli/foreign/html_text.h"
#include "storaged/cli/foreign/json_objects.h"
#include "tests/fuzz/fuzz.h"

struct export
{
	struct foreign_read read;
	struct misfits misfits;
	struct json_objects json;
	struct csv_rows csv;
	bool is_csv;
};

static void
take_item(void *arg, const struct item *item)
{
	struct buf *out = arg;

	must(!id_is_zero(&item->group) && !id_is_zero(&item->id));
	must(item->role <= MESSAGE_OPERATOR && item->state <= STATE_RESOLVED + 1);
	fuzz_put(out, (struct slice){(const uint8_t *)&item->kind, 1});
	fuzz_put(out, (struct slice){item->id.b, sizeof(item->id.b)});
	fuzz_put(out, (struct slice){item->contact.b, sizeof(item->contact.b)});
	for (size_t i = 0; i < ITEM_TEXTS; i++) {
		must(utf8_valid(item->text[i]));
		for (size_t j = 0; j < item->text[i].len; j++)
			must(item->text[i].p[j] >= ' ' || item->text[i].p[j] == '\n' ||
			    item->text[i].p[j] == '\t');
		fuzz_put(out, item->text[i]);
	}
	must(item->kind != ITEM_MESSAGE || item->text[MESSAGE_TEXT].len > 0);
}

static void
take_object(void *arg, struct slice text, const char *name)
{
	struct export *e = arg;

	foreign_read_object(&e->read, text, name);
}

static void
take_row(void *arg, json_t *row)
{
	struct export *e = arg;

	mapping_take(&e->read.mapping, row, "");
}

static bool
take_piece(void *arg, struct slice piece)
{
	struct export *e = arg;

	return (e->is_csv ? csv_rows_feed(&e->csv, piece)
			  : json_objects_feed(&e->json, piece)) == 0;
}

static void
read_export(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *arg)
{
	struct export *e = xcalloc(1, sizeof(*e));
	const enum foreign_chat *from = arg;
	bool whole;

	buf_init(out, (size_t)1 << 26);
	e->is_csv = in.len > 0 && in.p[0] == 'c';
	mapping_init(&e->read.mapping, *from, &e->misfits, take_item, out);
	json_objects_init(&e->json, take_object, e);
	csv_rows_init(&e->csv, take_row, e);
	fuzz_feed(in, cuts, take_piece, e);
	whole = (e->is_csv ? csv_rows_end(&e->csv) : json_objects_end(&e->json)) == 0;
	must(whole == (e->json.fault == NULL && e->csv.fault == NULL));
	json_objects_clear(&e->json);
	csv_rows_clear(&e->csv);
	mapping_clear(&e->read.mapping);
	free(e);
}

/* The text of HTML is UTF-8, too, and not much longer. */
static void
check_html(struct slice in)
{
	struct buf html, text;

	buf_init(&html, 3 * in.len + 16);
	buf_init(&text, 6 * in.len + 32);
	fuzz_text(&html, in);
	must(html_text_append(&text, buf_slice(&html)) == 0);
	must(utf8_valid(buf_slice(&text)));
	must(buf_len(&text) <= 2 * buf_len(&html) + 16);
	buf_clear(&html);
	buf_clear(&text);
}

FUZZ(foreign)
{
	const enum foreign_chat from =
	    fuzz_byte(&in) % 2 == 0 ? FOREIGN_CHATWOOT : FOREIGN_INTERCOM;
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf out;

	fuzz_read_all_ways(&out, in, cuts, read_export, &from);
	buf_clear(&out);
	check_html(in);
}
