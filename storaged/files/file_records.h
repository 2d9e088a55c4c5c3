/*
 * Files by themselves: their records, pieces, totals and removal.
 *
 * A file belongs to the session or the organization that sends it, until a message has it; then to the conversation. It can
 * be read when its last piece is stored; a picture may have to be checked before (media.h). One that is in no message has a row
 * in due. A copy of a picture is a record that belongs to the picture. A removed file belongs to
 * nobody, so that nobody finds it; its pieces, and then its record, are removed in steps (file_garbage.h).
 */
#ifndef STORAGED_FILES_FILE_RECORDS_H
#define STORAGED_FILES_FILE_RECORDS_H

#include "storaged/request/call.h"

/* All pieces have this size, except the last one of a file. */
#define FILE_PIECE_BYTES 65536u

/* Files of a conversation, at most: all of them are removed at once. */
#define FILES_OF_CONVERSATION_MAX 1000u

/* How long a file may be in no message. */
#define FILE_WAIT_MS CLOCK_HOUR_MS

/* Looks a file up that is not removed. 0, MDB_NOTFOUND or an error of txn_get(), whose slices *r has. The second one also finds
 * copies of pictures, the third one a copy of this picture. */
[[gnu::warn_unused_result]] int file_find(
    struct txn *t, const struct id *file, struct msg_file_record *r);
[[gnu::warn_unused_result]] int file_find_any(
    struct txn *t, const struct id *file, struct msg_file_record *r);
[[gnu::warn_unused_result]] int file_find_copy(struct txn *t,
    const struct msg_file_record *file, const struct id *copy, struct msg_file_record *r);

/* Whether all pieces are stored. */
bool file_is_complete(const struct msg_file_record *r);

/* Whether its bytes are stored under its own id. */
bool file_has_pieces(const struct msg_file_record *r);

/* What a record takes in the totals. */
struct file_share {
	uint32_t files, bytes;
};
struct file_share file_share(const struct msg_file_record *r);

/* Stores a record with its index entries, and counts it in the totals. before: the stored one; NULL: it is new. */
[[gnu::warn_unused_result]] int file_put(
    struct txn *t, const struct msg_file_record *before, const struct msg_file_record *r);

/* Whether the next piece is the last one, and the bytes do not have the SHA-256 that is expected. */
bool file_piece_is_wrong(const struct msg_file_record *r, struct slice piece);

/* Stores the next piece of a file, and its record. */
[[gnu::warn_unused_result]] int file_add_piece(
    struct txn *t, const struct msg_file_record *r, struct slice piece);

/* The bytes from an offset before the end, to the end of the piece that has it. */
[[gnu::warn_unused_result]] int file_read_from(
    struct txn *t, const struct id *file, uint32_t offset, struct slice *bytes);

/* Removes pieces of a file, most at most. MDB_NOTFOUND: none is left. */
[[gnu::warn_unused_result]] int file_remove_pieces(
    struct txn *t, const struct key *file, unsigned most);

/* Removes the copies of a file, but not those that a record (or NULL) has. */
[[gnu::warn_unused_result]] int file_drop_copies(
    struct txn *t, const struct id *file, const struct msg_file_record *but);

/* Removes a file, with its copies: nobody finds it from now on. */
[[gnu::warn_unused_result]] int file_drop(struct txn *t, const struct msg_file_record *r);

/* Removes the files of an owner. A damaged record stays, for `banter verify`. */
[[gnu::warn_unused_result]] int file_drop_all(struct txn *t, const struct id *owner);

/* The number of an owner's files, at most `most`. */
[[gnu::warn_unused_result]] int file_count(
    struct txn *t, const struct id *owner, unsigned most, unsigned *n);

/* What the files of an organization take; zero: all. */
[[gnu::warn_unused_result]] int file_totals(
    struct txn *t, const struct id *org, struct msg_file_totals_record *totals);

/* Removes the record of a file whose pieces are removed, and subtracts it from the totals. */
[[gnu::warn_unused_result]] int file_forget(struct txn *t, const struct key *key);

/* The time of a file's row in due has come (duty/due.h). */
[[gnu::warn_unused_result]] int file_due(
    struct txn *t, struct call *c, const struct id *id, const struct key *about, uint64_t now);

#endif
