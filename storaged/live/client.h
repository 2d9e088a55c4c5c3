/*
 * One who sends requests, as the batch and the live exchange see it: where what it is told goes,
 * which open turns it runs, and which of them and of visitors it follows. Embedded in a peer (peers.h).
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
	TOPIC_TURNS,    /* others' open turns (live.h) */
	TOPIC_VISITORS, /* rooms.h */
	TOPIC_KINDS,
};

struct client {
	struct buf *out;        /* answers; not to be flushed during a batch */
	struct turn_list turns; /* the open turns that it runs (open_turns.h) */
	struct {
		struct followings list;
		size_t n;
	} follows[TOPIC_KINDS];
	const char *fault; /* why it has to go; NULL: it may stay */
	/* batch.c's own */
	uint64_t batch; /* the batch that it last took part in */
	size_t mark;    /* bytes of out before that batch */
};

void client_init(struct client *client, struct buf *out);

/* Queues a message that answers no request. One that does not fit is a fault of the client's: it is
 * too far behind. */
void client_tell(struct client *client, enum msg_type type, const void *msg);

#endif
