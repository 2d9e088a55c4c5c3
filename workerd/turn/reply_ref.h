/*
 * A reference to a reply that was begun earlier: its message id, and the session or conversation that it must
 * belong to.
 */
#ifndef WORKERD_TURN_REPLY_REF_H
#define WORKERD_TURN_REPLY_REF_H

#include "proto/ipc/messages.h"

struct reply_ref {
	struct id org, widget;
	struct slice session; /* at most 128 bytes */
	struct id message;    /* of the reply */
	/* Of the organization, which may read all replies of its own; then widget and session are unset. Zero:
	 * the reply must belong to the session. */
	struct id conversation;
};

/* A copy with its own session text, in one allocation. Free with free(). */
struct reply_ref *reply_ref_copy(const struct reply_ref *ref);

/* The request to storaged for the reply's state. have: bytes of its text that are here already. */
struct msg_turn_join reply_ref_join(const struct reply_ref *ref, size_t have);

#endif
