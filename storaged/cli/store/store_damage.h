/*
 * What lookups do not notice of a damaged store: pages that lead nowhere, so that entries are not found, and entries that
 * no lookup reaches because their keys have changed. What copies a store asks this before it reports success.
 */
#ifndef STORAGED_CLI_STORE_STORE_DAMAGE_H
#define STORAGED_CLI_STORE_STORE_DAMAGE_H

#include "storaged/engine/txn.h"

/* Entries of a table may be missing. what continues "page N". */
typedef void store_damage_fn(void *arg, enum table table, size_t page, const char *what);

/* Checks the pages of all tables. To be called before anything else is read in the transaction, which then has
 * the newest snapshot. 0, MDB_CORRUPTED if the list of tables is damaged, or another error of txn.h. */
[[gnu::warn_unused_result]] int store_damage_check_pages(
    struct txn *t, store_damage_fn *found, void *arg);

/* Counts the entries of a table with a wrong checksum or an invalid key. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int store_damage_count_entries(
    struct txn *t, enum table table, uint64_t *damaged);

#endif
