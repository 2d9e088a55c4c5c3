/*
 * The records of conversations that cannot be read, made again from what else the store knows of them. If all of
 * that is intact, the result is the lost record.
 */
#ifndef STORAGED_CLI_EXPORT_RECOVER_H
#define STORAGED_CLI_EXPORT_RECOVER_H

#include "storaged/engine/txn.h"

/* What the indexes know of a conversation; recover.c's own. */
struct recover_entry;

/* Of all conversations; all zero before the first use. */
struct recover_index {
	struct recover_entry *of;
	size_t n, room;
	bool known;
};

struct recovered {
	struct msg_conversation_record record; /* its slices lie in the map, or here */
	char session[sizeof("recovered-") + ID_TEXT_LEN];
};

/*
 * Finds the conversation's owner, activity, session and contact in the indexes (without a session it gets a new
 * name), and counts its messages. The first call reads the indexes, once. 0; MDB_NOTFOUND: the owner is unknown;
 * or an error of txn.h: then later calls know only what was read before it.
 */
[[gnu::warn_unused_result]] int recover_conversation(
    struct recover_index *index, struct txn *t, const struct id *id, struct recovered *r);

void recover_clear(struct recover_index *index);

#endif
