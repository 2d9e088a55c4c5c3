/*
 * The peers: workers and tools connected to our socket, each with its channel, its events and the
 * turns that it runs.
 *
 * Event callbacks only read bytes and set flags. Everything else is done once per loop turn by
 * server.c: take requests, commit, then peer_settle(), the only place that sends answers and frees
 * peers.
 */
#ifndef STORAGED_SERVER_PEERS_H
#define STORAGED_SERVER_PEERS_H

#include <sys/types.h>

#include <event2/event.h>

#include "proto/access/access.h"
#include "proto/ipc/channel.h"
#include "storaged/server/batch.h"

#define PEERS_MAX 1024u

/* A peer with more unsent bytes than this is neither read nor served; and the most that its
 * answers may reach, with what one batch adds to a peer just below that. */
#define PEER_UNSENT_HIGH ((size_t)4 << 20)
#define PEER_UNSENT_MAX  (2 * PEER_UNSENT_HIGH)

struct peer {
	TAILQ_ENTRY(peer) order;
	uint64_t number; /* peer= in the log */
	uint64_t since;  /* ms since 1970 */
	struct channel channel;
	struct client client;
	struct event *readable, *writable;
	bool tool;      /* it may only be the banter command */
	unsigned looks; /* checks in a row that found an incomplete message */
	bool ready;     /* complete requests may wait in the channel */
	bool served;    /* its requests are in the batch, in the channel's buffer */
	bool waits;     /* for its socket to become writable */
	bool mute;      /* it is gone: nothing is sent; what it sent is still read */
	bool ended;     /* it sends no more; what it sent is still served */
	pid_t from;     /* the process at the other end of the socket */
	bool pinged;    /* it has sent a PING */
	bool asked;     /* it has sent anything else */
	bool dropped;   /* it is freed when the batch is over */
	bool told;      /* it has LEAVING */
	size_t settled; /* bytes that peer_settle() has left to be sent */
};

TAILQ_HEAD(peer_list, peer);

struct peers {
	struct event_base *base;
	struct live *live;
	struct long_reads *long_reads; /* NULL in tests */
	struct access access; /* which peers may connect; at first only our own user and root */
	bool tools_only;      /* only the banter command is let in */
	struct event *look;   /* timer of peers_look() */
	struct peer_list all; /* in the order of service */
	size_t n;
	uint64_t last_number;
	bool awaits; /* turns of a peer that was freed wait for its return */
};

void peers_init(struct peers *p, struct event_base *base, struct live *live);

/* Tells workers and crawld, once, that they lose their connections in good order: LEAVING. in_doubt: as in the message; then
 * what is queued since peer_settle() is dropped, because answers must not leave any more. */
void peers_tell_leaving(struct peers *p, bool in_doubt);

/* Closes all peers; their turns stay open in the store. */
void peers_clear(struct peers *p);

/* Takes over an accepted, non-blocking socket if its peer may connect (access.h); else closes it
 * and logs that. */
void peers_add(struct peers *p, int fd);

/* Puts this peer's requests into the batch, until either reaches its limit. May be called again
 * for the same batch. Drops a peer that breaks the protocol. */
void peer_take(struct peer *peer, struct batch *batch);

/* Drops peers that have not sent their hello for 2 s, or the rest of a message for 10 s. A timer
 * calls it. */
void peers_look(struct peers *p);

/* After the batch: sends answers, and frees a peer that is gone (its turns are lost). True: it
 * can be served again at once. */
bool peer_settle(struct peers *p, struct peer *peer);

/* Frees unused buffer memory. Not during a batch. */
void peers_trim(struct peers *p);

#endif
