/*
 * What the check of the store reports, as one text.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_REPORT_H
#define TESTS_UNIT_STORAGED_STORE_REPORT_H

#include "tests/unit/storaged/store_fixture.h"

struct report {
	char text[4096];   /* lines "table: what", separated by line feeds */
	uint64_t entries;  /* checked */
	uint64_t progress; /* ... when the check told it last; 0: never */
};

static inline void
report_add(void *arg, enum table table, const char *what)
{
	struct report *report = arg;
	size_t len = strlen(report->text);

	assert_true(len < sizeof(report->text) / 2);
	snprintf(report->text + len, sizeof(report->text) - len, "%s%s: %s",
	    len == 0 ? "" : "\n", table_name(table), what);
}

static inline void
report_progress(void *arg, uint64_t entries)
{
	struct report *report = arg;

	assert_true(entries > report->progress);
	report->progress = entries;
}

/* Runs the check; returns its result. */
static inline int
report_make(struct fixture *f, struct report *report)
{
	const struct verify how = {report_add, report_progress, report};
	struct verify_result result;
	struct txn t;
	int rc;

	*report = (struct report){0};
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	rc = verify_store(&t, &how, &result);
	txn_abort(&t);
	report->entries = result.entries;
	assert_true(report->progress <= report->entries);
	return rc;
}

#endif
