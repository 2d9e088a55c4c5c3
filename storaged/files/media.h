/*
 * Pictures that mediad makes safe. The rule: with CHECK_PICTURES=1, a picture whose last piece is stored becomes FILE_CHECKING,
 * and nobody but mediad reads it, for as long as that takes: while mediad is away, pictures wait, and none is lost. mediad asks
 * for those that wait, and stores two copies, which are records of their own that belong to the file. With its
 * result, in one transaction, the file becomes FILE_READY, and is read as one of the copies, or FILE_REFUSED; its own pieces are
 * removed then, and with them all that a picture hides. If mediad dies before, another one begins again.
 *
 * Without CHECK_PICTURES, pictures are FILE_UNCHECKED: files like any other. A file that has been sent stays what it is when the
 * setting changes.
 */
#ifndef STORAGED_FILES_MEDIA_H
#define STORAGED_FILES_MEDIA_H

#include "storaged/files/file_records.h"

[[gnu::warn_unused_result]] int handle_media_lease(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_media_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_media_append(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_media_result(struct txn *t, struct call *c);

/* How many pictures wait, and since when the first of them does (ms since 1970; 0: none waits). */
[[gnu::warn_unused_result]] int media_extent(struct txn *t, uint64_t *waiting, uint64_t *since);

#endif
