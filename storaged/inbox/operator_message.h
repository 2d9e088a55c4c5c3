/*
 * Messages of operators. Such a message takes the place of a reply, after a question's place that stays
 * empty, so it is the newest reply of its conversation.
 *
 * Its client id is the operators' own: in the table it begins with a character that visitors' ids cannot
 * have.
 */
#ifndef STORAGED_INBOX_OPERATOR_MESSAGE_H
#define STORAGED_INBOX_OPERATOR_MESSAGE_H

#include "storaged/request/call.h"

/* Answered by MSG_OPERATOR_MESSAGE_STORED, or by MSG_HOLDER: the sender does not hold the conversation. */
[[gnu::warn_unused_result]] int handle_operator_message(struct txn *t, struct call *c);

#endif
