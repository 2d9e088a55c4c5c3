/*
 * A reply that is looked for, and whose it must be: a turn_reference kept beyond the call that
 * brought it. Belongs to one at a time: the turn that may turn out to be a repeated one, the question
 * how the reply is, the reply that is followed, one who wants it stopped.
 */
#ifndef WORKERD_TURN_REPLY_REF_H
#define WORKERD_TURN_REPLY_REF_H

#include "workerd/turn/turn.h"

struct reference {
	struct id org, widget, message;
	size_t session_len;
	uint8_t session[];
};

/* A copy; free with free(). */
struct reference *reference_new(const struct turn_reference *from);
struct reference *reference_copy(const struct reference *r);

/* The question to the store how the reply is, of which from bytes are here. */
struct msg_turn_join reference_join(const struct reference *r, size_t from);

#endif
