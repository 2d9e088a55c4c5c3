/*
 * The table numbers: one row for each hour, or each older day, of a widget and an agent.
 *
 * An hour is kept for NUMBERS_HOUR_DAYS days. Then the hours of its day are added up to one row of
 * the day (NUMBERS_DAY). If there is a day's row, there are no hours beside it.
 *
 * A row has two parts: what can be counted again from the conversations and messages that are
 * stored, and what is kept without them: hand-overs, and what was counted of erased ones.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_ROWS_H
#define STORAGED_NUMBERS_NUMBERS_ROWS_H

#include "proto/counts/counts.h"
#include "proto/counts/model_tokens.h"
#include "storaged/engine/txn.h"

#define NUMBERS_HOUR_DAYS 35u

enum numbers_kind { NUMBERS_COUNTED, NUMBERS_KEPT };

/* One hour of a widget and an agent; zero: of no agent. */
struct numbers_place {
	struct id org, widget, agent;
	uint32_t hour; /* since 1970 */
};

struct numbers_row {
	struct counts of[2]; /* by enum numbers_kind */
	struct model_tokens models[2];
};

/* The record of a row. One that an older banter wrote has no tokens by model: it gets empty ones, and is then valid until
 * the next call. */
struct slice numbers_row_complete(struct slice value);

/* Decodes a row. False: it is damaged, and *row is empty. */
[[gnu::warn_unused_result]] bool numbers_row_read(struct slice value, struct numbers_row *row);

/* Adds one row to another. */
void numbers_row_add(struct numbers_row *to, const struct numbers_row *row);

/* Stores a row, or removes it if it is empty. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int numbers_row_put(
    struct txn *t, const struct key *key, const struct numbers_row *row);

/* Adds to the row of a place; negative numbers subtract. change: COUNTS numbers. model: whose tokens are among them; empty:
 * they are of an unknown one. A number that
 * would fall below zero becomes zero, and a damaged row begins again: both are logged, and
 * banter verify reports the former, and numbers_distrust() is called for the latter. 0 or an error of
 * txn.h. */
[[gnu::warn_unused_result]] int numbers_row_change(struct txn *t,
    const struct numbers_place *place, enum numbers_kind kind, const int64_t *change,
    struct slice model);

/* What is counted is wrong, because something was damaged: storaged counts again at its next start
 * (numbers_recount.h). 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int numbers_distrust(struct txn *t);

/* Whether the hours of this day are old enough to be added up. */
bool numbers_day_is_old(uint32_t day);

/* Adds the hours of a day up to one row. key: any key of the day's rows. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int numbers_fold_day(struct txn *t, const struct key *key);

#endif
