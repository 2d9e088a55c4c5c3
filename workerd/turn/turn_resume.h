/*
 * Joins listeners to replies that were begun earlier (turn_join(), turn_stop() in turn.h): asks
 * storaged for the reply's state, then adds the listener to the turn of this worker or to the remote
 * reply of another, or reports how the reply ended.
 */
#ifndef WORKERD_TURN_TURN_RESUME_H
#define WORKERD_TURN_TURN_RESUME_H

#include "workerd/turn/reply_listeners.h"
#include "workerd/turn/turns.h"

/* A message was sent before and its reply has this state: the listener receives all of the reply. Takes
 * over l and ref, which has no message id yet. */
void turn_resume_repeated(struct turns *turns, struct turn_listener *l, struct reply_ref *ref,
    const struct msg_turn_state *state);

/* Looks up again a reply that a listener stops; the listener is in no reply. Takes it over. */
void turn_resume_stop(void *turns, struct turn_listener *l);

/* Reports TURN_SHUTDOWN to all listeners whose reply is looked up. */
void turn_resume_shutdown(struct turns *turns);

/* Frees all lookups without calls to listeners; the store client is freed already. */
void turn_resume_clear(struct turns *turns);

#endif
