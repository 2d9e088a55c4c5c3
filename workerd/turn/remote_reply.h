/*
 * Replies that other workers write and somebody here listens to. storaged forwards their text for as
 * long as a worker follows them; one follow for each serves all its listeners here.
 */
#ifndef WORKERD_TURN_REMOTE_REPLY_H
#define WORKERD_TURN_REMOTE_REPLY_H

#include "workerd/turn/listeners.h"
#include "workerd/turn/reply_ref.h"

/* Whether an older run of a reply is still followed here, which the store has begun anew, it says. Its
 * listeners are to hear of that first. */
bool follow_is_outdated(struct chat *chat, const struct msg_turn_state *state);

/*
 * The store lets us follow this reply, as it has just said: the listener hears it, and if it wants it
 * stopped, that is asked for. Takes over both; not for an outdated one. doubtful: should this be the
 * first who follows it here, the store may believe that we do not, or that we have some of its text.
 */
void follow_admit(struct chat *chat, struct reference *reference,
    const struct msg_turn_state *state, struct turn_listener *l, bool doubtful);

/* Bytes that are here of a reply, if it is followed. */
size_t follow_has(const struct chat *chat, const struct id *message);

/* What storaged says of them. */
void follow_text(struct chat *chat, const struct msg_live_text *piece);
void follow_end(struct chat *chat, const struct id *message);
void follow_unsaved(struct chat *chat, const struct msg_live_unsaved *unsaved);

/* The line to the store is gone: asks on the next how each one is. */
void follows_ask(struct chat *chat);

/* Time is up, or the process ends: those who listen are told, or forgotten. */
void follows_cut(struct chat *chat);
void follows_clear(struct chat *chat);

#endif
