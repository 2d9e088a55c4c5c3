/*
 * Removes a user or a tag from the conversations that have it as a label.
 */
#ifndef STORAGED_CONVERSATIONS_LABEL_DROP_H
#define STORAGED_CONVERSATIONS_LABEL_DROP_H

#include "storaged/engine/txn.h"

/* Conversations that one request changes at most, so that a request stays short. */
#define LABEL_DROPS_MAX 250u

/* Removes the label from some conversations; *left: not from all. */
[[gnu::warn_unused_result]] int label_drop_some(
    struct txn *t, const struct id *org, const struct id *label, bool *left);

#endif
