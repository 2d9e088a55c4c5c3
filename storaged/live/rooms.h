/*
 * Rooms: which clients follow a conversation. Each conversation has two rooms: that of its owners, with the
 * conversation's id, and that of its session (proto/ipc/room_id.h), which exists before the conversation and
 * survives its erasure, so that each of a visitor's browser tabs learns what happens in the others.
 *
 * It changes, and clients are notified, only after the commit of a change, like the whole live
 * exchange (live.h, which owns the table).
 */
#ifndef STORAGED_LIVE_ROOMS_H
#define STORAGED_LIVE_ROOMS_H

#include "storaged/live/topics.h"

/* Whether the client may follow the room: it already does, or there is space for one more. */
bool rooms_may_follow(
    const struct topics *rooms, const struct client *client, const struct id *id);

/* Whether anybody follows the room. */
bool rooms_have(const struct topics *rooms, const struct id *id);

/* The client follows this room. widget: of a visitor's room; zero for others. */
void rooms_follow(
    struct topics *rooms, struct client *client, const struct id *id, const struct id *widget);

/* The client stops following the room. */
void rooms_leave(struct topics *rooms, struct client *client, const struct id *id);

/*
 * What happened in a room, for all who follow it. A client without space for the message must not miss it
 * silently: it gets the end of the room, so that it asks again once it has space. Only presence and typing
 * are dropped then, and typing also when the room had it within the last second.
 */
void rooms_turn(struct topics *rooms, const struct msg_live_turn *turn);
void rooms_changed(struct topics *rooms, const struct id *id, const struct id *conversation);
void rooms_contact(struct topics *rooms, const struct id *id);
void rooms_typing(struct topics *rooms, const struct id *id);
void rooms_presence(
    struct topics *rooms, const struct id *id, struct slice operator); /* OPERATOR_PRESENCE */

/* The token of a visitor, or of all visitors of a widget, is no longer valid, or the
 * conversation is gone: those who follow are told, at the latest when they have space for it, and ask again.
 * The second looks at all rooms. */
void rooms_end(struct topics *rooms, const struct id *id);
void rooms_end_widget(struct topics *rooms, const struct id *widget);

/* Sends the ends that had no space, as far as there is space now. */
void rooms_send_ends(struct topics *rooms, struct client *client);

/* A client has disconnected: it follows no room any more. */
void rooms_forget(struct topics *rooms, struct client *client);

#endif
