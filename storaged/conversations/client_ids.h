/*
 * Clients' own names for their messages: by them a message that is sent again, because its answer
 * was lost, is known again, and its reply found. Each names a visitor's message of a conversation
 * and the turn that answers it, whose place is the next.
 */
#ifndef STORAGED_CONVERSATIONS_CLIENT_IDS_H
#define STORAGED_CONVERSATIONS_CLIENT_IDS_H

#include "storaged/engine/txn.h"

/* What a name of 1 to CLIENT_ID_MAX bytes stands for; MDB_NOTFOUND: nothing yet. */
[[gnu::warn_unused_result]] int client_id_get(struct txn *t, const struct id *conversation,
    struct slice name, struct msg_client_id_record *stands_for);

/* Gives the message at seq its name. */
[[gnu::warn_unused_result]] int client_id_put(struct txn *t, const struct id *conversation,
    struct slice name, uint64_t seq, const struct id *turn);

/* Removes the names of a conversation's message at seq, if it has any. Looks through all names of the
 * conversation. */
[[gnu::warn_unused_result]] int client_ids_drop(
    struct txn *t, const struct id *conversation, uint64_t seq);

#endif
