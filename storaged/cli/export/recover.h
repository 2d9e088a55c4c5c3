/*
 * The record of a conversation that cannot be read, made again from what else the store knows of it. If all of
 * that is intact, the result is the lost record.
 */
#ifndef STORAGED_CLI_EXPORT_RECOVER_H
#define STORAGED_CLI_EXPORT_RECOVER_H

#include "storaged/engine/txn.h"

struct recovered {
	struct msg_conversation_record record; /* its slices lie in the map, or here */
	char session[sizeof("recovered-") + ID_TEXT_LEN];
};

/*
 * Finds the conversation's owner and activity in an index, its session in another one (without it, the session
 * gets a new name), and counts its messages. Walks over whole indexes. 0; MDB_NOTFOUND: the owner is
 * unknown; or an error of txn.h.
 */
[[gnu::warn_unused_result]] int recover_conversation(
    struct txn *t, const struct id *id, struct recovered *r);

#endif
