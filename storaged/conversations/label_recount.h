/*
 * Counts the conversations of all labels again: after a count was found damaged, or if a store of an older
 * schema was never counted. Reads all conversations, and writes only the counts that differ, in a transaction of
 * its own, whose changes a commit log has to acknowledge at once. Logs the result.
 */
#ifndef STORAGED_CONVERSATIONS_LABEL_RECOUNT_H
#define STORAGED_CONVERSATIONS_LABEL_RECOUNT_H

#include "storaged/engine/txn.h"

void label_recount(struct env *env);

/* The same if there are no counts at all. */
void label_recount_missing(struct env *env);

#endif
