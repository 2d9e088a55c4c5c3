/*
 * The rows of the table numbers.
 */
#include "storaged/numbers/numbers_rows.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"

static const char help[] = "storaged counts again at its next start";

int
numbers_distrust(struct txn *t)
{
	struct key key = key_meta(META_NUMBERS);

	return txn_del(t, TABLE_META, &key);
}

/* Logs a damaged row, which counts as empty. */
static int
numbers_found_damage(struct txn *t)
{
	log_event(LOG_ERROR, "numbers_damaged", L_STR("help", help));
	return numbers_distrust(t);
}

bool
numbers_day_is_old(uint32_t day)
{
	return day + NUMBERS_HOUR_DAYS < clock_wall_ms() / CLOCK_DAY_MS;
}

struct slice
numbers_row_complete(struct slice value)
{
	/* The empty fields counted_models and kept_models: their lengths. */
	static const uint8_t added[2 * sizeof(uint32_t)];
	static uint8_t full[8192];
	struct msg_numbers_record record;

	if (record_decode(value, MSG_NUMBERS_RECORD, &record) != WIRE_SHORT ||
	    !slice_copy(value, full, sizeof(full) - sizeof(added)))
		return value;
	memcpy(full + value.len, added, sizeof(added));
	return (struct slice){full, value.len + sizeof(added)};
}

bool
numbers_row_read(struct slice value, struct numbers_row *row)
{
	struct msg_numbers_record record;

	*row = (struct numbers_row){0};
	if (record_read(numbers_row_complete(value), TABLE_NUMBERS, &record) == 0 &&
	    counts_add_encoded(&row->of[NUMBERS_COUNTED], record.counted) &&
	    counts_add_encoded(&row->of[NUMBERS_KEPT], record.kept) &&
	    model_tokens_add_encoded(&row->models[NUMBERS_COUNTED], record.counted_models) &&
	    model_tokens_add_encoded(&row->models[NUMBERS_KEPT], record.kept_models))
		return true;
	*row = (struct numbers_row){0};
	return false;
}

void
numbers_row_add(struct numbers_row *to, const struct numbers_row *row)
{
	for (unsigned kind = NUMBERS_COUNTED; kind <= NUMBERS_KEPT; kind++) {
		counts_add(&to->of[kind], &row->of[kind]);
		model_tokens_add(&to->models[kind], &row->models[kind]);
	}
}

int
numbers_row_put(struct txn *t, const struct key *key, const struct numbers_row *row)
{
	uint8_t counted[COUNTS_BYTES_MAX], kept[COUNTS_BYTES_MAX];
	uint8_t counted_models[MODEL_TOKENS_BYTES_MAX], kept_models[MODEL_TOKENS_BYTES_MAX];
	struct msg_numbers_record record = {
	    .v = RECORD_VERSION,
	    .counted = {counted, counts_encode(&row->of[NUMBERS_COUNTED], counted)},
	    .kept = {kept, counts_encode(&row->of[NUMBERS_KEPT], kept)},
	    .counted_models = {counted_models,
		model_tokens_encode(&row->models[NUMBERS_COUNTED], counted_models)},
	    .kept_models = {kept_models,
		model_tokens_encode(&row->models[NUMBERS_KEPT], kept_models)},
	};

	if (record.counted.len + record.kept.len == 0)
		return txn_del(t, TABLE_NUMBERS, key);
	return txn_put_record(t, TABLE_NUMBERS, key, &record);
}

/* Reads the row of a key. MDB_NOTFOUND: there is none, and *row is empty. */
static int
numbers_row_get(struct txn *t, const struct key *key, struct numbers_row *row)
{
	struct slice value;
	int rc = txn_get(t, TABLE_NUMBERS, key, &value);

	*row = (struct numbers_row){0};
	if (rc == RECORD_DAMAGED || (rc == 0 && !numbers_row_read(value, row)))
		return numbers_found_damage(t);
	return rc;
}

/* Adds the hours of a day, and removes them. */
static int
numbers_take_hours(
    struct txn *t, const struct key *front, struct numbers_row *day, bool *damaged)
{
	struct numbers_row hour;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, front);

	while (rc == 0) {
		rc = walk_from(&w, front);
		if (rc != 0)
			break;
		*damaged |= !numbers_row_read(w.value, &hour);
		numbers_row_add(day, &hour);
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds up a day's hours; *key becomes that of the day's row. */
static int
numbers_fold(struct txn *t, struct key *key, struct numbers_row *day)
{
	bool damaged = false;
	int rc;

	*day = (struct numbers_row){0};
	key->len--;
	rc = numbers_take_hours(t, key, day, &damaged);
	key->b[key->len++] = NUMBERS_DAY;
	return rc == 0 && damaged ? numbers_found_damage(t) : rc;
}

int
numbers_fold_day(struct txn *t, const struct key *key)
{
	struct key at = *key;
	struct numbers_row day;
	int rc = numbers_fold(t, &at, &day);

	return rc != 0 ? rc : numbers_row_put(t, &at, &day);
}

/* The row of a place, of its hour or of its day, and its key. */
static int
numbers_row_find(
    struct txn *t, const struct numbers_place *place, struct key *key, struct numbers_row *row)
{
	uint32_t day = place->hour / 24;
	int rc;

	*key = key_numbers(
	    &place->org, day, &place->widget, &place->agent, (uint8_t)(place->hour % 24));
	rc = numbers_row_get(t, key, row);
	if (rc != MDB_NOTFOUND)
		return rc;
	*key = key_numbers(&place->org, day, &place->widget, &place->agent, NUMBERS_DAY);
	rc = numbers_row_get(t, key, row);
	if (rc != MDB_NOTFOUND)
		return rc;
	if (numbers_day_is_old(day))
		return numbers_fold(t, key, row);
	key->b[key->len - 1] = (uint8_t)(place->hour % 24);
	return 0;
}

static void
numbers_change(uint64_t *n, int64_t by, const struct numbers_place *place)
{
	if (by >= 0 || *n >= -(uint64_t)by) {
		*n += (uint64_t)by;
		return;
	}
	log_event(LOG_ERROR, "numbers_wrong", L_ID("org", &place->org),
	    L_ID("widget", &place->widget), L_UINT("count", *n), L_INT("change", by),
	    L_STR("help", help));
	*n = 0;
}

int
numbers_row_change(struct txn *t, const struct numbers_place *place, enum numbers_kind kind,
    const int64_t *change, struct slice model)
{
	struct numbers_row row;
	struct key key;
	int rc = numbers_row_find(t, place, &key, &row);

	if (rc != 0)
		return rc;
	for (unsigned i = 0; i < COUNTS; i++)
		if (change[i] != 0)
			numbers_change(&row.of[kind].n[i], change[i], place);
	model_tokens_change(
	    &row.models[kind], model, change[COUNT_TOKENS_IN], change[COUNT_TOKENS_OUT]);
	return numbers_row_put(t, &key, &row);
}
