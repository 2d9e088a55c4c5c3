/*
 * The live exchange of visitors: which clients follow which visitor, to tell their browser's tabs what
 * it does in another one. A room is a visitor that somebody follows.
 *
 * Changed, and clients told, only after the commit of what changed, as all of the live exchange
 * (live.h, which owns the table).
 */
#ifndef STORAGED_LIVE_ROOMS_H
#define STORAGED_LIVE_ROOMS_H

#include "storaged/live/topics.h"

/* Whether this client may follow the visitor: it does already, or there is room for one more. */
bool rooms_have_room(
    const struct topics *rooms, const struct client *client, const struct id *visitor);

/* Whether anybody follows the visitor. */
bool rooms_have(const struct topics *rooms, const struct id *visitor);

/* From now on the client hears of this visitor of a widget. */
void rooms_follow(struct topics *rooms, struct client *client, const struct id *visitor,
    const struct id *widget);

/* And no more. */
void rooms_leave(struct topics *rooms, struct client *client, const struct id *visitor);

/*
 * The visitor has sent a message: all who follow it are told. One that has no room left for that must
 * not go on as if nothing had been said: to it the visitor ends, so that it comes anew when it has.
 */
void rooms_turn(struct topics *rooms, const struct msg_live_turn *turn);

/* The visitor has said who it is. */
void rooms_contact(struct topics *rooms, const struct id *visitor);

/* The token of a visitor, or those of all visitors of a widget, are good for nothing any more, or what was
 * said is gone: who follows asks. The latter looks at all rooms. */
void rooms_end_visitor(struct topics *rooms, const struct id *visitor);
void rooms_end_widget(struct topics *rooms, const struct id *widget);

/* A client goes: it follows nobody any more. */
void rooms_forget(struct topics *rooms, struct client *client);

#endif
