/*
 * The peers: workers and tools connected to our socket, each with its channel, its events and the
 * turns that it runs.
 *
 * Callbacks of the loop only read bytes in and note what happened; everything else is done once
 * per loop turn by server.c: take requests, commit, and then peer_settle(), the only place that
 * sends answers and frees peers.
 */
#ifndef STORAGED_SERVER_PEERS_H
#define STORAGED_SERVER_PEERS_H

#include <event2/event.h>

#include "proto/ipc/channel.h"
#include "storaged/server/access.h"
#include "storaged/server/batch.h"

#define PEERS_MAX 1024u

/* Unsent bytes over which a peer is neither read nor served; and what its answers may come to at
 * most, with what a batch adds to a peer that was just under that. */
#define PEER_UNSENT_HIGH ((size_t)4 << 20)
#define PEER_UNSENT_MAX  (2 * PEER_UNSENT_HIGH)

struct peer {
	TAILQ_ENTRY(peer) order;
	uint64_t number; /* peer= in the log */
	uint64_t since;  /* ms since 1970 */
	struct channel channel;
	struct client client;
	struct event *readable, *writable;
	unsigned looks; /* peers_look() in a row that found it owing the rest of a message */
	bool ready;     /* whole requests may wait in the channel */
	bool served;    /* requests of it are in the batch, and lie in the channel's buffer */
	bool waits;     /* for its socket to take more */
	bool mute;      /* it has gone, so nothing is sent; what it sent is still read */
	bool ended;     /* it sends no more; what it sent is still served */
	bool dropped;   /* to be freed when the batch is over */
};

TAILQ_HEAD(peer_list, peer);

struct peers {
	struct event_base *base;
	struct live *live;
	struct access access; /* who may come; at first only our own user and root */
	struct event *look;   /* the timer behind peers_look() */
	struct peer_list all; /* whose turn it is to be served comes first */
	size_t n;
	uint64_t last_number;
};

void peers_init(struct peers *p, struct event_base *base, struct live *live);

/* Closes all of them; their turns stay open in the store. */
void peers_clear(struct peers *p);

/* Takes over an accepted, non-blocking socket, if its other end may be served at all (access.h);
 * else closes it, with a line in the log. */
void peers_add(struct peers *p, int fd);

/* Puts this peer's requests into the batch, until one of them has enough; may be called again for
 * the same batch when more has come. A peer that breaks the protocol is dropped. */
void peer_take(struct peer *peer, struct batch *batch);

/* Drops those that owe us their hello, or the rest of a message, for too long. A timer calls it. */
void peers_look(struct peers *p);

/* After the batch: sends, and frees the peer if it has gone (its turns are lost then). Whether it
 * can be served again at once. */
bool peer_settle(struct peers *p, struct peer *peer);

/* Gives back the memory of buffers that are not in use. Not during a batch. */
void peers_trim(struct peers *p);

#endif
