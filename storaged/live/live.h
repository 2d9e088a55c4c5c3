/*
 * The live exchange: who follows whose open turn. A worker whose visitor wants a reply that another
 * worker writes asks for it here (TURN_JOIN); the owner publishes only while somebody follows, so
 * ordinary turns pay nothing. Beside it are those who follow visitors (rooms.h).
 *
 * In memory only, and bounded. Changed, and clients told, only after the commit of what changed:
 * never while a batch is open, which would take back what is queued. Whatever ends a turn's being
 * open, or begins it anew, ends its followings.
 */
#ifndef STORAGED_LIVE_LIVE_H
#define STORAGED_LIVE_LIVE_H

#include "storaged/live/open_turns.h"
#include "storaged/live/rooms.h"

/* Room in a client's out, in bytes, that is left to answers and to what it is told besides text. */
#define LIVE_ROOM_LEFT ((size_t)4 << 20)

struct live {
	struct open_turns *open; /* borrowed */
	struct topics turns;     /* that somebody follows, or wants stopped */
	struct topics rooms;
	bool told; /* something was queued since the server's last look */
};

void live_init(struct live *l, struct open_turns *open);

/* Frees all of it; no client follows anything any more. */
void live_clear(struct live *l);

/* Whether the client may follow another turn; TURN_JOIN is refused beyond (topics.h). */
bool live_has_room(const struct live *l, const struct client *client);

bool live_follows(const struct live *l, const struct client *client, const struct id *turn);

/* The client follows an open turn, which is not its own, from this byte of its text on; the owner,
 * if there is one, is told. */
void live_follow(struct live *l, struct client *client, const struct id *turn, uint32_t from);

/* It follows the turn no more; the owner is told when nobody does. */
void live_leave(struct live *l, struct client *client, const struct id *turn);

/* The owner is to stop this turn: now, or when there is one. */
void live_stop(struct live *l, const struct id *turn);

/* Hands a piece on to those who follow the turn, but not to one who has no room for it: it will see
 * the gap, or the end, and ask for what is missing. A turn that is not open any more is no error; one
 * that another client runs is the publisher's fault. */
void live_publish(struct live *l, struct client *from, const struct id *turn, uint32_t offset,
    struct slice text);

/* Tells those who follow the turn that its end is not stored; full as in messages.def. Whose it is
 * matters as in live_publish(). */
void live_unsaved(struct live *l, struct client *from, const struct id *turn, uint8_t full);

/* The turn has another owner, or the same over a new line: it is told what is wanted. */
void live_claimed(struct live *l, const struct id *turn);

/* The turn is closed or begun anew: nobody follows it any more. */
void live_end(struct live *l, const struct id *turn);

/* The same of one that was erased, which is open no more: its owner is told, too. */
void live_erase(struct live *l, const struct id *turn);

/* A client goes, and with it all that it follows, visitors too. */
void live_forget(struct live *l, struct client *client);

#endif
