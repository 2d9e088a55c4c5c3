/*
 * Gaps: visitors' questions that the content does not answer. A gap has the id of its turn, and is erased with its
 * conversation.
 */
#ifndef STORAGED_CONTENT_GAPS_H
#define STORAGED_CONTENT_GAPS_H

#include "storaged/engine/txn.h"

/* The gaps of an organization, about: the oldest go when some more have come. */
#define GAPS_OF_ORG_MAX 20000u

/* UTF-16 units of a gap's question: at most 3,000 bytes (messages.def). */
#define GAP_QUESTION_UNITS 1000u

/* Stores a gap, in place of one with its id, with its entry by conversation. Its slices must not lie in the map. */
[[gnu::warn_unused_result]] int gap_store(struct txn *t, const struct msg_gap_record *r);

/* Adds a gap, or replaces it while it is open; adds its row to the change feed. */
[[gnu::warn_unused_result]] int gap_add(struct txn *t, const struct msg_gap_record *r);

/* Removes the gap of a turn, if there is one that is still open: it has an answer by now. */
[[gnu::warn_unused_result]] int gap_drop_open(
    struct txn *t, const struct id *org, const struct id *turn);

/* Removes a gap with its entry. */
[[gnu::warn_unused_result]] int gap_remove(
    struct txn *t, const struct id *org, const struct id *conversation, const struct id *gap);

/* Removes all gaps of a conversation, with rows of the change feed. */
[[gnu::warn_unused_result]] int gaps_erase(struct txn *t, const struct id *conversation);

#endif
