/*
 * Replies that other workers write and listeners of this worker receive. storaged forwards their text
 * for as long as a worker follows them. One remote reply serves all its listeners here.
 */
#ifndef WORKERD_TURN_REMOTE_REPLY_H
#define WORKERD_TURN_REMOTE_REPLY_H

#include "workerd/turn/reply_listeners.h"
#include "workerd/turn/turns.h"

/* Whether this worker still follows an earlier run of a reply that has been restarted. Asks storaged for
 * the state, so that its listeners get an error first. */
bool remote_reply_is_outdated(struct turns *turns, const struct msg_turn_state *state);

/*
 * Adds a listener to a reply that storaged has just allowed us to follow, and stops the reply if the
 * listener wants that. Takes over ref and l. Not for an outdated reply. resync: if this is the reply's
 * first listener here, storaged may believe that we do not follow it, or that we have some of its text,
 * so its state is requested once more.
 */
void remote_reply_add_listener(struct turns *turns, struct reply_ref *ref,
    const struct msg_turn_state *state, struct turn_listener *l, bool resync);

/* Bytes of a followed reply's text that are here; 0 if it is not followed. */
size_t remote_reply_length(const struct turns *turns, const struct id *message);

/* storaged's messages about followed replies. */
void remote_reply_text(struct turns *turns, const struct msg_live_text *piece);
void remote_reply_end(struct turns *turns, const struct id *message);
void remote_reply_unsaved(struct turns *turns, const struct msg_live_unsaved *unsaved);

/* The connection to storaged was lost: requests the state of all followed replies on the next one. */
void remote_reply_resync(struct turns *turns);

/* Reports TURN_SHUTDOWN to all listeners. */
void remote_reply_shutdown(struct turns *turns);

/* Frees all without calls to listeners or storaged; the store client is freed already. */
void remote_reply_clear(struct turns *turns);

#endif
