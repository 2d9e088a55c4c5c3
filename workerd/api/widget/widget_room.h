/*
 * Rooms: all WebSockets of one visitor in this worker, however many tabs it has open, and what the
 * store tells of it while there is one.
 *
 *	widget_socket.c → room_enter() → VISITOR_FOLLOW, once a room
 *	LIVE_TURN, LIVE_CONTACT, LIVE_VISITOR_END → the guests, one after the other
 *	the last room_leave() → VISITOR_LEAVE
 *
 * When the line to the store was lost the room follows again by itself, and has each guest look for
 * what it has missed meanwhile.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_ROOM_H
#define WORKERD_API_WIDGET_WIDGET_ROOM_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"
#include "workerd/store/store_client.h"

struct widget_room;
struct widget_rooms;
struct room_guest;

enum room_event {
	ROOM_TURN,    /* the visitor has sent a message, over this guest or any other */
	ROOM_CONTACT, /* the visitor has said who it is */
	ROOM_MISSED,  /* something was not told, as while the line was lost: look for it */
	ROOM_DEAF,    /* the store cannot be asked for news: they would be missed */
	ROOM_OVER,    /* the visitor's token is good for nothing any more */
};

struct room_news {
	enum room_event event;
	const struct msg_live_turn *turn; /* of ROOM_TURN */
	/* of ROOM_MISSED */
	bool known;  /* the visitor has said who it is, perhaps long ago */
	bool erased; /* the conversation that it had was deleted */
};

/* Embedded in whoever is in a room. */
struct room_guest {
	/* Never called from within room_enter() or room_leave(); it may leave, itself or others. */
	void (*hear)(struct room_guest *guest, const struct room_news *news);
	struct widget_room *room; /* NULL: in none */
	TAILQ_ENTRY(room_guest) link;
};

/* Listens to the line from now on; it is borrowed. */
struct widget_rooms *widget_rooms_new(struct store_client *store);

/* All rooms are empty. */
void widget_rooms_free(struct widget_rooms *rooms);

/* Enters the room of a visitor; token is the hash of its own. guest->hear is set. What the guest
 * asks the store after this is answered no earlier than the room follows. 0, or -1 when too much waits
 * for the store: it is in no room then. */
[[gnu::warn_unused_result]] int room_enter(struct widget_rooms *rooms, struct room_guest *guest,
    const struct id *visitor, const struct hash256 *token);

/* Leaves it; nothing if it is in none. */
void room_leave(struct room_guest *guest);

#endif
