/*
 * Every invariant of the store, checked over one snapshot: records decode and carry the id of
 * their key, each index entry has its record and each record its index entries, counters agree
 * with what they count, nothing is left of what is gone, and every page of the file is accounted
 * for. `banter verify` prints what it finds; tests call it after each thing that they do.
 */
#ifndef STORAGED_VERIFY_VERIFY_H
#define STORAGED_VERIFY_VERIFY_H

#include <stdbool.h>

#include "storaged/engine/txn.h"

/* Called for each thing that is broken, with its table (meta also stands for the file as a whole)
 * and one line for a person, valid during the call only. The ids in it are of the store, and any
 * other bytes of the store are made printable. */
typedef void verify_found_fn(void *arg, enum table table, const char *what);

struct verify_result {
	uint64_t entries; /* that were looked at, over all tables */
	uint64_t broken;  /* how often found was called */
};

/* Called now and then with the entries looked at so far. */
typedef void verify_progress_fn(void *arg, uint64_t entries);

struct verify {
	verify_found_fn *found;
	verify_progress_fn *progress; /* NULL: nobody waits */
	void *arg;
};

/*
 * Looks at everything within a read transaction (TXN_READ) that has read nothing yet: it may be
 * renewed first. 0 with *result, or an LMDB error after which the rest could not be read (where that
 * is of a page, found has been called of the place). Memory:
 * some 200 KiB and a bit for each page of the file.
 */
[[gnu::warn_unused_result]] int verify_store(
    struct txn *t, const struct verify *how, struct verify_result *result);

#endif
