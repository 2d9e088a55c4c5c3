/*
 * Counts the numbers again. To bound memory, only a sum of each row is compared, in which every count has
 * another weight; and only so many rows at once, each time with all conversations and messages.
 */
#include "storaged/verify/verify_internal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/sorted.h"
#include "storaged/numbers/numbers_recount.h"
#include "storaged/numbers/numbers_rows.h"
#include "storaged/numbers/numbers_share.h"

/* Rows that are compared at once. */
#define ROWS_MAX 32768u

struct number_row {
	struct key key;
	uint64_t sum; /* what its counts say, less what was counted again */
	bool
	    has_models; /* also by model: a row that has had as many as it can have may lack some */
};

/* Rows in the order of their keys, after those of earlier comparisons. */
struct number_rows {
	struct key after; /* the last one of those; without bytes: there was none */
	bool last;        /* no rows come after these */
	bool damaged;     /* some row is, so that nothing can be compared */
	size_t n;
	struct number_row *of;
	uint64_t missing; /* conversations and messages without a row */
	struct id missing_org;
	/* The conversation of the messages that are read. */
	struct id conversation, org, widget;
	bool known;
};

/* The weight of a count: any numbers do that are far apart (splitmix64, http://prng.di.unimi.it). */
static uint64_t
verify_number_weight(unsigned count)
{
	uint64_t z = (count + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The same for the tokens of a model (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv). */
static uint64_t
verify_number_model_weight(unsigned count, struct slice model)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < model.len; i++)
		hash = (hash ^ model.p[i]) * 0x100000001b3;
	return hash ^ verify_number_weight(count);
}

static int
verify_number_compare(const struct key *a, const struct key *b)
{
	must(a->len == b->len);
	return memcmp(a->b, b->b, a->len);
}

/* sorted_compare_fn */
static int
verify_number_compare_row(const void *key, const void *row)
{
	return verify_number_compare(key, &((const struct number_row *)row)->key);
}

/* Whether the row of this key is, or would be, among these. */
static bool
verify_number_is_here(const struct number_rows *rows, const struct key *key)
{
	if (rows->after.len > 0 && verify_number_compare(key, &rows->after) <= 0)
		return false;
	return rows->last || verify_number_compare(key, &rows->of[rows->n - 1].key) <= 0;
}

/* The row of an hour, or of its day; NULL: there is none. */
static struct number_row *
verify_number_row(struct number_rows *rows, struct key key)
{
	for (unsigned i = 0; i < 2; i++) {
		size_t at = sorted_place(
		    &key, rows->of, rows->n, sizeof(rows->of[0]), verify_number_compare_row);

		if (at < rows->n && verify_number_compare(&rows->of[at].key, &key) == 0)
			return &rows->of[at];
		key.b[key.len - 1] = NUMBERS_DAY;
	}
	return NULL;
}

/* Counts a share again. */
static void
verify_number_share(struct number_rows *rows, const struct id *org, const struct id *widget,
    const struct numbers_share *share)
{
	const struct key key = key_numbers(
	    org, share->hour / 24, widget, &share->agent, (uint8_t)(share->hour % 24));
	struct number_row *row;

	if (!verify_number_is_here(rows, &key))
		return;
	row = verify_number_row(rows, key);
	if (row == NULL) {
		rows->missing++;
		rows->missing_org = *org;
		return;
	}
	for (unsigned i = 0; i < share->n; i++) {
		const struct numbers_part *part = &share->of[i];

		row->sum -= verify_number_weight(part->count) * part->by;
		if (row->has_models && share->model.len > 0 &&
		    (part->count == COUNT_TOKENS_IN || part->count == COUNT_TOKENS_OUT))
			row->sum -=
			    verify_number_model_weight(part->count, share->model) * part->by;
	}
}

/* arg: struct number_rows. */
static int
verify_number_thread(struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct msg_conversation_record record;
	struct numbers_share share;

	(void)quiet;
	(void)key;
	if (record_decode(value, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		return 0;
	numbers_share_of_conversation(&record, &share);
	verify_number_share(arg, &record.org, &record.widget, &share);
	return 0;
}

/* arg: struct number_rows. */
static int
verify_number_message(struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct number_rows *rows = arg;
	struct id conversation = key_front(key);
	struct msg_message_record message;
	struct numbers_share share;
	int rc = 0;

	if (!id_equal(&conversation, &rows->conversation)) {
		rc = numbers_owner(quiet->txn, &conversation, &rows->org, &rows->widget);
		rows->conversation = conversation;
		rows->known = rc == 0;
	}
	if (!txn_survives(rc) && rc != 0)
		return rc;
	if (!rows->known || record_decode(value, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
		return 0;
	numbers_share_of_message(message_seq(key), &message, &share);
	verify_number_share(rows, &rows->org, &rows->widget, &share);
	return 0;
}

/* Whether a row has had as many models as it can have: those of erased replies are kept. */
static bool
verify_number_was_full(const struct numbers_row *row)
{
	struct model_tokens models = row->models[NUMBERS_COUNTED];

	model_tokens_add(&models, &row->models[NUMBERS_KEPT]);
	return models.n == MODEL_TOKENS_MAX;
}

/* What a row says, by counts and by models. */
static void
verify_number_add(struct number_row *of, const struct numbers_row *row)
{
	const struct model_tokens *models = &row->models[NUMBERS_COUNTED];

	for (unsigned i = 0; i < COUNTS; i++)
		of->sum += verify_number_weight(i) * row->of[NUMBERS_COUNTED].n[i];
	of->has_models = !verify_number_was_full(row);
	for (unsigned i = 0; of->has_models && i < models->n; i++) {
		const struct slice model = model_use_name(&models->of[i]);

		of->sum +=
		    verify_number_model_weight(COUNT_TOKENS_IN, model) * models->of[i].in +
		    verify_number_model_weight(COUNT_TOKENS_OUT, model) * models->of[i].out;
	}
}

static void
verify_number_report(struct checker *c, const struct number_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct numbers_key at = numbers_key_parts(key_slice(&rows->of[i].key));

		if (rows->of[i].sum != 0)
			verify_found(c, TABLE_NUMBERS,
			    "the numbers of widget %s and agent %s on day %u, hour %u are not "
			    "those of their messages",
			    verify_id_text(&at.widget).s, verify_id_text(&at.agent).s, at.day,
			    at.hour);
	}
	if (rows->missing > 0)
		verify_found(c, TABLE_NUMBERS,
		    "%llu conversations and messages are not counted, some of organization %s",
		    (unsigned long long)rows->missing, verify_id_text(&rows->missing_org).s);
}

/* Compares the rows with all conversations and messages, and empties the list. */
static int
verify_number_compare_rows(struct checker *c, struct number_rows *rows)
{
	struct verify_result unused;
	struct checker quiet = verify_quietly(c, &unused);
	int rc = 0;

	if (!rows->damaged)
		rc = verify_table(&quiet, TABLE_CONVERSATIONS, verify_number_thread, rows);

	rows->conversation = (struct id){0};
	if (rc == 0 && !rows->damaged)
		rc = verify_table(&quiet, TABLE_MESSAGES, verify_number_message, rows);
	if (rc == 0 && !rows->damaged)
		verify_number_report(c, rows);
	if (rows->n > 0)
		rows->after = rows->of[rows->n - 1].key;
	rows->n = 0;
	rows->missing = 0;
	return rc;
}

/* Reports a row that cannot be right, whatever it counts. */
static bool
verify_number_record(
    struct checker *c, struct slice key, struct slice value, struct numbers_row *row)
{
	const struct numbers_key at = numbers_key_parts(key);
	struct record_name name = verify_record_name("the row of widget", &at.widget);
	struct msg_numbers_record record;

	if (!verify_record(c, TABLE_NUMBERS, name.s, numbers_row_complete(value), &record))
		return false;
	if (at.hour <= NUMBERS_DAY && numbers_row_read(value, row))
		return true;
	verify_found(c, TABLE_NUMBERS, "%s has an invalid %s", name.s,
	    at.hour > NUMBERS_DAY ? "hour" : "encoding");
	return false;
}

/* arg: struct number_rows, NULL: only check the record. */
static int
verify_number_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct number_rows *rows = arg;
	struct numbers_row row;
	struct number_row *of;

	if (!verify_number_record(c, key, value, &row)) {
		if (rows != NULL)
			rows->damaged = true;
		return 0;
	}
	if (rows == NULL)
		return 0;
	of = &rows->of[rows->n++];
	*of = (struct number_row){.key = key_of(key)};
	verify_number_add(of, &row);
	return rows->n == ROWS_MAX ? verify_number_compare_rows(c, rows) : 0;
}

int
verify_numbers(struct checker *c)
{
	struct number_rows rows = {.n = 0};
	bool right;
	int rc = numbers_are_right(c->txn, &right);

	if (rc != 0)
		return rc;
	/* The next start counts again; or it cannot be known what was counted. */
	if (!right || c->unreadable_orgs || c->unreadable_messages)
		return verify_table(c, TABLE_NUMBERS, verify_number_entry, NULL);
	rows.of = xcalloc(ROWS_MAX, sizeof(*rows.of));
	rc = verify_table(c, TABLE_NUMBERS, verify_number_entry, &rows);
	rows.last = true;
	if (rc == 0)
		rc = verify_number_compare_rows(c, &rows);
	free(rows.of);
	return rc;
}
