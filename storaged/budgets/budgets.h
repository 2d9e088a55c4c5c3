/*
 * Budgets of tokens, by UTC day and month: one of an organization, and one of each of its widgets. A reply
 * reserves tokens in the transaction that opens its turn, and settles what it used in the one that closes it,
 * so budgets are exact with any number of workers, and a crash leaks nothing: the reservation is a part of the
 * open turn. What is reserved is the most that the model may use (proto/text/tokens.h), so what is used and reserved
 * never exceeds a budget, as long as the model's server keeps to the limit of its reply.
 *
 * When a reply ends and another one like it would be refused, the change feed gets a row (CHANGE_DAY_REACHED,
 * CHANGE_MONTH_REACHED) of the widget's or the organization's budget. Before that it gets one when the half
 * (CHANGE_DAY_HALF, …) and when 80 % (CHANGE_DAY_MOST, …) of a period's budget are used; of those that one reply
 * passes at once, the higher one.
 *
 * No visitor can spend more than its share of a budget (spenders.h). When a reply ends and its visitor's share has not
 * enough for another one like it, the change feed gets a row (CHANGE_SHARE), once a day.
 *
 * What an organization spends is counted here only while it has a budget (table spent); for a new budget, which
 * has no entry there, the tokens of the day and the month so far come from numbers/.
 */
#ifndef STORAGED_BUDGETS_BUDGETS_H
#define STORAGED_BUDGETS_BUDGETS_H

#include "storaged/budgets/budget.h"

/* The tokens of a reply: reserved or used. */
struct budget_tokens {
	uint32_t prompt, completion;
};

/* The budgets of a widget; usually there are none. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int budgets_find(
    struct txn *t, const struct id *org, const struct id *widget, struct budgets *budgets);

/* Whether all of them have enough tokens left for a wish. */
[[gnu::warn_unused_result]] int budgets_allow(struct txn *t, const struct budgets *budgets,
    const struct budget_wish *wish, bool *allowed);

/* Reserves tokens for a turn that is opened now. */
[[gnu::warn_unused_result]] int budgets_reserve(struct txn *t, const struct id *org,
    const struct id *widget, const struct spenders *by, uint64_t now,
    const struct budget_tokens *tokens);

/* A turn that is about to be closed. */
struct budget_use {
	struct id org, widget, turn;
	int64_t tokens;     /* to pay; negative: an estimate was too high, */
	uint64_t paid_at;   /* which the periods of this time have paid; 0: none */
	bool unknown;       /* ... and an estimate of a call whose usage nobody knows, */
	size_t text;        /* which has brought so many bytes, */
	uint64_t paid;      /* and has paid so much before */
	struct spenders by; /* at that time, or now */
};

/* Reserves more for an open turn. */
[[gnu::warn_unused_result]] int budgets_reserve_more(struct txn *t,
    const struct budgets *budgets, const struct spenders *by, uint64_t when, uint64_t tokens);

/* Settles the reservation of a turn; the tokens are paid in the day and month in which the turn was opened. What an
 * estimate was too high goes back to the periods that have paid it: a later day must not have more than its budget. If
 * the turn is not open any more, these pay the difference, or else those of now. Does nothing if there are no budgets. */
[[gnu::warn_unused_result]] int budgets_settle(struct txn *t, const struct budget_use *use);

/* New budgets of an organization were stored, which have counted nothing yet: budgets_count_new() runs before the
 * commit, and before another organization's. */
[[gnu::warn_unused_result]] int budgets_add_new(struct txn *t, const struct id *org);

/* Counts what the new budgets have spent and reserved so far, if there are any: reads the numbers of the month
 * and the open turns once for all of them. To be called before a request that needs budgets. */
[[gnu::warn_unused_result]] int budgets_count_new(struct txn *t);

/* The tokens that open turns have reserved of a budget in the period with this number. */
[[gnu::warn_unused_result]] int budget_count_reserved(
    struct txn *t, const struct budget *budget, uint32_t number, uint64_t *reserved);

/* What one spender has reserved of a budget by open turns. */
struct spender_sum {
	struct id org, widget; /* widget zero: of the organization */
	struct id spender;
	uint64_t reserved;
};

/* Of all spenders, by organization and by widget, whether that has a budget or not; in the order of
 * budget_compare_spenders(), for qsort() and bsearch(). The caller frees *sums, also after an error. */
[[gnu::warn_unused_result]] int budget_count_spenders(
    struct txn *t, struct spender_sum **sums, size_t *n);
int budget_compare_spenders(const void *a, const void *b);

/* The estimate of a call with these reservations (proto/text/tokens.h). */
uint64_t budget_estimate(uint32_t reserved_prompt, uint32_t reserved_completion, size_t text);

#endif
