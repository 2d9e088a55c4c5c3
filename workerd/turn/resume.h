/*
 * Looking for a reply that was begun before: the store is asked how it is, and the listener is told
 * how it ended, or goes to the turn that runs here, or to the reply that another worker writes.
 */
#ifndef WORKERD_TURN_RESUME_H
#define WORKERD_TURN_RESUME_H

#include "workerd/turn/listeners.h"
#include "workerd/turn/reply_ref.h"

/* A message was sent before, and its reply is in this state: the listener hears all of it. Takes over
 * the listener and the reference, which names no reply yet. */
void join_repeated(struct chat *chat, struct turn_listener *l, struct reference *reference,
    const struct msg_turn_state *state);

/* Looks once more for a reply that is to be stopped. The listener is in no audience; it is taken over. */
void join_again(struct chat *chat, struct turn_listener *l);

/* The listener leaves, or has waited long enough. */
void join_give_up(struct join *j);

/* Time is up, or the process ends: those who wait are told, or forgotten. */
void joins_cut(struct chat *chat);
void joins_clear(struct chat *chat);

#endif
