/*
 * The live exchange: who follows which open turn. A worker whose visitor wants a reply that
 * another worker writes asks for it with TURN_JOIN. The owner publishes only while somebody
 * follows, so that ordinary turns have no extra cost. It also holds the table of those who follow
 * rooms (rooms.h).
 *
 * In memory only, and bounded. It changes, and clients are notified, only after the commit of a
 * change: never while a batch is open, which could take back what is queued. When a turn is closed
 * or restarted, nobody follows it any more.
 */
#ifndef STORAGED_LIVE_LIVE_H
#define STORAGED_LIVE_LIVE_H

#include "storaged/live/change_followers.h"
#include "storaged/live/index_wait.h"
#include "storaged/live/lease.h"
#include "storaged/live/open_turns.h"
#include "storaged/live/rooms.h"
#include "storaged/live/sightings.h"

/* Bytes of a client's out that text must leave free for answers and other notifications. */
#define LIVE_ROOM_LEFT ((size_t)4 << 20)

struct live {
	struct open_turns *open; /* borrowed */
	struct topics turns;     /* that somebody follows, or wants to stop */
	struct topics rooms;
	struct lease lease;     /* of the webhooks */
	struct lease embedding; /* of the vectors */
	struct lease mail;      /* of the mails */
	struct lease media;     /* of the pictures */
	struct waiters sources; /* who is notified of changes of sources */
	struct change_followers changes;
	struct index_wait index;
	struct sightings sightings;
	uint64_t visits[VISIT_RESULTS]; /* of crawld, by enum page_visit, since the start */
	/* An operator wants another machine to own the store. */
	struct hand_over {
		bool wanted;
		char to[65]; /* "": any */
	} hand_over;
	bool notified; /* something was queued since the server last looked */
};

void live_init(struct live *l, struct open_turns *open);

/* Frees everything; no client may follow anything. */
void live_clear(struct live *l);

/* Whether the client may follow one more turn; otherwise TURN_JOIN is refused (topics.h). */
bool live_may_follow(const struct live *l, const struct client *client);

bool live_follows(const struct live *l, const struct client *client, const struct id *turn);

/* The client follows an open turn of another client, from this byte of its text on. Notifies the
 * owner. */
void live_follow(struct live *l, struct client *client, const struct id *turn, uint32_t from);

/* The client stops following the turn. Notifies the owner when nobody follows it. */
void live_leave(struct live *l, struct client *client, const struct id *turn);

/* Asks the owner to stop this turn: now, or when a client claims it. */
void live_stop(struct live *l, const struct id *turn);

/* Sends a piece to those who follow the turn, except those without room: they will see the gap,
 * or the end, and ask for the missing text. Ignores a turn that is not open. Publishing another
 * client's turn is the publisher's fault. */
void live_publish(
    struct live *l, struct client *from, const struct msg_live_publish *published);

/* Tells those who follow the turn that its end could not be stored; full as in messages.def.
 * Faults as in live_publish(). */
void live_unsaved(struct live *l, struct client *from, const struct id *turn, uint8_t full);

/* The turn has another owner, or the same one over a new connection: tells it what is wanted. */
void live_claimed(struct live *l, const struct id *turn);

/* The turn was closed or restarted: nobody follows it any more. */
void live_end(struct live *l, const struct id *turn);

/* The turn was erased: like live_end(), and its owner is notified too. */
void live_erase(struct live *l, const struct id *turn);

/* The last committed row of the change feed has this number: notifies those who wait for rows. */
void live_changes(struct live *l, uint64_t newest);

/* A client has disconnected: it follows nothing any more, rooms included, and has no lease.
 */
void live_forget(struct live *l, struct client *client);

#endif
