/*
 * A person answers in a conversation in place of the model: who has taken it over, and until when. The
 * conversation's state is STATE_PERSON meanwhile, and no turn of it begins (turns/turn_handed.h).
 *
 * Requests are ordered by the store, so each race has one outcome:
 *	two operators             the first one holds the conversation; the second one gets its name
 *	a takeover, a new message a turn that began first is stopped, and its text so far is the reply; a
 *	                          message that comes later is handed to the person
 *	a dead worker             its reply ends as stopped with the text that was stored last
 *	storaged is killed        a takeover that was acknowledged is on disk; turns that were open then are
 *	                          stopped when their worker claims them
 * turns/silence.h ends the takeovers of silent operators.
 */
#ifndef STORAGED_INBOX_TAKEOVER_H
#define STORAGED_INBOX_TAKEOVER_H

#include "storaged/request/call.h"

/* Bytes of an operator's name (messages.def). */
#define OPERATOR_NAME_MAX 300

/* Whether the operator of a conversation has not written for too long (OPERATOR_TIMEOUT_MS). */
bool takeover_has_lapsed(
    const struct env *env, const struct msg_conversation_record *conversation, uint64_t now);

/* Whether the visitor's last message has no answer: it was handed to the operator, or the takeover stopped its
 * reply before the first word. */
[[gnu::warn_unused_result]] int takeover_find_unanswered(
    struct txn *t, const struct msg_conversation_record *conversation, bool *unanswered);

/* Ends the takeover of a stored conversation, whose state becomes open or waiting. */
[[gnu::warn_unused_result]] int takeover_release(struct txn *t, struct call *c,
    const struct id *conversation, enum conversation_state state);

/* The conversation of a request; refuses another organization's. */
[[gnu::warn_unused_result]] int takeover_find(struct txn *t, struct call *c,
    const struct id *org, const struct id *id, struct msg_conversation_record *conversation);

/* The turns that were open when storaged started, in conversations that a person has taken over, are to be
 * stopped when a worker claims them. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int takeover_stop_found(struct env *env, struct live *live);

/* Answers with the holder: granted or not. */
void takeover_answer(
    struct call *c, const struct msg_conversation_record *conversation, bool granted);

/* Answered by MSG_HOLDER. */
[[gnu::warn_unused_result]] int handle_takeover(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_handback(struct txn *t, struct call *c);

#endif
