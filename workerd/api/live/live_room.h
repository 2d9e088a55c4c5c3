/*
 * Rooms: all of this worker who follow one conversation, and the subscription to the store's events of it.
 * The WebSockets of a visitor (one per browser tab) share a room, as do the event streams of a session, and
 * those of a conversation's owners.
 *
 *	live_room_enter() → VISITOR_FOLLOW or ROOM_FOLLOW, once per room
 *	LIVE_TURN, LIVE_CHANGED, LIVE_TYPING, LIVE_PRESENCE, LIVE_CONTACT, LIVE_ROOM_END
 *		→ on_event() of each member, in order
 *	the last live_room_leave() → ROOM_LEAVE
 *
 * After a reconnect to the store the rooms subscribe again, a few at a time, and each tells its members to
 * look for events that they missed. Meanwhile members may send requests to the store.
 */
#ifndef WORKERD_API_LIVE_LIVE_ROOM_H
#define WORKERD_API_LIVE_LIVE_ROOM_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"
#include "workerd/store/store_client.h"

struct live_room;
struct live_rooms;
struct live_room_member;

enum live_room_event_type {
	ROOM_TURN,        /* the visitor sent a message, over any of its connections */
	ROOM_CHANGED,     /* the conversation has another state, or an operator's message */
	ROOM_TYPING,      /* the other side writes a message */
	ROOM_PRESENCE,    /* an operator is in the conversation; only for owners */
	ROOM_CONTACT,     /* the visitor's contact details were stored */
	ROOM_MISSED,      /* events may have been missed: look for them */
	ROOM_UNAVAILABLE, /* the store cannot be asked for events */
	ROOM_GONE, /* the visitor token is invalid or expired, or the conversation was deleted */
};

struct live_room_event {
	enum live_room_event_type type;
	const struct msg_live_turn *turn; /* of ROOM_TURN */
	struct slice operator;            /* of ROOM_PRESENCE: an OPERATOR_PRESENCE */
	/* of ROOM_MISSED */
	bool identified; /* the visitor has contact details */
	bool erased;     /* the conversation that it had was deleted */
};

/* What a room follows. */
struct live_room_topic {
	struct id room;       /* a visitor's or a conversation's id, or room_id_of_session() */
	struct hash256 token; /* of a visitor: the hash of its own; zero: it has none */
	uint32_t vouched; /* with a token: as in VISITOR_FOLLOW; 0 once the visitor is stored */
	struct id org, widget;
	struct slice
	    session; /* without a token; empty: the room is of the conversation's owners; copied */
};

/* Embedded in each member of a room. */
struct live_room_member {
	/* Never called from within live_room_enter() or live_room_leave(). It may make any member
	 * leave. */
	void (*on_event)(struct live_room_member *member, const struct live_room_event *event);
	struct live_room *room; /* NULL: in none */
	TAILQ_ENTRY(live_room_member) link;
};

/* Listens to the store's events; store is borrowed. */
struct live_rooms *live_rooms_new(struct store_client *store);

/* All rooms must be empty. The store may not deliver any answer afterwards. */
void live_rooms_free(struct live_rooms *rooms);

/* Enters a room; member->on_event is set. Requests that the member sends to the store after this are answered
 * after the subscription has begun. 0, or -1 when too many requests wait for the store: then it is in no
 * room. */
[[gnu::warn_unused_result]] int live_room_enter(struct live_rooms *rooms,
    struct live_room_member *member, const struct live_room_topic *topic);

/* What topic.vouched of the member's room is now. */
uint32_t live_room_vouched(const struct live_room_member *member);

/* Does nothing if the member is in no room. */
void live_room_leave(struct live_room_member *member);

#endif
