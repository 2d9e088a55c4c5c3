/*
 * Files and pushed pages that wait for crawld: stored piece by piece, complete or not. A complete one belongs to a
 * page, whose record names it.
 */
#ifndef STORAGED_CONTENT_UPLOAD_RECORDS_H
#define STORAGED_CONTENT_UPLOAD_RECORDS_H

#include "storaged/engine/txn.h"

/* How long an upload may take. */
#define UPLOAD_MS (60 * 60 * UINT64_C(1000))

/* Looks an upload up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *r has. */
[[gnu::warn_unused_result]] int upload_find(
    struct txn *t, const struct id *upload, struct msg_upload_record *r);

[[gnu::warn_unused_result]] int upload_put(
    struct txn *t, const struct id *upload, const struct msg_upload_record *r);

/* Removes an upload with its pieces; 0 if there is none. */
[[gnu::warn_unused_result]] int upload_remove(struct txn *t, const struct id *upload);

/* Removes some uploads that have not become complete in UPLOAD_MS, or whose source is gone. *removed grows by their
 * number; *next: where the next call goes on; length 0: from the start. */
[[gnu::warn_unused_result]] int upload_sweep(
    struct txn *t, uint64_t now, struct key *next, size_t *removed);

#endif
