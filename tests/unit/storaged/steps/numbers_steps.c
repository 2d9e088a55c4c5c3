/*
 * The numbers of widgets and agents.
 */
#include "storaged/numbers/numbers_fold.h"
#include "storaged/numbers/numbers_rows.h"
#include "tests/unit/storaged/steps/store_world.h"

static const char *const names[COUNT_SUMS] = {
    [COUNT_CONVERSATIONS] = "conversations",
    [COUNT_QUESTIONS] = "questions",
    [COUNT_OPERATOR] = "operator",
    [COUNT_BEGUN] = "begun",
    [COUNT_COMPLETE] = "complete",
    [COUNT_STOPPED] = "stopped",
    [COUNT_INTERRUPTED] = "interrupted",
    [COUNT_FAILED] = "failed",
    [COUNT_TOKENS_IN] = "tokens_in",
    [COUNT_TOKENS_OUT] = "tokens_out",
    [COUNT_RATED_UP] = "up",
    [COUNT_RATED_DOWN] = "down",
    [COUNT_HANDOVERS] = "handovers",
};

/* A histogram that is not empty: its name, how many times it has, and the greatest. */
static void
append_times(
    char *text, const struct counts *counts, const char *name, enum count_histogram histogram)
{
	unsigned long long n = 0;

	for (unsigned i = 0; i < COUNT_BUCKETS; i++)
		n += counts->n[histogram + i];
	if (n > 0)
		(void)sprintf(text + strlen(text), " %s=%llu..%u", name, n,
		    counts_percentile(counts, histogram, 100));
}

static void
append_counts(char *text, const struct counts *counts)
{
	for (unsigned i = 0; i < COUNT_SUMS; i++)
		if (counts->n[i] > 0)
			(void)sprintf(text + strlen(text), " %s=%llu", names[i],
			    (unsigned long long)counts->n[i]);
	append_times(text, counts, "first_token", COUNT_FIRST_TOKEN);
	append_times(text, counts, "total", COUNT_TOTAL_TIME);
}

/* The tokens of each model, as model:NAME=IN/OUT. */
static void
append_models(char *text, const struct model_tokens *models)
{
	for (unsigned i = 0; i < models->n; i++)
		(void)sprintf(text + strlen(text), " model:%.*s=%llu/%llu",
		    (int)models->of[i].len, (const char *)models->of[i].name,
		    (unsigned long long)models->of[i].in,
		    (unsigned long long)models->of[i].out);
}

/* numbers KEY COUNT=N ... kept COUNT=N ...; of no row, no counts */
void
expect_numbers(struct world *w, const struct words *step)
{
	struct key key = key_named(w, step->word[1]);
	char got[4096] = "", expected[4096] = "";
	struct numbers_row row = {0};
	struct slice value;
	struct txn t;

	for (size_t i = 2; i < step->n; i++)
		(void)sprintf(expected + strlen(expected), " %s", step->word[i]);
	assert_int_equal(txn_begin(&t, &w->f->env, TXN_READ), 0);
	if (txn_get(&t, TABLE_NUMBERS, &key, &value) == 0)
		assert_true(numbers_row_read(value, &row));
	txn_abort(&t);
	append_counts(got, &row.of[NUMBERS_COUNTED]);
	append_models(got, &row.models[NUMBERS_COUNTED]);
	strcat(got, " kept");
	append_counts(got, &row.of[NUMBERS_KEPT]);
	append_models(got, &row.models[NUMBERS_KEPT]);
	if (strcmp(got + strlen(got) - 5, " kept") == 0)
		got[strlen(got) - 5] = '\0';
	if (strcmp(got, expected) != 0)
		scenario_fail("the numbers are%s", got);
}

/* fold_numbers */
void
fold_numbers(struct world *w)
{
	struct numbers_fold fold = {.done = 0};

	while (numbers_fold_step(&fold, &w->f->env))
		;
}
