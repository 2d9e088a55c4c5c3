/*
 * Turns that lost their worker become interrupted replies: their text is kept, and nothing stays
 * open forever. Runs in transactions of its own, between batches.
 */
#ifndef STORAGED_TURNS_INTERRUPT_H
#define STORAGED_TURNS_INTERRUPT_H

#include "storaged/live/live.h"

enum interrupt_result {
	INTERRUPT_IDLE,  /* no lost turn is left */
	INTERRUPT_MORE,  /* some are left: call again soon */
	INTERRUPT_STUCK, /* the store refuses writes: call again later */
};

/* Ends a bounded number of lost turns, and notifies those who follow them. Not during a batch. */
enum interrupt_result interrupt_lost(struct env *env, struct live *live);

#endif
