/*
 * How far each user has read a conversation, and whether the user follows it. All callers without a user (a key, DASHBOARD_PASSWORD) share one
 * mark, that of the zero id. The mark of a user who is deleted stays until the conversation is erased: its id is
 * never used again.
 *
 * Conversations whose last activity is before read_until, of the user's record or (without a user) of the
 * organization's, are read, too, unless they were marked as unread since. "Mark all as read" sets it, and so does
 * the upgrade of a store that had no marks.
 */
#ifndef STORAGED_CONVERSATIONS_READS_H
#define STORAGED_CONVERSATIONS_READS_H

#include "storaged/request/call.h"

/* Whether a conversation has messages that the reader has not read. */
[[gnu::warn_unused_result]] int read_is_unread(struct txn *t,
    const struct msg_conversation_record *conversation, const struct id *reader, bool *unread);

/* Whether the reader follows a conversation; it does not if the mark is damaged. */
[[gnu::warn_unused_result]] int read_is_following(
    struct txn *t, const struct id *conversation, const struct id *reader, bool *following);

/* Follows a conversation, or does not any more. */
[[gnu::warn_unused_result]] int read_follow(
    struct txn *t, const struct id *conversation, const struct id *reader, bool following);

/* The reader of the mark that says up to where the visitor has seen what persons wrote, or was mailed (mailing/unseen.h). */
extern const struct id read_by_visitor;

/* The place of a reader's last read message, or a mark as unread; 0: none. */
[[gnu::warn_unused_result]] int read_get(
    struct txn *t, const struct id *conversation, const struct id *reader, uint64_t *seq);

/* In place of the sequence number in a READ_RECORD: the conversation was marked as unread; with the time, in ms. */
#define READ_UNREAD ((uint64_t)1 << 62)

/* Marks a conversation as read up to its last place, or as unread. */
[[gnu::warn_unused_result]] int read_mark(struct txn *t,
    const struct msg_conversation_record *conversation, const struct id *reader, bool read);

/* MSG_IMPORT_RECORD of a mark. */
[[gnu::warn_unused_result]] int read_import(
    struct txn *t, struct call *c, const struct msg_read_record *r);

#endif
