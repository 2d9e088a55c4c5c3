/*
 * Client message ids: the names that clients give to their messages. By its id, a message that is
 * sent again because its answer was lost is recognized, and its reply is found. An id leads to a
 * visitor's message of a conversation and to the turn that answers it, whose place is the next
 * one.
 */
#ifndef STORAGED_CONVERSATIONS_CLIENT_IDS_H
#define STORAGED_CONVERSATIONS_CLIENT_IDS_H

#include "storaged/engine/txn.h"

/* An operator's client ids begin with this character in the table: clients cannot send it. Their turn is
 * zero. */
#define OPERATOR_CLIENT_ID '~'

/* What an id of 1 to CLIENT_ID_MAX bytes leads to; MDB_NOTFOUND: it is new. */
[[gnu::warn_unused_result]] int client_id_get(struct txn *t, const struct id *conversation,
    struct slice name, struct msg_client_id_record *stands_for);

/* Gives the message at seq its id. */
[[gnu::warn_unused_result]] int client_id_put(struct txn *t, const struct id *conversation,
    struct slice name, uint64_t seq, const struct id *turn);

/* Removes the ids of the message at seq, if it has any. Looks through all ids of the
 * conversation. */
[[gnu::warn_unused_result]] int client_ids_drop(
    struct txn *t, const struct id *conversation, uint64_t seq);

#endif
