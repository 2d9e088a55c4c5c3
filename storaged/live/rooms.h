/*
 * The live exchange of visitors: which clients follow which visitor, so that each of a visitor's
 * browser tabs learns what happens in the others. A room is a visitor that somebody follows.
 *
 * It changes, and clients are notified, only after the commit of a change, like the whole live
 * exchange (live.h, which owns the table).
 */
#ifndef STORAGED_LIVE_ROOMS_H
#define STORAGED_LIVE_ROOMS_H

#include "storaged/live/topics.h"

/* Whether the client may follow the visitor: it already does, or there is room for one more. */
bool rooms_may_follow(
    const struct topics *rooms, const struct client *client, const struct id *visitor);

/* Whether anybody follows the visitor. */
bool rooms_have(const struct topics *rooms, const struct id *visitor);

/* The client follows this visitor of a widget. */
void rooms_follow(struct topics *rooms, struct client *client, const struct id *visitor,
    const struct id *widget);

/* The client stops following the visitor. */
void rooms_leave(struct topics *rooms, struct client *client, const struct id *visitor);

/*
 * The visitor has sent a message: notifies all who follow it. A client without room for that must
 * not miss it silently: it gets the end of the visitor, so that it asks again once it has room.
 */
void rooms_turn(struct topics *rooms, const struct msg_live_turn *turn);

/* The visitor has a contact now. */
void rooms_contact(struct topics *rooms, const struct id *visitor);

/* The token of a visitor, or of all visitors of a widget, is no longer valid, or the
 * conversation is gone: those who follow are told, at the latest when they have room for it, and ask again.
 * The second looks at all rooms. */
void rooms_end_visitor(struct topics *rooms, const struct id *visitor);
void rooms_end_widget(struct topics *rooms, const struct id *widget);

/* Sends the ends that had no room, as far as there is room now. */
void rooms_send_ends(struct topics *rooms, struct client *client);

/* A client has disconnected: it follows no visitor any more. */
void rooms_forget(struct topics *rooms, struct client *client);

#endif
