/*
 * Erases conversations whose last activity is older than they are kept: so many days as their widget's
 * retention_days says, or else RETENTION_DAYS. A conversation with an open reply, or that a person has taken
 * over, waits. Age is measured by the steady time (store_time.h), so that a clock that jumps does not erase
 * everything at once.
 *
 * A pass begins at the start and every minute. It looks only at the oldest conversations of each widget, in
 * steps between batches.
 */
#ifndef STORAGED_RETENTION_RETENTION_H
#define STORAGED_RETENTION_RETENTION_H

#include "storaged/live/live.h"

/* Conversations that a step erases, and keys that it looks at, at most; and the messages of these
 * conversations, from which on it takes no more. */
#define RETENTION_ERASES   50u
#define RETENTION_LOOKS    500u
#define RETENTION_MESSAGES 1024u

/* Interval of the passes. */
#define RETENTION_PASS_MS 60000u

/* A pass over conversations_by_widget: from widget to widget, and from a widget's oldest conversation on. */
struct retention {
	bool runs;
	bool singly; /* a step failed: each erases one conversation, for the rest of the pass */
	bool
	    in_widget; /* at is a conversation, or behind the oldest; otherwise the next widget is there */
	uint64_t begun_ms; /* monotonic: the last pass */
	uint64_t erased;   /* in this pass */
	uint64_t before;   /* the conversations of this widget are kept from this activity on */
	struct key at;     /* the position */
	struct key newest; /* of this widget: only keys behind this one are old enough */
};

/* Begins a pass, unless one runs or has begun less than RETENTION_PASS_MS ago. */
void retention_start(struct retention *r);

/* The next step, in a transaction of its own; not during a batch. Notifies those who follow an erased
 * conversation. True: the pass is not complete, call again soon. */
bool retention_step(struct retention *r, struct env *env, struct live *live);

#endif
