/*
 * The requests of the admin API about budgets.
 */
#ifndef STORAGED_BUDGETS_BUDGET_REQUESTS_H
#define STORAGED_BUDGETS_BUDGET_REQUESTS_H

#include "storaged/request/call.h"

/* Answered by MSG_BUDGET_PAGE. */
[[gnu::warn_unused_result]] int handle_budget_list(struct txn *t, struct call *c);

/* Answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_budget_put(struct txn *t, struct call *c);

/* A budget of an export; it comes after the conversations, whose tokens it counts. Answered by MSG_OK; refused
 * (INVALID) if its organization or widget does not exist. */
[[gnu::warn_unused_result]] int budget_import(
    struct txn *t, struct call *c, const struct msg_budget_record *record);

/* A widget is removed, with its budget. *most: shares of visitors that the request may still remove, counted down
 * (spenders_garbage.h). */
[[gnu::warn_unused_result]] int budget_remove(
    struct txn *t, const struct id *org, const struct id *widget, unsigned *most);

#endif
