/*
 * A connected client as the batch and the live exchange see it: where its messages are queued,
 * which open turns it runs, and which turns and rooms it follows. Embedded in a peer (peers.h).
 */
#ifndef STORAGED_LIVE_CLIENT_H
#define STORAGED_LIVE_CLIENT_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"

struct open_turn;
struct following;

TAILQ_HEAD(turn_list, open_turn);
LIST_HEAD(followings, following);

/* What can be followed (topics.h). */
enum topic_kind {
	TOPIC_TURNS, /* open turns of others (live.h) */
	TOPIC_ROOMS, /* rooms.h */
	TOPIC_KINDS,
};

/* What a client waits for (waiters.h). */
enum waiting {
	WAITING_WEBHOOKS,  /* a change of the endpoints, or of their lease */
	WAITING_EMBEDDING, /* new text, or a change of the lease of the worker that embeds it */
	WAITING_SOURCES,   /* a change of sources, or an upload */
	WAITING_MAIL,      /* a new mail, or a change of the lease of the mails */
	WAITING_MEDIA,     /* a new picture, or a change of the lease of the pictures */
	WAITINGS,
};

/* waiters.c's own. */
struct waiter {
	LIST_ENTRY(waiter) link;
	struct client *client;
	bool waits;
};

struct client {
	struct buf *out; /* answers and notifications; not to be flushed during a batch */
	struct turn_list turns; /* the open turns that it runs (open_turns.h) */
	struct {
		struct followings list;
		size_t n;
	} follows[TOPIC_KINDS];
	struct followings ended; /* of rooms: their ends wait for space in out (rooms.h) */
	/* change_followers.c's own */
	struct {
		LIST_ENTRY(client) link;
		bool waits;
		uint64_t has; /* number of the last row of the change feed that it has read */
	} changes;
	struct waiter waits_for[WAITINGS];
	const char *fault;   /* why it must be disconnected; NULL: no reason */
	unsigned long_reads; /* of its requests that wait (request/long_reads.h) */
	/* batch.c's own */
	uint64_t batch; /* the last batch with a request of this client */
	size_t mark;    /* bytes of out before that batch */
};

void client_init(struct client *client, struct buf *out);

/* Queues a message that does not answer a request. If it does not fit, the client is too far
 * behind, which is a fault. */
void client_notify(struct client *client, enum msg_type type, const void *msg);

#endif
