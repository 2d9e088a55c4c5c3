/*
 * The change feed: a row for each change that an owner can see, written in the transaction of that change. Open
 * pages, the search index and webhooks read it with a cursor (changes_read.h).
 *
 * A row's number is greater than that of every earlier row. It is the time in ms since 1970 times 1024, or
 * one more than the number before it. So a store that was restored from a backup never gives a number again
 * that a reader knows from before: the reader's row is missing, and the answer says that it must read everything again.
 *
 * The rows of a transaction are collected in memory, and written together when it is committed: an entry of the
 * table changes has as many as fit into CHANGES_ENTRY_BYTES, so that LMDB stores two entries in a page (make
 * bench-store: a row costs a third of what an entry of its own would).
 *
 * Rows are kept for CHANGES_KEPT_MS, at most CHANGES_KEPT_ROWS of them. Those written last always stay.
 */
#ifndef STORAGED_CHANGES_CHANGES_H
#define STORAGED_CHANGES_CHANGES_H

#include "proto/base/clock.h"
#include "storaged/engine/txn.h"

#define CHANGES_KEPT_MS   (7 * CLOCK_DAY_MS)
#define CHANGES_KEPT_ROWS UINT64_C(10000000)

/* The numbers of a millisecond. They are exact in JSON up to the year 2248 (RFC 8259, section 6). */
#define CHANGES_PER_MS 1024u

/* Bytes of an entry's rows. */
#define CHANGES_ENTRY_BYTES 1900u

/* Adds a row about something of an organization. conversation: that it belongs to; NULL: none. 0 or an error
 * of txn.h, after which the transaction is lost. */
[[gnu::warn_unused_result]] int change_add(struct txn *t, const struct id *org,
    enum change_kind kind, const struct id *id, const struct id *conversation,
    enum change_what what);

/* Adds a row about a conversation. */
[[gnu::warn_unused_result]] int change_add_conversation(
    struct txn *t, const struct id *org, const struct id *conversation, enum change_what what);

/* Adds a row about a message or a reply at this place of a conversation. */
[[gnu::warn_unused_result]] int change_add_message(struct txn *t, const struct id *org,
    enum change_kind kind, const struct id *id, const struct id *conversation, uint64_t place,
    enum change_what what);

/* Adds the first row of an empty feed, so that readers have a number to begin from. In a store that is full,
 * the first change does that. */
void changes_start(struct env *env);

/* Writes the rows that were added so far, so that the table shows them. */
[[gnu::warn_unused_result]] int changes_write(struct txn *t);

/* The number of the last row, with those of this transaction; 0: there is none. */
[[gnu::warn_unused_result]] int changes_newest(struct txn *t, uint64_t *newest);

/* The rows of the table: how many there are, and the number of the first; 0: there is none. */
struct changes_extent {
	uint64_t rows, oldest;
};

[[gnu::warn_unused_result]] int changes_extent(struct txn *t, struct changes_extent *extent);

/* The number of the last row of the table at or before a number, from which a reader can go on; 0: there is none. */
[[gnu::warn_unused_result]] int changes_at_or_before(
    struct txn *t, uint64_t seq, uint64_t *found);

/* When a row was written, in ms since 1970; rows of a clock that was set back have a later time. */
uint64_t changes_time(uint64_t seq);

/* Takes the next row off the front of an entry's rows. False: there is none, or the rest does not decode. */
[[gnu::warn_unused_result]] bool changes_next(
    struct slice *rows, struct slice *bytes, struct msg_change_record *row);

#endif
