/*
 * Requests about files: beginning, storing and reading them.
 */
#ifndef STORAGED_FILES_FILES_H
#define STORAGED_FILES_FILES_H

#include "storaged/files/file_records.h"

/* Files of a session that are in no message, at most; and of an organization's operators. */
#define FILES_WAITING_MAX       20u
#define FILES_WAITING_ADMIN_MAX 200u

/* Begins the file of FILE_BEGIN for this owner, whom the caller has checked. */
[[gnu::warn_unused_result]] int file_begin(
    struct txn *t, struct call *c, const struct id *owner);

[[gnu::warn_unused_result]] int handle_file_append(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_file_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_file_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_file_remove(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_file_describe(struct txn *t, struct call *c);

/* Handles MSG_IMPORT_RECORD of a file, and MSG_IMPORT_FILE_PIECE. */
[[gnu::warn_unused_result]] int file_import(
    struct txn *t, struct call *c, const struct msg_file_record *r);
[[gnu::warn_unused_result]] int handle_import_file_piece(struct txn *t, struct call *c);

#endif
