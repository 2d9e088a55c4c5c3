/*
 * The files of a message. They become part of it in the transaction that stores it.
 */
#ifndef STORAGED_FILES_FILE_MESSAGES_H
#define STORAGED_FILES_FILE_MESSAGES_H

#include "storaged/files/file_records.h"

/* Writes the FILE_ITEMs of a new message to out, which is emptied before. ids: one after the other. A message that is
 * sent once more may have the files of one of its conversation. Refuses (NOT_FOUND) files that are not complete, or in no
 * message and not of this owner, or in one of another conversation (zero: it is new); and (LIMIT) too many of a
 * conversation. Changes nothing. */
[[gnu::warn_unused_result]] int file_message_check(struct txn *t, struct call *c,
    struct slice ids, const struct id *org, const struct id *owner,
    const struct id *conversation, struct buf *out);

/* Gives files that were checked to a message; those that are in one stay in it. */
[[gnu::warn_unused_result]] int file_message_take(
    struct txn *t, struct slice ids, const struct id *conversation, const struct id *message);

/* What a list shows of a message: its text, or else the name of its first file. files: FILE_ITEMs. */
struct slice file_message_title(struct slice text, struct slice files);

/* Whether a stored message's files are these. */
bool file_message_has(struct slice files, struct slice ids);

#endif
