/*
 * Rooms: all WebSockets of one visitor in this worker (one per browser tab), and the subscription to the
 * store's events of that visitor.
 *
 *	widget_room_enter() → VISITOR_FOLLOW, once per room
 *	LIVE_TURN, LIVE_CONTACT, LIVE_VISITOR_END → on_event() of each member, in order
 *	the last widget_room_leave() → VISITOR_LEAVE
 *
 * After a reconnect to the store the rooms subscribe again, a few at a time, and each tells its members to
 * look for events that they missed. Meanwhile members may send requests to the store.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_ROOM_H
#define WORKERD_API_WIDGET_WIDGET_ROOM_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"
#include "workerd/store/store_client.h"

struct widget_room;
struct widget_rooms;
struct widget_room_member;

enum widget_room_event_type {
	ROOM_TURN,          /* the visitor sent a message, over any of its connections */
	ROOM_CONTACT,       /* the visitor's contact details were stored */
	ROOM_MISSED,        /* events may have been missed: look for them */
	ROOM_UNAVAILABLE,   /* the store cannot be asked for events */
	ROOM_SESSION_ENDED, /* the visitor token is invalid or expired */
};

struct widget_room_event {
	enum widget_room_event_type type;
	const struct msg_live_turn *turn; /* of ROOM_TURN */
	/* of ROOM_MISSED */
	bool identified; /* the visitor has contact details */
	bool erased;     /* the conversation that it had was deleted */
};

/* Embedded in each member of a room. */
struct widget_room_member {
	/* Never called from within widget_room_enter() or widget_room_leave(). It may make any member
	 * leave. */
	void (*on_event)(
	    struct widget_room_member *member, const struct widget_room_event *event);
	struct widget_room *room; /* NULL: in none */
	TAILQ_ENTRY(widget_room_member) link;
};

/* Listens to the store's events; store is borrowed. */
struct widget_rooms *widget_rooms_new(struct store_client *store);

/* All rooms must be empty. The store may not deliver any answer afterwards. */
void widget_rooms_free(struct widget_rooms *rooms);

/* Enters the room of a visitor; token is the hash of its own, member->on_event is set. Requests that the
 * member sends to the store after this are answered after the subscription has begun. 0, or -1 when too
 * many requests wait for the store: then it is in no room. */
[[gnu::warn_unused_result]] int widget_room_enter(struct widget_rooms *rooms,
    struct widget_room_member *member, const struct id *visitor, const struct hash256 *token);

/* Does nothing if the member is in no room. */
void widget_room_leave(struct widget_room_member *member);

#endif
