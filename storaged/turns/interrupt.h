/*
 * Turns that lost their worker become interrupted replies: their text is kept, and nothing stays
 * open forever. Runs in transactions of its own, between batches.
 */
#ifndef STORAGED_TURNS_INTERRUPT_H
#define STORAGED_TURNS_INTERRUPT_H

#include "storaged/conversations/replies.h"
#include "storaged/live/live.h"

enum interrupt_result {
	INTERRUPT_IDLE,  /* no lost turn is left */
	INTERRUPT_MORE,  /* some are left: call again soon */
	INTERRUPT_STUCK, /* the store refuses writes: call again later */
};

/* Ends a bounded number of lost turns, and notifies those who follow them. Not during a batch. */
enum interrupt_result interrupt_lost(struct env *env, struct live *live);

/* Ends an open turn that lost its worker: reply_interrupt(). */
[[gnu::warn_unused_result]] int turn_interrupt(struct txn *t, const struct id *turn,
    const struct reply_ending *known, struct reply_interruption *out);

/* How a reply ends that broke off: behind an action that waits for a decision it waits, too, so that the visitor sees what to
 * decide. */
[[gnu::warn_unused_result]] int turn_ends_waiting(
    struct txn *t, const struct turn_view *v, struct reply_interrupted *how);

#endif
