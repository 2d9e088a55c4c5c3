/*
 * The limit of tokens a day, which `banter setup` asks for: without one, strangers decide what the model costs.
 */
#ifndef STORAGED_CLI_SETUP_FIRST_BUDGET_H
#define STORAGED_CLI_SETUP_FIRST_BUDGET_H

#include "storaged/cli/store/store_conn.h"

/* Tokens; as the API's rule for a budget says. */
#define FIRST_BUDGET_MAX UINT64_C(4000000000)

/* Reads a number of tokens, which may be 0 and has at most FIRST_BUDGET_MAX. False: it is none. */
[[nodiscard]] bool first_budget_read(const char *text, uint64_t *tokens);

/* Whether the organization has no budget yet. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int first_budget_is_missing(
    struct store_conn *conn, const struct id *org, bool *missing);

/* Gives the organization, which has no budget, one of so many tokens a day, more than 0. The same. */
[[gnu::warn_unused_result]] int first_budget_make(
    struct store_conn *conn, const struct id *org, uint64_t tokens);

#endif
