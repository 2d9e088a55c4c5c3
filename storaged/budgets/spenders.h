/*
 * The share of a budget that one visitor may use in a UTC day: a part (BUDGET_SHARE) of what all others leave of it.
 * A visitor is known by its network (ip_client_prefix()) and by its session, and both have a share. So nobody uses up
 * a budget alone, whatever it sends; and what one has used, others do not notice before it is much.
 *
 * A reply draws on the share of both, in each budget of its widget, like on the budget itself: what it reserves and
 * uses is counted in the table spenders, in the same transaction. A visitor who has used nothing today may have one
 * reply even if its share is smaller: the chat of a small budget answers, too.
 *
 * The table has hashes in place of addresses and sessions, with the store's secret as key and another one each day and
 * organization. Rows of days before yesterday are removed (spenders_garbage.h). A row that belongs to an erased visitor
 * stays so long, or erasing oneself would be a way to a new share.
 */
#ifndef STORAGED_BUDGETS_SPENDERS_H
#define STORAGED_BUDGETS_SPENDERS_H

#include "storaged/budgets/budget.h"

/* Who pays for a reply. */
struct spender_names {
	struct id org, widget;
	struct slice session;
	struct slice network; /* empty: its share is not limited */
};

/* The hashes at a time (ms since 1970). */
[[gnu::warn_unused_result]] int spenders_find(
    struct txn *t, const struct spender_names *names, uint64_t when, struct spenders *spenders);

enum spender_answer {
	SPENDER_MAY,
	SPENDER_WAITS, /* may when its running replies have ended, if they use less than they have reserved */
	SPENDER_DONE, /* its share of the day is used */
};

/* Whether the share of each spender has so many tokens left in all of these budgets. */
[[gnu::warn_unused_result]] int spenders_allow(struct txn *t, const struct budgets *budgets,
    const struct spenders *spenders, const struct budget_wish *wish,
    enum spender_answer *answer);

/* Adds used and reserved tokens, or takes them back, on the day of a time. */
[[gnu::warn_unused_result]] int spenders_change(struct txn *t, const struct budget *budget,
    const struct spenders *spenders, uint64_t when, int64_t used, int64_t reserved);

#endif
