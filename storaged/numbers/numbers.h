/*
 * The numbers of conversations, by organization, widget, agent and hour: counted within the
 * transaction that changes what is counted, so that they are exact after any crash.
 *
 * The changes of a transaction are collected in memory, and written when it is committed: most of
 * them concern the same few rows. Until then the table does not show them.
 *
 * A conversation, a visitor's message and an operator's message count for their widget and no agent;
 * a reply counts for the agent that wrote it. The hour is that of the record's created_at.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_H
#define STORAGED_NUMBERS_NUMBERS_H

#include "storaged/engine/txn.h"

/*
 * To be called when a message is stored, replaced or removed, and when its details change, in a
 * conversation of this organization and widget. seq: its place. before: what was stored there, NULL:
 * nothing. now: what is; NULL: nothing. These functions write nothing before the commit.
 */
void numbers_change_message(struct txn *t, const struct id *org, const struct id *widget,
    uint64_t seq, const struct msg_message_record *before,
    const struct msg_message_record *now);

/* The same for a conversation's record. before: NULL for a fresh one. */
void numbers_change_conversation(struct txn *t, const struct msg_conversation_record *before,
    const struct msg_conversation_record *now);

/* A message, or a conversation without its messages, is erased. It stays counted, but its numbers
 * can no longer be counted again, nor be told from those of others: if it is imported again, it counts
 * a second time. */
void numbers_keep_message(struct txn *t, const struct id *org, const struct id *widget,
    uint64_t seq, const struct msg_message_record *message);
void numbers_keep_conversation(
    struct txn *t, const struct msg_conversation_record *conversation);

/* A conversation was handed over to a person, now: one that neither had it nor was waited for. agent:
 * which has asked for the person; NULL: the person took it. */
void numbers_add_handover(
    struct txn *t, const struct id *org, const struct id *widget, const struct id *agent);

/* Writes the changes so far, before the commit does it: for transactions with a great many. 0 or an
 * error of txn.h. */
[[gnu::warn_unused_result]] int numbers_write(struct txn *t);

#endif
