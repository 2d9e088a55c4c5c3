/*
 * Checks every invariant of the store over one snapshot: records decode and match their keys,
 * records and index entries match each other, counters are right, nothing remains of erased data,
 * and every page of the file is accounted for. `banter verify` prints the result; tests call it
 * after each step.
 */
#ifndef STORAGED_VERIFY_VERIFY_H
#define STORAGED_VERIFY_VERIFY_H

#include <stdbool.h>

#include "storaged/engine/txn.h"

/* Called for each fault, with its table (meta also stands for the file) and a line of text,
 * valid during the call. Bytes of the store in it are made printable. */
typedef void verify_found_fn(void *arg, enum table table, const char *what);

struct verify_result {
	uint64_t entries; /* checked, in all tables */
	uint64_t broken;  /* calls of found */
};

/* Called regularly with the number of entries checked so far. */
typedef void verify_progress_fn(void *arg, uint64_t entries);

struct verify {
	verify_found_fn *found;
	verify_progress_fn *progress; /* may be NULL */
	void *arg;
};

/*
 * Checks the whole store in a read transaction (TXN_READ) that has read nothing yet, because it
 * may be renewed first. 0 with *result, or an LMDB error after which the rest could not be read
 * (found is called with the place if a page is damaged). Memory: about 200 KiB and a bit per page
 * of the file.
 */
[[gnu::warn_unused_result]] int verify_store(
    struct txn *t, const struct verify *how, struct verify_result *result);

#endif
