/*
 * Answers to messages with a structure (proto/structure/answer_parts.h), inside the TURN_BEGIN that stores them: the text and the parts of
 * the visitor's message come from what the message shows, and the visitor's contact from the values.
 */
#ifndef STORAGED_STRUCTURE_STRUCTURE_ANSWER_H
#define STORAGED_STRUCTURE_STRUCTURE_ANSWER_H

#include "storaged/request/call.h"

/*
 * Checks the answer of a TURN_BEGIN in its conversation, which may be fresh, and copies the request to *filled, with the text and
 * the complete answer, both in the environment's buffers. Refuses: INVALID, STALE, ANSWER_WRONG (TURN_BEGIN).
 */
[[gnu::warn_unused_result]] int structure_answer_fill(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, union msg *filled);

/* The visitor's contact gets the name, e-mail and phone of a stored answer, as from CONTACT_SUBMIT. */
[[gnu::warn_unused_result]] int structure_answer_contact(
    struct txn *t, struct call *c, const struct msg_turn_begin *m);

#endif
