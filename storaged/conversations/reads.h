/*
 * How far each user has read a conversation. All callers without a user (a key, DASHBOARD_PASSWORD) share one
 * mark, that of the zero id. The mark of a user who is deleted stays until the conversation is erased: its id is
 * never used again.
 */
#ifndef STORAGED_CONVERSATIONS_READS_H
#define STORAGED_CONVERSATIONS_READS_H

#include "storaged/request/call.h"

/* Whether a conversation has messages that the reader has not read. */
[[gnu::warn_unused_result]] int read_is_unread(struct txn *t,
    const struct msg_conversation_record *conversation, const struct id *reader, bool *unread);

/* Marks a conversation as read up to its last place, or as unread. */
[[gnu::warn_unused_result]] int read_mark(struct txn *t,
    const struct msg_conversation_record *conversation, const struct id *reader, bool read);

/* MSG_IMPORT_RECORD of a mark. */
[[gnu::warn_unused_result]] int read_import(
    struct txn *t, struct call *c, const struct msg_read_record *r);

#endif
